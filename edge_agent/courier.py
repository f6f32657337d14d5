"""What to send next (转发): decided from plain values, with time and chance coming in as arguments.

Knows batches in flight, back-off and the order of photos. Sending, receiving and keeping are left to `forwarding`,
`link` and `journal`. All times are monotonic seconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

GAP = "batch.gap"
"""The hub's word for a batch that does not follow what it has; the remedy is to send from there."""

_DOUBLINGS_MAX = 30

PhotoState = Literal["kept", "receipted", "freed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptPhoto:
    """A photo as the journal knows it.

    digest: 64 hexadecimal characters. size: bytes. seq: number of the fact that announced it. created: device clock,
    Unix milliseconds. receipted_at: hub time of the receipt, Unix milliseconds, 0 without one.
    refused: the hub's (or the vault's) code for why it was not taken, empty if none.
    """

    digest: str
    media: str
    size: int
    case: str
    seq: int
    created: int
    state: PhotoState
    receipted_at: int = 0
    refused: str = ""
    refused_text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast and how stubborn: facts and bytes a batch, batches without a receipt, seconds between attempts."""

    batch_facts_max: int
    batch_bytes_max: int
    resend_seconds_min: float
    resend_seconds_max: float
    batches_in_flight_max: int = 2


@dataclass(frozen=True, slots=True)
class Flight:
    """A batch that was sent: its last fact, and when it counts as lost."""

    last: int
    due: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CourierState:
    """Where sending stands. receipted, newest: fact numbers. failures: attempts in a row without progress."""

    receipted: int
    newest: int
    connected: bool = False
    in_flight: tuple[Flight, ...] = ()
    failures: int = 0
    held_until: float = 0.0

    @property
    def sent(self) -> int:
        """Number of the last fact that is receipted or on its way."""
        return self.in_flight[-1].last if self.in_flight else self.receipted


@dataclass(frozen=True, slots=True)
class SendBatch:
    """Send the facts `first` to `last`, or as many from the first on as fit into a message."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to send before `until`; None: not before something happens."""

    until: float | None


def next_step(state: CourierState, now: float, pace: Pace) -> tuple[CourierState, SendBatch | Wait]:
    """Return what to do now, and the state in which lost batches count as not sent."""
    if state.in_flight and state.in_flight[0].due <= now:
        state = replace(state, in_flight=(), failures=state.failures + 1)
    if not state.connected:
        return state, Wait(None)
    if state.held_until > now:
        return state, Wait(state.held_until)
    oldest_due = state.in_flight[0].due if state.in_flight else None
    if state.sent >= state.newest or len(state.in_flight) >= pace.batches_in_flight_max:
        return state, Wait(oldest_due)
    return state, SendBatch(state.sent + 1, min(state.newest, state.sent + pace.batch_facts_max))


def fitting(sizes: Sequence[int], pace: Pace) -> int:
    """Return how many facts of these sizes (bytes), from the first on, go into one batch; the first always does."""
    total = 0
    for count, size in enumerate(sizes[: pace.batch_facts_max]):
        total += size
        if count and total > pace.batch_bytes_max:
            return count
    return min(len(sizes), pace.batch_facts_max)


def after_send(state: CourierState, last: int, *, now: float, pace: Pace, chance: float) -> CourierState:
    """Return the state once facts up to `last` are on their way. chance: random, 0 to 1."""
    flight = Flight(last, now + retry_seconds(state.failures, pace, chance))
    return replace(state, in_flight=(*state.in_flight, flight))


def after_receipt(
    state: CourierState, receipted: int, *, refused: str, now: float, pace: Pace, chance: float
) -> CourierState:
    """Return the state after a receipt. receipted: what the journal holds as receipted now; refused: code or empty.

    A gap sends again from there at once the first time, later with back-off; any other refusal always waits.
    """
    progressed = receipted > state.receipted
    failures = 0 if progressed else state.failures
    if not refused:
        going = tuple(flight for flight in state.in_flight if flight.last > receipted)
        if receipted < state.receipted:
            going = ()
        return replace(state, receipted=receipted, in_flight=going, failures=failures)
    pause = 0.0 if refused == GAP and failures == 0 else retry_seconds(failures, pace, chance)
    return replace(
        state,
        receipted=receipted,
        in_flight=(),
        failures=failures + 1,
        held_until=max(state.held_until, now + pause),
    )


def after_link(state: CourierState, *, connected: bool) -> CourierState:
    """Return the state when the link came or went: what was on its way counts as lost."""
    return replace(state, connected=connected, in_flight=())


def after_record(state: CourierState, newest: int) -> CourierState:
    """Return the state when the journal holds facts up to `newest`."""
    return replace(state, newest=max(state.newest, newest))


def after_send_failure(state: CourierState, *, now: float, pace: Pace, chance: float) -> CourierState:
    """Return the state when nothing could be handed to the link."""
    pause = retry_seconds(state.failures, pace, chance)
    return replace(state, in_flight=(), failures=state.failures + 1, held_until=now + pause)


def retry_seconds(failures: int, pace: Pace, chance: float) -> float:
    """Return the pause after so many failures: doubled each time up to the maximum, half of it by chance (0 to 1)."""
    full: float = min(pace.resend_seconds_max, pace.resend_seconds_min * 2.0 ** min(failures, _DOUBLINGS_MAX))
    return full * (0.5 + chance / 2)


def photos_may_go(state: CourierState, now: float) -> bool:
    """Return whether photos may travel: no fact waits, or none could travel now anyway (facts first, 先数据后照片)."""
    return state.receipted >= state.newest or not state.connected or state.held_until > now


def photo_order(photos: Iterable[KeptPhoto], receipted: int) -> list[KeptPhoto]:
    """Return the photos to send, newest case first, in a case as they were taken.

    Only such whose fact is receipted: the hub takes no photo that was not announced.
    """
    waiting = [photo for photo in photos if photo.state == "kept" and photo.seq <= receipted]
    began: dict[str, int] = {}
    for photo in waiting:
        began[photo.case] = min(photo.seq, began.get(photo.case, photo.seq))
    return sorted(waiting, key=lambda photo: (-began[photo.case], photo.seq))


def next_photo(order: Iterable[KeptPhoto], held: Mapping[str, float], now: float) -> KeptPhoto | Wait:
    """Return the first photo that is not held back, or until when to wait. held: digest to monotonic seconds."""
    soonest: float | None = None
    for photo in order:
        until = held.get(photo.digest, 0.0)
        if until <= now:
            return photo
        soonest = until if soonest is None else min(soonest, until)
    return Wait(soonest)
