"""Does one fault and undoes it (注入故障): kills, wipes, fills, cuts, stalls, and sees to it that what fell comes back.

Knows hub, devices, their disks and wires. Which fault comes when is `plan`'s.
"""

import asyncio
import contextlib
import os
import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.children import Child, ChildError
from benchmarks.faults.disk.mounting import Disk
from benchmarks.faults.plan import HUB, Fault, Kind
from benchmarks.faults.proxy import Wire
from benchmarks.faults.setting_up import JOURNAL_FREE_BYTES_MIN, VAULT_FREE_BYTES_MIN, broker_process, broker_store

BACK_SECONDS_MAX = 90.0
UP_SECONDS_MIN = 1.0
_LOOK_SECONDS = 0.05
_DELAY_SECONDS = (0.05, 0.4)


@dataclass(kw_only=True, slots=True)
class Place:
    """The hub or a device: its process, its disk, its folder there. wire: a device's network.

    lives: how many of its processes said that they are up. heard: process id of the last that did.
    """

    name: str
    child: Child
    disk: Disk
    folder: Path
    wire: Wire | None = None
    lives: int = 0
    heard: int = 0


async def do(fault: Fault, place: Place) -> None:
    """Do the fault to that place and undo it; raises ChildError when what fell does not come back."""
    chance = random.Random(fault.seed)  # noqa: S311 - it must be repeatable
    lives = place.lives
    match fault.kind:
        case Kind.DEVICE_KILLED | Kind.HUB_KILLED:
            place.child.kill()
        case Kind.BROKER_KILLED:
            await _kill_broker(place)
            return
        case Kind.BROKER_WIPED:
            await _wipe_broker(place)
        case Kind.DEVICE_DISK_FULL | Kind.HUB_DISK_FULL:
            await _fill_disk(fault, place, chance)
        case Kind.DEVICE_POWER_CUT | Kind.HUB_POWER_CUT:
            await _cut_power(place, chance)
        case _:
            if place.wire is not None:
                await _break_wire(fault, place.wire, chance)
            return
    disk_was_full = fault.kind in {Kind.DEVICE_DISK_FULL, Kind.HUB_DISK_FULL}
    await _back(place, lives, must_restart=not disk_was_full)


async def _break_wire(fault: Fault, wire: Wire, chance: random.Random) -> None:
    match fault.kind:
        case Kind.WIRE_CUT:
            wire.cut()
        case Kind.WIRE_REFUSED:
            await wire.refuse(fault.seconds)
        case Kind.WIRE_STALLED:
            await wire.stall(fault.seconds)
        case Kind.WIRE_DELAYED:
            await wire.delay(fault.seconds, by_seconds=chance.uniform(*_DELAY_SECONDS))
        case Kind.WIRE_HALF_OPEN:
            await wire.leave_half_open(fault.seconds, deaf=chance.choice(("device", "hub")))
        case _:
            raise AssertionError(fault.kind)


async def _kill_broker(hub: Place) -> None:
    pid = broker_process(hub.folder)
    if pid is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    await _until(lambda: broker_process(hub.folder) not in {None, pid}, f"the broker {pid} of {hub.name}", hub)


async def _wipe_broker(hub: Place) -> None:
    async with hub.child.held_down():
        pid = broker_process(hub.folder)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            await _until(lambda: broker_process(hub.folder) is None, "the killed broker", hub)
        await asyncio.to_thread(shutil.rmtree, broker_store(hub.folder), ignore_errors=True)


async def _fill_disk(fault: Fault, place: Place, chance: random.Random) -> None:
    # Below a device's floor for photos, below the one for facts, and full to the last byte.
    rooms = (0, 100_000) if place.name == HUB else (0, 0, JOURNAL_FREE_BYTES_MIN - 1, VAULT_FREE_BYTES_MIN - 1)
    try:
        await asyncio.to_thread(place.disk.fill, chance.choice(rooms))
        await asyncio.sleep(fault.seconds)
    finally:
        await asyncio.to_thread(place.disk.free)


async def _cut_power(place: Place, chance: random.Random) -> None:
    # Everything is forgotten half of the time; else some of what was not fsynced is there, as on a disk that was busy.
    seed = None if chance.random() < 0.5 else chance.randrange(2**31)  # noqa: PLR2004 - a coin
    broker = broker_process(place.folder)
    # Stopped first, so that nobody lives on without a disk; a machine that loses power does not either.
    place.child.kill(number=signal.SIGSTOP)
    with contextlib.suppress(ProcessLookupError):
        if broker is not None:
            os.kill(broker, signal.SIGSTOP)
    await asyncio.to_thread(place.disk.cut, seed)
    with contextlib.suppress(ProcessLookupError):
        if broker is not None:
            os.kill(broker, signal.SIGKILL)
    async with place.child.held_down():
        await asyncio.to_thread(place.disk.mount)


async def _back(place: Place, lives: int, *, must_restart: bool) -> None:
    if must_restart:
        await _until(lambda: place.lives > lives, place.name, place)
    await _until(lambda: place.child.pid is not None, place.name, place)
    # Long enough to do something before it is its turn again.
    await asyncio.sleep(UP_SECONDS_MIN)


async def _until(holds: Callable[[], bool], what: str, place: Place) -> None:
    try:
        async with asyncio.timeout(BACK_SECONDS_MAX):
            while not holds():  # noqa: ASYNC110 - what is waited for is in other processes
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise ChildError(f"{what} did not come back: {place.child.log_end()}") from None
