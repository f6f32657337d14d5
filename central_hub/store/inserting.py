"""Writes several rows with one statement: each one costs as much as some rows do, and lets other threads go first."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from central_hub.store.database import Database

ROWS_AT_ONCE_MAX = 32
"""Rows a statement: the store keeps a statement prepared for each number of rows, and has no room for very many."""


def insert_rows(db: Database, into: str, rows: Sequence[Sequence[Any]], *, otherwise: str = "") -> None:
    """Insert rows in their order. into: table and columns. otherwise: what happens to a row that is there already."""
    for at in range(0, len(rows), ROWS_AT_ONCE_MAX):
        portion = rows[at : at + ROWS_AT_ONCE_MAX]
        statement = f"INSERT INTO {into} VALUES {places(len(portion), len(portion[0]))} {otherwise}"  # noqa: S608
        db.execute(statement, [value for row in portion for value in row])


@lru_cache
def places(rows: int, columns: int) -> str:
    """Return the places for the values of so many rows, e.g. "(?, ?), (?, ?)"."""
    row = f"({', '.join('?' * columns)})"
    return ", ".join([row] * rows)
