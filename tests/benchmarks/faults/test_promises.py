from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.faults.promises import PromiseError, Promises, read_promises
from inspection.facts import Entry, PassageNoted
from inspection.signing import CHAIN_START
from inspection.wire import Recorded, encode_entry


class FakeJournal:
    def __init__(self, count: int = 0) -> None:
        self.facts: list[Recorded] = []
        for _ in range(count):
            self.add()

    def add(self, reason: str = "") -> None:
        before = self.facts[-1].digest if self.facts else CHAIN_START
        said = PassageNoted(lane="1", reason=reason)
        entry = Entry(device="device-1", seq=len(self.facts) + 1, before=before, wall=1, mono=1, boot="b", fact=said)
        self.facts.append(encode_entry(entry))

    @property
    def newest(self) -> int:
        return len(self.facts)

    def fact(self, seq: int) -> Recorded | None:
        return self.facts[seq - 1] if 0 < seq <= len(self.facts) else None


def test_each_fact_is_written_down_once_with_its_hash(tmp_path: Path) -> None:
    journal = FakeJournal(2)
    with closing(Promises(tmp_path / "list", journal)) as promises:
        promises.note()
        journal.add()
        promises.note()
        promises.note()
    read = read_promises(tmp_path / "list")
    assert [it.seq for it in read] == [1, 2, 3]
    assert [it.digest for it in read] == [record.digest.hex() for record in journal.facts]
    assert {it.kind for it in read} == {"PassageNoted"}


def test_after_a_restart_the_list_goes_on(tmp_path: Path) -> None:
    journal = FakeJournal(2)
    for _ in range(2):
        with closing(Promises(tmp_path / "list", journal)) as promises:
            promises.note()
        journal.add()
    assert [it.seq for it in read_promises(tmp_path / "list")] == [1, 2, 3]


def test_a_journal_that_lost_a_fact_is_found_out(tmp_path: Path) -> None:
    journal = FakeJournal(3)
    with closing(Promises(tmp_path / "list", journal)) as promises:
        promises.note()
    del journal.facts[-1]
    with pytest.raises(PromiseError, match="fact 3"):
        Promises(tmp_path / "list", journal)
    journal.add("another one")
    with pytest.raises(PromiseError, match="fact 3"):
        Promises(tmp_path / "list", journal)


def test_a_line_that_was_cut_off_is_none(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("1 aa CaseOpened\n2 bb Ca", encoding="ascii")
    assert [it.seq for it in read_promises(tmp_path / "list")] == [1]
    assert read_promises(tmp_path / "nothing") == []
