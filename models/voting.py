"""Lets several readings of one VIN vote, position by position, and weighs what the check digit says. Pure.

Readings are looks at one photo or at several frames. Each look's row of probabilities counts the same (the geometric
mean), so that one look that is sure of the wrong character does not decide alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspection.vin import (
    VIN_CHARACTERS,
    check_digit,
    check_digit_is_mandatory,
    differing_positions,
    is_vin,
    maker_is_known,
)
from models.candidates import Candidate, Rows
from models.characters import SYMBOLS

_TINY = 1e-12


@dataclass(frozen=True, kw_only=True)
class VotingSettings:
    """How readings are brought together.

    differences_max: readings that differ at more positions are not of the same VIN. alternatives_tried: characters
    tried at each position, 2 at least. texts_kept: the most probable texts that are weighed against each other.
    log_behind_max: texts that are less probable than the best one by more than this logarithm are dropped.
    maker_unknown: how much less is thought of a text whose maker (ISO 3780) is in no list.
    check_digit_broken: how often a VIN that must hold its check digit (GB 16735, 49 CFR 565) truly does not.
    """

    differences_max: int = 6
    alternatives_tried: int = 3
    texts_kept: int = 96
    log_behind_max: float = 9.0
    maker_unknown: float = 0.2
    check_digit_broken: float = 0.004


@dataclass(frozen=True, kw_only=True)
class Vote:
    """What several readings say together.

    text: the most probable VIN. probability: its share among all texts weighed, 0 to 1, check digit included.
    rows: (17, 33). agreeing: share of the readings that say exactly this text. log_probability: mean of the readings'
    paths. readings: how many took part. repaired: no reading said this text; the check digit, or the vote of each
    position by itself, led to it.
    """

    text: str
    probability: float
    rows: Rows
    agreeing: float
    log_probability: float
    readings: int
    repaired: bool


def like(best: Candidate, candidates: Sequence[Candidate], settings: VotingSettings) -> list[Candidate]:
    """Return the readings that are of the same VIN as the best one, itself among them."""
    return [one for one in candidates if len(differing_positions(best.text, one.text)) <= settings.differences_max]


def voted(candidates: Sequence[Candidate], settings: VotingSettings) -> Vote:
    """Return what readings of one VIN say together; there must be one at least."""
    rows = np.exp(np.mean([np.log(one.rows + _TINY) for one in candidates], axis=0))
    rows /= rows.sum(axis=1, keepdims=True)
    texts = weighed(rows, settings)
    text, probability = texts[0]
    return Vote(
        text=text,
        probability=probability,
        rows=rows,
        agreeing=sum(one.text == text for one in candidates) / len(candidates),
        log_probability=float(np.mean([one.log_probability for one in candidates])),
        readings=len(candidates),
        repaired=all(one.text != text for one in candidates),
    )


def weighed(rows: Rows, settings: VotingSettings) -> list[tuple[str, float]]:
    """Return the most probable texts with their shares, most probable first; the shares sum to 1."""
    logs = np.log(rows + _TINY)
    beam: list[tuple[float, str]] = [(0.0, "")]
    for place in range(VIN_CHARACTERS):
        tried = np.argsort(logs[place])[::-1][: settings.alternatives_tried]
        grown = [(log + float(logs[place, at]), text + SYMBOLS[at]) for log, text in beam for at in tried]
        beam = _kept(sorted(grown, reverse=True), settings)
    # One character repeated, as bars are read, is no VIN; of the two texts that always stay, one is.
    beam = [(log, text) for log, text in beam if is_vin(text)]
    scores = np.array([log + _prior_log(text, settings) for log, text in beam])
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    order = np.argsort(-shares, kind="stable")
    return [(beam[at][1], float(shares[at])) for at in order]


def _kept(ranked: Sequence[tuple[float, str]], settings: VotingSettings) -> list[tuple[float, str]]:
    behind_at = ranked[0][0] - settings.log_behind_max
    near = [one for one in ranked[: settings.texts_kept] if one[0] > behind_at]
    return near if len(near) > 1 else list(ranked[:2])


def _prior_log(text: str, settings: VotingSettings) -> float:
    """Return what is thought of a text before the picture is looked at, as a logarithm."""
    maker = 0.0 if maker_is_known(text) else float(np.log(settings.maker_unknown))
    if not check_digit_is_mandatory(text):
        return maker
    # A wrong text holds by chance once in eleven; the truth nearly always.
    holds = text[8] == check_digit(text)
    return maker + float(np.log(1 - settings.check_digit_broken if holds else settings.check_digit_broken))
