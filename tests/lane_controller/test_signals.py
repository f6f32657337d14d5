from typing import get_args

import pytest
from msgspec import structs

from lane_controller import LaneError
from lane_controller.signals import Action, Event, LaneSettings, ShotSettings, State

SETTINGS = LaneSettings(
    identify_seconds_max=20,
    open_seconds_max=10,
    person_seconds_max=60,
    check_seconds_max=300,
    verdict_seconds_max=15,
    leave_seconds_max=90,
    presence_seconds_max=1_000,
    shots={"vin": ShotSettings(tries_max=3, seconds_max=10)},
)


@pytest.mark.parametrize("name", [name for name in LaneSettings.__struct_fields__ if name != "shots"])
def test_a_wait_of_no_time_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(LaneError, match=f"{name} must be at least 1, not 0"):
        LaneSettings(**{**structs.asdict(SETTINGS), name: 0})


@pytest.mark.parametrize("name", ["tries_max", "seconds_max"])
def test_a_shot_without_tries_or_time_is_refused_by_its_role(name: str) -> None:
    shot = ShotSettings(**{"tries_max": 1, "seconds_max": 1, name: 0})
    with pytest.raises(LaneError, match=f"vin {name} must be at least 1"):
        LaneSettings(**{**structs.asdict(SETTINGS), "shots": {"vin": shot}})


def test_a_lane_may_have_no_camera_at_all() -> None:
    assert LaneSettings(**{**structs.asdict(SETTINGS), "shots": {}}).shots == {}


def test_a_lane_begins_empty_and_waiting() -> None:
    assert State() == State(phase="waiting", case="", broken=frozenset(), passage=0)


def test_every_event_carries_the_time_and_no_action_does() -> None:
    assert all("now" in kind.__struct_fields__ for kind in get_args(Event))
    assert not any("now" in kind.__struct_fields__ for kind in get_args(Action))
