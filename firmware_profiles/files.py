"""Reads signed profiles from disk, and those that are shipped. What is right in them is decided in `signed`."""

from importlib.resources import files
from pathlib import Path

from msgspec import Struct

from firmware_profiles import ProfileError
from firmware_profiles.parsing import PROFILE_BYTES_MAX
from firmware_profiles.schema import Profile
from firmware_profiles.signed import SIGNATURE_FILE_BYTES_MAX, open_signed, reference


class ProfileFileError(ProfileError):
    """A file of a profile that is missing, too large or cannot be read."""


class LoadedProfile(Struct, frozen=True):
    """A profile and the name that facts give it (see `signed.profile_id`); overridden addresses do not change it."""

    profile: Profile
    reference: str


def signature_path(path: Path) -> Path:
    """Return where the signature of a profile stands: `NAME.toml.sig` beside `NAME.toml`."""
    return path.with_name(f"{path.name}.sig")


def load(path: Path, public_key: bytes, *, version_min: int = 1) -> LoadedProfile:
    """Return the signed profile at `path`, checked with `public_key` (Ed25519, 32 bytes).

    version_min: the version that was in force before; an older one is refused. Raises ProfileFileError when the
    profile or its signature cannot be read, ProfileSignatureError or ProfileError when it is refused.
    """
    text = _read(path, bytes_max=PROFILE_BYTES_MAX)
    signature = _read(signature_path(path), bytes_max=SIGNATURE_FILE_BYTES_MAX)
    profile = open_signed(text, signature, public_key, name=path.name, version_min=version_min)
    return LoadedProfile(profile, reference(profile, text))


def shipped_profile_names() -> tuple[str, ...]:
    """Return the sorted names of the profiles that come with the code, without `.toml`."""
    entries = (entry.name for entry in (files(__package__) / "profiles").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in entries if name.endswith(".toml")))


def shipped_profile(name: str) -> bytes:
    """Return the bytes of a profile that comes with the code. It is unsigned: each operator signs with its own key.

    Raises ProfileFileError when there is none of that name.
    """
    names = shipped_profile_names()
    if name not in names:
        raise ProfileFileError(f"no shipped profile named {name[:40]!r}; there are {', '.join(names)}")
    return (files(__package__) / "profiles" / f"{name}.toml").read_bytes()


def _read(path: Path, *, bytes_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except OSError as error:
        raise ProfileFileError(f"{path.name}: cannot be read: {error.strerror}") from error
    if len(content) > bytes_max:
        raise ProfileFileError(f"{path.name}: too large, at most {bytes_max} bytes")
    return content
