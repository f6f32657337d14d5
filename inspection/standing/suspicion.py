"""What about a concluded inspection is suspicious (可疑): the rules as data, applied to a case and what is around it.

It sorts and decides nothing: an auditor is told, and the chain counts. Each rule is raised once for a case. Knows no
store: what has to be looked up comes in as `Around`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from inspection.case import Case
from inspection.facts import CaseOpened, Position, SuspicionRaised
from inspection.filings import AreaFiling
from inspection.standing.places import centre_of, metres_outside, way_seconds
from inspection.standing.rules import StandingRules

SECOND_MS = 1_000
CASES_NAMED_MAX = 5
"""So many other cases a suspicion names: enough to look at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """When the inspection was, as the hub estimates it, Unix milliseconds.

    seconds: from opening to verdict, by the device's monotonic clock where one boot saw both; None where nothing can be
    said. clock_error_ms: by how much the device's wall clock was off the hub's at least; jump_ms: by how much it was
    set during the inspection (over 0: forward). sure: whether the hub knows more than when it was told: else nothing is
    said about who was where at that time.
    """

    opened: int
    concluded: int
    seconds: int | None = None
    clock_error_ms: int = 0
    jump_ms: int = 0
    sure: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """Another inspection by the same inspector, with the same device or of the same vehicle. Times as in Timing."""

    case: str
    station: str
    inspector: str
    device: str
    vin: str
    opened: int
    concluded: int
    position: Position | None = None


class Reuse(NamedTuple):
    """A photo of this case that stands in another one too, with that one's vehicle and serial."""

    digest: str
    case: str
    vin: str
    serial: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What was looked up for a case. area: the filing of its area, None where none is known.

    concluded: how many others its inspector concluded within the rules' inspector_minutes before this one's verdict.
    neighbours: the newest first; those that were surely where this one was need not be among them.
    """

    timing: Timing | None = None
    concluded: int = 0
    neighbours: tuple[Neighbour, ...] = ()
    reuses: tuple[Reuse, ...] = ()
    area: AreaFiling | None = None


_Found = str | None
"""What was found, in figures that need no language; None where the rule does not apply."""


def suspicions(case: Case, around: Around, rules: StandingRules) -> tuple[SuspicionRaised, ...]:
    """Return what is newly suspicious about a concluded case, in the order of the rules; nothing before the verdict."""
    if case.opened is None or case.concluded is None:
        return ()
    said = {raised.rule for raised in case.suspicions}
    found = []
    for code, look in _RULES.items():
        if code in said or not rules.suspicions[code].on:
            continue
        detail = look(case, case.opened, around, rules)
        if detail is not None:
            found.append(raised_by(code, detail, rules))
    return tuple(found)


def raised_by(code: str, detail: str, rules: StandingRules) -> SuspicionRaised:
    """Return the fact that a rule of these rules raises."""
    return SuspicionRaised(rule=code, detail=detail, weight=rules.suspicions[code].weight, rules=rules.name)


def place_of(opened: CaseOpened, area: AreaFiling | None) -> Position | None:
    """Return where an inspection was: what the device said, else where its area was filed."""
    return opened.position or centre_of(area)


def _passed(case: Case) -> bool:
    return case.concluded is not None and case.concluded.outcome != "fail"


def _tempo(case: Case, opened: CaseOpened, around: Around, rules: StandingRules) -> _Found:
    least = rules.seconds_min(opened.regime, opened.vehicle.vehicle_class)
    seconds = around.timing.seconds if around.timing else None
    # Who finds a fault early may stop there, and a re-test (复检) repeats only what had failed.
    if seconds is None or seconds >= least or not _passed(case) or opened.attempt > 1:
        return None
    return f"{seconds} s < {least} s ({opened.regime} {opened.vehicle.vehicle_class})"


def _tempo_of_inspector(_case: Case, _opened: CaseOpened, around: Around, rules: StandingRules) -> _Found:
    if around.timing is None or not around.timing.sure:
        return None
    count, most = around.concluded + 1, rules.limits.inspector_cases_max
    return f"{count} > {most} / {rules.limits.inspector_minutes} min" if count > most else None


def _two_places(same: Callable[[Neighbour, Case, CaseOpened], bool]) -> Callable[..., _Found]:
    def look(case: Case, opened: CaseOpened, around: Around, rules: StandingRules) -> _Found:
        if around.timing is None or not around.timing.sure:
            return None
        here = place_of(opened, around.area)
        for other in around.neighbours:
            if other.case == case.case or not same(other, case, opened):
                continue
            gap = _gap_seconds(around.timing, other)
            need = _need_seconds(here, opened.station, other, rules)
            if gap < need:
                return f"{gap:.0f} s < {need:.0f} s: {opened.station}, {other.station} ({other.case})"
        return None

    return look


def _gap_seconds(timing: Timing, other: Neighbour) -> float:
    gap = max(timing.opened - other.concluded, other.opened - timing.concluded, 0)
    return gap / SECOND_MS


def _need_seconds(here: Position | None, station: str, other: Neighbour, rules: StandingRules) -> float:
    limits = rules.limits
    if here is not None and other.position is not None:
        return way_seconds(here, other.position, kmh_max=limits.way_kmh_max, metres_free=limits.way_metres_free)
    return 0.0 if station == other.station else float(limits.unknown_way_seconds)


def _same_inspector(other: Neighbour, _case: Case, opened: CaseOpened) -> bool:
    return other.inspector == opened.inspector


def _same_device(other: Neighbour, case: Case, _opened: CaseOpened) -> bool:
    return other.device == case.device


def _same_vehicle(other: Neighbour, _case: Case, opened: CaseOpened) -> bool:
    return other.vin == opened.vehicle.vin != "" and other.station != opened.station


def _outside(case: Case, opened: CaseOpened, around: Around, rules: StandingRules) -> _Found:
    area = around.area
    if area is None or not area.fenced:
        return None
    limits = rules.limits
    places = [place for place in (opened.position, *(photo.position for photo in case.photos)) if place is not None]
    furthest = max(
        (metres_outside(place, area, accuracy_metres_max=limits.accuracy_metres_max) for place in places), default=0.0
    )
    over = furthest > limits.fence_metres_over
    return f"{furthest:.0f} m > {limits.fence_metres_over:.0f} m ({area.id})" if over else None


def _clock_wrong(_case: Case, _opened: CaseOpened, around: Around, rules: StandingRules) -> _Found:
    error = around.timing.clock_error_ms / SECOND_MS if around.timing else 0.0
    most = rules.limits.clock_seconds_max
    return f"{error:+.0f} s (±{most} s)" if abs(error) > most else None


def _clock_jumped(_case: Case, _opened: CaseOpened, around: Around, rules: StandingRules) -> _Found:
    jump = around.timing.jump_ms / SECOND_MS if around.timing else 0.0
    most = rules.limits.jump_seconds_max
    return f"{jump:+.0f} s (±{most} s)" if abs(jump) > most else None


def _reused(case: Case, opened: CaseOpened, around: Around, _rules: StandingRules) -> _Found:
    # A re-test of the same vehicle under the same serial may well carry the photo of what did not change.
    others = {
        reuse.case: reuse.digest
        for reuse in around.reuses
        if reuse.case != case.case and (reuse.vin, reuse.serial) != (opened.vehicle.vin, opened.serial)
    }
    if not others:
        return None
    named = ", ".join(sorted(others)[:CASES_NAMED_MAX])
    digests = sorted(set(others.values()))
    return f"{len(digests)} ({digests[0][:12]}…): {named}"


def _vin_differs(case: Case, opened: CaseOpened, _around: Around, _rules: StandingRules) -> _Found:
    photo, registered = case.vin_photo, opened.vehicle.vin
    if photo is None or photo.vin is None or not _passed(case):
        return None
    # What the model was sure of counts although a person at the station "corrected" it to what is registered.
    sure = photo.vin.vin if photo.vin.accepted else ""
    counted = case.vin
    if counted in {"", registered} and sure in {"", registered}:
        return None
    differ = _places(sure or counted, registered) or _places(counted, registered)
    return f"{differ} ({photo.kind})"


def _places(read: str, registered: str) -> str:
    if len(read) != len(registered):
        return f"{len(read)} / {len(registered)}"
    return " ".join(f"#{at}" for at, (a, b) in enumerate(zip(read, registered, strict=True), start=1) if a != b)


def _video(case: Case, opened: CaseOpened, _around: Around, rules: StandingRules) -> _Found:
    declared = [video for video in case.videos if video.missing]
    if declared:
        return f"{len(declared)} / {len(case.videos)}"
    return "0" if not case.videos and opened.regime in rules.limits.video_regimes else None


def _called(case: Case, _opened: CaseOpened, _around: Around, rules: StandingRules) -> _Found:
    return next((call.result for call in case.calls if call.result in rules.limits.call_results_against), None)


_RULES: dict[str, Callable[[Case, CaseOpened, Around, StandingRules], _Found]] = {
    "tempo.impossible": _tempo,
    "tempo.inspector": _tempo_of_inspector,
    "places.inspector": _two_places(_same_inspector),
    "places.device": _two_places(_same_device),
    "places.vehicle": _two_places(_same_vehicle),
    "area.outside": _outside,
    "clock.wrong": _clock_wrong,
    "clock.jumped": _clock_jumped,
    "photo.reused": _reused,
    "vin.differs": _vin_differs,
    "video.missing": _video,
    "call.contradicts": _called,
}
"""How each rule looks at a case."""
