"""The visits of a day at one station."""

from itertools import pairwise
from random import Random

from inspection.facts import Position
from inspection.vin import check_digit
from passlane.day.visits import (
    CLOSES_HOUR,
    HOUR_MS,
    MIXES,
    OPENS_HOUR,
    RETEST_LANE,
    YARD_LANE,
    Station,
    Visit,
    visits_of,
)

MIDNIGHT = 1_779_897_600_000


def station(**changes: object) -> Station:
    fields: dict[str, object] = {"id": "C001", "per_day": 100, "mix": "mixed", "place": SEA}
    return Station(**{**fields, **changes})  # type: ignore[arg-type]


SEA = Position(longitude=123.1, latitude=30.1)


def visits(where: Station, *, seed: int = 1, suspicious: float = 0.03) -> list[Visit]:
    return visits_of(where, midnight=MIDNIGHT, suspicious=suspicious, first=1, chance=Random(seed))  # noqa: S311


def test_visits_begin_in_the_opening_hours_and_most_around_noon() -> None:
    hours = [(visit.start - MIDNIGHT) // HOUR_MS for visit in visits(station())]
    assert min(hours) >= OPENS_HOUR
    assert max(hours) <= CLOSES_HOUR
    assert sum(10 <= hour < 14 for hour in hours) > len(hours) // 2


def test_a_lane_has_one_vehicle_at_a_time() -> None:
    for lane in range(1, station().lanes + 1):
        own = sorted((visit for visit in visits(station()) if visit.lane == lane), key=lambda visit: visit.start)
        assert all(before.end <= after.start for before, after in pairwise(own))


def test_each_vehicle_has_a_vin_with_a_right_check_digit_of_its_own() -> None:
    vins = [visit.vehicle.vin for visit in visits(station()) if visit.attempt == 1]
    assert len(set(vins)) == len(vins)
    assert all(vin[8] == check_digit(vin) for vin in vins)


def test_who_comes_again_comes_under_the_same_serial_on_a_lane_of_their_own() -> None:
    made = visits(station(per_day=120))
    failed = {visit.serial: visit for visit in made if visit.ending == "fail"}
    again = [visit for visit in made if visit.attempt == 2]
    assert again
    for visit in again:
        before = failed[visit.serial]
        assert visit.lane == RETEST_LANE
        assert visit.start > before.end
        assert visit.vehicle == before.vehicle
        assert visit.ending == "pass"


def test_the_suspicious_ones_at_an_honest_station_are_as_many_as_asked_for() -> None:
    made = [visit for seed in range(30) for visit in visits(station(), seed=seed) if visit.attempt == 1]
    share = sum(visit.truth != "sound" for visit in made) / len(made)
    assert 0.02 < share < 0.04
    assert all(visit.truth == "sound" for visit in visits(station(), suspicious=0))


def test_at_a_cheating_station_half_of_the_vehicles_never_were_there() -> None:
    made = visits(station(mix="cars", cheats=True), seed=5)
    absent = [visit for visit in made if visit.truth == "absent"]
    assert 0.4 < len(absent) / len(made) < 0.7
    assert {visit.lane for visit in absent} == {YARD_LANE}
    assert all(visit.seconds < 180 and visit.position == visit.station.yard for visit in absent)
    assert {visit.inspector for visit in absent} == {"inspector-C001-1"}
    assert all(visit.ending == "pass" for visit in made)
    own = {visit.number for visit in absent if visit.reuses is None}
    assert {visit.reuses for visit in absent} - {None} <= own


def test_slower_vehicles_need_more_lanes() -> None:
    assert station(mix="trucks").lanes > station(mix="cars").lanes
    assert station(per_day=7).lanes == 1


def test_each_mix_adds_up_to_a_hundred() -> None:
    assert {sum(mix.values()) for mix in MIXES.values()} == {100}
