"""Figures of a day that was lived (当日指标): plain values for tables and JSON. Decides nothing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from statistics import median
from typing import Any

from central_hub import HubError
from central_hub.clock import text_of
from central_hub.desks.audit_figures import Period, audit_figures, preaudit_figures
from central_hub.store.database import Database
from central_hub.verify import verify_folder
from passlane.day.city import DAY_MS, City
from passlane.day.hub import Hub
from passlane.day.reckoning import Course, Outside, Promise, Reckoning, promises, reckoned
from passlane.day.running import Hour, Lived
from passlane.day.visits import HOUR_MS

TOP = 8
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """All that is told of a day. tables: rows of plain values by name. seconds: wall time of the day, of the checks."""

    city: Row
    hours: tuple[Hour, ...]
    tables: dict[str, list[Row]]
    promises: tuple[Promise, ...]
    seconds: tuple[float, float]

    @property
    def held(self) -> bool:
        """Whether all held that had to."""
        return all(promise.held for promise in self.promises)

    def as_json(self) -> Row:
        """Return it as plain values."""
        return {
            "city": self.city,
            "hours": [{"time": hour.text, **asdict(hour)} for hour in self.hours],
            **self.tables,
            "promises": [asdict(promise) for promise in self.promises],
            "held": self.held,
            "seconds": {"day": round(self.seconds[0], 1), "checks": round(self.seconds[1], 1)},
        }


def outside_of(hub: Hub, city: City, lived: Lived) -> Outside:
    """Return what the ledger does not say of a day; checks the whole folder."""
    try:
        verify_folder(hub.folder, hub.key.public)
        verified = ""
    except HubError as error:
        verified = str(error)
    standings = {one.id: hub.engine.standing.standing(one.id) for one in city.stations}
    rows = hub.reader.execute("SELECT case_id FROM cases WHERE station = ?", (city.cheat.id,))
    return Outside(
        twice=tuple(lived.auditing.twice),
        verified=verified,
        privileged=frozenset(
            name for name, one in standings.items() if one.admitted and not (one.suspended or one.listed)
        ),
        cheat=city.cheat.id,
        of_cheat=frozenset(row[0] for row in rows),
        until=city.midnight + DAY_MS,
    )


def figures_of(hub: Hub, city: City, lived: Lived, *, checked_seconds: float, outside: Outside) -> Figures:
    """Return the figures of a day."""
    day = reckoned(hub.reader)
    period = Period(since=city.midnight, until=hub.now + 1)
    tables = {
        "cases": _counted(hub.reader, "SELECT stage, count(*) FROM cases GROUP BY stage ORDER BY stage", "stage"),
        "day": [_of_day(day, hub.reader, lived)],
        "audits": _audits(day),
        "pre_audit": [_preaudit(hub.reader, period)],
        "recalls": _recalls(day, hub.reader),
        "stops": [
            {"station": fact.station, "rule": fact.rule, "by": fact.by, "at": text_of(at)} for at, fact in day.stops
        ],
        "warnings": _warnings(day),
        "suspicions": [{"rule": rule, "cases": count} for rule, count in day.suspicions.most_common(TOP)],
        "auditors": _auditors(hub.reader, period),
        "refused": [
            {"what": what.removeprefix("refused "), "times": count}
            for what, count in sorted((lived.auditing.counts + lived.rechecks.counts).items())
            if what.startswith("refused ")
        ],
    }
    return Figures(
        city=_of_city(city),
        hours=lived.hours,
        tables=tables,
        promises=promises(day, outside),
        seconds=(lived.seconds, checked_seconds),
    )


def _of_city(city: City) -> Row:
    return {
        "day": city.day.isoformat(),
        **asdict(city.sizes),
        "auditors_there": len(city.auditors),
        "retests": sum(visit.attempt > 1 for visit in city.visits),
        "cheat": city.cheat.id,
        "cheats_inspections": city.cheat.per_day,
        "vehicles_not_there": sum(visit.truth == "absent" for visit in city.visits),
        "suspicious_vehicles": sum(visit.truth in {"odd", "missed"} for visit in city.visits),
    }


def _of_day(day: Reckoning, db: Database, lived: Lived) -> Row:
    courses = day.courses.values()
    waits = [course.decided - (course.due - DAY_MS) for course in courses if course.due and course.decided]
    late = list(day.late.values())
    return {
        "inspections": db.execute("SELECT count(*) FROM cases").fetchone()[0],
        "facts": db.execute("SELECT count(*) FROM entries").fetchone()[0],
        "stickers": sum(len(course.issued) for course in courses),
        "first": sum(_issued_first(course) for course in courses),
        "decided": sum(course.decisions > 0 for course in courses),
        "median_wait_minutes": round(median(waits) / 60_000, 1) if waits else 0.0,
        "longest_wait_hours": round(max(waits, default=0) / HOUR_MS, 1),
        "escalated": day.facts["AuditEscalated"],
        "breaches_foretold": sum(course.told > 0 for course in courses),
        "breaches": len(late),
        "told_hours_before_min": round(min((_told_before(course) for course in late), default=0) / HOUR_MS, 1),
        "retakes": db.execute("SELECT count(*) FROM entries WHERE kind = 'RetakeRequested'").fetchone()[0],
        "withdrawn_by_applicant": sum(course.withdrawn for course in courses),
        "ended": text_of(lived.ended) if lived.ended else "",
    }


def _issued_first(course: Course) -> bool:
    return any(not course.decided or at < course.decided for at, _ in course.issued)


def _told_before(course: Course) -> int:
    return course.due - course.told if course.told else 0


def _audits(day: Reckoning) -> list[Row]:
    pairs = [course.opinions for course in day.courses.values() if len(course.opinions) > 1]
    rounds = Counter(opinion.round for course in day.courses.values() for opinion in course.opinions)
    agreed = sum(first.decision == second.decision for first, second, *_ in pairs)
    return [
        {
            "first_looks": rounds[1],
            "second_looks": rounds[2],
            "third_looks": rounds[3],
            "second_agreed": agreed,
            "suspicious": sum(course.suspicious for course in day.courses.values()),
            "probes_answered": day.probes.total(),
            "probes_met": day.probes[True],
        }
    ]


def _preaudit(db: Database, period: Period) -> Row:
    found = preaudit_figures(db, period)
    return {
        "decided": found.cases,
        "green_but_suspicious": f"{found.misses.count} of {found.misses.of}",
        "red_but_passed": f"{found.alarms.count} of {found.alarms.of}",
        "yellow": f"{found.yellow.count} of {found.yellow.of}",
    }


def _recalls(day: Reckoning, db: Database) -> list[Row]:
    stages = ("recall_ordered", "not_back", "vehicle_back")
    query = f"SELECT count(*) FROM cases WHERE stage IN ({', '.join('?' * len(stages))})"  # noqa: S608 - only "?"
    return [
        {
            "ordered": day.facts["RecallOrdered"],
            "back": day.facts["VehicleReturned"],
            "cleared": day.rechecks["cleared"],
            "proven": day.rechecks["proven"],
            "stickers_withdrawn": day.facts["StickerWithdrawn"],
            "still_open": db.execute(query, stages).fetchone()[0],
        }
    ]


def _warnings(day: Reckoning) -> list[Row]:
    counted = Counter((one.level, one.rule, one.name) for one in day.warnings)
    return [{"level": key[0], "rule": key[1], "name": key[2]} for key in islice(sorted(counted), 40)]


def _auditors(db: Database, period: Period) -> list[Row]:
    return [
        {
            "person": row.person,
            "opinions": row.opinions,
            "suspicious": row.suspicious.count,
            "median_s": round(row.seconds),
            "agreed": f"{row.agreement.count}/{row.agreement.of}",
            "probes": f"{row.probes.count}/{row.probes.of}",
            "overturned": f"{row.overturned.count}/{row.overturned.of}",
        }
        for row in audit_figures(db, period)
    ]


def _counted(db: Database, query: str, name: str) -> list[Row]:
    rows: Iterable[tuple[Any, int]] = db.execute(query).fetchall()
    return [{name: key, "cases": count} for key, count in rows]
