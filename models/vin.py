"""Reads the VIN (车辆识别代号) on photos: find, rectify, read, decide.

It knows the order of the looks and when a further look is worth its time. What readings are worth is decided in
`voting` and `deciding`; each step stands in its own file, so that other weights can take its place.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from inspection.evidence import SurfaceKind, VinFinding
from inspection.vin import maker_is_known
from models.barcodes import barcode_vins
from models.candidates import Candidate, candidate_of, piece_of
from models.characters import STRIP_PIXELS, CharacterReader, Steps
from models.deciding import Calibration, DecisionSettings, best_of, clearest_of, decide, is_settled, voters_of
from models.lines import FinderSettings, Line, LineFinder, Quad, grown_quad, pairs_of, strip_of
from models.matching import VinMatch, match
from models.photo import Photo, Pixels
from models.surfaces import SurfaceTeller
from models.weights import Network

_MILLISECONDS = 1000.0
_STRIP_JPEG_QUALITY = 80


@dataclass(frozen=True, kw_only=True)
class ReaderNetworks:
    """The networks of the manifest: "line-finder", "character-reader", "surface-teller"."""

    finder: Network
    reader: Network
    surfaces: Network

    @property
    def digests(self) -> str:
        """SHA-256 of each, joined by "+"."""
        return "+".join(one.digest for one in (self.finder, self.reader, self.surfaces))


@dataclass(frozen=True, kw_only=True)
class Crop:
    """How a found line is cut for one look: grown at its ends and edges, and shifted across, in heights of the line."""

    along: float
    across: float
    shift: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ReaderSettings:
    """How long and how closely a photo is looked at.

    photo_side_pixels: strips are cut from the photo at this size; where it is doubtful, at closer_photo_side_pixels.
    closer_side_pixels: longer side of what the finder sees at its second, closer look. lines_read_max: lines read in
    one look. first, second: crops of the quick look; more: those of a doubtful one. turn_log_probability: below, lines
    are read upside down as well. known_log_probability, unknown_log_probability: where even the clearest
    reading is below, of a maker (ISO 3780) that is listed or not, nothing was read.
    """

    photo_side_pixels: int = 1024
    closer_photo_side_pixels: int = 2048
    closer_side_pixels: int = 512
    lines_read_max: int = 4
    first: Crop = Crop(along=0.3, across=0.12)
    second: Crop = Crop(along=0.5, across=0.25)
    more: tuple[Crop, ...] = (
        Crop(along=0.2, across=0.02),
        Crop(along=0.4, across=0.15, shift=0.1),
        Crop(along=0.4, across=0.15, shift=-0.1),
    )
    turn_log_probability: float = -3.0
    known_log_probability: float = -5.0
    unknown_log_probability: float = -3.0
    finder: FinderSettings = FinderSettings()  # noqa: RUF009 - frozen
    decision: DecisionSettings = DecisionSettings()  # noqa: RUF009 - frozen


@dataclass(kw_only=True)
class _Looks:
    """What has been read on one photo so far.

    image: the photo as decoded for the first look; scale: what its pixels are multiplied by to be the photo's own.
    """

    image: Pixels
    scale: float
    candidates: list[Candidate] = field(default_factory=list)
    strips: list[tuple[Line, Steps, str]] = field(default_factory=list)

    @property
    def pieces(self) -> list[str]:
        return [piece for _, _, piece in self.strips if piece]


class VinReader:
    """Reads VINs; one instance serves one thread at a time.

    clock: monotonic seconds, e.g. time.perf_counter.
    """

    def __init__(
        self,
        networks: ReaderNetworks,
        calibration: Calibration,
        *,
        clock: Callable[[], float],
        settings: ReaderSettings | None = None,
    ) -> None:
        self._settings = settings or ReaderSettings()
        self._finder = LineFinder(networks.finder, self._settings.finder)
        self._reader = CharacterReader(networks.reader)
        self._surfaces = SurfaceTeller(networks.surfaces)
        self._calibration = calibration
        self._clock = clock
        self._model = networks.digests

    def read(self, photo: Photo) -> VinFinding:
        """Return what stands on the photo; a photo without a VIN gives an empty `vin` with a reason.

        Raises PhotoError "photo.not_an_image" where the content cannot be decoded.
        """
        return self.read_frames([photo])

    def read_frames(self, photos: Sequence[Photo]) -> VinFinding:
        """Return what several frames of one VIN show together; box, strip and kind are those of the clearest frame.

        Frames that show another VIN make the finding doubtful ("vin.two"). Raises PhotoError as `read` does, ValueError
        without a photo.
        """
        if not photos:
            raise ValueError("no frame to read")
        start = self._clock()
        frames = [self._looks(photo) for photo in photos]
        every = [one.in_frame(number) for number, looks in enumerate(frames) for one in looks.candidates]
        # Unclear readings still vote, for they are dissent; only where none is clear nothing was read.
        readings = every if any(not self._is_stray(one) for one in every) else []
        voters = voters_of(readings, self._settings.decision)
        clearest = clearest_of(voters) if voters else None
        looks = frames[clearest.frame if clearest else 0]
        pieces = [piece for one in frames for piece in one.pieces]
        finding = self._decided(readings, pieces, image=looks.image, near=clearest.quad if clearest else None)
        kind, strip = self._shown(looks.image, finding.box)
        return VinFinding(
            vin=finding.vin,
            confidence=finding.confidence,
            characters=finding.characters,
            box=tuple((round(x * looks.scale, 1), round(y * looks.scale, 1)) for x, y in finding.box),
            kind=kind,
            accepted=finding.accepted,
            reasons=finding.reasons,
            barcode=finding.barcode,
            strip=strip,
            model=self._model,
            milliseconds=(self._clock() - start) * _MILLISECONDS,
        )

    def matches(self, photo: Photo, expected: str) -> VinMatch:
        """Return how well a photo fits an expected VIN; raises PhotoError as `read` does, VinError for no VIN."""
        return match(self.readings(photo), expected, calibration=self._calibration, settings=self._settings.decision)

    def readings(self, photo: Photo) -> list[Candidate]:
        """Return everything that was read on a photo, before it is decided what holds; raises PhotoError as `read`."""
        return self._looks(photo).candidates

    def _decided(
        self, readings: Sequence[Candidate], pieces: Sequence[str], *, image: Pixels, near: Quad | None
    ) -> VinFinding:
        settings = self._settings.decision
        vote = best_of(readings, settings)
        settled = is_settled(readings, self._calibration, settings)
        barcodes = barcode_vins(image, near=near, thorough=not settled)
        return decide(
            readings,
            pieces,
            barcode=_witness(barcodes, vote.text if vote else ""),
            calibration=self._calibration,
            settings=settings,
        )

    def _looks(self, photo: Photo) -> _Looks:
        """Look ever closer until a reading is certain."""
        settings = self._settings
        image = photo.pixels(settings.photo_side_pixels)
        looks = _Looks(image=image, scale=max(photo.width, photo.height) / max(image.shape[:2]))
        lines = self._finder.find(image)[: settings.lines_read_max]
        self._read_lines(image, lines, looks)
        if self._settled(looks):
            return looks
        self._read_more(image, lines, looks)
        if not self._settled(looks):
            self._look_closer(photo, looks)
        if not looks.candidates:
            self._join_pairs(looks)
        return looks

    def _look_closer(self, photo: Photo, looks: _Looks) -> None:
        """Find and read again with more pixels; what is found is given back in the pixels of the first look."""
        image = photo.pixels(self._settings.closer_photo_side_pixels)
        lines = self._finder.find(image, side_pixels=self._settings.closer_side_pixels)
        closer = _Looks(image=image, scale=1.0)
        self._read_lines(image, lines[: self._settings.lines_read_max], closer)
        shrink = max(looks.image.shape[:2]) / max(image.shape[:2])
        looks.candidates.extend(one.scaled(shrink) for one in closer.candidates)
        looks.strips.extend(
            (line.on_photo(1 / shrink, 1 / shrink), steps, piece) for line, steps, piece in closer.strips
        )

    def _settled(self, looks: _Looks) -> bool:
        return is_settled(looks.candidates, self._calibration, self._settings.decision)

    def _read_lines(self, image: Pixels, lines: Sequence[Line], looks: _Looks) -> None:
        """Read every line, those that do not read well upside down too, and the best one's place once more."""
        for line in lines:
            found = self._read(image, line, self._settings.first, looks)
            if found is None or found.log_probability < self._settings.turn_log_probability:
                self._read(image, _turned(line), self._settings.first, looks, whole=True)
        best = max(looks.candidates, key=lambda one: one.log_probability, default=None)
        if best:
            self._read(image, Line(quad=best.quad, probability=1.0), self._settings.second, looks)

    def _read_more(self, image: Pixels, lines: Sequence[Line], looks: _Looks) -> None:
        best = max(looks.candidates, key=lambda one: one.log_probability, default=None)
        places = [Line(quad=best.quad, probability=1.0)] if best else list(lines)
        for line in places:
            for crop in self._settings.more:
                self._read(image, line, crop, looks)

    def _read(self, image: Pixels, line: Line, crop: Crop, looks: _Looks, *, whole: bool = False) -> Candidate | None:
        """Read one cut of a line; whole: a reading beside which a character is left over is none.

        Upside down, 18 characters of a number read as some 17 more often than as a VIN with one too many.
        """
        quad = _cut(line, crop)
        steps = self._reader.read(strip_of(image, quad, STRIP_PIXELS))
        found = candidate_of(steps, quad, settings=self._settings.decision.candidates)
        if found and whole and found.extra:
            found = None
        if found:
            looks.candidates.append(found)
        looks.strips.append((line, steps, "" if found else piece_of(steps, self._settings.decision.candidates)))
        return found

    def _is_stray(self, found: Candidate) -> bool:
        """Return whether some other line, a plate or a number, was forced into 17 characters."""
        settings = self._settings
        least = settings.known_log_probability if maker_is_known(found.text) else settings.unknown_log_probability
        return found.log_probability < least

    def _join_pairs(self, looks: _Looks) -> None:
        """Try two pieces that stand one under or beside the other as one VIN."""
        settings = self._settings.decision.candidates
        sizes = range(settings.piece_characters_min, settings.piece_characters_max + 1)
        pieces = [(line, steps) for line, steps, piece in looks.strips if len(piece) in sizes]
        for upper, lower in pairs_of([line for line, _ in pieces]):
            joined = pieces[upper][1].followed_by(pieces[lower][1])
            candidate = candidate_of(joined, pieces[upper][0].quad, settings=settings)
            if candidate and not self._is_stray(candidate):
                looks.candidates.append(candidate.as_joined())

    def _shown(self, image: Pixels, box: Quad) -> tuple[SurfaceKind, bytes]:
        """Return what carries the reading, and the rectified strip as a JPEG file; nothing without a box."""
        if not box:
            return "unknown", b""
        strip = strip_of(image, grown_quad(box, along=0.2, across=0.1), STRIP_PIXELS)
        _, data = cv2.imencode(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, _STRIP_JPEG_QUALITY])
        return self._surfaces.kind_of(image, box), bytes(data)


def _cut(line: Line, crop: Crop) -> Quad:
    quad = grown_quad(line.quad, along=crop.along, across=crop.across)
    down = np.subtract(line.quad[3], line.quad[0]) * crop.shift
    return tuple((x + float(down[0]), y + float(down[1])) for x, y in quad)


def _turned(line: Line) -> Line:
    return Line(quad=(*line.quad[2:], *line.quad[:2]), probability=line.probability)


def _witness(barcodes: Iterable[str], text: str) -> str:
    """Return the barcode's VIN to compare the reading with: of barcodes that contradict each other one that objects."""
    return min(barcodes, key=lambda vin: vin == text, default="")
