"""The ledger: every fact's bytes, in the order of arrival, with what was signed over them and the seal over all.

Writes inside the transaction that its caller holds. Judges nothing: what comes here was judged by `intake`.
The hub's own chain and the tree are held in memory between transactions; where other programs write to the store too,
they are read anew at the beginning of each.
"""

from collections.abc import Iterable
from functools import cache
from operator import itemgetter
from typing import NamedTuple

from central_hub import HubError
from central_hub.deciding.intake import ChainHead, foreign
from central_hub.store.database import Database
from central_hub.store.inserting import insert_rows
from inspection.facts import AnyFact, Entry
from inspection.identities import HUB
from inspection.signing import CHAIN_START, HASH_BYTES, SigningKey, TreeHead
from inspection.wire import Batch, Recorded, decode_entry, encode_entry, head_bytes

CASE_FACTS_MAX = 1_000
"""Facts that count for one case, of its own device and of all others together; an inspection has some forty."""


_KEEP_SEAL = (
    "INSERT INTO seal VALUES (1, ?, ?, ?) ON CONFLICT (one) "
    "DO UPDATE SET size = excluded.size, peaks = excluded.peaks, signature = excluded.signature"
)
# Without the second half neither store uses the index of the facts that have a case, and reads the whole ledger.
_OF_CASE = "case_id = ? AND case_id <> ''"


def leaf(received: int, record_digest: bytes) -> bytes:
    """Return an entry's leaf in the seal: the time of receipt, which deadlines hang on, and the fact's hash."""
    return received.to_bytes(8, "big") + record_digest


def seal_bytes(size: int, root: bytes) -> bytes:
    """Return what the hub signs to seal the ledger at this size."""
    return size.to_bytes(8, "big") + root


class LedgerState(NamedTuple):
    """What the ledger holds in memory: the tree over all facts, and number and hash of the hub's own newest fact.

    signed: how many batches have come in this transaction, whose signatures `finish` keeps.
    """

    size: int
    peaks: tuple[bytes, ...]
    own: int
    own_head: bytes
    signed: int


class Ledger:
    """Facts in and out of the `entries`, `heads`, `seal` and `devices` tables."""

    def __init__(self, db: Database, key: SigningKey) -> None:
        self._db = db
        self._key = key
        self._stations: dict[str, str] = {}
        self._own_signed = 0
        self._signed: list[tuple[str, int, int, bytes]] = []
        self._read_state()

    def begin(self) -> bool:
        """Begin a transaction's writes: bring what is held in memory up to the store; say whether others wrote."""
        if not self._db.shared:
            return False
        before = self.state
        self._read_state()
        # The peaks are hashes over all facts: where they are the same, every fact is.
        return self.state != before

    def _read_state(self) -> None:
        row = self._db.execute("SELECT size, peaks FROM seal").fetchone()
        size, peaks = row or (0, b"")
        self._tree = TreeHead(size, tuple(peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)))
        own = self._db.execute("SELECT have, head FROM devices WHERE device = ?", (HUB,)).fetchone()
        self._own: int = own[0] if own else 0
        self._own_head: bytes = own[1] if own else CHAIN_START
        self._own_signed = self._own

    @property
    def state(self) -> LedgerState:
        """What is held in memory, to go back to it when writes are taken back."""
        return LedgerState(self._tree.size, self._tree.peaks, self._own, self._own_head, len(self._signed))

    @state.setter
    def state(self, state: LedgerState) -> None:
        self._tree = TreeHead(state.size, state.peaks)
        self._own, self._own_head = state.own, state.own_head
        del self._signed[state.signed :]

    @property
    def sealed(self) -> tuple[int, bytes]:
        """The number of facts and the Merkle root over them."""
        return self._tree.size, self._tree.root()

    def chain_head(self, device: str) -> ChainHead | None:
        """Return what the hub has of a device, or None when it is not enrolled."""
        query = "SELECT public_key, have, head, revoked, quarantined FROM devices WHERE device = ?"
        row = self._db.execute(query, (device,)).fetchone()
        if row is None:
            return None
        return ChainHead(
            device=device, public_key=row[0], have=row[1], head=row[2], revoked=bool(row[3]), quarantined=row[4]
        )

    def committed_digest(self, device: str, seq: int) -> bytes | None:
        """Return the hash of a committed fact, or None where there is none."""
        row = self._db.execute("SELECT raw FROM entries WHERE device = ? AND seq = ?", (device, seq)).fetchone()
        return decode_entry(row[0]).digest if row else None

    def append_batch(self, batch: Batch, new: tuple[Recorded, ...], *, received: int, carried: bool = False) -> None:
        """Commit the new facts of a batch; `finish` keeps the signature that vouches for them.

        carried: whether it came on a stick; else it also says when the device was heard, and how its clock stands.
        """
        self._append(new, received)
        stands: tuple[int | bytes, ...] = (new[-1].entry.seq, new[-1].digest)
        if carried:
            update = "UPDATE devices SET have = ?, head = ? WHERE device = ?"
        else:
            update = "UPDATE devices SET have = ?, head = ?, contact = ?, skew = ? WHERE device = ?"
            stands += (received, batch.sent - received)
        self._db.execute(update, (*stands, batch.device))
        self._signed.append((batch.device, batch.last, batch.sent, batch.signature))

    def write(self, case: str, *facts: AnyFact, at: int) -> tuple[Recorded, ...]:
        """Write facts of the hub itself into its chain; `finish` signs them. at: hub time, Unix milliseconds.

        Raises HubError when the hub's chain was not begun.
        """
        if not self.station_known(HUB):
            raise HubError("the hub's own chain was not begun")
        records = []
        for fact in facts:
            entry = Entry(
                device=HUB,
                seq=self._own + 1,
                before=self._own_head,
                wall=at,
                mono=0,
                boot="",
                case=case,
                fact=fact,
            )
            record = encode_entry(entry)
            self._own, self._own_head = record.entry.seq, record.digest
            records.append(record)
        self._append(tuple(records), at)
        return tuple(records)

    def _append(self, records: tuple[Recorded, ...], received: int) -> None:
        rows = []
        for record in records:
            entry = record.entry
            self._tree.add(leaf(received, record.digest))
            kind = type(entry.fact).__name__
            rows.append((self._tree.size, entry.device, entry.seq, entry.case, kind, received, record.raw))
        insert_rows(self._db, "entries (pos, device, seq, case_id, kind, received, raw)", rows)

    def finish(self, *, at: int) -> None:
        """End a transaction's writes: the devices' signatures, one over all of the hub's own, and one over the tree."""
        insert_rows(self._db, "heads", self._signed, otherwise="ON CONFLICT (device, last) DO NOTHING")
        self._signed.clear()
        if self._own > self._own_signed:
            signature = self._key.sign("batch", head_bytes(HUB, self._own, self._own_head, at))
            self._db.execute("INSERT INTO heads VALUES (?, ?, ?, ?)", (HUB, self._own, at, signature))
            self._db.execute("UPDATE devices SET have = ?, head = ? WHERE device = ?", (self._own, self._own_head, HUB))
        size, root = self.sealed
        row = (size, b"".join(self._tree.peaks), self._key.sign("seal", seal_bytes(size, root)))
        self._db.execute(_KEEP_SEAL, row)

    def committed(self) -> None:
        """Take note that what `finish` wrote is on the disk."""
        self._own_signed = self._own

    def add_device(self, device: str, kind: str, station: str, *, public_key: bytes, password: str) -> None:
        """Enrol a device; its chain begins."""
        columns = "(device, kind, station, public_key, password, head)"
        values = (device, kind, station, public_key, password, CHAIN_START)
        self._db.execute(f"INSERT INTO devices {columns} VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608 - constants

    def entries_of(self, case: str) -> list[Entry]:
        """Return the committed facts that count for a case, in the order of arrival."""
        return [entry for _, entry in case_entries(self._db, case)]

    def knows(self, case: str) -> bool:
        """Say whether any fact about the case is here."""
        query = f"SELECT 1 FROM entries WHERE {_OF_CASE} LIMIT 1"  # noqa: S608 - constants
        return self._db.execute(query, (case,)).fetchone() is not None

    def station_of(self, device: str) -> str:
        """Return the station at which a device is enrolled, which never changes; empty for one that is not."""
        known = self._stations.get(device)
        if known is None:
            known = station_of(self._db, device)
            if known:
                self._stations[device] = known
        return known

    def station_known(self, device: str) -> bool:
        """Say whether a device, or the hub itself, is enrolled."""
        if device not in self._stations:
            row = self._db.execute("SELECT station FROM devices WHERE device = ?", (device,)).fetchone()
            if row is None:
                return False
            self._stations[device] = row[0]
        return True

    def opened_at(self, case: str) -> int:
        """Return when the hub received the fact that opened the case; 0 where it has not."""
        device, _, seq = case.rpartition(".")
        query = "SELECT received FROM entries WHERE device = ? AND seq = ?"
        row = self._db.execute(query, (device, int(seq))).fetchone()
        return row[0] if row else 0


def station_of(db: Database, device: str) -> str:
    """Return the station at which a device is enrolled; empty for one that is not."""
    row = db.execute("SELECT station FROM devices WHERE device = ?", (device,)).fetchone()
    return row[0] if row else ""


def case_entries(db: Database, case: str) -> list[tuple[int, Entry]]:
    """Return the facts that count for a case, each with its time of receipt, in the order of arrival."""
    # Whoever writes more facts about a case than that only makes work: the first ones count, the hub's own always do.
    # Those of the device that opens it are counted by themselves: others may have filled a case that is to come.
    # CROSS JOIN: the case's few facts first, then who wrote them; else SQLite would walk all facts of a device.
    of_case = (
        "SELECT pos, received, raw FROM entries CROSS JOIN devices "
        "WHERE entries.case_id = ? AND devices.device = entries.device AND"
    )
    by_opener = f"{of_case} devices.device = ? AND devices.kind <> 'hub' ORDER BY pos LIMIT ?"
    by_others = f"{of_case} devices.device <> ? AND devices.station = ? AND devices.kind <> 'hub' ORDER BY pos LIMIT ?"
    by_hub = f"{of_case} devices.kind = 'hub' ORDER BY pos"
    opener = case.rpartition(".")[0]
    found = [
        *db.execute(by_opener, (case, opener, CASE_FACTS_MAX)),
        *db.execute(by_others, (case, opener, station_of(db, opener), CASE_FACTS_MAX)),
        *db.execute(by_hub, (case,)),
    ]
    rows = sorted(found, key=itemgetter(0))
    entries = [(received, decode_entry(raw).entry) for _, received, raw in rows]
    known = cache(lambda device: station_of(db, device))
    return [(received, entry) for received, entry in entries if foreign(entry, known) is None]


def cases_touched(records: Iterable[Recorded]) -> list[str]:
    """Return the ids of the cases that these facts belong to, each once, in order."""
    return list(dict.fromkeys(record.entry.case for record in records if record.entry.case))
