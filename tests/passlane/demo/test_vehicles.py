import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.orders import Order, OrderText
from inspection.checklist import required_for
from inspection.facts import CaseOpened
from inspection.plate import is_registrable, parse_plate
from inspection.rules import CLAUSES
from inspection.vin import VIN_ALPHABET, check_digit_holds, parse_vin
from passlane.demo.vehicles import DemoVehicle, demo_vehicles, made_up_vin, replace_items

VEHICLES = demo_vehicles()
every_vehicle = pytest.mark.parametrize("vehicle", VEHICLES, ids=[vehicle.name for vehicle in VEHICLES])
PART = st.text(VIN_ALPHABET, min_size=8, max_size=8)


def opened(text: OrderText, folder: object) -> CaseOpened:
    return Order(name="x", folder=folder, text=text).case_opened(station="ST01", profile="p")  # type: ignore[arg-type]


def test_ten_vehicles_come_each_with_a_name_a_number_and_a_vin_of_its_own() -> None:
    assert len(VEHICLES) == 10
    for values in (
        [vehicle.name for vehicle in VEHICLES],
        [vehicle.order.serial for vehicle in VEHICLES],
        [vehicle.order.vehicle.vin for vehicle in VEHICLES],
    ):
        assert len(set(values)) == 10
    plates = [vehicle.order.vehicle.plate for vehicle in VEHICLES if vehicle.order.vehicle.plate]
    assert len(set(plates)) == len(plates)


def test_they_come_in_the_order_of_their_names_at_each_device() -> None:
    names = [vehicle.name for vehicle in VEHICLES]
    assert names == sorted(names)
    assert {vehicle.device for vehicle in VEHICLES} == {"lane-1", "pda-1"}


@every_vehicle
def test_every_vin_is_legal_and_has_the_right_check_digit(vehicle: DemoVehicle) -> None:
    for vin in {vehicle.order.vehicle.vin, vehicle.vin_on_car} - {""}:
        assert parse_vin(vin) == vin
        assert check_digit_holds(vin)


@every_vehicle
def test_every_plate_is_one_of_its_kind_and_only_new_cars_have_none(vehicle: DemoVehicle) -> None:
    paper = vehicle.order.vehicle
    key = parse_plate(paper.plate, paper.plate_kind)
    assert (key is None) == (vehicle.order.regime == "chayan")
    assert key is None or is_registrable(key)


@every_vehicle
def test_what_is_expected_of_a_vehicle_are_clauses_that_there_are(vehicle: DemoVehicle) -> None:
    failed = vehicle.expected.failed
    assert set(failed) <= set(CLAUSES)
    assert list(failed) == sorted(failed)
    assert "fail" not in vehicle.order.items.values() or vehicle.expected.outcome == "fail"


@every_vehicle
def test_every_order_fits_its_form(vehicle: DemoVehicle) -> None:
    items = {item.code: item for item in required_for(opened(vehicle.order, None)).items}
    assert set(vehicle.order.items) <= set(items)
    # A value that is left open would be written down as passed.
    assert {code for code, item in items.items() if item.value_kind == "value"} <= set(vehicle.order.items)


@given(PART, PART)
def test_a_made_up_vin_is_legal_whatever_it_is_made_of(start: str, end: str) -> None:
    vin = made_up_vin(start, end)
    assert (vin[:8], vin[9:]) == (start, end)
    assert check_digit_holds(vin)


def test_replacing_items_changes_nothing_else() -> None:
    order = VEHICLES[0].order
    changed = replace_items(order, {"18": "fail"})
    assert changed.items == {"18": "fail"}
    assert replace_items(changed, dict(order.items)) == order
