"""Reads the VIN out of a barcode beside it, as a second witness; and QR codes, whatever they say.

It knows which symbologies carry VINs (Code 39 and Code 128 on windshields and plates, Data Matrix and QR on stickers),
two readers of barcodes, and where it pays to look. Code 39 has no check character, so a witness may be wrong, and two
may contradict each other: all are returned. Comparing them with the printed VIN is left to `deciding`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from inspection.vin import is_vin, normalise_vin
from models.lines import Quad, grown_quad, strip_of
from models.photo import Pixels

Reader = Literal["zxing-cpp", "zbar"]
_Floats = NDArray[np.float32]

_VIN_IDENTIFIER = "I"
_IDENTIFIED_FIELDS = "[)>"
_SYMBOLOGIES = "Code39,Code128,DataMatrix,QRCode"
# zbar's own names; it reads no Data Matrix.
_ZBAR_SYMBOLOGIES = {"CODE39": "Code39", "CODE128": "Code128", "QRCODE": "QRCode"}
# How many scan lines must agree before zbar is believed on bars. Of 214 readings of drawn bars, the 3 wrong ones came
# from one line alone, as did 19 of the right ones.
_ZBAR_SCANS_MIN = 2
_LINEAR = frozenset({"Code39", "Code128"})
_WORD = re.compile(r"[0-9A-Z]+")

# Bars are told from other edges by gradients that share one direction over a place far longer than one edge is wide.
# The figures were chosen on drawn barcodes over real photos of dashboards and door frames.
_CELLS_A_SIDE = 320
_CELL_PIXELS_MIN = 4
_COHERENCE_MIN = 0.6
_CONTRAST_MIN = 8.0
_DIRECTIONS = 6
_PLACE_SHAPE_MIN = 1.5
_LONG_ROW_SHAPE = 3.0
# Sine of the least angle between a row and its bars.
_SLANT_MIN = 0.5
# 17 characters take more than 200 modules, and what is less than a pixel wide cannot be read.
_PLACE_LENGTH_PIXELS_MIN = 150.0
_QUIET_ZONE = 0.06

# Averaging along the bars takes noise away and no bar; then they are sharpened. Of 288 drawn codes with 1 to 3 pixels a
# module, blurred by 0.3 to 0.8 modules and enlarged three times, 2 were read as they were, 48 sharpened, 99 after both.
_SMOOTH_ALONG_BARS_PIXELS = 9
_SHARPEN_SIGMA_PIXELS = 2.0
_SHARPEN_AMOUNT = 2.0
_QR_ENLARGEMENT = 2.0


@dataclass(frozen=True, kw_only=True)
class BarcodeWitness:
    """A VIN that a barcode (条码) holds, as far as its readers tell.

    symbology: "Code39", "Code128", "DataMatrix" or "QRCode". readers: who read just this, zxing-cpp before zbar.
    """

    vin: str
    symbology: str
    readers: tuple[Reader, ...]


@dataclass(frozen=True, kw_only=True)
class SearchLimits:
    """How far barcodes are looked for; together they bound the time of a search.

    searched_side_pixels_max: larger pictures are reduced to it. near_heights: how far around the printed VIN, in its
    heights. near_pixels_max: area of the place around it, as read. places_max: places with bars that are turned
    upright, the strongest first. enlargement_max: how much larger such a place, or a small picture, is read.
    place_pixels_max: its area as read. small_side_pixels_max: up to it a picture is small.
    """

    searched_side_pixels_max: int = 1600
    near_heights: float = 3.0
    near_pixels_max: int = 600_000
    places_max: int = 4
    enlargement_max: float = 3.0
    place_pixels_max: int = 1_000_000
    small_side_pixels_max: int = 480


_LIMITS = SearchLimits()
_Reading = tuple[str, str, Reader]


@dataclass(frozen=True, kw_only=True)
class _View:
    """One look at the picture: grey pixels, and whether the bars, if any, run straight up and down."""

    grey: Pixels
    aligned: bool = False


def witnesses(
    image: Pixels, *, near: Quad | None = None, thorough: bool = False, limits: SearchLimits = _LIMITS
) -> tuple[BarcodeWitness, ...]:
    """Return the VINs that barcodes on a BGR picture hold; readers that contradict each other give a witness each.

    near: corners of the printed VIN, clockwise from its top left; then only its surroundings are searched, at the cost
    of one reading. Without it, the whole picture is read once. thorough: look on, while nothing was found, at the
    whole picture, at places with bars turned upright, sharpened and enlarged, and with zbar where its library is.
    """
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    for view in _views(grey, near=near, thorough=thorough, limits=limits):
        readings = _zxing_readings(view)
        if readings or thorough:
            readings += _zbar_readings(view)
        if readings:
            return merged(readings)
    return ()


def barcode_vins(image: Pixels, *, near: Quad | None = None, thorough: bool = False) -> tuple[str, ...]:
    """Return the VINs that `witnesses` finds, each once, in the order found."""
    return tuple(dict.fromkeys(witness.vin for witness in witnesses(image, near=near, thorough=thorough)))


def qr_texts(image: Pixels, *, limits: SearchLimits = _LIMITS) -> tuple[str, ...]:
    """Return what the QR codes on a BGR picture say, each text once; a closer look while none was found."""
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    whole = _resized(grey, min(1.0, limits.searched_side_pixels_max / max(grey.shape)))
    looks: tuple[Callable[[], Pixels], ...] = (
        lambda: whole,
        lambda: grey,
        lambda: _sharpened(whole),
        lambda: _resized(whole, _QR_ENLARGEMENT),
    )
    for look in looks:
        found = zxingcpp.read_barcodes(
            look(), formats=zxingcpp.barcode_formats_from_str("QRCode"), text_mode=zxingcpp.TextMode.Plain
        )
        if found:
            return tuple(dict.fromkeys(code.text for code in found))
    return ()


def vin_in(text: str) -> str:
    """Return the VIN that a barcode's text is or, among other fields, holds; "" without one, or with more than one.

    A field may begin with I, the data identifier of a VIN (ANSI MH10.8.2), as Code 39 on imported vehicles does too
    (AIAG B-2). In a message by ISO/IEC 15434 every field has its identifier: one of 17 characters without the I is a
    part's serial number. Elsewhere, 17 digits are a time or a serial number.
    """
    plain = normalise_vin(text)
    for whole in (plain, plain.removeprefix(_VIN_IDENTIFIER)):
        if is_vin(whole):
            return whole
    words = set(_WORD.findall(unicodedata.normalize("NFKC", text).upper()))
    vins = {word[1:] for word in words if word.startswith(_VIN_IDENTIFIER) and is_vin(word[1:])}
    if not text.startswith(_IDENTIFIED_FIELDS):
        vins |= {word for word in words if is_vin(word) and not word.isdigit()}
    return vins.pop() if len(vins) == 1 else ""


def merged(readings: Iterable[_Reading]) -> tuple[BarcodeWitness, ...]:
    """Return what was read as (VIN, symbology, reader), each VIN of a symbology once with all who read it."""
    readers: dict[tuple[str, str], list[Reader]] = {}
    for vin, symbology, reader in readings:
        known = readers.setdefault((vin, symbology), [])
        if reader not in known:
            known.append(reader)
    return tuple(BarcodeWitness(vin=vin, symbology=name, readers=tuple(who)) for (vin, name), who in readers.items())


def zbar_is_present() -> bool:
    """Return whether the second reader can be asked: pyzbar found libzbar on this machine."""
    return _zbar() is not None


def _views(grey: Pixels, *, near: Quad | None, thorough: bool, limits: SearchLimits) -> Iterator[_View]:
    """Cut the views one by one, the cheapest first."""
    if near:
        around = _around(grey, near, limits)
        yield _View(grey=around, aligned=True)
        if thorough:
            yield from _upright_places(around, limits)
    if near and not thorough:
        return
    whole = _resized(grey, min(1.0, limits.searched_side_pixels_max / max(grey.shape)))
    yield _View(grey=whole)
    if not thorough:
        return
    enlarged = whole
    if max(whole.shape) <= limits.small_side_pixels_max:
        enlarged = _resized(whole, limits.enlargement_max)
        yield _View(grey=enlarged)
    yield from _upright_places(whole, limits)
    yield _View(grey=_sharpened(enlarged))


def _around(grey: Pixels, near: Quad, limits: SearchLimits) -> Pixels:
    place = grown_quad(near, along=limits.near_heights, across=limits.near_heights)
    return _cut(grey, place, pixels_max=limits.near_pixels_max, limits=limits)


def _upright_places(grey: Pixels, limits: SearchLimits) -> Iterator[_View]:
    """Turn each place with bars upright and enlarge it; then the same, sharpened."""
    strips = []
    for place in bar_places(grey, places_max=limits.places_max):
        strips.append(_cut(grey, place, pixels_max=limits.place_pixels_max, limits=limits))
        yield _View(grey=strips[-1], aligned=True)
    for strip in strips:
        smooth = np.asarray(cv2.blur(strip, (1, _SMOOTH_ALONG_BARS_PIXELS)), dtype=np.uint8)
        yield _View(grey=_sharpened(smooth), aligned=True)


def _cut(grey: Pixels, place: Quad, *, pixels_max: int, limits: SearchLimits) -> Pixels:
    """Return the place upright, enlarged as far as the limits let it."""
    wide, high = (max(float(np.linalg.norm(np.subtract(place[end], place[0]))), 1.0) for end in (1, 3))
    scale = min(limits.enlargement_max, (pixels_max / (wide * high)) ** 0.5)
    return strip_of(grey, place, (max(1, round(wide * scale)), max(1, round(high * scale))))


def bar_places(grey: Pixels, *, places_max: int) -> list[Quad]:
    """Return where bars stand side by side on a grey picture, shape (height, width), the strongest place first.

    Each as its corners in pixels, the first two along the reading direction, its quiet zones included; which end is
    the first says nothing.
    """
    cell = max(_CELL_PIXELS_MIN, -(-max(grey.shape) // _CELLS_A_SIDE))
    if min(grey.shape) < cell:
        return []
    contrast, coherence, direction = _gradients(grey, cell)
    bars = (coherence > _COHERENCE_MIN) & (contrast > _CONTRAST_MIN)
    found: list[tuple[float, Quad]] = []
    width = np.pi / _DIRECTIONS
    # Half a step between neighbours: what lies on the border of one range lies in the middle of the next.
    for middle in np.arange(0, np.pi, width / 2):
        away = np.abs((direction - middle + np.pi / 2) % np.pi - np.pi / 2)
        found += _places(np.asarray(bars & (away < width / 2)), contrast, direction, cell=cell)
    kept: list[Quad] = []
    for _, quad in sorted(found, key=lambda place: -place[0]):
        centre = np.mean(quad, axis=0)
        if not any(_holds(other, centre) for other in kept):
            kept.append(quad)
    return kept[:places_max]


def _gradients(grey: Pixels, cell: int) -> tuple[_Floats, _Floats, _Floats]:
    """Return contrast, coherence (0 to 1) and direction (radians, 0 to pi) of the gradients in each cell."""
    size = (grey.shape[1] // cell, grey.shape[0] // cell)
    cut = grey[: size[1] * cell, : size[0] * cell]
    x, y = (cv2.Sobel(cut, cv2.CV_32F, *order, ksize=3, scale=0.25) for order in ((1, 0), (0, 1)))
    xx, yy, xy = (
        cv2.blur(cv2.resize(product, size, interpolation=cv2.INTER_AREA), (3, 3)) for product in (x * x, y * y, x * y)
    )
    strength = xx + yy
    coherence = np.hypot(xx - yy, 2 * xy) / np.maximum(strength, 1e-6)
    direction = (np.arctan2(2 * xy, xx - yy) / 2) % np.pi
    return np.sqrt(strength), coherence, direction


def _places(mask: NDArray[np.bool_], contrast: _Floats, direction: _Floats, *, cell: int) -> list[tuple[float, Quad]]:
    """Return (strength, place) for each connected group of cells that is long enough for a barcode."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    found = []
    for label in range(1, count):
        left, top, width, height = (int(figure) for figure in stats[label, : cv2.CC_STAT_AREA])
        if np.hypot(width, height) * cell < _PLACE_LENGTH_PIXELS_MIN:
            continue
        part = np.s_[top : top + height, left : left + width]
        rows, columns = np.nonzero(labels[part] == label)
        weight = contrast[part][rows, columns] ** 2
        double = 2 * direction[part][rows, columns]
        across_bars = float(np.arctan2((np.sin(double) * weight).sum(), (np.cos(double) * weight).sum()) / 2)
        quad = _place(np.stack([columns + left, rows + top], axis=1), weight, across_bars=across_bars)
        if quad is not None:
            found.append((float(weight.sum()), tuple((float(x) * cell, float(y) * cell) for x, y in quad)))
    return found


def _place(cells: NDArray[np.int64], weight: _Floats, *, across_bars: float) -> NDArray[np.float64] | None:
    """Return the corners, in cells, of the slanted box around the cells; None where it is no barcode's shape.

    Seen from the side, bars do not stand square on their row: a long row has its own direction, a short one theirs.
    """
    square = np.array([np.cos(across_bars), np.sin(across_bars)])
    middle = cells + 0.5
    spreads, directions = np.linalg.eigh(np.cov(middle.T, aweights=weight))
    along = directions[:, 1] if spreads[1] > spreads[0] * _LONG_ROW_SHAPE**2 else square
    axes = np.stack([along, [-square[1], square[0]]])
    if abs(float(np.linalg.det(axes))) < _SLANT_MIN:
        return None
    places = middle @ np.linalg.inv(axes)
    low, high = places.min(axis=0) - 0.5, places.max(axis=0) + 0.5
    length, height = high - low
    if length < height * _PLACE_SHAPE_MIN:
        return None
    quiet = np.array([1 + length * _QUIET_ZONE, 0.0])
    (left, top), (right, bottom) = low - quiet, high + quiet
    return np.asarray(np.array([(left, top), (right, top), (right, bottom), (left, bottom)]) @ axes)


def _holds(quad: Quad, point: NDArray[np.float64]) -> bool:
    return cv2.pointPolygonTest(np.array(quad, dtype=np.float32), (float(point[0]), float(point[1])), False) >= 0


def _sharpened(grey: Pixels) -> Pixels:
    soft = cv2.GaussianBlur(grey, (0, 0), _SHARPEN_SIGMA_PIXELS)
    return np.asarray(cv2.addWeighted(grey, 1 + _SHARPEN_AMOUNT, soft, -_SHARPEN_AMOUNT, 0), dtype=np.uint8)


def _resized(grey: Pixels, scale: float) -> Pixels:
    if scale == 1:
        return grey
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    return np.asarray(
        cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), dtype=np.uint8
    )


def _zxing_readings(view: _View) -> list[_Reading]:
    formats = zxingcpp.barcode_formats_from_str(_SYMBOLOGIES)
    found = zxingcpp.read_barcodes(
        view.grey, formats=formats, try_rotate=not view.aligned, text_mode=zxingcpp.TextMode.Plain
    )
    return [(vin, code.symbology.name, "zxing-cpp") for code in found if (vin := vin_in(code.text))]


def _zbar_readings(view: _View) -> list[_Reading]:
    zbar = _zbar()
    return [(vin, name, "zbar") for text, name in zbar(view.grey) if (vin := vin_in(text))] if zbar else []


@cache
def _zbar() -> Callable[[Pixels], list[tuple[str, str]]] | None:
    """Return a function from grey pixels to (text, symbology) pairs; None where libzbar cannot be loaded."""
    try:
        from pyzbar import pyzbar  # noqa: PLC0415 - the import itself loads libzbar, which many devices lack
    except (ImportError, OSError):
        return None
    wanted = [pyzbar.ZBarSymbol[name] for name in _ZBAR_SYMBOLOGIES]

    def read(grey: Pixels) -> list[tuple[str, str]]:
        named = [(code, _ZBAR_SYMBOLOGIES[code.type]) for code in pyzbar.decode(grey, symbols=wanted)]
        return [
            (code.data.decode("utf-8", "replace"), name)
            for code, name in named
            if name not in _LINEAR or code.quality >= _ZBAR_SCANS_MIN
        ]

    return read
