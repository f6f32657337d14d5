"""A file system that forgets what was not synced, with what stands in for `pathlib` and `os` on it.

After a power cut a file's bytes are those last synced, or all that was written, or a torn part of it; a name that was
made, moved or removed since its folder was synced is there or is not. Nothing else is promised by a disk either.
"""

import errno
import os
from dataclasses import dataclass, field
from fnmatch import fnmatch
from random import Random
from types import TracebackType
from typing import NamedTuple, Self

from tests.simulation.machines.power import Power

ROOMY_BYTES = 10**12
SCARCE_BYTES = 1_000

Snapshot = dict[str, dict[str, bytes]]


@dataclass(eq=False, slots=True)
class _Inode:
    data: bytes = b""
    synced: bytes = b""


@dataclass(slots=True)
class _Folder:
    names: dict[str, _Inode] = field(default_factory=dict)
    synced: dict[str, _Inode] = field(default_factory=dict)


class SimFiles:
    """One machine's files. full: writes fail. scarce: the disk says that next to nothing is free.

    forgets_syncs: whether it only says that it synced. torn: how many files a power cut left torn.
    """

    def __init__(self, power: Power, dice: Random) -> None:
        self.power = power
        self.full = False
        self.scarce = False
        self.forgets_syncs = False
        self.torn = 0
        self._dice = dice
        self._folders: dict[str, _Folder] = {"": _Folder()}

    def root(self) -> "SimPath":
        """Return the folder under which all others stand."""
        return SimPath(self, "")

    def free_bytes(self, _folder: object) -> int:
        """Return how many bytes are free."""
        return SCARCE_BYTES if self.scarce else ROOMY_BYTES

    def cut_power(self) -> None:
        """Lose what was not synced, as far as chance has it."""
        for folder in self._folders.values():
            for name in sorted(set(folder.names) | set(folder.synced)):
                now, before = folder.names.get(name), folder.synced.get(name)
                kept = now if now is before or self._dice.random() < 1 / 2 else before
                if kept is None:
                    folder.names.pop(name, None)
                else:
                    folder.names[name] = kept
        for folder in self._folders.values():
            for name in sorted(folder.names):
                inode = folder.names[name]
                inode.data = inode.synced = self._torn(inode)
            folder.synced = dict(folder.names)

    def _torn(self, inode: _Inode) -> bytes:
        if inode.data == inode.synced:
            return inode.data
        kept = self._dice.randint(0, len(inode.data))
        torn = inode.data[:kept] + bytes(self._dice.randint(0, len(inode.data) - kept))
        left = self._dice.choice((inode.synced, inode.data, torn))
        self.torn += left not in {inode.synced, inode.data}
        return left

    def snapshot(self) -> Snapshot:
        """Return what a backup would hold."""
        return {
            where: {name: inode.data for name, inode in folder.names.items()} for where, folder in self._folders.items()
        }

    def restore(self, snapshot: Snapshot) -> None:
        """Put a backup back."""
        for where, held in snapshot.items():
            names = {name: _Inode(data, data) for name, data in held.items()}
            self._folders[where] = _Folder(names, dict(names))
        for where in set(self._folders) - set(snapshot):
            self._folders[where] = _Folder()

    def look(self, path: str) -> bytes | None:
        """Return what a file holds, without touching anything; None where there is none."""
        folder, _, name = path.rpartition("/")
        holder = self._folders.get(folder)
        inode = holder.names.get(name) if holder is not None else None
        return None if inode is None else inode.data

    def check_room(self) -> None:
        """Raise OSError where the disk is full."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")

    def folder(self, path: str) -> _Folder:
        """Return a folder; raises FileNotFoundError."""
        found = self._folders.get(path)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return found

    def is_folder(self, path: str) -> bool:
        """Say whether there is such a folder."""
        return path in self._folders

    def make_folder(self, path: str) -> None:
        """Make a folder. Whether its own name survives is left out: a vault that loses a folder makes it anew."""
        self._folders.setdefault(path, _Folder())

    def under(self, path: str) -> list[str]:
        """Return every file below a folder, sorted."""
        inside = [(where, name) for where, folder in self._folders.items() for name in folder.names]
        return sorted(f"{where}/{name}" for where, name in inside if f"{where}/".startswith(f"{path}/"))


class SimFile:
    """An open file; its own descriptor."""

    def __init__(self, files: SimFiles, inode: _Inode) -> None:
        self.files = files
        self._inode = inode

    def write(self, data: bytes) -> int:
        """Append. A full disk may have taken the first part."""
        self.files.power.operation("write")
        if self.files.full:
            self._inode.data += data[: len(data) // 2]
        self.files.check_room()
        self._inode.data += data
        return len(data)

    def getbuffer(self) -> memoryview:
        """Return all, for `hashlib.file_digest`."""
        return memoryview(self._inode.data)

    def flush(self) -> None:
        """Nothing is held back here."""

    def fileno(self) -> Self:
        """Return what `os.fsync` takes."""
        return self

    def sync(self) -> None:
        """Put the bytes on the disk."""
        self._inode.synced = self._inode.data

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class SimStat(NamedTuple):
    """What `Path.stat` returns; bytes."""

    st_size: int


class SimPath:
    """A path as `pathlib` has it, as far as the product asks."""

    def __init__(self, files: SimFiles, text: str) -> None:
        self.files = files
        self._text = text

    def __truediv__(self, name: str) -> "SimPath":
        return SimPath(self.files, f"{self._text}/{name}")

    def __str__(self) -> str:
        return self._text

    @property
    def name(self) -> str:
        """The last part."""
        return self._text.rpartition("/")[2]

    @property
    def parent(self) -> "SimPath":
        """All but the last part."""
        return SimPath(self.files, self._text.rpartition("/")[0])

    def with_name(self, name: str) -> "SimPath":
        """Return the path with another last part."""
        return self.parent / name

    def is_dir(self) -> bool:
        """Say whether it is a folder."""
        return self.files.is_folder(self._text)

    def is_file(self) -> bool:
        """Say whether it is a file."""
        return self.files.look(self._text) is not None

    def exists(self) -> bool:
        """Say whether it is there."""
        return self.is_dir() or self.is_file()

    def mkdir(self, **_: object) -> None:
        """Make the folder."""
        self.files.power.operation("mkdir")
        self.files.make_folder(self._text)

    def glob(self, pattern: str) -> list["SimPath"]:
        """Return the files below that fit."""
        return [SimPath(self.files, path) for path in self.files.under(self._text) if fnmatch(path, f"*/{pattern}")]

    def stat(self) -> SimStat:
        """Return the size."""
        return SimStat(len(self.read_bytes()))

    def read_bytes(self) -> bytes:
        """Return all bytes; raises FileNotFoundError."""
        data = self.files.look(self._text)
        if data is None:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", self._text)
        return data

    def make(self, *, new: bool = False) -> SimFile:
        """Open for appending; raises FileExistsError where it must be new and is not."""
        self.files.power.operation("open")
        self.files.check_room()
        names = self.files.folder(str(self.parent)).names
        if new and self.name in names:
            raise FileExistsError(errno.EEXIST, "File exists", self._text)
        return SimFile(self.files, names.setdefault(self.name, _Inode()))

    def open(self, mode: str = "r") -> SimFile:
        """Open for reading, or for appending."""
        if "a" in mode:
            return self.make()
        self.read_bytes()
        return SimFile(self.files, self.files.folder(str(self.parent)).names[self.name])

    def unlink(self, *, missing_ok: bool = False) -> None:
        """Remove the name; raises FileNotFoundError."""
        self.files.power.operation("unlink")
        holder = self.files.folder(str(self.parent)) if self.parent.is_dir() else _Folder()
        if holder.names.pop(self.name, None) is None and not missing_ok:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", self._text)

    def replace(self, target: "SimPath") -> None:
        """Move the name."""
        self.files.power.operation("rename")
        goes_to = self.files.folder(str(target.parent)).names
        goes_to[target.name] = self.files.folder(str(self.parent)).names.pop(self.name)

    rename = replace


class SimOs:
    """Stands in for the module `os` where files are made and synced."""

    O_RDONLY = os.O_RDONLY
    O_WRONLY = os.O_WRONLY
    O_CREAT = os.O_CREAT
    O_EXCL = os.O_EXCL
    O_DIRECTORY = os.O_DIRECTORY

    @staticmethod
    def open(path: SimPath, flags: int, _mode: int = 0o777) -> SimFile | SimPath:
        """Return a new file, or a folder to sync."""
        if flags & os.O_CREAT:
            return path.make(new=bool(flags & os.O_EXCL))
        path.files.folder(str(path))
        return path

    @staticmethod
    def fdopen(descriptor: SimFile, _mode: str) -> SimFile:
        """Return the file."""
        return descriptor

    @staticmethod
    def close(_descriptor: object) -> None:
        """Nothing is held."""

    @staticmethod
    def fsync(descriptor: SimFile | SimPath) -> None:
        """Put a file's bytes, or a folder's names, on the disk."""
        descriptor.files.power.operation("fsync")
        if descriptor.files.forgets_syncs:
            return
        if isinstance(descriptor, SimFile):
            descriptor.sync()
        else:
            folder = descriptor.files.folder(str(descriptor))
            folder.synced = dict(folder.names)
