"""Listens for HTTP (监听): how many connections there may be at once, and how long one may take to say what it wants.

Whoever reaches the door can open connections, without a sign-in: strangers must not keep a device's photos out by that.
Knows connections; what is asked over them is the other doors'.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from central_hub import HubError

CONNECTIONS_MAX = 600
"""With the files of store and photos well below 1 024: beyond that the client of the broker cannot wait for its own."""

HEAD_SECONDS_MAX = 20.0
"""From the connection to the end of the first request's head, TLS not included; after it, aiohttp watches idle ones."""

REQUEST_SECONDS_MAX = 120.0
"""For a request's body and its answer; a carried file, which may be gigabytes, has a limit of its own."""

_HEAD_END = b"\r\n\r\n"


class Connections:
    """The open connections, by the address of the other end; where there are too many, the most crowded one pays."""

    def __init__(self, connections_max: int = CONNECTIONS_MAX, *, head_seconds_max: float = HEAD_SECONDS_MAX) -> None:
        self._connections_max = connections_max
        self.head_seconds_max = head_seconds_max
        self._by_address: dict[str, dict[_Watched, None]] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(len(some) for some in self._by_address.values())

    def watched(self, make: Callable[[], asyncio.BaseProtocol]) -> Callable[[], asyncio.Protocol]:
        """Return what makes the protocols of `make`, watched."""
        return lambda: _Watched(cast("asyncio.Protocol", make()), self)

    def opened(self, connection: "_Watched") -> None:
        """Take a new connection in; cut another one off where it is one too many."""
        self._by_address.setdefault(connection.address, {})[connection] = None
        if self.count > self._connections_max:
            crowd = max(self._by_address.values(), key=len)
            # Those who have said nothing yet first, the oldest of them: an honest request's head takes no second.
            silent = (one for one in crowd if one.silent and one is not connection)
            next(silent, next(iter(crowd))).cut_off()

    def closed(self, connection: "_Watched") -> None:
        """Let a connection go; twice is as good as once."""
        some = self._by_address.get(connection.address, {})
        some.pop(connection, None)
        if not some:
            self._by_address.pop(connection.address, None)


class _Watched(asyncio.Protocol):
    """Passes everything on to the protocol that answers requests. silent: no head of a request has come whole."""

    def __init__(self, inner: asyncio.Protocol, connections: Connections) -> None:
        self._inner = inner
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tail = b""
        self.address = ""
        self.silent = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.address = str((transport.get_extra_info("peername") or ("",))[0])
        self._timer = asyncio.get_running_loop().call_later(self._connections.head_seconds_max, self.cut_off)
        self._inner.connection_made(transport)
        self._connections.opened(self)

    def data_received(self, data: bytes) -> None:
        if self.silent:
            self.silent = _HEAD_END not in self._tail + data
            self._tail = (self._tail + data)[1 - len(_HEAD_END) :]
            if not self.silent and self._timer is not None:
                self._timer.cancel()
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._connections.closed(self)
        self._inner.connection_lost(exc)

    def cut_off(self) -> None:
        """End the connection at once."""
        self._connections.closed(self)
        if self._transport is not None:
            self._transport.abort()


def in_time(*apart: str, seconds_max: float = REQUEST_SECONDS_MAX) -> Middleware:
    """Return the middleware that gives up requests which take too long. apart: paths that watch themselves."""

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in apart:
            return await handler(request)
        try:
            async with asyncio.timeout(seconds_max):
                return await handler(request)
        except TimeoutError:
            text = f"a request has to come, and be answered, within {seconds_max:.0f} seconds"
            return web.json_response({"code": "request.slow", "text": text}, status=408)

    return watch


async def listen(runner: web.AppRunner, host: str, port: int, *, tls: ssl.SSLContext | None) -> asyncio.Server:
    """Listen there for the runner's application until the server is closed; raises HubError where that cannot be."""
    if runner.server is None:
        raise HubError("the application that answers was not set up")
    factory = Connections().watched(runner.server)
    shaking = HEAD_SECONDS_MAX if tls else None
    try:
        return await asyncio.get_running_loop().create_server(
            factory, host, port, ssl=tls, ssl_handshake_timeout=shaking, backlog=CONNECTIONS_MAX
        )
    except (OSError, OverflowError) as error:
        raise HubError(f"port {port} of {host} cannot be used: {error}") from error
