"""What is looked up in the tables of standing: around a case, for the chain, for pages and digests. Reads only."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import starmap
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
from inspection.standing.rules import StandingRules, Subject
from inspection.standing.state import StationStanding
from inspection.standing.suspicion import Neighbour, Reuse
from inspection.wire import decode_entry

NEIGHBOUR_HOURS = 12
"""Nobody is surprised by where somebody was half a day ago."""
NEIGHBOURS_MAX = 40
REUSES_MAX = 20
AGAINST_MAX = 200
WARNINGS_SHOWN_MAX = 50
HOUR_MS = 3_600_000

_ROW = (
    "case_id, day, station, inspector, mix, passed, attempt, seconds, metres, retakes, doubtful, night, audited, "
    "overturned, proven, suspicions"
)
_figures = msgspec.json.Decoder(list[Figure])
_standing = msgspec.json.Decoder(StationStanding)


class StandingReading:
    """Queries over the tables of standing, on whatever connection it is given."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def ends_of(self, case: Case) -> list[Received]:
        """Return the facts that opened and concluded a case, each with its time of receipt; in their order."""
        opening = (case.device, int(case.case.rpartition(".")[2]))
        first = "SELECT received, raw FROM entries WHERE device = ? AND seq = ?"
        last = (
            "SELECT received, raw FROM entries WHERE case_id = ? AND case_id <> '' AND kind = 'InspectionConcluded' "
            "AND device <> ? ORDER BY pos"
        )
        rows = [*self._db.execute(first, opening), *self._db.execute(last, (case.case, HUB))]
        return [(received, decode_entry(raw).entry) for received, raw in rows]

    def pairings(self, device: str, boots: Iterable[str]) -> list[Pairing]:
        """Return what a device's clocks showed in these boots when the hub heard it."""
        query = "SELECT boot, mono, wall, at FROM contacts WHERE device = ? AND boot = ?"
        found = [row for boot in sorted(set(boots)) for row in self._db.rows(query, device, boot)]
        return [Pairing(**row) for row in found]

    def neighbours(
        self, case: Case, opened: CaseOpened, *, since: int, until: int, busy_since: int = 0
    ) -> tuple[Neighbour, ...]:
        """Return other inspections by the same inspector, with the same device, of the same vehicle, around a time.

        busy_since: of those at the same station whose place is no better known only the ones that ended after this are
        returned: they say how much somebody did, and nothing about where. Unix milliseconds.
        """
        asked = (("inspector", opened.inspector), ("device", case.device), ("registered", opened.vehicle.vin))
        found: dict[str, Neighbour] = {}
        for column, value in asked:
            query = (
                "SELECT case_id, station, inspector, device, registered, opened, concluded, longitude, latitude, "  # noqa: S608
                f"accuracy FROM inspected WHERE {column} = ? AND concluded > ? AND concluded < ? AND case_id <> ? "
                "AND (concluded > ? OR station <> ? OR longitude IS NOT NULL) ORDER BY concluded DESC LIMIT ?"
            )
            way = NEIGHBOUR_HOURS * HOUR_MS
            values = (value, since - way, until + way, case.case, busy_since, opened.station, NEIGHBOURS_MAX)
            rows = self._db.execute(query, values) if value else ()
            found |= {row[0]: _neighbour(row) for row in rows if row[0] not in found}
        return tuple(found.values())

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
        rows = self._db.execute(query, (*digests, case, REUSES_MAX))
        return tuple(Reuse(digest=row[0], case=row[1], vin=row[2], serial=row[3]) for row in rows)

    def inspected(self, day: date, days: int) -> list[Inspected]:
        """Return the rows of a period of so many days that ends with `day`."""
        query = f"SELECT {_ROW} FROM inspected WHERE day > ? AND day <= ? ORDER BY case_id"  # noqa: S608 - constants
        return list(starmap(_inspected, self._db.execute(query, (_before(day, days), day.isoformat()))))

    def marked(self, station: str, day: date, days: int) -> list[Marked]:
        """Return a station's inspections one by one, and those of all others counted, of such a period."""
        period = (_before(day, days), day.isoformat())
        own = "SELECT day, inspector, case_id, suspicions FROM inspected WHERE day > ? AND day <= ? AND station = ?"
        others = (
            "SELECT day, suspicions, count(*) FROM inspected WHERE day > ? AND day <= ? AND station <> ? "
            "GROUP BY day, suspicions"
        )
        marked = [
            Marked(
                day=date.fromisoformat(row[0]),
                station=station,
                inspector=row[1],
                case=row[2],
                suspicions=tuple(row[3].split()),
            )
            for row in self._db.execute(own + " ORDER BY case_id", (*period, station))
        ]
        counted = [
            Marked(day=date.fromisoformat(row[0]), station="", suspicions=tuple(row[1].split()), count=row[2])
            for row in self._db.execute(others, (*period, station))
        ]
        return marked + counted

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
