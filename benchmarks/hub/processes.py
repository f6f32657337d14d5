"""The processes of the benchmark: a parent's handle on a child, and a child's words to its parent.

A child says `{"ready": ...}` when all is prepared, waits for a line, does its work and answers with one line of JSON.
It ends when its standard input does, so that nothing outlives the run. Times that two processes compare are those of
the monotonic clock, which is one for the whole machine.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

READY_SECONDS_MAX = 180.0
STOP_SECONDS_MAX = 60.0
LOG_CHARACTERS = 800
_STATUS = "/proc/{pid}/status"
_PEAK = "VmHWM:"
_KIBIBYTE = 1024
# Places in /proc/PID/stat, counted after the process's name.
_USER, _SYSTEM = 11, 12


class BenchmarkError(Exception):
    """A run that cannot be measured; the text says what happened, with the end of the log."""


class Child:
    """A process that prints lines of JSON. Leaving the context ends it."""

    def __init__(self, name: str, command: list[str], *, log: Path) -> None:
        self._name = name
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, name=f"read-{name}", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _read(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as lines:
                for line in lines:
                    self._lines.put(line)
        self._lines.put("")

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def peak_bytes(self) -> int:
        """The most memory that the process has held (VmHWM)."""
        status = Path(_STATUS.format(pid=self._process.pid)).read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith(_PEAK))
        return int(line.split()[1]) * _KIBIBYTE

    def answer(self, seconds_max: float = READY_SECONDS_MAX) -> dict[str, Any]:
        """Return its next line; raises BenchmarkError when none comes in that time, or the process ended."""
        try:
            line = self._lines.get(timeout=seconds_max)
        except queue.Empty as silent:
            raise BenchmarkError(f"{self._name} said nothing for {seconds_max:.0f} s: {self._tail()}") from silent
        if not line:
            raise BenchmarkError(f"{self._name} ended: {self._tail()}")
        said: dict[str, Any] = json.loads(line)
        return said

    def tell(self, word: str = "go") -> None:
        """Send it a line."""
        if self._process.stdin is not None:
            self._process.stdin.write(word + "\n")
            self._process.stdin.flush()

    def stop(self) -> None:
        """End it: asked first, then made to."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tail(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace").strip()[-LOG_CHARACTERS:] or "it said nothing"


def processor_seconds(pid: int) -> float:
    """Return the processor time that a running process has taken, its own and the system's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / os.sysconf("SC_CLK_TCK")


def processor_of(hub: int, folder: Path) -> dict[str, float]:
    """Return the processor time, in seconds, of a hub's process so far and of the broker whose folder that is."""
    broker = int((folder / "broker.pid").read_text(encoding="ascii"))
    return {"hub": processor_seconds(hub), "broker": processor_seconds(broker)}


def say(**values: Any) -> None:
    """In a child: one line to the parent."""
    print(json.dumps(values), flush=True)


def told_to_stop() -> threading.Event:
    """In a child: return what is set once the parent sends its next line."""
    told = threading.Event()

    def wait() -> None:
        if sys.stdin.readline():
            told.set()

    threading.Thread(target=wait, name="word", daemon=True).start()
    return told


def wait_for_word() -> str:
    """In a child: wait for the parent's next line; ends the process when there is no parent any more."""
    word = sys.stdin.readline()
    if not word:
        raise SystemExit(1)
    return word.strip()
