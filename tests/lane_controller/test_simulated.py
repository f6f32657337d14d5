from pathlib import Path

import pytest

from edge_agent.orders import Order, OrderError, load_order, parse_order
from lane_controller.simulated import SimulatedVehicle

ORDER = """
regime = "jianyan"
serial = "T-0001"
inspector = "inspector-1"
lane = "2"
inspection_kind = "01"
drives_off_after = "0112"
person_confirms_vin = "LZZZ5ABC2RA000017"
[vehicle]
vin = "LZZZ5ABC2RA000017"
[items]
"18" = "fail"
"15" = "7"
"""


@pytest.fixture
def order(tmp_path: Path) -> Order:
    folder = tmp_path / "01-car"
    folder.mkdir()
    (folder / "order.toml").write_text(ORDER, encoding="utf-8")
    for name in ("0111.jpg", "0111-3.jpg", "0112.jpg"):
        (folder / name).write_bytes(name.encode())
    return load_order(folder)


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def vehicle(order: Order, pauses: list[float]) -> SimulatedVehicle:
    return SimulatedVehicle(order, station="station-1", profile="p@1", pause=pauses.append)


def test_it_is_the_vehicle_of_its_order_at_that_station_under_that_profile(
    vehicle: SimulatedVehicle, order: Order
) -> None:
    assert vehicle.identity() == order.case_opened(station="station-1", profile="p@1")
    assert vehicle.identity().lane == "2"


def test_a_camera_has_only_the_pictures_that_the_order_gives_to_that_very_attempt(vehicle: SimulatedVehicle) -> None:
    assert [vehicle.shot("0111", attempt) for attempt in (1, 2, 3, 4)] == [b"0111.jpg", None, b"0111-3.jpg", None]
    assert vehicle.shot("0999", 1) is None


def test_a_person_sees_what_the_first_shot_saw(vehicle: SimulatedVehicle) -> None:
    assert vehicle.shot_by_hand("0111") == b"0111.jpg"
    assert vehicle.shot_by_hand("0999") is None


def test_people_answer_as_the_order_says(vehicle: SimulatedVehicle) -> None:
    assert vehicle.vin_read_by_person() == "LZZZ5ABC2RA000017"
    assert [vehicle.mark(item) for item in ("18", "15", "02")] == [("fail", ""), ("value", "7"), ("pass", "")]


def test_footage_is_the_orders_recorder_or_none(vehicle: SimulatedVehicle, order: Order, tmp_path: Path) -> None:
    assert vehicle.footage() is None
    text = ORDER + '[video]\nrecorder = "r"\nchannel = "c"\nmissing = "no power"\n'
    (order.folder / "order.toml").write_text(text, encoding="utf-8")
    filmed = SimulatedVehicle(load_order(order.folder), station="s", profile="p", pause=lambda _: None)
    assert filmed.footage() == ("r", "c", "no power")


@pytest.mark.parametrize("by_hand", [False, True])
def test_it_drives_off_after_the_photo_that_the_order_names_and_not_before(
    vehicle: SimulatedVehicle, *, by_hand: bool
) -> None:
    def take(code: str) -> None:
        _ = vehicle.shot_by_hand(code) if by_hand else vehicle.shot(code, 1)

    take("0111")
    assert not vehicle.has_left()
    take("0112")
    assert vehicle.has_left()
    take("0111")
    assert vehicle.has_left()


def test_it_leaves_when_the_barrier_opens(vehicle: SimulatedVehicle) -> None:
    assert not vehicle.has_left()
    vehicle.open_barrier()
    assert vehicle.has_left()


def test_it_keeps_what_it_was_shown_and_staff_who_are_called_see_it_out(vehicle: SimulatedVehicle) -> None:
    vehicle.show("hold_still")
    assert not vehicle.has_left()
    vehicle.show("call_staff")
    assert vehicle.has_left()
    assert vehicle.shown == ["hold_still", "call_staff"]


def test_waiting_is_left_to_whoever_gave_the_pause(vehicle: SimulatedVehicle, pauses: list[float]) -> None:
    vehicle.wait(0.5)
    assert pauses == [0.5]


def test_an_order_with_an_item_of_another_form_is_refused_before_the_vehicle_comes(order: Order) -> None:
    other = Order(
        name=order.name, folder=order.folder, text=parse_order(ORDER.replace('"18" = "fail"', '"99" = "fail"'))
    )
    with pytest.raises(OrderError, match=r"items\.99 is no item of this inspection"):
        SimulatedVehicle(other, station="station-1", profile="p@1", pause=lambda _: None)
