"""Inspection outside the province. The named cases of the table stand in test_eligibility."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from inspection.facts import Vehicle
from inspection.rules import Judgement, judge_cross_province, rulebook_on, shipped_rulebooks
from inspection.rules.cross_province import CLAUSES

BOOKS = shipped_rulebooks()
CAR = Vehicle(vin="L00PA55L4N0000017", vehicle_class="K33", use="A", home="京A")  # invented


def judged(day: date = date(2026, 5, 28), province: str = "粤", **changes: Any) -> Judgement:
    return judge_cross_province(replace(CAR, **changes), rulebook_on(day, BOOKS), province)


def failed(judgement: Judgement) -> list[str]:
    return [reason.code for reason in judgement.failed]


def test_a_car_is_inspected_elsewhere_with_every_reason() -> None:
    judgement = judged()
    assert judgement.allowed
    assert tuple(reason.code for reason in judgement.reasons) == CLAUSES


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"use": "R", "vehicle_class": "H14"}, ["cross_dangerous"]),
        ({"use": "R", "vehicle_class": "H14", "history": ("commissioned",)}, []),
        ({"vehicle_class": "K28"}, ["cross_school"]),
        ({"use": "O"}, ["cross_school"]),
        ({"vehicle_class": "K11"}, ["cross_large_bus", "cross_class"]),
        ({"vehicle_class": "K18", "use": "P"}, ["cross_school", "cross_large_bus", "cross_class"]),
        ({"vehicle_class": "K18", "history": ("commissioned",)}, ["cross_school", "cross_large_bus", "cross_class"]),
        ({"vehicle_class": "K16"}, []),
        ({"vehicle_class": "M21"}, ["cross_class"]),
        ({"vehicle_class": ""}, ["cross_class"]),
    ],
)
def test_each_clause_is_judged(changes: dict[str, Any], codes: list[str]) -> None:
    assert failed(judged(**changes)) == codes


def test_before_2018_09_01_every_vehicle_needed_a_commission() -> None:
    assert failed(judged(date(2018, 8, 31))) == ["cross_commission"]
    assert judged(date(2018, 8, 31), history=("commissioned",)).allowed


def test_at_home_nothing_is_asked() -> None:
    assert [reason.code for reason in judged(province="京", vehicle_class="K11").reasons] == ["cross_home"]
    assert judged(home="", plate="京A00X00", province="京", vehicle_class="K11").allowed


def test_a_vehicle_whose_home_nobody_knows_is_judged_as_from_elsewhere() -> None:
    assert failed(judged(home="", vehicle_class="M21")) == ["cross_class"]
    assert failed(judged(home="使", vehicle_class="M21")) == ["cross_class"]
