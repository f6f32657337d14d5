"""`make faults`: a hub and three devices under faults of every kind, and the count of what came of it.

    python -m benchmarks.faults [--faults N] [--seed N] [--gap-seconds S] [--quick]

Prints a table and writes benchmarks/faults.json. Exit status 1 when a fact was lost or doubled, a photo or sticker is
wrong, or the ledger does not verify: the seed is printed, and everything is kept for looking at.
"""

import argparse
import asyncio
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.faults import FaultRunError
from benchmarks.faults.disk.mounting import own_mounts
from benchmarks.faults.judging import Counted, judge
from benchmarks.faults.promises import read_promises
from benchmarks.faults.report import as_json, count_rows, fault_rows, fsync_rows, wrongs
from benchmarks.faults.running import Endured, Run
from benchmarks.faults.tracing import trace, tracing_trouble
from benchmarks.faults.world import DEVICES, World, choose_disks
from benchmarks.figures import HERE, Row, keep, machine, table

FAULTS = 200
SECONDS_A_FAULT_MAX = 6.0
SECONDS_MIN = 120.0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description="The real fault run.")
    parser.add_argument("--faults", metavar="N", type=int, default=FAULTS, help=f"how many (default: {FAULTS})")
    parser.add_argument("--seed", metavar="N", type=int, help="which faults when (default: a random one)")
    parser.add_argument("--gap-seconds", metavar="S", type=float, default=1.2, help="between two faults, on average")
    parser.add_argument("--pause-seconds", metavar="S", type=float, default=0.05, help="between two facts of a device")
    parser.add_argument("--only", metavar="TEXT", default="", help="only the kinds of fault with this in their name")
    parser.add_argument("--no-trace", action="store_true", help="leave the count of fsyncs out")
    parser.add_argument("--keep", action="store_true", help="keep the folders of a good run as well")
    parser.add_argument("--quick", action="store_true", help="write no JSON")
    return parser.parse_args()


async def _run(world: World, options: argparse.Namespace) -> tuple[Endured, int]:
    try:
        await world.build()
        possible = {kind: names for kind, names in world.possible().items() if options.only in kind}
        run = Run(world, possible, seed=options.seed, gap_seconds=options.gap_seconds)
        limit = max(SECONDS_MIN, SECONDS_A_FAULT_MAX * options.faults)
        endured = await run.endure(options.faults, seconds_max=limit)
        wires = [place.wire for place in world.devices if place.wire is not None]
        return endured, sum(wire.bytes_up["mqtt"] for wire in wires)
    finally:
        await world.stop()


def _kept(world: World) -> None:
    """Copy what lies on the faulty disks to the ordinary one: the mounts end with this process."""
    for name, disk in world.disks.items():
        copy = world.folder / "kept" / name
        shutil.copytree(disk.folder, copy, ignore=shutil.ignore_patterns("lost+found"), dirs_exist_ok=True)


def _faults(folder: Path, options: argparse.Namespace) -> tuple[dict[str, list[Row]], list[str]]:
    disks, skipped = choose_disks(folder)
    world = World(folder=folder, pause_seconds=options.pause_seconds, disks=disks, skipped=skipped)
    try:
        endured, bytes_up = asyncio.run(_run(world, options))
        counted: Counted = judge(world.hub.folder, {name: read_promises(world.promises(name)) for name in DEVICES})
        wrong = wrongs(counted, endured, world.broken, asked=options.faults)
        if wrong or options.keep:
            _kept(world)
    finally:
        world.clear()
    ends = sum(len(place.child.ended_by_itself) for place in world.places.values())
    counts = count_rows(counted, endured, wire_bytes_up=bytes_up, ends=ends)
    rows = {"faults": fault_rows(endured, skipped), "counts": counts}
    return rows, wrong


def _fsyncs(folder: Path) -> tuple[list[Row], list[str]]:
    trouble = tracing_trouble()
    if trouble:
        print(f"the count of fsyncs is left out: {trouble}")
        return [], []
    folder.mkdir()
    fsyncs = asyncio.run(trace(folder))
    return fsync_rows(fsyncs), [] if fsyncs.enough else ["a commit did not reach the disk: too few fsyncs"]


def _all(folder: Path, options: argparse.Namespace) -> list[str]:
    traced, wrong = ([], []) if options.no_trace else _fsyncs(folder / "traced")
    print(table(traced), flush=True)
    rows, found = _faults(folder, options)
    rows["fsyncs"] = traced
    wrong += found
    for part in ("faults", "counts"):
        print(table(rows[part]))
    if not options.quick:
        keep(HERE / "faults.json", as_json(rows, seed=options.seed, machine=machine(), wrong=wrong))
    return wrong


def main() -> int:
    """Run; return the exit status."""
    options = _options()
    options.seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    if os.geteuid() == 0:
        own_mounts()
    folder = Path(tempfile.mkdtemp(prefix="passlane-faults-"))
    print(f"seed {options.seed}, folder {folder}", flush=True)
    try:
        wrong = _all(folder, options)
    except FaultRunError as error:
        wrong = [f"the run itself failed: {error}"]
    for text in wrong:
        print(f"WRONG: {text}")
    if wrong:
        print(f"seed {options.seed}; everything is kept in {folder}")
        return 1
    if not options.keep:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
