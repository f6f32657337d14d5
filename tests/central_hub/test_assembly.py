import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientSession, encode_basic_auth

from central_hub import HubError, assembly
from central_hub.assembly import Hub, SignIn
from central_hub.doors import link
from central_hub.doors.api import EnrolAnswer
from central_hub.doors.broker import BrokerUser
from central_hub.installation import public_key_of
from central_hub.reading import Health
from central_hub.verify import verify_folder
from inspection import topics
from inspection.directives import Receipt
from inspection.facts import DeviceStarted
from inspection.wire import open_receipt
from tests.central_hub.conftest import until
from tests.central_hub.doors.mqtt_device import MqttDevice
from tests.central_hub.simulated_device import SimulatedDevice

SECONDS_MAX = 300.0


class Running:
    """A hub that runs, and what it said when it was ready."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hub = Hub(folder)
        self.url = self.hub.url
        self.made: list[SignIn] = []
        self.ready = asyncio.Event()
        self.stop = asyncio.Event()
        self.run = asyncio.create_task(self.hub.run(self.stop, ready=self.begin))

    def begin(self, made: list[SignIn]) -> None:
        self.made += made
        self.ready.set()

    def password(self, name: str) -> str:
        return next(sign_in.password for sign_in in self.made if sign_in.name == name)

    async def enrol(self, device: SimulatedDevice, *, password: str = "") -> EnrolAnswer:
        body = {"device": device.name, "kind": "pda", "station": "S", "public_key": device.key.public.hex()}
        auth = encode_basic_auth("operator", password or self.password("operator"))
        async with (
            ClientSession() as session,
            session.post(f"{self.url}/api/devices", json=body, headers={"Authorization": auth}) as answer,
        ):
            assert answer.status == 200, await answer.text()
            return msgspec.json.decode(await answer.read(), type=EnrolAnswer)

    async def health(self) -> tuple[int, str]:
        async with ClientSession() as session, session.get(f"{self.url}/healthz") as answer:
            return answer.status, (await answer.json())["trouble"]


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Running]:
    """Start a hub, and stop it at the end; what its run raises is raised here."""
    hub = Running(folder)
    ready = asyncio.create_task(hub.ready.wait())
    await asyncio.wait({hub.run, ready}, timeout=SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    try:
        yield hub
    finally:
        hub.stop.set()
        await asyncio.wait_for(hub.run, SECONDS_MAX)


def exchange(answer: EnrolAnswer, device: SimulatedDevice) -> Receipt:
    """Send all that the device wrote over MQTT, as often as it takes, and return the receipt."""
    key = bytes.fromhex(answer.hub_public_key)

    def let_in() -> bool:
        with MqttDevice(answer.broker_port, user=answer.broker_user, password=answer.broker_password) as wire:
            return wire.let_in

    until(let_in)
    with MqttDevice(answer.broker_port, user=answer.broker_user, password=answer.broker_password) as wire:
        assert wire.hear(topics.receipts(device.name))
        assert wire.say(device.topic, device.message())
        until(lambda: wire.heard)
        return open_receipt(wire.heard[-1][1], key)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ports(folder: Path) -> dict[str, int]:
    return dict(json.loads((folder / "ports.json").read_text(encoding="utf-8")))


@pytest.mark.real
async def test_a_hub_starts_enrols_a_device_takes_its_facts_and_stops_cleanly(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    device = SimulatedDevice("pda-1")
    device.write(DeviceStarted(profile="pda", software="1"))
    async with running(folder) as hub:
        assert [sign_in.name for sign_in in hub.made] == ["auditor", "operator"]
        assert await hub.health() == (200, "")
        answer = await hub.enrol(device)
        assert answer.http_url == hub.url
        assert answer.hub_public_key == public_key_of(folder)
        receipt = await asyncio.to_thread(exchange, answer, device)
        assert (receipt.have, receipt.head, receipt.refusal) == (1, device.records[0].digest, None)
    assert not any(listens(port) for port in ports(folder).values())
    counts = verify_folder(folder, bytes.fromhex(public_key_of(folder)))
    assert (counts["chains"], counts["seals"]) == (2, 1)


@pytest.mark.real
async def test_a_second_start_keeps_ports_key_accounts_and_devices(tmp_path: Path) -> None:
    device = SimulatedDevice("pda-1")
    async with running(tmp_path) as first:
        told = await first.enrol(device)
        password = first.password("operator")
    kept = ports(tmp_path)
    async with running(tmp_path) as second:
        assert second.made == []
        assert second.url == first.url
        assert ports(tmp_path) == kept
        assert await second.enrol(device, password=password) == told
        device.write(DeviceStarted(profile="pda", software="1"))
        assert (await asyncio.to_thread(exchange, told, device)).have == 1
    verify_folder(tmp_path, bytes.fromhex(told.hub_public_key))


@pytest.mark.real
async def test_devices_that_are_enrolled_all_at_once_are_all_let_in(tmp_path: Path) -> None:
    devices = [SimulatedDevice(f"pda-{number}") for number in range(6)]
    async with running(tmp_path) as hub:
        answers = await asyncio.gather(*(hub.enrol(device) for device in devices))
        for device, answer in zip(devices, answers, strict=True):
            device.write(DeviceStarted(profile="pda", software="1"))
            assert (await asyncio.to_thread(exchange, answer, device)).have == 1


@pytest.mark.real
async def test_no_list_of_users_is_read_while_another_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the earlier list, written later, would lock out the device that only the later one names."""
    both, met = threading.Barrier(2), []
    async with running(tmp_path) as hub:
        read = hub.hub._broker_users

        def users() -> list[BrokerUser]:
            found = read()
            with contextlib.suppress(threading.BrokenBarrierError):
                met.append(both.wait(0.3))
            return found

        monkeypatch.setattr(hub.hub, "_broker_users", users)
        await asyncio.gather(*(hub.enrol(SimulatedDevice(f"pda-{number}")) for number in range(2)))
    assert met == []


@pytest.mark.real
async def test_a_hub_says_when_its_broker_is_away_and_when_it_is_back(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await asyncio.to_thread(hub.hub._broker.stop)
        await asyncio.to_thread(until, lambda: not hub.hub._link.connected)
        assert await hub.health() == (503, "the broker is away")
        await asyncio.to_thread(hub.hub._broker.start, hub.hub._broker_users())
        await asyncio.to_thread(until, lambda: hub.hub._link.connected)
        assert await hub.health() == (200, "")


@pytest.mark.real
async def test_a_broker_that_runs_and_lets_nobody_in_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hub.toml").write_text("overdue_check_seconds = 0.05", encoding="utf-8")
    asked: list[int] = []

    def shuts_out_once(_host: str, port: int, **_: object) -> bool:
        asked.append(port)
        return len(asked) != 1

    monkeypatch.setattr(assembly, "lets_in", shuts_out_once)
    monkeypatch.setattr(assembly, "NEWCOMER_SECONDS", 0.1)
    async with running(tmp_path) as hub:
        before = (tmp_path / "broker.pid").read_text(encoding="ascii")
        await asyncio.to_thread(until, lambda: len(asked) > 1 and hub.hub._link.connected)
        assert (tmp_path / "broker.pid").read_text(encoding="ascii") != before
        assert set(asked) == {ports(tmp_path)["mqtt"]}


async def until_the_disk_is_full(folder: Path, seen: list[Running]) -> None:
    """Run a hub whose database can grow no more, have it write, and wait until it has ended."""
    async with running(folder) as hub:
        seen.append(hub)
        db = hub.hub._db

        def write() -> None:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages}")
            db.execute("INSERT INTO numbers VALUES (?, 1)", ("x" * 1_000_000,))

        with pytest.raises(HubError, match="database or disk is full"):
            await asyncio.wrap_future(hub.hub._writer.submit(write))
        await asyncio.wait({hub.run}, timeout=SECONDS_MAX)


@pytest.mark.real
async def test_a_full_disk_stops_the_hub_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text("overdue_check_seconds = 0.05", encoding="utf-8")
    seen: list[Running] = []
    with pytest.raises(HubError, match="database or disk is full"):
        await until_the_disk_is_full(tmp_path, seen)
    assert "the store failed" in seen[0].hub._health().trouble
    assert not any(listens(port) for port in ports(tmp_path).values())


def test_the_hub_counts_what_its_link_dropped_and_what_its_writer_saw_fail(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    hub._link.dropped, hub._writer._committer.errors = 3, 2
    assert hub._health() == Health(trouble="the broker is away", dropped=3, errors=2)
    hub._opened.close()


def test_a_hub_whose_disk_is_nearly_full_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hub.toml").write_text(f"disk_free_bytes_min = {2**62}", encoding="utf-8")
    hub = Hub(tmp_path)
    monkeypatch.setattr(link.Link, "connected", True)
    assert hub._health().trouble.endswith("to the ledger: no photo is taken")
    hub._opened.close()


@pytest.mark.real
async def test_the_ledger_is_sealed_while_the_hub_runs_and_only_when_something_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "SEAL_SECONDS", 0.0)
    (tmp_path / "hub.toml").write_text("overdue_check_seconds = 0.01", encoding="utf-8")

    def number(query: str) -> int:
        return int(hub.hub._reading._row(query)["n"])  # type: ignore[index]

    def seals() -> int:
        return number("SELECT count(*) AS n FROM entries WHERE kind = 'LedgerSealed'")

    def newest() -> bool:
        last = "pos = (SELECT max(pos) FROM entries)"
        return number(f"SELECT count(*) AS n FROM entries WHERE kind = 'LedgerSealed' AND {last}") > 0  # noqa: S608

    checked: list[None] = []
    async with running(tmp_path) as hub:
        await hub.enrol(SimulatedDevice("pda-1"))
        await asyncio.to_thread(until, newest)
        sealed = seals()
        check = hub.hub._casework.check_clock
        monkeypatch.setattr(hub.hub._casework, "check_clock", lambda: checked.append(check()))
        await asyncio.to_thread(until, lambda: len(checked) > 3)
        assert (seals(), newest()) == (sealed, True)
    verify_folder(tmp_path, bytes.fromhex(public_key_of(tmp_path)))


@pytest.mark.real
async def test_a_broker_that_does_not_let_the_hub_in_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "CONNECT_SECONDS_MAX", 0.1)
    monkeypatch.setattr(Hub, "_broker_users", lambda _hub: [BrokerUser(name="somebody", password="else")])  # noqa: S106
    with pytest.raises(HubError, match="does not let the hub in"):
        await Hub(tmp_path).run(asyncio.Event(), ready=lambda _made: pytest.fail("it is not ready"))
    assert not any(listens(port) for port in ports(tmp_path).values())


@pytest.mark.real
async def test_a_run_that_is_cancelled_stops_everything_at_once(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    ready = asyncio.Event()
    run = asyncio.create_task(hub.run(asyncio.Event(), ready=lambda _made: ready.set()))
    async with asyncio.timeout(SECONDS_MAX):
        await ready.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(run, SECONDS_MAX)
    assert not any(listens(port) for port in ports(tmp_path).values())
    Hub(tmp_path)._opened.close()


@pytest.mark.real
async def test_a_second_hub_over_the_same_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path) as first:
        with pytest.raises(HubError, match="another hub runs"):
            Hub(tmp_path)
        assert await first.health() == (200, "")


@pytest.mark.real
@pytest.mark.parametrize("which", ["http", "mqtt"])
async def test_a_port_in_use_is_a_clear_error_and_leaves_nothing_running(tmp_path: Path, which: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "hub.toml").write_text(f"{which}_port = {port}", encoding="utf-8")
        with pytest.raises(HubError, match=f"port {port} of 127.0.0.1 cannot be used"):
            await Hub(tmp_path).run(asyncio.Event(), ready=lambda _made: pytest.fail("it is not ready"))
        other = ports(tmp_path)["mqtt" if which == "http" else "http"]
        assert not listens(other)
    Hub(tmp_path)._opened.close()


def test_a_ledger_without_its_key_is_refused_and_the_folder_let_go(tmp_path: Path) -> None:
    Hub(tmp_path)._opened.close()
    key = (tmp_path / "hub.key").read_bytes()
    (tmp_path / "hub.key").unlink()
    with pytest.raises(HubError, match="put the key back"):
        Hub(tmp_path)
    (tmp_path / "hub.key").write_bytes(key)
    Hub(tmp_path)._opened.close()


def test_wrong_settings_are_refused_and_the_folder_let_go(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text("host = 3", encoding="utf-8")
    with pytest.raises(HubError, match="host"):
        Hub(tmp_path)
    (tmp_path / "hub.toml").unlink()
    Hub(tmp_path)._opened.close()
