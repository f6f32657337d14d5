"""Directives: what the hub wants of a device; receipts: what the hub has; contacts: how a device stands.

The way back mirrors the way up: directives are numbered per device without gaps, kept by the hub until the device
has committed them and said so with the fact DirectiveSettled. Times are the hub's, Unix milliseconds.
"""

from msgspec import Struct

from inspection.evidence import Line, Whole
from inspection.facts import Reason


class Directive(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="t", tag=True):
    """Something that the hub wants a device to know or do. The tag on the wire is the class name."""


class StickerGranted(Directive, frozen=True):
    """The case has its sticker: print it, hand it over. payload: the signed sticker, as text for the QR."""

    case: str
    number: str
    payload: str


class StickerDenied(Directive, frozen=True):
    """The case has no sticker, for these reasons (the failed ones)."""

    case: str
    reasons: tuple[Reason, ...]


class VehicleRecalled(Directive, frozen=True):
    """Call the vehicle of this case back to the station. due: hub time, Unix milliseconds; 0 where none was set."""

    case: str
    reason: str
    due: int = 0


class RecallLifted(Directive, frozen=True):
    """The vehicle of this case is no longer wanted: it was cleared, or the recall was a mistake."""

    case: str
    reason: str


class RetakeWanted(Directive, frozen=True):
    """Take this photo again (kind; photo: the digest that does not do), or check this item again, and go on."""

    case: str
    reason: str
    kind: str = ""
    photo: str = ""
    item: str = ""
    note: str = ""


class ReprintGranted(Directive, frozen=True):
    """The sticker may be printed once more, as this copy."""

    case: str
    number: str
    copy: int


class WithdrawalsPublished(Directive, frozen=True):
    """Stickers that are no longer valid: the newest of the hub's list, signed. version: of the list, ever rising."""

    version: int
    payload: bytes
    case: str = ""


class UnknownDirective(Directive, frozen=True):
    """A directive of a kind that this version does not know: kept, said to be kept, shown; nothing follows from it."""

    kind: str
    case: str = ""


AnyDirective = (
    StickerGranted
    | StickerDenied
    | VehicleRecalled
    | RecallLifted
    | RetakeWanted
    | ReprintGranted
    | WithdrawalsPublished
    | UnknownDirective
)


class NumberedDirective(Struct, frozen=True, kw_only=True):
    """A directive in its device's log. number: 1, 2, 3, ... without gaps."""

    device: str
    number: int
    directive: AnyDirective


class Refusal(Struct, frozen=True, kw_only=True):
    """Why the hub did not take what was sent. The device keeps it, marks it and shows it.

    code: e.g. "batch.gap"; text: for a person.
    """

    code: str
    text: str


class Receipt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the hub has of a device.

    have: number of the last fact that is committed at the hub, with all before it. head: its hash (32 bytes).
    hub_time: when the hub said so. refusal: set when something was not taken. waiting: messages that wait at the hub.
    pause_ms: milliseconds that the hub asks the device to wait before its next batch. photos_missing: digests of photos
    that the device announced, takes for receipted, and the hub does not have: it was restored from a backup.
    """

    device: str
    have: int
    head: bytes
    hub_time: int
    refusal: Refusal | None = None
    waiting: int = 0
    pause_ms: int = 0
    photos_missing: tuple[Line, ...] = ()


class Contact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a device stands, as it says itself, each time it comes to the hub and then every minute.

    newest, head: number and hash (32 bytes) of its newest fact. receipted: number of the last fact that it holds a
    receipt for. wall, mono, boot: its clocks at sending, as in an Entry. photos_waiting, refused: how many photos wait,
    and how many things the hub refused.
    """

    device: str
    newest: Whole
    head: bytes
    receipted: Whole
    wall: Whole
    mono: Whole
    boot: Line
    photos_waiting: Whole = 0
    refused: Whole = 0
