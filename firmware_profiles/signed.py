"""Signs profiles, and opens them only when the signature holds. It knows bytes; files are left to `files`.

The signature stands beside the profile, in `NAME.toml.sig`, and not in a trailer inside it. So the profile stays what
its author wrote: any editor and any TOML reader takes it, its SHA-256 is the file's own, a second signature needs no
change of the first, and nobody has to say which bytes of the file are signed: all of them. The price is that two
files travel together; a missing one is refused with its name.

A signature file is one line of ASCII: `passlane-profile ed25519 FINGERPRINT SIGNATURE`. SIGNATURE is the Ed25519
signature (RFC 8032) in 128 hexadecimal characters. FINGERPRINT is the first 16 of the SHA-256 of the public key; it
is a hint that lets an error tell a wrong key from altered bytes, and nothing is trusted on account of it.
"""

import hashlib
import re

from firmware_profiles import ProfileError
from firmware_profiles.parsing import PROFILE_BYTES_MAX, parse_profile
from firmware_profiles.schema import Profile
from inspection.signing import SignatureError, SigningKey, verify

PURPOSE = "profile"
SIGNATURE_FILE_BYTES_MAX = 1_024
REFERENCE_DIGEST_CHARACTERS = 16

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SIGNATURE_LINE = re.compile(rb"passlane-profile ed25519 ([0-9a-f]{16}) ([0-9a-f]{128})\r?\n?\Z")


class ProfileSignatureError(ProfileError):
    """A profile whose signature does not hold, so that nothing in it may be believed."""


def sign_profile(text: bytes, key: SigningKey) -> bytes:
    """Return the signature file of a profile. The profile is read first: what is refused is never signed.

    Raises ProfileError.
    """
    parse_profile(_decoded(text))
    signature = key.sign(PURPOSE, text)
    return f"passlane-profile ed25519 {_fingerprint(key.public)} {signature.hex()}\n".encode("ascii")


def open_signed(
    text: bytes, signature: bytes, public_key: bytes, *, name: str = "profile", version_min: int = 1
) -> Profile:
    """Return the profile in `text` if the holder of `public_key` (32 bytes) signed exactly these bytes.

    1. The signature, over the bytes as they are. 2. UTF-8 and TOML. 3. The version: one below `version_min` is
    refused, since an old profile with a good signature is how a mended weakness is brought back (TUF §5, rollback).

    name: how errors call the profile. Raises ProfileSignatureError, or ProfileError when it cannot be read.
    """
    _check_signature(text, signature, public_key, name=name)
    try:
        profile = parse_profile(_decoded(text))
    except ProfileError as error:
        raise ProfileError(f"{name}: {error}") from None
    if profile.version < version_min:
        raise ProfileError(f"{name}: version {profile.version} is older than {version_min}, which was in force")
    return profile


def profile_id(text: bytes) -> str:
    """Return how facts name a profile: id, version, start of the SHA-256, e.g. `pda-basic@3:9f86d081884c7d65`.

    Raises ProfileError when it cannot be read.
    """
    return reference(parse_profile(_decoded(text)), text)


def reference(profile: Profile, text: bytes) -> str:
    """Return the same name as `profile_id` for a profile that has been read from `text` already."""
    return f"{profile.id}@{profile.version}:{hashlib.sha256(text).hexdigest()[:REFERENCE_DIGEST_CHARACTERS]}"


def _check_signature(text: bytes, signature: bytes, public_key: bytes, *, name: str) -> None:
    found = _SIGNATURE_LINE.match(signature)
    if found is None:
        raise ProfileSignatureError(f"{name}.sig: not a whole signature file ({len(signature)} bytes)")
    signed_by, signed = found.group(1).decode("ascii"), bytes.fromhex(found.group(2).decode("ascii"))
    try:
        verify(public_key, PURPOSE, text, signed)
    except SignatureError:
        expected = _fingerprint(public_key)
        if signed_by != expected:
            raise ProfileSignatureError(f"{name}: signed by key {signed_by}, not by the expected {expected}") from None
        raise ProfileSignatureError(f"{name}: it or its signature was altered after signing") from None


def _fingerprint(public_key: bytes) -> str:
    return hashlib.sha256(public_key).hexdigest()[:16]


def _decoded(text: bytes) -> str:
    if len(text) > PROFILE_BYTES_MAX:
        raise ProfileError(f"too large: {len(text)} bytes, a profile has at most {PROFILE_BYTES_MAX}")
    if text.startswith(_BYTE_ORDER_MARK):
        raise ProfileError("line 1: begins with a byte order mark; save it as UTF-8 without one")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise ProfileError(f"line {line}: not UTF-8 (byte {error.start})") from None
