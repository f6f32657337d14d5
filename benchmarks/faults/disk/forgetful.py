"""A file system that forgets at a power cut what was not fsynced (断电): names and contents, each by its own fsync.

What POSIX promises, and no more: fsync of a file keeps its bytes and its size, fsync of a folder keeps the names in it.
A write, a truncation, a new name, a rename and an unlink without them stay in memory. What was fsynced lies on a
`Platter`, so that a cut is nothing but the end of this process; `cut` may let some of the rest through before, as a
disk does that was busy writing: each page by chance, and changes of names up to some point in their order.

Knows trees, bytes and room, by path. How the kernel asks is `fuse_server`'s.
"""

import errno
import os
import random
import stat
import time
from dataclasses import dataclass, field

from benchmarks.faults.disk.platter import ROOT_NUMBER, Naming, Platter

PAGE_BYTES = 4096
CONTROL_FILE = ".control"
"""The name in the root by which a mounted tree is told something; no file can have it."""
_FOLDER_MODE = stat.S_IFDIR | 0o700


@dataclass(eq=False, slots=True)
class Node:
    """A file or a folder as it is now. data: None while it was not read off the platter. dirty: pages not fsynced."""

    number: int
    mode: int
    names: "dict[str, Node]" = field(default_factory=dict)
    data: bytearray | None = None
    size: int = 0
    dirty: set[int] = field(default_factory=set)
    resized: bool = False
    links: int = 0
    changed_ns: int = field(default_factory=time.time_ns)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.mode)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a name that no fsync has covered yet. step: the same for both halves of a rename."""

    step: int
    folder: Node
    name: str
    child: Node | None

    def naming(self) -> Naming:
        """Return it as the platter writes it down."""
        if self.child is None:
            return Naming(self.folder.number, self.name, 0)
        return Naming(self.folder.number, self.name, self.child.number, self.child.mode)


def _refused(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class ForgetfulTree:
    """The tree over a platter. bytes_max: size of the disk, for those who fill it."""

    def __init__(self, platter: Platter, *, bytes_max: int) -> None:
        self._platter = platter
        self._bytes_max = bytes_max
        self._taken = 0
        self._numbers = platter.highest
        self._steps = 0
        self._pending: list[Change] = []
        self._unsynced: dict[int, Node] = {}
        self.used = 0
        self.root = self._read(ROOT_NUMBER, _FOLDER_MODE)

    def _read(self, number: int, mode: int) -> Node:
        node = Node(number, mode, links=1)
        if node.is_folder:
            children = self._platter.tree.get(number, {})
            node.names = {name: self._read(child, self._platter.modes[child]) for name, child in children.items()}
        else:
            node.size = self._platter.size(number)
        self.used += _room(node.size)
        return node

    # --- finding -------------------------------------------------------------------------------------------------

    def find(self, path: str) -> Node:
        """Return what stands at a path from the root; raises OSError ENOENT or ENOTDIR."""
        node = self.root
        for name in _parts(path):
            if not node.is_folder:
                raise _refused(errno.ENOTDIR)
            found = node.names.get(name)
            if found is None:
                raise _refused(errno.ENOENT)
            node = found
        return node

    def _place(self, path: str) -> tuple[Node, str]:
        *before, name = _parts(path) or [""]
        folder = self.find("/".join(before))
        if not folder.is_folder or not name:
            raise _refused(errno.ENOTDIR)
        return folder, name

    # --- names ---------------------------------------------------------------------------------------------------

    def make(self, path: str, mode: int) -> Node:
        """Make an empty file or folder, by its st_mode; raises OSError EEXIST or ENOSPC."""
        folder, name = self._place(path)
        if name in folder.names:
            raise _refused(errno.EEXIST)
        if self.free <= 0:
            raise _refused(errno.ENOSPC)
        self._numbers += 1
        node = Node(self._numbers, mode, data=bytearray())
        self._change(self._step(), folder, name, node)
        return node

    def remove(self, path: str, *, folder_wanted: bool) -> None:
        """Take a name away; raises OSError ENOENT, ENOTDIR, EISDIR or ENOTEMPTY."""
        folder, name = self._place(path)
        node = self.find(path)
        if node.is_folder != folder_wanted:
            raise _refused(errno.ENOTDIR if folder_wanted else errno.EISDIR)
        if node.names:
            raise _refused(errno.ENOTEMPTY)
        self._change(self._step(), folder, name, None)

    def rename(self, old: str, new: str) -> None:
        """Move a name, in place of what stands there; both halves are kept or forgotten together."""
        (old_folder, old_name), (new_folder, new_name) = self._place(old), self._place(new)
        node = self.find(old)
        there = new_folder.names.get(new_name)
        if there is node:
            return
        if there is not None and there.names:
            raise _refused(errno.ENOTEMPTY)
        step = self._step()
        self._change(step, new_folder, new_name, node)
        self._change(step, old_folder, old_name, None)

    def set_mode(self, path: str, mode: int) -> None:
        """Change the permissions; that is kept at the next fsync of the folder."""
        node = self.find(path)
        node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)
        if _parts(path):
            folder, name = self._place(path)
            self._pending.append(Change(self._step(), folder, name, node))

    def _step(self) -> int:
        self._steps += 1
        return self._steps

    def _change(self, step: int, folder: Node, name: str, child: Node | None) -> None:
        before = folder.names.pop(name, None)
        if before is not None:
            self._unlinked(before)
        if child is not None:
            folder.names[name] = child
            child.links += 1
        folder.changed_ns = time.time_ns()
        self._pending.append(Change(step, folder, name, child))

    def _unlinked(self, node: Node) -> None:
        node.links -= 1
        if node.links == 0:
            self.used -= _room(node.size)
            self._unsynced.pop(node.number, None)

    # --- bytes ---------------------------------------------------------------------------------------------------

    def read(self, node: Node, size: int, offset: int) -> bytes:
        """Return at most `size` bytes from `offset` on."""
        return bytes(self._bytes(node)[offset : offset + size])

    def write(self, node: Node, data: bytes, offset: int) -> int:
        """Write into memory; raises OSError ENOSPC when the disk has no room for what the file grows by."""
        end = offset + len(data)
        if end > node.size:
            self._resize(node, end)
        self._bytes(node)[offset:end] = data
        self._touch(node, range(offset // PAGE_BYTES, (end + PAGE_BYTES - 1) // PAGE_BYTES))
        return len(data)

    def truncate(self, node: Node, size: int) -> None:
        """Cut off or fill up with zeros; raises OSError ENOSPC."""
        if size != node.size:
            before = min(size, node.size)
            self._resize(node, size)
            self._touch(node, range(before // PAGE_BYTES, (size + PAGE_BYTES - 1) // PAGE_BYTES))

    def _resize(self, node: Node, size: int) -> None:
        growth = _room(size) - _room(node.size)
        if growth > 0 and growth > self.free:
            raise _refused(errno.ENOSPC)
        data = self._bytes(node)
        if size < len(data):
            del data[size:]
        else:
            data.extend(bytes(size - len(data)))
        node.size, node.resized = size, True
        self.used += growth if node.links else 0

    def _touch(self, node: Node, pages: range) -> None:
        node.dirty.update(pages)
        node.changed_ns = time.time_ns()
        self._unsynced[node.number] = node

    def _bytes(self, node: Node) -> bytearray:
        if node.data is None:
            node.data = bytearray(self._platter.content(node.number))
        return node.data

    # --- room ----------------------------------------------------------------------------------------------------

    @property
    def bytes_max(self) -> int:
        """The size of the disk."""
        return self._bytes_max

    @property
    def free(self) -> int:
        """How many bytes can still be written; never negative."""
        return max(0, self._bytes_max - self._taken - self.used)

    def leave_free(self, room: int | None) -> None:
        """Let somebody else's data take all but `room` bytes of the disk, or none of it (None)."""
        self._taken = 0 if room is None else max(0, self._bytes_max - self.used - room)

    # --- what lasts ----------------------------------------------------------------------------------------------

    def sync(self, node: Node) -> None:
        """Keep a file's bytes and size, or a folder's names."""
        if node.is_folder:
            steps = {change.step for change in self._pending if change.folder is node}
            self._keep_names([change for change in self._pending if change.step in steps])
        elif node.dirty or node.resized:
            self._keep_pages(node, node.dirty, node.size)
            node.dirty, node.resized = set(), False
            self._unsynced.pop(node.number, None)

    def cut(self, seed: int | None) -> None:
        """Let some of what was not fsynced through, by this seed, or nothing of it (None). Nothing may follow."""
        if seed is None:
            return
        chance = random.Random(seed)  # noqa: S311 - it must be repeatable
        steps = sorted({change.step for change in self._pending})
        kept = set(steps[: chance.randint(0, len(steps))])
        self._keep_names([change for change in self._pending if change.step in kept])
        for node in list(self._unsynced.values()):
            pages = {page for page in sorted(node.dirty) if chance.random() < 0.5}  # noqa: PLR2004 - a coin
            before = self._platter.size(node.number)
            grown = max((min(node.size, (page + 1) * PAGE_BYTES) for page in pages), default=0)
            size = node.size if chance.random() < 0.5 else max(before, grown)  # noqa: PLR2004 - a coin
            self._keep_pages(node, {page for page in pages if page * PAGE_BYTES < size}, size)

    def _keep_names(self, changes: list[Change]) -> None:
        self._platter.write_names(change.naming() for change in changes)
        gone = set(map(id, changes))
        self._pending = [change for change in self._pending if id(change) not in gone]

    def _keep_pages(self, node: Node, pages: set[int], size: int) -> None:
        data = self._bytes(node)
        kept = [page for page in sorted(pages) if page * PAGE_BYTES < node.size]
        pieces = ((page * PAGE_BYTES, bytes(data[page * PAGE_BYTES : (page + 1) * PAGE_BYTES])) for page in kept)
        self._platter.write_content(node.number, size, pieces)


def _parts(path: str) -> list[str]:
    return [name for name in path.split("/") if name]


def _room(size: int) -> int:
    return -(-size // PAGE_BYTES) * PAGE_BYTES
