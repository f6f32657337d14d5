import numpy as np
import pytest
from numpy.random import default_rng

from models.training.pictures.coats import SURFACES
from models.training.pictures.glyphs import Ink


@pytest.fixture
def ink() -> Ink:
    """Nothing, with a bar in the middle."""
    sheet = np.zeros((60, 200), dtype=np.float32)
    sheet[20:40, 60:140] = 1
    return sheet


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("seed", range(4))
def test_a_surface_shows_its_ink_in_a_picture_of_the_same_size(ink: Ink, surface: str, seed: int) -> None:
    with_ink = SURFACES[surface](ink, default_rng(seed))
    without = SURFACES[surface](np.zeros_like(ink), default_rng(seed))
    assert with_ink.shape == (60, 200, 3)
    assert with_ink.dtype == np.uint8
    changed = np.abs(with_ink.astype(int) - without.astype(int)).mean(axis=2)
    assert changed[14:46, 54:146].mean() > 1.0
    assert changed[14:46, 54:146].mean() > 3 * changed[:, :40].mean()


@pytest.mark.parametrize("surface", SURFACES)
def test_the_same_seed_gives_the_same_surface(ink: Ink, surface: str) -> None:
    assert np.array_equal(SURFACES[surface](ink, default_rng(7)), SURFACES[surface](ink, default_rng(7)))


def test_struck_metal_is_told_from_its_ground_by_light_on_flanks_more_than_by_colour(ink: Ink) -> None:
    edges, floors = [], []
    for seed in range(30):
        with_ink = SURFACES["stamped"](ink, default_rng(seed)).astype(int)
        changed = np.abs(with_ink - SURFACES["stamped"](np.zeros_like(ink), default_rng(seed)))
        edges.append(max(changed[18:23, 80:120].mean(), changed[25:35, 58:63].mean()))
        floors.append(changed[28:32, 80:120].mean())
    assert np.median(edges) > np.median(floors)
