from collections.abc import Callable
from dataclasses import replace

import pytest

from inspection.vin import check_digit
from models.candidates import (
    Candidate,
    DecisionSettings,
    candidate_of,
    checked,
    decide,
    is_certain,
    is_settled,
    is_short_vin,
    piece_of,
)
from models.characters import SYMBOLS, Steps

Maker = Callable[..., Steps]
SETTINGS = DecisionSettings()
QUAD = ((0.0, 0.0), (340.0, 0.0), (340.0, 20.0), (0.0, 20.0))
# Invented; the first obliges its check digit (China), the second does not (Europe).
CHINESE = "LFVZY7BR4R2004567"
CHINESE = CHINESE[:8] + check_digit(CHINESE) + CHINESE[9:]
EUROPEAN = "WDBAB12C7DE345678"


@pytest.fixture
def candidate(steps_for: Maker) -> Callable[..., Candidate]:
    def make(text: str, probability: float = 0.99) -> Candidate:
        found = candidate_of(steps_for(text, probability), QUAD, settings=SETTINGS)
        assert found is not None
        return found

    return make


def moved(one: Candidate, down: float) -> Candidate:
    return replace(one, quad=tuple((x, y + down) for x, y in one.quad))


def test_a_clear_vin_between_stars_is_accepted(candidate: Callable[..., Candidate]) -> None:
    finding = decide([candidate(f"*{CHINESE}*")], [], barcode="", settings=SETTINGS)
    assert finding.vin == CHINESE
    assert finding.accepted
    assert finding.reasons == ()
    assert len(finding.characters) == 17
    assert len(finding.box) == 4


def test_nothing_read_is_no_vin() -> None:
    finding = decide([], ["12345"], barcode="", settings=SETTINGS)
    assert (finding.vin, finding.accepted, finding.reasons) == ("", False, ("vin.none",))


def test_half_a_vin_is_called_short_and_never_filled_up(steps_for: Maker) -> None:
    assert candidate_of(steps_for(CHINESE[:10]), QUAD, settings=SETTINGS) is None
    assert candidate_of(steps_for(CHINESE[:16]), QUAD, settings=SETTINGS) is None
    finding = decide([], [CHINESE[:10]], barcode="", settings=SETTINGS)
    assert (finding.vin, finding.reasons) == ("", ("vin.short",))


@pytest.mark.parametrize("piece", ["A12345", "TOTALMASS", "20240501123", CHINESE])
def test_plates_words_and_dates_are_not_half_a_vin(piece: str) -> None:
    assert not is_short_vin(piece, SETTINGS)


def test_a_piece_is_the_longest_run_of_legal_characters(steps_for: Maker) -> None:
    assert piece_of(steps_for("京A*LFVZY7BR*9"), SETTINGS) == "LFVZY7BR"
    assert piece_of(steps_for("A1*B2"), SETTINGS) == ""
    assert piece_of(steps_for("LFVZY7BR", 0.55), SETTINGS) == ""


def test_letters_in_the_last_four_places_are_no_vin(steps_for: Maker) -> None:
    assert candidate_of(steps_for("MAZDAMKTYRCKRPKRA"), QUAD, settings=SETTINGS) is None


def test_a_date_and_time_burnt_into_the_photo_are_no_vin(steps_for: Maker) -> None:
    assert candidate_of(steps_for("2024 05 01*10 30 29 123"), QUAD, settings=SETTINGS) is None
    assert candidate_of(steps_for("20240501103029123"), QUAD, settings=SETTINGS) is None


def test_an_illegal_letter_is_corrected_and_said_so(candidate: Callable[..., Candidate]) -> None:
    finding = decide([candidate(EUROPEAN.replace("1", "I"))], [], barcode="", settings=SETTINGS)
    assert finding.vin == EUROPEAN
    assert "vin.corrected" in finding.reasons
    assert [reading.corrected for reading in finding.characters].count("I") == 1
    assert finding.accepted


def test_every_character_keeps_its_alternatives(steps_for: Maker) -> None:
    steps = steps_for(EUROPEAN, 0.9)
    steps.symbols[0, SYMBOLS.index("V")] = 0.08
    found = candidate_of(steps, QUAD, settings=SETTINGS)
    assert found is not None
    assert found.characters[0].alternatives[0] == ("V", 0.08)
    assert len(found.characters[0].alternatives) == 3


def test_a_faint_character_makes_the_reading_doubtful(steps_for: Maker) -> None:
    steps = steps_for(EUROPEAN)
    steps.symbols[4] *= 0.4
    found = candidate_of(steps, QUAD, settings=SETTINGS)
    assert found is not None
    finding = decide([found], [], barcode="", settings=SETTINGS)
    assert finding.vin == EUROPEAN
    assert finding.reasons == ("vin.doubtful",)
    assert not finding.accepted


def test_an_obligatory_check_digit_that_fails_without_an_alternative_is_said(
    candidate: Callable[..., Candidate],
) -> None:
    wrong = CHINESE[:-1] + ("1" if CHINESE[-1] != "1" else "2")
    finding = decide([candidate(wrong)], [], barcode="", settings=SETTINGS)
    assert finding.vin == wrong
    assert "vin.check_digit" in finding.reasons
    assert not finding.accepted


def test_a_check_digit_that_does_not_oblige_vetoes_nothing(candidate: Callable[..., Candidate]) -> None:
    assert check_digit(EUROPEAN) != EUROPEAN[8]
    assert decide([candidate(EUROPEAN)], [], barcode="", settings=SETTINGS).accepted


def test_the_alternative_that_satisfies_the_check_digit_is_taken_but_not_accepted(steps_for: Maker) -> None:
    place, right = 5, CHINESE[5]
    other = "Z" if right != "Z" else "Y"
    steps = steps_for(CHINESE, 0.95)
    steps.symbols[2 * place] = 0
    steps.symbols[2 * place, SYMBOLS.index(other)] = 0.6
    steps.symbols[2 * place, SYMBOLS.index(right)] = 0.35
    found = candidate_of(steps, QUAD, settings=SETTINGS)
    assert found is not None
    assert found.text[place] == other
    repaired = checked(found, SETTINGS)
    assert repaired.text == CHINESE
    assert repaired.characters[place].alternatives[0][0] == other
    finding = decide([found], [], barcode="", settings=SETTINGS)
    assert (finding.vin, finding.accepted, finding.reasons) == (CHINESE, False, ("vin.doubtful",))


def test_of_two_like_readings_the_one_whose_check_digit_holds_ranks_first(
    candidate: Callable[..., Candidate],
) -> None:
    wrong = candidate(CHINESE[:-1] + ("1" if CHINESE[-1] != "1" else "2"))
    assert decide([wrong, candidate(CHINESE, 0.97)], [], barcode="", settings=SETTINGS).vin == CHINESE


def test_two_different_vins_in_two_places_go_to_a_person(candidate: Callable[..., Candidate]) -> None:
    finding = decide([candidate(CHINESE), moved(candidate(EUROPEAN), 200)], [], barcode="", settings=SETTINGS)
    assert "vin.two" in finding.reasons
    assert not finding.accepted


def test_the_same_vin_twice_is_one_vin(candidate: Callable[..., Candidate]) -> None:
    assert decide([candidate(EUROPEAN), moved(candidate(EUROPEAN), 200)], [], barcode="", settings=SETTINGS).accepted


def test_a_second_reading_of_the_same_place_that_differs_raises_a_doubt(candidate: Callable[..., Candidate]) -> None:
    readings = [candidate(EUROPEAN), candidate(EUROPEAN.replace("B", "8"), 0.98)]
    assert is_certain(readings[0], SETTINGS)
    assert not is_settled(readings, SETTINGS)
    assert decide(readings, [], barcode="", settings=SETTINGS).reasons == ("vin.doubtful",)


def test_a_two_among_filler_letters_raises_a_doubt(candidate: Callable[..., Candidate]) -> None:
    for text in ("WDBZ2Z1C7DE345678", "WDBZZZ1C2DE345678"):
        assert decide([candidate(text)], [], barcode="", settings=SETTINGS).reasons == ("vin.doubtful",)


def test_a_twin_that_is_not_quite_clear_raises_a_doubt_where_no_check_digit_obliges(steps_for: Maker) -> None:
    for place, expected in ((2, False), (0, True)):
        steps = steps_for(EUROPEAN, 0.99)
        steps.symbols[2 * place] *= 0.955
        found = candidate_of(steps, QUAD, settings=SETTINGS)
        assert found is not None
        assert is_certain(found, SETTINGS) is expected


def test_characters_left_out_beside_the_vin_raise_a_doubt(candidate: Callable[..., Candidate]) -> None:
    longer = candidate(EUROPEAN + "99")
    assert longer.extra > 0
    assert not is_certain(longer, SETTINGS)


def test_a_vin_put_together_from_two_lines_is_not_certain(candidate: Callable[..., Candidate]) -> None:
    assert not is_certain(candidate(CHINESE).as_joined(), SETTINGS)


def test_a_barcode_that_agrees_settles_a_doubt(candidate: Callable[..., Candidate]) -> None:
    finding = decide([candidate(EUROPEAN, 0.9)], [], barcode=EUROPEAN, settings=SETTINGS)
    assert finding.accepted
    assert finding.reasons == ("barcode.agrees",)


def test_a_barcode_that_differs_is_reported_and_never_copied(candidate: Callable[..., Candidate]) -> None:
    finding = decide([candidate(EUROPEAN)], [], barcode=CHINESE, settings=SETTINGS)
    assert (finding.vin, finding.barcode, finding.accepted) == (EUROPEAN, CHINESE, False)
    assert "barcode.differs" in finding.reasons
    assert decide([], [], barcode=CHINESE, settings=SETTINGS).vin == ""


def test_a_reading_of_a_stretched_picture_is_placed_on_the_photo(candidate: Callable[..., Candidate]) -> None:
    assert candidate(CHINESE).on_photo(2, 4).quad[2][1] == pytest.approx(5)
