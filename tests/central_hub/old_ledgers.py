"""Ledgers as older programs left them: their tables with the rows of a hub under test."""

import sqlite3
from pathlib import Path

from central_hub.store.database import FILE_NAME, Database
from tests.central_hub.conftest import Bench

OLD_SCHEMAS = Path(__file__).parent / "store" / "old_schemas"
PEOPLE_SCHEMA = 3
"""Accounts have several roles, and are a person's, from this schema on."""


def of_schema(version: int, bench: Bench) -> Path:
    """Put the bench's ledger, all of its rows, into tables of an older schema, as that program made them."""
    folder = bench.folder.parent / f"schema {version}"
    folder.mkdir()
    bench.db.close()
    old = sqlite3.connect(folder / FILE_NAME)
    old.executescript((OLD_SCHEMAS / f"schema_{version}.sql").read_text(encoding="utf-8"))
    old.execute("ATTACH ? AS new", (str(bench.folder / FILE_NAME),))
    for (table,) in old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
        names = ", ".join(sorted(columns(old, table, "main") & columns(old, table, "new")))
        old.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM new.{table}")  # noqa: S608 - own schemas
    role = "role" if version < PEOPLE_SCHEMA else "roles"
    old.execute(f"INSERT INTO accounts (name, title, {role}, password) VALUES ('lin', '审核员', 'auditor', 'hash')")  # noqa: S608
    if version >= PEOPLE_SCHEMA:
        old.execute("UPDATE accounts SET person = name, plain = 1")
    old.execute(f"PRAGMA user_version = {0 if version == 1 else version}")
    old.commit()
    old.close()
    return folder


def columns(db: sqlite3.Connection | Database, table: str, schema: str = "main") -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM pragma_table_info(?, ?)", (table, schema))}
