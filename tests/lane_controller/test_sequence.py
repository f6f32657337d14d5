from collections.abc import Iterable
from typing import get_args

import pytest
from msgspec import structs

from lane_controller.sequence import _HANDLERS, step
from lane_controller.signals import (
    Abandon,
    Action,
    AskChecks,
    AskIdentity,
    AskShot,
    CaseOpened,
    ClearFault,
    Conclude,
    Event,
    Identify,
    ItemsChecked,
    LaneSettings,
    NotePassage,
    OpenBarrier,
    OpenCase,
    Phase,
    RaiseFault,
    SensorFault,
    ShotRefused,
    ShotSettings,
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
ARRIVED = VehicleArrived(100.0)
KNOWN = VehicleIdentified(101.0, 1, "c1", ("vin", "left_front", "vin"))
OPENED = CaseOpened(102.0, "c1")
VIN = ShotTaken(103.0, "c1", "vin", 1, accepted=True)
FRONT = ShotTaken(104.0, "c1", "left_front", 1, accepted=True)
CHECKED = ItemsChecked(200.0, "c1")
PASSED = Verdict(201.0, "c1", "passed")
LEFT = VehicleLeft(210.0)
WAY = (ARRIVED, KNOWN, OPENED, VIN, FRONT, CHECKED, PASSED, LEFT)
PHASES = ("arrived", "identified", "shooting", "shooting", "checking", "concluding", "leaving", "waiting")


def run(events: Iterable[Event], state: State | None = None) -> tuple[State, list[Action]]:
    state = state or State()
    told: list[Action] = []
    for event in events:
        state, actions = step(state, event, SETTINGS)
        told += actions
    return state, told


def at(phase: Phase) -> State:
    """Return the state of a lane in which one vehicle has come as far as `phase`."""
    return run(WAY[: PHASES.index(phase) + 1])[0]


def after(phase: Phase, *events: Event) -> tuple[Phase, list[Action]]:
    state, told = run(events, at(phase))
    return state.phase, told


def test_every_event_has_its_handler() -> None:
    assert set(_HANDLERS) == set(get_args(Event))


def test_one_vehicle_is_led_from_arrival_to_departure() -> None:
    state, told = run(WAY)
    assert state == State(since=210.0, passage=1)
    assert told == [
        Identify(1),
        Show("identifying"),
        OpenCase("c1"),
        TakeShot("c1", "vin", 1),
        Show("hold_still"),
        TakeShot("c1", "left_front", 1),
        Show("hold_still"),
        AskChecks("c1", ()),
        Show("checks"),
        Conclude("c1"),
        Show("awaiting_verdict"),
        Show("verdict_passed"),
        OpenBarrier(),
        Show("lane_free"),
    ]


@pytest.mark.parametrize("length", range(1, len(WAY) + 1))
def test_each_event_of_the_way_leads_one_phase_on(length: int) -> None:
    assert run(WAY[:length])[0].phase == PHASES[length - 1]


def test_the_next_vehicle_is_the_next_passage() -> None:
    state, told = run([*WAY, VehicleArrived(300.0)])
    assert (state.phase, state.passage) == ("arrived", 2)
    assert told[-2:] == [Identify(2), Show("identifying")]


def test_a_business_without_photos_goes_straight_to_the_checks() -> None:
    state, told = run([ARRIVED, VehicleIdentified(101.0, 1, "c1", ()), OPENED])
    assert state.phase == "checking"
    assert told[-2:] == [AskChecks("c1", ()), Show("checks")]


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase != "waiting"])
def test_an_arrival_in_an_occupied_lane_is_passed_over(phase: Phase) -> None:
    assert run([VehicleArrived(205.0)], at(phase)) == (at(phase), [])


@pytest.mark.parametrize(
    ("phase", "event"),
    [
        ("arrived", VehicleIdentified(101.0, 2, "c1", ())),
        ("arrived", VehicleIdentified(101.0, 1, "", ())),
        ("waiting", KNOWN),
        ("identified", CaseOpened(102.0, "c0")),
        ("shooting", OPENED),
        ("shooting", ShotTaken(103.0, "c0", "left_front", 1, accepted=True)),
        ("shooting", ShotTaken(103.0, "c1", "vin", 1, accepted=True)),
        ("shooting", ShotTaken(103.0, "c1", "left_front", 2, accepted=False)),
        ("shooting", ShotRefused(103.0, "c0", "left_front", 1, "dark")),
        ("shooting", ShotRefused(103.0, "c1", "vin", 1, "dark")),
        ("shooting", ShotRefused(103.0, "c1", "left_front", 2, "dark")),
        ("checking", FRONT),
        ("checking", ShotRefused(103.0, "c1", "vin", 1, "dark")),
        ("checking", ItemsChecked(150.0, "c0")),
        ("concluding", CHECKED),
        ("concluding", Verdict(150.0, "c0", "failed")),
        ("checking", PASSED),
        ("waiting", Tick(9e9)),
    ],
)
def test_what_is_late_or_of_another_vehicle_is_passed_over(phase: Phase, event: Event) -> None:
    state = run(WAY[:4])[0] if phase == "shooting" else at(phase)
    assert run([event], state) == (state, [])


def test_a_photo_is_tried_again_then_asked_of_a_person_then_withheld() -> None:
    state, told = run(
        [
            ShotTaken(103.0, "c1", "vin", 1, accepted=False),
            ShotRefused(104.0, "c1", "vin", 2, "dark"),
            ShotTaken(105.0, "c1", "vin", 0, accepted=False),
            ShotRefused(106.0, "c1", "vin", 0, "covered"),
        ],
        run(WAY[:3])[0],
    )
    assert told == [
        TakeShot("c1", "vin", 2),
        Show("hold_still"),
        AskShot("c1", "vin"),
        Show("photograph_by_hand"),
        Withhold("c1", "vin", "covered"),
        TakeShot("c1", "left_front", 1),
        Show("hold_still"),
    ]
    assert state.withheld == ("vin",)
    assert run([FRONT], state)[1][0] == AskChecks("c1", ("vin",))


def test_a_photo_that_comes_late_but_good_is_taken() -> None:
    _, told = run([Tick(113.5), ShotTaken(114.0, "c1", "vin", 1, accepted=True)], run(WAY[:3])[0])
    assert told[0] == TakeShot("c1", "vin", 2)
    assert told[2] == TakeShot("c1", "left_front", 1)


def test_a_photo_that_a_person_took_ahead_is_not_taken_again() -> None:
    state, told = run([ShotTaken(103.0, "c1", "left_front", 0, accepted=True)], run(WAY[:3])[0])
    assert (state.pending, told) == (("vin",), [])
    assert run([VIN], state)[0].phase == "checking"


def test_a_bad_photo_taken_ahead_costs_no_attempt() -> None:
    state = run(WAY[:3])[0]
    assert run([ShotTaken(103.0, "c1", "left_front", 1, accepted=False)], state) == (state, [])


def test_a_photo_without_a_camera_is_asked_of_a_person_at_once() -> None:
    _, told = run([ARRIVED, VehicleIdentified(101.0, 1, "c1", ("chassis",)), OPENED])
    assert told[-2:] == [AskShot("c1", "chassis"), Show("photograph_by_hand")]


def test_a_camera_that_new_settings_took_away_is_not_waited_for() -> None:
    none = structs.replace(SETTINGS, shots={})
    state, told = step(run(WAY[:3])[0], Tick(103.0), none)
    assert state.asked
    assert told == (AskShot("c1", "vin"), Show("photograph_by_hand"))


def test_each_attempt_and_each_person_has_a_limit() -> None:
    state, told = run([Tick(113.0), Tick(124.0), Tick(184.0), Tick(184.5)], run(WAY[:3])[0])
    assert told[0] == TakeShot("c1", "vin", 2)
    assert told[2] == AskShot("c1", "vin")
    assert told[4] == Withhold("c1", "vin", "overdue")
    assert state.pending == ("left_front",)


def test_a_wait_ends_only_past_its_limit() -> None:
    assert after("arrived", Tick(120.0)) == ("arrived", [])
    assert after("arrived", Tick(120.5))[1] == [AskIdentity(1), Show("identify_by_hand")]


def test_a_vehicle_that_nobody_knows_is_noted_and_sent_on() -> None:
    phase, told = after("arrived", Tick(121.0), Tick(182.0))
    assert phase == "leaving"
    assert told[2:] == [NotePassage(1, "unidentified"), Show("unidentified"), OpenBarrier()]


def test_a_person_may_say_which_vehicle_it_is() -> None:
    state, told = run([Tick(121.0), VehicleIdentified(150.0, 1, "c1", ("vin",))], at("arrived"))
    assert (state.phase, state.asked) == ("identified", False)
    assert told[-1] == OpenCase("c1")


@pytest.mark.parametrize(
    ("phase", "now", "told"),
    [
        ("identified", 112.0, [Abandon("c1", "not_recorded"), Show("not_recorded"), OpenBarrier()]),
        ("checking", 405.0, [Abandon("c1", "checks_overdue"), Show("checks_overdue"), OpenBarrier()]),
        ("concluding", 216.0, [Show("verdict_pending"), OpenBarrier()]),
    ],
)
def test_past_its_limit_each_wait_sends_the_vehicle_on(phase: Phase, now: float, told: list[Action]) -> None:
    assert after(phase, Tick(now)) == ("leaving", told)


def test_a_verdict_that_comes_late_is_shown_and_opens_nothing_again() -> None:
    assert after("concluding", Tick(217.0), Verdict(218.0, "c1", "failed"))[1][2:] == [Show("verdict_failed")]


def test_a_vehicle_that_does_not_leave_is_told_to_staff_until_it_has() -> None:
    phase, told = after("leaving", Tick(292.0))
    assert (phase, told) == ("faulted", [RaiseFault("exit_blocked"), Show("call_staff")])
    assert after("leaving", Tick(292.0), VehicleLeft(300.0))[1][2:] == [ClearFault("exit_blocked"), Show("lane_free")]


@pytest.mark.parametrize(
    ("phase", "ended"),
    [
        ("arrived", [NotePassage(1, "presence_stuck")]),
        ("identified", [Abandon("c1", "presence_stuck")]),
        ("checking", [Abandon("c1", "presence_stuck")]),
        ("concluding", []),
        ("leaving", []),
    ],
)
def test_a_presence_without_end_is_a_stuck_photo_eye(phase: Phase, ended: list[Action]) -> None:
    told = [*ended, RaiseFault("presence_stuck"), Show("call_staff")]
    assert after(phase, Tick(1_100.5), Tick(9_999.0)) == ("faulted", told)


@pytest.mark.parametrize(
    ("phase", "ended"),
    [
        ("arrived", [NotePassage(1, "drove_off")]),
        ("identified", [Abandon("c1", "drove_off")]),
        ("shooting", [Abandon("c1", "drove_off")]),
        ("checking", [Abandon("c1", "drove_off")]),
        ("concluding", []),
        ("leaving", []),
    ],
)
def test_a_vehicle_may_drive_off_at_any_moment(phase: Phase, ended: list[Action]) -> None:
    assert after(phase, LEFT) == ("waiting", [*ended, Show("lane_free")])


def test_leaving_without_arriving_is_told_once_and_cleared_by_the_next_arrival() -> None:
    state, told = run([VehicleLeft(10.0), VehicleLeft(11.0), ARRIVED])
    assert state.phase == "arrived"
    assert told == [RaiseFault("arrival_missed"), ClearFault("arrival_missed"), Identify(1), Show("identifying")]


@pytest.mark.parametrize(
    ("phase", "ended"),
    [("arrived", [NotePassage(1, "sensor_fault")]), ("checking", [Abandon("c1", "sensor_fault")]), ("leaving", [])],
)
def test_a_broken_sensor_ends_what_is_under_way(phase: Phase, ended: list[Action]) -> None:
    told = [*ended, RaiseFault("sensor_broken", "entry"), Show("call_staff")]
    assert after(phase, SensorFault(205.0, "entry", broken=True)) == ("faulted", told)


def test_an_empty_lane_with_a_broken_sensor_waits_closed_and_leads_nobody() -> None:
    state, told = run(
        [SensorFault(1.0, "exit", broken=True), SensorFault(2.0, "exit", broken=True), VehicleLeft(3.0), ARRIVED]
    )
    assert state.phase == "faulted"
    assert state.broken == {"exit"}
    assert told == [
        RaiseFault("sensor_broken", "exit"),
        Show("lane_closed"),
        NotePassage(1, "sensor_fault"),
        Show("lane_closed"),
    ]
    assert run([LEFT], state)[1] == [Show("lane_closed")]


def test_a_lane_is_free_again_when_its_last_sensor_works() -> None:
    state, told = run(
        [
            SensorFault(1.0, "exit", broken=True),
            SensorFault(2.0, "entry", broken=True),
            SensorFault(3.0, "exit", broken=False),
            SensorFault(4.0, "entry", broken=False),
        ]
    )
    assert state == State()
    assert told[-3:] == [ClearFault("sensor_broken", "exit"), ClearFault("sensor_broken", "entry"), Show("lane_free")]


def test_a_mended_sensor_does_not_make_an_occupied_lane_free() -> None:
    more = (SensorFault(206.0, "entry", broken=True), SensorFault(207.0, "exit", broken=True))
    phase, told = after("checking", *more, SensorFault(208.0, "entry", broken=False))
    assert phase == "faulted"
    assert told[-2:] == [RaiseFault("sensor_broken", "exit"), ClearFault("sensor_broken", "entry")]
    assert after("checking", more[0], SensorFault(208.0, "entry", broken=False), LEFT)[0] == "waiting"
