from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from central_hub.store import records
from central_hub.store.inserting import ROWS_AT_ONCE_MAX
from central_hub.store.records import REFUSALS_KEPT_MAX, SAMPLE_BYTES_MAX, announced_photo
from inspection.case import Case
from inspection.directives import Contact, VehicleRecalled
from inspection.facts import PhotoTaken
from inspection.wire import open_directive
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import VIN, SimulatedDevice

if TYPE_CHECKING:
    from central_hub.store.records import Records

RECALL = VehicleRecalled(case="lane-1.1", reason="other")


@pytest.fixture
def kept(bench: Bench) -> "Records":
    return bench.casework.records


def test_an_unopened_case_has_no_row(bench: Bench, kept: "Records") -> None:
    kept.keep_case(Case(case="lane-1.1"), opened_at=0)
    assert bench.value("SELECT count(*) FROM cases") == 0


def test_a_cases_row_follows_its_facts(bench: Bench, device: SimulatedDevice) -> None:
    case = device.open_case()
    bench.send(device)
    columns = "device, station, inspector, vin, stage, opened, waiting"
    first = bench.db.execute(f"SELECT {columns} FROM cases WHERE case_id = ?", (case,)).fetchone()  # noqa: S608
    assert first == (device.name, device.station, "inspector-1", VIN, "in_progress", NOW, 0)
    device.inspect(case)
    device.conclude(case, "fail")
    bench.send(device)
    assert bench.value("SELECT stage FROM cases WHERE case_id = ?", case) == "failed"


def contact(number: int, **changes: object) -> Contact:
    told = {"device": "lane-1", "newest": 0, "head": bytes(32), "receipted": 0, "wall": NOW, "mono": 5}
    return Contact(**{**told, "boot": f"boot {number}", **changes})  # type: ignore[arg-type]


def test_of_a_device_that_starts_all_the_time_only_the_newest_boots_are_kept(
    bench: Bench, device: SimulatedDevice, kept: "Records", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "BOOTS_KEPT_MAX", 3)
    for number in range(7):
        kept.keep_contact(contact(number), at=NOW + number)
        kept.keep_contact(contact(number, mono=1), at=NOW + number)
    kept.keep_contact(contact(6, mono=6), at=NOW + 6)
    rows = bench.db.execute("SELECT boot, mono FROM contacts WHERE device = ? ORDER BY boot", (device.name,)).fetchall()
    assert rows == [("boot 4", 5), ("boot 5", 5), ("boot 6", 6)]


def test_a_device_of_which_very_many_photos_wait_is_not_asked_for_lost_ones(
    bench: Bench, device: SimulatedDevice, kept: "Records", monkeypatch: pytest.MonkeyPatch
) -> None:
    case = device.open_case()
    names = sorted(device.announce(case, bytes([number])) for number in range(5))
    bench.send(device)
    assert kept.missing_photos(device.name, waiting=5, limit=9) == ()
    assert kept.missing_photos(device.name, waiting=4, limit=2) == tuple(names[:2])
    monkeypatch.setattr(records, "PHOTOS_COUNTED_MAX", 3)
    assert kept.missing_photos(device.name, waiting=4, limit=2) == ()


def test_a_photo_is_announced_once_for_a_case_and_stored_once(bench: Bench, device: SimulatedDevice) -> None:
    case = device.open_case()
    name = device.announce(case, b"photo")
    device.announce(case, b"photo")
    bench.send(device)
    announced = announced_photo(bench.db, name)
    assert announced is not None
    assert (announced.device, announced.media, announced.size, announced.stored) == ("lane-1", "image/jpeg", 5, 0)
    assert bench.casework.records.photo_stored(name, at=NOW) == [(case, 5)]
    assert bench.casework.records.photo_stored(name, at=NOW) == []
    assert announced_photo(bench.db, "0" * 64) is None


def test_each_device_vouches_for_the_size_that_it_announced_itself(bench: Bench, device: SimulatedDevice) -> None:
    other = SimulatedDevice("aaa")
    bench.enrol(other, "pda")
    name = device.announce(device.open_case(), b"photo")
    other.announce(other.open_case(), b"photo", size=1)
    bench.send(device)
    bench.send(other)
    sizes = {asked: announced_photo(bench.db, name, asked) for asked in ("lane-1", "aaa")}
    assert [photo.size for photo in sizes.values() if photo] == [5, 1]


def test_directives_are_numbered_for_each_device_and_sent_oldest_first(
    bench: Bench, device: SimulatedDevice, kept: "Records"
) -> None:
    bench.enrol(SimulatedDevice("pda-1"), "pda")
    sent = [kept.add_directive(name, RECALL, at=NOW + at) for at, name in enumerate(["lane-1", "pda-1", "lane-1"])]
    assert [open_directive(message, bench.key.public).number for message in sent] == [1, 1, 2]
    assert kept.open_directives("lane-1", written_before=NOW + 9, limit=9) == [sent[0], sent[2]]
    assert kept.open_directives("lane-1", written_before=NOW + 9, limit=1) == [sent[0]]
    assert kept.open_directives("lane-1", written_before=NOW, limit=9) == []


def test_a_settled_directive_is_not_sent_again_and_settling_another_or_none_changes_nothing(
    bench: Bench, device: SimulatedDevice, kept: "Records"
) -> None:
    message = kept.add_directive("lane-1", RECALL, at=NOW)
    kept.settle_directive("lane-1", 2**63 - 1, at=NOW)
    kept.settle_directive("pda-1", 1, at=NOW)
    assert kept.open_directives("lane-1", written_before=NOW + 1, limit=9) == [message]
    kept.settle_directive("lane-1", 1, at=NOW + 5)
    kept.settle_directive("lane-1", 1, at=NOW + 6)
    assert kept.open_directives("lane-1", written_before=NOW + 1, limit=9) == []
    assert bench.value("SELECT settled FROM directives") == NOW + 5


def test_a_refusal_is_counted_and_only_its_beginning_kept(bench: Bench, kept: "Records") -> None:
    kept.refuse("lane-1", "wire.garbled", "长" * 5_000, at=NOW, payload=b"\0" * 500_000)
    row = bench.db.execute("SELECT length(text), size, length(sample) FROM refusals").fetchone()
    assert row == (1_000, 500_000, SAMPLE_BYTES_MAX)


def test_refusals_are_counted_for_ever_and_the_newest_of_each_device_and_kind_kept(
    bench: Bench, kept: "Records", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "REFUSALS_OF_KIND_KEPT_MAX", 3)
    kept.refuse("lane-1", "batch.fork", "the one that matters", at=NOW, payload=b"")
    kept.refuse("lane-2", "wire.garbled", "another's", at=NOW, payload=b"")
    for number in range(8):
        kept.refuse("lane-1", "wire.garbled", str(number), at=NOW, payload=b"")
    texts = [row[0] for row in bench.db.execute("SELECT text FROM refusals ORDER BY id")]
    assert texts == ["the one that matters", "another's", "5", "6", "7"]
    counts = bench.db.execute("SELECT device, code, count FROM refusal_counts ORDER BY device, code").fetchall()
    assert counts == [("lane-1", "batch.fork", 1), ("lane-1", "wire.garbled", 8), ("lane-2", "wire.garbled", 1)]


def test_of_all_refusals_together_no_more_are_kept_than_there_is_room_for(
    bench: Bench, kept: "Records", monkeypatch: pytest.MonkeyPatch
) -> None:
    assert REFUSALS_KEPT_MAX == 10_000
    monkeypatch.setattr(records, "REFUSALS_KEPT_MAX", 3)
    monkeypatch.setattr(records, "_TRIM_EVERY", 4)
    for number in range(40):
        kept.refuse(f"lane-{number}", "wire.garbled", str(number), at=NOW, payload=b"")
    texts = [row[0] for row in bench.db.execute("SELECT text FROM refusals ORDER BY id")]
    assert 3 <= len(texts) < 3 + 4
    assert texts == [str(number) for number in range(40)][-len(texts) :]


def test_a_photo_whose_bytes_are_here_is_news_for_each_case_once_and_keeps_its_first_size(
    bench: Bench, device: SimulatedDevice, kept: "Records"
) -> None:
    first, second = device.open_case(), device.open_case()
    digest = device.announce(first, b"photo")
    fact = device.records[-1].entry.fact
    assert isinstance(fact, PhotoTaken)
    larger = replace(fact, photo=replace(fact.photo, size=9))
    elsewhere = replace(fact, photo=replace(fact.photo, digest="0" * 64))
    assert kept.announce_photos(device.name, [(first, fact)], at=NOW) == []
    assert kept.photo_stored(digest, at=NOW) == [(first, 5)]
    taken = [(first, fact), (second, larger), (second, fact), (second, elsewhere)]
    assert kept.announce_photos(device.name, taken, at=NOW + 1) == [(second, larger)]
    assert kept.announce_photos(device.name, taken, at=NOW + 2) == []
    assert kept.announce_photos("pda-1", [(first, fact)], at=NOW + 3) == [(first, fact)]
    query = "SELECT case_id, device, size, stored FROM photos WHERE digest = ? ORDER BY case_id, device"
    assert bench.db.execute(query, (digest,)).fetchall() == [
        (first, "lane-1", 5, NOW),
        (first, "pda-1", 5, NOW + 3),
        (second, "lane-1", 9, NOW + 1),
    ]


def test_a_batch_may_announce_more_photos_than_a_statement_holds(bench: Bench, device: SimulatedDevice) -> None:
    case = device.open_case()
    names = {device.announce(case, bytes([number])) for number in range(2 * ROWS_AT_ONCE_MAX + 1)}
    bench.send(device, 1, 60)
    bench.send(device, 61)
    assert {row[0] for row in bench.db.execute("SELECT digest FROM photos")} == names


def test_a_directive_that_is_not_known_takes_its_number_for_ever(bench: Bench, kept: "Records") -> None:
    bench.enrol(SimulatedDevice("pda-1"), "pda")
    kept.add_directive("pda-1", RECALL, at=NOW)
    assert kept.settle_directive("pda-1", 1, at=NOW)
    assert kept.settle_directive("pda-1", 1, at=NOW)
    assert not kept.settle_directive("pda-1", 7, at=NOW)
    assert open_directive(kept.add_directive("pda-1", RECALL, at=NOW), bench.key.public).number == 8
