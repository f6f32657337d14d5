"""The made-up city: its sizes, its one cheat, its shifts."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passlane.day import DayError
from passlane.day.city import DAY_MS, PER_DAY_MAX, PER_DAY_MIN, Sizes, made_city
from passlane.day.visits import HOUR_MS

DAY = date(2026, 5, 28)
SMALL = Sizes(inspections=120, stations=8, auditors=9)


@settings(max_examples=20, deadline=None)
@given(stations=st.integers(5, 30), each=st.integers(PER_DAY_MIN, 40), seed=st.integers(0, 1_000))
def test_the_stations_share_all_inspections_and_one_of_them_cheats(stations: int, each: int, seed: int) -> None:
    city = made_city(Sizes(inspections=stations * each, stations=stations, auditors=6, seed=seed), DAY)
    assert sum(station.per_day for station in city.stations) == stations * each
    assert all(PER_DAY_MIN <= station.per_day <= PER_DAY_MAX for station in city.stations)
    assert [station for station in city.stations if station.cheats] == [city.cheat]
    assert city.cheat.admitted
    first = [visit for visit in city.visits if visit.attempt == 1]
    assert len(first) == stations * each
    assert len({visit.number for visit in city.visits}) == len(city.visits)


def test_the_same_seed_makes_the_same_city() -> None:
    assert made_city(SMALL, DAY) == made_city(SMALL, DAY)
    assert made_city(SMALL, DAY) != made_city(replace(SMALL, seed=2), DAY)


def test_forty_auditors_stand_in_three_shifts_round_the_clock() -> None:
    city = made_city(Sizes(inspections=420, stations=60, auditors=40), DAY)
    there = [sum(one.on_shift(city.midnight + hour * HOUR_MS) for one in city.auditors) for hour in (1, 7, 15, 23)]
    assert there == [12, 12, 16, 12]
    assert all(one.on_shift(one.begins + DAY_MS) for one in city.auditors)
    assert sum("lead_auditor" in one.actor.roles for one in city.auditors) == 9
    assert sum(bool(one.actor.station) for one in city.auditors) > 0


def test_an_understaffed_city_has_a_quarter_of_its_auditors_and_one_on_each_shift_at_least() -> None:
    assert len(made_city(replace(SMALL, auditors=40, understaffed=True), DAY).auditors) == 10
    assert len(made_city(replace(SMALL, understaffed=True), DAY).auditors) == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stations": 4}, "at least 5 stations"),
        ({"auditors": 5}, "6 auditors"),
        ({"inspections": 10}, "7 to 120"),
        ({"inspections": 8 * 121}, "7 to 120"),
        ({"suspicious": 1.5}, "between 0 and 1"),
        ({"look_seconds": 0}, "at least a second"),
    ],
)
def test_a_city_that_cannot_be_one_is_refused(changes: dict[str, float], said: str) -> None:
    with pytest.raises(DayError, match=said):
        made_city(replace(SMALL, **changes), DAY)  # type: ignore[arg-type]
