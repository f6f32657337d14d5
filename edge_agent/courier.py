"""What to send next (转发): decided from plain values, with time and chance coming in as arguments.

Knows batches in flight, facts that are gathered into one, pauses and back-off. Which photo goes first and which fact
is urgent is `precedence`'s; sending, receiving and keeping are left to `dispatching`, `link` and `journal`. All times
are monotonic seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

GAP = "batch.gap"
"""The hub's word for a batch that does not follow what it has; the remedy is to send from there."""

CONTACT_SECONDS = 60.0
"""How often a connected device says how it stands, when it does not come anew."""

PAUSE_SECONDS_MAX = 60.0
"""The longest pause that a hub may ask for; no receipt can silence a device for longer."""

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
    """How fast and how stubborn: facts and bytes a batch, batches without a receipt, seconds between attempts.

    gather_seconds_max: so long a fact may wait for others to go with it; 0 sends each as soon as it is recorded.
    """

    batch_facts_max: int
    batch_bytes_max: int
    resend_seconds_min: float
    resend_seconds_max: float
    batches_in_flight_max: int = 4
    gather_seconds_max: float = 0.0


@dataclass(frozen=True, slots=True)
class Flight:
    """A batch that was sent: its last fact, and when it counts as lost."""

    last: int
    due: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CourierState:
    """Where sending stands. receipted, newest, at_once: fact numbers. failures: attempts in a row without progress.

    at_once: up to here nothing waits for company; the facts after it are gathered (汇集), since gathering_since.

    held_until: nothing is sent before, after a failure or a refusal. paused_until: no batch before, since the hub asked
    for it. contact_due: when this device next says how it stands.
    """

    receipted: int
    newest: int
    at_once: int = 0
    gathering_since: float = 0.0
    connected: bool = False
    in_flight: tuple[Flight, ...] = ()
    failures: int = 0
    held_until: float = 0.0
    paused_until: float = 0.0
    contact_due: float = 0.0

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
class SendContact:
    """Say how this device stands."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to send before `until`; None: not before something happens."""

    until: float | None


def next_step(state: CourierState, now: float, pace: Pace) -> tuple[CourierState, SendBatch | SendContact | Wait]:
    """Return what to do now, and the state in which lost batches count as not sent, and gathered facts as urgent."""
    if state.in_flight and state.in_flight[0].due <= now:
        state = replace(state, in_flight=(), failures=state.failures + 1)
    if not state.connected:
        return state, Wait(None)
    state = _gathered(state, now, pace)
    if state.contact_due <= now:
        return state, SendContact()
    until = max(state.held_until, state.paused_until)
    if state.sent >= state.newest or len(state.in_flight) >= pace.batches_in_flight_max:
        until = state.in_flight[0].due if state.in_flight else state.contact_due
    elif state.sent >= state.at_once:
        until = state.gathering_since + pace.gather_seconds_max
    elif until <= now:
        return state, SendBatch(state.sent + 1, min(state.newest, state.sent + pace.batch_facts_max))
    return state, Wait(min(until, state.contact_due))


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
    # Whatever becomes of it, what was sent once is not gathered again.
    return replace(state, in_flight=(*state.in_flight, flight), at_once=max(state.at_once, last))


def after_contact(state: CourierState, *, now: float) -> CourierState:
    """Return the state once this device has said how it stands; the facts that it told of follow at once."""
    return replace(_all_at_once(state), contact_due=now + CONTACT_SECONDS)


def after_receipt(
    state: CourierState, receipted: int, *, refused: str, now: float, pace: Pace, chance: float
) -> CourierState:
    """Return the state after a receipt. receipted: what the journal holds as receipted now; refused: code or empty.

    One that goes on shows that the hub is there, only busy: the time that the batches behind it have begins anew.
    A gap sends again from there at once the first time. Those after it answer what was sent before that, so they change
    nothing while something is in flight. Any other refusal waits.
    """
    progressed, rewound = receipted > state.receipted, receipted < state.receipted
    failures = 0 if progressed else state.failures
    stale_gap = refused == GAP and failures > 0 and bool(state.in_flight) and not rewound
    if not refused or stale_gap:
        due = now + retry_seconds(0, pace, chance) if progressed else 0.0
        ahead = () if rewound else tuple(flight for flight in state.in_flight if flight.last > receipted)
        going = tuple(Flight(flight.last, max(flight.due, due)) for flight in ahead)
        return replace(state, receipted=receipted, in_flight=going, failures=failures)
    pause = 0.0 if refused == GAP and failures == 0 else retry_seconds(failures, pace, chance)
    return replace(
        state,
        receipted=receipted,
        in_flight=(),
        failures=failures + 1,
        held_until=max(state.held_until, now + pause),
    )


def after_pause(state: CourierState, pause_ms: int, *, now: float) -> CourierState:
    """Return the state when the hub asked for a pause of so many milliseconds before the next batch (背压).

    It is no failure: what is in flight gets as much longer to be receipted, since the hub is behind, not gone.
    """
    if pause_ms <= 0:
        return state
    seconds = min(pause_ms / 1000, PAUSE_SECONDS_MAX)
    more = max(0.0, now + seconds - max(state.paused_until, now))
    going = tuple(Flight(flight.last, flight.due + more) for flight in state.in_flight)
    return replace(state, in_flight=going, paused_until=max(state.paused_until, now + seconds))


def after_sign_of_life(state: CourierState) -> CourierState:
    """Return the state when a hub that was silent speaks again, without having taken anything.

    What was sent into the silence is sent again at once: by then back-off may have come to minutes.
    """
    return replace(state, in_flight=(), failures=0) if state.failures else state


def after_link(state: CourierState, *, connected: bool) -> CourierState:
    """Return the state when the link came or went: what was on its way counts as lost, and contact is due.

    What waited for the link is not gathered: a backlog goes at full speed.
    """
    return replace(_all_at_once(state), connected=connected, in_flight=(), failures=0, contact_due=0.0)


def after_record(state: CourierState, newest: int, *, urgent: int, now: float) -> CourierState:
    """Return the state when the journal holds facts up to `newest`, of which those up to `urgent` must go at once."""
    if newest <= state.newest and urgent <= state.at_once:
        return state
    first_that_waits = state.newest <= state.at_once and newest > state.newest
    return replace(
        state,
        newest=max(state.newest, newest),
        at_once=max(state.at_once, urgent),
        gathering_since=now if first_that_waits else state.gathering_since,
    )


def after_send_failure(state: CourierState, *, now: float, pace: Pace, chance: float) -> CourierState:
    """Return the state when nothing could be handed to the link."""
    pause = retry_seconds(state.failures, pace, chance)
    held_until = max(state.held_until, now + pause)
    contact_due = max(state.contact_due, held_until)
    return replace(state, in_flight=(), failures=state.failures + 1, held_until=held_until, contact_due=contact_due)


def retry_seconds(failures: int, pace: Pace, chance: float) -> float:
    """Return the pause after so many failures: doubled each time up to the maximum, half of it by chance (0 to 1)."""
    full: float = min(pace.resend_seconds_max, pace.resend_seconds_min * 2.0 ** min(failures, _DOUBLINGS_MAX))
    return full * (0.5 + chance / 2)


def photos_may_go(state: CourierState, now: float) -> bool:
    """Return whether photos may travel: no fact waits, or none could travel now anyway (facts first, 先数据后照片).

    Facts that are being gathered hold no photo up: a vehicle's photos would else stop for as long as facts come.
    A pause that the hub asked for is no occasion for photos: it is behind.
    """
    return state.receipted >= min(state.newest, state.at_once) or not state.connected or state.held_until > now


def _gathered(state: CourierState, now: float, pace: Pace) -> CourierState:
    is_over = state.gathering_since + pace.gather_seconds_max <= now
    is_full = state.newest - state.sent >= pace.batch_facts_max
    return _all_at_once(state) if is_over or is_full else state


def _all_at_once(state: CourierState) -> CourierState:
    return replace(state, at_once=state.newest) if state.at_once < state.newest else state
