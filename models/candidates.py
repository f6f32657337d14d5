"""Decides what a VIN reading is worth: a pure part, readings in and a finding out.

It knows that a VIN has 17 characters of which the last four are digits (ISO 3779), where the check digit obliges
(GB 16735 and North America), and which doubts send a reading to a person. It knows no pixel and no network.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from inspection.evidence import CharacterReading, VinFinding
from inspection.vin import VIN_CHARACTERS, check_digit, check_digit_is_mandatory, differing_positions, is_vin
from models.characters import ILLEGAL, SYMBOLS, Steps
from models.lines import Quad
from models.sequences import MARK, Aligned, best_text, collapse

VIN_DIGITS_LAST = 4
_CHECK_AT = 8
_FILLERS = slice(3, 6)
_FILLER, _FILLER_LOOKALIKE = "Z", "2"
_LOOKALIKES = frozenset("B8Z2S5G6")
_PEAK_SPAN_STEPS = 1


@dataclass(frozen=True, kw_only=True)
class DecisionSettings:
    """From when on a reading counts.

    Log probabilities are natural, of the whole reading; probabilities are of one character, 0 to 1.
    log_probability_min, character_probability_min: below, it is no reading at all; nor with fewer than
    vin_letters_min letters, as a camera's date and time would be. certain_*: above both nobody needs
    to look. checked_*: the same where an obligatory check digit holds. lookalike_probability_min: where none obliges,
    a character with a twin (B and 8, Z and 2, S and 5, G and 6) must be this clear.
    alternative_probability_min: rarer ones are not tried against the check digit. rival_log_probability_min: a second
    VIN elsewhere must be this good to count, and differ at rival_differences_min positions.
    dissent_log_probability: how much worse another reading of the same place may be and still raise a doubt.
    extra_probability_min: from when on a neighbour counts as left out. piece_*: what may be half of a VIN on two
    lines. short_*: what is reported as part of a VIN.
    """

    log_probability_min: float = -5.0
    character_probability_min: float = 0.08
    vin_letters_min: int = 2
    certain_log_probability_min: float = -0.35
    certain_character_probability_min: float = 0.8
    checked_log_probability_min: float = -1.2
    checked_character_probability_min: float = 0.5
    lookalike_probability_min: float = 0.95
    alternative_probability_min: float = 0.02
    alternatives_max: int = 3
    rival_log_probability_min: float = -2.0
    rival_differences_min: int = 4
    dissent_log_probability: float = 1.5
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

    extra: characters right beside it that were left out. joined: put together from two lines.
    repaired: a character was exchanged for its alternative to make an obligatory check digit hold.
    """

    text: str
    log_probability: float
    characters: tuple[CharacterReading, ...]
    quad: Quad
    extra: int = 0
    joined: bool = False
    repaired: bool = False

    @property
    def weakest(self) -> float:
        """Probability of the least certain character, 0 to 1."""
        return min(character.probability for character in self.characters)

    def as_joined(self) -> "Candidate":
        """Return the same reading, marked as put together from two lines."""
        return replace(self, joined=True)

    def on_photo(self, scale_x: float, scale_y: float) -> "Candidate":
        """Return the reading of a picture that was scaled so, with its place in the pixels of the unscaled one."""
        return replace(self, quad=tuple((x / scale_x, y / scale_y) for x, y in self.quad))


def candidate_of(steps: Steps, quad: Quad, *, settings: DecisionSettings) -> Candidate | None:
    """Return the best reading of 17 characters along a strip; None where there is none worth the name."""
    if float(steps.symbols.max(axis=1, initial=0.0).sum()) < VIN_CHARACTERS / 2:
        return None
    aligned = best_text(steps, _allowed())
    if aligned is None or aligned.log_probability < settings.log_probability_min or not is_vin(aligned.text):
        return None
    if sum(character.isalpha() for character in aligned.text) < settings.vin_letters_min:
        return None
    characters = tuple(_reading(steps, aligned, place=place, settings=settings) for place in range(VIN_CHARACTERS))
    candidate = Candidate(
        text=aligned.text,
        log_probability=aligned.log_probability,
        characters=characters,
        quad=_trimmed(quad, aligned, length=len(steps.space)),
        extra=_extra(steps, aligned, settings=settings),
    )
    return candidate if candidate.weakest >= settings.character_probability_min else None


def piece_of(steps: Steps, settings: DecisionSettings) -> str:
    """Return the longest run of legal characters along a strip when it may be part of a VIN, else ""."""
    run = _longest_run(steps)
    probabilities = [probability for _, probability in run]
    if len(run) < settings.piece_characters_min or np.mean(probabilities) < settings.short_probability_min:
        return ""
    return "".join(character for character, _ in run)


def is_short_vin(piece: str, settings: DecisionSettings) -> bool:
    """Return whether a run of legal characters looks like a VIN of which the rest is missing."""
    digits = sum(character.isdigit() for character in piece)
    return (
        settings.short_characters_min <= len(piece) < VIN_CHARACTERS
        and digits >= settings.short_digits_min
        and len(piece) - digits >= settings.short_letters_min
    )


def checked(candidate: Candidate, settings: DecisionSettings) -> Candidate:
    """Return the candidate, or its most probable neighbour by one character whose obligatory check digit holds.

    A candidate whose check digit holds or does not oblige is returned as it is.
    """
    if _check_holds(candidate.text) or not check_digit_is_mandatory(candidate.text):
        return candidate
    neighbours = []
    for place, reading in enumerate(candidate.characters):
        for character, probability in reading.alternatives:
            text = candidate.text[:place] + character + candidate.text[place + 1 :]
            if probability >= settings.alternative_probability_min and _obliges_and_holds(text):
                neighbours.append((probability / reading.probability, place, character, probability))
    if not neighbours:
        return candidate
    _, place, character, probability = max(neighbours)
    return _exchanged(candidate, place, character=character, probability=probability)


def is_certain(candidate: Candidate, settings: DecisionSettings) -> bool:
    """Return whether a reading is so good that nobody needs to look, as far as it alone can tell."""
    if candidate.extra or candidate.joined or candidate.repaired:
        return False
    if check_digit_is_mandatory(candidate.text):
        return (
            _check_holds(candidate.text)
            and candidate.log_probability >= settings.checked_log_probability_min
            and candidate.weakest >= settings.checked_character_probability_min
        )
    return (
        candidate.log_probability >= settings.certain_log_probability_min
        and candidate.weakest >= settings.certain_character_probability_min
        and all(
            reading.probability >= settings.lookalike_probability_min
            for reading in candidate.characters
            if reading.character in _LOOKALIKES
        )
    )


def best_of(candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the candidate that ranks first, or None without any."""
    return max(candidates, key=_rank, default=None)


def is_settled(candidates: Sequence[Candidate], settings: DecisionSettings) -> bool:
    """Return whether the best reading is certain and no reading of the same place speaks against it."""
    best = best_of(candidates)
    if best is None or not is_certain(best, settings) or _has_odd_filler(best.text):
        return False
    floor = best.log_probability - settings.dissent_log_probability
    return not any(
        rival.text != best.text and rival.log_probability >= floor and not _is_another(best, rival, settings=settings)
        for rival in candidates
    )


def decide(
    candidates: Sequence[Candidate], pieces: Sequence[str], *, barcode: str, settings: DecisionSettings
) -> VinFinding:
    """Return the finding for everything that was read on one photo; model and time are filled in by the caller.

    pieces: legal runs that became no candidate. barcode: the VIN that a barcode holds, "" without one; it is compared
    and never copied.
    """
    if not candidates:
        short = any(is_short_vin(piece, settings) for piece in pieces)
        reason = "vin.short" if short else "vin.none"
        return VinFinding(vin="", confidence=0.0, reasons=(reason,), barcode=barcode)
    best = checked(max(candidates, key=_rank), settings)
    doubts = _doubts(best, candidates, settings=settings)
    notes = ["vin.corrected"] if any(reading.corrected for reading in best.characters) else []
    if barcode:
        notes.append("barcode.agrees" if barcode == best.text else "barcode.differs")
    if barcode == best.text:
        doubts = [doubt for doubt in doubts if doubt != "vin.doubtful"]
    return VinFinding(
        vin=best.text,
        confidence=round(min(best.weakest, float(np.exp(best.log_probability))), 4),
        characters=best.characters,
        box=best.quad,
        accepted=not doubts and "barcode.differs" not in notes,
        reasons=(*doubts, *notes),
        barcode=barcode,
    )


def _rank(candidate: Candidate) -> float:
    # A check digit holds by chance once in eleven: where it obliges, that is what holding it is worth.
    bonus = np.log(11.0) if _obliges_and_holds(candidate.text) else 0.0
    return candidate.log_probability + float(bonus) - candidate.extra


def _doubts(best: Candidate, candidates: Sequence[Candidate], *, settings: DecisionSettings) -> list[str]:
    doubts = []
    rivals = [one for one in candidates if one.log_probability >= settings.rival_log_probability_min]
    if any(_is_another(best, rival, settings=settings) for rival in rivals):
        doubts.append("vin.two")
    if check_digit_is_mandatory(best.text) and not _check_holds(best.text):
        doubts.append("vin.check_digit")
    if not is_settled([best, *candidates], settings):
        doubts.append("vin.doubtful")
    return doubts


def _is_another(best: Candidate, rival: Candidate, *, settings: DecisionSettings) -> bool:
    """Return whether the rival is another VIN at another place, and not the same one read differently."""
    if len(differing_positions(best.text, rival.text)) < settings.rival_differences_min:
        return False
    a, b = np.array(best.quad), np.array(rival.quad)
    height = float(np.linalg.norm(a[3] - a[0]))
    return float(np.linalg.norm(a.mean(axis=0) - b.mean(axis=0))) > height


def _has_odd_filler(text: str) -> bool:
    """Return whether a 2 stands where European makers fill unused positions (4 to 6 and 9) with Z."""
    fillers = text[_FILLERS]
    return (_FILLER in fillers and _FILLER_LOOKALIKE in fillers) or (
        fillers == _FILLER * len(fillers) and text[_CHECK_AT] == _FILLER_LOOKALIKE
    )


def _check_holds(text: str) -> bool:
    return text[_CHECK_AT] == check_digit(text)


def _obliges_and_holds(text: str) -> bool:
    return is_vin(text) and check_digit_is_mandatory(text) and _check_holds(text)


def _exchanged(candidate: Candidate, place: int, *, character: str, probability: float) -> Candidate:
    old = candidate.characters[place]
    others = tuple(pair for pair in old.alternatives if pair[0] != character)
    alternatives = tuple(sorted([(old.character, old.probability), *others], key=lambda pair: -pair[1]))
    new = CharacterReading(character=character, probability=probability, alternatives=alternatives)
    characters = (*candidate.characters[:place], new, *candidate.characters[place + 1 :])
    return replace(
        candidate,
        text="".join(one.character for one in characters),
        characters=characters,
        log_probability=candidate.log_probability + float(np.log(probability / old.probability)),
        repaired=True,
    )


def _allowed() -> NDArray[np.bool_]:
    allowed = np.ones((VIN_CHARACTERS, len(SYMBOLS)), dtype=np.bool_)
    allowed[-VIN_DIGITS_LAST:, 10:] = False
    return allowed


def _reading(steps: Steps, aligned: Aligned, *, place: int, settings: DecisionSettings) -> CharacterReading:
    step, character = aligned.steps[place], aligned.text[place]
    row = steps.symbols[step]
    order = [int(index) for index in np.argsort(row)[::-1] if SYMBOLS[index] != character]
    alternatives = tuple((SYMBOLS[index], round(float(row[index]), 4)) for index in order[: settings.alternatives_max])
    probability = min(float(row[SYMBOLS.index(character)]), 1.0)
    corrected = ""
    letters = [
        (float(steps.illegal[step, at]), letter) for at, letter in enumerate(ILLEGAL) if ILLEGAL[letter] == character
    ]
    if letters and max(letters)[0] > probability / 2:
        corrected = max(letters)[1]
    return CharacterReading(
        character=character, probability=round(probability, 4), alternatives=alternatives, corrected=corrected
    )


def _trimmed(quad: Quad, aligned: Aligned, *, length: int) -> Quad:
    """Return the part of the strip's quad over which the text was laid, with one step at either end."""
    corners = np.array(quad, dtype=np.float64)
    start = max(aligned.steps[0] - _PEAK_SPAN_STEPS, 0) / length
    stop = min(aligned.steps[-1] + 1 + _PEAK_SPAN_STEPS, length) / length
    top, bottom = corners[1] - corners[0], corners[2] - corners[3]
    cut = (corners[0] + top * start, corners[0] + top * stop, corners[3] + bottom * stop, corners[3] + bottom * start)
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in cut)


def _extra(steps: Steps, aligned: Aligned, *, settings: DecisionSettings) -> int:
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
