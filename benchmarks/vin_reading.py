"""How well and how fast VINs are read, beside stock RapidOCR on the same photos in the same run.

Real photos where there are some (--photos, --stamped: folders with labels.tsv), drawn stamped metal always. Each reader
has fresh processes of its own, one thread each. Prints tables and writes JSON; no VIN and no file's name leaves the
run. The exit status says whether it ran, not whether a limit was kept.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.figures import HERE, keep, machine, table
from benchmarks.vin.reading import Outcome, started
from benchmarks.vin.sets import PictureSet, drawn_mixture, enlarged_set, real_set, spread, stamped_set
from benchmarks.vin.tables import (
    STRIP_SLICE,
    Found,
    Limit,
    Read,
    Slice,
    calibration_rows,
    figures_json,
    figures_of_pairs,
    limit_json,
    limit_rows,
    median_milliseconds,
    reading_rows,
    slices_of,
    time_json,
    time_rows,
)
from models.measure import MeasureError
from models.weights import listed_weights

OWN, STOCK = "passlane", "RapidOCR"
READERS = {OWN: "benchmarks.vin.with_passlane", STOCK: "benchmarks.vin.with_rapidocr"}
PACKAGES = ("numpy", "onnxruntime", "opencv-python-headless", "rapidocr")

DRAWN_COUNT = 100
SIZED_COUNT = 24
MEMORY_READINGS_MIN = 300
MEGABYTE, MILLISECONDS = 1_000_000, 1_000
SMALL, LARGE = (1600, 1200), (4000, 3000)
STAMPED_KIND = "stamped"
REAL, REAL_STAMPED, DRAWN_STAMPED = "real photos", "real stamped metal", "stamped metal"

LIMITS = {
    "exact": Limit(figure="exact match, all real photos", unit="%", limit=0.90, least=True),
    "stamped": Limit(figure="exact match, stamped metal", unit="%", limit=0.85, least=True),
    "stamped_drawn": Limit(figure="exact match, stamped metal (drawn)", unit="%", limit=0.85, least=True),
    "strip": Limit(figure=f"exact match, {STRIP_SLICE}", unit="%", limit=0.80, least=True),
    "accepted": Limit(figure="accepted without a person", unit="%", limit=0.75, least=True),
    "wrong": Limit(figure="wrong among accepted", unit="%", limit=0.005),
    "small_seconds": Limit(figure="one photo of 1.9 megapixels, median", unit="s", limit=0.12),
    "large_seconds": Limit(figure="one photo of 12 megapixels, median", unit="s", limit=0.20),
    "peak_megabytes": Limit(figure="peak memory, 300 photos and more", unit="MB", limit=350.0),
}

NOTES = (
    "Intervals are 95 % by Wilson's score and count each photo as one draw, though one vehicle may stand on several; "
    "characters count by edit distance. Every 17-character answer of RapidOCR counts as accepted: it never asks a "
    f"person. The slice '{STRIP_SLICE}' is found by a measure of the picture (dense upright edges above or below the "
    "labelled box), not by a label. Times are from the file's bytes to the answer; the sets of "
    f"{SMALL[0]} x {SMALL[1]} and {LARGE[0]} x {LARGE[1]} pixels are real and drawn photos enlarged, with grain. "
    "Where the processor's median is far below the clock's, other programs were running. Drawn photos say less than "
    "real ones."
)


@dataclass(frozen=True, kw_only=True)
class Sets:
    """What is measured: labelled sets, and the same photos at two cameras' sizes."""

    labelled: tuple[PictureSet, ...]
    small: PictureSet
    large: PictureSet


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and keep."""
    options = _options(arguments)
    begin = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        try:
            sets = made_sets(options, Path(folder))
        except MeasureError as error:
            print(f"the labelled photos cannot be used: {error}", file=sys.stderr)
            raise SystemExit(2) from error
        reads = [read for reader in READERS for read in reads_of(reader, sets, options.limit)]
    slices = [one for read in reads if read.photos in sets.labelled for one in slices_of(read)]
    found = {reader: found_by([read for read in reads if read.reader == reader], sets) for reader in READERS}
    _print_all(reads, slices, found)
    kept = _kept(reads, slices, found) | {"load_average": {"begin": begin, "end": os.getloadavg()}}
    if options.json:
        keep(options.json, kept)


def made_sets(options: argparse.Namespace, folder: Path) -> Sets:
    """Gather and draw everything that is measured into a folder; raises MeasureError for a folder without labels."""
    real = []
    for name, given in ((REAL, options.photos), (REAL_STAMPED, options.stamped)):
        if given and given.is_dir():
            _say(f"looking through the {name}")
            real.append(real_set(name, given, count_max=options.limit))
        elif given:
            print(f"No folder {given.name} with {name} here: they are left out.")
    if not real:
        print("Without real photos only drawn ones are measured; they say little about real ones.")
    _say("drawing photos")
    count = min(options.limit or SIZED_COUNT, SIZED_COUNT)
    pictures = spread([picture for one in real for picture in one.pictures], count // 2)
    pictures += drawn_mixture(folder, count=count - len(pictures))
    stamped = stamped_set(DRAWN_STAMPED, folder, count=min(options.limit or DRAWN_COUNT, DRAWN_COUNT))
    return Sets(
        labelled=(*real, stamped),
        small=enlarged_set(f"{SMALL[0]} x {SMALL[1]}", pictures, folder, size=SMALL),
        large=enlarged_set(f"{LARGE[0]} x {LARGE[1]}", pictures, folder, size=LARGE),
    )


def reads_of(reader: str, sets: Sets, limit: int | None) -> list[Read]:
    """Let a reader read: the labelled sets in one process, which is the one for memory, and each size in its own."""
    _say(f"{reader} reads the labelled photos")
    paths = [picture.path for one in sets.labelled for picture in one.pictures]
    whole = started(READERS[reader], paths, readings_min=0 if limit else MEMORY_READINGS_MIN)
    reads, at = [], 0
    for one in sets.labelled:
        part = whole.readings[at : at + len(one.pictures)]
        at += len(part)
        outcome = Outcome(readings=part, readings_made=whole.readings_made, peak_bytes=whole.peak_bytes)
        reads.append(Read(reader=reader, photos=one, outcome=outcome))
    for one in (sets.small, sets.large):
        _say(f"{reader} reads photos of {one.name}")
        outcome = started(READERS[reader], [picture.path for picture in one.pictures])
        reads.append(Read(reader=reader, photos=one, outcome=outcome))
    return reads


def found_by(reads: Sequence[Read], sets: Sets) -> dict[str, Found]:
    """Return one reader's figures by the keys of LIMITS; what cannot be measured here has no key."""
    labelled = [read for read in reads if read.photos in sets.labelled]
    real = [(read.photos.name, pair) for read in labelled if not read.photos.drawn for pair in read.pairs]
    groups = {
        "exact": [pair for _, pair in real],
        "stamped": [pair for name, pair in real if STAMPED_KIND in (pair[1].label.kind, *name.split())],
        "stamped_drawn": [pair for read in labelled if read.photos.drawn for pair in read.pairs],
        "strip": [pair for _, pair in real if pair[1].strip],
    }
    found: dict[str, Found] = {key: figures_of_pairs(pairs).exact for key, pairs in groups.items() if pairs}
    if real:
        figures = figures_of_pairs(groups["exact"])
        found |= {"accepted": figures.accepted, "wrong": figures.wrong_among_accepted}
    whole = labelled[0].outcome
    if whole.readings_made >= MEMORY_READINGS_MIN:
        found["peak_megabytes"] = whole.peak_bytes / MEGABYTE
    seconds = {read.photos.name: median_milliseconds(read) / MILLISECONDS for read in reads}
    return found | {"small_seconds": seconds[sets.small.name], "large_seconds": seconds[sets.large.name]}


def _print_all(reads: Sequence[Read], slices: Sequence[Slice], found: dict[str, dict[str, Found]]) -> None:
    print("\nRead\n" + table(reading_rows(_side_by_side(slices))))
    for one in slices:
        if one.name != "all":
            continue
        known = one.figures.calibration
        print(f"\nConfidence of {one.reader}, {one.photos}: {known.readings} readings, ", end="")
        print(f"expected calibration error {known.expected_error:.4f}, Brier {known.brier:.4f}")
        print(table(calibration_rows(known)))
    print("\nTime and memory, one thread\n" + table(time_rows(_by_photos(reads))))
    print("\nAgainst the limits\n" + table(limit_rows(LIMITS, found[OWN], found[STOCK])))
    print("\n" + NOTES)


def _kept(reads: Sequence[Read], slices: Sequence[Slice], found: dict[str, dict[str, Found]]) -> dict[str, Any]:
    named = ({"photos_of": one.photos, "slice": one.name, "reader": one.reader} for one in slices)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "packages": {name: version(name) for name in PACKAGES},
        "weights": {name: entry.sha256 for name, entry in listed_weights().items()},
        "reading": [names | figures_json(one.figures) for names, one in zip(named, slices, strict=True)],
        "time": [time_json(read) for read in reads],
        "limits": {
            reader: [limit_json(limit, figures[key]) for key, limit in LIMITS.items() if key in figures]
            for reader, figures in found.items()
        },
        "notes": NOTES,
    }


def _side_by_side(slices: Sequence[Slice]) -> list[Slice]:
    """Order slices so that both readers' stand together."""
    order = list(dict.fromkeys((one.photos, one.name) for one in slices))
    return sorted(slices, key=lambda one: order.index((one.photos, one.name)))


def _by_photos(reads: Iterable[Read]) -> list[Read]:
    known = list(reads)
    order = list(dict.fromkeys(read.title for read in known))
    return sorted(known, key=lambda read: order.index(read.title))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.vin_reading", description=__doc__)
    parser.add_argument("--photos", metavar="DIR", type=Path, help="real photos with labels.tsv (file, vin, kind)")
    parser.add_argument("--stamped", metavar="DIR", type=Path, help="more of them, of stamped metal")
    parser.add_argument("--limit", metavar="N", type=_count, help="a quick run: at most N photos of each set")
    parser.add_argument("--json", metavar="FILE", type=Path, help="where to write; a quick run writes none otherwise")
    options = parser.parse_args(arguments)
    if not options.json and not options.limit:
        options.json = HERE / "vin-reading.json"
    return options


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1 photo")
    return count


def _say(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
