"""One device of the fault run, in a process of its own, that may be killed at any moment (设备进程).

    python -m benchmarks.faults.device --home DIR --promises FILE

Opens the home as any device does and works by the door. Reads lines from standard input: "rest" ends the work, not the
forwarding; the end of the input ends the process. Prints a line of JSON twice a second: how many facts it has, how
many are receipted, how many photos wait. It ends with status 1 when its home cannot be used, as a service would that is
started again, and with status 3 when its journal has lost what it had committed.
"""

import argparse
import json
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.promises import PromiseError, Promises
from benchmarks.faults.work import SayingReader, Work
from edge_agent import AgentError
from edge_agent.agent import Agent, Equipment
from edge_agent.clock import Clock
from edge_agent.home import Home, open_home
from edge_agent.journal import Journal
from firmware_profiles import ProfileError
from firmware_profiles.files import load

SAY_SECONDS = 0.5
AFTER_REFUSAL_SECONDS = 0.2
REFUSALS_MAX = 25
QUIET_SECONDS_MAX = 60.0
STATUS_UNUSABLE, STATUS_LOST = 1, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class _Orders:
    """What the process was told, and did. rest: no more work. leave: end. resting: the last vehicle is done."""

    rest: threading.Event
    leave: threading.Event
    resting: threading.Event


def _listen(orders: _Orders) -> None:
    # Not by the buffered reader: Python aborts at its end when a thread still holds that one's lock.
    waiting = b""
    while piece := os.read(sys.stdin.fileno(), 4096):
        waiting += piece
        if b"rest\n" in waiting:
            orders.rest.set()
    orders.leave.set()
    orders.rest.set()


def _say(**values: object) -> None:
    print(json.dumps(values), flush=True)


def _report(agent: Agent, orders: _Orders) -> None:
    while not orders.leave.wait(SAY_SECONDS):
        # Before the figures: what they say when it rests is said of all that will ever be.
        resting = orders.resting.is_set()
        try:
            status = agent.status()
        except AgentError as error:
            _say(trouble=str(error))
        else:
            counts, fault = status.counts, status.forwarding.fault
            figures = {"newest": counts.newest, "receipted": counts.receipted, "photos": counts.photos_waiting}
            _say(**figures, fault=fault, resting=resting)


@contextmanager
def _at_work(home: Home, reader: SayingReader) -> Iterator[Agent]:
    profile = load(home.profile_path, home.profile_public)
    with Agent(home, Equipment(profile=profile, reader=reader, software="0.1.0", clock=Clock())) as agent:
        agent.start()
        yield agent


def _work(work: Work, orders: _Orders, note: Promises) -> None:
    """Go on until told to rest; what the disk refuses is tried again, until that is no use any more."""
    refused = 0
    while not orders.rest.is_set():
        try:
            work.one_vehicle()
            refused = 0
        except AgentError as error:
            refused += 1
            print(f"refused: {error}", file=sys.stderr, flush=True)
            if refused >= REFUSALS_MAX:
                raise
            orders.rest.wait(AFTER_REFUSAL_SECONDS)
    orders.resting.set()
    while not orders.leave.wait(SAY_SECONDS):
        # What the hub's directives bring is a fact too.
        note.note()


def _quiet(agent: Agent, note: Promises, count: int) -> None:
    """Record facts one at a time, each after the receipt of the one before, and say between which moments."""
    _settled(agent)
    before, began = agent.status().counts.newest, time.time()
    for number in range(count):
        agent.note_passage("1", f"quiet {number}")
        note.note()
        _settled(agent)
    _say(quiet=True, began=began, ended=time.time(), facts=agent.status().counts.newest - before, first=before + 1)


def _settled(agent: Agent) -> None:
    until = time.monotonic() + QUIET_SECONDS_MAX
    while time.monotonic() < until:
        counts = agent.status().counts
        if counts.receipted >= counts.newest:
            return
        time.sleep(0.01)
    raise AgentError("no receipt came")


def run(options: argparse.Namespace) -> None:
    """Work until told to leave; raises AgentError, ProfileError or PromiseError."""
    orders = _Orders(rest=threading.Event(), leave=threading.Event(), resting=threading.Event())
    threading.Thread(target=_listen, args=(orders,), name="orders", daemon=True).start()
    home, reader, chance = open_home(options.home), SayingReader(), random.Random()  # noqa: S311 - pictures, no secrets
    with (
        _at_work(home, reader) as agent,
        closing(Journal(home.journal_path, home.device)) as looked_at,
        closing(Promises(options.promises, looked_at)) as note,
    ):
        note.note()
        if options.quiet:
            _quiet(agent, note, options.quiet)
            return
        agent.abandon_interrupted()

        def after_each() -> None:
            note.note()
            orders.rest.wait(chance.uniform(0, 2 * options.pause_seconds))

        threading.Thread(target=_report, args=(agent, orders), name="report", daemon=True).start()
        _work(Work(agent, reader, chance, after_each=after_each), orders, note)


def main() -> int:
    """Run the device; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.device", description=__doc__)
    parser.add_argument("--home", metavar="DIR", type=Path, required=True)
    parser.add_argument("--promises", metavar="FILE", type=Path, required=True)
    parser.add_argument("--pause-seconds", metavar="S", type=float, default=0.05, help="between two facts, on average")
    parser.add_argument("--quiet", metavar="N", type=int, default=0, help="record N facts one at a time, and end")
    try:
        run(parser.parse_args())
    except PromiseError as error:
        _say(lost=str(error))
        return STATUS_LOST
    except (AgentError, ProfileError, OSError) as error:
        print(f"device: {error}", file=sys.stderr, flush=True)
        return STATUS_UNUSABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
