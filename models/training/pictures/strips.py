"""Makes strips to train the character reader on: drawn ones, and ones cut from labelled frames.

A strip is cut the way the finder will cut it: a little too wide, a little crooked, sometimes with its neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from models.characters import ILLEGAL, SYMBOLS
from models.photo import Pixels
from models.training.pictures.drawn import Corners, Drawn, drawn, some_half, some_row, some_surface, some_vin
from models.training.pictures.weather import shrunk, weathered

STRIP_HEIGHT_PIXELS = 48
STRIP_WIDTH_PIXELS = 384
# Class 0 is the CTC blank; the replacement character stands for any sign that no VIN holds, the last class for space.
CHARACTERS = SYMBOLS + "".join(ILLEGAL) + "\N{REPLACEMENT CHARACTER}"
CLASSES = 1 + len(CHARACTERS) + 1
_OTHER = CHARACTERS.index("\N{REPLACEMENT CHARACTER}") + 1
_ROW_SHARE = 0.08
_HALF_SHARE = 0.04
_NOTHING_SHARE = 0.03
_BENT_SHARE = 0.12


@dataclass(frozen=True, kw_only=True)
class Strip:
    """One strip, BGR (48, 384, 3), and the classes of what stands on it, left to right."""

    picture: Pixels
    classes: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a known text stands on a frame: its corners in pixels, clockwise from its top left."""

    frame: Pixels
    quad: Corners
    text: str


def drawn_strip(chances: Generator) -> Strip:
    """Return a strip that never was a photo: mostly a VIN, sometimes another line, sometimes nothing."""
    other = chances.random() < _ROW_SHARE
    text = some_row(chances) if other else some_vin(chances)
    if not other and chances.random() < _HALF_SHARE:
        text = some_half(text, chances)
    letter_pixels = float(chances.uniform(22, 40))
    one = drawn(text, some_surface(chances), chances, letter_pixels=letter_pixels)
    picture = weathered(one.picture, chances, letter_pixels=letter_pixels, harsh=0.8)
    if chances.random() < 0.65:
        wanted = float(np.exp(chances.uniform(np.log(8), np.log(24))))
        picture = shrunk(picture, chances, letter_pixels=letter_pixels, letter_pixels_wanted=wanted)
    if chances.random() < _NOTHING_SHARE:
        return Strip(picture=_cut(picture, _beside(one), chances), classes=())
    return Strip(picture=_cut(picture, one.quad, chances), classes=classes_of(text))


def photographed_strip(place: Place, chances: Generator) -> Strip:
    """Return a strip cut from a frame, made a little worse by chance so that no two are the same."""
    picture = _cut(place.frame, place.quad, chances)
    letter_pixels = STRIP_HEIGHT_PIXELS * 0.7
    if chances.random() < 0.5:
        wanted = letter_pixels * float(chances.uniform(0.25, 0.8))
        picture = shrunk(picture, chances, letter_pixels=letter_pixels, letter_pixels_wanted=wanted)
    worse = weathered(picture, chances, letter_pixels=letter_pixels, harsh=0.35)
    return Strip(picture=worse, classes=classes_of(place.text))


def classes_of(text: str) -> tuple[int, ...]:
    """Return the classes of a text; what no VIN and no forbidden letter is becomes the class for other signs."""
    return tuple(CHARACTERS.index(one) + 1 if one in CHARACTERS else _OTHER for one in text)


def batch_of(strips: Sequence[Strip]) -> NDArray[np.float32]:
    """Return strips as the network wants them: (N, 3, 48, 384), -1 to 1."""
    stacked = np.stack([strip.picture for strip in strips]).astype(np.float32)
    return np.ascontiguousarray(stacked.transpose(0, 3, 1, 2) / 127.5 - 1)


def _cut(picture: Pixels, quad: Corners, chances: Generator) -> Pixels:
    """Cut a quad out, grown and bent as an imperfect finder would have it."""
    height = float(np.linalg.norm(quad[3] - quad[0]))
    right = (quad[1] - quad[0]) / max(float(np.linalg.norm(quad[1] - quad[0])), 1e-6)
    down = (quad[3] - quad[0]) / max(height, 1e-6)
    along = chances.uniform(-0.02, 0.75, 2) * height
    across = chances.uniform(-0.06, 0.4, 2) * height
    grown = np.array(
        [
            quad[0] - right * along[0] - down * across[0],
            quad[1] + right * along[1] - down * across[0],
            quad[2] + right * along[1] + down * across[1],
            quad[3] - right * along[0] + down * across[1],
        ]
    )
    grown += chances.normal(0, 0.035 * height, (4, 2))
    size = (STRIP_WIDTH_PIXELS, STRIP_HEIGHT_PIXELS)
    target = np.array([(0, 0), (size[0], 0), size, (0, size[1])], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(grown.astype(np.float32), target)
    ways = (cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_AREA)
    way = ways[int(chances.choice(3, p=[0.6, 0.3, 0.1]))]
    strip = cv2.warpPerspective(picture, matrix, size, flags=way, borderMode=cv2.BORDER_REPLICATE)
    if chances.random() < _BENT_SHARE:
        strip = _bent(np.asarray(strip, dtype=np.uint8), chances)
    return np.asarray(strip, dtype=np.uint8)


def _bent(strip: Pixels, chances: Generator) -> Pixels:
    """Bow a strip as a round tube or a soft label does."""
    height, width = strip.shape[:2]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bow = (2 * columns / width - 1) ** 2 * float(chances.uniform(-0.12, 0.12)) * height
    return np.asarray(
        cv2.remap(strip, columns, rows + bow, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8
    )


def _beside(one: Drawn) -> Corners:
    """Return a place right above the row where nothing whole stands."""
    height = float(one.quad[3, 1] - one.quad[0, 1])
    return one.quad - (0.0, height * 1.2)
