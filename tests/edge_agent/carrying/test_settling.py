from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.carrying import CarryError
from edge_agent.carrying.settling import Settled, settle_file
from edge_agent.journal import Journal
from inspection import wire
from inspection.carried.form import (
    AnyItem,
    CarriedReceipt,
    Heading,
    NotTaken,
    PhotoReceipt,
    Sealer,
    Tally,
    photo_receipt,
)
from inspection.directives import Receipt, Refusal
from inspection.evidence import PhotoRef
from inspection.facts import PhotoTaken
from inspection.signing import SigningKey
from inspection.wire import Recorded
from tests.edge_agent.stand_ins.fakes import DEVICE, DEVICE_KEY, HUB_KEY, moment

NAMES = ["ab" * 32, "cd" * 32]
HEADING = Heading(contents="receipts", device=DEVICE, first=1, last=2, part=1, written=1_780_000_000_000)
TALLY = Tally(facts_taken=2, facts_present=0, photos_taken=2, photos_present=0)


class Device:
    """A device with two photos that wait, and a stick with receipts."""

    def __init__(self, folder: Path) -> None:
        Journal.create(folder / "journal.db", DEVICE)
        self.journal = Journal(folder / "journal.db", DEVICE)
        self.file = folder / "pda-7-1-2-001.passlane.receipts"
        self.records = [self.journal.record(self._photo(name), moment(1)) for name in NAMES]

    def _photo(self, name: str) -> PhotoTaken:
        return PhotoTaken(kind="0113", photo=PhotoRef(digest=name, media="image/jpeg", size=9, width=4, height=3))

    def bring(self, items: Iterable[AnyItem], *, key: SigningKey = HUB_KEY) -> None:
        sealer = Sealer()
        self.file.write_bytes(b"".join([*(sealer.add(item) for item in items), sealer.end(key)]))

    def settle(self) -> Settled:
        return settle_file(self.journal, self.file, device=DEVICE, hub_public=HUB_KEY.public)

    def refused(self) -> str:
        before = self.journal.counts()
        with pytest.raises(CarryError) as refused:
            self.settle()
        assert self.journal.counts() == before
        assert self.file.name in str(refused.value)
        return refused.value.code

    @property
    def waiting(self) -> tuple[int, int]:
        counts = self.journal.counts()
        return counts.newest - counts.receipted, counts.photos_waiting


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    made = Device(tmp_path)
    yield made
    made.journal.close()


def receipt(
    upto: Recorded,
    *,
    time: int = 1_000,
    device: str = DEVICE,
    key: SigningKey = HUB_KEY,
    refusal: Refusal | None = None,
) -> CarriedReceipt:
    said = Receipt(device=device, have=upto.entry.seq, head=upto.digest, hub_time=time, refusal=refusal)
    return CarriedReceipt(message=wire.seal_receipt(said, key))


def of_photo(name: str, *, size: int = 9, device: str = DEVICE, key: SigningKey = HUB_KEY) -> PhotoReceipt:
    return photo_receipt(device, name, size, key=key)


def whole(device: Device) -> list[AnyItem]:
    return [HEADING, receipt(device.records[1]), *(of_photo(name) for name in NAMES), TALLY]


def test_receipts_that_came_by_file_settle_facts_and_photos(device: Device) -> None:
    device.bring(whole(device))
    assert device.settle() == Settled(receipted=2, photos=2)
    assert device.waiting == (0, 0)
    assert {photo.receipted_at for photo in device.journal.photos("receipted")} == {1_000}


def test_receipts_that_came_twice_or_by_the_network_before_change_nothing(device: Device) -> None:
    device.bring(whole(device))
    last = device.records[1]
    device.journal.settle(Receipt(device=DEVICE, have=2, head=last.digest, hub_time=2_000))
    device.journal.receipt_photo(NAMES[0])
    for _ in range(2):
        assert device.settle() == Settled(receipted=2, photos=2)
        assert (device.waiting, device.journal.hub_time) == ((0, 0), 2_000)


def test_a_receipt_that_came_by_file_says_nothing_about_the_clocks(device: Device) -> None:
    device.bring(whole(device))
    device.settle()
    assert device.journal.pairings() == []


def test_what_the_hub_did_not_take_waits_on(device: Device) -> None:
    refused = NotTaken(about=NAMES[1], code="photo.digest", text="other bytes")
    device.bring([HEADING, receipt(device.records[0]), of_photo(NAMES[0]), refused, TALLY])
    assert device.settle() == Settled(receipted=1, photos=1)
    assert device.waiting == (1, 1)


def test_a_photo_that_is_not_known_here_is_passed_over(device: Device) -> None:
    device.bring([HEADING, receipt(device.records[1]), of_photo("ef" * 32), of_photo(NAMES[0], size=8)])
    assert device.settle() == Settled(receipted=2, photos=0)
    assert device.waiting == (0, 2)


def test_receipts_for_another_device_are_refused(device: Device) -> None:
    device.bring([msgspec.structs.replace(HEADING, device="pda-8"), receipt(device.records[1], device="pda-8")])
    assert device.refused() == "carry.wrong_device"


@pytest.mark.parametrize("key", [SigningKey(b"\x07" * 32), DEVICE_KEY])
def test_a_file_that_the_hub_did_not_sign_is_refused(device: Device, key: SigningKey) -> None:
    device.bring(whole(device), key=key)
    assert device.refused() == "carried.signature"


def test_a_receipt_inside_that_the_hub_did_not_sign_is_refused(device: Device) -> None:
    forged = SigningKey(b"\x07" * 32)
    device.bring([HEADING, receipt(device.records[1], key=forged)])
    assert device.refused() == "carry.forged"
    device.bring([HEADING, receipt(device.records[1]), of_photo(NAMES[0], key=forged)])
    assert device.refused() == "carry.forged"
    device.bring([HEADING, receipt(device.records[1]), of_photo(NAMES[0], device="pda-8")])
    assert device.refused() == "carry.forged"
    device.bring([HEADING, CarriedReceipt(message=b"\x91" * 50_000)])
    assert device.refused() == "carry.forged"


def test_a_receipt_of_another_chain_is_refused(device: Device) -> None:
    other = msgspec.structs.replace(device.records[1], digest=bytes(32))
    device.bring([HEADING, receipt(other)])
    assert device.refused() == "carry.chain"


def test_a_receipt_that_is_for_another_device_inside_a_file_for_this_one_is_refused(device: Device) -> None:
    device.bring([HEADING, receipt(device.records[1], device="pda-8")])
    assert device.refused() == "carry.chain"


def test_a_file_of_a_device_is_sent_on_to_the_hub(device: Device) -> None:
    device.bring([msgspec.structs.replace(HEADING, contents="facts")])
    assert device.refused() == "carried.wrong_way"


def test_an_empty_file_is_refused(device: Device) -> None:
    device.file.write_bytes(b"")
    assert device.refused() == "carried.truncated"


def test_a_file_that_is_not_there_is_said_so(device: Device) -> None:
    assert device.refused() == "carry.disk"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_a_file_that_was_cut_anywhere_is_refused_whole(device: Device, data: st.DataObject) -> None:
    device.bring(whole(device))
    kept = device.file.read_bytes()
    device.file.write_bytes(kept[: data.draw(st.integers(0, len(kept) - 1))])
    assert device.refused() == "carried.truncated"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_a_file_with_a_changed_byte_is_refused_whole(device: Device, data: st.DataObject) -> None:
    device.bring(whole(device))
    changed = bytearray(device.file.read_bytes())
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    device.file.write_bytes(changed)
    assert device.refused().startswith("carr")


def test_what_the_hub_refused_is_kept_marked_and_shown_until_it_is_taken(device: Device) -> None:
    refusal = Refusal(code="batch.fork", text="two chains")
    photo = NotTaken(about=NAMES[1], code="photo.digest", text="other bytes")
    device.bring([HEADING, receipt(device.records[0], refusal=refusal), of_photo(NAMES[0]), photo, TALLY])
    device.settle()
    shown = [(said.about, said.code) for said in device.journal.refusals()]
    assert shown == [("2", "batch.fork"), (NAMES[1], "photo.digest")]
    device.bring([HEADING, receipt(device.records[1], time=2_000), of_photo(NAMES[1]), TALLY])
    device.settle()
    assert (device.journal.refusals(), device.waiting) == ([], (0, 0))


def test_what_mends_itself_is_not_shown(device: Device) -> None:
    refusal = Refusal(code="batch.gap", text="facts are missing")
    photo = NotTaken(about=NAMES[1], code="photo.not_announced", text="not yet")
    unknown = NotTaken(about="facts from 2 on", code="batch.gap", text="facts are missing")
    device.bring([HEADING, receipt(device.records[0], refusal=refusal), photo, unknown, TALLY])
    device.settle()
    assert device.journal.refusals() == []


def test_an_old_refusal_of_what_the_hub_has_meanwhile_is_not_shown(device: Device) -> None:
    device.bring([HEADING, receipt(device.records[1], time=2_000), of_photo(NAMES[1])])
    device.settle()
    refusal = Refusal(code="batch.fork", text="two chains")
    photo = NotTaken(about=NAMES[1], code="photo.digest", text="other bytes")
    device.bring([HEADING, receipt(device.records[0], refusal=refusal), photo, TALLY])
    device.settle()
    assert device.journal.refusals() == []
