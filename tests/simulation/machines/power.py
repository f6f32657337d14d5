"""Whether a machine's program lives, and where it dies: between any two of its reads and writes.

Knows the fuse that is lit. What survives on the disk is `disk`'s and `files`'.
"""

from typing import Literal

Death = Literal["kill", "power cut"]
"""kill: the program ends, what the system was given to write stays. power cut: only what was synced stays."""


class SimCrash(BaseException):
    """The program is gone at this point."""


class Power:
    """One machine's program. operations: reads and writes so far. cut_short: how often it died at one of them."""

    def __init__(self, machine: str) -> None:
        self.machine = machine
        self.alive = False
        self.operations = 0
        self.cut_short = 0
        self.death: Death = "kill"
        self._fuse: int | None = None

    def on(self) -> None:
        """Start the program."""
        self.alive = True
        self._fuse = None

    def light(self, operations: int, death: Death) -> None:
        """Have the program die at its `operations`-th read or write from now."""
        self._fuse, self.death = operations, death

    def spare(self) -> None:
        """Put the fuse out."""
        self._fuse = None

    @property
    def lit(self) -> bool:
        """Whether it will die of a fuse."""
        return self._fuse is not None

    def off(self, death: Death) -> None:
        """End the program now, between two actions."""
        self.alive, self.death, self._fuse = False, death, None

    def operation(self, what: str) -> None:
        """Count a read or write; raises SimCrash where the program dies, and ever after for what was left of it."""
        if not self.alive:
            raise SimCrash(f"{self.machine} is gone")
        self.operations += 1
        if self._fuse is None:
            return
        self._fuse -= 1
        if self._fuse <= 0:
            self.off(self.death)
            self.cut_short += 1
            raise SimCrash(f"{self.machine} died at {what}")
