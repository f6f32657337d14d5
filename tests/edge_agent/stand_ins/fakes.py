"""Stand-ins that are written by hand: a clock that is set, a reader that says what it is told, a hub in memory."""

import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import msgspec
import numpy as np

from edge_agent.agent import Agent, Equipment
from edge_agent.clock import Clock, Moment
from edge_agent.home import Enrolment, Home, create_home
from edge_agent.sending.events import Arrived, Deliver, LinkDown, LinkUp
from firmware_profiles.files import LoadedProfile, shipped_profile
from firmware_profiles.parsing import parse_profile
from firmware_profiles.schema import Profile
from inspection import wire
from inspection.directives import AnyDirective, Contact, NumberedDirective, Receipt, Refusal
from inspection.evidence import VinFinding
from inspection.facts import CaseOpened, Vehicle
from inspection.signing import CHAIN_START, SigningKey
from inspection.topics import Upward
from inspection.wire import Recorded
from models.photo import Photo

DEVICE = "pda-7"
DEVICE_KEY = SigningKey(bytes(range(32)))
HUB_KEY = SigningKey(bytes(range(32, 64)))
VIN = "LZZZ5ABC2RA000017"
OTHER_VIN = "LZZZ5ABC2RA000018"
BOOT = "0a1b2c3d"


def moment(tick: int) -> Moment:
    return Moment(wall=1_700_000_000_000 + tick, mono=tick, boot=BOOT)


class HandClock(Clock):
    """A clock that goes on by one millisecond with each look, and by as much as it is told."""

    def __init__(self) -> None:
        super().__init__(Path("there is no such file"))
        self.boot = BOOT
        self.elapsed_ms = 1_000

    def wall_ms(self) -> int:
        return 1_700_000_000_000 + self.mono_ms()

    def mono_ms(self) -> int:
        self.elapsed_ms += 1
        return self.elapsed_ms

    def seconds(self) -> float:
        return self.elapsed_ms / 1000


class SayingReader:
    """Says `vin` on every photo, with that confidence; remembers how many photos it saw."""

    def __init__(self, vin: str = VIN, *, accepted: bool = True) -> None:
        self.vin = vin
        self.accepted = accepted
        self.seen = 0

    def read(self, photo: Photo) -> VinFinding:
        self.seen += 1
        reasons = () if self.accepted else ("vin.doubtful",)
        confidence = 0.99 if self.accepted else 0.4
        return VinFinding(
            vin=self.vin, confidence=confidence, accepted=self.accepted, reasons=reasons, model=photo.media
        )


class FakeHub:
    """A hub in memory: takes batches as the real one does and answers with signed receipts and directives.

    lose: how many of the next batches vanish on the way. refuse: what it says instead of taking.
    contacts: as they came. pause_ms: what it asks for in each receipt.
    """

    def __init__(self, device: str = DEVICE) -> None:
        self.device = device
        self.records: list[Recorded] = []
        self.directives: list[AnyDirective] = []
        self.deliver: Deliver = lambda _event: None
        self.lose = 0
        self.refuse: Refusal | None = None
        self.batches = 0
        self.contacts: list[Contact] = []
        self.pause_ms = 0
        self.time = 1_700_000_000_000
        self.on_fact: Callable[[Recorded], AnyDirective | None] = lambda _record: None

    def receipt(self, *, have: int | None = None, head: bytes | None = None, refusal: Refusal | None = None) -> Receipt:
        self.time += 1
        have = len(self.records) if have is None else have
        ours = self.records[have - 1].digest if 0 < have <= len(self.records) else CHAIN_START
        head = ours if head is None else head
        return Receipt(
            device=self.device, have=have, head=head, hub_time=self.time, refusal=refusal, pause_ms=self.pause_ms
        )

    def take(self, payload: bytes) -> None:
        if self.lose > 0:
            self.lose -= 1
            return
        self.batches += 1
        batch = wire.open_batch(payload)
        wire.check_batch_signature(batch, DEVICE_KEY.public)
        refusal = self.refuse
        if refusal is None and batch.first > len(self.records) + 1:
            refusal = Refusal(code="batch.gap", text="facts are missing")
        fresh = [] if refusal else [record for record in batch.records if record.entry.seq > len(self.records)]
        self.records.extend(fresh)
        self.answer(self.receipt(refusal=refusal))
        for record in fresh:
            directive = self.on_fact(record)
            if directive is not None:
                self.direct(directive)

    def hear(self, payload: bytes) -> None:
        self.contacts.append(wire.open_contact(payload, DEVICE_KEY.public))
        self.answer(self.receipt())

    def answer(self, receipt: Receipt) -> None:
        self.deliver(Arrived("receipt", wire.seal_receipt(receipt, HUB_KEY)))

    def direct(self, directive: AnyDirective) -> None:
        self.directives.append(directive)
        numbered = NumberedDirective(device=self.device, number=len(self.directives), directive=directive)
        self.deliver(Arrived("directive", wire.seal_directive(numbered, HUB_KEY)))


class FakeLink:
    """A wire to a FakeHub, which is there when `reachable` is set."""

    def __init__(self, hub: FakeHub, deliver: Deliver) -> None:
        self.hub = hub
        self._deliver = deliver
        self.reachable = threading.Event()
        self.reachable.set()

    def start(self) -> None:
        self.hub.deliver = self._deliver
        self._deliver(LinkUp() if self.reachable.is_set() else LinkDown("not there"))

    def stop(self) -> None:
        self.hub.deliver = lambda _event: None

    def publish(self, kind: Upward, payload: bytes) -> bool:
        if not self.reachable.is_set():
            return False
        if kind == "contact":
            self.hub.hear(payload)
        else:
            self.hub.take(payload)
        return True


def jpeg(seed: int = 1) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def roomy_profile(**limits: int) -> Profile:
    """The shipped profile of a handheld, on whatever disk the tests run, with quick retries; gathers no facts."""
    profile = parse_profile(shipped_profile("pda-basic").decode())
    room = {"vault_free_bytes_min": 0, "journal_free_bytes_min": 0, **limits}
    upload = msgspec.structs.replace(
        profile.upload, retry_seconds_min=1, retry_seconds_max=2, bytes_per_second_max=None, gather_seconds_max=0.0
    )
    return msgspec.structs.replace(profile, limits=msgspec.structs.replace(profile.limits, **room), upload=upload)


def enrolment(*, http_url: str = "http://127.0.0.1:9", port: int = 9) -> Enrolment:
    return Enrolment(
        device=DEVICE,
        kind="pda",
        station="station-1",
        hub_public_key=HUB_KEY.public.hex(),
        broker_host="127.0.0.1",
        broker_port=port,
        broker_user=DEVICE,
        broker_password='a "quoted" 密码',  # noqa: S106 - invented
        broker_tls=False,
        http_url=http_url,
        profile_file="pda-basic.toml",
        profile_public_key=HUB_KEY.public.hex(),
    )


def make_home(folder: Path, *, http_url: str = "http://127.0.0.1:9", port: int = 9) -> Home:
    return create_home(folder / "home", enrolment(http_url=http_url, port=port), bytes(range(32)))


def equipment(
    hub: FakeHub, *, reader: SayingReader | None = None, profile: Profile | None = None, clock: Clock | None = None
) -> Equipment:
    return Equipment(
        profile=LoadedProfile(profile or roomy_profile(), "pda-basic@1:0123456789abcdef"),
        reader=reader or SayingReader(),
        software="0.1.0",
        clock=clock or HandClock(),
        link=lambda deliver: FakeLink(hub, deliver),
        chance=lambda: 0.0,
    )


def opened(vin: str = VIN) -> CaseOpened:
    vehicle = Vehicle(vin=vin, plate_kind="02", plate="粤Z0000港", vehicle_class="K33", use="A")
    return CaseOpened(
        regime="jianyan",
        serial="T-0001",
        vehicle=vehicle,
        station="station-1",
        inspector="inspector-1",
        inspection_kind="01",
    )


def make_agent(
    home: Home, hub: FakeHub, *, reader: SayingReader | None = None, profile: Profile | None = None
) -> Agent:
    return Agent(home, equipment(hub, reader=reader, profile=profile))
