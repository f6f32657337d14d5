"""Draws text for the demo pictures with the fonts inside OpenCV, so that a bare machine without fonts can draw Chinese.

It knows how to turn text into ink (a mask of 0 to 1) and how to put ink on a picture. It leaves to others what is
drawn where.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models import ModelError
from models.photo import Pixels

Ink = NDArray[np.float32]
Colour = tuple[int, int, int]

# OpenCV's own names: "uni" holds Latin and Chinese, the Hershey strokes look like a stamping tool's.
_WRITTEN_FACE = "uni"
_STROKE_FACE = cv2.FONT_HERSHEY_DUPLEX
_OVERSIZE = 3
_INK_MIN = 0.05


class RenderingError(ModelError):
    """A demo picture that cannot be drawn as asked."""


def written(text: str, height_pixels: int) -> Ink:
    """Return text as written by a printer: ink of 0 to 1, cropped to the text, `height_pixels` high.

    Raises RenderingError for a text without ink.
    """
    size = height_pixels * _OVERSIZE
    canvas = np.zeros((size * 2, size * (len(text) + 2), 3), dtype=np.uint8)
    cv2.putText(canvas, text, (size, round(size * 1.5)), (255, 255, 255), cv2.FontFace(_WRITTEN_FACE), size)
    return _fitted(canvas[:, :, 0], height_pixels)


def struck(character: str, height_pixels: int, *, thickness_pixels: int) -> Ink:
    """Return one character as struck by a die: strokes of even thickness, `height_pixels` high.

    Raises RenderingError for a character without ink.
    """
    size = height_pixels * _OVERSIZE
    canvas = np.zeros((size * 2, size * 2), dtype=np.uint8)
    scale = cv2.getFontScaleFromHeight(_STROKE_FACE, size, thickness_pixels * _OVERSIZE)
    cv2.putText(
        canvas,
        character,
        (size // 2, round(size * 1.5)),
        _STROKE_FACE,
        scale,
        255,
        thickness_pixels * _OVERSIZE,
        cv2.LINE_AA,
    )
    return _fitted(canvas, height_pixels)


def narrowed(letter: Ink, width_pixels_max: int) -> Ink:
    """Return a letter squeezed to `width_pixels_max` where it is wider, so that neighbours do not touch."""
    if letter.shape[1] <= width_pixels_max:
        return letter
    size = (width_pixels_max, letter.shape[0])
    return np.asarray(cv2.resize(letter, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def spaced(letters: list[Ink], pitch_pixels: int, *, shifts: list[int] | None = None) -> Ink:
    """Return letters set at an even pitch, each in the middle of its cell, moved down by its shift in pixels."""
    moves = shifts or [0] * len(letters)
    margin = max((abs(move) for move in moves), default=0)
    height = max(letter.shape[0] for letter in letters)
    row = np.zeros((height + 2 * margin, pitch_pixels * (len(letters) + 1)), dtype=np.float32)
    for place, (letter, move) in enumerate(zip(letters, moves, strict=True)):
        left = round(pitch_pixels * (place + 1) - letter.shape[1] / 2)
        put_ink(row, letter, place=(left, margin + move))
    return row


def put_ink(sheet: Ink, ink: Ink, *, place: tuple[int, int]) -> None:
    """Add ink to a sheet of ink with its top left at `place` (x, y); what lies outside is cut off."""
    x, y = place
    window = sheet[max(y, 0) : y + ink.shape[0], max(x, 0) : x + ink.shape[1]]
    np.maximum(window, ink[max(-y, 0) :, max(-x, 0) :][: window.shape[0], : window.shape[1]], out=window)


def write(image: Pixels, text: str, *, place: tuple[int, int], height_pixels: int, colour: Colour) -> None:
    """Write text on a BGR picture with its top left at `place` (x, y)."""
    sheet = np.zeros(image.shape[:2], dtype=np.float32)
    put_ink(sheet, written(text, height_pixels), place=place)
    tint(image, sheet, colour=colour)


def tint(image: Pixels, ink: Ink, *, colour: Colour) -> None:
    """Colour a BGR picture (B, G, R, 0 to 255) where there is ink; both have the same height and width."""
    share = ink[:, :, None]
    image[:] = np.clip(image * (1 - share) + np.array(colour, dtype=np.float32) * share, 0, 255).astype(np.uint8)


def jpeg(image: Pixels, quality: int = 90) -> bytes:
    """Return a BGR picture as a JPEG file, quality 0 to 100."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


def _fitted(canvas: NDArray[Any], height_pixels: int) -> Ink:
    ink = canvas.astype(np.float32) / 255
    rows, columns = np.where(ink > _INK_MIN)
    if not len(rows):
        raise RenderingError("there is nothing to draw: the text leaves no ink")
    cropped = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    width = max(1, round(cropped.shape[1] * height_pixels / cropped.shape[0]))
    return np.asarray(cv2.resize(cropped, (width, height_pixels), interpolation=cv2.INTER_AREA), dtype=np.float32)
