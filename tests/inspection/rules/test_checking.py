"""What a rulebook has to hold to beyond its shape."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from inspection.codes import table
from inspection.rules import Rulebook, RulebookError, shipped_rulebooks
from inspection.rules.checking import CLAUSES, check_rulebook, unknown_patterns
from inspection.rules.rulebook import Step, Validity, Window

BOOK = shipped_rulebooks()[-1]
CODED = {
    "cars": ("uses", "classes"),
    "vehicle_checks": ("blocking_states",),
    "sticker_first": ("inspection_kinds", "plate_kinds", "retest_stages"),
    "cross_province": ("classes", "dangerous_uses", "school_classes", "school_uses", "large_bus_classes"),
}


def with_steps(*steps: Step) -> Rulebook:
    return replace(BOOK, validity={**BOOK.validity, "private_cars": Validity(steps=steps)})


def refusal(book: Rulebook) -> tuple[str, str]:
    with pytest.raises(RulebookError) as refused:
        check_rulebook(book)
    return refused.value.code, str(refused.value)


@pytest.mark.parametrize("book", shipped_rulebooks(), ids=lambda book: book.id)
def test_the_shipped_rulebooks_hold(book: Rulebook) -> None:
    check_rulebook(book)
    assert set(book.clauses) == CLAUSES
    assert all(text.zh and text.en and text.clause for text in book.clauses.values())


@pytest.mark.parametrize(("part", "key"), [(part, key) for part, keys in CODED.items() for key in keys])
def test_a_code_that_its_table_does_not_have_is_refused_with_its_key(part: str, key: str) -> None:
    changes: dict[str, Any] = {key: ("#",)}
    code, said = refusal(replace(BOOK, **{part: replace(getattr(BOOK, part), **changes)}))
    assert code == "rulebook.unknown_code"
    assert f"rulebook rules-2022-10-01, key {part}.{key}: " in said


@pytest.mark.parametrize(("key", "table_name"), [("uses", "syxz"), ("classes", "cllx")])
def test_a_code_of_a_validity_is_looked_up_too(key: str, table_name: str) -> None:
    changes: dict[str, Any] = {key: ("K3[8-9]", "99")}
    rows = {**BOOK.validity, "trucks": replace(BOOK.validity["trucks"], **changes)}
    code, said = refusal(replace(BOOK, validity=rows))
    assert code == "rulebook.unknown_code"
    assert f"validity.trucks.{key}" in said
    assert f"fits no code of {table_name}" in said


def test_the_nearest_right_codes_are_named() -> None:
    book = replace(BOOK, cars=replace(BOOK.cars, classes=("K3",)))
    assert "nearest: K3" in refusal(book)[1]


def test_a_pattern_has_to_fit_at_least_one_code() -> None:
    assert unknown_patterns(("K1[!6]", "*", "K??", "K16"), "cllx") == ()
    assert unknown_patterns(("K1[!0-9A-Z]", "k33", ""), "cllx") == ("K1[!0-9A-Z]", "k33", "")
    assert unknown_patterns(tuple(row.code for row in table("zt")), "zt") == ()


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"clauses": {**BOOK.clauses, "usage": BOOK.clauses["use"]}}, "clauses", "clauses.usage"),
        ({"clauses": {}}, "clauses", "nothing says how it reads"),
        ({"in_force_until": date(2022, 10, 1)}, "dates", "ends before it begins"),
        ({"validity": {}}, "validity", "validity.others"),
        ({"checklist": "no-such"}, "unknown_checklist", "no-such"),
        ({"provisional": ("cars.k35",)}, "provisional", "cars.k35"),
        ({"provisional": ("id.of",)}, "provisional", "id.of"),
        (
            {"exemption": replace(BOOK.exemption, windows=(Window(from_years=6, until_years=6),))},
            "years",
            "windows #1",
        ),
    ],
)
def test_what_could_not_be_applied_is_refused(changes: dict[str, Any], code: str, said: str) -> None:
    found, text = refusal(replace(BOOK, **changes))
    assert found == f"rulebook.{code}"
    assert said in text


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (Step(months=12, below_years=6),),
        (Step(months=12), Step(months=6)),
        (Step(months=12, below_years=6), Step(months=9, below_years=6), Step(months=6)),
        (Step(months=12, below_years=15), Step(months=9, below_years=6), Step(months=6)),
    ],
)
def test_the_steps_of_a_validity_rise_and_the_last_one_has_no_end(steps: tuple[Step, ...]) -> None:
    code, said = refusal(with_steps(*steps))
    assert code == "rulebook.validity"
    assert "validity.private_cars.steps" in said


def test_an_end_after_the_beginning_is_taken() -> None:
    check_rulebook(replace(BOOK, in_force_until=date(2022, 10, 2)))
