"""Random walks through the sequence: what holds for any order of events whatever."""

from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from lane_controller.sequence import step
from lane_controller.signals import (
    Abandon,
    Action,
    CaseOpened,
    Conclude,
    Event,
    Identify,
    ItemsChecked,
    LaneSettings,
    NotePassage,
    OpenCase,
    SensorFault,
    ShotRefused,
    ShotSettings,
    ShotTaken,
    State,
    Tick,
    VehicleArrived,
    VehicleIdentified,
    VehicleLeft,
    Verdict,
)

SETTINGS = LaneSettings(
    identify_seconds_max=20,
    open_seconds_max=10,
    person_seconds_max=60,
    check_seconds_max=300,
    verdict_seconds_max=15,
    leave_seconds_max=90,
    presence_seconds_max=1_000,
    shots={
        "vin": ShotSettings(tries_max=2, seconds_max=10),
        "left_front": ShotSettings(tries_max=1, seconds_max=5),
    },
)


def run(events: Iterable[Event], state: State) -> tuple[State, list[Action]]:
    told: list[Action] = []
    for event in events:
        state, actions = step(state, event, SETTINGS)
        told += actions
    return state, told


CASES = st.sampled_from(["case-1", "case-2", "case-3"])
ROLES = st.sampled_from(["vin", "left_front", "chassis"])
NOW = st.just(0.0)
PASSAGES = st.integers(1, 3)
ANY_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(VehicleArrived, NOW),
    st.builds(
        lambda now, passage, roles: VehicleIdentified(now, passage, f"case-{passage}", tuple(roles)),
        NOW,
        PASSAGES,
        st.lists(ROLES, max_size=3),
    ),
    st.builds(CaseOpened, NOW, CASES),
    st.builds(ShotTaken, NOW, CASES, ROLES, st.integers(0, 2), st.booleans()),
    st.builds(ShotRefused, NOW, CASES, ROLES, st.integers(0, 2), st.just("dark")),
    st.builds(ItemsChecked, NOW, CASES),
    st.builds(Verdict, NOW, CASES, st.sampled_from(["passed", "failed", "pending"])),
    st.builds(VehicleLeft, NOW),
    st.builds(SensorFault, NOW, st.sampled_from(["entry", "exit"]), st.booleans()),
    st.builds(Tick, NOW),
)
PAUSES = st.sampled_from([0.0, 0.0, 1.0, 1.0, 6.0, 30.0, 200.0, 1_500.0])
ANY_WAY = st.lists(st.tuples(ANY_EVENT, PAUSES), max_size=60)
ON = {
    "waiting": "arrive",
    "arrived": "identify",
    "identified": "open",
    "shooting": "shoot",
    "checking": "check",
    "concluding": "verdict",
    "leaving": "leave",
    "faulted": "leave",
}
CHOICES = st.sampled_from(["on", "on", "on", "on", "refuse", "tick"])


def timed(way: list[tuple[Event, float]]) -> list[Event]:
    now, events = 0.0, []
    for event, pause in way:
        now += pause
        events.append(structs.replace(event, now=now))
    return events


def fitting(state: State, choice: str, now: float) -> Event:
    """Return an event that fits the state, so that random walks get past the first phase."""
    case = f"case-{state.passage}"
    role = state.pending[0] if state.pending else "vin"
    events: dict[str, Event] = {
        "arrive": VehicleArrived(now),
        "identify": VehicleIdentified(now, state.passage, case, ("vin", "chassis")),
        "open": CaseOpened(now, case),
        "shoot": ShotTaken(now, case, role, state.attempt, accepted=True),
        "refuse": ShotRefused(now, case, role, state.attempt, "dark"),
        "check": ItemsChecked(now, case),
        "verdict": Verdict(now, case, "pending"),
        "leave": VehicleLeft(now),
        "tick": Tick(now),
    }
    return events[ON[state.phase] if choice == "on" else choice]


def check_told(told: list[Action], state: State) -> None:
    """Check what must hold of everything that was ordered until now."""
    open_case, ended = "", set()
    for action in told:
        if isinstance(action, OpenCase):
            assert open_case == ""
            assert action.case not in ended
            open_case = action.case
        elif hasattr(action, "case"):
            assert action.case == open_case
        if isinstance(action, Conclude | Abandon):
            ended.add(open_case)
            open_case = ""
    assert open_case == (state.case if state.phase in {"identified", "shooting", "checking"} else "")
    begun = Counter(action.passage for action in told if isinstance(action, Identify))
    settled = Counter(action.passage for action in told if isinstance(action, NotePassage))
    settled.update(int(action.case.removeprefix("case-")) for action in told if isinstance(action, OpenCase))
    assert all(count == 1 for count in [*begun.values(), *settled.values()])
    assert begun.keys() - settled.keys() == ({state.passage} if state.phase == "arrived" else set())


@given(ANY_WAY)
def test_whatever_happens_cases_begin_once_and_end_once(way: list[tuple[Event, float]]) -> None:
    events = timed(way)
    state, told = run(events, State())
    check_told(told, state)
    end, more = step(state, VehicleLeft(1e6), SETTINGS)
    assert (end.phase, end.case) == ("waiting", "")
    check_told([*told, *more], end)


# One event in eight comes from anywhere: often enough to disturb, seldom enough that vehicles get through.
MOSTLY_FITTING = st.integers(0, 7).flatmap(lambda number: CHOICES if number else ANY_EVENT)
WALK = st.lists(st.tuples(MOSTLY_FITTING, PAUSES), min_size=10, max_size=60)


@given(WALK)
def test_whatever_happens_to_vehicles_that_are_led_cases_begin_once_and_end_once(
    walk: list[tuple[str | Event, float]],
) -> None:
    state, told, now = State(), list[Action](), 0.0
    for choice, pause in walk:
        now += pause
        event = fitting(state, choice, now) if isinstance(choice, str) else structs.replace(choice, now=now)
        state, actions = step(state, event, SETTINGS)
        told += actions
        assert state.phase == "waiting" or not isinstance(event, VehicleLeft)
    check_told(told, state)


@given(WALK)
def test_a_vehicle_that_nobody_attends_to_is_sent_on_or_told_to_staff(walk: list[tuple[str | Event, float]]) -> None:
    state, now = State(), 0.0
    for choice, pause in walk:
        now += pause
        event = fitting(state, choice, now) if isinstance(choice, str) else structs.replace(choice, now=now)
        state = step(state, event, SETTINGS)[0]
    waited = run([Tick(now + seconds) for seconds in range(0, 3_000, 50)], state)[0]
    assert waited.phase in {"waiting", "faulted"}
    assert waited.phase == "faulted" or state.phase == "waiting"
