"""Opens the hub's database. Knows its file, its durability settings and its schema."""

import sqlite3
from importlib.resources import files
from pathlib import Path

from central_hub import HubError

FILE_NAME = "ledger.db"
BUSY_SECONDS_MAX = 10


class StoreError(HubError):
    """The database cannot be used."""


def open_for_writing(folder: Path) -> sqlite3.Connection:
    """Open, and where needed make, the database of a data folder; only one writer at a time uses it.

    Raises StoreError when the file is no database or is damaged: it is never made anew in place of a damaged one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS_MAX)
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit is on the disk when it returns; NORMAL lost commits in power cuts.
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript((files(__package__) / "schema.sql").read_text(encoding="utf-8"))
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} cannot be used: {error}") from error
    return connection


def open_for_reading(folder: Path) -> sqlite3.Connection:
    """Open the database of a data folder without the right to write; raises StoreError when there is none."""
    path = folder / FILE_NAME
    if not path.is_file():
        raise StoreError(f"{folder} is no hub's data folder: it has no {FILE_NAME}")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False, timeout=BUSY_SECONDS_MAX)
    connection.row_factory = sqlite3.Row
    return connection
