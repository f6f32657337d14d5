import sqlite3
from pathlib import Path

import pytest

from benchmarks.faults import judging
from benchmarks.faults.judging import Kept, compare, judge, missing, silence_seconds
from benchmarks.faults.promises import Promise
from inspection.facts import Entry, PassageNoted
from inspection.identities import HUB
from inspection.signing import CHAIN_START
from inspection.wire import Recorded, encode_entry

THREE = [Promise(1, "aa", "DeviceStarted"), Promise(2, "bb", "CaseOpened"), Promise(3, "cc", "CaseAbandoned")]


def kept(*digests: str) -> list[Kept]:
    return [Kept(seq, digest, 1_000 * seq) for seq, digest in enumerate(digests, start=1)]


def test_what_was_promised_and_is_there_once_is_right() -> None:
    assert compare(THREE, kept("aa", "bb", "cc")) == (0, 0, 0, 0)


def test_what_is_not_there_is_lost() -> None:
    assert compare(THREE, kept("aa", "bb")) == (1, 0, 0, 0)


def test_what_is_there_as_something_else_is_changed() -> None:
    assert compare(THREE, kept("aa", "bb", "dd")) == (0, 1, 0, 0)


def test_a_number_that_was_promised_twice_can_be_kept_but_once() -> None:
    rolled_back = [*THREE, Promise(3, "dd", "CaseAbandoned")]
    assert compare(rolled_back, kept("aa", "bb", "dd")) == (0, 1, 0, 0)


def test_what_is_there_twice_is_doubled_whether_by_number_or_by_hash() -> None:
    assert compare(THREE, [*kept("aa", "bb", "cc"), Kept(3, "cc", 9)]) == (0, 0, 1, 0)
    assert compare(THREE, kept("aa", "bb", "cc", "cc")) == (0, 0, 1, 1)


def test_what_nobody_wrote_down_is_counted_and_no_fault() -> None:
    assert compare(THREE[:2], kept("aa", "bb", "cc")) == (0, 0, 0, 1)


def test_what_is_missing_is_named() -> None:
    assert missing("device-1", THREE, kept("aa", "dd")) == [
        "device-1: fact 2, CaseOpened",
        "device-1: fact 3, CaseAbandoned",
    ]
    assert missing("device-1", THREE, kept("aa", "bb", "cc")) == []


def test_the_longest_silence_is_of_one_device() -> None:
    assert silence_seconds({"a": [Kept(1, "", 0), Kept(2, "", 7_000)], "b": [Kept(1, "", 90_000)]}) == 7.0
    assert silence_seconds({}) == 0.0


def fact(seq: int, before: bytes) -> Recorded:
    said = PassageNoted(lane="1", reason=f"number {seq}")
    return encode_entry(Entry(device="device-1", seq=seq, before=before, wall=1, mono=1, boot="b", fact=said))


def ledger(folder: Path, records: list[Recorded], *, stored: int) -> None:
    db = sqlite3.connect(folder / "ledger.db")
    db.execute("CREATE TABLE entries (pos INTEGER PRIMARY KEY, device, seq, received, raw)")
    db.execute("CREATE TABLE photos (digest, stored)")
    db.execute("CREATE TABLE stickers (case_id)")
    rows = [("device-1", record.entry.seq, 1_000, record.raw) for record in records]
    rows.append((HUB, 1, 1_000, b"not looked at"))
    db.executemany("INSERT INTO entries (device, seq, received, raw) VALUES (?, ?, ?, ?)", rows)
    db.execute("INSERT INTO photos VALUES ('aa', ?)", (stored,))
    db.execute("INSERT INTO stickers VALUES ('device-1.2')")
    db.commit()
    db.close()


def promise(record: Recorded) -> Promise:
    return Promise(record.entry.seq, record.digest.hex(), "PassageNoted")


def test_a_folder_is_counted_and_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fact(1, CHAIN_START)
    second = fact(2, first.digest)
    ledger(tmp_path, [first, second], stored=5)
    monkeypatch.setattr(judging, "verify", lambda data: (f"sound: {data.name}", True))
    counted = judge(tmp_path, {"device-1": [promise(first), promise(second)]})
    assert (counted.promised, counted.in_ledger, counted.photos, counted.stickers) == (2, 2, 1, 1)
    assert counted.flawless


def test_a_photo_that_was_announced_and_never_came_is_a_flaw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger(tmp_path, [fact(1, CHAIN_START)], stored=0)
    monkeypatch.setattr(judging, "verify", lambda _data: ("sound", True))
    counted = judge(tmp_path, {"device-1": []})
    assert (counted.photos_missing, counted.beyond) == (1, 1)
    assert not counted.flawless


def test_a_folder_that_is_none_does_not_verify(tmp_path: Path) -> None:
    said, sound = judging.verify(tmp_path)
    assert not sound
    assert said
