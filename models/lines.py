"""Finds the lines on a photo that may be a VIN and cuts each out as an upright strip.

The network marks the core of a line, half as high as the line (after Liao et al. 2020, arXiv:1911.08947); here the
marks become rectangles again. It leaves reading to `characters`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.photo import Pixels
from models.weights import Floats, Network

Quad = tuple[tuple[float, float], ...]
Probabilities = NDArray[np.float32]

_STRIDE = 32
_UPRIGHT_BELOW = 1.5
_STANDING_SLOPE = 0.05
_FINER_MAX = 4
# What counts as the other half of a text that stands on two lines or is parted by a gap.
_PAIR_HEIGHT_RATIO = 1.7
_PAIR_GAP = 4.0
_PAIR_PITCH = 3.0


@dataclass(frozen=True, kw_only=True)
class FinderSettings:
    """How lines are looked for.

    side_pixels: length of the longer side that the network sees. mark_probability_min: from which probability a pixel
    is marked. line_probability_min: mean over a line's core. growth: how far a core is grown back to the line at every
    side, in heights of the core. core_pixels_min: thinner cores are dust. core_shape_min: width over height, a shorter
    core holds no half of a VIN. lines_max: most probable first.
    """

    side_pixels: int = 384
    mark_probability_min: float = 0.3
    line_probability_min: float = 0.4
    growth: float = 0.5
    core_pixels_min: float = 1.5
    core_shape_min: float = 2.0
    lines_max: int = 6


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of text.

    quad: corners (x, y) in pixels of the picture searched, clockwise from the line's own top left (for a line that
    runs vertically: as if it were read from top to bottom). probability: 0 to 1, that it is text.
    """

    quad: Quad
    probability: float

    @property
    def width(self) -> float:
        """Length of the line along its reading direction, pixels."""
        return _distance(self.quad[0], self.quad[1])

    @property
    def height(self) -> float:
        """Height of the line across its reading direction, pixels."""
        return _distance(self.quad[1], self.quad[2])

    def on_photo(self, scale_x: float, scale_y: float) -> "Line":
        """Return a line of a picture that was scaled so, in the pixels of the unscaled one."""
        return Line(quad=tuple((x / scale_x, y / scale_y) for x, y in self.quad), probability=self.probability)


class LineFinder:
    """Finds lines with the network that the manifest lists as "line-finder"."""

    def __init__(self, network: Network, settings: FinderSettings | None = None) -> None:
        self._network = network
        self._settings = settings or FinderSettings()

    def find(self, image: Pixels, *, side_pixels: int | None = None) -> list[Line]:
        """Return the lines on an upright BGR picture, most probable first; an empty list where there are none.

        side_pixels: how large the network sees the longer side, where it differs from the settings.
        """
        prepared = prepared_for_finding(image, side_pixels or self._settings.side_pixels)
        marks = self._network.run(prepared)[0, 0]
        return lines_of(marks, (image.shape[1], image.shape[0]), settings=self._settings)


def prepared_for_finding(image: Pixels, side_pixels: int) -> Floats:
    """Return the picture as (1, 3, H, W) float32 in -1 to 1, its longer side about `side_pixels`, a multiple of 32."""
    height, width = image.shape[:2]
    scale = side_pixels / max(height, width)
    size = (_to_stride(width * scale), _to_stride(height * scale))
    resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return cv2.dnn.blobFromImage(resized, 1 / 127.5, mean=(127.5, 127.5, 127.5)).astype(np.float32, copy=False)


def lines_of(marks: Probabilities, size: tuple[int, int], *, settings: FinderSettings) -> list[Line]:
    """Turn the network's marks, shape (h, w), into lines on a picture of `size` (width, height) pixels."""
    core = (marks > settings.mark_probability_min).astype(np.uint8)
    core = np.asarray(cv2.dilate(core, np.ones((2, 2), np.uint8)), dtype=np.uint8)
    contours, _ = cv2.findContours(core, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    scale = np.array([size[0] / marks.shape[1], size[1] / marks.shape[0]], dtype=np.float64)
    lines = []
    for contour in contours:
        (centre, sides, degrees) = cv2.minAreaRect(contour)
        if min(sides) < settings.core_pixels_min or max(sides) < settings.core_shape_min * min(sides):
            continue
        probability = _mean_inside(marks, cv2.boxPoints((centre, sides, degrees)))
        if probability < settings.line_probability_min:
            continue
        corners = cv2.boxPoints((centre, _grown(sides, settings.growth), degrees))
        lines.append(Line(quad=reading_order(corners * scale), probability=probability))
    lines.sort(key=lambda line: line.probability, reverse=True)
    return lines[: settings.lines_max]


def reading_order(corners: NDArray[Any]) -> Quad:
    """Return four corners given in circular order, clockwise from the top left of the text between them.

    The longer side is the reading direction, except where the shape is nearly square: then the flatter one is.
    """
    first, second, third = (np.asarray(corner, dtype=np.float64) for corner in corners[:3])
    a, b = second - first, third - second
    ratio = np.linalg.norm(a) / max(float(np.linalg.norm(b)), 1e-6)
    if 1 / _UPRIGHT_BELOW < ratio < _UPRIGHT_BELOW:
        along = a if abs(a[0]) > abs(b[0]) else b
    else:
        along = a if ratio > 1 else b
    across = b if along is a else a
    # Left to right, or top to bottom where the line stands (nearly) upright.
    leading = along[0] if abs(along[0]) > abs(along[1]) * _STANDING_SLOPE else along[1]
    along = along if leading >= 0 else -along
    # With y pointing down, the way down a line is its reading direction turned clockwise.
    across = across if along[0] * across[1] - along[1] * across[0] >= 0 else -across
    centre = np.mean(np.asarray(corners, dtype=np.float64), axis=0)
    top_left = centre - along / 2 - across / 2
    quad = (top_left, top_left + along, top_left + along + across, top_left + across)
    return tuple((float(x), float(y)) for x, y in quad)


def pairs_of(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Return index pairs of lines of like height where the second stands right under or right beside the first."""
    places = range(len(lines))
    return [(a, b) for a in places for b in places if a != b and _continues(lines[a], lines[b])]


def strip_of(image: Pixels, quad: Quad, size: tuple[int, int]) -> Pixels:
    """Return the quad's content as an upright strip of `size` (width, height) pixels."""
    wide = max(_distance(quad[0], quad[1]), _distance(quad[3], quad[2]))
    # Warping samples single pixels: a strip that shrinks is first cut larger, then averaged down.
    finer = int(np.clip(round(wide / size[0]), 1, _FINER_MAX))
    width, height = size[0] * finer, size[1] * finer
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(np.array(quad, dtype=np.float32), target)
    way = cv2.INTER_CUBIC if finer == 1 else cv2.INTER_LINEAR
    strip = cv2.warpPerspective(image, matrix, (width, height), flags=way, borderMode=cv2.BORDER_REPLICATE)
    if finer > 1:
        strip = cv2.resize(strip, size, interpolation=cv2.INTER_AREA)
    return np.asarray(strip, dtype=np.uint8)


def grown_quad(quad: Quad, *, along: float, across: float) -> Quad:
    """Return the quad grown at both ends by `along` and at both edges by `across` times its height, in pixels."""
    corners = np.array(quad, dtype=np.float64)
    right = corners[1] - corners[0]
    down = corners[3] - corners[0]
    height = float(np.linalg.norm(down))
    step_along = right / max(float(np.linalg.norm(right)), 1e-6) * height * along
    step_across = down * across
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    grown = [corner + x * step_along + y * step_across for corner, (x, y) in zip(corners, signs, strict=True)]
    return tuple((float(x), float(y)) for x, y in grown)


def _continues(a: Line, b: Line) -> bool:
    height = (a.height + b.height) / 2
    if not 1 / _PAIR_HEIGHT_RATIO < a.height / b.height < _PAIR_HEIGHT_RATIO:
        return False
    along = _unit(a)
    shift = np.array(b.quad).mean(axis=0) - np.array(a.quad).mean(axis=0)
    right, down = float(shift @ along), float(shift @ np.array([-along[1], along[0]]))
    beside = abs(down) < height / 2 and 0 < right - (a.width + b.width) / 2 < _PAIR_GAP * height
    under = height / 2 < down < _PAIR_PITCH * height and abs(right) < (a.width + b.width) / 4
    return beside or under


def _unit(line: Line) -> NDArray[np.float64]:
    along = np.subtract(line.quad[1], line.quad[0])
    return np.asarray(along / max(float(np.linalg.norm(along)), 1e-6), dtype=np.float64)


def _to_stride(length: float) -> int:
    return max(_STRIDE, round(length / _STRIDE) * _STRIDE)


def _grown(sides: Sequence[float], growth: float) -> tuple[float, float]:
    distance = min(sides) * growth
    return sides[0] + 2 * distance, sides[1] + 2 * distance


def _mean_inside(marks: Probabilities, corners: NDArray[Any]) -> float:
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, (marks.shape[1], marks.shape[0]))
    window = marks[low[1] : high[1], low[0] : high[0]]
    mask = np.zeros(window.shape, dtype=np.uint8)
    cv2.fillPoly(mask, [(corners - low).astype(np.int32)], 1)
    return float(cv2.mean(window, mask)[0])


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(np.hypot(a[0] - b[0], a[1] - b[1]))
