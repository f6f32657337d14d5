import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from models.characters import SYMBOLS, Steps
from models.photo import Photo, PhotoLimits, Pixels, open_photo
from models.vin import VinReader
from models.weights import OnnxNetwork, load_network


@pytest.fixture(scope="session")
def finder_network() -> OnnxNetwork:
    return load_network("line-finder")


@pytest.fixture(scope="session")
def character_network() -> OnnxNetwork:
    return load_network("character-reader")


@pytest.fixture(scope="session")
def vin_reader(finder_network: OnnxNetwork, character_network: OnnxNetwork) -> VinReader:
    return VinReader(finder_network, character_network, clock=time.perf_counter)


@pytest.fixture
def photo_of() -> Callable[[Pixels], Photo]:
    """Make a photo from a BGR picture."""

    def make(image: Pixels) -> Photo:
        return open_photo(encoded(image), PhotoLimits())

    return make


@pytest.fixture
def as_file() -> Callable[..., bytes]:
    """Encode a picture: as_file(image, ".png")."""
    return encoded


def encoded(image: Any, extension: str = ".jpg") -> bytes:
    done, data = cv2.imencode(extension, image)
    assert done
    return bytes(data)


@pytest.fixture
def steps_for() -> Callable[..., Steps]:
    """Make steps as a clear strip would give them: each character one step, a blank after it.

    probability: of every character; marks are written "*" and spaces " ".
    """

    def make(text: str, probability: float = 0.98) -> Steps:
        count = 2 * len(text)
        symbols = np.zeros((count, len(SYMBOLS)), dtype=np.float32)
        illegal = np.zeros((count, 3), dtype=np.float32)
        space = np.zeros(count, dtype=np.float32)
        mark = np.zeros(count, dtype=np.float32)
        for place, character in enumerate(text):
            if character in SYMBOLS:
                symbols[2 * place, SYMBOLS.index(character)] = probability
            elif character in "IOQ":
                symbols[2 * place, SYMBOLS.index("1" if character == "I" else "0")] = probability
                illegal[2 * place, "IOQ".index(character)] = probability
            elif character == " ":
                space[2 * place] = probability
            else:
                mark[2 * place] = probability
        return Steps(symbols=symbols, illegal=illegal, space=space, mark=mark)

    return make
