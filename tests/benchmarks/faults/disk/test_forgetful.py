import errno
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.faults.disk.forgetful import PAGE_BYTES, ForgetfulTree
from benchmarks.faults.disk.platter import Platter

FILE, FOLDER = stat.S_IFREG | 0o600, stat.S_IFDIR | 0o700
DISK_BYTES = 1_000_000

Start = Callable[[], ForgetfulTree]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """The same disk again after its power was cut."""
    return lambda: ForgetfulTree(Platter(tmp_path), bytes_max=DISK_BYTES)


def put(tree: ForgetfulTree, path: str, data: bytes, *, sync: bool = True) -> None:
    node = tree.make(path, FILE)
    tree.write(node, data, 0)
    if sync:
        tree.sync(node)
        tree.sync(tree.root)


def content(tree: ForgetfulTree, path: str) -> bytes:
    node = tree.find(path)
    return tree.read(node, node.size, 0)


def test_what_was_written_is_read_whether_it_lasts_or_not(start: Start) -> None:
    tree = start()
    put(tree, "a", b"hello", sync=False)
    tree.write(tree.find("a"), b"J", 0)
    assert content(tree, "a") == b"Jello"


def test_a_file_lasts_when_its_bytes_and_its_name_were_fsynced(start: Start) -> None:
    put(start(), "a", b"hello")
    assert content(start(), "a") == b"hello"
    assert stat.S_IMODE(start().find("a").mode) == 0o600


def test_a_name_without_the_folders_fsync_is_forgotten(start: Start) -> None:
    tree = start()
    put(tree, "a", b"hello", sync=False)
    tree.sync(tree.find("a"))
    with pytest.raises(FileNotFoundError):
        start().find("a")


def test_bytes_without_the_files_fsync_are_forgotten(start: Start) -> None:
    tree = start()
    put(tree, "a", b"hello", sync=False)
    tree.sync(tree.root)
    assert content(start(), "a") == b""


def test_a_later_write_and_a_truncation_are_forgotten(start: Start) -> None:
    put(start(), "a", b"hello")
    tree = start()
    tree.write(tree.find("a"), b"J", 0)
    tree.truncate(tree.find("a"), 2)
    assert content(tree, "a") == b"Je"
    assert content(start(), "a") == b"hello"
    tree.sync(tree.find("a"))
    assert content(start(), "a") == b"Je"


def test_a_rename_is_forgotten_or_kept_with_both_halves(start: Start) -> None:
    tree = start()
    put(tree, "old", b"new words")
    put(tree, "a", b"old words")
    tree.make("folder", FOLDER)
    tree.sync(tree.root)
    tree.rename("old", "a")
    assert content(tree, "a") == b"new words"
    assert sorted(start().root.names) == ["a", "folder", "old"]
    assert content(start(), "a") == b"old words"
    tree.rename("a", "folder/a")
    tree.sync(tree.find("folder"))
    assert content(start(), "folder/a") == b"new words"
    assert sorted(start().root.names) == ["folder", "old"]


def test_an_unlink_is_forgotten_until_the_folder_is_fsynced(start: Start) -> None:
    put(start(), "a", b"hello")
    tree = start()
    tree.remove("a", folder_wanted=False)
    assert content(start(), "a") == b"hello"
    tree.sync(tree.root)
    assert not start().root.names


def test_a_file_in_a_folder_whose_own_name_was_not_fsynced_is_gone(start: Start) -> None:
    tree = start()
    tree.make("folder", FOLDER)
    node = tree.make("folder/a", FILE)
    tree.sync(node)
    tree.sync(tree.find("folder"))
    assert not start().root.names


def test_a_folder_that_was_forgotten_leaves_no_names_to_the_next_of_its_number(start: Start) -> None:
    tree = start()
    tree.make("forgotten", FOLDER)
    tree.make("forgotten/a", FOLDER)
    tree.sync(tree.find("forgotten"))
    tree = start()
    tree.make("next", FOLDER)
    tree.sync(tree.root)
    assert not start().find("next").names


def test_permissions_last_with_the_folder(start: Start) -> None:
    tree = start()
    put(tree, "a", b"")
    tree.set_mode("a", 0o640)
    assert stat.S_IMODE(start().find("a").mode) == 0o600
    tree.sync(tree.root)
    assert stat.S_IMODE(start().find("a").mode) == 0o640
    assert tree.find("a").links == 1


def test_a_full_disk_takes_nothing_more_and_overwrites_still(start: Start) -> None:
    tree = start()
    put(tree, "a", bytes(PAGE_BYTES))
    tree.leave_free(0)
    with pytest.raises(OSError, match="No space") as refused:
        tree.write(tree.find("a"), b"x", PAGE_BYTES)
    assert refused.value.errno == errno.ENOSPC
    assert tree.write(tree.find("a"), b"x", 0) == 1
    with pytest.raises(OSError, match="No space"):
        tree.make("b", FILE)
    tree.leave_free(None)
    assert tree.write(tree.find("a"), b"x", PAGE_BYTES) == 1


def test_room_comes_back_with_what_is_removed(start: Start) -> None:
    tree = start()
    put(tree, "a", bytes(10 * PAGE_BYTES))
    assert tree.free == DISK_BYTES - 10 * PAGE_BYTES
    tree.truncate(tree.find("a"), 1)
    assert tree.free == DISK_BYTES - PAGE_BYTES
    tree.remove("a", folder_wanted=False)
    assert tree.free == DISK_BYTES
    assert start().free == DISK_BYTES - 10 * PAGE_BYTES


def test_what_cannot_be_is_refused_as_a_kernel_would(start: Start) -> None:
    tree = start()
    put(tree, "a", b"")
    tree.make("folder", FOLDER)
    tree.make("folder/b", FILE)
    for wrong, number in (
        (lambda: tree.make("a", FILE), errno.EEXIST),
        (lambda: tree.remove("folder", folder_wanted=True), errno.ENOTEMPTY),
        (lambda: tree.remove("folder", folder_wanted=False), errno.EISDIR),
        (lambda: tree.remove("a", folder_wanted=True), errno.ENOTDIR),
        (lambda: tree.rename("a", "folder"), errno.ENOTEMPTY),
        (lambda: tree.find("a/b"), errno.ENOTDIR),
        (lambda: tree.make("nowhere/b", FILE), errno.ENOENT),
    ):
        with pytest.raises(OSError, match=r"\[Errno") as refused:
            wrong()
        assert refused.value.errno == number


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), synced=st.binary(max_size=40), later=st.binary(min_size=1, max_size=40))
def test_a_cut_that_lets_some_through_never_touches_what_was_fsynced(
    tmp_path_factory: pytest.TempPathFactory, seed: int, synced: bytes, later: bytes
) -> None:
    folder = tmp_path_factory.mktemp("disk")
    tree = ForgetfulTree(Platter(folder), bytes_max=DISK_BYTES)
    put(tree, "kept", synced)
    put(tree, "changed", bytes(PAGE_BYTES) + synced)
    tree.write(tree.find("changed"), later, 2 * PAGE_BYTES)
    tree.rename("changed", "moved")
    put(tree, "new", later, sync=False)
    tree.cut(seed)
    after = ForgetfulTree(Platter(folder), bytes_max=DISK_BYTES)
    assert content(after, "kept") == synced
    assert ("moved" in after.root.names) != ("changed" in after.root.names)
    found = content(after, "moved" if "moved" in after.root.names else "changed")
    assert found[: PAGE_BYTES + len(synced)] == bytes(PAGE_BYTES) + synced
    assert set(found[2 * PAGE_BYTES :]) <= {0, *later}


def test_the_same_seed_lets_the_same_through(tmp_path: Path) -> None:
    left = []
    for name in ("one", "two"):
        tree = ForgetfulTree(Platter(tmp_path / name), bytes_max=DISK_BYTES)
        for number in range(20):
            put(tree, f"file-{number}", bytes([number]) * 3 * PAGE_BYTES, sync=False)
        tree.cut(11)
        after = ForgetfulTree(Platter(tmp_path / name), bytes_max=DISK_BYTES)
        left.append({name: content(after, name) for name in sorted(after.root.names)})
    assert left[0] == left[1]
    assert 0 < len(left[0]) < 20
