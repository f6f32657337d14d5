"""When a fact happened, by the hub's clock, and how sure that is; how wrong a device's wall clock was.

Knows what a device's clocks can tell: within one boot the monotonic clock is a ruler, so one pairing of it with the
hub's clock dates every fact of that boot; facts of one device stand in their order; none happened after its receipt.
What is shown of it is the console's. No deadline and no validity hangs on any of it: it is for people to read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from inspection.facts import Entry

FIRST_FACT_MS = 1_767_225_600_000
"""2026-01-01, UTC: no device wrote a fact before there was a program to write it."""

SECOND_MS = 1_000

Sureness = Literal["paired", "bounded", "received"]
Received = tuple[int, Entry]
"""A fact with its time of receipt, Unix milliseconds of the hub."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairing:
    """What a device's clocks showed when the hub heard it: mono and wall as in an Entry, at in the hub's time."""

    boot: str
    mono: int
    wall: int
    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """When a fact happened, Unix milliseconds of the hub: most likely `at`, and between `earliest` and `latest`.

    sure: "paired" when the hub heard the device in the fact's boot: exact to the way of a message and the drift of a
    quartz (some seconds a day). "bounded": that boot was never heard; the facts around it say between which moments it
    ran, and the wall clock where in between. "received": nothing is known but that it was not after its receipt.
    """

    at: int
    earliest: int
    latest: int
    sure: Sureness


class _Run(NamedTuple):
    """Consecutive facts of one boot; low and high: between which hub times the boot's monotonic clock showed 0."""

    facts: Sequence[Received]
    paired: bool
    low: int
    high: int

    @property
    def first(self) -> int:
        return self.facts[0][1].mono

    @property
    def last(self) -> int:
        return self.facts[-1][1].mono


def happened(facts: Iterable[Received], pairings: Iterable[Pairing]) -> dict[int, Estimate]:
    """Return, by its number, when each fact happened. facts: of one device, any selection; pairings: of that device.

    Whatever a device claims of its clocks: no estimate is after the receipt, and they stand in the order of the facts.
    """
    heard = {pairing.boot: pairing.at - pairing.mono for pairing in pairings}
    ordered = sorted(facts, key=lambda fact: fact[1].seq)
    runs = _ordered([_run(run, heard.get(run[0][1].boot)) for run in _cut(ordered)])
    return dict(_estimates(runs))


def clock_error_ms(wall: int, estimate: Estimate) -> int:
    """Return by how much a wall clock (Unix milliseconds) was off at least: over 0 when fast, below 0 when slow."""
    return wall - min(max(wall, estimate.earliest), estimate.latest)


def far_off(error_ms: int, *, skew_seconds_max: int) -> bool:
    """Say whether a clock is so far off that people have to be told."""
    return abs(error_ms) > skew_seconds_max * SECOND_MS


def _cut(ordered: Sequence[Received]) -> Iterator[Sequence[Received]]:
    """Cut where the boot changes; and where the monotonic clock goes back, which only a broken or lying one does."""
    begin = 0
    for at, ((_, before), (_, after)) in enumerate(pairwise(ordered), start=1):
        if before.boot != after.boot or before.mono > after.mono:
            yield ordered[begin:at]
            begin = at
    if ordered:
        yield ordered[begin:]


def _run(facts: Sequence[Received], heard: int | None) -> _Run:
    high = min(received - entry.mono for received, entry in facts)
    low = FIRST_FACT_MS - facts[0][1].mono
    if heard is not None:
        low = high = min(heard, high)
    return _Run(facts, heard is not None, min(low, high), high)


def _ordered(runs: list[_Run]) -> list[_Run]:
    """Narrow each run's bounds by its neighbours': a run ends before the next one begins."""
    for at, (before, run) in enumerate(pairwise(runs), start=1):
        low = max(run.low, before.low + before.last - run.first)
        runs[at] = run._replace(low=min(low, run.high))
    for at in range(len(runs) - 2, -1, -1):
        run, after = runs[at], runs[at + 1]
        high = min(run.high, after.high + after.first - run.last)
        runs[at] = run._replace(low=min(run.low, high), high=high)
    return runs


def _estimates(runs: list[_Run]) -> Iterator[tuple[int, Estimate]]:
    anchored = any(run.paired for run in runs)
    end = FIRST_FACT_MS
    for at, run in enumerate(runs):
        sure: Sureness = "paired" if run.paired else "bounded" if anchored else "received"
        low = min(max(run.low, end - run.first), run.high)
        zero = run.high if run.paired else _most_likely(run, list(_offsets(runs, at)), low)
        end = zero + run.last
        for received, entry in run.facts:
            # A monotonic clock that leaps for millennia would lead out of the calendar.
            least = min(FIRST_FACT_MS, received)
            earliest, latest = max(run.low + entry.mono, least), max(run.high + entry.mono, least)
            yield entry.seq, Estimate(at=max(zero + entry.mono, least), earliest=earliest, latest=latest, sure=sure)


def _offsets(runs: list[_Run], at: int) -> Iterator[int]:
    """Give by how much the wall clock was off in the nearest paired runs, the one before first."""
    before = next((run for run in reversed(runs[:at]) if run.paired), None)
    if before is not None:
        yield before.facts[-1][1].wall - before.high - before.last
    after = next((run for run in runs[at:] if run.paired), None)
    if after is not None:
        yield after.facts[0][1].wall - after.high - after.first


def _most_likely(run: _Run, offsets: list[int], low: int) -> int:
    """Return when the run's monotonic clock showed 0: what the wall clock says, if it is off as it was nearby.

    A wall clock that was set meanwhile can be right in some facts only: the first that fits the bounds is believed.
    """
    if not offsets:
        return run.high
    said = [entry.wall - entry.mono - offset for offset in offsets for _, entry in run.facts]
    fitting = (zero for zero in said if low <= zero <= run.high)
    return next(fitting, min(max(said[0], low), run.high))
