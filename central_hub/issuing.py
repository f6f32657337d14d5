"""What the hub does about a case once facts have come: issue, withhold, or wait. Decides only.

Exactly one sticker for a case: this file never asks for a second, and the ledger's unique keys would not take it.
"""

from dataclasses import dataclass
from datetime import date

from inspection.case import Case
from inspection.facts import Reason, StickerWithheld
from inspection.rules import Circumstances, Rulebook, decide, valid_until

HOUR_MS = 3_600_000


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueOrder:
    """Issue the sticker now: what stands in it but its number and signature."""

    valid_until: date
    audit_due: int
    rulebook: str
    reasons: tuple[Reason, ...]


def can_be_decided(case: Case) -> bool:
    """Return whether anything can follow at all: the inspection was opened and ended, and has no sticker."""
    return case.opened is not None and (case.concluded or case.abandoned) is not None and not case.issued


def next_step(case: Case, book: Rulebook, around: Circumstances, *, now: int) -> IssueOrder | StickerWithheld | None:
    """Return what to write about the case, or None when nothing new follows. now: hub time, Unix milliseconds.

    The same facts ask twice and get the same answer once: an issued case is left alone, a withheld one is only
    written about again when its reasons changed.
    """
    if case.opened is None or not can_be_decided(case):
        return None
    decision = decide(case, book, around)
    if decision.outcome == "wait":
        return None
    if decision.outcome == "issue":
        due = now + book.audit.hours * HOUR_MS if case.audit is None else now
        until = valid_until(book, case.opened.vehicle, around.today)
        return IssueOrder(valid_until=until, audit_due=due, rulebook=decision.rulebook, reasons=decision.reasons)
    if case.withheld and _said(case.withheld.reasons) == _said(decision.reasons):
        return None
    # Whoever was passed at the lane and got no sticker is owed a look by a person; a failed test is not.
    passed = case.concluded is not None and case.concluded.outcome != "fail"
    due = now + book.audit.audit_first_hours * HOUR_MS if passed else 0
    return StickerWithheld(
        rulebook=decision.rulebook,
        reasons=decision.reasons,
        audit_due=case.withheld.audit_due if case.withheld and case.withheld.audit_due else due,
        audit_first=decision.outcome == "audit_first",
    )


def _said(reasons: tuple[Reason, ...]) -> list[tuple[str, str]]:
    # What is still on its way changes with every photo; only what stands in the way is worth saying again.
    return [(reason.code, reason.en) for reason in reasons if reason.result == "failed"]
