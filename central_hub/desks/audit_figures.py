"""What is looked up about the audit: what will be late, how auditors agree, what the pre-audit missed, who was drawn.

Reads only, from any open store: figures over a whole queue are not reckoned by the thread that writes.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from statistics import mean

from central_hub.clock import day_of
from central_hub.deciding.agreement import (
    Answered,
    AuditorRow,
    Given,
    PreAuditRow,
    Sorted,
    auditor_rows,
    preaudit_row,
)
from central_hub.deciding.forecasting import Forecast, Spare, Waiting, forecast
from central_hub.deciding.queueing import MINUTE_MS, AuditTerms
from central_hub.deciding.sampling import PublishedDay, verify_day
from central_hub.store.database import Database
from central_hub.store.office.audits import AuditTable
from inspection.facts import AuditDecided, AuditOpinion, SampleCommitted, SampleRevealed
from inspection.identities import HUB
from inspection.wire import decode_entry

OPINIONS_MEASURED_MAX = 500
"""So many opinions, the newest, say how long one takes."""
OPINIONS_MEASURED_MIN = 20

_QUEUE = (
    "SELECT cases.case_id, audit_due, audit_order, stage, COALESCE(level, 0) FROM cases "
    "LEFT JOIN audit_escalated ON audit_escalated.case_id = cases.case_id WHERE queued = 1"
)
_OPINIONS = (
    "SELECT audit_opinions.case_id, person, audit_opinions.decision, seconds, COALESCE(stage, ''), "
    "COALESCE(audit_outcomes.decision, '') FROM audit_opinions "
    "LEFT JOIN cases ON cases.case_id = audit_opinions.case_id "
    "LEFT JOIN audit_outcomes ON audit_outcomes.case_id = audit_opinions.case_id "
    "WHERE audit_opinions.at >= ? AND audit_opinions.at < ? ORDER BY audit_opinions.id"
)
_OUTCOMES = {
    "cleared": "pass",
    "proven": "suspicious",
    "sticker_withdrawn": "suspicious",
    "penalised": "suspicious",
}
"""What the vehicle itself showed in the end, whatever was thought of its photos."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """From since to until, the end left out; Unix milliseconds of the hub."""

    since: int
    until: int

    @property
    def before(self) -> "Period":
        """The time before it, as long as it is."""
        return Period(since=2 * self.since - self.until, until=self.since)


def audit_forecast(db: Database, terms: AuditTerms, *, now: int) -> Forecast:
    """Return how the queue will go on with the people on shift. now: the hub's time, Unix milliseconds.

    An office that says of nobody when they work is told of no breach beforehand: every case would be one.
    """
    # Until the first opinion it is not known which cases will need a second one.
    first = 1.0 + terms.second_share
    waiting = [
        Waiting(
            case=case,
            due=due,
            order=order,
            told=told,
            opinions=1.0 if stage in {"second_review", "suspected"} else first,
        )
        for case, due, order, stage, told in db.execute(_QUEUE)
    ]
    seconds = seconds_a_case(db) or terms.seconds_a_case
    shifts = AuditTable(db).shifts(now)
    if not shifts:
        return Forecast(at=now, waiting=len(waiting), staff=0, seconds_a_case=seconds, done=0, breaches=())
    spare = Spare(ms=terms.spare_minutes * MINUTE_MS, share=terms.spare_share)
    return forecast(waiting, shifts, seconds_a_case=seconds, now=now, spare=spare)


def seconds_a_case(db: Database) -> float:
    """Return how long an opinion takes, the mean of the newest ones; 0 where too few were given.

    The mean and not the median: what a queue comes to is the sum of all looks, and few long ones make it longer.
    """
    query = "SELECT seconds FROM audit_opinions ORDER BY id DESC LIMIT ?"
    taken = [row[0] for row in db.execute(query, (OPINIONS_MEASURED_MAX,))]
    return float(mean(taken)) if len(taken) >= OPINIONS_MEASURED_MIN else 0.0


def audit_figures(db: Database, period: Period) -> tuple[AuditorRow, ...]:
    """Return each auditor's figures over a period, beside the time before it."""
    asked = "SELECT person, expected, given FROM audit_answers WHERE at >= ? AND at < ? ORDER BY at, person, case_id"
    probes = [
        Answered(person=person, expected=expected, given=given)
        for person, expected, given in db.execute(asked, (period.since, period.until))
    ]
    return auditor_rows(list(_given(db, period)), list(_given(db, period.before)), probes)


def _given(db: Database, period: Period) -> Iterator[Given]:
    for case, person, decision, seconds, stage, outcome in db.execute(_OPINIONS, (period.since, period.until)):
        ended = _OUTCOMES.get(stage, outcome)
        yield Given(case=case, person=person, decision=decision, seconds=seconds, outcome=ended)


def preaudit_figures(db: Database, period: Period) -> PreAuditRow:
    """Return how the pre-audit sorted what people decided in a period, with its misses."""
    query = "SELECT light, decision FROM audit_outcomes WHERE at >= ? AND at < ?"
    rows = db.execute(query, (period.since, period.until))
    return preaudit_row(Sorted(light=light, decision=decision) for light, decision in rows)


def check_day(db: Database, day: date, *, share: float) -> tuple[str, ...]:
    """Draw a day's second reviews again from the ledger; return what is wrong, in words, or nothing.

    Reads all of the hub's own facts of four kinds, which takes a while; asks nothing that is not sealed.
    """
    found = _Drawn(day)
    kinds = (AuditOpinion, AuditDecided, SampleCommitted, SampleRevealed)
    query = "SELECT received, raw FROM entries WHERE device = ? AND kind IN (?, ?, ?, ?) ORDER BY seq"
    for received, raw in db.stream(query, HUB, *(kind.__name__ for kind in kinds)):
        entry = decode_entry(raw).entry
        found.read(entry.case, entry.fact, day_of(received))
    if found.published is None or not found.published.seed:
        return (f"{day}: no seed was committed to and shown",)
    return verify_day(found.published, found.passed, share=share)


class _Drawn:
    """What the ledger says of a day's sample. passed: the cases that a first auditor passed; whether others looked.

    One that nobody has decided yet is not named: its second review may be to come.
    """

    def __init__(self, day: date) -> None:
        self._day = day
        self._first: set[str] = set()
        self.passed: defaultdict[str, bool] = defaultdict(bool)
        self.published: PublishedDay | None = None

    def read(self, case: str, fact: object, on: date) -> None:
        """Take note of a fact that was received on a day."""
        match fact:
            case SampleCommitted() if fact.day == self._day:
                self.published = PublishedDay(day=fact.day, commitment=fact.commitment, committed_on=on, seed="")
            case SampleRevealed() if fact.day == self._day and self.published is not None:
                said = self.published
                self.published = PublishedDay(
                    day=said.day, commitment=said.commitment, committed_on=said.committed_on, seed=fact.seed
                )
            case AuditOpinion() if fact.round == 1 and fact.decision == "pass" and on == self._day:
                self._first.add(case)
            case AuditDecided() if case in self._first:
                self.passed[case] = self.passed[case] or fact.opinions > 1
            case _:
                pass
