"""What the bare hub and those who send to it agree on: keys, receipts, the outer frame of a batch.

Senders without a home have keys that follow from their names, and get a receipt of eight bytes. Devices with homes have
keys of their own, and believe only a receipt that the hub's key signed. The frame is read without looking into the
facts; how a batch is made is `inspection.wire`'s.
"""

from functools import cache
from typing import Annotated, Protocol

from msgspec import Meta, Struct

from inspection.directives import Receipt
from inspection.signing import SigningKey, digest, public_key_from_hex
from inspection.wire import seal_receipt

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


class Known(Struct, frozen=True, kw_only=True):
    """What the bare hub is told of devices with homes: its own private key and their public ones, hexadecimal."""

    hub_key: str
    devices: dict[str, str]


class Terms(Protocol):
    """By what the bare hub knows who sends, and how it says what it has."""

    def public(self, device: str) -> bytes:
        """Return the key that a device signs with, 32 bytes."""

    def receipt(self, device: str, last: int, *, head: bytes, now: int) -> bytes:
        """Return the message that says that all facts up to this number are on the disk; head: the hash of that one."""


class TermsOfNames:
    """The terms of senders without a home."""

    def public(self, device: str) -> bytes:
        """Return the key that follows from the name."""
        return _public(device)

    def receipt(self, device: str, last: int, *, head: bytes, now: int) -> bytes:  # noqa: ARG002 - as Terms has it
        """Return the shortest receipt."""
        return receipt(last)


class TermsOfHomes:
    """The terms of devices with homes: the receipt is the one that the real hub gives them."""

    def __init__(self, known: Known) -> None:
        self._key = SigningKey.from_hex(known.hub_key)
        self._public = {device: public_key_from_hex(text) for device, text in known.devices.items()}

    def public(self, device: str) -> bytes:
        """Return the key of a device that is known; raises KeyError for another."""
        return self._public[device]

    def receipt(self, device: str, last: int, *, head: bytes, now: int) -> bytes:
        """Return a receipt that the device can believe."""
        return seal_receipt(Receipt(device=device, have=last, head=head, hub_time=now), self._key)


@cache
def _public(device: str) -> bytes:
    return bench_key(device).public


def bench_key(device: str) -> SigningKey:
    """Return the key of a sender without a home. Not a secret: it follows from the name."""
    return SigningKey(digest(device.encode()))


def receipt(last: int) -> bytes:
    """Return the message that says that all facts up to this number are on the disk."""
    return last.to_bytes(RECEIPT_BYTES, "big")


def receipted(message: bytes) -> int:
    """Return the number that a receipt names."""
    return int.from_bytes(message, "big")
