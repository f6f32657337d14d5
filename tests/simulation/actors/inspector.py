"""The person before a device: goes from vehicle to vehicle, takes photos, checks items; waits when it cannot be done.

After a crash the inspector looks at what the device holds and goes on from there: what was not confirmed is done again.
"""

from edge_agent import AgentError
from inspection.facts import CaseOpened
from tests.simulation.actors.device import SimDevice
from tests.simulation.actors.vehicles import Inspection, Step, passage
from tests.simulation.actors.world import World

STEP_MS_MAX = 4_000
VEHICLE_MS_MAX = 60_000
WAITS_MS = 5_000


class Inspector:
    """Works through `vehicles` on a device. cases: id of the case of each vehicle that is done, by serial."""

    def __init__(self, world: World, device: SimDevice, vehicles: list[Inspection]) -> None:
        self._world = world
        self._device = device
        self._vehicles = vehicles
        self._at = 0
        self._step = -1
        self._case = ""
        self._unsure = False
        self._passages = 0
        self.cases: dict[str, str] = {}
        device.running = self._come_back

    @property
    def done(self) -> bool:
        """Whether there is no vehicle left."""
        return self._at >= len(self._vehicles)

    def begin(self) -> None:
        """Wait for the first vehicle."""
        self._later(self._world.scheduler.dice.randrange(VEHICLE_MS_MAX))

    def give_up(self) -> None:
        """Forget the vehicles that are not done: the device was put back to an older state and knows them no more."""
        for vehicle in self._vehicles[self._at :]:
            self.cases.pop(vehicle.opened.serial, None)
        self._vehicles = self._vehicles[: self._at]
        self.cases.clear()

    def _later(self, delay_ms: int) -> None:
        self._world.scheduler.after(delay_ms, f"inspector at {self._device.name}", self._act)

    def _act(self) -> None:
        if self.done:
            return
        if not self._device.ready:
            self._unsure = True
            self._later(WAITS_MS)
            return
        before = (self._at, self._step)
        self._device.guarded(self._try)
        moved = (self._at, self._step) != before
        self._unsure = self._unsure or not moved
        dice = self._world.scheduler.dice
        between = VEHICLE_MS_MAX if self._step == -1 else STEP_MS_MAX
        self._later(dice.randrange(between) if moved else WAITS_MS)

    def _come_back(self) -> None:
        self._unsure = True

    def _try(self) -> None:
        try:
            self._do()
        except AgentError as error:
            # No room, or the disk said no: the person is told, and tries again.
            self._world.scheduler.note(f"inspector at {self._device.name} waits: {type(error).__name__}")

    def _do(self) -> None:
        vehicle = self._vehicles[self._at]
        if self._world.scheduler.chance(1 / 20):
            self._passages += 1
            self._device.record(passage(self._passages).fact)
        if self._step == -1:
            self._case = self._opened_before(vehicle.opened) or self._device.record(vehicle.opened).entry.case
            self._step = 0
        elif self._step < len(vehicle.steps):
            self._record(vehicle.steps[self._step])
            self._step += 1
        else:
            self.cases[vehicle.opened.serial] = self._case
            self._at, self._step, self._case = self._at + 1, -1, ""
        self._unsure = False

    def _opened_before(self, opened: CaseOpened) -> str:
        if not self._unsure:
            return ""
        found = [it.entry.case for it in self._device.journal.openings() if it.entry.fact == opened]
        return found[-1] if found else ""

    def _record(self, step: Step) -> None:
        if self._unsure and step.fact in [it.entry.fact for it in self._device.journal.of_case(self._case)]:
            return
        if step.photo:
            self._device.vault.put(step.photo)
        self._device.record(step.fact, self._case)
