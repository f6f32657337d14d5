from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.clock import Moment
from edge_agent.journal import Journal
from edge_agent.keeping import chain_rows
from edge_agent.keeping.chain_rows import BOOTS_MAX, Pairing
from inspection.directives import Receipt
from inspection.facts import ItemChecked
from inspection.wire import Recorded
from tests.edge_agent.stand_ins.fakes import BOOT, DEVICE, moment

HOUR = 3_600_000


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    Journal.create(tmp_path / "journal.db", DEVICE)
    with Journal(tmp_path / "journal.db", DEVICE) as journal:
        yield journal


def record(journal: Journal, count: int) -> list[Recorded]:
    facts = [ItemChecked(item=f"{number:02}", mark="pass") for number in range(count)]
    return journal.record_all(facts, moment(1), case="pda-7.1")


def receipt(record: Recorded, hub_time: int) -> Receipt:
    return Receipt(device=DEVICE, have=record.entry.seq, head=record.digest, hub_time=hub_time)


def test_a_receipt_writes_one_row_whatever_it_covers(journal: Journal) -> None:
    records = record(journal, 50)
    before = journal._store.rows("SELECT total_changes()")[0][0]
    journal.settle(receipt(records[39], 5))
    assert journal._store.rows("SELECT total_changes()")[0][0] - before == 2
    assert journal._store.rows("SELECT * FROM receipts") == [(0, 40, 5)]


def test_facts_are_let_go_by_the_latest_receipt_of_their_hour(journal: Journal) -> None:
    records = record(journal, 10)
    for number, hub_time in ((2, HOUR), (4, HOUR + 7), (6, 2 * HOUR), (9, 3 * HOUR)):
        journal.settle(receipt(records[number], hub_time))
    assert journal.forget(HOUR + 7) == 0
    assert journal.forget(HOUR + 8) == 5
    assert journal.forget(3 * HOUR) == 2
    assert journal.forget(10 * HOUR) == 2
    assert journal.fact(10) == records[9]


def test_facts_are_let_go_in_shares(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.keeping.chain_rows.FORGOTTEN_AT_ONCE_MAX", 4)
    journal.settle(receipt(record(journal, 10)[9], 1))
    assert [journal.forget(2) for _ in range(4)] == [4, 4, 1, 0]


def test_facts_that_wait_again_are_not_let_go_by_their_earlier_receipt(journal: Journal) -> None:
    records = record(journal, 6)
    journal.settle(receipt(records[5], 1))
    journal.settle(receipt(records[1], 2 * HOUR))
    assert journal.forget(10 * HOUR) == 1
    assert [one.entry.seq for one in journal.unreceipted(0, 9)] == [3, 4, 5, 6]


def test_the_rows_of_receipts_leave_with_the_facts_that_they_cover(journal: Journal) -> None:
    records = record(journal, 6)
    for number in range(5):
        journal.settle(receipt(records[number], (number + 1) * HOUR))
    journal.forget(4 * HOUR)
    assert [have for _, have, _ in journal._store.rows("SELECT * FROM receipts")] == [4, 5]


def test_the_clocks_of_each_boot_are_paired_with_the_hubs_at_its_newest_receipt(journal: Journal) -> None:
    records = record(journal, 3)
    journal.take([receipt(records[0], 100)], Moment(wall=7, mono=1, boot="a"))
    journal.take([receipt(records[1], 200)], Moment(wall=8, mono=2, boot="a"))
    journal.take([receipt(records[1], 300)], Moment(wall=9, mono=1, boot="b"))
    assert journal.pairings() == [Pairing("a", 2, 8, 200), Pairing("b", 1, 9, 300)]


def test_a_receipt_that_comes_late_or_by_file_pairs_no_clocks(journal: Journal) -> None:
    records = record(journal, 3)
    journal.settle(receipt(records[0], 100))
    journal.take([receipt(records[1], 100)], Moment(wall=9, mono=9, boot="a"))
    assert journal.pairings() == []


def test_the_pairings_of_the_newest_boots_are_kept(journal: Journal) -> None:
    [one] = record(journal, 1)
    for number in range(BOOTS_MAX + 5):
        journal.take([receipt(one, 100 + number)], Moment(wall=1, mono=1, boot=f"{number:08}"))
    kept = journal.pairings()
    assert len(kept) == BOOTS_MAX
    assert (kept[0].boot, kept[-1].boot) == (f"{5:08}", f"{BOOTS_MAX + 4:08}")


def test_the_chain_is_checked_from_the_last_receipted_fact_on(journal: Journal) -> None:
    records = record(journal, 4)
    journal.take([receipt(records[2], 1)], moment(5))
    with journal._store.writing() as connection:
        connection.execute("DELETE FROM facts WHERE seq = 1")
    chain_rows.check_chain(journal._store, DEVICE)
    assert journal.pairings()[0].boot == BOOT
