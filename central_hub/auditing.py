"""What an auditor may decide and what follows from it. Decides only; who holds a case and the screens are elsewhere."""

from typing import Literal

from central_hub import HubError
from inspection.case import Case
from inspection.facts import AuditDecided, AuditOverdue, RecallOrdered

NOTE_CHARACTERS_MAX = 2_000

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


class AuditError(HubError):
    """A decision that is refused. code names the text for a screen."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def decide_audit(
    case: Case, decision: Literal["pass", "suspicious"], *, auditor: str, reason: str, note: str, seen: int
) -> tuple[AuditDecided] | tuple[AuditDecided, RecallOrdered]:
    """Return the facts that the decision makes, or raise AuditError.

    seen: how many facts of devices the auditor saw.
    1. The case waits for a decision. 2. Nobody decided before. 3. The auditor saw all that is here. 4. Nobody decides
    their own inspection. 5. A suspicion has a coded reason, and words where the code says "other". A suspicion orders
    the vehicle back.
    """
    if case.opened is None or not case.audit_due:
        raise AuditError("audit.not_waiting", f"case {case.case} does not wait for an audit")
    if case.audit is not None:
        raise AuditError("audit.decided", f"case {case.case} was decided before, by {case.audit.auditor}")
    if seen != case.device_facts:
        raise AuditError("audit.changed", f"{case.device_facts - seen} facts came since the auditor looked")
    if auditor == case.opened.inspector:
        raise AuditError("audit.own_case", "nobody audits their own inspection")
    if len(note) > NOTE_CHARACTERS_MAX:
        raise AuditError("audit.note_too_long", f"a note has at most {NOTE_CHARACTERS_MAX} characters")
    if decision == "pass":
        return (AuditDecided(decision="pass", auditor=auditor, note=note, seen=seen),)
    if reason not in SUSPICION_REASONS:
        raise AuditError("audit.no_reason", "a suspicion needs one of the coded reasons")
    if reason == "other" and not note.strip():
        raise AuditError("audit.no_words", "the reason 'other' needs words")
    decided = AuditDecided(decision="suspicious", auditor=auditor, reason=reason, note=note, seen=seen)
    return (decided, RecallOrdered(reason=reason, station=case.opened.station, note=note))


def overdue(case: Case, *, now: int) -> AuditOverdue | None:
    """Return the fact that the audit is overdue, once, when it is. now: hub time, Unix milliseconds."""
    due = case.audit_due
    if not due or now <= due or case.audit or case.overdue:
        return None
    return AuditOverdue(due=due)
