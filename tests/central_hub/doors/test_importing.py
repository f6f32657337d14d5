import asyncio
import io
import shutil
from collections.abc import AsyncIterator
from typing import NamedTuple

import msgspec
import pytest
from aiohttp import web

from central_hub.doors import importing
from central_hub.doors.carried import Behind
from central_hub.doors.importing import FOLDER, Importing
from tests.central_hub.conftest import until
from tests.central_hub.doors.carried_files import answered, carried
from tests.central_hub.doors.conftest import Doors
from tests.central_hub.simulated_device import SimulatedDevice

FILE_BYTES_MAX = 1_000_000
SIGN_IN = {"Authorization": "an operator"}


class Said(NamedTuple):
    """An answer: its status, and the code of a refusal or the file of receipts."""

    status: int
    code: str = ""
    text: str = ""
    data: bytes = b""


class Door:
    """The door behind a real server."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors
        self.bench = doors.bench
        behind = Behind(
            photos=doors.store,
            reading=doors.reading,
            writer=doors.writer,
            casework=doors.bench.casework,
            key=doors.bench.key,
            now=lambda: doors.bench.now,
            photo_bytes_max=FILE_BYTES_MAX,
        )
        self.importing = Importing(behind, doors.bench.folder, operator=self.operator, file_bytes_max=FILE_BYTES_MAX)
        self.asked = 0
        self.url = ""
        self.port = 0

    async def operator(self, request: web.Request) -> str:
        self.asked += 1
        return request.headers.get("Authorization", "")

    async def serve(self) -> web.AppRunner:
        application = web.Application(client_max_size=1_000)
        application.add_routes(self.importing.routes())
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, self.port = runner.addresses[0][:2]
        self.url = f"http://{host}:{self.port}/api/carried"
        return runner

    async def bring(self, data: bytes, *, headers: dict[str, str] | None = None, expect: bool = True) -> Said:
        signed = SIGN_IN if headers is None else headers
        body = io.BytesIO(data)
        session = self.doors.session
        async with session.post(self.url, data=body, headers=signed, expect100=expect) as answer:
            came = await answer.read()
            if answer.status == 200:
                return Said(200, data=came)
            said = msgspec.json.decode(came, type=dict[str, str])
            return Said(answer.status, said["code"], said["text"])

    @property
    def left(self) -> list[str]:
        folder = self.bench.folder / FOLDER
        return [path.name for path in folder.iterdir()] if folder.exists() else []


def head(data: bytes) -> bytes:
    """The lines of a request, but for the empty one."""
    lines = ("POST /api/carried HTTP/1.1", "Host: hub", "Authorization: me", f"Content-Length: {len(data)}", "")
    return "\r\n".join(lines).encode()


@pytest.fixture
async def door(doors: Doors) -> AsyncIterator[Door]:
    made = Door(doors)
    runner = await made.serve()
    yield made
    await runner.cleanup()


@pytest.fixture
def data(device: SimulatedDevice) -> bytes:
    device.open_case()
    return carried(device)


@pytest.mark.parametrize("expect", [True, False])
async def test_a_file_is_taken_and_answered_with_receipts(door: Door, data: bytes, *, expect: bool) -> None:
    came = await door.bring(data, expect=expect)
    assert came.status == 200
    assert answered(came.data, door.bench.key.public).receipt.have == 1
    assert (door.asked, door.left) == (1, [])


@pytest.mark.parametrize("expect", [True, False])
async def test_only_an_operator_may_bring_a_file(door: Door, data: bytes, *, expect: bool) -> None:
    assert (await door.bring(data, headers={}, expect=expect))[:2] == (401, "carried.sign_in")
    assert door.bench.value("SELECT have FROM devices WHERE device = 'lane-1'") == 0


async def test_a_file_that_does_not_hold_is_refused_counted_and_not_kept(door: Door, data: bytes) -> None:
    said = await door.bring(data[:-10])
    assert said[:2] == (422, "carried.truncated")
    assert "copy it again" in said.text
    counted = door.bench.db.rows("SELECT device, code, text FROM refusals")
    assert counted == [{"device": "lane-1", "code": "carried.truncated", "text": said.text}]
    assert door.left == []
    assert (await door.bring(data)).status == 200


async def test_a_file_that_is_too_large_is_refused_before_it_is_sent(door: Door) -> None:
    said = await door.bring(bytes(FILE_BYTES_MAX + 1))
    assert said[:2] == (413, "carried.too_large")
    assert "--split" in said.text


async def test_a_file_for_which_there_is_no_room_is_refused(
    door: Door, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil._ntuple_diskusage(1_000, 1_000, importing.SPOOL_FREE_BYTES_MIN)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: full)
    assert (await door.bring(data))[:2] == (507, "hub.disk")


async def test_a_file_of_unknown_length_is_refused(door: Door, data: bytes) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield data

    async with door.doors.session.post(door.url, data=endless(), headers=SIGN_IN, expect100=True) as answer:
        assert (answer.status, (await answer.json())["code"]) == (411, "carried.length")


async def test_an_upload_that_never_ends_is_cut_off_and_the_next_file_is_taken(door: Door, data: bytes) -> None:
    door.importing._upload_seconds_min = 0.2
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(head(data) + b"\r\n" + data[:-1])
    came = await reader.readuntil(b"}")
    writer.close()
    assert came.startswith(b"HTTP/1.1 408")
    assert b"carried.slow" in came
    assert door.left == []
    door.importing._upload_seconds_min = importing.UPLOAD_SECONDS_MIN
    assert (await door.bring(data)).status == 200


async def test_whoever_goes_away_in_the_middle_leaves_nothing_behind(door: Door, data: bytes) -> None:
    _reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(head(data) + b"\r\n" + data[:-1])
    await writer.drain()
    await asyncio.to_thread(until, lambda: door.left)
    writer.close()
    await asyncio.to_thread(until, lambda: not door.importing._busy)
    assert door.left == []
    assert (await door.bring(data)).status == 200


async def test_one_file_at_a_time(door: Door, data: bytes) -> None:
    door.importing._busy = True
    for expect in (True, False):
        assert (await door.bring(data, expect=expect))[:2] == (409, "carried.busy")


async def test_two_that_were_admitted_together_do_not_come_in_together(
    door: Door, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def admitted(_self: Importing, _request: web.Request) -> None:
        door.importing._busy = True

    monkeypatch.setattr(Importing, "_not_admitted", admitted)
    assert (await door.bring(data))[:2] == (409, "carried.busy")


async def test_a_store_that_takes_no_more_work_is_said_so(door: Door, data: bytes) -> None:
    await asyncio.to_thread(door.doors.writer.stop)
    assert (await door.bring(data))[:2] == (503, "hub.store")


async def test_a_disk_that_refuses_is_said_so(door: Door, data: bytes) -> None:
    (door.bench.folder / FOLDER).write_text("a file where the folder should be")
    assert (await door.bring(data))[:2] == (507, "hub.disk")
