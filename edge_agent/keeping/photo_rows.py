"""The journal's table of photos: what is known about each, and in which order they are to be sent.

Knows the rows. Which turn a photo has is decided in `precedence`, which may be freed in `retention`; the bytes are the
vault's. Functions that write run inside a transaction of the journal's.
"""

import itertools
import sqlite3
from collections.abc import Container, Iterable, Iterator
from typing import Any

from edge_agent import precedence
from edge_agent.courier import KeptPhoto, PhotoState
from edge_agent.precedence import Turn
from edge_agent.store import Store
from inspection.directives import Refusal
from inspection.facts import Entry, PhotoTaken

PASSED_OVER_MAX = 1_000
"""After so many photos that must wait none is looked for further: all behind them are such as were refused."""

_HOUR_MS = 3_600_000
_SELECT = (
    "SELECT digest, media, size, case_id, seq, created, state, receipted_at, refused_code, refused_text FROM photos "
)
# Left to itself SQLite sorts all that wait, for each photo anew.
_TO_SEND = (
    "INDEXED BY photos_to_send WHERE state = 'kept' AND seq <= (SELECT receipted FROM chain)"
    " ORDER BY turn, began DESC, seq"
)


def in_state(store: Store, state: PhotoState) -> list[KeptPhoto]:
    """Return all photos in that state, oldest first."""
    return [_photo(row) for row in store.rows(_SELECT + "WHERE state = ? ORDER BY seq", state)]


def one(store: Store, digest: str) -> KeptPhoto | None:
    """Return what is known about one photo, or None."""
    rows = store.rows(_SELECT + "WHERE digest = ?", digest)
    return _photo(rows[0]) if rows else None


def first_to_send(store: Store, passed_over: Container[str]) -> KeptPhoto | None:
    """Return the photo whose turn it is, or None: announced by a receipted fact, its digest not passed over.

    Looks at no more rows than are passed over, and one: the index has the order. And at most at PASSED_OVER_MAX.
    """
    with store.reading(_SELECT + _TO_SEND) as rows:
        looked_at = itertools.islice(rows, PASSED_OVER_MAX)
        return next((_photo(row) for row in looked_at if row[0] not in passed_over), None)


def oldest_receipted(store: Store, limit: int) -> list[KeptPhoto]:
    """Return the photos that the hub has had for longest and that are still here, at most `limit`."""
    wanted = "WHERE state = 'receipted' AND receipted_at > 0 ORDER BY receipted_at LIMIT ?"
    return [_photo(row) for row in store.rows(_SELECT + wanted, limit)]


def waiting(store: Store) -> tuple[int, int]:
    """Return how many photos the hub does not have, and their bytes."""
    count, size = store.rows("SELECT count(*), coalesce(sum(size), 0) FROM photos WHERE state = 'kept'")[0]
    return count, size


def refused(store: Store) -> Iterator[tuple[str, str, str]]:
    """Return digest, code and text of each photo that the hub refused and has not taken since."""
    yield from store.rows("SELECT digest, refused_code, refused_text FROM photos WHERE refused_code != ''")


def keep(connection: sqlite3.Connection, fact: PhotoTaken, entry: Entry) -> None:
    """Note a photo that was taken, and that nobody waits any more for the one that it replaces."""
    photo = fact.photo
    turn = precedence.turn(photo.media, waited_for=True)
    began = precedence.began(entry.device, entry.case, entry.seq)
    values = (photo.digest, photo.media, photo.size, entry.case, entry.seq, entry.wall, turn, began)
    # Bytes that were freed and came back are at the hub already, so they may be freed again.
    connection.execute(
        "INSERT INTO photos (digest, media, size, case_id, seq, created, turn, began, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'kept') ON CONFLICT (digest) DO UPDATE SET turn = excluded.turn,"
        " began = excluded.began, state = iif(state = 'freed', 'receipted', state)",
        values,
    )
    if fact.replaces and fact.replaces != photo.digest:
        _let_wait(connection, "digest", fact.replaces)


def case_is_over(connection: sqlite3.Connection, case: str) -> None:
    """Note that no sticker waits any more for the photos of this case."""
    _let_wait(connection, "case_id", case)


def note_receipt(connection: sqlite3.Connection, digest: str) -> None:
    """Note that the hub has committed a photo's bytes."""
    connection.execute(
        "UPDATE photos SET state = 'receipted', receipted_at = (SELECT hub_time FROM chain),"
        " refused_code = '', refused_text = '' WHERE digest = ? AND state = 'kept'",
        (digest,),
    )


def note_refusal(connection: sqlite3.Connection, digest: str, refusal: Refusal) -> None:
    """Note why a photo was not taken; from now on it goes last."""
    values = (refusal.code, refusal.text, Turn.REFUSED, digest)
    connection.execute("UPDATE photos SET refused_code = ?, refused_text = ?, turn = ? WHERE digest = ?", values)


def note_freed(connection: sqlite3.Connection, digests: Iterable[str]) -> None:
    """Note that the bytes of receipted photos are gone; one without a receipt is not touched."""
    statement = "UPDATE photos SET state = 'freed' WHERE digest = ? AND state = 'receipted'"
    connection.executemany(statement, [(digest,) for digest in digests])


def take_back(connection: sqlite3.Connection, have: int) -> None:
    """Let photos wait again that a hub may have lost, which has facts up to `have` only.

    Those of lost facts, and those that it said to have after it got fact `have`: asking again costs little.
    """
    first_hour = connection.execute("SELECT min(hour) FROM receipts WHERE have >= ?", (have,)).fetchone()[0]
    since = 0 if first_hour is None else first_hour * _HOUR_MS
    statement = "UPDATE photos SET state = 'kept' WHERE state = 'receipted' AND (seq > ? OR receipted_at >= ?)"
    connection.execute(statement, (have, since))


def take_back_named(connection: sqlite3.Connection, digests: Iterable[str]) -> None:
    """Let photos wait again that the hub says it does not have; one whose bytes are gone is not touched."""
    statement = "UPDATE photos SET state = 'kept' WHERE digest = ? AND state = 'receipted'"
    connection.executemany(statement, [(digest,) for digest in digests])


def _let_wait(connection: sqlite3.Connection, column: str, value: str) -> None:
    change = f"UPDATE photos SET turn = ? WHERE {column} = ? AND turn = ?"  # noqa: S608 - a constant column
    connection.execute(change, (Turn.REST, value, Turn.WAITED_FOR))


def _photo(row: tuple[Any, ...]) -> KeptPhoto:
    digest, media, size, case, seq, created, state, receipted_at, code, text = row
    return KeptPhoto(
        digest=digest,
        media=media,
        size=size,
        case=case,
        seq=seq,
        created=created,
        state=state,
        receipted_at=receipted_at,
        refused=code,
        refused_text=text,
    )
