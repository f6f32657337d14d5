import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from central_hub.doors.uploads import PIECE_BYTES_MAX
from inspection.signing import digest
from tests.central_hub.conftest import until
from tests.central_hub.doors.conftest import PHOTO_BYTES_MAX, Answer, Doors, ticket
from tests.central_hub.simulated_device import SimulatedDevice, picture

JPEG = picture()
SIZE = len(JPEG)
NAME = digest(JPEG).hex()
DONE = Answer(204, str(SIZE), "1")


class Sender:
    """A device that announced one photo and sends it."""

    def __init__(self, doors: Doors, device: SimulatedDevice, data: bytes) -> None:
        self.doors, self.device, self.data = doors, device, data
        self.digest = digest(data).hex()

    async def head(self, **headers: str) -> Answer:
        return await self.doors.ask("HEAD", self.digest, self.headers(**headers))

    async def patch(self, offset: int | str, piece: bytes, **headers: str) -> Answer:
        at = {"Upload-Offset": str(offset)}
        return await self.doors.ask("PATCH", self.digest, {**self.headers(**headers), **at}, piece)

    def headers(self, **changes: str) -> dict[str, str]:
        return ticket(self.device, self.digest, len(self.data), **changes)


@pytest.fixture
async def sender(doors: Doors, device: SimulatedDevice) -> Sender:
    device.announce(device.open_case(), JPEG)
    await doors.commit(device)
    return Sender(doors, device, JPEG)


@asynccontextmanager
async def by_hand(sender: Sender, offset: int, piece: bytes, *, length: int) -> AsyncIterator[asyncio.StreamReader]:
    """A connection on which a PATCH of `length` bytes has begun, and `piece` is all that came of it so far."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sender.doors.port)
    headers = sender.headers() | {"Upload-Offset": str(offset), "Host": "hub", "Content-Length": str(length)}
    lines = [f"PATCH /photos/{sender.digest} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode() + piece)
    await writer.drain()
    yield reader
    writer.close()
    await writer.wait_closed()


def stored(doors: Doors) -> list[tuple[str, int]]:
    return doors.bench.db.execute("SELECT case_id, stored FROM photos ORDER BY case_id").fetchall()


async def announced(doors: Doors, device: SimulatedDevice, data: bytes, **how: object) -> Sender:
    device.announce(device.open_case(), data, **how)  # type: ignore[arg-type]
    await doors.commit(device)
    return Sender(doors, device, data)


async def test_a_photo_goes_up_in_pieces_and_is_complete_once_the_ledger_says_so(doors: Doors, sender: Sender) -> None:
    assert await sender.head() == Answer(200, "0", "0")
    assert await sender.patch(0, JPEG[:100]) == Answer(204, "100", "0")
    assert await sender.head() == Answer(200, "100", "0")
    assert stored(doors) == [("lane-1.1", 0)]
    assert await sender.patch(100, JPEG[100:]) == DONE
    assert stored(doors) == [("lane-1.1", doors.bench.now)]
    assert doors.store.path(NAME).read_bytes() == JPEG


async def test_a_photo_that_is_there_is_answered_as_complete_whatever_is_sent(doors: Doors, sender: Sender) -> None:
    await sender.patch(0, JPEG)
    assert await sender.head() == DONE
    assert await sender.patch(0, b"something else") == DONE
    assert await sender.patch(SIZE, b"") == DONE
    assert doors.store.path(NAME).read_bytes() == JPEG
    assert doors.bench.value("SELECT count(*) FROM entries WHERE kind = 'PhotoStored'") == 1


async def test_a_connection_that_is_cut_in_a_piece_leaves_what_came_before_and_keeps_nobody_out(
    sender: Sender,
) -> None:
    await sender.patch(0, JPEG[:100])
    # The half-open connection still stands, as after a radio gap; the device comes again on another.
    async with by_hand(sender, 100, JPEG[100:150], length=SIZE - 100):
        assert await sender.head() == Answer(200, "100", "0")
        assert await sender.patch(100, JPEG[100:]) == DONE


def refusals(doors: Doors) -> list[tuple[str, str, int]]:
    return doors.bench.db.execute("SELECT device, code, count FROM refusal_counts").fetchall()


async def test_what_no_device_sends_that_works_is_counted_for_the_operator(
    doors: Doors, device: SimulatedDevice, sender: Sender
) -> None:
    assert (await sender.patch(0, bytes(SIZE))).code == "photo.digest"
    await asyncio.to_thread(until, lambda: refusals(doors) == [(device.name, "photo.digest", 1)])
    text = doors.bench.db.execute("SELECT text FROM refusals").fetchone()[0]
    assert text == "the bytes that came are not the photo that was announced"
    assert (await sender.patch(7, b"")).code == "photo.offset"
    assert (await sender.patch(0, JPEG, **{"Passlane-Ticket": "00"})).code == "photo.ticket"
    assert await sender.patch(0, JPEG) == DONE
    assert refusals(doors) == [(device.name, "photo.digest", 1)]


async def test_a_device_has_few_requests_at_once_and_leaves_room_for_the_others(
    doors: Doors, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central_hub.doors.uploads.REQUESTS_AT_ONCE_MAX", 2)
    other, photo = SimulatedDevice("pda-1"), picture(5)
    doors.bench.enrol(other, "pda")
    theirs = await announced(doors, other, photo)
    async with by_hand(sender, 0, b"x", length=SIZE), by_hand(sender, 0, b"y", length=SIZE):
        await asyncio.to_thread(until, lambda: doors.uploads._at_once[sender.device.name] == 2)
        assert (await sender.patch(0, JPEG)).code == "photo.too_many"
        assert (await theirs.patch(0, photo)).complete == "1"
    await asyncio.to_thread(until, lambda: not doors.uploads._at_once)
    assert await sender.patch(0, JPEG) == DONE


async def test_a_hub_without_room_takes_no_piece_and_the_photo_may_come_later(
    doors: Doors, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors.store, "_free_bytes_min", 2**62)
    answer = await sender.patch(0, JPEG)
    assert (answer.status, answer.code) == (507, "hub.disk")
    monkeypatch.setattr(doors.store, "_free_bytes_min", 0)
    assert await sender.patch(0, JPEG) == DONE
    assert refusals(doors) == []


async def test_a_piece_that_does_not_come_in_time_is_given_up(doors: Doors, sender: Sender) -> None:
    doors.uploads._piece_seconds_max = 0.05
    async with by_hand(sender, 0, JPEG[:50], length=SIZE) as reader:
        assert (await asyncio.wait_for(reader.readline(), 10)).startswith(b"HTTP/1.1 408")
    assert await sender.head() == Answer(200, "0", "0")


async def test_all_bytes_here_but_not_finished_is_finished_by_an_empty_piece(doors: Doors, sender: Sender) -> None:
    """As after a hub that ended between the last piece and the photo's place."""
    doors.store.add(NAME, 0, JPEG, size=SIZE, sender=sender.device.name)
    assert await sender.head() == Answer(200, str(SIZE), "0")
    assert await sender.patch(SIZE, b"") == DONE


async def test_a_file_on_the_disk_that_the_ledger_does_not_know_is_committed_by_the_next_question(
    doors: Doors, sender: Sender
) -> None:
    """As after a hub that ended between the photo's place and the ledger."""
    doors.store.add(NAME, 0, JPEG, size=SIZE)
    doors.store.finish(NAME, media="image/jpeg")
    assert stored(doors) == [("lane-1.1", 0)]
    assert await sender.head() == DONE
    assert stored(doors) == [("lane-1.1", doors.bench.now)]


async def test_a_photo_that_no_fact_announced_is_not_taken(doors: Doors, device: SimulatedDevice) -> None:
    stranger = Sender(doors, device, b"never announced")
    assert (await stranger.head()).status == 404
    assert await stranger.patch(0, b"never") == Answer(404, code="photo.not_announced")


@pytest.mark.parametrize(
    "changes",
    [
        {"Passlane-Ticket": ""},
        {"Passlane-Ticket": "00" * 64},
        {"Passlane-Ticket": "zz"},
        {"Passlane-Ticket": "é"},
        {"Passlane-Ticket": "ab" * 3000},
        {"Passlane-Device": ""},
        {"Passlane-Device": "hub"},
        {"Passlane-Device": "lane-2"},
        {"Passlane-Device": "../lane-1"},
        {"Passlane-Device": "lane-1' OR 1=1 --"},
        {"Passlane-Device": "\udcff\udcfe"},
    ],
)
async def test_a_forged_ticket_is_refused_and_nothing_written(
    doors: Doors, sender: Sender, changes: dict[str, str]
) -> None:
    assert (await sender.head(**changes)).status == 403
    assert await sender.patch(0, JPEG, **changes) == Answer(403, code="photo.ticket")
    assert doors.store.offset(NAME) == 0


async def test_a_ticket_for_another_photo_or_another_size_is_refused(doors: Doors, sender: Sender) -> None:
    other = ticket(sender.device, "0" * 64, SIZE)
    assert (await sender.head(**other)).status == 403
    assert (await sender.head(**ticket(sender.device, NAME, SIZE + 1))).status == 403


async def test_another_enrolled_device_cannot_send_the_photo(doors: Doors, sender: Sender) -> None:
    other = SimulatedDevice("pda-1")
    key = other.key.public
    enrol = doors.writer.submit(lambda: doors.bench.casework.enrolment.enrol("pda-1", "pda", "", public_key=key))
    await asyncio.wrap_future(enrol)
    assert await Sender(doors, other, JPEG).patch(0, JPEG) == Answer(403, code="photo.ticket")


async def test_a_device_that_announces_the_same_photo_with_a_false_size_does_not_stop_the_true_one(
    doors: Doors, sender: Sender
) -> None:
    other = SimulatedDevice("aaa")
    key = other.key.public
    await asyncio.wrap_future(
        doors.writer.submit(lambda: doors.bench.casework.enrolment.enrol("aaa", "pda", "", public_key=key))
    )
    other.announce(other.open_case(), JPEG, size=1)
    await doors.commit(other)
    assert await sender.head() == Answer(200, "0", "0")
    assert await sender.patch(0, JPEG) == DONE


@pytest.mark.parametrize("offset", ["", "x", "0x0", "1.5", "9" * 5000])
async def test_an_offset_that_is_no_number_is_refused(sender: Sender, offset: str) -> None:
    assert await sender.patch(offset, JPEG) == Answer(400, code="photo.offset")


@pytest.mark.parametrize("offset", [-1, 1, 2**63, 10**30])
async def test_an_offset_that_is_not_the_next_byte_is_refused(sender: Sender, offset: int) -> None:
    assert await sender.patch(offset, JPEG) == Answer(409, code="photo.offset")


async def test_two_uploads_of_one_photo_at_once_leave_one_whole_photo(doors: Doors, sender: Sender) -> None:
    answers = await asyncio.gather(*(sender.patch(0, JPEG) for _ in range(8)))
    assert {answer.status for answer in answers} <= {204, 409}
    assert DONE in answers
    assert doors.store.path(NAME).read_bytes() == JPEG
    assert doors.bench.value("SELECT count(*) FROM entries WHERE kind = 'PhotoStored'") == 1


async def test_a_photo_that_is_being_written_is_busy(doors: Doors, sender: Sender) -> None:
    doors.uploads._busy.add(NAME)
    assert await sender.patch(0, JPEG) == Answer(409, code="photo.busy")
    doors.uploads._busy.clear()
    assert await sender.patch(0, JPEG) == DONE


async def test_a_photo_announced_larger_than_the_limit_is_refused(doors: Doors, device: SimulatedDevice) -> None:
    sender = await announced(doors, device, b"\0" * (PHOTO_BYTES_MAX + 1))
    assert (await sender.head()).status == 413
    assert await sender.patch(0, b"\0") == Answer(413, code="photo.too_large")


async def test_a_piece_beyond_the_announced_size_is_refused(sender: Sender) -> None:
    assert await sender.patch(0, JPEG + b"\0") == Answer(413, code="photo.too_large")
    assert await sender.head() == Answer(200, "0", "0")


async def test_the_largest_piece_is_taken_and_a_larger_one_is_not(doors: Doors, device: SimulatedDevice) -> None:
    sender = await announced(doors, device, b"\0" * (2 * PIECE_BYTES_MAX))
    assert (await sender.patch(0, b"\0" * (PIECE_BYTES_MAX + 1))).status == 413
    assert await sender.patch(0, b"\0" * PIECE_BYTES_MAX) == Answer(204, str(PIECE_BYTES_MAX), "0")


async def test_a_length_that_is_only_claimed_costs_nothing(sender: Sender) -> None:
    async with by_hand(sender, 0, b"\0" * (PIECE_BYTES_MAX + 1), length=10**15) as reader:
        assert (await asyncio.wait_for(reader.readline(), 10)).startswith(b"HTTP/1.1 413")
    assert await sender.head() == Answer(200, "0", "0")


@pytest.mark.parametrize("media", ["image/png", "image/gif", "text/html", ""])
async def test_bytes_of_another_kind_than_announced_are_refused(
    doors: Doors, device: SimulatedDevice, media: str
) -> None:
    sender = await announced(doors, device, JPEG, media=media)
    assert await sender.patch(0, JPEG) == Answer(415, code="photo.not_an_image")
    assert await sender.patch(SIZE, b"") == Answer(415, code="photo.not_an_image")


async def test_bytes_with_another_digest_are_refused_and_may_come_again(sender: Sender) -> None:
    assert await sender.patch(0, JPEG[:-1] + b"\0") == Answer(422, code="photo.digest")
    assert await sender.head() == Answer(200, "0", "0")
    assert await sender.patch(0, JPEG) == DONE


@pytest.mark.parametrize(
    "name",
    ["x", "A" * 64, "a" * 65, "..%2F..%2Fledger.db", "%2e%2e", "%00" * 64, "a" * 63 + "%0A", "%ff" * 64, "é" * 64],
)
async def test_no_name_leads_anywhere_else(doors: Doors, sender: Sender, name: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", doors.port)
    writer.write(f"HEAD /photos/{name} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n".encode())
    status = await asyncio.wait_for(reader.readline(), 10)
    assert status.split()[1] in {b"400", b"404"}
    writer.close()
    await writer.wait_closed()


async def test_a_hub_whose_store_failed_says_so_and_never_complete(
    doors: Doors, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(doors.bench.casework, "finish", full)
    ask: list[Callable[[], Awaitable[Answer]]] = [lambda: sender.patch(0, JPEG), sender.head]
    for again in ask:
        assert (await again()).status == 503
    assert stored(doors) == [("lane-1.1", 0)]


async def test_a_photo_of_two_cases_is_sent_once_and_counts_for_both(doors: Doors, sender: Sender) -> None:
    second = await announced(doors, sender.device, JPEG)
    assert await sender.patch(0, JPEG) == DONE
    assert await second.head() == DONE
    assert [at for _, at in stored(doors)] == [doors.bench.now, doors.bench.now]
