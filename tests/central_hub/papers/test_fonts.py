import gzip
import os
import zlib
from pathlib import Path

import pytest

from central_hub.papers import PaperError, fonts
from central_hub.papers.fonts import CARRIED_FONT_BYTES_MIN, find_font, packed_fonts

NOWHERE: tuple[Path, ...] = ()


def like_font(size: int) -> bytes:
    return b"\x00\x01\x00\x00" + os.urandom(size)


def test_a_font_is_found_where_the_system_has_none() -> None:
    font = find_font(folders=NOWHERE)
    assert "OpenCV" in font.source
    assert font.data[:4] == b"\x00\x01\x00\x00"


def test_a_named_file_comes_first_and_a_font_of_the_system_second(tmp_path: Path) -> None:
    carried = find_font(folders=NOWHERE)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "wqy-microhei.ttf").write_bytes(carried.data)
    (tmp_path / "NotoSansCJK-Regular.ttc").write_bytes(b"no font")
    assert find_font(folders=(tmp_path,)).source == "wqy-microhei.ttf"
    named = tmp_path / "ours.ttf"
    named.write_bytes(carried.data)
    assert find_font(named, folders=(tmp_path,)) == fonts.Font(carried.data, 0, "ours.ttf")


@pytest.mark.parametrize("data", [b"", b"OTTO", b"\x00\x01\x00\x00", b"\x00\x01\x00\x00" + b"\xff" * 400])
def test_a_named_file_that_is_no_usable_font_is_refused_and_nothing_else_is_taken(tmp_path: Path, data: bytes) -> None:
    named = tmp_path / "ours.ttf"
    named.write_bytes(data)
    with pytest.raises(PaperError, match=r"ours\.ttf is no TrueType font with Chinese letters"):
        find_font(named)


def test_a_named_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    named = tmp_path / "ours.ttf"
    named.write_bytes(find_font(folders=NOWHERE).data[:100_000])
    with pytest.raises(PaperError, match="is no TrueType font"):
        find_font(named)


def test_a_named_file_that_is_missing_or_far_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PaperError, match="cannot be read: No such file"):
        find_font(tmp_path / "none.ttf")
    with (tmp_path / "huge.ttf").open("wb") as file:
        file.truncate(fonts.FONT_BYTES_MAX + 1)
    with pytest.raises(PaperError, match="has more than"):
        find_font(tmp_path / "huge.ttf")


def test_without_any_font_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    with pytest.raises(PaperError, match="install fonts-wqy-microhei"):
        find_font(folders=NOWHERE)


def test_packed_fonts_are_found_between_other_bytes_and_damaged_ones_are_left_out(tmp_path: Path) -> None:
    large, small = like_font(CARRIED_FONT_BYTES_MIN), like_font(1_000)
    damaged = bytearray(gzip.compress(like_font(CARRIED_FONT_BYTES_MIN), 1))
    damaged[len(damaged) // 2] ^= 0xFF
    library = tmp_path / "library.so"
    parts = (b"\x1f\x8b\x08 not packed", gzip.compress(b"text"), gzip.compress(small), gzip.compress(large, 1), damaged)
    library.write_bytes(b"between".join(bytes(part) for part in parts))
    assert packed_fonts(library) == [large]


def test_a_packed_font_that_is_cut_off_or_a_bomb_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "library.so"
    library.write_bytes(gzip.compress(like_font(CARRIED_FONT_BYTES_MIN), 1)[:-20])
    assert packed_fonts(library) == []
    library.write_bytes(gzip.compress(b"\x00\x01\x00\x00" + bytes(5 * CARRIED_FONT_BYTES_MIN)))
    monkeypatch.setattr(fonts, "FONT_BYTES_MAX", 4 * CARRIED_FONT_BYTES_MIN)
    assert packed_fonts(library) == []


def test_a_library_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.so").touch()
    for name in ("empty.so", "none.so"):
        with pytest.raises(PaperError, match="cannot be read"):
            packed_fonts(tmp_path / name)


def test_a_library_with_packed_fonts_but_no_chinese_one_gives_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cv2.so").write_bytes(gzip.compress(like_font(CARRIED_FONT_BYTES_MIN), 1))

    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(fonts, "find_spec", lambda _: Spec)
    with pytest.raises(PaperError, match="no font with Chinese letters"):
        find_font(folders=NOWHERE)


def test_the_bytes_that_are_looked_for_are_those_that_gzip_writes() -> None:
    assert gzip.compress(b"")[:3] == b"\x1f\x8b\x08"
    assert zlib.MAX_WBITS + 16 == 31
