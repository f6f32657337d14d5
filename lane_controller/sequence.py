"""Leads one vehicle after another through a lane (查验通道): a pure state machine, no I/O and no clock.

It knows what follows from what. Sensors, cameras, the journal, the screen and the barrier are left to drivers, which
turn the world into events and carry actions out; the words of both are in `signals`.

    waiting --VehicleArrived--> arrived --VehicleIdentified--> identified --CaseOpened--> shooting
       ^                           |                              |                          | photos taken or withheld
       |                     nobody knows it               not on disk in time               v
       |                           |                              |                       checking --ItemsChecked--+
       |                           v                              v                          |                     v
       +-------VehicleLeft----- leaving <-------------------------+------checks overdue------+                concluding
       |                           ^                                                                               |
       |                           +------------------------Verdict, or none in time-------------------------------+
       +-------VehicleLeft----- faulted <--- broken sensor, stuck photo-eye, exit blocked, arrival in a closed lane

VehicleLeft leads to `waiting` from everywhere. What holds for any order of events (the tests say so):

- A case is opened once and then ended once, by Conclude or by Abandon; after that nothing is ordered for it. A vehicle
  that drives off leaves an abandoned case behind, or, before it has one, a noted passage: never nothing.
- Photos begin only when the case is on disk, so that no photo is without a case.
- A photo is tried `tries_max` times, then asked of a person, then withheld with its reason. A lane holds nobody for
  good: each wait has its limit, and so has the whole passage (`presence_seconds_max`; past it a photo-eye is stuck).
- An answer that names another case, passage, photo or attempt than the present one is late, and is passed over.
- `faulted` means that a vehicle is, or may be, in a lane that cannot lead it: with a sensor broken nobody knows whether
  the vehicle at the camera is still the one that was identified. It ends when the lane is seen or said to be empty. A
  lane that is empty and has a broken sensor waits, closed, and leads nobody.
- VehicleLeft in an empty lane means that an arrival was missed; that is told, and cleared by the next arrival.
- While a lane is occupied an arrival is passed over. Drivers repeat it while the vehicle stands at the entry, so it is
  seen when the lane is free.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from lane_controller.signals import (
    Abandon,
    Action,
    AskChecks,
    AskIdentity,
    AskShot,
    CaseOpened,
    ClearFault,
    Conclude,
    CutShortReason,
    Event,
    FaultCode,
    Identify,
    ItemsChecked,
    LaneSettings,
    MessageCode,
    NotePassage,
    OpenBarrier,
    OpenCase,
    Phase,
    RaiseFault,
    SensorFault,
    ShotRefused,
    ShotTaken,
    Show,
    State,
    TakeShot,
    Tick,
    VehicleArrived,
    VehicleIdentified,
    VehicleLeft,
    Verdict,
    Withhold,
)

Step = tuple[State, tuple[Action, ...]]

OPEN_CASE_PHASES: frozenset[Phase] = frozenset({"identified", "shooting", "checking"})
_VERDICTS: dict[str, MessageCode] = {
    "passed": "verdict_passed",
    "failed": "verdict_failed",
    "pending": "verdict_pending",
}


def step(state: State, event: Event, settings: LaneSettings) -> Step:
    """Return the state after an event, and what is to be done, in order. Raises nothing."""
    return _HANDLERS[type(event)](state, event, settings)


def _arrived(state: State, event: VehicleArrived, _: LaneSettings) -> Step:
    if state.phase != "waiting":
        return state, ()
    passage = state.passage + 1
    come = State(phase="arrived", since=event.now, arrived_at=event.now, passage=passage, broken=state.broken)
    cleared = _cleared(state)
    if state.broken:
        noted = NotePassage(passage, "sensor_fault")
        return replace(come, phase="faulted"), (*cleared, noted, Show("lane_closed"))
    return come, (*cleared, Identify(passage), Show("identifying"))


def _identified(state: State, event: VehicleIdentified, _: LaneSettings) -> Step:
    if state.phase != "arrived" or event.passage != state.passage or not event.case:
        return state, ()
    roles = tuple(dict.fromkeys(event.roles))
    known = replace(state, phase="identified", since=event.now, asked=False, case=event.case, pending=roles)
    return known, (OpenCase(event.case),)


def _opened(state: State, event: CaseOpened, settings: LaneSettings) -> Step:
    if state.phase != "identified" or event.case != state.case:
        return state, ()
    return _next_photo(replace(state, phase="shooting"), event.now, settings)


def _next_photo(state: State, now: float, settings: LaneSettings) -> Step:
    if not state.pending:
        checking = replace(state, phase="checking", since=now, attempt=0, asked=False)
        return checking, (AskChecks(state.case, state.withheld), Show("checks"))
    return _next_attempt(replace(state, attempt=0, asked=False), now, settings)


def _next_attempt(state: State, now: float, settings: LaneSettings) -> Step:
    role = state.pending[0]
    shot = settings.shots.get(role)
    if shot is not None and state.attempt < shot.tries_max:
        trying = replace(state, since=now, attempt=state.attempt + 1)
        return trying, (TakeShot(state.case, role, trying.attempt), Show("hold_still"))
    asking = replace(state, since=now, attempt=0, asked=True)
    return asking, (AskShot(state.case, role), Show("photograph_by_hand"))


def _taken(state: State, event: ShotTaken, settings: LaneSettings) -> Step:
    if state.phase != "shooting" or event.case != state.case or event.role not in state.pending:
        return state, ()
    is_present = event.role == state.pending[0]
    if event.accepted:
        # A good photo is welcome even when its attempt was given up for late, or a person took it ahead of its turn.
        rest = replace(state, pending=tuple(role for role in state.pending if role != event.role))
        return _next_photo(rest, event.now, settings) if is_present else (rest, ())
    if state.asked or not is_present or event.attempt != state.attempt:
        return state, ()
    return _next_attempt(state, event.now, settings)


def _refused(state: State, event: ShotRefused, settings: LaneSettings) -> Step:
    if state.phase != "shooting" or event.case != state.case:
        return state, ()
    if event.role != state.pending[0] or event.attempt != state.attempt:
        return state, ()
    if state.asked:
        return _withheld(state, event.now, settings, reason=event.reason)
    return _next_attempt(state, event.now, settings)


def _withheld(state: State, now: float, settings: LaneSettings, *, reason: str) -> Step:
    role, *rest = state.pending
    without = replace(state, pending=tuple(rest), withheld=(*state.withheld, role))
    after, actions = _next_photo(without, now, settings)
    return after, (Withhold(state.case, role, reason), *actions)


def _checked(state: State, event: ItemsChecked, _: LaneSettings) -> Step:
    if state.phase != "checking" or event.case != state.case:
        return state, ()
    concluded = replace(state, phase="concluding", since=event.now)
    return concluded, (Conclude(state.case), Show("awaiting_verdict"))


def _answered(state: State, event: Verdict, _: LaneSettings) -> Step:
    if state.phase not in {"concluding", "leaving"} or event.case != state.case:
        return state, ()
    message = Show(_VERDICTS[event.outcome])
    if state.phase == "leaving":
        return state, (message,)
    return replace(state, phase="leaving", since=event.now), (message, OpenBarrier())


def _left(state: State, event: VehicleLeft, _: LaneSettings) -> Step:
    empty = State(since=event.now, passage=state.passage, broken=state.broken)
    shown = Show("lane_closed" if state.broken else "lane_free")
    if state.phase != "waiting":
        return empty, (*_ended(state, "drove_off"), *_cleared(state), shown)
    if state.broken or state.suspected:
        return state, ()
    return replace(empty, suspected="arrival_missed"), (RaiseFault("arrival_missed"),)


def _sensor(state: State, event: SensorFault, _: LaneSettings) -> Step:
    if event.broken == (event.sensor in state.broken):
        return state, ()
    if not event.broken:
        mended = replace(state, broken=state.broken - {event.sensor})
        free = (Show("lane_free"),) if mended.phase == "waiting" and not mended.broken else ()
        return mended, (ClearFault("sensor_broken", event.sensor), *free)
    told = RaiseFault("sensor_broken", event.sensor)
    broken = replace(state, broken=state.broken | {event.sensor})
    if state.phase == "waiting":
        return broken, (told, Show("lane_closed"))
    if state.phase == "faulted":
        return broken, (told,)
    return _faulted(broken, event.now), (*_ended(state, "sensor_fault"), told, Show("call_staff"))


def _tick(state: State, event: Tick, settings: LaneSettings) -> Step:
    if state.phase in {"waiting", "faulted"}:
        return state, ()
    if event.now - state.arrived_at > settings.presence_seconds_max:
        return _suspended(state, event.now, "presence_stuck")
    if event.now - state.since > _wait_seconds_max(state, settings):
        return _OVERDUE[state.phase](state, event.now, settings)
    return state, ()


def _wait_seconds_max(state: State, settings: LaneSettings) -> int:
    if state.asked:
        return settings.person_seconds_max
    if state.phase == "shooting":
        # The settings may have been replaced meanwhile, and the camera with them; then there is nothing to wait for.
        shot = settings.shots.get(state.pending[0])
        return shot.seconds_max if shot is not None else 0
    waits = {
        "arrived": settings.identify_seconds_max,
        "identified": settings.open_seconds_max,
        "checking": settings.check_seconds_max,
        "concluding": settings.verdict_seconds_max,
        "leaving": settings.leave_seconds_max,
    }
    return waits[state.phase]


def _arrived_overdue(state: State, now: float, _: LaneSettings) -> Step:
    if not state.asked:
        return replace(state, since=now, asked=True), (AskIdentity(state.passage), Show("identify_by_hand"))
    return _sent_on(state, now), (NotePassage(state.passage, "unidentified"), Show("unidentified"), OpenBarrier())


def _identified_overdue(state: State, now: float, _: LaneSettings) -> Step:
    return _sent_on(state, now), (Abandon(state.case, "not_recorded"), Show("not_recorded"), OpenBarrier())


def _shooting_overdue(state: State, now: float, settings: LaneSettings) -> Step:
    if state.asked:
        return _withheld(state, now, settings, reason="overdue")
    return _next_attempt(state, now, settings)


def _checking_overdue(state: State, now: float, _: LaneSettings) -> Step:
    return _sent_on(state, now), (Abandon(state.case, "checks_overdue"), Show("checks_overdue"), OpenBarrier())


def _concluding_overdue(state: State, now: float, _: LaneSettings) -> Step:
    # The case is kept, so that a verdict that comes while the vehicle rolls is still shown.
    return replace(state, phase="leaving", since=now), (Show("verdict_pending"), OpenBarrier())


def _leaving_overdue(state: State, now: float, _: LaneSettings) -> Step:
    return _suspended(state, now, "exit_blocked")


def _sent_on(state: State, now: float) -> State:
    return replace(state, phase="leaving", since=now, case="", pending=(), asked=False)


def _suspended(state: State, now: float, fault: FaultCode) -> Step:
    after = replace(_faulted(state, now), suspected=fault)
    return after, (*_ended(state, "presence_stuck"), RaiseFault(fault), Show("call_staff"))


def _faulted(state: State, now: float) -> State:
    return State(phase="faulted", since=now, arrived_at=state.arrived_at, passage=state.passage, broken=state.broken)


def _ended(state: State, reason: CutShortReason) -> tuple[Action, ...]:
    """Return how the passage of a vehicle that is led no further goes on record; nothing when it is there already."""
    if state.phase == "arrived":
        return (NotePassage(state.passage, reason),)
    if state.phase in OPEN_CASE_PHASES:
        return (Abandon(state.case, reason),)
    return ()


def _cleared(state: State) -> tuple[Action, ...]:
    return (ClearFault(state.suspected),) if state.suspected else ()


_HANDLERS: dict[type, Callable[[State, Any, LaneSettings], Step]] = {
    VehicleArrived: _arrived,
    VehicleIdentified: _identified,
    CaseOpened: _opened,
    ShotTaken: _taken,
    ShotRefused: _refused,
    ItemsChecked: _checked,
    Verdict: _answered,
    VehicleLeft: _left,
    SensorFault: _sensor,
    Tick: _tick,
}
_OVERDUE: dict[Phase, Callable[[State, float, LaneSettings], Step]] = {
    "arrived": _arrived_overdue,
    "identified": _identified_overdue,
    "shooting": _shooting_overdue,
    "checking": _checking_overdue,
    "concluding": _concluding_overdue,
    "leaving": _leaving_overdue,
}
