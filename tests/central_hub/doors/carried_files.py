"""Files as a device writes them for a stick, and the hub's answers to them, for tests of the door that takes them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgpack

from inspection.carried.following import Following
from inspection.carried.form import (
    AnyItem,
    CarriedBatch,
    CarriedReceipt,
    Heading,
    NotTaken,
    PhotoReceipt,
    Sealer,
    Tally,
    pieces,
)
from inspection.directives import Receipt
from inspection.signing import SigningKey, digest
from inspection.wire import open_receipt
from tests.central_hub.simulated_device import SimulatedDevice

WRITTEN = 1_700_000_000_000


def sealed(items: Iterable[AnyItem], key: SigningKey) -> bytes:
    sealer = Sealer()
    return b"".join([*(sealer.add(item) for item in items), sealer.end(key)])


def heading(device: SimulatedDevice, *, part: int = 1, first: int = 1) -> Heading:
    last = len(device.records)
    return Heading(contents="facts", device=device.name, first=first, last=last, part=part, written=WRITTEN)


def carried(
    device: SimulatedDevice,
    *,
    spans: Sequence[tuple[int, int]] | None = None,
    photos: Iterable[bytes] = (),
    part: int = 1,
    key: SigningKey | None = None,
) -> bytes:
    """Return a part of an export of all that the device wrote. spans: of its batches; None is one of all facts."""
    batches = [
        CarriedBatch(message=device.message(first, last))
        for first, last in ([(1, len(device.records))] if spans is None else spans)
    ]
    cut = [piece for photo in photos for piece in pieces(digest(photo).hex(), photo)]
    return sealed([heading(device, part=part), *batches, *cut], key or device.key)


class Answered(NamedTuple):
    """What the hub answered, checked with its key."""

    heading: Heading
    receipt: Receipt
    photos: list[PhotoReceipt]
    not_taken: list[NotTaken]
    tally: Tally


def answered(data: bytes, public: bytes) -> Answered:
    unpacker = msgpack.Unpacker()
    unpacker.feed(data)
    following = Following("receipts")
    first = following.begin(next(unpacker))
    items = [following.take(raw) for raw in unpacker]
    following.finish(public)
    [message] = [item.message for item in items if isinstance(item, CarriedReceipt)]
    [tally] = [item for item in items if isinstance(item, Tally)]
    photos = [item for item in items if isinstance(item, PhotoReceipt)]
    not_taken = [item for item in items if isinstance(item, NotTaken)]
    return Answered(first, open_receipt(message, public), photos, not_taken, tally)
