"""Reads the VIN (车辆识别代号) on a photo: find lines, rectify, read, decide.

It knows the order of the looks and when a further look is worth its time. What a reading is worth is decided in
`candidates`; each step stands in its own file, so that other weights or another finder can take its place.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from inspection.evidence import VinFinding
from models.barcodes import barcode_vins
from models.candidates import Candidate, DecisionSettings, best_of, candidate_of, decide, is_settled, piece_of
from models.characters import STRIP_HEIGHT_PIXELS, CharacterReader, Steps
from models.lines import FinderSettings, Line, LineFinder, Quad, chained, grown_quad, pairs_of, strip_of
from models.photo import Photo, Pixels
from models.weights import Network

_MILLISECONDS = 1000.0
# How much wider and higher, in heights of the line, the place of a reading is cut for the second reading.
_AGAIN_ALONG = 0.3
_AGAIN_ACROSS = 0.1


@dataclass(frozen=True, kw_only=True)
class ReaderSettings:
    """How long and how closely a photo is looked at.

    photo_side_pixels: strips are cut from the photo at this size. lines_read_max: strips read in one look.
    line_shape_min: width over height of a line that may hold 17 characters. vin_shape: how long a strip a fragment is
    extended to. stretch: a second look sees the photo this much taller, which parts a text from the barcode that
    touches it. stretched_side_pixels: longer side of what the network sees then. turn_log_probability: below, lines
    are read upside down as well.
    """

    photo_side_pixels: int = 1600
    lines_read_max: int = 12
    line_shape_min: float = 3.5
    fragment_shape_min: float = 1.5
    vin_shape: float = 17.0
    stretch: float = 2.0
    stretched_side_pixels: int = 960
    turn_log_probability: float = -2.0
    finder: FinderSettings = FinderSettings(mark_probability_min=0.1, line_probability_min=0.2)  # noqa: RUF009 - frozen
    decision: DecisionSettings = DecisionSettings()  # noqa: RUF009 - frozen


@dataclass(kw_only=True)
class _Looks:
    """What has been read on one photo so far."""

    candidates: list[Candidate]
    strips: list[tuple[Line, Steps, str]]

    def certain(self, settings: DecisionSettings) -> bool:
        return is_settled(self.candidates, settings)


class VinReader:
    """Reads VINs; one instance serves one thread at a time.

    clock: monotonic seconds, e.g. time.perf_counter.
    """

    def __init__(
        self, finder: Network, reader: Network, *, clock: Callable[[], float], settings: ReaderSettings | None = None
    ) -> None:
        self._settings = settings or ReaderSettings()
        self._finder = LineFinder(finder, self._settings.finder)
        self._reader = CharacterReader(reader)
        self._clock = clock
        self._model = f"{finder.digest}+{reader.digest}"

    def read(self, photo: Photo) -> VinFinding:
        """Return what stands on the photo; a photo without a VIN gives an empty `vin` with a reason.

        Raises PhotoError "photo.not_an_image" where the content cannot be decoded.
        """
        start = self._clock()
        image = photo.pixels(self._settings.photo_side_pixels)
        looks, barcode = self._looks(image)
        pieces = [piece for _, _, piece in looks.strips if piece]
        finding = decide(looks.candidates, pieces, barcode=barcode, settings=self._settings.decision)
        scale = max(photo.width, photo.height) / max(image.shape[:2])
        return VinFinding(
            vin=finding.vin,
            confidence=finding.confidence,
            characters=finding.characters,
            box=tuple((round(x * scale, 1), round(y * scale, 1)) for x, y in finding.box),
            accepted=finding.accepted,
            reasons=finding.reasons,
            barcode=barcode,
            model=self._model,
            milliseconds=(self._clock() - start) * _MILLISECONDS,
        )

    def _looks(self, image: Pixels) -> tuple[_Looks, str]:
        """Look ever closer until a reading is certain; return the looks and the VIN of a barcode, if one was sought."""
        looks = _Looks(candidates=[], strips=[])
        decision = self._settings.decision
        lines = self._lines(image)
        self._read_lines(image, lines, looks=looks)
        self._read_again(image, looks)
        if looks.certain(decision):
            return looks, ""
        self._read_extended(image, lines, looks=looks)
        if not looks.certain(decision):
            self._look_stretched(image, looks)
        if all(one.log_probability < self._settings.turn_log_probability for one in looks.candidates):
            self._read_turned(image, lines, looks=looks)
        if not looks.candidates:
            self._join_pairs(looks)
        barcodes = () if looks.certain(decision) else barcode_vins(image)
        return looks, _witness(barcodes, looks.candidates)

    def _lines(self, image: Pixels) -> list[Line]:
        """Return the lines and chains of fragments worth reading, longest first."""
        found = self._finder.find(image)
        shaped = [
            line for line in (*found, *chained(found)) if line.width >= line.height * self._settings.fragment_shape_min
        ]
        return sorted(shaped, key=lambda line: -line.width)

    def _read_lines(self, image: Pixels, lines: Sequence[Line], *, looks: _Looks) -> None:
        long = [line for line in lines if line.width >= line.height * self._settings.line_shape_min]
        self._read(image, ((line, line.quad) for line in long[: self._settings.lines_read_max]), looks=looks)

    def _read_again(self, image: Pixels, looks: _Looks) -> None:
        """Read the best reading's place once more, cut wider: what no check digit guards should at least be stable."""
        best = best_of(looks.candidates)
        if best:
            line = Line(quad=best.quad, probability=1.0)
            self._read(image, [(line, grown_quad(best.quad, along=_AGAIN_ALONG, across=_AGAIN_ACROSS))], looks=looks)

    def _read_extended(self, image: Pixels, lines: Sequence[Line], *, looks: _Looks) -> None:
        extended = [(line, self._extended(line)) for line in lines[: self._settings.lines_read_max // 2]]
        self._read(image, extended, looks=looks)

    def _look_stretched(self, image: Pixels, looks: _Looks) -> None:
        """Find and read again on a taller picture; what is found is given back in the photo's own pixels."""
        stretch = self._settings.stretch
        scale = max(1.0, self._settings.stretched_side_pixels / (max(image.shape[:2]) * stretch))
        taller = np.asarray(
            cv2.resize(image, None, fx=scale, fy=scale * stretch, interpolation=cv2.INTER_CUBIC), dtype=np.uint8
        )
        found = self._finder.find(taller, side_pixels=self._settings.stretched_side_pixels)
        lines = sorted((*found, *chained(found)), key=lambda line: -line.width)
        shaped = [line for line in lines if line.width >= line.height * self._settings.fragment_shape_min]
        again = _Looks(candidates=[], strips=[])
        self._read_lines(taller, shaped, looks=again)
        self._read_again(taller, again)
        if not again.certain(self._settings.decision):
            self._read_extended(taller, shaped, looks=again)
        looks.candidates.extend(one.on_photo(scale, scale * stretch) for one in again.candidates)
        looks.strips.extend(
            (line.on_photo(scale, scale * stretch), steps, piece) for line, steps, piece in again.strips
        )

    def _read_turned(self, image: Pixels, lines: Sequence[Line], *, looks: _Looks) -> None:
        """Read lines upside down: a photo taken from the other side, or a line that runs upwards."""
        long = [line for line in lines if line.width >= line.height * self._settings.line_shape_min]
        turned = [(line, (*line.quad[2:], *line.quad[:2])) for line in long[: self._settings.lines_read_max]]
        self._read(image, turned, looks=looks)

    def _join_pairs(self, looks: _Looks) -> None:
        """Try two pieces that stand one under or beside the other as one VIN."""
        pieces = [(line, steps) for line, steps, piece in looks.strips if self._is_piece(piece)]
        for upper, lower in pairs_of([line for line, _ in pieces]):
            joined = pieces[upper][1].followed_by(pieces[lower][1])
            candidate = candidate_of(joined, pieces[upper][0].quad, settings=self._settings.decision)
            if candidate:
                looks.candidates.append(candidate.as_joined())

    def _is_piece(self, piece: str) -> bool:
        decision = self._settings.decision
        return decision.piece_characters_min <= len(piece) <= decision.piece_characters_max

    def _extended(self, line: Line) -> Quad:
        missing = (self._settings.vin_shape - line.width / line.height) / 2
        return grown_quad(line.quad, along=max(missing, 0.5), across=0.0)

    def _read(self, image: Pixels, places: Iterable[tuple[Line, Quad]], *, looks: _Looks) -> None:
        for line, quad in places:
            steps = self._reader.read(strip_of(image, quad, height_pixels=STRIP_HEIGHT_PIXELS))
            looks.strips.append((line, steps, piece_of(steps, self._settings.decision)))
            candidate = candidate_of(steps, quad, settings=self._settings.decision)
            if candidate:
                looks.candidates.append(candidate)


def _witness(barcodes: Sequence[str], candidates: Sequence[Candidate]) -> str:
    """Return the barcode to compare with: one that agrees with some reading, else the first."""
    read = {candidate.text for candidate in candidates}
    return next((vin for vin in barcodes if vin in read), barcodes[0] if barcodes else "")
