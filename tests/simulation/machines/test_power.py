import pytest

from tests.simulation.machines.power import Power, SimCrash


def test_a_program_dies_at_the_operation_that_its_fuse_names_and_stays_dead() -> None:
    power = Power("lane-1")
    power.on()
    power.light(2, "power cut")
    power.operation("first")
    with pytest.raises(SimCrash, match="second"):
        power.operation("second")
    with pytest.raises(SimCrash, match="gone"):
        power.operation("third")
    assert (power.alive, power.death, power.cut_short) == (False, "power cut", 1)


def test_a_fuse_can_be_put_out() -> None:
    power = Power("lane-1")
    power.on()
    power.light(1, "kill")
    assert power.lit
    power.spare()
    power.operation("read")
    assert power.alive


def test_nothing_in_the_product_catches_a_crash_as_an_error() -> None:
    assert not issubclass(SimCrash, Exception)
