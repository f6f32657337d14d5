import asyncio
import functools
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central_hub.doors import uploads
from central_hub.doors.carried import Behind, RefusedFileError, check, count_refusal, rows, take
from central_hub.reading import Reading
from central_hub.store.photos import PhotoStore
from central_hub.store.records import AnnouncedPhoto
from central_hub.writer import Writer
from inspection.carried import CarriedError
from inspection.carried.form import ITEM_BYTES_MAX, PIECE_BYTES_MAX, CarriedBatch, Heading, Tally, pieces
from inspection.facts import DeviceStarted
from inspection.signing import SigningKey, digest
from tests.central_hub.conftest import Bench
from tests.central_hub.doors.carried_files import Answered, answered, carried, heading, sealed
from tests.central_hub.simulated_device import SimulatedDevice, picture

STRANGER = SigningKey(b"\x07" * 32)


@dataclass
class Desk:
    """A hub, and a folder into which files come."""

    bench: Bench
    behind: Behind
    folder: Path

    async def bring(self, data: bytes) -> Answered:
        path, answer = self.folder / "coming", self.folder / "answer"
        path.write_bytes(data)
        first = await asyncio.to_thread(check, self.behind, path)
        await take(self.behind, path, heading=first, answer=answer)
        return answered(answer.read_bytes(), self.bench.key.public)

    async def refused(self, data: bytes) -> RefusedFileError:
        with pytest.raises(RefusedFileError) as refused:
            await self.bring(data)
        return refused.value

    def have(self, device: SimulatedDevice) -> object:
        return self.bench.value("SELECT have FROM devices WHERE device = ?", device.name)


@pytest.fixture
async def desk(bench: Bench, tmp_path: Path) -> AsyncIterator[Desk]:
    writer = Writer(bench.committer, publish=lambda _topic, _message: None)
    reading = Reading(bench.folder)
    behind = Behind(
        photos=PhotoStore(bench.folder, pixels_max=bench.settings.photo_pixels_max),
        reading=reading,
        writer=writer,
        casework=bench.casework,
        key=bench.key,
        now=lambda: bench.now,
        photo_bytes_max=4 * PIECE_BYTES_MAX,
    )
    writer.start()
    yield Desk(bench, behind, tmp_path)
    await asyncio.to_thread(writer.stop)
    reading.close()


@functools.cache
def noise(seed: int, size: int = 3_000) -> bytes:
    """A picture of at least that many bytes, of which the last ones mean nothing; the same at each call."""
    data = picture(seed)
    return data + bytes(max(0, size - len(data)))


def with_photos(device: SimulatedDevice, *photos: bytes) -> list[bytes]:
    case = device.open_case()
    for data in photos:
        device.announce(case, data)
    return list(photos)


async def test_facts_and_photos_are_taken_and_answered_with_signed_receipts(
    desk: Desk, device: SimulatedDevice
) -> None:
    photos = with_photos(device, noise(1, PIECE_BYTES_MAX + 1), noise(2))
    came = await desk.bring(carried(device, spans=[(1, 2), (3, 3)], photos=photos))
    assert came.tally == Tally(facts_taken=3, facts_present=0, photos_taken=2, photos_present=0)
    assert (came.receipt.device, came.receipt.have, came.receipt.head) == (device.name, 3, device.records[2].digest)
    assert (came.receipt.hub_time, came.receipt.refusal, came.not_taken) == (desk.bench.now, None, [])
    assert came.heading.device == device.name
    assert [receipt.digest for receipt in came.photos] == [digest(photo).hex() for photo in photos]
    assert all(desk.behind.photos.has(digest(photo).hex()) for photo in photos)
    assert desk.bench.value("SELECT count(*) FROM entries WHERE kind = 'PhotoStored'") == 2


async def test_a_photos_receipt_is_the_one_that_an_upload_gets(desk: Desk, device: SimulatedDevice) -> None:
    photos = with_photos(device, noise(1))
    [receipt] = (await desk.bring(carried(device, photos=photos))).photos
    photo = AnnouncedPhoto(digest=receipt.digest, device=device.name, media="image/jpeg", size=len(photos[0]), stored=1)
    same = desk.bench.key.sign(uploads.RECEIPT_PURPOSE, uploads.ticket_bytes(photo))
    assert receipt.signature == same


async def test_a_file_that_comes_twice_changes_nothing_and_gets_its_receipts_again(
    desk: Desk, device: SimulatedDevice
) -> None:
    photos = with_photos(device, noise(1), noise(2))
    data = carried(device, photos=photos)
    first = await desk.bring(data)
    entries = desk.bench.value("SELECT count(*) FROM entries")
    again = await desk.bring(data)
    assert again.tally == Tally(facts_taken=0, facts_present=3, photos_taken=0, photos_present=2)
    assert (again.receipt.have, again.photos) == (3, first.photos)
    assert desk.bench.value("SELECT count(*) FROM entries") == entries


async def test_what_the_network_brought_before_is_there_already(desk: Desk, device: SimulatedDevice) -> None:
    with_photos(device, noise(1))
    desk.bench.send(device, 1, 1)
    came = await desk.bring(carried(device))
    assert came.tally == Tally(facts_taken=1, facts_present=1, photos_taken=0, photos_present=0)


async def test_a_file_is_no_contact_and_says_nothing_of_the_clock(desk: Desk, device: SimulatedDevice) -> None:
    with_photos(device)
    await desk.bring(carried(device))
    assert desk.bench.value("SELECT skew FROM devices WHERE device = ?", device.name) == 0
    assert desk.bench.value("SELECT contact FROM devices WHERE device = ?", device.name) == 0


async def test_photos_whose_facts_are_here_may_come_alone(desk: Desk, device: SimulatedDevice) -> None:
    photos = with_photos(device, noise(1))
    desk.bench.send(device)
    came = await desk.bring(carried(device, spans=[], photos=photos))
    assert (came.tally.photos_taken, came.receipt.have) == (1, 2)


async def test_parts_in_the_wrong_order_are_refused_with_what_is_missing_and_work_in_the_right_one(
    desk: Desk, device: SimulatedDevice
) -> None:
    photos = with_photos(device, noise(1), noise(2))
    first = carried(device, spans=[(1, 2)])
    second = carried(device, spans=[(3, 3)], photos=photos[:1], part=2)
    third = carried(device, spans=[], photos=photos[1:], part=3)
    for data, missing in ((second, "facts 1 to 2 of lane-1"), (third, "facts 1 to 3 of lane-1")):
        error = await desk.refused(data)
        assert (error.code, error.device) == ("batch.gap", device.name)
        assert str(error).startswith(f"{missing} are missing: they are in another file")
    assert desk.have(device) == 0
    tallies = [(await desk.bring(data)).tally for data in (first, second, third)]
    assert [(tally.facts_taken, tally.photos_taken) for tally in tallies] == [(2, 0), (1, 1), (0, 1)]


async def test_a_gap_inside_a_file_is_named(desk: Desk, device: SimulatedDevice) -> None:
    with_photos(device, noise(1), noise(2), noise(3))
    error = await desk.refused(carried(device, spans=[(1, 1), (4, 4)]))
    assert str(error).startswith("facts 2 to 3 of lane-1 are missing")
    assert desk.have(device) == 0


async def test_a_gap_that_the_hub_can_fill_is_none(desk: Desk, device: SimulatedDevice) -> None:
    with_photos(device, noise(1), noise(2), noise(3))
    desk.bench.send(device, 1, 3)
    came = await desk.bring(carried(device, spans=[(1, 1), (4, 4)]))
    assert (came.tally.facts_taken, came.tally.facts_present) == (1, 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.data())
async def test_a_file_that_was_cut_anywhere_is_refused_whole(
    desk: Desk, device: SimulatedDevice, data: st.DataObject
) -> None:
    if not device.records:
        with_photos(device, noise(1))
    whole = carried(device, photos=[noise(1)])
    error = await desk.refused(whole[: data.draw(st.integers(0, len(whole) - 1))])
    assert error.code == "carried.truncated"
    assert desk.have(device) == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.data())
async def test_a_file_with_a_changed_byte_is_refused_whole(
    desk: Desk, device: SimulatedDevice, data: st.DataObject
) -> None:
    if not device.records:
        with_photos(device, noise(1))
    changed = bytearray(carried(device, photos=[noise(1)]))
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    await desk.refused(bytes(changed))
    assert desk.have(device) == 0


async def test_a_file_under_a_devices_name_that_another_signed_is_refused(desk: Desk, device: SimulatedDevice) -> None:
    with_photos(device)
    assert (await desk.refused(carried(device, key=STRANGER))).code == "carried.signature"


async def test_a_batch_that_another_signed_refuses_the_file(desk: Desk, device: SimulatedDevice) -> None:
    with_photos(device)
    other = SimulatedDevice(device.name)
    with_photos(other)
    data = sealed([heading(device), CarriedBatch(message=other.message())], device.key)
    assert (await desk.refused(data)).code == "batch.signature"


async def test_a_device_carries_no_batch_of_another(desk: Desk, device: SimulatedDevice) -> None:
    other = SimulatedDevice("lane-2")
    desk.bench.enrol(other)
    with_photos(other)
    data = sealed([heading(device), CarriedBatch(message=other.message())], device.key)
    assert (await desk.refused(data)).code == "batch.wrong_device"


async def test_a_device_that_is_unknown_or_shut_out_is_refused_and_others_are_not(
    desk: Desk, device: SimulatedDevice
) -> None:
    unknown, revoked, held = (SimulatedDevice(name) for name in ("pda-1", "pda-2", "pda-3"))
    enrolment = desk.bench.casework.enrolment
    for known in (revoked, held):
        desk.bench.enrol(known)
    desk.bench.transaction(lambda: enrolment.revoke(revoked.name, reason="stolen"))
    desk.bench.transaction(lambda: enrolment.quarantine(held.name, "batch.fork", "two chains"))
    for one in (unknown, revoked, held, device):
        with_photos(one)
    codes = [(await desk.refused(carried(one))).code for one in (unknown, revoked, held)]
    assert codes == ["device.unknown", "device.revoked", "device.quarantined"]
    assert (await desk.bring(carried(device))).receipt.have == 1


async def test_the_hub_brings_itself_nothing(desk: Desk) -> None:
    name = Heading(contents="facts", device="hub", first=1, last=1, part=1, written=1)
    assert (await desk.refused(sealed([name], desk.bench.key))).code == "device.unknown"


async def test_receipts_that_were_brought_back_to_the_hub_are_told_where_to(
    desk: Desk, device: SimulatedDevice
) -> None:
    data = sealed([msgspec.structs.replace(heading(device), contents="receipts")], desk.bench.key)
    error = await desk.refused(data)
    assert (error.code, "bring it to the device" in str(error)) == ("carried.wrong_way", True)


async def test_a_refused_file_is_counted_for_its_device(desk: Desk, device: SimulatedDevice) -> None:
    with_photos(device)
    error = await desk.refused(carried(device)[:-1])
    await count_refusal(desk.behind, error)
    counted = desk.bench.db.rows("SELECT device, code, count FROM refusal_counts")
    assert counted == [{"device": device.name, "code": "carried.truncated", "count": 1}]


async def test_a_chain_that_forks_is_named_and_holds_its_device_back_while_its_photos_stand(
    desk: Desk, device: SimulatedDevice
) -> None:
    photos = with_photos(device, noise(1))
    desk.bench.send(device)
    twin = SimulatedDevice(device.name)
    twin.key = device.key
    for _ in range(3):
        twin.write(DeviceStarted(profile="pda", software="1"))
    came = await desk.bring(carried(twin, spans=[(1, 2), (3, 3)], photos=photos))
    assert [(item.about, item.code) for item in came.not_taken] == [("facts from 1 on", "batch.fork")]
    assert came.receipt.refusal is not None
    assert (came.receipt.have, came.receipt.refusal.code) == (2, "batch.fork")
    assert (came.tally.facts_taken, came.tally.photos_taken) == (0, 1)
    assert str(desk.bench.value("SELECT quarantined FROM devices WHERE device = ?", device.name)).startswith("batch.")


async def test_a_photo_that_is_not_what_was_announced_is_named_and_the_rest_is_taken(
    desk: Desk, device: SimulatedDevice
) -> None:
    good, other, text, long = noise(1), noise(2), b"no picture at all", noise(3, 4 * PIECE_BYTES_MAX + 1)
    with_photos(device, good, other, text, long)
    swapped = [msgspec.structs.replace(piece, data=piece.data[::-1]) for piece in pieces(digest(other).hex(), other)]
    shorter = pieces(digest(good).hex(), good[:-1])
    rest = [piece for photo in (text, long, noise(9), good) for piece in pieces(digest(photo).hex(), photo)]
    batch = CarriedBatch(message=device.message())
    came = await desk.bring(sealed([heading(device), batch, *swapped, *shorter, *rest], device.key))
    assert [(item.about, item.code) for item in came.not_taken] == [
        (digest(other).hex(), "photo.digest"),
        (digest(good).hex(), "photo.digest"),
        (digest(text).hex(), "photo.not_an_image"),
        (digest(long).hex(), "photo.too_large"),
        (digest(noise(9)).hex(), "photo.not_announced"),
    ]
    assert (came.tally.photos_taken, [receipt.digest for receipt in came.photos]) == (1, [digest(good).hex()])
    assert desk.bench.value("SELECT sum(count) FROM refusal_counts WHERE device = ?", device.name) == 5


async def test_a_photo_that_only_another_device_announced_is_not_taken(desk: Desk, device: SimulatedDevice) -> None:
    other = SimulatedDevice("lane-2")
    desk.bench.enrol(other)
    photos = with_photos(other, noise(1))
    desk.bench.send(other)
    with_photos(device)
    came = await desk.bring(carried(device, photos=photos))
    assert [item.code for item in came.not_taken] == ["photo.not_announced"]


@pytest.mark.parametrize("left", [1, 1_000, PIECE_BYTES_MAX, PIECE_BYTES_MAX + 5, 2 * PIECE_BYTES_MAX])
async def test_an_import_that_was_cut_short_is_gone_on_with(desk: Desk, device: SimulatedDevice, left: int) -> None:
    [photo] = with_photos(device, noise(1, 2 * PIECE_BYTES_MAX))
    name, sender = digest(photo).hex(), f"{device.name}.carried"
    desk.behind.photos.add(name, 0, photo[:left], size=len(photo), sender=sender)
    came = await desk.bring(carried(device, photos=[photo]))
    assert (came.tally.photos_taken, came.not_taken) == (1, [])


async def test_pieces_that_came_over_the_network_stay_out_of_it(desk: Desk, device: SimulatedDevice) -> None:
    [photo] = with_photos(device, noise(1))
    name = digest(photo).hex()
    desk.behind.photos.add(name, 0, b"other", size=len(photo), sender=device.name)
    assert (await desk.bring(carried(device, photos=[photo]))).tally.photos_taken == 1
    assert desk.behind.photos.offset(name, sender=device.name) == len(b"other")


def test_rows_are_cut_at_their_ends_and_what_breaks_off_is_not_given() -> None:
    data = b"".join(msgspec.msgpack.encode(item) for item in (b"one", bytes(ITEM_BYTES_MAX), b"three"))
    assert list(rows(io.BytesIO(data[:-1]))) == [b"one", bytes(ITEM_BYTES_MAX)]


@pytest.mark.parametrize(
    "bomb",
    [
        b"\x01",
        b"\xc1",
        b"\x91" * 1_000,
        b"\xc6\x7f\xff\xff\xff" + bytes(3 * ITEM_BYTES_MAX),
        msgspec.msgpack.encode(bytes(ITEM_BYTES_MAX + 1)),
    ],
)
def test_anything_but_byte_strings_of_an_items_size_is_refused(bomb: bytes) -> None:
    with pytest.raises(CarriedError) as refused:
        list(rows(io.BytesIO(bomb)))
    assert refused.value.code == "carried.garbled"
