"""Which fact is urgent, which photo goes first or is held back, and what a paid link may carry (先后次序与流量).

Decided from plain values: `photo_rows` keeps the order that follows from `turn` and `began`, `dispatching` asks the
rest. Times are monotonic seconds.
"""

from dataclasses import dataclass, replace
from enum import IntEnum

from inspection.facts import AnyFact, CaseAbandoned, InspectionConcluded
from inspection.identities import IdentityError, case_device

PHOTO_HOLDS_DOUBLE_MAX = 10
BURST_SHARE = 0.1
"""The part of an hour's bytes that may go at once; the rest comes evenly, so that no hour ever carries more."""

_HOUR_SECONDS = 3_600.0
_VIDEO = "video/"


def is_urgent(fact: AnyFact) -> bool:
    """Return whether somebody waits for what the hub makes of this fact, so that it must not wait for others to come.

    A verdict, for which a person stands before the vehicle, and the end of a case without one.
    """
    return isinstance(fact, InspectionConcluded | CaseAbandoned)


def urgent_upto(urgent: int, photo: int, *, uploading: bool) -> int:
    """Return the number of the last fact that must go at once, with all before it.

    urgent, photo: numbers of the newest urgent fact, and of the newest that announced a photo. uploading: a photo is on
    its way. Its bytes may only follow the receipt of its fact, and a sticker waits for them: that fact is gathered
    with others only while the link has another photo to carry.
    """
    return urgent if uploading else max(urgent, photo)


class Turn(IntEnum):
    """Who goes before whom; within a turn the newest case goes first, and in a case the photos as they were taken."""

    WAITED_FOR = 0
    """A photo (照片) of a case without a decision: a sticker waits for it."""
    REST = 1
    """A photo of a case that was decided or abandoned, or that another photo replaced."""
    VIDEO = 2
    """Footage (视频): large, and nobody waits for it."""
    REFUSED = 3
    """What the hub refused or the vault could not read: tried again and again, but after what may get through."""


def turn(media: str, *, waited_for: bool) -> Turn:
    """Return the turn of a photo or footage of that media type."""
    if media.startswith(_VIDEO):
        return Turn.VIDEO
    return Turn.WAITED_FOR if waited_for else Turn.REST


def began(device: str, case: str, seq: int) -> int:
    """Return when a photo's case began, as the number of a fact of this device.

    seq: of the fact that announced the photo; it serves for a case that was not opened here.
    """
    try:
        return int(case.rpartition(".")[2]) if case_device(case) == device else seq
    except IdentityError:
        return seq


@dataclass(frozen=True, slots=True)
class Hold:
    """A photo that is held back until then, after so many attempts that failed on the way; 0 when it was refused."""

    until: float
    failures: int


def hold_seconds(pause: float, failures: int, seconds_max: float) -> float:
    """Return how long one photo is held back after it failed. pause: of all photos. failures: its own before this.

    Longer than all the others wait, so that they go first: one bad photo never blocks the rest.
    """
    return min(seconds_max, pause * 2.0 ** (1 + min(failures, PHOTO_HOLDS_DOUBLE_MAX)))


@dataclass(frozen=True, slots=True)
class Budget:
    """How many bytes may still go over a link that is paid by volume, and when that was so. May be below nothing."""

    bytes_left: float
    at: float


def full_budget(bytes_per_hour_max: int, now: float) -> Budget:
    """Return the budget of a device that just started. It is not kept over a restart, which so gives one burst more."""
    return Budget(bytes_per_hour_max * BURST_SHARE, now)


def refilled(budget: Budget, bytes_per_hour_max: int, now: float) -> Budget:
    """Return the budget as it is now."""
    burst = bytes_per_hour_max * BURST_SHARE
    gained = max(0.0, now - budget.at) * _bytes_per_second(bytes_per_hour_max)
    return Budget(min(burst, budget.bytes_left + gained), now)


def may_spend_at(budget: Budget, size: int, bytes_per_hour_max: int) -> float:
    """Return from when on a photo of `size` bytes may go, `budget.at` for at once.

    One that is larger than a burst goes once the budget is full and leaves a debt: it could never go otherwise.
    """
    wanted = min(float(size), bytes_per_hour_max * BURST_SHARE)
    missing = max(0.0, wanted - budget.bytes_left)
    return budget.at + missing / _bytes_per_second(bytes_per_hour_max)


def spent(budget: Budget, size: float) -> Budget:
    """Return the budget after `size` bytes were spent; less than nothing gives back what was kept for them."""
    return replace(budget, bytes_left=budget.bytes_left - size)


def _bytes_per_second(bytes_per_hour_max: int) -> float:
    return bytes_per_hour_max * (1 - BURST_SHARE) / _HOUR_SECONDS
