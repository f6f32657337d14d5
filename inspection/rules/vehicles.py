"""What a vehicle is in the words of the rules: a private small car, a vehicle from elsewhere, one without a bar."""

from datetime import date
from functools import cache

from inspection.codes import table
from inspection.facts import Vehicle
from inspection.rules.judging import Found, held, matches
from inspection.rules.rulebook import Rulebook

K34 = "K34"
BREAD_VAN = "面包车"


def car_class(vehicle: Vehicle, book: Rulebook) -> Found:
    """Judge whether its class is a small or mini passenger car (小微型载客汽车) and it is no bread van (面包车)."""
    cars, code = book.cars, vehicle.vehicle_class
    listed = cars.k34 if code == K34 else matches(code, cars.classes)
    # The class code is necessary, not sufficient: older 面包车 are registered as K31 or K41.
    bread_van = vehicle.bread_van and cars.bread_van_flag
    return held(listed and not bread_van, f"{code} {BREAD_VAN}" if vehicle.bread_van else code)


def private_use(vehicle: Vehicle, book: Rulebook) -> Found:
    """Judge whether it is used privately (非营运)."""
    return held(matches(vehicle.use, book.cars.uses), vehicle.use)


def no_bar(vehicle: Vehicle, book: Rulebook) -> Found:
    """Judge that none of its states (zt, a string of letters) is one that blocks."""
    blocking = [letter for letter in vehicle.states if matches(letter, book.vehicle_checks.blocking_states)]
    return held(not blocking, "".join(blocking))


def insured(vehicle: Vehicle, book: Rulebook, day: date) -> Found:
    """Judge whether the compulsory insurance (交强险) is in force; its last day is still in force."""
    until = vehicle.insured_until
    if until is None:
        return held(not book.vehicle_checks.insurance_required)
    return held(until >= day, str(until))


def tax_paid(vehicle: Vehicle, *, required: bool) -> Found:
    """Judge whether the vehicle tax (车船税) was verified; where that is not required, nobody's word is no fault."""
    if vehicle.taxed is None:
        return held(not required, "—")
    return held(vehicle.taxed)


def home_province(vehicle: Vehicle) -> str:
    """Return the character of the province where it is registered, by 发证机关, else by the plate; empty if neither."""
    for text in (vehicle.home, vehicle.plate):
        if text and text[0] in _provinces():
            return text[0]
    return ""


@cache
def _provinces() -> frozenset[str]:
    return frozenset(row.name_zh for row in table("province") if row.code != "-")


def from_elsewhere(vehicle: Vehicle, province: str) -> bool:
    """Return whether it is known to be registered in another province. province: the station's, e.g. "京" or "京A"."""
    home = home_province(vehicle)
    return bool(home and province) and home != province[0]


def renewable(valid_sticker: tuple[str, date] | None, day: date, *, early_days: int) -> Found:
    """Judge that no valid sticker of the vehicle runs for longer than the days in which it may be renewed."""
    if valid_sticker is None:
        return held(True)
    number, until = valid_sticker
    return held((until - day).days <= early_days, f"{number} {until}")
