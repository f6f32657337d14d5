"""`passlane worker`: one more process that takes in what devices send, beside the hub, over the same PostgreSQL."""

import argparse
import asyncio
import json
import logging
import os
from pathlib import Path

from inspection.topics import PARTITIONS
from passlane import UsageError, garbage
from passlane.hub_commands import PRIVATE_UMASK
from passlane.parents import told_to_stop


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the parser."""
    worker = subcommands.add_parser(
        "worker",
        help="take in messages beside the hub, over PostgreSQL",
        description="Take in what devices send, beside a hub that runs over the same data folder and whose store is "
        "PostgreSQL. The hub and its workers share the devices evenly; what one held that ended is taken over at once.",
        epilog="example: passlane worker --data /var/lib/passlane",
    )
    worker.add_argument("--data", metavar="DIR", type=Path, required=True, help="the hub's data folder")
    worker.add_argument("--json", action="store_true", help="say what is held as lines of JSON")
    worker.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    worker.set_defaults(run=run_worker)


def run_worker(options: argparse.Namespace) -> int:
    """Take in messages until it is told to stop."""
    from central_hub.settings import SettingsError  # noqa: PLC0415 - other commands need not load the hub
    from central_hub.working import Worker  # noqa: PLC0415

    if not options.data.is_dir():
        raise UsageError(f"{options.data} is not a folder")
    logging.getLogger("central_hub").setLevel(logging.INFO)
    os.umask(PRIVATE_UMASK)

    def told(held: frozenset[int]) -> None:
        line = json.dumps({"event": "holds", "partitions": sorted(held)})
        print(line if options.json else f"takes in {len(held)} of {PARTITIONS} partitions of devices", flush=True)

    async def work() -> None:
        stop = told_to_stop(with_parent=options.with_parent)
        try:
            worker = Worker(options.data)
        except SettingsError as error:
            raise UsageError(f"{options.data}: {error}") from error
        await worker.run(stop, told=told)

    garbage.look_less()
    asyncio.run(work())
    return 0
