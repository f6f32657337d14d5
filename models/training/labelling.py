"""Gives frames without a text their label: by reading each several times, and keeping what no look contradicts.

The first round reads with the stock networks, the second with those trained on the first round's labels. A label is
kept only where several cuts agree and are sure; what is left out is left out, for a wrong label teaches wrongly.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from inspection.vin import check_digit_holds, check_digit_is_mandatory
from models.candidates import Candidate, CandidateSettings, candidate_of
from models.characters import STRIP_PIXELS, CharacterReader
from models.lines import Line, LineFinder, Quad, grown_quad, reading_order, strip_of
from models.photo import Pixels
from models.training.frames import Frame, FrameLabel, mirrored, upright_quad
from models.training.pictures.drawn import Corners

_CUTS = ((0.0, 0.0), (0.2, 0.05), (0.3, 0.12), (0.5, 0.25))
_LYING_SHAPE_MIN = 3.5
_ABOUT_PIXELS = 4.0
_READ_SHARE_MIN = 0.5
_ANGLE_SHARE_MIN = 0.3
# Beyond this angle, or in a box that is nearly square, sides cannot be told from the box around them.
_ANGLE_MAX_RADIANS = 0.6
_TURNED_SHAPE_MIN = 1.8
_HEIGHT_SHARE_MIN = 1 / 24
_WIDTH_SHARE_MIN = 0.5


@dataclass(frozen=True, kw_only=True)
class Sureness:
    """From when on a reading is a label.

    log_probability_min: of the best look. agreeing_min: looks that say the same. checked_log_probability_min: where an
    obligatory check digit holds, or another reader says the same. turn_log_probability: below, a line is read upside
    down as well.
    """

    log_probability_min: float = -0.35
    checked_log_probability_min: float = -1.5
    agreeing_min: int = 2
    turn_log_probability: float = -3.0


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What one frame shows: all texts read, the label where they are sure, and the angle of the text in radians."""

    texts: tuple[str, ...]
    label: FrameLabel | None
    angle: float


@dataclass(frozen=True, kw_only=True)
class Labeller:
    """Labels frames with a finder and a reader; mirrored frames are recognised by reading well only when flipped."""

    finder: LineFinder
    reader: CharacterReader
    sureness: Sureness = Sureness()
    settings: CandidateSettings = CandidateSettings(log_probability_min=-14.0)  # noqa: RUF009 - frozen

    def survey(self, frame: Frame, *, known: Collection[str] = ()) -> Survey:
        """Read the place where the frame's VIN is known to be; known: what another reader read there."""
        lines, box = self.finder.find(frame.picture), upright_quad(frame.box)
        readings = self._readings(frame.picture, lines, box=box)
        sure, flipped = surest(readings, self.sureness, known=known), False
        if not sure:
            x0, y0, x1, y1 = frame.box
            wide, picture = frame.picture.shape[1], mirrored(frame.picture)
            again = self._readings(picture, self.finder.find(picture), box=upright_quad((wide - x1, y0, wide - x0, y1)))
            sure, flipped = surest(again, self.sureness, known=known), True
            readings += again
        label = FrameLabel(file=frame.file, vin=sure.text, quad=sure.quad, mirrored=flipped) if sure else None
        return Survey(texts=tuple(sorted({one.text for one in readings})), label=label, angle=angle_of(lines, box))

    def _readings(self, picture: Pixels, lines: Sequence[Line], *, box: Corners) -> list[Candidate]:
        readings: list[Candidate] = []
        for quad in _places(lines, box):
            found = self._cuts(picture, quad)
            if max((one.log_probability for one in found), default=-np.inf) < self.sureness.turn_log_probability:
                found += self._cuts(picture, (*quad[2:], *quad[:2]))
            readings += found
        return readings

    def _cuts(self, picture: Pixels, quad: Quad) -> list[Candidate]:
        cuts = [grown_quad(quad, along=along, across=across) for along, across in _CUTS]
        read = [(cut, self.reader.read(strip_of(picture, cut, STRIP_PIXELS))) for cut in cuts]
        found = [candidate_of(steps, cut, settings=self.settings) for cut, steps in read]
        return [one for one in found if one]


def surest(readings: Sequence[Candidate], sureness: Sureness, *, known: Collection[str] = ()) -> Candidate | None:
    """Return the best of the readings if it may be a label; known: what another reader read on the same frame."""
    if not readings:
        return None
    best = max(readings, key=lambda one: one.log_probability)
    if Counter(one.text for one in readings)[best.text] < sureness.agreeing_min:
        return None
    obliged = check_digit_is_mandatory(best.text)
    if obliged and not check_digit_holds(best.text):
        return None
    seconded = obliged or best.text in known
    least = sureness.checked_log_probability_min if seconded else sureness.log_probability_min
    return best if best.log_probability >= least else None


def is_inside(line: Line, box: Corners, *, share_min: float) -> bool:
    """Return whether a line's middle lies in the box and the line is not much shorter than the box.

    box: corners, clockwise from its top left. share_min: of the box's longer side.
    """
    middle = np.mean(np.array(line.quad), axis=0)
    within = bool((middle >= box[0] - _ABOUT_PIXELS).all() and (middle <= box[2] + _ABOUT_PIXELS).all())
    return within and line.width > share_min * float(np.max(box[2] - box[0]))


def angle_of(lines: Sequence[Line], box: Corners) -> float:
    """Return the angle of the longest line in the box, radians, clockwise from lying; 0 without one."""
    inside = [line for line in lines if is_inside(line, box, share_min=_ANGLE_SHARE_MIN)]
    longest = max(inside, key=lambda line: line.width, default=None)
    if longest is None:
        return 0.0
    right, down = np.subtract(longest.quad[1], longest.quad[0])
    return float(np.arctan2(down, right))


def framed_quad(box: Sequence[float], angle: float) -> Corners | None:
    """Return the corners of a line of text that stands at an angle in an upright box (x0, y0, x1, y1), touching it.

    None where it would not be the shape of a VIN: at least three and a half times as long as high.
    """
    (wide, high), lying = (box[2] - box[0], box[3] - box[1]), (box[2] - box[0], box[3] - box[1])
    if abs(angle) > _ANGLE_MAX_RADIANS or wide < _TURNED_SHAPE_MIN * high:
        angle = 0.0
    # A rectangle (a, b) turned by t has the box (a cos t + b sin t, a sin t + b cos t); solved for a and b.
    cosine, sine = abs(np.cos(angle)), abs(np.sin(angle))
    spread = cosine**2 - sine**2
    sides = ((wide * cosine - high * sine) / spread, (high * cosine - wide * sine) / spread)
    if sides[1] < wide * _HEIGHT_SHARE_MIN or sides[0] < wide * _WIDTH_SHARE_MIN:
        angle, sides = 0.0, lying
    centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    quad = np.array(reading_order(cv2.boxPoints((centre, sides, float(np.degrees(angle))))))
    length, height = np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[3] - quad[0])
    return quad if length >= _LYING_SHAPE_MIN * height else None


def _places(lines: Sequence[Line], box: Corners) -> Iterator[Quad]:
    yield from (line.quad for line in lines if is_inside(line, box, share_min=_READ_SHARE_MIN))
    wide, high = box[2] - box[0]
    if wide > _LYING_SHAPE_MIN * high:
        yield tuple((float(x), float(y)) for x, y in box)
