"""What happens at a device (PDA, lane box): the facts that it writes."""

from inspection.evidence import Line, PhotoRef, VideoRef, VinFinding, Whole, Words
from inspection.facts.base import Fact, Mark, Outcome, Position, Vehicle
from inspection.identities import Regime


class DeviceStarted(Fact, frozen=True):
    """The device's program started, under this profile and software version."""

    profile: Line
    software: Line


class CaseOpened(Fact, frozen=True):
    """A vehicle stands before the device. serial: jylsh or cylsh. business: ywlx; inspection_kind: jylb.

    attempt: 1, and one more for each re-test (复检, jycs) of the same serial: a row is added, never overwritten.
    area: 12-character number of the 查验区. position: where the device was.
    """

    regime: Regime
    serial: Line
    vehicle: Vehicle
    station: Line
    inspector: Line
    lane: Line = ""
    business: Line = ""
    inspection_kind: Line = ""
    attempt: Whole = 1
    profile: Line = ""
    area: Line = ""
    position: Position | None = None


class PhotoTaken(Fact, frozen=True):
    """A photo lies in the vault. kind: photo code of the regime. replaces: digest of the photo it is a retake of."""

    kind: Line
    photo: PhotoRef
    vin: VinFinding | None = None
    replaces: Line = ""
    position: Position | None = None


class PhotoRefused(Fact, frozen=True):
    """A shot gave no usable picture; the inspector was told why."""

    kind: Line
    code: Line
    detail: Words


class ItemChecked(Fact, frozen=True):
    """An item of the form was checked. value holds the determined value where mark is "value"."""

    item: Line
    mark: Mark
    value: Words = ""
    remark: Words = ""


class ReadingCorrected(Fact, frozen=True):
    """A person looked at the photo and read it otherwise, or confirmed a doubtful reading (read == corrected)."""

    photo: Line
    read: Line
    corrected: Line
    by: Line
    reason: Line


class VideoReferenced(Fact, frozen=True):
    """An interval of footage shows the inspection; or it is missing, and the reference says why."""

    video: VideoRef


class InspectionConcluded(Fact, frozen=True):
    """The inspector gave the verdict."""

    outcome: Outcome
    by: Line
    remark: Words = ""


class CaseAbandoned(Fact, frozen=True):
    """The inspection ended without a verdict, e.g. the vehicle drove off. An attempt is a record too."""

    reason: Line


class PassageNoted(Fact, frozen=True):
    """A vehicle went through a lane without a case, e.g. because nobody knew it. Never nothing."""

    lane: Line
    reason: Line


class DirectiveSettled(Fact, frozen=True):
    """The device has committed the hub's directive of this number."""

    number: Whole


class CaseWithdrawn(Fact, frozen=True):
    """The applicant took the case back (退办) before a sticker was out. by: who wrote it down."""

    reason: Line
    by: Line
    note: Words = ""


class VehicleReturned(Fact, frozen=True):
    """A vehicle that was ordered back stands at the station again. by: who saw it."""

    by: Line
    station: Line
    note: Words = ""


class StickerPrinted(Fact, frozen=True):
    """A sticker was put on paper: which copy (1 is the first), by whom and on what. cause: why it was printed again."""

    number: Line
    copy: Whole
    by: Line
    printer: Line = ""
    cause: Line = ""
