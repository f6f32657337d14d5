"""Figures of a VIN reader against photos whose VIN is known: shares with intervals, calibration, times.

It takes answers and labels and gives figures; who read the photos, and how they were timed, is left to others. It
prints nothing and names no VIN.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from pathlib import Path
from statistics import fmean, median
from typing import Protocol

from models import ModelError

BINS = 10
# The normal deviate of a two-sided 95 % interval.
_DEVIATE = 1.959964
_BOX_COLUMN = "box_xyxy"

Box = tuple[float, float, float, float]


class MeasureError(ModelError):
    """Labels or answers that cannot be measured on."""


class Answer(Protocol):
    """What a reader said of one photo; a VinFinding is one.

    vin: 17 characters or empty. confidence: 0 to 1. milliseconds: time spent on the photo.
    """

    @property
    def vin(self) -> str:
        """The VIN as read, empty where none was."""

    @property
    def confidence(self) -> float:
        """How sure the reader is, 0 to 1."""

    @property
    def accepted(self) -> bool:
        """Whether no person needs to look."""

    @property
    def milliseconds(self) -> float:
        """Time spent on the photo."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """What a photo truly shows: its VIN and the kind of surface, as the label file calls it.

    box: where the VIN stands, (x0, y0, x1, y1) in pixels of the upright photo; None where nobody wrote it down.
    """

    file: str
    vin: str
    kind: str
    box: Box | None = None


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many of how many, with the 95 % interval by Wilson's score (Wilson 1927), which holds for 0 of n as well.

    count may be a sum of parts of 1; the interval is then wider than it need be, never narrower. Of nothing, the value
    is 0 and the interval everything.
    """

    count: float
    of: int

    @property
    def value(self) -> float:
        """The share itself, 0 to 1."""
        return self.count / self.of if self.of else 0.0

    @property
    def low(self) -> float:
        """The interval's lower end, 0 to 1."""
        return max(0.0, self._centre - self._half) if self.count else 0.0

    @property
    def high(self) -> float:
        """The interval's upper end, 0 to 1."""
        return min(1.0, self._centre + self._half) if self.count < self.of else 1.0

    @property
    def _shrink(self) -> float:
        return 1 + _DEVIATE**2 / self.of

    @property
    def _centre(self) -> float:
        return (self.value + _DEVIATE**2 / (2 * self.of)) / self._shrink

    @property
    def _half(self) -> float:
        spread = self.value * (1 - self.value) / self.of + _DEVIATE**2 / (4 * self.of**2)
        return _DEVIATE * sqrt(spread) / self._shrink


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Readings of like confidence: the least and greatest, the mean, and how many of them were right."""

    lowest: float
    highest: float
    confidence: float
    right: Share


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Whether a confidence means a probability.

    bins: the reliability table, least confident first. expected_error: the mean distance between confidence and share
    right over the bins, weighted by their readings (ECE; Naeini 2015, Guo 2017). brier: the mean square of the
    confidence's distance from what came true, 0 or 1 (Brier 1950).
    """

    readings: int
    bins: tuple[Bin, ...]
    expected_error: float
    brier: float


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How well a set of photos was read; each photo is one draw, also where several show the same vehicle.

    vins: distinct VINs among the labels. exact: VIN equal to the label. characters: right ones by edit distance, a
    photo without a reading counting none. answered: a VIN was read. wrong_among_answers, wrong_among_accepted: of
    those, another VIN than the label. milliseconds_median, milliseconds_p95: per photo.
    """

    photos: int
    vins: int
    exact: Share
    characters: Share
    answered: Share
    accepted: Share
    wrong_among_answers: Share
    wrong_among_accepted: Share
    calibration: Calibration
    milliseconds_median: float
    milliseconds_p95: float


def labels_in(folder: Path) -> list[Label]:
    """Return the labels of a folder: labels.tsv with the columns file, vin, kind and, where known, box_xyxy.

    Raises MeasureError where there are none, or where a box is no four numbers.
    """
    path = folder / "labels.tsv"
    if not path.is_file():
        raise MeasureError(f"no labels.tsv in the folder {folder.name}")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    missing = {"file", "vin", "kind"} - set(rows[0] if rows else ())
    if missing:
        raise MeasureError(f"labels.tsv has no rows or lacks the columns {', '.join(sorted(missing))}")
    return [
        Label(file=row["file"], vin=row["vin"], kind=row["kind"], box=_box(row.get(_BOX_COLUMN) or "", line=line))
        for line, row in enumerate(rows, start=2)
    ]


def figures_by_kind(pairs: Iterable[tuple[Answer, Label]]) -> dict[str, Figures]:
    """Return the figures of all pairs under "all", and of each kind under its name; raises MeasureError for none."""
    groups: dict[str, list[tuple[Answer, Label]]] = {"all": []}
    for answer, label in pairs:
        groups["all"].append((answer, label))
        groups.setdefault(label.kind, []).append((answer, label))
    return {kind: figures_of(group) for kind, group in groups.items()}


def figures_of(pairs: Iterable[tuple[Answer, Label]]) -> Figures:
    """Return the figures of some pairs; raises MeasureError when there are none."""
    known = list(pairs)
    if not known:
        raise MeasureError("nothing to measure: no photo was given")
    answers = [(answer, answer.vin == label.vin) for answer, label in known if answer.vin]
    accepted = [right for answer, right in answers if answer.accepted]
    times = [answer.milliseconds for answer, _ in known]
    return Figures(
        photos=len(known),
        vins=len({label.vin for _, label in known}),
        exact=Share(count=sum(right for _, right in answers), of=len(known)),
        characters=Share(count=sum(characters_right(answer.vin, label.vin) for answer, label in known), of=len(known)),
        answered=Share(count=len(answers), of=len(known)),
        accepted=Share(count=len(accepted), of=len(known)),
        wrong_among_answers=Share(count=sum(not right for _, right in answers), of=len(answers)),
        wrong_among_accepted=Share(count=accepted.count(False), of=len(accepted)),
        calibration=calibration_of((answer.confidence, right) for answer, right in answers),
        milliseconds_median=median(times),
        milliseconds_p95=percentile_95(times),
    )


def characters_right(read: str, truth: str) -> float:
    """Return the share of `truth` that was read, 0 to 1: one less the edit distance (Levenshtein 1966) over its length.

    Raises MeasureError for an empty `truth`.
    """
    if not truth:
        raise MeasureError("a label without a VIN has no characters to compare")
    above = list(range(len(truth) + 1))
    for row, character in enumerate(read, start=1):
        line = [row]
        for column, wanted in enumerate(truth, start=1):
            line.append(min(above[column] + 1, line[-1] + 1, above[column - 1] + (character != wanted)))
        above = line
    return max(0.0, 1 - above[-1] / len(truth))


def calibration_of(claims: Iterable[tuple[float, bool]], *, bins: int = BINS) -> Calibration:
    """Return how far confidences (0 to 1) agree with what was right, in at most `bins` bins of equal count.

    Equal counts, because most confidences lie near 1 and bins of equal width would hold one reading or none.
    """
    known = sorted(claims, key=lambda claim: claim[0])
    edges = [round(place * len(known) / bins) for place in range(bins + 1)]
    filled = [known[start:end] for start, end in pairwise(edges) if end > start]
    table = tuple(_bin(claims) for claims in filled)
    return Calibration(
        readings=len(known),
        bins=table,
        expected_error=sum(abs(one.confidence - one.right.value) * one.right.of for one in table) / max(len(known), 1),
        brier=fmean((confidence - right) ** 2 for confidence, right in known) if known else 0.0,
    )


def percentile_95(times: Iterable[float]) -> float:
    """Return the time that 95 % of some times do not exceed; raises MeasureError when there are none."""
    known = sorted(times)
    if not known:
        raise MeasureError("nothing to measure: no time was given")
    return known[min(len(known) - 1, int(len(known) * 0.95))]


def _bin(claims: Sequence[tuple[float, bool]]) -> Bin:
    return Bin(
        lowest=claims[0][0],
        highest=claims[-1][0],
        confidence=fmean(confidence for confidence, _ in claims),
        right=Share(count=sum(right for _, right in claims), of=len(claims)),
    )


def _box(text: str, *, line: int) -> Box | None:
    if not text:
        return None
    try:
        x0, y0, x1, y1 = (float(number) for number in text.split(","))
    except ValueError as error:
        raise MeasureError(f"labels.tsv line {line}: a box is four numbers x0,y0,x1,y1") from error
    return (x0, y0, x1, y1)
