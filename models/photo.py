"""Opens one photo: says what it is, refuses what cannot be a whole photo, and decodes it upright.

It knows the containers of JPEG (ISO/IEC 10918-1) and PNG (ISO/IEC 15948) well enough to find size, turn and end without
decoding a pixel, so that a decompression bomb is refused from its header. It leaves to others where photos come from,
where they are kept, and what is on them.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.evidence import PhotoRef
from models import ModelError

Pixels = NDArray[np.uint8]
_Part = TypeVar("_Part")

_JPEG_START = b"\xff\xd8\xff"
_PNG_START = b"\x89PNG\r\n\x1a\n"
# What cameras and phones write besides; said by name, for "take it again" would give the same file again.
_OTHER_FORMATS = (
    (re.compile(rb"GIF8[79]a"), "GIF picture"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "WebP picture"),
    (re.compile(rb".{4}ftyp(?:he[iv][cmsx]|mif1|msf1)", re.DOTALL), "HEIC picture"),
    (re.compile(rb".{4}ftyp", re.DOTALL), "video or AVIF picture"),
    (re.compile(rb"BM.{4}\0{4}", re.DOTALL), "BMP picture"),
    (re.compile(rb"II\*\0|MM\0\*"), "TIFF or raw picture"),
)
# Frame headers SOF0 to SOF15, without DHT (C4), JPG (C8) and DAC (CC), which share their range. Baseline, extended and
# progressive Huffman coding are taken; arithmetic, lossless and hierarchical coding no browser shows to an auditor.
_JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_TAKEN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_JPEG_PROGRESSIVE_FRAME = 0xC2
_JPEG_FRAME_BYTES_MIN = 9
_JPEG_SCAN_MARKER = 0xDA
_JPEG_END_MARKER = 0xD9
_JPEG_EXIF_MARKER = 0xE1
_JPEG_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
# Inside entropy-coded data FF is followed by 00 (stuffing), a restart marker or fill; anything else ends the scan.
_JPEG_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_COEFFICIENT_BYTES = 2
_PNG_HEADER_BYTES = 13
_PNG_FRAME_BYTES = 12
_PNG_DEEP_BITS = 16
# Channels that OpenCV makes of the colour types: palette and grey with alpha become four.
_PNG_CHANNELS = {0: 1, 2: 3, 3: 4, 4: 4, 6: 4}
# OpenCV holds a PNG picture twice while it decodes (measured with 5.0).
_PNG_COPIES = 2
_WORD_BYTES = 2
_MEGABYTE = 1_000_000

_EXIF_START = b"Exif\x00\x00"
_EXIF_BYTE_ORDERS: dict[bytes, Literal["little", "big"]] = {b"II*\x00": "little", b"MM\x00*": "big"}
_EXIF_ORIENTATION_TAG = 0x0112
_EXIF_SHORT = 3
_EXIF_ENTRY_BYTES = 12
_ORIENTATIONS = range(1, 9)
# Orientations from 5 on change rows with columns first; what cv2.flip does then.
_TRANSPOSED_FROM = 5
_FLIPS = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}

_REDUCTIONS = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))
_ALPHA_CHANNELS = 4
_BYTE_BITS = 8
_HALF = 128
_WHITE = 255
# Rows laid on a background at a time, so that a large picture is never held a third time.
_BAND_ROWS = 256


class PhotoError(ModelError):
    """A file that is no whole photo, or none that is taken.

    code: one of "photo.empty", "photo.not_an_image", "photo.format" (a picture of another kind), "photo.truncated",
    "photo.too_large", "photo.too_many_pixels". The text is one plain sentence or two for the person who sent the file.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class PhotoLimits:
    """What a photo may cost: its bytes as sent, its pixels once decoded, and the work between.

    photo_unpacked_bytes_max: memory for what cannot be decoded in reduced size (PNG, progressive JPEG).
    photo_scans_max: passes over a progressive JPEG; cameras and programs make about ten.
    photo_parts_max: segments of a JPEG or chunks of a PNG.
    """

    photo_bytes_max: int = 16 * 1024 * 1024
    photo_pixels_max: int = 120_000_000
    photo_side_pixels_max: int = 65_535
    photo_unpacked_bytes_max: int = 150_000_000
    photo_scans_max: int = 32
    photo_parts_max: int = 20_000


@dataclass(frozen=True, kw_only=True)
class Photo:
    """One photo that is whole, as far as its container says.

    digest: SHA-256 of the bytes, lower-case hexadecimal. media: "image/jpeg" or "image/png". size: bytes.
    width, height: pixels as stored, before any EXIF rotation. orientation: 1 to 8, how EXIF (tag 0112) has it turned.
    """

    digest: str
    media: str
    size: int
    width: int
    height: int
    orientation: int = 1
    data: bytes = field(repr=False)

    def ref(self) -> PhotoRef:
        """Return the reference under which facts name this photo."""
        return PhotoRef(digest=self.digest, media=self.media, size=self.size, width=self.width, height=self.height)

    def pixels(self, longest_side_max: int) -> Pixels:
        """Return the upright photo, BGR, shape (height, width, 3), 0 to 255, no side above `longest_side_max` pixels.

        A photo is never enlarged. 16-bit pictures are spread so that the smallest 2**n - 1 that holds their brightest
        value is white; what is transparent becomes white, or black where all that can be seen is light.
        Raises PhotoError "photo.not_an_image" where the content cannot be decoded.
        """
        image = _decoded(self.data, self._decoding_mode(longest_side_max))
        flat = _flattened(_eight_bits(image))
        upright = _turned(self._resized(flat, longest_side_max), self.orientation)
        return _as_pixels(upright if upright.ndim > 2 else cv2.cvtColor(upright, cv2.COLOR_GRAY2BGR))  # noqa: PLR2004

    def _decoding_mode(self, longest_side_max: int) -> int:
        # libjpeg leaves out what a smaller picture does not show, which saves most of the time and memory of a large
        # one. A PNG must be unpacked whole in any case, and only unchanged does it keep depth and transparency.
        if self.media == "image/png":
            return cv2.IMREAD_UNCHANGED
        longest = max(self.width, self.height)
        mode = next((mode for factor, mode in _REDUCTIONS if longest >= factor * longest_side_max), cv2.IMREAD_COLOR)
        return mode | cv2.IMREAD_IGNORE_ORIENTATION

    def _resized(self, image: Pixels, longest_side_max: int) -> Pixels:
        scale = min(1.0, longest_side_max / max(self.width, self.height))
        width, height = (max(1, round(side * scale)) for side in (self.width, self.height))
        if image.shape[:2] == (height, width):
            return image
        # Below half the size, bilinear sampling would skip pixels; above, it averages as well and is five times faster.
        halves = max(image.shape[:2]) >= 2 * max(width, height)
        method = cv2.INTER_AREA if halves else cv2.INTER_LINEAR
        return _as_pixels(cv2.resize(image, (width, height), interpolation=method))


@dataclass(frozen=True, kw_only=True)
class _Header:
    """What a container says: orientation is 0 where it says none, unpacked_bytes what no reduced decoding saves."""

    width: int
    height: int
    orientation: int
    unpacked_bytes: int


def open_photo(data: bytes, limits: PhotoLimits) -> Photo:
    """Return the photo held in `data`, a whole JPEG or PNG file; what follows its end is left unread.

    Raises PhotoError with the code of the first thing that is wrong with it.
    """
    if not data:
        raise PhotoError("photo.empty", "The file is empty; take the photo again.")
    if len(data) > limits.photo_bytes_max:
        raise PhotoError(
            "photo.too_large", f"The file has {len(data)} bytes; at most {limits.photo_bytes_max} are accepted."
        )
    if data.startswith(_JPEG_START):
        media, header = "image/jpeg", _jpeg_header(data, limits)
    elif data.startswith(_PNG_START):
        media, header = "image/png", _png_header(data, limits)
    else:
        raise _of_other_format(data)
    _check_size(header, limits)
    return Photo(
        digest=hashlib.sha256(data).hexdigest(),
        media=media,
        size=len(data),
        width=header.width,
        height=header.height,
        orientation=header.orientation or 1,
        data=data,
    )


def _truncated() -> PhotoError:
    return PhotoError("photo.truncated", "The file ends before the photo does; send or take it again.")


def _undecodable() -> PhotoError:
    return PhotoError("photo.not_an_image", "The file claims to be a photo, but its content cannot be decoded.")


def _of_other_format(data: bytes) -> PhotoError:
    name = next((name for magic, name in _OTHER_FORMATS if magic.match(data)), "")
    if not name:
        return PhotoError("photo.not_an_image", "The file is neither a JPEG nor a PNG photo.")
    return PhotoError("photo.format", f"The file is a {name}; set the camera to JPEG, or save it as JPEG or PNG.")


def _check_size(header: _Header, limits: PhotoLimits) -> None:
    size = f"The photo has {header.width} x {header.height} pixels"
    pixels_max, side_max = limits.photo_pixels_max, limits.photo_side_pixels_max
    bytes_max = limits.photo_unpacked_bytes_max
    if not header.width or not header.height:
        raise _undecodable()
    if header.width * header.height > pixels_max or max(header.width, header.height) > side_max:
        text = f"{size}; at most {pixels_max} pixels, and {side_max} a side, are accepted."
        raise PhotoError("photo.too_many_pixels", text)
    if header.unpacked_bytes > bytes_max:
        unpacked = f"{size}, {header.unpacked_bytes // _MEGABYTE} MB unpacked; at most {bytes_max // _MEGABYTE} MB"
        raise PhotoError("photo.too_many_pixels", f"{unpacked} are accepted. Send it as an ordinary (baseline) JPEG.")


def _counted(parts: Iterable[_Part], parts_max: int) -> Iterator[_Part]:
    for count, part in enumerate(parts):
        if count >= parts_max:
            raise PhotoError("photo.not_an_image", f"The file is cut into more than {parts_max} parts; no photo is.")
        yield part


def _jpeg_header(data: bytes, limits: PhotoLimits) -> _Header:
    """Walk the segments to the end of image."""
    frames: list[tuple[int, bytes]] = []
    orientation, scans = 0, 0
    for marker, body in _counted(_jpeg_segments(data), limits.photo_parts_max):
        if marker in _JPEG_FRAME_MARKERS:
            frames.append((marker, body))
        elif marker == _JPEG_EXIF_MARKER and body.startswith(_EXIF_START):
            orientation = orientation or _orientation(body[len(_EXIF_START) :])
        scans += marker == _JPEG_SCAN_MARKER
    # A second frame header could announce another size than the one that is decoded.
    if len(frames) != 1 or len(frames[0][1]) < _JPEG_FRAME_BYTES_MIN:
        raise _undecodable()
    if scans > limits.photo_scans_max:
        raise PhotoError("photo.format", f"The JPEG has {scans} scans; save it as an ordinary (baseline) JPEG.")
    return _jpeg_frame(*frames[0], orientation=orientation, scans=scans)


def _jpeg_frame(marker: int, body: bytes, *, orientation: int, scans: int) -> _Header:
    if marker not in _JPEG_TAKEN_FRAMES or body[0] != _BYTE_BITS:
        kind = f"The JPEG is of a kind (SOF{marker & 15}, {body[0]} bits) that few programs show"
        raise PhotoError("photo.format", f"{kind}; save it as an ordinary (baseline) JPEG.")
    height, width = (int.from_bytes(body[at : at + _WORD_BYTES], "big") for at in (1, 3))
    sampling = [(factors >> 4) * (factors & 15) for factors in islice(body, 7, None, 3)]
    whole = marker == _JPEG_PROGRESSIVE_FRAME or scans > 1
    samples = width * height * sum(sampling) // max(*sampling, 1) if whole else 0
    unpacked_bytes = samples * _JPEG_COEFFICIENT_BYTES
    return _Header(width=width, height=height, orientation=orientation, unpacked_bytes=unpacked_bytes)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (marker, body) up to the end of image; entropy-coded data is passed over, bare markers have no body."""
    at = 2
    while True:
        marker, at = _jpeg_marker(data, at)
        if marker == _JPEG_END_MARKER:
            return
        if marker in _JPEG_BARE_MARKERS:
            yield marker, b""
            continue
        length = int.from_bytes(data[at : at + _WORD_BYTES], "big")
        if at + length > len(data) or length < _WORD_BYTES:
            raise _truncated()
        yield marker, data[at + _WORD_BYTES : at + length]
        at += length
        if marker == _JPEG_SCAN_MARKER:
            at = _jpeg_scan_end(data, at)


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


def _png_header(data: bytes, limits: PhotoLimits) -> _Header:
    """Walk the chunks to IEND; the first must be the header, or the decoder would see another one."""
    chunks = _counted(_png_chunks(data), limits.photo_parts_max)
    first, head = next(chunks)
    orientation = max((_orientation(bytes(body)) for kind, body in chunks if kind == b"eXIf"), default=0)
    if first != b"IHDR" or len(head) != _PNG_HEADER_BYTES or head[9] not in _PNG_CHANNELS:
        raise _undecodable()
    width, height = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:8], "big")
    pixel_bytes = _PNG_CHANNELS[head[9]] * (2 if head[8] == _PNG_DEEP_BITS else 1)
    unpacked_bytes = width * height * pixel_bytes * _PNG_COPIES
    return _Header(width=width, height=height, orientation=orientation, unpacked_bytes=unpacked_bytes)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield (kind, body) of every chunk up to IEND, check sums compared."""
    at = len(_PNG_START)
    kind = b""
    view = memoryview(data)
    while kind != b"IEND":
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if at + _PNG_FRAME_BYTES + length > len(data):
            raise _truncated()
        end = at + 8 + length
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise _undecodable()
        yield kind, view[at + 8 : end]
        at = end + 4


def _orientation(exif: bytes) -> int:
    """Return the orientation (1 to 8) that the first directory of an EXIF block names; 0 where it names none."""
    order = _EXIF_BYTE_ORDERS.get(exif[:4])
    if order is None:
        return 0
    start = int.from_bytes(exif[4:8], order)
    count = int.from_bytes(exif[start : start + _WORD_BYTES], order)
    for entry in range(min(count, len(exif) // _EXIF_ENTRY_BYTES)):
        at = start + _WORD_BYTES + entry * _EXIF_ENTRY_BYTES
        tag, kind, value = (int.from_bytes(exif[at + o : at + o + _WORD_BYTES], order) for o in (0, 2, 8))
        if (tag, kind) == (_EXIF_ORIENTATION_TAG, _EXIF_SHORT) and value in _ORIENTATIONS:
            return value
    return 0


def _decoded(data: bytes, mode: int) -> NDArray[Any]:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error as error:
        raise _undecodable() from error
    if image is None:
        raise _undecodable()
    return np.asarray(image)


def _eight_bits(image: NDArray[Any]) -> Pixels:
    """Return 16-bit values as 8-bit ones; cameras fill 10, 12, 14 or all bits, and cutting would leave them black.

    A whole number of bits is shifted out, so that a picture that only uses fewer bits gives the same pixels.
    """
    if image.dtype != np.uint16:
        return _as_pixels(image)
    colours = image[:, :, :3] if image.ndim > 2 else image  # noqa: PLR2004
    np.right_shift(colours, max(0, int(colours.max()).bit_length() - _BYTE_BITS), out=colours)
    if image.shape[2:] == (_ALPHA_CHANNELS,):
        np.right_shift(image[:, :, 3], _BYTE_BITS, out=image[:, :, 3])
    return image.astype(np.uint8)


def _flattened(image: Pixels) -> Pixels:
    """Return BGRA laid on white, or on black where what can be seen is light: so dark and light ink both stay legible.

    Grey and BGR are returned as they are.
    """
    if image.shape[2:] != (_ALPHA_CHANNELS,):
        return image
    seen = (image[:, :, 3] >= _HALF).view(np.uint8)
    light = cv2.mean(cv2.cvtColor(image, cv2.COLOR_BGRA2GRAY), mask=seen)[0] >= _HALF
    background = np.uint16(0 if light else _WHITE)
    flat = np.empty((*image.shape[:2], 3), dtype=np.uint8)
    for top in range(0, len(image), _BAND_ROWS):
        band = image[top : top + _BAND_ROWS]
        opacity = band[:, :, 3:].astype(np.uint16)
        flat[top : top + _BAND_ROWS] = (band[:, :, :3] * opacity + background * (_WHITE - opacity) + _HALF) // _WHITE
    return flat


def _turned(image: Pixels, orientation: int) -> Pixels:
    seen = cv2.transpose(image) if orientation >= _TRANSPOSED_FROM else image
    return _as_pixels(cv2.flip(seen, _FLIPS[orientation]) if orientation in _FLIPS else seen)


def _as_pixels(image: object) -> Pixels:
    return np.ascontiguousarray(image, dtype=np.uint8)
