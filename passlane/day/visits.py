"""The visits of one day (当日检验): which vehicle comes when, on which lane, and what the truth about it is.

Pure: a station and a seeded generator in, visits out. The truth is known here and nowhere in the hub.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil, exp
from random import Random
from typing import Literal, NamedTuple

from inspection.facts import Position, Vehicle
from passlane.demo.vehicles import made_up_vin

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
OPENS_HOUR, CLOSES_HOUR, PEAK_HOUR = 8, 18, 11.5
LAST_ARRIVAL_HOUR = 17.25
FAILED_SHARE = 0.10
RETESTED_SHARE = 0.7
"""Of the vehicles that failed, so many come again on the same day (复检), one to three hours later."""
WITHDRAWN_SHARE = 0.004
BLURRED_SHARE = 0.02
VIDEO_MISSING_SHARE = 0.008
LAPSED_SHARE = 0.004
"""Vehicles without insurance: no sticker, but a person looks."""
MISSED_SHARE = 0.04
"""Of the suspicious vehicles at an honest station so many really have a fault that nobody there saw.

The others only look odd: checked again, they are cleared. Two proven cases within 90 days stop a station of any size.
"""
CORRECTED_SHARE = 0.33
"""Of the vehicles that look odd so many had their VIN read otherwise by the machine than the inspector says."""
ABSENT_SHARE = 0.55
"""Of a cheating station's inspections so many are about a vehicle that is not there."""
LANE_BUSY_SHARE = 0.6
RETEST_LANE, YARD_LANE = 0, 99
YARD_DEGREES = 0.07
"""So far north of the station, some 8 km, stand the vehicles that a cheating station does not inspect."""

Truth = Literal["sound", "odd", "missed", "absent"]
"""sound: nothing is wrong. odd: it looks suspicious and is not. missed: a fault. absent: the vehicle was not there."""
Ending = Literal["pass", "fail", "withdrawn"]


class Kind(NamedTuple):
    """A kind of vehicle: class (cllx), use (syxz), plate kind (hpzl), seats; median and least minutes of its test."""

    vehicle_class: str
    use: str
    plate_kind: str
    seats: int
    minutes: float
    minutes_min: float


KINDS = {
    "car": Kind("K33", "A", "02", 5, 11, 4.5),
    "small_car": Kind("K31", "A", "02", 7, 11, 4.5),
    "bread_van": Kind("K39", "A", "02", 7, 12, 4.5),
    "taxi": Kind("K33", "D", "02", 5, 11, 4.5),
    "light_truck": Kind("H31", "F", "02", 2, 17, 6),
    "heavy_truck": Kind("H11", "F", "01", 3, 24, 8),
    "coach": Kind("K11", "B", "01", 45, 26, 8),
    "motorcycle": Kind("M21", "A", "07", 2, 6, 2.5),
}
MIXES: dict[str, dict[str, int]] = {
    "cars": {"car": 74, "small_car": 14, "bread_van": 5, "taxi": 4, "light_truck": 3},
    "mixed": {"car": 55, "small_car": 10, "bread_van": 7, "taxi": 5, "light_truck": 13, "motorcycle": 10},
    "trucks": {"light_truck": 45, "heavy_truck": 35, "coach": 8, "car": 12},
}
"""Of 100 vehicles at such a station so many are of each kind. Private cars get their sticker before the audit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Station:
    """A station. per_day: inspections it has on the day. lanes: how many of its own. cheats: whether it does."""

    id: str
    per_day: int
    mix: str
    place: Position
    admitted: bool = True
    cheats: bool = False

    @property
    def lanes(self) -> int:
        """How many lanes it needs for its day, two at least where one would have to be everywhere."""
        minutes = sum(share * KINDS[kind].minutes for kind, share in MIXES[self.mix].items()) / 100
        open_minutes = (CLOSES_HOUR - OPENS_HOUR) * 60
        return max(1, ceil(self.per_day * minutes / (open_minutes * LANE_BUSY_SHARE)))

    @property
    def yard(self) -> Position:
        """Where vehicles are that were never at the station."""
        return Position(longitude=self.place.longitude, latitude=self.place.latitude + YARD_DEGREES, accuracy_m=8.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One inspection. start: Unix milliseconds of its opening; seconds: to its verdict. lane: number at the station.

    blurred: one photo is, until it is taken again. corrected: the machine read another VIN than the inspector.
    reuses: number of an earlier visit at the station whose photos are used again; none: its own.
    """

    number: int
    station: Station
    lane: int
    inspector: str
    vehicle: Vehicle
    start: int
    seconds: int
    ending: Ending = "pass"
    truth: Truth = "sound"
    attempt: int = 1
    serial: str
    blurred: bool = False
    corrected: bool = False
    video_missing: bool = False
    reuses: int | None = None

    @property
    def device(self) -> str:
        """The device of its lane."""
        return device_of(self.station, self.lane)

    @property
    def end(self) -> int:
        """When the verdict is given, Unix milliseconds."""
        return self.start + self.seconds * 1_000

    @property
    def position(self) -> Position:
        """Where its device says it is."""
        return self.station.yard if self.lane == YARD_LANE else self.station.place


def device_of(station: Station, lane: int) -> str:
    """Return the device of a lane."""
    return f"lane-{station.id.lower()}-{lane}"


def visits_of(station: Station, *, midnight: int, suspicious: float, first: int, chance: Random) -> list[Visit]:
    """Return a station's visits of a day, re-tests after them. midnight: Unix milliseconds of the day's begin.

    suspicious: share (0 to 1) of those at an honest station. first: their numbers go on from here.
    """
    arrivals = sorted(
        midnight + int(chance.triangular(OPENS_HOUR, LAST_ARRIVAL_HOUR, PEAK_HOUR) * HOUR_MS)
        for _ in range(station.per_day)
    )
    free = [0] * station.lanes
    made: list[Visit] = []
    for number, arrival in enumerate(arrivals, start=first):
        lane = min(range(station.lanes), key=free.__getitem__)
        visit = _visit(station, number, lane + 1, max(arrival, free[lane]), chance)
        if station.cheats and chance.random() < ABSENT_SHARE:
            earlier = [one.number for one in made if one.truth == "absent" and one.reuses is None]
            visit = _faked(visit, arrival, earlier, chance)
        else:
            visit = _with_truth(visit, suspicious, chance)
            free[lane] = visit.end + int(chance.uniform(0.5, 2) * MINUTE_MS)
        made.append(visit)
    return made + list(_retests(made, midnight, first + len(made), chance))


def _visit(station: Station, number: int, lane: int, start: int, chance: Random) -> Visit:
    kind = KINDS[chance.choices(list(MIXES[station.mix]), list(MIXES[station.mix].values()))[0]]
    minutes = max(kind.minutes_min, kind.minutes * exp(chance.gauss(0, 0.25)))
    return Visit(
        number=number,
        station=station,
        lane=lane,
        inspector=f"inspector-{station.id}-{lane}",
        vehicle=_vehicle(number, kind, chance),
        start=start,
        seconds=int(minutes * 60),
        serial=f"JY{station.id}{number:06d}",
        blurred=chance.random() < BLURRED_SHARE,
        video_missing=chance.random() < VIDEO_MISSING_SHARE,
    )


def _vehicle(number: int, kind: Kind, chance: Random) -> Vehicle:
    lapsed = chance.random() < LAPSED_SHARE
    return Vehicle(
        vin=made_up_vin("LZZAA1A2", f"{'KLMNPRST'[number // 1_000_000 % 8]}A{number % 1_000_000:06d}"),
        plate_kind=kind.plate_kind,
        plate=f"京Z{number % 100_000:05d}",
        vehicle_class=kind.vehicle_class,
        use=kind.use,
        colours="A",
        states="A",
        seats=kind.seats,
        registered_on=date(2012, 1, 1) + timedelta(days=chance.randrange(2_900)),
        insured_until=date(2020, 1, 1) if lapsed else date(2099, 12, 31),
    )


def _with_truth(visit: Visit, suspicious: float, chance: Random) -> Visit:
    drawn = chance.random()
    failed, withdrawn, doubtful = chance.random(), chance.random(), chance.random()
    if visit.station.cheats:
        # Whoever is really there pays as well: nobody fails.
        return visit
    if drawn < suspicious:
        if doubtful < MISSED_SHARE:
            return replace(visit, truth="missed")
        return replace(visit, truth="odd", corrected=doubtful < MISSED_SHARE + CORRECTED_SHARE)
    if withdrawn < WITHDRAWN_SHARE:
        return replace(visit, ending="withdrawn")
    return replace(visit, ending="fail") if failed < FAILED_SHARE else visit


def _faked(visit: Visit, arrival: int, earlier: list[int], chance: Random) -> Visit:
    return replace(
        visit,
        lane=YARD_LANE,
        inspector=f"inspector-{visit.station.id}-1",
        start=arrival,
        seconds=chance.randint(45, 110),
        truth="absent",
        reuses=chance.choice(earlier) if earlier and chance.random() < 0.8 else None,  # noqa: PLR2004 - said once
        blurred=False,
    )


def _retests(made: list[Visit], midnight: int, first: int, chance: Random) -> Iterator[Visit]:
    # A lane of their own: who comes again does not wait behind who comes first.
    free, number = 0, first
    for visit in sorted((one for one in made if one.ending == "fail"), key=lambda one: one.end):
        start = max(free, visit.end + int(chance.uniform(1, 3) * HOUR_MS))
        if chance.random() >= RETESTED_SHARE or start > midnight + int(LAST_ARRIVAL_HOUR * HOUR_MS):
            continue
        again = replace(
            visit,
            number=number,
            lane=RETEST_LANE,
            inspector=f"inspector-{visit.station.id}-{RETEST_LANE}",
            start=start,
            seconds=int(chance.uniform(4, 7) * 60),
            ending="pass",
            attempt=2,
        )
        free, number = again.end + MINUTE_MS, number + 1
        yield again
