"""Faults of every kind, at moments and places that a schedule's dice choose; at the end everything heals."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.actors.device import SimDevice
from tests.simulation.actors.hub import SimHub
from tests.simulation.actors.inspector import Inspector
from tests.simulation.actors.world import World
from tests.simulation.machines.clocks import YEAR_1970_MS, YEAR_2099_MS
from tests.simulation.machines.files import Snapshot
from tests.simulation.machines.network import Weather
from tests.simulation.machines.power import Death
from tests.simulation.machines.scheduler import START_MS

FUSE_OPERATIONS_MAX = 60
FUSE_MS_MAX = 20_000
CUT_MS_MAX = 90_000
BROKER_DOWN_MS_MAX = 30_000
FULL_MS_MAX = 40_000
HUB_JUMP_MS_MAX = 300_000
EACH_MS_MIN = 15_000
EACH_MS_MAX = 120_000


@dataclass(frozen=True, slots=True)
class _Backup:
    image: bytes
    files: Snapshot


class Faults:
    """The faults of one schedule. Which kinds it has, and how often each comes, is chosen anew for each seed."""

    def __init__(
        self, world: World, hub: SimHub, devices: dict[str, SimDevice], inspectors: dict[str, Inspector]
    ) -> None:
        self._world = world
        self._hub = hub
        self._devices = devices
        self._inspectors = inspectors
        self._over = False
        self.restores = world.scheduler.dice.choice(("", "", "", "hub", "device"))
        self.hub_was_put_back = False
        self.put_back = ""

    def begin(self, lasts_ms: int) -> None:
        """Choose, and let the first ones come."""
        scheduler = self._world.scheduler
        kinds: dict[str, Callable[[], None]] = {
            "link cut": self._cut,
            "broker wiped": self._wipe_broker,
            "program killed": lambda: self._crash("kill"),
            "power cut": lambda: self._crash("power cut"),
            "disk full": self._fill,
            "clock jump": self._jump,
            "weather": self._change_weather,
        }
        for kind, strike in kinds.items():
            if scheduler.chance(2 / 3):
                self._again(kind, strike, scheduler.dice.randint(EACH_MS_MIN, EACH_MS_MAX))
        if self.restores:
            self._plan_restore(lasts_ms)

    def _again(self, kind: str, strike: Callable[[], None], mean_ms: int) -> None:
        def comes() -> None:
            if not self._over:
                strike()
                self._again(kind, strike, mean_ms)

        self._world.scheduler.after(self._world.scheduler.dice.randrange(2 * mean_ms), kind, comes)

    def heal(self) -> None:
        """End every fault."""
        self._over = True
        network, hub = self._world.network, self._hub
        for name in list(network.cut):
            network.mend(name)
        network.start_broker()
        network.weather = Weather()
        hub.disk.full = hub.files.full = False
        hub.power.spare()
        for device in self._devices.values():
            device.disk.full = device.files.full = device.files.scarce = False
            device.power.spare()

    def _some_device(self) -> SimDevice:
        return self._devices[self._world.scheduler.dice.choice(sorted(self._devices))]

    def _cut(self) -> None:
        name = self._world.scheduler.dice.choice([*sorted(self._devices), "hub"])
        self._world.scheduler.fault("link cut", name)
        self._world.network.sever(name)
        lasts = self._world.scheduler.dice.randrange(CUT_MS_MAX)
        self._world.scheduler.after(lasts, f"link of {name} mended", lambda: self._world.network.mend(name))

    def _wipe_broker(self) -> None:
        self._world.scheduler.fault("broker wiped", "")
        self._world.network.wipe_broker()
        lasts = self._world.scheduler.dice.randrange(BROKER_DOWN_MS_MAX)
        self._world.scheduler.after(lasts, "broker starts", self._world.network.start_broker)

    def _crash(self, death: Death) -> None:
        machine = self._world.scheduler.dice.choice([*sorted(self._devices), "hub", "hub"])
        target = self._hub if machine == "hub" else self._devices[machine]
        if not target.power.alive or target.power.lit:
            return
        target.power.light(self._world.scheduler.dice.randint(1, FUSE_OPERATIONS_MAX), death)
        self._world.scheduler.fault("program killed" if death == "kill" else "power cut", machine)
        self._world.scheduler.after(
            self._world.scheduler.dice.randrange(FUSE_MS_MAX),
            f"fuse of {machine}",
            lambda: target.die(death) if target.power.alive and target.power.lit else None,
        )

    def _fill(self) -> None:
        scheduler = self._world.scheduler
        machine = scheduler.dice.choice([*sorted(self._devices), "hub"])
        target = self._hub if machine == "hub" else self._devices[machine]
        hard = machine == "hub" or scheduler.chance(1 / 2)
        scheduler.fault("disk full" if hard else "disk scarce", machine)
        if hard:
            target.disk.full = target.files.full = True
        else:
            target.files.scarce = True

        def roomy() -> None:
            target.disk.full = target.files.full = target.files.scarce = False

        scheduler.after(scheduler.dice.randrange(FULL_MS_MAX), f"room at {machine}", roomy)

    def _jump(self) -> None:
        scheduler = self._world.scheduler
        if scheduler.chance(1 / 4):
            self._hub.offset_ms = scheduler.dice.randint(-HUB_JUMP_MS_MAX, HUB_JUMP_MS_MAX)
            scheduler.fault("clock jump", f"hub {self._hub.offset_ms}")
            return
        device = self._some_device()
        wall = scheduler.dice.choice((YEAR_1970_MS, YEAR_2099_MS, START_MS, scheduler.now))
        scheduler.fault("clock jump", f"{device.name} to {wall}")
        device.clock.set_wall(wall)

    def _change_weather(self) -> None:
        dice = self._world.scheduler.dice
        bad = dice.choice((0.0, 0.02, 0.1, 0.3))
        shares = {name: dice.choice((0.0, bad)) for name in ("lost", "doubled", "turned_round", "delayed")}
        self._world.network.weather = Weather(
            **shares,
            acknowledged_then_lost=dice.choice((0.0, bad)),
            delay_ms_max=dice.choice((1_000, 30_000)),
            latency_ms_max=dice.choice((10, 60, 1_500)),
        )
        self._world.scheduler.fault("bad weather", f"{bad}")

    def _plan_restore(self, lasts_ms: int) -> None:
        dice = self._world.scheduler.dice
        backup_ms = dice.randrange(lasts_ms // 2)
        restore_ms = dice.randrange(backup_ms, lasts_ms)
        if self.restores == "hub":
            self._world.scheduler.after(backup_ms, "backup of hub", lambda: self._back_up_hub(restore_ms - backup_ms))
        else:
            device = self._some_device()
            self._world.scheduler.after(
                backup_ms, f"backup of {device.name}", lambda: self._back_up_device(device, restore_ms - backup_ms)
            )

    def _back_up_hub(self, later_ms: int) -> None:
        backup = _Backup(self._hub.disk.image, self._hub.files.snapshot())

        def put_back() -> None:
            if not backup.image:
                return
            self._world.scheduler.fault("store put back", "hub")
            if self._hub.power.alive:
                self._hub.die("kill")
            self.hub_was_put_back = True
            self._hub.disk.restore(backup.image)
            if self._world.scheduler.chance(1 / 2):
                self._hub.files.restore(backup.files)
            self._world.book.ledger_put_back(self._hub.disk.image)

        self._world.scheduler.after(later_ms, "restore of hub", put_back)

    def _back_up_device(self, device: SimDevice, later_ms: int) -> None:
        image = device.disk.image

        def put_back() -> None:
            self._world.scheduler.fault("store put back", device.name)
            if device.power.alive:
                device.die("kill")
            self.put_back = device.name
            device.disk.restore(image)
            self._world.book.journal_put_back(device.name, image)
            self._inspectors[device.name].give_up()

        self._world.scheduler.after(later_ms, f"restore of {device.name}", put_back)
