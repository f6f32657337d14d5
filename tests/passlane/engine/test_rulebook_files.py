from pathlib import Path

import pytest

from passlane import UsageError
from passlane.engine.rulebook_files import (
    FILE_BYTES_MAX,
    read_folder,
    read_signed,
    read_text,
    signature_path,
    write_signature,
)


def test_a_text_is_read_as_it_is_line_ends_included(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes("# 规则\r\n".encode())
    assert read_text(tmp_path / "a.toml") == "# 规则\r\n"


def test_a_folder_gives_its_rulebooks_with_their_signatures_by_name(tmp_path: Path) -> None:
    for name in ("b", "a"):
        path = tmp_path / f"{name}.toml"
        path.write_text(name)
        assert write_signature(path, f"signed {name}") == signature_path(path)
    (tmp_path / "notes.txt").write_text("x")
    assert read_folder(tmp_path) == [("a.toml", "a", "signed a"), ("b.toml", "b", "signed b")]


def test_what_cannot_be_read_or_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"\xff")
    (tmp_path / "big.toml").write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    (tmp_path / "unsigned.toml").write_text("x")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_text(tmp_path / "bad.toml")
    with pytest.raises(UsageError, match="more than"):
        read_text(tmp_path / "big.toml")
    with pytest.raises(UsageError, match=r"unsigned\.toml\.sig cannot be read"):
        read_signed(tmp_path / "unsigned.toml")
    with pytest.raises(UsageError, match="is no folder"):
        read_folder(tmp_path / "none")
    with pytest.raises(UsageError, match="cannot be written"):
        write_signature(tmp_path / "none" / "a.toml", "x")
