import asyncio
import io
import ssl
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from central_hub import HubError
from central_hub.doors import serving
from central_hub.doors.serving import Connections, in_time, listen
from central_hub.installation import free_port
from tests.made_certificates import make_certificate

HOST = "127.0.0.1"
FILE_BYTES = 3 * 1024 * 1024
SECONDS_MAX = 300.0


class End(asyncio.Transport):
    """The hub's end of a connection from an address, which notes whether it was cut off."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})
        self.gone = asyncio.Event()

    @property
    def cut(self) -> bool:
        return self.gone.is_set()

    def abort(self) -> None:
        self.gone.set()


class Silent(asyncio.Protocol):
    """What answers requests, and here does not."""


async def connected(connections: Connections, *addresses: str) -> list[End]:
    ends = [End(address) for address in addresses]
    for end in ends:
        connections.watched(Silent)().connection_made(end)
    return ends


def cut(ends: list[End]) -> list[int]:
    return [number for number, end in enumerate(ends) if end.cut]


async def test_where_there_are_too_many_the_oldest_of_the_most_crowded_address_is_cut_off() -> None:
    connections = Connections(4)
    ends = await connected(connections, "other", "crowd", "crowd", "crowd", "crowd", "other")
    assert cut(ends) == [1, 2]
    assert connections.count == 4


async def test_who_has_asked_for_something_is_cut_off_after_those_who_said_nothing() -> None:
    connections = Connections(2)
    ends = [End("crowd") for _ in range(4)]
    asking = connections.watched(Silent)()
    asking.connection_made(ends[0])
    asking.data_received(b"GET / HTTP/1.1\r\n\r")
    asking.data_received(b"\nHost")
    for end in ends[1:3]:
        connections.watched(Silent)().connection_made(end)
    assert cut(ends) == [1]
    ended = connections.watched(Silent)()
    ended.connection_made(ends[3])
    assert cut(ends) == [1, 2]
    ended.connection_lost(None)
    assert connections.count == 1


async def test_who_does_not_end_the_head_of_a_request_in_time_is_cut_off_and_who_does_is_not() -> None:
    connections = Connections(head_seconds_max=0.02)
    ends = [End("pda"), End("pda")]
    asking, dawdling = (connections.watched(Silent)() for _ in ends)
    for protocol, end in ((asking, ends[0]), (dawdling, ends[1])):
        protocol.connection_made(end)
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: hub\r\n")
    asking.data_received(b"\r\n")
    await asyncio.wait_for(ends[1].gone.wait(), SECONDS_MAX)
    assert cut(ends) == [1]
    assert connections.count == 1


@pytest.fixture
async def runner(tmp_path: Path) -> AsyncIterator[web.AppRunner]:
    (tmp_path / "photo").write_bytes(bytes(FILE_BYTES))

    async def read(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    async def photo(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(tmp_path / "photo")

    application = web.Application(client_max_size=2 * FILE_BYTES)
    application.add_routes([web.post("/read", read), web.get("/photo", photo)])
    made = web.AppRunner(application)
    await made.setup()
    yield made
    await made.cleanup()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_requests_are_answered_over_watched_connections_large_ones_and_many_over_one(
    runner: web.AppRunner, tmp_path: Path, scheme: str
) -> None:
    port, tls, trusted = free_port(HOST), None, None
    if scheme == "https":
        made = make_certificate(tmp_path, "hub")
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(tmp_path / "hub.crt", tmp_path / "hub.key")
        trusted = ssl.create_default_context(cafile=made.authority)
    with closing(await listen(runner, HOST, port, tls=tls)):
        url = f"{scheme}://{HOST}:{port}"
        async with ClientSession() as session:
            for _ in range(3):
                async with session.post(
                    f"{url}/read", data=io.BytesIO(bytes(FILE_BYTES)), ssl=trusted or True
                ) as answer:
                    assert await answer.text() == str(FILE_BYTES)
                async with session.get(f"{url}/photo", ssl=trusted or True) as answer:
                    assert len(await answer.read()) == FILE_BYTES


async def test_a_port_that_is_taken_is_a_clear_error(runner: web.AppRunner) -> None:
    port = free_port(HOST)
    server = await listen(runner, HOST, port, tls=None)
    with closing(server), pytest.raises(HubError, match=f"port {port} of {HOST} cannot be used"):
        await listen(runner, HOST, port, tls=None)
    with pytest.raises(HubError, match="was not set up"):
        await listen(web.AppRunner(web.Application()), HOST, port, tls=None)


async def test_a_request_that_takes_too_long_is_given_up_unless_it_watches_itself() -> None:
    async def slow(_request: web.Request) -> web.Response:
        late = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, late.set)
        await late.wait()
        return web.Response(text="done")

    application = web.Application(middlewares=[in_time("/apart", seconds_max=0.02)])
    application.add_routes([web.get("/slow", slow), web.get("/apart", slow)])
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port(HOST)
    with closing(await listen(runner, HOST, port, tls=None)):
        async with ClientSession() as session:
            async with session.get(f"http://{HOST}:{port}/slow") as answer:
                assert (answer.status, (await answer.json())["code"]) == (408, "request.slow")
            async with session.get(f"http://{HOST}:{port}/apart") as answer:
                assert await answer.text() == "done"
    await runner.cleanup()


def test_the_limits_leave_room_for_the_hubs_own_files() -> None:
    assert serving.CONNECTIONS_MAX < 1_024 - 256
