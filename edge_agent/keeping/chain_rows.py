"""The journal's table of facts and its table of receipts: checked, covered by receipts, and at last let go.

Knows the rows. Functions that write run inside a transaction of the journal's.
"""

import sqlite3
from typing import NamedTuple

from edge_agent.clock import Moment
from edge_agent.keeping import photo_rows
from edge_agent.store import JournalError, Store
from inspection import wire
from inspection.directives import Receipt
from inspection.signing import CHAIN_START
from inspection.wire import WireError

BOOTS_MAX = 50
"""Of so many boots, the newest, it is kept how their clocks stood to the hub's."""

FORGOTTEN_AT_ONCE_MAX = 10_000
"""So many facts leave in one commit, so that whoever records meanwhile does not wait."""

_HOUR_MS = 3_600_000


class Covered(NamedTuple):
    """What a receipt came to. receipted: number of the last fact that has one now.

    newer: whether the hub never told a later time before.
    """

    receipted: int
    newer: bool


class Pairing(NamedTuple):
    """How the clocks of one boot stood to the hub's at its newest receipt: milliseconds, wall and hub time of Unix."""

    boot: str
    mono: int
    wall: int
    hub_time: int


def check_chain(store: Store, device: str) -> None:
    """Check what nobody else may have yet: the facts from the last receipted one on. Raises JournalError."""
    statement = "SELECT seq, digest, raw FROM facts WHERE seq >= (SELECT receipted FROM chain) ORDER BY seq"
    before = b""
    with store.reading(statement) as rows:
        for seq, head, raw in rows:
            _check_fact((seq, head, raw), device, before=before)
            before = head


def _check_fact(row: tuple[int, bytes, bytes], device: str, *, before: bytes) -> None:
    seq, head, raw = row
    try:
        record = wire.decode_entry(raw)
    except WireError as error:
        raise JournalError(f"fact {seq} of {device} was damaged on the disk: {error}") from error
    whole = record.digest == head and record.entry.seq == seq and record.entry.device == device
    if not whole or (before and record.entry.before != before):
        raise JournalError(f"fact {seq} of {device} was damaged on the disk: its chain does not hold")


def settle(connection: sqlite3.Connection, receipt: Receipt, at: Moment | None) -> Covered:
    """Take a receipt; one that comes late or twice changes nothing. at: when it came, None for one by file.

    Raises JournalError before anything is written, as `_check_head` does.
    """
    receipted, hub_time = connection.execute("SELECT receipted, hub_time FROM chain").fetchone()
    newer = receipt.hub_time > hub_time
    if not newer and receipt.have <= receipted:
        return Covered(receipted, newer)
    _check_head(connection, receipt, receipted)
    _cover(connection, receipt, receipted=receipted, hub_time=hub_time)
    if at is not None and newer:
        _pair(connection, at, receipt.hub_time)
    return Covered(receipt.have, newer)


def _check_head(connection: sqlite3.Connection, receipt: Receipt, receipted: int) -> None:
    """Check that a receipt speaks of this chain. receipted: number of the last fact that had one.

    Raises JournalError when it names a fact that was never made, one that is not ours, or lost ones that are not kept.
    """
    have, device = receipt.have, receipt.device
    found = connection.execute("SELECT seq, digest FROM facts WHERE seq IN (?, ?)", (have, have + 1))
    kept = dict(found.fetchall())
    if have == 0:
        kept[0] = CHAIN_START
    if have not in kept and have > receipted:
        raise JournalError(f"the hub says that it has fact {have} of {device}, which was never made here")
    if have < receipted and not (have in kept and have + 1 in kept):
        raise JournalError(f"the hub has lost the facts of {device} after {have}, and they are no longer kept")
    if kept[have] != receipt.head:
        raise JournalError(f"the hub speaks of another chain: its fact {have} of {device} is not ours")


def _cover(connection: sqlite3.Connection, receipt: Receipt, *, receipted: int, hub_time: int) -> None:
    """Note what a receipt covers. receipted, hub_time: of the newest receipt before it.

    One row an hour says up to where: a mark on every fact would write each of them a second time.
    """
    if receipt.have < receipted:
        photo_rows.take_back(connection, receipt.have)
        connection.execute("DELETE FROM receipts WHERE have > ?", (receipt.have,))
    newest_time = max(hub_time, receipt.hub_time)
    connection.execute("UPDATE chain SET receipted = ?, hub_time = ?", (receipt.have, newest_time))
    values = (newest_time // _HOUR_MS, receipt.have, newest_time)
    connection.execute("INSERT OR REPLACE INTO receipts VALUES (?, ?, ?)", values)
    connection.execute("DELETE FROM refusals WHERE seq <= ?", (receipt.have,))


def forget(connection: sqlite3.Connection, before_hub_time: int) -> int:
    """Delete the oldest facts that were receipted before that hub time, with what hangs on them; return how many."""
    done = connection.execute(
        "DELETE FROM facts WHERE seq <= (SELECT max(have) FROM receipts WHERE hub_time < ?)"
        " AND seq < (SELECT receipted FROM chain) AND seq < (SELECT max(seq) FROM facts)"
        " AND seq < (SELECT min(seq) FROM facts) + ?",
        (before_hub_time, FORGOTTEN_AT_ONCE_MAX),
    )
    oldest = connection.execute("SELECT coalesce(min(seq), 0) FROM facts").fetchone()[0]
    # What is about no case is the list of withdrawn stickers: checks without a link rest on it, however old it is.
    connection.execute(
        "DELETE FROM directives WHERE settled < ? AND case_id <> '' AND number < (SELECT max(number) FROM directives)",
        (oldest,),
    )
    connection.execute("DELETE FROM receipts WHERE have < ? AND have < (SELECT receipted FROM chain)", (oldest,))
    return done.rowcount


def _pair(connection: sqlite3.Connection, at: Moment, hub_time: int) -> None:
    """Note how the device's clocks stand to the hub's: `at` is when its word of `hub_time` came."""
    values = (at.boot, at.mono, at.wall, hub_time)
    connection.execute("INSERT OR REPLACE INTO pairings VALUES (?, ?, ?, ?)", values)
    connection.execute(
        "DELETE FROM pairings WHERE boot NOT IN (SELECT boot FROM pairings ORDER BY hub_time DESC LIMIT ?)",
        (BOOTS_MAX,),
    )


def pairings(store: Store) -> list[Pairing]:
    """Return how the clocks of the newest boots stood to the hub's, oldest first."""
    return [Pairing(*row) for row in store.rows("SELECT boot, mono, wall, hub_time FROM pairings ORDER BY hub_time")]
