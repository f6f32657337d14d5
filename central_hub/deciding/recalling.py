"""What follows on a recall (追回): the vehicle is late or back, is checked again; the sticker goes, the station pays.

Decides only. Who suspected a case does not find out whether they were right; a sticker is withdrawn by two people.
"""

from typing import Literal

from central_hub.deciding.auditing import SUSPICION_REASONS
from central_hub.deciding.conflicts import (
    Person,
    StepError,
    check_note,
    check_own,
    check_reason,
    check_two,
    name_of,
    require,
    same,
)
from inspection.case import Case
from inspection.case.life import Step, may
from inspection.facts import RecallOverdue, RecheckConcluded, StationPenalised, StickerWithdrawn, VehicleReturned

RecheckResult = Literal["cleared", "proven"]

CLEARING_REASONS: dict[str, tuple[str, str]] = {
    "vehicle.right": ("车辆与登记一致", "the vehicle is the registered one, and nothing is wrong with it"),
    "photo.misleading": ("照片有误导, 实车无异常", "the photo misled; the vehicle itself is in order"),
    "record.mended": ("登记信息有误, 已更正", "the record was wrong, and was mended"),
    "other": ("其他(须说明)", "other (say what)"),
}
"""Why a suspicion did not hold. Provisional, as those of the suspicions, which are the reasons of a proven one."""

_STEPS: dict[RecheckResult, Step] = {"cleared": "clearing", "proven": "proving"}


def recall_overdue(case: Case, *, now: int) -> RecallOverdue | None:
    """Return the fact that the vehicle was not back in time, once, when it is. now: hub time, Unix milliseconds."""
    due = case.recall.due if case.recall else 0
    if not due or now <= due or not may(case, "recall_overdue"):
        return None
    return RecallOverdue(due=due)


def vehicle_returned(case: Case, *, by: str, station: str, note: str = "") -> VehicleReturned:
    """Return the fact that the vehicle is back; raises StepError when none is awaited, or at another station."""
    require(case, "vehicle_return")
    check_note(note, family="recall")
    if case.recall is not None and station != case.recall.station:
        text = f"the vehicle was ordered back to {case.recall.station}, not to {station[:40]!r}"
        raise StepError("recall.other_station", text, f"车辆应返回 {case.recall.station}")
    return VehicleReturned(by=by, station=station, note=note)


def recheck(case: Case, result: RecheckResult, *, who: Person, reason: str, note: str = "") -> RecheckConcluded:
    """Return what the second look at the vehicle itself came to, or raise StepError.

    1. The vehicle is back. 2. It is nobody's own inspection, nor their station's. 3. Whoever suspected it does not
    decide whether that holds. 4. There is a coded reason: of CLEARING_REASONS, or of the suspicions.
    """
    require(case, _STEPS[result])
    check_own(case, who, family="recheck")
    suspecting = [opinion.auditor for opinion in case.opinions if opinion.decision == "suspicious"]
    suspecting += [audit.auditor for audit in case.audits if audit.decision == "suspicious"]
    if any(same(who, name) for name in suspecting):
        raise StepError(
            "recheck.own_suspicion", "whoever suspected it does not decide whether that holds", "存疑人不得作出复核结论"
        )
    known = CLEARING_REASONS if result == "cleared" else SUSPICION_REASONS
    check_reason(reason, note, known=known, family="recheck")
    return RecheckConcluded(result=result, by=name_of(who), reason=reason, note=note)


def withdraw_sticker(case: Case, *, by: Person, confirmed_by: Person, reason: str) -> StickerWithdrawn:
    """Return the fact that the sticker is no longer valid, or raise StepError.

    1. The case is proven, and its sticker is out. 2. Two people, neither about their own work. 3. A coded reason that
    says enough by itself.
    """
    require(case, "sticker_withdrawal")
    check_two(case, by, confirmed_by, family="withdrawal")
    check_reason(reason, "", known=SUSPICION_REASONS, family="withdrawal")
    number = case.issued.number if case.issued else ""
    return StickerWithdrawn(number=number, reason=reason, by=name_of(by), confirmed_by=name_of(confirmed_by))


def penalise(case: Case, measure: str, *, who: Person, reason: str, note: str = "") -> StationPenalised:
    """Return what follows for the station, or raise StepError. measure: code of the rules of standing."""
    require(case, "penalty")
    check_own(case, who, family="penalty")
    if not measure.strip():
        raise StepError("penalty.no_measure", "a penalty names its measure", "须选择处罚措施")
    check_reason(reason, note, known=SUSPICION_REASONS, family="penalty")
    station = case.opened.station if case.opened else ""
    return StationPenalised(station=station, measure=measure, by=name_of(who), reason=reason, note=note)
