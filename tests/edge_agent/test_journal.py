import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.journal import Directed, Journal, MisdirectedError
from edge_agent.keeping.chain_rows import Covered
from edge_agent.store import JournalError, JournalFullError
from inspection.directives import NumberedDirective, Receipt, Refusal, StickerDenied, StickerGranted
from inspection.evidence import PhotoRef
from inspection.facts import CaseAbandoned, DeviceStarted, DirectiveSettled, ItemChecked, PhotoTaken
from inspection.signing import CHAIN_START
from inspection.wire import FACT_BYTES_MAX, Recorded, WireError
from tests.edge_agent.stand_ins.fakes import DEVICE, moment, opened

DIGEST = "ab" * 32
PHOTO = PhotoTaken(kind="0113", photo=PhotoRef(digest=DIGEST, media="image/jpeg", size=9, width=4, height=3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Journal.create(tmp_path / "journal.db", DEVICE)
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path, DEVICE) as journal:
        yield journal


def receipt(upto: Recorded | None, *, time: int, head: bytes = b"", device: str = DEVICE) -> Receipt:
    have, ours = (upto.entry.seq, upto.digest) if upto else (0, CHAIN_START)
    return Receipt(device=device, have=have, head=head or ours, hub_time=time)


def record(journal: Journal, count: int = 1) -> list[Recorded]:
    return [
        journal.record(ItemChecked(item=f"{number:02}", mark="pass"), moment(number), case="pda-7.1")
        for number in range(count)
    ]


def granted(number: int, *, case: str = "pda-7.1", device: str = DEVICE) -> NumberedDirective:
    directive = StickerGranted(case=case, number=f"S{number}", payload="ABC")
    return NumberedDirective(device=device, number=number, directive=directive)


def test_it_tells_which_facts_of_its_own_time_are_urgent_and_announce_photos(journal: Journal, path: Path) -> None:
    record(journal)
    assert (journal.newest_urgent, journal.newest_photo) == (0, 0)
    journal.record(CaseAbandoned(reason="drove off"), moment(1), case="pda-7.1")
    journal.record(PHOTO, moment(1), case="pda-7.4")
    record(journal)
    assert (journal.newest_urgent, journal.newest_photo) == (2, 3)
    with Journal(path, DEVICE) as opened_anew:
        assert (opened_anew.newest_urgent, opened_anew.newest_photo) == (0, 0)


def test_facts_are_numbered_from_one_without_gaps_and_form_a_chain(journal: Journal) -> None:
    first, second, third = record(journal, 3)
    assert [one.entry.seq for one in (first, second, third)] == [1, 2, 3]
    assert first.entry.before == CHAIN_START
    assert (second.entry.before, third.entry.before) == (first.digest, second.digest)


def test_a_fact_carries_the_clocks_as_they_were_given(journal: Journal) -> None:
    entry = journal.record(DeviceStarted(profile="p", software="0.1.0"), moment(77)).entry
    assert (entry.wall, entry.mono, entry.boot) == (1_700_000_000_077, 77, "0a1b2c3d")


def test_an_opened_case_is_named_after_the_fact_that_opened_it(journal: Journal) -> None:
    record(journal, 2)
    assert journal.record(opened(), moment(1)).entry.case == "pda-7.3"
    assert [one.entry.seq for one in journal.of_case("pda-7.3")] == [3]


def test_several_facts_are_committed_at_once_and_a_case_that_opens_among_them_has_those_after_it(
    journal: Journal,
) -> None:
    record(journal, 1)
    statements: list[str] = []
    journal._store._connection.set_trace_callback(statements.append)
    items = [ItemChecked(item=f"{number:02}", mark="pass") for number in range(3)]
    recorded = journal.record_all([opened(), *items], moment(4))
    assert [one.entry.seq for one in recorded] == [2, 3, 4, 5]
    assert [one.entry.case for one in recorded] == ["pda-7.2"] * 4
    assert journal.of_case("pda-7.2") == recorded
    assert recorded[1].entry.before == recorded[0].digest
    assert statements.count("COMMIT") == 1


def test_of_several_facts_all_are_committed_or_none(journal: Journal) -> None:
    with pytest.raises(WireError):
        journal.record_all([ItemChecked(item="01", mark="pass"), CaseAbandoned(reason="x" * FACT_BYTES_MAX)], moment(1))
    assert journal.newest == 0
    assert journal.record_all([], moment(1)) == []


def test_facts_are_given_out_to_be_sent_as_they_are_kept(journal: Journal) -> None:
    records = record(journal, 5)
    assert journal.unsent(2, 3) == [(one.entry.seq, one.digest, one.raw) for one in records[1:4]]
    assert journal.unsent(6, 3) == []


def test_a_fact_that_was_damaged_on_the_disk_is_not_sent(journal: Journal) -> None:
    record(journal, 3)
    with journal._store.writing() as connection:
        connection.execute("UPDATE facts SET raw = x'00' WHERE seq = 2")
    with pytest.raises(JournalError, match="fact 2 of pda-7 was damaged"):
        journal.unsent(1, 3)


def test_the_head_is_the_hash_of_the_newest_fact(journal: Journal) -> None:
    assert journal.head == CHAIN_START
    newest = record(journal, 2)[-1]
    assert journal.head == newest.digest


def test_what_was_recorded_is_there_after_opening_again(path: Path, journal: Journal) -> None:
    records = record(journal, 3)
    journal.close()
    with Journal(path, DEVICE) as again:
        assert again.unreceipted(0, 10) == records
        assert record(again)[0].entry.before == records[-1].digest


def test_a_fact_that_is_too_large_is_refused_and_leaves_no_gap(journal: Journal) -> None:
    with pytest.raises(WireError):
        journal.record(CaseAbandoned(reason="x" * FACT_BYTES_MAX), moment(1))
    assert record(journal)[0].entry.seq == 1


def test_a_receipt_settles_up_to_its_fact_and_no_further(journal: Journal) -> None:
    records = record(journal, 5)
    assert journal.settle(receipt(records[2], time=100)) == 3
    assert journal.unreceipted(0, 10) == records[3:]
    assert journal.unreceipted(4, 10) == records[4:]
    assert journal.hub_time == 100


@pytest.mark.parametrize("late_time", [50, 100])
def test_a_late_or_repeated_receipt_changes_nothing(journal: Journal, late_time: int) -> None:
    records = record(journal, 5)
    journal.settle(receipt(records[4], time=100))
    assert journal.settle(receipt(records[1], time=late_time)) == 5
    assert journal.receipted == 5


def test_a_receipt_with_another_hash_speaks_of_another_chain(journal: Journal) -> None:
    records = record(journal, 3)
    with pytest.raises(JournalError, match="another chain"):
        journal.settle(receipt(records[1], time=1, head=b"\1" * 32))
    with pytest.raises(JournalError, match="another chain"):
        journal.settle(receipt(None, time=1, head=b"\1" * 32))
    assert journal.receipted == 0


def test_a_receipt_for_a_fact_that_was_never_made_settles_nothing(journal: Journal) -> None:
    record(journal, 1)
    with pytest.raises(JournalError, match="never made"):
        journal.settle(Receipt(device=DEVICE, have=9, head=b"\1" * 32, hub_time=1))
    assert journal.receipted == 0


def test_a_receipt_for_another_device_settles_nothing(journal: Journal) -> None:
    records = record(journal, 1)
    with pytest.raises(JournalError, match="not for pda-7"):
        journal.settle(receipt(records[0], time=1, device="pda-8"))


def test_a_hub_that_was_restored_from_a_backup_gets_everything_since_then_again(journal: Journal) -> None:
    records = record(journal, 3)
    photo = journal.record(PHOTO, moment(9), case="pda-7.1")
    journal.settle(receipt(photo, time=100))
    journal.receipt_photo(DIGEST)
    assert journal.settle(receipt(records[1], time=200)) == 2
    assert journal.unreceipted(0, 10) == [records[2], photo]
    assert [one.digest for one in journal.photos("kept")] == [DIGEST]


def test_a_hub_that_lost_what_is_no_longer_kept_here_is_told_to_a_person(journal: Journal) -> None:
    records = record(journal, 5)
    journal.settle(receipt(records[3], time=100))
    journal.forget(101)
    for have in (None, records[0], records[1]):
        with pytest.raises(JournalError, match="no longer kept"):
            journal.settle(receipt(have, time=200))
    assert journal.receipted == 4


def test_only_receipted_facts_are_forgotten_and_the_chain_goes_on(path: Path, journal: Journal) -> None:
    records = record(journal, 5)
    journal.settle(receipt(records[2], time=100))
    assert journal.forget(100) == 0
    assert journal.forget(101) == 2
    assert journal.fact(2) is None
    assert journal.unreceipted(0, 10) == records[3:]
    journal.close()
    with Journal(path, DEVICE) as again:
        assert record(again)[0].entry.before == records[4].digest


def test_the_newest_fact_always_stays(journal: Journal) -> None:
    records = record(journal, 3)
    journal.settle(receipt(records[2], time=100))
    journal.forget(10**15)
    assert journal.fact(3) == records[2]
    assert record(journal)[0].entry.seq == 4


def test_a_refusal_is_kept_and_shown_until_the_fact_is_taken(journal: Journal) -> None:
    records = record(journal, 2)
    journal.mark_refused(Refusal(code="batch.fork", text="not the one"), 1)
    journal.mark_refused(Refusal(code="batch.fork", text="still not"), 1)
    assert journal.refusals() == [("1", "batch.fork", "still not")]
    assert journal.unreceipted(0, 10) == records
    journal.settle(receipt(records[0], time=1))
    assert journal.refusals() == []


def test_a_directive_and_the_fact_that_settles_it_are_written_together(journal: Journal) -> None:
    assert journal.take([granted(1)], moment(5)) == [Directed(kept=True)]
    [settled] = journal.directives_for("pda-7.1")
    assert settled.numbered == granted(1)
    fact = journal.fact(settled.seq)
    assert fact is not None
    assert fact.entry.fact == DirectiveSettled(number=1)


def test_a_directive_that_comes_twice_is_settled_once(journal: Journal) -> None:
    assert journal.take([granted(1)], moment(5)) == [Directed(kept=True)]
    assert journal.take([granted(1)], moment(6)) == [Directed(kept=False)]
    assert journal.newest == 1


def test_a_directive_after_a_gap_waits_for_the_missing_one(journal: Journal) -> None:
    assert journal.take([granted(2)], moment(5)) == [Directed(kept=False)]
    assert journal.newest == 0
    assert journal.take([granted(1)], moment(6)) == [Directed(kept=True)]
    assert journal.take([granted(2)], moment(7)) == [Directed(kept=True)]
    assert [one.numbered.number for one in journal.directives_for("pda-7.1")] == [1, 2]


def test_a_directive_for_another_device_is_not_taken(journal: Journal) -> None:
    [refused] = journal.take([granted(1, device="pda-8")], moment(5))
    assert isinstance(refused, MisdirectedError)
    assert "not for pda-7" in str(refused)
    assert journal.newest == 0


def test_what_the_hub_said_together_is_one_commit_that_lasts(journal: Journal) -> None:
    records = record(journal, 2)
    statements: list[str] = []
    journal._store._connection.set_trace_callback(statements.append)
    taken = journal.take(
        [granted(1), receipt(records[0], time=100), granted(2), receipt(records[1], time=200)], moment(5)
    )
    journal._store._connection.set_trace_callback(None)
    assert taken == [Directed(kept=True), Covered(1, newer=True), Directed(kept=True), Covered(2, newer=True)]
    assert statements.count("COMMIT") == 1
    assert "PRAGMA synchronous = NORMAL" not in statements
    assert (journal.newest, journal.receipted, journal.hub_time) == (4, 2, 200)


def test_receipts_alone_may_be_taken_back_by_a_power_cut(journal: Journal) -> None:
    [first] = record(journal)
    statements: list[str] = []
    journal._store._connection.set_trace_callback(statements.append)
    assert journal.take([receipt(first, time=100)], moment(5)) == [Covered(1, newer=True)]
    journal._store._connection.set_trace_callback(None)
    assert "PRAGMA synchronous = NORMAL" in statements


def test_what_cannot_be_taken_spoils_none_of_what_came_with_it(journal: Journal) -> None:
    [first] = record(journal)
    strange = receipt(first, time=100, head=b"\1" * 32)
    for_another = granted(1, device="pda-8")
    forked, misdirected, *others = journal.take(
        [strange, for_another, granted(1), granted(1), receipt(first, time=100)], moment(5)
    )
    assert isinstance(forked, JournalError)
    assert isinstance(misdirected, MisdirectedError)
    assert others == [Directed(kept=True), Directed(kept=False), Covered(1, newer=True)]
    assert (journal.newest, journal.receipted) == (2, 1)
    with Journal(journal._store._path, DEVICE) as again:
        assert len(again.directives_for("pda-7.1")) == 1


def test_a_receipt_finds_room_below_the_floor_and_a_directive_with_it_does_not(path: Path) -> None:
    with Journal(path, DEVICE) as journal:
        [first] = record(journal)
    with Journal(path, DEVICE, free_bytes_min=2**60) as journal:
        full, covered = journal.take([granted(1), receipt(first, time=100)], moment(5))
        assert isinstance(full, JournalFullError)
        assert covered == Covered(1, newer=True)
        assert journal.newest == 1


def test_of_what_the_disk_refuses_nothing_is_taken(journal: Journal) -> None:
    [first] = record(journal)
    connection = journal._store._connection
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
    large = StickerGranted(case="pda-7.1", number="S1", payload="x" * 20_000)
    directive = NumberedDirective(device=DEVICE, number=1, directive=large)
    with pytest.raises(JournalFullError):
        journal.take([receipt(first, time=100), directive], moment(5))
    assert (journal.newest, journal.receipted, journal.directives_for("pda-7.1")) == (1, 0, [])


def test_old_directives_leave_with_the_facts_that_settled_them_but_the_count_goes_on(journal: Journal) -> None:
    for number in (1, 2, 3):
        journal.take([granted(number)], moment(number))
    newest = journal.fact(3)
    journal.settle(receipt(newest, time=100))
    journal.forget(101)
    assert [one.numbered.number for one in journal.directives_for("pda-7.1")] == [3]
    assert journal.take([granted(2)], moment(9)) == [Directed(kept=False)]
    assert journal.take([granted(4)], moment(9)) == [Directed(kept=True)]


def test_whoever_waits_is_woken_by_a_commit(journal: Journal) -> None:
    directive = NumberedDirective(device=DEVICE, number=1, directive=StickerDenied(case="pda-7.1", reasons=()))
    asked = threading.Event()

    def there() -> bool:
        asked.set()
        return bool(journal.directives_for("pda-7.1"))

    def commit() -> None:
        asked.wait(300)
        journal.take([directive], moment(5))

    thread = threading.Thread(target=commit)
    thread.start()
    assert journal.wait_until(there, lambda: 10.0)
    thread.join()


def test_whoever_waits_is_let_go_when_no_seconds_are_left(journal: Journal) -> None:
    left = iter([0.001, 0.0])
    assert not journal.wait_until(lambda: False, lambda: next(left))


def test_a_photo_is_known_from_its_fact_on_and_goes_through_its_states(journal: Journal) -> None:
    fact = journal.record(PHOTO, moment(5), case="pda-7.1")
    [kept] = journal.photos("kept")
    assert (kept.digest, kept.size, kept.case, kept.seq) == (DIGEST, 9, "pda-7.1", fact.entry.seq)
    journal.free_photo(DIGEST)
    assert journal.photos("kept") == [kept]
    journal.settle(receipt(fact, time=100))
    journal.receipt_photo(DIGEST)
    [receipted] = journal.photos("receipted")
    assert receipted.receipted_at == 100
    journal.free_photo(DIGEST)
    assert [one.digest for one in journal.photos("freed")] == [DIGEST]


def test_freed_bytes_that_come_back_may_be_freed_again(journal: Journal) -> None:
    journal.record(PHOTO, moment(5), case="pda-7.1")
    journal.receipt_photo(DIGEST)
    journal.free_photo(DIGEST)
    journal.record(PHOTO, moment(6), case="pda-7.1")
    known = journal.photo(DIGEST)
    assert known is not None
    assert known.state == "receipted"
    assert journal.photo("cd" * 32) is None


def test_a_refused_photo_stays_and_is_shown_until_the_hub_takes_it(journal: Journal) -> None:
    journal.record(PHOTO, moment(5), case="pda-7.1")
    journal.refuse_photo(DIGEST, Refusal(code="photo.too_large", text="too large"))
    assert journal.refusals() == [(DIGEST, "photo.too_large", "too large")]
    assert journal.counts() == (1, 0, 0, 1, 9, 1)
    journal.receipt_photo(DIGEST)
    assert journal.refusals() == []
    assert journal.counts() == (1, 0, 0, 0, 0, 0)


def test_on_a_full_disk_no_fact_is_written_and_none_is_lost(path: Path, journal: Journal) -> None:
    records = record(journal, 2)
    journal.close()
    with Journal(path, DEVICE, free_bytes_min=2**60) as full:
        with pytest.raises(JournalFullError):
            record(full)
        assert full.unreceipted(0, 10) == records


def test_the_journal_of_another_device_is_refused(path: Path) -> None:
    with pytest.raises(JournalError, match="the journal of pda-7, not of pda-8"):
        Journal(path, "pda-8")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE facts SET raw = x'00' WHERE seq = 2",
        "UPDATE facts SET digest = zeroblob(32) WHERE seq = 2",
        "UPDATE facts SET raw = (SELECT raw FROM facts WHERE seq = 1) WHERE seq = 2",
        "DELETE FROM facts WHERE seq = 2",
    ],
)
def test_a_journal_whose_chain_does_not_hold_is_refused(path: Path, journal: Journal, damage: str) -> None:
    record(journal, 3)
    journal.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(damage)
    connection.close()
    with pytest.raises(JournalError, match="damaged on the disk"):
        Journal(path, DEVICE)


_WRITER = """
import sys
from pathlib import Path
from edge_agent.journal import Journal
from tests.edge_agent.stand_ins.fakes import DEVICE, moment
from inspection.facts import ItemChecked
journal = Journal(Path(sys.argv[1]), DEVICE)
while True:
    print(journal.record(ItemChecked(item="01", mark="pass"), moment(1)).entry.seq, flush=True)
"""


def test_a_program_that_is_killed_loses_nothing_that_it_told(path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _WRITER, str(path)]
    writer = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ, "PYTHONPATH": "."}
    )
    with writer:
        assert writer.stdout is not None
        for _ in range(40):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        told = [line for line in writer.stdout.read().split("\n") if line]
    last_told = int(told[-1]) if told else 40
    with Journal(path, DEVICE) as again:
        assert [one.entry.seq for one in again.unreceipted(0, 10**6)][:last_told] == list(range(1, last_told + 1))
