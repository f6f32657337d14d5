"""The kernel's side of a forgetful disk: serves a `ForgetfulTree` by FUSE until it is unmounted, or its power is cut.

    python -m benchmarks.faults.disk.fuse_server MOUNTPOINT --platter DIR --bytes-max N

Writing to the file `.control` in the mounted root is how it is told something: "cut" ends the process on the spot, with
all that was not fsynced; "cut SEED" lets some of it through first; "free N" leaves N bytes free, "free" gives all back.
One thread serves: the order of writes is the order in which they came.
"""

import argparse
import errno
import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any

from mfusepy import FUSE  # type: ignore[import-untyped]

from benchmarks.faults.disk.forgetful import CONTROL_FILE, PAGE_BYTES, ForgetfulTree, Node
from benchmarks.faults.disk.platter import Platter
from passlane.parents import stop_with_parent

_CONTROL_PATH = f"/{CONTROL_FILE}"
_CONTROL_HANDLE = 0
# Nobody but this kernel changes anything, so what it knows stays true.
_KNOWN_SECONDS = 3600


class ForgetfulDisk:
    """What the kernel asks, by path or by the handle of an open file; libfuse gives the methods their names."""

    use_ns = True

    def __init__(self, tree: ForgetfulTree) -> None:
        self._tree = tree
        self._open: dict[int, Node] = {}
        self._handles = _CONTROL_HANDLE

    def _node(self, path: str, handle: int | None) -> Node:
        return self._open[handle] if handle in self._open else self._tree.find(path)

    def _opened(self, node: Node) -> int:
        self._handles += 1
        self._open[self._handles] = node
        return self._handles

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """Return what `stat` shows."""
        if path == _CONTROL_PATH:
            return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": 0}
        node = self._node(path, fh)
        blocks = -(-node.size // 512)
        return {
            "st_mode": node.mode,
            "st_ino": node.number,
            "st_nlink": max(1, node.links),
            "st_size": node.size,
            "st_blocks": blocks,
            "st_uid": os.getuid(),
            "st_gid": os.getgid(),
            "st_mtime": node.changed_ns,
            "st_ctime": node.changed_ns,
            "st_atime": node.changed_ns,
        }

    def readdir(self, path: str, fh: int) -> list[str]:
        """Return the names in a folder."""
        return [".", "..", *self._node(path, fh).names]

    def opendir(self, path: str) -> int:
        """Open a folder; its fsync comes by this handle."""
        return self._opened(self._tree.find(path))

    def releasedir(self, path: str, fh: int) -> int:  # noqa: ARG002 - the handle says it
        """Close a folder."""
        self._open.pop(fh, None)
        return 0

    def create(self, path: str, mode: int) -> int:
        """Make a file and open it."""
        return self._opened(self._tree.make(path, stat.S_IFREG | stat.S_IMODE(mode)))

    def open(self, path: str, flags: int) -> int:
        """Open a file; the kernel truncates by a request of its own."""
        if path == _CONTROL_PATH:
            return _CONTROL_HANDLE
        node = self._tree.find(path)
        if flags & os.O_TRUNC:
            self._tree.truncate(node, 0)
        return self._opened(node)

    def release(self, path: str, fh: int) -> int:  # noqa: ARG002 - the handle says it
        """Close a file."""
        self._open.pop(fh, None)
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Read."""
        return b"" if path == _CONTROL_PATH else self._tree.read(self._node(path, fh), size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """Write into memory, or do as the control file is told."""
        if path == _CONTROL_PATH:
            self._do(data.decode(errors="replace").split())
            return len(data)
        return self._tree.write(self._node(path, fh), data, offset)

    def _do(self, words: list[str]) -> None:
        match words:
            case ["cut"]:
                os._exit(0)
            case ["cut", seed]:
                self._tree.cut(int(seed))
                os._exit(0)
            case ["free"]:
                self._tree.leave_free(None)
            case ["free", room]:
                self._tree.leave_free(int(room))
            case _:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        """Cut off or fill up a file."""
        if path != _CONTROL_PATH:
            self._tree.truncate(self._node(path, fh), length)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:  # noqa: ARG002 - the size belongs to the data
        """Keep a file's bytes."""
        if path != _CONTROL_PATH:
            self._tree.sync(self._node(path, fh))
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:  # noqa: ARG002 - names have no data of their own
        """Keep a folder's names."""
        self._tree.sync(self._node(path, fh))
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        """Make a folder."""
        self._tree.make(path, stat.S_IFDIR | stat.S_IMODE(mode))
        return 0

    def unlink(self, path: str) -> int:
        """Take a file's name away."""
        self._tree.remove(path, folder_wanted=False)
        return 0

    def rmdir(self, path: str) -> int:
        """Take an empty folder away."""
        self._tree.remove(path, folder_wanted=True)
        return 0

    def rename(self, old: str, new: str) -> int:
        """Move a name."""
        self._tree.rename(old, new)
        return 0

    def chmod(self, path: str, mode: int) -> int:
        """Change the permissions."""
        self._tree.set_mode(path, mode)
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:  # noqa: ARG002 - there is one user
        """Everything is ours already."""
        return 0

    def utimens(self, path: str, times: Any = None) -> int:  # noqa: ARG002 - times are no evidence here
        """Take no notice of times."""
        return 0

    def statfs(self, path: str) -> dict[str, int]:  # noqa: ARG002 - one disk
        """Return how large the disk is and how much is free."""
        free = self._tree.free // PAGE_BYTES
        return {
            "f_bsize": PAGE_BYTES,
            "f_frsize": PAGE_BYTES,
            "f_blocks": self._tree.bytes_max // PAGE_BYTES,
            "f_bfree": free,
            "f_bavail": free,
            "f_namemax": 255,
        }


def main() -> int:
    """Serve until unmounted, or until the parent is gone: standard input is then closed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.disk.fuse_server", description=__doc__)
    parser.add_argument("mountpoint", type=Path)
    parser.add_argument("--platter", type=Path, required=True)
    parser.add_argument("--bytes-max", type=int, required=True)
    options = parser.parse_args()
    # SIGTERM and not SIGKILL: libfuse then unmounts before it ends.
    stop_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    tree = ForgetfulTree(Platter(options.platter), bytes_max=options.bytes_max)
    FUSE(
        ForgetfulDisk(tree),
        str(options.mountpoint),
        foreground=True,
        nothreads=True,
        kernel_cache=True,
        entry_timeout=_KNOWN_SECONDS,
        attr_timeout=_KNOWN_SECONDS,
        fsname="forgetful",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
