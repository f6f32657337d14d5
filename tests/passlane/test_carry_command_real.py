"""A device that works without a network: a stick to a real hub and back, and then the network after all."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from central_hub.assembly import Hub, SignIn
from central_hub.installation import public_key_of
from central_hub.verify import verify_folder
from edge_agent.agent import Agent, Equipment
from edge_agent.clock import Clock
from edge_agent.home import Home, open_home
from edge_agent.journal import Counts
from firmware_profiles.files import LoadedProfile
from inspection.checklist import required_for
from passlane.__main__ import main
from tests.central_hub.conftest import until
from tests.edge_agent.stand_ins.fakes import SayingReader, jpeg, opened, roomy_profile
from tests.passlane.conftest import SignedProfile

pytestmark = pytest.mark.real

DEVICE = "pda-9"
STATION = "station-1"
SECONDS_MAX = 300.0


class Running:
    """A hub that runs in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hub = Hub(folder)
        self.url = self.hub.url
        self.password = ""
        self.ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self._loop.run_until_complete(self.hub.run(self._stop, ready=self._begin))
        self._loop.close()

    def _begin(self, made: list[SignIn]) -> None:
        self.password = next(account.password for account in made if account.name == "operator")
        self.ready.set()

    def end(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(SECONDS_MAX)

    def count(self, query: str) -> int:
        db = sqlite3.connect(f"file:{self.folder / 'ledger.db'}?mode=ro", uri=True)
        try:
            return int(db.execute(query).fetchone()[0])
        finally:
            db.close()

    @property
    def facts(self) -> int:
        return self.count(f"SELECT count(*) FROM entries WHERE device = '{DEVICE}'")  # noqa: S608 - a constant

    @property
    def photos(self) -> int:
        return self.count("SELECT count(*) FROM entries WHERE kind = 'PhotoStored'")


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    hub = Running(folder)
    try:
        assert hub.ready.wait(SECONDS_MAX)
        yield hub
    finally:
        hub.end()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with running(tmp_path / "hub") as made:
        monkeypatch.setenv("PASSLANE_PASSWORD", made.password)
        yield made


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture
def home(hub: Running, tmp_path: Path, signed_profile: SignedProfile) -> Home:
    path = tmp_path / "home"
    asked = ["--hub", hub.url, "--device", DEVICE, "--kind", "pda", "--station", STATION, "--home", path]
    assert run("enrol", *asked, "--profile", signed_profile.path, "--profile-key", signed_profile.key) == 0
    return open_home(path)


def agent_of(home: Home) -> Agent:
    profile = LoadedProfile(roomy_profile(), "pda-basic@1:0123456789abcdef")
    return Agent(home, Equipment(profile=profile, reader=SayingReader(), software="0.1.0", clock=Clock()))


def inspect(agent: Agent, *, seed: int) -> None:
    """Lead one vehicle through, with every photo and item that it needs."""
    case = agent.open_case(opened())
    required = required_for(opened())
    for number, photo in enumerate(required.photos):
        agent.take_photo(case, photo.code, jpeg(100 * seed + number))
    for item in required.items:
        agent.check_item(case, item.code, "pass")
    agent.conclude(case, "pass", by="inspector-1")


def counts(home: Home) -> Counts:
    with agent_of(home) as agent:
        return agent.status().counts


def waiting(counted: Counts) -> tuple[int, int]:
    return counted.newest - counted.receipted, counted.photos_waiting


def test_a_stick_replaces_the_network_and_the_network_after_it_doubles_nothing(
    hub: Running, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stick = tmp_path / "stick"
    with agent_of(home) as agent:
        # Forwarding is not started: there is no network.
        for seed in (1, 2):
            inspect(agent, seed=seed)
        written = agent.status().counts
    assert run("export", "--home", home.path, "--to", stick) == 0
    [file] = stick.glob("*.passlane")
    assert run("import", file, "--hub", hub.url) == 0
    assert f"{written.newest} facts taken, 0 already there" in capsys.readouterr().out
    assert (hub.facts, hub.photos) == (written.newest, written.photos_waiting)

    [receipts] = stick.glob("*.receipts")
    assert run("import", receipts, "--home", home.path) == 0
    assert "0 facts and 0 photos wait" in capsys.readouterr().out

    # The same files once more, on both sides.
    assert run("import", file, "--hub", hub.url) == 0
    assert f"0 facts taken, {written.newest} already there" in capsys.readouterr().out
    assert run("import", receipts, "--home", home.path) == 0

    with agent_of(home) as agent:
        agent.start()
        inspect(agent, seed=3)
        until(lambda: waiting(agent.status().counts) == (0, 0))
        after = agent.status()
    assert after.refusals == []
    assert hub.facts >= after.counts.newest
    hub.end()
    checked = verify_folder(hub.folder, bytes.fromhex(public_key_of(hub.folder)))
    assert checked["photos"] == hub.photos
    assert hub.count("SELECT count(*) FROM (SELECT DISTINCT device, seq FROM entries)") == checked["facts"]
    assert hub.count("SELECT max(seq) FROM entries WHERE device = 'pda-9'") == hub.facts
    assert hub.count("SELECT count(*) FROM cases") == 3


def test_a_stick_and_the_network_at_the_same_time_do_no_harm(hub: Running, home: Home, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    with agent_of(home) as agent:
        inspect(agent, seed=1)
        # Without forwarding still; the agent has its journal open meanwhile.
        assert run("export", "--home", home.path, "--to", stick) == 0
        [file] = stick.glob("*.passlane")
        assert run("import", file, "--hub", hub.url) == 0
        agent.start()
        [receipts] = stick.glob("*.receipts")
        assert run("import", receipts, "--home", home.path) == 0
        inspect(agent, seed=2)
        until(lambda: waiting(agent.status().counts) == (0, 0))
        assert agent.status().refusals == []
        assert agent.status().forwarding.restarts == 0
    hub.end()
    assert verify_folder(hub.folder, bytes.fromhex(public_key_of(hub.folder)))["cases"] == 2
    assert hub.count("SELECT max(seq) FROM entries WHERE device = 'pda-9'") == hub.facts


def test_a_stick_that_was_pulled_out_too_early_is_refused_and_the_device_is_told_nothing(
    hub: Running, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stick = tmp_path / "stick"
    with agent_of(home) as agent:
        inspect(agent, seed=1)
        written = waiting(agent.status().counts)
    assert run("export", "--home", home.path, "--to", stick) == 0
    [file] = stick.glob("*.passlane")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert run("import", file, "--hub", hub.url) == 1
    assert "breaks off after" in capsys.readouterr().out
    assert (hub.facts, list(stick.glob("*.receipts"))) == (0, [])
    assert hub.count("SELECT count FROM refusal_counts WHERE device = 'pda-9' AND code = 'carried.truncated'") == 1
    file.write_bytes(whole)
    assert run("import", file, "--hub", hub.url) == 0
    assert (hub.facts, hub.photos) == written
