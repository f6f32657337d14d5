import hashlib
import struct
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from models.photo import PhotoError, PhotoLimits, open_photo

LIMITS = PhotoLimits()


def gradient(height: int, width: int) -> np.ndarray:
    row = np.linspace(0, 255, width, dtype=np.uint8)
    return np.repeat(np.repeat(row[None, :, None], 3, axis=2), height, axis=0)


def code_of(data: bytes, limits: PhotoLimits = LIMITS) -> str:
    with pytest.raises(PhotoError) as caught:
        open_photo(data, limits)
    assert str(caught.value).endswith(".")
    return caught.value.code


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_a_jpeg_is_described_by_its_bytes_and_its_size(as_file: Callable[..., bytes]) -> None:
    data = as_file(gradient(30, 50))
    photo = open_photo(data, LIMITS)
    assert (photo.media, photo.size, photo.width, photo.height) == ("image/jpeg", len(data), 50, 30)
    assert photo.digest == hashlib.sha256(data).hexdigest()
    assert photo.ref().digest == photo.digest
    assert photo.pixels(100).shape == (30, 50, 3)


def test_a_photo_does_not_show_its_bytes_in_a_log(as_file: Callable[..., bytes]) -> None:
    assert "data" not in repr(open_photo(as_file(gradient(4, 4)), LIMITS))


def test_an_empty_file_is_refused() -> None:
    assert code_of(b"") == "photo.empty"


@pytest.mark.parametrize("data", [b"%PDF-1.4 text", b"GIF89a" + bytes(40), b"\xff\xd8\xff\x00rest", bytes(100)])
def test_a_file_that_is_no_jpeg_or_png_is_refused(data: bytes) -> None:
    assert code_of(data) == "photo.not_an_image"


@pytest.mark.parametrize("extension", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.99])
def test_a_file_cut_off_anywhere_is_truncated(as_file: Callable[..., bytes], extension: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (80, 90, 3), dtype=np.uint8)
    data = as_file(noise, extension)
    assert code_of(data[: int(len(data) * share)]) == "photo.truncated"


def test_a_cut_off_jpeg_is_not_saved_by_the_end_mark_of_its_thumbnail(as_file: Callable[..., bytes]) -> None:
    thumbnail = as_file(gradient(8, 8))
    body = b"Exif\x00\x00" + thumbnail
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    whole = as_file(gradient(60, 60))
    data = whole[:2] + segment + whole[2:]
    assert open_photo(data, LIMITS).width == 60
    assert code_of(data[:-2]) == "photo.truncated"


def test_a_progressive_jpeg_with_restart_marks_and_a_tail_is_whole() -> None:
    image = Image.fromarray(gradient(64, 64))
    data = saved(image, "JPEG", progressive=True, restart_marker_blocks=2)
    assert open_photo(data + b"tail that some cameras add", LIMITS).height == 64


def test_fill_bytes_before_a_marker_are_allowed(as_file: Callable[..., bytes]) -> None:
    data = as_file(gradient(16, 16))
    assert open_photo(data[:2] + b"\xff\xff" + data[2:], LIMITS).width == 16


@pytest.mark.parametrize("tail", [b"", b"\xff", b"\xff\xff\xff", b"\xff\x01", b"\xff\xe0\x00", b"\xff\xe0\x00\x01"])
def test_a_jpeg_that_stops_in_a_marker_is_truncated(tail: bytes) -> None:
    assert code_of(b"\xff\xd8\xff\xe0\x00\x04ab" + tail) == "photo.truncated"


def test_a_jpeg_without_a_frame_is_no_image() -> None:
    assert code_of(b"\xff\xd8\xff\xd9") == "photo.not_an_image"


def test_a_png_whose_check_sum_fails_is_refused(as_file: Callable[..., bytes]) -> None:
    data = bytearray(as_file(gradient(20, 20), ".png"))
    data[45] ^= 0xFF
    assert code_of(bytes(data)) == "photo.not_an_image"


def test_a_file_above_the_byte_limit_is_refused_unread(as_file: Callable[..., bytes]) -> None:
    data = as_file(gradient(20, 20))
    assert code_of(data, PhotoLimits(photo_bytes_max=len(data) - 1)) == "photo.too_large"
    assert open_photo(data, PhotoLimits(photo_bytes_max=len(data))).size == len(data)


def test_a_decompression_bomb_is_refused_from_its_header_and_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert code_of(png_header(60_000, 60_000)) == "photo.too_many_pixels"


def test_a_whole_container_without_content_is_refused_on_decoding() -> None:
    photo = open_photo(png_header(40, 40), LIMITS)
    with pytest.raises(PhotoError) as caught:
        photo.pixels(100)
    assert caught.value.code == "photo.not_an_image"


def test_grey_deep_transparent_and_printer_colours_all_become_bgr() -> None:
    grey = gradient(24, 32)[:, :, 0]
    files = {
        "grey": saved(Image.fromarray(grey), "PNG"),
        "deep": bytes(cv2.imencode(".png", grey.astype(np.uint16) * 257)[1]),
        "transparent": saved(Image.fromarray(gradient(24, 32)).convert("RGBA"), "PNG"),
        "cmyk": saved(Image.fromarray(gradient(24, 32)).convert("CMYK"), "JPEG"),
    }
    for name, data in files.items():
        pixels = open_photo(data, LIMITS).pixels(100)
        assert pixels.shape == (24, 32, 3), name
        assert pixels.dtype == np.uint8, name
        assert abs(int(pixels[12, 28, 1]) - int(grey[12, 28])) < 8, name


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (1, 1)), (6, (0, 1)), (8, (1, 0))])
def test_exif_rotation_is_applied(orientation: int, corner: tuple[int, int]) -> None:
    image = np.zeros((40, 60, 3), dtype=np.uint8)
    image[:12, :12] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = open_photo(saved(Image.fromarray(image), "JPEG", exif=exif), LIMITS)
    assert (photo.width, photo.height) == (60, 40)
    pixels = photo.pixels(100)
    assert pixels.shape[:2] == ((40, 60) if orientation in {1, 3} else (60, 40))
    bright = pixels[4 if corner[0] == 0 else -5, 4 if corner[1] == 0 else -5]
    assert bright.min() > 200


def test_a_picture_one_pixel_high_stays_one_pixel_high(as_file: Callable[..., bytes]) -> None:
    photo = open_photo(as_file(gradient(1, 300), ".png"), LIMITS)
    assert photo.pixels(1000).shape == (1, 300, 3)
    assert photo.pixels(30).shape == (1, 30, 3)


@pytest.mark.parametrize("longest", [700, 350, 300, 150, 99])
def test_a_large_photo_is_reduced_and_a_small_one_never_enlarged(as_file: Callable[..., bytes], longest: int) -> None:
    photo = open_photo(as_file(gradient(400, 600)), LIMITS)
    assert max(photo.pixels(longest).shape) == min(longest, 600)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_but_a_photo_error(data: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"):
        with suppress(PhotoError):
            open_photo(start + data, LIMITS)
