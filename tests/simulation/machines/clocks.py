"""The clocks of a machine: wall time that may be forged or jump, and a monotonic clock that each boot begins anew."""

from pathlib import Path

from edge_agent.clock import Clock
from tests.simulation.machines.scheduler import Scheduler

YEAR_1970_MS = 1_000
YEAR_2099_MS = 4_080_000_000_000


class SimClock(Clock):
    """A device's clocks. offset_ms: how far its wall clock is from virtual time."""

    def __init__(self, scheduler: Scheduler, machine: str) -> None:
        super().__init__(Path("no such file"))
        self._scheduler = scheduler
        self._machine = machine
        self._boots = 0
        self.offset_ms = 0
        self.reboot()

    def reboot(self) -> None:
        """Begin a boot: the monotonic clock counts from zero again, under another name."""
        self._boots += 1
        self.boot = f"{self._boots:04}{self._machine[-4:]:>4}"
        self._booted_at = self._scheduler.now

    def set_wall(self, wall_ms: int) -> None:
        """Set the wall clock."""
        self.offset_ms = wall_ms - self._scheduler.now

    def wall_ms(self) -> int:
        """Return the wall clock, Unix milliseconds; never negative."""
        return max(0, self._scheduler.now + self.offset_ms)

    def mono_ms(self) -> int:
        """Return milliseconds since boot."""
        return self._scheduler.now - self._booted_at

    def seconds(self) -> float:
        """Return monotonic seconds."""
        return self.mono_ms() / 1000
