"""The SQLite file under the journal: its tables, how it is opened, checked and written to.

Knows SQLite and the tables; what the rows mean is `keeping`'s and `journal`'s. A damaged or foreign file is refused and
left as it is: a journal that was made anew would begin its chain again at fact 1, and the hub would rightly refuse the
device for ever.
"""

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from edge_agent import AgentError

_APPLICATION_ID = 0x50534C4E
_SCHEMA = 2
_BUSY_SECONDS_MAX = 10.0

_RECEIPTS = "CREATE TABLE receipts (hour INTEGER PRIMARY KEY, have INTEGER NOT NULL, hub_time INTEGER NOT NULL) STRICT"
_PAIRINGS = (
    "CREATE TABLE pairings (boot TEXT PRIMARY KEY, mono INTEGER NOT NULL, wall INTEGER NOT NULL,"
    " hub_time INTEGER NOT NULL) STRICT"
)
_PHOTO_INDEXES = (
    "CREATE INDEX photos_to_send ON photos (turn, began DESC, seq) WHERE state = 'kept'",
    "CREATE INDEX photos_of_state ON photos (state, receipted_at, size)",
    "CREATE INDEX photos_of_case ON photos (case_id)",
    "CREATE INDEX photos_refused ON photos (digest) WHERE refused_code != ''",
)
_TABLES = (
    """CREATE TABLE chain (
        one INTEGER PRIMARY KEY CHECK (one = 1), device TEXT NOT NULL,
        receipted INTEGER NOT NULL, hub_time INTEGER NOT NULL) STRICT""",
    """CREATE TABLE facts (
        seq INTEGER PRIMARY KEY, case_id TEXT NOT NULL, digest BLOB NOT NULL, raw BLOB NOT NULL) STRICT""",
    "CREATE INDEX facts_of_case ON facts (case_id, seq)",
    _RECEIPTS,
    """CREATE TABLE directives (
        number INTEGER PRIMARY KEY, case_id TEXT NOT NULL, body BLOB NOT NULL, settled INTEGER NOT NULL) STRICT""",
    "CREATE INDEX directives_of_case ON directives (case_id, number)",
    "CREATE TABLE refusals (seq INTEGER PRIMARY KEY, code TEXT NOT NULL, text TEXT NOT NULL) STRICT",
    """CREATE TABLE photos (
        digest TEXT PRIMARY KEY, media TEXT NOT NULL, size INTEGER NOT NULL, case_id TEXT NOT NULL,
        seq INTEGER NOT NULL, created INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('kept', 'receipted', 'freed')),
        receipted_at INTEGER NOT NULL DEFAULT 0,
        refused_code TEXT NOT NULL DEFAULT '', refused_text TEXT NOT NULL DEFAULT '',
        turn INTEGER NOT NULL DEFAULT 0, began INTEGER NOT NULL DEFAULT 0) STRICT""",
    *_PHOTO_INDEXES,
    _PAIRINGS,
)
_FROM_SCHEMA_1 = (
    _RECEIPTS,
    """INSERT INTO receipts SELECT receipted_at / 3600000, max(seq), max(receipted_at) FROM facts
        WHERE receipted_at IS NOT NULL GROUP BY receipted_at / 3600000""",
    "ALTER TABLE facts DROP COLUMN receipted_at",
    "ALTER TABLE photos ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE photos ADD COLUMN began INTEGER NOT NULL DEFAULT 0",
    "UPDATE photos SET turn = 1 WHERE case_id IN (SELECT case_id FROM directives)",
    "UPDATE photos SET turn = 2 WHERE media LIKE 'video/%'",
    "UPDATE photos SET turn = 3 WHERE refused_code != ''",
    "UPDATE photos SET began = CAST(substr(case_id, instr(case_id, '.') + 1) AS INTEGER)",
    "DROP INDEX photos_by_state",
    *_PHOTO_INDEXES,
    _PAIRINGS,
    "PRAGMA user_version = 2",
)


class JournalError(AgentError):
    """A journal that cannot be used, or that was told something that cannot be."""


class JournalFullError(JournalError):
    """Too little room for another fact; what is kept stays."""


def connected(path: Path) -> sqlite3.Connection:
    """Return the SQLite file at `path`, opened (and made, where there is none) for any thread, as Store wants it."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS_MAX)


def free_bytes_at(folder: Path) -> int:
    """Return how many bytes are free on the disk of a folder."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, kw_only=True, slots=True)
class Disk:
    """How the file is opened and how much room there is: the real disk, or what stands in for it.

    connect: gives a connection in autocommit mode, as `connected` does. free_bytes: of a folder.
    """

    connect: Callable[[Path], sqlite3.Connection] = connected
    free_bytes: Callable[[Path], int] = free_bytes_at


REAL_DISK = Disk()


class Store:
    """One open SQLite file. All writing goes through `writing`; threads may share it."""

    def __init__(self, path: Path, *, free_bytes_min: int = 0, disk: Disk = REAL_DISK) -> None:
        """Open the file at `path`; raises JournalError when it is missing, damaged or something else."""
        self._disk = disk
        if not path.is_file():
            raise JournalError(f"there is no journal at {path.name}; it is made once, with the device's home")
        self._path = path
        self._free_bytes_min = free_bytes_min
        # Waiters sleep on it, writers notify it after each commit.
        self.changed = threading.Condition(threading.RLock())
        try:
            self._connection = _opened(path, disk)
        except sqlite3.Error as error:
            raise _refused(path, str(error)) from error
        try:
            _check_file(self._connection, path)
            _bring_up(self._connection)
        except sqlite3.Error as error:
            self._connection.close()
            raise _refused(path, str(error)) from error
        except JournalError:
            self._connection.close()
            raise

    @classmethod
    def create(cls, path: Path, device: str, *, disk: Disk = REAL_DISK) -> None:
        """Make the empty journal of `device`; raises JournalError when there is a file already."""
        if path.exists():
            raise JournalError(f"there is a journal at {path.name} already; it is never overwritten")
        unfinished = path.with_name(path.name + ".new")
        unfinished.unlink(missing_ok=True)
        try:
            _make_tables(unfinished, device, disk)
            unfinished.rename(path)
            _sync_folder(path.parent)
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
    def reading(self, statement: str, *values: object) -> Iterator[Iterator[tuple[Any, ...]]]:
        """Give what a SELECT finds one row after the other, for who may stop early; raises JournalError."""
        with self.changed:
            try:
                yield self._connection.execute(statement, values)
            except sqlite3.Error as error:
                raise _refused(self._path, str(error)) from error

    @contextmanager
    def writing(self, *, needs_room: bool = True, lasting: bool = True) -> Iterator[sqlite3.Connection]:
        """Give the connection inside one transaction: all of the block is on the disk after it, or none.

        needs_room: whether the floor of free space holds; what settles, and so lets go, may go below it.
        lasting: False where a power cut may take it back, because somebody says it again; the next lasting write puts
        it on the disk with itself.
        Raises JournalFullError when the disk is too full, JournalError when SQLite refuses.
        """
        with self.changed:
            if needs_room:
                self.check_room()
            try:
                with self._waiting_for_disk(lasting), self._transaction():
                    yield self._connection
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                    raise JournalFullError(f"存储空间已满，无法记录。The disk is full: {error}.") from error
                raise _refused(self._path, str(error)) from error
            self.changed.notify_all()

    def check_room(self) -> None:
        """Raise JournalFullError when the floor of free space is reached."""
        free = self._disk.free_bytes(self._path.parent)
        if free < self._free_bytes_min:
            raise JournalFullError(
                f"存储空间已满，无法记录。The disk has {free} bytes free and {self._free_bytes_min} must stay free: "
                "nothing more can be recorded until room is made."
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        with self._connection:
            yield

    @contextmanager
    def _waiting_for_disk(self, lasting: bool) -> Iterator[None]:  # noqa: FBT001 - handed on from `writing`
        if lasting:
            yield
            return
        self._connection.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._connection.execute("PRAGMA synchronous = FULL")


def _opened(path: Path, disk: Disk) -> sqlite3.Connection:
    connection = disk.connect(path)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: in WAL mode NORMAL would lose the newest commits at a power cut, and a commit is a promise here.
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _sync_folder(folder: Path) -> None:
    # Without this the tables survive a power cut, but the file's name may not.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_tables(path: Path, device: str, disk: Disk) -> None:
    connection = _opened(path, disk)
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
    if not 1 <= schema <= _SCHEMA:
        raise JournalError(f"{path.name} has schema {schema} and this program knows {_SCHEMA}; it is left as it is")


def _bring_up(connection: sqlite3.Connection) -> None:
    """Bring a file of an older program up to this one's tables, wholly or not at all."""
    if connection.execute("PRAGMA user_version").fetchone()[0] == _SCHEMA:
        return
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for statement in _FROM_SCHEMA_1:
            connection.execute(statement)


def _refused(path: Path, reason: str) -> JournalError:
    return JournalError(
        f"the journal {path.name} cannot be used ({reason}); it is left as it is: "
        "keep the file, it may hold facts that nobody else has"
    )
