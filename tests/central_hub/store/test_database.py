import sqlite3
from pathlib import Path

import pytest

from central_hub.store.database import (
    FILE_NAME,
    FIRST_SCHEMA,
    SCHEMA,
    Database,
    Row,
    StoreError,
    open_for_reading,
    open_for_writing,
)
from inspection.directives import RecallLifted
from tests.central_hub.conftest import Bench
from tests.central_hub.old_ledgers import columns, of_schema
from tests.central_hub.simulated_device import SimulatedDevice


def test_a_commit_is_on_the_disk_when_it_returns(bench: Bench) -> None:
    assert bench.value("PRAGMA journal_mode") == "wal"
    assert bench.value("PRAGMA synchronous") == 2  # FULL


def test_the_folder_is_made_where_there_is_none_and_opened_again_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    first = open_for_writing(folder)
    first.execute("INSERT INTO numbers VALUES ('PL', 7)")
    first.close()
    again = open_for_writing(folder)
    assert again.execute("SELECT last FROM numbers").fetchone() == (7,)
    again.close()


def test_a_damaged_file_is_refused_and_never_made_anew(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"this was a ledger once " * 100)
    kept = path.read_bytes()
    with pytest.raises(StoreError, match="cannot be used"):
        open_for_writing(tmp_path)
    assert path.read_bytes() == kept


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StoreError, match="cannot be used"):
        open_for_writing(tmp_path)
    with pytest.raises(StoreError, match="no hub's data folder"):
        open_for_reading(tmp_path)


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no hub's data folder"):
        open_for_reading(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_sees_what_is_committed_and_nothing_before_and_writes_nothing(bench: Bench) -> None:
    reader = open_for_reading(bench.folder)
    bench.db.execute("BEGIN")
    bench.db.execute("INSERT INTO numbers VALUES ('PL', 7)")
    assert reader.execute("SELECT count(*) AS n FROM numbers").fetchone()[0] == 0
    bench.db.execute("COMMIT")
    assert reader.execute("SELECT count(*) AS n FROM numbers").fetchone()[0] == 1
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM numbers")
    reader.close()


def tables(db: Database) -> dict[str, set[str]]:
    names = db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index') ORDER BY name").fetchall()
    return {name: columns(db, name) for (name,) in names if not name.startswith("sqlite_")}


def in_order_of_key(db: Database) -> list[Row]:
    return db.rows("SELECT name FROM pragma_table_list WHERE wr = 1 ORDER BY name")


def rows_of(db: Database) -> dict[str, list[Row]]:
    return {name: db.rows(f"SELECT * FROM {name} ORDER BY device") for name in ("entries", "heads", "directives")}  # noqa: S608


@pytest.mark.parametrize("version", range(FIRST_SCHEMA, SCHEMA))
def test_a_ledger_of_an_older_schema_is_brought_up_to_date_with_all_that_is_in_it(
    bench: Bench, device: SimulatedDevice, version: int
) -> None:
    device.whole_case()
    bench.send(device)
    bench.transaction(lambda: bench.casework.hand.direct(device.name, RecallLifted(case="lane-1.1", reason="other")))
    kept = rows_of(bench.db)
    assert all(kept.values())
    wanted, ordered = tables(bench.db), in_order_of_key(bench.db)
    folder = of_schema(version, bench)
    for _ in range(2):
        db = open_for_writing(folder)
        assert tables(db) == wanted
        assert in_order_of_key(db) == ordered
        assert rows_of(db) == kept
        assert db.execute("SELECT quarantined, told, told_at FROM devices").fetchone() == ("", 0, 0)
        assert db.rows("SELECT roles, person, plain FROM accounts") == [
            {"roles": "auditor", "person": "lin", "plain": 1}
        ]
        assert db.rows("PRAGMA user_version") == [{"user_version": SCHEMA}]
        db.close()


def test_a_ledger_of_a_schema_to_come_is_left_as_it_is(bench: Bench) -> None:
    bench.db.execute("PRAGMA user_version = 99")
    bench.db.close()
    with pytest.raises(StoreError, match="has schema 99"):
        open_for_writing(bench.folder)
