"""What must never happen, whatever a model says: read off the hub's own facts, as they are written.

Knows no stage and no diagram. Who did what under which name is compared with who inspected, and at which station.
"""

import hashlib
import sqlite3
from collections import defaultdict
from typing import Any

from inspection.facts import (
    AnyFact,
    AuditDecided,
    AuditOpinion,
    CaseOpened,
    ExaminationReviewed,
    InspectionConcluded,
    RecheckConcluded,
    RetakeRequested,
    StationPenalised,
    StepUndone,
    StickerIssued,
    StickerWithdrawn,
)
from inspection.wire import decode_entry
from tests.engine_model.model_steps import PEOPLE

ENDS_WITH = {"archived": "pass", "cleared": "cleared", "reviewed": "review"}
"""Stages in which a case is done with, and the decision that each needs."""

STATION_OF = {person.person: person.station for person in PEOPLE.values()}


class BrokenPromiseError(AssertionError):
    """Something happened that must never happen."""


class Guards:
    """Watches a ledger. Feed it with `look` after each step."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self._seen = 0
        self._rows = 0
        self._digest = hashlib.sha256()
        self._opened: dict[str, CaseOpened] = {}
        self._inspectors: dict[str, set[str]] = defaultdict(set)
        self._stickers: dict[str, tuple[str, str]] = {}
        self._withdrawn: set[str] = set()
        self._opinions: dict[str, list[AuditOpinion]] = defaultdict(list)
        self._decided: dict[str, str] = {}

    @property
    def stickers(self) -> set[str]:
        """Numbers of all stickers."""
        return set(self._stickers)

    @property
    def withdrawn(self) -> set[str]:
        """Numbers of the stickers that were withdrawn."""
        return self._withdrawn

    def look(self, stages: dict[str, str]) -> int:
        """Read what was written since; return how many facts. stages: of all cases, as the hub says.

        Raises BrokenPromiseError.
        """
        rows = self._db.execute("SELECT pos, case_id, raw FROM entries WHERE pos > ? ORDER BY pos", (self._seen,))
        new = 0
        for pos, case, raw in rows.fetchall():
            self._seen, new = pos, new + 1
            self._digest.update(raw)
            entry = decode_entry(raw).entry
            if not isinstance(entry.fact, InspectionConcluded) or case.startswith(f"{entry.device}."):
                self._take(case, entry.fact)
        self._rows += new
        if self._db.execute("SELECT count(*) FROM entries").fetchone()[0] != self._rows:
            raise BrokenPromiseError("facts are gone")
        for case, stage in stages.items():
            if stage in ENDS_WITH and self._decided.get(case) != ENDS_WITH[stage]:
                raise BrokenPromiseError(f"{case} is {stage}, and what was decided is {self._decided.get(case)!r}")
        return new

    def end(self) -> None:
        """Read the whole ledger again: not a byte of what was written may have changed."""
        whole = hashlib.sha256()
        for (raw,) in self._db.execute("SELECT raw FROM entries ORDER BY pos"):
            whole.update(raw)
        if whole.digest() != self._digest.digest():
            raise BrokenPromiseError("facts were changed after they were written")

    def _take(self, case: str, fact: AnyFact) -> None:
        match fact:
            case CaseOpened():
                self._opened[case] = fact
                self._inspectors[case].add(fact.inspector)
            case InspectionConcluded():
                self._inspectors[case].add(fact.by)
            case StickerIssued():
                self._issued(case, fact)
            case StickerWithdrawn():
                if fact.by == fact.confirmed_by or {fact.by, fact.confirmed_by} & self._inspectors[case]:
                    raise BrokenPromiseError(f"{fact.by} and {fact.confirmed_by} withdrew {fact.number}")
                self._withdrawn.add(fact.number)
            case RetakeRequested() | StationPenalised():
                self._check_own(case, fact.by)
            case _:
                self._judged(case, fact)

    def _issued(self, case: str, fact: StickerIssued) -> None:
        vehicle = self._opened[case].vehicle.vin
        valid = [number for number, (_, of) in self._stickers.items() if of == vehicle]
        if fact.number in self._stickers:
            raise BrokenPromiseError(f"number {fact.number} was issued twice")
        if set(valid) - self._withdrawn:
            raise BrokenPromiseError(f"{case}: {vehicle} has valid stickers {valid} and {fact.number}")
        self._stickers[fact.number] = (case, vehicle)

    def _judged(self, case: str, fact: AnyFact) -> None:
        match fact:
            case AuditOpinion():
                self._check_own(case, fact.auditor)
                if fact.auditor in [given.auditor for given in self._opinions[case]]:
                    raise BrokenPromiseError(f"{fact.auditor} gave two opinions on {case}")
                self._opinions[case].append(fact)
            case AuditDecided():
                self._check_decision(case, fact)
                self._decided[case] = fact.decision
            case RecheckConcluded():
                self._check_own(case, fact.by)
                if fact.by in [given.auditor for given in self._opinions[case] if given.decision == "suspicious"]:
                    raise BrokenPromiseError(f"{fact.by} suspected {case} and rechecked it")
                self._decided[case] = fact.result
            case ExaminationReviewed():
                self._check_own(case, fact.by)
                self._decided[case] = "review"
            case StepUndone():
                self._check_own(case, fact.by)
                self._undone(case, fact)
            case _:
                pass

    def _check_decision(self, case: str, fact: AuditDecided) -> None:
        views = [given.decision for given in self._opinions[case]]
        if len(views) < (2 if "suspicious" in views else 1) or views.count(fact.decision) * 2 <= len(views):
            raise BrokenPromiseError(f"{case}: {fact.decision} was decided upon the opinions {views}")

    def _undone(self, case: str, fact: StepUndone) -> None:
        if fact.step in ("audit", "recall"):
            self._opinions[case].clear()
        if fact.step != "withdrawal":
            self._decided[case] = "suspicious" if fact.step == "recheck" else ""

    def _check_own(self, case: str, person: str) -> None:
        if person in self._inspectors[case] or STATION_OF.get(person, "") == self._opened[case].station:
            raise BrokenPromiseError(f"{person} judged their own case {case}")


def stages_kept(db: "sqlite3.Connection | Any") -> dict[str, str]:
    """Return the stages that stand in the rows of cases."""
    return dict(db.execute("SELECT case_id, stage FROM cases").fetchall())
