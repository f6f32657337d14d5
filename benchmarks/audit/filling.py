"""A hub's store as it is after years: a million cases, tens of thousands of them waiting for an auditor.

By bulk statements that both stores take. The cases at the head of the queue have all their facts, as devices and hub
write them; of the others there is the row, and one fact that nobody reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from msgspec.structs import replace

from benchmarks.hub.inprocess import announced_photos
from benchmarks.hub.inspections import Chain, facts_of, vehicle
from central_hub.casework import Casework
from central_hub.committing import Committer, Work
from central_hub.desks import Hand
from central_hub.store.database import Database
from inspection.evidence import PhotoRef
from inspection.facts import AnyFact, CaseOpened, InspectionConcluded, PhotoStored, StickerIssued
from inspection.identities import HUB
from inspection.signing import HASH_BYTES
from inspection.wire import Recorded

DEVICES = 64
HOUR_MS = 3_600_000
DUE_MS_APART = 10
_DEVICES_OF_BEFORE = 1_000
_FACT_BYTES = 250
_CASES_AT_ONCE = 500
_NUMBERS = "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ?) "
_ID = "{0} || '-' || CAST(i % {1} AS TEXT)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """How many cases, how many of them wait, and how many of these, at the head of the queue, have all their facts."""

    cases: int
    waiting: int
    whole: int


def fill(db: Database, casework: Casework, sizes: Sizes, *, now: int) -> None:
    """Fill an empty store. now: Unix milliseconds. Whoever uses it then opens a casework of its own."""
    committer = Committer(db, casework)
    _run(committer, [casework.enrolment.begin_hub_chain, *_enrolments(casework)])
    db.begin()
    filler = _Filler(db, casework.hand, now=now)
    filler.whole_cases(sizes.whole)
    filler.rows("far", sizes.waiting - sizes.whole, stage="audit_pending")
    filler.rows("old", sizes.cases - sizes.waiting, stage="archived")
    filler.seal()
    db.commit()
    db.execute("ANALYZE")


def _enrolments(casework: Casework) -> Iterator[Work]:
    for number in range(DEVICES):
        key = bytes([number]) * 32
        yield partial(casework.enrolment.enrol, f"bench-{number}", "lane_box", _station(number), public_key=key)


def _run(committer: Committer, work: list[Work]) -> None:
    for done in committer.commit(work)[1]:
        if done.error is not None:
            raise done.error


class _Filler:
    def __init__(self, db: Database, hand: Hand, *, now: int) -> None:
        self._db = db
        self._hand = hand
        self._now = now
        state = hand.ledger.state
        self._position = state.size
        self._hub = Chain(HUB, seq=state.own, head=state.own_head)
        self._photos = announced_photos()

    def whole_cases(self, count: int) -> None:
        """Write cases with all their facts, one due a little after the other."""
        devices = [Chain(f"bench-{number}") for number in range(DEVICES)]
        for first in range(0, count, _CASES_AT_ONCE):
            numbers = range(first, min(first + _CASES_AT_ONCE, count))
            cases = [self._whole_case(devices[number % DEVICES], number) for number in numbers]
            for case in cases:
                self._hand.records.keep_case(self._hand.case(case), opened_at=self._now)

    def _whole_case(self, device: Chain, number: int) -> str:
        first, *rest = [_at(fact, number % DEVICES) for fact in facts_of(device.device, number, self._photos)]
        opened = device.add(first)
        case = opened.entry.case
        records = [opened, *(device.add(fact, case=case) for fact in rest)]
        stored = [self._hub.add(_stored(photo), case=case) for photo in self._photos]
        issued = StickerIssued(
            number=f"PL{number:08d}",
            payload=bytes(160),
            valid_until=date(2028, 5, 28),
            audit_due=self._now + HOUR_MS + number * DUE_MS_APART,
            rulebook="bench",
            reasons=(),
        )
        self._insert([*records, *stored, self._hub.add(issued, case=case)])
        return case

    def _insert(self, records: list[Recorded]) -> None:
        rows: list[tuple[Any, ...]] = []
        for record in records:
            self._position += 1
            entry = record.entry
            kind = type(entry.fact).__name__
            rows.append((self._position, entry.device, entry.seq, entry.case, kind, self._now, record.raw))
        insert = "INSERT INTO entries (pos, device, seq, case_id, kind, received, raw) VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._db.executemany(insert, rows)

    def rows(self, name: str, count: int, *, stage: str) -> None:
        """Write the rows of cases, and one fact of each, by one statement each."""
        device = _ID.format(f"'{name}'", _DEVICES_OF_BEFORE)
        queued, late = int(stage == "audit_pending"), 24 * HOUR_MS
        columns = (
            "case_id, regime, station, inspector, device, serial, attempt, registered, plate_kind, plate, vin, stage, "
            "opened, audit_due, waiting, overdue, queued, audit_order, light, barred"
        )
        values = (
            f"{device} || '.' || CAST(i AS TEXT), 'jianyan', ?, ?, {device}, '{name}' || CAST(i AS TEXT), 1, ?, '02', "
            "'Z' || CAST(i AS TEXT), ?, ?, "
            f"{self._now} - i, {self._now + late} + i, {queued}, 0, {queued}, {self._now + late} + i, 'green', ?"
        )
        vin = vehicle(1).vin
        given = (count, _station(0), _inspector(0), vin, vin, stage, f"\n{_inspector(0)}\n")
        self._db.execute(f"{_NUMBERS} INSERT INTO cases ({columns}) SELECT {values} FROM numbers", given)  # noqa: S608
        facts = (
            f"{self._position} + i, {device}, i, {device} || '.' || CAST(i AS TEXT), 'CaseOpened', {self._now}, "
            "CAST(? AS BLOB)"
        )
        entries = f"INSERT INTO entries (pos, device, seq, case_id, kind, received, raw) SELECT {facts} FROM numbers"  # noqa: S608
        text = f"{_NUMBERS} {entries}"
        self._db.execute(text.replace("BLOB", "BYTEA") if self._db.shared else text, (count, bytes(_FACT_BYTES)))
        self._position += count

    def seal(self) -> None:
        """Put the ledger's head where the facts are; nobody checks this one."""
        peaks = bytes(HASH_BYTES) * self._position.bit_count()
        self._db.execute("UPDATE seal SET size = ?, peaks = ?", (self._position, peaks))
        where = (self._hub.seq, self._hub.head, HUB)
        self._db.execute("UPDATE devices SET have = ?, head = ? WHERE device = ?", where)


def _station(number: int) -> str:
    return f"ST{number:02d}"


def _inspector(number: int) -> str:
    return f"inspector-{number}"


def _at(fact: AnyFact, number: int) -> AnyFact:
    """Return a fact as it is written at the station of this number."""
    if isinstance(fact, CaseOpened):
        return replace(fact, station=_station(number), inspector=_inspector(number))
    return replace(fact, by=_inspector(number)) if isinstance(fact, InspectionConcluded) else fact


def _stored(photo: PhotoRef) -> PhotoStored:
    return PhotoStored(digest=photo.digest, size=photo.size)
