from collections.abc import Callable, Mapping

import numpy as np
import pytest

from models.characters import SYMBOLS
from models.photo import Pixels
from models.training.pictures.drawn import Corners
from models.weights import Floats

STEPS = 48


class FakeReaderNetwork:
    """A recogniser that reads off a strip what it is told to: text and probability, by the strip's brightness."""

    digest = "0" * 64

    def __init__(self, read: Callable[[Floats], tuple[str, float]]) -> None:
        self.metadata: Mapping[str, str] = {"character": "\n".join(SYMBOLS)}
        self._read = read
        self.calls = 0

    def run(self, batch: Floats) -> Floats:
        """Return (1, 48, 35): blank, the symbols, space; every second step holds a character."""
        self.calls += 1
        text, probability = self._read(batch[0])
        seen = np.zeros((1, STEPS, len(SYMBOLS) + 2), dtype=np.float32)
        seen[0, :, 0] = 1
        for place, character in enumerate(text):
            seen[0, 2 * place + 5, 0] = 1 - probability
            seen[0, 2 * place + 5, 1 + SYMBOLS.index(character)] = probability
        return seen


class FakeFinderNetwork:
    """A detector that marks what is brightest."""

    digest = "1" * 64

    def __init__(self) -> None:
        self.metadata: Mapping[str, str] = {}

    def run(self, batch: Floats) -> Floats:
        """Return (1, 1, H, W): 0.9 where the picture is nearly white, else 0."""
        return np.asarray((batch.mean(axis=1, keepdims=True) > 0.8) * 0.9, dtype=np.float32)


@pytest.fixture
def bar_frame() -> tuple[Pixels, Corners]:
    """A dark frame with a white bar at (60, 90) to (200, 100), its quarter above and to the right grey."""
    picture = np.full((256, 256, 3), 20, dtype=np.uint8)
    picture[:95, 130:] = 60
    picture[90:100, 60:200] = 255
    return picture, np.array([(60.0, 90.0), (200.0, 90.0), (200.0, 100.0), (60.0, 100.0)])


@pytest.fixture
def finder_network() -> FakeFinderNetwork:
    return FakeFinderNetwork()


@pytest.fixture
def reader_network() -> Callable[[Callable[[Floats], tuple[str, float]]], FakeReaderNetwork]:
    return FakeReaderNetwork
