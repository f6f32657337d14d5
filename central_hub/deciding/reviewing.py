"""The review (复核) of an identity check (查验): by a person, or by the rules where its area allows that. Decides only.

Source: domain text §1.7 and §8.2. That a repeat within 60 days of a failure needs a higher right was read in one
vendor's code only: it is a setting, which may be switched off.
"""

from dataclasses import dataclass
from typing import Literal

from central_hub.deciding.auditing import SUSPICION_REASONS
from central_hub.deciding.conflicts import (
    Person,
    StepError,
    check_note,
    check_own,
    check_reason,
    check_seen,
    name_of,
    require,
)
from inspection.case import Case
from inspection.case.life import Step, may
from inspection.checklist import Requirement, missing
from inspection.facts import ExaminationReviewed

DAY_MS = 86_400_000
REPEAT_DAYS_MAX = 60
"""A repeat this many days after a failure, or fewer, needs a higher right. Provisional; 0 switches it off."""
BY_RULES = "rules"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What a reviewer thinks. seen: how many facts of devices they saw. sampled: it was drawn (抽查)."""

    decision: Literal["pass", "fail"]
    seen: int
    reason: str = ""
    note: str = ""
    sampled: bool = False


def is_repeat(*, opened_at: int, failed_at: int, days_max: int = REPEAT_DAYS_MAX) -> bool:
    """Say whether an examination is a repeat soon after a failed one. Hub times, Unix ms; failed_at: 0 for none."""
    return failed_at > 0 and opened_at - failed_at <= days_max * DAY_MS and days_max > 0


def review(case: Case, judgement: Judgement, *, who: Person, repeat: bool, may_repeat: bool) -> ExaminationReviewed:
    """Return the review that a person made, or raise StepError.

    repeat: whether the vehicle failed shortly before; may_repeat: whether the person has the right that this needs.
    1. The case waits for its review, or was drawn out of the automatic ones. 2. It is nobody's own record, nor their
    station's. 3. The person saw all that is here. 4. A repeat that is passed needs the higher right. 5. A failed review
    has a coded reason.
    """
    step: Step = "review_pass" if judgement.decision == "pass" else "review_fail"
    require(case, step)
    check_own(case, who, family="review")
    if judgement.seen != case.device_facts:
        text = f"{case.device_facts - judgement.seen} facts came since the reviewer looked"
        raise StepError("review.changed", text, "查看后案件有新的记录, 请重新查看")
    if repeat and judgement.decision == "pass" and not may_repeat:
        text = "the vehicle failed shortly before: passing the repeat needs a higher right"
        raise StepError("review.repeat", text, "近期查验不合格后再次查验, 须上级授权")
    if judgement.decision == "pass":
        check_note(judgement.note, family="review")
        check_seen(case, family="review")
    else:
        check_reason(judgement.reason, judgement.note, known=SUSPICION_REASONS, family="review")
    return ExaminationReviewed(
        decision=judgement.decision,
        by=name_of(who),
        reason="" if judgement.decision == "pass" else judgement.reason,
        note=judgement.note,
        sampled=judgement.sampled or case.review is not None,
        seen=judgement.seen,
    )


def automatic_review(
    case: Case, requirement: Requirement, *, allowed: bool, drawn: bool, repeat: bool
) -> ExaminationReviewed | None:
    """Return the review that the rules make alone, or None where a person has to look.

    allowed: whether the area's filing allows it. drawn: whether a person has to look all the same. repeat: whether the
    vehicle failed shortly before. What was undone once is for people. All that is required is there, its bytes too, no
    item failed or was passed over, and the VIN was read without doubt and is the registered one.
    """
    undone = any(step.step == "review" for step in case.undone)
    if not allowed or drawn or repeat or undone or not may(case, "review_pass") or case.review is not None:
        return None
    return (
        ExaminationReviewed(decision="pass", by=BY_RULES, automatic=True, seen=case.device_facts)
        if _complete(case, requirement) and _vin_right(case)
        else None
    )


def _complete(case: Case, requirement: Requirement) -> bool:
    marks = {item.item: item.mark for item in case.items}
    required = {item.code for item in requirement.items}
    done = missing(requirement, {photo.kind for photo in case.photos}, marks).nothing and not case.missing_bytes
    return done and all(
        mark != "fail" and (mark != "not_required" or item not in required) for item, mark in marks.items()
    )


def _vin_right(case: Case) -> bool:
    photo = case.vin_photo
    if case.opened is None or photo is None or photo.vin is None:
        return False
    # A reading that a person confirmed is for a person to review.
    return photo.vin.accepted and case.vin == case.opened.vehicle.vin
