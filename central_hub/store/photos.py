"""Photos on the hub's disk, by SHA-256: pieces while they come, whole files once they are what was announced.

Knows files and pictures' headers; who may send what is the upload door's to ask.
"""

import hashlib
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from central_hub import HubError
from inspection.evidence import checked_digest

_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}


class PhotoError(HubError):
    """A photo, or a piece of one, that the hub does not take."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def free_bytes_at(folder: Path) -> int:
    """Return how many bytes are free on the disk of a folder."""
    return shutil.disk_usage(folder).free


class PhotoStore:
    """The folder of photos. pixels_max: refuse pictures with more pixels, by their header, before anything decodes.

    free_bytes_min: so much of the disk is left to the ledger, which the hub cannot do without. free_bytes: of a folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        pixels_max: int,
        free_bytes_min: int = 0,
        free_bytes: Callable[[Path], int] = free_bytes_at,
    ) -> None:
        self._folder = folder
        self._free_bytes_min = free_bytes_min
        self._free_bytes = free_bytes
        self._whole = folder / "photos"
        self._coming = folder / "photos-coming"
        self._pixels_max = pixels_max
        self._whole.mkdir(parents=True, exist_ok=True)
        self._coming.mkdir(parents=True, exist_ok=True)
        # A photo that is on the disk in a folder whose own name is not would be gone with it at a power cut.
        _sync_folder(folder)

    @staticmethod
    def path_in(folder: Path, digest: str) -> Path:
        """Return where a data folder keeps a photo; raises EvidenceError when `digest` is none."""
        return folder / "photos" / checked_digest(digest)[:2] / digest

    def path(self, digest: str) -> Path:
        """Return where the photo lies or will lie; raises EvidenceError when `digest` is none."""
        return self.path_in(self._folder, digest)

    def has(self, digest: str) -> bool:
        """Say whether the whole photo is on the disk."""
        return self.path(digest).is_file()

    def holds(self, digest: str) -> bool:
        """Say whether the whole photo is on the disk to stay, its name included.

        Whoever named it may have died before the name was there; before anybody is told of it, it is.
        """
        if not self.has(digest):
            return False
        for folder in (self.path(digest).parent, self._whole):
            _sync_folder(folder)
        return True

    @property
    def full(self) -> str:
        """Why no photo is taken any more, for the operator; empty while there is room."""
        free = self._free_bytes(self._folder)
        if free >= self._free_bytes_min:
            return ""
        return (
            f"the hub's disk has {free} bytes free and leaves {self._free_bytes_min} to the ledger: no photo is taken"
        )

    def _piece(self, digest: str, sender: str) -> Path:
        # Of each sender its own: what one sends wrongly must not spoil what another sends.
        return self._coming / f"{checked_digest(digest)}-{sender}"

    def offset(self, digest: str, *, sender: str = "") -> int:
        """Return how many bytes of an unfinished photo have come from this sender."""
        coming = self._piece(digest, sender)
        return coming.stat().st_size if coming.is_file() else 0

    def add(self, digest: str, offset: int, piece: bytes, *, size: int, sender: str = "") -> int:
        """Append a piece that begins at `offset`; return the new offset. `size`: bytes of the whole photo.

        Raises PhotoError "photo.offset" when the piece does not continue what is here, "photo.too_large" when it goes
        beyond the announced size, "hub.disk" when there is no room. What is here stays.
        """
        here = self.offset(digest, sender=sender)
        if offset != here:
            raise PhotoError("photo.offset", f"the next piece begins at byte {here}, not {offset}")
        if here + len(piece) > size:
            raise PhotoError("photo.too_large", f"{here + len(piece)} bytes of a photo that was announced with {size}")
        if full := self.full:
            raise PhotoError("hub.disk", full)
        with self._piece(digest, sender).open("ab") as file:
            file.write(piece)
        return here + len(piece)

    def finish(self, digest: str, *, media: str, sender: str = "") -> None:
        """Make a photo that has come whole one of the kept ones.

        1. Its bytes have the announced digest. 2. They are a picture of the announced kind, within the limits.
        3. The file is on the disk, 4. and so is its name. Raises PhotoError "photo.digest", "photo.not_an_image" or
        "photo.too_many_pixels"; with a wrong digest the pieces are given up, for what came was not the photo.
        """
        coming = self._piece(digest, sender)
        if _digest_of(coming) != digest:
            coming.unlink()
            raise PhotoError("photo.digest", "the bytes that came are not the photo that was announced")
        self._check_picture(coming, media)
        with coming.open("rb") as file:
            os.fsync(file.fileno())
        target = self.path(digest)
        target.parent.mkdir(exist_ok=True)
        coming.replace(target)
        for folder in (target.parent, self._whole):
            _sync_folder(folder)

    def _check_picture(self, path: Path, media: str) -> None:
        try:
            with warnings.catch_warnings():
                # Pillow warns of large pictures; the limit here is the hub's own.
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                with Image.open(path, formats=[_FORMATS[media]]) as picture:
                    pixels = picture.width * picture.height
        except Image.DecompressionBombError as error:
            raise PhotoError("photo.too_many_pixels", f"at most {self._pixels_max} pixels: {error}") from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, KeyError) as error:
            # KeyError: a media type that is not taken. ValueError: a text chunk that unpacks to more than Pillow bears.
            raise PhotoError("photo.not_an_image", f"the bytes are no {media[:40]}") from error
        if pixels > self._pixels_max:
            raise PhotoError("photo.too_many_pixels", f"{pixels} pixels; at most {self._pixels_max}")


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
