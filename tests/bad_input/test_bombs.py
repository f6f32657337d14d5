"""Messages and photos that are made to do harm: too many, too large, too deep, too slow, or not what they say."""

import contextlib
import http.client
import select
import socket
import urllib.parse

import pytest

from central_hub.doors.serving import CONNECTIONS_MAX
from inspection import topics
from inspection.facts import PhotoRefused
from inspection.signing import digest
from tests.bad_input.conftest import SECONDS_MAX, Honest, Operator
from tests.bad_input.thief import Thief, answered
from tests.central_hub.conftest import until
from tests.central_hub.simulated_device import picture
from tests.wires.site import Site

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

GARBAGE_MESSAGES = 3_000
HANGING_UPLOADS = 40
NESTED = 80_000
ENDLESS_BYTES = 256 * 1024 * 1024


def announcing(site: Site, name: str, photo: bytes) -> Thief:
    """Return a thief whose device has announced one photo."""
    thief = Thief(site, name)
    thief.announce(thief.open_case(), photo)
    thief.commits()
    return thief


@pytest.mark.parametrize(
    ("bomb", "code"),
    [
        pytest.param(b"\x91" * NESTED, "wire.garbled", id="arrays in arrays"),
        pytest.param(b"\x81\xa1a" * NESTED, "wire.garbled", id="maps in maps"),
        pytest.param(b"\xdd\xff\xff\xff\xff", "wire.garbled", id="an array of four thousand million"),
        pytest.param(b"\xc6" + bytes(600 * 1024), "wire.too_large", id="600 KB"),
    ],
)
@pytest.mark.parametrize("topic", [topics.facts("pda-bomber"), topics.contact("pda-bomber")], ids=["facts", "contact"])
def test_a_message_bomb_is_counted_and_said_in_words(
    site: Site, operator: Operator, honest: Honest, bomb: bytes, code: str, topic: str
) -> None:
    thief = Thief(site, "pda-bomber")
    before = operator.times_refused(thief.name, code)
    thief.say(bomb, topic=topic)
    honest.gets_a_sticker()
    until(lambda: operator.times_refused(thief.name, code) == before + 1, seconds_max=SECONDS_MAX)
    words = {"wire.garbled": "cannot be read", "wire.too_large": "bytes, this one"}
    assert words[code] in operator.refused(thief.name, code).text


def test_a_flood_of_garbage_is_counted_and_keeps_nobody_else_waiting(
    site: Site, operator: Operator, honest: Honest
) -> None:
    thief = Thief(site, "pda-flood")
    before = operator.dropped()
    with site.wire(thief.home) as wire:
        messages = [bytes([0xC1]) * (1 + number % 40) for number in range(GARBAGE_MESSAGES)]
        assert wire.say_many(thief.topic, messages)
        honest.gets_a_sticker()

    def dealt_with() -> int:
        return operator.times_refused(thief.name, "wire.garbled") + operator.dropped() - before

    until(lambda: dealt_with() >= GARBAGE_MESSAGES, seconds_max=SECONDS_MAX)
    assert "cannot be read" in operator.refused(thief.name, "wire.garbled").text
    honest.gets_a_sticker()


def test_a_photo_whose_bytes_are_not_its_digest_is_refused_counted_and_may_come_again(
    site: Site, operator: Operator, honest: Honest
) -> None:
    photo = picture(1)
    thief = announcing(site, "pda-swapped", photo)
    swapped = bytes([photo[0] ^ 1]) + photo[1:]
    answer = thief.send_photo(photo, swapped)
    assert answer == (422, "photo.digest", "the bytes that came are not the photo that was announced")
    refused = operator.refused("pda-swapped", "photo.digest")
    assert (refused.times, refused.text) == (1, answer.text)
    assert "not the photo that was announced" in operator.page("/operations")
    honest.gets_a_sticker()
    assert thief.send_photo(photo, photo).status == http.client.NO_CONTENT
    assert site.count("SELECT count(*) FROM entries WHERE kind = 'PhotoStored' AND case_id = 'pda-swapped.1'") == 1


def test_bytes_that_are_no_picture_are_refused_and_counted(site: Site, operator: Operator, honest: Honest) -> None:
    page = b"<script>alert(1)</script>" * 9
    thief = announcing(site, "pda-page", page)
    assert thief.send_photo(page, page)[:2] == (415, "photo.not_an_image")
    assert operator.refused("pda-page", "photo.not_an_image").text == "the bytes are no image/jpeg"
    honest.gets_a_sticker()


def test_an_upload_of_more_than_was_announced_ends_there(site: Site, operator: Operator, honest: Honest) -> None:
    photo = picture(2)
    thief = announcing(site, "pda-endless-photo", photo)
    answer = thief.send_photo(photo, photo + b"and more")
    assert answer[:2] == (413, "photo.too_large")
    assert f"announced with {len(photo)}" in answer.text
    assert operator.refused("pda-endless-photo", "photo.too_large").text == answer.text
    honest.gets_a_sticker()
    assert thief.send_photo(photo, photo).status == http.client.NO_CONTENT


def test_a_body_without_an_end_is_answered_before_it_ends(site: Site, operator: Operator, honest: Honest) -> None:
    photo = picture(3)
    thief = announcing(site, "pda-stream", photo)
    place = urllib.parse.urlsplit(site.url)
    name = digest(photo).hex()
    headers = thief.ticket(name, len(photo)) | {"Upload-Offset": "0", "Transfer-Encoding": "chunked"}
    lines = [f"PATCH /photos/{name} HTTP/1.1", f"Host: {place.netloc}", *(f"{k}: {v}" for k, v in headers.items())]
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    with socket.create_connection((place.hostname, place.port), SECONDS_MAX) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        said, sent = False, 0
        while not said and sent < ENDLESS_BYTES:
            connection.sendall(chunk)
            sent += len(chunk)
            said = bool(select.select([connection], [], [], 0.001)[0])
        assert answered(connection) == (413, "photo.too_large", "a piece has at most 1048576 bytes")
    assert operator.refused("pda-stream", "photo.too_large").text == "a piece has at most 1048576 bytes"
    honest.gets_a_sticker()
    assert thief.send_photo(photo, photo).status == http.client.NO_CONTENT


def test_pieces_that_only_trickle_keep_nobody_out_and_not_even_their_own_photo(site: Site, honest: Honest) -> None:
    photo = picture(4)
    thief = announcing(site, "pda-trickle", photo)
    name = digest(photo).hex()
    headers = thief.ticket(name, len(photo)) | {"Upload-Offset": "0"}
    with thief.hanging(f"/photos/{name}", headers, length=1024 * 1024, count=HANGING_UPLOADS) as begun:
        honest.gets_a_sticker()
        # Not so many at once: each may hold a piece in the hub's memory.
        assert answered(begun[-1])[:2] == (429, "photo.too_many")
    assert thief.send_photo(photo, photo).status == http.client.NO_CONTENT
    honest.gets_a_sticker()


def test_connections_that_say_nothing_keep_no_device_out(site: Site, honest: Honest) -> None:
    """Anybody can open them, without any sign-in."""
    place = urllib.parse.urlsplit(site.url)
    half = f"GET /healthz HTTP/1.1\r\nHost: {place.netloc}\r\n".encode()
    with contextlib.ExitStack() as opened:
        for _ in range(CONNECTIONS_MAX + 100):
            connection = opened.enter_context(socket.create_connection((place.hostname, place.port), SECONDS_MAX))
            connection.sendall(half)
        honest.gets_a_sticker()
    honest.gets_a_sticker()


def test_what_a_device_says_in_words_stays_words_on_the_operators_page(
    site: Site, operator: Operator, honest: Honest
) -> None:
    thief = Thief(site, "pda-script")
    thief.write(PhotoRefused(kind="L45", code="photo.none", detail="<script>alert(1)</script>"), thief.open_case())
    thief.commits()
    assert "<script>" in operator.refused("pda-script", "photo.none").text
    assert "<script>alert" not in operator.page("/operations")
    honest.gets_a_sticker()
