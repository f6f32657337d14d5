"""Shapes of the characters of a VIN, as ink: drawn by strokes of our own, or taken from the fonts of the machine.

Strokes stand for what a stamping, needling or engraving tool does (GB 16735 leaves the type face free); fonts stand
for printers. Everything follows from the generator that is handed in. What the ink is put on is `coats`' business.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Ink = NDArray[np.float32]
Points = NDArray[np.float64]

CELL_HEIGHT_PIXELS = 64
_FONT_FOLDERS = ("/usr/share/fonts/truetype", "/usr/share/fonts/opentype", "/usr/local/share/fonts")
_FONT_BUILT_IN = "uni"
_FONT_PIXELS = 60
_SUBPIXEL_BITS = 4
_ROUNDINGS_MAX = 3

# Corners of each stroke on a grid of 5 x 7 points, x before y, the origin at the top left; a bar parts the variants.
_STROKES = {
    "0": "10 30 41 45 36 16 05 01 10|10 30 41 45 36 16 05 01 10, 41 05|20 31 35 26 15 11 20",
    "1": "11 20 26|02 20 26|20 26|11 20 26, 06 46|11 20 26, 16 36",
    "2": "01 10 30 41 42 06 46|01 10 30 41 42 33 13 04 06 46",
    "3": "01 10 30 41 42 33 13, 33 44 45 36 16 05|00 40 23 33 44 45 36 16 05|00 40 43 46 06, 13 43",
    "4": "36 30 04 44|34 36, 20 04 44|30 04 44, 32 36",
    "5": "40 00 03 33 44 45 36 16 05|40 10 03 12 32 43 45 36 16 05",
    "6": "41 30 10 01 05 16 36 45 44 33 13 04|30 03 05 16 36 45 44 33 13 04",
    "7": "00 40 16|00 40 22 26|01 00 40 16|00 40 16, 13 33",
    "8": "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33",
    "9": "05 16 36 45 41 30 10 01 02 13 33 42|16 43 41 30 10 01 02 13 33 42",
    "A": "06 20 46, 14 34|06 02 20 42 46, 04 44|06 01 10 30 41 46, 03 43",
    "B": "00 06 36 45 44 33 03, 00 30 41 42 33",
    "C": "41 30 10 01 05 16 36 45",
    "D": "00 06 26 44 42 20 00|00 06 36 45 41 30 00",
    "E": "40 00 06 46, 03 33",
    "F": "40 00 06, 03 33",
    "G": "41 30 10 01 05 16 36 45 43 23|41 30 10 01 05 16 36 46 43 33",
    "H": "00 06, 40 46, 03 43",
    "J": "40 45 36 16 05|10 40, 30 35 26 16 05|30 35 26 06",
    "K": "00 06, 40 03 46|00 06, 40 04, 13 46",
    "L": "00 06 46",
    "M": "06 00 23 40 46|06 00 26 40 46|06 10 24 30 46",
    "N": "06 00 46 40",
    "P": "06 00 30 41 42 33 03",
    "R": "06 00 30 41 42 33 03, 23 46|06 00 30 41 42 33 03, 33 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05|41 30 10 01 02 44 45 36 16 05",
    "T": "00 40, 20 26",
    "U": "00 05 16 36 45 40",
    "V": "00 26 40",
    "W": "00 16 22 36 40|00 16 20 36 40|00 06 23 46 40",
    "X": "00 46, 40 06",
    "Y": "00 23 40, 23 26",
    "Z": "00 40 06 46|00 40 06 46, 13 33",
    "*": "22 24, 13 33, 12 34, 32 14",
    "#": "11 15, 31 35, 02 42, 04 44",
    "-": "13 33",
    "/": "06 40",
    "\N{WHITE DIAMOND}": "20 43 26 03 20|21 33 25 13 21",
    "\N{WHITE STAR}": "20 36 02 42 16 20",
    "\N{WHITE UP-POINTING TRIANGLE}": "21 45 05 21",
    "<": "30 03 36|31 13 35",
    ">": "10 43 16|11 33 15",
    "+": "21 25, 03 43",
    "I": "20 26|10 30, 20 26, 16 36",
    "O": "10 30 41 45 36 16 05 01 10",
    "Q": "10 30 41 45 36 16 05 01 10, 34 46",
}


@dataclass(frozen=True, kw_only=True)
class Tool:
    """What struck, cut or needled the characters: the same for the whole of one VIN.

    thickness: of a stroke, in heights of a character. width: of a character, in its heights. roundings: how often
    corners are cut. variants: a seed that says which shape of a character is used. dots: distance of needle marks in
    thicknesses, 0 for a line. slant: horizontal shift over the height.
    """

    thickness: float
    width: float
    roundings: int
    variants: int
    dots: float
    slant: float


def some_tool(chances: Generator, *, dotted: bool) -> Tool:
    """Return a tool as found in factories: thin and thick, square and round."""
    thickness = chances.uniform(0.07, 0.11) if dotted else chances.uniform(0.06, 0.18)
    return Tool(
        thickness=float(thickness),
        width=float(chances.uniform(0.42, 0.72)),
        roundings=int(chances.integers(0, _ROUNDINGS_MAX + 1)),
        variants=int(chances.integers(0, 1 << 30)),
        dots=float(chances.uniform(1.0, 1.5)) if dotted else 0.0,
        slant=float(chances.normal(0, 0.03)),
    )


def struck(character: str, tool: Tool, chances: Generator) -> Ink:
    """Return one character as the tool leaves it: ink of 0 to 1, shape (64 + margins, width + margins)."""
    margin = CELL_HEIGHT_PIXELS // 8
    size = (CELL_HEIGHT_PIXELS * tool.width, float(CELL_HEIGHT_PIXELS))
    canvas = np.zeros((CELL_HEIGHT_PIXELS + 2 * margin, round(size[0]) + 2 * margin), dtype=np.uint8)
    thickness = max(1, round(tool.thickness * CELL_HEIGHT_PIXELS))
    for stroke in _strokes(character, tool):
        points = stroke / (4, 6) * (size[0] - thickness, size[1] - thickness) + margin + thickness / 2
        points[:, 0] += tool.slant * (CELL_HEIGHT_PIXELS - points[:, 1])
        points += chances.normal(0, 0.4, points.shape)
        if tool.dots:
            _needle(canvas, points, pitch=thickness * tool.dots, radius=thickness / 2, chances=chances)
        else:
            fixed = np.round(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)
            cv2.polylines(canvas, [fixed], False, 255, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    return np.asarray(canvas.astype(np.float32) / 255, dtype=np.float32)


def some_face(chances: Generator) -> str:
    """Return the name of a font to print with: a file of this machine, or the one inside OpenCV."""
    faces = _faces()
    return faces[int(chances.integers(0, len(faces)))]


def printed(character: str, face: str) -> Ink:
    """Return one character as the font draws it: ink of 0 to 1, cropped at its sides, 64 pixels and margins high."""
    return _printed(character, face)


@lru_cache(maxsize=4096)
def _printed(character: str, face: str) -> Ink:
    margin = CELL_HEIGHT_PIXELS // 8
    canvas = np.zeros((CELL_HEIGHT_PIXELS + 2 * margin, CELL_HEIGHT_PIXELS * 2, 3), dtype=np.uint8)
    base = (margin, CELL_HEIGHT_PIXELS + margin - CELL_HEIGHT_PIXELS // 10)
    cv2.putText(canvas, character, base, (255, 255, 255), _face(face), _FONT_PIXELS)
    ink = np.asarray(canvas[:, :, 0].astype(np.float32) / 255, dtype=np.float32)
    columns = np.flatnonzero(ink.max(axis=0) > 0)
    if not len(columns):
        return ink[:, :4]
    return np.ascontiguousarray(ink[:, max(0, columns[0] - 1) : columns[-1] + 2])


@lru_cache(maxsize=256)
def _face(name: str) -> Any:
    return cv2.FontFace(name)


@lru_cache(maxsize=1)
def _faces() -> tuple[str, ...]:
    """Return the fonts found, slanted and CJK ones left out: their digits repeat those of their upright siblings."""
    files = sorted(str(path) for folder in _FONT_FOLDERS for path in Path(folder).rglob("*.ttf"))
    upright = [file for file in files if "Oblique" not in file and "Italic" not in file and "Math" not in file]
    return (_FONT_BUILT_IN, *upright)


def _strokes(character: str, tool: Tool) -> list[Points]:
    variants = _STROKES[character].split("|")
    chosen = variants[(tool.variants // (ord(character) * 7 + 1)) % len(variants)]
    return [_rounded(_corners(stroke), tool.roundings) for stroke in chosen.split(",")]


def _corners(stroke: str) -> Points:
    return np.array([(int(point[0]), int(point[1])) for point in stroke.split()], dtype=np.float64)


def _rounded(points: Points, times: int) -> Points:
    """Cut the corners of a polyline `times` times (Chaikin 1974); its ends, or the closing corner, stay."""
    for _ in range(times):
        first, last = points[:-1], points[1:]
        cut = np.stack([first * 0.75 + last * 0.25, first * 0.25 + last * 0.75], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut, points[-1:]])
    return points


def _needle(canvas: NDArray[np.uint8], points: Points, *, pitch: float, radius: float, chances: Generator) -> None:
    """Set dots along a polyline, each a little off its place, as a vibrating needle does."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    marks = np.linspace(0, along[-1], max(2, round(along[-1] / max(pitch, 1.0)) + 1))
    xs, ys = np.interp(marks, along, points[:, 0]), np.interp(marks, along, points[:, 1])
    for x, y in zip(xs + chances.normal(0, 0.5, len(xs)), ys + chances.normal(0, 0.5, len(ys)), strict=True):
        place = (round(x * (1 << _SUBPIXEL_BITS)), round(y * (1 << _SUBPIXEL_BITS)))
        cv2.circle(canvas, place, round(radius * (1 << _SUBPIXEL_BITS)), 255, -1, cv2.LINE_AA, _SUBPIXEL_BITS)
