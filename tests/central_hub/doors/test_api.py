import asyncio
import json
import threading
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import ClientSession, encode_basic_auth, web
from argon2 import PasswordHasher

from central_hub import HubError
from central_hub.doors.api import Api, EnrolAnswer, EnrolRequest, Hands
from central_hub.people.lockout import FIRST_WAIT_SECONDS, FREE_FAILURES_MAX
from central_hub.reading import Health, Reading
from central_hub.store.gaps import Gap
from central_hub.store.office import accounts
from central_hub.store.office.accounts import Accounts, Role, SecondFactor
from inspection.signing import SigningKey
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import SimulatedDevice

PASSWORD = "a quiet afternoon"  # noqa: S105 - made up for the tests
OPERATOR = encode_basic_auth("运维", PASSWORD)
BODY_BYTES_MAX = 4096
KEY = SigningKey(bytes(range(32))).public
GOOD = {"device": "pda-1", "kind": "pda", "station": "ST-01", "public_key": KEY.hex()}


class Desk:
    """The door, and in place of the hub behind it: what was asked of it, and what it says."""

    def __init__(self, bench: Bench) -> None:
        self.reading = Reading(bench.folder)
        self.enrolled: list[tuple[EnrolRequest, bytes]] = []
        self.revoked: list[tuple[str, str]] = []
        self.released: list[tuple[str, str, str]] = []
        self.replayed: list[str] = []
        self.gaps: list[Gap] = []
        self.threads: set[str] = set()
        self.health = Health(trouble="", dropped=0, errors=0)
        self.refusal: Exception | None = None
        self.now = NOW
        self.session = ClientSession()
        self.url = ""

    def enrol(self, asked: EnrolRequest, public_key: bytes) -> EnrolAnswer:
        self.threads.add(threading.current_thread().name)
        if self.refusal is not None:
            raise self.refusal
        self.enrolled.append((asked, public_key))
        return EnrolAnswer(
            hub_public_key="aa",
            broker_host="127.0.0.1",
            broker_port=1,
            broker_user=asked.device,
            broker_password="made up",  # noqa: S106 - made up for the tests
            http_url="http://hub",
        )

    def revoke(self, device: str, reason: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.revoked.append((device, reason))

    def release(self, device: str, by: str, reason: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.released.append((device, by, reason))

    def replay(self, device: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.replayed.append(device)

    def api(self) -> Api:
        hands = Hands(
            enrol=self.enrol,
            revoke=self.revoke,
            release=self.release,
            replay=self.replay,
            gaps=lambda: self.gaps,
            health=lambda: self.health,
            now=lambda: self.now,
        )
        return Api(self.reading, hands)

    async def ask(self, method: str, path: str, auth: str = OPERATOR) -> tuple[int, dict[str, object]]:
        asked = {"Authorization": auth}
        async with self.session.request(method, self.url + path, headers=asked) as answer:
            return answer.status, (await answer.json() if answer.content_type == "application/json" else {})

    async def delete(self, path: str, auth: str = OPERATOR) -> int:
        address = f"{self.url}/api/devices/{path}"
        async with self.session.delete(address, headers={"Authorization": auth}) as answer:
            return answer.status

    async def post(self, body: object, auth: str = OPERATOR) -> tuple[int, dict[str, object]]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        asked = {"Authorization": auth}
        async with self.session.post(f"{self.url}/api/devices", data=data, headers=asked) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, (await answer.json() if is_json else {})


@pytest.fixture
async def desk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    made = Desk(bench)
    roles: tuple[tuple[str, Role], ...] = (("运维", "operator"), ("auditor", "auditor"))
    for name, role in roles:
        Accounts(bench.db).put(name, title="", role=role, password=PASSWORD)
    application = web.Application(client_max_size=BODY_BYTES_MAX)
    application.add_routes(made.api().routes())
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}"
    yield made
    await made.session.close()
    await runner.cleanup()
    made.reading.close()


async def test_an_operator_enrols_a_device(desk: Desk) -> None:
    status, answer = await desk.post(GOOD)
    assert status == 200
    assert msgspec.convert(answer, EnrolAnswer).broker_user == "pda-1"
    assert desk.enrolled == [(EnrolRequest(**GOOD), KEY)]  # type: ignore[arg-type]


@pytest.mark.parametrize("change", ["locked = 1", "plain = 0", "roles = 'administrator'"])
async def test_an_operator_who_is_locked_or_needs_a_code_does_nothing_by_the_password_alone(
    desk: Desk, bench: Bench, change: str
) -> None:
    bench.db.execute(f"UPDATE accounts SET {change} WHERE name = '运维'")  # noqa: S608 - constants
    status, _ = await desk.post(GOOD)
    assert (status, desk.enrolled) == (401, [])


async def test_an_operator_with_a_second_factor_does_nothing_by_the_password_alone(desk: Desk, bench: Bench) -> None:
    Accounts(bench.db).keep_factor("运维", SecondFactor(secret="S", enrolled=True))  # noqa: S106 - made up
    status, _ = await desk.post(GOOD)
    assert (status, desk.enrolled) == (401, [])


async def test_enrolling_never_holds_up_the_servers_own_thread(desk: Desk) -> None:
    await desk.post(GOOD)
    assert threading.current_thread().name not in desk.threads


@pytest.mark.parametrize(
    "auth",
    [
        "",
        encode_basic_auth("运维", PASSWORD + "x"),
        encode_basic_auth("运维", ""),
        encode_basic_auth("nobody", PASSWORD),
        encode_basic_auth("", PASSWORD),
        encode_basic_auth("运维", "x" * 5_000),
        encode_basic_auth("' OR 1=1 --", PASSWORD),
        encode_basic_auth("auditor", PASSWORD),
    ],
)
async def test_whoever_is_no_operator_enrols_nothing(desk: Desk, auth: str) -> None:
    status, answer = await desk.post(GOOD, auth)
    assert (status, answer["code"]) == (401, "enrol.sign_in")
    assert desk.enrolled == []


@pytest.mark.parametrize("header", ["Basic", "Basic %%%", "Bearer abc", "Basic /////w==", "Basic bm9jb2xvbg==", "é"])
async def test_a_sign_in_that_cannot_be_read_is_none(desk: Desk, header: str) -> None:
    status, _ = await desk.post(GOOD, header)
    assert status == 401


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff", id="no text"),
        pytest.param(b'{"device": "\xff\xfe"}', id="no UTF-8 inside"),
        pytest.param(b'{"device": "\\ud800"}', id="half a character"),
        pytest.param(b"[" * 4_000, id="nested"),
        pytest.param([], id="a list"),
        pytest.param({**GOOD, "device": 7}, id="a number for a name"),
        pytest.param({**GOOD, "kind": "hub"}, id="another kind"),
        pytest.param({**GOOD, "role": "operator"}, id="one key more"),
        pytest.param({"device": "pda-1"}, id="keys missing"),
        pytest.param({**GOOD, "public_key": "zz"}, id="a key that is none"),
        pytest.param({**GOOD, "public_key": KEY.hex()[2:]}, id="a short key"),
    ],
)
async def test_a_bad_body_is_refused_in_words(desk: Desk, body: object) -> None:
    status, answer = await desk.post(body)
    assert (status, answer["code"]) == (400, "enrol.refused")
    assert answer["text"]
    assert desk.enrolled == []


@pytest.mark.parametrize("station", ["S", "st-7", "0" * 32])
async def test_a_station_has_up_to_32_letters_digits_and_hyphens(desk: Desk, station: str) -> None:
    assert (await desk.post({**GOOD, "station": station}))[0] == 200


@pytest.mark.parametrize("station", ["", " ", "北环检测站", "S 1", "S1\n", "ST_1", "../x", "٣", "0" * 33])
async def test_a_station_that_is_no_code_is_refused_in_plain_words(desk: Desk, station: str) -> None:
    status, answer = await desk.post({**GOOD, "station": station})
    assert (status, answer["code"]) == (400, "enrol.refused")
    assert str(answer["text"]).endswith("cannot name a station: use 1 to 32 of A-Z, a-z, 0-9 and -")
    assert desk.enrolled == []


async def test_a_body_that_is_too_large_is_refused(desk: Desk) -> None:
    status, _ = await desk.post(b" " * (BODY_BYTES_MAX + 1))
    assert status == 413


async def test_what_the_hub_refuses_is_passed_on_in_its_words(desk: Desk) -> None:
    desk.refusal = HubError("device pda-1 is enrolled with another key")
    assert await desk.post(GOOD) == (
        400,
        {"code": "enrol.refused", "text": "device pda-1 is enrolled with another key"},
    )


async def test_many_wrong_passwords_at_once_are_all_refused(desk: Desk) -> None:
    wrong = encode_basic_auth("运维", "not this one")
    answers = await asyncio.gather(*(desk.post(GOOD, wrong) for _ in range(20)))
    assert [status for status, _ in answers].count(401) == FREE_FAILURES_MAX
    assert {status for status, _ in answers} == {401, 429}
    assert answers[-1][1]["code"] == "sign_in.wait"
    assert (await desk.post(GOOD))[0] == 429
    desk.now += 1000 * FIRST_WAIT_SECONDS
    assert (await desk.post(GOOD))[0] == 200
    assert (await desk.post(GOOD, wrong))[0] == 401


async def test_an_operator_who_asks_for_much_at_once_is_never_told_to_wait(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.post(GOOD) for _ in range(20)))
    assert {status for status, _ in answers} == {200}


WELL = {"well": True, "trouble": "", "waiting": 0, "dropped": 0, "errors": 0, "quarantined": 0}


async def test_the_hub_says_that_it_is_well_and_when_not_why(desk: Desk) -> None:
    assert await desk.ask("GET", "/healthz", auth="") == (200, WELL)
    desk.health = Health(trouble="the broker is away", dropped=0, errors=0)
    assert await desk.ask("GET", "/healthz") == (503, WELL | {"well": False, "trouble": "the broker is away"})


async def test_a_hub_that_works_says_what_waits_what_it_dropped_what_failed_and_who_is_quarantined(
    desk: Desk, bench: Bench, device: SimulatedDevice
) -> None:
    desk.health = Health(trouble="", waiting=5, dropped=7, errors=2)
    bench.transaction(lambda: bench.casework.enrolment.quarantine(device.name, "batch.fork", "two chains"))
    assert await desk.ask("GET", "/healthz") == (
        200,
        WELL | {"waiting": 5, "dropped": 7, "errors": 2, "quarantined": 1},
    )


async def test_a_hub_whose_store_cannot_be_read_is_not_well(desk: Desk) -> None:
    desk.reading.close()
    status, said = await desk.ask("GET", "/healthz")
    assert (status, said["well"], said["quarantined"]) == (503, False, None)
    assert str(said["trouble"]).startswith("the store cannot be read: ")
    desk.health = Health(trouble="the broker is away", dropped=0, errors=0)
    assert (await desk.ask("GET", "/healthz"))[1]["trouble"] == "the broker is away"


async def test_an_operator_is_told_what_is_missing_and_nobody_else_is(desk: Desk) -> None:
    assert await desk.ask("GET", "/api/gaps") == (200, {"gaps": []})
    desk.gaps = [Gap(device="pda-1", kind="missing", since=5, first=2, last=4, count=3)]
    _, said = await desk.ask("GET", "/api/gaps")
    assert said == {
        "gaps": [{"device": "pda-1", "kind": "missing", "since": 5, "first": 2, "last": 4, "count": 3, "text": ""}]
    }
    status, refused = await desk.ask("GET", "/api/gaps", encode_basic_auth("auditor", PASSWORD))
    assert (status, refused["code"]) == (401, "gaps.sign_in")


async def test_an_operator_releases_a_device_with_a_reason_in_their_own_name(desk: Desk) -> None:
    path = "/api/devices/pda-1/release?reason=the+copy+was+wiped"
    assert (await desk.ask("POST", path, ""))[1]["code"] == "release.sign_in"
    assert (await desk.ask("POST", "/api/devices/pda-1/release"))[1]["code"] == "release.reason"
    assert desk.released == []
    assert await desk.ask("POST", path) == (204, {})
    assert desk.released == [("pda-1", "运维", "the copy was wiped")]
    desk.refusal = HubError("device pda-1 is not quarantined")
    said = {"code": "release.refused", "text": "device pda-1 is not quarantined"}
    assert await desk.ask("POST", path) == (404, said)


async def test_an_operator_has_a_device_asked_again(desk: Desk) -> None:
    path = "/api/devices/pda-1/replay"
    assert (await desk.ask("POST", path, ""))[1]["code"] == "replay.sign_in"
    assert desk.replayed == []
    assert await desk.ask("POST", path) == (204, {})
    assert desk.replayed == ["pda-1"]
    desk.refusal = HubError("device pda-1 is not enrolled")
    assert await desk.ask("POST", path) == (404, {"code": "replay.refused", "text": "device pda-1 is not enrolled"})


async def test_an_operator_revokes_a_device_with_a_reason_and_nobody_else_does(desk: Desk) -> None:
    assert await desk.delete("pda-1?reason=stolen", auth=encode_basic_auth("auditor", PASSWORD)) == 401
    assert await desk.delete("pda-1?reason=%20") == 400
    assert desk.revoked == []
    assert await desk.delete("pda-1?reason=stolen") == 204
    assert desk.revoked == [("pda-1", "stolen")]
    desk.refusal = HubError("device pda-2 is not enrolled")
    assert await desk.delete("pda-2?reason=lost") == 404
