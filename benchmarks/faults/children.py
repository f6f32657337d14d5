"""Processes that are killed and come back (受监护进程): started again whenever they end, as a service manager does.

Knows processes, not what they do. A child's standard input is a pipe from here: it ends by itself when this process
does, however that happens.
"""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.faults import FaultRunError

RESTART_SECONDS_MIN, RESTART_SECONDS_MAX = 0.2, 1.0
LINE_BYTES_MAX = 1 << 20
_LOG_CHARACTERS = 600


class ChildError(FaultRunError):
    """A process that does not start, or does not come back."""


class Child:
    """One process that is kept running. heard: called with each line of JSON that it prints."""

    def __init__(self, name: str, command: list[str], *, log: Path, heard: Callable[[dict[str, Any]], None]) -> None:
        self.name = name
        self._command = command
        self._log = log
        self._heard = heard
        self._process: asyncio.subprocess.Process | None = None
        self._allowed = asyncio.Event()
        self._allowed.set()
        self._down = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._killed = False
        self._running_since = 0.0
        self.starts = 0
        self.ended_by_itself: list[int] = []

    def start(self) -> None:
        """Begin to keep it running."""
        self._task = asyncio.create_task(self._keep(), name=self.name)

    @property
    def pid(self) -> int | None:
        """Its process id, None while it is down."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def kill(self, *, number: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal, if it runs."""
        if self._process is not None and self._process.returncode is None:
            self._killed = self._killed or number == signal.SIGKILL
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    @asynccontextmanager
    async def held_down(self) -> AsyncIterator[None]:
        """Kill it and keep it down inside the block."""
        self._allowed.clear()
        try:
            self.kill()
            await self.gone()
            yield
        finally:
            self._allowed.set()

    async def gone(self) -> None:
        """Wait until it does not run."""
        process = self._process
        if process is not None and process.returncode is None:
            await process.wait()

    def tell(self, line: str) -> None:
        """Write a line to its standard input; one that is down hears nothing."""
        if self._process is not None and self._process.stdin is not None and self._process.returncode is None:
            self._process.stdin.write(f"{line}\n".encode())

    async def stop(self, seconds_max: float) -> None:
        """Ask it to end, by the end of its input; kill it after that time."""
        self._stopping = True
        process = self._process
        if process is not None and process.returncode is None and process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(seconds_max):
                await self.gone()
        except TimeoutError:
            self.kill()
            await self.gone()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def log_end(self) -> str:
        """Return the last words of its log."""
        if not self._log.exists():
            return ""
        return self._log.read_text(encoding="utf-8", errors="replace")[-_LOG_CHARACTERS:].strip()

    async def _keep(self) -> None:
        pause = RESTART_SECONDS_MIN
        while not self._stopping:
            await self._allowed.wait()
            status = await self._one_life()
            if not self._killed and not self._stopping:
                self.ended_by_itself.append(status)
                await asyncio.sleep(pause)
                pause = min(RESTART_SECONDS_MAX, 2 * pause)
            else:
                pause = RESTART_SECONDS_MIN

    async def _one_life(self) -> int:
        self._killed = False
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=LINE_BYTES_MAX,
                start_new_session=True,
            )
        self._process = process
        self.starts += 1
        if not self._allowed.is_set():
            # It was told to stay down while it was being started.
            self.kill()
        if process.stdout is not None:
            async for line in process.stdout:
                with contextlib.suppress(ValueError):
                    self._heard(json.loads(line))
        return await process.wait()
