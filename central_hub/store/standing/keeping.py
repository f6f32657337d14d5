"""What the tables of standing keep: rows of inspections, events, warnings, tips, calls, and how stations stand.

Writes inside the transaction that its caller holds; judges nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import msgspec
from msgspec.structs import replace

from central_hub.store.database import Database
from inspection.facts import AnyFact, Position, TipReceived, WarningRaised
from inspection.standing.figures import Figure, Inspected
from inspection.standing.rules import Subject
from inspection.standing.state import StationStanding, after

MICRO = 1_000_000
_COLUMNS = (
    "case_id", "day", "station", "inspector", "device", "registered", "mix", "passed", "attempt", "opened", "concluded",
    "seconds", "metres", "longitude", "latitude", "accuracy", "retakes", "doubtful", "night", "audited", "overturned",
    "proven", "suspicions", "looked", "stage",
)  # fmt: skip
_KEEP = (
    f"INSERT INTO inspected ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608 - constants
    f"ON CONFLICT (case_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS[2:])}"
)
_decoder = msgspec.json.Decoder(StationStanding)


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """What a row holds beside what is counted: who and what was there, when by the hub's estimate, and where.

    looked: how much of the case was there, stage: where it stood, when the row was made.
    """

    device: str
    registered: str
    opened: int
    concluded: int
    position: Position | None
    looked: str
    stage: str


class StandingTables:
    """Writes the tables of standing, and looks up what every decision needs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def kept(self, case: str) -> tuple[str, str] | None:
        """Return how much of a case was looked at, and in which stage it was then; None where it has no row."""
        row = self._db.execute("SELECT looked, stage FROM inspected WHERE case_id = ?", (case,)).fetchone()
        return (row[0], row[1]) if row else None

    def keep_outcome(self, row: Inspected, stage: str) -> None:
        """Write what became of an inspection about which a device has said nothing new."""
        update = (
            "UPDATE inspected SET audited = ?, overturned = ?, proven = ?, retakes = ?, stage = ? WHERE case_id = ?"
        )
        marks = (int(row.audited), int(row.overturned), int(row.proven))
        self._db.execute(update, (*marks, row.retakes, stage, row.case))

    def keep(self, row: Inspected, placed: Placed) -> None:
        """Write a case's row anew; its day stays as it was first written."""
        place = placed.position
        where = (round(place.longitude * MICRO), round(place.latitude * MICRO)) if place else (None, None)
        accuracy = min(round(place.accuracy_m), MICRO) if place else 0
        who = (row.case, row.day.isoformat(), row.station, row.inspector, placed.device, placed.registered, row.mix)
        when = (int(row.passed), row.attempt, placed.opened, placed.concluded, row.seconds, row.metres)
        doubtful = None if row.doubtful is None else int(row.doubtful)
        marks = (row.retakes, doubtful, int(row.night), int(row.audited), int(row.overturned), int(row.proven))
        codes = f" {' '.join(row.suspicions)} " if row.suspicions else ""
        self._db.execute(_KEEP, (*who, *when, *where, accuracy, *marks, codes, placed.looked, placed.stage))

    def begin_events(self, case: str, station: str, events: Mapping[str, str], *, at: int) -> None:
        """Keep what happened to a case (kind: who) of which nothing is kept yet; all of it happened now."""
        rows = [(case, kind, at, station, who) for kind, who in events.items()]
        self._db.executemany("INSERT INTO standing_events VALUES (?, ?, ?, ?, ?)", rows)

    def keep_events(self, case: str, station: str, events: Mapping[str, str], *, at: int) -> None:
        """Keep what happened to a case (kind: who); what is new happened now, what is no more is taken out."""
        known = {row[0] for row in self._db.execute("SELECT kind FROM standing_events WHERE case_id = ?", (case,))}
        for kind in known - events.keys():
            self._db.execute("DELETE FROM standing_events WHERE case_id = ? AND kind = ?", (case, kind))
        new = {kind: who for kind, who in events.items() if kind not in known}
        self.begin_events(case, station, new, at=at)

    def standing(self, station: str, *, admitted: bool, listed: bool) -> StationStanding:
        """Return how a station stands now: one row. admitted, listed: what holds until a fact says otherwise."""
        row = self._db.execute("SELECT body FROM standing WHERE station = ?", (station,)).fetchone()
        if row is None:
            return StationStanding(station=station, admitted=admitted, listed=listed)
        return begun_with(_decoder.decode(row[0]), admitted=admitted, listed=listed)

    def follow(self, station: str, fact: AnyFact, *, at: int, admitted: bool, listed: bool) -> StationStanding:
        """Keep what a fact of the office changes in a station's standing; return it as it is then."""
        standing = after(self.standing(station, admitted=admitted, listed=listed), at, fact)
        insert = (
            "INSERT INTO standing VALUES (?, ?, ?) "
            "ON CONFLICT (station) DO UPDATE SET suspended = excluded.suspended, body = excluded.body"
        )
        self._db.execute(insert, (station, int(standing.suspended), msgspec.json.encode(standing)))
        return standing

    def keep_warning(self, fact: WarningRaised, *, day: date, at: int) -> None:
        """Keep that a warning was raised."""
        columns = "(at, day, subject, name, rule, level, rules, figures)"
        values = (at, day.isoformat(), fact.subject, fact.name, fact.rule, fact.level, fact.rules, fact.figures)
        self._db.execute(f"INSERT INTO standing_warnings {columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608

    def keep_figures(self, subject: Subject, figures: Mapping[str, Mapping[str, Figure]], *, day: date) -> None:
        """Keep the figures of a day, in place of those that were kept of it before."""
        rows = [
            (day.isoformat(), subject, name, msgspec.json.encode(list(own.values()))) for name, own in figures.items()
        ]
        insert = (
            "INSERT INTO standing_figures VALUES (?, ?, ?, ?) "
            "ON CONFLICT (subject, name, day) DO UPDATE SET body = excluded.body"
        )
        self._db.executemany(insert, rows)

    def put_in_force(self, digest: str) -> bool:
        """Take note which rules of standing are in force; say whether they were not before."""
        known = self._db.execute("SELECT digest FROM rules_in_force WHERE name = 'standing'").fetchone()
        if known is not None and known[0] == digest:
            return False
        insert = "INSERT INTO rules_in_force VALUES ('standing', ?)"
        keep = f"{insert} ON CONFLICT (name) DO UPDATE SET digest = excluded.digest"
        self._db.execute(keep, (digest,))
        return True

    def keep_tip(self, tip: TipReceived, *, at: int) -> None:
        """Keep what somebody told of."""
        insert = "INSERT INTO tips (at, text, station, plate, contact) VALUES (?, ?, ?, ?, ?)"
        self._db.execute(insert, (at, tip.text, tip.station, tip.plate, tip.contact))

    def keep_calls(self, cases: Iterable[tuple[str, str]], *, day: date, at: int) -> None:
        """Keep that the owners of these cases (case, station) are to be called back."""
        rows = [(case, day.isoformat(), station, at) for case, station in cases]
        insert = "INSERT INTO calls (case_id, day, station, drawn) VALUES (?, ?, ?, ?) ON CONFLICT (case_id) DO NOTHING"
        self._db.executemany(insert, rows)

    def keep_called(self, case: str, result: str) -> None:
        """Keep what came of a call; one whose owner nobody was to call leaves no row."""
        self._db.execute("UPDATE calls SET result = ? WHERE case_id = ?", (result, case))


def begun_with(standing: StationStanding, *, admitted: bool, listed: bool) -> StationStanding:
    """Return a standing in which hub.toml holds where no fact has said anything."""
    said = {step.kind for step in standing.steps}
    if not said & {"admitted", "not_admitted"}:
        standing = replace(standing, admitted=admitted)
    if not said & {"listed", "unlisted"}:
        standing = replace(standing, listed=listed)
    return standing
