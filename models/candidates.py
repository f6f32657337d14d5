"""What one strip says: a reading of 17 characters, or a piece of one. Pure: steps in, candidates out.

A reading keeps the whole row of probabilities at each position, so that several looks at one VIN can vote and so that
an expected VIN can be tested. What readings are worth together is decided in `voting` and `deciding`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from inspection.vin import VIN_CHARACTERS, is_vin
from models.characters import ILLEGAL, SYMBOLS, Steps
from models.lines import Quad
from models.sequences import MARK, Aligned, best_text, collapse

Rows = NDArray[np.float64]

VIN_DIGITS_LAST = 4
_PEAK_SPAN_STEPS = 1
# No character is impossible: one look that is sure of the wrong one must not outvote all others.
_ROW_FLOOR = 1e-4


@dataclass(frozen=True, kw_only=True)
class CandidateSettings:
    """From when on a strip holds a reading, or a piece of one.

    log_probability_min: natural logarithm, of the whole reading; below, it is none; nor with fewer than
    vin_letters_min letters, as a camera's date and time would be. extra_probability_min: from when on a neighbour
    counts as left out. piece_*: what may be half of a VIN on two lines. short_*: what is reported as part of a VIN.
    """

    log_probability_min: float = -9.0
    vin_letters_min: int = 2
    extra_probability_min: float = 0.5
    piece_characters_min: int = 5
    piece_characters_max: int = 12
    short_characters_min: int = 8
    short_probability_min: float = 0.6
    short_digits_min: int = 2
    short_letters_min: int = 2


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One reading of 17 characters and the place it was read at.

    rows: (17, 33) probability of each of SYMBOLS at each position; every row sums to 1. log_probability: of the path
    through the strip, natural, at most 0. illegal: for each position the letter I, O or Q that stood there, or "".
    extra: characters right beside it that were left out. joined: put together from two lines. frame: number of the
    photo among several of one VIN, on which `quad` stands.
    """

    text: str
    rows: Rows
    log_probability: float
    quad: Quad
    illegal: tuple[str, ...] = ("",) * VIN_CHARACTERS
    extra: int = 0
    joined: bool = False
    frame: int = 0

    def scaled(self, factor: float) -> "Candidate":
        """Return the same reading on the same picture scaled by a factor."""
        return replace(self, quad=tuple((x * factor, y * factor) for x, y in self.quad))

    def in_frame(self, frame: int) -> "Candidate":
        """Return the same reading, as one of the photo with that number."""
        return replace(self, frame=frame)

    def as_joined(self) -> "Candidate":
        """Return the same reading, marked as put together from two lines."""
        return replace(self, joined=True)


def candidate_of(steps: Steps, quad: Quad, *, settings: CandidateSettings) -> Candidate | None:
    """Return the best reading of 17 characters along a strip; None where there is none worth the name."""
    if float(steps.symbols.max(axis=1, initial=0.0).sum()) < VIN_CHARACTERS / 2:
        return None
    aligned = best_text(steps, allowed_symbols())
    if aligned is None or aligned.log_probability < settings.log_probability_min or not is_vin(aligned.text):
        return None
    if sum(character.isalpha() for character in aligned.text) < settings.vin_letters_min:
        return None
    return Candidate(
        text=aligned.text,
        rows=_rows(steps, aligned),
        log_probability=aligned.log_probability,
        quad=_trimmed(quad, aligned, length=len(steps.space)),
        illegal=tuple(_illegal(steps, aligned, place) for place in range(VIN_CHARACTERS)),
        extra=_extra(steps, aligned, settings=settings),
    )


@lru_cache(maxsize=1)
def allowed_symbols() -> NDArray[np.bool_]:
    """Return (17, 33): which of SYMBOLS may stand where; the last four are digits (GB 16735)."""
    allowed = np.ones((VIN_CHARACTERS, len(SYMBOLS)), dtype=np.bool_)
    allowed[-VIN_DIGITS_LAST:, 10:] = False
    allowed.setflags(write=False)
    return allowed


def piece_of(steps: Steps, settings: CandidateSettings) -> str:
    """Return the longest run of legal characters along a strip when it may be part of a VIN, else ""."""
    run = _longest_run(steps)
    probabilities = [probability for _, probability in run]
    if len(run) < settings.piece_characters_min or np.mean(probabilities) < settings.short_probability_min:
        return ""
    return "".join(character for character, _ in run)


def is_short_vin(piece: str, settings: CandidateSettings) -> bool:
    """Return whether a run of legal characters looks like a VIN of which the rest is missing."""
    digits = sum(character.isdigit() for character in piece)
    return (
        settings.short_characters_min <= len(piece) < VIN_CHARACTERS
        and digits >= settings.short_digits_min
        and len(piece) - digits >= settings.short_letters_min
    )


def _rows(steps: Steps, aligned: Aligned) -> Rows:
    rows = steps.symbols[list(aligned.steps)].astype(np.float64) * allowed_symbols()
    rows = np.where(allowed_symbols(), rows + _ROW_FLOOR, 0.0)
    return np.asarray(rows / rows.sum(axis=1, keepdims=True), dtype=np.float64)


def _illegal(steps: Steps, aligned: Aligned, place: int) -> str:
    """Return the forbidden letter that was seen where the reading has the digit it is taken for."""
    step, character = aligned.steps[place], aligned.text[place]
    seen = float(steps.symbols[step, SYMBOLS.index(character)])
    for at, letter in enumerate(ILLEGAL):
        if ILLEGAL[letter] == character and float(steps.illegal[step, at]) > seen / 2:
            return letter
    return ""


def _trimmed(quad: Quad, aligned: Aligned, *, length: int) -> Quad:
    """Return the part of the strip's quad over which the text was laid, with one step at either end."""
    corners = np.array(quad, dtype=np.float64)
    start = max(aligned.steps[0] - _PEAK_SPAN_STEPS, 0) / length
    stop = min(aligned.steps[-1] + 1 + _PEAK_SPAN_STEPS, length) / length
    top, bottom = corners[1] - corners[0], corners[2] - corners[3]
    cut = (corners[0] + top * start, corners[0] + top * stop, corners[3] + bottom * stop, corners[3] + bottom * start)
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in cut)


def _extra(steps: Steps, aligned: Aligned, *, settings: CandidateSettings) -> int:
    """Count the characters that stand right before or after the text, with no space or mark between."""
    seen = [one for one in collapse(steps) if one.probability > settings.extra_probability_min]
    before = [one.character for one in seen if one.step < aligned.steps[0] - _PEAK_SPAN_STEPS]
    after = [one.character for one in seen if one.step > aligned.steps[-1] + _PEAK_SPAN_STEPS]
    return _touching(reversed(before)) + _touching(after)


def _touching(characters: Iterable[str]) -> int:
    return sum(1 for _ in takewhile(lambda character: character not in {MARK, " "}, characters))


def _longest_run(steps: Steps) -> list[tuple[str, float]]:
    runs: list[list[tuple[str, float]]] = [[]]
    for one in collapse(steps):
        if one.character == MARK:
            runs.append([])
        elif one.character != " ":
            runs[-1].append((one.character, one.probability))
    return max(runs, key=len)
