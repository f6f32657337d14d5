import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.candidates import allowed_symbols, candidate_of, is_short_vin, piece_of
from models.characters import ILLEGAL, SYMBOLS, Steps
from tests.models.looks import CANDIDATES, CHINESE, EUROPEAN, QUAD, candidate, steps_for

DIGITS = "0123456789"
texts = st.tuples(
    st.text(SYMBOLS, min_size=11, max_size=11).map(lambda text: f"W{text}A"), st.text(DIGITS, min_size=4, max_size=4)
).map("".join)


def test_the_made_up_vins_are_one_whose_check_character_obliges_and_one_whose_does_not() -> None:
    assert candidate(CHINESE).text == CHINESE
    assert candidate(EUROPEAN).text == EUROPEAN


@given(text=texts)
def test_a_clear_vin_is_read_whatever_it_is(text: str) -> None:
    assert candidate(text).text == text


@pytest.mark.parametrize("mark", ["*", "#", "☆"])
def test_the_marks_that_begin_and_end_a_vin_are_no_characters(mark: str) -> None:
    found = candidate(f"{mark}{CHINESE}{mark}")
    assert (found.text, found.extra) == (CHINESE, 0)


def test_spaces_within_a_vin_are_no_characters() -> None:
    assert candidate(f"{CHINESE[:3]} {CHINESE[3:9]} {CHINESE[9:]}").text == CHINESE


@given(text=texts, probability=st.floats(0.7, 0.99))
def test_the_rows_of_a_reading_sum_to_one_and_rule_out_letters_at_the_end_only(text: str, probability: float) -> None:
    rows = candidate(text, probability).rows
    assert rows.shape == (17, 33)
    assert rows.sum(axis=1) == pytest.approx(1.0)
    assert (rows[:13] > 0).all()
    assert (rows[13:, :10] > 0).all()
    assert (rows[13:, 10:] == 0).all()


def test_what_may_stand_where_cannot_be_altered_by_who_asks() -> None:
    assert not allowed_symbols().flags.writeable
    assert allowed_symbols().sum() == 13 * 33 + 4 * 10


@given(text=texts, length=st.integers(0, 16))
def test_a_part_of_a_vin_is_never_filled_up(text: str, length: int) -> None:
    assert candidate_of(steps_for(text[:length]), QUAD, settings=CANDIDATES) is None


def test_a_strip_with_fewer_steps_than_a_vin_has_characters_holds_none() -> None:
    crowded = np.zeros((12, len(SYMBOLS)), dtype=np.float32)
    crowded[np.arange(12), np.arange(12)] = 0.95
    nothing = np.zeros(12, dtype=np.float32)
    steps = Steps(symbols=crowded, illegal=np.zeros((12, 3), dtype=np.float32), space=nothing, mark=nothing)
    assert candidate_of(steps, QUAD, settings=CANDIDATES) is None


@pytest.mark.parametrize("text", ["MAZDAMKTYRCKRPKRA", "CALLTHEWWRKSHXPNW"])
def test_letters_in_the_last_four_places_are_no_vin(text: str) -> None:
    assert candidate_of(steps_for(text), QUAD, settings=CANDIDATES) is None


@pytest.mark.parametrize("text", ["2024 05 01*10 30 29 123", "20240501103029123", "2024050110302A123", "1" * 17])
def test_a_time_that_a_camera_wrote_into_the_photo_is_no_vin(text: str) -> None:
    assert candidate_of(steps_for(text), QUAD, settings=CANDIDATES) is None


def test_a_strip_on_which_hardly_anything_is_seen_holds_none() -> None:
    assert candidate_of(steps_for(CHINESE, 0.45), QUAD, settings=CANDIDATES) is None
    assert candidate_of(steps_for(CHINESE, 0.55), QUAD, settings=CANDIDATES) is None


@pytest.mark.parametrize(("letter", "digit"), ILLEGAL.items())
def test_a_forbidden_letter_is_read_as_its_digit_and_kept_beside_it(letter: str, digit: str) -> None:
    found = candidate(EUROPEAN[:6] + letter + EUROPEAN[7:])
    assert found.text == EUROPEAN[:6] + digit + EUROPEAN[7:]
    assert found.illegal == ("",) * 6 + (letter,) + ("",) * 10


def test_a_digit_that_might_be_a_forbidden_letter_is_a_digit() -> None:
    steps = steps_for(CHINESE)
    steps.illegal[2 * CHINESE.index("0"), list(ILLEGAL).index("O")] = 0.4
    found = candidate_of(steps, QUAD, settings=CANDIDATES)
    assert found is not None
    assert set(found.illegal) == {""}


def test_a_reading_lies_where_its_characters_stand_on_the_strip() -> None:
    found = candidate(f"****{EUROPEAN}****")
    (left, top), (right, _), _, (low_left, bottom) = found.quad
    # 25 characters on 340 pixels, of which the first and the last four are marks.
    assert left == low_left == pytest.approx(4 * 13.6, abs=7)
    assert right == pytest.approx(340 - 4 * 13.6, abs=10)
    assert (top, bottom) == (0, 20)


@pytest.mark.parametrize(
    ("text", "count"),
    [(f"{EUROPEAN}99", 2), (f"AB{EUROPEAN}", 2), (f"{EUROPEAN} 99", 0), (f"*{EUROPEAN}*99", 0)],
)
def test_characters_right_beside_a_vin_are_counted_as_left_out(text: str, count: int) -> None:
    assert candidate(text).extra == count


def test_two_halves_of_a_vin_are_one_where_their_strips_are_put_together() -> None:
    joined = steps_for(CHINESE[:8]).followed_by(steps_for(CHINESE[8:]))
    found = candidate_of(joined, QUAD, settings=CANDIDATES)
    assert found is not None
    assert (found.text, found.joined, found.as_joined().joined) == (CHINESE, False, True)


def test_a_reading_is_placed_on_a_larger_picture_and_in_a_frame_and_stays_the_same_reading() -> None:
    found = candidate(CHINESE)
    other = found.scaled(2.5).in_frame(3)
    assert other.quad[2] == pytest.approx((found.quad[2][0] * 2.5, 50))
    assert (other.text, other.log_probability, other.frame) == (CHINESE, found.log_probability, 3)
    assert other.rows is found.rows


@pytest.mark.parametrize(
    ("text", "piece"),
    [("京A*LZZZ5ABC*9", "LZZZ5ABC"), ("LZZZ 5ABC", "LZZZ5ABC"), ("A1*B2", ""), ("", ""), ("A12345", "A12345")],
)
def test_a_piece_is_the_longest_run_of_legal_characters_between_marks(text: str, piece: str) -> None:
    assert piece_of(steps_for(text), CANDIDATES) == piece


def test_a_faint_run_is_no_piece() -> None:
    assert piece_of(steps_for("LZZZ5ABC", 0.55), CANDIDATES) == ""


@pytest.mark.parametrize("piece", [CHINESE[:10], CHINESE[:16], CHINESE[1:], EUROPEAN[2:12]])
def test_a_long_part_of_a_vin_looks_like_one(piece: str) -> None:
    assert is_short_vin(piece, CANDIDATES)


@pytest.mark.parametrize("piece", ["A12345", "TXTALMASS", "20240501123", "0A123456", CHINESE, CHINESE[:7], ""])
def test_plates_words_times_and_whole_vins_are_no_part_of_a_vin(piece: str) -> None:
    assert not is_short_vin(piece, CANDIDATES)
