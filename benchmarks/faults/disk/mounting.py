"""The disks that hub and devices stand on (磁盘): each can be filled, and the forgetful ones can lose their power.

Knows how each is mounted, filled, cut and undone. Where this machine allows less, `choose` says so in words. With root,
all mounts are made in a mount namespace of this process's own, so that none is left behind however the run ends.
"""

import ctypes
import errno
import os
import shutil
import subprocess
import sys
import time
from ctypes.util import find_library
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from benchmarks.faults import FaultRunError
from benchmarks.faults.disk.forgetful import CONTROL_FILE

MOUNT_SECONDS_MAX = 20.0
DISK_BYTES_MAX = 1 << 30
_LOOK_SECONDS = 0.01
_LIBRARY = "fuse3"
_FILLER_FILE = ".filler"
_FILLING_STEPS_MAX = 50
_BLOCK_BYTES = 4096
_CLONE_NEWNS = 0x00020000
_MS_REC, _MS_PRIVATE = 0x4000, 1 << 18


class DiskError(FaultRunError):
    """A disk that cannot be mounted or undone."""


class Disk(Protocol):
    """A place for a data folder. folder: where it is. can_fill, can_cut: which faults it knows."""

    folder: Path
    words: str
    can_fill: bool
    can_cut: bool

    def mount(self) -> None:
        """Make it usable."""

    def unmount(self) -> None:
        """Undo it."""

    def fill(self, room: int) -> None:
        """Leave so many bytes free."""

    def free(self) -> None:
        """Give the room back."""

    def cut(self, seed: int | None) -> None:
        """Cut the power: forget what was not fsynced, or all but some of it by this seed; then it is not mounted."""


class PlainDisk:
    """An ordinary folder: no fault can be done to it."""

    words = "an ordinary folder"
    can_fill = can_cut = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def unmount(self) -> None:
        """Leave it as it is."""

    def fill(self, room: int) -> None:
        """Refuse: it would be the whole machine's disk."""
        raise DiskError(f"{self.folder} is an ordinary folder: it is not filled to {room} bytes")

    def free(self) -> None:
        """Have nothing to give back."""

    def cut(self, seed: int | None) -> None:
        """Refuse: it would be the whole machine's power."""
        raise DiskError(f"{self.folder} is an ordinary folder: its power is not cut ({seed})")


class SmallDisk(PlainDisk):
    """A small file system of its own: ext4 in a file where `image` says where, in memory otherwise. Needs root."""

    can_fill = True

    def __init__(self, folder: Path, *, image: Path | None = None) -> None:
        super().__init__(folder)
        self._image = image
        self.words = "tmpfs of a limited size" if image is None else "ext4 on a loop device"

    def mount(self) -> None:
        """Make the file system and mount it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._image is None:
            _run("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES_MAX},mode=700", "tmpfs", str(self.folder))
            return
        with self._image.open("wb") as file:
            file.truncate(DISK_BYTES_MAX)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(self._image))
        _run("mount", "-o", "loop", str(self._image), str(self.folder))

    def unmount(self) -> None:
        """Unmount it."""
        _unmount(self.folder)

    def fill(self, room: int) -> None:
        """Put a file there that leaves so many bytes."""
        descriptor = os.open(self.folder / _FILLER_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            for _ in range(_FILLING_STEPS_MAX):
                wanted = shutil.disk_usage(self.folder).free - room
                if wanted <= 0:
                    break
                self._take(descriptor, wanted)
        finally:
            os.close(descriptor)

    @staticmethod
    def _take(descriptor: int, wanted: int) -> None:
        # The file system needs room for itself, and others write meanwhile: what does not fit is tried by halves.
        piece = wanted
        while piece >= _BLOCK_BYTES:
            try:
                os.posix_fallocate(descriptor, os.fstat(descriptor).st_size, piece)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                piece //= 2
            else:
                return

    def free(self) -> None:
        """Take that file away."""
        (self.folder / _FILLER_FILE).unlink(missing_ok=True)


class ForgetfulMount(PlainDisk):
    """A forgetful file system, over what is durable of it in `platter`."""

    words = "a file system that forgets what was not fsynced (FUSE)"
    can_fill = can_cut = True

    def __init__(self, folder: Path, platter: Path) -> None:
        super().__init__(folder)
        self._platter = platter
        self._server: subprocess.Popen[bytes] | None = None

    def mount(self) -> None:
        """Start its server and wait until it is there; raises DiskError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.faults.disk.fuse_server", str(self.folder)]
        command += ["--platter", str(self._platter), "--bytes-max", str(DISK_BYTES_MAX)]
        environment = {**os.environ, "FUSE_LIBRARY_NAME": _LIBRARY}
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
        until = time.monotonic() + MOUNT_SECONDS_MAX
        while not self.folder.is_mount():
            if self._server.poll() is not None or time.monotonic() > until:
                self.unmount()
                raise DiskError(f"the forgetful file system at {self.folder} could not be mounted")
            time.sleep(_LOOK_SECONDS)

    def unmount(self) -> None:
        """Unmount it and wait for the end of its server."""
        _unmount(self.folder)
        if self._server is not None:
            try:
                self._server.wait(MOUNT_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            if self._server.stdin is not None:
                self._server.stdin.close()
            self._server = None

    def fill(self, room: int) -> None:
        """Tell the server that others took the rest."""
        self._tell(f"free {room}")

    def free(self) -> None:
        """Tell the server that they are gone."""
        self._tell("free")

    def cut(self, seed: int | None) -> None:
        """Have the server end on the spot, and clear the mount away. Whoever still holds a file there has lost it."""
        # The answer to the write is lost with the server.
        try:
            self._tell("cut" if seed is None else f"cut {seed}")
        except OSError:
            self.unmount()
        else:
            raise DiskError(f"the power of {self.folder} could not be cut")

    def _tell(self, words: str) -> None:
        descriptor = os.open(self.folder / CONTROL_FILE, os.O_WRONLY)
        try:
            os.write(descriptor, words.encode())
        finally:
            os.close(descriptor)


def own_mounts() -> None:
    """Give this process mounts of its own, which end with it. Needs root; raises DiskError."""
    libc = ctypes.CDLL(None, use_errno=True)
    apart = libc.unshare(_CLONE_NEWNS) == 0
    if not apart or libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None) != 0:
        raise DiskError(f"no mount namespace: {os.strerror(ctypes.get_errno())}")


def forgetful_trouble() -> str:
    """Say in words why no forgetful file system can be mounted here, or nothing."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse is not there or may not be used"
    if find_spec("mfusepy") is None or find_library(_LIBRARY) is None:
        return "mfusepy or libfuse3 is not installed (Debian: fuse3)"
    if os.geteuid() != 0 and shutil.which("fusermount3") is None:
        return "fusermount3 is not installed (Debian: fuse3)"
    return ""


def small_trouble() -> str:
    """Say in words why no small file systems can be mounted here, or nothing."""
    if os.geteuid() != 0:
        return "only root may mount"
    return "" if shutil.which("mkfs.ext4") else "mkfs.ext4 is not installed (Debian: e2fsprogs)"


def _unmount(folder: Path) -> None:
    command = ["umount", "-l"] if os.geteuid() == 0 else ["fusermount3", "-u", "-z"]
    # A mount whose server is gone cannot be asked what it is; that it is no mount any more is what is wanted.
    subprocess.run([*command, str(folder)], check=False, capture_output=True)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise DiskError(f"{' '.join(command)}: {done.stderr.strip()}")


def settle(folder: Path) -> None:
    """Fsync everything in a folder, and its name: what stands there before the faults begin is there for good."""
    for path in sorted(folder.rglob("*"), reverse=True):
        _sync(path)
    for path in (folder, folder.parent):
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
