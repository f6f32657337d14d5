"""Fits the figures that turn what a reading looks like into a probability, and finds from when on to accept it.

Logistic regression by Newton's method with a small ridge, on votes whose truth is known; pure numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models import ModelError
from models.deciding import Calibration

_ROUNDS = 60
_RIDGE = 1.0
_SPREAD_MIN = 1e-6
_SCORE_MAX = 30.0
# Bounds that may be chosen: below, nobody would understand why it was accepted; above, nothing ever is.
_BOUNDS = (0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999)


class FittingError(ModelError):
    """Votes that no probability can be fitted on."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One vote: its features, as `deciding.features` gives them, and whether every character was right.

    doubted: something spoke against it whatever its probability, so that it would not have been accepted.
    """

    features: tuple[float, ...]
    right: bool
    doubted: bool = False


def fitted(seen: Sequence[Seen], *, wrong_share_max: float) -> Calibration:
    """Return the calibration that makes the votes most probable, and accepts where few enough are wrong.

    wrong_share_max: of the accepted votes, 0 to 1. Raises FittingError without a right and a wrong vote.
    """
    if len({one.right for one in seen}) != len((True, False)):
        raise FittingError("a probability is fitted on right and on wrong votes; one of them is missing")
    table = np.array([one.features for one in seen], dtype=np.float64)
    centre, spread = table.mean(axis=0), np.maximum(table.std(axis=0), _SPREAD_MIN)
    columns = np.column_stack([np.ones(len(table)), (table - centre) / spread])
    weights = _newton(columns, np.array([one.right for one in seen], dtype=np.float64))
    scaled = weights[1:] / spread
    calibration = Calibration(
        bias=float(weights[0] - (scaled * centre).sum()),
        weights=tuple(float(one) for one in scaled),
        accepted_min=_BOUNDS[-1],
    )
    return replace(calibration, accepted_min=accepted_min_of(seen, calibration, wrong_share_max=wrong_share_max))


def accepted_min_of(seen: Sequence[Seen], calibration: Calibration, *, wrong_share_max: float) -> float:
    """Return the lowest bound above which few enough votes are wrong, both counted and as the probabilities expect it.

    The highest bound is returned where none is good enough.
    """
    undoubted = [one for one in seen if not one.doubted]
    shares = probabilities_of(undoubted, calibration)
    right = np.array([one.right for one in undoubted], dtype=np.bool_)
    for bound in _BOUNDS:
        accepted = shares >= bound
        wrong = max(float((~right[accepted]).sum()), float((1 - shares[accepted]).sum()))
        if accepted.any() and wrong <= wrong_share_max * accepted.sum():
            return bound
    return _BOUNDS[-1]


def probabilities_of(seen: Sequence[Seen], calibration: Calibration) -> NDArray[np.float64]:
    """Return for each vote the probability that it is right, as `Calibration.confidence` would."""
    table = np.array([one.features for one in seen], dtype=np.float64).reshape(len(seen), len(calibration.weights))
    return _logistic(table @ np.array(calibration.weights) + calibration.bias)


def _newton(columns: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.zeros(columns.shape[1])
    ridge = np.diag([0.0] + [_RIDGE] * (columns.shape[1] - 1))
    for _ in range(_ROUNDS):
        shares = _logistic(columns @ weights)
        slope = columns.T @ (right - shares) - ridge @ weights
        bend = (columns * (shares * (1 - shares))[:, None]).T @ columns + ridge + np.eye(len(weights)) * 1e-9
        weights = weights + np.linalg.solve(bend, slope)
    return np.asarray(weights, dtype=np.float64)


def _logistic(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -_SCORE_MAX, _SCORE_MAX))), dtype=np.float64)
