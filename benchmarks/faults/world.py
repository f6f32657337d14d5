"""What is tested (试验场): a hub and devices on their disks, with the networks between them, built and ended here.

Knows the parts and what they say of themselves. Which faults come is `running`'s, how they are done `faulting`'s.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.faults import FaultRunError
from benchmarks.faults.children import Child
from benchmarks.faults.disk.mounting import Disk, ForgetfulMount, PlainDisk, SmallDisk, forgetful_trouble, small_trouble
from benchmarks.faults.faulting import Place
from benchmarks.faults.plan import AT_THE_HUB, HUB, Kind
from benchmarks.faults.proxy import Wire
from benchmarks.faults.setting_up import (
    HubReady,
    broker_process,
    enrol,
    kept_ports,
    make_hub_folder,
    make_profile,
)

START_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 40.0
QUIET_SECONDS = 6.0
DEVICES = ("device-1", "device-2", "device-3")
_LOOK_SECONDS = 0.05
_REST_SECONDS = 0.5
_FILLING = frozenset({Kind.DEVICE_DISK_FULL, Kind.HUB_DISK_FULL})
_CUTTING = frozenset({Kind.DEVICE_POWER_CUT, Kind.HUB_POWER_CUT})


class WorldError(FaultRunError):
    """Hub or devices that do not start."""


@dataclass(kw_only=True, slots=True)
class Standing:
    """What a device said last: its facts, how many of them are receipted, photos that wait, what stands in the way."""

    newest: int = 0
    receipted: int = 0
    photos: int = 0
    fault: str = ""
    resting: bool = False

    @property
    def drained(self) -> bool:
        """Whether nothing waits there, and nothing more will."""
        return self.resting and self.receipted >= self.newest and self.photos == 0


@dataclass(kw_only=True, slots=True)
class World:
    """Everything that runs. skipped: what cannot be done here, and why. broken: what must never happen and did."""

    folder: Path
    pause_seconds: float
    disks: dict[str, Disk]
    skipped: dict[str, str] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    standing: dict[str, Standing] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    ready: HubReady | None = None

    @property
    def hub(self) -> Place:
        """The hub."""
        return self.places[HUB]

    @property
    def devices(self) -> list[Place]:
        """The devices."""
        return [place for name, place in self.places.items() if name != HUB]

    def possible(self) -> dict[Kind, list[str]]:
        """Return whom each kind of fault can be done to here."""
        found: dict[Kind, list[str]] = {}
        for kind in Kind:
            places = [self.hub] if kind in AT_THE_HUB else self.devices
            able = [place.name for place in places if _can(place.disk, kind)]
            if able:
                found[kind] = able
        return found

    def promises(self, device: str) -> Path:
        """Return where that device writes down what it committed."""
        return self.folder / "promises" / f"{device}.log"

    # --- beginning -----------------------------------------------------------------------------------------------

    async def build(self) -> None:
        """Mount the disks, start the hub, enrol and start the devices; raises FaultRunError."""
        for name in ("promises", "logs", "made"):
            (self.folder / name).mkdir()
        for disk in self.disks.values():
            await asyncio.to_thread(disk.mount)
        data = await asyncio.to_thread(make_hub_folder, self.disks[HUB].folder)
        command = [sys.executable, "-m", "passlane", "hub", "--data", str(data), "--json", "--with-parent"]
        self._keep(HUB, data, command, heard=self._hub_heard)
        await _until(lambda: self.ready is not None, self.hub.child)
        profile = make_profile(self.folder / "made")
        for name in DEVICES:
            await self._build_device(name, profile)
        for place in self.devices:
            await _until(partial(self._has_facts, place.name), place.child)

    def _has_facts(self, name: str) -> bool:
        return self.standing[name].newest > 0

    async def _build_device(self, name: str, profile: tuple[Path, str]) -> None:
        wire = Wire(lambda door: kept_ports(self.hub.folder).get(door))
        await wire.serve()
        if self.ready is None:
            raise WorldError("the hub was never ready")
        made = partial(enrol, name, self.disks[name].folder, ready=self.ready, profile=profile, ports=wire.ports)
        home = await asyncio.to_thread(made)
        command = [sys.executable, "-m", "benchmarks.faults.device", "--home", str(home)]
        command += ["--promises", str(self.promises(name)), "--pause-seconds", str(self.pause_seconds)]
        self.standing[name] = Standing()
        self._keep(name, home, command, heard=partial(self._device_heard, name))
        self.places[name].wire = wire

    def _keep(self, name: str, folder: Path, command: list[str], *, heard: Callable[[dict[str, Any]], None]) -> None:
        child = Child(name, command, log=self.folder / "logs" / f"{name}.log", heard=heard)
        self.places[name] = Place(name=name, child=child, disk=self.disks[name], folder=folder)
        child.start()

    def _hub_heard(self, said: dict[str, Any]) -> None:
        if said.get("event") != "ready":
            return
        self.hub.lives += 1
        if self.ready is None:
            password = dict(said.get("accounts", {})).get("operator", "")
            self.ready = HubReady(url=said["url"], password=password)
        elif said["url"] != self.ready.url:
            self._break(f"the hub moved from {self.ready.url} to {said['url']}")
            self.ready = HubReady(url=said["url"])

    def _break(self, words: str) -> None:
        if words not in self.broken:
            self.broken.append(words)

    def _device_heard(self, name: str, said: dict[str, Any]) -> None:
        if "lost" in said:
            self._break(f"{name}: {said['lost']}")
        if "newest" not in said:
            return
        place, pid = self.places[name], self.places[name].child.pid or 0
        place.lives += place.heard != pid
        place.heard = pid
        self.standing[name] = Standing(
            newest=said["newest"],
            receipted=said["receipted"],
            photos=said["photos"],
            fault=said["fault"],
            resting=said["resting"],
        )

    # --- ending --------------------------------------------------------------------------------------------------

    async def drain(self, seconds_max: float) -> bool:
        """Let the devices rest, and wait until nothing waits on any of them; say whether that came in time.

        It has to stay so for QUIET_SECONDS: a directive that comes late is a fact more on its device.
        """
        for place in self.devices:
            self.standing[place.name] = Standing()
        quiet_seconds = 0.0
        try:
            async with asyncio.timeout(seconds_max):
                while quiet_seconds < QUIET_SECONDS:
                    for place in self.devices:
                        place.child.tell("rest")
                    await asyncio.sleep(_REST_SECONDS)
                    drained = all(self.standing[place.name].drained for place in self.devices)
                    quiet_seconds = quiet_seconds + _REST_SECONDS if drained else 0.0
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """End the devices, then the hub with its broker; the disks stay."""
        for place in self.devices:
            if place.wire is not None:
                await place.wire.close()
            await place.child.stop(STOP_SECONDS_MAX)
        if HUB not in self.places:
            return
        await self.hub.child.stop(STOP_SECONDS_MAX)
        broker = broker_process(self.hub.folder)
        if broker is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(broker, signal.SIGKILL)

    def clear(self) -> None:
        """Undo the disks."""
        for disk in self.disks.values():
            disk.unmount()


async def _until(holds: Callable[[], bool], child: Child) -> None:
    try:
        async with asyncio.timeout(START_SECONDS_MAX):
            while not holds():  # noqa: ASYNC110 - what is waited for is in other processes
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise WorldError(f"{child.name} did not start: {child.log_end()}") from None


def _can(disk: Disk, kind: Kind) -> bool:
    return (kind not in _FILLING or disk.can_fill) and (kind not in _CUTTING or disk.can_cut)


def choose_disks(folder: Path) -> tuple[dict[str, Disk], dict[str, str]]:
    """Return a disk for the hub and each device, and what had to be left out with the reason.

    The hub and the first device can lose their power; the second stands on a small ext4, the third on a small tmpfs.
    """
    disks: dict[str, Disk] = {}
    skipped = {}
    forgetful, small = forgetful_trouble(), small_trouble()
    if forgetful:
        skipped["power cuts"] = forgetful
    if small:
        skipped["ext4 and tmpfs of a limited size"] = small
    for name in (HUB, *DEVICES):
        at = folder / name
        if name in {HUB, DEVICES[0]} or small:
            disks[name] = PlainDisk(at) if forgetful else ForgetfulMount(at, folder / f"{name}.platter")
        else:
            disks[name] = SmallDisk(at, image=folder / f"{name}.ext4" if name == DEVICES[1] else None)
    if forgetful and not small:
        disks[HUB] = SmallDisk(folder / HUB)
        disks[DEVICES[0]] = SmallDisk(folder / DEVICES[0])
    elif forgetful:
        skipped["full disks"] = f"{forgetful}; {small}"
    return disks, skipped
