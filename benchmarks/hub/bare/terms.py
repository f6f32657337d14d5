"""What the bare hub and its senders share: keys that follow from names, the outer frame of a batch, a receipt.

The frame is read without looking into the facts; how a batch is made is `inspection.wire`'s.
"""

from typing import Annotated

from msgspec import Meta, Struct

from inspection.signing import SigningKey, digest

RECEIPT_BYTES = 8


class Frame(Struct, rename={"device": "d", "sent": "w", "facts": "f", "signature": "s"}):
    """A batch's frame, its facts unread."""

    device: str
    sent: int
    facts: list[bytes]
    signature: bytes


class Place(Struct, rename={"seq": "n", "before": "p"}):
    """Of a fact its place in the chain alone."""

    seq: Annotated[int, Meta(ge=1)]
    before: bytes


def bench_key(device: str) -> SigningKey:
    """Return the key of a device of the bare run. Not a secret: it follows from the name."""
    return SigningKey(digest(device.encode()))


def receipt(last: int) -> bytes:
    """Return the message that says that all facts up to this number are on the disk."""
    return last.to_bytes(RECEIPT_BYTES, "big")


def receipted(message: bytes) -> int:
    """Return the number that a receipt names."""
    return int.from_bytes(message, "big")
