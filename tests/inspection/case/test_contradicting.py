"""A case whose facts contradict each other: what does not count is passed over, and all of it is said in words."""

import pytest
from msgspec.structs import replace

from inspection.case.contradicting import contradictions
from inspection.facts import AnyFact, ItemChecked
from tests.inspection.case.case_histories import (
    AUDITED,
    FAILED,
    ISSUED,
    LATE,
    MISREAD,
    OPENED,
    PASSED,
    case_of,
    corrected,
    photo,
)


def test_an_ordinary_case_contradicts_itself_nowhere() -> None:
    mended = (ItemChecked(item="01", mark="fail"), ItemChecked(item="01", mark="pass"))
    case = case_of(OPENED, photo("p1", vin=MISREAD), corrected("p1"), corrected("p1"), *mended, PASSED, hub=(ISSUED,))
    assert contradictions(case) == ()
    assert contradictions(case_of(OPENED, ItemChecked(item="01", mark="fail"), FAILED)) == ()


@pytest.mark.parametrize(
    ("code", "lane", "hub"),
    [
        ("opening.twice", (OPENED, replace(OPENED, station="ST99")), ()),
        ("ending.twice", (OPENED, PASSED, FAILED), ()),
        ("verdict.items", (OPENED, ItemChecked(item="01", mark="fail"), PASSED), ()),
        ("sticker.failed", (OPENED, FAILED), (ISSUED,)),
        ("vin.read_twice", (OPENED, photo("p1", vin=MISREAD), corrected("p1"), corrected("p1", MISREAD)), ()),
        ("device.hub_fact", (OPENED, AUDITED), ()),
        ("hub.stands_on_nothing", (OPENED, PASSED), (ISSUED, LATE)),
    ],
)
def test_a_contradiction_has_a_code_and_words(code: str, lane: tuple[AnyFact, ...], hub: tuple[AnyFact, ...]) -> None:
    (found,) = contradictions(case_of(*lane, hub=hub))
    assert found.code == code
    assert found.zh
    assert found.en


def test_the_first_ending_counts_and_a_later_one_changes_nothing_but_that_it_is_said() -> None:
    case = case_of(OPENED, FAILED, PASSED)
    assert (case.stage, case.passed_over) == ("failed", ("InspectionConcluded",))
