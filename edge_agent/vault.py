"""Photos on the device, each under the SHA-256 of its bytes: `vault/ab/abcdef...`.

Knows how bytes get onto the disk whole and how damaged ones are found. Which photos may be freed is `retention`'s, what
is known about each is the journal's.
"""

import hashlib
import itertools
import os
import shutil
from pathlib import Path

from edge_agent import AgentError
from inspection.evidence import checked_digest

_FOLDER_CHARACTERS = 2
_UNFINISHED_SUFFIX = ".tmp"
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


class VaultError(AgentError):
    """A photo that cannot be written, or cannot be read back as it was."""


class VaultFullError(VaultError):
    """Too little room for another photo (存储空间不足); what is kept stays, and facts can still be written."""


class Files:
    """The real disk, in the few steps that a vault takes on it; what stands in for a disk overrides them.

    All raise OSError. No step but `write` and `sync_folder` says anything about what survives a power cut.
    """

    def make_folder(self, folder: Path) -> None:
        """Make a folder that only this user may enter; one that is there is no error."""
        folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)

    def is_folder(self, folder: Path) -> bool:
        """Say whether the folder is there."""
        return folder.is_dir()

    def unfinished(self, folder: Path) -> list[Path]:
        """Return the files that a crash left half written under the folder."""
        return list(folder.glob(f"*/*{_UNFINISHED_SUFFIX}"))

    def write(self, path: Path, data: bytes) -> None:
        """Write a new file and have its bytes on the disk; raises FileExistsError when there is one."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, path: Path, new: Path) -> None:
        """Give the file another name, in place of a file that has it."""
        path.replace(new)

    def sync_folder(self, folder: Path) -> None:
        """Have the folder's names on the disk: else the bytes survive a power cut, but their name may not."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self, path: Path) -> bytes:
        """Return a file's bytes."""
        return path.read_bytes()

    def unlink(self, path: Path) -> None:
        """Delete a file; one that is not there is no error."""
        path.unlink(missing_ok=True)

    def free_bytes(self, folder: Path) -> int:
        """Return how many bytes are free on the folder's disk."""
        return shutil.disk_usage(folder).free


class Vault:
    """The photos under `folder`, which is made when it is not there.

    free_bytes_min: below this much free space no photo is taken, so that the journal can still say so. files: the real
    disk, or what stands in for it. Raises VaultError when the folder cannot be used.
    """

    def __init__(self, folder: Path, *, free_bytes_min: int, files: Files | None = None) -> None:
        self._folder = folder
        self._free_bytes_min = free_bytes_min
        self._files = files or Files()
        self._writes = itertools.count(1)
        try:
            self._files.make_folder(folder)
            for unfinished in self._files.unfinished(folder):
                self._files.unlink(unfinished)
        except OSError as error:
            raise VaultError(f"the folder for photos cannot be used: {error}") from error

    @property
    def free_bytes(self) -> int:
        """Bytes that are free on the disk of the vault."""
        return self._files.free_bytes(self._folder)

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
        path = self._path(digest)
        try:
            if self._holds(digest):
                # Whoever wrote it may have died before its name was on the disk.
                self._files.sync_folder(path.parent)
                return digest
            self.check_room(len(data))
            self._write(path, data)
        except OSError as error:
            raise VaultError(f"the photo cannot be written: {error}") from error
        return digest

    def read(self, digest: str) -> bytes:
        """Return a photo's bytes, checked against the digest that names them.

        Raises VaultError when they are not there or were damaged, EvidenceError when `digest` is none.
        """
        try:
            data = self._files.read(self._path(digest))
        except OSError as error:
            raise VaultError(f"photo {digest[:12]} is not in the vault: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise VaultError(f"photo {digest[:12]} was damaged on the disk")
        return data

    def free(self, digest: str) -> None:
        """Delete a photo; one that is not there is no error. Raises VaultError when the disk refuses."""
        try:
            self._files.unlink(self._path(digest))
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
        files = self._files
        if not files.is_folder(path.parent):
            files.make_folder(path.parent)
            files.sync_folder(self._folder)
        # A number of its own: two threads may keep the same picture at the same time.
        unfinished = path.with_name(f"{path.name}.{next(self._writes)}{_UNFINISHED_SUFFIX}")
        files.write(unfinished, data)
        files.rename(unfinished, path)
        files.sync_folder(path.parent)
