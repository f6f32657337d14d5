"""A lane over a real device in a temporary folder: orders are written; reader and hub say what they are told."""

from pathlib import Path

import msgspec

from edge_agent.agent import Agent, Equipment
from edge_agent.orders import Order, load_order
from edge_agent.sending.events import Deliver
from edge_agent.visits import VisitResult
from firmware_profiles.files import LoadedProfile, shipped_profile
from firmware_profiles.parsing import parse_profile
from firmware_profiles.schema import Profile
from inspection.case import Case
from inspection.checklist import required_for
from inspection.directives import AnyDirective, StickerGranted
from inspection.evidence import VinFinding
from inspection.facts import AnyFact, InspectionConcluded
from inspection.wire import Recorded
from lane_controller.drivers import Drivers
from lane_controller.leading import Lane
from lane_controller.simulated import SimulatedVehicle
from models.photo import Photo
from tests.edge_agent.stand_ins.fakes import VIN, FakeHub, FakeLink, HandClock, SayingReader, jpeg, make_home, opened

PHOTOS = tuple(photo.code for photo in required_for(opened()).photos)
VIN_PHOTO = "0113"
IDENTITY_PHOTOS = ("L45", "R45", "VIN", "SIGN")


class LaneClock(HandClock):
    """A clock that a waiting lane moves on; with `look_seconds` a look at it does, so that waiting takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self.look_seconds = 0.0

    def seconds(self) -> float:
        self.advance(self.look_seconds)
        return super().seconds()

    def advance(self, seconds: float) -> None:
        self.elapsed_ms += round(seconds * 1000)


class DoubtingReader(SayingReader):
    """Is in doubt about as many of the next photos as `doubts` says."""

    def __init__(self) -> None:
        super().__init__()
        self.doubts = 0

    def read(self, photo: Photo) -> VinFinding:
        self.accepted = self.doubts == 0
        self.doubts = max(0, self.doubts - 1)
        return super().read(photo)


def roomy_lane(**limits: int) -> Profile:
    """The shipped profile of a lane box, on whatever disk the tests run."""
    profile = parse_profile(shipped_profile("lane-box-basic").decode())
    room = {"vault_free_bytes_min": 0, "journal_free_bytes_min": 0, **limits}
    return msgspec.structs.replace(profile, limits=msgspec.structs.replace(profile.limits, **room))


def without_camera(role: str) -> Profile:
    profile = roomy_lane()
    return msgspec.structs.replace(profile, shots=tuple(shot for shot in profile.shots if shot.role != role))


def grant(record: Recorded) -> AnyDirective | None:
    if isinstance(record.entry.fact, InspectionConcluded):
        return StickerGranted(case=record.entry.case, number="S1", payload="ABC")
    return None


class Bench:
    """A lane, its device, and the vehicles that came. Without `answering_hub` nobody answers, and time flies."""

    def __init__(self, folder: Path, profile: Profile | None = None) -> None:
        self.folder = folder
        self.clock = LaneClock()
        self.clock.look_seconds = 0.5
        self.reader = DoubtingReader()
        self.hub = FakeHub()
        equipment = Equipment(
            profile=LoadedProfile(profile or roomy_lane(), "lane-box-basic@1:0123456789abcdef"),
            reader=self.reader,
            software="0.1.0",
            clock=self.clock,
            link=self._link,
            chance=lambda: 0.0,
        )
        self.agent = Agent(make_home(folder), equipment)
        self.lane = Lane(self.agent, now=self.clock.seconds)
        self.count = 0

    def _link(self, deliver: Deliver) -> FakeLink:
        return FakeLink(self.hub, deliver)

    def answering_hub(self) -> None:
        self.clock.look_seconds = 0.0
        self.hub.on_fact = grant
        self.agent.start()

    def order(self, keys: str = "", *, regime: str = "jianyan", items: str = "", photos: tuple[str, ...] = ()) -> Order:
        self.count += 1
        folder = self.folder / "orders" / f"{self.count:02d}-car"
        folder.mkdir(parents=True)
        text = f"""
regime = "{regime}"
serial = "T-{self.count:04d}"
inspector = "inspector-1"
inspection_kind = "01"
business = "1"
lane = "1"
{keys}
[vehicle]
vin = "{VIN}"
plate = "粤Z0000港"
vehicle_class = "K33"
use = "A"
[items]
{items}
[video]
recorder = "34020000001180000001"
channel = "34020000001320000001"
"""
        (folder / "order.toml").write_text(text, encoding="utf-8")
        for seed, code in enumerate(photos or PHOTOS):
            (folder / f"{code}.jpg").write_bytes(jpeg(100 * self.count + seed))
        return load_order(folder)

    def vehicle(self, order: Order) -> SimulatedVehicle:
        return SimulatedVehicle(
            order, station=self.agent.station, profile=self.agent.profile_reference, pause=self.clock.advance
        )

    def lead(self, order: Order, vehicle: Drivers | None = None) -> VisitResult:
        return self.lane.lead(vehicle or self.vehicle(order)).result(order.name)

    def case(self, result: VisitResult) -> Case:
        return self.agent.case(result.case)

    def facts(self) -> list[AnyFact]:
        last = self.agent.status().counts.newest
        found = (self.agent._journal.fact(number) for number in range(1, last + 1))
        return [record.entry.fact for record in found if record is not None]

    def newest_case(self) -> str:
        last = self.agent.status().counts.newest
        record = self.agent._journal.fact(last)
        assert record is not None
        return record.entry.case

    def mark(self, result: VisitResult, item: str) -> str:
        [checked] = [item_.mark for item_ in self.case(result).items if item_.item == item]
        return checked

    def led_normally(self) -> None:
        """Lead a vehicle that is in order, and say that nothing is left of the one before it."""
        self.reader.vin, self.reader.doubts = VIN, 0
        order = self.order()
        vehicle = self.vehicle(order)
        result = self.lead(order, vehicle)
        case = self.case(result)
        assert (result.outcome, result.comparison, result.refused_photos) == ("pass", "matches", 0)
        assert {photo.kind for photo in case.photos} == set(PHOTOS)
        assert vehicle.shown[0] == "identifying"
        assert vehicle.shown[-1] == "lane_free"
        assert len(case.items) == len(required_for(opened()).items)
        assert (self.lane._state.phase, self.lane._state.suspected) == ("waiting", None)
