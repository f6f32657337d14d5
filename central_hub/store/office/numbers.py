"""Stickers as they are kept: whose number is next, which sticker a vehicle has, its prints, and the withdrawn ones.

Writes inside the transaction that its caller holds. Judges nothing: `numbering` does. Times are Unix milliseconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from central_hub.deciding.numbering import (
    NUMBERS_LEFT_MIN,
    NumberFact,
    NumberingError,
    NumberRange,
    Taken,
    checked_range,
    follows,
    own_range,
    taken_from,
)
from central_hub.store.database import Database, Row
from inspection.facts import NumberVoided, RangeAllotted, StickerIssued, StickerPrinted
from inspection.identities import HUB
from inspection.wire import decode_entry

CASES_WAITING_MAX = 500
_RANGE = "SELECT prefix, first, last, holder, next FROM ranges"
_STICKER = "SELECT number, case_id, payload, issued, vehicle, valid_until, holder, withdrawn FROM stickers"
_LAST_COPY = "SELECT COALESCE(max(copy), 0) FROM prints WHERE number = ?"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptSticker:
    """A sticker. case: whose it is. payload: signed. issued, withdrawn: when (0: it was not).

    vehicle: registered VIN, or 整车出厂编号. valid_until: last day. holder: whose range the number is of.
    """

    number: str
    case: str
    payload: bytes
    issued: int
    vehicle: str
    valid_until: date
    holder: str
    withdrawn: int = 0


class Numbers:
    """The tables of `stickers.sql`, and `stickers` and `numbers`. own_prefix: of numbers for whoever has no range."""

    def __init__(self, db: Database, own_prefix: str) -> None:
        self._db = db
        self._own_prefix = own_prefix

    def ranges(self, holder: str = "") -> list[NumberRange]:
        """Return the ranges of a holder in the order of their allotment; without one, all that were allotted."""
        if holder:
            query = f"{_RANGE} WHERE holder = ? ORDER BY allotted, prefix, first"
            return [_range(row) for row in self._db.execute(query, (holder,))]
        return [_range(row) for row in self._db.execute(f"{_RANGE} ORDER BY prefix, first")]

    def low(self) -> list[tuple[str, int]]:
        """Return the holders that have few numbers left, each with how many."""
        query = (
            "SELECT holder, CAST(sum(last + 1 - next) AS BIGINT) FROM ranges GROUP BY holder "
            "HAVING sum(last + 1 - next) < ? ORDER BY holder"
        )
        return [(row[0], row[1]) for row in self._db.execute(query, (NUMBERS_LEFT_MIN,))]

    def allot(self, fact: RangeAllotted, *, at: int) -> NumberRange:
        """Keep a new range; raises NumberingError when it cannot be one or shares a number with another."""
        of_prefix = self._db.execute(f"{_RANGE} WHERE prefix = ?", (fact.prefix,))
        own = {row[0] for row in self._db.execute("SELECT prefix FROM numbers")} | {self._own_prefix}
        new = checked_range(fact, [_range(row) for row in of_prefix], own)
        row = (new.prefix, new.first, new.last, new.holder, new.next, at)
        columns = "(prefix, first, last, holder, next, allotted)"
        self._db.execute(f"INSERT INTO ranges {columns} VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - constants
        return new

    def take(self, holder: str) -> Taken:
        """Take the holder's next number; the installation's own next one where the holder was never allotted any.

        Raises NumberingError ("sticker.range_empty") when the holder's ranges have none left.
        """
        ranges = self._usable(holder)
        taken = taken_from(ranges)
        self._use(follows(taken.number, ranges))
        return taken

    def void(self, number: str, holder: str) -> None:
        """Take a number that will never be issued, the holder's next one; raises NumberingError for any other."""
        self._use(follows(number, self._usable(holder)))

    def _usable(self, holder: str) -> list[NumberRange]:
        ranges = self.ranges(holder) if holder else []
        if ranges:
            return ranges
        own = own_range(self._own_prefix)
        query = "SELECT 1 FROM ranges WHERE prefix = ? LIMIT 1"
        if self._db.execute(query, (own.prefix,)).fetchone():
            text = f"sticker_prefix {own.prefix!r} in hub.toml was allotted in ranges: set another one"
            raise NumberingError("range.own_prefix", text)
        row = self._db.execute("SELECT last FROM numbers WHERE prefix = ?", (own.prefix,)).fetchone()
        used = row[0] if row else 0
        return [NumberRange(prefix=own.prefix, first=1, last=own.last, holder="", next=used + 1)]

    def _use(self, used: NumberRange) -> None:
        if used.holder:
            update = "UPDATE ranges SET next = ? WHERE prefix = ? AND first = ?"
            self._db.execute(update, (used.next, used.prefix, used.first))
        else:
            insert = "INSERT INTO numbers VALUES (?, ?) ON CONFLICT (prefix) DO UPDATE SET last = excluded.last"
            self._db.execute(insert, (used.prefix, used.next - 1))

    def waiting_cases(self, holder: str) -> list[str]:
        """Return the first cases at a station or office that passed and wait for a decision, e.g. for a number."""
        query = (
            "SELECT case_id FROM cases WHERE station = ? AND (stage IN ('concluded', 'applied') OR "
            # What an auditor passed first, and there was no number for it then.
            "(stage IN ('archived', 'cleared') AND regime = 'jianyan' AND "
            "NOT EXISTS (SELECT 1 FROM stickers WHERE stickers.case_id = cases.case_id))) "
            "ORDER BY opened, case_id LIMIT ?"
        )
        return [row[0] for row in self._db.execute(query, (holder, CASES_WAITING_MAX))]

    def keep_sticker(self, sticker: KeptSticker) -> None:
        """Keep a sticker.

        That its case is unique, and its vehicle with its last day among those not withdrawn, is the last guard against
        a second one.
        """
        columns = "(number, case_id, payload, issued, vehicle, valid_until, holder, withdrawn)"
        row = (sticker.number, sticker.case, sticker.payload, sticker.issued)
        about = (sticker.vehicle, sticker.valid_until.isoformat(), sticker.holder, sticker.withdrawn)
        insert = f"INSERT INTO stickers {columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
        self._db.execute(insert, (*row, *about))

    def undated(self) -> list[tuple[str, bytes]]:
        """Return number and payload of the stickers that an older program kept without their last day."""
        return list(self._db.execute("SELECT number, payload FROM stickers WHERE valid_until = '' ORDER BY number"))

    def set_last_day(self, number: str, valid_until: date) -> None:
        """Keep the last day of such a sticker.

        A vehicle may have two of one period from then; the later ones stand under their own number, not the vehicle's.
        """
        doubled = (
            "SELECT 1 FROM stickers AS other WHERE other.vehicle = stickers.vehicle AND other.valid_until = ? "
            "AND other.withdrawn = 0"
        )
        update = (
            f"UPDATE stickers SET vehicle = CASE WHEN EXISTS ({doubled}) THEN number ELSE vehicle END, "  # noqa: S608
            "valid_until = ? WHERE number = ?"
        )
        day = valid_until.isoformat()
        self._db.execute(update, (day, day, number))

    def sticker(self, number: str) -> KeptSticker | None:
        """Return a sticker by its number."""
        row = self._db.execute(f"{_STICKER} WHERE number = ?", (number,)).fetchone()
        return _sticker(row) if row else None

    def sticker_of(self, case: str) -> KeptSticker | None:
        """Return the sticker of a case."""
        row = self._db.execute(f"{_STICKER} WHERE case_id = ?", (case,)).fetchone()
        return _sticker(row) if row else None

    def valid_sticker(self, vehicle: str, day: date) -> str:
        """Return the number of the sticker that is valid for a vehicle on that day, of several the longest; else "".

        Asked about the last day of a sticker that is about to be issued, it says whether that period has one already.
        """
        # The last condition says nothing new, but without it SQLite does not see that its index holds all of them.
        query = (
            "SELECT number FROM stickers WHERE vehicle = ? AND valid_until >= ? AND withdrawn = 0 "
            "AND valid_until <> '' ORDER BY valid_until DESC LIMIT 1"
        )
        row = self._db.execute(query, (vehicle, day.isoformat())).fetchone()
        return str(row[0]) if row else ""

    def printed(self, number: str) -> int:
        """Return the highest copy of a sticker that was printed, 0 for none."""
        return int(self._db.execute(_LAST_COPY, (number,)).fetchone()[0])

    def prints(self, number: str) -> list[Row]:
        """Return the log of a sticker's prints, oldest first."""
        return self._db.rows("SELECT * FROM prints WHERE number = ? ORDER BY id", number)

    def note_print(self, fact: StickerPrinted, *, device: str, at: int, allowed: bool) -> None:
        """Keep that a copy was printed. device: where, the hub itself too. allowed: whether it might be."""
        columns = "(number, copy, at, device, person, printer, cause, allowed)"
        row = (fact.number, fact.copy, at, device, fact.by, fact.printer, fact.cause, int(allowed))
        self._db.execute(f"INSERT INTO prints {columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - constants

    def allowed_copies(self, number: str) -> frozenset[int]:
        """Return the further copies of a sticker that somebody allowed, printed or not."""
        return frozenset(row[0] for row in self._db.execute("SELECT copy FROM reprints WHERE number = ?", (number,)))

    def allow_copy(self, number: str, copy: int, *, at: int, person: str, cause: str) -> None:
        """Keep that a further copy may be printed."""
        insert = "INSERT INTO reprints (number, copy, at, person, cause) VALUES (?, ?, ?, ?, ?)"
        self._db.execute(insert, (number, copy, at, person, cause))

    @property
    def withdrawn_version(self) -> int:
        """The version of the list of withdrawn stickers: how many there are."""
        return int(self._db.execute("SELECT COALESCE(max(version), 0) FROM withdrawals").fetchone()[0])

    def withdraw(self, number: str, *, at: int) -> int:
        """Keep that a sticker is valid no more; return the version of the list that names it first."""
        self._db.execute("UPDATE stickers SET withdrawn = ? WHERE number = ?", (at, number))
        version = self.withdrawn_version + 1
        self._db.execute("INSERT INTO withdrawals (version, number, at) VALUES (?, ?, ?)", (version, number, at))
        return version

    def withdrawn(self, since: int, version: int) -> frozenset[str]:
        """Return the numbers that were withdrawn after version `since` up to `version`."""
        query = "SELECT number FROM withdrawals WHERE version > ? AND version <= ?"
        return frozenset(row[0] for row in self._db.execute(query, (since, version)))


def number_facts(db: Database) -> Iterator[tuple[int, NumberFact]]:
    """Go through the hub's facts about numbers, each with its number in the hub's chain, in that order."""
    kinds = tuple(kind.__name__ for kind in (RangeAllotted, StickerIssued, NumberVoided))
    query = "SELECT raw FROM entries WHERE device = ? AND kind IN (?, ?, ?) ORDER BY seq"
    for (raw,) in db.stream(query, HUB, *kinds):
        entry = decode_entry(raw).entry
        if isinstance(entry.fact, RangeAllotted | StickerIssued | NumberVoided):
            yield entry.seq, entry.fact


def _range(row: tuple[str, int, int, str, int]) -> NumberRange:
    return NumberRange(prefix=row[0], first=row[1], last=row[2], holder=row[3], next=row[4])


def _sticker(row: tuple[str, str, bytes, int, str, str, str, int]) -> KeptSticker:
    return KeptSticker(
        number=row[0],
        case=row[1],
        payload=row[2],
        issued=row[3],
        vehicle=row[4],
        # Without one only where the payload of an older program's sticker cannot be read.
        valid_until=date.fromisoformat(row[5]) if row[5] else date.min,
        holder=row[6],
        withdrawn=row[7],
    )
