"""What is done with a file that was carried by hand (离线导入): checked as a whole first, then taken item by item.

A file that does not hold is refused whole, and counted for the device that it says it is of; every other device goes on
unharmed. Batches go the same way as those that come over the network, photos too. What was taken is answered with a
file of receipts. How the file comes and the answer goes is `importing`'s.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgpack
import msgspec

from central_hub import HubError
from central_hub.casework import Casework
from central_hub.deciding.intake import ChainHead, IntakeError, enrolled, read_batch
from central_hub.reading import Reading
from central_hub.store.photos import PhotoError, PhotoStore
from central_hub.store.records import AnnouncedPhoto
from central_hub.writer import Writer
from inspection import topics
from inspection.carried import CarriedError
from inspection.carried.following import Following
from inspection.carried.form import (
    ITEM_BYTES_MAX,
    AnyItem,
    CarriedBatch,
    CarriedReceipt,
    Ending,
    Heading,
    NotTaken,
    PhotoPiece,
    Sealer,
    Tally,
    decode_item,
    garbled,
    photo_receipt,
)
from inspection.directives import Receipt, Refusal
from inspection.identities import HUB
from inspection.signing import SigningKey
from inspection.wire import open_batch, seal_receipt

READ_BYTES = 256 * 1024
TEXT_CHARACTERS_MAX = 2_000


class RefusedFileError(HubError):
    """A carried file of which nothing is taken. device: whose it says it is, empty where it does not say."""

    def __init__(self, code: str, text: str, *, device: str) -> None:
        super().__init__(text)
        self.code = code
        self.device = device


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """What stands behind the door. key: the hub's. now: returns the hub's time, Unix milliseconds."""

    photos: PhotoStore
    reading: Reading
    writer: Writer
    casework: Casework
    key: SigningKey
    now: Callable[[], int]
    photo_bytes_max: int


def rows(file: IO[bytes]) -> Iterator[bytes]:
    """Give the byte strings of a carried file in their order; one that breaks off at the end is not given.

    Raises CarriedError for anything but byte strings of at most ITEM_BYTES_MAX, before it is in memory.
    """
    unpacker = msgpack.Unpacker(
        file,
        read_size=READ_BYTES,
        max_buffer_size=ITEM_BYTES_MAX + 2 * READ_BYTES,
        max_bin_len=ITEM_BYTES_MAX,
        max_str_len=0,
        max_array_len=0,
        max_map_len=0,
        max_ext_len=0,
    )
    try:
        for row in unpacker:
            if not isinstance(row, bytes):
                raise garbled("the file holds something else than items")
            yield row
    except (msgpack.UnpackException, ValueError) as error:
        raise garbled(f"the file cannot be read on ({error})") from error


def check(behind: Behind, path: Path) -> Heading:
    """Return the heading of the file at `path`, from which `take` may then take; writes nothing.

    1. Its form, item by item. 2. Its device is enrolled, neither revoked nor quarantined. 3. Each batch is the
    device's, and signed. 4. It is whole, and signed. 5. No fact is missing between what the hub has and what it brings.
    Raises RefusedFileError, OSError, WriterStoppedError. Blocks: for a thread of its own.
    """
    following = Following("facts")
    try:
        with path.open("rb") as file:
            return _checked(behind, file, following)
    except (CarriedError, IntakeError) as error:
        raise RefusedFileError(error.code, str(error), device=following.device) from error


def _checked(behind: Behind, file: IO[bytes], following: Following) -> Heading:
    row = rows(file)
    heading = following.begin(next(row, None))
    known = behind.writer.submit(lambda: _known(behind.casework, heading.device)).result()
    reach, gap, batches = known.have, None, 0
    for raw in row:
        item = following.take(raw)
        if isinstance(item, CarriedBatch):
            batch = read_batch(item.message, known)
            gap = gap or _gap(known.device, reach + 1, batch.first - 1)
            reach, batches = max(reach, batch.last), batches + 1
    following.finish(known.public_key)
    gap = gap or _gap(known.device, reach + 1, 0 if batches else heading.last)
    if gap is not None:
        raise gap
    return heading


def _known(casework: Casework, device: str) -> ChainHead:
    if device == HUB:
        raise IntakeError("device.unknown", "the hub is no device")
    return enrolled(device, casework.ledger.chain_head(device))


def _gap(device: str, first: int, last: int) -> IntakeError | None:
    """Return the refusal that says which facts are missing, None where none are."""
    if first > last:
        return None
    where = "they are in another file of this device, which has to be imported first, or on the device"
    return IntakeError("batch.gap", f"facts {first} to {last} of {device} are missing: {where}")


async def count_refusal(behind: Behind, error: RefusedFileError) -> None:
    """Count a refused file for its device, where the operator sees it."""
    await _count(behind, error.device, Refusal(code=error.code, text=str(error)))


async def _count(behind: Behind, device: str, refusal: Refusal) -> None:
    records, now = behind.casework.records, behind.now()
    work = behind.writer.submit(lambda: records.refuse(device, refusal.code, refusal.text, at=now, payload=b""))
    await asyncio.wrap_future(work)


async def take(behind: Behind, path: Path, *, heading: Heading, answer: Path) -> None:
    """Take what is in a checked file, and write the receipts to `answer`. heading: what `check` gave.

    What is refused by itself (a photo that is not its digest, a chain that forks) is named there and counted; the rest
    is taken. Taking a file twice changes nothing. Raises OSError when the disk fails, WriterStoppedError.
    """
    source = await asyncio.to_thread(path.open, "rb")
    target = await asyncio.to_thread(answer.open, "wb")
    with source, target:
        taking = _Taking(behind, heading, target)
        row = enumerate(rows(source), start=1)
        while (found := await asyncio.to_thread(next, row, None)) is not None:
            number, raw = found
            await taking.item(decode_item(raw, number))


class _Taking:
    """How far the taking of one file is."""

    def __init__(self, behind: Behind, heading: Heading, target: IO[bytes]) -> None:
        self._behind = behind
        self._device = heading.device
        self._target = target
        self._sealer = Sealer()
        self._refusal: Refusal | None = None
        self._receipted = False
        self._photo: AnnouncedPhoto | None = None
        self._facts_taken = self._facts_present = self._photos_taken = self._photos_present = 0
        self._write(msgspec.structs.replace(heading, contents="receipts", written=behind.now()))

    async def item(self, item: AnyItem) -> None:
        """Take one item; with the last one the answer is ended."""
        if isinstance(item, CarriedBatch):
            await self._batch(item.message)
        if isinstance(item, PhotoPiece | Ending) and not self._receipted:
            # All facts are committed: the device is to find their receipt before those of its photos.
            await self._receipt()
        if isinstance(item, PhotoPiece):
            await self._piece(item)
        if isinstance(item, Ending):
            self._end()

    def _write(self, item: AnyItem) -> None:
        self._target.write(self._sealer.add(item))

    async def _batch(self, message: bytes) -> None:
        if self._refusal is not None:
            # What follows on a refused batch cannot be taken either; one refusal says it.
            return
        batch = open_batch(message)
        before, refusal, after = await asyncio.wrap_future(
            self._behind.writer.submit(lambda: self._take_message(message))
        )
        if refusal is not None:
            self._refusal = refusal
            self._not_taken(f"facts from {batch.first} on", refusal)
            return
        self._facts_taken += after - before
        self._facts_present += len(batch.records) - (after - before)

    def _take_message(self, message: bytes) -> tuple[int, Refusal | None, int]:
        before = self._known().have
        topic = topics.facts(self._device)
        refusal = self._behind.casework.take_message(topic, message, carried=True)
        return before, refusal, self._known().have

    def _known(self) -> ChainHead:
        known = self._behind.casework.ledger.chain_head(self._device)
        if known is None:
            raise HubError(f"device {self._device} is not enrolled any more")
        return known

    async def _receipt(self) -> None:
        known = await asyncio.wrap_future(self._behind.writer.submit(self._known))
        self._receipted = True
        receipt = Receipt(
            device=self._device,
            have=known.have,
            head=known.head,
            hub_time=self._behind.now(),
            refusal=self._refusal,
        )
        self._write(CarriedReceipt(message=seal_receipt(receipt, self._behind.key)))

    async def _piece(self, piece: PhotoPiece) -> None:
        try:
            if piece.offset == 0:
                self._photo = None
                self._photo = self._announced(piece)
            if self._photo is not None:
                await self._add(piece, self._photo)
        except PhotoError as error:
            self._photo = None
            refusal = Refusal(code=error.code, text=str(error))
            self._not_taken(piece.digest, refusal)
            await _count(self._behind, self._device, refusal)

    def _announced(self, piece: PhotoPiece) -> AnnouncedPhoto:
        photo = self._behind.reading.announced_photo(piece.digest, self._device)
        if photo is None or photo.device != self._device:
            raise PhotoError("photo.not_announced", f"no committed fact of {self._device} announces this photo")
        if photo.size != piece.size:
            raise PhotoError("photo.digest", f"{piece.size} bytes of a photo that was announced with {photo.size}")
        if photo.size > self._behind.photo_bytes_max:
            raise PhotoError("photo.too_large", f"{photo.size} bytes; at most {self._behind.photo_bytes_max}")
        return photo

    async def _add(self, piece: PhotoPiece, photo: AnnouncedPhoto) -> None:
        store = self._behind.photos
        if not store.holds(photo.digest):
            await asyncio.to_thread(self._append, piece, photo)
        if piece.end < piece.size:
            return
        await asyncio.wrap_future(self._behind.writer.submit(lambda: self._behind.casework.store_photo(photo.digest)))
        if photo.stored:
            self._photos_present += 1
        else:
            self._photos_taken += 1
        self._write(photo_receipt(self._device, photo.digest, photo.size, key=self._behind.key))

    def _append(self, piece: PhotoPiece, photo: AnnouncedPhoto) -> None:
        # No device's name has a dot: pieces that came by file never mix with those that come over the network. An
        # import that was cut short left some of them; they are gone on from, and the digest says whether rightly.
        store, sender = self._behind.photos, f"{self._device}.carried"
        here = store.offset(piece.digest, sender=sender)
        fresh = piece.data[max(0, here - piece.offset) :]
        if fresh:
            store.add(piece.digest, max(here, piece.offset), fresh, size=piece.size, sender=sender)
        if piece.end == piece.size:
            store.finish(piece.digest, media=photo.media, sender=sender)

    def _not_taken(self, about: str, refusal: Refusal) -> None:
        self._write(NotTaken(about=about, code=refusal.code, text=refusal.text[:TEXT_CHARACTERS_MAX]))

    def _end(self) -> None:
        tally = Tally(
            facts_taken=self._facts_taken,
            facts_present=self._facts_present,
            photos_taken=self._photos_taken,
            photos_present=self._photos_present,
        )
        self._write(tally)
        self._target.write(self._sealer.end(self._behind.key))
