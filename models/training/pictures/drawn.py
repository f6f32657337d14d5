"""Draws one VIN with its surroundings, and says where it stands: what photos cannot be had of, above all metal.

It knows what VINs of the world look like (GB 16735, ISO 3779) and what stands beside them: marks, other lines, bars,
frames. The numbers are made up. Light, dirt and camera are `weather`'s business.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from inspection.vin import check_digit, check_digit_is_mandatory
from models.characters import SYMBOLS
from models.photo import Pixels
from models.training.pictures import glyphs
from models.training.pictures.coats import SURFACES
from models.training.pictures.glyphs import CELL_HEIGHT_PIXELS, Ink, Tool

Corners = NDArray[np.float64]

# World manufacturer identifiers as issued (ISO 3780); the rest of a drawn VIN is made up.
_MAKERS = (
    "LSV LFV LVS LVG LGB LGX LS5 LS4 LDC LBV LE4 LVV LVT LVZ LFB LB3 LGW LZW LJ8 LRW LSG LVH LHG LPS LC0 LZZ LGA LJ1 "
    "WVW WVG WV1 WV2 WAU WBA WBS WDB WDD W1K W0L WP0 WP1 WF0 VF1 VF3 VF7 VSS TMB TRU TMA ZFA ZAR SAL SAJ SCA YV1 YS3 "
    "XW8 XWE XWB XTA XTT X7L X4X X9F XUU XZG Z94 Z8N Z8T Y4K RUM JMZ JMB JTD JTM JN1 JF1 JHM KMH KNA KNE KL1 KPT U5Y "
    "1FA 1FT 1G1 1GC 1HG 1N4 1C4 2HG 2T1 3VW 3FA 4T1 4S4 5YJ 5TD 5NP 7SA MA3 MAT MMB NMT PL1 SB1 VNK"
)
_FILLED = ("WVW", "WVG", "WV1", "WV2", "WAU", "WP0", "WP1", "VSS", "TMB", "TRU", "XW8")
_SERIAL_DIGITS = 6
_OTHER_CHARACTERS = SYMBOLS + "IOQ" + "00112233445566778899"
_MARKS = ("*", "#", "-", "<", ">", "+", "\N{WHITE DIAMOND}", "\N{WHITE STAR}", "\N{WHITE UP-POINTING TRIANGLE}")
SURFACE_SHARES = {
    "stamped": 0.32,
    "embossed": 0.06,
    "engraved": 0.1,
    "plate": 0.1,
    "sticker": 0.12,
    "windshield": 0.18,
    "rubbing": 0.06,
    "document": 0.06,
}


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A drawn row of characters and what is around it.

    picture: BGR. quad: corners (x, y) of the characters alone, clockwise from their top left. text: what stands there,
    without marks. surface: a key of SURFACES. letter_pixels: height of a character.
    """

    picture: Pixels
    quad: Corners
    text: str
    surface: str
    letter_pixels: float


def some_vin(chances: Generator) -> str:
    """Return a made-up VIN with its maker's habits; where it is obligatory, the check digit holds but for one in 20."""
    maker = str(chances.choice(_MAKERS.split()))
    middle = _picked(chances, SYMBOLS, 14)
    if maker in _FILLED and chances.random() < 0.8:
        middle = "ZZZ" + middle[3:5] + "Z" + middle[6:]
    serial = _picked(chances, "0123456789", _SERIAL_DIGITS)
    if chances.random() < 0.4:
        serial = "00" + serial[2:]
    vin = maker + middle[: 14 - _SERIAL_DIGITS] + serial
    if check_digit_is_mandatory(vin) and chances.random() < 0.95:
        return vin[:8] + check_digit(vin) + vin[9:]
    return vin


def some_half(vin: str, chances: Generator) -> str:
    """Return the upper or the lower line of a VIN that stands on two lines."""
    cut = int(chances.integers(7, 11))
    return vin[:cut] if chances.random() < 0.5 else vin[cut:]


def some_row(chances: Generator) -> str:
    """Return a line that is no VIN: a type, a date, a weight, an approval number; a slash stands for any other sign."""
    return "".join(_picked(chances, _OTHER_CHARACTERS, int(chances.integers(1, 8))) + "/" for _ in range(3))[
        : int(chances.integers(5, 22))
    ]


def drawn(text: str, surface: str, chances: Generator, *, letter_pixels: float) -> Drawn:
    """Return `text` on a surface, characters `letter_pixels` high, with about one and a half of that around it."""
    tool, face = _hand(surface, chances)
    row = _row(text, tool, face, chances)
    marks = str(chances.choice(_MARKS)) if chances.random() < 0.4 else ""
    sheet, quad = _laid_out(row, marks, (tool, face), chances)
    if chances.random() < (0.55 if surface in {"windshield", "sticker", "plate"} else 0.08):
        _add_bars(sheet, quad, chances)
    if chances.random() < 0.5:
        _add_lines(sheet, quad, (tool, face), chances)
    if chances.random() < 0.3:
        _add_frame(sheet, quad, chances)
    scale = letter_pixels / CELL_HEIGHT_PIXELS
    wide = scale * float(chances.uniform(0.8, 1.25))
    size = (max(8, round(sheet.shape[1] * wide)), max(8, round(sheet.shape[0] * scale)))
    small = np.asarray(cv2.resize(sheet, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    picture = SURFACES[surface](np.clip(small, 0, 1), chances)
    scaled = quad * (size[0] / sheet.shape[1], size[1] / sheet.shape[0])
    return Drawn(picture=picture, quad=scaled, text=text, surface=surface, letter_pixels=letter_pixels)


def some_surface(chances: Generator) -> str:
    """Return a surface by its share in training."""
    return str(chances.choice(list(SURFACE_SHARES), p=list(SURFACE_SHARES.values())))


def _picked(chances: Generator, characters: str, count: int) -> str:
    return "".join(characters[int(place)] for place in chances.integers(0, len(characters), count))


def _hand(surface: str, chances: Generator) -> tuple[Tool, str]:
    """Return the tool, and the font where a printer was at work, else ""."""
    tooled = {"stamped": 0.85, "embossed": 0.7, "engraved": 0.6, "rubbing": 0.9, "windshield": 0.4}.get(surface, 0.15)
    dotted = surface in {"stamped", "engraved", "rubbing"} and chances.random() < 0.3
    tool = glyphs.some_tool(chances, dotted=dotted)
    return tool, "" if chances.random() < tooled else glyphs.some_face(chances)


def _row(text: str, tool: Tool, face: str, chances: Generator) -> Ink:
    """Set characters side by side: at one pitch as machines do, or each after the other as printers do."""
    letters = [glyphs.printed(one, face) if face else glyphs.struck(one, tool, chances) for one in text]
    widest = max(letter.shape[1] for letter in letters)
    even = not face or chances.random() < 0.4
    margin = 0 if face else CELL_HEIGHT_PIXELS // 4
    gap = CELL_HEIGHT_PIXELS * chances.uniform(0.02, 0.12) if face else CELL_HEIGHT_PIXELS * chances.uniform(0.08, 0.5)
    by_hand = 0.0 if face else float(chances.choice([0, 0, 1.0, 2.5]))
    group_after = int(chances.integers(3, 12)) if chances.random() < 0.1 else -1
    total = round(len(text) * (widest + gap) + 4 * CELL_HEIGHT_PIXELS)
    row = np.zeros((letters[0].shape[0] + 8, total), dtype=np.float32)
    x = 0.0
    for place, letter in enumerate(letters):
        cell = widest if even else letter.shape[1]
        left = round(x + (cell - letter.shape[1]) / 2)
        top = int(np.clip(4 + round(chances.normal(0, by_hand)), 0, 8))
        window = row[top : top + letter.shape[0], left : left + letter.shape[1]]
        np.maximum(window, letter[:, : window.shape[1]], out=window)
        x += cell + gap - margin + (CELL_HEIGHT_PIXELS * 0.5 if place == group_after else 0)
    columns = np.flatnonzero(row.max(axis=0) > 0)
    return np.ascontiguousarray(row[:, columns[0] : columns[-1] + 1])


def _laid_out(row: Ink, marks: str, hand: tuple[Tool, str], chances: Generator) -> tuple[Ink, Corners]:
    """Put the row into the middle of a sheet, between its marks; return the sheet and the row's corners."""
    height, width = row.shape
    around = round(CELL_HEIGHT_PIXELS * 1.5)
    sheet = np.zeros((height + 2 * around, width + 4 * around), dtype=np.float32)
    left, top = 2 * around, around
    sheet[top : top + height, left : left + width] = row
    if marks:
        mark = _row(marks, hand[0], "", chances)
        away = round(CELL_HEIGHT_PIXELS * chances.uniform(0.1, 0.6))
        for x in (left - away - mark.shape[1], left + width + away):
            sheet[top : top + mark.shape[0], x : x + mark.shape[1]] = mark
    rows = np.flatnonzero(row.max(axis=1) > 0)
    upper, lower = top + rows[0], top + rows[-1] + 1
    corners = [(left, upper), (left + width, upper), (left + width, lower), (left, lower)]
    return sheet, np.array(corners, dtype=np.float64)


def _add_bars(sheet: Ink, quad: Corners, chances: Generator) -> None:
    """Set a strip of bars (Code 39, Code 128) right under or over the characters, often touching them."""
    gap = round(CELL_HEIGHT_PIXELS * float(chances.uniform(-0.08, 0.35)))
    high = round(CELL_HEIGHT_PIXELS * float(chances.uniform(0.4, 1.6)))
    bar = CELL_HEIGHT_PIXELS * float(chances.uniform(0.03, 0.09))
    left = max(0, round(quad[0, 0] + CELL_HEIGHT_PIXELS * chances.normal(0, 0.6)))
    right = min(sheet.shape[1], round(quad[1, 0] + CELL_HEIGHT_PIXELS * chances.normal(0, 0.6)))
    edges = left + np.cumsum(chances.choice([1, 1, 2, 3], max(2, int((right - left) / bar))) * bar)
    strip = np.zeros(sheet.shape[1], dtype=np.float32)
    for start, stop in zip(edges[::2], edges[1::2], strict=False):
        strip[round(start) : min(right, round(stop))] = 1
    top = round(quad[3, 1]) + gap if chances.random() < 0.75 else round(quad[0, 1]) - gap - high
    window = sheet[max(0, top) : max(0, top + high)]
    np.maximum(window, strip[None, :], out=window)


def _add_lines(sheet: Ink, quad: Corners, hand: tuple[Tool, str], chances: Generator) -> None:
    """Set other lines above and below, cut off where the sheet ends."""
    for above in (True, False):
        if chances.random() < 0.35:
            continue
        row = _row(some_row(chances), *hand, chances)
        gap = round(CELL_HEIGHT_PIXELS * float(chances.uniform(0.15, 0.7)))
        top = round(quad[0, 1]) - gap - row.shape[0] if above else round(quad[3, 1]) + gap
        left = max(0, round(quad[0, 0] + CELL_HEIGHT_PIXELS * chances.normal(0, 2)))
        _put(sheet, row, left=left, top=top)


def _add_frame(sheet: Ink, quad: Corners, chances: Generator) -> None:
    away = CELL_HEIGHT_PIXELS * chances.uniform(0.15, 0.8, 2)
    corners = np.array([quad[0] - away, quad[2] + away]).round().astype(int).tolist()
    thickness = max(1, round(CELL_HEIGHT_PIXELS * float(chances.uniform(0.02, 0.08))))
    cv2.rectangle(sheet, corners[0], corners[1], 1.0, thickness, cv2.LINE_AA)


def _put(sheet: Ink, ink: Ink, *, left: int, top: int) -> None:
    window = sheet[max(0, top) : max(0, top + ink.shape[0]), left : left + ink.shape[1]]
    part = ink[max(0, -top) :, : window.shape[1]][: window.shape[0]]
    np.maximum(window[: part.shape[0]], part, out=window[: part.shape[0]])
