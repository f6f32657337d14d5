"""The items of a carried file (离线摆渡文件), to bytes and back.

A carried file is a row of MessagePack byte strings with one item in each: a Heading, what is carried, and an Ending
that is signed over the SHA-256 of all bytes before it. One kind brings a device's facts and photos to the hub, the
other the hub's receipts back. Batches and receipts stand in it exactly as they travel over the network, under their
own signatures. Knows no file and no stream: whoever reads one cuts it into its byte strings, each of at most
ITEM_BYTES_MAX. In which order items may stand is `following`'s.
"""

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from inspection.carried import CarriedError
from inspection.evidence import Line, Whole, Words
from inspection.identities import IdentityError, checked_device
from inspection.signing import HASH_BYTES, SIGNATURE_BYTES, SigningKey, verify
from inspection.wire import BATCH_BYTES_MAX, REPLY_BYTES_MAX

SCHEMA = 1
PIECE_BYTES_MAX = 512 * 1024
ITEM_BYTES_MAX = BATCH_BYTES_MAX + 8 * 1024
FILE_BYTES_MAX = 4 * 1024**3 - 1
"""What the largest file of FAT32 holds, which sticks come with."""

SUFFIX = ".passlane"
RECEIPTS_SUFFIX = ".receipts"

Contents = Literal["facts", "receipts"]
"""facts: from a device to the hub. receipts: from the hub to that device."""

_PURPOSE = "carried"
_PHOTO_PURPOSE = "photo"

Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Hash = Annotated[bytes, Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]
Signature = Annotated[bytes, Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)]


class Item(Struct, frozen=True, kw_only=True, tag_field="t", tag=True):
    """One item of a carried file. The tag in it is the class name."""


class Heading(Item, frozen=True, rename={"version": "v"}):
    """What the file is. device: whose facts, or whose receipts. written: clock of who wrote it, Unix milliseconds.

    first, last: the facts that the export carries, over all its parts; 0 and 0 where it has none. part: 1, 2, 3, ...
    Receipts bear the numbers of the file that they answer.
    """

    contents: Contents
    device: str
    first: Whole
    last: Whole
    part: Annotated[int, Meta(ge=1, le=1_000_000)]
    written: Whole
    version: Annotated[int, Meta(ge=1)] = SCHEMA


class CarriedBatch(Item, frozen=True):
    """A batch of facts, as `wire.seal_batch` made it."""

    message: Annotated[bytes, Meta(max_length=BATCH_BYTES_MAX)]


class PhotoPiece(Item, frozen=True):
    """The bytes of a photo from `offset` on. size: bytes of the whole photo."""

    digest: Digest
    size: Whole
    offset: Whole
    data: Annotated[bytes, Meta(min_length=1, max_length=PIECE_BYTES_MAX)]

    @property
    def end(self) -> int:
        """The offset behind this piece."""
        return self.offset + len(self.data)


class CarriedReceipt(Item, frozen=True):
    """What the hub has of the device, as `wire.seal_receipt` made it."""

    message: Annotated[bytes, Meta(max_length=REPLY_BYTES_MAX)]


class PhotoReceipt(Item, frozen=True):
    """The hub's word that it has committed a photo: its signature, the same as an upload gets."""

    digest: Digest
    size: Whole
    signature: Signature


class NotTaken(Item, frozen=True):
    """Something that the hub did not take, for whoever brought it. about: "facts 1 to 9", or a photo's digest."""

    about: Line
    code: Line
    text: Words


class Tally(Item, frozen=True):
    """How much the hub took of a file, and how much of it was there already."""

    facts_taken: Whole
    facts_present: Whole
    photos_taken: Whole
    photos_present: Whole


class Ending(Item, frozen=True):
    """The end. items: how many stood before it. digest: SHA-256 over all bytes before it; signature: over that."""

    items: Whole
    digest: Hash
    signature: Signature


AnyItem = Heading | CarriedBatch | PhotoPiece | CarriedReceipt | PhotoReceipt | NotTaken | Tally | Ending


class _Tagged(Struct):
    t: str
    v: int = SCHEMA


_encoder = msgspec.msgpack.Encoder()
_item_decoder: "msgspec.msgpack.Decoder[AnyItem]" = msgspec.msgpack.Decoder(AnyItem)
_tagged_decoder = msgspec.msgpack.Decoder(_Tagged)


def decode_item(raw: bytes, number: int) -> AnyItem:
    """Read one item. number: which one in its file, from 1, for the text of the error.

    Raises CarriedError "carried.future_schema" for a heading that a newer program wrote, else "carried.garbled".
    """
    # RecursionError: a bomb of nested arrays; msgspec stops it, and it is garbled like any other.
    try:
        tagged = _tagged_decoder.decode(raw)
        if tagged.t == Heading.__name__ and tagged.v > SCHEMA:
            text = f"the file is of schema {tagged.v}; this program knows up to {SCHEMA} and has to be renewed first"
            raise CarriedError("carried.future_schema", text)
        item = _item_decoder.decode(raw)
        if isinstance(item, Heading):
            checked_device(item.device)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, IdentityError) as error:
        raise garbled(f"item {number} cannot be read ({error})") from error
    return item


def garbled(why: str) -> CarriedError:
    """Return the error for what no program of this system wrote."""
    return CarriedError("carried.garbled", f"{why}: the file was damaged, or is none of this system; copy it again")


def framed(raw: bytes) -> bytes:
    """Return an item's bytes as they stand in the file."""
    return _encoder.encode(raw)


class Sealer:
    """Makes the bytes of one file, item by item. The first item has to be its Heading; nothing comes behind `end`."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()
        self._items = 0
        self.size = 0

    def add(self, item: AnyItem) -> bytes:
        """Return the bytes to append for this item."""
        data = framed(_encoder.encode(item))
        self._sum.update(data)
        self._items += 1
        self.size += len(data)
        return data

    def end(self, key: SigningKey) -> bytes:
        """Return the bytes that end the file, signed."""
        total = self._sum.digest()
        return self.add(Ending(items=self._items, digest=total, signature=key.sign(_PURPOSE, total)))


def check_ending(ending: Ending, public: bytes) -> None:
    """Raise SignatureError unless the holder of `public` (32 bytes) signed this ending."""
    verify(public, _PURPOSE, ending.digest, ending.signature)


def photo_receipt(device: str, digest: str, size: int, *, key: SigningKey) -> PhotoReceipt:
    """Return the hub's receipt for a photo of a device. key: the hub's."""
    signature = key.sign(_PHOTO_PURPOSE, _photo_bytes(device, digest, size))
    return PhotoReceipt(digest=digest, size=size, signature=signature)


def check_photo_receipt(receipt: PhotoReceipt, device: str, public: bytes) -> None:
    """Raise SignatureError unless the holder of `public` (32 bytes) gave this receipt to this device."""
    verify(public, _PHOTO_PURPOSE, _photo_bytes(device, receipt.digest, receipt.size), receipt.signature)


def _photo_bytes(device: str, digest: str, size: int) -> bytes:
    # The same bytes as a photo's HTTP upload is signed over: one receipt, whichever way it comes.
    return f"{device}\n{digest}\n{size}".encode()


def pieces(digest: str, data: bytes) -> list[PhotoPiece]:
    """Return a photo cut into pieces of at most PIECE_BYTES_MAX."""
    size = len(data)
    return [
        PhotoPiece(digest=digest, size=size, offset=offset, data=data[offset : offset + PIECE_BYTES_MAX])
        for offset in range(0, size, PIECE_BYTES_MAX)
    ]


def file_name(heading: Heading) -> str:
    """Return how a device's file is called: DEVICE-FROM-TO-PART.passlane."""
    return f"{heading.device}-{heading.first}-{heading.last}-{heading.part:03d}{SUFFIX}"
