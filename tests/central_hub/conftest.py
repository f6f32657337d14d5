"""A hub's store and hands, on a real database in a temporary folder, without broker or browser."""

import functools
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from central_hub import clock
from central_hub.casework import Casework
from central_hub.settings import HubSettings, Station
from central_hub.store.database import open_for_writing
from inspection.case import Case, fold
from inspection.signing import SigningKey
from tests.central_hub.simulated_device import STATION, SimulatedDevice

NOW = 1_780_000_000_000  # 2026-05-28


class Bench:
    """A hub under test: each `transaction` is one commit, as the writer makes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOW
        self.key = SigningKey(os.urandom(32))
        self.settings = HubSettings(stations=(Station(id=STATION, name="Station 1", admitted=True),))
        self.db: sqlite3.Connection = open_for_writing(folder)
        self.casework = Casework(self.db, key=self.key, settings=self.settings, now=lambda: self.now)
        self.sent: list[tuple[str, bytes]] = []
        self.transaction(self.casework.begin_hub_chain)

    def transaction(self, *work: Callable[[], object]) -> list[tuple[str, bytes]]:
        self.db.execute("BEGIN IMMEDIATE")
        for piece in work:
            piece()
        self.casework.finish()
        self.db.execute("COMMIT")
        outgoing, self.casework.outgoing = self.casework.outgoing, []
        self.sent += outgoing
        return outgoing

    def enrol(self, device: SimulatedDevice, kind: str = "lane_box") -> None:
        key = device.key.public
        self.transaction(lambda: self.casework.enrol(device.name, kind, device.station, public_key=key))

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
        """Decide as an auditor who saw all that is here."""
        seen = fold(case, self.casework.ledger.entries_of(case)).device_facts
        return self.casework.audit(case, decision, auditor=auditor, reason=reason, seen=seen)

    def value(self, query: str, *values: object) -> object:
        row = self.db.execute(query, values).fetchone()
        return row[0] if row else None


def until(true: Callable[[], object], *, seconds_max: float = 300.0) -> None:
    """Return as soon as `true()` is; fail when it has not come true within `seconds_max`."""
    end = clock.seconds() + seconds_max
    while not true():
        if clock.seconds() > end:
            pytest.fail(f"did not come true within {seconds_max} seconds")
        clock.pause(0.01)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "hub")
    yield made
    made.db.close()


@pytest.fixture
def device(bench: Bench) -> SimulatedDevice:
    made = SimulatedDevice()
    bench.enrol(made)
    return made
