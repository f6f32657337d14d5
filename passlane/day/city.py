"""A made-up city (虚构城市): its stations, one of which cheats, and its auditors with their shifts.

Pure: sizes and a seeded generator in. No place of it exists; the coordinates lie in open sea.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from math import exp
from random import Random

from central_hub.clock import BEIJING
from central_hub.people.roles import Actor
from inspection.facts import Position
from passlane.day import DayError
from passlane.day.visits import HOUR_MS, Station, Visit, visits_of

DAY_MS = 24 * HOUR_MS
PER_DAY_MIN, PER_DAY_MAX = 7, 120
STATIONS_MIN, AUDITORS_MIN = 5, 6
NOT_ADMITTED_EACH = 25
"""Of so many stations one may not hand out stickers first."""
UNDERSTAFFED_PARTS, UNDERSTAFFED_MIN = 4, 3
"""An understaffed city has only the fourth part of its auditors, and one on each shift at least."""
WITH_A_STATION_EACH = 10
"""Of so many auditors one belongs to a station, whose cases are not theirs to decide."""
SHIFT_BEGINS = (14, 6, 22)
"""Hours at which the shifts of the afternoon, the morning and the night begin (中, 早, 夜班)."""
SHIFT_PARTS = 0.3
"""So large a part of the auditors is on the morning's and on the night's shift; the others are on the afternoon's."""
SHIFT_HOURS = 8
LEADS = 3
"""So many on each shift lead: they decide where two differ, and whoever has looked before does not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """How large a city: inspections (first tests), stations, auditors; suspicious: share at honest stations (0 to 1).

    look_seconds: how long an auditor looks at a case, the median. understaffed: most of the auditors are not there.
    """

    inspections: int = 3_000
    stations: int = 60
    auditors: int = 40
    suspicious: float = 0.03
    look_seconds: int = 90
    understaffed: bool = False
    seed: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Auditor:
    """Somebody who audits. begins: when their shift of the first day does, Unix milliseconds; each day has one."""

    actor: Actor
    begins: int

    @property
    def shifts(self) -> tuple[tuple[int, int], ...]:
        """When they are there: begin and end, of the day before, too, for the night that is not over at midnight."""
        starts = [self.begins + day * DAY_MS for day in range(-1, 3)]
        return tuple((start, start + SHIFT_HOURS * HOUR_MS) for start in starts)

    def on_shift(self, at: int) -> bool:
        """Say whether they are there."""
        return any(start <= at < end for start, end in self.shifts)


@dataclass(frozen=True, kw_only=True, slots=True)
class City:
    """A city and its day. midnight: Unix milliseconds at which the day begins, in China."""

    sizes: Sizes
    day: date
    midnight: int
    stations: tuple[Station, ...]
    auditors: tuple[Auditor, ...]
    visits: tuple[Visit, ...]

    @property
    def cheat(self) -> Station:
        """The station that cheats."""
        return next(station for station in self.stations if station.cheats)


def made_city(sizes: Sizes, day: date) -> City:
    """Return the city of these sizes; the same seed gives the same one. Raises DayError for one that is too small."""
    if sizes.stations < STATIONS_MIN or sizes.auditors < AUDITORS_MIN:
        raise DayError(f"a city has at least {STATIONS_MIN} stations and {AUDITORS_MIN} auditors")
    if sizes.inspections < sizes.stations * PER_DAY_MIN or sizes.inspections > sizes.stations * PER_DAY_MAX:
        raise DayError(f"a station has {PER_DAY_MIN} to {PER_DAY_MAX} inspections a day: change one of the two numbers")
    if not 0 <= sizes.suspicious <= 1:
        raise DayError("the share of suspicious inspections lies between 0 and 1")
    if sizes.look_seconds < 1:
        raise DayError("an auditor looks at least a second at a case")
    chance = Random(sizes.seed)  # noqa: S311 - a made-up city, no secret
    midnight = int(datetime.combine(day, time(), BEIJING).timestamp() * 1_000)
    stations = _stations(sizes, chance)
    visits: list[Visit] = []
    for station in stations:
        visits += visits_of(
            station, midnight=midnight, suspicious=sizes.suspicious, first=len(visits) + 1, chance=chance
        )
    return City(
        sizes=sizes,
        day=day,
        midnight=midnight,
        stations=stations,
        auditors=_auditors(sizes, stations, midnight),
        visits=tuple(visits),
    )


def _stations(sizes: Sizes, chance: Random) -> tuple[Station, ...]:
    weights = [exp(chance.gauss(0, 0.7)) for _ in range(sizes.stations)]
    # Neither so small that nothing could be said of it, nor so large that it would stand out by that alone.
    cheat = sizes.stations // 2
    weights[cheat] = sum(weights) / len(weights)
    counts = _counts(weights, sizes.inspections, chance)
    mixes = chance.choices(("cars", "mixed", "trucks"), (60, 28, 12), k=sizes.stations)
    return tuple(
        Station(
            id=f"C{at + 1:03d}",
            per_day=count,
            mix="cars" if at == cheat else mixes[at],
            place=Position(
                longitude=round(123.0 + chance.uniform(0, 0.4), 5),
                latitude=round(30.0 + chance.uniform(0, 0.4), 5),
                accuracy_m=8.0,
            ),
            admitted=at == cheat or at % NOT_ADMITTED_EACH != NOT_ADMITTED_EACH - 1,
            cheats=at == cheat,
        )
        for at, count in enumerate(counts)
    )


def _counts(weights: list[float], total: int, chance: Random) -> list[int]:
    """Share a total out by weight; none gets less than PER_DAY_MIN or more than PER_DAY_MAX."""
    scale = total / sum(weights)
    counts = [min(PER_DAY_MAX, max(PER_DAY_MIN, round(weight * scale))) for weight in weights]
    while (over := sum(counts) - total) != 0:
        step = -1 if over > 0 else 1
        fitting = [at for at, count in enumerate(counts) if PER_DAY_MIN <= count + step <= PER_DAY_MAX]
        counts[chance.choice(fitting)] += step
    return counts


def _auditors(sizes: Sizes, stations: tuple[Station, ...], midnight: int) -> tuple[Auditor, ...]:
    count = max(UNDERSTAFFED_MIN, sizes.auditors // UNDERSTAFFED_PARTS) if sizes.understaffed else sizes.auditors
    aside = max(1, round(count * SHIFT_PARTS))
    made: list[Auditor] = []
    for hour, here in zip(SHIFT_BEGINS, (count - 2 * aside, aside, aside), strict=True):
        for at in range(here):
            number = len(made) + 1
            role = "lead_auditor" if at < LEADS else "auditor"
            conflict = role == "auditor" and number % WITH_A_STATION_EACH == 0
            actor = Actor(
                account=f"auditor-{number:02d}",
                person=f"A{number:04d}",
                roles=frozenset({role}),
                station=stations[number % len(stations)].id if conflict else "",
            )
            made.append(Auditor(actor=actor, begins=midnight + hour * HOUR_MS))
    return tuple(made)
