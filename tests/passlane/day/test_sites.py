"""What the stations send, and what they do about the hub's directives."""

from datetime import datetime

from central_hub.clock import BEIJING
from inspection.identities import HUB
from inspection.wire import decode_entry
from passlane.day.visits import CLOSES_HOUR, OPENS_HOUR
from tests.passlane.day.conftest import LivedDay


def rows(day: LivedDay, kind: str) -> list[tuple[str, str, int]]:
    query = "SELECT case_id, device, received FROM entries WHERE kind = ? ORDER BY pos"
    return [(row[0], row[1], row[2]) for row in day.hub.reader.execute(query, (kind,))]


def test_each_visit_is_opened_as_a_case_of_its_lane(small_day: LivedDay) -> None:
    visits = small_day.lived.sites.visits
    assert len(visits) == len(small_day.city.visits)
    assert all(case.startswith(f"{visit.device}.") for case, visit in visits.items())


def test_what_devices_sent_was_all_taken_and_every_directive_settled(small_day: LivedDay) -> None:
    db = small_day.hub.reader
    assert db.execute("SELECT count(*) FROM refusal_counts").fetchone()[0] == 0
    assert db.execute("SELECT count(*) FROM directives WHERE settled = 0").fetchone()[0] == 0
    assert db.execute("SELECT count(*) FROM photos WHERE stored = 0").fetchone()[0] == 0


def test_a_retake_is_answered_with_another_photo(small_day: LivedDay) -> None:
    asked = {case for case, _, _ in rows(small_day, "RetakeRequested")}
    query = "SELECT case_id, raw FROM entries WHERE kind = 'PhotoTaken' AND device <> ?"
    taken = [(row[0], decode_entry(row[1]).entry.fact) for row in small_day.hub.reader.execute(query, (HUB,))]
    again = {case for case, fact in taken if getattr(fact, "replaces", "")}
    assert asked == again != set()
    assert all(small_day.lived.sites.visits[case].blurred for case in asked)


def test_vehicles_come_back_when_the_station_is_open(small_day: LivedDay) -> None:
    reports = [(case, at) for case, device, at in rows(small_day, "VehicleReturned") if device != HUB]
    hours = [datetime.fromtimestamp(at / 1_000, BEIJING).hour for _, at in reports]
    assert hours
    assert all(OPENS_HOUR <= hour < CLOSES_HOUR for hour in hours)


def test_of_the_vehicles_that_never_were_there_some_never_come(small_day: LivedDay) -> None:
    visits, recalled = small_day.lived.sites.visits, {case for case, _, _ in rows(small_day, "RecallOrdered")}
    back = {case for case, device, _ in rows(small_day, "VehicleReturned") if device == HUB}
    assert recalled - back <= {case for case, visit in visits.items() if visit.truth == "absent"}
