"""One schedule from one seed: machines, vehicles, faults for a while; then everything heals and must drain."""

from collections import Counter
from dataclasses import dataclass
from time import process_time

from msgspec.structs import replace

from firmware_profiles.files import shipped_profile
from firmware_profiles.parsing import parse_profile
from firmware_profiles.schema import Profile
from tests.simulation.actors.device import SimDevice
from tests.simulation.actors.hub import SimHub, receiver
from tests.simulation.actors.inspector import Inspector
from tests.simulation.actors.vehicles import inspections
from tests.simulation.actors.world import HUB_KEY, World
from tests.simulation.checking.book import Book, BrokenInvariantError
from tests.simulation.checking.ending import Ending
from tests.simulation.faults import Faults
from tests.simulation.machines.network import Network
from tests.simulation.machines.scheduler import START_MS, Scheduler
from tests.simulation.mutants import Mutant
from tests.simulation.stand_ins import KEYLESS, LOWERED, simulated

FAULTS_MS = 300_000
DRAIN_MS_MAX = 2 * 3_600_000
LOOK_MS = 5_000
_PROFILE = parse_profile(shipped_profile("pda-basic").decode())


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What came of a schedule. broken: name of the invariant, empty when all held; text: what it said.

    counts: faults by kind. trace: hash over every line of the trace. seconds: of this machine's processor.
    """

    seed: int
    mutant: Mutant
    broken: str
    text: str
    trace: str
    steps: int
    facts: int
    checks: int
    operations: int
    virtual_ms: int
    drain_ms: int
    seconds: float
    counts: Counter[str]
    lines: list[str] | None


class Schedule:
    """A world made from a seed."""

    def __init__(self, seed: int, mutant: Mutant = "", *, keeps_lines: bool = False) -> None:
        self.seed = seed
        self.mutant = mutant
        scheduler = self.scheduler = Scheduler(seed, keeps_lines=keeps_lines)
        dice = scheduler.dice
        names = [f"lane-{number}" for number in range(1, dice.randint(2, 3) + 1)]
        self.world = World(
            scheduler=scheduler,
            network=Network(scheduler, receiver),
            book=Book(HUB_KEY.public),
            profile=_profile(days=0),
            mutant=mutant,
        )
        self.hub = SimHub(self.world, names)
        self.devices = {name: SimDevice(self.world, name, self.hub) for name in names}
        self.vehicles = {name: list(inspections(name, dice.randint(1, 2), dice)) for name in names}
        self.inspectors = {name: Inspector(self.world, self.devices[name], self.vehicles[name]) for name in names}
        self.faults = Faults(self.world, self.hub, self.devices, self.inspectors)
        if self.faults.restores:
            # Whoever may have to send again has to have kept it.
            self.world.profile = _profile(days=30)
        self.drain_ms = 0

    def run(self) -> Result:
        """Run it to its end, and return what came of it."""
        began = process_time()
        broken, text = "", ""
        with simulated(self.mutant):
            try:
                self._run()
            except BrokenInvariantError as error:
                broken, text = error.name, str(error)
        machines: list[SimHub | SimDevice] = [self.hub, *self.devices.values()]
        self.scheduler.counts["torn file"] += sum(machine.files.torn for machine in machines)
        self.scheduler.counts["died between two writes"] += sum(machine.power.cut_short for machine in machines)
        return Result(
            seed=self.seed,
            mutant=self.mutant,
            broken=broken,
            text=text,
            trace=self.scheduler.trace,
            steps=self.scheduler.steps,
            facts=sum(len(book.facts) for book in self.world.book.devices.values()),
            checks=self.world.book.checks,
            operations=sum(machine.power.operations for machine in machines),
            virtual_ms=self.scheduler.now - START_MS,
            drain_ms=self.drain_ms,
            seconds=process_time() - began,
            counts=self.scheduler.counts,
            lines=self.scheduler.lines,
        )

    def _run(self) -> None:
        self._break()
        for device in self.devices.values():
            device.install()
        self.hub.start()
        for device in self.devices.values():
            device.start()
        for inspector in self.inspectors.values():
            inspector.begin()
        self.faults.begin(FAULTS_MS)
        self.scheduler.run(START_MS + FAULTS_MS)
        self.faults.heal()
        healed = self.scheduler.now
        ending = Ending(self.world, self.hub, self.devices, self.inspectors, self.faults, self.vehicles)
        while not ending.drained() and self.scheduler.now < healed + DRAIN_MS_MAX:
            self.scheduler.run(self.scheduler.now + LOOK_MS)
        self.drain_ms = self.scheduler.now - healed
        ending.check()

    def _break(self) -> None:
        if self.mutant == "device drops the fsync":
            for device in self.devices.values():
                device.disk.rewrites = LOWERED
        elif self.mutant == "hub drops the fsync":
            self.hub.disk.rewrites = LOWERED
        elif self.mutant == "no unique key":
            self.hub.disk.rewrites = KEYLESS


def _profile(*, days: int) -> Profile:
    limits = replace(_PROFILE.limits, batch_facts_max=8, upload_chunk_bytes=200)
    upload = replace(_PROFILE.upload, bytes_per_second_max=None, retry_seconds_min=1, retry_seconds_max=20)
    retention = replace(_PROFILE.retention, receipted_photo_days_min=days, receipted_fact_days_min=days)
    return replace(_PROFILE, limits=limits, upload=upload, retention=retention)
