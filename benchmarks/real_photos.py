"""The main job on real photos: every photo of a folder through the demonstration, its answers beside the labels.

Usage: real_photos.py FOLDER (with labels.tsv: file, vin, kind). Writes shares only; no VIN leaves the run.
"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import msgspec
from figures import Row, publish

from edge_agent.visits import VisitResult

STOCK_EXACT = 0.735
"""Stock RapidOCR 3.10 on photos of this kind, as measured before this project began."""


def run(folder: Path) -> list[VisitResult]:
    """Let every photo of the folder through; return the visits."""
    with tempfile.TemporaryDirectory() as made:
        results = Path(made) / "results"
        command = [
            sys.executable,
            "-m",
            "passlane",
            "demo",
            "--once",
            "--photos",
            str(folder),
            "--results",
            str(results),
        ]
        subprocess.run(command, check=True)
        return [msgspec.json.decode(line, type=VisitResult) for line in results.read_bytes().splitlines()]


def row(kind: str, visits: list[tuple[VisitResult, str]]) -> Row:
    """Return the figures of one kind of surface."""
    accepted = [(visit, vin) for visit, vin in visits if visit.comparison in {"matches", "differs"}]
    seconds = [visit.seconds_photo_to_sticker for visit, _ in visits if visit.seconds_photo_to_sticker is not None]
    exact = sum(visit.vin == vin for visit, vin in visits) / len(visits)
    return {
        "kind": kind,
        "photos": len(visits),
        "read exactly": exact,
        "x stock": exact / STOCK_EXACT,
        "accepted": len(accepted) / len(visits),
        "wrong among accepted": sum(visit.vin != vin for visit, vin in accepted),
        "stickers": sum(bool(visit.sticker) for visit, _ in visits),
        "median s to sticker": median(seconds) if seconds else 0.0,
    }


def main() -> None:
    """Run and publish."""
    folder = Path(sys.argv[1])
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as file:
        labels = {Path(line["file"]).stem: line for line in csv.DictReader(file, delimiter="\t")}
    visits = [(visit, labels[visit.order.split("-", 1)[1]]) for visit in run(folder)]
    kinds = sorted({label["kind"] for _, label in visits})
    rows = [row("all", [(visit, label["vin"]) for visit, label in visits])]
    rows += [row(kind, [(v, label["vin"]) for v, label in visits if label["kind"] == kind]) for kind in kinds]
    publish(
        "real-photos", rows, "The whole system over photos that the reader's training and thresholds were kept from."
    )


if __name__ == "__main__":
    main()
