import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from models.photo import Pixels
from models.training.pictures import weather
from models.training.pictures.weather import shrunk, weathered

EFFECTS = (
    "_shadow",
    "_glare",
    "_dirt",
    "_scratches",
    "_drops",
    "_toned",
    "_defocus",
    "_shake",
    "_dim",
    "_noise",
    "_stored",
)


def chequered(height: int = 60, width: int = 160) -> Pixels:
    """Return fields of 4 pixels in two greys."""
    rows, columns = np.indices((height, width)) // 4
    return np.repeat(np.where((rows + columns) % 2, 200, 60).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("seed", range(3))
def test_every_effect_changes_a_picture_and_keeps_its_size(effect: str, seed: int) -> None:
    picture = chequered()
    before = picture.copy()
    changed = getattr(weather, effect)(picture, default_rng(seed), 20.0)
    assert changed.shape == picture.shape
    assert changed.dtype == np.uint8
    assert not np.array_equal(changed, before)
    assert np.array_equal(picture, before)


def test_fair_weather_leaves_a_picture_as_it_is() -> None:
    assert np.array_equal(weathered(chequered(), default_rng(1), letter_pixels=20.0, harsh=0.0), chequered())


@given(seed=st.integers(0, 10_000), height=st.integers(12, 80), width=st.integers(30, 200))
def test_the_same_seed_gives_the_same_weather_on_pictures_of_any_size(seed: int, height: int, width: int) -> None:
    once, again = (
        weathered(chequered(height, width), default_rng(seed), letter_pixels=18.0, harsh=1.5) for _ in range(2)
    )
    assert once.shape == (height, width, 3)
    assert np.array_equal(once, again)


def test_a_coarse_sensor_loses_what_is_finer_than_its_pixels() -> None:
    picture = chequered()
    seen = shrunk(picture, default_rng(1), letter_pixels=24.0, letter_pixels_wanted=4.0)
    assert seen.shape == picture.shape
    assert np.abs(seen.astype(int) - picture.astype(int)).mean() > 30


def test_a_sensor_that_is_fine_enough_changes_nothing() -> None:
    picture = chequered()
    assert shrunk(picture, default_rng(1), letter_pixels=24.0, letter_pixels_wanted=24.0) is picture
