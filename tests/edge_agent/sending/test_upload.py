import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from edge_agent.courier import KeptPhoto
from edge_agent.sending.events import NotAnnounced, Outcome, Refused, Stored, TryLater
from edge_agent.sending.upload import Throttle, Trip, UploadError, UploadTarget, open_session, upload_photo
from tests.edge_agent.stand_ins.fakes import DEVICE, DEVICE_KEY, HUB_KEY
from tests.edge_agent.stand_ins.photo_door import PhotoDoor
from tests.made_certificates import make_certificate

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


@pytest.mark.parametrize("cut", [1, 999, 1_000, 1_234, 2_559])
async def test_after_a_cut_at_any_byte_the_next_attempt_starts_there_and_never_at_the_beginning(
    desk: Desk, cut: int
) -> None:
    desk.door.came[DIGEST] = bytearray(DATA[:cut])
    trip = Trip()
    assert await upload_photo(desk.session, desk.target, PHOTO, DATA, trip=trip) == Stored()
    assert desk.door.offsets[0] == cut
    assert trip.sent_bytes == len(DATA) - cut


async def test_a_photo_that_was_never_tried_begins_without_asking(desk: Desk) -> None:
    outcome = await upload_photo(desk.session, desk.target, PHOTO, DATA, trip=Trip(never_tried=True))
    assert outcome == Stored()
    assert [request.split()[0] for request in desk.door.requests] == ["PATCH"] * 3


async def test_where_the_hub_has_some_of_it_all_the_same_the_first_quarrel_makes_it_ask(desk: Desk) -> None:
    desk.door.came[DIGEST] = bytearray(DATA[:1_500])
    trip = Trip(never_tried=True)
    assert await upload_photo(desk.session, desk.target, PHOTO, DATA, trip=trip) == Stored()
    assert desk.door.offsets == [0, 1_500, 2_500]
    assert trip.sent_bytes == 1_000 + len(DATA) - 1_500


async def test_one_that_was_never_tried_and_is_at_the_hub_already_is_stored_at_once(desk: Desk) -> None:
    await desk.send()
    trip = Trip(never_tried=True)
    desk.door.complete.add(DIGEST)
    assert await upload_photo(desk.session, desk.target, PHOTO, DATA, trip=trip) == Stored()


async def test_one_that_was_never_tried_and_is_not_announced_yet_waits(desk: Desk) -> None:
    desk.door.sizes.clear()
    trip = Trip(never_tried=True)
    assert await upload_photo(desk.session, desk.target, PHOTO, DATA, trip=trip) == NotAnnounced()


async def test_uploads_side_by_side_share_one_cap(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    sleeping = 0

    async def sleep(seconds: float) -> None:
        nonlocal sleeping
        sleeping += 1
        assert sleeping == 1, "two uploads paused at the same time, and so together went twice as fast"
        pauses.append(seconds)
        await sleeps(0)
        sleeping -= 1

    sleeps = asyncio.sleep
    monkeypatch.setattr("edge_agent.sending.upload.asyncio.sleep", sleep)
    throttle = Throttle(1_000)
    await asyncio.gather(*(throttle.pause(size) for size in (500, 1_000, 250)))
    await Throttle(None).pause(10**9)
    assert pauses == [0.5, 1.0, 0.25]


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


async def test_why_a_hub_takes_no_photo_just_now_is_said_at_the_device(desk: Desk) -> None:
    desk.door.answers = [(200, ""), (507, '{"code": "hub.disk", "text": "the disk has no room"}')]
    assert await desk.send() == TryLater("the hub answered 507: the disk has no room")


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


async def test_over_https_the_hub_is_trusted_by_the_file_of_certificates_and_not_without(tmp_path: Path) -> None:
    made = make_certificate(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(made.certificate, made.key)
    door = PhotoDoor({DIGEST: len(DATA)})
    server = TestServer(door.app(), host="127.0.0.1")
    await server.start_server(ssl=serving)
    target = UploadTarget(
        http_url=str(server.make_url("/")), device=DEVICE, key=DEVICE_KEY, hub_public=HUB_KEY.public, chunk_bytes=1_000
    )
    try:
        async with open_session(target) as session:
            outcome = await upload_photo(session, target, PHOTO, DATA)
            assert outcome == TryLater("the hub cannot be reached: ClientConnectorCertificateError")
        async with open_session(replace(target, ca_file=str(made.authority))) as session:
            assert await upload_photo(session, target, PHOTO, DATA) == Stored()
    finally:
        await server.close()


def test_certificates_that_cannot_be_read_are_told(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="the certificates for the hub cannot be read"):
        open_session(replace(desk.target, ca_file=str(tmp_path / "missing.pem")))
