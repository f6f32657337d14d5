"""`passlane profile`: check and sign what a device kind is and runs."""

import argparse
import os
import secrets
from pathlib import Path

from firmware_profiles.files import load, signature_path
from firmware_profiles.parsing import PROFILE_BYTES_MAX, parse_profile
from firmware_profiles.signed import sign_profile
from inspection.signing import PRIVATE_KEY_BYTES, SignatureError, SigningKey, public_key_from_hex
from passlane import UsageError


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the parser."""
    profile = subcommands.add_parser(
        "profile",
        help="check or sign a device profile",
        description="check: read a profile and say what is wrong with it; with --key also that its signature holds. "
        "sign: check it and write FILE.sig; the private key file is made when it is not there.",
        epilog="example: passlane profile sign lane-box.toml --key-file profile.key",
    )
    profile.add_argument("action", choices=["check", "sign"], help="what to do")
    profile.add_argument("file", metavar="FILE", type=Path, help="the profile, a TOML file")
    profile.add_argument("--key", metavar="HEX", help="check: the public key that must have signed it")
    profile.add_argument("--key-file", metavar="FILE", type=Path, help="sign: the private key")
    profile.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check or sign a profile."""
    return _sign(options) if options.action == "sign" else _check(options)


def _check(options: argparse.Namespace) -> int:
    if options.key:
        try:
            key = public_key_from_hex(options.key)
        except SignatureError as error:
            raise UsageError(str(error)) from error
        print(f"{options.file}: {load(options.file, key).reference}, the signature holds")
        return 0
    profile = parse_profile(_text(options.file).decode())
    print(
        f"{options.file}: {profile.id} version {profile.version} ({profile.kind}) is sound; its signature was not asked"
    )
    return 0


def _sign(options: argparse.Namespace) -> int:
    if options.key_file is None:
        raise UsageError("profile sign needs --key-file FILE")
    text, target = _text(options.file), signature_path(options.file)
    # Before the key: what is refused leaves no key file behind.
    parse_profile(text.decode())
    key = profile_key(options.key_file)
    try:
        target.write_bytes(sign_profile(text, key))
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error
    print(f"signed: {target} (public key {key.public.hex()})")
    return 0


def _text(path: Path) -> bytes:
    try:
        data = path.read_bytes()[: PROFILE_BYTES_MAX + 1]
        data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    return data


def profile_key(path: Path) -> SigningKey:
    """Return the private key in `path`, made there (mode 0600) when there is none; raises UsageError."""
    try:
        if path.exists():
            return SigningKey.from_hex(path.read_text(encoding="ascii"))
        private = secrets.token_bytes(PRIVATE_KEY_BYTES)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(private.hex() + "\n")
    except (OSError, UnicodeDecodeError, SignatureError) as error:
        raise UsageError(f"the key file {path} cannot be used: {error}") from error
    return SigningKey(private)
