"""Carries facts and photos to the hub, and takes its receipts and directives, in a thread of its own (转发).

It acts: what is sent when is decided in `courier`, what may be freed in `retention`. It starts, runs and is stopped
without the rest of the device noticing; while it is not there, everything waits in the journal.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import aiohttp

from edge_agent import AgentError, courier, retention
from edge_agent.clock import Clock
from edge_agent.courier import CourierState, KeptPhoto, Pace, SendBatch
from edge_agent.journal import Journal, MisdirectedError
from edge_agent.sending.link import AnyLink, Arrived, Deliver, LinkDown, LinkEvent, LinkUp
from edge_agent.sending.upload import Refused, Stored, TryLater, UploadTarget, upload_photo
from edge_agent.store import JournalError, JournalFullError
from edge_agent.vault import Vault, VaultError
from firmware_profiles.schema import Profile
from inspection import InspectionError, wire
from inspection.directives import Receipt, Refusal

EVENTS_WAITING_MAX = 1_000
HOUSEKEEPING_SECONDS = 600.0
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
    hub_public: bytes
    link: Callable[[Deliver], AnyLink]
    clock: Clock
    chance: Callable[[], float]


class ForwardingStatus(NamedTuple):
    """How forwarding goes. fault: what stands in the way, in words, empty when nothing does.

    not_taken: messages from the broker that were not believed (forged, garbled). restarts: times the loop fell over.
    """

    running: bool
    connected: bool
    fault: str
    not_taken: int
    restarts: int


class Forwarding:
    """The thread that forwards. `start` once, then `stop`; `nudge` tells it that there is something new."""

    def __init__(self, route: Route) -> None:
        self._route = route
        limits, retry = route.profile.limits, route.profile.upload
        self._pace = Pace(
            batch_facts_max=min(limits.batch_facts_max, wire.BATCH_FACTS_MAX),
            batch_bytes_max=limits.batch_bytes_max,
            resend_seconds_min=retry.retry_seconds_min,
            resend_seconds_max=retry.retry_seconds_max,
        )
        self._state = CourierState(receipted=0, newest=0)
        self._held: dict[str, float] = {}
        self._photo_failures = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._link_fault = ""
        self._photo_fault = ""
        self._hub_fault = ""
        self._not_taken = 0
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
        fault = self._hub_fault or self._link_fault or self._photo_fault
        return ForwardingStatus(running, self._state.connected, fault, self._not_taken, self._restarts)

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
                self._hub_fault = str(group.exceptions[0])
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
        journal = self._route.journal
        self._state = CourierState(receipted=journal.receipted, newest=journal.newest)
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            group.create_task(self._send_facts())
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

    async def _send_facts(self) -> None:
        while True:
            self._facts_wake.clear()
            while not self._events.empty():
                self._take(self._events.get_nowait())
            self._state = courier.after_record(self._state, self._route.journal.newest)
            now = self._route.clock.seconds()
            self._state, step = courier.next_step(self._state, now, self._pace)
            if isinstance(step, SendBatch):
                self._send(step, now)
                await asyncio.sleep(0)
            else:
                await _woken(self._facts_wake, None if step.until is None else step.until - now)

    def _send(self, step: SendBatch, now: float) -> None:
        records = self._route.journal.unreceipted(step.first - 1, step.last - step.first + 1)
        chance = self._route.chance()
        if not records or records[0].entry.seq != step.first:
            raise JournalError(f"fact {step.first} is not in the journal any more, and the hub does not have it")
        sizes = [len(record.raw) for record in records]
        records = records[: min(wire.fits_in_batch(sizes), courier.fitting(sizes, self._pace))]
        message = wire.seal_batch(tuple(records), sent=self._route.clock.wall_ms(), key=self._route.target.key)
        if self._link.publish(message):
            last = records[-1].entry.seq
            self._state = courier.after_send(self._state, last, now=now, pace=self._pace, chance=chance)
        else:
            self._state = courier.after_send_failure(self._state, now=now, pace=self._pace, chance=chance)

    def _take(self, event: LinkEvent) -> None:
        match event:
            case LinkUp():
                self._link_fault = ""
                self._state = courier.after_link(self._state, connected=True)
            case LinkDown(reason):
                self._link_fault = reason
                self._state = courier.after_link(self._state, connected=False)
            case Arrived(what, payload):
                self._take_message(what, payload)

    def _take_message(self, what: str, payload: bytes) -> None:
        try:
            if what == "receipt":
                self._settle(wire.open_receipt(payload, self._route.hub_public))
            else:
                numbered = wire.open_directive(payload, self._route.hub_public)
                self._route.journal.commit_directive(numbered, self._route.clock.now())
        except (InspectionError, MisdirectedError):
            self._not_taken += 1
        except JournalFullError as error:
            # The hub repeats the directive until there is room for it; receipts need none and still settle.
            self._hub_fault = str(error)

    def _settle(self, receipt: Receipt) -> None:
        journal, now = self._route.journal, self._route.clock.seconds()
        refused = receipt.refusal
        try:
            receipted = journal.settle(receipt)
        except JournalError as error:
            # Sending on cannot mend it; a person has to look. Until then everything waits, and is shown.
            self._hub_fault = str(error)
            receipted, refused = self._state.receipted, Refusal(code="device.chain", text=str(error))
        else:
            self._hub_fault = "" if refused is None or refused.code == courier.GAP else refused.text
            if refused is not None and refused.code != courier.GAP and receipted < journal.newest:
                journal.mark_refused(refused, receipted + 1)
        self._state = courier.after_receipt(
            self._state,
            receipted,
            refused=refused.code if refused else "",
            now=now,
            pace=self._pace,
            chance=self._route.chance(),
        )
        self._photos_wake.set()

    async def _send_photos(self, session: aiohttp.ClientSession) -> None:
        tidied_at = -HOUSEKEEPING_SECONDS
        while True:
            self._photos_wake.clear()
            now = self._route.clock.seconds()
            if now - tidied_at >= HOUSEKEEPING_SECONDS:
                tidied_at = now
                self._tidy()
            photo = self._next_photo(now)
            if isinstance(photo, KeptPhoto):
                await self._send_photo(session, photo)
            else:
                await _woken(self._photos_wake, None if photo.until is None else photo.until - now)

    def _next_photo(self, now: float) -> KeptPhoto | courier.Wait:
        if not courier.photos_may_go(self._state, now):
            return courier.Wait(None)
        order = courier.photo_order(self._route.journal.photos("kept"), self._state.receipted)
        return courier.next_photo(order, self._held, now)

    async def _send_photo(self, session: aiohttp.ClientSession, photo: KeptPhoto) -> None:
        journal = self._route.journal
        try:
            data = self._route.vault.read(photo.digest)
        except VaultError as error:
            journal.refuse_photo(photo.digest, Refusal(code="photo.not_in_vault", text=str(error)))
            self._hold(photo, self._pace.resend_seconds_max)
            return
        outcome = await upload_photo(session, self._route.target, photo, data)
        if isinstance(outcome, Stored):
            journal.receipt_photo(photo.digest)
            self._held.pop(photo.digest, None)
            self._photo_failures, self._photo_fault = 0, ""
        elif isinstance(outcome, Refused):
            journal.refuse_photo(photo.digest, Refusal(code=outcome.code, text=outcome.text))
            self._hold(photo, self._pace.resend_seconds_max)
        else:
            self._photo_fault = outcome.reason if isinstance(outcome, TryLater) else ""
            self._hold(photo, courier.retry_seconds(self._photo_failures, self._pace, self._route.chance()))
            self._photo_failures += 1

    def _hold(self, photo: KeptPhoto, seconds: float) -> None:
        self._held[photo.digest] = self._route.clock.seconds() + seconds

    def _tidy(self) -> None:
        journal, policy = self._route.journal, self._route.profile.retention
        receipted, hub_time = journal.receipted, journal.hub_time
        for digest in retention.freeable(journal.photos("receipted"), policy, hub_time=hub_time, receipted=receipted):
            self._route.vault.free(digest)
            journal.free_photo(digest)
        journal.forget(retention.facts_kept_from(policy, hub_time))


async def _woken(event: asyncio.Event, seconds: float | None) -> None:
    # The upper bound makes a lost nudge a delay, never a standstill.
    bound = IDLE_SECONDS_MAX if seconds is None else max(0.0, min(seconds, IDLE_SECONDS_MAX))
    with contextlib.suppress(TimeoutError):
        # Not wait_for: before Python 3.12 it loses a cancellation that comes together with the event.
        async with asyncio.timeout(bound):
            await event.wait()
