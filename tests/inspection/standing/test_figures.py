from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from inspection.standing.figures import Figure, _others_median, figures_of, is_night, mix_of
from inspection.standing.rules import FIGURES, Counting
from tests.inspection.standing.standing_rows import inspected, opened, shipped

COUNTING = shipped().counting
STATIONS = ("A", "B", "C", "D")


def rows(station: str, count: int, **changes: Any) -> list[Any]:
    return [
        inspected(at, station=station, inspector=f"{station}-li", case=f"{station}.{at}", **changes)
        for at in range(count)
    ]


def of(station: str, made: list[Any], counting: Counting = COUNTING) -> dict[str, Figure]:
    return figures_of(made, "station", counting)[station]


def city(count: int = 40, **changes: Any) -> list[Any]:
    return [row for station in STATIONS for row in rows(station, count, **changes)]


def test_no_rows_make_no_figures() -> None:
    assert figures_of([], "station", COUNTING) == {}


def test_there_is_every_figure_of_a_whole_row() -> None:
    whole = city(seconds=600, metres=20, doubtful=False, audited=True)
    assert set(of("A", whole)) == set(FIGURES)


def test_vehicles_alike_have_the_same_regime_kind_class_group_and_use() -> None:
    assert mix_of(opened(), COUNTING) == "jianyan|01|K3|A"
    assert mix_of(opened(regime="chayan", business="A", vehicle_class="H11"), COUNTING) == "chayan|A|H1|A"


def test_night_may_lie_on_both_sides_of_midnight() -> None:
    assert [hour for hour in range(24) if is_night(hour, COUNTING)] == [0, 1, 2, 3, 4, 5, 22, 23]
    noon = replace(COUNTING, night_from=11, night_until=13)
    assert [hour for hour in range(24) if is_night(hour, noon)] == [11, 12]


def test_a_share_is_held_against_the_others_share() -> None:
    made = [row for station in STATIONS for row in rows(station, 60)]
    made += [row for station in "BCD" for row in rows(station, 40, passed=False)]
    figure = of("A", made)["passed"]
    assert (figure.count, figure.value, figure.compared) == (60, 1.0, 60)
    assert figure.expected == pytest.approx(0.6, abs=0.01)
    assert figure.difference == pytest.approx(0.4, abs=0.01)
    assert figure.z > 5


def test_a_truck_station_is_held_against_other_peoples_trucks() -> None:
    truck = "jianyan|01|H1|B"
    made = city(100)
    for station in STATIONS:
        made += rows(station, 60, mix=truck, passed=False) + rows(station, 40, mix=truck)
    made += rows("T", 120, mix=truck, passed=False) + rows("T", 80, mix=truck)
    figure = of("T", made)["passed"]
    assert figure.value == 0.4
    assert figure.expected == pytest.approx(0.4, abs=0.01)
    assert abs(figure.z) < 1


def test_a_kind_of_vehicle_that_too_few_others_inspect_is_not_compared() -> None:
    alone = of("A", city() + rows("A", 50, mix="rare", passed=False))["passed"]
    assert (alone.count, alone.compared) == (90, 40)
    few = of("A", rows("A", 50) + rows("B", 500) + rows("C", 500))["passed"]
    assert (few.compared, few.expected, few.z) == (0, None, 0.0)
    thin = of("A", [row for station in STATIONS for row in rows(station, 9)])["passed"]
    assert thin.expected is None


def test_that_nobody_else_ever_had_one_does_not_make_one_impossible() -> None:
    made = city()
    made[0] = inspected(0, station="A", case="A.0", proven=True)
    figure = of("A", made)["proven"]
    assert figure.expected is not None
    assert 0 < figure.expected < 0.01
    assert 0 < figure.z < 2


def test_a_first_attempt_alone_counts_for_the_pass_rate_and_a_retest_for_its_own() -> None:
    made = city() + rows("A", 10, attempt=2, passed=False)
    figures = of("A", made)
    assert (figures["passed"].count, figures["passed"].value) == (40, 1.0)
    assert figures["retested"].value == 0.2


def test_what_nobody_knows_of_a_row_is_not_counted() -> None:
    made = city() + rows("A", 10, doubtful=True, audited=True, overturned=True)
    figures = of("A", made)
    assert (figures["doubtful"].count, figures["doubtful"].value) == (10, 1.0)
    assert (figures["overturned"].count, figures["overturned"].value) == (10, 1.0)
    assert "doubtful" not in of("B", made)


def test_quick_work_is_a_high_tempo_against_the_others_median_of_the_same_mix() -> None:
    made = [row for station in "BCD" for row in rows(station, 50, seconds=600)]
    made += [row for station in "BCD" for row in rows(station, 50, seconds=900, mix="jianyan|01|H1|B")]
    made += rows("A", 40, seconds=300) + rows("A", 40, seconds=500, mix="jianyan|01|H1|B")
    figure = of("A", made)["tempo"]
    assert (figure.count, figure.compared, figure.value, figure.least) == (80, 80, 400.0, 300.0)
    assert figure.expected == 750.0
    assert figure.difference == 0.5
    assert figure.z > 5
    slow = of("B", made + rows("B", 300, seconds=2000))["tempo"]
    assert slow.z < 0


def test_whoever_is_at_the_others_median_is_neither_quick_nor_slow() -> None:
    figure = of("A", city(seconds=600))["tempo"]
    assert (figure.z, figure.difference, figure.expected) == (0.0, 0.0, 600.0)


def test_tempo_without_peers_is_told_without_comparison() -> None:
    figure = of("A", rows("A", 5, seconds=10))["tempo"]
    assert (figure.value, figure.expected, figure.compared) == (10.0, None, 0)


def test_far_from_the_centre_is_a_high_distance() -> None:
    made = [row for station in "BCD" for row in rows(station, 50, metres=20)] + rows("A", 50, metres=90)
    assert of("A", made)["distance"].z > 5


def test_inspectors_are_compared_with_inspectors_of_all_stations() -> None:
    made = city(seconds=600)
    assert set(figures_of(made, "inspector", COUNTING)) == {"A-li", "B-li", "C-li", "D-li"}


def test_volume_is_a_day_and_held_against_the_median_station() -> None:
    made = [row for station in "ABCDEF" for row in rows(station, 10)] + rows("G", 80)
    made += [inspected(1, station="H", case="H.1")]
    figures = figures_of(made, "station", COUNTING)
    assert figures["G"]["volume"].value == 80.0
    assert figures["G"]["volume"].expected == 10.0
    assert figures["A"]["volume"].z == 0.0


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60))
def test_the_median_of_the_others_is_that_of_their_values(values: list[tuple[int, bool]]) -> None:
    every, own = sorted(v for v, _ in values), sorted(v for v, mine in values if mine)
    others = sorted(v for v, mine in values if not mine)
    if others:
        middle = len(others) // 2
        wanted = (others[(len(others) - 1) // 2] + others[middle]) / 2
        assert _others_median(every, own) == wanted
