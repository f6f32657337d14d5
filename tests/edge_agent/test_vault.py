import errno
import hashlib
from pathlib import Path

import pytest

from edge_agent.vault import Files, Vault, VaultError, VaultFullError
from inspection.evidence import EvidenceError

DATA = b"a picture, as far as a vault cares"
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault", free_bytes_min=0)


def test_a_photo_lies_under_its_digest_and_reads_back(vault: Vault, tmp_path: Path) -> None:
    assert vault.put(DATA) == DIGEST
    assert (tmp_path / "vault" / DIGEST[:2] / DIGEST).read_bytes() == DATA
    assert vault.read(DIGEST) == DATA


def test_the_same_bytes_again_change_nothing(vault: Vault, tmp_path: Path) -> None:
    vault.put(DATA)
    path = tmp_path / "vault" / DIGEST[:2] / DIGEST
    written = path.stat().st_mtime_ns
    assert vault.put(DATA) == DIGEST
    assert path.stat().st_mtime_ns == written
    assert list(path.parent.iterdir()) == [path]


def test_a_photo_that_was_damaged_on_the_disk_is_not_given_out(vault: Vault, tmp_path: Path) -> None:
    vault.put(DATA)
    (tmp_path / "vault" / DIGEST[:2] / DIGEST).write_bytes(DATA[:-1] + b"?")
    with pytest.raises(VaultError, match="damaged"):
        vault.read(DIGEST)


def test_a_damaged_photo_is_written_anew_when_its_bytes_come_again(vault: Vault, tmp_path: Path) -> None:
    vault.put(DATA)
    (tmp_path / "vault" / DIGEST[:2] / DIGEST).write_bytes(b"")
    vault.put(DATA)
    assert vault.read(DIGEST) == DATA


def test_a_photo_that_is_not_there_is_an_error_in_words(vault: Vault) -> None:
    with pytest.raises(VaultError, match="not in the vault"):
        vault.read(DIGEST)


def test_a_freed_photo_is_gone_and_freeing_it_twice_is_harmless(vault: Vault) -> None:
    vault.put(DATA)
    vault.free(DIGEST)
    vault.free(DIGEST)
    with pytest.raises(VaultError):
        vault.read(DIGEST)


def test_a_name_that_is_no_digest_reaches_no_file(vault: Vault) -> None:
    with pytest.raises(EvidenceError):
        vault.read("../../somewhere")


def test_below_the_floor_of_free_space_no_photo_is_taken_and_nothing_is_lost(tmp_path: Path) -> None:
    Vault(tmp_path / "vault", free_bytes_min=0).put(DATA)
    full = Vault(tmp_path / "vault", free_bytes_min=2**60)
    with pytest.raises(VaultFullError, match="存储空间不足"):
        full.put(DATA + b"2")
    assert full.read(DIGEST) == DATA
    assert full.put(DATA) == DIGEST


class SmallDisk(Files):
    """A disk of so many bytes; what is written takes room, what is freed gives it back."""

    def __init__(self, quota_bytes: int) -> None:
        self.quota_bytes = quota_bytes
        self.steps: list[str] = []
        self.sizes: dict[Path, int] = {}

    def write(self, path: Path, data: bytes) -> None:
        if self.free_bytes(path.parent) < len(data):
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(path, data)
        self.sizes[path] = len(data)
        self.steps.append("write")

    def rename(self, path: Path, new: Path) -> None:
        super().rename(path, new)
        self.sizes[new] = self.sizes.pop(path)
        self.steps.append("rename")

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self.steps.append("sync_folder")

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self.sizes.pop(path, None)

    def free_bytes(self, _folder: Path) -> int:
        return self.quota_bytes - sum(self.sizes.values())


def test_on_a_small_disk_photos_stop_above_the_floor_and_go_on_once_one_was_freed(tmp_path: Path) -> None:
    disk = SmallDisk(1_000)
    vault = Vault(tmp_path / "vault", free_bytes_min=250, files=disk)
    kept = [vault.put(bytes([number]) * 100) for number in range(7)]
    with pytest.raises(VaultFullError, match="250 must stay free"):
        vault.put(b"7" * 100)
    assert vault.free_bytes == 300
    assert all(vault.read(digest) for digest in kept)
    vault.free(kept[0])
    vault.put(b"new" * 30)
    assert vault.free_bytes >= 250


def test_a_disk_that_fills_up_under_the_vault_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    disk = SmallDisk(1_000)
    vault = Vault(tmp_path / "vault", free_bytes_min=0, files=disk)
    kept = vault.put(b"1" * 600)
    disk.quota_bytes = 700
    with pytest.raises(VaultError):
        vault.put(b"2" * 200)
    assert vault.read(kept) == b"1" * 600


def test_a_photo_is_told_only_after_its_bytes_and_its_name_are_on_the_disk(tmp_path: Path) -> None:
    disk = SmallDisk(1_000)
    Vault(tmp_path / "vault", free_bytes_min=0, files=disk).put(DATA)
    assert disk.steps == ["sync_folder", "write", "rename", "sync_folder"]


def test_what_a_crash_left_unfinished_is_swept_away_at_the_start(vault: Vault, tmp_path: Path) -> None:
    vault.put(DATA)
    unfinished = tmp_path / "vault" / DIGEST[:2] / "half.tmp"
    unfinished.write_bytes(b"half")
    assert Vault(tmp_path / "vault", free_bytes_min=0).read(DIGEST) == DATA
    assert not unfinished.exists()


def test_a_vault_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "vault").write_text("a file stands where the folder should be")
    with pytest.raises(VaultError, match="cannot be used"):
        Vault(tmp_path / "vault", free_bytes_min=0)


def test_a_photo_that_cannot_be_written_or_freed_is_an_error_in_words(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "vault" / DIGEST[:2]).write_text("a file stands where the folder should be")
    with pytest.raises(VaultError, match="cannot be written"):
        vault.put(DATA)
    with pytest.raises(VaultError, match="cannot be freed"):
        vault.free(DIGEST)
