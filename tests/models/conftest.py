import time
from collections.abc import Callable
from typing import Any

import cv2
import pytest

from models.calibrating import load_calibration
from models.photo import Photo, PhotoLimits, Pixels, open_photo
from models.vin import ReaderNetworks, VinReader
from models.weights import OnnxNetwork, load_network


@pytest.fixture(scope="session")
def finder_network() -> OnnxNetwork:
    return load_network("line-finder")


@pytest.fixture(scope="session")
def character_network() -> OnnxNetwork:
    return load_network("character-reader")


@pytest.fixture(scope="session")
def networks(finder_network: OnnxNetwork, character_network: OnnxNetwork) -> ReaderNetworks:
    return ReaderNetworks(finder=finder_network, reader=character_network, surfaces=load_network("surface-teller"))


@pytest.fixture(scope="session")
def vin_reader(networks: ReaderNetworks) -> VinReader:
    return VinReader(networks, load_calibration(), clock=time.perf_counter)


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
