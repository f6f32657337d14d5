"""What a desk has in its hand, over a real store and a real ledger, without the rest of the casework."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from argon2 import PasswordHasher

from central_hub.enrolment import Enrolment
from central_hub.settings import HubSettings
from central_hub.store.database import Database, open_for_writing
from central_hub.store.ledger import Ledger
from central_hub.store.office import accounts
from central_hub.store.records import Records
from inspection.case import Case, fold
from inspection.directives import AnyDirective
from inspection.facts import AccountChanged, AnyFact, ExemptionApplied
from inspection.signing import SigningKey
from inspection.wire import Recorded

_F = TypeVar("_F")

NOW = 1_780_000_000_000  # 2026-05-28


class PlainHand:
    """A Hand for the desks that write facts of the office. time: the hub's; facts: those written, in order."""

    def __init__(
        self,
        db: Database,
        ledger: Ledger,
        *,
        settings: HubSettings,
        key: SigningKey,
        now: Callable[[], int] | None = None,
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.records = Records(db, key)
        self.settings = settings
        self.key = key
        self.facts: list[AnyFact] = []
        self.time = NOW
        self._now = now

    def now(self) -> int:
        return self._now() if self._now else self.time

    def case(self, case: str) -> Case:
        return fold(case, self.ledger.entries_of(case))

    def write(self, case: str, *facts: AnyFact) -> tuple[Recorded, ...]:
        self.facts += facts
        return self.ledger.write(case, *facts, at=self.now())

    def open_own_case(self, fact: ExemptionApplied) -> str:
        raise NotImplementedError(fact)

    def direct(self, device: str, directive: AnyDirective) -> None:
        raise NotImplementedError(device, directive)

    def follow_up(self, case: str) -> Case:
        return self.case(case)

    def follow_vehicle(self, case: str) -> Case:
        return self.case(case)

    def devices(self) -> list[str]:
        return []

    def written(self, kind: type[_F]) -> list[_F]:
        """Return the facts of a kind that were written."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Name, change and by whom, of each fact about an account."""
        return [(fact.name, fact.change, fact.by) for fact in self.written(AccountChanged)]


def made_hand(folder: Path) -> PlainHand:
    """Return a hand over a new store in a folder, with the hub's own chain begun."""
    db = open_for_writing(folder)
    db.execute("PRAGMA synchronous = OFF")
    key = SigningKey(bytes(32))
    hand = PlainHand(db, Ledger(db, key), settings=HubSettings(title="测试中心"), key=key)
    Enrolment(hand.ledger, hand.records, key=key, now=hand.now).begin_hub_chain()
    return hand


@pytest.fixture
def hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlainHand]:
    """A hand over a new store; a password's hash costs next to nothing."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", cheap)
    nobody = cheap.hash("nobody")
    monkeypatch.setattr(accounts, "_nobody", lambda: nobody)
    made = made_hand(tmp_path / "hub")
    yield made
    made.db.close()
