"""Which case an auditor gets next, for how long, and whose it is. Decides only; rows and clocks are elsewhere.

The queue has one key, so that one look into an index gives the next case: the moment at which the audit is due, brought
forward by what the machine thinks of it. Both are fixed for a case as it stands, so nobody waits for ever: a case is
overtaken only by cases that are due at most RISK_MS_EACH * 100 (ten hours) after it.
"""

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from central_hub.deciding.auditing import LAST_ROUND, round_of
from central_hub.deciding.conflicts import StepError
from central_hub.deciding.preaudit import PROVISIONAL, RISK_MAX, Weights, preaudit
from inspection.case import Case
from inspection.facts import CaseWithdrawn

MINUTE_MS = 60_000
RISK_MS_EACH = 6 * MINUTE_MS
"""So much earlier than it is due is a case looked at for each point of risk (0 to 100). Provisional."""

_HANDED_OUT = frozenset({"audit_pending", "audit_first", "audit_overdue", "withheld", "second_review", "suspected"})
_BETWEEN = "\n"
WHO_MAY_NOT_SETTLE = "*"
"""Stands for everybody without the right to decide where two differ; no person's id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditTerms:
    """What an office settles about its audit; provisional but for the 24 hours, which are the rulebook's.

    second_share: share of passes (0 to 1) that a second person looks at. probe_share: share of hand-outs (0 to 1) that
    are known-answer cases. A lease ends lease_seconds after the last sign of life. seconds_a_case: how long an opinion
    takes, where nothing was measured. urgent_minutes: a breach that is nearer than this is told one level higher.
    recall_days: how long a station has to call a vehicle back. spare_minutes, spare_share: `forecasting.Spare`.
    """

    lease_seconds: int = 300
    second_share: float = 0.05
    probe_share: float = 0.02
    seconds_a_case: int = 120
    urgent_minutes: int = 120
    recall_days: int = 3
    spare_minutes: int = 60
    spare_share: float = 0.15

    @property
    def lease_ms(self) -> int:
        """How long a lease lasts, milliseconds."""
        return self.lease_seconds * 1_000

    @property
    def recall_ms(self) -> int:
        """How long a station has to call a vehicle back, milliseconds."""
        return self.recall_days * 24 * 60 * MINUTE_MS


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A case's place in the queue. queued: whether it may be handed out. order: the key, Unix milliseconds.

    light: what the pre-audit says; empty for a case that does not wait. barred: as `barred_text` gives it.
    """

    queued: bool = False
    order: int = 0
    light: str = ""
    barred: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """One person's hold on one case. taken, until: lease time (`LeaseClock`), milliseconds. round: 1, 2 or 3.

    due: the deadline that the auditor is told. probe: whether its answer is known; who audits is never shown that.
    ended: how, or nothing.
    """

    token: str
    case: str
    person: str
    round: int
    due: int
    taken: int
    until: int
    probe: bool = False
    ended: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaseClock:
    """The time that leases live by: never goes back, and goes on while the hub's clock stands behind itself.

    latest: the greatest that was seen, milliseconds; ahead: how far it is in front of the hub's clock.
    """

    latest: int = 0
    ahead: int = 0


class LeaseError(StepError):
    """An act on a lease that is refused. code names the text for a screen."""


def ticked(clock: LeaseClock, hub_ms: int) -> LeaseClock:
    """Return the lease clock at a moment of the hub's clock.

    A hub's clock that is put back frees no lease and lengthens none: from where it was, lease time goes on at its pace.
    Once the hub's clock is there again, both are one.
    """
    if hub_ms >= clock.latest:
        return LeaseClock(latest=hub_ms)
    latest = max(clock.latest, hub_ms + clock.ahead)
    return LeaseClock(latest=latest, ahead=latest - hub_ms)


def waits_for_audit(case: Case) -> bool:
    """Say whether an auditor may be given the case now; a 查验 is reviewed, not audited."""
    return (
        case.opened is not None
        and case.opened.regime == "jianyan"
        and case.stage in _HANDED_OUT
        and case.audit_due > 0
        and case.audit is None
    )


def place_of(case: Case, weights: Weights = PROVISIONAL) -> Place:
    """Return the case's place in the queue. One that somebody suspects goes as far ahead as any can."""
    if not waits_for_audit(case):
        return Place()
    found = preaudit(case, weights)
    risk = RISK_MAX if case.stage == "suspected" else found.risk
    order = case.audit_due - RISK_MS_EACH * risk
    barred = barred_persons(case) | ({WHO_MAY_NOT_SETTLE} if round_of(case) >= LAST_ROUND else set())
    return Place(queued=True, order=order, light=found.light, barred=barred_text(barred))


def barred_persons(case: Case) -> frozenset[str]:
    """Return who may not audit the case: who inspected or concluded it, and who gave an opinion on it."""
    own = {case.opened.inspector} if case.opened else set()
    own |= {case.concluded.by} if case.concluded else set()
    return frozenset(own | {opinion.auditor for opinion in case.opinions})


def barred_text(persons: frozenset[str]) -> str:
    """Return persons as one text that a query can look into; `barred_word` is what it looks for."""
    return "".join(barred_word(person) for person in sorted(persons))


def barred_word(person: str) -> str:
    """Return a person as it stands in `barred_text`.

    A device may name anybody as its inspector, but with one name it bars one person only.
    """
    return f"{_BETWEEN}{person.replace(_BETWEEN, ' ')}{_BETWEEN}"


def check_lease(lease: Lease | None, person: str, *, now: int) -> Lease:
    """Return the lease that a person acts under; raises LeaseError. now: lease time, milliseconds.

    1. There is such a lease. 2. It is this person's. 3. It was not used before. 4. It did not run out.
    """
    if lease is None:
        raise LeaseError(
            "audit.no_lease", "nobody holds a case under this token; take one first", "无此领取, 请先领取案件"
        )
    if lease.person != person:
        raise LeaseError("audit.held", f"somebody else holds case {lease.case}", "该案件由他人持有")
    if lease.ended == "decided":
        text = f"an opinion on case {lease.case} was given under this lease before"
        raise LeaseError("audit.decided", text, "本次领取已提交过意见")
    if lease.ended or lease.until <= now:
        text = f"the hold on case {lease.case} has ended; take a case again"
        raise LeaseError("audit.lease_expired", text, "领取已失效, 请重新领取案件")
    return lease


def blinded(case: Case, *, due: int) -> Case:
    """Return the case as it stood before anybody looked: what an auditor is shown, whatever became of it since.

    due: the deadline that is shown. Nothing tells a second review from a first one, or a known answer from a question.
    """
    return replace(
        case,
        issued=replace(case.issued, audit_due=due) if case.issued else None,
        withheld=replace(case.withheld, audit_due=due) if case.withheld and not case.issued else case.withheld,
        reports=tuple(report for report in case.reports if isinstance(report, CaseWithdrawn)),
        **_NOBODY_LOOKED,
    )


_NOBODY_LOOKED: dict[str, Any] = {
    **dict.fromkeys(("opinions", "audits", "escalations", "penalties", "undone", "calls"), ()),
    **dict.fromkeys(
        ("overdue", "recall", "recall_overdue", "returned", "recheck", "sticker_withdrawn", "review"), None
    ),
}
"""What a case looks like where no auditor, and nobody after one, has written anything."""
