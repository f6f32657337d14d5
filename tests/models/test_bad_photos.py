"""Bad input from the file to the finding: a reading is right, or doubted with a reason, or refused; nothing is made up.

How sure a reading is belongs to the weights and is asked elsewhere; here only what may never happen with any weights.
"""

import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inspection.evidence import VinFinding
from inspection.vin import check_digit
from models.drawing.rendering import vehicle_photo, vin_photo
from models.photo import PhotoError, PhotoLimits, Pixels, open_photo
from models.vin import VinReader

ROOT = Path(__file__).parents[2]
LIMITS = PhotoLimits()
SIDE = 1280


def with_check_digit(vin: str) -> str:
    return vin[:8] + check_digit(vin) + vin[9:]


# Invented; those of China and North America hold their check digit.
VIN = with_check_digit("LFVZZ7BR0R2004567")
OTHER_VIN = with_check_digit("1HGZZ1230NA554433")
EUROPEAN = "VF1ZZB00458112907"


def drawn(surface: str = "plate", seed: int = 3) -> Pixels:
    """A drawn photo of VIN as BGR pixels."""
    return open_photo(vin_photo(VIN, surface, seed), LIMITS).pixels(SIDE)  # type: ignore[arg-type]


def page_with(*lines: tuple[str, int, int], size: int = 100) -> Pixels:
    """A white page; each line is (text, x, y of its foot); capitals are about 0.7 of the size high."""
    page = np.full((720, SIDE, 3), 236, dtype=np.uint8)
    for text, x, y in lines:
        cv2.putText(page, text, (x, y), (30, 30, 30), cv2.FontFace("uni"), size)
    return page


def saved(image: Pixels, form: str, mode: str = "RGB", **options: object) -> bytes:
    out = BytesIO()
    Image.fromarray(np.ascontiguousarray(image[:, :, ::-1])).convert(mode).save(out, form, **options)
    return out.getvalue()


def read(reader: VinReader, data: bytes) -> VinFinding:
    return reader.read(open_photo(data, LIMITS))


def refusal(data: bytes, limits: PhotoLimits = LIMITS) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        open_photo(data, limits)
    return caught.value


def assert_safe(finding: VinFinding, *vins: str) -> None:
    """Either one of `vins` was read, or a person is told to look and why."""
    assert not finding.accepted or finding.vin in vins
    assert finding.accepted or finding.reasons
    assert len(finding.vin) in {0, 17}
    assert 0 <= finding.confidence <= 1


def assert_nothing_read(finding: VinFinding) -> None:
    assert_safe(finding)
    assert finding.vin == ""
    assert set(finding.reasons) & {"vin.none", "vin.short"}


def plain(*, progressive: bool = False) -> bytes:
    return saved(np.full((8, 8, 3), 90, dtype=np.uint8), "JPEG", progressive=progressive)


def with_frame(data: bytes, *, marker: int = 0, precision: int = 8, size: tuple[int, int] = (8, 8)) -> bytes:
    """A baseline JPEG whose frame header says something else; size is (width, height)."""
    at = data.index(b"\xff\xc0")
    frame = struct.pack(">BHH", precision, size[1], size[0])
    return data[: at + 1] + bytes([marker or 0xC0]) + data[at + 2 : at + 4] + frame + data[at + 9 :]


def png_bomb(width: int, height: int, *, depth: int = 8, colour: int = 0) -> bytes:
    """A small PNG that promises many pixels: all of its chunks are whole."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b""))
    chunks = (struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        *((form, saved(np.full((20, 30, 3), 90, dtype=np.uint8), form)) for form in ("GIF", "WebP", "BMP", "TIFF")),
        ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        ("HEIC", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"),
        ("AVIF", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1"),
        ("video", b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2"),
    ],
)
def test_a_picture_of_another_format_is_refused_by_its_name_and_with_what_to_do(name: str, data: bytes) -> None:
    error = refusal(data)
    assert error.code == "photo.format"
    assert name in str(error)
    assert "JPEG" in str(error)


@pytest.mark.parametrize(("marker", "precision"), [(0xC1, 12), (0xC0, 12), (0xC3, 8), (0xC5, 8), (0xC9, 8)])
def test_a_jpeg_of_a_kind_that_browsers_do_not_show_is_refused_by_its_kind(marker: int, precision: int) -> None:
    error = refusal(with_frame(plain(), marker=marker, precision=precision))
    assert error.code == "photo.format"
    assert f"{precision} bits" in str(error)


@pytest.mark.parametrize(
    "data",
    [
        png_bomb(60_000, 60_000),
        png_bomb(1_500_000, 1),
        png_bomb(11_600, 8_700),
        png_bomb(4_000, 4_000, depth=16, colour=6),
        with_frame(plain(), size=(65_000, 65_000)),
        with_frame(plain(), marker=0xC2, size=(12_000, 9_000)),
        # A second scan: then the decoder keeps the whole picture's coefficients, progressive or not.
        with_frame(plain(), size=(12_000, 9_000))[:-2] + plain()[plain().index(b"\xff\xda") :],
    ],
)
def test_a_decompression_bomb_is_refused_from_its_header_and_without_a_warning(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refusal(data).code == "photo.too_many_pixels"


def test_what_takes_too_much_to_unpack_is_refused_with_what_to_send_instead() -> None:
    assert "300 MB" in (text := str(refusal(png_bomb(10_000, 5_000, colour=2))))
    assert "baseline" in text
    assert open_photo(png_bomb(5_000, 5_000, colour=2), LIMITS).width == 5_000
    assert open_photo(with_frame(plain(), size=(12_000, 9_000)), LIMITS).height == 9_000


def test_more_scans_or_parts_than_any_camera_writes_are_refused() -> None:
    assert refusal(plain(progressive=True), PhotoLimits(photo_scans_max=3)).code == "photo.format"
    for data in (plain(), png_bomb(9, 9)):
        assert refusal(data, PhotoLimits(photo_parts_max=2)).code == "photo.not_an_image"


@pytest.mark.parametrize("share", [0.45, 0.7])
def test_a_photo_that_ends_early_with_an_end_mark_is_read_as_far_as_it_goes(
    vin_reader: VinReader, share: float
) -> None:
    data = vin_photo(VIN, "stamped", 5)
    assert_safe(read(vin_reader, data[: int(len(data) * share)] + b"\xff\xd9"), VIN)


@pytest.mark.parametrize("count", [2, 12])
def test_a_photo_with_damaged_bytes_is_read_right_or_doubted(vin_reader: VinReader, count: int) -> None:
    data = bytearray(vin_photo(VIN, "sticker", 6))
    # Behind the headers, and never FF: the container stays whole, the picture does not.
    for at in np.random.default_rng(count).integers(1000, len(data) - 2, count):
        data[at] ^= data[at] != 0xFF and data[at - 1] != 0xFF
    assert_safe(read(vin_reader, bytes(data)), VIN)


def grey(image: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def deep(image: Pixels) -> bytes:
    return bytes(cv2.imencode(".png", grey(image).astype(np.uint16) << 4)[1])


def cut_out(image: Pixels) -> bytes:
    """RGBA, everything outside an ellipse transparent, with colour noise hidden there."""
    seen = np.zeros(image.shape[:2], dtype=np.uint8)
    cv2.ellipse(seen, (SIDE // 2, len(seen) // 2), (SIDE, len(seen) // 3), 0, 0, 360, 255, -1)
    noise = np.random.default_rng(1).integers(0, 255, image.shape, dtype=np.uint8)
    return bytes(cv2.imencode(".png", np.dstack([np.where(seen[:, :, None] > 0, image, noise), seen]))[1])


def turned(image: Pixels, orientation: int) -> bytes:
    """Store the picture as a camera does that was held so."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = {3: np.rot90(image, 2), 5: image.swapaxes(0, 1), 6: np.rot90(image), 8: np.rot90(image, -1)}
    return saved(stored[orientation], "JPEG", exif=exif, quality=92)


KINDS: dict[str, Callable[[Pixels], bytes]] = {
    "grey jpeg": lambda image: saved(image, "JPEG", "L"),
    "16-bit": deep,
    "palette": lambda image: saved(image, "PNG", "P"),
    "transparent": cut_out,
    "cmyk": lambda image: saved(image, "JPEG", "CMYK", quality=92),
    "progressive": lambda image: saved(image, "JPEG", progressive=True, quality=92),
    "turned right": lambda image: turned(image, 6),
    "turned left": lambda image: turned(image, 8),
    "upside down": lambda image: turned(image, 3),
    "mirrored": lambda image: turned(image, 5),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_vin_is_read_in_every_kind_of_file(vin_reader: VinReader, kind: str) -> None:
    finding = read(vin_reader, KINDS[kind](drawn("plate")))
    assert_safe(finding, VIN)
    assert finding.vin == VIN


def enlarged(image: Pixels) -> bytes:
    """A grey JPEG of 100 megapixels in which each pixel of the picture is one block of 8 x 8 pixels.

    It is put together from rows of blocks, so that a hundred megapixels are never held.
    """
    small = np.repeat(cv2.resize(grey(image), (1444, 1083)), 8, axis=1)
    rows = [
        saved(np.repeat(row[None, :, None], 8, axis=0).repeat(3, 2).astype(np.uint8), "JPEG", "L",
              restart_marker_blocks=1444)
        for row in small
    ]  # fmt: skip
    scan = rows[0].index(b"\xff\xda")
    start = scan + 2 + int.from_bytes(rows[0][scan + 2 : scan + 4], "big")
    body = b"".join(row[start:-2] + bytes([0xFF, 0xD0 + place % 8]) for place, row in enumerate(rows))
    return with_frame(rows[0][:start], size=(8 * 1444, 8 * 1083)) + body[:-2] + b"\xff\xd9"


MEMORY = """
import resource, sys
import cv2
from models.photo import PhotoLimits, open_photo
photo = open_photo(sys.stdin.buffer.read(), PhotoLimits())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
photo.pixels(1600)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_hundred_megapixels_are_read_in_little_memory(vin_reader: VinReader) -> None:
    data = enlarged(drawn("windshield"))
    finding = read(vin_reader, data)
    assert_safe(finding, VIN)
    assert finding.vin == VIN
    assert np.array(finding.box).max() > 5000
    done = subprocess.run([sys.executable, "-c", MEMORY], input=data, capture_output=True, check=True, cwd=ROOT)
    assert int(done.stdout) < 80


@pytest.mark.parametrize(
    ("form", "shape"), [("JPEG", (1, 1280)), ("PNG", (1280, 1)), ("JPEG", (3, 4000)), ("PNG", (1, 1))]
)
def test_a_picture_of_one_row_or_column_has_no_vin(vin_reader: VinReader, form: str, shape: tuple[int, int]) -> None:
    assert_nothing_read(read(vin_reader, saved(np.resize(drawn()[480], (*shape, 3)), form)))


def noise() -> Pixels:
    return np.random.default_rng(2).integers(0, 255, (720, SIDE, 3), dtype=np.uint8)


def bars() -> Pixels:
    row = np.where(np.arange(SIDE) // 9 % 2, 20, 230).astype(np.uint8)
    return np.broadcast_to(row[None, :, None], (720, SIDE, 3))


@pytest.mark.parametrize("picture", [noise, bars, lambda: np.zeros((600, 800, 3), dtype=np.uint8)])
def test_noise_bars_and_darkness_hold_no_vin(vin_reader: VinReader, picture: Callable[[], Pixels]) -> None:
    assert_nothing_read(read(vin_reader, saved(picture(), "JPEG")))


@pytest.mark.parametrize(
    ("view", "plate"), [("left_front", "沪AD98765"), ("right_rear", "苏B54321"), ("document", "京N8K2Z6")]
)
def test_a_vehicle_its_plate_and_its_papers_hold_no_vin(vin_reader: VinReader, view: str, plate: str) -> None:
    assert_nothing_read(read(vin_reader, vehicle_photo(view, plate, colour="blue", seed=4)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "lines",
    [
        [("苏B·54321", 300, 360)],
        [("浙C 67890  沪AD98765", 60, 360)],
        [("2031-02-29 12:61:07", 60, 660)],
        [("发动机号 CEA123456", 60, 300)],
        [("99010119000229000X", 60, 300)],
        [("12345678901234567", 60, 300)],
        [("机动车安全技术检验", 60, 200), ("人工检验记录单", 60, 320)],
    ],
)
def test_plates_dates_numbers_and_words_are_no_vin(vin_reader: VinReader, lines: list[tuple[str, int, int]]) -> None:
    assert_nothing_read(read(vin_reader, saved(page_with(*lines), "JPEG")))


@pytest.mark.parametrize("vin", [VIN, EUROPEAN])
@pytest.mark.parametrize("part", [slice(0, 8), slice(0, 12), slice(0, 16), slice(1, 17), slice(8, 17)])
def test_a_part_of_a_vin_is_never_completed(vin_reader: VinReader, vin: str, part: slice) -> None:
    assert_nothing_read(read(vin_reader, saved(page_with((vin[part], 60, 360)), "JPEG")))


def inked(page: Pixels) -> tuple[int, int]:
    columns = np.flatnonzero((page < 100).any(axis=(0, 2)))
    return int(columns[0]), int(columns[-1])


@pytest.mark.parametrize("vin", [VIN, EUROPEAN])
@pytest.mark.parametrize(("start", "stop"), [(0.07, 2.0), (0.3, 2.0), (-1.0, 0.5), (-1.0, 0.93)])
def test_a_vin_that_runs_out_of_the_picture_is_never_completed(
    vin_reader: VinReader, vin: str, start: float, stop: float
) -> None:
    page = page_with((vin, 60, 360))
    left, right = inked(page)
    edges = [round(min(max(left + (right - left) * share, 0), SIDE)) for share in (start, stop)]
    assert_safe(read(vin_reader, saved(page[:, edges[0] : edges[1]], "JPEG")))


@pytest.mark.parametrize("vin", [VIN, EUROPEAN])
@pytest.mark.parametrize(("start", "stop"), [(0.3, 0.6), (0.44, 0.54), (0.76, 0.88)])
def test_what_a_thumb_covers_is_never_guessed(vin_reader: VinReader, vin: str, start: float, stop: float) -> None:
    page = page_with((vin, 60, 360))
    left, right = inked(page)
    page[240:420, left + int((right - left) * start) : left + int((right - left) * stop)] = (120, 150, 205)
    assert_safe(read(vin_reader, saved(page, "JPEG")))


@pytest.mark.parametrize(("second", "y"), [(OTHER_VIN, 420), (EUROPEAN, 600)])
def test_two_vins_go_to_a_person(vin_reader: VinReader, second: str, y: int) -> None:
    finding = read(vin_reader, saved(page_with((VIN, 60, 200), (second, 60, y)), "JPEG"))
    assert finding.vin in {VIN, second}
    assert "vin.two" in finding.reasons
    assert not finding.accepted


def test_the_same_vin_twice_is_one_vin(vin_reader: VinReader) -> None:
    finding = read(vin_reader, saved(page_with((VIN, 60, 200), (VIN, 60, 560)), "JPEG"))
    assert_safe(finding, VIN)
    assert "vin.two" not in finding.reasons


def on_screen(image: Pixels, *, zoom: float, degrees: float) -> Pixels:
    """The picture on a screen, photographed: stripes of red, green and blue, dark gaps, and the camera's moire."""
    lit = cv2.resize(image, (960, 720)).repeat(4, axis=0).repeat(4, axis=1).astype(np.float32)
    light = np.full((4, 4, 3), 0.3, dtype=np.float32)
    light[:, [0, 1, 2], [2, 1, 0]] = 1.0
    light[3] *= 0.5
    lit *= np.tile(light, (720, 960, 1))
    matrix = cv2.getRotationMatrix2D((1920, 1440), degrees, zoom)
    matrix[:, 2] += np.array((SIDE / 2 - 1920, 480 - 1440))
    # Without smoothing first: the camera's pixels meet the screen's, and that is what makes the moire.
    seen = cv2.warpAffine(lit, matrix, (SIDE, 960), flags=cv2.INTER_LINEAR)
    return np.asarray(np.clip(cv2.GaussianBlur(seen, (0, 0), 0.7) * 2.2, 0, 255), dtype=np.uint8)


@pytest.mark.parametrize(
    ("surface", "zoom", "degrees"),
    [("stamped", 0.31, 1.5), ("plate", 0.37, 7.0), ("sticker", 0.31, -4.0), ("windshield", 0.37, 0.0)],
)
def test_a_photo_of_a_screen_is_read_right_or_doubted(
    vin_reader: VinReader, surface: str, zoom: float, degrees: float
) -> None:
    assert_safe(read(vin_reader, saved(on_screen(drawn(surface), zoom=zoom, degrees=degrees), "JPEG")), VIN)
