import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from benchmarks.vin.strips import BAR_EDGES_MIN, bar_edges_beside, has_strip_beside
from models.measure import Box
from models.photo import Pixels

TEXT = "LFVAA1A2XPM000042"
BOX = (35.0, 116.0, 221.0, 134.0)


def line(*, strip: int = 0, degrees: float = 0.0, noise: float = 0.0) -> Pixels:
    """Draw 17 characters in BOX; strip: 1 for bars under them, -1 for bars above, touching."""
    image = np.full((256, 256), 30, dtype=np.uint8)
    cv2.putText(image, TEXT, (37, 131), cv2.FONT_HERSHEY_SIMPLEX, 0.52, 210, 1, cv2.LINE_AA)
    if strip:
        bars = default_rng(1).choice([1, 1, 2, 3], 150).cumsum()
        row = np.full(186, 30, dtype=np.uint8)
        for start, end in zip(bars[::2], bars[1::2], strict=True):
            row[start:end] = 210
        top = 134 if strip > 0 else 107
        image[top : top + 9, 35:221] = row
    turn = cv2.getRotationMatrix2D((128, 125), degrees, 1)
    turned = cv2.warpAffine(image, turn, (256, 256), borderMode=cv2.BORDER_REPLICATE)
    noisy = np.clip(turned + default_rng(2).normal(0, noise, turned.shape), 0, 255)
    return np.asarray(noisy, dtype=np.uint8)


def turned_box(degrees: float) -> Box:
    x0, y0, x1, y1 = BOX
    rise = abs(np.tan(np.radians(degrees))) * (x1 - x0) / 2
    return (x0, y0 - rise, x1, y1 + rise)


@pytest.mark.parametrize("strip", [1, -1])
@pytest.mark.parametrize("degrees", [-9, 0, 5])
def test_bars_above_or_below_a_line_are_found_however_it_is_turned(strip: int, degrees: float) -> None:
    assert has_strip_beside(line(strip=strip, degrees=degrees), turned_box(degrees))


@pytest.mark.parametrize("degrees", [-9, 0, 5])
def test_characters_alone_are_no_strip(degrees: float) -> None:
    assert not has_strip_beside(line(degrees=degrees), turned_box(degrees))


def test_bars_far_from_the_line_are_not_beside_it() -> None:
    image = np.vstack([line(), line(strip=1)[120:160]])
    assert not has_strip_beside(image, BOX)


def test_noise_is_no_strip() -> None:
    assert not has_strip_beside(line(noise=12.0), BOX)
    flat = default_rng(3).integers(0, 255, (256, 256)).astype(np.uint8)
    assert bar_edges_beside(flat, BOX) < BAR_EDGES_MIN


def test_a_larger_photo_of_the_same_is_judged_the_same() -> None:
    for strip in (0, 1):
        larger = cv2.resize(line(strip=strip), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        x0, y0, x1, y1 = BOX
        box = (4 * x0, 4 * y0, 4 * x1, 4 * y1)
        assert has_strip_beside(np.asarray(larger, dtype=np.uint8), box) == bool(strip)


@given(
    st.tuples(*[st.floats(-50, 300)] * 4),
    st.sampled_from([(1, 1), (1, 60), (60, 1), (60, 60)]),
)
def test_any_box_on_any_picture_has_an_answer(box: Box, shape: tuple[int, int]) -> None:
    assert bar_edges_beside(np.zeros(shape, dtype=np.uint8), box) == 0
