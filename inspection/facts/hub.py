"""What the hub does about a case: the facts that it alone writes. Times are the hub's, Unix milliseconds."""

from datetime import date
from typing import Literal

from inspection.evidence import Line, Whole, Words
from inspection.facts.base import Fact, Reason, Vehicle


class PhotoStored(Fact, frozen=True):
    """Hub: the photo's bytes are committed at the hub and have the digest that was announced."""

    digest: Line
    size: int


class StickerIssued(Fact, frozen=True):
    """Hub: the sticker (检验合格标志) was issued; the audit is due at audit_due. payload: the signed sticker."""

    number: Line
    payload: bytes
    valid_until: date
    audit_due: int
    rulebook: Line
    reasons: tuple[Reason, ...]


class StickerWithheld(Fact, frozen=True):
    """Hub: no sticker, for these reasons. A later fact may lift them.

    audit_due: when a person must have looked; 0 when nobody has to. audit_first: an auditor's pass brings the sticker.
    """

    rulebook: Line
    reasons: tuple[Reason, ...]
    audit_due: int = 0
    audit_first: bool = False


class AuditDecided(Fact, frozen=True):
    """Hub: an auditor decided: pass (archived), or suspicious, with a coded reason.

    seen: how many facts of devices the case had when the auditor looked; what comes later nobody has looked at.
    opinions: how many people's opinions it rests on; auditor is the last of them.
    """

    decision: Literal["pass", "suspicious"]
    auditor: Line
    reason: Line = ""
    note: Words = ""
    seen: Whole = 0
    opinions: Whole = 1


class AuditOverdue(Fact, frozen=True):
    """Hub: nobody had decided when the audit was due."""

    due: int


class RecallOrdered(Fact, frozen=True):
    """Hub: the station must call the vehicle back by `due` (0: no time was set)."""

    reason: Line
    station: Line
    note: Words = ""
    due: Whole = 0


class Retested(Fact, frozen=True):
    """Hub: a re-test (复检) of this inspection was opened, as the case `by`. This row stays as it is."""

    by: Line
    attempt: Whole


class ExemptionApplied(Fact, frozen=True):
    """Hub: the sticker of an exempt car (免检) is applied for, without an inspection; opens a case of the hub's own.

    serial: the application's number. office: whose range of numbers serves it. channel: counter, online, kiosk.
    """

    serial: Line
    vehicle: Vehicle
    office: Line
    by: Line
    channel: Line = ""


class SuspicionRaised(Fact, frozen=True):
    """Hub: a rule found something odd about the case. It sorts, and decides nothing. rule: its code; rules: whence."""

    rule: Line
    detail: Words
    weight: Whole = 1
    rules: Line = ""


class AuditOpinion(Fact, frozen=True):
    """Hub: what one auditor thinks, without having seen what others think.

    round: 1, 2 (blind second review) or 3 (where the first two differ). seen: as in AuditDecided. seconds: how long the
    auditor held the case.
    """

    decision: Literal["pass", "suspicious"]
    auditor: Line
    round: Whole = 1
    reason: Line = ""
    note: Words = ""
    seen: Whole = 0
    seconds: Whole = 0


class RetakeRequested(Fact, frozen=True):
    """Hub: the station has to take a photo again, or check an item again, before anybody decides.

    kind: photo code, or item: code of the form; one of them. photo: digest of the photo that does not do (empty where
    there was none). checked: how many times the item had been checked.
    """

    by: Line
    reason: Line
    kind: Line = ""
    photo: Line = ""
    item: Line = ""
    checked: Whole = 0
    note: Words = ""


class AuditEscalated(Fact, frozen=True):
    """Hub: the case will not be decided in time as things go, and somebody higher was told. level: 1, 2, ..."""

    level: Whole
    to: Line
    due: Whole


class RecallOverdue(Fact, frozen=True):
    """Hub: the vehicle was not back when it was due."""

    due: Whole


class RecheckConcluded(Fact, frozen=True):
    """Hub: the vehicle was checked again after a recall: cleared (no fault), or proven."""

    result: Literal["cleared", "proven"]
    by: Line
    reason: Line
    note: Words = ""


class StickerWithdrawn(Fact, frozen=True):
    """Hub: the sticker is no longer valid. Two people: who asked for it, and who confirmed it."""

    number: Line
    reason: Line
    by: Line
    confirmed_by: Line


class StationPenalised(Fact, frozen=True):
    """Hub: what followed for the station from a proven case. measure: code of the rules of standing."""

    station: Line
    measure: Line
    by: Line
    reason: Line
    note: Words = ""


class ExaminationReviewed(Fact, frozen=True):
    """Hub: a 查验 was reviewed (复核): by a person, or by the rules where its area allows that (automatic).

    sampled: drawn again out of the automatic ones (抽查).
    """

    decision: Literal["pass", "fail"]
    by: Line
    reason: Line = ""
    note: Words = ""
    automatic: bool = False
    sampled: bool = False
    seen: Whole = 0


class StepUndone(Fact, frozen=True):
    """Hub: a step was wrong and counts no more, for this reason; what was written stands.

    step: "audit" (opinions and decision), "recall", "recheck", "review" or "withdrawal" (of the application).
    """

    step: Literal["audit", "recall", "recheck", "review", "withdrawal"]
    by: Line
    reason: Words


class ReprintAllowed(Fact, frozen=True):
    """Hub: one more copy of the sticker may be printed, for this cause."""

    number: Line
    copy: Whole
    by: Line
    cause: Line


class OwnerCalled(Fact, frozen=True):
    """Hub: the owner was called back (回访). result: code; whether what was said supports the inspection."""

    result: Line
    by: Line
    note: Words = ""
