"""The weekly city and monthly province digests (研判分析): values and CSV. Rows of the store in, values out.

§13 of the measures of 2018 wants anomalies analysed each week by the city and each month by the province. Periods are
days of the hub. The same rows give the same bytes.
"""

import csv
import io
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from central_hub.clock import BEIJING
from central_hub.store.database import Row
from inspection.standing.state import StationStanding

Scope = Literal["city", "province"]
WORST_MAX = 10
BOM = "\ufeff"
"""Excel takes a CSV file for UTF-8 only when it begins so."""
_SECOND_MS = 1_000

_OF_ROWS = ("inspections", "passed", "retested", "suspected", "night")
_OF_EVENTS = (
    "issued", "audited", "overturned", "overdue", "retaken", "recalled", "recall_overdue", "back", "cleared", "proven",
    "sticker_withdrawn", "penalised", "called",
)  # fmt: skip
COUNTS = (*_OF_ROWS, *_OF_EVENTS, "called_against", "tips", "warnings", "stops", "checks")
"""What is counted, of each station and of all. overturned: passed at the lane, suspicious to an auditor."""
_EVENT_NAMES = {**{name: name for name in _OF_EVENTS}, "suspected": "overturned"}
_LEVELS = {"stop": "stops", "check": "checks", "warning": "warnings"}
"""Levels, the gravest first, and how they are counted."""
_SHARES = (("passed", "inspections"), ("suspected", "inspections"), ("overturned", "audited"), ("overdue", "audited"))


class Period(Struct, frozen=True, kw_only=True):
    """Days of the hub, both included."""

    first: date
    last: date

    @property
    def since(self) -> int:
        """When it begins, Unix milliseconds."""
        return _midnight(self.first)

    @property
    def until(self) -> int:
        """When it has ended, Unix milliseconds."""
        return _midnight(self.last + timedelta(days=1))


class StationLine(Struct, frozen=True, kw_only=True):
    """A station in a digest. reasons: rules that were raised and suspicions of the list, the gravest first."""

    station: str
    name: str
    city: str
    state: Literal["listed", "suspended", "check", "first", "audit_first"]
    counts: dict[str, int]
    shares: dict[str, float]
    reasons: tuple[str, ...] = ()


class AuditorLine(Struct, frozen=True, kw_only=True):
    """What an auditor decided."""

    auditor: str
    decided: int
    suspicious: int


class Digest(Struct, frozen=True, kw_only=True):
    """A digest. cities: counts by city; shares: 0 to 1. open_recalls: vehicles that were not back at its end."""

    scope: Scope
    period: Period
    counts: dict[str, int]
    shares: dict[str, float]
    open_recalls: int
    cities: dict[str, dict[str, int]]
    stations: tuple[StationLine, ...]
    worst: tuple[StationLine, ...]
    auditors: tuple[AuditorLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Rows of `StandingReading`: counted, events, warned, tips_counted; and how stations stand at the end."""

    counted: Sequence[Row]
    events: Sequence[Row]
    warned: Sequence[Row]
    tips: Sequence[Row]
    open_recalls: int
    standings: Mapping[str, StationStanding]


def week_of(day: date) -> Period:
    """Return the week, Monday to Sunday, that a day lies in."""
    first = day - timedelta(days=day.weekday())
    return Period(first=first, last=first + timedelta(days=6))


def month_of(day: date) -> Period:
    """Return the month that a day lies in."""
    first = day.replace(day=1)
    return Period(first=first, last=first.replace(day=monthrange(first.year, first.month)[1]))


def digest_of(
    scope: Scope, period: Period, sources: Sources, *, names: Mapping[str, str], cities: Mapping[str, str]
) -> Digest:
    """Return the digest of a period. names, cities: of stations; one that is not there is called by its id."""
    by_station = _by_station(sources)
    reasons = _reasons(sources.warned)
    lines = tuple(
        StationLine(
            station=station,
            name=names.get(station, station),
            city=cities.get(station, ""),
            state=_state(sources.standings.get(station)),
            counts=counts,
            shares=_shares(counts),
            reasons=reasons.get(station, ()),
        )
        for station, counts in sorted(by_station.items())
    )
    total = _total(line.counts for line in lines)
    return Digest(
        scope=scope,
        period=period,
        counts=total,
        shares=_shares(total),
        open_recalls=sources.open_recalls,
        cities=_by_city(lines),
        stations=lines,
        worst=tuple(sorted((line for line in lines if _gravity(line) > _NOTHING), key=_worst_first))[:WORST_MAX],
        auditors=_auditors(sources.events),
    )


def _by_station(sources: Sources) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for row in sources.counted:
        for name in _OF_ROWS:
            counts[row["station"]][name] += int(row[name])
    for row in sources.events:
        if row["kind"] in _EVENT_NAMES:
            counts[row["station"]][_EVENT_NAMES[row["kind"]]] += row["count"]
        if row["kind"] == "called" and row["who"] == "contradicts":
            counts[row["station"]]["called_against"] += row["count"]
    for row in sources.warned:
        if row["subject"] == "station":
            counts[row["name"]][_LEVELS[row["level"]]] += row["count"]
    for row in sources.tips:
        counts[row["station"]]["tips"] += row["count"]
    return counts


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    return {name: counts[name] / counts[of] for name, of in _SHARES if counts[of]}


def _total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total = dict.fromkeys(COUNTS, 0)
    for one in counts:
        for name, count in one.items():
            total[name] += count
    return total


def _by_city(lines: Iterable[StationLine]) -> dict[str, dict[str, int]]:
    cities: dict[str, list[dict[str, int]]] = defaultdict(list)
    for line in lines:
        cities[line.city].append(line.counts)
    return {city: _total(counts) for city, counts in sorted(cities.items())}


def _reasons(warned: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    order = list(_LEVELS)
    raised: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for row in warned:
        if row["subject"] == "station":
            raised[row["name"]].add((order.index(row["level"]), row["rule"]))
    return {name: tuple(dict.fromkeys(rule for _, rule in sorted(rules))) for name, rules in raised.items()}


def _state(standing: StationStanding | None) -> Literal["listed", "suspended", "check", "first", "audit_first"]:
    if standing is None:
        return "audit_first"
    if standing.listed:
        return "listed"
    if standing.suspended:
        return "suspended"
    if standing.check:
        return "check"
    return "first" if standing.admitted else "audit_first"


_GRAVE = ("stops", "proven", "sticker_withdrawn", "called_against", "checks", "overturned", "warnings", "suspected")
_NOTHING = (0,) * len(_GRAVE)


def _gravity(line: StationLine) -> tuple[int, ...]:
    return tuple(line.counts[name] for name in _GRAVE)


def _worst_first(line: StationLine) -> tuple[tuple[int, ...], str]:
    return tuple(-count for count in _gravity(line)), line.station


def _auditors(events: Iterable[Row]) -> tuple[AuditorLine, ...]:
    decided: dict[str, int] = defaultdict(int)
    suspicious: dict[str, int] = defaultdict(int)
    for row in events:
        if row["kind"] == "audited":
            decided[row["who"]] += row["count"]
        if row["kind"] == "suspected":
            suspicious[row["who"]] += row["count"]
    return tuple(
        AuditorLine(auditor=who, decided=count, suspicious=suspicious[who]) for who, count in sorted(decided.items())
    )


def csv_of(digest: Digest) -> bytes:
    """Return a digest as CSV for Excel: UTF-8 with its mark; a line for each station, city and auditor, and for all."""
    file = io.StringIO(newline="")
    table = csv.writer(file)
    table.writerow(("section", "id", "name", "city", "state", *COUNTS, "open_recalls", "reasons"))
    period = f"{digest.period.first} - {digest.period.last}"
    table.writerow(_line(digest.scope, period, "", "", "", digest.counts, str(digest.open_recalls), ""))
    for city, counts in digest.cities.items():
        table.writerow(_line("city", city, "", city, "", counts, "", ""))
    for line in digest.stations:
        named = (line.station, line.name, line.city, line.state)
        table.writerow(_line("station", *named, line.counts, "", "; ".join(line.reasons)))
    for auditor in digest.auditors:
        figures = {**dict.fromkeys(COUNTS, 0), "audited": auditor.decided, "overturned": auditor.suspicious}
        table.writerow(_line("auditor", auditor.auditor, "", "", "", figures, "", ""))
    return (BOM + file.getvalue()).encode("utf-8")


def _line(*cells: str | Mapping[str, int]) -> list[str | int]:
    row: list[str | int] = []
    for cell in cells:
        row += [_harmless(cell)] if isinstance(cell, str) else list(cell.values())
    return row


def _harmless(cell: str) -> str:
    # A spreadsheet takes a cell that begins so for a formula and runs it.
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=BEIJING).timestamp()) * _SECOND_MS
