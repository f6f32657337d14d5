import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from models.deciding import Calibration, features
from models.training.calibration_fitting import FittingError, Seen, accepted_min_of, fitted, probabilities_of
from models.voting import VotingSettings, voted
from tests.models.looks import CALIBRATION, CHINESE, candidate

BIAS, WEIGHTS = -2.0, (0.8, 0.4, -0.3, 2.5, 0.0)
STEEP = Calibration(bias=0.0, weights=(1.0,), accepted_min=0.5)


def votes(count: int, seed: int) -> list[Seen]:
    """Return made-up votes whose chance to be right is logistic in their features."""
    chances = default_rng(seed)
    table = chances.normal((2, 3, 1, 0.8, 0.5), (4, 3, 2, 0.3, 0.5), (count, 5))
    shares = 1 / (1 + np.exp(-(table @ np.array(WEIGHTS) + BIAS)))
    return [
        Seen(features=tuple(row), right=bool(chances.random() < share))
        for row, share in zip(table.tolist(), shares, strict=True)
    ]


def test_known_weights_are_found_again() -> None:
    calibration = fitted(votes(20_000, 1), wrong_share_max=0.01)
    assert calibration.bias == pytest.approx(BIAS, abs=0.3)
    assert calibration.weights == pytest.approx(WEIGHTS, abs=0.2)


def test_on_votes_not_fitted_on_a_probability_is_how_often_it_is_right() -> None:
    calibration = fitted(votes(4_000, 1), wrong_share_max=0.01)
    others = votes(8_000, 2)
    shares = probabilities_of(others, calibration)
    right = np.array([one.right for one in others])
    for low in np.arange(0, 1, 0.1):
        inside = (shares >= low) & (shares < low + 0.1)
        assert right[inside].mean() == pytest.approx(shares[inside].mean(), abs=0.06)


def test_the_bound_keeps_its_promise_on_votes_not_fitted_on() -> None:
    calibration = fitted(votes(6_000, 3), wrong_share_max=0.01)
    others = votes(20_000, 4)
    accepted = probabilities_of(others, calibration) >= calibration.accepted_min
    assert accepted.mean() > 0.3
    assert 1 - np.array([one.right for one in others])[accepted].mean() < 0.015


def test_votes_that_a_line_parts_give_a_finite_calibration() -> None:
    seen = [Seen(features=(float(at), 1.0), right=at > 50) for at in range(100)]
    calibration = fitted(seen, wrong_share_max=0.01)
    assert np.isfinite([calibration.bias, *calibration.weights]).all()
    assert calibration.weights[0] > 0
    assert calibration.weights[1] == pytest.approx(0.0, abs=1e-6)


@given(st.lists(st.tuples(st.floats(-10, 10), st.floats(-10, 10), st.booleans()), min_size=2, max_size=60))
def test_any_votes_give_a_finite_calibration_or_a_clear_refusal(rows: list[tuple[float, float, bool]]) -> None:
    seen = [Seen(features=(a, b), right=right) for a, b, right in rows]
    if len({one.right for one in seen}) == 1:
        with pytest.raises(FittingError):
            fitted(seen, wrong_share_max=0.01)
        return
    calibration = fitted(seen, wrong_share_max=0.01)
    assert np.isfinite([calibration.bias, *calibration.weights]).all()
    assert 0.9 <= calibration.accepted_min < 1


@pytest.mark.parametrize("right", [True, False])
def test_right_votes_alone_or_wrong_ones_alone_are_refused(*, right: bool) -> None:
    with pytest.raises(FittingError, match="missing"):
        fitted([Seen(features=(1.0,), right=right)] * 3, wrong_share_max=0.01)


def test_the_lowest_bound_above_which_few_enough_are_wrong_is_chosen() -> None:
    sure = [Seen(features=(20.0,), right=True)] * 99
    assert accepted_min_of(sure, STEEP, wrong_share_max=0.01) == 0.9
    # One wrong vote with a probability of 0.982: only a bound above leaves it out.
    assert accepted_min_of([*sure, Seen(features=(4.0,), right=False)], STEEP, wrong_share_max=0.001) == 0.99


def test_a_vote_that_something_else_speaks_against_moves_no_bound() -> None:
    sure = [Seen(features=(20.0,), right=True)] * 99
    doubted = Seen(features=(4.0,), right=False, doubted=True)
    assert accepted_min_of([*sure, doubted], STEEP, wrong_share_max=0.001) == 0.9


def test_probabilities_that_expect_more_wrong_ones_than_were_seen_raise_the_bound() -> None:
    lucky = [Seen(features=(4.0,), right=True)] * 500
    assert accepted_min_of(lucky, STEEP, wrong_share_max=0.01) == 0.999


def test_without_a_bound_that_is_good_enough_the_highest_is_taken() -> None:
    assert accepted_min_of([Seen(features=(20.0,), right=False)] * 9, STEEP, wrong_share_max=0.01) == 0.999
    assert accepted_min_of([], STEEP, wrong_share_max=0.01) == 0.999


def test_a_probability_here_is_the_confidence_that_the_product_shows() -> None:
    vote = voted([candidate(CHINESE), candidate(CHINESE, 0.9)], VotingSettings())
    (share,) = probabilities_of([Seen(features=features(vote), right=True)], CALIBRATION)
    assert share == pytest.approx(CALIBRATION.confidence(vote))
