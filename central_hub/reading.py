"""What screens and doors look up in the store. Reads only, on a connection of its own: it never waits for writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from central_hub.installation import load_settings
from central_hub.store.database import Row
from central_hub.store.gaps import DEVICE_STATES, Gap, find_gaps
from central_hub.store.ledger import case_entries
from central_hub.store.neighbours import facts_around
from central_hub.store.office.accounts import account_row, session_row
from central_hub.store.office.acts import Acts
from central_hub.store.opening import open_reader
from central_hub.store.records import AnnouncedPhoto, announced_photo
from central_hub.store.standing.reading import StandingReading
from central_hub.store.timing import Estimate, Pairing, Received, happened
from inspection.case import Case, fold
from inspection.facts import Entry
from inspection.identities import HUB

QUEUE_ROWS_MAX = 500

FactName = tuple[str, int]
"""A device and the number of one of its facts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How the hub is. trouble: why it does not work, empty when it does. waiting: pieces of work that wait.

    Both counts begin at 0 with the program. dropped: messages for which there was no room; their devices send them
    again. errors: pieces of work that failed in a way that nobody foresaw and were taken back.
    """

    trouble: str
    waiting: int = 0
    dropped: int
    errors: int


class Reading:
    """Queries over a data folder. failures: what its methods raise when the store cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._db = open_reader(folder, load_settings(folder))
        self.failures = self._db.damages

    def close(self) -> None:
        """Let go of the store."""
        self._db.close()

    def _rows(self, query: str, *values: object) -> list[Row]:
        return self._db.rows(query, *values)

    def _row(self, query: str, *values: object) -> Row | None:
        return next(iter(self._db.rows(query, *values)), None)

    def announced_photo(self, digest: str, device: str = "") -> AnnouncedPhoto | None:
        """Return the photo that a committed fact announced under this digest, the given device's own first."""
        return announced_photo(self._db, digest, device)

    def public_key(self, device: str) -> bytes | None:
        """Return an enrolled device's public key (32 bytes); None also for one that was revoked."""
        row = self._row("SELECT public_key FROM devices WHERE device = ? AND revoked = 0", device)
        return row["public_key"] if row else None

    def devices(self) -> list[Row]:
        """Return every enrolled device with what the hub has of it, the hub itself left out."""
        return self._rows("SELECT * FROM devices WHERE kind <> 'hub' ORDER BY device")

    def device_states(self) -> list[Row]:
        """Return how each device stands, without key and password; the columns are those of DEVICE_STATES."""
        return self._rows(DEVICE_STATES)

    def gaps(self, *, now: int, silence_hours_max: int) -> list[Gap]:
        """Return what is missing of whom. now: the hub's time, Unix milliseconds."""
        return find_gaps(self.device_states(), now=now, silence_hours_max=silence_hours_max)

    def quarantined(self) -> int:
        """Return how many devices wait for a person to look."""
        row = self._row("SELECT count(*) AS count FROM devices WHERE quarantined <> '' AND revoked = 0")
        return row["count"] if row else 0

    def happened(self, entries: Sequence[Received]) -> dict[FactName, Estimate]:
        """Return when facts of devices happened by the hub's clock; those of the hub itself need no estimate."""
        found: dict[FactName, Estimate] = {}
        for device in {entry.device for _, entry in entries} - {HUB}:
            facts = [(received, entry) for received, entry in entries if entry.device == device]
            rows = self._rows("SELECT boot, mono, wall, at FROM contacts WHERE device = ?", device)
            pairings = [Pairing(**row) for row in rows]
            around = facts_around(self._db, facts, {pairing.boot for pairing in pairings})
            estimates = happened({entry.seq: (at, entry) for at, entry in [*around, *facts]}.values(), pairings)
            found |= {(device, entry.seq): estimates[entry.seq] for _, entry in facts}
        return found

    def queue(self) -> list[Row]:
        """Return the cases that an auditor may be given, in the order of the queue; QUEUE_ROWS_MAX at most.

        The column holder names who holds the case, empty for nobody.
        """
        query = (
            "SELECT cases.*, COALESCE(audit_leases.person, '') AS holder FROM cases LEFT JOIN audit_leases "
            "ON audit_leases.case_id = cases.case_id "
            "WHERE queued = 1 ORDER BY audit_order, cases.case_id LIMIT ?"
        )
        return self._rows(query, QUEUE_ROWS_MAX)

    def waiting_elsewhere(self) -> list[Row]:
        """Return the cases that wait for a review (查验复核) or for their station, the nearest deadline first."""
        query = "SELECT * FROM cases WHERE waiting = 1 AND queued = 0 ORDER BY audit_due, case_id LIMIT ?"
        return self._rows(query, QUEUE_ROWS_MAX)

    def case_row(self, case: str) -> Row | None:
        """Return a case's row in the lists."""
        return self._row("SELECT * FROM cases WHERE case_id = ?", case)

    def held_by(self, person: str) -> str:
        """Return the case that a person holds for an audit, or nothing."""
        row = self._row("SELECT case_id FROM audit_leases WHERE person = ?", person)
        return row["case_id"] if row else ""

    def probe_answer(self, case: str, person: str) -> Literal["", "pass", "suspicious"]:
        """Return what a person answered where the case was one with a known answer; nothing otherwise."""
        query = "SELECT given FROM audit_answers WHERE case_id = ? AND person = ?"
        row = self._row(query, case, person)
        if row is None:
            return ""
        return "pass" if row["given"] == "pass" else "suspicious"

    def photo_of(self, case: str, digest: str) -> bool:
        """Say whether a fact of this case announced the photo."""
        return self._row("SELECT 1 AS one FROM photos WHERE digest = ? AND case_id = ?", digest, case) is not None

    def case_of_photo(self, digest: str) -> str:
        """Return a case that announced the photo; empty for none."""
        row = self._row("SELECT case_id FROM photos WHERE digest = ? ORDER BY case_id LIMIT 1", digest)
        return row["case_id"] if row else ""

    @property
    def acts(self) -> Acts:
        """What people asked for that takes two of them; to look at only."""
        return Acts(self._db)

    @property
    def standing(self) -> StandingReading:
        """What is looked up about how stations stand."""
        return StandingReading(self._db)

    def recent_cases(self, limit: int = 100, *, station: str = "") -> list[Row]:
        """Return the newest cases, whatever their stage. station: whose alone; empty for all."""
        if station:
            query = "SELECT * FROM cases WHERE station = ? ORDER BY opened DESC, case_id DESC LIMIT ?"
            return self._rows(query, station, limit)
        return self._rows("SELECT * FROM cases ORDER BY opened DESC, case_id DESC LIMIT ?", limit)

    def counts(self) -> dict[str, int]:
        """Return how many cases stand in each stage."""
        rows = self._rows("SELECT stage, count(*) AS count FROM cases GROUP BY stage")
        return {row["stage"]: row["count"] for row in rows}

    def entries(self, case: str) -> list[tuple[int, Entry]]:
        """Return the facts that count for a case, in the order of arrival, each with its time of receipt.

        Times are Unix milliseconds.
        """
        return case_entries(self._db, case)

    def case(self, case: str) -> Case:
        """Return the folded case; one without facts is unopened."""
        return fold(case, (entry for _, entry in self.entries(case)))

    def sticker(self, number: str) -> Row | None:
        """Return a sticker's row by its number."""
        return self._row("SELECT * FROM stickers WHERE number = ?", number)

    def refusals(self, limit: int = 100) -> list[Row]:
        """Return the newest messages that were not taken."""
        return self._rows("SELECT id, at, device, code, text, size FROM refusals ORDER BY id DESC LIMIT ?", limit)

    def refusal_counts(self) -> list[Row]:
        """Return how often what was refused of whom."""
        return self._rows("SELECT * FROM refusal_counts ORDER BY count DESC, device, code")

    def photos_elsewhere(self, case: str, digests: list[str]) -> dict[str, tuple[str, ...]]:
        """Return, by digest, up to 5 other cases that announced the very same photo; the others are left out."""
        query = "SELECT case_id FROM photos WHERE digest = ? AND case_id <> ? ORDER BY case_id LIMIT 5"
        found = {digest: tuple(row["case_id"] for row in self._rows(query, digest, case)) for digest in digests}
        return {digest: cases for digest, cases in found.items() if cases}

    def account(self, name: str) -> Row | None:
        """Return an account with its password's hash, and whether a second factor is enrolled."""
        return account_row(self._db, name)

    def session(self, token: bytes, now: int) -> Row | None:
        """Return the account that a session token (its SHA-256) stands for, while it lasts, and the session's stage."""
        return session_row(self._db, token, now)
