"""Writes what the hub has not receipted to files that a person carries to it (离线导出): facts first, then photos.

Reads journal and vault and changes nothing in them: only a receipt, by network or by file, lets anything go. So a
device may be exported while it works, and as often as one likes. Holds one batch or one photo in memory.
"""

import errno
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

from edge_agent import precedence
from edge_agent.carrying import CarryError
from edge_agent.courier import KeptPhoto
from edge_agent.journal import Journal
from edge_agent.vault import Files, Vault, VaultError
from inspection import wire
from inspection.carried.form import AnyItem, CarriedBatch, Heading, Sealer, file_name, pieces
from inspection.signing import SigningKey

SPLIT_BYTES_MIN = 64 * 1024**2
"""A file of this size holds any batch and any photo that a hub takes."""

_UNFINISHED_SUFFIX = ".part"
_ENDING_BYTES_MAX = 1024
_PIECE_OVERHEAD_BYTES = 256


class LookingOn(Files):
    """The disk of a vault that another process may be writing to, whose half-written files are not to be cleared."""

    def make_folder(self, folder: Path) -> None:
        """Leave the folder as it is."""

    def unfinished(self, folder: Path) -> list[Path]:  # noqa: ARG002 - as the vault asks for it
        """Say nothing of half-written files."""
        return []


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportOrder:
    """Whose export, and how. written: device clock, Unix milliseconds. split_bytes_max: size of one file.

    A batch or photo that is larger alone stands in a file of its own. tell: is told each file as it is finished.
    """

    device: str
    key: SigningKey
    written: int
    split_bytes_max: int
    tell: Callable[[Path], object] = lambda _path: None


class LeftOut(NamedTuple):
    """A photo that could not be exported, and why."""

    digest: str
    text: str


@dataclass(kw_only=True, slots=True)
class Exported:
    """What was written. files: in the order in which the hub wants them."""

    files: list[Path] = field(default_factory=list)
    facts: int = 0
    photos: int = 0
    left_out: list[LeftOut] = field(default_factory=list)


def export(journal: Journal, vault: Vault, folder: Path, order: ExportOrder) -> Exported:
    """Write all that has no receipt now to files in `folder`; return what was written, nothing where nothing waits.

    A file that has its name is whole and on the disk. Raises CarryError "carry.disk" when one cannot be written (those
    before it stand), or the rooms' errors when the journal cannot be read.
    """
    first, last = journal.receipted + 1, journal.newest
    heading = Heading(
        contents="facts",
        device=order.device,
        first=first if first <= last else 0,
        last=last if first <= last else 0,
        part=1,
        written=order.written,
    )
    parts = _Parts(folder, order, heading)
    try:
        _export_facts(journal, last, order, parts)
        _export_photos(journal, vault, last, parts)
        parts.close()
    except OSError as error:
        why = "it is full" if error.errno == errno.ENOSPC else error.strerror
        raise CarryError("carry.disk", f"{folder} cannot be written to: {why}") from error
    finally:
        parts.give_up()
    return parts.exported


def _export_facts(journal: Journal, last: int, order: ExportOrder, parts: "_Parts") -> None:
    after = 0
    # Receipts may come by the network meanwhile; the journal passes over what they cover, and so does the hub.
    while waiting := [r for r in journal.unreceipted(after, wire.BATCH_FACTS_MAX) if r.entry.seq <= last]:
        records = tuple(waiting[: wire.fits_in_batch([len(record.raw) for record in waiting])])
        message = wire.seal_batch(records, sent=order.written, key=order.key)
        parts.put(len(message), [CarriedBatch(message=message)])
        after = records[-1].entry.seq
        parts.exported.facts += len(records)


def _export_photos(journal: Journal, vault: Vault, last: int, parts: "_Parts") -> None:
    # The hub has the facts up to `last` by the time it comes to the photos, so it takes those that they announce.
    waiting = [photo for photo in journal.photos("kept") if photo.seq <= last]
    for photo in sorted(waiting, key=lambda photo: _place(photo, parts.device)):
        try:
            cut = pieces(photo.digest, vault.read(photo.digest))
        except VaultError as error:
            parts.exported.left_out.append(LeftOut(photo.digest, str(error)))
            continue
        parts.put(photo.size + len(cut) * _PIECE_OVERHEAD_BYTES, cut)
        parts.exported.photos += 1


def _place(photo: KeptPhoto, device: str) -> tuple[int, int, int]:
    """Return where a photo stands: footage last, the newest case first, in a case as they were taken."""
    turn = precedence.turn(photo.media, waited_for=True)
    return turn, -precedence.began(device, photo.case, photo.seq), photo.seq


class _Parts:
    """The files, one open at a time."""

    def __init__(self, folder: Path, order: ExportOrder, heading: Heading) -> None:
        self._folder = folder
        self._order = order
        self._first = heading
        self._file: IO[bytes] | None = None
        self._name = ""
        self._sealer = Sealer()
        self.device = order.device
        self.exported = Exported()

    def put(self, size: int, items: Iterable[AnyItem]) -> None:
        """Write items that belong into one file, a new one where they would make this one too large."""
        if self._file is not None and self._sealer.size + size + _ENDING_BYTES_MAX > self._order.split_bytes_max:
            self.close()
        file = self._file or self._begin()
        for item in items:
            file.write(self._sealer.add(item))

    def close(self) -> None:
        """End the open file, if there is one: signed, on the disk, and only then under its name."""
        if self._file is None:
            return
        self._file.write(self._sealer.end(self._order.key))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        path = self._folder / self._name
        self._unfinished.replace(path)
        _sync_folder(self._folder)
        self.exported.files.append(path)
        self._order.tell(path)

    def give_up(self) -> None:
        """Take away the file that was not ended, if there is one."""
        if self._file is not None:
            self._file.close()
            self._unfinished.unlink(missing_ok=True)

    @property
    def _unfinished(self) -> Path:
        return self._folder / (self._name + _UNFINISHED_SUFFIX)

    def _begin(self) -> IO[bytes]:
        heading = msgspec.structs.replace(self._first, part=len(self.exported.files) + 1)
        self._name, self._sealer = file_name(heading), Sealer()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file = self._unfinished.open("wb")
        self._file.write(self._sealer.add(heading))
        return self._file


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
