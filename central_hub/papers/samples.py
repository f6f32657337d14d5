"""Training samples (训练样本): what auditors read otherwise than the machine, as a folder to train a reader on.

The folder has labels.tsv and the photos, named by their digest. Photos of VINs only: nothing else of a case goes out.
"""

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from central_hub import HubError
from central_hub.store.database import Database
from central_hub.store.ledger import case_entries
from central_hub.store.photos import PhotoStore
from inspection.case import fold

LABELS = "labels.tsv"
COLUMNS = ("file", "vin", "kind", "width", "height", "box_xyxy", "read", "case", "by", "at")
"""The first six are those of every folder of labelled photos; the rest say whence the label is."""
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}


class SamplesError(HubError):
    """A folder that samples cannot be written to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A photo and what stands on it. file: name in the folder; digest: of the photo. vin: as the auditor read it.

    kind: the surface. width, height: pixels as stored. box: (x0, y0, x1, y1) around the strip that was read, pixels of
    the upright photo; empty where the machine found none. read: what the machine read. at: hub time, Unix milliseconds.
    """

    file: str
    digest: str
    vin: str
    kind: str
    width: int
    height: int
    box: tuple[float, ...]
    read: str
    case: str
    by: str
    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """How many samples were written, and the digests of photos that are not on the disk."""

    written: int
    missing: tuple[str, ...]


def corrected_samples(db: Database, *, since: int = 0) -> Iterator[Sample]:
    """Yield what auditors corrected or confirmed from `since` on (Unix milliseconds), the last word on each photo."""
    query = (
        "SELECT case_id, photo, corrected, person, at FROM audit_corrections WHERE at >= ? AND id IN "
        "(SELECT max(id) FROM audit_corrections GROUP BY photo) ORDER BY id"
    )
    for case, photo, corrected, person, at in db.execute(query, (since,)).fetchall():
        folded = fold(case, (entry for _, entry in case_entries(db, case)))
        # The photo may have been taken again since: it shows what it shows.
        taken = next((one for one in folded.all_photos if one.photo.digest == photo and one.vin), None)
        if taken is None or taken.vin is None:
            continue
        ref, finding = taken.photo, taken.vin
        yield Sample(
            file=f"{photo}.{_ENDINGS.get(ref.media, 'bin')}",
            digest=photo,
            vin=corrected,
            kind=finding.kind,
            width=ref.width,
            height=ref.height,
            box=_around(finding.box),
            read=finding.vin,
            case=case,
            by=person,
            at=at,
        )


def export_samples(db: Database, data: Path, folder: Path, *, since: int = 0) -> Exported:
    """Write the samples of a hub's data folder into a new or empty folder; raises SamplesError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise SamplesError(f"{folder} is not empty; samples go into a folder of their own")
        return _exported(corrected_samples(db, since=since), data, folder)
    except OSError as error:
        raise SamplesError(f"{folder}: {error.strerror}") from error


def _exported(samples: Iterator[Sample], data: Path, folder: Path) -> Exported:
    written, missing = 0, []
    with (folder / LABELS).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        for sample in samples:
            photo = PhotoStore.path_in(data, sample.digest)
            if not photo.is_file():
                missing.append(sample.digest)
                continue
            shutil.copyfile(photo, folder / sample.file)
            table.writerow(_cells(sample))
            written += 1
    return Exported(written=written, missing=tuple(missing))


def _cells(sample: Sample) -> tuple[str | int, ...]:
    box = ",".join(f"{value:g}" for value in sample.box)
    shape = (sample.kind, sample.width, sample.height, box)
    return (sample.file, sample.vin, *shape, sample.read, sample.case, sample.by, sample.at)


def _around(box: tuple[tuple[float, float], ...]) -> tuple[float, ...]:
    """Return the upright box around corners; nothing for none."""
    if not box:
        return ()
    across, down = [x for x, _ in box], [y for _, y in box]
    return (min(across), min(down), max(across), max(down))
