from collections.abc import Iterator
from pathlib import Path

import pytest

from central_hub.store.database import Database, open_for_writing
from central_hub.store.standing.keeping import StandingTables
from central_hub.store.standing.reading import StandingReading
from inspection.facts import StationAdmitted, StationListed, StationSuspended, StationUnlisted, TipReceived
from tests.central_hub.store.standing.standing_store import DAY, NOW, keep, placed, row


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    made = open_for_writing(tmp_path)
    yield made
    made.close()


@pytest.fixture
def tables(db: Database) -> StandingTables:
    return StandingTables(db)


def test_a_row_comes_back_as_it_was_kept(db: Database, tables: StandingTables) -> None:
    whole = row(
        1, seconds=600, metres=12, retakes=2, doubtful=True, night=True, audited=True, overturned=True, proven=True,
        suspicions=("photo.reused", "clock.wrong"), attempt=2, passed=False,
    )  # fmt: skip
    tables.keep(whole, placed())
    tables.keep(row(2), placed(position=None))
    assert StandingReading(db).inspected(DAY, 1) == [whole, row(2)]


def test_a_row_that_is_written_anew_keeps_its_day(db: Database, tables: StandingTables) -> None:
    keep(tables)
    keep(tables, day=DAY.replace(day=30), seconds=5)
    assert [(one.day, one.seconds) for one in StandingReading(db).inspected(DAY, 1)] == [(DAY, 5)]


def test_what_was_looked_at_and_what_became_of_it_are_kept(db: Database, tables: StandingTables) -> None:
    assert tables.kept("pda-1.1") is None
    keep(tables, seconds=600, suspicions=("photo.reused",))
    assert tables.kept("pda-1.1") == ("9/0", "concluded")
    tables.keep_outcome(row(1, audited=True, overturned=True, retakes=1), "suspected")
    assert tables.kept("pda-1.1") == ("9/0", "suspected")
    (found,) = StandingReading(db).inspected(DAY, 1)
    assert (found.seconds, found.audited, found.overturned, found.retakes) == (600, True, True, 1)
    assert found.suspicions == ("photo.reused",)


def test_an_event_keeps_its_first_time_and_one_that_was_undone_goes(db: Database, tables: StandingTables) -> None:
    tables.keep_events("c", "ST01", {"concluded": "li", "audited": "wu"}, at=1)
    tables.keep_events("c", "ST01", {"concluded": "li", "recalled": ""}, at=2)
    found = db.execute("SELECT kind, at, who FROM standing_events ORDER BY kind").fetchall()
    assert [tuple(one) for one in found] == [("concluded", 1, "li"), ("recalled", 2, "")]


def test_a_station_begins_as_the_settings_say_until_a_fact_says_otherwise(tables: StandingTables) -> None:
    assert tables.standing("ST01", admitted=True, listed=False).sticker_first
    fact = StationSuspended(station="ST01", rule="person", by="zhao", reason="r")
    assert tables.follow("ST01", fact, at=NOW, admitted=True, listed=False).suspended
    assert tables.standing("ST01", admitted=False, listed=True).listed
    admitted = StationAdmitted(station="ST01", admitted=True, by="zhao", reason="r")
    tables.follow("ST01", admitted, at=NOW, admitted=False, listed=False)
    assert tables.standing("ST01", admitted=False, listed=False).admitted
    tables.follow("ST01", StationListed(station="ST01", reason="fraud", by="z"), at=NOW, admitted=False, listed=False)
    unlisted = StationUnlisted(station="ST01", by="z", confirmed_by="q", reason="r")
    tables.follow("ST01", unlisted, at=NOW, admitted=False, listed=True)
    assert not tables.standing("ST01", admitted=False, listed=True).listed


def test_rules_are_put_in_force_once(tables: StandingTables) -> None:
    assert [tables.put_in_force("a"), tables.put_in_force("a"), tables.put_in_force("b")] == [True, False, True]


def test_calls_are_kept_once_with_what_came_of_them(db: Database, tables: StandingTables) -> None:
    tables.keep_calls([("c1", "ST01"), ("c2", "ST01")], day=DAY, at=1)
    tables.keep_calls([("c1", "ST01")], day=DAY, at=2)
    tables.keep_called("c1", "supports")
    tables.keep_called("c9", "supports")
    assert [(one["case_id"], one["result"]) for one in StandingReading(db).calls(DAY)] == [
        ("c1", "supports"), ("c2", ""),
    ]  # fmt: skip


def test_a_tip_is_kept_whole(db: Database, tables: StandingTables) -> None:
    tables.keep_tip(TipReceived(text="cars never come", station="ST01", plate="京A1", contact="nobody"), at=NOW)
    (found,) = StandingReading(db).tips(since=NOW, until=NOW + 1, limit=5)
    assert found == {"at": NOW, "text": "cars never come", "station": "ST01", "plate": "京A1", "contact": "nobody"}
