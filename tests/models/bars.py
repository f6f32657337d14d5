"""A world in which VINs are coloured bars, and networks that see such bars as the real ones see letters.

With it the order of the looks is tested without weights: what stands on a bar, and how clearly, is up to the test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from inspection.evidence import SurfaceKind
from models.characters import ILLEGAL, SYMBOLS
from models.photo import Photo, PhotoLimits, Pixels, open_photo
from models.surfaces import KINDS
from models.vin import ReaderNetworks
from models.weights import Floats

GREY = 120
FULL_BLUE_MIN = 240
# The left half of a bar is greener than its right half, so that upside down can be told.
LEFT_GREEN, RIGHT_GREEN, GREEN_MAX = 100, 20, 130
RED_STEP = 20
STEPS = 96
CLASSES = 2 + len(SYMBOLS) + len(ILLEGAL) + 1


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What stands on a bar: a text, how clearly, and what is seen instead at some places, counted from 0."""

    text: str
    probability: float = 0.99
    seen: Mapping[int, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a bar stands on a picture, pixels."""

    x: int
    y: int
    width: int = 400
    height: int = 24


def picture(bars: Mapping[int, Place], size: tuple[int, int] = (1000, 700)) -> Pixels:
    """A grey picture of `size` (width, height) with bars, by their number in the world."""
    image = np.full((size[1], size[0], 3), GREY, dtype=np.uint8)
    for number, place in bars.items():
        rows, middle = slice(place.y, place.y + place.height), place.x + place.width // 2
        image[rows, place.x : middle] = (255, LEFT_GREEN, RED_STEP * number)
        image[rows, middle : place.x + place.width] = (255, RIGHT_GREEN, RED_STEP * number)
    return image


def photo(image: Pixels) -> Photo:
    """The picture as a photo that lost nothing."""
    done, data = cv2.imencode(".png", image)
    assert done
    return open_photo(bytes(data), PhotoLimits())


class SeesBars:
    """Stands for the finder: marks the core of each bar, half as high as the bar."""

    digest = "a" * 64
    metadata: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.sides: list[int] = []

    def run(self, batch: Floats) -> Floats:
        """Return the marks of one picture, (1, 1, H, W)."""
        self.sides.append(max(batch.shape[2:]))
        levels = np.rint((batch[0] + 1) * 127.5)
        mask = ((levels[0] >= FULL_BLUE_MIN) & (levels[1] < GREEN_MAX)).astype(np.uint8)
        marks = np.zeros(mask.shape, dtype=np.float32)
        count, numbers = cv2.connectedComponents(mask)
        for number in range(1, count):
            bar = (numbers == number).astype(np.uint8)
            depth = cv2.distanceTransform(bar, cv2.DIST_L2, 3)
            marks[depth >= depth.max() / 2] = 0.95
        return marks[None, None]


class ReadsBars:
    """Stands for the reader: says what stands on the bar that fills most of the strip, unless it is upside down."""

    digest = "b" * 64
    metadata: Mapping[str, str] = {"character": "\n".join([*SYMBOLS, *ILLEGAL, "*"])}

    def __init__(self, bars: tuple[Bar, ...]) -> None:
        self.strips = 0
        self._bars = bars

    def run(self, batch: Floats) -> Floats:
        """Return what stands along one strip, (1, STEPS, CLASSES)."""
        self.strips += 1
        answer = np.zeros((1, STEPS, CLASSES), dtype=np.float32)
        levels = np.rint((batch[0, :, batch.shape[2] // 2] + 1) * 127.5)
        columns = np.flatnonzero((levels[0] >= FULL_BLUE_MIN) & (levels[1] < GREEN_MAX))
        if len(columns) > batch.shape[3] / 4:
            left, right = np.array_split(levels[1, columns], 2)
            if left.mean() > right.mean():
                bar = self._bars[round(float(np.median(levels[2, columns])) / RED_STEP)]
                places = (columns[0] + (np.arange(len(bar.text)) + 0.5) * len(columns) / len(bar.text)) / batch.shape[3]
                self._write(answer[0], bar, (places * STEPS).astype(int))
        answer[0, :, 0] = 1 - answer[0, :, 1:].sum(axis=1)
        return answer

    def _write(self, answer: Floats, bar: Bar, steps: np.ndarray) -> None:
        listed = self.metadata["character"].split("\n")
        for place, step in enumerate(steps):
            for character, share in bar.seen.get(place, {bar.text[place]: bar.probability}).items():
                answer[step, 1 + listed.index(character)] = share


class TellsOneKind:
    """Stands for the teller: everything is of one kind."""

    digest = "c" * 64
    metadata: Mapping[str, str] = {}

    def __init__(self, kind: SurfaceKind) -> None:
        self._scores = np.array([[9.0 if one == kind else 0.0 for one in KINDS]], dtype=np.float32)

    def run(self, batch: Floats) -> Floats:
        """Return the scores of the kinds, (1, 6)."""
        assert batch.shape[0] == 1
        return self._scores


def networks(*bars: Bar, kind: SurfaceKind = "plate") -> ReaderNetworks:
    """Networks for a world with these bars, numbered from 0."""
    return ReaderNetworks(finder=SeesBars(), reader=ReadsBars(bars), surfaces=TellsOneKind(kind))
