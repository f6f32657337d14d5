"""The SQLite file under the journal: its tables, how it is opened, checked and written to.

Knows SQLite. What the rows mean is `journal`'s. A damaged or foreign file is refused and left as it is: a journal that
was made anew would begin its chain again at fact 1, and the hub would rightly refuse the device for ever.
"""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from edge_agent import AgentError

_APPLICATION_ID = 0x50534C4E
_SCHEMA = 1
_BUSY_SECONDS_MAX = 10.0

_TABLES = (
    """CREATE TABLE chain (
        one INTEGER PRIMARY KEY CHECK (one = 1), device TEXT NOT NULL,
        receipted INTEGER NOT NULL, hub_time INTEGER NOT NULL) STRICT""",
    """CREATE TABLE facts (
        seq INTEGER PRIMARY KEY, case_id TEXT NOT NULL, digest BLOB NOT NULL, raw BLOB NOT NULL,
        receipted_at INTEGER) STRICT""",
    "CREATE INDEX facts_of_case ON facts (case_id, seq)",
    """CREATE TABLE directives (
        number INTEGER PRIMARY KEY, case_id TEXT NOT NULL, body BLOB NOT NULL, settled INTEGER NOT NULL) STRICT""",
    "CREATE INDEX directives_of_case ON directives (case_id, number)",
    "CREATE TABLE refusals (seq INTEGER PRIMARY KEY, code TEXT NOT NULL, text TEXT NOT NULL) STRICT",
    """CREATE TABLE photos (
        digest TEXT PRIMARY KEY, media TEXT NOT NULL, size INTEGER NOT NULL, case_id TEXT NOT NULL,
        seq INTEGER NOT NULL, created INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('kept', 'receipted', 'freed')),
        receipted_at INTEGER NOT NULL DEFAULT 0,
        refused_code TEXT NOT NULL DEFAULT '', refused_text TEXT NOT NULL DEFAULT '') STRICT""",
    "CREATE INDEX photos_by_state ON photos (state)",
)


class JournalError(AgentError):
    """A journal that cannot be used, or that was told something that cannot be."""


class JournalFullError(JournalError):
    """Too little room for another fact; what is kept stays."""


class Store:
    """One open SQLite file. All writing goes through `writing`; threads may share it."""

    def __init__(self, path: Path, *, free_bytes_min: int = 0) -> None:
        """Open the file at `path`; raises JournalError when it is missing, damaged or something else."""
        if not path.is_file():
            raise JournalError(f"there is no journal at {path.name}; it is made once, with the device's home")
        self._path = path
        self._free_bytes_min = free_bytes_min
        # Waiters sleep on it, writers notify it after each commit.
        self.changed = threading.Condition(threading.RLock())
        try:
            self._connection = _connected(path)
        except sqlite3.Error as error:
            raise _refused(path, str(error)) from error
        try:
            _check_file(self._connection, path)
        except sqlite3.Error as error:
            self._connection.close()
            raise _refused(path, str(error)) from error
        except JournalError:
            self._connection.close()
            raise

    @classmethod
    def create(cls, path: Path, device: str) -> None:
        """Make the empty journal of `device`; raises JournalError when there is a file already."""
        if path.exists():
            raise JournalError(f"there is a journal at {path.name} already; it is never overwritten")
        unfinished = path.with_name(path.name + ".new")
        unfinished.unlink(missing_ok=True)
        try:
            _make_tables(unfinished, device)
            unfinished.rename(path)
        except (sqlite3.Error, OSError) as error:
            raise JournalError(f"the journal cannot be made at {path.name}: {error}") from error

    def close(self) -> None:
        """Close the file; whoever still waits is woken."""
        with self.changed:
            self._connection.close()
            self.changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what a SELECT finds; raises JournalError."""
        with self.changed:
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise _refused(self._path, str(error)) from error

    @contextmanager
    def writing(self, *, needs_room: bool = True) -> Iterator[sqlite3.Connection]:
        """Give the connection inside one transaction: all of the block is on the disk after it, or none.

        needs_room: whether the floor of free space holds; what settles, and so lets go, may go below it.
        Raises JournalFullError when the disk is too full, JournalError when SQLite refuses.
        """
        with self.changed:
            if needs_room:
                self._check_room()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                with self._connection:
                    yield self._connection
            except sqlite3.Error as error:
                raise _refused(self._path, str(error)) from error
            self.changed.notify_all()

    def _check_room(self) -> None:
        free = shutil.disk_usage(self._path.parent).free
        if free < self._free_bytes_min:
            raise JournalFullError(
                f"存储空间已满，无法记录。The disk has {free} bytes free and {self._free_bytes_min} must stay free: "
                "nothing more can be recorded until room is made."
            )


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS_MAX)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: in WAL mode NORMAL would lose the newest commits at a power cut, and a commit is a promise here.
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _make_tables(path: Path, device: str) -> None:
    connection = _connected(path)
    try:
        connection.execute("BEGIN")
        with connection:
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute("INSERT INTO chain VALUES (1, ?, 0, 0)", (device,))
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {_SCHEMA}")
    finally:
        connection.close()


def _check_file(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise _refused(path, found)
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
        raise JournalError(f"{path.name} is no journal of this program; it is left as it is")
    schema = connection.execute("PRAGMA user_version").fetchone()[0]
    if schema != _SCHEMA:
        raise JournalError(f"{path.name} has schema {schema} and this program knows {_SCHEMA}; it is left as it is")


def _refused(path: Path, reason: str) -> JournalError:
    return JournalError(
        f"the journal {path.name} cannot be used ({reason}); it is left as it is: "
        "keep the file, it may hold facts that nobody else has"
    )
