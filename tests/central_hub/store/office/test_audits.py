"""The rows of the audit: a look into the queue gives what one may have, and what is kept comes back as it was."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from central_hub.deciding.queueing import Lease, LeaseClock
from central_hub.deciding.sampling import DayOfSeed
from central_hub.store.office import audits
from central_hub.store.office.audits import Asking, AuditTable
from tests.central_hub.audit_office import DAY, HOUR, NOW, Office

pytestmark = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)

ASKING = Asking(person="p-a", station="", may_settle=False)
LEASE = Lease(token="1", case="lane-1.1", person="p-a", round=1, due=NOW, taken=NOW, until=NOW + 300_000)  # noqa: S106

SECOND = replace(LEASE, token="2")  # noqa: S106


@pytest.fixture
def office(tmp_path: Path, store: str) -> Iterator[Office]:
    made = Office(tmp_path / "hub", store)
    yield made
    made.db.close()


@pytest.fixture
def table(office: Office) -> AuditTable:
    return AuditTable(office.db)


def queue(table: AuditTable, asking: Asking = ASKING, *held: str) -> list[str]:
    return [queued.case for queued in table.queue_for(asking, held=held)]


def test_the_queue_is_read_in_its_order_however_many_rows_a_look_takes(
    office: Office, table: AuditTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "QUEUE_ROWS_FIRST", 2)
    monkeypatch.setattr(audits, "QUEUE_ROWS_MAX", 3)
    lane = office.device()
    cases = {hours: office.waiting(lane, hours=hours) for hours in (9, 3, 7, 1, 5, 8, 2, 4, 6)}
    assert queue(table) == [cases[hours] for hours in sorted(cases)]
    assert queue(table, ASKING, cases[1], cases[5]) == [cases[hours] for hours in (2, 3, 4, 6, 7, 8, 9)]
    assert next(table.queue_for(ASKING, held=())).due == NOW + HOUR


def test_who_may_not_have_a_case_does_not_see_it_in_the_queue(office: Office, table: AuditTable) -> None:
    case = office.waiting(office.device())
    assert queue(table, replace_asking(person="inspector-1")) == []
    assert queue(table, replace_asking(station="ST01")) == []
    assert queue(table, replace_asking(station="ST02")) == [case]
    office.do(lambda: office.db.execute("UPDATE cases SET barred = ?", ("\n*\n",)))
    assert queue(table) == []
    assert queue(table, replace_asking(may_settle=True)) == [case]
    office.do(lambda: table.recuse(case, "p-a", at=NOW))
    office.do(lambda: table.recuse(case, "p-a", at=NOW))
    assert (table.recused(case, "p-a"), table.recused(case, "p-b")) == (True, False)
    assert queue(table, replace_asking(may_settle=True)) == []


def replace_asking(**changes: object) -> Asking:
    return ASKING._replace(**changes)  # type: ignore[arg-type]


def test_the_next_case_is_found_by_one_seek_of_the_queues_index(office: Office, store: str) -> None:
    if store:
        pytest.skip("how SQLite says it")
    rows = office.db.execute(f"EXPLAIN QUERY PLAN {audits._QUEUE}", (0, "", "", 1)).fetchall()
    assert [row[3] for row in rows] == ["SEARCH cases USING INDEX cases_queued ((audit_order,case_id)>(?,?))"]


def test_a_lease_is_kept_until_it_ends_and_then_how_it_ended(table: AuditTable) -> None:
    table.tick(NOW)
    assert table.next_token() == "1"
    table.add_lease(LEASE)
    assert (table.leases(NOW), table.lease("1")) == ([LEASE], LEASE)
    table.renew("1", NOW + 400_000)
    renewed = replace(LEASE, until=NOW + 400_000)
    assert table.leases(NOW + 399_999) == [renewed]
    assert table.leases(NOW + 400_000) == []
    ended = table.lease("1")
    assert ended is not None
    assert (ended.case, ended.person, ended.ended) == ("lane-1.1", "p-a", "expired")
    assert table.next_token() == "2"
    table.trim(NOW + 8 * DAY)
    assert table.lease("1") is None


@pytest.mark.parametrize("other", [replace(SECOND, person="p-b"), replace(SECOND, case="lane-1.2")])
def test_the_store_itself_takes_no_second_lease_on_a_case_nor_for_a_person(
    office: Office, table: AuditTable, other: Lease
) -> None:
    office.do(lambda: table.add_lease(LEASE))
    with pytest.raises(office.db.damages):
        office.do(lambda: table.add_lease(other))


def test_the_lease_clock_is_written_down_once_a_second_and_whenever_the_hubs_clock_goes_back(
    office: Office, table: AuditTable
) -> None:
    office.do(lambda: table.tick(NOW + 900))
    assert office.db.execute("SELECT latest FROM audit_clock").fetchone()[0] == NOW
    office.do(lambda: table.tick(NOW + 1_000))
    assert office.db.execute("SELECT latest FROM audit_clock").fetchone()[0] == NOW + 1_000
    assert table.tick(NOW - HOUR) == LeaseClock(latest=NOW + 1_000, ahead=HOUR + 1_000)
    assert office.db.execute("SELECT ahead FROM audit_clock").fetchone()[0] == HOUR + 1_000


def test_of_the_seeds_those_that_are_secret_and_the_newest_that_is_not_come_back(
    office: Office, table: AuditTable
) -> None:
    office.do(lambda: office.db.execute("DELETE FROM audit_seeds"))
    days = [date(2026, 5, day) for day in (1, 2, 3, 4)]
    for day in days:
        table.add_seed(day, bytes([day.day]) * 32)
    for day in days[:2]:
        table.reveal_seed(day)
    assert table.seeds() == (
        DayOfSeed(day=days[1], seed=b"\2" * 32, revealed=True),
        DayOfSeed(day=days[2], seed=b"\3" * 32),
        DayOfSeed(day=days[3], seed=b"\4" * 32),
    )


def test_a_known_answer_that_was_asked_least_comes_first_and_once_to_each(table: AuditTable) -> None:
    table.add_probe("lane-1.1", "pass", station="ST01", barred="\np-x\n", by="p-l")
    table.add_probe("lane-1.2", "suspicious", station="ST02", barred="", by="p-l")
    assert table.next_probe(ASKING) == "lane-1.1"
    table.keep_answer(LEASE, expected="pass", given="pass", at=NOW)
    assert table.next_probe(ASKING) == "lane-1.2"
    assert table.next_probe(replace_asking(person="p-b")) == "lane-1.2"
    assert table.next_probe(replace_asking(person="p-b", station="ST02")) == "lane-1.1"
    assert table.next_probe(replace_asking(person="p-x", station="ST02")) == ""
    assert table.expected_answer("lane-1.2") == "suspicious"
    assert (table.retire_probe("lane-1.2"), table.retire_probe("lane-1.2")) == (True, False)
    assert table.next_probe(ASKING) == ""
    table.add_probe("lane-1.2", "suspicious", station="ST02", barred="", by="p-l")
    table.add_lease(replace(LEASE, case="lane-1.2", person="p-c"))
    assert table.next_probe(ASKING) == ""


def test_the_highest_level_that_was_told_is_kept(table: AuditTable) -> None:
    assert table.told_level("lane-1.1") == 0
    for level in (1, 2):
        table.keep_told_level("lane-1.1", level)
    assert table.told_level("lane-1.1") == 2
