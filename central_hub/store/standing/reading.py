"""What is looked up in the tables of standing: around a case, for the chain, for pages and digests. Reads only."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import chain, starmap
from typing import Any

import msgspec

from central_hub.clock import day_of
from central_hub.store.database import Database, Row
from central_hub.store.standing.keeping import MICRO
from central_hub.store.timing import Pairing, Received
from inspection.case import Case
from inspection.facts import CaseOpened, Position
from inspection.identities import HUB
from inspection.standing.chain import Marked, Past, Proven, Warned
from inspection.standing.explaining import Against, Explanation, Said, explain
from inspection.standing.figures import Figure, Inspected
from inspection.standing.places import microdegrees_within
from inspection.standing.rules import Limits, StandingRules, Subject
from inspection.standing.state import StationStanding
from inspection.standing.suspicion import SECOND_MS, Neighbour, Reuse, Timing
from inspection.wire import decode_entry

NEIGHBOUR_HOURS = 12
"""Nobody is surprised by where somebody was half a day ago."""
NEIGHBOURS_SEEN_MAX = 120
"""Of the latest so many are looked at: whoever did more in half a day is told of by how much it was."""
NEIGHBOURS_MAX = 40
"""Of the same inspector, of the same device and of the same vehicle each."""
CONCLUDED_OVER_MAX = 120
"""So far beyond what an inspector may conclude it is counted how many there were."""
REUSES_MAX = 20
AGAINST_MAX = 200
WARNINGS_SHOWN_MAX = 50
HOUR_MS = 3_600_000

_ROW = (
    "case_id, day, station, inspector, mix, passed, attempt, seconds, metres, retakes, doubtful, night, audited, "
    "overturned, proven, suspicions"
)
_ENDS = (
    "SELECT 0 AS turn, received, raw FROM entries WHERE device = ? AND seq = ? UNION ALL "
    "SELECT turn, received, raw FROM (SELECT 1 AS turn, received, raw FROM entries WHERE case_id = ? AND case_id <> '' "
    "AND kind = 'InspectionConcluded' AND device <> ? ORDER BY pos LIMIT 1) AS concluded ORDER BY turn"
)
_NEIGHBOUR = "case_id, station, inspector, device, registered, opened, concluded, longitude, latitude, accuracy"
_NEAR = {
    column: (
        # So many are looked at and no more: a lane that wrote thousands into one moment must not make work for ever.
        f"SELECT * FROM (SELECT {turn} AS turn, {_NEIGHBOUR} FROM (SELECT inspected.* FROM {source} = ? "  # noqa: S608
        "AND inspected.concluded > ? AND inspected.concluded < ? ORDER BY inspected.concluded DESC LIMIT ?) AS seen "
        "WHERE case_id <> ? AND (station <> ? OR ABS(longitude - ?) > ? OR ABS(latitude - ?) > ?) "
        f"ORDER BY concluded DESC, case_id LIMIT ?) AS by_{column}"
    )
    for turn, (column, source) in enumerate(
        {
            "inspector": "inspected WHERE inspected.inspector",
            "device": "inspected WHERE inspected.device",
            # By the cases' own index: a vehicle has few, if nobody practises with it. CROSS JOIN: SQLite begins there.
            "registered": "cases CROSS JOIN inspected WHERE inspected.case_id = cases.case_id AND cases.registered",
        }.items()
    )
}
_figures = msgspec.json.Decoder(list[Figure])
_standing = msgspec.json.Decoder(StationStanding)


class StandingReading:
    """Queries over the tables of standing, on whatever connection it is given."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def ends_of(self, case: Case) -> list[Received]:
        """Return the fact that opened a case and the first that concluded it, each with its time of receipt."""
        opening = (case.device, int(case.case.rpartition(".")[2]))
        rows = self._db.execute(_ENDS, (*opening, case.case, HUB))
        return [(received, decode_entry(raw).entry) for _, received, raw in rows]

    def pairings(self, device: str, boots: Iterable[str]) -> list[Pairing]:
        """Return what a device's clocks showed in these boots when the hub heard it."""
        query = "SELECT boot, mono, wall, at FROM contacts WHERE device = ? AND boot = ?"
        found = [row for boot in sorted(set(boots)) for row in self._db.execute(query, (device, boot))]
        return [Pairing(boot=row[0], mono=row[1], wall=row[2], at=row[3]) for row in found]

    def concluded(self, case: Case, opened: CaseOpened, *, since: int, until: int, most: int) -> int:
        """Return how many others this case's inspector concluded; since < concluded <= until.

        most: so many are counted. Who has no name is only taken for the same where the device or the vehicle is.
        Unix milliseconds.
        """
        who: list[str | None] = [opened.inspector]
        which = "inspector = ?"
        if not opened.inspector:
            which, who = "inspector = '' AND (device = ? OR registered = ?)", [case.device, opened.vehicle.vin or None]
        period = (since, until)
        # Its own row is taken off afterwards: to leave it out, all rows would have to be read, and not the index alone.
        query = (
            f"SELECT (SELECT count(*) FROM (SELECT 1 FROM inspected WHERE {which} AND concluded > ? "  # noqa: S608
            "AND concluded <= ? LIMIT ?) AS every_one) - "
            "(SELECT count(*) FROM inspected WHERE case_id = ? AND concluded > ? AND concluded <= ?)"
        )
        values = (*who, *period, most, case.case, *period)
        return int(self._db.execute(query, values).fetchone()[0])

    def neighbours(
        self, case: Case, opened: CaseOpened, timing: Timing, *, here: Position | None, limits: Limits
    ) -> tuple[Neighbour, ...]:
        """Return other inspections by the same inspector, with the same device, of the same vehicle, around its time.

        Left out are such as the rules make nothing of: those surely at the same place (the same station, and not known
        to be further away than way_metres_free), and, where it is not known where this one was, those long before.
        """
        most = NEIGHBOUR_HOURS * HOUR_MS
        way = most if here else min(most, limits.unknown_way_seconds * SECOND_MS)
        period = (timing.opened - way, timing.concluded + most)
        near = microdegrees_within(limits.way_metres_free)
        place = (round(here.longitude * MICRO), near, round(here.latitude * MICRO), near) if here else (None,) * 4
        asked = {"inspector": opened.inspector, "device": case.device, "registered": opened.vehicle.vin}
        named = {column: value for column, value in asked.items() if value}
        values = [
            (value, *period, NEIGHBOURS_SEEN_MAX, case.case, opened.station, *place, NEIGHBOURS_MAX)
            for value in named.values()
        ]
        query = " UNION ALL ".join(_NEAR[column] for column in named)
        # The order is the rules': they name the first that they find.
        rows = sorted(
            self._db.execute(query, [*chain.from_iterable(values)]), key=lambda row: (row[0], -row[7], row[1])
        )
        return tuple({row[1]: _neighbour(row[1:]) for row in rows}.values())

    def reuses(self, case: str, digests: Sequence[str]) -> tuple[Reuse, ...]:
        """Return other cases that announced the very same photos, at most REUSES_MAX."""
        if not digests:
            return ()
        # In the order of the key: of a photo that very many cases announced no more than these are looked at.
        query = (
            "SELECT photos.digest, photos.case_id, cases.registered, cases.serial FROM photos "  # noqa: S608 - only "?"
            f"JOIN cases ON cases.case_id = photos.case_id WHERE photos.digest IN ({', '.join('?' * len(digests))}) "
            "AND photos.case_id <> ? ORDER BY photos.digest, photos.case_id LIMIT ?"
        )
        return tuple(starmap(Reuse, self._db.execute(query, (*digests, case, REUSES_MAX))))

    def inspected(self, day: date, days: int) -> list[Inspected]:
        """Return the rows of a period of so many days that ends with `day`."""
        query = f"SELECT {_ROW} FROM inspected WHERE day > ? AND day <= ? ORDER BY case_id"  # noqa: S608 - constants
        return list(starmap(_inspected, self._db.execute(query, (_before(day, days), day.isoformat()))))

    def marked(self, station: str, day: date, days: int) -> list[Marked]:
        """Return a station's inspections one by one, of such a period."""
        # Day by day, as the index is: a range of days would be gone through with every station's inspections in it.
        period = [(day - timedelta(days=ago)).isoformat() for ago in range(days)]
        query = (
            f"SELECT day, inspector, case_id, suspicions FROM inspected WHERE day IN ({', '.join('?' * days)}) "  # noqa: S608
            "AND station = ? ORDER BY case_id"
        )
        return [
            Marked(
                day=date.fromisoformat(row[0]),
                station=station,
                inspector=row[1],
                case=row[2],
                suspicions=tuple(row[3].split()),
            )
            for row in self._db.execute(query, (*period, station))
        ]

    def marked_elsewhere(self, station: str, day: date, days: int) -> list[Marked]:
        """Return the inspections of all other stations, counted, of such a period; goes through all of them."""
        query = (
            "SELECT day, suspicions, count(*) FROM inspected WHERE day > ? AND day <= ? AND station <> ? "
            "GROUP BY day, suspicions"
        )
        return [
            Marked(day=date.fromisoformat(row[0]), station="", suspicions=tuple(row[1].split()), count=row[2])
            for row in self._db.execute(query, (_before(day, days), day.isoformat(), station))
        ]

    def past(self, day: date, days: int, *, since: int) -> Past:
        """Return what was raised and proven before. since: of proven cases, Unix milliseconds."""
        warned = "SELECT day, subject, name, rule, level FROM standing_warnings WHERE day > ? AND day <= ? ORDER BY id"
        rows = self._db.execute(warned, (_before(day, days), day.isoformat()))
        proven = (
            "SELECT at, station, case_id FROM standing_events WHERE kind = 'proven' AND at >= ? ORDER BY at, case_id"
        )
        stopped = "SELECT station, body FROM standing WHERE suspended = 1 ORDER BY station"
        return Past(
            warned=tuple(
                Warned(day=date.fromisoformat(row[0]), subject=row[1], name=row[2], rule=row[3], level=row[4])
                for row in rows
            ),
            proven=tuple(
                Proven(day=day_of(row[0]), station=row[1], case=row[2]) for row in self._db.execute(proven, (since,))
            ),
            standings={row[0]: _standing.decode(row[1]) for row in self._db.execute(stopped)},
        )

    def figures(self, subject: Subject, name: str) -> tuple[str, dict[str, Figure]]:
        """Return the newest figures of somebody, and of which day they are; nothing where none were made."""
        query = "SELECT day, body FROM standing_figures WHERE subject = ? AND name = ? ORDER BY day DESC LIMIT 1"
        row = self._db.execute(query, (subject, name)).fetchone()
        if row is None:
            return "", {}
        return row[0], {figure.name: figure for figure in _figures.decode(row[1])}

    def warnings(self, subject: Subject, name: str, *, limit: int) -> list[Said]:
        """Return the newest warnings about somebody."""
        query = (
            "SELECT day, rule, level, figures, rules FROM standing_warnings WHERE subject = ? AND name = ? "
            "ORDER BY id DESC LIMIT ?"
        )
        rows = self._db.execute(query, (subject, name, limit))
        return [(date.fromisoformat(row[0]), row[1], row[2], row[3], row[4]) for row in rows]

    def against(self, station: str, *, since: date) -> list[Against]:
        """Return the newest inspections that speak against a station; AGAINST_MAX at most."""
        query = (
            "SELECT case_id, day, suspicions, overturned, proven FROM inspected "
            "WHERE station = ? AND day >= ? AND (suspicions <> '' OR overturned = 1 OR proven = 1) "
            "ORDER BY day DESC, case_id LIMIT ?"
        )
        rows = self._db.execute(query, (station, since.isoformat(), AGAINST_MAX))
        return [(row[0], date.fromisoformat(row[1]), tuple(row[2].split()), bool(row[3]), bool(row[4])) for row in rows]

    def explanation(self, standing: StationStanding, *, rules: StandingRules, today: date) -> Explanation:
        """Return why a station stands as it does: for whoever is rated, and for whoever decides."""
        _, figures = self.figures("station", standing.station)
        warnings = self.warnings("station", standing.station, limit=WARNINGS_SHOWN_MAX)
        cases = self.against(standing.station, since=today - timedelta(days=rules.counting.days))
        return explain(standing, figures, warnings, cases, rules=rules)

    def stations(self, since: date) -> list[Row]:
        """Return every station with inspections since a day: how many, and how many with suspicions."""
        query = (
            "SELECT station, count(*) AS inspections, CAST(sum(passed) AS BIGINT) AS passed, "
            "CAST(sum(CASE WHEN suspicions <> '' THEN 1 ELSE 0 END) AS BIGINT) AS suspected, "
            "CAST(sum(proven) AS BIGINT) AS proven "
            "FROM inspected WHERE day >= ? GROUP BY station ORDER BY station"
        )
        return self._db.rows(query, since.isoformat())

    def standings(self) -> dict[str, StationStanding]:
        """Return how all stations stand about which the office has said anything."""
        rows = self._db.execute("SELECT station, body FROM standing ORDER BY station")
        return {row[0]: _standing.decode(row[1]) for row in rows}

    def counted(self, first: date, last: date) -> list[Row]:
        """Return how many inspections each station had in a period, by what came of them; both days included."""
        query = (
            "SELECT station, count(*) AS inspections, CAST(sum(passed) AS BIGINT) AS passed, "
            "CAST(sum(CASE WHEN attempt > 1 THEN 1 ELSE 0 END) AS BIGINT) AS retested, "
            "CAST(sum(CASE WHEN suspicions <> '' THEN 1 ELSE 0 END) AS BIGINT) AS suspected, "
            "CAST(sum(night) AS BIGINT) AS night "
            "FROM inspected WHERE day >= ? AND day <= ? GROUP BY station ORDER BY station"
        )
        return self._db.rows(query, first.isoformat(), last.isoformat())

    def events(self, since: int, until: int) -> list[Row]:
        """Return how often what happened at whose station and by whom; since <= at < until, Unix milliseconds."""
        query = (
            "SELECT kind, station, who, count(*) AS count FROM standing_events WHERE at >= ? AND at < ? "
            "GROUP BY kind, station, who ORDER BY kind, station, who"
        )
        return self._db.rows(query, since, until)

    def open_recalls(self, until: int) -> int:
        """Return how many vehicles were ordered back before a moment and are not back."""
        query = (
            "SELECT count(*) FROM standing_events AS ordered WHERE kind = 'recalled' AND at < ? AND NOT EXISTS "
            "(SELECT 1 FROM standing_events AS after WHERE after.case_id = ordered.case_id "
            "AND after.kind IN ('back', 'cleared', 'proven') AND after.at < ?)"
        )
        return int(self._db.execute(query, (until, until)).fetchone()[0])

    def warned(self, first: date, last: date) -> list[Row]:
        """Return how often which rule was raised about whom in a period; both days included."""
        query = (
            "SELECT subject, name, rule, level, count(*) AS count FROM standing_warnings WHERE day >= ? AND day <= ? "
            "GROUP BY subject, name, rule, level ORDER BY subject, name, rule, level"
        )
        return self._db.rows(query, first.isoformat(), last.isoformat())

    def tips(self, *, since: int, until: int, limit: int) -> list[Row]:
        """Return what people told of, the newest first."""
        query = "SELECT at, text, station, plate, contact FROM tips WHERE at >= ? AND at < ? ORDER BY id DESC LIMIT ?"
        return self._db.rows(query, since, until, limit)

    def tips_counted(self, since: int, until: int) -> list[Row]:
        """Return how many tips there were about which station."""
        query = "SELECT station, count(*) AS count FROM tips WHERE at >= ? AND at < ? GROUP BY station ORDER BY station"
        return self._db.rows(query, since, until)

    def calls(self, day: date) -> list[Row]:
        """Return the owners to be called back of a day's draw: case, station, result (empty: not yet called)."""
        return self._db.rows(
            "SELECT case_id, station, result FROM calls WHERE day = ? ORDER BY case_id", day.isoformat()
        )

    def passed_cases(self, day: date) -> list[tuple[str, str]]:
        """Return the cases of a day that were passed, each with its station."""
        query = "SELECT case_id, station FROM inspected WHERE day = ? AND passed = 1 ORDER BY case_id"
        return [(row[0], row[1]) for row in self._db.execute(query, (day.isoformat(),))]


def _before(day: date, days: int) -> str:
    return (day - timedelta(days=days)).isoformat()


def _neighbour(row: Sequence[Any]) -> Neighbour:
    place = None
    if row[7] is not None:
        place = Position(longitude=row[7] / MICRO, latitude=row[8] / MICRO, accuracy_m=float(row[9]))
    return Neighbour(
        case=row[0],
        station=row[1],
        inspector=row[2],
        device=row[3],
        vin=row[4],
        opened=row[5],
        concluded=row[6],
        position=place,
    )


def _inspected(*row: Any) -> Inspected:
    return Inspected(
        case=row[0],
        day=date.fromisoformat(row[1]),
        station=row[2],
        inspector=row[3],
        mix=row[4],
        passed=bool(row[5]),
        attempt=row[6],
        seconds=row[7],
        metres=row[8],
        retakes=row[9],
        doubtful=None if row[10] is None else bool(row[10]),
        night=bool(row[11]),
        audited=bool(row[12]),
        overturned=bool(row[13]),
        proven=bool(row[14]),
        suspicions=tuple(row[15].split()),
    )
