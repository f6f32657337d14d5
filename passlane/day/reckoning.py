"""What the day came to (结算): read from the ledger and the tables of a hub that has lived it, and what had to hold.

Knows nothing of how the day was lived but the truth about its vehicles; whoever only has the folder can count the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from central_hub.clock import text_of
from central_hub.standing.acts import BY_A_PERSON
from central_hub.store.database import Database
from inspection.facts import (
    AuditDecided,
    AuditEscalated,
    AuditOpinion,
    AuditOverdue,
    CaseWithdrawn,
    ProbeAnswered,
    RecallOrdered,
    RecheckConcluded,
    StationSuspended,
    StickerIssued,
    StickerWithdrawn,
    StickerWithheld,
    SuspicionRaised,
    VehicleReturned,
    WarningRaised,
)
from inspection.identities import HUB
from inspection.wire import decode_entry
from passlane.day.visits import HOUR_MS

TOLD_HOURS_MIN = 2
"""A breach has to be told so long before it."""
_KINDS = (
    AuditDecided,
    AuditEscalated,
    AuditOpinion,
    AuditOverdue,
    CaseWithdrawn,
    ProbeAnswered,
    RecallOrdered,
    RecheckConcluded,
    StationSuspended,
    StickerIssued,
    StickerWithdrawn,
    StickerWithheld,
    SuspicionRaised,
    VehicleReturned,
    WarningRaised,
)


@dataclass(slots=True)
class Course:
    """How a case went, as the hub wrote it. Times are the hub's, Unix milliseconds; 0 for what did not happen.

    due: the first deadline. told: when somebody was first told that it would not be met. withdrawn: by the applicant.
    """

    due: int = 0
    decided: int = 0
    told: int = 0
    overdue: int = 0
    withdrawn: bool = False
    suspicious: bool = False
    issued: list[tuple[int, str]] = field(default_factory=list)
    decisions: int = 0
    opinions: list[AuditOpinion] = field(default_factory=list)
    passed: int = 0

    @property
    def late(self) -> bool:
        """Whether a person had to look and had not decided in time."""
        return bool(self.due) and not self.withdrawn and (not self.decided or self.decided > self.due)

    @property
    def told_in_time(self) -> bool:
        """Whether somebody was told of it long enough before."""
        return 0 < self.told <= self.due - TOLD_HOURS_MIN * HOUR_MS


@dataclass(slots=True)
class Reckoning:
    """What the hub's own facts say of the day. stops: of stations, with the time; warnings: in the order of writing."""

    courses: dict[str, Course] = field(default_factory=lambda: defaultdict(Course))
    stops: list[tuple[int, StationSuspended]] = field(default_factory=list)
    warnings: list[WarningRaised] = field(default_factory=list)
    suspicions: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    rechecks: Counter[str] = field(default_factory=Counter)
    probes: Counter[bool] = field(default_factory=Counter)

    def read(self, case: str, received: int, fact: object) -> None:
        """Take note of a fact of the hub."""
        course = self.courses[case] if case else Course()
        self.facts[type(fact).__name__] += 1
        match fact:
            case StickerIssued() | StickerWithheld():
                _sticker(course, received, fact)
            case AuditOpinion():
                course.opinions.append(fact)
            case AuditDecided():
                course.decisions += 1
                course.decided = course.decided or received
                course.suspicious = fact.decision == "suspicious"
                course.passed = received if fact.decision == "pass" else course.passed
            case AuditEscalated():
                course.told = course.told or received
            case AuditOverdue():
                course.overdue = course.overdue or received
            case CaseWithdrawn():
                course.withdrawn = True
            case RecheckConcluded():
                self.rechecks[fact.result] += 1
            case SuspicionRaised():
                self.suspicions[fact.rule] += 1
            case _:
                self._read_of_office(received, fact)

    def _read_of_office(self, received: int, fact: object) -> None:
        match fact:
            case StationSuspended():
                self.stops.append((received, fact))
            case WarningRaised():
                self.warnings.append(fact)
            case ProbeAnswered():
                self.probes[fact.expected == fact.given] += 1
            case _:
                pass

    @property
    def late(self) -> dict[str, Course]:
        """The cases that were not decided in time."""
        return {case: course for case, course in self.courses.items() if course.late}


def _sticker(course: Course, received: int, fact: StickerIssued | StickerWithheld) -> None:
    course.due = course.due or fact.audit_due
    if isinstance(fact, StickerIssued):
        course.issued.append((received, fact.number))


def reckoned(db: Database) -> Reckoning:
    """Read the hub's own facts of a store."""
    found = Reckoning()
    names = [kind.__name__ for kind in _KINDS]
    query = f"SELECT case_id, received, raw FROM entries WHERE device = ? AND kind IN ({', '.join('?' * len(names))})"  # noqa: S608 - only "?"
    for case, received, raw in db.stream(f"{query} ORDER BY pos", HUB, *names):
        found.read(case, received, decode_entry(raw).entry.fact)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """Something that had to hold. text: what was found, for a person."""

    name: str
    held: bool
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """What the ledger does not say. twice: cases that two people held at once.

    verified: what is wrong with the folder. privileged: stations that may hand out stickers first at the end. cheat:
    the station that cheated; of_cheat: its cases. until: when the day was over, Unix milliseconds.
    """

    twice: tuple[str, ...]
    verified: str
    privileged: frozenset[str]
    cheat: str
    of_cheat: frozenset[str]
    until: int


def promises(day: Reckoning, outside: Outside) -> tuple[Promise, ...]:
    """Return what had to hold on the day, and whether it did."""
    return (
        _in_time(day.late),
        _cheat_found(day, outside),
        _no_honest_one(day, outside),
        _one_at_a_time(day, outside),
        _one_sticker(day.courses),
        Promise(name="ledger", held=not outside.verified, text=outside.verified or "every chain, seal, photo, sticker"),
    )


def _in_time(late: Mapping[str, Course]) -> Promise:
    untold = sorted(case for case, course in late.items() if not course.told_in_time)
    text = f"{len(late)} late, all told at least {TOLD_HOURS_MIN} h before" if late else "all decided within 24 h"
    return Promise(name="in time or told", held=not untold, text=_named("not told in time", untold) or text)


def _cheat_found(day: Reckoning, outside: Outside) -> Promise:
    stops = [(at, fact) for at, fact in day.stops if fact.station == outside.cheat and fact.rule != BY_A_PERSON]
    in_time = [(at, fact) for at, fact in stops if at < outside.until]
    if not in_time:
        return Promise(name="cheat stopped", held=False, text="nobody stopped it")
    at, fact = in_time[0]
    after = sorted(case for case in outside.of_cheat if _issued_first_since(day.courses[case], at))
    held = outside.cheat not in outside.privileged and not after
    text = f"{outside.cheat} by {fact.rule} at {text_of(at)}; no sticker before the audit since"
    return Promise(name="cheat stopped", held=held, text=_named("stickers first all the same", after) or text)


def _issued_first_since(course: Course, since: int) -> bool:
    return any(at >= since and not 0 < course.passed <= at for at, _ in course.issued)


def _no_honest_one(day: Reckoning, outside: Outside) -> Promise:
    stopped = sorted({fact.station for _, fact in day.stops} - {outside.cheat})
    return Promise(
        name="no honest station stopped", held=not stopped, text=_named("stopped", stopped) or "none was stopped"
    )


def _one_at_a_time(day: Reckoning, outside: Outside) -> Promise:
    wrong = set(outside.twice)
    for case, course in day.courses.items():
        people = [opinion.auditor for opinion in course.opinions]
        if course.decisions > 1 or len(people) != len(set(people)):
            wrong.add(case)
    text = _named("held or decided by two", sorted(wrong)) or "each case was in one pair of hands at a time"
    return Promise(name="one person at a time", held=not wrong, text=text)


def _one_sticker(courses: Mapping[str, Course]) -> Promise:
    numbers = Counter(number for course in courses.values() for _, number in course.issued)
    wrong = [case for case, course in courses.items() if len(course.issued) > 1]
    wrong += [number for number, count in numbers.items() if count > 1]
    text = _named("issued twice", wrong) or f"{len(numbers)} stickers, each once"
    return Promise(name="each sticker once", held=not wrong, text=text)


def _named(what: str, names: Iterable[Any]) -> str:
    listed = [str(name) for name in names]
    return f"{len(listed)} {what}: {', '.join(listed[:5])}" if listed else ""
