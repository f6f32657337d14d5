"""What the hub does about a case once facts have come: issue, withhold, or wait. Decides only.

Exactly one sticker for a case: this file never asks for a second, and the ledger's unique keys would not take it.
"""

from dataclasses import dataclass
from datetime import date

from inspection.case import Case
from inspection.case.life import may
from inspection.facts import Reason, StickerWithheld
from inspection.rules import (
    Application,
    Circumstances,
    Decision,
    Rulebook,
    decide,
    decide_exempt,
    exempt_until,
    valid_until,
)

HOUR_MS = 3_600_000


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueOrder:
    """Issue the sticker now: what stands in it but its number and signature.

    audit_due: hub time, Unix milliseconds; 0 where nobody audits it.
    """

    valid_until: date
    audit_due: int
    rulebook: str
    reasons: tuple[Reason, ...]


def can_be_decided(case: Case) -> bool:
    """Return whether anything can follow at all: the inspection ended, or is not needed, and there is no sticker."""
    if case.issued or case.withdrawn:
        return False
    return case.applied is not None or (case.opened is not None and (case.concluded or case.abandoned) is not None)


def next_step(case: Case, book: Rulebook, around: Circumstances, *, now: int) -> IssueOrder | StickerWithheld | None:
    """Return what to write about the case, or None when nothing new follows. now: hub time, Unix milliseconds.

    The same facts ask twice and get the same answer once: an issued case is left alone, a withheld one is only
    written about again when its reasons changed. What the case's life does not allow now is not asked for: a case that
    two people look at, or whose photo is to be taken again, gets its sticker afterwards.
    """
    if case.opened is None or not can_be_decided(case):
        return None
    decision = decide(case, book, around)
    called_back = case.audit is not None and case.audit.decision == "suspicious" and not case.passed_audit
    if decision.outcome == "wait" or called_back:
        return None
    if decision.outcome == "issue":
        due = now + book.audit.hours * HOUR_MS
        if case.passed_audit:
            # People looked in time, by the clock that ran then; undone, their decision is due by that one again.
            due = case.audit_due or now
        return _issue(case, decision, until=valid_until(book, case.opened.vehicle, around.today), due=due)
    return _withhold(case, decision, due=_due(case, book, now=now))


def next_exempt_step(
    case: Case, book: Rulebook, known: Application, *, today: date
) -> IssueOrder | StickerWithheld | None:
    """Return what to write about an application for the sticker of an exempt car (免检), or None."""
    if case.applied is None or not can_be_decided(case):
        return None
    vehicle = case.applied.vehicle
    decision = decide_exempt(vehicle, book, today, known)
    if decision.outcome == "issue":
        return _issue(case, decision, until=exempt_until(book, vehicle, today), due=0)
    return _withhold(case, decision, due=0)


def _issue(case: Case, decision: Decision, *, until: date, due: int) -> IssueOrder | None:
    if not may(case, "issue"):
        return None
    return IssueOrder(valid_until=until, audit_due=due, rulebook=decision.rulebook, reasons=decision.reasons)


def _withhold(case: Case, decision: Decision, *, due: int) -> StickerWithheld | None:
    if case.withheld and _said(case.withheld.reasons) == _said(decision.reasons):
        return None
    return StickerWithheld(
        rulebook=decision.rulebook,
        reasons=decision.reasons,
        audit_due=case.withheld.audit_due if case.withheld and case.withheld.audit_due else due,
        audit_first=decision.outcome == "audit_first",
    )


def _due(case: Case, book: Rulebook, *, now: int) -> int:
    # Whoever was passed at the lane and got no sticker is owed a look by a person; a failed test is not.
    if case.concluded is None or case.concluded.outcome == "fail" or case.opened is None:
        return 0
    hours = book.audit.review_hours if case.opened.regime == "chayan" else book.audit.audit_first_hours
    return now + hours * HOUR_MS


def _said(reasons: tuple[Reason, ...]) -> list[tuple[str, str]]:
    # What is still on its way changes with every photo; only what stands in the way is worth saying again.
    return [(reason.code, reason.en) for reason in reasons if reason.result == "failed"]
