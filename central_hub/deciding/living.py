"""Steps of a case's life beside audit, recall and review: retakes, withdrawal, re-test, undoing, call-backs.

Decides only; who asks for a step, and how a device hears of it, is the desk's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

from central_hub.deciding.conflicts import Person, StepError, check_note, check_own, check_reason, name_of, require
from inspection.case import Case
from inspection.case.life import Step, may
from inspection.checklist import Requirement
from inspection.facts import (
    AuditEscalated,
    CaseWithdrawn,
    Entry,
    OwnerCalled,
    PhotoStored,
    RetakeRequested,
    Retested,
    StepUndone,
    SuspicionRaised,
    VehicleReturned,
)
from inspection.identities import HUB

_Report = TypeVar("_Report", CaseWithdrawn, VehicleReturned)
Undoable = Literal["audit", "recall", "recheck", "review", "withdrawal"]

RETAKE_REASONS: dict[str, tuple[str, str]] = {
    "photo.blurred": ("照片模糊", "the photo is blurred"),
    "photo.dark": ("照片过暗或过曝", "the photo is too dark or too bright"),
    "photo.angle": ("拍摄角度不符", "the angle is wrong"),
    "photo.covered": ("拍摄对象被遮挡", "what it has to show is covered"),
    "photo.missing": ("照片缺失", "the photo is missing"),
    "photo.other_object": ("拍摄对象不符", "it shows something else"),
    "item.doubtful": ("项目结果存疑", "the item's mark is doubtful"),
    "item.missing": ("项目漏检", "the item was not checked"),
    "other": ("其他(须说明)", "other (say what)"),
}
WITHDRAWAL_REASONS: dict[str, tuple[str, str]] = {
    "applicant": ("申请人要求退办", "the applicant asks for it"),
    "record.wrong": ("登记信息有误", "the record is wrong"),
    "opened.twice": ("重复受理", "it was opened twice"),
    "other": ("其他(须说明)", "other (say what)"),
}
CALL_RESULTS: dict[str, tuple[str, str]] = {
    "supports": ("车主所述与检验一致", "what the owner says supports the inspection"),
    "contradicts": ("车主所述与检验不符", "what the owner says contradicts the inspection"),
    "unreached": ("未联系到车主", "the owner was not reached"),
    "refused": ("车主不愿回答", "the owner did not want to answer"),
    "other": ("其他(须说明)", "other (say what)"),
}
"""Coded reasons and results, Chinese and English. Provisional: no national list was found."""

_UNDO_STEPS: dict[Undoable, Step] = {
    "audit": "undo_audit",
    "recall": "undo_recall",
    "recheck": "undo_recheck",
    "review": "undo_review",
    "withdrawal": "undo_withdrawal",
}
_NO_STEPS = (PhotoStored, SuspicionRaised, AuditEscalated, OwnerCalled)
"""Hub facts that follow on what came in, or stand beside the case's life."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What has to be done again: a photo (kind: its code) or an item (its code); one of them. note: in words."""

    kind: str = ""
    item: str = ""
    note: str = ""


def retake(case: Case, wanted: Wanted, *, requirement: Requirement, who: Person, reason: str) -> RetakeRequested:
    """Return the request that the station does something again (退回补拍), or raise StepError.

    1. An audit or a review waits. 2. It is nobody's own inspection, nor their station's. 3. One thing is wanted: a
    photo or an item that the case needs, or has. 4. There is a coded reason.
    """
    require(case, "retake")
    check_own(case, who, family="retake")
    photos = {photo.kind: photo.photo.digest for photo in case.photos}
    known = {photo.code for photo in requirement.photos} | set(photos)
    items = {item.code for item in requirement.items} | set(case.checked)
    if bool(wanted.kind) == bool(wanted.item):
        raise StepError("retake.one_thing", "a retake names one photo or one item", "须指明一张照片或一个项目")
    if wanted.kind and wanted.kind not in known:
        raise StepError("retake.not_needed", f"the case needs no photo {wanted.kind[:40]!r}", "该案件不需要这种照片")
    if wanted.item and wanted.item not in items:
        raise StepError("retake.not_needed", f"the case needs no item {wanted.item[:40]!r}", "该案件不需要这个项目")
    check_reason(reason, wanted.note, known=RETAKE_REASONS, family="retake")
    return RetakeRequested(
        by=name_of(who),
        reason=reason,
        kind=wanted.kind,
        photo=photos.get(wanted.kind, ""),
        item=wanted.item,
        checked=case.checked.count(wanted.item),
        note=wanted.note,
    )


def withdraw(case: Case, *, by: str, reason: str, note: str = "") -> CaseWithdrawn:
    """Return the fact that the applicant took the case back (退办), or raise StepError: never once a sticker is out."""
    require(case, "withdrawal")
    check_reason(reason, note, known=WITHDRAWAL_REASONS, family="withdrawn")
    return CaseWithdrawn(reason=reason, by=by, note=note)


def answer_withdrawal(case: Case, report: CaseWithdrawn) -> CaseWithdrawn:
    """Return the hub's fact that answers what a device said of a withdrawal; raises StepError where it cannot be."""
    require(case, "withdrawal")
    return report


def fresh_report(entries: Iterable[Entry], kind: type[_Report]) -> tuple[str, _Report] | None:
    """Return the newest report of this kind and its device, if the hub has taken no step since; else None.

    entries: of one case, in the order in which they came. A report is answered when it comes, or never: a vehicle that
    was said to be back before anybody ordered it back is not back.
    """
    fresh: tuple[str, _Report] | None = None
    for entry in entries:
        if entry.device != HUB and isinstance(entry.fact, kind):
            fresh = (entry.device, entry.fact)
        elif entry.device == HUB and not isinstance(entry.fact, _NO_STEPS):
            fresh = None
    return fresh


def retest_of(later: Case, earlier: Case) -> Retested | None:
    """Return the fact that `later` re-tests (复检) the failed case `earlier`, or None where it does not.

    It is the same inspection's next attempt: regime, serial, station and registered VIN are the same, the attempt one
    more.
    """
    if later.opened is None or earlier.opened is None or not may(earlier, "retest"):
        return None
    now, then = later.opened, earlier.opened
    same_inspection = (now.regime, now.serial, now.station, now.vehicle.vin) == (
        *(then.regime, then.serial, then.station, then.vehicle.vin),
    )
    if not same_inspection or now.attempt != then.attempt + 1:
        return None
    return Retested(by=later.case, attempt=now.attempt)


def undo(case: Case, step: Undoable, *, who: Person, reason: str) -> StepUndone:
    """Return the fact that a step counts no more, or raise StepError. reason: in words, for ever."""
    require(case, _UNDO_STEPS[step])
    check_own(case, who, family="undo")
    check_note(reason, family="undo")
    if not reason.strip():
        raise StepError("undo.no_reason", "undoing a step needs a reason in words", "撤回须说明理由")
    return StepUndone(step=step, by=name_of(who), reason=reason)


def owner_called(case: Case, result: str, *, who: Person, note: str = "") -> OwnerCalled:
    """Return what a call-back (回访) to the owner came to, or raise StepError. Of any inspection."""
    if case.opened is None:
        raise StepError("call.no_case", f"there is no inspection {case.case}", "没有该检验案件")
    check_own(case, who, family="call")
    check_reason(result, note, known=CALL_RESULTS, family="call")
    return OwnerCalled(result=result, by=name_of(who), note=note)
