from pathlib import Path

import pytest

from central_hub.people.two_person import Request
from central_hub.reading import Reading
from central_hub.store.database import Database, open_for_writing
from central_hub.store.office.acts import Acts


@pytest.fixture
def db(tmp_path: Path) -> Database:
    opened = open_for_writing(tmp_path)
    for number, (queued, waiting, order) in enumerate([(1, 1, 30), (1, 1, 20), (0, 1, 0), (0, 0, 0)], start=1):
        row = (f"pda-1.{number}", "jianyan", f"ST0{number}", *[""] * 2, "S", 1, *[""] * 5, number, 9, waiting, 0)
        places = ", ".join("?" * 21)
        opened.execute(f"INSERT INTO cases VALUES ({places})", (*row, queued, order, "", "", 0))  # noqa: S608
    opened.execute("INSERT INTO audit_leases VALUES (1, 'pda-1.1', 'wu', 1, 0, 9, 0, 99)")
    opened.execute("INSERT INTO audit_answers VALUES ('pda-1.4', 'wu', 'suspicious', 'pass', 5)")
    opened.execute("INSERT INTO photos VALUES ('ab', 'pda-1.2', 'pda-1', '0111', 'image/jpeg', 1, 0)")
    asked = Request(
        number=1, act="sticker.withdraw", about="pda-1.1", account="wu", person="wu", reason="modified", at=0
    )
    Acts(opened).add(asked)
    return opened


@pytest.fixture
def reading(db: Database, tmp_path: Path) -> Reading:
    return Reading(tmp_path)


def test_the_queue_stands_in_its_order_with_who_holds_what(reading: Reading) -> None:
    assert [(row["case_id"], row["holder"]) for row in reading.queue()] == [("pda-1.2", ""), ("pda-1.1", "wu")]
    assert [row["case_id"] for row in reading.waiting_elsewhere()] == ["pda-1.3"]


def test_a_lease_is_found_by_its_person_and_an_answer_by_both(reading: Reading) -> None:
    assert (reading.held_by("wu"), reading.held_by("li")) == ("pda-1.1", "")
    assert (reading.probe_answer("pda-1.4", "wu"), reading.probe_answer("pda-1.4", "li")) == ("pass", "")


def test_a_case_is_found_by_its_id_its_station_and_its_photo(reading: Reading) -> None:
    row = reading.case_row("pda-1.3")
    assert row is not None
    assert (row["station"], reading.case_row("pda-9.9")) == ("ST03", None)
    assert [row["case_id"] for row in reading.recent_cases(station="ST02")] == ["pda-1.2"]
    assert (reading.case_of_photo("ab"), reading.case_of_photo("cd")) == ("pda-1.2", "")
    assert reading.photo_of("pda-1.2", "ab")
    assert not reading.photo_of("pda-1.1", "ab")


def test_what_waits_for_a_second_person_and_how_stations_stand_are_there_to_look_at(reading: Reading) -> None:
    assert [asked.number for asked in reading.acts.open_ones()] == [1]
    assert reading.standing.standings() == {}
