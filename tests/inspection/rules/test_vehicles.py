"""What a vehicle is in the words of the rules."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from inspection.facts import Vehicle
from inspection.rules import shipped_rulebooks, vehicles

BOOK = shipped_rulebooks()[-1]
TODAY = date(2026, 5, 28)
CAR = Vehicle(vin="L00PA55L4N0000017", vehicle_class="K33", use="A")  # invented


@pytest.mark.parametrize(
    ("vehicle_class", "k34", "held"),
    [("K33", True, True), ("K33", False, True), ("K34", True, True), ("K34", False, False), ("K39", True, False)],
)
def test_k34_follows_its_switch_and_no_other_class_does(vehicle_class: str, *, k34: bool, held: bool) -> None:
    book = replace(BOOK, cars=replace(BOOK.cars, k34=k34))
    result, detail = vehicles.car_class(replace(CAR, vehicle_class=vehicle_class), book)
    assert (result == "passed", detail) == (held, vehicle_class)


def test_k34_follows_its_switch_even_where_a_pattern_fits_it() -> None:
    book = replace(BOOK, cars=replace(BOOK.cars, classes=("K3?",), k34=False))
    assert vehicles.car_class(replace(CAR, vehicle_class="K34"), book)[0] == "failed"


def test_a_bread_van_is_out_unless_the_rulebook_passes_over_the_flag() -> None:
    van = replace(CAR, bread_van=True)
    assert vehicles.car_class(van, BOOK) == ("failed", "K33 面包车")
    lax = replace(BOOK, cars=replace(BOOK.cars, bread_van_flag=False))
    assert vehicles.car_class(van, lax) == ("passed", "K33 面包车")


def test_insurance_that_nobody_verified_passes_only_where_it_is_not_required() -> None:
    assert vehicles.insured(CAR, BOOK, TODAY) == ("failed", "")
    lax = replace(BOOK, vehicle_checks=replace(BOOK.vehicle_checks, insurance_required=False))
    assert vehicles.insured(CAR, lax, TODAY) == ("passed", "")
    ended = replace(CAR, insured_until=TODAY - timedelta(days=1))
    assert vehicles.insured(ended, lax, TODAY) == ("failed", "2026-05-27")


@pytest.mark.parametrize(
    ("taxed", "required", "result"),
    [
        (True, True, "passed"),
        (True, False, "passed"),
        (False, True, "failed"),
        (False, False, "failed"),
        (None, True, "failed"),
        (None, False, "passed"),
    ],
)
def test_a_tax_said_to_be_unpaid_never_passes(taxed: bool | None, *, required: bool, result: str) -> None:  # noqa: FBT001
    assert vehicles.tax_paid(replace(CAR, taxed=taxed), required=required)[0] == result


@pytest.mark.parametrize(
    ("home", "plate", "province"),
    [
        ("京A", "", "京"),
        ("京A", "粤B00A00", "京"),
        ("", "粤B00A00", "粤"),
        ("使", "粤B00A00", "粤"),
        ("", "使000000", ""),
        ("", "", ""),
    ],
)
def test_the_home_is_the_issuing_office_s_else_the_plate_s(home: str, plate: str, province: str) -> None:
    assert vehicles.home_province(replace(CAR, home=home, plate=plate)) == province


def test_only_a_vehicle_known_to_be_from_elsewhere_is_from_elsewhere() -> None:
    car = replace(CAR, home="京A")
    assert vehicles.from_elsewhere(car, "粤")
    assert not vehicles.from_elsewhere(car, "京")
    assert not vehicles.from_elsewhere(car, "京A")
    assert not vehicles.from_elsewhere(car, "")
    assert not vehicles.from_elsewhere(CAR, "粤")


@pytest.mark.parametrize(("left", "result"), [(-1, "passed"), (0, "passed"), (90, "passed"), (91, "failed")])
def test_a_sticker_is_renewed_in_its_last_days(left: int, result: str) -> None:
    running = ("PL00000001", TODAY + timedelta(days=left))
    assert vehicles.renewable(running, TODAY, early_days=90)[0] == result
    assert vehicles.renewable(None, TODAY, early_days=90) == ("passed", "")


def test_states_are_letters_of_a_string() -> None:
    assert vehicles.no_bar(replace(CAR, states="AQ"), BOOK) == ("passed", "")
    assert vehicles.no_bar(replace(CAR, states="QGC"), BOOK) == ("failed", "GC")
