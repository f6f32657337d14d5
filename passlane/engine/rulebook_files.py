"""Rulebooks on the disk: a file, its signature beside it, a folder of them. Reads and writes; judges nothing."""

from pathlib import Path

from inspection.rules.signed import SIGNATURE_SUFFIX
from passlane import UsageError

FILE_BYTES_MAX = 512 * 1024


def read_text(path: Path) -> str:
    """Return a file's text as it is, without any change to its line ends; raises UsageError in one line."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            raise UsageError(f"{path} has more than {FILE_BYTES_MAX} bytes")
        return data.decode()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start})") from error


def signature_path(path: Path) -> Path:
    """Return where a rulebook's signature stands: NAME.toml.sig."""
    return path.with_name(path.name + SIGNATURE_SUFFIX)


def read_signed(path: Path) -> tuple[str, str, str]:
    """Return a rulebook's file name, its text and its signature file's text; raises UsageError."""
    return path.name, read_text(path), read_text(signature_path(path))


def read_folder(folder: Path) -> list[tuple[str, str, str]]:
    """Return the rulebooks of a folder with their signatures, by name; raises UsageError."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder")
    return [read_signed(path) for path in sorted(folder.glob("*.toml"))]


def write_signature(path: Path, signature: str) -> Path:
    """Write a rulebook's signature beside it; return where. Raises UsageError."""
    target = signature_path(path)
    try:
        target.write_text(signature, encoding="ascii")
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error
    return target
