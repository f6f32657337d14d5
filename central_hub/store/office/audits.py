"""The audit's own rows: leases and the look into the queue, opinions, seeds, shifts, known-answer cases, corrections.

Writes inside the transaction that its caller holds; so a case that one looks up and takes is nobody else's. What may be
taken, and when a lease ends, is judged by `queueing`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from central_hub.deciding.forecasting import Shift
from central_hub.deciding.queueing import WHO_MAY_NOT_SETTLE, Lease, LeaseClock, barred_word, ticked
from central_hub.deciding.sampling import DayOfSeed
from central_hub.store.database import Database
from inspection.facts import ReadingCorrected

LEASES_KEPT_MS = 7 * 24 * 3_600_000
"""So long it is remembered how a lease ended, to tell its holder."""

TOKEN_CHARACTERS_MAX = 18

CLOCK_KEPT_MS_EACH = 1_000
"""So often the lease clock is written down: a hub's clock that is put back lengthens a lease by no more than this."""

_LEASE = "token, case_id, person, round, due, taken, until, probe"
# One walk along one index. Who may not have a case is asked of each row that comes, not of the store: a planner that
# takes such conditions for rare reads and sorts the whole queue.
_QUEUE = (
    "SELECT case_id, audit_order, audit_due, barred FROM cases WHERE queued = 1 AND (audit_order, case_id) > (?, ?) "
    "AND station <> ? ORDER BY audit_order, case_id LIMIT ?"
)
_NEXT_PROBE = (
    "SELECT case_id FROM audit_probes WHERE used = 1 AND station <> ? AND replace(barred, ?, '') = barred "
    "AND NOT EXISTS (SELECT 1 FROM audit_leases WHERE audit_leases.case_id = audit_probes.case_id) "
    "AND NOT EXISTS "
    "(SELECT 1 FROM audit_answers WHERE audit_answers.case_id = audit_probes.case_id AND audit_answers.person = ?) "
    "ORDER BY asked, case_id LIMIT 1"
)
_QUEUE_START = (-(2**62), "")
QUEUE_ROWS_FIRST, QUEUE_ROWS_MAX = 128, 4_096
"""So many rows of the queue are read at first, and at most at once: more than people hold cases."""


class Queued(NamedTuple):
    """A case in the queue: its id, and when it is due, Unix milliseconds."""

    case: str
    due: int


class Asking(NamedTuple):
    """Who wants a case. person: as facts name them. station: theirs, or nothing. may_settle: where two differ."""

    person: str
    station: str
    may_settle: bool

    @property
    def words(self) -> tuple[str, ...]:
        """What may not stand among those who are barred from a case: their name, or their kind."""
        own = barred_word(self.person)
        return (own,) if self.may_settle else (own, barred_word(WHO_MAY_NOT_SETTLE))


class AuditTable:
    """The rows in `audits.sql`, and the queue in `cases`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def tick(self, hub_ms: int) -> LeaseClock:
        """Return the lease clock at a moment of the hub's clock, and keep it."""
        row = self._db.execute("SELECT latest, ahead FROM audit_clock").fetchone()
        before = LeaseClock(latest=row[0], ahead=row[1]) if row else LeaseClock()
        clock = ticked(before, hub_ms)
        if clock.ahead != before.ahead or clock.latest - before.latest >= CLOCK_KEPT_MS_EACH:
            keep = (
                "INSERT INTO audit_clock VALUES (1, ?, ?, 0) "
                "ON CONFLICT (one) DO UPDATE SET latest = excluded.latest, ahead = excluded.ahead"
            )
            self._db.execute(keep, (clock.latest, clock.ahead))
        return clock

    def leases(self, now: int) -> list[Lease]:
        """Return all leases, a handful; those that ran out end now. now: lease time, milliseconds."""
        found = [_lease(row) for row in self._db.execute(f"SELECT {_LEASE} FROM audit_leases")]  # noqa: S608
        for lease in found:
            if lease.until <= now:
                self.end(lease, "expired")
        return [lease for lease in found if lease.until > now]

    def queue_for(self, asking: Asking, *, held: Iterable[str]) -> Iterator[Queued]:
        """Yield the cases that this person may be given, in their order. held: cases that somebody has."""
        recused = self._db.execute("SELECT case_id FROM audit_recusals WHERE person = ?", (asking.person,))
        left_out = {*held, *(row[0] for row in recused)}
        after, limit = _QUEUE_START, QUEUE_ROWS_FIRST
        while rows := self._db.execute(_QUEUE, (*after, asking.station, limit)).fetchall():
            for case, order, due, barred in rows:
                if case not in left_out and not any(word in barred for word in asking.words):
                    yield Queued(case, due)
                after = (order, case)
            limit = min(2 * limit, QUEUE_ROWS_MAX)

    def next_token(self) -> str:
        """Return a token that was never given and never will be again; `tick` went before."""
        take = "UPDATE audit_clock SET tokens = tokens + 1 RETURNING tokens"
        return str(self._db.execute(take).fetchone()[0])

    def add_lease(self, lease: Lease) -> None:
        """Keep a new lease; that its case and its person have no other is the last guard."""
        who = (int(lease.token), lease.case, lease.person, lease.round)
        row = (*who, lease.due, lease.taken, lease.until, int(lease.probe))
        self._db.execute(f"INSERT INTO audit_leases ({_LEASE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608

    def lease(self, token: str) -> Lease | None:
        """Return the lease that a token stands for, ended or not; None for one that was never given."""
        if not token.isdecimal() or len(token) > TOKEN_CHARACTERS_MAX:
            return None
        query = f"SELECT {_LEASE} FROM audit_leases WHERE token = ?"  # noqa: S608 - constants
        row = self._db.execute(query, (int(token),)).fetchone()
        if row is not None:
            return _lease(row)
        query = "SELECT case_id, person, until, ended FROM audit_leases_ended WHERE token = ?"
        row = self._db.execute(query, (int(token),)).fetchone()
        if row is None:
            return None
        return Lease(
            token=token, case=row[0], person=row[1], round=0, due=0, taken=0, until=row[2], probe=False, ended=row[3]
        )

    def renew(self, token: str, until: int) -> None:
        """Let a lease last until then."""
        self._db.execute("UPDATE audit_leases SET until = ? WHERE token = ?", (until, int(token)))

    def end(self, lease: Lease, how: str) -> None:
        """End a lease. how: "decided", "released" or "expired"."""
        token = int(lease.token)
        self._db.execute("DELETE FROM audit_leases WHERE token = ?", (token,))
        row = (token, lease.case, lease.person, lease.until, how)
        self._db.execute("INSERT INTO audit_leases_ended VALUES (?, ?, ?, ?, ?)", row)

    def trim(self, now: int) -> None:
        """Forget leases that ended long ago. now: lease time, milliseconds."""
        self._db.execute("DELETE FROM audit_leases_ended WHERE until < ?", (now - LEASES_KEPT_MS,))

    def recuse(self, case: str, person: str, *, at: int) -> None:
        """Keep that a person is not to be given a case again."""
        insert = "INSERT INTO audit_recusals VALUES (?, ?, ?) ON CONFLICT (person, case_id) DO NOTHING"
        self._db.execute(insert, (person, case, at))

    def recused(self, case: str, person: str) -> bool:
        """Say whether a person asked not to be given a case."""
        query = "SELECT 1 FROM audit_recusals WHERE case_id = ? AND person = ?"
        return self._db.execute(query, (case, person)).fetchone() is not None

    def keep_opinion(self, lease: Lease, decision: str, *, seconds: int, at: int) -> None:
        """Keep an opinion for the figures."""
        insert = "INSERT INTO audit_opinions (case_id, round, person, decision, seconds, at) VALUES (?, ?, ?, ?, ?, ?)"
        self._db.execute(insert, (lease.case, lease.round, lease.person, decision, seconds, at))

    def keep_outcome(self, case: str, decision: str, *, light: str, at: int) -> None:
        """Keep what people decided beside what the pre-audit said. After an undone audit the last decision counts."""
        insert = (
            "INSERT INTO audit_outcomes VALUES (?, ?, ?, ?) ON CONFLICT (case_id) "
            "DO UPDATE SET decision = excluded.decision, light = excluded.light, at = excluded.at"
        )
        self._db.execute(insert, (case, decision, light, at))

    def keep_correction(self, case: str, fact: ReadingCorrected, *, at: int) -> None:
        """Keep what an auditor read on a photo."""
        columns = "(case_id, photo, read, corrected, person, at)"
        values = (case, fact.photo, fact.read, fact.corrected, fact.by, at)
        self._db.execute(f"INSERT INTO audit_corrections {columns} VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608

    def told_level(self, case: str) -> int:
        """Return the highest level that was told of a case's being late; 0 for none."""
        row = self._db.execute("SELECT level FROM audit_escalated WHERE case_id = ?", (case,)).fetchone()
        return int(row[0]) if row else 0

    def keep_told_level(self, case: str, level: int) -> None:
        """Keep that a level was told."""
        insert = "INSERT INTO audit_escalated VALUES (?, ?) ON CONFLICT (case_id) DO UPDATE SET level = excluded.level"
        self._db.execute(insert, (case, level))

    def seeds(self) -> tuple[DayOfSeed, ...]:
        """Return the seeds that are not shown yet, and the newest one that is."""
        query = (
            "SELECT day, seed, revealed FROM audit_seeds "
            "WHERE revealed = 0 OR day = (SELECT max(day) FROM audit_seeds WHERE revealed = 1) ORDER BY day"
        )
        rows = self._db.execute(query).fetchall()
        return tuple(
            DayOfSeed(day=date.fromisoformat(day), seed=seed, revealed=bool(shown)) for day, seed, shown in rows
        )

    def add_seed(self, day: date, seed: bytes) -> None:
        """Keep the seed of a day, not to be shown before it is over."""
        self._db.execute("INSERT INTO audit_seeds VALUES (?, ?, 0)", (day.isoformat(), seed))

    def reveal_seed(self, day: date) -> None:
        """Keep that a seed was shown."""
        self._db.execute("UPDATE audit_seeds SET revealed = 1 WHERE day = ?", (day.isoformat(),))

    def set_shift(self, shift: Shift) -> None:
        """Put a shift in place of whatever that person's shifts had there; one without length takes them away."""
        out = "DELETE FROM audit_shifts WHERE person = ? AND starts < ? AND ends > ?"
        self._db.execute(out, (shift.person, shift.end, shift.start))
        if shift.end > shift.start:
            self._db.execute("INSERT INTO audit_shifts VALUES (?, ?, ?)", (shift.person, shift.start, shift.end))

    def shifts(self, now: int) -> tuple[Shift, ...]:
        """Return the shifts that are not over. now: Unix milliseconds of the hub."""
        query = "SELECT person, starts, ends FROM audit_shifts WHERE ends > ? ORDER BY starts, person"
        rows: Sequence[tuple[str, int, int]] = self._db.execute(query, (now,)).fetchall()
        return tuple(Shift(person=person, start=start, end=end) for person, start, end in rows)

    def add_probe(self, case: str, expected: str, *, station: str, barred: str, by: str) -> None:
        """Keep a case as one with a known answer. barred: as in `cases`."""
        insert = (
            "INSERT INTO audit_probes (case_id, expected, station, barred, chosen_by, used) VALUES (?, ?, ?, ?, ?, 1) "
            "ON CONFLICT (case_id) DO UPDATE SET expected = excluded.expected, barred = excluded.barred, used = 1"
        )
        self._db.execute(insert, (case, expected, station, barred, by))

    def retire_probe(self, case: str) -> bool:
        """Keep that a case is no longer handed out for its known answer; say whether it was."""
        update = "UPDATE audit_probes SET used = 0 WHERE case_id = ? AND used = 1 RETURNING 1"
        return self._db.execute(update, (case,)).fetchone() is not None

    def next_probe(self, asking: Asking) -> str:
        """Return the known-answer case that was asked least and this person may be given, or nothing."""
        values = (asking.station, barred_word(asking.person), asking.person)
        row = self._db.execute(_NEXT_PROBE, values).fetchone()
        return row[0] if row else ""

    def expected_answer(self, case: str) -> str:
        """Return what is known of a known-answer case."""
        return str(self._db.execute("SELECT expected FROM audit_probes WHERE case_id = ?", (case,)).fetchone()[0])

    def keep_answer(self, lease: Lease, *, expected: str, given: str, at: int) -> None:
        """Keep how a known-answer case was decided, once a person."""
        insert = "INSERT INTO audit_answers VALUES (?, ?, ?, ?, ?)"
        self._db.execute(insert, (lease.case, lease.person, expected, given, at))
        self._db.execute("UPDATE audit_probes SET asked = asked + 1 WHERE case_id = ?", (lease.case,))


def _lease(row: Sequence[Any]) -> Lease:
    token, case, person, round_, due, taken, until, probe = row
    return Lease(
        token=str(token),
        case=case,
        person=person,
        round=round_,
        due=due,
        taken=taken,
        until=until,
        probe=bool(probe),
    )
