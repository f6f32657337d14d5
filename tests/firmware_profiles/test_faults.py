from typing import Annotated, Literal

import pytest
from msgspec import Meta

from firmware_profiles.faults import FAULTS_SHOWN_MAX, Fault, expectation, nearest, refusal, shown
from firmware_profiles.positions import KeyPath


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("version",), "version"),
        (("limits", "photo_bytes_max"), "[limits] photo_bytes_max"),
        (("camera", 1, "width"), "[[camera]] 2 width"),
        (("camera", 1), "[[camera]] 2"),
        (("a", "b", "c"), "[a.b] c"),
        (("a", 0, "b", 2, "c"), "[[a.b]] 3 c"),
        (("a b", "c\nd"), '["a b"] "c\\nd"'),
        (("",), '""'),
    ],
)
def test_a_key_is_named_by_its_full_path(path: KeyPath, name: str) -> None:
    assert str(refusal([Fault(path, "is wrong")], {path: 7})) == f"line 7: {name} is wrong"


def test_what_the_file_lacks_is_placed_at_the_table_around_it() -> None:
    assert str(refusal([Fault(("limits", "x"), "is missing")], {("limits",): 9})) == "line 9: [limits] x is missing"
    assert str(refusal([Fault(("limits",), "is missing")], {})) == "line 1: limits is missing"


def test_faults_are_told_in_the_order_of_the_file() -> None:
    error = refusal([Fault(("b",), "is wrong"), Fault(("a",), "is wrong")], {("a",): 2, ("b",): 10})
    assert str(error) == "line 2: a is wrong\nline 10: b is wrong"


def test_very_many_faults_are_counted_and_not_listed() -> None:
    paths: list[KeyPath] = [(f"key{index}",) for index in range(FAULTS_SHOWN_MAX + 5)]
    text = str(refusal([Fault(path, "is wrong") for path in paths], {}))
    assert text.count("\n") == FAULTS_SHOWN_MAX
    assert text.endswith("and 5 more")


def test_the_nearest_right_name_is_offered_only_when_it_is_near() -> None:
    assert nearest("photo_byte_max", ["photo_bytes_max", "batch_bytes_max"]) == "; did you mean photo_bytes_max?"
    assert nearest("colour", ["photo_bytes_max"]) == ""


def test_a_value_is_shown_short_and_never_fails() -> None:
    assert shown("x" * 500).endswith("...")
    assert shown(16**9000) == "a number too large to show"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (bool, "true or false"),
        (Literal["a", "b"], '"a" or "b"'),
        (Annotated[int, Meta(ge=1, le=20)], "a whole number from 1 to 20"),
        (Annotated[float, Meta(ge=0, le=60)], "a number from 0 to 60"),
        (Annotated[str, Meta(max_length=3, description="a short text")], "a short text"),
        (Annotated[str, Meta(max_length=3)], "a text"),
        (Annotated[int, "a note of another kind"], "a whole number"),
    ],
)
def test_a_type_says_what_it_expects(kind: object, words: str) -> None:
    assert expectation(kind) == words
