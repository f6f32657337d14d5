import stat
from pathlib import Path

import pytest

from firmware_profiles.files import load, shipped_profile, signature_path
from inspection.signing import public_key_from_hex
from passlane import UsageError
from passlane.__main__ import main
from passlane.profile_command import profile_key


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "lane.toml"
    path.write_bytes(shipped_profile("lane-box-basic"))
    return path


def test_a_profile_that_was_signed_here_is_checked_with_the_key_that_was_printed(
    profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["profile", "sign", str(profile), "--key-file", str(tmp_path / "k")]) == 0
    said = capsys.readouterr().out
    key = said.split("public key ")[1].strip(" )\n")
    assert main(["profile", "check", str(profile), "--key", key]) == 0
    said = capsys.readouterr().out
    assert "lane-box-basic@1:" in said
    assert "the signature holds" in said
    assert load(profile, public_key_from_hex(key)).profile.id == "lane-box-basic"


def test_signing_again_uses_the_same_key_and_gives_the_same_signature(profile: Path, tmp_path: Path) -> None:
    asked = ["profile", "sign", str(profile), "--key-file", str(tmp_path / "k")]
    assert main(asked) == 0
    first = signature_path(profile).read_bytes()
    assert main(asked) == 0
    assert signature_path(profile).read_bytes() == first


def test_a_profile_that_was_changed_after_signing_does_not_pass(
    profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["profile", "sign", str(profile), "--key-file", str(tmp_path / "k")])
    profile.write_bytes(profile.read_bytes() + b"# more\n")
    capsys.readouterr()
    key = profile_key(tmp_path / "k").public.hex()
    assert main(["profile", "check", str(profile), "--key", key]) == 2
    assert "altered after signing" in capsys.readouterr().err


def test_without_a_key_the_signature_is_not_asked_and_that_is_said(
    profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["profile", "check", str(profile)]) == 0
    assert "its signature was not asked" in capsys.readouterr().out


def test_what_is_refused_is_not_signed_and_leaves_no_key_behind(profile: Path, tmp_path: Path) -> None:
    profile.write_text("id = 5")
    assert main(["profile", "sign", str(profile), "--key-file", str(tmp_path / "k")]) == 2
    assert not signature_path(profile).exists()
    assert not (tmp_path / "k").exists()


def test_a_new_private_key_is_for_its_owner_only(tmp_path: Path) -> None:
    made = profile_key(tmp_path / "k")
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert profile_key(tmp_path / "k").public == made.public


@pytest.mark.parametrize("content", [b"", b"zz" * 32, b"ab" * 31, b"\xff" * 64])
def test_a_key_file_that_holds_no_key_is_said_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k").write_bytes(content)
    with pytest.raises(UsageError, match="cannot be used"):
        profile_key(tmp_path / "k")
    assert (tmp_path / "k").read_bytes() == content


def test_a_key_file_in_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        profile_key(tmp_path / "no" / "k")
