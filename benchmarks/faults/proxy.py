"""The network between one device and the hub (网络): a TCP proxy on loopback that cuts, refuses, stalls, delays.

Knows connections and bytes, not what they say. Two doors, one to the broker and one to the hub's HTTP; where they lead
may change while it runs, for a hub that comes back on another port.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable

HOST = "127.0.0.1"
PIECE_BYTES_MAX = 64 * 1024
CONNECT_SECONDS_MAX = 5.0
_AT_ONCE = struct.pack("ii", 1, 0)


class _Pair:
    """One connection through a door: the device's end and the hub's end."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near = near
        self.far = far

    def abort(self) -> None:
        _abort(self.near)
        _abort(self.far)


class Wire:
    """A device's way to the hub. `serve` first; then faults, any at any time.

    upstream: returns where a door leads now, by its name ("mqtt" or "http"): a port of the loopback address, None when
    nobody is there.
    """

    def __init__(self, upstream: Callable[[str], int | None]) -> None:
        self._upstream = upstream
        self._servers: dict[str, asyncio.Server] = {}
        self._pairs: set[_Pair] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._delay_seconds = 0.0
        self.ports: dict[str, int] = {}
        self.connections = 0
        self.bytes_up: dict[str, int] = {}

    async def serve(self) -> None:
        """Open both doors, on free ports the first time and on the same ones again later."""
        for door in ("mqtt", "http"):
            server = await asyncio.start_server(self._accepting(door), HOST, self.ports.get(door, 0))
            self._servers[door] = server
            self.ports[door] = server.sockets[0].getsockname()[1]
            self.bytes_up.setdefault(door, 0)

    async def close(self) -> None:
        """Close the doors and all connections."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()
        self.cut()
        # The pumps end when their connections are gone; they are not waited for.
        await asyncio.sleep(0)

    def cut(self) -> None:
        """Break every connection with a reset."""
        for pair in list(self._pairs):
            pair.abort()

    async def refuse(self, seconds: float) -> None:
        """Break every connection and let nobody in."""
        await self.close()
        try:
            await asyncio.sleep(seconds)
        finally:
            await self.serve()

    async def stall(self, seconds: float) -> None:
        """Swallow nothing and pass nothing on; connections still open. What waited goes on afterwards."""
        self._flowing.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._flowing.set()

    async def delay(self, seconds: float, *, by_seconds: float) -> None:
        """Hold every piece back for so long."""
        self._delay_seconds = by_seconds
        try:
            await asyncio.sleep(seconds)
        finally:
            self._delay_seconds = 0.0

    async def leave_half_open(self, seconds: float, *, deaf: str) -> None:
        """Break one end of every connection and leave the other open and deaf. deaf: "device" or "hub"."""
        left = []
        for pair in list(self._pairs):
            broken, kept = (pair.far, pair.near) if deaf == "device" else (pair.near, pair.far)
            _abort(broken)
            left.append(kept)
            self._pairs.discard(pair)
        try:
            await asyncio.sleep(seconds)
        finally:
            for kept in left:
                _abort(kept)

    def _accepting(self, door: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            try:
                await self._flowing.wait()
                port = self._upstream(door)
                if port is None:
                    return
                async with asyncio.timeout(CONNECT_SECONDS_MAX):
                    far_reader, far_writer = await asyncio.open_connection(HOST, port)
                await self._join(door, (reader, writer), (far_reader, far_writer))
            except (OSError, TimeoutError):
                pass
            finally:
                _abort(writer)

        return accept

    async def _join(
        self,
        door: str,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        pair = _Pair(near[1], far[1])
        self._pairs.add(pair)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(pair, near[0], far[1], counted=door))
                pumps.create_task(self._pump(pair, far[0], near[1]))
        finally:
            # One that was made half open is no longer ours to close.
            if pair in self._pairs:
                self._pairs.discard(pair)
                pair.abort()

    async def _pump(
        self, pair: _Pair, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counted: str = ""
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(PIECE_BYTES_MAX):
                if self._delay_seconds:
                    await asyncio.sleep(self._delay_seconds)
                await self._flowing.wait()
                if pair not in self._pairs:
                    return
                if counted:
                    self.bytes_up[counted] += len(piece)
                sink.write(piece)
                await sink.drain()
        if pair in self._pairs and not sink.transport.is_closing() and sink.can_write_eof():
            with contextlib.suppress(OSError):
                sink.write_eof()


def _abort(writer: asyncio.StreamWriter) -> None:
    opened = writer.get_extra_info("socket")
    if opened is not None and not writer.transport.is_closing():
        # Lingering for no time makes the kernel send a reset in place of a polite end.
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    writer.transport.abort()
