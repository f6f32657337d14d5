"""Puts a row of ink on what carries a VIN: steel, plates, labels, windshields, rubbings and papers.

A surface takes ink (what the tool or the printer left) and returns a picture of the same size as a flat, well lit,
sharp camera would see it; what rain, rust and the camera do to it is `weather`'s business.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from models.photo import Pixels
from models.training.pictures.glyphs import Ink

Field = NDArray[np.float32]
_PAINTS = ((235, 235, 238), (40, 38, 36), (150, 152, 150), (30, 30, 150), (140, 70, 30), (60, 60, 62), (90, 110, 100))


def stamped(ink: Ink, chances: Generator) -> Pixels:
    """Characters struck or needled into bare or painted metal: told from it by light on flanks alone."""
    return _relief(ink, chances, depth=-chances.uniform(0.8, 2.2))


def embossed(ink: Ink, chances: Generator) -> Pixels:
    """Characters raised out of a plate, sometimes with worn, bright tops."""
    picture = _relief(ink, chances, depth=chances.uniform(0.8, 2.2))
    if chances.random() < 0.5:
        tops = cv2.erode(ink, np.ones((3, 3), np.uint8))
        return _blend(picture, tops * chances.uniform(0.2, 0.8), colour=_grey(chances, 150, 245))
    return picture


def engraved(ink: Ink, chances: Generator) -> Pixels:
    """Characters cut by a laser or a milling tool: a matt line, darker or brighter than the metal."""
    metal = _metal(ink.shape, chances)
    rough = np.clip(ink * (1 + chances.normal(0, 0.35, ink.shape)), 0, 1).astype(np.float32)
    level = float(metal.mean()) + float(chances.choice([-1, 1])) * chances.uniform(25, 90)
    colour = tuple(float(np.clip(level + chances.normal(0, 6), 0, 255)) for _ in range(3))
    return _blend(metal, rough, colour=colour)


def printed(ink: Ink, chances: Generator) -> Pixels:
    """Dark on pale or pale on dark, as on plates (产品标牌) and labels."""
    ground, letters = _two_tones(chances)
    sheet = _shaded(ink.shape, ground, chances, grain=chances.uniform(0, 6))
    worn = ink if chances.random() < 0.6 else ink * _patches(ink.shape, chances, share=0.85)
    return _blend(sheet, worn, colour=letters)


def windshield(ink: Ink, chances: Generator) -> Pixels:
    """Strip behind glass: pale on dark or dark on silver, the sky's and the dashboard's reflection over it."""
    if chances.random() < 0.3:
        picture = _relief(ink, chances, depth=chances.uniform(0.6, 1.6))
    else:
        ground, letters = _two_tones(chances)
        picture = _blend(_shaded(ink.shape, ground, chances, grain=chances.uniform(0, 5)), ink, colour=letters)
    haze = _cloud(ink.shape, chances, cells=float(chances.uniform(1, 4))) * float(chances.uniform(0, 0.75))
    return _blend(picture, haze, colour=_tinted(chances, 120, 235))


def rubbing(ink: Ink, chances: Generator) -> Pixels:
    """Pencil or crayon rubbing (拓印膜) of a stamped number: the struck lines stay pale, or their edges go dark."""
    paper = _shaded(ink.shape, _grey(chances, 195, 250), chances, grain=chances.uniform(2, 8))
    grain = chances.normal(0, 1, ink.shape).astype(np.float32)
    streaks = _streaks(ink.shape, chances, length=int(chances.integers(5, 30)))
    hatch = _normed(np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.8) + streaks, dtype=np.float32))
    pressure = _cloud(ink.shape, chances, cells=2.0) * 0.6 + 0.4
    if chances.random() < 0.6:
        body = (1 - ink) * pressure * np.clip(0.75 + 0.3 * hatch, 0, 1)
    else:
        edges = cv2.dilate(ink, np.ones((5, 5), np.uint8)) - cv2.erode(ink, np.ones((3, 3), np.uint8))
        body = np.maximum(edges, ink * 0.5) * np.clip(0.8 + 0.4 * hatch, 0, 1) + pressure * 0.12 * np.clip(hatch, 0, 1)
    colour = _grey(chances, 20, 90) if chances.random() < 0.8 else _tinted(chances, 20, 120)
    return _blend(paper, np.clip(body, 0, 1).astype(np.float32) * float(chances.uniform(0.6, 1)), colour=colour)


def document(ink: Ink, chances: Generator) -> Pixels:
    """Paper such as 行驶证 or 合格证: dark print over fine coloured lines."""
    paper = _shaded(ink.shape, _tinted(chances, 195, 250), chances, grain=chances.uniform(0, 4))
    height, width = ink.shape
    lines = np.zeros(ink.shape, dtype=np.float32)
    period, swing = chances.uniform(6, 20), chances.uniform(2, 20)
    columns = np.arange(width, dtype=np.float32)
    for offset in np.arange(-swing, height + swing, period):
        waves = offset + swing * np.sin(columns / chances.uniform(20, 120))
        points = np.stack([columns, waves], axis=1).round().astype(np.int32)
        cv2.polylines(lines, [points], False, 1.0, 1, cv2.LINE_AA)
    picture = _blend(paper, lines * float(chances.uniform(0, 0.5)), colour=_tinted(chances, 100, 220))
    dotted = ink
    if chances.random() < 0.3:
        dotted = ink * ((np.indices(ink.shape).sum(axis=0) // int(chances.integers(2, 5))) % 2).astype(np.float32)
    return _blend(picture, dotted * float(chances.uniform(0.7, 1)), colour=_grey(chances, 0, 90))


SURFACES: dict[str, Callable[[Ink, Generator], Pixels]] = {
    "stamped": stamped,
    "embossed": embossed,
    "engraved": engraved,
    "plate": printed,
    "sticker": printed,
    "windshield": windshield,
    "rubbing": rubbing,
    "document": document,
}


def _relief(ink: Ink, chances: Generator, *, depth: float) -> Pixels:
    """Light a height map from one side: flanks shine or darken, floors lie in shadow, paint smooths it all."""
    metal = _metal(ink.shape, chances).astype(np.float32)
    height = cv2.GaussianBlur(ink, (0, 0), float(chances.uniform(1.0, 3.0))) * depth
    angle = chances.uniform(0, 2 * np.pi)
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) * np.cos(angle)
    slope += cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) * np.sin(angle)
    strength = float(chances.uniform(20, 75))
    shine = np.clip(slope, 0, None) ** 2 * float(chances.uniform(0, 30))
    floor = cv2.GaussianBlur(ink, (0, 0), 1.2) * float(chances.uniform(-45, 12))
    lit = metal + (slope * strength + shine + floor)[:, :, None]
    return np.asarray(np.clip(lit, 0, 255), dtype=np.uint8)


def _metal(shape: tuple[int, ...], chances: Generator) -> Pixels:
    kind = chances.random()
    if kind < 0.4:
        colour = np.array(_PAINTS[int(chances.integers(0, len(_PAINTS)))], dtype=np.float32)
        sheet = _shaded(shape, tuple(colour), chances, grain=chances.uniform(0.5, 5)).astype(np.float32)
    else:
        level = chances.uniform(50, 200)
        sheet = _shaded(shape, (level, level, level), chances, grain=chances.uniform(1, 9)).astype(np.float32)
        sheet += _streaks(shape, chances, length=int(chances.integers(9, 90)))[:, :, None] * chances.uniform(0, 12)
    if chances.random() < 0.3:
        rust = np.clip(_cloud(shape, chances, cells=float(chances.uniform(3, 12))) * 2 - 1, 0, 1)
        sheet = sheet * (1 - rust[:, :, None] * 0.7) + rust[:, :, None] * 0.7 * np.array((40, 75, 120), np.float32)
    return np.clip(sheet, 0, 255).astype(np.uint8)


def _two_tones(chances: Generator) -> tuple[tuple[float, ...], tuple[float, ...]]:
    dark, pale = _tinted(chances, 5, 95), _tinted(chances, 130, 250)
    while float(np.mean(pale)) - float(np.mean(dark)) < 45:
        dark, pale = _tinted(chances, 5, 95), _tinted(chances, 130, 250)
    return (pale, dark) if chances.random() < 0.5 else (dark, pale)


def _shaded(shape: tuple[int, ...], colour: tuple[float, ...], chances: Generator, *, grain: float) -> Pixels:
    height, width = shape[:2]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * float(chances.normal(0, 14))
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * float(chances.normal(0, 8))
    light = across + down + chances.normal(0, grain, (height, width)).astype(np.float32)
    shaded = np.clip(np.array(colour, dtype=np.float32) + light[:, :, None], 0, 255)
    return np.asarray(shaded, dtype=np.uint8)


def _blend(picture: Pixels, share: Ink, *, colour: tuple[float, ...]) -> Pixels:
    part = np.clip(share, 0, 1)[:, :, None]
    return np.clip(picture * (1 - part) + np.array(colour, dtype=np.float32) * part, 0, 255).astype(np.uint8)


def _cloud(shape: tuple[int, ...], chances: Generator, *, cells: float) -> Field:
    """Smooth noise of 0 to 1 with about `cells` bumps over the height."""
    height, width = shape[:2]
    rows = max(2, round(cells) + 1)
    columns = max(2, round(cells * width / height) + 1)
    coarse = chances.random((rows, columns)).astype(np.float32)
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1).astype(np.float32)


def _patches(shape: tuple[int, ...], chances: Generator, *, share: float) -> Field:
    cloud = _cloud(shape, chances, cells=float(chances.uniform(2, 10)))
    return np.asarray(np.clip((cloud - (1 - share) * 0.6) * 6, 0.15, 1), dtype=np.float32)


def _streaks(shape: tuple[int, ...], chances: Generator, *, length: int) -> Field:
    noise = chances.normal(0, 1, shape[:2]).astype(np.float32)
    return _normed(np.asarray(cv2.blur(noise, (length, 1)), dtype=np.float32))


def _normed(field: Field) -> Field:
    return np.asarray((field - field.mean()) / max(float(field.std()), 1e-6), dtype=np.float32)


def _grey(chances: Generator, low: float, high: float) -> tuple[float, float, float]:
    level = float(chances.uniform(low, high))
    return level, level, level


def _tinted(chances: Generator, low: float, high: float) -> tuple[float, ...]:
    level = chances.uniform(low, high)
    return tuple(float(np.clip(level + chances.normal(0, 12), 0, 255)) for _ in range(3))
