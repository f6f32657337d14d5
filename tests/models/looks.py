"""Made-up looks at VINs: strips as a network would see them, and the readings of them. No network and no picture."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from inspection.vin import check_digit
from models.candidates import Candidate, CandidateSettings, candidate_of
from models.characters import ILLEGAL, SYMBOLS, Steps
from models.deciding import Calibration, DecisionSettings
from models.lines import Quad

QUAD: Quad = ((0.0, 0.0), (340.0, 0.0), (340.0, 20.0), (0.0, 20.0))
CANDIDATES = CandidateSettings()
SETTINGS = DecisionSettings()
# Round figures, of the size that fitting on photos gives.
CALIBRATION = Calibration(bias=-3.0, weights=(0.5, 0.5, 0.2, 2.0, 0.5), accepted_min=0.99)


def with_check_digit(vin: str) -> str:
    """The same VIN with the check character that it should hold."""
    return vin[:8] + check_digit(vin) + vin[9:]


# Invented. The first obliges its check character (China), the second does not and does not hold it (Europe).
CHINESE = with_check_digit("LZZZ5ABC0RA000017")
EUROPEAN = "WZZAB12C7DE345678"


def changed(text: str, place: int) -> str:
    """The same text with another character at one place, counted from 0; a digit where a digit stands."""
    return text[:place] + ("7" if text[place] != "7" else "4") + text[place + 1 :]


def steps_for(text: str, probability: float = 0.98) -> Steps:
    """Steps as a clear strip would give them: each character one step, a blank after it.

    probability: of every character. A character that is neither legal, illegal nor a space is a mark.
    """
    count = 2 * len(text)
    symbols = np.zeros((count, len(SYMBOLS)), dtype=np.float32)
    illegal = np.zeros((count, len(ILLEGAL)), dtype=np.float32)
    space = np.zeros(count, dtype=np.float32)
    mark = np.zeros(count, dtype=np.float32)
    for place, character in enumerate(text):
        if ILLEGAL.get(character, character) in SYMBOLS:
            symbols[2 * place, SYMBOLS.index(ILLEGAL.get(character, character))] = probability
        if character in ILLEGAL:
            illegal[2 * place, list(ILLEGAL).index(character)] = probability
        elif character == " ":
            space[2 * place] = probability
        elif character not in SYMBOLS:
            mark[2 * place] = probability
    return Steps(symbols=symbols, illegal=illegal, space=space, mark=mark)


def candidate(
    text: str, probability: float = 0.99, *, seen: Mapping[int, Mapping[str, float]] | None = None
) -> Candidate:
    """The reading of a strip that shows `text`; `seen` says what is seen instead at some places, counted from 0."""
    steps = steps_for(text, probability)
    for place, shares in (seen or {}).items():
        steps.symbols[2 * place] = 0
        for character, share in shares.items():
            steps.symbols[2 * place, SYMBOLS.index(character)] = share
    found = candidate_of(steps, QUAD, settings=CANDIDATES)
    assert found is not None
    return found


def moved(one: Candidate, down: float) -> Candidate:
    """The same reading at another place of the photo."""
    return replace(one, quad=tuple((x, y + down) for x, y in one.quad))
