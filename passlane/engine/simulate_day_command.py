"""`passlane simulate-day`: lives a made-up city's day in virtual time through the real engine, and prints it.

Exits with status 1 when anything does not hold that has to.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from passlane import UsageError


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the parser."""
    command = subcommands.add_parser(
        "simulate-day",
        help="live a made-up city's day in virtual time through the real engine",
        description="Make up a city with stations, one of which cheats, and auditors on shifts; live its day in "
        "virtual time through the hub's engine, store and ledger, and print it. The store does not wait for the disk "
        "(synchronous = OFF), all else is as in a hub. Exits with status 1 when a case was decided late without having "
        "been forecast 2 h before, when the cheating station was not stopped by the rules or an honest one was, when "
        "two people held a case, a sticker was issued twice, or the folder does not verify.",
        epilog="example: passlane simulate-day --inspections 300 --stations 12 --auditors 6",
    )
    command.add_argument(
        "--inspections", metavar="N", type=int, default=3_000, help="first tests; re-tests come on top"
    )
    command.add_argument("--stations", metavar="N", type=int, default=60)
    command.add_argument("--auditors", metavar="N", type=int, default=40)
    command.add_argument("--suspicious", metavar="SHARE", type=float, default=0.03, help="at honest stations, 0 to 1")
    command.add_argument(
        "--look-seconds", metavar="N", type=int, default=90, help="how long an audit takes, the median"
    )
    command.add_argument("--seed", metavar="N", type=int, default=1, help="the same seed makes the same city")
    command.add_argument("--understaffed", action="store_true", help="only a quarter of the auditors are there")
    command.add_argument("--json", action="store_true", help="one JSON object with all figures, and nothing else")
    command.add_argument("--keep", metavar="DIR", type=Path, help="leave the hub's data folder there; it must be empty")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Live the day."""
    if options.keep is not None:
        if options.keep.exists() and any(options.keep.iterdir()):
            raise UsageError(f"{options.keep} is not empty")
        return _live(options, options.keep)
    with tempfile.TemporaryDirectory(prefix="passlane-day-") as folder:
        return _live(options, Path(folder))


def _live(options: argparse.Namespace, folder: Path) -> int:
    # The whole hub, and what draws vehicles: other commands need neither.
    from passlane.day.city import Sizes  # noqa: PLC0415
    from passlane.day.living import live  # noqa: PLC0415
    from passlane.day.printing import heading, hour_line, report  # noqa: PLC0415
    from passlane.day.running import Hour  # noqa: PLC0415

    def told(hour: Hour) -> None:
        if not options.json:
            print(hour_line(hour))
            sys.stdout.flush()

    sizes = Sizes(
        inspections=options.inspections,
        stations=options.stations,
        auditors=options.auditors,
        suspicious=options.suspicious,
        look_seconds=options.look_seconds,
        understaffed=options.understaffed,
        seed=options.seed,
    )
    if not options.json:
        print("\n".join(heading()))
    figures = live(sizes, folder, told)
    if options.json:
        print(json.dumps(figures.as_json(), ensure_ascii=False, indent=1))
    else:
        print("\n".join(report(figures)))
    return 0 if figures.held else 1
