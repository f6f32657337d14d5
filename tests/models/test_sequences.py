import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.characters import SYMBOLS, Steps
from models.sequences import MARK, Aligned, best_text, collapse
from tests.models.looks import steps_for


def any_of(count: int) -> np.ndarray:
    return np.ones((count, len(SYMBOLS)), dtype=np.bool_)


def laid_over(steps: Steps, text: str) -> Aligned | None:
    allowed = np.zeros((len(text), len(SYMBOLS)), dtype=np.bool_)
    allowed[np.arange(len(text)), [SYMBOLS.index(character) for character in text]] = True
    return best_text(steps, allowed)


def test_a_plain_reading_keeps_marks_and_spaces_apart() -> None:
    assert "".join(one.character for one in collapse(steps_for("*AB 1*"))) == f"{MARK}AB 1{MARK}"


def test_a_character_seen_over_several_steps_is_one_character() -> None:
    symbols = np.zeros((3, len(SYMBOLS)), dtype=np.float32)
    symbols[:, 5] = (0.6, 0.9, 0.7)
    empty = np.zeros(3, dtype=np.float32)
    (seen,) = collapse(Steps(symbols=symbols, illegal=np.zeros((3, 3), dtype=np.float32), space=empty, mark=empty))
    assert (seen.character, seen.step) == ("5", 1)
    assert seen.probability == pytest.approx(0.9)


@given(text=st.text(alphabet=SYMBOLS, min_size=1, max_size=20))
def test_a_clear_text_is_found_again_whatever_it_is(text: str) -> None:
    aligned = best_text(steps_for(text), any_of(len(text)))
    assert aligned is not None
    assert aligned.text == text
    assert aligned.steps == tuple(range(0, 2 * len(text), 2))
    assert aligned.log_probability == pytest.approx(len(text) * np.log(0.98), abs=1e-3)


def test_equal_neighbours_are_told_apart_by_the_blank_between_them() -> None:
    found = best_text(steps_for("WZZZ1"), any_of(5))
    assert found is not None
    assert found.text == "WZZZ1"


def test_a_position_that_allows_digits_only_gets_the_digit_that_was_nearly_seen() -> None:
    steps = steps_for("AB")
    steps.symbols[2, SYMBOLS.index("8")] = 0.015
    allowed = any_of(2)
    allowed[1, 10:] = False
    found = best_text(steps, allowed)
    assert found is not None
    assert found.text == "A8"
    assert found.log_probability < -3


def test_a_text_longer_than_its_strip_cannot_be_there() -> None:
    assert best_text(steps_for("AB"), any_of(5)) is None


def test_a_text_that_is_not_there_is_laid_over_at_a_price() -> None:
    right, wrong = laid_over(steps_for("ABC12"), "ABC12"), laid_over(steps_for("ABC12"), "ABC13")
    assert right is not None
    assert wrong is not None
    assert right.log_probability > wrong.log_probability + 8


def test_what_stands_before_a_text_costs_less_than_what_stands_within() -> None:
    before, within = laid_over(steps_for("XABC"), "ABC"), laid_over(steps_for("AXBC"), "ABC")
    assert before is not None
    assert within is not None
    assert before.log_probability > within.log_probability + 1
