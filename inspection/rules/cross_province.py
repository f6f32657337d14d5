"""Whether a vehicle may be inspected outside the province where it is registered (跨省异地检验, 实施细则 §9)."""

from inspection.facts import Vehicle
from inspection.rules.judging import Found, Judgement, held, judgement, matches, reason
from inspection.rules.rulebook import Rulebook
from inspection.rules.vehicles import from_elsewhere, home_province

CLAUSES = ("cross_commission", "cross_dangerous", "cross_school", "cross_large_bus", "cross_class")


def judge_cross_province(vehicle: Vehicle, book: Rulebook, province: str) -> Judgement:
    """Judge each clause for a vehicle at a station in `province` (its character, e.g. "京").

    A vehicle known to be at home is allowed. One whose home nobody knows is judged as one from elsewhere.
    """
    if home_province(vehicle) and not from_elsewhere(vehicle, province):
        return judgement([reason(book, "cross_home", held(True, home_province(vehicle)))])
    rules, code = book.cross_province, vehicle.vehicle_class
    dangerous = matches(vehicle.use, rules.dangerous_uses)
    school = matches(code, rules.school_classes) or matches(vehicle.use, rules.school_uses)
    found: tuple[Found, ...] = (
        held(vehicle.commissioned or not rules.commission_needed),
        held(vehicle.commissioned or not dangerous, vehicle.use if dangerous else ""),
        held(not school, f"{code} {vehicle.use}".strip() if school else ""),
        held(not matches(code, rules.large_bus_classes), code),
        held(matches(code, rules.classes), code),
    )
    return judgement(reason(book, clause, one) for clause, one in zip(CLAUSES, found, strict=True))
