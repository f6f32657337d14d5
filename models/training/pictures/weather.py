"""What stands between a VIN and its reader: light, dirt, rain, the camera, the network's file format.

Each effect takes and returns a BGR picture of the same size; `weathered` applies some of them by chance.
"""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from models.photo import Pixels

_QUALITY = (25, 95)


def weathered(picture: Pixels, chances: Generator, *, letter_pixels: float, harsh: float = 1.0) -> Pixels:
    """Return the picture after some effects; letter_pixels: height of a character, the measure of all sizes.

    harsh: 0 leaves it nearly clean, 1 is what a lane sees, more is worse.
    """
    effects = (
        (_shadow, 0.25), (_glare, 0.2), (_dirt, 0.15), (_scratches, 0.12), (_drops, 0.08), (_toned, 0.5),
        (_defocus, 0.45), (_shake, 0.3), (_dim, 0.2), (_noise, 0.5), (_stored, 0.7),
    )  # fmt: skip
    for effect, share in effects:
        if chances.random() < share * harsh:
            picture = effect(picture, chances, letter_pixels)
    return picture


def shrunk(picture: Pixels, chances: Generator, *, letter_pixels: float, letter_pixels_wanted: float) -> Pixels:
    """Return the picture through a coarse sensor: scaled down to the wanted height of a character and up again."""
    scale = letter_pixels_wanted / letter_pixels
    if scale >= 1:
        return picture
    height, width = picture.shape[:2]
    # Photos are stretched to a square in some collections, so that both directions shrink differently.
    small = (max(8, round(width * scale * chances.uniform(0.7, 1.2))), max(4, round(height * scale)))
    way = cv2.INTER_AREA if chances.random() < 0.7 else cv2.INTER_LINEAR
    coarse = cv2.resize(picture, small, interpolation=way)
    if chances.random() < 0.7:
        coarse = _stored(np.asarray(coarse, dtype=np.uint8), chances, letter_pixels)
    back = cv2.INTER_CUBIC if chances.random() < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=back), dtype=np.uint8)


def _shadow(picture: Pixels, chances: Generator, letter_pixels: float) -> Pixels:
    height, width = picture.shape[:2]
    corners = chances.uniform(-0.2, 1.2, (4, 2)) * (width, height)
    mask = np.zeros((height, width), dtype=np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(corners.astype(np.int32)), 1.0)
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, letter_pixels * chances.uniform(0.02, 0.5)))
    return _scaled(picture, 1 - soft * float(chances.uniform(0.2, 0.65)))


def _glare(picture: Pixels, chances: Generator, letter_pixels: float) -> Pixels:
    height, width = picture.shape[:2]
    light = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(chances.integers(1, 4))):
        centre = (int(chances.integers(0, width)), int(chances.integers(0, height)))
        axes = (
            max(1, round(letter_pixels * chances.uniform(0.1, 2))),
            max(1, round(letter_pixels * chances.uniform(0.1, 0.8))),
        )
        cv2.ellipse(light, centre, axes, float(chances.uniform(0, 180)), 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(light, (0, 0), max(0.6, letter_pixels * chances.uniform(0.1, 0.7)))
    return np.clip(picture + soft[:, :, None] * float(chances.uniform(60, 230)), 0, 255).astype(np.uint8)


def _dirt(picture: Pixels, chances: Generator, letter_pixels: float) -> Pixels:
    height, width = picture.shape[:2]
    mask = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(chances.integers(3, 40))):
        centre = (int(chances.integers(0, width)), int(chances.integers(0, height)))
        radius = max(1, round(letter_pixels * float(chances.exponential(0.05))))
        cv2.circle(
            mask, centre, min(radius, round(letter_pixels * 0.3)), float(chances.uniform(0.3, 1)), -1, cv2.LINE_AA
        )
    colour = np.array(chances.uniform(10, 160, 3), dtype=np.float32)
    part = mask[:, :, None] * 0.8
    return np.asarray(np.clip(picture * (1 - part) + colour * part, 0, 255), dtype=np.uint8)


def _scratches(picture: Pixels, chances: Generator, letter_pixels: float) -> Pixels:
    height, width = picture.shape[:2]
    marked = picture.copy()
    for _ in range(int(chances.integers(1, 8))):
        start = (int(chances.integers(0, width)), int(chances.integers(0, height)))
        end = tuple(int(v) for v in np.array(start) + chances.normal(0, letter_pixels * 1.5, 2))
        colour = tuple(float(v) for v in np.full(3, chances.uniform(0, 255)))
        cv2.line(marked, start, end, colour, max(1, round(letter_pixels * chances.uniform(0.01, 0.05))), cv2.LINE_AA)
    share = float(chances.uniform(0.3, 0.9))
    return np.clip(picture * (1 - share) + marked * share, 0, 255).astype(np.uint8)


def _drops(picture: Pixels, chances: Generator, letter_pixels: float) -> Pixels:
    """Rain on glass: each drop shows a shrunken, brighter piece of its surroundings."""
    height, width = picture.shape[:2]
    wet = picture.copy()
    for _ in range(int(chances.integers(2, 14))):
        x, y = int(chances.integers(0, width)), int(chances.integers(0, height))
        radius = max(2, round(letter_pixels * chances.uniform(0.08, 0.35)))
        window = wet[max(0, y - radius) : y + radius, max(0, x - radius) : x + radius]
        if min(window.shape[:2]) > 2:
            window[:] = np.clip(cv2.GaussianBlur(window[::-1], (0, 0), radius / 3).astype(np.float32) + 12, 0, 255)
    return np.asarray(cv2.GaussianBlur(wet, (0, 0), 0.6), dtype=np.uint8)


def _toned(picture: Pixels, chances: Generator, _letter_pixels: float) -> Pixels:
    gain = chances.uniform(0.75, 1.25, 3) * chances.uniform(0.7, 1.3)
    toned = (picture.astype(np.float32) / 255) ** float(chances.uniform(0.6, 1.6)) * 255 * gain.astype(np.float32)
    if chances.random() < 0.2:
        toned = np.repeat(toned.mean(axis=2, keepdims=True), 3, axis=2)
    return np.clip(toned, 0, 255).astype(np.uint8)


def _defocus(picture: Pixels, chances: Generator, letter_pixels: float) -> Pixels:
    return np.asarray(
        cv2.GaussianBlur(picture, (0, 0), max(0.3, letter_pixels * chances.uniform(0.01, 0.07))), dtype=np.uint8
    )


def _shake(picture: Pixels, chances: Generator, letter_pixels: float) -> Pixels:
    length = max(2, round(letter_pixels * chances.uniform(0.04, 0.22)))
    kernel = np.zeros((2 * length + 1, 2 * length + 1), dtype=np.float32)
    angle = chances.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    start, end = (tuple(round(float(v)) for v in length + sign * reach) for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0, 1, cv2.LINE_AA)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), dtype=np.uint8)


def _dim(picture: Pixels, chances: Generator, _letter_pixels: float) -> Pixels:
    """Little light: few grey levels and much noise, pulled up again by the camera."""
    share = chances.uniform(0.08, 0.4)
    dark = picture.astype(np.float32) * share
    noisy = np.round(dark + chances.normal(0, chances.uniform(0.5, 2.5), picture.shape))
    return np.clip(noisy / max(share, chances.uniform(share, 0.8)), 0, 255).astype(np.uint8)


def _noise(picture: Pixels, chances: Generator, _letter_pixels: float) -> Pixels:
    return np.clip(picture + chances.normal(0, chances.uniform(1, 9), picture.shape), 0, 255).astype(np.uint8)


def _stored(picture: Pixels, chances: Generator, _letter_pixels: float) -> Pixels:
    quality = int(chances.integers(*_QUALITY))
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def _scaled(picture: Pixels, factor: NDArray[np.float32]) -> Pixels:
    return np.asarray(np.clip(picture * factor[:, :, None], 0, 255), dtype=np.uint8)
