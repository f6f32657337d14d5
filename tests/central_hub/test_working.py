"""Hub and workers as real processes, over a real broker and a real PostgreSQL; one of them is killed."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import tomli_w

from central_hub import HubError, clock, working
from central_hub.casework import Casework
from central_hub.committing import Committer
from central_hub.installation import free_port, load_key
from central_hub.settings import HubSettings, SettingsError
from central_hub.store.leases import Leases
from central_hub.store.opening import open_store
from central_hub.store.postgresql import open_postgresql
from central_hub.verify import verify_folder
from central_hub.working import Worker
from inspection import topics
from inspection.facts import DeviceStarted
from inspection.wire import open_receipt
from passlane.demo.processes import Processes
from tests.central_hub.conftest import until
from tests.central_hub.doors.mqtt_device import MqttDevice
from tests.central_hub.simulated_device import SimulatedDevice

if TYPE_CHECKING:
    from central_hub.doors.link import Link

DEVICES = 24
FACTS_A_BATCH = 5
RESEND_SECONDS = 0.3


class Station:
    """A data folder with enrolled devices, the processes over it, and what each of them holds."""

    def __init__(self, folder: Path, store: str, processes: Processes) -> None:
        self.folder = folder
        self.processes = processes
        self.port = free_port("127.0.0.1")
        self.held: dict[str, set[int]] = {}
        (folder / "hub.toml").write_text(tomli_w.dumps({"store": store, "mqtt_port": self.port}), encoding="utf-8")
        self.settings = HubSettings(store=store)
        self.key = load_key(folder)
        self.devices = [SimulatedDevice(f"pda-{number}") for number in range(DEVICES)]
        self.passwords = self._enrol()

    def _enrol(self) -> list[str]:
        db = open_store(self.folder, self.settings)
        casework = Casework(db, key=self.key, settings=self.settings, now=clock.now_ms)
        enrol = casework.enrolment.enrol
        work = [lambda it=it: enrol(it.name, "pda", it.station, public_key=it.key.public) for it in self.devices]
        _, done = Committer(db, casework).commit([casework.start, *work])
        db.close()
        return [came.result for came in done[1:]]

    def start_hub(self) -> None:
        self.processes.start("hub", "hub", "--data", str(self.folder), "--json")
        self.processes.first_line("hub")

    def start_worker(self, name: str) -> None:
        self.held[name] = set()
        self.processes.start(name, "worker", "--data", str(self.folder), "--json")

    def kill(self, name: str, place: int) -> set[int]:
        process, _ = self.processes._running[place]
        process.kill()
        process.wait()
        return self.held.pop(name)

    def hear(self) -> None:
        """Take note of what the workers say that they hold."""
        while (line := self.processes.next_line(0)) is not None:
            name, said = line
            if said and name in self.held:
                self.held[name] = set(json.loads(said)["partitions"])

    def shared(self) -> bool:
        """Say whether the workers hold their shares; the hub, which holds the rest, is one more of them."""
        self.hear()
        share = -(-topics.PARTITIONS // (len(self.held) + 1))
        rest = topics.PARTITIONS - share * len(self.held)
        return all(rest <= len(held) <= share for held in self.held.values())


class Crowd:
    """Devices that send until everything is receipted, as real ones do."""

    def __init__(self, station: Station, wires: ExitStack) -> None:
        self._key = station.key.public
        self.devices = station.devices
        self.have = dict.fromkeys((device.name for device in self.devices), 0)
        self._wires: dict[str, MqttDevice] = {}
        self._seen = dict(self.have)
        for device, password in zip(self.devices, station.passwords, strict=True):
            wire = wires.enter_context(MqttDevice(station.port, user=device.name, password=password))
            assert wire.hear(topics.receipts(device.name))
            self._wires[device.name] = wire

    def write(self) -> None:
        for device in self.devices:
            for _ in range(FACTS_A_BATCH):
                device.write(DeviceStarted(profile="p", software="1"))

    def round(self, names: set[str] | None = None) -> bool:
        """Send what has no receipt, read the receipts that come soon after; say whether all is receipted now."""
        for device in self.devices:
            if device.name in (names or self.have) and self.have[device.name] < len(device.records):
                wire = self._wires[device.name]
                wire._client.publish(device.topic, device.message(self.have[device.name] + 1), qos=1)
        end = clock.seconds() + RESEND_SECONDS
        while clock.seconds() < end and not self.done(names):
            self._read()
            clock.pause(0.01)
        return self.done(names)

    def _read(self) -> None:
        for name, wire in self._wires.items():
            for _, message in wire.heard[self._seen[name] :]:
                self._seen[name] += 1
                self.have[name] = max(self.have[name], open_receipt(message, self._key).have)

    def done(self, names: set[str] | None = None) -> bool:
        return all(self.have[it.name] == len(it.records) for it in self.devices if it.name in (names or self.have))


@pytest.fixture
def station(tmp_path: Path, postgresql_url: str) -> Iterator[Station]:
    logs = tmp_path / "logs"
    logs.mkdir()
    folder = tmp_path / "hub"
    folder.mkdir()
    with Processes(logs) as processes:
        yield Station(folder, postgresql_url, processes)


@pytest.mark.real
def test_a_killed_workers_partitions_are_taken_over_and_nothing_is_lost(station: Station) -> None:
    station.start_hub()
    station.start_worker("first")
    station.start_worker("second")
    until(station.shared)
    with ExitStack() as wires:
        crowd = Crowd(station, wires)
        crowd.write()
        until(crowd.round)
        orphans = {it.name for it in crowd.devices if topics.partition(it.name) in station.held["first"]}
        assert orphans
        crowd.write()
        crowd.round()
        crowd.write()
        killed_at = time.perf_counter()
        station.kill("first", 1)
        until(lambda: crowd.round(orphans))
        took = time.perf_counter() - killed_at
        print(f"\n{len(orphans)} devices of the killed worker were taken over in {took:.2f} s")  # noqa: T201 - measured
        until(crowd.round)
        until(station.shared)
    station.processes.stop()
    counts = verify_folder(station.folder, station.key.public)
    written = sum(len(device.records) for device in station.devices)
    assert counts["facts"] >= written + DEVICES
    db = open_store(station.folder, station.settings)
    kept = db.execute("SELECT count(*) FROM entries WHERE device LIKE 'pda-%'").fetchone()
    db.close()
    assert kept == (written,)


class Away:
    """Stands for a link whose broker is away."""

    connected = False


def test_a_worker_whose_broker_is_away_leaves_its_share_to_others(postgresql_url: str) -> None:
    deaf, other = open_postgresql(postgresql_url), open_postgresql(postgresql_url)
    leases = Leases(deaf)
    assert len(leases.beat()) == topics.PARTITIONS
    assert working._beat(leases, cast("Link", Away())) == frozenset()
    assert len(Leases(other).beat()) == topics.PARTITIONS
    deaf.close()
    other.close()


def test_over_the_sqlite_file_there_are_no_workers_and_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="start `passlane hub` on it first"):
        Worker(tmp_path)
    for name in ("hub.key", "hub-broker.secret", "ports.json"):
        (tmp_path / name).write_text("{}", encoding="ascii")
    with pytest.raises(SettingsError, match="the hub alone takes in messages"):
        Worker(tmp_path)
