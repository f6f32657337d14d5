import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.faults.disk.mounting import (
    DiskError,
    ForgetfulMount,
    PlainDisk,
    SmallDisk,
    forgetful_trouble,
    settle,
    small_trouble,
)

needs_fuse = pytest.mark.skipif(bool(forgetful_trouble()), reason=forgetful_trouble() or "FUSE may be used")
needs_root = pytest.mark.skipif(bool(small_trouble()), reason=small_trouble() or "small disks may be mounted")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[ForgetfulMount]:
    made = ForgetfulMount(tmp_path / "disk", tmp_path / "platter")
    made.mount()
    yield made
    made.unmount()


def rows(path: Path) -> list[int]:
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in db.execute("SELECT number FROM numbers ORDER BY number")]
    finally:
        db.close()


def opened(path: Path, synchronous: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA synchronous = {synchronous}")
    db.execute("CREATE TABLE IF NOT EXISTS numbers (number INTEGER PRIMARY KEY)")
    return db


@pytest.mark.real
@needs_fuse
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_what_sqlite_committed_in_full_is_there_after_a_power_cut(disk: ForgetfulMount, seed: int | None) -> None:
    db = opened(disk.folder / "numbers.db", "FULL")
    for number in range(50):
        db.execute("INSERT INTO numbers VALUES (?)", (number,))
    disk.cut(seed)
    # Its file is gone from under it, as it is when the machine is.
    with pytest.raises(sqlite3.Error):
        db.execute("INSERT INTO numbers VALUES (50)")
    db.close()
    disk.mount()
    assert rows(disk.folder / "numbers.db") == list(range(50))


@pytest.mark.real
@needs_fuse
def test_what_sqlite_committed_without_fsync_is_forgotten(disk: ForgetfulMount) -> None:
    db = opened(disk.folder / "numbers.db", "FULL")
    db.execute("INSERT INTO numbers VALUES (1)")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("INSERT INTO numbers VALUES (2)")
    disk.cut(None)
    db.close()
    disk.mount()
    assert rows(disk.folder / "numbers.db") == [1]


@pytest.mark.real
@needs_fuse
def test_a_file_that_was_settled_lasts_and_another_does_not(disk: ForgetfulMount) -> None:
    home = disk.folder / "home"
    home.mkdir(mode=0o700)
    (home / "kept").write_text("kept", encoding="ascii")
    settle(home)
    (home / "lost").write_text("lost", encoding="ascii")
    disk.cut(None)
    disk.mount()
    assert [path.name for path in home.iterdir()] == ["kept"]
    assert (home / "kept").read_text(encoding="ascii") == "kept"


@pytest.mark.real
@needs_fuse
def test_a_forgetful_disk_can_be_filled_and_freed(disk: ForgetfulMount) -> None:
    disk.fill(5_000)
    assert os.statvfs(disk.folder).f_bavail <= 1
    with pytest.raises(OSError, match="No space"):
        (disk.folder / "large").write_bytes(bytes(10_000))
    disk.free()
    (disk.folder / "large").write_bytes(bytes(10_000))


@pytest.mark.real
@needs_root
@pytest.mark.parametrize("kind", ["ext4", "tmpfs"])
def test_a_small_disk_can_be_filled_and_freed(tmp_path: Path, kind: str) -> None:
    disk = SmallDisk(tmp_path / "disk", image=tmp_path / "image" if kind == "ext4" else None)
    disk.mount()
    try:
        disk.fill(0)
        with pytest.raises(OSError, match="No space"):
            (disk.folder / "large").write_bytes(bytes(100_000))
        disk.free()
        (disk.folder / "large").write_bytes(bytes(100_000))
    finally:
        disk.unmount()
    assert not disk.folder.is_mount()


def test_an_ordinary_folder_is_never_filled_nor_cut(tmp_path: Path) -> None:
    disk = PlainDisk(tmp_path / "folder")
    disk.mount()
    with pytest.raises(DiskError, match="ordinary"):
        disk.fill(0)
    with pytest.raises(DiskError, match="ordinary"):
        disk.cut(None)
    disk.free()
    disk.unmount()
    assert disk.folder.is_dir()
