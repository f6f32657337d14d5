"""How fast the hub is, end to end, beside two bare limits measured in the same run; prints a table, writes JSON.

    python -m benchmarks.hub_speed                      everything: some ten minutes
    python -m benchmarks.hub_speed --quick              everything with small numbers, in a minute; keeps nothing
    python -m benchmarks.hub_speed --only throughput    the rate with a small ledger and nothing else; keeps nothing
    python -m benchmarks.hub_speed --profile            where the hub's time goes, in one process

Real processes, the real broker, real journals and files; devices, broker and hub share the machine.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import HERE, keep, machine, table
from benchmarks.hub import profiling
from benchmarks.hub.figures import HubFigures, figures_json, figures_of, rows
from benchmarks.hub.rounds import LOAD_PROCESSES
from benchmarks.hub.stages import LEADING_DEVICES, OUTAGE_DEVICES, Run, Sizes
from inspection.wire import BATCH_FACTS_MAX

FULL = Sizes(
    warm=256, rounds=3, inspections=4_800, vehicles=60, ledger_facts=3_000_000, backlog=9_000, journal_facts=3_000
)
QUICK = Sizes(warm=32, rounds=1, inspections=1_280, vehicles=5, ledger_facts=100_000, backlog=300, journal_facts=300)
KEPT = "hub-speed.json"

_NOTES = """\
An inspection is 30 facts of a device, 8 of them photos; the hub adds 9 and the device says that it has the sticker.
Inspections: {devices} devices with full journals, in batches of {batch} facts, which is one inspection: what a lane
sends when its verdict falls. From their connecting until the last receipt and the last sticker are committed on the
device; median of the rounds, which bring some 190 thousand facts each themselves. The devices share {processes}
processes of one thread each, but have real journals and files of their own; all is on the same cores and disk. Their
photos' bytes are at the hub already, brought once over HTTP, so no picture is in these figures: the hub writes
PhotoStored for each announcement by itself.
Bare hub: the chain followed, one Ed25519 check a batch, a SQLite append (synchronous FULL, group commit), a receipt; it
folds nothing, issues nothing and sends no directive. Two bare limits stand here, measured in turn with the hub:
Sealed beforehand: batches like these from memory, in the same window from as many processes of one thread, because that
says what broker, checks and disk can carry at all; but it leaves the devices' own work out on that side alone.
Behind the same devices and journals: the full way with the bare hub in the hub's place, because only that has journals,
sealing and committed signed receipts on both sides; what directives cost the devices stays on the hub's side. The share
is asked for of both.
Drain after an outage: the same from {outage} devices in batches of at most {full} facts.
Last photo to sticker: {leading} more devices lead vehicles one after another, at most one a second, each with 8 JPEG
files of its own over HTTP, while the others' journals get inspections evenly in time, at half of the measured rate.
Back online: one device's journal with all its inspections, the last of them with real photos; the others go on leading
vehicles. Ratio: here to must."""


def notes_of(sizes: Sizes) -> str:
    """Return what has to be known about the figures."""
    return _NOTES.format(
        devices=sizes.devices,
        batch=sizes.batch_facts,
        processes=LOAD_PROCESSES,
        outage=OUTAGE_DEVICES,
        full=BATCH_FACTS_MAX,
        leading=LEADING_DEVICES,
    )


def main() -> int:
    """Run what was asked for; return the exit status, which says whether it ran, not whether a limit was kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small numbers; keeps no JSON")
    parser.add_argument("--profile", action="store_true", help="the hub's own code in this process, under cProfile")
    parser.add_argument("--folder", type=Path, help="where to keep files meanwhile (default: the system's)")
    parser.add_argument("--devices", type=int, default=FULL.devices, help="devices that make the load")
    parser.add_argument("--batch-facts", type=int, default=FULL.batch_facts, help="facts in a batch")
    parser.add_argument("--only", choices=["throughput"], help="leave out all other stages; keeps no JSON")
    options = parser.parse_args()
    if options.profile:
        profiling.run()
        return 0
    asked = QUICK if options.quick else FULL
    sizes = replace(asked, batch_facts=options.batch_facts, devices=options.devices)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="passlane-bench-", dir=options.folder) as folder:
        run = Run(Path(folder), sizes, lambda text: print(f"... {text}", flush=True))
        found = run.throughput() if options.only else run.measured()
    minutes = (time.monotonic() - begun) / 60
    report(found, sizes, minutes=minutes, kept=not (options.quick or options.only))
    return 0


def report(found: HubFigures, sizes: Sizes, *, minutes: float, kept: bool) -> None:
    """Print the table; keep it as JSON where it is meant to last."""
    print(table(rows(figures_of(found))))
    notes = notes_of(sizes)
    print(notes)
    print(f"{minutes:.1f} minutes")
    if kept:
        keep(HERE / KEPT, {**figures_json(found), "notes": notes, "minutes": minutes, "machine": machine()})


if __name__ == "__main__":
    sys.exit(main())
