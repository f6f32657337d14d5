"""Filings (备案) as they stand: the newest of each inspector, area and terminal. Derived from the facts about them."""

import msgspec

from central_hub.deciding.permitting import KINDS, kind_of
from central_hub.store.database import Database
from inspection.filings import Filing
from inspection.rules.permissions import FilingKind

_decoder = msgspec.json.Decoder(Filing)
_KINDS_FILED = f"SELECT {', '.join(['EXISTS (SELECT 1 FROM filings WHERE kind = ?)'] * len(KINDS))}"  # noqa: S608


class FilingTable:
    """The table `filings`. Writes inside the transaction that its caller holds."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def keep(self, filing: Filing) -> None:
        """Write a filing in place of the one before."""
        row = (kind_of(filing), filing.id, msgspec.json.encode(filing).decode())
        keep = "INSERT INTO filings VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET filing = excluded.filing"
        self._db.execute(keep, row)

    def get(self, kind: FilingKind, name: str) -> Filing | None:
        """Return the filing of this inspector, area or terminal; None where there is none."""
        query = "SELECT filing FROM filings WHERE kind = ? AND id = ?"
        row = self._db.execute(query, (kind, name)).fetchone()
        return _decoder.decode(row[0]) if row else None

    def of_kind(self, kind: FilingKind, *, after: str = "", limit: int) -> list[Filing]:
        """Return at most `limit` filings of a kind, by id, from the one after `after` on."""
        query = "SELECT filing FROM filings WHERE kind = ? AND id > ? ORDER BY id LIMIT ?"
        return [_decoder.decode(row[0]) for row in self._db.execute(query, (kind, after, limit))]

    def kinds(self) -> list[FilingKind]:
        """Return the kinds of which anything is filed."""
        row = self._db.execute(_KINDS_FILED, KINDS).fetchone()
        return [kind for kind, filed in zip(KINDS, row, strict=True) if filed]
