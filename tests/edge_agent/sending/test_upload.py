import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from edge_agent.courier import KeptPhoto
from edge_agent.sending.upload import NotAnnounced, Outcome, Refused, Stored, TryLater, UploadTarget, upload_photo
from tests.edge_agent.stand_ins.fakes import DEVICE, DEVICE_KEY, HUB_KEY
from tests.edge_agent.stand_ins.photo_door import PhotoDoor

DATA = bytes(range(256)) * 10
DIGEST = hashlib.sha256(DATA).hexdigest()
PHOTO = KeptPhoto(digest=DIGEST, media="image/jpeg", size=len(DATA), case="pda-7.1", seq=2, created=0, state="kept")


class Desk:
    """One hub door and a device that sends to it."""

    def __init__(self, door: PhotoDoor, server: BaseTestServer, session: aiohttp.ClientSession) -> None:
        self.door = door
        self.session = session
        self.target = UploadTarget(
            http_url=str(server.make_url("/")),
            device=DEVICE,
            key=DEVICE_KEY,
            hub_public=HUB_KEY.public,
            chunk_bytes=1_000,
        )

    async def send(self) -> Outcome:
        return await upload_photo(self.session, self.target, PHOTO, DATA)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    door = PhotoDoor({DIGEST: len(DATA)})
    async with TestServer(door.app(), host="127.0.0.1") as server, aiohttp.ClientSession() as session:
        yield Desk(door, server, session)


async def test_a_receipt_that_is_not_the_hubs_is_none(desk: Desk) -> None:
    desk.door.receipt_key = DEVICE_KEY
    assert isinstance(await desk.send(), TryLater)
    desk.door.receipt_key = HUB_KEY
    assert await desk.send() == Stored()


async def test_a_photo_travels_in_pieces_and_is_stored_when_the_hub_says_so(desk: Desk) -> None:
    assert await desk.send() == Stored()
    assert bytes(desk.door.came[DIGEST]) == DATA
    assert desk.door.offsets == [0, 1_000, 2_000]


async def test_a_photo_that_the_hub_has_is_not_sent_again(desk: Desk) -> None:
    await desk.send()
    desk.door.offsets.clear()
    assert await desk.send() == Stored()
    assert desk.door.offsets == []


async def test_an_upload_that_broke_off_goes_on_where_the_hub_has_it(desk: Desk) -> None:
    desk.door.answers = [(200, ""), (200, ""), (0, "")]
    broken = await desk.send()
    assert isinstance(broken, TryLater)
    desk.door.offsets.clear()
    assert await desk.send() == Stored()
    assert desk.door.offsets == [1_000, 2_000]


async def test_when_all_bytes_are_there_but_not_committed_an_empty_piece_asks_for_it(desk: Desk) -> None:
    desk.door.came[DIGEST] = bytearray(DATA)
    assert await desk.send() == Stored()
    assert desk.door.offsets == [len(DATA)]


async def test_a_photo_that_is_not_announced_yet_waits(desk: Desk) -> None:
    desk.door.sizes.clear()
    assert await desk.send() == NotAnnounced()
    desk.door.sizes[DIGEST] = len(DATA)
    desk.door.answers = [(200, ""), (404, "")]
    assert await desk.send() == NotAnnounced()


async def test_after_a_quarrel_about_the_offset_the_hub_is_asked_again(desk: Desk) -> None:
    desk.door.answers = [(200, ""), (409, "")]
    assert await desk.send() == Stored()


async def test_an_endless_quarrel_about_the_offset_is_left_for_later(desk: Desk) -> None:
    desk.door.answers = [(200, ""), (409, "")] * 3
    assert isinstance(await desk.send(), TryLater)


@pytest.mark.parametrize("status", [413, 415, 422])
async def test_a_refusal_carries_the_hubs_code_and_words(desk: Desk, status: int) -> None:
    desk.door.answers = [(200, ""), (status, '{"code": "photo.digest", "text": "not the photo"}')]
    assert await desk.send() == Refused("photo.digest", "not the photo")


@pytest.mark.parametrize("body", ["<html>", "", "[1]", '{"code": 1}', "[" * 5_000])
async def test_a_refusal_without_words_is_still_a_refusal(desk: Desk, body: str) -> None:
    desk.door.answers = [(200, ""), (413, body)]
    assert await desk.send() == Refused("upload.413", "the hub answered 413")


@pytest.mark.parametrize("status", [301, 400, 401, 403, 500, 503])
async def test_any_other_answer_is_a_reason_to_try_later(desk: Desk, status: int) -> None:
    desk.door.answers = [(status, "")]
    assert await desk.send() == TryLater(f"the hub answered {status}")


async def test_a_hub_that_says_nothing_of_its_offset_is_tried_later(desk: Desk) -> None:
    desk.door.answers = [(204, "")]
    assert isinstance(await desk.send(), TryLater)


async def test_a_hub_that_has_more_than_there_is_is_tried_later(desk: Desk) -> None:
    desk.door.came[DIGEST] = bytearray(DATA + b"more")
    assert isinstance(await desk.send(), TryLater)


async def test_a_hub_that_takes_nothing_does_not_keep_the_device_busy(desk: Desk) -> None:
    desk.door.came[DIGEST] = bytearray(len(DATA))
    assert isinstance(await desk.send(), TryLater)
    assert len(desk.door.offsets) == 1


async def test_a_hub_that_cannot_be_reached_is_tried_later(desk: Desk) -> None:
    desk.target = replace(desk.target, http_url="http://127.0.0.1:9")
    outcome = await desk.send()
    assert isinstance(outcome, TryLater)
    assert "cannot be reached" in outcome.reason


async def test_a_hub_that_does_not_answer_is_tried_later(desk: Desk) -> None:
    desk.target = replace(desk.target, request_seconds_max=0.000_001)
    assert await desk.send() == TryLater("the hub did not answer in time")


async def test_a_cap_on_the_rate_lets_everything_through(desk: Desk) -> None:
    desk.target = replace(desk.target, bytes_per_second_max=1_000_000)
    assert await desk.send() == Stored()
