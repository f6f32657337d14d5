import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from benchmarks.faults.proxy import HOST, Wire

SECONDS_MAX = 10.0
LONG_SECONDS = 1_000.0
pytestmark = pytest.mark.timeout(60)

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Hub:
    """A server that says everything back, and keeps what is open."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.came = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came.set()
        try:
            while piece := await reader.read(1_000):
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self.gone.set()
            writer.close()


@asynccontextmanager
async def wired() -> AsyncIterator[tuple[Wire, Hub]]:
    hub = Hub()
    server = await asyncio.start_server(hub.serve, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    wire = Wire(lambda door: port if door == "mqtt" else None)
    await wire.serve()
    try:
        async with asyncio.timeout(SECONDS_MAX):
            yield wire, hub
    finally:
        await wire.close()
        server.close()
        await server.wait_closed()


async def connect(wire: Wire, door: str = "mqtt") -> Ends:
    return await asyncio.open_connection(HOST, wire.ports[door])


async def said_back(ends: Ends, words: bytes) -> bytes:
    ends[1].write(words)
    return await ends[0].readexactly(len(words))


async def test_what_is_said_goes_through_and_is_counted() -> None:
    async with wired() as (wire, _):
        device = await connect(wire)
        assert await said_back(device, b"hello") == b"hello"
        assert (wire.bytes_up["mqtt"], wire.connections) == (5, 1)
        device[1].close()


async def test_a_cut_resets_both_ends_and_the_next_connection_works() -> None:
    async with wired() as (wire, hub):
        device = await connect(wire)
        await said_back(device, b"hello")
        wire.cut()
        with pytest.raises(ConnectionError):
            await device[0].readexactly(1)
        await hub.gone.wait()
        again = await connect(wire)
        assert await said_back(again, b"again") == b"again"
        again[1].close()


async def test_a_refusal_lets_nobody_in_and_ends_on_the_same_port() -> None:
    async with wired() as (wire, _):
        before = dict(wire.ports)
        refusing = asyncio.create_task(wire.refuse(LONG_SECONDS))
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            await connect(wire)
        refusing.cancel()
        await asyncio.gather(refusing, return_exceptions=True)
        assert wire.ports == before
        device = await connect(wire)
        assert await said_back(device, b"back") == b"back"
        device[1].close()


async def test_a_black_hole_keeps_what_was_said_and_passes_it_on_afterwards() -> None:
    async with wired() as (wire, hub):
        device = await connect(wire)
        await said_back(device, b"hello")
        stalling = asyncio.create_task(wire.stall(LONG_SECONDS))
        await asyncio.sleep(0)
        device[1].write(b"later")
        late = await connect(wire)
        hub.came.clear()
        stalling.cancel()
        assert await device[0].readexactly(5) == b"later"
        assert await said_back(late, b"late") == b"late"
        for _, writer in (device, late):
            writer.close()


async def test_a_slow_network_still_delivers_in_order() -> None:
    async with wired() as (wire, _):
        device = await connect(wire)
        slow = asyncio.create_task(wire.delay(LONG_SECONDS, by_seconds=0.001))
        await asyncio.sleep(0)
        assert await said_back(device, b"abc") == b"abc"
        slow.cancel()
        device[1].close()


async def test_a_deaf_device_is_told_nothing_while_the_hub_sees_the_end() -> None:
    async with wired() as (wire, hub):
        device = await connect(wire)
        await said_back(device, b"hello")
        half = asyncio.create_task(wire.leave_half_open(LONG_SECONDS, deaf="device"))
        await hub.gone.wait()
        waiting = asyncio.create_task(device[0].read(1))
        device[1].write(b"nobody hears this")
        await device[1].drain()
        assert not waiting.done()
        half.cancel()
        with pytest.raises(ConnectionError):
            await waiting


async def test_a_deaf_hub_is_told_nothing_while_the_device_sees_the_end() -> None:
    async with wired() as (wire, hub):
        device = await connect(wire)
        await said_back(device, b"hello")
        half = asyncio.create_task(wire.leave_half_open(LONG_SECONDS, deaf="hub"))
        with pytest.raises(ConnectionError):
            await device[0].readexactly(1)
        assert not hub.gone.is_set()
        half.cancel()
        await hub.gone.wait()


async def test_where_nobody_is_the_door_closes_at_once() -> None:
    async with wired() as (wire, _):
        device = await connect(wire, "http")
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await device[0].readexactly(1)
        device[1].close()
