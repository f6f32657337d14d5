import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_profiles import ProfileError
from firmware_profiles.files import shipped_profile
from firmware_profiles.signed import ProfileSignatureError, open_signed, profile_id, reference, sign_profile
from inspection.signing import SigningKey

KEY = SigningKey(b"operator's key, for these tests.")
OTHER_KEY = SigningKey(b"somebody else's key, 32 bytes !!")
TEXT = shipped_profile("pda-basic")
SIGNATURE = sign_profile(TEXT, KEY)


def test_a_signed_profile_opens_with_the_key_that_signed_it() -> None:
    profile = open_signed(TEXT, SIGNATURE, KEY.public)
    assert profile.id == "pda-basic"
    assert open_signed(TEXT, SIGNATURE.replace(b"\n", b"\r\n"), KEY.public) == profile


def test_another_key_is_named() -> None:
    with pytest.raises(ProfileSignatureError, match=r"x\.toml: signed by key [0-9a-f]{16}, not by the expected"):
        open_signed(TEXT, SIGNATURE, OTHER_KEY.public, name="x.toml")


def test_a_signature_of_another_key_under_the_right_name_does_not_pass() -> None:
    fingerprint = hashlib.sha256(KEY.public).hexdigest()[:16].encode()
    fields = sign_profile(TEXT, OTHER_KEY).split()
    forged = b" ".join([*fields[:2], fingerprint, fields[3]])
    with pytest.raises(ProfileSignatureError, match="altered after signing"):
        open_signed(TEXT, forged, KEY.public)


@given(st.integers(0, len(TEXT) - 1), st.integers(1, 255))
def test_no_altered_byte_of_the_profile_passes(at: int, flip: int) -> None:
    altered = bytearray(TEXT)
    altered[at] ^= flip
    with pytest.raises(ProfileSignatureError, match=r"pda\.toml: it or its signature was altered"):
        open_signed(bytes(altered), SIGNATURE, KEY.public, name="pda.toml")


@given(st.integers(0, len(SIGNATURE) - 2), st.integers(1, 255))
def test_no_altered_byte_of_the_signature_file_passes_unless_it_is_the_hint(at: int, flip: int) -> None:
    altered = bytearray(SIGNATURE)
    altered[at] ^= flip
    try:
        open_signed(TEXT, bytes(altered), KEY.public)
    except ProfileSignatureError:
        return
    fields = [bytes(altered).split()[field] == SIGNATURE.split()[field] for field in (0, 1, 3)]
    assert all(fields)


@given(st.integers(0, len(SIGNATURE) - 2))
def test_a_truncated_signature_is_refused(length: int) -> None:
    with pytest.raises(ProfileSignatureError, match=r"p\.toml\.sig: not a whole signature file"):
        open_signed(TEXT, SIGNATURE[:length], KEY.public, name="p.toml")


def test_a_public_key_that_is_none_is_refused() -> None:
    with pytest.raises(ProfileSignatureError):
        open_signed(TEXT, SIGNATURE, b"short")


def test_a_signature_made_for_another_purpose_does_not_pass() -> None:
    fields = SIGNATURE.split()
    other = b" ".join([*fields[:3], KEY.sign("directive", TEXT).hex().encode()])
    with pytest.raises(ProfileSignatureError):
        open_signed(TEXT, other, KEY.public)


def signed_unread(text: bytes) -> bytes:
    fields = SIGNATURE.split()
    return b" ".join([*fields[:3], KEY.sign("profile", text).hex().encode()])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "x.toml: line 1: the profile is empty"),
        (b"a = 1\nb = '\xff'", r"x.toml: line 2: not UTF-8 \(byte 11\)"),
        (b"\xef\xbb\xbfa = 1", "x.toml: line 1: begins with a byte order mark"),
        (b"#" * 70_000, "x.toml: too large: 70000 bytes"),
        (b"a = ", "x.toml: not TOML"),
    ],
)
def test_a_good_signature_does_not_make_a_bad_profile_good(text: bytes, told: str) -> None:
    with pytest.raises(ProfileError, match=told):
        open_signed(text, signed_unread(text), KEY.public, name="x.toml")
    with pytest.raises(ProfileError):
        sign_profile(text, KEY)


def test_an_older_version_is_refused_although_it_was_signed_once() -> None:
    newer = TEXT.replace(b"version = 1 ", b"version = 3 ")
    assert open_signed(newer, sign_profile(newer, KEY), KEY.public, version_min=3).version == 3
    with pytest.raises(ProfileError, match="version 1 is older than 3"):
        open_signed(TEXT, SIGNATURE, KEY.public, version_min=3)


def test_facts_name_a_profile_by_id_version_and_digest() -> None:
    name = profile_id(TEXT)
    assert name == f"pda-basic@1:{hashlib.sha256(TEXT).hexdigest()[:16]}"
    assert reference(open_signed(TEXT, SIGNATURE, KEY.public), TEXT) == name
    assert profile_id(TEXT + b"# one more comment\n") != name
