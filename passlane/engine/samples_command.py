"""`passlane export-samples`: what auditors corrected, as a folder to train a reader on."""

import argparse
from pathlib import Path

from passlane import UsageError


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the parser."""
    samples = subcommands.add_parser(
        "export-samples",
        help="write VINs that auditors corrected, with their photos, as training samples",
        description="Read a hub's data folder and write a folder with labels.tsv and the photos of VINs that auditors "
        "read otherwise than the machine, or confirmed. Real VINs stand in it: keep it as you keep the ledger. "
        "May be run while the hub works. Exits with status 1 when photos were not on the disk.",
        epilog="example: passlane export-samples --data /var/lib/passlane --out samples --since 2026-05-01",
    )
    samples.add_argument("--data", metavar="DIR", type=Path, required=True, help="the hub's data folder")
    samples.add_argument("--out", metavar="DIR", type=Path, required=True, help="a new or empty folder")
    samples.add_argument("--since", metavar="DATE", default="", help="only what was corrected from this day on")
    samples.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the samples."""
    from central_hub import HubError  # noqa: PLC0415 - other commands need not load the hub
    from central_hub.installation import load_settings  # noqa: PLC0415
    from central_hub.papers.samples import export_samples  # noqa: PLC0415
    from central_hub.store.opening import open_reader  # noqa: PLC0415

    since = _milliseconds(options.since)
    try:
        db = open_reader(options.data, load_settings(options.data))
    except HubError as error:
        raise UsageError(str(error)) from error
    failures: tuple[type[Exception], ...] = (HubError, *db.damages)
    try:
        done = export_samples(db, options.data, options.out, since=since)
    except failures as error:
        raise UsageError(str(error)) from error
    finally:
        db.close()
    print(f"{done.written} samples written to {options.out}")
    for digest in done.missing:
        print(f"left out, not on the disk: {digest}")
    return 1 if done.missing else 0


def _milliseconds(day: str) -> int:
    from datetime import date, datetime  # noqa: PLC0415 - as above

    from central_hub.clock import BEIJING  # noqa: PLC0415

    if not day:
        return 0
    try:
        begin = date.fromisoformat(day)
    except ValueError as error:
        raise UsageError(f"--since {day}: not a day such as 2026-05-01") from error
    return int(datetime(begin.year, begin.month, begin.day, tzinfo=BEIJING).timestamp() * 1000)
