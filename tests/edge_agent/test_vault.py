import hashlib
from pathlib import Path

import pytest

from edge_agent.vault import Vault, VaultError, VaultFullError
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
