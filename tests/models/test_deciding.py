from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.evidence import VinFinding
from inspection.vin import check_digit_holds, check_digit_is_mandatory
from models.candidates import Candidate, Rows
from models.characters import SYMBOLS
from models.deciding import (
    Calibration,
    best_of,
    clearest_of,
    decide,
    doubts_of,
    features,
    is_settled,
    voters_of,
)
from models.voting import Vote
from tests.models.looks import CALIBRATION, CHINESE, EUROPEAN, SETTINGS, candidate, changed, moved, with_check_digit


def decided(*candidates: Candidate, barcode: str = "", calibration: Calibration = CALIBRATION) -> VinFinding:
    return decide(candidates, [], barcode=barcode, calibration=calibration, settings=SETTINGS)


def repaired(vin: str = CHINESE, place: int = 5) -> Candidate:
    """A reading of which the check character says that it is another VIN."""
    other = changed(vin, place)
    found = candidate(other, seen={place: {other[place]: 0.6, vin[place]: 0.35}})
    assert found.text == other
    return found


def rows_of(seen: dict[int, dict[str, float]]) -> Rows:
    """The rows of a look that saw at each place what is said of it."""
    rows = np.full((17, len(SYMBOLS)), 1e-6)
    for place, characters in seen.items():
        for character, share in characters.items():
            rows[place, SYMBOLS.index(character)] = share
    return np.asarray(rows / rows.sum(axis=1, keepdims=True), dtype=np.float64)


@pytest.mark.parametrize("vin", [CHINESE, EUROPEAN])
def test_a_clear_vin_between_stars_is_accepted(vin: str) -> None:
    finding = decided(candidate(f"*{vin}*"))
    assert (finding.vin, finding.accepted, finding.reasons) == (vin, True, ())
    assert "".join(one.character for one in finding.characters) == vin
    assert len(finding.box) == 4
    assert finding.confidence >= CALIBRATION.accepted_min


def test_nothing_read_is_no_vin() -> None:
    finding = decide([], ["12345"], barcode="", calibration=CALIBRATION, settings=SETTINGS)
    assert finding == VinFinding(vin="", confidence=0.0, reasons=("vin.none",))


def test_half_a_vin_is_called_short() -> None:
    finding = decide([], ["A1", CHINESE[:10]], barcode="", calibration=CALIBRATION, settings=SETTINGS)
    assert finding == VinFinding(vin="", confidence=0.0, reasons=("vin.short",))


def test_pieces_beside_a_reading_say_nothing() -> None:
    finding = decide([candidate(CHINESE)], [EUROPEAN[:9]], barcode="", calibration=CALIBRATION, settings=SETTINGS)
    assert finding.accepted


def test_a_barcode_alone_is_reported_and_never_becomes_the_reading() -> None:
    finding = decided(barcode=CHINESE)
    assert (finding.vin, finding.barcode, finding.accepted) == ("", CHINESE, False)


def test_a_forbidden_letter_is_said_to_be_corrected() -> None:
    finding = decided(candidate(EUROPEAN.replace("1", "I")))
    assert (finding.vin, finding.accepted, finding.reasons) == (EUROPEAN, True, ("vin.corrected",))
    assert [one.corrected for one in finding.characters] == ["", "", "", "", "", "I"] + [""] * 11


@pytest.mark.parametrize(("letter", "digit"), [("I", "1"), ("O", "0"), ("Q", "0")])
def test_a_letter_that_one_look_saw_and_another_saw_otherwise_is_told_where_the_digit_stands(
    letter: str, digit: str
) -> None:
    text = EUROPEAN[:10] + digit + EUROPEAN[11:]
    finding = decided(candidate(text), candidate(text[:10] + letter + text[11:]))
    assert (finding.vin, finding.characters[10].corrected) == (text, letter)
    other = changed(text, 10)
    finding = decided(*[candidate(other)] * 3, candidate(text[:10] + letter + text[11:]))
    assert (finding.vin, finding.characters[10].corrected) == (other, "")


def test_every_character_keeps_its_alternatives_most_probable_first() -> None:
    seen = {4: {"B": 0.6, "8": 0.25, "R": 0.1, "3": 0.04, "E": 0.005}}
    characters = decided(candidate(EUROPEAN, seen=seen)).characters
    assert [character for character, _ in characters[4].alternatives] == ["8", "R", "3"]
    shares = [characters[4].probability, *(share for _, share in characters[4].alternatives)]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1.0, abs=0.01)
    assert characters[5].alternatives == ()


def test_a_faint_character_makes_the_reading_doubtful() -> None:
    finding = decided(candidate(EUROPEAN, seen={4: {"B": 0.5, "8": 0.45}}))
    assert (finding.vin, finding.accepted, finding.reasons) == (EUROPEAN, False, ("vin.doubtful",))
    assert finding.confidence < CALIBRATION.accepted_min


def test_an_obligatory_check_character_that_fails_goes_to_a_person() -> None:
    wrong = changed(CHINESE, 16)
    finding = decided(candidate(wrong))
    assert (finding.vin, finding.accepted) == (wrong, False)
    assert "vin.check_digit" in finding.reasons


@pytest.mark.parametrize("first", "L12345")
def test_the_check_character_counts_for_makers_in_china_and_north_america(first: str) -> None:
    right = with_check_digit(first + EUROPEAN[1:])
    wrong = changed(right, 8)
    assert check_digit_is_mandatory(right)
    assert decided(candidate(right)).accepted
    assert "vin.check_digit" in decided(candidate(wrong)).reasons


@pytest.mark.parametrize("first", "WVSTJKM9")
def test_elsewhere_a_check_character_that_fails_says_nothing(first: str) -> None:
    text = changed(with_check_digit(first + EUROPEAN[1:]), 8)
    assert not check_digit_holds(text)
    finding = decided(candidate(text))
    assert (finding.vin, finding.accepted, finding.reasons) == (text, True, ())


def test_a_reading_that_the_check_character_repaired_is_shown_and_never_accepted() -> None:
    for barcode in ("", CHINESE):
        finding = decided(repaired(), barcode=barcode, calibration=replace(CALIBRATION, bias=30.0))
        assert (finding.vin, finding.accepted) == (CHINESE, False)
        assert finding.reasons[0] == "vin.doubtful"
        assert finding.confidence == pytest.approx(1.0)


@given(place=st.integers(0, 16), seen=st.floats(0.5, 0.9))
def test_whatever_the_check_character_repaired_is_never_accepted(place: int, seen: float) -> None:
    other = changed(CHINESE, place)
    one = candidate(CHINESE, seen={place: {other[place]: seen, CHINESE[place]: 0.95 - seen}})
    finding = decided(one, barcode=CHINESE, calibration=replace(CALIBRATION, bias=30.0))
    assert finding.accepted == (finding.vin == one.text == CHINESE)


def test_two_frames_that_err_at_different_positions_give_the_right_vin_to_a_person() -> None:
    first, second = changed(CHINESE, 4), changed(CHINESE, 12)
    finding = decided(
        candidate(first, seen={4: {first[4]: 0.6, CHINESE[4]: 0.3}}).in_frame(0),
        candidate(second, seen={12: {second[12]: 0.6, CHINESE[12]: 0.3}}).in_frame(1),
    )
    assert (finding.vin, finding.accepted, finding.reasons) == (CHINESE, False, ("vin.doubtful",))


def test_of_two_like_readings_the_one_whose_check_character_holds_ranks_first() -> None:
    assert decided(candidate(changed(CHINESE, 16)), candidate(CHINESE, 0.97)).vin == CHINESE


def test_two_vins_at_two_places_go_to_a_person() -> None:
    finding = decided(candidate(CHINESE), moved(candidate(EUROPEAN), 200))
    assert not finding.accepted
    assert finding.reasons == ("vin.two",)


def test_two_vins_on_two_frames_go_to_a_person_even_where_they_stand_at_one_place() -> None:
    finding = decided(candidate(CHINESE).in_frame(0), candidate(EUROPEAN).in_frame(1))
    assert not finding.accepted
    assert "vin.two" in finding.reasons


def test_one_place_that_is_also_read_quite_otherwise_shows_one_vin() -> None:
    finding = decided(candidate(CHINESE), moved(candidate(EUROPEAN, 0.95), 5))
    assert (finding.vin, finding.accepted) == (CHINESE, True)


def test_the_same_vin_twice_is_one_vin() -> None:
    assert decided(candidate(EUROPEAN), moved(candidate(EUROPEAN), 200)).accepted


def test_a_faint_second_reading_elsewhere_is_no_second_vin() -> None:
    assert decided(candidate(EUROPEAN), moved(candidate(CHINESE, 0.8), 200)).accepted


def test_a_two_among_filler_letters_raises_a_doubt() -> None:
    for text in ("WZZZ2Z1C7DE345678", "WZZZZZ1C2DE345678"):
        assert decided(candidate(text)).reasons == ("vin.doubtful",)
    assert decided(candidate("WZZZZZ1C7DE345678")).accepted


def test_characters_left_out_beside_the_vin_raise_a_doubt_unless_another_look_saw_none() -> None:
    longer = candidate(f"{EUROPEAN}99")
    assert longer.extra == 2
    assert decided(longer).reasons == ("vin.doubtful",)
    assert decided(longer, candidate(EUROPEAN)).accepted


def test_a_vin_put_together_from_two_lines_goes_to_a_person() -> None:
    assert decided(candidate(CHINESE).as_joined()).reasons == ("vin.doubtful",)


def test_a_barcode_that_agrees_removes_a_doubt_of_probability() -> None:
    finding = decided(candidate(EUROPEAN, seen={4: {"B": 0.5, "8": 0.45}}), barcode=EUROPEAN)
    assert (finding.vin, finding.accepted, finding.reasons) == (EUROPEAN, True, ("barcode.agrees",))


def test_a_barcode_that_agrees_does_not_remove_a_second_vin() -> None:
    finding = decided(candidate(CHINESE), moved(candidate(EUROPEAN), 200), barcode=CHINESE)
    assert (finding.accepted, finding.reasons) == (False, ("vin.two", "barcode.agrees"))


def test_a_barcode_that_agrees_does_not_remove_a_check_character_that_fails() -> None:
    wrong = changed(CHINESE, 16)
    finding = decided(candidate(wrong), barcode=wrong)
    assert (finding.accepted, finding.reasons) == (False, ("vin.check_digit", "barcode.agrees"))


def test_a_barcode_that_differs_blocks_acceptance_and_is_never_copied() -> None:
    for barcode in (CHINESE, changed(EUROPEAN, 16)):
        finding = decided(candidate(EUROPEAN), barcode=barcode)
        assert (finding.vin, finding.barcode, finding.accepted) == (EUROPEAN, barcode, False)
        assert finding.reasons == ("barcode.differs",)


@given(
    readings=st.lists(st.tuples(st.sampled_from([CHINESE, EUROPEAN, changed(CHINESE, 5)]), st.floats(0.7, 0.99))),
    barcode=st.sampled_from(["", CHINESE, EUROPEAN]),
)
def test_a_finding_is_accepted_or_gives_a_reason_and_says_only_what_a_look_saw(
    readings: list[tuple[str, float]], barcode: str
) -> None:
    finding = decided(*(candidate(text, probability) for text, probability in readings), barcode=barcode)
    blocking = set(finding.reasons) - {"vin.corrected", "barcode.agrees"}
    assert finding.accepted == (not blocking)
    assert 0 <= finding.confidence <= 1
    assert finding.vin in {"", *(text for text, _ in readings)}
    assert (finding.vin == "") == (not readings)


def test_a_box_is_the_place_of_the_clearest_look_at_the_vin_that_was_read() -> None:
    clear, faint = moved(candidate(CHINESE, 0.97), 40), candidate(CHINESE, 0.9)
    other = moved(candidate(changed(EUROPEAN, 3), 0.99), 300)
    voters = voters_of([faint, clear, other], SETTINGS)
    assert [one.text for one in voters] == [CHINESE, CHINESE]
    assert clearest_of(voters) is clear
    assert decided(faint, clear, other).box == clear.quad


def test_a_vote_that_strays_far_from_every_reading_still_goes_to_a_person() -> None:
    text = EUROPEAN
    other = "".join(changed(text, place)[place] for place in range(17))
    doubtful = {place: {text[place]: 0.5, other[place]: 0.45} for place in range(17)}
    looks = [replace(candidate(text, seen={}), rows=rows_of(doubtful), log_probability=-1.0)]
    for part in (range(6), range(6, 12), range(12, 17)):
        sure = doubtful | {place: {text[place]: 1e-4, other[place]: 0.99} for place in part}
        read = "".join(other[place] if place in part else text[place] for place in range(17))
        looks.append(replace(candidate(read), rows=rows_of(sure), log_probability=-2.0))
    finding = decided(*looks)
    assert finding.vin == other
    assert not finding.accepted
    assert finding.reasons[0] == "vin.doubtful"


def test_a_further_look_is_needed_until_a_reading_is_probable_and_without_a_doubt() -> None:
    settled = [
        is_settled(candidates, CALIBRATION, SETTINGS)
        for candidates in (
            [],
            [candidate(EUROPEAN, seen={4: {"B": 0.5, "8": 0.45}})],
            [repaired()],
            [candidate(CHINESE), moved(candidate(EUROPEAN), 200)],
            [candidate(CHINESE)],
        )
    ]
    assert settled == [False, False, False, False, True]


def test_without_readings_there_is_no_vote() -> None:
    assert best_of([], SETTINGS) is None
    assert voters_of([], SETTINGS) == []


def test_all_that_speaks_against_a_vote_is_named() -> None:
    cut_off = replace(candidate(changed(CHINESE, 16)), extra=1)
    candidates = [cut_off, moved(candidate(EUROPEAN, 0.9), 200)]
    vote = best_of(candidates, SETTINGS)
    assert vote is not None
    assert doubts_of(candidates, vote, SETTINGS) == ["vin.two", "vin.check_digit", "vin.doubtful"]


def a_vote(*, probability: float, weakest: float, log_probability: float, agreeing: float, text: str = CHINESE) -> Vote:
    rows = np.full((17, len(SYMBOLS)), 0.0)
    rows[np.arange(17), [SYMBOLS.index(one) for one in text]] = 1.0
    rows[7] = (1 - weakest) / (len(SYMBOLS) - 1)
    rows[7, SYMBOLS.index(text[7])] = weakest
    return Vote(
        text=text,
        probability=probability,
        rows=rows,
        agreeing=agreeing,
        log_probability=log_probability,
        readings=2,
        repaired=False,
    )


shares = st.floats(0.0, 1.0)
logs = st.floats(-9.0, 0.0)
positive = st.tuples(*[st.floats(0.01, 3.0)] * 5)


@given(pair=st.tuples(shares, shares), others=st.tuples(shares, logs, shares), weights=positive)
def test_a_text_further_ahead_of_all_others_is_no_less_probable(
    pair: tuple[float, float], others: tuple[float, float, float], weights: tuple[float, ...]
) -> None:
    calibration = Calibration(bias=0.0, weights=weights, accepted_min=0.9)
    weakest, path, agreeing = others
    low, high = (
        calibration.confidence(a_vote(probability=one, weakest=weakest, log_probability=path, agreeing=agreeing))
        for one in sorted(pair)
    )
    assert low <= high


@given(pair=st.tuples(shares, shares), others=st.tuples(shares, logs, shares), weights=positive)
def test_a_clearer_weakest_character_is_no_less_probable(
    pair: tuple[float, float], others: tuple[float, float, float], weights: tuple[float, ...]
) -> None:
    calibration = Calibration(bias=0.0, weights=weights, accepted_min=0.9)
    probability, path, agreeing = others
    low, high = (
        calibration.confidence(a_vote(probability=probability, weakest=one, log_probability=path, agreeing=agreeing))
        for one in sorted(pair)
    )
    assert low <= high


@given(pair=st.tuples(logs, logs), others=st.tuples(shares, shares, shares), weights=positive)
def test_a_clearer_path_is_no_less_probable(
    pair: tuple[float, float], others: tuple[float, float, float], weights: tuple[float, ...]
) -> None:
    calibration = Calibration(bias=0.0, weights=weights, accepted_min=0.9)
    probability, weakest, agreeing = others
    low, high = (
        calibration.confidence(a_vote(probability=probability, weakest=weakest, log_probability=one, agreeing=agreeing))
        for one in sorted(pair)
    )
    assert low <= high


@given(pair=st.tuples(shares, shares), others=st.tuples(shares, shares, logs), weights=positive)
def test_more_looks_that_agree_are_no_less_probable(
    pair: tuple[float, float], others: tuple[float, float, float], weights: tuple[float, ...]
) -> None:
    calibration = Calibration(bias=0.0, weights=weights, accepted_min=0.9)
    probability, weakest, path = others
    low, high = (
        calibration.confidence(a_vote(probability=probability, weakest=weakest, log_probability=path, agreeing=one))
        for one in sorted(pair)
    )
    assert low <= high


@given(others=st.tuples(shares, shares, logs, shares), weights=positive)
def test_an_obligatory_check_character_that_holds_is_more_probable_than_none(
    others: tuple[float, float, float, float], weights: tuple[float, ...]
) -> None:
    calibration = Calibration(bias=0.0, weights=weights, accepted_min=0.9)
    probability, weakest, path, agreeing = others
    none, holds = (
        calibration.confidence(
            a_vote(probability=probability, weakest=weakest, log_probability=path, agreeing=agreeing, text=text)
        )
        for text in (changed(CHINESE, 16), CHINESE)
    )
    assert none <= holds


@given(others=st.tuples(shares, shares, logs, shares), bias=st.floats(-1e6, 1e6))
def test_a_confidence_is_a_probability_whatever_was_seen(
    others: tuple[float, float, float, float], bias: float
) -> None:
    probability, weakest, path, agreeing = others
    vote = a_vote(probability=probability, weakest=weakest, log_probability=path, agreeing=agreeing)
    assert all(-10 <= one <= 10 for one in features(vote))
    assert 0 < replace(CALIBRATION, bias=bias).confidence(vote) < 1


def test_figures_for_other_features_are_refused() -> None:
    vote = a_vote(probability=0.5, weakest=0.5, log_probability=-1.0, agreeing=1.0)
    with pytest.raises(ValueError, match=r"shorter|longer"):
        Calibration(bias=0.0, weights=(1.0,), accepted_min=0.9).confidence(vote)
