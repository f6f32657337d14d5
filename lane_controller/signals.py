"""The words of a lane: what its drivers report (events), what it orders (actions), what it remembers (state).

It knows shapes and the ranges of settings. What follows from what is in `sequence`; who carries an action out, and who
reads sensors and the clock, is left to the drivers and the assembly.

Every event carries `now`, seconds of the box's monotonic clock. A case (一车一档) is an opaque id here: who and what it
is about, the lane's sequence never learns. What belongs to one vehicle carries its case, or its passage before there
is a case, so that an answer that comes late cannot be taken for the next vehicle's.
"""

from typing import Literal

from msgspec import Struct

from lane_controller import LaneError

Phase = Literal["waiting", "arrived", "identified", "shooting", "checking", "concluding", "leaving", "faulted"]
Outcome = Literal["passed", "failed", "pending"]
FaultCode = Literal["sensor_broken", "presence_stuck", "exit_blocked", "arrival_missed"]
CutShortReason = Literal["drove_off", "sensor_fault", "presence_stuck"]
AbandonReason = CutShortReason | Literal["not_recorded", "checks_overdue"]
PassageReason = CutShortReason | Literal["unidentified"]
MessageCode = Literal[
    "lane_free",
    "lane_closed",
    "identifying",
    "identify_by_hand",
    "unidentified",
    "hold_still",
    "photograph_by_hand",
    "checks",
    "awaiting_verdict",
    "verdict_passed",
    "verdict_failed",
    "verdict_pending",
    "not_recorded",
    "checks_overdue",
    "call_staff",
]


class VehicleArrived(Struct, frozen=True):
    """A vehicle stands at the entry. Drivers may repeat it as long as it stands there."""

    now: float


class VehicleIdentified(Struct, frozen=True):
    """The vehicle of a passage is known.

    case: an id minted for this passage and no other. roles: the photos that its business needs, in order.
    """

    now: float
    passage: int
    case: str
    roles: tuple[str, ...]


class CaseOpened(Struct, frozen=True):
    """That the case was opened has been committed to the journal."""

    now: float
    case: str


class ShotTaken(Struct, frozen=True):
    """A photo has been taken, by the lane or by a person.

    attempt: as in TakeShot; 0 for a person's. accepted: whether it can be used as it is.
    """

    now: float
    case: str
    role: str
    attempt: int
    accepted: bool


class ShotRefused(Struct, frozen=True):
    """No photo could be taken. attempt: as in TakeShot, or 0 when a person says that it cannot be done."""

    now: float
    case: str
    role: str
    attempt: int
    reason: str


class ItemsChecked(Struct, frozen=True):
    """The items that people check (人工查验项目) are all answered."""

    now: float
    case: str


class Verdict(Struct, frozen=True):
    """The hub has answered a concluded case."""

    now: float
    case: str
    outcome: Outcome


class VehicleLeft(Struct, frozen=True):
    """The lane is empty: the exit saw the vehicle go, or a person says so. Sent once; drivers debounce it."""

    now: float


class SensorFault(Struct, frozen=True):
    """A sensor that says where vehicles are (光电, 地感) is broken, or works again. Cameras refuse shots instead."""

    now: float
    sensor: str
    broken: bool


class Tick(Struct, frozen=True):
    """Time has passed; about once a second."""

    now: float


Event = (
    VehicleArrived
    | VehicleIdentified
    | CaseOpened
    | ShotTaken
    | ShotRefused
    | ItemsChecked
    | Verdict
    | VehicleLeft
    | SensorFault
    | Tick
)


class Identify(Struct, frozen=True):
    """Find out which vehicle this is. passage: from 1, counts the arrivals; the answer repeats it."""

    passage: int


class AskIdentity(Struct, frozen=True):
    """Ask a person which vehicle this is."""

    passage: int


class NotePassage(Struct, frozen=True):
    """Record that a vehicle went through without a case."""

    passage: int
    reason: PassageReason


class OpenCase(Struct, frozen=True):
    """Record that a case begins, and answer with CaseOpened once that is committed."""

    case: str


class TakeShot(Struct, frozen=True):
    """Take a photo. attempt: from 1."""

    case: str
    role: str
    attempt: int


class AskShot(Struct, frozen=True):
    """Ask a person to take a photo that the lane could not take."""

    case: str
    role: str


class Withhold(Struct, frozen=True):
    """Record that a photo is not there, and why. The case goes on without it; the rules judge what that means."""

    case: str
    role: str
    reason: str


class AskChecks(Struct, frozen=True):
    """Ask for the items that people check. withheld: the photos that are not there."""

    case: str
    withheld: tuple[str, ...]


class Conclude(Struct, frozen=True):
    """Record that the lane's part of a case is done. The last word on a case, unless it is Abandon."""

    case: str


class Abandon(Struct, frozen=True):
    """Record that a case ends unfinished (中止). It stays a record. The last word on a case, unless it is Conclude."""

    case: str
    reason: AbandonReason


class Show(Struct, frozen=True):
    """Show a message to the driver of the vehicle; the screen has the text."""

    message: MessageCode


class RaiseFault(Struct, frozen=True):
    """Tell staff that something is wrong. sensor: which, or empty."""

    fault: FaultCode
    sensor: str = ""


class ClearFault(Struct, frozen=True):
    """Tell staff that it is over."""

    fault: FaultCode
    sensor: str = ""


class OpenBarrier(Struct, frozen=True):
    """Open the exit barrier. It closes by its own loop: that nobody is hit is the barrier's affair, not software's."""


Action = (
    Identify
    | AskIdentity
    | NotePassage
    | OpenCase
    | TakeShot
    | AskShot
    | Withhold
    | AskChecks
    | Conclude
    | Abandon
    | Show
    | RaiseFault
    | ClearFault
    | OpenBarrier
)


class State(Struct, frozen=True, kw_only=True):
    """What a lane remembers between two events.

    since, arrived_at: seconds of the monotonic clock, when the present wait and the passage began. passage: arrivals
    so far. case: the vehicle's, empty before and after. pending: photos still to take, the present one first.
    attempt: of the present photo. asked: a person was asked to help. withheld: photos that are not there.
    broken: sensors. suspected: what the lane itself found wrong.
    """

    phase: Phase = "waiting"
    since: float = 0.0
    arrived_at: float = 0.0
    passage: int = 0
    case: str = ""
    pending: tuple[str, ...] = ()
    attempt: int = 0
    asked: bool = False
    withheld: tuple[str, ...] = ()
    broken: frozenset[str] = frozenset()
    suspected: FaultCode | None = None


class ShotSettings(Struct, frozen=True, kw_only=True):
    """tries_max: automatic attempts before a person is asked. seconds_max: one attempt."""

    tries_max: int
    seconds_max: int


class LaneSettings(Struct, frozen=True, kw_only=True):
    """How long a lane waits for each step (seconds, from 1), and the photos that its cameras can take, by role.

    A role that is not in `shots` is asked of a person at once. Raises LaneError when a figure is below 1.
    """

    identify_seconds_max: int
    open_seconds_max: int
    person_seconds_max: int
    check_seconds_max: int
    verdict_seconds_max: int
    leave_seconds_max: int
    presence_seconds_max: int
    shots: dict[str, ShotSettings]

    def __post_init__(self) -> None:
        figures = {name: getattr(self, name) for name in self.__struct_fields__ if name != "shots"}
        for role, shot in self.shots.items():
            figures |= {f"{role} tries_max": shot.tries_max, f"{role} seconds_max": shot.seconds_max}
        for name, figure in figures.items():
            if figure < 1:
                raise LaneError(f"{name} must be at least 1, not {figure}")
