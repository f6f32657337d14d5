import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.drawing.rendering import vin_photo
from models.lines import (
    FinderSettings,
    Line,
    LineFinder,
    grown_quad,
    lines_of,
    pairs_of,
    prepared_for_finding,
    reading_order,
    strip_of,
)
from models.weights import OnnxNetwork


def line_at(x: float, y: float, width: float = 100, height: float = 20) -> Line:
    return Line(quad=((x, y), (x + width, y), (x + width, y + height), (x, y + height)), probability=0.9)


@pytest.mark.parametrize(("height", "width"), [(10, 10), (1, 900), (480, 640), (3000, 4000)])
def test_what_the_network_sees_is_a_multiple_of_32_and_lies_between_minus_1_and_1(height: int, width: int) -> None:
    seen = prepared_for_finding(np.full((height, width, 3), 255, dtype=np.uint8), 416)
    assert seen.shape[2] % 32 == seen.shape[3] % 32 == 0
    assert max(seen.shape) == 416
    assert seen.dtype == np.float32
    assert seen.max() == pytest.approx(1.0, abs=0.01)


def test_a_marked_bar_becomes_a_line_grown_beyond_its_core() -> None:
    marks = np.zeros((100, 200), dtype=np.float32)
    marks[40:50, 50:150] = 0.9
    (line,) = lines_of(marks, (400, 200), settings=FinderSettings())
    assert line.width > 200
    assert line.height > 20
    assert line.probability > 0.7
    assert line.quad[0][0] < 100
    assert line.quad[0][1] < 80


def test_faint_marks_and_dust_become_no_line() -> None:
    marks = np.zeros((100, 200), dtype=np.float32)
    marks[10:20, 20:120] = 0.2
    marks[60, 60] = 0.9
    marks[80:88, 20:120] = 0.35
    assert lines_of(marks, (200, 100), settings=FinderSettings()) == []


def test_a_core_that_is_nearly_square_holds_no_half_of_a_vin() -> None:
    marks = np.zeros((100, 200), dtype=np.float32)
    marks[10:40, 20:60] = 0.9
    assert lines_of(marks, (200, 100), settings=FinderSettings()) == []
    assert len(lines_of(marks, (200, 100), settings=FinderSettings(core_shape_min=1.0))) == 1


def test_the_line_that_is_most_probably_text_comes_first() -> None:
    marks = np.zeros((100, 200), dtype=np.float32)
    marks[20:28, 20:120] = 0.6
    marks[60:68, 20:120] = 0.9
    first, second = lines_of(marks, (200, 100), settings=FinderSettings())
    assert first.quad[0][1] > 50 > second.quad[0][1]
    assert first.probability > second.probability


def test_no_more_lines_than_the_limit_come_back() -> None:
    marks = np.zeros((200, 200), dtype=np.float32)
    for top in range(10, 190, 20):
        marks[top : top + 6, 20:150] = 0.9
    assert len(lines_of(marks, (200, 200), settings=FinderSettings(lines_max=3))) == 3


@given(st.floats(-80, 80), st.booleans())
def test_reading_order_starts_at_the_top_left_of_the_text(degrees: float, mirrored: bool) -> None:  # noqa: FBT001
    corners = cv2.boxPoints(((100.0, 100.0), (80.0, 10.0), degrees))
    quad = reading_order(corners[::-1] if mirrored else corners)
    along = np.subtract(quad[1], quad[0])
    across = np.subtract(quad[3], quad[0])
    assert np.linalg.norm(along) == pytest.approx(80, abs=0.01)
    assert along[0] > 0
    assert along[0] * across[1] - along[1] * across[0] > 0


def test_a_standing_line_is_read_from_top_to_bottom() -> None:
    quad = reading_order(cv2.boxPoints(((50.0, 100.0), (10.0, 80.0), 0.0)))
    assert quad[0] == pytest.approx((55, 60))
    assert quad[1] == pytest.approx((55, 140))


def test_a_nearly_square_shape_is_read_along_its_flatter_side() -> None:
    quad = reading_order(cv2.boxPoints(((50.0, 50.0), (20.0, 24.0), 0.0)))
    assert quad[1][0] - quad[0][0] == pytest.approx(20)


def test_a_strip_shows_the_quad_upright_whatever_its_shape() -> None:
    image = np.zeros((200, 200, 3), dtype=np.uint8)
    image[40:140, 90:110] = 255
    image[40:60, 90:110] = (0, 0, 255)
    standing = ((110.0, 40.0), (110.0, 140.0), (90.0, 140.0), (90.0, 40.0))
    for width in (240, 384):
        strip = strip_of(image, standing, (width, 48))
        assert strip.shape == (48, width, 3)
        assert tuple(strip[24, width // 12]) == (0, 0, 255)
        assert strip[24, width * 5 // 6].min() == 255


def test_a_strip_that_shrinks_is_averaged_and_not_sampled() -> None:
    stripes = np.zeros((100, 1600, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    whole = ((0.0, 0.0), (1600.0, 0.0), (1600.0, 100.0), (0.0, 100.0))
    strip = strip_of(stripes, whole, (400, 48))
    assert strip[10:38, 10:390].mean() == pytest.approx(127, abs=4)
    assert strip[10:38, 10:390].std() < 20


def test_a_strip_that_reaches_beyond_the_picture_goes_on_with_its_edge() -> None:
    image = np.full((40, 100, 3), 200, dtype=np.uint8)
    beyond = ((-50.0, -10.0), (150.0, -10.0), (150.0, 50.0), (-50.0, 50.0))
    assert strip_of(image, beyond, (384, 48)).min() == 200


def test_a_quad_without_any_extent_gives_a_strip_all_the_same() -> None:
    point = ((5.0, 5.0),) * 4
    assert strip_of(np.zeros((10, 10, 3), dtype=np.uint8), point, (384, 48)).shape == (48, 384, 3)
    assert grown_quad(point, along=1.0, across=1.0) == point


def test_a_grown_quad_keeps_its_middle() -> None:
    grown = grown_quad(line_at(100, 100).quad, along=0.5, across=0.25)
    assert grown[0] == pytest.approx((90, 95))
    assert grown[2] == pytest.approx((210, 125))


def test_a_second_half_stands_under_or_beside_the_first() -> None:
    first, under, beside, far = line_at(0, 100), line_at(5, 130), line_at(120, 101), line_at(0, 400)
    assert pairs_of([first, under, beside, far]) == [(0, 1), (0, 2)]


def test_lines_of_unlike_height_are_no_pair() -> None:
    assert pairs_of([line_at(0, 100), line_at(0, 130, height=60)]) == []


def test_the_finder_finds_the_line_of_a_vin(finder_network: OnnxNetwork) -> None:
    data = np.frombuffer(vin_photo("LFVZY7BR4R2004567", "windshield", seed=3), dtype=np.uint8)
    image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    longest = max(LineFinder(finder_network).find(image), key=lambda line: line.width)
    assert longest.width > 800
    assert 0.4 < longest.quad[0][1] / image.shape[0] < 0.55


def test_an_empty_wall_has_no_lines(finder_network: OnnxNetwork) -> None:
    assert LineFinder(finder_network).find(np.full((300, 400, 3), 180, dtype=np.uint8)) == []


def test_a_line_found_on_a_scaled_picture_is_given_back_unscaled() -> None:
    assert line_at(10, 30).on_photo(2, 3).quad[0] == (5, 10)
