import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.facts import Position
from inspection.filings import AreaFiling
from inspection.standing.places import centre_of, metres_between, metres_outside, microdegrees_within, way_seconds
from tests.inspection.standing.standing_rows import area_filing

PLACES = st.builds(Position, longitude=st.floats(-180, 180), latitude=st.floats(-90, 90))


def test_a_degree_of_latitude_is_about_111_kilometres() -> None:
    one, other = Position(longitude=120.0, latitude=30.0), Position(longitude=120.0, latitude=31.0)
    assert metres_between(one, other) == pytest.approx(111_195, abs=5)


def test_a_degree_of_longitude_shrinks_with_the_cosine_of_the_latitude() -> None:
    one, other = Position(longitude=120.0, latitude=60.0), Position(longitude=121.0, latitude=60.0)
    assert metres_between(one, other) == pytest.approx(55_597, rel=0.001)


@given(PLACES, PLACES)
def test_the_way_there_is_as_long_as_the_way_back_and_at_most_half_the_earth(one: Position, other: Position) -> None:
    there = metres_between(one, other)
    assert there == pytest.approx(metres_between(other, one), abs=1e-3)
    assert 0 <= there < 20_015_200


def test_only_a_fenced_area_has_a_place() -> None:
    assert centre_of(None) is None
    assert centre_of(area_filing(fenced=False)) is None
    assert centre_of(area_filing()) == Position(longitude=120.0, latitude=30.0, accuracy_m=200.0)


def outside(latitude: float, accuracy_m: float = 0.0, area: AreaFiling | None = None) -> float:
    place = Position(longitude=120.0, latitude=latitude, accuracy_m=accuracy_m)
    return metres_outside(place, area or area_filing(), accuracy_metres_max=500)


def test_outside_is_counted_from_the_fence_and_the_device_is_believed_to_be_unsure_within_limits() -> None:
    assert outside(30.0) == pytest.approx(-200)
    assert outside(30.01) == pytest.approx(1112 - 200, abs=1)
    assert outside(30.01, accuracy_m=300) == pytest.approx(1112 - 500, abs=1)
    assert outside(31.0, accuracy_m=1_000_000) == pytest.approx(111_195 - 700, abs=5)


def test_a_way_takes_its_metres_at_the_greatest_speed_and_nothing_between_places_that_may_be_one() -> None:
    one, other = Position(longitude=120.0, latitude=30.0), Position(longitude=120.0, latitude=31.0)
    assert way_seconds(one, other, kmh_max=120, metres_free=500) == pytest.approx(3336, abs=1)
    near = Position(longitude=120.0, latitude=30.004)
    assert way_seconds(one, near, kmh_max=120, metres_free=500) == 0
    unsure = Position(longitude=120.0, latitude=31.0, accuracy_m=111_000)
    assert way_seconds(one, unsure, kmh_max=120, metres_free=500) == 0


@given(st.floats(-179, 179), st.floats(-89, 89), st.floats(0, 100_000), st.integers(-1, 1), st.integers(-1, 1))
def test_places_that_differ_by_so_little_are_never_further_apart(
    longitude: float, latitude: float, metres: float, east: int, north: int
) -> None:
    one = Position(longitude=longitude, latitude=latitude)
    most = microdegrees_within(metres) / 1_000_000
    other = Position(longitude=longitude + east * most, latitude=latitude + north * most)
    assert most < 0 or metres_between(one, other) <= metres


def test_no_difference_is_so_small_that_it_is_surely_none() -> None:
    assert microdegrees_within(0.0) < 0
    assert microdegrees_within(500.0) == 2246
