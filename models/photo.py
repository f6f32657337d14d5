"""Opens one photo: says what it is, refuses what cannot be a whole photo, and decodes it upright.

It knows the containers of JPEG (ISO/IEC 10918-1) and PNG (ISO/IEC 15948) well enough to find size and end without
decoding a pixel, so that a decompression bomb is refused from its header. It leaves to others where photos come from,
where they are kept, and what is on them.
"""

import hashlib
import re
import zlib
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.evidence import PhotoRef
from models import ModelError

Pixels = NDArray[np.uint8]

_JPEG_START = b"\xff\xd8\xff"
_PNG_START = b"\x89PNG\r\n\x1a\n"
# Frame headers SOF0 to SOF15, without DHT (C4), JPG (C8) and DAC (CC), which share their range.
_JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN_MARKER = 0xDA
_JPEG_END_MARKER = 0xD9
_JPEG_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
# Inside entropy-coded data FF is followed by 00 (stuffing), a restart marker or fill; anything else ends the scan.
_JPEG_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_PNG_HEADER_BYTES = 13
_PNG_FRAME_BYTES = 12
_WORD_BYTES = 2
_REDUCED_SIDE_PIXELS_MIN = 16


class PhotoError(ModelError):
    """A file that is no whole photo.

    code: one of "photo.empty", "photo.not_an_image", "photo.truncated", "photo.too_large", "photo.too_many_pixels".
    The text is one plain sentence for the person who sent the file.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class PhotoLimits:
    """What a photo may cost: its bytes as sent, and its pixels once decoded."""

    photo_bytes_max: int = 16 * 1024 * 1024
    photo_pixels_max: int = 120_000_000


@dataclass(frozen=True, kw_only=True)
class Photo:
    """One photo that is whole, as far as its container says.

    digest: SHA-256 of the bytes, lower-case hexadecimal. media: "image/jpeg" or "image/png". size: bytes.
    width, height: pixels as stored, before any EXIF rotation.
    """

    digest: str
    media: str
    size: int
    width: int
    height: int
    data: bytes = field(repr=False)

    def ref(self) -> PhotoRef:
        """Return the reference under which facts name this photo."""
        return PhotoRef(digest=self.digest, media=self.media, size=self.size, width=self.width, height=self.height)

    def pixels(self, longest_side_max: int) -> Pixels:
        """Return the upright photo, BGR, shape (height, width, 3), 0 to 255, no side above `longest_side_max` pixels.

        A photo is never enlarged. Raises PhotoError "photo.not_an_image" where the content cannot be decoded.
        """
        image = _decoded(self.data, _decoding_mode((self.width, self.height), longest_side_max))
        scale = longest_side_max / max(image.shape[:2])
        if scale >= 1:
            return image
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        return _as_pixels(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def open_photo(data: bytes, limits: PhotoLimits) -> Photo:
    """Return the photo held in `data`, a whole JPEG or PNG file.

    Raises PhotoError with the code of the first thing that is wrong with it.
    """
    if not data:
        raise PhotoError("photo.empty", "The file is empty; take the photo again.")
    if len(data) > limits.photo_bytes_max:
        raise PhotoError(
            "photo.too_large", f"The file has {len(data)} bytes; at most {limits.photo_bytes_max} are accepted."
        )
    if data.startswith(_JPEG_START):
        media, (width, height) = "image/jpeg", _jpeg_size(data)
    elif data.startswith(_PNG_START):
        media, (width, height) = "image/png", _png_size(data)
    else:
        raise PhotoError("photo.not_an_image", "The file is neither a JPEG nor a PNG photo.")
    if width * height > limits.photo_pixels_max:
        raise PhotoError(
            "photo.too_many_pixels",
            f"The photo has {width} x {height} pixels; at most {limits.photo_pixels_max} pixels are accepted.",
        )
    digest = hashlib.sha256(data).hexdigest()
    return Photo(digest=digest, media=media, size=len(data), width=width, height=height, data=data)


def _truncated() -> PhotoError:
    return PhotoError("photo.truncated", "The file ends before the photo does; send or take it again.")


def _undecodable() -> PhotoError:
    return PhotoError("photo.not_an_image", "The file claims to be a photo, but its content cannot be decoded.")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk the segments to the end of image and return (width, height) of the frame."""
    size = (0, 0)
    at = 2
    while True:
        marker, at = _jpeg_marker(data, at)
        if marker == _JPEG_END_MARKER:
            break
        if marker in _JPEG_BARE_MARKERS:
            continue
        length = int.from_bytes(data[at : at + _WORD_BYTES], "big")
        if at + length > len(data) or length < _WORD_BYTES:
            raise _truncated()
        if marker in _JPEG_FRAME_MARKERS:
            height, width = (int.from_bytes(data[at + o : at + o + _WORD_BYTES], "big") for o in (3, 5))
            size = (width, height)
        at += length
        if marker == _JPEG_SCAN_MARKER:
            at = _jpeg_scan_end(data, at)
    return _checked_size(size)


def _jpeg_marker(data: bytes, at: int) -> tuple[int, int]:
    """Return the marker at `at` (fill bytes skipped) and the place after it."""
    if at >= len(data):
        raise _truncated()
    if data[at] != 0xFF:  # noqa: PLR2004 - every marker starts with FF
        raise _undecodable()
    while at < len(data) and data[at] == 0xFF:  # noqa: PLR2004
        at += 1
    if at >= len(data):
        raise _truncated()
    if not data[at]:
        raise _undecodable()
    return data[at], at + 1


def _jpeg_scan_end(data: bytes, at: int) -> int:
    found = _JPEG_AFTER_SCAN.search(data, at)
    if not found:
        raise _truncated()
    return found.start()


def _png_size(data: bytes) -> tuple[int, int]:
    """Walk the chunks, check sums included, to IEND and return (width, height)."""
    size = (0, 0)
    at = len(_PNG_START)
    kind = b""
    while kind != b"IEND":
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if at + _PNG_FRAME_BYTES + length > len(data):
            raise _truncated()
        body_end = at + 8 + length
        if zlib.crc32(memoryview(data)[at + 4 : body_end]) != int.from_bytes(data[body_end : body_end + 4], "big"):
            raise _undecodable()
        if kind == b"IHDR" and length == _PNG_HEADER_BYTES:
            size = (int.from_bytes(data[at + 8 : at + 12], "big"), int.from_bytes(data[at + 12 : at + 16], "big"))
        at += _PNG_FRAME_BYTES + length
    return _checked_size(size)


def _checked_size(size: tuple[int, int]) -> tuple[int, int]:
    if 0 in size:
        raise _undecodable()
    return size


def _decoding_mode(size: tuple[int, int], longest_side_max: int) -> int:
    # libjpeg halves and quarters while decoding, which saves most of the time of a large photo; a picture of a few
    # rows would be reduced to none.
    longest = max(size)
    if min(size) < _REDUCED_SIDE_PIXELS_MIN:
        return cv2.IMREAD_COLOR
    if longest >= 4 * longest_side_max:
        return cv2.IMREAD_REDUCED_COLOR_4
    if longest >= 2 * longest_side_max:
        return cv2.IMREAD_REDUCED_COLOR_2
    return cv2.IMREAD_COLOR


def _decoded(data: bytes, mode: int) -> Pixels:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error as error:
        raise _undecodable() from error
    if image is None:
        raise _undecodable()
    return _as_pixels(image)


def _as_pixels(image: object) -> Pixels:
    return np.ascontiguousarray(image, dtype=np.uint8)
