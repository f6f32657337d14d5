"""Draws the bundled demo photos of VINs, and damages photos the way bad photos are damaged.

Everything follows from the arguments: the same seed gives the same picture. It knows what the four carriers of a VIN
look like; vehicles and papers are drawn in `vehicles`. Drawn pictures show that the way through the product
works; they say nothing about how well real photos are read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import zxingcpp
from numpy.random import Generator, default_rng

from models.drawing.lettering import Ink, RenderingError, jpeg, narrowed, put_ink, spaced, struck, tint, write, written
from models.drawing.vehicles import COLOURS, VIEWS, vehicle_photo
from models.photo import Pixels

__all__ = ["COLOURS", "DAMAGES", "SURFACES", "VIEWS", "RenderingError", "damage", "vehicle_photo", "vin_photo"]

Surface = Literal["stamped", "plate", "sticker", "windshield"]
Damage = Literal["blur", "glare", "truncated", "not_an_image", "empty"]

_SIDE_PIXELS_MIN = 320
_FRAME_MARK = "*"
# How much of its cell a letter may fill: neighbours that touch are no test of reading but of luck.
_LETTER_SHARE = 0.82
_TRUNCATED_SHARE = 0.6
_BLUR_SHARE_OF_WIDTH = 0.02


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """A picture being drawn: its size in pixels and the source of its chances."""

    width: int
    height: int
    chances: Generator

    @property
    def letter_pixels(self) -> int:
        """Height of a VIN's characters: such that 17 of them take most of the width."""
        return round(self.width * 0.058)


def vin_photo(vin: str, surface: Surface, seed: int, size: tuple[int, int] = (1280, 960)) -> bytes:
    """Return a drawn photo (JPEG) of a VIN on its surface; `size` is (width, height) in pixels, at least 320 each.

    Raises RenderingError for an unknown surface, a smaller size or a text without ink.
    """
    if surface not in SURFACES:
        raise RenderingError(f"no surface {surface!r}; there are {', '.join(SURFACES)}")
    if min(size) < _SIDE_PIXELS_MIN:
        raise RenderingError(f"a drawn photo has at least {_SIDE_PIXELS_MIN} pixels a side")
    sheet = _Sheet(width=size[0], height=size[1], chances=default_rng(seed))
    return jpeg(_photographed(SURFACES[surface](vin, sheet), sheet.chances))


def damage(data: bytes, kind: Damage, seed: int) -> bytes:
    """Return a photo's bytes damaged: blurred, under glare, cut off, no photo at all, or empty.

    Raises RenderingError for an unknown kind, or where the bytes to blur or glare are no photo.
    """
    if kind not in DAMAGES:
        raise RenderingError(f"no damage {kind!r}; there are {', '.join(DAMAGES)}")
    return DAMAGES[kind](data, default_rng(seed))


def _stamped(vin: str, sheet: _Sheet) -> Pixels:
    """Draw characters struck into bare steel, told from it only by light on one flank and shadow on the other."""
    steel = _brushed(sheet, level=150)
    height = round(sheet.letter_pixels * 0.78)
    thickness = max(2, height // 11)
    letters = [
        narrowed(struck(character, height, thickness_pixels=thickness), round(sheet.width * 0.05 * _LETTER_SHARE))
        for character in vin
    ]
    shifts = [int(shift) for shift in sheet.chances.integers(-height // 25, height // 25 + 1, len(letters))]
    relief = np.zeros((sheet.height, sheet.width), dtype=np.float32)
    row = spaced(letters, round(sheet.width * 0.05), shifts=shifts)
    place = ((sheet.width - row.shape[1]) // 2, (sheet.height - row.shape[0]) // 2)
    put_ink(relief, row, place=place)
    depth = cv2.GaussianBlur(relief, (0, 0), max(1.0, height / 40))
    flank = cv2.Sobel(depth, cv2.CV_32F, 1, 1, ksize=3) + cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=3)
    shaded = steel.astype(np.float32) + flank[:, :, None] * 55 - depth[:, :, None] * 62
    return np.clip(shaded, 0, 255).astype(np.uint8)


def _nameplate(vin: str, sheet: _Sheet) -> Pixels:
    """Draw the maker's plate (产品标牌): printed rows on silver, the VIN in one of them."""
    image = _brushed(sheet, level=95)
    left, right = round(sheet.width * 0.03), round(sheet.width * 0.97)
    top, bottom = round(sheet.height * 0.12), round(sheet.height * 0.88)
    cv2.rectangle(image, (left, top), (right, bottom), (200, 202, 200), -1)
    cv2.rectangle(image, (left, top), (right, bottom), (60, 60, 60), max(2, sheet.width // 400))
    line = round(sheet.letter_pixels * 0.7)
    dark = (40, 38, 36)
    rows = (
        "示例汽车制造有限公司",
        "品牌  示例牌",
        "",
        f"总质量  {int(sheet.chances.integers(12, 45)) * 100} kg",
        "制造年月  2024.05",
    )
    pitch = (bottom - top) // (len(rows) + 1)
    for place, text in enumerate(rows):
        if text:
            write(image, text, place=(left + line, top + line // 2 + place * pitch), height_pixels=line, colour=dark)
    _print_row(
        image, vin, place=(left + line, top + line // 2 + 2 * pitch), height_pixels=sheet.letter_pixels, colour=dark
    )
    return image


def _sticker(vin: str, sheet: _Sheet) -> Pixels:
    """Draw a white label with the VIN and the same in Code 128 under it."""
    image = _brushed(sheet, level=70)
    left, right = round(sheet.width * 0.03), round(sheet.width * 0.97)
    top, bottom = round(sheet.height * 0.25), round(sheet.height * 0.75)
    cv2.rectangle(image, (left, top), (right, bottom), (238, 240, 240), -1)
    gap = sheet.letter_pixels
    _print_row(image, vin, place=(left + gap // 2, top + gap), height_pixels=sheet.letter_pixels, colour=(25, 25, 25))
    bars = np.asarray(zxingcpp.create_barcode(vin, zxingcpp.BarcodeFormat.Code128).to_image(scale=1), dtype=np.uint8)
    wide, high = right - left - 2 * gap, round((bottom - top) * 0.3)
    scaled = cv2.resize(bars[:1], (wide // bars.shape[1] * bars.shape[1], high), interpolation=cv2.INTER_NEAREST)
    below = top + 4 * gap
    image[below : below + high, left + gap : left + gap + scaled.shape[1]] = scaled[: bottom - below, :, None]
    return image


def _windshield(vin: str, sheet: _Sheet) -> Pixels:
    """Draw a small plate behind the windscreen: pale characters on black, the sky's reflection over it."""
    image = np.full((sheet.height, sheet.width, 3), (34, 30, 28), dtype=np.uint8)
    noise = sheet.chances.normal(0, 5, image.shape)
    image = np.clip(image + noise, 0, 255).astype(np.uint8)
    row = round(sheet.height * 0.45)
    high = sheet.letter_pixels * 2
    cv2.rectangle(image, (0, row - high // 4), (sheet.width, row + high), (16, 15, 15), -1)
    pitch = round(sheet.width * 0.047)
    letters = [narrowed(written(character, sheet.letter_pixels), round(pitch * _LETTER_SHARE)) for character in vin]
    star = written(_FRAME_MARK, sheet.letter_pixels // 2)
    ink = np.zeros(image.shape[:2], dtype=np.float32)
    line = spaced([star, *letters, star], pitch)
    put_ink(ink, line, place=((sheet.width - line.shape[1]) // 2, row))
    tint(image, ink, colour=(205, 208, 200))
    reflection = np.zeros(image.shape[:2], dtype=np.float32)
    corners = [(0, 0), (round(sheet.width * 0.7), 0), (round(sheet.width * 0.25), sheet.height), (0, sheet.height)]
    cv2.fillPoly(reflection, [np.array(corners, dtype=np.int32)], 0.18)
    tint(
        image,
        np.asarray(cv2.GaussianBlur(reflection, (0, 0), sheet.width / 20), dtype=np.float32),
        colour=(210, 190, 175),
    )
    return image


SURFACES: dict[str, Callable[[str, _Sheet], Pixels]] = {
    "stamped": _stamped,
    "plate": _nameplate,
    "sticker": _sticker,
    "windshield": _windshield,
}


def _print_row(
    image: Pixels, vin: str, *, place: tuple[int, int], height_pixels: int, colour: tuple[int, int, int]
) -> None:
    ink: Ink = np.zeros(image.shape[:2], dtype=np.float32)
    pitch = round(image.shape[1] * 0.048)
    letters = [narrowed(written(character, height_pixels), round(pitch * _LETTER_SHARE)) for character in vin]
    put_ink(ink, spaced(letters, pitch), place=place)
    tint(image, ink, colour=colour)


def _brushed(sheet: _Sheet, *, level: int) -> Pixels:
    grain = sheet.chances.normal(0, 30, (sheet.height, sheet.width)).astype(np.float32)
    streaks = cv2.blur(grain, (max(9, sheet.width // 20), 1))
    light = np.linspace(-18, 18, sheet.width, dtype=np.float32)[None, :] * float(sheet.chances.uniform(-1, 1))
    grey = np.clip(level + streaks * 2 + grain * 0.12 + light, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _photographed(image: Pixels, chances: Generator) -> Pixels:
    """Look at a drawn surface through a hand-held camera: a little turned, shaded, soft and noisy."""
    height, width = image.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
    moved = corners + chances.uniform(-0.02, 0.02, (4, 2)).astype(np.float32) * width
    matrix = cv2.getPerspectiveTransform(corners, moved)
    seen = cv2.warpPerspective(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    shade = np.linspace(1 - chances.uniform(0, 0.25), 1.05, height, dtype=np.float32)[:, None, None]
    soft = cv2.GaussianBlur(seen, (0, 0), 0.8).astype(np.float32) * shade
    return np.clip(soft + chances.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


def _opened(data: bytes) -> Pixels:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        raise RenderingError("only a photo can be blurred or put under glare")
    return np.asarray(image, dtype=np.uint8)


def _blurred(data: bytes, chances: Generator) -> bytes:
    """Smear the photo as a moving hand does, so far that no character is left."""
    image = _opened(data)
    length = max(5, round(image.shape[1] * _BLUR_SHARE_OF_WIDTH * float(chances.uniform(1.5, 2))))
    smear = cv2.blur(cv2.blur(image, (length, 1)), (1, length))
    return jpeg(np.asarray(smear, dtype=np.uint8))


def _glared(data: bytes, chances: Generator) -> bytes:
    """Lay a lamp's reflection over the photo that burns out the middle of the picture."""
    image = _opened(data)
    height, width = image.shape[:2]
    light = np.zeros((height, width), dtype=np.float32)
    centre = (round(width * float(chances.uniform(0.45, 0.55))), height // 2)
    cv2.ellipse(light, centre, (width // 3, height // 3), 0, 0, 360, 1.0, -1)
    tint(image, np.asarray(cv2.GaussianBlur(light, (0, 0), width / 40), dtype=np.float32), colour=(255, 255, 255))
    return jpeg(image)


def _cut_off(data: bytes, chances: Generator) -> bytes:
    return data[: round(len(data) * _TRUNCATED_SHARE * float(chances.uniform(0.8, 1)))]


def _not_an_image(data: bytes, chances: Generator) -> bytes:
    return b"%PDF-1.4 " + chances.bytes(min(len(data), 4096))


def _emptied(_data: bytes, _chances: Generator) -> bytes:
    return b""


DAMAGES: dict[str, Callable[[bytes, Generator], bytes]] = {
    "blur": _blurred,
    "glare": _glared,
    "truncated": _cut_off,
    "not_an_image": _not_an_image,
    "empty": _emptied,
}
