"""What survives a power cut: the part of a forgetful file system that was fsynced, kept in an ordinary folder.

    names.log      one JSON line for each change of a name that became durable, replayed and begun anew at the start
    contents/N     the durable bytes of file N

Knows how durable things are written down. What becomes durable when is `forgetful`'s. A process that is killed between
any two lines leaves a state that a power cut in the midst of an fsync could leave as well.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults import FaultRunError

ROOT_NUMBER = 1
_NAMES_FILE = "names.log"
_CONTENTS_FOLDER = "contents"


class PlatterError(FaultRunError):
    """A folder that holds no durable part of a file system, or a broken one."""


@dataclass(frozen=True, slots=True)
class Naming:
    """A name of a folder (its number) now means that file or folder, or nothing where `child` is 0. mode: st_mode."""

    folder: int
    name: str
    child: int
    mode: int = 0


class Platter:
    """The durable part in `folder`, made where there is none."""

    def __init__(self, folder: Path) -> None:
        self._contents = folder / _CONTENTS_FOLDER
        self._contents.mkdir(parents=True, exist_ok=True)
        self._names_path = folder / _NAMES_FILE
        self.tree, self.modes = self._replay()
        self._forget_unnamed()

    def write_names(self, namings: Iterable[Naming]) -> None:
        """Make these changes of names durable, in their order."""
        self._append(self._names_path, namings)

    @staticmethod
    def _append(path: Path, namings: Iterable[Naming]) -> None:
        # Unbuffered: what was written is in the file when the process is killed.
        with path.open("ab", buffering=0) as names:
            for it in namings:
                names.write(json.dumps([it.folder, it.name, it.child, it.mode]).encode() + b"\n")

    def write_content(self, number: int, size: int, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Make these pieces (offset, bytes) of a file durable, and its size in bytes."""
        path = self._contents / str(number)
        with path.open("r+b" if path.exists() else "w+b", buffering=0) as file:
            file.truncate(size)
            for offset, piece in pieces:
                file.seek(offset)
                file.write(piece)

    def content(self, number: int) -> bytes:
        """Return the durable bytes of a file; a file of which nothing was ever fsynced is empty."""
        path = self._contents / str(number)
        return path.read_bytes() if path.exists() else b""

    def size(self, number: int) -> int:
        """Return how many bytes `content` would return."""
        path = self._contents / str(number)
        return path.stat().st_size if path.exists() else 0

    def _replay(self) -> tuple[dict[int, dict[str, int]], dict[int, int]]:
        tree: dict[int, dict[str, int]] = {ROOT_NUMBER: {}}
        modes: dict[int, int] = {}
        for line in self._names_path.read_bytes().splitlines() if self._names_path.exists() else ():
            try:
                folder, name, child, mode = json.loads(line)
            except ValueError as error:
                raise PlatterError(f"{self._names_path} is broken: {error}") from error
            if child:
                tree.setdefault(folder, {})[name] = child
                modes[child] = mode
            else:
                tree.setdefault(folder, {}).pop(name, None)
        return tree, modes

    def _forget_unnamed(self) -> None:
        # A file that was fsynced and whose name was not cannot be found again, as on a disk.
        named, waiting = {ROOT_NUMBER}, [ROOT_NUMBER]
        while waiting:
            children = set(self.tree.get(waiting.pop(), {}).values()) - named
            named |= children
            waiting.extend(children)
        for path in self._contents.iterdir():
            if int(path.name) not in named:
                path.unlink()
        self.tree = {folder: names for folder, names in self.tree.items() if folder in named}
        self.modes = {number: mode for number, mode in self.modes.items() if number in named}
        # The log begins anew: numbers are given again, and must not find the names of those who had them before.
        new = self._names_path.with_suffix(".new")
        new.write_bytes(b"")
        kept = [(folder, name, child) for folder, names in self.tree.items() for name, child in names.items()]
        self._append(new, (Naming(folder, name, child, self.modes[child]) for folder, name, child in kept))
        new.replace(self._names_path)

    @property
    def highest(self) -> int:
        """The highest number that a durable file or folder has."""
        return max(self.modes, default=ROOT_NUMBER)
