"""Finds a font with Chinese letters that may be embedded into a PDF. Reads files, and opens no library.

In this order: the file that somebody names; a TrueType font of the system; the WenQuanYi Micro Hei (Apache 2.0, or GPL
with the font exception) that OpenCV 5 carries, packed by gzip, inside its own library file, and that is installed
wherever Passlane is. Fonts with PostScript outlines, as most packages of Noto CJK have, cannot be embedded here.
"""

import mmap
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from reportlab.pdfbase.ttfonts import TTFError, TTFontFile

from central_hub.papers import PaperError

SYSTEM_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
SYSTEM_NAMES = ("wqy-microhei*.tt[cf]", "wqy-zenhei*.tt[cf]", "NotoSansSC*.ttf", "NotoSansCJK*.tt[cf]")
FONT_BYTES_MAX = 64 * 1024 * 1024
CARRIED_FONT_BYTES_MIN = 2 * 1024 * 1024
"""OpenCV carries Latin fonts too, of less than half a megabyte; one with Chinese letters has several."""
PACKED_FONTS_MAX = 64
REQUIRED_LETTERS = "检验合格标志电子凭证号牌有效期至签发机关京沪粤川"
_GZIP_START = b"\x1f\x8b\x08"
_TRUETYPE_START = b"\x00\x01\x00\x00"
_GZIP = 16 + zlib.MAX_WBITS
_PEEKED_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Font:
    """A font file's bytes, which of its fonts is meant (for a collection), and where it came from."""

    data: bytes
    index: int
    source: str


def find_font(named: Path | None = None, *, folders: tuple[Path, ...] = SYSTEM_FOLDERS) -> Font:
    """Return a font that shows REQUIRED_LETTERS and can be embedded. Takes a second: the caller keeps it.

    named: a file to use and no other. Raises PaperError when it cannot be used, or when there is none anywhere.
    """
    if named is not None:
        font = _usable(named.name, _read(named))
        if font is None:
            raise PaperError(f"{named.name} is no TrueType font with Chinese letters that can be embedded")
        return font
    for path in _system_files(folders):
        font = _usable(path.name, _read(path))
        if font is not None:
            return font
    found = _carried_font()
    if found is None:
        raise PaperError("no font with Chinese letters was found: install fonts-wqy-microhei, or name a TrueType file")
    return found


def _system_files(folders: tuple[Path, ...]) -> Iterator[Path]:
    for pattern in SYSTEM_NAMES:
        for folder in folders:
            yield from sorted(folder.rglob(pattern))


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > FONT_BYTES_MAX:
            raise PaperError(f"{path.name} has more than {FONT_BYTES_MAX} bytes")
        return path.read_bytes()
    except OSError as error:
        raise PaperError(f"the font {path.name} cannot be read: {error.strerror}") from error


def _usable(source: str, data: bytes) -> Font | None:
    try:
        face = TTFontFile(BytesIO(data), subfontIndex=0)
    # All but the first: a damaged file, that is read as if it were whole.
    except (TTFError, struct.error, ArithmeticError, AssertionError, LookupError, ValueError):
        return None
    return Font(data, 0, source) if all(ord(letter) in face.charToGlyph for letter in REQUIRED_LETTERS) else None


def _carried_font() -> Font | None:
    spec = find_spec("cv2")
    places = list(spec.submodule_search_locations or ()) if spec else []
    for library in sorted(file for place in places for file in Path(place).glob("*.so")):
        fonts = sorted(packed_fonts(library), key=len, reverse=True)
        for data in fonts:
            font = _usable("WenQuanYi Micro Hei, as OpenCV carries it", data)
            if font is not None:
                return font
    return None


def packed_fonts(library: Path) -> list[bytes]:
    """Return the large TrueType fonts that stand in a file, each packed by gzip; at most PACKED_FONTS_MAX are opened.

    Raises PaperError when the file cannot be read.
    """
    try:
        with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            starts = [at for at in _starts(data) if _begins_font(data[at : at + _PEEKED_BYTES])]
            unpacked = [_unpacked(data[at : at + FONT_BYTES_MAX]) for at in starts[:PACKED_FONTS_MAX]]
    except (OSError, ValueError) as error:
        raise PaperError(f"{library.name} cannot be read: {error}") from error
    return [font for font in unpacked if len(font) >= CARRIED_FONT_BYTES_MIN]


def _starts(data: mmap.mmap) -> Iterator[int]:
    at = data.find(_GZIP_START)
    while at >= 0:
        yield at
        at = data.find(_GZIP_START, at + 1)


def _begins_font(packed: bytes) -> bool:
    try:
        return zlib.decompressobj(_GZIP).decompress(packed, len(_TRUETYPE_START)) == _TRUETYPE_START
    except zlib.error:
        return False


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        font = unpacker.decompress(packed, FONT_BYTES_MAX)
    except zlib.error:
        return b""
    # Its checksum stands at the end: what was not unpacked whole was not checked.
    return font if unpacker.eof else b""
