from typing import TYPE_CHECKING

import pytest

from central_hub.store import records
from central_hub.store.records import REFUSALS_KEPT_MAX, SAMPLE_BYTES_MAX, announced_photo
from inspection.case import Case
from inspection.directives import VehicleRecalled
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
    assert bench.value("SELECT stage FROM cases WHERE case_id = ?", case) == "withheld"


def test_sticker_numbers_follow_one_another_in_each_range(kept: "Records") -> None:
    numbers = [kept.next_sticker_number(prefix) for prefix in ("PL", "PL", "JA", "PL")]
    assert numbers == ["PL00000001", "PL00000002", "JA00000001", "PL00000003"]


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


def test_refusals_are_counted_for_ever_and_only_the_newest_kept(
    bench: Bench, kept: "Records", monkeypatch: pytest.MonkeyPatch
) -> None:
    assert REFUSALS_KEPT_MAX == 10_000
    monkeypatch.setattr(records, "REFUSALS_KEPT_MAX", 3)
    for number in range(8):
        kept.refuse("lane-1", "wire.garbled", str(number), at=NOW, payload=b"")
    assert [row[0] for row in bench.db.execute("SELECT text FROM refusals ORDER BY id")] == ["5", "6", "7"]
    assert bench.value("SELECT count FROM refusal_counts") == 8
