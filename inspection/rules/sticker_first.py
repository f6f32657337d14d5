"""Whether a case gets its sticker (检验合格标志) now: the rulebook of the day applied to a folded case.

Knows how each clause is judged; for whom it counts, what its failing means and how it reads stands in `rulebooks`.
The decision keeps every clause, passed and failed, in words for a person.
"""

from collections.abc import Callable
from typing import Literal

from inspection.case import Case
from inspection.facts import Vehicle
from inspection.rules import evidence_clauses as evidence
from inspection.rules import vehicles
from inspection.rules.circumstances import Circumstances
from inspection.rules.cross_province import judge_cross_province
from inspection.rules.judging import Decision, Found, held, matches, reason
from inspection.rules.rulebook import Rulebook

NOBODY = Vehicle(vin="")
_WITHOUT_PRIVILEGE = frozenset({("privilege", "failed"), ("privilege", "pending")})


def decide(case: Case, book: Rulebook, around: Circumstances) -> Decision:
    """Judge every clause and say what follows.

    Nothing is decided before the opening and the verdict are there. Then a failed requirement withholds. Else a pending
    one waits. Else a failed privilege means that a person audits first; once an auditor has passed the case, or it was
    cleared after a recall, privileges no longer matter.
    """
    found = {clause: judge(case, book, around) for clause, judge in CLAUSES.items()}
    in_the_way = {(book.clauses[clause].kind, result) for clause, (result, _) in found.items() if result != "passed"}
    privileged = case.passed_audit or in_the_way.isdisjoint(_WITHOUT_PRIVILEGE)
    outcome: Literal["issue", "withhold", "audit_first", "wait"]
    if case.opened is None or (case.concluded is None and case.abandoned is None):
        outcome = "wait"
    elif ("requirement", "failed") in in_the_way:
        outcome = "withhold"
    elif ("requirement", "pending") in in_the_way:
        outcome = "wait"
    else:
        outcome = "issue" if privileged else "audit_first"
    reasons = tuple(reason(book, clause, one) for clause, one in found.items())
    return Decision(outcome=outcome, rulebook=book.name, reasons=reasons)


def _cleared(case: Case) -> bool:
    return case.recheck is not None and case.recheck.result == "cleared"


def _vehicle(case: Case) -> Vehicle:
    return case.opened.vehicle if case.opened else NOBODY


def _regime(case: Case, _book: Rulebook, _around: Circumstances) -> Found:
    if case.opened is None:
        return "pending", ""
    return held(case.opened.regime == "jianyan")


def _not_withdrawn(case: Case, _book: Rulebook, _around: Circumstances) -> Found:
    return held(case.withdrawn is None, case.withdrawn.reason if case.withdrawn else "")


def _insurance(case: Case, book: Rulebook, around: Circumstances) -> Found:
    return vehicles.insured(_vehicle(case), book, around.today)


def _tax(case: Case, book: Rulebook, around: Circumstances) -> Found:
    vehicle = _vehicle(case)
    elsewhere = book.cross_province.tax_required and vehicles.from_elsewhere(vehicle, around.province)
    return vehicles.tax_paid(vehicle, required=book.sticker_first.tax_required or elsewhere)


def _states(case: Case, book: Rulebook, _around: Circumstances) -> Found:
    return vehicles.no_bar(_vehicle(case), book)


def _first_sticker(_case: Case, _book: Rulebook, around: Circumstances) -> Found:
    return held(not around.earlier_sticker, around.earlier_sticker)


def _one_sticker(_case: Case, book: Rulebook, around: Circumstances) -> Found:
    return vehicles.renewable(around.valid_sticker, around.today, early_days=book.sticker_first.renewal_days)


def _no_recall(_case: Case, _book: Rulebook, around: Circumstances) -> Found:
    return held(not around.open_recall, around.open_recall)


def _audit(case: Case, _book: Rulebook, _around: Circumstances) -> Found:
    # Who was called back by an auditor, or was passed with other facts than these, does not get the sticker by mending
    # a photo afterwards; only the check after the recall can clear the vehicle.
    if case.audit is None or _cleared(case):
        return "passed", ""
    doubted = case.audit.decision == "suspicious"
    return held(not doubted and case.device_facts == case.audit.seen, case.audit.reason)


def _cross_province(case: Case, book: Rulebook, around: Circumstances) -> Found:
    vehicle = _vehicle(case)
    if not vehicles.from_elsewhere(vehicle, around.province):
        return "passed", ""
    failed = judge_cross_province(vehicle, book, around.province).failed
    return held(not failed, ", ".join(one.code for one in failed))


def _measure(_case: Case, book: Rulebook, _around: Circumstances) -> Found:
    return held(book.sticker_first.enabled)


def _inspection_kind(case: Case, book: Rulebook, _around: Circumstances) -> Found:
    kind = case.opened.inspection_kind if case.opened else ""
    return held(matches(kind, book.sticker_first.inspection_kinds), kind)


def _class(case: Case, book: Rulebook, _around: Circumstances) -> Found:
    return ("pending", "") if case.opened is None else vehicles.car_class(case.opened.vehicle, book)


def _use(case: Case, book: Rulebook, _around: Circumstances) -> Found:
    return vehicles.private_use(_vehicle(case), book)


def _plate_kind(case: Case, book: Rulebook, _around: Circumstances) -> Found:
    kind = _vehicle(case).plate_kind
    return held(matches(kind, book.sticker_first.plate_kinds), kind)


def _permitted(_case: Case, _book: Rulebook, around: Circumstances) -> Found:
    failed = around.permission.failed if around.permission else ()
    return held(not failed, ", ".join(one.code for one in failed))


def _attempt_follows(case: Case, book: Rulebook, around: Circumstances) -> Found:
    attempt = case.opened.attempt if case.opened else 1
    if attempt <= 1:
        return "passed", ""
    return held(around.earlier_attempt in book.sticker_first.retest_stages, around.earlier_attempt or f"#{attempt}")


def _station_allowed(_case: Case, _book: Rulebook, around: Circumstances) -> Found:
    return held(around.standing.admitted)


def _station_suspended(_case: Case, _book: Rulebook, around: Circumstances) -> Found:
    return held(not around.standing.suspended)


def _station_honest(_case: Case, _book: Rulebook, around: Circumstances) -> Found:
    return held(not around.standing.listed)


CLAUSES: dict[str, Callable[[Case, Rulebook, Circumstances], Found]] = {
    "regime": _regime,
    "not_withdrawn": _not_withdrawn,
    "concluded": evidence.concluded,
    "items": evidence.items,
    "photos": evidence.photos,
    "photos_at_hub": evidence.photos_at_hub,
    "vin_read": evidence.vin_read,
    "vin_matches": evidence.vin_matches,
    "insurance": _insurance,
    "tax": _tax,
    "states": _states,
    "photos_differ": evidence.photos_differ,
    "first_sticker": _first_sticker,
    "one_sticker": _one_sticker,
    "no_recall": _no_recall,
    "audit": _audit,
    "cross_province": _cross_province,
    "measure": _measure,
    "items_done": evidence.items_done,
    "facts_agree": evidence.facts_agree,
    "inspection_kind": _inspection_kind,
    "class": _class,
    "use": _use,
    "plate_kind": _plate_kind,
    "permitted": _permitted,
    "attempt_follows": _attempt_follows,
    "station_allowed": _station_allowed,
    "station_suspended": _station_suspended,
    "station_honest": _station_honest,
}
