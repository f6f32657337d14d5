"""`passlane demo`: the whole system on this machine, with drawn vehicles or a person's own photos."""

import argparse
from pathlib import Path

from passlane import UsageError


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the parser."""
    demo = subcommands.add_parser(
        "demo",
        help="run a hub, a lane box and a handheld, and let vehicles through",
        description="Start a hub with its embedded broker and store, one lane box and one handheld as separate "
        "processes, let vehicles through and print a line for each. Without --once everything stays up, with the "
        "console's address and sign-in printed, until Ctrl-C.",
        epilog="example: passlane demo --photos photos/ --once",
    )
    demo.add_argument("--once", action="store_true", help="end by itself; status 0 only if every decision was right")
    demo.add_argument("--photos", metavar="DIR", type=Path, help="use the VIN photos in DIR (labels.tsv: file, vin)")
    demo.add_argument("--data", metavar="DIR", type=Path, help="keep all data in DIR, which must not exist yet")
    demo.add_argument("--results", metavar="FILE", type=Path, help="write the results as JSON lines, VINs uncovered")
    demo.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the demonstration."""
    from passlane.demo.running import DemoOptions, run_demo  # noqa: PLC0415 - it loads every room

    if options.photos is not None and not options.photos.is_dir():
        raise UsageError(f"{options.photos} is not a folder")
    if options.data is not None and options.data.exists():
        raise UsageError(f"{options.data} is there already; name a folder that is not")
    asked = DemoOptions(once=options.once, photos=options.photos, data=options.data, results=options.results)
    return run_demo(asked, lambda text: print(text, flush=True))
