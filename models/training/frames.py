"""Reads the folders of real photos that training and fitting use, and keeps apart what must stay apart.

A folder of frames has boxes.tsv (file, box_xyxy in pixels); a folder of labelled photos has labels.tsv (file, vin). The
labelled photos are for measuring: no frame that is one of them, or shows one of their vehicles, is trained on. What is
trained on and what is checked on is parted by VIN, never by file: one vehicle stands in several frames.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import msgspec
import numpy as np

from inspection.evidence import SurfaceKind
from inspection.vin import differing_positions
from models import ModelError
from models.photo import Pixels
from models.training.pictures.drawn import Corners

CHECKED_ONE_IN = 10
_SAME_VEHICLE_DIFFERENCES_MAX = 3
_KINDS: dict[str, SurfaceKind] = {
    "w": "windshield",
    "s": "sticker",
    "p": "plate",
    "m": "stamped",
    "r": "rubbing",
    "d": "document",
}


class FramesError(ModelError):
    """A folder of frames or labels that cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One frame and the upright box (x0, y0, x1, y1) around its VIN, pixels."""

    file: str
    picture: Pixels
    box: tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class FrameLabel:
    """What stands on a frame: the VIN and its corners (x, y), clockwise from its top left, in pixels.

    mirrored: the frame must be flipped left to right first, for it was stored so.
    """

    file: str
    vin: str
    quad: tuple[tuple[float, float], ...]
    mirrored: bool = False


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What labelling has found out so far, by file.

    sure: the labels. unsure: all readings of a frame that has none. measured: files that are left out of everything,
    for figures are measured on them. angles: of the text in the frame's box, radians, clockwise from lying.
    """

    sure: dict[str, FrameLabel] = field(default_factory=dict)
    unsure: dict[str, tuple[str, ...]] = field(default_factory=dict)
    measured: set[str] = field(default_factory=set)
    angles: dict[str, float] = field(default_factory=dict)

    def __contains__(self, file: str) -> bool:
        return file in self.sure or file in self.unsure or file in self.measured

    def again(self) -> "Labels":
        """Return what the next round starts from: what is sure stays, what is not is looked at anew."""
        return Labels(sure=dict(self.sure), measured=set(self.measured), angles=dict(self.angles))


def labels_to(path: Path, labels: Labels) -> None:
    """Write labels as JSON, beside the old file first. Real VINs stand in it: it never goes into the repository."""
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(labels, order="deterministic"))
    new.replace(path)


def labels_from(path: Path) -> Labels:
    """Return the labels of a file; raises FramesError where there is none or it is not as `labels_to` writes it."""
    if not path.is_file():
        raise FramesError(f"no {path.name} in the folder {path.parent.name}: the step that labels comes first")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Labels)
    except msgspec.DecodeError as error:
        raise FramesError(f"{path.name} is not understood: {error}") from error


def frames_in(folder: Path) -> Iterator[Frame]:
    """Go through the frames of a folder that have a box; raises FramesError without boxes.tsv or an unreadable file."""
    for row in _rows(folder / "boxes.tsv", {"file", "box_xyxy"}):
        if row["box_xyxy"]:
            x0, y0, x1, y1 = (float(value) for value in row["box_xyxy"].split(","))
            yield Frame(file=row["file"], picture=picture_of(folder / row["file"]), box=(x0, y0, x1, y1))


def picture_of(path: Path) -> Pixels:
    """Return a photo as BGR pixels; raises FramesError where it is not one."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise FramesError(f"{path.name} cannot be read as a photo")
    return np.asarray(picture, dtype=np.uint8)


def mirrored(picture: Pixels) -> Pixels:
    """Return a picture flipped left to right."""
    return np.ascontiguousarray(picture[:, ::-1])


def kinds_in(path: Path) -> dict[str, SurfaceKind]:
    """Return the kind of surface by the frame's name without its ending; raises FramesError for an unknown letter."""
    kinds = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, letter = line.partition("\t")
        if letter not in _KINDS:
            raise FramesError(f"{path.name}: no kind has the letter {letter!r}")
        kinds[name] = _KINDS[letter]
    return kinds


def measured_vins(folder: Path) -> frozenset[str]:
    """Return the VINs of the labelled photos that figures are measured on."""
    return frozenset(row["vin"] for row in _rows(folder / "labels.tsv", {"file", "vin"}))


def measured_digests(folder: Path) -> frozenset[str]:
    """Return the SHA-256 digests of the labelled photos' files."""
    return frozenset(digest_of(folder / row["file"]) for row in _rows(folder / "labels.tsv", {"file", "vin"}))


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, lower-case hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_measured(texts: Iterable[str], vins: Iterable[str]) -> bool:
    """Return whether any reading of a frame is, or is nearly, a VIN that figures are measured on."""
    known = list(vins)
    return any(len(differing_positions(text, vin)) <= _SAME_VEHICLE_DIFFERENCES_MAX for text in texts for vin in known)


def is_checked_on(vin: str) -> bool:
    """Return whether a VIN belongs to the tenth that is checked on; the same VIN always does, or never.

    A frame without a text takes its file name instead.
    """
    return int(hashlib.sha256(vin.encode()).hexdigest(), 16) % CHECKED_ONE_IN == 0


def parted(labels: Iterable[FrameLabel]) -> tuple[list[FrameLabel], list[FrameLabel]]:
    """Return the labels to train on and those to check on."""
    known = list(labels)
    return [one for one in known if not is_checked_on(one.vin)], [one for one in known if is_checked_on(one.vin)]


def upright_quad(box: Sequence[float]) -> Corners:
    """Return a box (x0, y0, x1, y1) as corners, clockwise from its top left."""
    x0, y0, x1, y1 = box
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=np.float64)


def _rows(path: Path, columns: set[str]) -> list[dict[str, str]]:
    if not path.is_file():
        raise FramesError(f"no {path.name} in the folder {path.parent.name}")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    missing = columns - set(rows[0] if rows else ())
    if missing:
        raise FramesError(f"{path.name} has no rows or lacks the columns {', '.join(sorted(missing))}")
    return rows
