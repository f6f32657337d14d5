import csv
import io
from datetime import date
from typing import Any

import pytest

from central_hub.standing.digests import BOM, COUNTS, WORST_MAX, Digest, Sources, csv_of, digest_of, month_of, week_of
from inspection.standing.state import StationStanding

WEEK = week_of(date(2026, 5, 28))


def counted(station: str, inspections: int = 100, **changes: int) -> dict[str, Any]:
    fields = {"inspections": inspections, "passed": 90, "retested": 5, "suspected": 3, "night": 0}
    return {"station": station, **fields, **changes}


def event(kind: str, station: str = "A", who: str = "", count: int = 1) -> dict[str, Any]:
    return {"kind": kind, "station": station, "who": who, "count": count}


def warned(name: str, rule: str, level: str, subject: str = "station", count: int = 1) -> dict[str, Any]:
    return {"subject": subject, "name": name, "rule": rule, "level": level, "count": count}


def made(standings: Any = None, **rows: Any) -> Digest:
    fields: dict[str, Any] = {"counted": (), "events": (), "warned": (), "tips": (), "open_recalls": 2}
    sources = Sources(**{**fields, **rows}, standings=standings or {})
    return digest_of("city", WEEK, sources, names={"A": "北环检测站"}, cities={"A": "杭州", "B": "宁波"})


def test_a_week_is_monday_to_sunday_and_a_month_its_days() -> None:
    assert (WEEK.first, WEEK.last) == (date(2026, 5, 25), date(2026, 5, 31))
    assert (month_of(date(2028, 2, 5)).first, month_of(date(2028, 2, 5)).last) == (date(2028, 2, 1), date(2028, 2, 29))
    assert month_of(date(2026, 12, 31)).last == date(2026, 12, 31)


def test_days_begin_at_midnight_in_china() -> None:
    assert WEEK.until - WEEK.since == 7 * 86_400_000
    assert WEEK.since == 1_779_638_400_000


def test_a_week_without_anything_has_noughts() -> None:
    digest = made()
    assert set(digest.counts.values()) == {0}
    assert digest.shares == {}
    assert digest.stations == digest.worst == ()
    assert digest.auditors == ()


def test_counts_are_of_each_station_each_city_and_all() -> None:
    digest = made(
        counted=(counted("A"), counted("B", 50, passed=40)),
        events=(event("overdue", count=4), event("audited", who="wu", count=80), event("suspected", who="wu", count=2),
                event("audited", "B", "sun", 40), event("called", who="contradicts"), event("called", who="supports"),
                event("concluded", count=100)),
        tips=({"station": "A", "count": 3}, {"station": "", "count": 1}),
    )  # fmt: skip
    nowhere, a, b = digest.stations
    assert (nowhere.station, nowhere.counts["tips"]) == ("", 1)
    assert (a.name, a.city, a.counts["tips"], a.counts["overturned"], a.counts["overdue"]) == (
        "北环检测站",
        "杭州",
        3,
        2,
        4,
    )
    assert (a.counts["called"], a.counts["called_against"]) == (2, 1)
    assert b.name == "B"
    assert digest.counts["inspections"] == 150
    assert digest.cities["宁波"]["inspections"] == 50
    assert digest.shares["passed"] == pytest.approx(130 / 150)
    assert a.shares["overturned"] == 2 / 80
    assert [(one.auditor, one.decided, one.suspicious) for one in digest.auditors] == [("sun", 40, 0), ("wu", 80, 2)]


def test_the_worst_stations_come_first_with_the_gravest_reason_first() -> None:
    digest = made(
        counted=[counted(f"S{at:02d}", suspected=1) for at in range(20)],
        warned=(
            warned("S05", "tempo.warning", "warning"), warned("S05", "suspicions.stop", "check"),
            warned("S05", "suspicions.stop", "stop"), warned("S07", "night.warning", "warning"),
            warned("li", "tempo.inspector.warning", "warning", "inspector"),
        ),
    )  # fmt: skip
    assert [line.station for line in digest.worst[:3]] == ["S05", "S07", "S00"]
    assert len(digest.worst) == WORST_MAX
    assert digest.worst[0].reasons == ("suspicions.stop", "tempo.warning")
    assert digest.counts["warnings"] == 2


def test_how_a_station_stands_is_told_by_the_gravest() -> None:
    def stands(**how: bool) -> StationStanding:
        return StationStanding(station="A", **how)  # type: ignore[arg-type]

    states = [
        ({"listed": True, "suspended": True}, "listed"), ({"suspended": True, "check": True}, "suspended"),
        ({"check": True, "admitted": True}, "check"), ({"admitted": True}, "first"), ({}, "audit_first"),
    ]  # fmt: skip
    for how, state in states:
        assert made({"A": stands(**how)}, counted=(counted("A"),)).stations[0].state == state
    assert made(counted=(counted("A"),)).stations[0].state == "audit_first"


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8").removeprefix(BOM))))


def test_the_csv_opens_in_excel_and_has_a_line_for_everything() -> None:
    digest = made(counted=(counted("A"),), events=(event("audited", who="wu"),), warned=(warned("A", "r", "warning"),))
    data = csv_of(digest)
    assert data.startswith(BOM.encode())
    rows = rows_of(data)
    assert {len(row) for row in rows} == {len(COUNTS) + 7}
    assert [row[0] for row in rows] == ["section", "city", "city", "station", "auditor"]
    assert rows[1][1] == "2026-05-25 - 2026-05-31"
    assert rows[3][:5] == ["station", "A", "北环检测站", "杭州", "audit_first"]
    assert rows[3][-1] == "r"
    assert csv_of(digest) == data


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(name: str) -> None:
    sources = Sources(counted=(counted("A"),), events=(), warned=(), tips=(), open_recalls=0, standings={})
    digest = digest_of("province", WEEK, sources, names={"A": name}, cities={})
    assert rows_of(csv_of(digest))[3][2] == f"'{name}"
