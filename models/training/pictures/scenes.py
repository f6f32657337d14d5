"""Makes pictures to train the finder on: labelled frames, and drawn VINs set into frames whose own VIN is covered.

Every picture is turned, scaled and cut by chance; the answer is the core of each VIN, half as high as the VIN.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from models.photo import Pixels
from models.training.pictures.drawn import Corners, drawn, some_half, some_surface, some_vin
from models.training.pictures.weather import weathered

SIDE_PIXELS = 320
CORE_SHRINK = 0.25
_DRAWN_SHARE = 0.45
_BARE_SHARE = 0.06
_HALF_SHARE = 0.06
_TWO_SHARE = 0.2
_TURNED_SHARE = 0.35


@dataclass(frozen=True, kw_only=True)
class Framed:
    """A frame and the corners of the VIN on it, clockwise from its top left, in pixels."""

    picture: Pixels
    quad: Corners


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A picture, BGR (320, 320, 3), and its answer (320, 320): 1 in the core of a VIN, else 0."""

    picture: Pixels
    core: NDArray[np.uint8]


def some_scene(frames: Sequence[Framed], chances: Generator) -> Scene:
    """Return one scene made from the frames."""
    framed = frames[int(chances.integers(0, len(frames)))]
    picture, quads = framed.picture, [framed.quad]
    if chances.random() < _DRAWN_SHARE:
        picture, quads = _with_drawn(framed, chances)
    elif chances.random() < _BARE_SHARE:
        return _cored(covered(framed, chances), [], chances)
    if chances.random() < 0.3:
        letter_pixels = float(np.linalg.norm(quads[0][3] - quads[0][0])) * 0.8
        picture = weathered(picture, chances, letter_pixels=letter_pixels, harsh=0.4)
    return _cored(picture, quads, chances)


def core_of(quad: Corners) -> Corners:
    """Return the core of a VIN's quad: a quarter of its height taken off at every side."""
    height = (np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    right = (quad[1] - quad[0]) / max(float(np.linalg.norm(quad[1] - quad[0])), 1e-6)
    along = right * height * CORE_SHRINK
    left_down, right_down = quad[3] - quad[0], quad[2] - quad[1]
    return np.array(
        [
            quad[0] + along + left_down * CORE_SHRINK,
            quad[1] - along + right_down * CORE_SHRINK,
            quad[2] - along - right_down * CORE_SHRINK,
            quad[3] + along - left_down * CORE_SHRINK,
        ]
    )


def covered(framed: Framed, chances: Generator) -> Pixels:
    """Cover the frame's own VIN with the colours around it."""
    picture = framed.picture.copy()
    mask = np.zeros(picture.shape[:2], dtype=np.uint8)
    centre = framed.quad.mean(axis=0)
    cv2.fillConvexPoly(mask, (centre + (framed.quad - centre) * 1.25).astype(np.int32), 255)
    if chances.random() < 0.5:
        picture[mask > 0] = picture[mask == 0].mean(axis=0) if (mask == 0).any() else 127
        return picture
    return np.asarray(cv2.inpaint(picture, mask, 2, cv2.INPAINT_TELEA), dtype=np.uint8)


def _with_drawn(framed: Framed, chances: Generator) -> tuple[Pixels, list[Corners]]:
    """Set a drawn VIN into a frame, or two, or one on two lines, where the whole of it has room."""
    ground = covered(framed, chances)
    scale = SIDE_PIXELS * 1.5 / max(ground.shape[:2])
    ground = np.asarray(cv2.resize(ground, None, fx=scale, fy=scale), dtype=np.uint8)
    if chances.random() < 0.5:
        ground = np.ascontiguousarray(ground[:, ::-1])
    vin, surface = some_vin(chances), some_surface(chances)
    if chances.random() >= _TWO_SHARE:
        text = some_half(vin, chances) if chances.random() < _HALF_SHARE else vin
        # The row is then 30 to 95 % as wide as the frame.
        ground, quad = set_in(ground, (text, surface), chances, share=float(chances.uniform(0.3, 0.95)), down=0.0)
        return ground, [quad]
    share = float(chances.uniform(0.25, 0.7))
    cut = int(chances.integers(7, 11))
    texts = (vin[:cut], vin[cut:]) if chances.random() < 0.5 else (vin, some_vin(chances))
    away = float(chances.uniform(1.5, 5)) * share / len(texts[0])
    quads = []
    for text, down in zip(texts, (-away, away), strict=True):
        ground, quad = set_in(ground, (text, surface), chances, share=share, down=down)
        quads.append(quad)
    return ground, quads


def set_in(
    ground: Pixels, row: tuple[str, str], chances: Generator, *, share: float, down: float
) -> tuple[Pixels, Corners]:
    """Set a row (text, surface) into the middle of a picture, `share` as wide, moved down by a share of its height."""
    one = drawn(*row, chances, letter_pixels=26.0)
    patch = weathered(one.picture, chances, letter_pixels=26.0, harsh=0.6)
    high, wide = ground.shape[:2]
    scale = share * wide / float(one.quad[1, 0] - one.quad[0, 0])
    centre = one.quad.mean(axis=0)
    place = np.array([wide, high]) * (chances.uniform(0.42, 0.58, 2) + np.array([0.0, down]))
    matrix = np.array([[scale, 0, 0], [0, scale, 0]], dtype=np.float64)
    matrix[:, 2] = place - centre * scale
    # What is cut off above and below keeps two rows apart.
    edge = patch.shape[0] // (6 if down == 0 else 4)
    alpha = np.zeros(patch.shape[:2], dtype=np.float32)
    alpha[edge:-edge, edge:-edge] = 1
    soft = cv2.GaussianBlur(alpha, (0, 0), max(0.5, edge / 3 * float(chances.choice([0.05, 1]))))
    layer = cv2.warpAffine(patch, matrix, (wide, high), flags=cv2.INTER_AREA)
    cover = cv2.warpAffine(soft, matrix, (wide, high))[:, :, None]
    mixed = ground * (1 - cover) + layer * cover
    return np.clip(mixed, 0, 255).astype(np.uint8), (one.quad - centre) * scale + place


def _cored(picture: Pixels, quads: Sequence[Corners], chances: Generator) -> Scene:
    """Look at the picture from somewhere: turned, nearer or farther, a little from the side."""
    height, width = picture.shape[:2]
    degrees = float(chances.uniform(-180, 180) if chances.random() < _TURNED_SHARE else chances.normal(0, 5))
    centre = np.mean([quad.mean(axis=0) for quad in quads], axis=0) if quads else np.array([width, height]) / 2
    longest = max(width, height)
    if quads:
        length = float(np.linalg.norm(quads[0][1] - quads[0][0]))
        scale = SIDE_PIXELS * float(np.exp(chances.uniform(np.log(0.3), np.log(0.92)))) / max(length, 1.0)
    else:
        scale = SIDE_PIXELS / longest * float(chances.uniform(0.9, 1.6))
    turn = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), degrees, scale)
    aspect = float(np.exp(chances.normal(0, 0.12)))
    turn[0] *= aspect
    seen = turn @ np.array([*centre, 1.0])
    free = SIDE_PIXELS * 0.08
    turn[:, 2] += SIDE_PIXELS / 2 + chances.uniform(-free, free, 2) - seen
    size = (SIDE_PIXELS, SIDE_PIXELS)
    view = cv2.warpAffine(
        picture,
        turn,
        size,
        flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    core = np.zeros(size, dtype=np.uint8)
    for quad in quads:
        moved = core_of(quad @ turn[:, :2].T + turn[:, 2])
        cv2.fillConvexPoly(core, moved.round().astype(np.int32), 1)
    return Scene(picture=np.asarray(view, dtype=np.uint8), core=core)
