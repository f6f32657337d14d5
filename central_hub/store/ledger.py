"""The ledger: every fact's bytes, in the order of arrival, with what was signed over them and the seal over all.

Writes inside the transaction that its caller holds. Judges nothing: what comes here was judged by `intake`.
"""

import sqlite3
from collections.abc import Iterable
from functools import cache

from central_hub.intake import ChainHead, foreign
from inspection.facts import Entry
from inspection.identities import HUB
from inspection.signing import CHAIN_START, HASH_BYTES, SigningKey, TreeHead
from inspection.wire import Batch, Recorded, decode_entry, head_bytes

CASE_FACTS_MAX = 1_000
"""Facts of devices that count for one case; an inspection has some forty."""


def leaf(received: int, record_digest: bytes) -> bytes:
    """Return an entry's leaf in the seal: the time of receipt, which deadlines hang on, and the fact's hash."""
    return received.to_bytes(8, "big") + record_digest


def seal_bytes(size: int, root: bytes) -> bytes:
    """Return what the hub signs to seal the ledger at this size."""
    return size.to_bytes(8, "big") + root


class Ledger:
    """Facts in and out of the `entries`, `heads`, `seal` and `devices` tables."""

    def __init__(self, db: sqlite3.Connection, key: SigningKey) -> None:
        self._db = db
        self._key = key
        self._tree = self._read_tree()

    def _read_tree(self) -> TreeHead:
        row = self._db.execute("SELECT size, peaks FROM seal").fetchone()
        if row is None:
            return TreeHead()
        size, peaks = row
        return TreeHead(size, tuple(peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)))

    @property
    def tree(self) -> tuple[int, tuple[bytes, ...]]:
        """The tree head as it stands, to go back to it when writes are taken back."""
        return self._tree.size, self._tree.peaks

    @tree.setter
    def tree(self, state: tuple[int, tuple[bytes, ...]]) -> None:
        self._tree = TreeHead(*state)

    @property
    def sealed(self) -> tuple[int, bytes]:
        """The number of facts and the Merkle root over them."""
        return self._tree.size, self._tree.root()

    def chain_head(self, device: str) -> ChainHead | None:
        """Return what the hub has of a device, or None when it is not enrolled."""
        row = self._db.execute(
            "SELECT public_key, have, head, revoked FROM devices WHERE device = ?", (device,)
        ).fetchone()
        if row is None:
            return None
        return ChainHead(device=device, public_key=row[0], have=row[1], head=row[2], revoked=bool(row[3]))

    def committed_digest(self, device: str, seq: int) -> bytes | None:
        """Return the hash of a committed fact, or None where there is none."""
        row = self._db.execute("SELECT raw FROM entries WHERE device = ? AND seq = ?", (device, seq)).fetchone()
        return decode_entry(row[0]).digest if row else None

    def append_batch(self, batch: Batch, new: tuple[Recorded, ...], *, received: int) -> None:
        """Commit the new facts of a batch with the signature that vouches for them."""
        self._append(new, received)
        head = (batch.device, batch.last, batch.sent, batch.signature)
        self._db.execute("INSERT OR IGNORE INTO heads VALUES (?, ?, ?, ?)", head)

    def append_own(self, records: tuple[Recorded, ...], *, received: int) -> None:
        """Commit consecutive facts of the hub itself, signed by the hub."""
        last = records[-1]
        signature = self._key.sign("batch", head_bytes(HUB, last.entry.seq, last.digest, received))
        self._append(records, received)
        self._db.execute("INSERT INTO heads VALUES (?, ?, ?, ?)", (HUB, last.entry.seq, received, signature))

    def _append(self, records: tuple[Recorded, ...], received: int) -> None:
        rows = []
        for record in records:
            entry = record.entry
            rows.append((entry.device, entry.seq, entry.case, type(entry.fact).__name__, received, record.raw))
            self._tree.add(leaf(received, record.digest))
        insert = "INSERT INTO entries (device, seq, case_id, kind, received, raw) VALUES (?, ?, ?, ?, ?, ?)"
        self._db.executemany(insert, rows)
        last = records[-1]
        head = (last.entry.seq, last.digest, last.entry.device)
        self._db.execute("UPDATE devices SET have = ?, head = ? WHERE device = ?", head)

    def write_seal(self) -> None:
        """Sign the tree head over all facts; the last write of every transaction."""
        size, root = self.sealed
        signature = self._key.sign("seal", seal_bytes(size, root))
        row = (size, b"".join(self._tree.peaks), signature)
        self._db.execute("INSERT OR REPLACE INTO seal VALUES (1, ?, ?, ?)", row)

    def contact(self, device: str, *, at: int, sent: int) -> None:
        """Keep when a device was last heard, and how far its clock was from the hub's (milliseconds, device - hub)."""
        self._db.execute("UPDATE devices SET contact = ?, skew = ? WHERE device = ?", (at, sent - at, device))

    def add_device(self, device: str, kind: str, station: str, *, public_key: bytes, password: str) -> None:
        """Enrol a device; its chain begins."""
        columns = "(device, kind, station, public_key, password, head)"
        values = (device, kind, station, public_key, password, CHAIN_START)
        self._db.execute(f"INSERT INTO devices {columns} VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608 - constants

    def revoke(self, device: str) -> None:
        """Keep that nothing of a device is taken any more."""
        self._db.execute("UPDATE devices SET revoked = 1 WHERE device = ?", (device,))

    def entries_of(self, case: str) -> list[Entry]:
        """Return the committed facts that count for a case, in the order of arrival."""
        return [entry for _, entry in case_entries(self._db, case)]

    def station_of(self, device: str) -> str:
        """Return the station at which a device is enrolled; empty for one that is not."""
        return station_of(self._db, device)

    def opened_at(self, case: str) -> int:
        """Return when the hub received the fact that opened the case; 0 where it has not."""
        device, _, seq = case.rpartition(".")
        query = "SELECT received FROM entries WHERE device = ? AND seq = ?"
        row = self._db.execute(query, (device, int(seq))).fetchone()
        return row[0] if row else 0


def station_of(db: sqlite3.Connection, device: str) -> str:
    """Return the station at which a device is enrolled; empty for one that is not."""
    row = db.execute("SELECT station FROM devices WHERE device = ?", (device,)).fetchone()
    return row[0] if row else ""


def case_entries(db: sqlite3.Connection, case: str) -> list[tuple[int, Entry]]:
    """Return the facts that count for a case, each with its time of receipt, in the order of arrival."""
    # Whoever writes more facts about a case than that only makes work: the first ones count, the hub's own always do.
    query = (
        "SELECT * FROM (SELECT pos, received, raw FROM entries WHERE case_id = ?1 AND device IN "
        "(SELECT device FROM devices WHERE station = ?2 AND device <> ?3) ORDER BY pos LIMIT ?4) "
        "UNION ALL SELECT pos, received, raw FROM entries WHERE case_id = ?1 AND device = ?3 ORDER BY pos"
    )
    station = station_of(db, case.rpartition(".")[0])
    rows = db.execute(query, (case, station, HUB, CASE_FACTS_MAX))
    entries = [(received, decode_entry(raw).entry) for _, received, raw in rows]
    known = cache(lambda device: station_of(db, device))
    return [(received, entry) for received, entry in entries if foreign(entry, known) is None]


def cases_touched(records: Iterable[Recorded]) -> list[str]:
    """Return the ids of the cases that these facts belong to, each once, in order."""
    return list(dict.fromkeys(record.entry.case for record in records if record.entry.case))
