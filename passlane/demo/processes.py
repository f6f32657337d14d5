"""The demonstration's processes: starts them, hands on what they print, ends them all."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from passlane import UsageError

STOP_SECONDS_MAX = 60.0
START_SECONDS_MAX = 120.0

Line = tuple[str, str]


class Processes:
    """Child processes that print lines. Leaving the context ends them, the one that was started last first.

    command: what each is started as. stop_seconds_max: how long one may take to end before it is made to.
    """

    def __init__(
        self,
        log_folder: Path,
        *,
        command: tuple[str, ...] = (sys.executable, "-m", "passlane"),
        stop_seconds_max: float = STOP_SECONDS_MAX,
    ) -> None:
        self._log_folder = log_folder
        self._command = command
        self._stop_seconds_max = stop_seconds_max
        self._running: list[tuple[subprocess.Popen[str], threading.Thread]] = []
        self.lines: queue.Queue[Line] = queue.Queue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, *arguments: str) -> None:
        """Start `passlane ARGUMENTS --with-parent`; its lines come through `lines` under `name`, then an empty one."""
        command = [*self._command, *arguments, "--with-parent"]
        with (self._log_folder / f"{name}.log").open("ab") as log:
            # A session of its own: Ctrl-C at the terminal reaches the demonstration, which ends the rest in order.
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        reading = threading.Thread(target=self._read, args=(name, process), name=f"read-{name}", daemon=True)
        self._running.append((process, reading))
        reading.start()

    def _read(self, name: str, process: "subprocess.Popen[str]") -> None:
        if process.stdout is not None:
            with process.stdout:
                for line in process.stdout:
                    self.lines.put((name, line.rstrip("\n")))
        self.lines.put((name, ""))

    def next_line(self, seconds_max: float) -> Line | None:
        """Return the next line of any process, or None when none came in that time."""
        try:
            return self.lines.get(timeout=seconds_max)
        except queue.Empty:
            return None

    def first_line(self, name: str) -> str:
        """Wait for the first line of a process that was just started; raises UsageError with its log's end."""
        line = self.next_line(START_SECONDS_MAX)
        if line is None or line[1] == "":
            log = (self._log_folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
            raise UsageError(f"{name} did not start: {log.strip()[-500:] or 'it said nothing'}")
        return line[1]

    def stop(self) -> None:
        """End every process: asked first, by closing its input and by signal, then made to."""
        while self._running:
            process, reading = self._running.pop()
            with contextlib.suppress(OSError):
                if process.stdin is not None:
                    process.stdin.close()
            process.terminate()
            try:
                process.wait(self._stop_seconds_max)
            except subprocess.TimeoutExpired:
                # With what it started in its own session, which would otherwise go on.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            reading.join(self._stop_seconds_max)
