"""What an auditor may decide and what follows from it. Decides only; who holds a case and the screens are elsewhere.

One look decides, unless it was drawn for a second one or finds something suspicious: then another person looks without
knowing what the first thought, and where the two differ a third decides.
"""

from dataclasses import dataclass
from typing import Literal

from central_hub.deciding.conflicts import (
    NOTE_CHARACTERS_MAX,
    Person,
    StepError,
    check_note,
    check_own,
    check_reason,
    check_seen,
    name_of,
    same,
)
from inspection.case import Case
from inspection.case.life import may
from inspection.facts import AuditDecided, AuditOpinion, AuditOverdue, RecallOrdered

__all__ = [
    "NOTE_CHARACTERS_MAX",
    "SUSPICION_REASONS",
    "AuditError",
    "View",
    "may_look",
    "opine",
    "overdue",
    "round_of",
]

SUSPICION_REASONS: dict[str, tuple[str, str]] = {
    "vin.tampered": ("车辆识别代号有改动痕迹", "the VIN shows signs of tampering"),
    "vin.differs": ("车辆识别代号与登记不一致", "the VIN is not the registered one"),
    "vehicle.differs": ("照片中的车辆与登记不符", "the vehicle on the photos is not the registered one"),
    "vehicle.absent": ("车辆未实际到场", "the vehicle was not there"),
    "photo.missing": ("照片缺失或无法辨认", "a photo is missing or cannot be judged"),
    "photo.reused": ("照片疑似重复使用", "a photo seems to be used again"),
    "modified": ("疑似非法改装", "the vehicle seems to be illegally modified"),
    "procedure": ("检验过程不符合规定", "the inspection did not follow the procedure"),
    "other": ("其他(须说明)", "other (say what)"),
}
"""Coded reasons, Chinese and English. Provisional: no national list was found; from the picture checks of the field."""

LAST_ROUND = 3
Verdict = Literal["pass", "suspicious"]


AuditError = StepError
"""A decision that is refused, by the name that screens know it by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What an auditor thinks. seen: how many facts of devices he saw; seconds: how long he held the case."""

    decision: Verdict
    seen: int
    reason: str = ""
    note: str = ""
    seconds: int = 0


def round_of(case: Case) -> int:
    """Return which opinion would come next: 1, 2 (blind) or 3 (the first two differ)."""
    return len(case.opinions) + 1


def may_look(case: Case, who: Person) -> None:
    """Raise AuditError where this person may not decide this case at all, whatever he thinks of it.

    1. The case waits for an audit. 2. Nobody decided before. 3. It is not his own inspection, nor his station's.
    4. He has not given an opinion on it.
    """
    # An identity check (查验) is reviewed, not audited.
    inspected = case.opened is not None and case.opened.regime == "jianyan"
    if case.audit is not None:
        raise AuditError(
            "audit.decided", f"case {case.case} was decided before, by {case.audit.auditor}", "该案件已经审核"
        )
    if not inspected or not (may(case, "suspicion") or may(case, "passing")):
        raise AuditError("audit.not_waiting", f"case {case.case} does not wait for an audit", "该案件不在待审核状态")
    check_own(case, who, family="audit")
    if any(same(who, opinion.auditor) for opinion in case.opinions):
        raise AuditError("audit.twice", "nobody gives two opinions on a case", "同一案件不得审核两次")


def opine(
    case: Case, view: View, *, who: Person, second_wanted: bool, may_settle: bool, recall_due: int
) -> tuple[AuditOpinion] | tuple[AuditOpinion, AuditDecided] | tuple[AuditOpinion, AuditDecided, RecallOrdered]:
    """Return the facts that one auditor's opinion makes, or raise AuditError.

    second_wanted: whether a pass of this case was drawn for a second look. may_settle: whether the person may decide
    where two differ. recall_due: by when a vehicle has to be back that is ordered back now, hub time, ms.
    1. The person may look at the case (`may_look`). 2. He saw all that is here. 3. A suspicion has a coded reason, and
    words where that is "other". 4. Nothing is passed that the station has to do again. 5. Who is third has the right.
    A suspicion decides nothing before another person shares it; a decided one orders the vehicle back.
    """
    may_look(case, who)
    _check_view(case, view)
    if round_of(case) >= LAST_ROUND and not may_settle:
        raise AuditError("audit.third_wanted", "where two differ, somebody with that right decides", "须由有权人员裁定")
    opinion = AuditOpinion(
        decision=view.decision,
        auditor=name_of(who),
        round=round_of(case),
        reason=view.reason if view.decision == "suspicious" else "",
        note=view.note,
        seen=view.seen,
        seconds=view.seconds,
    )
    if not _decides(case, view.decision, second_wanted=second_wanted):
        return (opinion,)
    return (opinion, *_decided(case, opinion, recall_due=recall_due))


def _check_view(case: Case, view: View) -> None:
    if view.seen != case.device_facts:
        text = f"{case.device_facts - view.seen} facts came since the auditor looked"
        raise AuditError("audit.changed", text, "查看后案件有新的记录, 请重新查看")
    if view.decision == "pass" and not may(case, "passing"):
        raise AuditError("audit.returned", "the station has to take something again first", "补拍完成前不得通过")
    if view.decision == "pass":
        check_note(view.note, family="audit")
        check_seen(case, family="audit")
    else:
        check_reason(view.reason, view.note, known=SUSPICION_REASONS, family="audit")


def _decides(case: Case, decision: Verdict, *, second_wanted: bool) -> bool:
    before = [opinion.decision for opinion in case.opinions]
    if not before:
        return decision == "pass" and not second_wanted
    return len(before) + 1 >= LAST_ROUND or decision == before[0]


def _decided(
    case: Case, opinion: AuditOpinion, *, recall_due: int
) -> tuple[AuditDecided] | tuple[AuditDecided, RecallOrdered]:
    decided = AuditDecided(
        decision=opinion.decision,
        auditor=opinion.auditor,
        reason=opinion.reason,
        note=opinion.note,
        seen=opinion.seen,
        opinions=opinion.round,
    )
    if opinion.decision == "pass" or case.opened is None:
        return (decided,)
    recall = RecallOrdered(reason=opinion.reason, station=case.opened.station, note=opinion.note, due=recall_due)
    return (decided, recall)


def overdue(case: Case, *, now: int) -> AuditOverdue | None:
    """Return the fact that the audit is overdue, once for each clock, when it is. now: hub time, Unix milliseconds.

    A review (复核) has the same clock. Nothing is overdue that people have decided, or that was taken back.
    """
    if now <= case.audit_due or case.overdue_now or not may(case, "overdue"):
        return None
    return AuditOverdue(due=case.audit_due)
