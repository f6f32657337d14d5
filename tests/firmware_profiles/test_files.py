from pathlib import Path
from typing import get_args

import pytest

from firmware_profiles import ProfileError
from firmware_profiles.files import ProfileFileError, load, shipped_profile, shipped_profile_names, signature_path
from firmware_profiles.parsing import parse_profile
from firmware_profiles.signed import ProfileSignatureError, profile_id, sign_profile
from inspection.checklist import PhotoRole
from inspection.signing import SigningKey

KEY = SigningKey(b"operator's key, for these tests.")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    text = shipped_profile("pda-basic")
    place = tmp_path / "pda.toml"
    place.write_bytes(text)
    signature_path(place).write_bytes(sign_profile(text, KEY))
    return place


def test_a_signed_profile_is_loaded_with_its_reference(path: Path) -> None:
    loaded = load(path, KEY.public)
    assert loaded.profile.id == "pda-basic"
    assert loaded.reference == profile_id(path.read_bytes())


def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileFileError, match=r"pda\.toml: cannot be read: No such file"):
        load(tmp_path / "pda.toml", KEY.public)


def test_a_missing_signature_is_named(path: Path) -> None:
    signature_path(path).unlink()
    with pytest.raises(ProfileFileError, match=r"pda\.toml\.sig: cannot be read"):
        load(path, KEY.public)


@pytest.mark.parametrize("name", ["pda.toml", "pda.toml.sig"])
def test_a_file_that_is_too_large_is_refused(path: Path, name: str) -> None:
    path.with_name(name).write_bytes(b"#" * 100_000)
    with pytest.raises(ProfileFileError, match=f"{name}: too large, at most"):
        load(path, KEY.public)


def test_a_folder_in_place_of_a_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileFileError, match="cannot be read"):
        load(tmp_path, KEY.public)


def test_a_profile_that_was_edited_after_signing_is_refused_with_its_name(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"tries_max = 5", b"tries_max = 6"))
    with pytest.raises(ProfileSignatureError, match=r"^pda\.toml: it or its signature was altered"):
        load(path, KEY.public)


def test_an_older_profile_is_refused(path: Path) -> None:
    with pytest.raises(ProfileError, match=r"pda\.toml: version 1 is older than 2"):
        load(path, KEY.public, version_min=2)


def test_both_kinds_of_device_have_a_shipped_profile() -> None:
    assert shipped_profile_names() == ("lane-box-basic", "pda-basic")


def test_a_shipped_profile_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ProfileFileError, match="there are lane-box-basic, pda-basic"):
        shipped_profile("../pda-basic")


def test_the_shots_of_shipped_profiles_are_photos_that_checklists_ask_for() -> None:
    for name in shipped_profile_names():
        profile = parse_profile(shipped_profile(name).decode())
        assert {shot.role for shot in profile.shots} <= set(get_args(PhotoRole))
