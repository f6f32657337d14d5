"""Virtual time: every action of every machine stands in one heap, and one seeded source of chance decides all else.

Knows the order of actions and the trace that they leave. What the actions do is the actors'.
"""

import hashlib
import heapq
import random
from collections import Counter
from collections.abc import Callable

START_MS = 1_790_000_000_000
"""Virtual time begins here, Unix milliseconds (September 2026)."""

ACTIONS_MAX = 400_000


class SimulationError(AssertionError):
    """The simulation itself went wrong: it neither ends nor holds to its own rules."""


class Scheduler:
    """The only clock and the only dice of a schedule. now: virtual Unix milliseconds."""

    def __init__(self, seed: int, *, keeps_lines: bool = False) -> None:
        self.now = START_MS
        self.dice = random.Random(seed)  # noqa: S311 - a schedule has to come out the same again
        self.steps = 0
        self.counts: Counter[str] = Counter()
        self.lines: list[str] | None = [] if keeps_lines else None
        self._heap: list[tuple[int, int, str, Callable[[], None]]] = []
        self._number = 0
        self._hash = hashlib.sha256()

    def after(self, delay_ms: int, label: str, action: Callable[[], None]) -> None:
        """Have `action` run in that many virtual milliseconds; of two at one moment the earlier asked goes first."""
        self._number += 1
        heapq.heappush(self._heap, (self.now + max(0, delay_ms), self._number, label, action))

    def run(self, until: int, *, done: Callable[[], bool] | None = None) -> bool:
        """Run actions up to virtual time `until`, or until `done`; return whether it was done."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, label, action = heapq.heappop(self._heap)
            self.steps += 1
            if self.steps > ACTIONS_MAX:
                raise SimulationError(f"no end after {ACTIONS_MAX} actions")
            self.note(label)
            action()
            if done is not None and done():
                return True
        self.now = max(self.now, until)
        return done is not None and done()

    def note(self, line: str) -> None:
        """Write a line into the trace; the same seed gives the same lines, to the last."""
        text = f"{self.now - START_MS:>9} {line}"
        self._hash.update(text.encode() + b"\n")
        if self.lines is not None:
            self.lines.append(text)

    def fault(self, kind: str, where: str) -> None:
        """Note a fault and count it."""
        self.counts[kind] += 1
        self.note(f"FAULT {kind} {where}")

    @property
    def trace(self) -> str:
        """The hash over all lines so far, 64 hexadecimal characters."""
        return self._hash.hexdigest()

    def chance(self, share: float) -> bool:
        """Say yes with this probability, 0 to 1."""
        return self.dice.random() < share
