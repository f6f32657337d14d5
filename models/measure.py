"""Measures a VIN reader against photos whose VIN is known.

`figures_of` is pure: pairs of finding and label in, figures out. It prints nothing and names no VIN.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

from inspection.evidence import VinFinding
from models import ModelError
from models.photo import Photo, PhotoLimits, open_photo


class MeasureError(ModelError):
    """A folder of labelled photos that cannot be measured on."""


class ReadsVins(Protocol):
    """Whatever reads a VIN on a photo."""

    def read(self, photo: Photo) -> VinFinding:
        """Return what stands on the photo."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """What a photo truly shows: its VIN and the kind of surface, as the label file calls it."""

    file: str
    vin: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How well a set of photos was read. Shares are 0 to 1.

    exact: VIN equal to the label. wrong: another VIN of 17 characters. accepted: needs no person.
    wrong_among_accepted: share of the accepted that are wrong. milliseconds_median, milliseconds_p95: time per photo.
    """

    photos: int
    exact: float
    wrong: float
    accepted: float
    wrong_among_accepted: float
    milliseconds_median: float
    milliseconds_p95: float


def measure(folder: Path, reader: ReadsVins, *, limits: PhotoLimits | None = None) -> dict[str, Figures]:
    """Return the figures for a folder with photos and labels.tsv (columns file, vin, kind), whole and by kind.

    The key "all" stands for the whole. Raises MeasureError without labels, PhotoError for a file that is no photo.
    """
    pairs = []
    for label in labels_in(folder):
        photo = open_photo((folder / label.file).read_bytes(), limits or PhotoLimits())
        pairs.append((reader.read(photo), label))
    return figures_by_kind(pairs)


def labels_in(folder: Path) -> list[Label]:
    """Return the labels of a folder; raises MeasureError where there are none."""
    path = folder / "labels.tsv"
    if not path.is_file():
        raise MeasureError(f"no labels.tsv in the folder {folder.name}")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    missing = {"file", "vin", "kind"} - set(rows[0] if rows else ())
    if missing:
        raise MeasureError(f"labels.tsv has no rows or lacks the columns {', '.join(sorted(missing))}")
    return [Label(file=row["file"], vin=row["vin"], kind=row["kind"]) for row in rows]


def figures_by_kind(pairs: Iterable[tuple[VinFinding, Label]]) -> dict[str, Figures]:
    """Return the figures of all pairs under "all", and of each kind under its name."""
    groups: dict[str, list[tuple[VinFinding, Label]]] = {"all": []}
    for finding, label in pairs:
        groups["all"].append((finding, label))
        groups.setdefault(label.kind, []).append((finding, label))
    return {kind: figures_of(group) for kind, group in groups.items()}


def figures_of(pairs: Iterable[tuple[VinFinding, Label]]) -> Figures:
    """Return the figures of some pairs; raises MeasureError when there are none."""
    known = list(pairs)
    if not known:
        raise MeasureError("nothing to measure: no photo was given")
    wrong = [finding for finding, label in known if finding.vin and finding.vin != label.vin]
    accepted = [finding for finding, _ in known if finding.accepted]
    times = sorted(finding.milliseconds for finding, _ in known)
    return Figures(
        photos=len(known),
        exact=sum(finding.vin == label.vin for finding, label in known) / len(known),
        wrong=len(wrong) / len(known),
        accepted=len(accepted) / len(known),
        wrong_among_accepted=sum(finding.accepted for finding in wrong) / max(len(accepted), 1),
        milliseconds_median=median(times),
        milliseconds_p95=times[min(len(times) - 1, int(len(times) * 0.95))],
    )
