"""Who may do what where: the three filings, their dates and states, and the fence round a place."""

import math
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from inspection.facts import CaseOpened, Position, Vehicle
from inspection.filings import AreaFiling, InspectorFiling, Scope, TerminalFiling
from inspection.rules import Filings, Judgement, distance_m, judge_permission, shipped_rulebooks
from inspection.rules.permissions import CLAUSES, EARTH_RADIUS_M

BOOK = shipped_rulebooks()[-1]
TODAY = date(2026, 5, 28)
AREA = "440300CY0001"
DEVICE = "pda-01"
OPENED = CaseOpened(
    regime="chayan",
    serial="2611220000001",
    vehicle=Vehicle(vin="L00PA55L4N0000017", vehicle_class="K33", use="A"),  # invented
    station="ST01",
    inspector="I-7",
    business="B",
    area=AREA,
    position=Position(longitude=114.0, latitude=22.5),
)
INSPECTOR = InspectorFiling(id="I-7", name="Zhao", valid_until=TODAY, areas=(AREA,))
PLACE = AreaFiling(
    id=AREA, station="ST01", valid_until=TODAY, longitude=114.0, latitude=22.5, radius_m=100, fenced=True
)
TERMINAL = TerminalFiling(id=DEVICE, valid_until=TODAY, areas=("440300CY*",))
ALL = Filings(inspector=INSPECTOR, area=PLACE, terminal=TERMINAL, kept=frozenset({"inspector", "area", "terminal"}))
NARROW = Scope(uses=("A",), businesses=("B", "01"), classes=("K3?",))


def judged(filings: Filings = ALL, opened: CaseOpened = OPENED, day: date = TODAY, **permissions: Any) -> Judgement:
    book = replace(BOOK, permissions=replace(BOOK.permissions, **permissions))
    return judge_permission(opened, DEVICE, filings, book, day)


def with_(**changes: Any) -> Filings:
    fields = {name: getattr(ALL, name) for name in ("inspector", "area", "terminal", "kept")}
    return Filings(**(fields | changes))


def failed(judgement: Judgement) -> list[str]:
    return [reason.code for reason in judgement.failed]


def test_three_filings_that_allow_it_allow_it_with_every_reason() -> None:
    judgement = judged()
    assert judgement.allowed
    names = [f"{kind}.{clause}" for kind in ("inspector", "area", "terminal") for clause in CLAUSES]
    fences = {"inspector.fence", "terminal.fence"}
    assert [reason.code for reason in judgement.reasons] == [name for name in names if name not in fences]
    assert "inspector I-7" in judgement.reasons[0].zh
    assert "inspector I-7" in judgement.reasons[0].en


@pytest.mark.parametrize("kind", ["inspector", "area", "terminal"])
@pytest.mark.parametrize(
    ("changes", "clause"),
    [
        ({"state": "stopped"}, "state"),
        ({"state": "revoked"}, "state"),
        ({"valid_until": TODAY - timedelta(days=1)}, "dates"),
        ({"scope": Scope(uses=("D",))}, "use"),
        ({"scope": Scope(businesses=("A", "01"))}, "business"),
        ({"scope": Scope(classes=("K4?",))}, "class"),
        ({"scope": Scope(uses=())}, "use"),
    ],
)
def test_each_of_the_three_has_to_allow_it(kind: str, changes: dict[str, Any], clause: str) -> None:
    judgement = judged(with_(**{kind: replace(getattr(ALL, kind), **changes)}))
    assert not judgement.allowed
    assert failed(judgement) == [f"{kind}.{clause}"]


def test_a_narrow_scope_that_fits_is_enough() -> None:
    kinds = ("inspector", "area", "terminal")
    assert judged(with_(**{kind: replace(getattr(ALL, kind), scope=NARROW) for kind in kinds})).allowed


def test_at_a_roadworthiness_inspection_the_business_is_its_kind() -> None:
    opened = replace(OPENED, regime="jianyan", business="", inspection_kind="01")
    assert judged(with_(area=replace(PLACE, scope=NARROW)), opened).allowed
    assert failed(judged(with_(area=replace(PLACE, scope=NARROW)), replace(opened, inspection_kind="02"))) == [
        "area.business"
    ]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"inspector": replace(INSPECTOR, areas=("440300CY0002",))}, ["inspector.place"]),
        ({"terminal": replace(TERMINAL, areas=())}, ["terminal.place"]),
        ({"area": replace(PLACE, station="ST02")}, ["area.place"]),
    ],
)
def test_each_has_its_places(changes: dict[str, Any], codes: list[str]) -> None:
    assert failed(judged(with_(**changes))) == codes


def test_where_no_area_is_named_the_station_is_the_place() -> None:
    opened = replace(OPENED, area="")
    filings = with_(area=replace(PLACE, id="ST01"))
    assert failed(judged(filings, opened)) == ["inspector.place", "terminal.place"]


@pytest.mark.parametrize("kind", ["inspector", "area", "terminal"])
def test_who_is_not_filed_where_others_are_may_not(kind: str) -> None:
    judgement = judged(with_(**{kind: None}))
    assert failed(judgement) == [f"{kind}.filed"]


def test_a_kind_of_which_nothing_was_ever_filed_is_not_judged_unless_it_is_wanted() -> None:
    assert judged(Filings()) == Judgement(allowed=True, reasons=())
    assert judged(with_(inspector=None, kept=frozenset({"area"}))).allowed
    wanting = replace(BOOK, sticker_first=replace(BOOK.sticker_first, filings_required=True))
    wanted = judge_permission(OPENED, DEVICE, Filings(), wanting, TODAY)
    assert failed(wanted) == ["inspector.filed", "area.filed", "terminal.filed"]


def north(metres: float) -> float:
    return 22.5 + math.degrees(metres / EARTH_RADIUS_M)


@pytest.mark.parametrize(
    ("position", "allowed"),
    [
        (Position(longitude=114.0, latitude=north(99.9)), True),
        (Position(longitude=114.0, latitude=north(100.1)), False),
        (Position(longitude=114.0, latitude=north(149), accuracy_m=50), True),
        (Position(longitude=114.0, latitude=north(151), accuracy_m=5_000), False),
        (Position(longitude=-66.0, latitude=-22.5), False),
        (None, False),
    ],
)
def test_a_fence_holds_by_metres(position: Position | None, *, allowed: bool) -> None:
    judgement = judged(opened=replace(OPENED, position=position))
    assert judgement.allowed == allowed
    assert failed(judgement) == ([] if allowed else ["area.fence"])


def test_without_a_fence_or_without_the_need_of_a_position_nobody_asks_where() -> None:
    nowhere = replace(OPENED, position=None)
    assert judged(with_(area=replace(PLACE, fenced=False)), nowhere).allowed
    assert judged(opened=nowhere, position_required=False).allowed


positions = st.builds(Position, longitude=st.floats(-180, 180), latitude=st.floats(-90, 90))


@given(positions, positions)
def test_a_distance_is_the_same_both_ways_and_no_longer_than_half_round_the_globe(a: Position, b: Position) -> None:
    there = distance_m(a, b.longitude, b.latitude)
    assert there == pytest.approx(distance_m(b, a.longitude, a.latitude), abs=1e-3)
    assert 0 <= there <= math.pi * EARTH_RADIUS_M + 1
    assert distance_m(a, a.longitude, a.latitude) == 0


def test_a_degree_of_longitude_shrinks_towards_the_poles() -> None:
    degree = math.pi * EARTH_RADIUS_M / 180
    assert distance_m(Position(longitude=0, latitude=0), 1, 0) == pytest.approx(degree, rel=1e-6)
    assert distance_m(Position(longitude=0, latitude=60), 1, 60) == pytest.approx(degree / 2, rel=1e-4)
    assert distance_m(Position(longitude=179.5, latitude=0), -179.5, 0) == pytest.approx(degree, rel=1e-6)
