"""A case: what the facts about one inspection add up to, in whatever order they arrived.

`fold` puts the facts into one order that follows from the facts alone (device name, number), then reads them once. So
the same set of facts always gives the same case, and a fact that comes twice changes nothing.
Where two devices wrote about the same thing, a retake names the photo that it replaces; otherwise the higher number of
the later name counts, which is arbitrary but the same everywhere.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from inspection.evidence import VideoRef
from inspection.facts import (
    AnyFact,
    AuditDecided,
    AuditOverdue,
    CaseAbandoned,
    CaseOpened,
    Entry,
    InspectionConcluded,
    ItemChecked,
    PhotoRefused,
    PhotoStored,
    PhotoTaken,
    ReadingCorrected,
    RecallOrdered,
    StickerIssued,
    StickerWithheld,
    UnknownFact,
    VideoReferenced,
)
from inspection.identities import HUB, case_id

Stage = Literal[
    "unopened",  # facts arrived, but not yet the one that opens the case
    "in_progress",
    "abandoned",
    "failed",
    "concluded",  # passed; the hub has not yet decided
    "audit_pending",  # sticker issued, nobody has audited it yet
    "audit_first",  # no sticker before a person has looked
    "withheld",  # no sticker
    "archived",
    "recall_ordered",
]


class Case(Struct, frozen=True, kw_only=True):
    """A folded case. Times are Unix milliseconds of the hub. items: the newest by item code.

    passed_over, hub_passed_over: kinds of facts that count for nothing here, of devices and of the hub.
    device_facts: how many facts of devices do count.
    """

    case: str
    device: str = ""
    opened: CaseOpened | None = None
    all_photos: tuple[PhotoTaken, ...] = ()
    refused_photos: tuple[PhotoRefused, ...] = ()
    items: tuple[ItemChecked, ...] = ()
    corrections: tuple[ReadingCorrected, ...] = ()
    videos: tuple[VideoRef, ...] = ()
    concluded: InspectionConcluded | None = None
    abandoned: CaseAbandoned | None = None
    stored: frozenset[str] = frozenset()
    issued: StickerIssued | None = None
    withheld: StickerWithheld | None = None
    audits: tuple[AuditDecided, ...] = ()
    overdue: AuditOverdue | None = None
    recall: RecallOrdered | None = None
    passed_over: tuple[str, ...] = ()
    hub_passed_over: tuple[str, ...] = ()
    device_facts: int = 0

    @property
    def unknown(self) -> tuple[str, ...]:
        """Kinds of facts that count for nothing here."""
        return self.passed_over + self.hub_passed_over

    @property
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

    @property
    def missing_bytes(self) -> frozenset[str]:
        """Digests of the photos that count and whose bytes are not yet at the hub."""
        return frozenset(photo.photo.digest for photo in self.photos) - self.stored

    @property
    def vin_photo(self) -> PhotoTaken | None:
        """The photo that counts and carries a VIN reading, if there is one."""
        read = [photo for photo in self.photos if photo.vin is not None]
        return read[-1] if read else None

    @property
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
        """The auditor's decision; the first one counts, a second is refused before it becomes a fact."""
        return self.audits[0] if self.audits else None

    @property
    def audit_due(self) -> int:
        """When a person must have looked; 0 when no clock runs."""
        if self.issued:
            return self.issued.audit_due
        return self.withheld.audit_due if self.withheld else 0

    @property
    def stage(self) -> Stage:
        """Where the case stands."""
        if self.opened is None:
            return "unopened"
        return self._stage_after_audit() or self._stage_before_audit()

    def _stage_after_audit(self) -> Stage | None:
        if self.recall:
            return "recall_ordered"
        return "archived" if self.audit and self.audit.decision == "pass" else None

    def _stage_before_audit(self) -> Stage:
        if self.issued:
            return "audit_pending"
        if self.withheld:
            return "audit_first" if self.withheld.audit_first else "withheld"
        if self.concluded:
            return "failed" if self.concluded.outcome == "fail" else "concluded"
        return "abandoned" if self.abandoned else "in_progress"


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries, each once, in the order in which they are read: devices by name, the hub last, by number."""
    unique = {(entry.device == HUB, entry.device, entry.seq): entry for entry in entries}
    return [unique[key] for key in sorted(unique)]


def fold(case: str, entries: Iterable[Entry]) -> Case:
    """Return the case that these facts add up to. Entries of other cases are not asked for and must not be given."""
    return folded(case, entries).case


class Folded(Struct, frozen=True):
    """A fold that can go on: the case, and how far of the devices' facts and of the hub's were read.

    last: name and number of the last device fact in the fold's order. last_of_hub: number of the hub's last.
    facts: how many were read.
    """

    case: Case
    last: tuple[str, int] = ("", 0)
    last_of_hub: int = 0
    facts: int = 0


def folded(case: str, entries: Iterable[Entry]) -> Folded:
    """Return the fold of these facts, to be gone on with."""
    state = Folded(Case(case=case))
    for entry in in_order(entries):
        state = _next(state, entry)
    return state


def fold_on(state: Folded, entry: Entry) -> Folded | None:
    """Return the fold with one fact more; None when it stands before what was read, so that all must be read anew.

    What devices write and what the hub writes touches different parts of a case: either may run ahead of the other.
    """
    if entry.device == HUB:
        return _next(state, entry) if entry.seq > state.last_of_hub else None
    return _next(state, entry) if (entry.device, entry.seq) > state.last else None


def _next(state: Folded, entry: Entry) -> Folded:
    if entry.device == HUB:
        return Folded(_after_hub_fact(state.case, entry), state.last, entry.seq, state.facts + 1)
    return Folded(_after(state.case, entry), (entry.device, entry.seq), state.last_of_hub, state.facts + 1)


def _after(before: Case, entry: Entry) -> Case:
    state = replace(before, device_facts=before.device_facts + 1)
    match entry.fact:
        case CaseOpened() as fact:
            # Who opened a case, with which fact, is the case's id: any other opening of it is not one.
            if entry.case == case_id(entry.device, entry.seq):
                return replace(state, opened=fact, device=entry.device)
            return _passed_over(before, "CaseOpened")
        case PhotoTaken() as fact:
            return replace(state, all_photos=(*state.all_photos, fact))
        case PhotoRefused() as fact:
            return replace(state, refused_photos=(*state.refused_photos, fact))
        case ItemChecked() as fact:
            others = tuple(item for item in state.items if item.item != fact.item)
            return replace(state, items=(*others, fact))
        case ReadingCorrected() as fact:
            return replace(state, corrections=(*state.corrections, fact))
        case VideoReferenced() as fact:
            return replace(state, videos=(*state.videos, fact.video))
        case InspectionConcluded() | CaseAbandoned() if state.concluded or state.abandoned:
            # The first ending counts: who tests again opens a new case, and the failed one stays as it was.
            return _passed_over(before, type(entry.fact).__name__)
        case InspectionConcluded() as fact:
            return replace(state, concluded=fact)
        case CaseAbandoned() as fact:
            return replace(state, abandoned=fact)
        case other:
            return _passed_over(before, _kind(other))


def _passed_over(state: Case, name: str) -> Case:
    # A fact of a device that counts for nothing is shown, and is nothing that an auditor could have looked at.
    return replace(state, passed_over=(*state.passed_over, name))


def _after_hub_fact(state: Case, entry: Entry) -> Case:
    match entry.fact:
        case PhotoStored() as fact:
            return replace(state, stored=state.stored | {fact.digest})
        case StickerIssued() as fact:
            return state if state.issued else replace(state, issued=fact)
        case StickerWithheld() as fact:
            return replace(state, withheld=fact)
        case AuditDecided() as fact:
            return replace(state, audits=(*state.audits, fact))
        case AuditOverdue() as fact:
            return replace(state, overdue=fact)
        case RecallOrdered() as fact:
            return replace(state, recall=fact)
        case other:
            return replace(state, hub_passed_over=(*state.hub_passed_over, _kind(other)))


def _kind(fact: AnyFact) -> str:
    return fact.kind if isinstance(fact, UnknownFact) else type(fact).__name__
