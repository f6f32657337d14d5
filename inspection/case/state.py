"""A case as it stands: what the facts about one inspection add up to, and the stage (阶段) that follows from it.

How facts are read into it is `folding`'s; which step may follow on which stage is `life`'s.
"""

from functools import cached_property
from typing import Literal

from msgspec import Struct

from inspection.evidence import VideoRef
from inspection.facts import (
    AuditDecided,
    AuditEscalated,
    AuditOpinion,
    AuditOverdue,
    CaseAbandoned,
    CaseOpened,
    CaseWithdrawn,
    ExaminationReviewed,
    ExemptionApplied,
    InspectionConcluded,
    ItemChecked,
    OwnerCalled,
    PhotoRefused,
    PhotoTaken,
    ReadingCorrected,
    RecallOrdered,
    RecallOverdue,
    RecheckConcluded,
    ReprintAllowed,
    RetakeRequested,
    Retested,
    StationPenalised,
    StepUndone,
    StickerIssued,
    StickerPrinted,
    StickerWithdrawn,
    StickerWithheld,
    SuspicionRaised,
    Vehicle,
    VehicleReturned,
)

Stage = Literal[
    "unopened",  # facts arrived, but not yet the one that opens the case
    "applied",  # the sticker of an exempt car (免检) was applied for; the hub has not yet decided
    "in_progress",
    "abandoned",
    "withdrawn",  # the applicant took it back (退办)
    "failed",
    "retested",  # failed, and a re-test (复检) was opened as a case of its own
    "concluded",  # passed; the hub has not yet decided
    "withheld",  # no sticker
    "audit_first",  # no sticker before a person has looked
    "audit_pending",  # sticker issued, nobody has audited it yet
    "audit_overdue",  # nobody had decided when the audit was due
    "returned",  # the station has to take a photo again, or check an item again (退回补拍)
    "second_review",  # one auditor passed it, a second one looks without knowing that
    "suspected",  # an auditor suspects something, others have not decided yet
    "recall_ordered",  # the station has to call the vehicle back (追回)
    "not_back",  # the vehicle was not back when it was due
    "vehicle_back",  # it is back, and has to be checked again
    "cleared",  # checked again, and nothing was wrong
    "proven",  # checked again, and the suspicion held
    "sticker_withdrawn",
    "penalised",  # and the station was
    "archived",
    "review_pending",  # 查验: waits for its review (复核)
    "reviewed",
    "review_failed",
]


class Case(Struct, frozen=True, kw_only=True, dict=True):
    """A folded case. Times are Unix milliseconds of the hub. items: the newest by item code.

    applied: what opens the case of an exempt car, in place of `opened`. checked: the item of each ItemChecked.
    reports: what devices said that the hub answers with a fact of its own (CaseWithdrawn, VehicleReturned).
    passed_over, hub_passed_over: kinds of facts that count for nothing here, of devices and of the hub.
    device_facts: how many facts of devices do count; that a sticker was printed is nothing that an auditor judges.
    audit_corrections: what auditors read otherwise; it sorts and teaches, and changes no reading of the station's.
    dict=True: room for what is worked out once a case (the photos that count, the VIN) and is no part of it.
    """

    case: str
    device: str = ""
    opened: CaseOpened | None = None
    applied: ExemptionApplied | None = None
    all_photos: tuple[PhotoTaken, ...] = ()
    refused_photos: tuple[PhotoRefused, ...] = ()
    items: tuple[ItemChecked, ...] = ()
    checked: tuple[str, ...] = ()
    corrections: tuple[ReadingCorrected, ...] = ()
    videos: tuple[VideoRef, ...] = ()
    concluded: InspectionConcluded | None = None
    abandoned: CaseAbandoned | None = None
    reports: tuple[CaseWithdrawn | VehicleReturned, ...] = ()
    prints: tuple[StickerPrinted, ...] = ()
    stored: frozenset[str] = frozenset()
    issued: StickerIssued | None = None
    withheld: StickerWithheld | None = None
    suspicions: tuple[SuspicionRaised, ...] = ()
    opinions: tuple[AuditOpinion, ...] = ()
    audits: tuple[AuditDecided, ...] = ()
    audit_corrections: tuple[ReadingCorrected, ...] = ()
    overdue: AuditOverdue | None = None
    escalations: tuple[AuditEscalated, ...] = ()
    retakes: tuple[RetakeRequested, ...] = ()
    recall: RecallOrdered | None = None
    recall_overdue: RecallOverdue | None = None
    returned: VehicleReturned | None = None
    recheck: RecheckConcluded | None = None
    sticker_withdrawn: StickerWithdrawn | None = None
    penalties: tuple[StationPenalised, ...] = ()
    review: ExaminationReviewed | None = None
    retested: Retested | None = None
    withdrawn: CaseWithdrawn | None = None
    undone: tuple[StepUndone, ...] = ()
    reprints: tuple[ReprintAllowed, ...] = ()
    calls: tuple[OwnerCalled, ...] = ()
    passed_over: tuple[str, ...] = ()
    hub_passed_over: tuple[str, ...] = ()
    device_facts: int = 0

    @property
    def unknown(self) -> tuple[str, ...]:
        """Kinds of facts that count for nothing here."""
        return self.passed_over + self.hub_passed_over

    @property
    def vehicle(self) -> Vehicle | None:
        """The vehicle as it is on paper, where the case is open."""
        start = self.opened or self.applied
        return start.vehicle if start else None

    @cached_property
    def photos(self) -> tuple[PhotoTaken, ...]:
        """The photos that count: of each kind the newest that no retake replaced."""
        replaced: set[tuple[str, str]] = set()
        current: dict[tuple[str, str], PhotoTaken] = {}
        for photo in self.all_photos:
            # Another device's retake may stand before what it replaces; the same bytes taken again are a retake too.
            if photo.replaces or (photo.kind, photo.photo.digest) not in replaced:
                current.pop((photo.kind, photo.replaces), None)
                current[photo.kind, photo.photo.digest] = photo
            replaced.add((photo.kind, photo.replaces))
        return tuple({photo.kind: photo for photo in current.values()}.values())

    @cached_property
    def missing_bytes(self) -> frozenset[str]:
        """Digests of the photos that count and whose bytes are not yet at the hub."""
        return frozenset(photo.photo.digest for photo in self.photos) - self.stored

    @cached_property
    def vin_photo(self) -> PhotoTaken | None:
        """The photo that counts and carries a VIN reading, if there is one."""
        read = [photo for photo in self.photos if photo.vin is not None]
        return read[-1] if read else None

    @cached_property
    def vin(self) -> str:
        """The VIN as read by the model, or as a person corrected it on that photo; empty if none."""
        photo = self.vin_photo
        if photo is None or photo.vin is None:
            return ""
        corrected = [c.corrected for c in self.corrections if c.photo == photo.photo.digest]
        return corrected[-1] if corrected else photo.vin.vin

    @property
    def vin_seen_by_person(self) -> bool:
        """Whether a person confirmed or corrected the reading on the photo that counts."""
        photo = self.vin_photo
        return photo is not None and any(c.photo == photo.photo.digest for c in self.corrections)

    @property
    def audit(self) -> AuditDecided | None:
        """The auditors' decision; the first one counts, a second is refused before it becomes a fact."""
        return self.audits[0] if self.audits else None

    @property
    def passed_audit(self) -> bool:
        """Whether a person has found nothing wrong: an auditor, or who checked the vehicle again after a recall."""
        if self.recheck is not None:
            return self.recheck.result == "cleared"
        return self.audit is not None and self.audit.decision == "pass"

    @property
    def audit_due(self) -> int:
        """When a person must have looked; 0 when no clock runs."""
        if self.issued:
            return self.issued.audit_due
        return self.withheld.audit_due if self.withheld else 0

    @property
    def overdue_now(self) -> bool:
        """Whether nobody had looked when the clock that runs now ran out; a sticker starts another clock."""
        return self.overdue is not None and 0 < self.audit_due <= self.overdue.due

    @property
    def open_retakes(self) -> tuple[RetakeRequested, ...]:
        """What the station was asked to take or check again, and has not yet."""
        here = {photo.kind: photo.photo.digest for photo in self.photos}

        def done(wanted: RetakeRequested) -> bool:
            if wanted.item:
                return self.checked.count(wanted.item) > wanted.checked
            taken = here.get(wanted.kind, wanted.photo)
            return taken != wanted.photo and taken in self.stored

        return tuple(wanted for wanted in self.retakes if not done(wanted))

    @cached_property
    def stage(self) -> Stage:
        """Where the case stands."""
        if self.withdrawn:
            return "withdrawn"
        if self.opened is None and self.applied is None:
            return "unopened"
        return self._stage_of_recall() or self._stage_of_audit() or self._stage_of_sticker() or self._stage_at_station()

    def _stage_of_recall(self) -> Stage | None:
        if self.penalties:
            return "penalised"
        if self.sticker_withdrawn:
            return "sticker_withdrawn"
        if self.recheck:
            return self.recheck.result
        if self.recall is None:
            return None
        if self.returned:
            return "vehicle_back"
        return "not_back" if self.recall_overdue else "recall_ordered"

    def _stage_of_audit(self) -> Stage | None:
        if self.audit:
            return "archived"
        if self.review:
            return "reviewed" if self.review.decision == "pass" else self._or_retested("review_failed")
        if self.retakes and self.open_retakes:
            return "returned"
        if self.opinions:
            suspected = any(opinion.decision == "suspicious" for opinion in self.opinions)
            return "suspected" if suspected else "second_review"
        return None

    def _stage_of_sticker(self) -> Stage | None:
        if self.issued:
            # Nobody audits what nobody inspected: the rules alone speak for an exempt car.
            if self.applied:
                return "archived"
            return "audit_overdue" if self.overdue_now else "audit_pending"
        if self.withheld is None or ((self._failed or self.abandoned) and not self.withheld.audit_due):
            return None
        if self.opened and self.opened.regime == "chayan" and self.withheld.audit_due:
            return "review_pending"
        if self.overdue_now:
            return "audit_overdue"
        return "audit_first" if self.withheld.audit_first else "withheld"

    def _stage_at_station(self) -> Stage:
        if self.applied:
            return "applied"
        if self.concluded is None:
            return "abandoned" if self.abandoned else "in_progress"
        return self._or_retested("failed") if self._failed else "concluded"

    @property
    def _failed(self) -> bool:
        return self.concluded is not None and self.concluded.outcome == "fail"

    def _or_retested(self, stage: Stage) -> Stage:
        return "retested" if self.retested else stage
