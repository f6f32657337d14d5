"""Carries what `dispatching` gives out to broker and hub, and brings back what comes, in a thread of its own (转发).

It acts: what is sent when is decided elsewhere. It starts, runs and is stopped without the rest of the device noticing;
while it is not there, everything waits in the journal.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import aiohttp

from edge_agent import AgentError
from edge_agent.clock import Clock
from edge_agent.courier import Wait
from edge_agent.journal import Journal
from edge_agent.sending.dispatching import Dispatch, Identity, PhotoToSend
from edge_agent.sending.events import Deliver, LinkEvent
from edge_agent.sending.link import AnyLink
from edge_agent.sending.upload import Throttle, Trip, UploadTarget, open_session, upload_photo
from edge_agent.vault import Vault
from firmware_profiles.schema import Profile
from inspection import InspectionError

EVENTS_WAITING_MAX = 1_000
EVENTS_AT_ONCE_MAX = 100
"""So many are taken in one commit, so that whoever records meanwhile does not wait."""

PHOTOS_AT_ONCE_MAX = 3
"""Uploads side by side: the photos of one vehicle wait for one another's round trips no longer than needed."""

HOUSEKEEPING_SECONDS = 600.0
TIDY_MORE_SECONDS = 1.0
IDLE_SECONDS_MAX = 30.0
RESTART_SECONDS = 5.0


class ForwardingError(AgentError):
    """Forwarding that was started twice, or does not stop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """What forwarding works with. link: makes a link that delivers to the given function. chance: random, 0 to 1."""

    journal: Journal
    vault: Vault
    profile: Profile
    target: UploadTarget
    link: Callable[[Deliver], AnyLink]
    clock: Clock
    chance: Callable[[], float]


class ForwardingStatus(NamedTuple):
    """How forwarding goes. fault: what stands in the way, in words, empty when nothing does.

    not_taken: messages from the broker that were not believed (forged, garbled). restarts: times the loop fell over.
    hub_waiting: messages that waited at the hub when it last said so. paused: whether the hub asked for a pause.
    """

    running: bool
    connected: bool
    fault: str
    not_taken: int
    restarts: int
    hub_waiting: int
    paused: bool


class Forwarding:
    """The thread that forwards. `start` once, then `stop`; `nudge` tells it that there is something new."""

    def __init__(self, route: Route) -> None:
        self._route = route
        target = route.target
        self._dispatch = Dispatch(
            route.journal,
            route.vault,
            profile=route.profile,
            identity=Identity(device=target.device, key=target.key, hub_public=target.hub_public),
            chance=route.chance,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._fault = ""
        self._restarts = 0

    def start(self) -> None:
        """Begin in the background; raises ForwardingError when it runs already."""
        if self._thread is not None:
            raise ForwardingError("forwarding runs already")
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="forwarding", daemon=True)
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """End it; what is not receipted waits in the journal. Raises ForwardingError when it does not end in time."""
        self._stopping.set()
        self._tell(self._end)
        if self._thread is not None:
            self._thread.join(timeout_seconds)
            if self._thread.is_alive():
                raise ForwardingError(f"forwarding did not stop within {timeout_seconds} seconds")
            self._thread = None

    def nudge(self) -> None:
        """Say that the journal has something new; from any thread, at any time."""
        self._tell(self._wake)

    def status(self) -> ForwardingStatus:
        """Return how it goes."""
        running = self._thread is not None and self._thread.is_alive()
        of = self._dispatch.status(self._route.clock.now())
        return ForwardingStatus(
            running,
            connected=of.connected,
            fault=self._fault or of.fault,
            not_taken=of.not_taken,
            restarts=self._restarts,
            hub_waiting=of.hub_waiting,
            paused=of.paused,
        )

    def _tell(self, what: Callable[[], object]) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop closed between the two lines
                loop.call_soon_threadsafe(what)

    def _end(self) -> None:
        self._main.cancel()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                asyncio.run(self._forward())
            except* asyncio.CancelledError:
                pass
            except* (AgentError, InspectionError, OSError) as group:
                # The disk, mostly; whatever it was, nothing is lost, and it is tried again from the journal.
                self._fault = str(group.exceptions[0])
                self._restarts += 1
                self._stopping.wait(RESTART_SECONDS)
            finally:
                self._loop = None

    async def _forward(self) -> None:
        self._events: asyncio.Queue[LinkEvent] = asyncio.Queue(EVENTS_WAITING_MAX)
        self._facts_wake, self._photos_wake = asyncio.Event(), asyncio.Event()
        self._main = asyncio.ensure_future(self._carry())
        loop = self._loop = asyncio.get_running_loop()
        if self._stopping.is_set():
            self._main.cancel()
        link = self._route.link(lambda event: self._handed_over(loop, event))
        self._link = link
        link.start()
        try:
            await self._main
        finally:
            # Joining the link's thread must not hold up the loop, which that thread may be calling.
            await asyncio.to_thread(link.stop)

    async def _carry(self) -> None:
        self._dispatch.begin()
        self._throttle = Throttle(self._route.target.bytes_per_second_max)
        async with open_session(self._route.target) as session, asyncio.TaskGroup() as group:
            group.create_task(self._send_messages())
            group.create_task(self._keep_house())
            for _ in range(PHOTOS_AT_ONCE_MAX):
                group.create_task(self._send_photos(session))

    def _handed_over(self, loop: asyncio.AbstractEventLoop, event: LinkEvent) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and so is the need for the event
            loop.call_soon_threadsafe(self._enqueue, event)

    def _enqueue(self, event: LinkEvent) -> None:
        # A full queue drops: the hub repeats receipts and directives, so nothing hangs on one message.
        with contextlib.suppress(asyncio.QueueFull):
            self._events.put_nowait(event)
        self._wake()

    def _wake(self) -> None:
        self._facts_wake.set()
        self._photos_wake.set()

    async def _send_messages(self) -> None:
        dispatch, clock = self._dispatch, self._route.clock
        while True:
            self._facts_wake.clear()
            while not self._events.empty():
                dispatch.take(self._arrived(), clock.now())
                self._photos_wake.set()
            at = clock.now()
            message = dispatch.next_message(at)
            # Whatever made it fall over is mended: journal and link worked.
            self._fault = ""
            if isinstance(message, Wait):
                await self._woken(self._facts_wake, message)
            else:
                dispatch.handed_over(message, at, taken=self._link.publish(message.kind, message.payload))
                await asyncio.sleep(0)

    def _arrived(self) -> list[LinkEvent]:
        """Return what came while the disk was busy, oldest first: one write to the disk serves all of it."""
        return [self._events.get_nowait() for _ in range(min(self._events.qsize(), EVENTS_AT_ONCE_MAX))]

    async def _send_photos(self, session: aiohttp.ClientSession) -> None:
        while True:
            self._photos_wake.clear()
            step = self._dispatch.next_photo(self._route.clock.now())
            if isinstance(step, Wait):
                await self._woken(self._photos_wake, step)
            else:
                await self._send_photo(session, step)

    async def _send_photo(self, session: aiohttp.ClientSession, step: PhotoToSend) -> None:
        trip = Trip(never_tried=step.never_tried, throttle=self._throttle)
        outcome = await upload_photo(session, self._route.target, step.photo, step.data, trip=trip)
        self._dispatch.photo_done(step.photo, outcome, at=self._route.clock.now(), sent_bytes=trip.sent_bytes)
        # Facts too: one of them may announce the next photo.
        self._wake()

    async def _keep_house(self) -> None:
        while True:
            more = self._dispatch.tidy()
            await asyncio.sleep(TIDY_MORE_SECONDS if more else HOUSEKEEPING_SECONDS)

    async def _woken(self, event: asyncio.Event, wait: Wait) -> None:
        # The upper bound makes a lost nudge a delay, never a standstill.
        bound = IDLE_SECONDS_MAX
        if wait.until is not None:
            bound = max(0.0, min(wait.until - self._route.clock.now().mono / 1000, bound))
        with contextlib.suppress(TimeoutError):
            # Not wait_for: before Python 3.12 it loses a cancellation that comes together with the event.
            async with asyncio.timeout(bound):
                await event.wait()
