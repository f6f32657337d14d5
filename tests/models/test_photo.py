import hashlib
import struct
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from models.photo import Photo, PhotoError, PhotoLimits, Pixels, open_photo

LIMITS = PhotoLimits()
PNG_START = b"\x89PNG\r\n\x1a\n"
EXIF_ORIENTATION = 0x0112


def gradient(height: int, width: int) -> Pixels:
    row = np.linspace(0, 255, width, dtype=np.uint8)
    return np.repeat(np.repeat(row[None, :, None], 3, axis=2), height, axis=0)


def coloured(height: int, width: int) -> Pixels:
    """RGB, smooth, every corner another colour."""
    down, across = np.mgrid[0:height, 0:width]
    red, green = across * 255 // max(width - 1, 1), down * 255 // max(height - 1, 1)
    return np.dstack([red, green, 255 - red]).astype(np.uint8)


def code_of(data: bytes, limits: PhotoLimits = LIMITS) -> str:
    with pytest.raises(PhotoError) as caught:
        open_photo(data, limits)
    assert str(caught.value).endswith(".")
    return caught.value.code


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def rgb_of(data: bytes, side: int = 4000) -> np.ndarray:
    return open_photo(data, LIMITS).pixels(side)[:, :, ::-1].astype(int)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int, *, depth: int = 8, colour: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png_of(*chunks: bytes) -> bytes:
    return PNG_START + b"".join(chunks) + chunk(b"IEND", b"")


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


@pytest.mark.parametrize(
    "data", [b"%PDF-1.4 text", b"a VIN in words", b"\xff\xd8\xff\x00rest", bytes(100), b"\xff\xd8"]
)
def test_a_file_that_is_no_picture_is_refused(data: bytes) -> None:
    assert code_of(data) == "photo.not_an_image"


@pytest.mark.parametrize("extension", [".jpg", ".png"])
def test_a_file_cut_off_anywhere_is_truncated(as_file: Callable[..., bytes], extension: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (80, 90, 3), dtype=np.uint8)
    data = as_file(noise, extension)
    for length in (*range(60, len(data), 1024), len(data) - 1):
        assert code_of(data[:length]) == "photo.truncated", length


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
    photo = open_photo(data + b"tail that some cameras add", LIMITS)
    assert photo.pixels(100).shape == photo.pixels(1000).shape == (64, 64, 3)


def test_of_two_pictures_in_one_file_the_first_is_the_photo() -> None:
    first, second = Image.fromarray(gradient(64, 80)), Image.fromarray(gradient(20, 30))
    data = saved(first, "MPO", save_all=True, append_images=[second])
    assert len(data) > len(saved(first, "JPEG"))
    assert open_photo(data, LIMITS).pixels(1000).shape == (64, 80, 3)


def test_of_an_animation_the_first_picture_is_the_photo() -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    assert rgb_of(saved(frames[0], "PNG", save_all=True, append_images=frames[1:]))[15, 20].tolist() == [255, 0, 0]


def test_fill_bytes_before_a_marker_are_allowed(as_file: Callable[..., bytes]) -> None:
    data = as_file(gradient(16, 16))
    assert open_photo(data[:2] + b"\xff\xff" + data[2:], LIMITS).width == 16


@pytest.mark.parametrize("tail", [b"", b"\xff", b"\xff\xff\xff", b"\xff\x01", b"\xff\xe0\x00", b"\xff\xe0\x00\x01"])
def test_a_jpeg_that_stops_in_a_marker_is_truncated(tail: bytes) -> None:
    assert code_of(b"\xff\xd8\xff\xe0\x00\x04ab" + tail) == "photo.truncated"


@pytest.mark.parametrize("frame", [b"", b"\xff\xc0\x00\x02", b"\xff\xc0\x00\x08\x08\x00\x10\x00\x10\x01"])
def test_a_jpeg_without_a_whole_frame_header_is_no_image(frame: bytes) -> None:
    assert code_of(b"\xff\xd8" + frame + b"\xff\xd9" if frame else b"\xff\xd8\xff\xd9") == "photo.not_an_image"


def test_a_second_frame_header_cannot_hide_the_size_of_the_first(as_file: Callable[..., bytes]) -> None:
    data = as_file(gradient(16, 16))
    at = data.index(b"\xff\xc0")
    segment = data[at : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")]
    assert code_of(data[:at] + segment + data[at:]) == "photo.not_an_image"


@pytest.mark.parametrize(
    "data",
    [
        png_of(chunk(b"tEXt", b"a\0b"), png_header(4, 4), chunk(b"IDAT", b"")),
        png_of(chunk(b"IHDR", b"short")),
        png_of(png_header(4, 4, colour=5), chunk(b"IDAT", zlib.compress(b""))),
        png_of(png_header(0, 4), chunk(b"IDAT", zlib.compress(b""))),
    ],
)
def test_a_png_whose_header_is_not_first_or_not_one_is_no_image(data: bytes) -> None:
    assert code_of(data) == "photo.not_an_image"


def test_a_png_with_two_headers_is_not_decoded() -> None:
    two = png_of(png_header(4, 4), png_header(9000, 9000), chunk(b"IDAT", zlib.compress(bytes(20))))
    with pytest.raises(PhotoError):
        open_photo(two, LIMITS).pixels(100)


def test_a_png_whose_check_sum_fails_is_refused(as_file: Callable[..., bytes]) -> None:
    data = bytearray(as_file(gradient(20, 20), ".png"))
    data[45] ^= 0xFF
    assert code_of(bytes(data)) == "photo.not_an_image"


def test_a_file_above_the_byte_limit_is_refused_unread(as_file: Callable[..., bytes]) -> None:
    data = as_file(gradient(20, 20))
    assert code_of(data, PhotoLimits(photo_bytes_max=len(data) - 1)) == "photo.too_large"
    assert open_photo(data, PhotoLimits(photo_bytes_max=len(data))).size == len(data)


@pytest.mark.parametrize("rows", [b"", bytes(20 * 41)])
def test_a_whole_container_without_its_content_is_refused_on_decoding(rows: bytes) -> None:
    photo = open_photo(png_of(png_header(40, 40), chunk(b"IDAT", zlib.compress(rows))), LIMITS)
    with pytest.raises(PhotoError) as caught:
        photo.pixels(100)
    assert caught.value.code == "photo.not_an_image"


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("JPEG", "L"),
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        *(("PNG", mode) for mode in ("1", "L", "P", "RGB", "LA", "RGBA")),
    ],
)
def test_every_kind_of_pixel_becomes_what_pillow_shows(form: str, mode: str) -> None:
    data = saved(Image.fromarray(coloured(48, 64)).convert(mode), form, **({"quality": 95} if form == "JPEG" else {}))
    want = np.asarray(Image.open(BytesIO(data)).convert("RGB")).astype(int)
    assert np.abs(rgb_of(data) - want).max() <= (0 if form == "PNG" else 4)


@pytest.mark.parametrize("adobe", ["cmyk", "ycck", "unmarked"])
def test_printers_colours_are_inverted_as_adobe_writes_them(adobe: str) -> None:
    data = saved(Image.fromarray(coloured(48, 64)).convert("CMYK"), "JPEG", quality=95)
    at = data.index(b"Adobe")
    if adobe == "ycck":
        data = data[: at + 11] + b"\x02" + data[at + 12 :]
    elif adobe == "unmarked":
        data = data[: at - 4] + data[at + 12 :]
    want = np.asarray(Image.open(BytesIO(data)).convert("RGB")).astype(int)
    assert np.abs(rgb_of(data) - want).max() <= 6
    assert rgb_of(data, 20).shape == (15, 20, 3)


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
def test_a_deep_picture_shows_the_same_as_its_shallow_sibling(bits: int) -> None:
    shallow = coloured(24, 32)
    # How a camera's 8 bits become more: the upper bits repeated below.
    deep = (shallow.astype(np.uint32) << (bits - 8) | shallow >> (16 - bits)).astype(np.uint16)
    for picture, want in ((deep, shallow), (deep[:, :, 0], np.dstack([shallow[:, :, 0]] * 3))):
        pixels = open_photo(bytes(cv2.imencode(".png", picture)[1]), LIMITS).pixels(100)
        assert np.array_equal(pixels, want)


def test_a_deep_picture_keeps_its_transparency() -> None:
    deep = np.zeros((10, 10, 4), dtype=np.uint16)
    deep[:5, :, 3] = 65_535
    pixels = open_photo(bytes(cv2.imencode(".png", deep)[1]), LIMITS).pixels(100)
    assert (int(pixels[:5].max()), int(pixels[5:].min())) == (0, 255)


def test_a_deep_picture_that_is_nearly_black_stays_black() -> None:
    assert open_photo(bytes(cv2.imencode(".png", np.full((4, 4), 3, np.uint16))[1]), LIMITS).pixels(9).max() == 3


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize(("ink", "ground"), [(20, 255), (240, 0)])
def test_ink_on_nothing_is_laid_where_it_can_be_read(mode: str, ink: int, ground: int) -> None:
    # What is hidden under transparency must not show: here it is the ink's own colour.
    picture = np.full((20, 60, 4), ink, dtype=np.uint8)
    picture[:, :, 3] = 0
    picture[8:12, 10:50, 3] = 255
    if mode == "P":
        indices = Image.fromarray(picture[:, :, 3] // 255).convert("P")
        indices.putpalette([ink] * 6)
        data = saved(indices, "PNG", transparency=bytes([0, 255]))
    else:
        data = saved(Image.fromarray(picture).convert(mode), "PNG")
    pixels = rgb_of(data)
    assert np.all(pixels[8:12, 10:50] == ink)
    assert np.all(pixels[:8] == ground)


def test_half_transparent_pixels_mix_with_white() -> None:
    picture = np.zeros((300, 4, 4), dtype=np.uint8)
    picture[:, :, 3] = np.arange(300)[:, None] % 256
    assert np.array_equal(rgb_of(saved(Image.fromarray(picture), "PNG"))[:, 0, 0], 255 - np.arange(300) % 256)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "transparent"])
def test_every_exif_orientation_is_upright_at_every_reduction(orientation: int, kind: str) -> None:
    image = Image.fromarray(coloured(160, 240))
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    data = saved(
        image.convert("RGBA") if kind == "transparent" else image, kind.replace("transparent", "PNG"), exif=exif
    )
    photo = open_photo(data, LIMITS)
    assert (photo.width, photo.height, photo.orientation) == (240, 160, orientation)
    upright = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    for side in (240, 120, 100, 60, 30):
        size = (round(upright.width * side / 240), round(upright.height * side / 240))
        want = np.asarray(upright.resize(size, Image.Resampling.BOX)).astype(int)
        assert np.abs(rgb_of(data, side) - want).max() < 20, side


def exif_block(*, order: str = ">", count: int = 1, offset: int = 8, kind: int = 3, orientation: int = 6) -> bytes:
    """An EXIF block that says how the photo is turned; what is said differently is damage."""
    mark = b"MM\0*" if order == ">" else b"II*\0"
    entry = struct.pack(f"{order}HHIHH", EXIF_ORIENTATION, kind, 1, orientation, 0)
    return b"Exif\0\0" + mark + struct.pack(f"{order}IH", offset, count) + entry + bytes(4)


@pytest.mark.parametrize("block", [exif_block(), exif_block(order="<"), exif_block(count=65_535)])
def test_exif_may_be_written_in_either_byte_order_and_count_wrongly(block: bytes) -> None:
    for form in ("JPEG", "PNG"):
        data = saved(Image.fromarray(coloured(16, 24)), form, exif=block)
        assert open_photo(data, LIMITS).pixels(100).shape == (24, 16, 3)


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0",
        b"Exif\0\0XX\0*" + exif_block()[10:],
        *(exif_block()[:length] for length in range(7, 26)),
        exif_block(offset=2**32 - 1),
        exif_block(offset=9),
        exif_block(count=0),
        exif_block(kind=2),
        exif_block(orientation=0),
        exif_block(orientation=9),
        exif_block(orientation=65_535),
    ],
)
def test_damaged_exif_leaves_the_photo_as_it_is_stored(block: bytes) -> None:
    for form in ("JPEG", "PNG"):
        photo = open_photo(saved(Image.fromarray(coloured(16, 24)), form, exif=block), LIMITS)
        assert (photo.orientation, photo.pixels(100).shape) == (1, (16, 24, 3))


@pytest.mark.parametrize("extension", [".jpg", ".png"])
@pytest.mark.parametrize("side", [1000, 300, 150, 75, 30, 1])
def test_a_picture_one_pixel_high_or_wide_stays_so(as_file: Callable[..., bytes], extension: str, side: int) -> None:
    longest = min(side, 300)
    for height, width, shape in ((1, 300, (1, longest, 3)), (300, 1, (longest, 1, 3)), (1, 1, (1, 1, 3))):
        assert open_photo(as_file(gradient(height, width), extension), LIMITS).pixels(side).shape == shape


@pytest.mark.parametrize("longest", [700, 350, 300, 150, 99])
def test_a_large_photo_is_reduced_and_a_small_one_never_enlarged(as_file: Callable[..., bytes], longest: int) -> None:
    photo = open_photo(as_file(gradient(400, 600)), LIMITS)
    assert max(photo.pixels(longest).shape) == min(longest, 600)


@pytest.mark.parametrize(
    ("side", "mode"),
    [
        (4000, cv2.IMREAD_COLOR),
        (2001, cv2.IMREAD_COLOR),
        (2000, cv2.IMREAD_REDUCED_COLOR_2),
        (1280, cv2.IMREAD_REDUCED_COLOR_2),
        (1000, cv2.IMREAD_REDUCED_COLOR_4),
        (500, cv2.IMREAD_REDUCED_COLOR_8),
        (64, cv2.IMREAD_REDUCED_COLOR_8),
    ],
)
def test_a_jpeg_is_decoded_by_the_largest_factor_that_leaves_enough_pixels(side: int, mode: int) -> None:
    photo = Photo(digest="", media="image/jpeg", size=0, width=4000, height=3000, data=b"")
    assert photo._decoding_mode(side) == mode | cv2.IMREAD_IGNORE_ORIENTATION


def test_the_walk_over_a_large_jpeg_takes_no_long_time() -> None:
    # About as many stuffed bytes as in a photo's entropy-coded data.
    scan = (bytes(range(1, 255)) + b"\xff\x00") * 16_000
    small = saved(Image.fromarray(gradient(16, 16)), "JPEG")
    data = small[:-2] + scan + b"\xff\xd9"
    start = time.process_time()
    assert open_photo(data, LIMITS).size > 4_000_000
    # 2 ms the walk and 2 ms the digest on a quiet machine; the bound only catches a walk byte by byte.
    assert time.process_time() - start < 0.1


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_but_a_photo_error(data: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff", PNG_START, PNG_START + png_header(3, 3)):
        with suppress(PhotoError):
            open_photo(start + data, LIMITS).pixels(50)


def exif_jpeg(**options: object) -> bytes:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    return saved(Image.fromarray(coloured(40, 56)), "JPEG", exif=exif, **options)


JPEGS = (
    exif_jpeg(),
    exif_jpeg(progressive=True),
    saved(Image.fromarray(coloured(40, 56)).convert("CMYK"), "JPEG"),
    saved(Image.fromarray(coloured(40, 56)).convert("L"), "JPEG", restart_marker_blocks=3),
)


@given(st.sampled_from(JPEGS), st.data())
def test_a_damaged_jpeg_raises_nothing_but_a_photo_error(data: bytes, draw: st.DataObject) -> None:
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 8))):
        changed[draw.draw(st.integers(3, len(data) - 1))] = draw.draw(st.integers(0, 255))
    with suppress(PhotoError):
        photo = open_photo(bytes(changed), LIMITS)
        for side in (1000, 28, 7):
            pixels = photo.pixels(side)
            assert pixels.shape[2] == 3
            assert max(pixels.shape[:2]) <= side


@given(
    st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 2, 4, 8, 16]), st.integers(0, 7),
    st.binary(max_size=600), st.lists(st.tuples(st.sampled_from([b"tRNS", b"PLTE", b"eXIf", b"acTL", b"fcTL"]),
    st.binary(max_size=40)), max_size=3),
)  # fmt: skip
def test_a_png_of_any_content_raises_nothing_but_a_photo_error(
    width: int, height: int, depth: int, colour: int, rows: bytes, others: list[tuple[bytes, bytes]]
) -> None:
    content = chunk(b"IDAT", zlib.compress(rows))
    data = png_of(png_header(width, height, depth=depth, colour=colour), *(chunk(*other) for other in others), content)
    with suppress(PhotoError):
        assert max(open_photo(data, LIMITS).pixels(5).shape[:2]) <= 5
