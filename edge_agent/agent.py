"""The door (边缘代理入口): what a lane controller or a handheld does with a device, and nothing else of this room is.

Knows the order in which things happen: a photo is checked, kept in the vault, read, and journalled before anybody is
told. What the facts add up to is `inspection`'s, how they travel is `forwarding`'s.
"""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

from edge_agent import AgentError, retention
from edge_agent.clock import Clock, Moment
from edge_agent.home import Home
from edge_agent.journal import Counts, Journal, ShownRefusal
from edge_agent.sending.events import Deliver
from edge_agent.sending.forwarding import Forwarding, ForwardingStatus, Route
from edge_agent.sending.link import AnyLink, MqttLink, broker_of
from edge_agent.sending.upload import target_of
from edge_agent.vault import Vault, VaultFullError
from edge_agent.wanted.duties import Duty, Report
from firmware_profiles.files import LoadedProfile
from firmware_profiles.schema import Profile
from inspection.case import Case, fold
from inspection.checklist import Requirement, required_for
from inspection.directives import StickerDenied, StickerGranted
from inspection.evidence import VideoRef, VinFinding, checked_video
from inspection.facts import (
    AnyFact,
    CaseAbandoned,
    CaseOpened,
    DeviceStarted,
    InspectionConcluded,
    ItemChecked,
    Mark,
    Outcome,
    PassageNoted,
    PhotoRefused,
    PhotoTaken,
    ReadingCorrected,
    VideoReferenced,
)
from inspection.identities import case_device
from inspection.vin import parse_vin
from inspection.wire import Recorded
from models.photo import Photo, PhotoError, PhotoLimits, open_photo

STOP_SECONDS_MAX = 10.0
INTERRUPTED_CASES_MAX = 20

REASON_RESTARTED = "restarted"
_TRIAL_PIXELS = 256

_REFUSALS_ZH = {
    "photo.empty": "照片文件为空，请重拍。",
    "photo.not_an_image": "文件不是 JPEG 或 PNG 照片，或内容无法读取，请重拍。",
    "photo.format": "不支持这种照片格式，请把相机设为 JPEG 后重拍。",
    "photo.truncated": "照片不完整，请重拍。",
    "photo.too_large": "照片文件过大，请降低分辨率后重拍。",
    "photo.too_many_pixels": "照片像素过多，请降低分辨率后重拍。",
}


class PhotoRefusalError(AgentError):
    """A picture that cannot be used; the refusal is a fact already.

    code: why, e.g. "photo.empty". zh, en: one sentence for the screen.
    """

    def __init__(self, code: str, *, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.code = code
        self.zh = zh
        self.en = en


class CaseError(AgentError):
    """Something that cannot be done with this case: it is not one of this device, it has ended, or it is full."""


class Reader(Protocol):
    """What reads a VIN (车辆识别代号) off a photo; `models.vin.VinReader` does."""

    def read(self, photo: Photo) -> VinFinding:
        """Return what stands on the photo; a photo without a VIN is a finding too."""


class AgentStatus(NamedTuple):
    """How the device stands. refusals: what the hub did not take, and why. room: on the disk of the vault."""

    device: str
    profile: str
    counts: Counts
    refusals: list[ShownRefusal]
    forwarding: ForwardingStatus
    room: retention.Room


class _Decided(NamedTuple):
    directive: StickerGranted | StickerDenied
    fact: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Equipment:
    """What an agent is opened with beside its home. software: version of the program. link: None is the broker's."""

    profile: LoadedProfile
    reader: Reader
    software: str
    clock: Clock
    link: Callable[[Deliver], AnyLink] | None = None
    chance: Callable[[], float] = random.random


class Agent:
    """One device at work. All methods may be called from any thread; what they return is on the disk.

    device, station: its names. profile: as it is in force here. profile_reference: how facts name the profile.

    Raises AgentError when the home's journal or vault cannot be used, ProfileError when its addresses are not allowed.
    """

    def __init__(self, home: Home, equipment: Equipment) -> None:
        profile = equipment.profile.profile.with_addresses(home.addresses())
        limits = profile.limits
        self.profile = profile
        self.device = home.device
        self.station = home.enrolment.station
        self.profile_reference = equipment.profile.reference
        self._reader = equipment.reader
        self._reading = threading.Lock()
        self._clock = equipment.clock
        self._photo_limits = PhotoLimits(
            photo_bytes_max=limits.photo_bytes_max, photo_pixels_max=limits.photo_pixels_max
        )
        self._vault = Vault(home.vault_path, free_bytes_min=limits.vault_free_bytes_min)
        self._journal = Journal(home.journal_path, home.device, free_bytes_min=limits.journal_free_bytes_min)
        self._forwarding = Forwarding(_route(home, equipment, profile, journal=self._journal, vault=self._vault))
        self._record(DeviceStarted(profile=self.profile_reference, software=equipment.software))

    def start(self) -> None:
        """Begin to forward, in the background."""
        self._forwarding.start()

    def close(self) -> None:
        """Stop forwarding and close the journal; what is not receipted waits in it."""
        self._forwarding.stop(STOP_SECONDS_MAX)
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open_case(self, opened: CaseOpened) -> str:
        """Record that a vehicle stands before the device, and return the id of its case."""
        return self._record(opened).entry.case

    def required(self, case: str) -> Requirement:
        """Return the items and photos that this case needs. Raises CaseError."""
        return required_for(self._opened(self.case(case)))

    def case(self, case: str) -> Case:
        """Return what this device's own facts about the case add up to."""
        return fold(case, [record.entry for record in self._journal.of_case(case)])

    def take_photo(self, case: str, kind: str, data: bytes, *, replaces: str = "") -> PhotoTaken:
        """Keep a photo (照片) of the case and return the fact, with the reading where it shows the VIN.

        kind: photo code. replaces: digest of the photo that this one is a retake of, empty if none.
        The same bytes for the same kind again give the fact that is there already.
        Raises PhotoRefusalError, CaseError, VaultFullError, VaultError or JournalError; after a refusal or a full
        vault the photo was not taken, after any other error it may be sent again.
        """
        state = self._current(case, kind=kind)
        photo = self._checked(case, kind, data)
        for taken in state.all_photos:
            if (taken.kind, taken.photo.digest, taken.replaces) == (kind, photo.digest, replaces):
                return taken
        if len(state.all_photos) >= self.profile.limits.case_photos_max:
            raise CaseError(f"a case has at most {self.profile.limits.case_photos_max} photos")
        if replaces and replaces not in {taken.photo.digest for taken in state.all_photos}:
            raise CaseError("the photo that this one replaces is not one of this case")
        self._put(case, kind, data)
        finding = self._finding(photo) if self._role(state, kind) == "vin" else None
        fact = PhotoTaken(kind=kind, photo=photo.ref(), vin=finding, replaces=replaces)
        self._record(fact, case)
        return fact

    def refuse_photo(self, case: str, kind: str, *, code: str, detail: str) -> PhotoRefused:
        """Record that a shot gave no usable picture, e.g. a camera that did not answer. Raises CaseError."""
        self._current(case)
        fact = PhotoRefused(kind=kind, code=code, detail=detail)
        self._record(fact, case)
        return fact

    def check_item(self, case: str, item: str, mark: Mark, *, value: str = "", remark: str = "") -> ItemChecked:
        """Record that an item of the form (查验/检验项目) was checked. Raises CaseError."""
        fact = ItemChecked(item=item, mark=mark, value=value, remark=remark)
        self.check_items(case, (fact,))
        return fact

    def check_items(self, case: str, items: Sequence[ItemChecked]) -> None:
        """Record that these items of the form were checked, all or none, in one commit. Raises CaseError."""
        for item in items or (None,):
            self._current(case, item=item.item if item else "")
        self._journal.record_all(items, self._now(), case=case)
        self._forwarding.nudge()

    def correct_reading(self, case: str, photo: str, corrected: str, *, by: str, reason: str) -> ReadingCorrected:
        """Record what a person read on a photo (digest), the same as the model or not.

        corrected: a VIN as it has to be written, or the registered number letter for letter where that is no VIN
        (整车出厂编号). Raises VinError saying what is wrong with it, or CaseError.
        """
        state = self._current(case)
        if corrected != self._opened(state).vehicle.vin:
            parse_vin(corrected)
        findings = [taken.vin for taken in state.all_photos if taken.photo.digest == photo]
        if not findings:
            raise CaseError("that photo is not one of this case")
        read = findings[-1].vin if findings[-1] is not None else ""
        fact = ReadingCorrected(photo=photo, read=read, corrected=corrected, by=by, reason=reason)
        self._record(fact, case)
        return fact

    def reference_video(self, case: str, *, recorder: str, channel: str, missing: str = "") -> VideoReferenced:
        """Record where the footage (视频) of this case is, from its opening until now, or why there is none.

        Raises CaseError, or EvidenceError when the device's clock was set back meanwhile.
        """
        self._current(case)
        start = self._journal.of_case(case)[0].entry.wall
        video = VideoRef(recorder=recorder, channel=channel, start=start, end=self._clock.wall_ms(), missing=missing)
        fact = VideoReferenced(video=checked_video(video))
        self._record(fact, case)
        return fact

    def conclude(self, case: str, outcome: Outcome, *, by: str, remark: str = "") -> InspectionConcluded:
        """Record the inspector's verdict; nothing can be added to the case after it. Raises CaseError."""
        self._current(case)
        fact = InspectionConcluded(outcome=outcome, by=by, remark=remark)
        self._record(fact, case)
        return fact

    def abandon(self, case: str, reason: str) -> CaseAbandoned:
        """Record that the inspection ended without a verdict, e.g. the vehicle drove off. Raises CaseError."""
        self._current(case)
        fact = CaseAbandoned(reason=reason)
        self._record(fact, case)
        return fact

    def concluded_case(self, serial: str, attempt: int) -> str:
        """Return the case in which this device concluded that inspection, or nothing: it must not be done twice."""
        for record in self._journal.openings():
            fact = record.entry.fact
            same = isinstance(fact, CaseOpened) and (fact.serial, fact.attempt) == (serial, attempt)
            if same and self.case(record.entry.case).concluded is not None:
                return record.entry.case
        return ""

    def abandon_interrupted(self) -> None:
        """Abandon what a crash cut short, where nobody goes on with it; the attempt stays a record.

        Looks at the newest INTERRUPTED_CASES_MAX cases: a device leads few vehicles at a time.
        """
        for record in self._journal.openings()[-INTERRUPTED_CASES_MAX:]:
            state = self.case(record.entry.case)
            if state.concluded is None and state.abandoned is None:
                self.abandon(state.case, REASON_RESTARTED)

    def duties(self) -> list[Duty]:
        """Return what the hub wants done at this station and is not done yet (待办), oldest first."""
        return self._journal.duties()

    def report(self, case: str, fact: Report) -> None:
        """Record what a person here says about a case that has ended: taken back, vehicle returned, sticker printed.

        The hub answers it: a report changes nothing by itself. Raises CaseError for a case that is not of this device.
        """
        self._opened(self.case(case))
        self._record(fact, case)

    def note_passage(self, lane: str, reason: str) -> PassageNoted:
        """Record that a vehicle went through without a case."""
        fact = PassageNoted(lane=lane, reason=reason)
        self._record(fact)
        return fact

    def decision(self, case: str) -> StickerGranted | StickerDenied | None:
        """Return the hub's newest decision about the case that is committed here, None when there is none."""
        settled = self._decisions(case)
        return settled[-1].directive if settled else None

    def wait_for_decision(self, case: str, timeout_seconds: float) -> StickerGranted | StickerDenied | None:
        """Return the hub's decision as soon as it is committed here, None when it is not within that time."""
        until = self._clock.seconds() + timeout_seconds
        self._journal.wait_until(lambda: self.decision(case) is not None, lambda: until - self._clock.seconds())
        return self.decision(case)

    def wait_until_receipted(self, timeout_seconds: float) -> bool:
        """Say whether the hub has all that is in the journal now, photos included, waited for at most so long."""
        until, newest = self._clock.seconds() + timeout_seconds, self._journal.newest

        def all_there() -> bool:
            return self._journal.receipted >= newest and not self._journal.counts().photos_waiting

        return self._journal.wait_until(all_there, lambda: until - self._clock.seconds())

    def seconds_photo_to_decision(self, case: str) -> float | None:
        """Return the seconds from the last photo of a case to the first decision committed here.

        By the monotonic clock; None when there is no decision, no photo, or the device was started anew between.
        """
        photos = [record.entry for record in self._journal.of_case(case) if isinstance(record.entry.fact, PhotoTaken)]
        settled = self._decisions(case)
        decided = self._journal.fact(settled[0].fact) if settled else None
        if not photos or decided is None or decided.entry.boot != photos[-1].boot:
            return None
        return (decided.entry.mono - photos[-1].mono) / 1000

    def status(self) -> AgentStatus:
        """Return how the device stands: what waits, what was refused, whether there is a connection, what is wrong."""
        journal = self._journal
        forwarding = self._forwarding.status()
        room = retention.room(self._vault.free_bytes, self.profile.limits)
        return AgentStatus(self.device, self.profile_reference, journal.counts(), journal.refusals(), forwarding, room)

    def _record(self, fact: AnyFact, case: str = "") -> Recorded:
        recorded = self._journal.record(fact, self._now(), case=case)
        self._forwarding.nudge()
        return recorded

    def _now(self) -> Moment:
        return self._clock.now()

    def _decisions(self, case: str) -> list[_Decided]:
        found = [(settled.numbered.directive, settled.seq) for settled in self._journal.directives_for(case)]
        return [_Decided(it, seq) for it, seq in found if isinstance(it, StickerGranted | StickerDenied)]

    def _current(self, case: str, *, kind: str = "", item: str = "") -> Case:
        """Return the case as it stands; raises CaseError unless something can still be added to it.

        kind, item: what is to be added; after the end only what the hub wants again.
        """
        state = self.case(case)
        self._opened(state)
        if state.concluded is None and state.abandoned is None:
            return state
        if not any(duty.case == case and duty.wants(kind=kind, item=item) for duty in self.duties()):
            raise CaseError(f"case {case} has ended; a vehicle that comes again opens a new one")
        return state

    def _opened(self, state: Case) -> CaseOpened:
        if state.opened is None or case_device(state.case) != self.device:
            raise CaseError(f"case {state.case} was not opened by {self.device}")
        return state.opened

    def _role(self, state: Case, kind: str) -> str:
        roles = {photo.code: photo.role for photo in required_for(self._opened(state)).photos}
        return roles.get(kind, "")

    def _checked(self, case: str, kind: str, data: bytes) -> Photo:
        try:
            photo = open_photo(data, self._photo_limits)
            # A container can be whole around content that is not; only decoding shows that.
            photo.pixels(_TRIAL_PIXELS)
        except PhotoError as error:
            self._record(PhotoRefused(kind=kind, code=error.code, detail=str(error)), case)
            zh = _REFUSALS_ZH.get(error.code, "照片不能使用，请重拍。")
            raise PhotoRefusalError(error.code, zh=zh, en=str(error)) from error
        return photo

    def _put(self, case: str, kind: str, data: bytes) -> None:
        try:
            self._vault.put(data)
        except VaultFullError as error:
            self._record(PhotoRefused(kind=kind, code="vault.full", detail=str(error)), case)
            raise

    def _finding(self, photo: Photo) -> VinFinding:
        # A network's session answers one caller at a time.
        with self._reading:
            return self._reader.read(photo)


def _route(home: Home, equipment: Equipment, profile: Profile, *, journal: Journal, vault: Vault) -> Route:
    broker = broker_of(home, profile)
    return Route(
        journal=journal,
        vault=vault,
        profile=profile,
        target=target_of(home, profile),
        link=equipment.link or (lambda deliver: MqttLink(broker, home.device, deliver)),
        clock=equipment.clock,
        chance=equipment.chance,
    )
