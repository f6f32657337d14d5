"""Counts the fsyncs of a quiet interval with strace (落盘计数): whether each commit is a write to the disk.

One device and one hub on an ordinary disk, without faults; the device records a fact only when the one before has its
receipt. So at least one fsync of the journal must come of each fact, and one of the ledger of each receipted batch.
"""

import asyncio
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.faults import FaultRunError
from benchmarks.faults.children import Child
from benchmarks.faults.setting_up import HubReady, enrol, kept_ports, make_hub_folder, make_profile

QUIET_FACTS = 30
TRACED_SECONDS_MAX = 180.0
STOP_SECONDS_MAX = 60.0
DEVICE = "device-1"
_JOURNAL, _LEDGER = "journal.db", "ledger.db"
_CALL = re.compile(r"(?:\d+\s+)?(?P<at>\d+\.\d+) (?:fsync|fdatasync)\(\d+<(?P<path>[^>]*)>")


class TraceError(FaultRunError):
    """The interval could not be traced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fsyncs:
    """What was counted: facts and fsyncs on the device, receipted batches and fsyncs at the hub."""

    facts: int
    journal_fsyncs: int
    batches: int
    ledger_fsyncs: int

    @property
    def enough(self) -> bool:
        """Whether each commit reached the disk by itself."""
        return 0 < self.facts <= self.journal_fsyncs and 0 < self.batches <= self.ledger_fsyncs


def tracing_trouble() -> str:
    """Say in words why nothing can be traced here, or nothing."""
    return "" if shutil.which("strace") else "strace is not installed"


def count_fsyncs(lines: Iterable[str], file: str, *, began: float, ended: float) -> int:
    """Return how many fsyncs and fdatasyncs of `file` (SQLite's, its WAL included) began in that time, Unix seconds."""
    names = {file, f"{file}-wal"}
    found = 0
    for line in lines:
        call = _CALL.match(line)
        if call is not None and Path(call["path"]).name in names and began <= float(call["at"]) <= ended:
            found += 1
    return found


async def trace(folder: Path) -> Fsyncs:
    """Run the quiet interval in `folder`; raises TraceError, or FaultRunError when hub or device do not start."""
    data = make_hub_folder(folder)
    said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    hub = Child("hub", _traced(folder, "hub", _hub(data)), log=folder / "hub.log", heard=said.put_nowait)
    hub.start()
    try:
        ready = await _heard(said, "url", hub)
        first = HubReady(url=ready["url"], password=ready["accounts"]["operator"])
        made = folder / "made"
        made.mkdir()
        ports = kept_ports(data)
        home = await asyncio.to_thread(
            lambda: enrol(DEVICE, folder, ready=first, profile=make_profile(made), ports=ports)
        )
        quiet = await _quiet(folder, home, said)
    finally:
        await hub.stop(STOP_SECONDS_MAX)
    return _counted(folder, data, quiet)


async def _quiet(folder: Path, home: Path, said: "asyncio.Queue[dict[str, Any]]") -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.faults.device", "--home", str(home)]
    command += ["--promises", str(folder / "promises.log"), "--quiet", str(QUIET_FACTS)]
    device = Child("device", _traced(folder, "device", command), log=folder / "device.log", heard=said.put_nowait)
    device.start()
    try:
        return await _heard(said, "quiet", device)
    finally:
        await device.stop(STOP_SECONDS_MAX)


def _counted(folder: Path, data: Path, quiet: dict[str, Any]) -> Fsyncs:
    window = {"began": float(quiet["began"]), "ended": float(quiet["ended"])}
    db = sqlite3.connect(f"file:{data / _LEDGER}?mode=ro", uri=True)
    try:
        signed = "SELECT count(*) FROM heads WHERE device = ? AND last >= ?"
        batches = db.execute(signed, (DEVICE, quiet["first"])).fetchone()[0]
    finally:
        db.close()
    device, hub = ((folder / f"{name}.strace").read_text(encoding="utf-8").splitlines() for name in ("device", "hub"))
    return Fsyncs(
        facts=quiet["facts"],
        journal_fsyncs=count_fsyncs(device, _JOURNAL, **window),
        batches=batches,
        ledger_fsyncs=count_fsyncs(hub, _LEDGER, **window),
    )


def _hub(data: Path) -> list[str]:
    return [sys.executable, "-m", "passlane", "hub", "--data", str(data), "--json", "--with-parent"]


def _traced(folder: Path, name: str, command: list[str]) -> list[str]:
    strace = ["strace", "-f", "-qq", "-y", "-ttt", "-e", "trace=fsync,fdatasync", "-o", str(folder / f"{name}.strace")]
    return [*strace, *command]


async def _heard(said: "asyncio.Queue[dict[str, Any]]", key: str, child: Child) -> dict[str, Any]:
    try:
        async with asyncio.timeout(TRACED_SECONDS_MAX):
            while key not in (found := await said.get()):
                pass
            return found
    except TimeoutError:
        raise TraceError(f"{child.name} did not say {key}: {child.log_end()}") from None
