"""What has to be done follows from the checklist that the rulebook names."""

import pytest
from msgspec.structs import replace

from inspection.checklist import ChecklistError, required_for
from inspection.facts import CaseOpened, Vehicle
from inspection.rules import Standing, required_by, shipped_rulebooks

BOOK = shipped_rulebooks()[-1]
CAR = Vehicle(vin="L00PA55L4N0000017", vehicle_class="K33", use="A")  # invented
OPENED = CaseOpened(
    regime="jianyan", serial="J1", vehicle=CAR, station="ST01", inspector="i", business="1", inspection_kind="01"
)


def test_the_requirement_is_that_of_the_rulebook_s_checklist() -> None:
    for opened in (OPENED, replace(OPENED, regime="chayan")):
        requirement = required_by(opened, BOOK)
        assert requirement == required_for(opened)
        assert requirement.version == BOOK.checklist == "1"


def test_regime_business_and_class_lead_to_other_items() -> None:
    chayan = replace(OPENED, regime="chayan")
    bus = replace(chayan, vehicle=replace(CAR, vehicle_class="K18"))
    assert len({required_by(opened, BOOK).items for opened in (OPENED, chayan, bus)}) == 3


def test_a_checklist_that_there_is_not_is_refused() -> None:
    with pytest.raises(ChecklistError):
        required_by(OPENED, replace(BOOK, checklist="0"))


def test_a_station_is_not_suspended_unless_somebody_says_so() -> None:
    assert not Standing(admitted=True, listed=False).suspended
