"""Turns the steps along a strip into texts: a pure part, numbers in and texts out.

The network was trained with connectionist temporal classification (CTC, Graves et al. 2006): a character is a run of
steps, and equal neighbours are parted by blank steps. Besides the plain collapse, the most probable text of exactly N
characters is searched, since a VIN (GB 16735, ISO 3779) has exactly 17.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.characters import SYMBOLS, Steps

Table = NDArray[np.float64]
_State = tuple[Table, Table]
_Seen = tuple[Table, Table]

MARK = "\N{REPLACEMENT CHARACTER}"
_FLOOR = 1e-6
# Before the first and after the last character anything may stand (a star, a frame, a neighbour), but not for free.
_OUTSIDE_FLOOR = 0.2


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One character as the plain collapse sees it: a symbol, a space or MARK, at `step`, with its probability."""

    character: str
    step: int
    probability: float


@dataclass(frozen=True, kw_only=True)
class Aligned:
    """A text laid over steps: the step at which each character stands clearest, and how probable the whole is.

    log_probability: natural logarithm, summed over the path; 0 is certain.
    """

    text: str
    steps: tuple[int, ...]
    log_probability: float


def collapse(steps: Steps) -> list[Seen]:
    """Return what a plain reading sees: the most probable class at each step, runs collapsed, blanks left out."""
    table = np.concatenate([steps.symbols, steps.space[:, None], steps.mark[:, None], steps.blank[:, None]], axis=1)
    names = (*SYMBOLS, " ", MARK, "")
    best = table.argmax(axis=1)
    seen: list[Seen] = []
    for step, index in enumerate(best):
        if not names[index]:
            continue
        one = Seen(character=names[index], step=step, probability=float(table[step, index]))
        if step and best[step - 1] == index:
            if one.probability > seen[-1].probability:
                seen[-1] = one
        else:
            seen.append(one)
    return seen


def best_text(steps: Steps, allowed: NDArray[np.bool_]) -> Aligned | None:
    """Return the most probable text with one character for each row of `allowed`, shape (N, 33).

    Returns None where the strip has fewer steps than the text needs.
    """
    count = len(allowed)
    log_symbols, log_null = _logs(steps, count)
    length = len(log_null)
    if length < count:
        return None
    mask = np.where(allowed, 0.0, -np.inf)
    resting = np.full((count + 1, len(SYMBOLS)), -np.inf)
    resting[0, 0] = 0.0
    state = (np.full_like(resting, -np.inf), resting)
    came_from = np.zeros((length, 2, count + 1, len(SYMBOLS)), dtype=np.int32)
    for step in range(length):
        state = _advance(state, (log_symbols[step], log_null[step]), mask=mask, notes=came_from[step])
    return _traced(state, came_from, steps=steps)


def _logs(steps: Steps, count: int) -> tuple[Table, Table]:
    """Return log probabilities: (T, 33) of the symbols, and (T, count + 1, 1) of resting after n characters."""
    symbols = np.log(np.maximum(steps.symbols.astype(np.float64), _FLOOR))
    null = 1 - steps.symbols.sum(axis=1, dtype=np.float64)
    resting = np.repeat(np.maximum(null, _FLOOR)[:, None], count + 1, axis=1)
    resting[:, [0, count]] = np.maximum(resting[:, [0, count]], _OUTSIDE_FLOOR)
    return symbols, np.log(resting)[:, :, None]


def _advance(state: _State, seen: _Seen, *, mask: Table, notes: NDArray[np.int32]) -> _State:
    """Advance one step. State (n, s): n characters so far, the last of them s; reading it or resting after it.

    notes[0] and notes[1] take, for reading and resting, where each state came from: 0 reading the same, 1 resting on
    the same, 2 + s' a new character after reading s', 2 + 33 + s' after resting on s'.
    """
    (reading, resting), (symbols, null) = state, seen
    width = symbols.shape[0]
    before = np.concatenate([reading[:-1], resting[:-1]], axis=1)
    new = np.full_like(reading, -np.inf)
    origin = np.zeros_like(notes[0])
    # A new character may follow any state but reading that same character: that would be the same character still.
    ranked = np.argsort(before, axis=1)[:, -2:]
    rows = np.arange(before.shape[0])
    top, second = ranked[:, 1], ranked[:, 0]
    columns = np.arange(width)
    choice = np.where(top[:, None] == columns[None, :], second[:, None], top[:, None])
    new[1:] = before[rows[:, None], choice] + mask
    origin[1:] = choice + 2
    stay = reading >= new
    notes[0] = np.where(stay, 0, origin)
    rest_on = resting >= reading
    notes[1] = np.where(rest_on, 1, 0)
    return np.where(stay, reading, new) + symbols, np.where(rest_on, resting, reading) + null


def _traced(state: _State, came_from: NDArray[np.int32], *, steps: Steps) -> Aligned | None:
    reading, resting = state
    count, width = reading.shape[0] - 1, reading.shape[1]
    symbol = int(np.maximum(reading[count], resting[count]).argmax())
    rests = bool(resting[count, symbol] >= reading[count, symbol])
    log_probability = float(max(reading[count, symbol], resting[count, symbol]))
    if not np.isfinite(log_probability):
        return None
    text: list[str] = []
    peaks: list[int] = []
    clearest, at = -1.0, 0
    for step in range(len(came_from) - 1, -1, -1):
        origin = int(came_from[step, int(rests), count, symbol])
        if rests:
            rests = origin == 1
            continue
        if steps.symbols[step, symbol] > clearest:
            clearest, at = float(steps.symbols[step, symbol]), step
        if origin > 1:
            text.append(SYMBOLS[symbol])
            peaks.append(at)
            clearest = -1.0
            count, rests, symbol = count - 1, origin - 2 >= width, (origin - 2) % width
        if count == 0:
            break
    return Aligned(text="".join(reversed(text)), steps=tuple(reversed(peaks)), log_probability=log_probability)
