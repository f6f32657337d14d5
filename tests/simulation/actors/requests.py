"""Requests from a device to the hub's door for photos: carried there and back, or cut on either way.

Drives the product's own upload, a coroutine, by hand: it asks for an exchange, and goes on when the answer comes.
"""

from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import aiohttp

from edge_agent.sending.events import Outcome
from tests.simulation.actors.world import World

TIMEOUT_MS = 60_000
_LOST_SHARE_IN_BAD_WEATHER = 2


@dataclass(kw_only=True, slots=True)
class Request:
    """What reaches the door."""

    method: str
    digest: str
    headers: dict[str, str]
    body: bytes = b""


class _Content:
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self, _bytes_max: int) -> bytes:
        """Return the body."""
        return self._body


@dataclass(kw_only=True, slots=True)
class Answer:
    """What comes back."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def content(self) -> _Content:
        """The body, as aiohttp has it."""
        return _Content(self.body)


class Door(Protocol):
    """What answers at the hub; `listening` while the program runs."""

    @property
    def listening(self) -> bool:
        """Whether anybody answers."""

    def handle(self, request: Request, answer: Callable[[Answer], None]) -> None:
        """Take a request; call `answer` now or later, or never, when the program dies."""


class _Exchange:
    """A request that was asked for, as `async with` wants it."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def __await__(self) -> Generator["_Exchange", Answer, Answer]:
        return (yield self)

    async def __aenter__(self) -> Answer:
        return await self

    async def __aexit__(self, *_: object) -> None:
        pass


class Session:
    """Stands in for `aiohttp.ClientSession`. sent_bytes: of all bodies."""

    def __init__(self) -> None:
        self.sent_bytes = 0

    def head(self, url: str, *, headers: dict[str, str], **_: object) -> _Exchange:
        """Ask how far it came."""
        return _Exchange(Request(method="HEAD", digest=url.rpartition("/")[2], headers=headers))

    def patch(self, url: str, *, data: bytes, headers: dict[str, str], **_: object) -> _Exchange:
        """Send a piece."""
        self.sent_bytes += len(data)
        return _Exchange(Request(method="PATCH", digest=url.rpartition("/")[2], headers=headers, body=data))


class Upload:
    """One upload under way. done: called with its outcome, unless it was stopped before."""

    def __init__(
        self,
        world: World,
        device: str,
        coroutine: Coroutine[Any, Any, Outcome],
        *,
        door: Door,
        done: Callable[[Outcome], None],
    ) -> None:
        self._world = world
        self._device = device
        self._coroutine = coroutine
        self._door = door
        self._done = done
        self._number = 0
        self._stopped = False

    def begin(self) -> Self:
        """Run up to the first request."""
        self._go_on(lambda: self._coroutine.send(None))
        return self

    def stop(self) -> None:
        """Drop it: the program that wanted it is gone."""
        self._stopped = True
        self._coroutine.close()

    def _go_on(self, resume: Callable[[], Any]) -> None:
        self._number += 1
        try:
            exchange = resume()
        except StopIteration as end:
            self._stopped = True
            self._done(end.value)
            return
        self._carry(exchange.request, self._number)

    def _carry(self, request: Request, number: int) -> None:
        scheduler = self._world.scheduler
        what = f"{self._device} {request.method} {request.digest[:8]}"
        scheduler.after(TIMEOUT_MS, f"{what} times out", lambda: self._resume(number, TimeoutError()))
        scheduler.after(self._latency(), what, lambda: self._arrive(request, number, what))

    def _arrive(self, request: Request, number: int, what: str) -> None:
        if self._stopped or number != self._number:
            return
        if not self._through():
            return
        if not self._door.listening:
            self._resume(number, aiohttp.ClientConnectionError())
            return
        self._door.handle(request, lambda answer: self._answered(answer, number, what))

    def _answered(self, answer: Answer, number: int, what: str) -> None:
        if self._through():
            label = f"{what} answered {answer.status}"
            self._world.scheduler.after(self._latency(), label, lambda: self._resume(number, answer))

    def _through(self) -> bool:
        network = self._world.network
        if self._world.scheduler.chance(_LOST_SHARE_IN_BAD_WEATHER * network.weather.lost):
            self._world.scheduler.counts["request cut"] += 1
            return False
        return network.reachable(self._device) and network.reachable("hub")

    def _latency(self) -> int:
        return self._world.scheduler.dice.randint(1, self._world.network.weather.latency_ms_max)

    def _resume(self, number: int, what: Answer | BaseException) -> None:
        if self._stopped or number != self._number:
            return
        if isinstance(what, Answer):
            self._go_on(lambda: self._coroutine.send(what))
        else:
            self._go_on(lambda: self._coroutine.throw(what))
