"""What a device was promised to be kept (承诺清单): every fact that it has committed, in a file off the faulty disk.

One line a fact: its number, its hash, its kind. A line is on the disk before the device goes on. Knows that file; what
became of the facts is `judging`'s.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.faults import FaultRunError
from inspection.wire import Recorded


class PromiseError(FaultRunError):
    """A journal that no longer holds what it had committed."""


class AnyJournal(Protocol):
    """What is asked of a journal."""

    @property
    def newest(self) -> int:
        """Number of the newest fact."""

    def fact(self, seq: int) -> Recorded | None:
        """Return one fact."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A fact that was committed: number, hash (hexadecimal), kind."""

    seq: int
    digest: str
    kind: str


def read_promises(path: Path) -> list[Promise]:
    """Return what stands in the file; a last line that was cut off is none."""
    if not path.exists():
        return []
    promises = []
    for line in path.read_text(encoding="ascii").splitlines(keepends=True):
        if line.endswith("\n"):
            seq, digest, kind = line.split()
            promises.append(Promise(int(seq), digest, kind))
    return promises


class Promises:
    """The file of one device, and the journal that it is written from, opened for looking only.

    Raises PromiseError when the newest promised fact is not in the journal as it was promised.
    """

    def __init__(self, path: Path, journal: AnyJournal) -> None:
        self._journal = journal
        known = read_promises(path)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._last = known[-1].seq if known else 0
        if known:
            kept = journal.fact(self._last)
            if kept is None or kept.digest.hex() != known[-1].digest:
                raise PromiseError(f"fact {self._last} was committed and is not in the journal any more")

    def note(self) -> None:
        """Write down what the journal has committed since the last call."""
        lines = []
        for seq in range(self._last + 1, self._journal.newest + 1):
            recorded = self._journal.fact(seq)
            if recorded is None:
                raise PromiseError(f"fact {seq} is not in the journal, though later ones are")
            lines.append(f"{seq} {recorded.digest.hex()} {type(recorded.entry.fact).__name__}\n")
        if lines:
            os.write(self._file, "".join(lines).encode("ascii"))
            os.fdatasync(self._file)
            self._last += len(lines)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
