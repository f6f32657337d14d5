import msgspec
import pytest

from inspection.facts.base import History, Position, Vehicle

VIN = "L00PA55L4N0000017"  # invented; its check character holds


@pytest.mark.parametrize("word", ["injury_accident", "modified", "commissioned"])
def test_what_is_on_record_about_a_vehicle_is_read_by_its_name(word: History) -> None:
    assert getattr(Vehicle(vin=VIN, history=(word,)), word)
    assert not getattr(Vehicle(vin=VIN), word)


def test_a_vehicle_of_which_little_is_known_is_as_short_on_the_wire_as_ever() -> None:
    assert msgspec.msgpack.encode(Vehicle(vin=VIN))[0] == 0x81  # a map of one: with 16 fields it would begin otherwise


@pytest.mark.parametrize(
    "place",
    [
        {"longitude": 181, "latitude": 0},
        {"longitude": 0, "latitude": -91},
        {"longitude": 0, "latitude": 0, "accuracy_m": -1},
    ],
)
def test_a_place_that_is_not_on_earth_is_refused(place: dict[str, float]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(place, Position)
