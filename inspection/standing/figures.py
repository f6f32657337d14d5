"""Figures of stations and inspectors (指标): what is counted of them, and how far it is from their peers' (同类对比).

Knows what each figure counts and with whom it is compared. The statistic is `tails`' (exact tails, robust scale);
which differences matter is `chain`'s. Pure: rows in, figures out.

Peers are all others who inspected vehicles alike: the expected value is stratified by regime, kind of inspection, class
and use, so that a truck station is held against other people's trucks. A kind of vehicle that too few others inspected
is left out of the comparison, and the figure says over how many inspections it was made.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median
from typing import Literal

from inspection.facts import CaseOpened
from inspection.standing.rules import Counting
from inspection.standing.tails import overdispersion, robust_z, signed_z

By = Literal["station", "inspector"]
HALF = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspected:
    """One concluded inspection, as far as it is counted.

    mix: key of vehicles alike. seconds: from opening to verdict; metres: from the area's centre; None where not known.
    doubtful: whether the VIN's reading needed a person; None where no photo carries one. suspicions: codes.
    overturned: an auditor found a passed one suspicious.
    """

    case: str
    day: date
    station: str
    inspector: str
    mix: str
    passed: bool
    attempt: int = 1
    seconds: int | None = None
    metres: int | None = None
    retakes: int = 0
    doubtful: bool | None = None
    night: bool = False
    audited: bool = False
    overturned: bool = False
    proven: bool = False
    suspicions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A figure of somebody. count: inspections that it is about; compared: of them, those that have peers.

    value, expected: a share (0 to 1), or the median seconds or metres, or inspections a day. expected is what peers
    have with the same mix; None without peers. difference: of shares; for medians the share beyond the peers' median,
    less a half. z: how unlikely, in standard deviations, over 0 when higher than the peers' (tempo: when quicker).
    least: the shortest seconds, the nearest metres.
    """

    name: str
    count: int
    value: float
    compared: int = 0
    expected: float | None = None
    difference: float = 0.0
    z: float = 0.0
    least: float | None = None


def mix_of(opened: CaseOpened, counting: Counting) -> str:
    """Return the key of vehicles alike: regime, kind of inspection or business, class group, use."""
    vehicle = opened.vehicle
    group = vehicle.vehicle_class[: counting.class_characters]
    kind = opened.inspection_kind if opened.regime == "jianyan" else opened.business
    return f"{opened.regime}|{kind}|{group}|{vehicle.use}"


def is_night(hour: int, counting: Counting) -> bool:
    """Say whether an hour of the day in China (0 to 23) is night work."""
    since, until = counting.night_from, counting.night_until
    return since <= hour < until if since <= until else hour >= since or hour < until


_Share = Callable[[Inspected], bool | None]
_SHARES: dict[str, _Share] = {
    "passed": lambda row: row.passed if row.attempt == 1 else None,
    "retaken": lambda row: row.retakes > 0,
    "duplicates": lambda row: "photo.reused" in row.suspicions,
    "suspected": lambda row: bool(row.suspicions),
    "proven": lambda row: row.proven,
    "retested": lambda row: row.attempt > 1,
    "doubtful": lambda row: row.doubtful,
    "overturned": lambda row: row.overturned if row.audited else None,
    "night": lambda row: row.night,
}
"""Figures that are shares: whether the row counts; None: the figure is not about it."""

_MEDIANS: dict[str, tuple[Callable[[Inspected], int | None], int]] = {
    "tempo": (lambda row: row.seconds if row.passed and row.attempt == 1 else None, -1),
    "distance": (lambda row: row.metres, 1),
}
"""Figures that are medians, and which side is the odd one: quick, and far."""


def figures_of(rows: Sequence[Inspected], by: By, counting: Counting) -> dict[str, dict[str, Figure]]:
    """Return every figure of everybody, by name and then by figure. rows: of the period, of all stations."""
    made: dict[str, dict[str, Figure]] = defaultdict(dict)
    for name, about in _SHARES.items():
        _add(made, _shares(name, about, _by_mix(rows, by), counting))
    for name, (value_of, side) in _MEDIANS.items():
        _add(made, _medians((name, value_of, side), _by_mix(rows, by), counting))
    _add(made, _volumes(rows, by))
    return dict(made)


def _add(made: dict[str, dict[str, Figure]], figures: Mapping[str, Figure]) -> None:
    # Stations differ for reasons that no mix explains: what all of them spread by is no news about one.
    scale = overdispersion([figure.z for figure in figures.values() if figure.compared])
    for who, figure in figures.items():
        made[who][figure.name] = replace(figure, z=figure.z / scale)


_ByMix = dict[str, dict[str, list[Inspected]]]


def _by_mix(rows: Iterable[Inspected], by: By) -> _ByMix:
    """Sort rows by mix and then by whose they are."""
    sorted_rows: _ByMix = defaultdict(lambda: defaultdict(list))
    for row in rows:
        sorted_rows[row.mix][row.station if by == "station" else row.inspector].append(row)
    return sorted_rows


def _shares(name: str, about: _Share, sorted_rows: _ByMix, counting: Counting) -> dict[str, Figure]:
    tallies: dict[str, list[tuple[int, int, float | None]]] = defaultdict(list)
    for of_mix in sorted_rows.values():
        own = {who: _tally(about, rows) for who, rows in of_mix.items()}
        own = {who: tally for who, tally in own.items() if tally[1]}
        hits, count = (sum(tally[at] for tally in own.values()) for at in (0, 1))
        for who, (k, n) in own.items():
            enough = count - n >= counting.inspections_min and len(own) > counting.subjects_min
            # Half a hit more: that nobody else ever had one does not make one impossible (Jeffreys).
            rate = (hits - k + HALF) / (count - n + 1) if enough else None
            tallies[who].append((k, n, rate))
    return {who: _share(name, tally) for who, tally in tallies.items()}


def _tally(about: _Share, rows: Iterable[Inspected]) -> tuple[int, int]:
    said = [value for value in map(about, rows) if value is not None]
    return sum(said), len(said)


def _share(name: str, tally: Sequence[tuple[int, int, float | None]]) -> Figure:
    hits, count = sum(k for k, _, _ in tally), sum(n for _, n, _ in tally)
    with_peers = [(k, n, rate) for k, n, rate in tally if rate is not None]
    compared = sum(n for _, n, _ in with_peers)
    if not compared:
        return Figure(name=name, count=count, value=hits / count)
    k = sum(k for k, _, _ in with_peers)
    expected = sum(n * rate for _, n, rate in with_peers) / compared
    z = signed_z(k, compared, expected)
    difference = k / compared - expected
    figure = Figure(name=name, count=count, value=hits / count, compared=compared, expected=expected)
    return replace(figure, difference=difference, z=z)


def _medians(
    what: tuple[str, Callable[[Inspected], int | None], int], sorted_rows: _ByMix, counting: Counting
) -> dict[str, Figure]:
    # A sign test against the peers' median of each mix: no shape of the distribution is taken for granted.
    name, value_of, side = what
    values: dict[str, list[tuple[list[int], float | None]]] = defaultdict(list)
    for of_mix in sorted_rows.values():
        own = {who: _values(value_of, rows) for who, rows in of_mix.items()}
        own = {who: found for who, found in own.items() if found}
        every = sorted(value for found in own.values() for value in found)
        for who, found in own.items():
            enough = len(every) - len(found) >= counting.inspections_min and len(own) > counting.subjects_min
            values[who].append((found, _others_median(every, sorted(found)) if enough else None))
    return {who: _median(name, side, found) for who, found in values.items()}


def _values(value_of: Callable[[Inspected], int | None], rows: Iterable[Inspected]) -> list[int]:
    return [value for value in map(value_of, rows) if value is not None]


def _others_median(every: Sequence[int], own: Sequence[int]) -> float:
    """Return the median of `every` without `own`; both sorted. Copies nothing: it is asked for each one."""

    def value_at(rank: int) -> int:
        return every[
            bisect_left(every, rank + 1, key=lambda value: bisect_right(every, value) - bisect_right(own, value))
        ]

    count = len(every) - len(own)
    return (value_at((count - 1) // 2) + value_at(count // 2)) / 2


def _median(name: str, side: int, found: Sequence[tuple[list[int], float | None]]) -> Figure:
    every = [value for values, _ in found for value in values]
    figure = Figure(name=name, count=len(every), value=float(median(every)), least=float(min(every)))
    pairs = [(value, middle) for values, middle in found if middle is not None for value in values]
    # A value that is the peers' median itself speaks for neither side.
    beyond = sum((value - middle) * side > 0 for value, middle in pairs)
    apart = sum(value != middle for value, middle in pairs)
    if not pairs:
        return figure
    expected = sum(middle for _, middle in pairs) / len(pairs)
    difference = beyond / apart - HALF if apart else 0.0
    z = signed_z(beyond, apart, HALF)
    return replace(figure, compared=len(pairs), expected=expected, difference=difference, z=z)


def _volumes(rows: Sequence[Inspected], by: By) -> dict[str, Figure]:
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[row.station if by == "station" else row.inspector] += 1
    days = len({row.day for row in rows})
    middle = median(counts.values()) if counts else 0
    z_of = robust_z(counts)
    return {
        who: Figure(name="volume", count=count, value=count / days, expected=middle / days, z=z_of[who])
        for who, count in counts.items()
    }
