import inspect
from pathlib import Path

import pytest

from edge_agent.orders import Order, parse_order
from lane_controller.drivers import Drivers
from lane_controller.simulated import SimulatedVehicle

ORDERED = [name for name in vars(Drivers) if not name.startswith("_")]


def test_the_simulated_vehicle_is_wired_as_drivers_are() -> None:
    text = parse_order('regime = "jianyan"\nserial = "T"\ninspector = "i"\n[vehicle]\nvin = "LZZZ5ABC2RA000017"\n')
    order = Order(name="01", folder=Path("nowhere"), text=text)
    # The type checker says whether every method fits.
    drivers: Drivers = SimulatedVehicle(order, station="s", profile="p", pause=lambda _: None)
    assert not drivers.has_left()


@pytest.mark.parametrize("name", ORDERED)
def test_a_driver_is_asked_in_the_same_words_by_the_lane_and_by_the_simulation(name: str) -> None:
    asked, answered = getattr(Drivers, name), getattr(SimulatedVehicle, name)
    assert inspect.signature(asked) == inspect.signature(answered)


@pytest.mark.parametrize("name", ORDERED)
def test_every_driver_says_what_it_gives_and_when_it_gives_nothing(name: str) -> None:
    method = getattr(Drivers, name)
    may_be_nothing = "None" in str(inspect.signature(method).return_annotation).split("|")[-1]
    assert inspect.getdoc(method)
    if may_be_nothing and "|" in str(inspect.signature(method).return_annotation):
        assert "None" in (inspect.getdoc(method) or "")
