from collections.abc import Mapping

import numpy as np
import pytest

from inspection.evidence import SurfaceKind
from models.photo import Pixels
from models.surfaces import KINDS, VIEW_PIXELS, SurfaceTeller, prepared_for_telling, view_of
from models.weights import Floats, OnnxNetwork, load_network

QUAD = ((100.0, 80.0), (300.0, 80.0), (300.0, 100.0), (100.0, 100.0))


class FakeNetwork:
    """A teller that is as sure of one kind as it is told to be."""

    digest = "0" * 64

    def __init__(self, kind: SurfaceKind, score: float) -> None:
        self.metadata: Mapping[str, str] = {}
        self._scores = np.array([[score if one == kind else 0.0 for one in KINDS]], dtype=np.float32)

    def run(self, batch: Floats) -> Floats:
        assert batch.shape == (1, 3, 48, 192)
        return self._scores


@pytest.fixture
def picture() -> Pixels:
    """Grey, with a white line at QUAD and something red a little above it."""
    image = np.full((200, 400, 3), 90, dtype=np.uint8)
    image[80:100, 100:300] = 255
    image[66:74, 100:300] = (0, 0, 200)
    return image


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_that_is_most_probable_is_told(picture: Pixels, kind: SurfaceKind) -> None:
    assert SurfaceTeller(FakeNetwork(kind, 5.0)).kind_of(picture, QUAD) == kind


def test_a_kind_that_is_less_probable_than_not_is_unknown(picture: Pixels) -> None:
    assert SurfaceTeller(FakeNetwork("plate", 1.0)).kind_of(picture, QUAD) == "unknown"
    assert SurfaceTeller(FakeNetwork("plate", 1.7)).kind_of(picture, QUAD) == "plate"


def test_scores_of_any_size_are_told_apart_without_overflow(picture: Pixels) -> None:
    assert SurfaceTeller(FakeNetwork("rubbing", 1e6)).kind_of(picture, QUAD) == "rubbing"


def test_a_view_shows_the_line_with_its_surroundings(picture: Pixels) -> None:
    view = view_of(picture, QUAD)
    assert view.shape == (VIEW_PIXELS[1], VIEW_PIXELS[0], 3)
    assert view[24, 96].min() > 240
    assert view[9, 96, 2] > 150 > view[9, 96, 0] + 60
    assert tuple(view[24, 2]) == pytest.approx((90, 90, 90), abs=5)


def test_what_the_network_sees_lies_between_minus_1_and_1(picture: Pixels) -> None:
    seen = prepared_for_telling(view_of(picture, QUAD))
    assert seen.shape == (1, 3, 48, 192)
    assert seen.dtype == np.float32
    assert seen.min() >= -1
    assert seen.max() == pytest.approx(1.0)


def test_the_shipped_network_tells_these_kinds_apart(picture: Pixels) -> None:
    network: OnnxNetwork = load_network("surface-teller")
    assert network.run(prepared_for_telling(view_of(picture, QUAD))).shape == (1, len(KINDS))
    assert SurfaceTeller(network).kind_of(picture, QUAD) in {*KINDS, "unknown"}
