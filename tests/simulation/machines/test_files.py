import os

import pytest

from tests.simulation.machines.files import ROOMY_BYTES, SCARCE_BYTES, SimFile, SimFiles, SimOs, SimPath
from tests.simulation.machines.power import Power
from tests.simulation.machines.scheduler import Scheduler

TRIES = range(40)


def made(seed: int = 1) -> SimFiles:
    power = Power("lane-1")
    power.on()
    files = SimFiles(power, Scheduler(seed).dice)
    files.make_folder("/v")
    return files


def written(files: SimFiles, name: str = "a", *, data: bytes = b"0123456789") -> SimFile:
    file = SimOs.open(files.root() / "v" / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    assert isinstance(file, SimFile)
    file.write(data)
    return file


def after_power_cuts(*, sync_file: bool, sync_folder: bool) -> set[bytes | None]:
    found = set()
    for seed in TRIES:
        files = made(seed)
        file = written(files)
        if sync_file:
            SimOs.fsync(file)
        if sync_folder:
            SimOs.fsync(files.root() / "v")
        files.cut_power()
        found.add(files.look("/v/a"))
    return found


def test_a_file_whose_bytes_and_name_were_synced_survives_every_power_cut() -> None:
    assert after_power_cuts(sync_file=True, sync_folder=True) == {b"0123456789"}


def test_a_file_whose_name_was_not_synced_is_whole_or_not_there() -> None:
    assert after_power_cuts(sync_file=True, sync_folder=False) == {b"0123456789", None}


def test_a_file_whose_bytes_were_not_synced_may_be_empty_whole_or_torn() -> None:
    found = after_power_cuts(sync_file=False, sync_folder=True)
    assert {b"", b"0123456789"} < found
    assert any(data and data != b"0123456789" for data in found)


def test_a_rename_puts_one_file_in_the_place_of_another() -> None:
    files = made()
    written(files, "new", data=b"new")
    written(files, "old", data=b"old")
    (files.root() / "v" / "new").replace(files.root() / "v" / "old")
    assert files.look("/v/old") == b"new"
    assert files.under("/v") == ["/v/old"]


def test_a_full_disk_refuses_and_a_scarce_one_says_so() -> None:
    files = made()
    file = written(files)
    assert files.free_bytes(None) == ROOMY_BYTES
    files.scarce = True
    assert files.free_bytes(None) == SCARCE_BYTES
    files.full = True
    with pytest.raises(OSError, match="No space"):
        file.write(b"more")
    with pytest.raises(OSError, match="No space"):
        (files.root() / "v" / "b").open("ab")


def test_missing_files_and_folders_are_the_errors_that_pathlib_raises() -> None:
    root = made().root()
    with pytest.raises(FileNotFoundError):
        (root / "v" / "none").read_bytes()
    with pytest.raises(FileNotFoundError):
        (root / "v" / "none").unlink()
    with pytest.raises(FileNotFoundError):
        SimOs.open(root / "none", os.O_RDONLY)
    (root / "none" / "none").unlink(missing_ok=True)


def test_a_file_that_must_be_new_is_not_made_twice() -> None:
    files = made()
    written(files)
    with pytest.raises(FileExistsError):
        written(files)


def test_a_backup_can_be_put_back() -> None:
    files = made()
    written(files)
    backup = files.snapshot()
    written(files, "b")
    files.restore(backup)
    assert files.under("") == ["/v/a"]
    assert [str(path) for path in SimPath(files, "").glob("*")] == ["/v/a"]
