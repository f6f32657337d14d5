"""Tests whether a photo shows an expected VIN, against what else it may show. Pure: readings in, match out.

The expected VIN is a hypothesis: it is weighed against the picture and never put into a reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspection.vin import VIN_CHARACTERS, differing_positions, parse_vin
from models.candidates import Candidate
from models.characters import SYMBOLS
from models.deciding import Calibration, DecisionSettings
from models.voting import like, voted

_TINY = 1e-9


@dataclass(frozen=True, kw_only=True)
class VinMatch:
    """How well a photo fits an expected VIN.

    probability: that it shows that VIN, 0 to 1. positions: 1 to 17, where the reading has another character; all of
    them where nothing like a VIN was read.
    """

    probability: float
    positions: tuple[int, ...]


def match(
    candidates: Sequence[Candidate], expected: str, *, calibration: Calibration, settings: DecisionSettings
) -> VinMatch:
    """Return how well the readings of one photo fit `expected`.

    Of several VINs on the photo the one nearest to the expected one counts. Raises VinError where `expected` is no VIN.
    """
    parse_vin(expected)
    if not candidates:
        return VinMatch(probability=0.0, positions=tuple(range(1, VIN_CHARACTERS + 1)))
    nearest = min(candidates, key=lambda one: (len(differing_positions(one.text, expected)), -one.log_probability))
    vote = voted(like(nearest, candidates, settings.voting), settings.voting)
    read = calibration.confidence(vote)
    if vote.text == expected:
        return VinMatch(probability=read, positions=())
    # Of what the reading leaves over, by how likely the expected text is beside the one that was read; and never more
    # than that one has, however doubtful the whole is.
    places = np.arange(VIN_CHARACTERS)
    wanted = vote.rows[places, [SYMBOLS.index(one) for one in expected]]
    seen = vote.rows[places, [SYMBOLS.index(one) for one in vote.text]]
    ratio = float(np.exp(np.log((wanted + _TINY) / (seen + _TINY)).sum()))
    left_over = min(read, 1 - read)
    return VinMatch(probability=left_over * min(1.0, ratio), positions=differing_positions(vote.text, expected))
