"""A disk under SQLite: a database in memory whose image is what the disk holds.

A commit reaches the disk itself where the connection's `PRAGMA synchronous` is FULL or EXTRA; else it is only in the
system's cache, and a power cut takes away the newest of such commits. SQLite's own promise, that a commit is whole or
not at all, is taken for granted: a torn write in its log is a commit that did not happen.
"""

import sqlite3
from collections.abc import Callable, Iterable
from random import Random
from types import TracebackType
from typing import Any, Literal

from tests.simulation.machines.power import Power

_FULL = 2
_PAGE_BYTES = 512
_READS = frozenset({"SELECT", "PRAGMA", "EXPLAIN", "WITH"})
_ENDS = frozenset({"ROLLBACK", "RELEASE", "SAVEPOINT", "BEGIN"})


class Disk:
    """What one database file holds. full: writes fail. committed: called with each commit once it has returned.

    rewrites: what a mutant has every statement say instead.
    """

    def __init__(self, power: Power, dice: Random) -> None:
        self.power = power
        self.dice = dice
        self.full = False
        self.committed: Callable[[sqlite3.Connection], None] = lambda _connection: None
        self.rewrites: dict[str, str] = {}
        self._durable: bytes = b""
        self._cached: list[bytes] = []

    @property
    def image(self) -> bytes:
        """What a program reads: the newest commit, on the disk or in the cache; empty before the first."""
        return self._cached[-1] if self._cached else self._durable

    def keep(self, image: bytes, *, synced: bool) -> None:
        """Take in a commit."""
        if synced:
            self._durable, self._cached = image, []
        else:
            self._cached.append(image)

    def cut_power(self) -> int:
        """Lose the cache: of the commits in it, the first few may have reached the disk. Return how many were lost."""
        survived = self.dice.randint(0, len(self._cached))
        lost = len(self._cached) - survived
        self._durable, self._cached = (self._cached[survived - 1] if survived else self._durable), []
        return lost

    def restore(self, image: bytes) -> None:
        """Put an older image back."""
        self._durable, self._cached = image, []

    def connect(self, *_: object, **__: object) -> "SimConnection":
        """Open the file; takes and ignores what `sqlite3.connect` takes."""
        return SimConnection(self)


class SimConnection(sqlite3.Connection):
    """A connection whose every statement is a place to die at, and whose commits go to a Disk."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(":memory:", isolation_level=None, check_same_thread=False)
        self._disk = disk
        # Each commit copies the whole image: small pages make it a third as large.
        super().execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        disk.power.operation("open")
        if disk.image:
            self.deserialize(disk.image)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run one statement."""
        word = self._about_to(sql)
        cursor = super().execute(self._said(sql), parameters)
        self._ran(word, sql)
        return cursor

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """Run one statement many times."""
        word = self._about_to(sql)
        cursor = super().executemany(sql, parameters)
        self._ran(word, sql)
        return cursor

    def executescript(self, sql_script: str, /) -> sqlite3.Cursor:
        """Run a script; it dies before it, or after it."""
        self._about_to("SCRIPT")
        cursor = super().executescript(self._said(sql_script))
        self._keep()
        return cursor

    def commit(self) -> None:
        """Commit what was begun."""
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        """Take back what was begun."""
        if self.in_transaction:
            self.execute("ROLLBACK")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> Literal[False]:
        """Commit, or take back after an error, as sqlite3 does; a program that died does neither."""
        if not self._disk.power.alive:
            return False
        if kind is not None:
            self.rollback()
            return False
        try:
            self.commit()
        except sqlite3.Error:
            self.rollback()
            raise
        return False

    def _said(self, sql: str) -> str:
        for text, instead in self._disk.rewrites.items():
            sql = sql.replace(text, instead)
        return sql

    def _about_to(self, sql: str) -> str:
        word = sql.lstrip().split(maxsplit=1)[0].rstrip(";").upper()
        self._disk.power.operation(word)
        if self._disk.full and word not in _READS and word not in _ENDS:
            # SQLite may take back the whole transaction by itself, or leave that to the caller.
            if self.in_transaction and self._disk.dice.random() < 1 / 2:
                super().execute("ROLLBACK")
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return word

    def _ran(self, word: str, sql: str) -> None:
        if self.in_transaction or word in {"ROLLBACK", "SELECT"} or (word == "PRAGMA" and "=" not in sql):
            return
        self._keep()

    def _keep(self) -> None:
        if super().execute("PRAGMA page_count").fetchone()[0] == 0:
            return
        image = self.serialize()
        if image == self._disk.image:
            return
        level = int(super().execute("PRAGMA synchronous").fetchone()[0])
        self._disk.keep(image, synced=level >= _FULL)
        # The program may die after the commit and before it learns of it.
        self._disk.power.operation("after COMMIT")
        self._disk.committed(self)
