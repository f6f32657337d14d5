from dataclasses import replace
from itertools import permutations
from math import log

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inspection.vin import check_digit, check_digit_holds, maker_is_known
from models.characters import SYMBOLS
from models.voting import VotingSettings, like, voted, weighed
from tests.models.looks import CHINESE, EUROPEAN, candidate, changed

SETTINGS = VotingSettings()

noise = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).dirichlet(np.full(len(SYMBOLS), 0.1), size=17)
)


def rows_of(text: str, seen: dict[int, dict[str, float]]) -> NDArray[np.float64]:
    """The rows of a text that is seen without a doubt, but for some places, counted from 0."""
    rows = np.zeros((17, len(SYMBOLS)))
    for place, character in enumerate(text):
        for other, share in seen.get(place, {character: 1.0}).items():
            rows[place, SYMBOLS.index(other)] = share
    return rows


def test_readings_that_differ_at_few_places_are_of_the_same_vin() -> None:
    near = candidate("ABC" + EUROPEAN[3:])
    far = candidate(CHINESE)
    best = candidate(EUROPEAN)
    assert like(best, [far, near, best], SETTINGS) == [near, best]
    assert like(best, [near, best], VotingSettings(differences_max=2)) == [best]


@given(rows=noise)
def test_the_shares_of_the_texts_weighed_sum_to_one_and_fall(rows: NDArray[np.float64]) -> None:
    texts = weighed(rows, SETTINGS)
    shares = [share for _, share in texts]
    assert sum(shares) == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)
    assert len({text for text, _ in texts}) == len(texts) <= SETTINGS.texts_kept
    assert all(len(text) == 17 for text, _ in texts)


def test_where_no_check_character_obliges_a_text_has_the_share_that_its_characters_have() -> None:
    texts = dict(weighed(rows_of(EUROPEAN, {4: {"B": 0.6, "8": 0.4}, 7: {"C": 0.7, "G": 0.3}}), SETTINGS))
    assert check_digit(EUROPEAN) != EUROPEAN[8]
    assert texts[EUROPEAN] == pytest.approx(0.42)
    assert texts[EUROPEAN.replace("B", "8")] == pytest.approx(0.28)


def test_where_it_obliges_a_check_character_that_holds_is_evidence() -> None:
    other = changed(CHINESE, 5)
    assert not check_digit_holds(other)
    seen = candidate(CHINESE, seen={5: {CHINESE[5]: 0.49, other[5]: 0.49}})
    texts = dict(weighed(seen.rows, SETTINGS))
    odds = (1 - SETTINGS.check_digit_broken) / SETTINGS.check_digit_broken
    assert texts[CHINESE] / texts[other] == pytest.approx(odds)


def test_where_it_obliges_a_check_character_that_fails_is_no_veto() -> None:
    broken = changed(CHINESE, 8)
    vote = voted([candidate(broken, 0.99)], SETTINGS)
    assert (vote.text, vote.repaired) == (broken, False)


def test_of_two_texts_that_are_seen_alike_the_one_of_a_known_maker_is_more_probable() -> None:
    unknown = "Y" + CHINESE[1:]
    assert maker_is_known(CHINESE) > maker_is_known(unknown)
    seen = rows_of(CHINESE, {0: {"L": 0.5, "Y": 0.5}, 8: {CHINESE[8]: 0.5, "Y": 0.5}})
    texts = dict(weighed(seen, replace(SETTINGS, check_digit_broken=0.5)))
    assert texts[unknown] / texts[CHINESE] == pytest.approx(SETTINGS.maker_unknown * 2)


@given(start=st.text(SYMBOLS, min_size=3, max_size=3))
def test_a_maker_in_no_list_is_no_veto(start: str) -> None:
    text = start + EUROPEAN[3:]
    assert voted([candidate(text)], SETTINGS).text == text


def test_one_character_repeated_is_no_vin_however_well_it_is_seen() -> None:
    for rest in (1e-3, 1e-7):
        rows = np.full((17, len(SYMBOLS)), rest)
        rows[:, 1] = 1.0
        texts = weighed(rows / rows.sum(axis=1, keepdims=True), SETTINGS)
        assert "1" * 17 not in {text for text, _ in texts}
        assert sum(share for _, share in texts) == pytest.approx(1.0)


def test_bars_that_are_read_as_ones_with_a_letter_here_and_there_are_no_vin_of_ones() -> None:
    looks = [candidate(f"{'1' * place}A{'1' * 5}B{'1' * (10 - place)}") for place in (0, 2, 4)]
    vote = voted(like(looks[0], looks, SETTINGS), SETTINGS)
    assert vote.readings == 3
    assert vote.text != "1" * 17
    assert vote.repaired


def test_one_clear_reading_votes_for_itself() -> None:
    one = candidate(EUROPEAN)
    vote = voted([one], SETTINGS)
    assert (vote.text, vote.agreeing, vote.readings, vote.repaired) == (EUROPEAN, 1.0, 1, False)
    assert vote.probability > 0.9
    assert vote.rows == pytest.approx(one.rows)
    assert vote.log_probability == one.log_probability


@pytest.mark.parametrize("vin", [CHINESE, EUROPEAN])
def test_two_blurred_frames_that_err_at_different_positions_give_the_right_vin(vin: str) -> None:
    first, second = changed(vin, 4), changed(vin, 10)
    frames = [
        candidate(first, seen={4: {first[4]: 0.6, vin[4]: 0.3}}),
        candidate(second, seen={10: {second[10]: 0.6, vin[10]: 0.3}}),
    ]
    assert [one.text for one in frames] == [first, second]
    vote = voted(frames, SETTINGS)
    assert (vote.text, vote.readings, vote.agreeing) == (vin, 2, 0.0)
    assert vote.repaired


@given(place=st.integers(0, 16), sure=st.floats(0.9, 0.999999))
def test_one_look_that_is_sure_of_the_wrong_character_does_not_outvote_three(place: int, sure: float) -> None:
    wrong = candidate(changed(EUROPEAN, place), sure)
    for probability in (0.75, 0.99):
        vote = voted([wrong, *[candidate(EUROPEAN, probability)] * 3], SETTINGS)
        assert vote.text == EUROPEAN
        assert vote.agreeing == 0.75
        assert not vote.repaired


@given(doubtful=st.lists(st.tuples(st.integers(0, 16), st.floats(0.2, 0.8)), min_size=1, max_size=4))
def test_the_order_of_the_looks_changes_nothing(doubtful: list[tuple[int, float]]) -> None:
    looks = [
        candidate(EUROPEAN, seen={place: {EUROPEAN[place]: share, changed(EUROPEAN, place)[place]: 0.95 - share}})
        for place, share in doubtful
    ]
    votes = [voted(order, SETTINGS) for order in list(permutations(looks))[:6]]
    assert {vote.text for vote in votes} == {votes[0].text}
    assert [vote.probability for vote in votes] == pytest.approx([votes[0].probability] * len(votes))


def test_a_text_that_only_the_check_character_leads_to_is_said_to_be_repaired() -> None:
    other = changed(CHINESE, 5)
    one = candidate(other, seen={5: {other[5]: 0.6, CHINESE[5]: 0.35}})
    assert one.text == other
    vote = voted([one], SETTINGS)
    assert (vote.text, vote.agreeing, vote.repaired) == (CHINESE, 0.0, True)


@given(place=st.integers(0, 16), character=st.sampled_from(SYMBOLS))
def test_where_it_does_not_oblige_no_check_character_ever_changes_a_reading(place: int, character: str) -> None:
    assume(place < 13 or character.isdigit())
    assume(place > 0)
    text = EUROPEAN[:place] + character + EUROPEAN[place + 1 :]
    assert voted([candidate(text, 0.8)], SETTINGS).text == text


def test_the_path_of_a_vote_is_the_mean_of_its_looks() -> None:
    looks = [candidate(EUROPEAN, 0.9), candidate(EUROPEAN, 0.8)]
    assert voted(looks, SETTINGS).log_probability == pytest.approx(17 * (log(0.9) + log(0.8)) / 2, abs=1e-3)


@given(place=st.integers(1, 12))
def test_the_more_clearly_a_character_is_seen_the_more_probable_is_the_text(place: int) -> None:
    other = changed(EUROPEAN, place)[place]
    shares = [
        voted([candidate(EUROPEAN, seen={place: {EUROPEAN[place]: seen, other: 0.98 - seen}})], SETTINGS).probability
        for seen in (0.6, 0.75, 0.9, 0.97)
    ]
    assert shares == sorted(shares)
