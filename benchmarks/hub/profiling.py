"""Where the hub's time goes: inspections through casework and commit, in this process, beside their number a second.

    python -m benchmarks.hub.profiling --inspections 300 --devices 8

Run once without and once with the profiler, which makes everything slower: the first figure is the rate, the table
says only how the time is shared out. No broker and no link: their time is not in it.
"""

import argparse
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.figures import Row, table
from benchmarks.hub.inprocess import GROUP_MESSAGES_MAX, InProcess, Sender, announced_photos
from benchmarks.hub.inspections import FACTS
from inspection.wire import BATCH_FACTS_MAX

LINES = 40
STATEMENTS = 25
STATEMENT_CHARACTERS = 110
Message = tuple[str, bytes]


def messages(senders: Sequence[Sender], inspections: int, *, first: int = 1, batch_facts: int = FACTS) -> list[Message]:
    """Return the messages of these inspections, numbered from `first`, the devices in turn, as they would come in."""
    photos = announced_photos()
    columns: list[list[Message]] = []
    each = inspections // len(senders)
    for turn, sender in enumerate(senders):
        # Each a vehicle of its own: a second sticker for one would be withheld.
        numbers = range(first + turn * each, first + (turn + 1) * each)
        records = [record for number in numbers for record in sender.chain.inspect(number, photos)]
        columns.append([(sender.topic, message) for message in sender.messages(records, batch_facts)])
    return [message for row in zip_longest(*columns) for message in row if message is not None]


class Spent(NamedTuple):
    """Seconds on the clock, and of the processor."""

    seconds: float
    processor: float


def carry(hub: InProcess, waiting: Sequence[Message], group: int) -> Spent:
    """Commit the messages, so many to a transaction; return what it took."""
    begin, before = time.perf_counter(), time.process_time()
    for at in range(0, len(waiting), group):
        hub.commit(waiting[at : at + group])
    return Spent(time.perf_counter() - begin, time.process_time() - before)


class TimedDatabase:
    """A store that counts how long each statement ran, by its text; all else is the store's own."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.spent: dict[str, tuple[int, float]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, query: str, *values: Any) -> Any:
        """Run a statement up to its first row."""
        return self._timed(self._db.execute, query, values)

    def executemany(self, query: str, *values: Any) -> Any:
        """Run a statement for each row of values."""
        return self._timed(self._db.executemany, query, values)

    def commit(self) -> None:
        """End the transaction."""
        self._timed(lambda _query: self._db.commit(), "COMMIT", ())

    def _timed(self, run: Callable[..., Any], query: str, values: tuple[Any, ...]) -> Any:
        begin = time.perf_counter()
        found = run(query, *values)
        count, seconds = self.spent.get(query, (0, 0.0))
        self.spent[query] = count + 1, seconds + time.perf_counter() - begin
        return found

    def rows(self, query: str, *values: Any) -> Any:
        """Run a query; all its rows are in the time."""
        return self._timed(self._db.rows, query, values)

    def shares(self, inspections: int) -> list[Row]:
        """Return a row for each statement, the longest first."""
        ordered = sorted(self.spent.items(), key=lambda item: -item[1][1])[:STATEMENTS]
        return [
            {
                "us an inspection": seconds * 1e6 / inspections,
                "times an inspection": count / inspections,
                "statement": " ".join(query.split())[:STATEMENT_CHARACTERS],
            }
            for query, (count, seconds) in ordered
        ]


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Print the rate, then where the time goes, statement by statement and function by function."""
    inspections = options.inspections // options.devices * options.devices
    senders = [Sender(f"bench-{number}") for number in range(1, options.devices + 1)]
    hub = InProcess(folder)
    hub.begin(senders)
    hub.store_photos(senders[0], announced_photos())
    plain, timed, profiled = (
        messages(senders, inspections, first=1 + part * inspections, batch_facts=options.batch_facts)
        for part in range(3)
    )
    spent = carry(hub, plain, options.group)
    size = sum(len(payload) for _, payload in plain)
    print(f"{inspections} inspections in {len(plain)} messages, {size / inspections:.0f} bytes an inspection")
    processor = spent.processor / inspections * 1000
    print(f"{inspections / spent.seconds:.0f} inspections/s, {processor:.2f} ms of the processor each, unprofiled\n")
    hub.close()
    hub = InProcess(folder, wrapped=TimedDatabase)
    spent = carry(hub, timed, options.group)
    print(table(hub.database.shares(inspections)))
    print(f"of {spent.seconds * 1e6 / inspections:.0f} us an inspection; a statement's time is up to its first row\n")
    hub.close()
    hub = InProcess(folder)
    profiler = cProfile.Profile()
    profiler.runcall(carry, hub, profiled, options.group)
    pstats.Stats(profiler).sort_stats(options.sort).print_stats(LINES)
    print(hub.counts())
    hub.close()


def run(arguments: Sequence[str] = ()) -> None:
    """Read the arguments and measure in a folder that is gone afterwards."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inspections", type=int, default=304)
    parser.add_argument("--devices", type=int, default=8)
    parser.add_argument("--group", type=int, default=16, help=f"messages a commit, at most {GROUP_MESSAGES_MAX}")
    parser.add_argument("--batch-facts", type=int, default=FACTS, help=f"facts a message, at most {BATCH_FACTS_MAX}")
    parser.add_argument("--sort", default="tottime", choices=["tottime", "cumtime"])
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options)


if __name__ == "__main__":
    run(sys.argv[1:])
