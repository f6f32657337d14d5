"""Tells, without any label of it, whether a barcode strip stands directly above or below a line of characters.

A strip's bars are edges that run on unchanged over several rows, and there are more of them in a row than 17
characters have strokes. It knows a grey picture and the box of the line; it decodes nothing.
"""

from collections.abc import Iterator
from math import cos, radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.vin import VIN_CHARACTERS
from models.measure import Box
from models.photo import Pixels

# Of 276 photos by eye, 58 have a strip: this many edges find 53 of them, and 3 other photos (a dense sentence above the
# line, dotted glass). The bars of the five melt into one band or are too faint. It was chosen on the same photos.
BAR_EDGES_MIN = 73
# A strip is looked at as wide as in the photos that the figure above was found on, then enlarged, so that a stroke's
# edge spans pixels that can be compared.
_SEEN_PIXELS_MAX = 200.0
_WIDTH_PIXELS = 320
# How far above and below the box is looked at: in heights of the box, and in pixels as seen.
_BESIDE_HEIGHTS = 0.6
_BESIDE_PIXELS = 8.0
_TURNS_DEGREES = range(-18, 19, 2)
_BAR_ROWS = 5
# An edge counts where it runs on over the rows (share of its energy that their mean keeps) and is no noise of the
# sensor (grey levels over two pixels), nor much weaker than its row's others.
_RUNNING_SHARE_MIN = 0.6
_EDGE_LEVELS_MIN = 2.0
_EDGE_SHARE_OF_ROW_MIN = 0.25

_Floats = NDArray[np.float32]


def has_strip_beside(grey: Pixels, box: Box) -> bool:
    """Return whether a barcode strip stands at the line in `box` (x0, y0, x1, y1 in pixels) of a grey picture."""
    return bar_edges_beside(grey, box) >= BAR_EDGES_MIN


def bar_edges_beside(grey: Pixels, box: Box) -> int:
    """Return the greatest number of bar edges that a row of pixels over the box's width has at or beside the box.

    grey: shape (height, width), 0 to 255. The row may be turned by up to 18 degrees. A box that cannot hold 17
    characters in a row, for it is higher than wide or has a pixel for none, has no edges.
    """
    width, height = box[2] - box[0], box[3] - box[1]
    if width < VIN_CHARACTERS or not 0 < height <= width:
        return 0
    return max(_edges_in_rows(view) for view in _turned(grey, box))


def _turned(grey: Pixels, box: Box) -> Iterator[_Floats]:
    """Yield the box and what is beside it, turned by each angle about the box's middle, _WIDTH_PIXELS wide."""
    x0, y0, x1, y1 = box
    shrink = min(1.0, _SEEN_PIXELS_MAX / (x1 - x0))
    if shrink < 1:
        grey = np.asarray(cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    scale = _WIDTH_PIXELS / ((x1 - x0) * shrink)
    height = round(((y1 - y0) * shrink * (1 + 2 * _BESIDE_HEIGHTS) + 2 * _BESIDE_PIXELS) * scale)
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) * shrink
    for degrees in _TURNS_DEGREES:
        turn = radians(degrees)
        back = np.array([[cos(turn), -sin(turn)], [sin(turn), cos(turn)]]) / scale
        start = middle - back @ np.array([_WIDTH_PIXELS / 2, height / 2])
        view = cv2.warpAffine(
            grey,
            np.column_stack([back, start]),
            (_WIDTH_PIXELS, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        yield view.astype(np.float32)


def _edges_in_rows(view: _Floats) -> int:
    """Return the greatest number of edges, dark to light and light to dark in turn, that a row of the view has."""
    steps = view[:, 2:] - view[:, :-2]
    mean = cv2.blur(steps, (1, _BAR_ROWS))
    energy = cv2.blur(steps * steps, (1, _BAR_ROWS))
    usual = np.sqrt((mean * mean).mean(axis=1, keepdims=True))
    strong = np.abs(mean) > np.maximum(_EDGE_LEVELS_MIN, _EDGE_SHARE_OF_ROW_MIN * usual)
    signs = np.where(strong & (mean * mean > _RUNNING_SHARE_MIN * energy), np.sign(mean), 0)
    # Where there is no edge, the last one's sign still holds.
    last = np.maximum.accumulate(np.where(signs != 0, np.arange(signs.shape[1]), 0), axis=1)
    held = np.take_along_axis(signs, last, axis=1)
    turns = (held[:, 1:] * held[:, :-1] < 0).sum(axis=1)
    return int(turns[_BAR_ROWS:-_BAR_ROWS].max(initial=0))
