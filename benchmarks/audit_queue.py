"""How fast the next case is handed out: a million cases, 60 000 waiting, 50 auditors at once, on both stores.

    python -m benchmarks.audit_queue                     everything: some ten minutes
    python -m benchmarks.audit_queue --quick             small numbers, in a minute; keeps nothing
    python -m benchmarks.audit_queue --only sqlite       one store; keeps nothing

The hub's own writer, casework and desks in this process, each commit on the disk; PostgreSQL is a server of its own.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import tomli_w

from benchmarks.audit.auditors import Tally, Work, auditors_at_work
from benchmarks.audit.filling import Sizes, fill
from benchmarks.figures import HERE, Row, keep, machine, table
from benchmarks.hub.inprocess import now_ms
from central_hub.casework import Casework
from central_hub.committing import Committer
from central_hub.installation import load_key, load_settings
from central_hub.store.database import Database
from central_hub.store.opening import open_store
from central_hub.writer import Writer
from tests.central_hub.postgresql_server import running_server

NEXT_SECONDS_MAX = 0.1
"""What the 99th of a hundred hand-outs may take."""
AUDITORS = 50
FULL = Sizes(cases=1_000_000, waiting=60_000, whole=8_000)
QUICK = Sizes(cases=20_000, waiting=3_000, whole=2_000)
PAUSES_SECONDS = (1.0, 0.0)
"""How long each auditor looks at a case: far shorter than anybody does, and not at all."""
CASES_EACH = {1.0: 40, 0.0: 60}
KEPT = "audit-queue.json"
NOTES = """\
Next case: from asking until a committed lease is there, in milliseconds, by the hub's writer, whose one thread also
takes the opinions, the views and all that follows from them; HTTP is not in it. Pause: how long an auditor looks at a
case on average; people take a minute or two, with no pause all of them ask as fast as they are answered. Suspicions and
a drawn share have a second review by another person. Twice: cases handed out while somebody held them, or for the same
round again. The cases at the head of the queue have all their facts; of the rest there is the row and one fact."""


@contextlib.contextmanager
def stores(names: list[str]) -> Iterator[dict[str, str]]:
    """Give the addresses of new stores by their names, as hub.toml has them."""
    with contextlib.ExitStack() as opened:
        found = {}
        for name in names:
            found[name] = "" if name == "sqlite" else opened.enter_context(running_server()).create()
        yield found


def measured(name: str, store: str, sizes: Sizes, *, quick: bool) -> list[Row]:
    """Fill a store and let the auditors work on it; return a row for each pause."""
    with tempfile.TemporaryDirectory(prefix="passlane-audit-") as place:
        folder = Path(place)
        (folder / "hub.toml").write_text(tomli_w.dumps({"store": store, "practice": True}), encoding="utf-8")
        # Before the store: a ledger that has lost its key gets no new one.
        load_key(folder)
        db = open_store(folder, load_settings(folder))
        begin = time.perf_counter()
        fill(db, _casework(db, folder), sizes, now=now_ms())
        print(f"{name}: filled in {time.perf_counter() - begin:.0f} s", flush=True)
        rows = [_row(name, pause, _worked(db, folder, pause, quick=quick)) for pause in PAUSES_SECONDS]
        db.close()
    return rows


def _casework(db: Database, folder: Path) -> Casework:
    return Casework(db, key=load_key(folder), settings=load_settings(folder), now=now_ms)


def _worked(db: Database, folder: Path, pause: float, *, quick: bool) -> Tally:
    casework = _casework(db, folder)
    writer = Writer(Committer(db, casework), publish=lambda _topic, _message: None)
    writer.start()
    writer.submit(lambda: casework.engine.audits.keep_days(os.urandom)).result()
    each = CASES_EACH[pause] // (4 if quick else 1)
    work = Work(auditors=AUDITORS, cases_each=each, pause_seconds=pause)
    tally = asyncio.run(auditors_at_work(writer, casework.engine.audits, work))
    writer.stop()
    return tally


def _row(name: str, pause: float, tally: Tally) -> Row:
    cuts = quantiles(tally.next_seconds, n=100)
    return {
        "store": name,
        "pause s": pause,
        "auditors": AUDITORS,
        "hand-outs": len(tally.next_seconds),
        "a second": len(tally.next_seconds) / tally.seconds,
        "next p50 ms": cuts[49] * 1_000,
        "next p99 ms": cuts[98] * 1_000,
        "next max ms": max(tally.next_seconds) * 1_000,
        "decide p50 ms": quantiles(tally.decide_seconds, n=100)[49] * 1_000,
        "twice": tally.twice,
        "empty": tally.nothing,
        "of the limit": cuts[98] / NEXT_SECONDS_MAX,
    }


def main() -> int:
    """Measure, print and keep; 1 where a case was handed out twice or the next one came too late."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    sizes = QUICK if options.quick else FULL
    rows: list[Row] = []
    with stores([options.only] if options.only else ["sqlite", "postgresql"]) as found:
        for name, store in found.items():
            rows += measured(name, store, sizes, quick=options.quick)
    print(table(rows))
    notes = f"{sizes.cases} cases, {sizes.waiting} of them waiting, {sizes.whole} with all their facts.\n{NOTES}"
    print(notes)
    if not options.quick and not options.only:
        keep(HERE / KEPT, {"figures": rows, "notes": notes, "machine": machine()})
    with_pause = [float(row["next p99 ms"]) for row in rows if row["pause s"]]
    good = not any(row["twice"] for row in rows) and max(with_pause) <= NEXT_SECONDS_MAX * 1_000
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
