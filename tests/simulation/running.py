"""Runs many schedules on all cores, and each mutant until it is caught; sums up what came of them."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.schedule import Result, Schedule

MUTANT_SEEDS_MAX = 200
FAILURES_SHOWN_MAX = 5
_CHUNK = 8


@dataclass(slots=True)
class Caught:
    """How a mutant was found out. seed: the first one that broke a promise, -1 when none did. broken: which promise."""

    mutant: Mutant
    seed: int = -1
    broken: str = ""


@dataclass(slots=True)
class Summary:
    """What came of many schedules. failures: those that broke a promise, by seed. longest_drain_ms: virtual."""

    schedules: int = 0
    steps: int = 0
    operations: int = 0
    facts: int = 0
    checks: int = 0
    virtual_ms: int = 0
    longest_drain_ms: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    failures: list[Result] = field(default_factory=list)
    caught: list[Caught] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Take in one schedule."""
        self.schedules += 1
        self.steps += result.steps
        self.operations += result.operations
        self.facts += result.facts
        self.checks += result.checks
        self.virtual_ms += result.virtual_ms
        self.longest_drain_ms = max(self.longest_drain_ms, result.drain_ms)
        self.faults += result.counts
        if result.broken:
            self.failures.append(result)

    @property
    def sound(self) -> bool:
        """Whether every promise held, and every mutant was caught."""
        return not self.failures and all(caught.broken for caught in self.caught)


def run_seed(seed: int, *, mutant: Mutant = "") -> Result:
    """Run one schedule."""
    return Schedule(seed, mutant).run()


def catch(mutant: Mutant, *, seeds_max: int = MUTANT_SEEDS_MAX) -> Caught:
    """Try one seed after the other until the mutant breaks a promise."""
    for seed in range(seeds_max):
        result = run_seed(seed, mutant=mutant)
        if result.broken:
            return Caught(mutant, seed, result.broken)
    return Caught(mutant)


def run(seeds: Iterable[int], *, mutants: Iterable[Mutant] = MUTANTS, told: Callable[[int], None]) -> Summary:
    """Run the seeds and the mutants on all cores. told: called with the number of schedules that are done."""
    summary, began = Summary(), perf_counter()
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        catching = pool.map_async(partial(catch), mutants, chunksize=1)
        for result in pool.imap_unordered(run_seed, seeds, chunksize=_CHUNK):
            summary.add(result)
            told(summary.schedules)
        summary.caught = catching.get()
    summary.failures.sort(key=lambda result: result.seed)
    summary.seconds = perf_counter() - began
    return summary
