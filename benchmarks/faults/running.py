"""The run (演练): faults at random moments until there were enough, then quiet, then the count.

Knows the order of things. What is built is `world`'s, which fault comes `plan`'s, what it comes to `judging`'s.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from benchmarks.faults import FaultRunError
from benchmarks.faults.faulting import do
from benchmarks.faults.plan import ON_A_WIRE, Fault, Kind, next_fault
from benchmarks.faults.world import QUIET_SECONDS, World

DRAIN_SECONDS_MAX = 300.0
AFTER_LOSS_SECONDS_MAX = 20.0
WARM_UP_SECONDS = 2.0
SAY_EVERY = 10
_BUSY_SECONDS = 0.1


@dataclass(kw_only=True, slots=True)
class Endured:
    """What was done. counts: faults of each kind. began, ended: Unix seconds. drained: whether all was in time."""

    counts: Counter[Kind] = field(default_factory=Counter)
    began: float = 0.0
    ended: float = 0.0
    drain_seconds: float = 0.0
    drained: bool = False
    trouble: list[str] = field(default_factory=list)


class Run:
    """Faults on a world. possible: whom each kind may be done to. gap_seconds: between two faults, on average."""

    def __init__(
        self, world: World, possible: Mapping[Kind, Collection[str]], *, seed: int, gap_seconds: float
    ) -> None:
        self._world = world
        self._possible = possible
        self._chance = random.Random(seed)  # noqa: S311 - it must be repeatable
        self._gap_seconds = gap_seconds
        self._busy: set[str] = set()
        self._tasks: dict[asyncio.Task[None], Fault] = {}
        self.endured = Endured()

    async def endure(self, count: int, *, seconds_max: float) -> Endured:
        """Do `count` faults, or as many as fit into that time; then let everything drain."""
        endured = self.endured
        await asyncio.sleep(WARM_UP_SECONDS)
        endured.began = time.time()
        try:
            async with asyncio.timeout(seconds_max):
                await self._faults(count)
        except TimeoutError:
            endured.trouble.append(f"the time was over after {endured.counts.total()} of {count} faults")
        finally:
            await self._undone()
        endured.ended = time.time()
        endured.drained = await self._world.drain(AFTER_LOSS_SECONDS_MAX if self._over else DRAIN_SECONDS_MAX)
        endured.drain_seconds = time.time() - endured.ended - (QUIET_SECONDS if endured.drained else 0.0)
        return endured

    async def _faults(self, count: int) -> None:
        counts = self.endured.counts
        while counts.total() < count and not self._over:
            await asyncio.sleep(self._chance.expovariate(1 / self._gap_seconds))
            fault = next_fault(self._chance, self._possible, busy=self._busy, counts=counts)
            if fault is None:
                await asyncio.sleep(_BUSY_SECONDS)
                continue
            counts[fault.kind] += 1
            if counts.total() % SAY_EVERY == 0:
                print(f"{counts.total()} faults, {self._waiting()}", flush=True)
            task = asyncio.create_task(self._one(fault))
            self._tasks[task] = fault
            task.add_done_callback(self._tasks.pop)

    @property
    def _over(self) -> bool:
        """Whether something happened that must not: there is nothing more to learn."""
        return bool(self.endured.trouble or self._world.broken)

    async def _one(self, fault: Fault) -> None:
        self._busy.add(fault.holds)
        try:
            await do(fault, self._world.places[fault.target])
        except (FaultRunError, OSError) as error:
            self.endured.trouble.append(f"{fault.kind} ({fault.target}): {error}")
        finally:
            self._busy.discard(fault.holds)

    async def _undone(self) -> None:
        # A broken network is mended at once by being cancelled; what has to come back is waited for.
        for task, fault in list(self._tasks.items()):
            if fault.kind in ON_A_WIRE:
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=AFTER_LOSS_SECONDS_MAX if self._over else None)
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _waiting(self) -> str:
        standing = self._world.standing
        return ", ".join(f"{name}: {at.receipted} of {at.newest} facts" for name, at in standing.items())
