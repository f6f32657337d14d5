"""Photos on the device, each under the SHA-256 of its bytes: `vault/ab/abcdef...`.

Knows how bytes get onto the disk whole and how damaged ones are found. Which photos may be freed is `retention`'s, what
is known about each is the journal's.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from edge_agent import AgentError
from inspection.evidence import checked_digest

_FOLDER_CHARACTERS = 2
_UNFINISHED_SUFFIX = ".tmp"


class VaultError(AgentError):
    """A photo that cannot be written, or cannot be read back as it was."""


class VaultFullError(VaultError):
    """Too little room for another photo (存储空间不足); what is kept stays, and facts can still be written."""


class Vault:
    """The photos under `folder`, which is made when it is not there.

    free_bytes_min: below this much free space no photo is taken, so that the journal can still say so.
    Raises VaultError when the folder cannot be used.
    """

    def __init__(self, folder: Path, *, free_bytes_min: int) -> None:
        self._folder = folder
        self._free_bytes_min = free_bytes_min
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            for unfinished in folder.glob(f"*/*{_UNFINISHED_SUFFIX}"):
                unfinished.unlink()
        except OSError as error:
            raise VaultError(f"the folder for photos cannot be used: {error}") from error

    @property
    def free_bytes(self) -> int:
        """Bytes that are free on the disk of the vault."""
        return shutil.disk_usage(self._folder).free

    def check_room(self, size: int) -> None:
        """Raise VaultFullError unless a photo of `size` bytes leaves the floor of free space untouched."""
        free = self.free_bytes
        if free - size < self._free_bytes_min:
            raise VaultFullError(
                f"存储空间不足，已停止拍照。The disk has {free} bytes free and {self._free_bytes_min} must stay free: "
                "no photo is taken until photos have been sent and freed."
            )

    def put(self, data: bytes) -> str:
        """Write a photo and return its digest (64 hexadecimal characters) once it is on the disk.

        The same bytes again change nothing; bytes that were damaged on the disk are written anew.
        Raises VaultFullError or VaultError.
        """
        digest = hashlib.sha256(data).hexdigest()
        if self._holds(digest):
            return digest
        self.check_room(len(data))
        try:
            self._write(self._path(digest), data)
        except OSError as error:
            raise VaultError(f"the photo cannot be written: {error}") from error
        return digest

    def read(self, digest: str) -> bytes:
        """Return a photo's bytes, checked against the digest that names them.

        Raises VaultError when they are not there or were damaged, EvidenceError when `digest` is none.
        """
        try:
            data = self._path(digest).read_bytes()
        except OSError as error:
            raise VaultError(f"photo {digest[:12]} is not in the vault: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise VaultError(f"photo {digest[:12]} was damaged on the disk")
        return data

    def free(self, digest: str) -> None:
        """Delete a photo; one that is not there is no error. Raises VaultError when the disk refuses."""
        try:
            self._path(digest).unlink(missing_ok=True)
        except OSError as error:
            raise VaultError(f"photo {digest[:12]} cannot be freed: {error.strerror}") from error

    def _path(self, digest: str) -> Path:
        return self._folder / checked_digest(digest)[:_FOLDER_CHARACTERS] / digest

    def _holds(self, digest: str) -> bool:
        try:
            self.read(digest)
        except VaultError:
            return False
        return True

    def _write(self, path: Path, data: bytes) -> None:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(self._folder)
        descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=_UNFINISHED_SUFFIX)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # Without this the file's bytes survive a power cut, but its name may not.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
