import asyncio
import json
import threading
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import ClientSession, encode_basic_auth, web
from argon2 import PasswordHasher

from central_hub import HubError, accounts
from central_hub.accounts import Accounts, Role
from central_hub.doors.api import Api, EnrolAnswer, EnrolRequest, Health
from central_hub.reading import Reading
from inspection.signing import SigningKey
from tests.central_hub.conftest import Bench

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
        self.threads: set[str] = set()
        self.health = Health(trouble="", dropped=0, errors=0)
        self.refusal: Exception | None = None
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
    application.add_routes(Api(made.reading, enrol=made.enrol, revoke=made.revoke, health=lambda: made.health).routes())
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
    assert {status for status, _ in answers} == {401}


async def test_the_hub_says_that_it_is_well_and_when_not_why(desk: Desk) -> None:
    well = {"well": True, "trouble": "", "dropped": 0, "errors": 0}
    async with desk.session.get(f"{desk.url}/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, well)
    desk.health = Health(trouble="the broker is away", dropped=0, errors=0)
    async with desk.session.get(f"{desk.url}/healthz") as answer:
        assert (answer.status, await answer.json()) == (503, well | {"well": False, "trouble": "the broker is away"})


async def test_a_hub_that_works_says_what_it_dropped_and_what_failed(desk: Desk) -> None:
    desk.health = Health(trouble="", dropped=7, errors=2)
    async with desk.session.get(f"{desk.url}/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"well": True, "trouble": "", "dropped": 7, "errors": 2})


async def test_an_operator_revokes_a_device_with_a_reason_and_nobody_else_does(desk: Desk) -> None:
    assert await desk.delete("pda-1?reason=stolen", auth=encode_basic_auth("auditor", PASSWORD)) == 401
    assert await desk.delete("pda-1?reason=%20") == 400
    assert desk.revoked == []
    assert await desk.delete("pda-1?reason=stolen") == 204
    assert desk.revoked == [("pda-1", "stolen")]
    desk.refusal = HubError("device pda-2 is not enrolled")
    assert await desk.delete("pda-2?reason=lost") == 404
