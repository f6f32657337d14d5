"""A hub's store and hands, on a real database in a temporary folder, without broker or browser."""

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
import tomli_w

from central_hub import clock
from central_hub.casework import Casework, Supplies
from central_hub.committing import Committer
from central_hub.deciding.reviewing import Judgement as ReviewJudgement
from central_hub.desks.audits import Judgement
from central_hub.people.roles import Actor
from central_hub.settings import HubSettings, Station
from central_hub.store.database import Database
from central_hub.store.opening import open_store
from inspection.case import Case
from inspection.signing import SigningKey
from tests.central_hub.postgresql_server import PostgresqlServer, running_server
from tests.central_hub.simulated_device import STATION, SimulatedDevice

NOW = 1_780_000_000_000  # 2026-05-28
OVER_BOTH_STORES = frozenset(
    f"test_{name}"
    for name in (
        *("ledger", "records", "folds", "gaps", "neighbours", "committing", "enrolment", "reading", "verify"),
        *("casework", "casework_attacks", "casework_quarantine", "casework_stickers"),
    )
)
"""Modules whose tests all run over the SQLite file and over PostgreSQL: the contract of a store."""


class Bench:
    """A hub under test: each `transaction` is one commit, as the writer makes them.

    practice: no suspicion rests on how fast its simulated devices are, which take no time at all.
    """

    def __init__(self, folder: Path, store: str = "", *, practice: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hub.toml").write_text(tomli_w.dumps({"store": store, "practice": practice}), encoding="utf-8")
        self.folder = folder
        self.now = NOW
        self.key = SigningKey(os.urandom(32))
        stations = (Station(id=STATION, name="Station 1", admitted=True),)
        self.settings = HubSettings(store=store, practice=practice, stations=stations)
        self.db: Database = open_store(folder, self.settings)
        supplies = Supplies(entropy=bytes)
        self.casework = Casework(self.db, key=self.key, settings=self.settings, now=lambda: self.now, supplies=supplies)
        self.committer = Committer(self.db, self.casework)
        self.sent: list[tuple[str, bytes]] = []
        self.transaction(self.casework.start)

    def transaction(self, *work: Callable[[], object]) -> list[tuple[str, bytes]]:
        outgoing, done = self.committer.commit(list(work))
        self.sent += outgoing
        for came in done:
            if came.error is not None:
                raise came.error
        return outgoing

    def enrol(self, device: SimulatedDevice, kind: str = "lane_box") -> None:
        key = device.key.public
        self.transaction(lambda: self.casework.enrolment.enrol(device.name, kind, device.station, public_key=key))

    def take(self, topic: str, payload: bytes) -> list[tuple[str, bytes]]:
        return self.transaction(lambda: self.casework.take_message(topic, payload))

    def send(self, device: SimulatedDevice, first: int = 1, last: int | None = None) -> list[tuple[str, bytes]]:
        return self.take(device.topic, device.message(first, last))

    def store(self, *digests: str) -> list[tuple[str, bytes]]:
        """Commit that these photos' bytes are here; return what was sent then."""
        sent = []
        for digest in digests:
            sent += self.transaction(functools.partial(self.casework.store_photo, digest))
        return sent

    def audit(self, case: str, decision: Literal["pass", "suspicious"], *, auditor: str, reason: str = "") -> Case:
        """Decide as an auditor who saw all that is here; of a suspicion a second one is sure."""
        after = audit(self.casework, case, decision, auditor=auditor, reason=reason)
        if after.stage == "suspected":
            after = audit(self.casework, case, decision, auditor="second-look", reason=reason)
        return after

    def value(self, query: str, *values: object) -> object:
        row = self.db.execute(query, values).fetchone()
        return row[0] if row else None


def audit(
    casework: Casework, case: str, decision: Literal["pass", "suspicious"], *, auditor: str, reason: str = ""
) -> Case:
    """Decide as one auditor who saw all that is here; a 查验 is reviewed."""
    actor = Actor(auditor, auditor, frozenset({"auditor"}))
    folded = casework.hand.case(case)
    if folded.opened is not None and folded.opened.regime == "chayan":
        outcome: Literal["pass", "fail"] = "pass" if decision == "pass" else "fail"
        view = ReviewJudgement(decision=outcome, seen=folded.device_facts, reason=reason)
        return casework.engine.lives.review(actor, case, judgement=view)
    lease = casework.engine.audits.take(actor, case)
    judgement = Judgement(decision=decision, seen=folded.device_facts, reason=reason)
    return casework.engine.audits.decide(actor, lease.token, judgement)


def until(true: Callable[[], object], *, seconds_max: float = 300.0) -> None:
    """Return as soon as `true()` is; fail when it has not come true within `seconds_max`."""
    end = clock.seconds() + seconds_max
    while not true():
        if clock.seconds() > end:
            pytest.fail(f"did not come true within {seconds_max} seconds")
        clock.pause(0.01)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what has to be the same over every store over each of them."""
    both = metafunc.module.__name__.rpartition(".")[2] in OVER_BOTH_STORES and "store" in metafunc.fixturenames
    said = [mark for mark in metafunc.definition.iter_markers("parametrize") if mark.args[0] == "store"]
    if both and not said:
        metafunc.parametrize("store", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    with running_server() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """An empty PostgreSQL database, as hub.toml names it."""
    with postgresql_server.lent() as url:
        yield url


@pytest.fixture
def store(request: pytest.FixtureRequest) -> str:
    """The store under test, as hub.toml names it; the SQLite file where the module does not ask for others."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return ""
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path, store: str) -> Iterator[Bench]:
    """A hub; a module that sets PRACTICE = False has one that takes its vehicles for real ones."""
    made = Bench(tmp_path / "hub", store, practice=getattr(request.module, "PRACTICE", True))
    yield made
    made.db.close()


@pytest.fixture
def device(bench: Bench) -> SimulatedDevice:
    made = SimulatedDevice()
    bench.enrol(made)
    return made
