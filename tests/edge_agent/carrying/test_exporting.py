import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.carrying import CarryError, exporting
from edge_agent.carrying.exporting import Exported, ExportOrder, LookingOn, export
from edge_agent.carrying.rows import rows
from edge_agent.journal import Journal
from edge_agent.vault import Vault, VaultError
from inspection import wire
from inspection.carried.following import Following
from inspection.carried.form import AnyItem, CarriedBatch, Heading, PhotoPiece
from inspection.directives import Receipt
from inspection.evidence import PhotoRef
from inspection.facts import ItemChecked, PhotoTaken
from inspection.wire import BATCH_FACTS_MAX, Batch, Recorded
from tests.edge_agent.stand_ins.fakes import DEVICE, DEVICE_KEY, moment, opened

WRITTEN = 1_780_000_000_000
MEGABYTE = 1_000_000


class Device:
    """A journal and a vault with something in them."""

    def __init__(self, folder: Path) -> None:
        Journal.create(folder / "journal.db", DEVICE)
        self.journal = Journal(folder / "journal.db", DEVICE)
        self.vault_path = folder / "vault"
        self.vault = Vault(self.vault_path, free_bytes_min=0)
        self.stick = folder / "stick"
        self.ticks = 0

    def check(self, count: int) -> list[Recorded]:
        facts = [ItemChecked(item=f"{number:05}", mark="pass") for number in range(count)]
        return self.journal.record_all(facts, moment(1))

    def open_case(self) -> str:
        return self.journal.record(opened(), moment(1)).entry.case

    def photograph(self, case: str, size: int = 1_000, *, media: str = "image/jpeg") -> str:
        self.ticks += 1
        digest = self.vault.put(self.ticks.to_bytes(4, "big") + bytes(size - 4))
        ref = PhotoRef(digest=digest, media=media, size=size, width=1, height=1)
        self.journal.record(PhotoTaken(kind="0113", photo=ref), moment(self.ticks), case=case)
        return digest

    def receipt(self, upto: Recorded) -> None:
        self.journal.settle(Receipt(device=DEVICE, have=upto.entry.seq, head=upto.digest, hub_time=1_000))

    def export(self, *, split: int = 2**31, tell: Callable[[Path], object] = lambda _path: None) -> Exported:
        order = ExportOrder(device=DEVICE, key=DEVICE_KEY, written=WRITTEN, split_bytes_max=split, tell=tell)
        vault = Vault(self.vault_path, free_bytes_min=0, files=LookingOn())
        return export(self.journal, vault, self.stick, order)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    made = Device(tmp_path)
    yield made
    made.journal.close()


def items(path: Path) -> tuple[Heading, list[AnyItem]]:
    """Return the heading of a file that holds, and what it carries."""
    following = Following("facts")
    with path.open("rb") as file:
        row = rows(file)
        heading = following.begin(next(row))
        found = [following.take(raw) for raw in row]
    following.finish(DEVICE_KEY.public)
    return heading, found[:-1]


def batches(paths: list[Path]) -> list[Batch]:
    found = [item for path in paths for item in items(path)[1] if isinstance(item, CarriedBatch)]
    opened_batches = [wire.open_batch(item.message) for item in found]
    for batch in opened_batches:
        wire.check_batch_signature(batch, DEVICE_KEY.public)
    return opened_batches


def photos(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for item in items(path)[1]:
        if isinstance(item, PhotoPiece):
            found[item.digest] = found.get(item.digest, b"") + item.data
    return found


def test_facts_and_photos_stand_in_one_signed_file(device: Device) -> None:
    case = device.open_case()
    digest = device.photograph(case, 1_300_000)
    done = device.export()
    assert [path.name for path in done.files] == ["pda-7-1-2-001.passlane"]
    assert (done.facts, done.photos, done.left_out) == (2, 1, [])
    heading, _ = items(done.files[0])
    assert heading == Heading(contents="facts", device=DEVICE, first=1, last=2, part=1, written=WRITTEN)
    assert [(batch.first, batch.last, batch.sent) for batch in batches(done.files)] == [(1, 2, WRITTEN)]
    assert photos(done.files[0]) == {digest: device.vault.read(digest)}


def test_what_has_a_receipt_stays_at_home(device: Device) -> None:
    case = device.open_case()
    sent = device.photograph(case)
    device.receipt(device.check(1)[0])
    device.journal.receipt_photo(sent)
    waiting = device.photograph(case)
    done = device.export()
    assert [(batch.first, batch.last) for batch in batches(done.files)] == [(4, 4)]
    assert list(photos(done.files[0])) == [waiting]
    assert done.files[0].name == "pda-7-4-4-001.passlane"


def test_nothing_counts_as_sent_by_being_exported(device: Device) -> None:
    device.photograph(device.open_case())
    before = device.journal.counts()
    first, second = device.export(), device.export()
    assert device.journal.counts() == before
    assert [path.name for path in first.files] == [path.name for path in second.files]
    assert items(second.files[0]) == items(first.files[0])


def test_where_nothing_waits_no_file_is_written(device: Device) -> None:
    device.receipt(device.check(1)[0])
    assert device.export() == Exported()
    assert not device.stick.exists()


def test_photos_alone_are_exported_when_only_they_wait(device: Device) -> None:
    digest = device.photograph(device.open_case())
    device.receipt(device.check(1)[0])
    done = device.export()
    assert [path.name for path in done.files] == ["pda-7-0-0-001.passlane"]
    assert (done.facts, list(photos(done.files[0]))) == (0, [digest])


def test_many_facts_go_in_batches_that_the_hub_takes(device: Device) -> None:
    device.check(2 * BATCH_FACTS_MAX + 1)
    spans = [(batch.first, batch.last) for batch in batches(device.export().files)]
    assert spans == [(1, 256), (257, 512), (513, 513)]


def test_the_newest_case_goes_first_and_footage_last(device: Device) -> None:
    old, new = device.open_case(), device.open_case()
    footage = device.photograph(new, media="video/mp4")
    order = [(old, device.photograph(old)), (new, device.photograph(new)), (new, device.photograph(new))]
    expected = [digest for case, digest in order if case == new] + [order[0][1], footage]
    assert list(photos(device.export().files[0])) == expected


def test_an_export_is_split_at_a_size_and_each_file_is_whole_in_itself(device: Device) -> None:
    case = device.open_case()
    digests = [device.photograph(case, 900_000) for _ in range(5)]
    told: list[Path] = []
    done = device.export(split=2 * MEGABYTE, tell=told.append)
    assert [path.name for path in done.files] == [f"pda-7-1-6-{part:03}.passlane" for part in (1, 2, 3)]
    assert all(path.stat().st_size <= 2 * MEGABYTE for path in done.files)
    assert [items(path)[0].part for path in done.files] == [1, 2, 3]
    assert [digest for path in done.files for digest in photos(path)] == digests
    assert told == done.files


def test_a_photo_that_is_larger_than_a_file_should_be_stands_alone(device: Device) -> None:
    case = device.open_case()
    digests = [device.photograph(case, size) for size in (1_000, 3_000_000, 2_000)]
    done = device.export(split=MEGABYTE)
    assert [list(photos(path)) for path in done.files] == [digests[:1], digests[1:2], digests[2:]]


def test_a_photo_that_was_damaged_is_left_out_and_named(device: Device) -> None:
    case = device.open_case()
    damaged, whole = device.photograph(case), device.photograph(case)
    (device.vault_path / damaged[:2] / damaged).write_bytes(b"other bytes")
    done = device.export()
    assert [(left.digest, "damaged" in left.text) for left in done.left_out] == [(damaged, True)]
    assert list(photos(done.files[0])) == [whole]


def test_what_was_recorded_while_it_was_exported_comes_with_the_next_one(device: Device) -> None:
    case = device.open_case()
    device.photograph(case, 900_000)
    device.photograph(case, 900_000)
    done = device.export(split=MEGABYTE, tell=lambda _path: device.photograph(case))
    assert (done.facts, done.photos) == (3, 2)


def test_what_the_network_brought_to_the_hub_meanwhile_is_passed_over(device: Device) -> None:
    records = device.check(3 * BATCH_FACTS_MAX)
    split = len(records[0].raw) * (BATCH_FACTS_MAX + 100)
    done = device.export(split=split, tell=lambda _path: device.receipt(records[2 * BATCH_FACTS_MAX + 9]))
    spans = [(batch.first, batch.last) for batch in batches(done.files)]
    assert spans[0] == (1, 256)
    assert spans[-1] == (2 * BATCH_FACTS_MAX + 11, 3 * BATCH_FACTS_MAX)


def test_a_disk_that_is_full_leaves_the_files_before_it_and_no_half_one(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = device.open_case()
    for _ in range(3):
        device.photograph(case, 900_000)
    synced = os.fsync

    def full_after_the_first(descriptor: int) -> None:
        if list(device.stick.glob("*.passlane")):
            raise OSError(28, "No space left on device")
        synced(descriptor)

    monkeypatch.setattr(exporting, "_sync_folder", lambda _folder: None)
    monkeypatch.setattr(os, "fsync", full_after_the_first)
    with pytest.raises(CarryError, match="it is full") as refused:
        device.export(split=MEGABYTE)
    assert refused.value.code == "carry.disk"
    assert [path.name for path in device.stick.iterdir()] == ["pda-7-1-4-001.passlane"]
    items(device.stick / "pda-7-1-4-001.passlane")


def test_a_folder_that_cannot_be_written_to_is_said_so(device: Device) -> None:
    device.check(1)
    device.stick.write_text("a file")
    with pytest.raises(CarryError, match="cannot be written to"):
        device.export()


def test_a_vault_that_another_process_writes_to_is_only_looked_at(device: Device) -> None:
    digest = device.photograph(device.open_case())
    half = device.vault_path / digest[:2] / f"{digest}.1.tmp"
    half.write_bytes(b"half")
    Vault(device.vault_path, free_bytes_min=0, files=LookingOn())
    assert half.exists()
    shutil.rmtree(device.vault_path)
    with pytest.raises(VaultError):
        Vault(device.vault_path, free_bytes_min=0, files=LookingOn()).read(digest)
    assert not device.vault_path.exists()
