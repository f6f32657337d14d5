"""What the API looks up in the store (查询): rows and values, on connections of its own. Judges and writes nothing.

Of two connections one is for the event loop's thread and quick looks; figures over many rows go through the other.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from msgspec import Struct

from central_hub.deciding.forecasting import Shift
from central_hub.deciding.sampling import commitment
from central_hub.installation import load_settings
from central_hub.store.database import Database, Row
from central_hub.store.ledger import seal_bytes
from central_hub.store.office.accounts import Account, Accounts
from central_hub.store.office.audits import AuditTable
from central_hub.store.office.filings import FilingTable
from central_hub.store.office.numbers import KeptSticker, Numbers
from central_hub.store.opening import open_reader
from central_hub.store.standing.reading import StandingReading
from inspection.filings import Filing
from inspection.identities import HUB
from inspection.rules.permissions import FilingKind
from inspection.signing import HASH_BYTES, SigningKey, TreeHead
from inspection.withdrawals import Withdrawals, seal_withdrawals

LIST_FRESH_MS = 48 * 3_600_000
LIST_DATED_MS = 600_000
"""The list of withdrawn stickers is dated anew no more often than this, unless it grows."""
SEEDS_SHOWN_MAX = 400
_BLIND = "'second_review', 'suspected'"
"""Stages that tell an auditor what another one thought."""

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseFilter:
    """Which cases are wanted; empty: any. after: the row of the page before, by its time and case.

    hides_opinions: whether stages that tell what an auditor thought are shown as waiting. held: a case of which
    the same goes, whatever its stage.
    """

    station: str = ""
    stage: str = ""
    light: str = ""
    regime: str = ""
    since: int = 0
    until: int = 2**62
    overdue: bool = False
    vin: str = ""
    plate: str = ""
    serial: str = ""
    after: tuple[int, str] | None = None
    hides_opinions: bool = False
    held: str = ""
    limit: int = 100


class Held(NamedTuple):
    """A case that somebody holds for an audit, and the deadline that they are told; empty for none."""

    case: str
    due: int


class Seal(Struct, frozen=True, kw_only=True):
    """The ledger's head (账本头). size: how many facts; root, signature, key: hexadecimal.

    signature: the hub's over the purpose "seal" and the size (8 bytes, the greatest first) with the root.
    """

    size: int
    root: str
    signature: str
    key: str


class SampleDay(Struct, frozen=True, kw_only=True):
    """A day's seed for random samples. commitment: its SHA-256; seed: hexadecimal, empty until the day is over."""

    day: str
    commitment: str
    seed: str


class Lookups:
    """Queries over a data folder."""

    def __init__(self, folder: Path) -> None:
        settings = load_settings(folder)
        self._db = open_reader(folder, settings)
        self._slow = open_reader(folder, settings)
        self._slowly = asyncio.Lock()
        self._listed: tuple[int, int, bytes] = (-1, 0, b"")
        self.standing = StandingReading(self._db)
        self.numbers = Numbers(self._db, settings.sticker_prefix)

    def close(self) -> None:
        """Let go of the store."""
        self._db.close()
        self._slow.close()

    async def slowly(self, look: Callable[[Database], _T]) -> _T:
        """Look something up that takes long, in a thread of its own; one at a time."""
        async with self._slowly:
            return await asyncio.to_thread(look, self._slow)

    def _row(self, query: str, *values: object) -> Row | None:
        return next(iter(self._db.rows(query, *values)), None)

    def case_row(self, case: str) -> Row | None:
        """Return a case's row."""
        return self._row("SELECT * FROM cases WHERE case_id = ?", case)

    async def cases(self, wanted: CaseFilter) -> list[Row]:
        """Return cases, the newest first, with the stage that may be shown; of a page at most its limit."""
        return await self.slowly(lambda db: _cases(db, wanted))

    async def counts(self) -> dict[str, int]:
        """Return how many cases stand in each stage."""
        query = "SELECT stage, count(*) AS count FROM cases GROUP BY stage"
        rows = await self.slowly(lambda db: db.rows(query))
        return {row["stage"]: row["count"] for row in rows}

    def held_by(self, person: str) -> Held:
        """Return the case that a person was handed out for an audit last and has not decided, with its deadline."""
        row = self._row("SELECT case_id, due FROM audit_leases WHERE person = ?", person)
        return Held(row["case_id"], row["due"]) if row else Held("", 0)

    def photo_of(self, case: str, digest: str) -> Row | None:
        """Return a photo that is stored and that a fact of this case announced."""
        return self._row("SELECT * FROM photos WHERE digest = ? AND case_id = ? AND stored > 0 LIMIT 1", digest, case)

    def knows_station(self, station: str) -> bool:
        """Say whether a device, a case or a decision names this station."""
        query = (
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM devices WHERE station = ?) "
            "OR EXISTS (SELECT 1 FROM standing WHERE station = ?)"
        )
        return self._row(query, station, station) is not None

    def shifts(self, now: int) -> tuple[Shift, ...]:
        """Return the shifts that are not over."""
        return AuditTable(self._db).shifts(now)

    def samples(self) -> list[SampleDay]:
        """Return the newest days' commitments, and the seeds of those that were shown."""
        query = "SELECT day, seed, revealed FROM audit_seeds ORDER BY day DESC LIMIT ?"
        rows = self._db.execute(query, (SEEDS_SHOWN_MAX,))
        return [
            SampleDay(day=day, commitment=commitment(seed), seed=seed.hex() if revealed else "")
            for day, seed, revealed in rows
        ]

    def corrections(self, *, after: int, limit: int) -> list[Row]:
        """Return what auditors read otherwise, in order, from the one after `after` on."""
        query = "SELECT * FROM audit_corrections WHERE id > ? ORDER BY id LIMIT ?"
        return self._db.rows(query, after, limit)

    def probes(self) -> list[Row]:
        """Return the known-answer cases in use."""
        return self._db.rows("SELECT case_id, expected, asked FROM audit_probes WHERE used = 1 ORDER BY case_id")

    def accounts(self) -> list[Account]:
        """Return every account."""
        return Accounts(self._db).all()

    def filing(self, kind: FilingKind, name: str) -> Filing | None:
        """Return a filing, or None."""
        return FilingTable(self._db).get(kind, name)

    def filings(self, kind: FilingKind, *, after: str, limit: int) -> list[Filing]:
        """Return filings of a kind, by id."""
        return FilingTable(self._db).of_kind(kind, after=after, limit=limit)

    def sticker(self, number: str) -> KeptSticker | None:
        """Return a sticker by its number."""
        return self.numbers.sticker(number)

    def proposals(self) -> list[Row]:
        """Return the rulebooks that were proposed here, oldest first."""
        return self._db.rows("SELECT digest, name, text, signature, person, at FROM rulebooks ORDER BY at, digest")

    def seal(self) -> Seal | None:
        """Return the ledger's newest seal."""
        row = self._row("SELECT size, peaks, signature, public_key FROM seal, devices WHERE device = ?", HUB)
        if row is None:
            return None
        peaks = tuple(row["peaks"][at : at + HASH_BYTES] for at in range(0, len(row["peaks"]), HASH_BYTES))
        root = TreeHead(row["size"], peaks).root()
        return Seal(size=row["size"], root=root.hex(), signature=row["signature"].hex(), key=row["public_key"].hex())

    def withdrawal_list(self, key: SigningKey, *, now: int) -> tuple[int, int, bytes]:
        """Return version, date and bytes of the signed list of withdrawn stickers; made anew when it grew or is old."""
        version = self.numbers.withdrawn_version
        known, dated, _ = self._listed
        if version != known or not 0 <= now - dated < LIST_DATED_MS:
            numbers = self.numbers.withdrawn(0, version)
            said = Withdrawals(since=0, version=version, issued_at=now, until=now + LIST_FRESH_MS, numbers=numbers)
            self._listed = (version, now, seal_withdrawals(said, key))
        return self._listed


def sealed_bytes(seal: Seal) -> bytes:
    """Return what the signature of a seal is over."""
    return seal_bytes(seal.size, bytes.fromhex(seal.root))


def _cases(db: Database, wanted: CaseFilter) -> list[Row]:
    stage = f"CASE WHEN case_id = ? OR (? = 1 AND stage IN ({_BLIND})) THEN 'audit_pending' ELSE stage END"
    chosen: list[tuple[str, object]] = [("opened >= ?", wanted.since), ("opened < ?", wanted.until)]
    named = {
        "station": wanted.station,
        "light": wanted.light,
        "regime": wanted.regime,
        "registered": wanted.vin,
        "plate": wanted.plate,
        "serial": wanted.serial,
    }
    chosen += [(f"{column} = ?", value) for column, value in named.items() if value]
    chosen += [("overdue = ?", 1)] if wanted.overdue else []
    conditions, values = [one for one, _ in chosen], [value for _, value in chosen]
    if wanted.stage:
        conditions.append(f"{stage} = ?")
        values += [wanted.held, int(wanted.hides_opinions), wanted.stage]
    if wanted.after is not None:
        conditions.append("(opened, case_id) < (?, ?)")
        values += wanted.after
    query = (
        f"SELECT cases.*, {stage} AS shown FROM cases WHERE {' AND '.join(conditions)} "  # noqa: S608 - constants
        "ORDER BY opened DESC, case_id DESC LIMIT ?"
    )
    return db.rows(query, wanted.held, int(wanted.hides_opinions), *values, wanted.limit)
