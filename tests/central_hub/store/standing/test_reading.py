from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from central_hub.store.database import Database, open_for_writing
from central_hub.store.standing.keeping import StandingTables
from central_hub.store.standing.reading import StandingReading
from inspection.case import Case
from inspection.facts import CaseOpened, Position, StationSuspended, Vehicle, WarningRaised
from inspection.standing.chain import Marked, Proven, Warned
from inspection.standing.figures import Figure
from inspection.standing.rules import shipped_standing_rules
from inspection.standing.suspicion import Neighbour, Timing
from tests.central_hub.store.standing.standing_store import DAY, NOW, keep, keep_case, placed

HOUR_MS = 3_600_000
VIN = "LZZAA1A26RA000017"
OPENED = CaseOpened(regime="jianyan", serial="S-1", vehicle=Vehicle(vin=VIN), station="ST01", inspector="li")
WARNING = WarningRaised(subject="station", name="ST01", rule="r", level="warning", rules="s:1", figures="1 / 2")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    made = open_for_writing(tmp_path)
    yield made
    made.close()


@pytest.fixture
def tables(db: Database) -> StandingTables:
    return StandingTables(db)


@pytest.fixture
def reading(db: Database) -> StandingReading:
    return StandingReading(db)


LIMITS = shipped_standing_rules()[-1].limits
HERE = Position(longitude=120.123456, latitude=-30.654321)
FAR = Position(longitude=121.0, latitude=-30.654321, accuracy_m=9.0)


def around(
    reading: StandingReading, opened: CaseOpened = OPENED, *, device: str = "pda-1", here: Position | None = HERE
) -> list[str]:
    timing = Timing(opened=NOW, concluded=NOW + HOUR_MS)
    case = Case(case="pda-1.1", device=device)
    return [one.case for one in reading.neighbours(case, opened, timing, here=here, limits=LIMITS)]


def concluded(reading: StandingReading, opened: CaseOpened = OPENED, *, device: str = "pda-1", most: int = 120) -> int:
    return reading.concluded(Case(case="pda-1.1", device=device), opened, since=NOW - HOUR_MS, until=NOW, most=most)


def test_an_empty_store_has_nothing(reading: StandingReading) -> None:
    assert reading.reuses("c", []) == reading.reuses("c", ["a" * 64]) == ()
    assert reading.figures("station", "ST01") == ("", {})
    assert reading.warnings("station", "ST01", limit=5) == []
    assert reading.stations(DAY) == reading.counted(DAY, DAY) == []
    assert reading.past(DAY, 28, since=0).warned == ()
    assert (reading.open_recalls(NOW), reading.standings(), reading.passed_cases(DAY)) == (0, {}, [])
    assert around(reading) == []


def test_neighbours_are_of_the_same_inspector_device_or_vehicle_within_half_a_day(
    db: Database, tables: StandingTables, reading: StandingReading
) -> None:
    other = {"device": "pda-9", "registered": "x", "position": FAR}
    keep(tables, 1, placed(position=FAR))
    keep(tables, 2, placed(**other))
    keep(tables, 3, placed(device="pda-9", position=FAR), inspector="wang")
    keep(tables, 4, placed(registered="x", position=FAR), inspector="wang")
    keep(tables, 5, placed(**other), inspector="wang")
    keep(tables, 6, placed(concluded=NOW - 13 * HOUR_MS, position=FAR))
    keep(tables, 7, placed(concluded=NOW + 1, position=FAR))
    for number, vehicle in enumerate([VIN, "x", VIN, "x", "x", VIN, VIN], start=1):
        keep_case(db, number, registered=vehicle)
    # The rules name the first that they find: the inspector's, the device's, the vehicle's, of each the newest first.
    assert around(reading) == ["pda-1.7", "pda-1.2", "pda-1.4", "pda-1.3"]
    timing = Timing(opened=NOW, concluded=NOW)
    case = Case(case="x.1", device="pda-9")
    (found, *_) = reading.neighbours(case, OPENED, timing, here=HERE, limits=LIMITS)
    assert found == Neighbour(
        case="pda-1.7", station="ST01", inspector="li", device="pda-1", vin=VIN, opened=NOW - 600_000,
        concluded=NOW + 1, position=FAR,
    )  # fmt: skip


def test_where_neither_station_nor_place_tells_them_apart_nobody_is_a_neighbour(
    tables: StandingTables, reading: StandingReading
) -> None:
    beside = Position(longitude=HERE.longitude + 0.0022, latitude=HERE.latitude - 0.0022)
    keep(tables, 2, placed(position=beside))
    keep(tables, 3, placed(position=None))
    assert around(reading) == []
    keep(tables, 4, placed(position=Position(longitude=HERE.longitude + 0.0023, latitude=HERE.latitude)))
    keep(tables, 5, placed(position=Position(longitude=HERE.longitude, latitude=HERE.latitude + 0.0023)))
    keep(tables, 6, placed(position=None), station="ST02")
    assert sorted(around(reading)) == ["pda-1.4", "pda-1.5", "pda-1.6"]
    assert around(reading, here=None) == ["pda-1.6"]


def test_where_it_is_not_known_where_it_was_only_what_was_shortly_before_is_a_neighbour(
    tables: StandingTables, reading: StandingReading
) -> None:
    keep(tables, 2, placed(position=None, concluded=NOW - 599_999), station="ST02")
    keep(tables, 3, placed(position=None, concluded=NOW - 600_000), station="ST02")
    assert around(reading, here=None) == ["pda-1.2"]
    assert around(reading) == ["pda-1.2", "pda-1.3"]


def test_of_very_many_inspections_the_latest_are_looked_at_so_that_they_make_no_work_for_ever(
    tables: StandingTables, reading: StandingReading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central_hub.store.standing.reading.NEIGHBOURS_SEEN_MAX", 2)
    for number in range(2, 6):
        keep(tables, number, placed(position=None, device="pda-9", concluded=NOW + number), station="ST02")
    keep(tables, 6, placed(position=None, device="pda-9", concluded=NOW + 6))
    assert around(reading) == ["pda-1.5"]


def test_who_and_what_has_no_name_is_not_looked_for(tables: StandingTables, reading: StandingReading) -> None:
    nameless = replace(OPENED, inspector="", vehicle=Vehicle(vin=""))
    keep(tables, 2, placed(registered="", device="pda-2"), station="ST02", inspector="")
    assert around(reading, nameless) == []
    keep(tables, 3, placed(registered=""), station="ST02", inspector="")
    assert around(reading, nameless) == ["pda-1.3"]


def test_what_an_inspector_concluded_in_a_period_is_counted_without_the_case_itself(
    tables: StandingTables, reading: StandingReading
) -> None:
    assert concluded(reading) == 0
    keep(tables, 1)
    keep(tables, 2, placed(device="pda-9"))
    keep(tables, 3, placed(concluded=NOW - HOUR_MS + 1), station="ST02")
    keep(tables, 4, placed(concluded=NOW - HOUR_MS))
    keep(tables, 5, placed(concluded=NOW + 1))
    keep(tables, 6, inspector="wang")
    assert concluded(reading) == 2
    keep(tables, 1, placed(concluded=NOW + 1))
    assert concluded(reading) == 2


def test_who_has_no_name_is_whoever_holds_the_device_or_had_the_vehicle(
    tables: StandingTables, reading: StandingReading
) -> None:
    nameless = replace(OPENED, inspector="")
    keep(tables, 2, placed(registered="x"), inspector="")
    keep(tables, 3, placed(device="pda-9"), inspector="")
    keep(tables, 4, placed(device="pda-9", registered=""), inspector="")
    keep(tables, 5)
    assert concluded(reading, nameless) == 2
    assert concluded(reading, replace(nameless, vehicle=Vehicle(vin=""))) == 1


def test_a_station_is_marked_case_by_case_and_the_others_are_counted(
    tables: StandingTables, reading: StandingReading
) -> None:
    keep(tables, 1, suspicions=("photo.reused",))
    keep(tables, 2, station="ST02")
    keep(tables, 3, station="ST03")
    keep(tables, 4, day=DAY - timedelta(days=1))
    here = Marked(day=DAY, station="ST01", inspector="li", case="pda-1.1", suspicions=("photo.reused",))
    assert reading.marked("ST01", DAY, 1) == [here]
    assert [one.case for one in reading.marked("ST01", DAY, 2)] == ["pda-1.1", "pda-1.4"]
    assert reading.marked_elsewhere("ST01", DAY, 1) == [Marked(day=DAY, station="", count=2)]


def test_the_past_holds_warnings_proven_cases_and_who_is_suspended(
    tables: StandingTables, reading: StandingReading
) -> None:
    tables.keep_warning(WARNING, day=DAY, at=NOW)
    tables.keep_warning(WARNING, day=DAY - timedelta(days=40), at=NOW)
    tables.keep_events("c1", "ST01", {"proven": "sun"}, at=NOW)
    fact = StationSuspended(station="ST02", rule="person", by="z", reason="r")
    tables.follow("ST02", fact, at=NOW, admitted=True, listed=False)
    past = reading.past(DAY, 28, since=NOW)
    assert past.warned == (Warned(day=DAY, subject="station", name="ST01", rule="r", level="warning"),)
    assert past.proven == (Proven(day=DAY, station="ST01", case="c1"),)
    assert past.standings["ST02"].suspended
    assert reading.standings() == dict(past.standings)
    assert reading.past(DAY, 28, since=NOW + 1).proven == ()


def test_the_newest_figures_and_warnings_explain_a_station(tables: StandingTables, reading: StandingReading) -> None:
    figure = Figure(name="passed", count=3, value=1.0)
    tables.keep_figures("station", {"ST01": {"passed": Figure(name="passed", count=2, value=0.5)}}, day=DAY)
    tables.keep_figures("station", {"ST01": {"passed": figure}}, day=DAY)
    assert reading.figures("station", "ST01") == (DAY.isoformat(), {"passed": figure})
    tables.keep_warning(WARNING, day=DAY, at=NOW)
    keep(tables, 1, suspicions=("photo.reused",))
    keep(tables, 2)
    keep(tables, 3, overturned=True, day=date(2026, 1, 1))
    standing = tables.standing("ST01", admitted=True, listed=False)
    why = reading.explanation(standing, rules=shipped_standing_rules()[-1], today=DAY)
    assert [(one.name, one.value) for one in why.figures] == [("passed", 1.0)]
    assert [one.figures for one in why.warnings] == ["1 / 2"]
    assert [one.case for one in why.cases] == ["pda-1.1"]


def test_stations_are_listed_with_what_was_counted(tables: StandingTables, reading: StandingReading) -> None:
    keep(tables, 1, suspicions=("photo.reused",), proven=True)
    keep(tables, 2, passed=False, attempt=2, night=True)
    wanted = {"station": "ST01", "inspections": 2, "passed": 1, "suspected": 1}
    assert reading.stations(DAY) == [{**wanted, "proven": 1}]
    assert reading.counted(DAY, DAY) == [{**wanted, "retested": 1, "night": 1}]
    assert reading.passed_cases(DAY) == [("pda-1.1", "ST01")]


def test_a_recall_is_open_until_the_vehicle_is_back(tables: StandingTables, reading: StandingReading) -> None:
    tables.keep_events("c1", "ST01", {"recalled": ""}, at=10)
    tables.keep_events("c2", "ST01", {"recalled": ""}, at=10)
    tables.keep_events("c2", "ST01", {"recalled": "", "back": "li"}, at=20)
    assert [reading.open_recalls(until) for until in (10, 11, 20, 21)] == [0, 2, 2, 1]


def test_events_warnings_and_tips_are_counted_by_period(tables: StandingTables, reading: StandingReading) -> None:
    tables.keep_events("c1", "ST01", {"audited": "wu"}, at=10)
    tables.keep_events("c2", "ST01", {"audited": "wu"}, at=20)
    assert reading.events(10, 20) == [{"kind": "audited", "station": "ST01", "who": "wu", "count": 1}]
    tables.keep_warning(WARNING, day=DAY, at=1)
    tables.keep_warning(WARNING, day=DAY, at=2)
    assert [one["count"] for one in reading.warned(DAY, DAY)] == [2]
    assert reading.warned(DAY + timedelta(days=1), DAY + timedelta(days=1)) == []
    assert reading.tips_counted(0, 99) == []
