"""Decides what a photo says: the VIN, how probable it is, and whether a person must look. Pure: no pixel, no clock.

A probability is not what a network says of itself: `Calibration` turns what was seen into one, and its figures are
fitted on photos (`models/calibration.toml`). A barcode is compared and never copied.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspection.evidence import CharacterReading, VinFinding
from inspection.vin import VIN_CHARACTERS, check_digit, check_digit_is_mandatory, differing_positions
from models.candidates import Candidate, CandidateSettings, is_short_vin
from models.characters import SYMBOLS
from models.voting import Vote, VotingSettings, like, voted

_FILLERS = slice(3, 6)
_FILLER, _FILLER_LOOKALIKE = "Z", "2"
_CHECK_AT = 8
_LOG_MIN = 1e-4


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How what was seen becomes a probability: a logistic sum of what `features` returns, fitted on photos.

    weights: one for each feature. accepted_min: from which probability on nobody needs to look.
    """

    bias: float
    weights: tuple[float, ...]
    accepted_min: float

    def confidence(self, vote: Vote) -> float:
        """Return the probability that every character is right, 0 to 1."""
        score = self.bias + sum(weight * one for weight, one in zip(self.weights, features(vote), strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


@dataclass(frozen=True, kw_only=True)
class DecisionSettings:
    """What speaks against a reading, and what is reported of it.

    rival_log_probability_min: a second VIN elsewhere must be this good to count, and differ at rival_differences_min
    positions. alternative_probability_min: rarer characters are not reported; alternatives_max: nor more than these.
    """

    rival_log_probability_min: float = -2.5
    rival_differences_min: int = 7
    alternative_probability_min: float = 0.001
    alternatives_max: int = 3
    voting: VotingSettings = VotingSettings()  # noqa: RUF009 - frozen
    candidates: CandidateSettings = CandidateSettings()  # noqa: RUF009 - frozen


def features(vote: Vote) -> tuple[float, ...]:
    """Return what the probability of a vote hangs on, each about -10 to 10.

    How far the text is ahead of all others, how clear its weakest character is, how clear the path through the strips
    was, how many looks agree, and whether an obligatory check digit holds.
    """
    ahead = math.log(max(vote.probability, _LOG_MIN)) - math.log(max(1 - vote.probability, _LOG_MIN))
    own = vote.rows[np.arange(VIN_CHARACTERS), [SYMBOLS.index(one) for one in vote.text]]
    weakest = float(np.min(own))
    clear = math.log(max(weakest, _LOG_MIN)) - math.log(max(1 - weakest, _LOG_MIN))
    path = -math.log(max(-vote.log_probability, _LOG_MIN))
    holds = check_digit_is_mandatory(vote.text) and vote.text[_CHECK_AT] == check_digit(vote.text)
    return ahead, clear, path, vote.agreeing, float(holds)


def best_of(candidates: Sequence[Candidate], settings: DecisionSettings) -> Vote | None:
    """Return the vote of the readings around the best one, or None without any."""
    voters = voters_of(candidates, settings)
    return voted(voters, settings.voting) if voters else None


def voters_of(candidates: Sequence[Candidate], settings: DecisionSettings) -> list[Candidate]:
    """Return the readings that `best_of` takes its vote from: the best one and those like it; none without any."""
    best = max(candidates, key=_rank, default=None)
    return like(best, candidates, settings.voting) if best else []


def clearest_of(voters: Sequence[Candidate]) -> Candidate:
    """Return the reading whose place a finding names; there must be one voter at least."""
    return max(voters, key=lambda one: one.log_probability)


def doubts_of(candidates: Sequence[Candidate], vote: Vote, settings: DecisionSettings) -> list[str]:
    """Return the codes of what speaks against a vote whatever its probability."""
    same = voters_of(candidates, settings)
    doubts = []
    if any(_is_another(one, same, settings) for one in candidates):
        doubts.append("vin.two")
    if check_digit_is_mandatory(vote.text) and vote.text[_CHECK_AT] != check_digit(vote.text):
        doubts.append("vin.check_digit")
    cut = all(one.extra or one.joined for one in same)
    if vote.repaired or cut or _has_odd_filler(vote.text):
        doubts.append("vin.doubtful")
    return doubts


def is_settled(candidates: Sequence[Candidate], calibration: Calibration, settings: DecisionSettings) -> bool:
    """Return whether no further look is needed."""
    vote = best_of(candidates, settings)
    if vote is None or doubts_of(candidates, vote, settings):
        return False
    return calibration.confidence(vote) >= calibration.accepted_min


def decide(
    candidates: Sequence[Candidate],
    pieces: Sequence[str],
    *,
    barcode: str,
    calibration: Calibration,
    settings: DecisionSettings,
) -> VinFinding:
    """Return the finding for everything that was read on one photo, or on several frames of one VIN.

    pieces: legal runs that became no candidate. barcode: the VIN that a barcode holds, "" without one. Kind, weights
    and time are filled in by the caller.
    """
    vote = best_of(candidates, settings)
    if vote is None:
        short = any(is_short_vin(piece, settings.candidates) for piece in pieces)
        return VinFinding(vin="", confidence=0.0, reasons=("vin.short" if short else "vin.none",), barcode=barcode)
    confidence = calibration.confidence(vote)
    doubts = doubts_of(candidates, vote, settings)
    if confidence < calibration.accepted_min and "vin.doubtful" not in doubts:
        doubts.append("vin.doubtful")
    same = voters_of(candidates, settings)
    # Two witnesses that read the same 17 characters in different writings do not err alike.
    if barcode == vote.text and not vote.repaired:
        doubts = [doubt for doubt in doubts if doubt != "vin.doubtful"]
    characters = _characters(vote, same, settings)
    notes = ["vin.corrected"] if any(one.corrected for one in characters) else []
    if barcode:
        notes.append("barcode.agrees" if barcode == vote.text else "barcode.differs")
    return VinFinding(
        vin=vote.text,
        confidence=round(confidence, 4),
        characters=characters,
        box=clearest_of(same).quad,
        accepted=not doubts and "barcode.differs" not in notes,
        reasons=(*doubts, *notes),
        barcode=barcode,
    )


def _rank(candidate: Candidate) -> float:
    # A check digit holds by chance once in eleven: where it obliges, that is what holding it is worth.
    holds = check_digit_is_mandatory(candidate.text) and candidate.text[_CHECK_AT] == check_digit(candidate.text)
    return candidate.log_probability + (math.log(11.0) if holds else 0.0) - candidate.extra


def _is_another(rival: Candidate, same: Sequence[Candidate], settings: DecisionSettings) -> bool:
    """Return whether a reading is another VIN at another place, and not the same one read differently."""
    if rival.log_probability < settings.rival_log_probability_min:
        return False
    if any(len(differing_positions(rival.text, one.text)) < settings.rival_differences_min for one in same):
        return False
    return all(_apart(rival, one) for one in same)


def _apart(one: Candidate, other: Candidate) -> bool:
    if one.frame != other.frame:
        return True
    a, b = np.array(one.quad), np.array(other.quad)
    height = float(np.linalg.norm(a[3] - a[0]))
    return float(np.linalg.norm(a.mean(axis=0) - b.mean(axis=0))) > height


def _has_odd_filler(text: str) -> bool:
    """Return whether a 2 stands where European makers fill unused positions (4 to 6 and 9) with Z."""
    fillers = text[_FILLERS]
    return (_FILLER in fillers and _FILLER_LOOKALIKE in fillers) or (
        fillers == _FILLER * len(fillers) and text[_CHECK_AT] == _FILLER_LOOKALIKE
    )


def _characters(vote: Vote, same: Sequence[Candidate], settings: DecisionSettings) -> tuple[CharacterReading, ...]:
    return tuple(_character(vote, same, place, settings=settings) for place in range(VIN_CHARACTERS))


def _character(vote: Vote, same: Sequence[Candidate], place: int, *, settings: DecisionSettings) -> CharacterReading:
    row, character = vote.rows[place], vote.text[place]
    order = [int(at) for at in np.argsort(row)[::-1] if SYMBOLS[int(at)] != character]
    shown = [at for at in order if row[at] >= settings.alternative_probability_min][: settings.alternatives_max]
    illegal = [one.illegal[place] for one in same if one.illegal[place] and one.text[place] == character]
    return CharacterReading(
        character=character,
        probability=round(float(row[SYMBOLS.index(character)]), 4),
        alternatives=tuple((SYMBOLS[at], round(float(row[at]), 4)) for at in shown),
        corrected=illegal[0] if illegal else "",
    )
