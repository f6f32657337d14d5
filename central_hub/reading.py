"""What screens and doors look up in the store. Reads only, on a connection of its own: it never waits for writes."""

import sqlite3
from pathlib import Path
from typing import Any

from central_hub.store.database import open_for_reading
from central_hub.store.ledger import case_entries
from central_hub.store.records import AnnouncedPhoto, announced_photo
from inspection.case import Case, fold
from inspection.facts import Entry

QUEUE_ROWS_MAX = 500

Row = dict[str, Any]


class Reading:
    """Queries over a data folder."""

    def __init__(self, folder: Path) -> None:
        self._db = open_for_reading(folder)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _rows(self, query: str, *values: object) -> list[Row]:
        return [dict(row) for row in self._db.execute(query, values)]

    def _row(self, query: str, *values: object) -> Row | None:
        row: sqlite3.Row | None = self._db.execute(query, values).fetchone()
        return dict(row) if row else None

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

    def queue(self) -> list[Row]:
        """Return the cases that wait for an auditor, the nearest deadline first; QUEUE_ROWS_MAX at most."""
        return self._rows("SELECT * FROM cases WHERE waiting = 1 ORDER BY audit_due, case_id LIMIT ?", QUEUE_ROWS_MAX)

    def recent_cases(self, limit: int = 100) -> list[Row]:
        """Return the newest cases, whatever their stage."""
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

    def open_directives(self) -> dict[str, int]:
        """Return how many directives each device has not settled; devices without any are left out."""
        query = "SELECT device, count(*) AS count FROM directives WHERE settled = 0 GROUP BY device"
        return {row["device"]: row["count"] for row in self._rows(query)}

    def account(self, name: str) -> Row | None:
        """Return an account with its password's hash."""
        return self._row("SELECT * FROM accounts WHERE name = ?", name)

    def session(self, token: bytes, now: int) -> Row | None:
        """Return the account that a session token (its SHA-256) stands for, while it lasts."""
        query = (
            "SELECT accounts.* FROM sessions JOIN accounts ON accounts.name = sessions.name "
            "WHERE sessions.token = ? AND sessions.until > ?"
        )
        return self._row(query, token, now)
