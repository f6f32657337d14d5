"""What the hub needs of a store, and the store that it has by default: one SQLite file, every commit on the disk.

Statements are written once, in the subset of SQL that SQLite and PostgreSQL share, with "?" for values; who opens the
store need not know which it is. The tables are `schema.sql`'s, the other store is `postgresql`'s.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from central_hub import HubError

FILE_NAME = "ledger.db"
BUSY_SECONDS_MAX = 10
CACHE_KIB = 64 * 1024
WAL_PAGES_MAX = 16_000
STATEMENTS_KEPT_MAX = 512
"""Prepared once and used again: those that write several rows have a text for each number of them."""
SCHEMA = 4
"""The number of the tables; any change to them is a new one, with its steps in `upgrades`."""
FIRST_SCHEMA = 1
"""The first one bore no number in its file."""

Row = dict[str, Any]


class StoreError(HubError):
    """The database cannot be used."""


class Cursor(Protocol):
    """What a statement gave: tuples, in the order of its columns."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""

    def __iter__(self) -> Any:
        """Go through the rows."""


class Database(Protocol):
    """An open store. Not for several threads at once: the writer's thread has its own, and so have the doors.

    shared: whether other programs may write to it meanwhile. failures: errors that mean that the store itself failed.
    damages: all errors of the store, for whoever only reads.
    """

    shared: bool
    failures: tuple[type[Exception], ...]
    damages: tuple[type[Exception], ...]

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Cursor:
        """Run a statement."""

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement for each row of values."""

    def rows(self, query: str, *values: object) -> list[Row]:
        """Run a query; return its rows by the names of their columns."""

    def stream(self, query: str, *values: object) -> Iterable[tuple[Any, ...]]:
        """Run a query that gives very many rows; none is held, and nothing else is asked until all were seen."""

    def begin(self) -> None:
        """Begin a transaction that will write: nobody else's runs until it ends."""

    def commit(self) -> None:
        """End the transaction; when this returns, it is on the disk."""

    def rollback(self) -> None:
        """Take the transaction back, where there is one."""

    def close(self) -> None:
        """Let go of the store."""


class SqliteDatabase:
    """A SQLite file."""

    shared = False
    failures: tuple[type[Exception], ...] = (sqlite3.OperationalError,)
    damages: tuple[type[Exception], ...] = (sqlite3.DatabaseError,)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.close = connection.close

    def rows(self, query: str, *values: object) -> list[Row]:
        """Run a query; return its rows by the names of their columns."""
        cursor = self._connection.execute(query, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def stream(self, query: str, *values: object) -> Iterable[tuple[Any, ...]]:
        """Run a query that gives very many rows; they are read from the file as they are asked for."""
        return self._connection.execute(query, values)

    def begin(self) -> None:
        """Begin a transaction that will write."""
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """End the transaction; with synchronous = FULL it is on the disk when this returns."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Take the transaction back, where there is one."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def schema_text() -> str:
    """Return the statements that make the tables and leave those that are there, as SQLite takes them."""
    here = files(__package__)
    return "\n".join([(here / "schema.sql").read_text(encoding="utf-8"), *_statements("tables", "")])


def upgrade_text(version: int, *, of_sqlite: bool = True) -> str:
    """Return the statements that bring the tables of an older schema up to this program's, as SQLite takes them.

    of_sqlite: with those that are about how SQLite alone lays out its rows.
    """
    endings = ("", ".sqlite") if of_sqlite else ("",)
    numbers = range(version + 1, SCHEMA + 1)
    steps = [_statements("upgrades", f"_{number}{ending}") for number in numbers for ending in endings]
    return "\n".join(text for step in steps for text in step)


def _statements(folder: str, ending: str) -> list[str]:
    found = [file for file in (files(__package__) / folder).iterdir() if file.name.endswith(f"{ending}.sql")]
    return [file.read_text(encoding="utf-8") for file in sorted(found, key=lambda file: file.name)]


def open_for_writing(folder: Path) -> Database:
    """Open, and where needed make, the database of a data folder; only one writer at a time uses it.

    Raises StoreError when the file is no database or is damaged: it is never made anew in place of a damaged one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    try:
        connection = sqlite3.connect(
            path,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_SECONDS_MAX,
            cached_statements=STATEMENTS_KEPT_MAX,
        )
        return prepared(connection)
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} cannot be used: {error}") from error


def prepared(connection: sqlite3.Connection) -> SqliteDatabase:
    """Return the open file as a store: durable, with its tables. Raises sqlite3.DatabaseError, StoreError."""
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: a commit is on the disk when it returns; NORMAL lost commits in power cuts.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    # Else each savepoint copies the pages that it touches into a file: twice as many writes as the log itself has.
    connection.execute("PRAGMA temp_store = MEMORY")
    # Rarer checkpoints: each writes the pages that changed once, however often they did.
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES_MAX}")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA:
        raise StoreError(f"the ledger has schema {version} and this program knows {SCHEMA}; it is left as it is")
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'devices'").fetchone() and version < SCHEMA:
        steps = upgrade_text(version or FIRST_SCHEMA)
        connection.executescript(f"BEGIN; {steps} PRAGMA user_version = {SCHEMA}; COMMIT;")
    connection.executescript(schema_text())
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    return SqliteDatabase(connection)


def open_for_reading(folder: Path) -> Database:
    """Open the database of a data folder without the right to write; raises StoreError when there is none."""
    path = folder / FILE_NAME
    if not path.is_file():
        raise StoreError(f"{folder} is no hub's data folder: it has no {FILE_NAME}")
    return SqliteDatabase(
        sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False, timeout=BUSY_SECONDS_MAX)
    )
