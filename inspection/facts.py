"""Facts: what happened, in the past tense, frozen. A correction is a later fact; nothing is ever changed.

Knows the shape of each fact. How facts become bytes is `wire`'s, what they add up to is `case`'s.
Device facts are written by a lane box or a PDA, hub facts by the hub; both stand in the same ledger.
Times are Unix milliseconds; those in hub facts are the hub's. A field added later needs a default.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from inspection.evidence import Line, PhotoRef, VideoRef, VinFinding, Whole, Words
from inspection.identities import Regime

Vin = Annotated[str, Meta(max_length=25)]
"""Room for a 整车出厂编号: the platform's field clsbdh is 25 wide."""

PlateKind = Annotated[str, Meta(max_length=4)]
"""hpzl: two characters today."""

Plate = Annotated[str, Meta(max_length=15)]
"""As wide as the platform's field hphm."""

Mark = Literal["pass", "fail", "not_required", "value"]
"""√ pass, × fail, — not required, or a determined value (colour, seats, type at 注册登记)."""

Outcome = Literal["pass", "fail", "pass_advised"]
"""合格, 不合格, 合格(建议维护)."""


class Vehicle(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The vehicle as it is on paper, from the platform's record; codes as in `codes`.

    vin: registered VIN, or 整车出厂编号. plate_kind (hpzl) and plate (full, with province) are empty for a new vehicle.
    vehicle_class: cllx. use: syxz. colours: csys letters. states: zt letters. bread_van: seen to be a 面包车, whatever
    its class says. insured_until: last day of the compulsory insurance (交强险), none when not verified.
    """

    vin: Vin
    plate_kind: PlateKind = ""
    plate: Plate = ""
    vehicle_class: Line = ""
    use: Line = ""
    colours: Line = ""
    states: Line = ""
    seats: Whole = 0
    registered_on: date | None = None
    insured_until: date | None = None
    bread_van: bool = False


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One clause of a decision: its code, how it came out, and what it says to a person."""

    code: Line
    result: Literal["passed", "failed", "pending"]
    zh: Words
    en: Words
    clause: Line = ""


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="t", tag=True):
    """Something that happened. The tag on the wire is the class name."""


class DeviceStarted(Fact, frozen=True):
    """The device's program started, under this profile and software version."""

    profile: Line
    software: Line


class CaseOpened(Fact, frozen=True):
    """A vehicle stands before the device. serial: jylsh or cylsh. business: ywlx; inspection_kind: jylb."""

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


class PhotoTaken(Fact, frozen=True):
    """A photo lies in the vault. kind: photo code of the regime. replaces: digest of the photo it is a retake of."""

    kind: Line
    photo: PhotoRef
    vin: VinFinding | None = None
    replaces: Line = ""


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


class DeviceEnrolled(Fact, frozen=True):
    """Hub: this device may write facts, signed with this key (32 bytes)."""

    device: Line
    kind: Line
    station: Line
    public_key: bytes


class DeviceRevoked(Fact, frozen=True):
    """Hub: nothing of this device is taken any more, e.g. because it was stolen. What it wrote before stands."""

    device: Line
    reason: Words


class DeviceQuarantined(Fact, frozen=True):
    """Hub: nothing of this device is taken until a person has looked; what it wrote before stands. code: why."""

    device: Line
    code: Line
    text: Words


class DeviceReleased(Fact, frozen=True):
    """Hub: a person looked, and the device may go on."""

    device: Line
    by: Line
    reason: Words


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
    """

    decision: Literal["pass", "suspicious"]
    auditor: Line
    reason: Line = ""
    note: Words = ""
    seen: Whole = 0


class AuditOverdue(Fact, frozen=True):
    """Hub: nobody had decided when the audit was due."""

    due: int


class RecallOrdered(Fact, frozen=True):
    """Hub: the station must call the vehicle back."""

    reason: Line
    station: Line
    note: Words = ""


class LedgerSealed(Fact, frozen=True):
    """Hub: the ledger had this many facts, and this Merkle root (32 bytes), before this fact."""

    size: int
    root: bytes


class UnknownFact(Fact, frozen=True):
    """A fact of a kind that this version does not know: kept as it came, shown as unknown, never folded."""

    kind: str


AnyFact = (
    DeviceStarted
    | CaseOpened
    | PhotoTaken
    | PhotoRefused
    | ItemChecked
    | ReadingCorrected
    | VideoReferenced
    | InspectionConcluded
    | CaseAbandoned
    | PassageNoted
    | DirectiveSettled
    | DeviceEnrolled
    | DeviceRevoked
    | DeviceQuarantined
    | DeviceReleased
    | PhotoStored
    | StickerIssued
    | StickerWithheld
    | AuditDecided
    | AuditOverdue
    | RecallOrdered
    | LedgerSealed
    | UnknownFact
)

HUB_FACTS = (
    DeviceEnrolled,
    DeviceRevoked,
    DeviceQuarantined,
    DeviceReleased,
    PhotoStored,
    StickerIssued,
    StickerWithheld,
    AuditDecided,
    AuditOverdue,
    RecallOrdered,
    LedgerSealed,
)
"""Facts that only the hub may write: a device that claims one is refused."""


class Entry(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "device": "d",
        "seq": "n",
        "before": "p",
        "wall": "w",
        "mono": "m",
        "boot": "b",
        "fact": "f",
        "case": "c",
        "schema": "v",
    },
):
    """A fact in its device's chain.

    seq: 1, 2, 3, ... without gaps. before: hash of the entry before (32 bytes). wall: the device's clock, Unix
    milliseconds, which decides nothing. mono: milliseconds since the boot that `boot` names.
    case: id of the case that it belongs to, or empty.
    """

    device: str
    seq: int
    before: bytes
    wall: Whole
    mono: Whole
    boot: str
    fact: AnyFact
    case: str = ""
    schema: int = 1
