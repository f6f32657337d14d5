"""What is PostgreSQL's own; what both stores do alike, the tests of ledger, records and casework say over both."""

import functools
import itertools
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from central_hub import HubError
from central_hub.casework import Casework
from central_hub.committing import Committer
from central_hub.store import postgresql
from central_hub.store.database import FIRST_SCHEMA, SCHEMA, StoreError, schema_text
from central_hub.store.opening import open_store
from central_hub.store.photos import PhotoStore
from central_hub.store.postgresql import (
    PostgresqlDatabase,
    StoreLostError,
    open_postgresql,
    read_postgresql,
    translated,
    translated_schema,
)
from central_hub.verify import verify_folder
from inspection.facts import PhotoTaken
from inspection.signing import SigningKey
from tests.central_hub.conftest import Bench, until
from tests.central_hub.old_ledgers import OLD_SCHEMAS
from tests.central_hub.postgresql_server import PostgresqlServer
from tests.central_hub.simulated_device import SimulatedDevice, another_car, photo_bytes

ADD = "INSERT INTO numbers VALUES (?, 1)"
ON_POSTGRESQL = pytest.mark.parametrize("store", ["postgresql"], indirect=True)
COUNT = "SELECT count(*) FROM numbers"


@pytest.fixture
def db(postgresql_url: str) -> Iterator[PostgresqlDatabase]:
    opened = open_postgresql(postgresql_url)
    yield opened
    opened.close()


@pytest.fixture
def other(postgresql_url: str) -> Iterator[PostgresqlDatabase]:
    opened = open_postgresql(postgresql_url)
    yield opened
    opened.close()


def cut(db: PostgresqlDatabase) -> None:
    """End a connection from the server's side, as an administrator, a restart or a dead machine does."""
    pid = db._connection.info.backend_pid
    with psycopg.connect(db._connection.info.dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
        until(lambda: not connection.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchall())


def keep_photos(bench: Bench, device: SimulatedDevice) -> None:
    for entry in (record.entry for record in device.records):
        if isinstance(entry.fact, PhotoTaken):
            path = PhotoStore.path_in(bench.folder, entry.fact.photo.digest)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(photo_bytes(entry.case, entry.fact.kind))


def test_placeholders_and_percent_signs_are_put_into_the_clients_words() -> None:
    assert translated("SELECT 7 % 4 WHERE a = ? AND b = ?") == "SELECT 7 %% 4 WHERE a = %s AND b = %s"


def test_the_tables_are_those_of_the_sqlite_file_column_by_column(db: PostgresqlDatabase) -> None:
    kinds = {"INTEGER": "bigint", "TEXT": "text", "BLOB": "bytea"}
    file = sqlite3.connect(":memory:")
    file.executescript(schema_text())
    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    wanted = {
        (table, column[1], kinds[column[2]], bool(column[3] or column[5]))
        for (table,) in file.execute(tables).fetchall()
        for column in file.execute(f"PRAGMA table_info({table})")
    }
    file.close()
    columns = "table_name, column_name, data_type, is_nullable = 'NO'"
    schema = "FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_version'"
    assert set(db.execute(f"SELECT {columns} {schema}").fetchall()) == wanted


def test_nothing_of_sqlites_own_words_is_left_in_the_schema() -> None:
    text = translated_schema(schema_text())
    assert not [word for word in ("STRICT", "ROWID", "BLOB", "INTEGER", "PRAGMA", "--") if word in text]


def test_text_is_ordered_by_its_bytes_whatever_language_the_server_speaks(db: PostgresqlDatabase) -> None:
    names = ["京A", "b", "B", "a-1", "a1", "沪B"]
    db.executemany(ADD, [(name,) for name in names])
    rows = db.execute("SELECT prefix FROM numbers ORDER BY prefix").fetchall()
    assert [row[0] for row in rows] == sorted(names)


def test_a_text_with_a_nul_is_stored_and_found_with_a_sign_in_its_place(db: PostgresqlDatabase) -> None:
    db.execute(ADD, ("a\0b",))
    db.executemany(ADD, [("c\0",)])
    assert db.rows("SELECT prefix FROM numbers WHERE prefix = ?", "a\0b") == [{"prefix": "a\ufffdb"}]


def test_bytes_come_back_as_bytes(db: PostgresqlDatabase) -> None:
    db.execute("INSERT INTO sessions (token, name, seen, until) VALUES (?, 'x', 1, 1)", (b"\0\xff'\\x",))
    assert db.execute("SELECT token FROM sessions").fetchone() == (b"\0\xff'\\x",)


def test_many_rows_are_streamed_in_their_order(db: PostgresqlDatabase) -> None:
    query = "SELECT number FROM generate_series(1, ?) AS number ORDER BY number"
    assert [number for (number,) in db.stream(query, 2_500)] == list(range(1, 2_501))
    # Whoever stops in the middle can ask the next thing.
    stream = db.stream(query, 2_500)
    assert next(iter(stream)) == (1,)
    stream.close()
    assert db.execute("SELECT 1").fetchone() == (1,)


def test_what_one_wrote_another_sees_after_the_commit_and_not_before(
    db: PostgresqlDatabase, other: PostgresqlDatabase
) -> None:
    db.begin()
    db.execute(ADD, ("PL",))
    assert other.execute(COUNT).fetchone() == (0,)
    db.commit()
    assert other.execute(COUNT).fetchone() == (1,)
    db.begin()
    db.execute(ADD, ("JA",))
    db.rollback()
    db.rollback()
    assert other.execute(COUNT).fetchone() == (1,)


def test_a_second_writer_waits_for_the_first_and_sees_what_it_wrote(
    db: PostgresqlDatabase, other: PostgresqlDatabase, postgresql_url: str
) -> None:
    begun = threading.Event()

    def second() -> object:
        other.begin()
        begun.set()
        seen = other.execute(COUNT).fetchone()
        other.commit()
        return seen

    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgresql_url, autocommit=True) as looking:
        db.begin()
        seen = pool.submit(second)
        waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        until(lambda: looking.execute(waits).fetchone())
        assert not begun.is_set()
        db.execute(ADD, ("PL",))
        db.commit()
        assert seen.result(60) == (1,)


def test_a_transaction_that_the_server_takes_back_at_its_end_is_no_commit(db: PostgresqlDatabase) -> None:
    db.begin()
    db.execute(ADD, ("PL",))
    with pytest.raises(db.damages):
        db.execute("SELECT 1 / 0")
    with pytest.raises(StoreError, match="took the transaction back"):
        db.commit()
    assert db.execute(COUNT).fetchone() == (0,)


def test_a_writer_that_hangs_in_the_middle_is_put_out_and_can_write_no_more(
    postgresql_url: str, other: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "PAUSE_SECONDS_MAX", 1)
    hung = open_postgresql(postgresql_url)
    hung.begin()
    hung.execute(ADD, ("PL",))
    other.begin()
    other.commit()
    with pytest.raises(StoreLostError, match="was lost"):
        hung.commit()
    hung.rollback()
    hung.close()
    assert other.execute(COUNT).fetchone() == (0,)


def test_a_lost_connection_is_said_plainly_and_takes_back_what_was_begun(
    db: PostgresqlDatabase, other: PostgresqlDatabase
) -> None:
    db.begin()
    db.execute(ADD, ("PL",))
    cut(db)
    attempts: list[Callable[[], object]] = [
        lambda: db.execute(COUNT),
        lambda: db.executemany(ADD, [("JA",)]),
        lambda: list(db.stream(COUNT)),
        db.begin,
        db.commit,
    ]
    for attempt in attempts:
        with pytest.raises(StoreLostError, match=r"^the connection to PostgreSQL database hub\d+ at /\S+ was lost: \S"):
            attempt()
    db.rollback()
    assert other.execute(COUNT).fetchone() == (0,)


@ON_POSTGRESQL
def test_a_hub_whose_connection_is_lost_commits_nothing_and_tells_nobody(bench: Bench, device: SimulatedDevice) -> None:
    device.open_case()
    before = bench.casework.ledger.state
    assert isinstance(bench.db, PostgresqlDatabase)
    cut(bench.db)
    with pytest.raises(bench.db.failures):
        bench.send(device)
    assert bench.casework.ledger.state == before
    assert bench.casework.committed() == []


def test_a_reader_sees_one_moment_throughout_a_transaction_and_writes_nothing(
    postgresql_url: str, db: PostgresqlDatabase
) -> None:
    reader = read_postgresql(postgresql_url)
    reader.execute("BEGIN")
    assert reader.execute(COUNT).fetchone() == (0,)
    db.execute(ADD, ("PL",))
    assert reader.execute(COUNT).fetchone() == (0,)
    reader.rollback()
    assert reader.execute(COUNT).fetchone() == (1,)
    with pytest.raises(reader.damages, match="read-only"):
        reader.execute("DELETE FROM numbers")
    reader.close()


@ON_POSTGRESQL
def test_two_workers_over_one_ledger_at_once_double_nothing_and_seal_everything(bench: Bench) -> None:
    db = open_store(bench.folder, bench.settings)
    beside = Casework(db, key=bench.key, settings=bench.settings, now=lambda: bench.now)
    devices = [SimulatedDevice(f"pda-{number}") for number in range(4)]
    photos = []
    for number, device in enumerate(devices):
        bench.enrol(device, "pda")
        photos += device.whole_case(another_car(number))[1]
        keep_photos(bench, device)

    def work(committer: Committer, casework: Casework) -> None:
        # Both get every message, and each photo: as when a partition moves from one to the other at that moment.
        pieces: list[Callable[[], object]] = [
            functools.partial(casework.take_message, device.topic, device.message(first, first + 6))
            for device, first in itertools.product(devices, range(1, len(devices[0].records) + 1, 7))
        ]
        pieces += [functools.partial(casework.store_photo, digest) for digest in photos]
        for piece in pieces:
            _, (came,) = committer.commit([piece])
            assert came.error is None

    with ThreadPoolExecutor(2) as pool:
        for ended in [
            pool.submit(work, bench.committer, bench.casework),
            pool.submit(work, Committer(db, beside), beside),
        ]:
            ended.result(120)
    db.close()
    counts = verify_folder(bench.folder, bench.key.public)
    assert (counts["cases"], counts["stickers"], counts["photos"]) == (4, 4, len(photos))
    written = sum(len(device.records) for device in devices)
    assert bench.value("SELECT count(*) FROM entries WHERE device <> 'hub'") == written
    assert bench.value("SELECT count(*) FROM entries WHERE kind = 'PhotoStored'") == len(photos)
    numbers = bench.db.execute("SELECT number FROM stickers ORDER BY number").fetchall()
    assert [number for (number,) in numbers] == [f"PL{number:08d}" for number in range(1, 5)]


@ON_POSTGRESQL
def test_a_nul_in_what_a_device_writes_keeps_no_fact_out(bench: Bench, device: SimulatedDevice) -> None:
    case = device.open_case(serial="S\0 1", inspector="\0")
    assert len(bench.send(device)) == 1
    assert bench.value("SELECT have FROM devices WHERE device = ?", device.name) == 1
    assert bench.value("SELECT serial FROM cases WHERE case_id = ?", case) == "S\ufffd 1"
    verify_folder(bench.folder, bench.key.public)


@ON_POSTGRESQL
def test_what_another_worker_wrote_about_a_case_counts_in_the_next_decision(
    bench: Bench, device: SimulatedDevice
) -> None:
    db = open_store(bench.folder, bench.settings)
    beside = Casework(db, key=bench.key, settings=bench.settings, now=lambda: bench.now)
    _, digests = device.whole_case()
    bench.send(device)
    bench.store(digests[0])
    for digest in digests[1:-1]:
        Committer(db, beside).commit([functools.partial(beside.store_photo, digest)])
    assert bench.value("SELECT count(*) FROM stickers") == 0
    bench.store(digests[-1])
    assert bench.value("SELECT count(*) FROM stickers") == 1
    db.close()


@ON_POSTGRESQL
def test_a_ledger_of_another_hub_is_not_written_to(bench: Bench) -> None:
    db = open_store(bench.folder, bench.settings)
    stranger = Casework(db, key=SigningKey(os.urandom(32)), settings=bench.settings, now=lambda: bench.now)
    _, (begun,) = Committer(db, stranger).commit([stranger.start])
    assert isinstance(begun.error, HubError)
    assert "belongs to another hub" in str(begun.error)
    db.close()


# Opening


def test_an_address_that_is_none_is_refused_without_showing_it() -> None:
    with pytest.raises(StoreError, match="no address such as postgresql://USER@HOST/DATABASE") as refused:
        open_postgresql("postgresql://u:secr%zzet@h/d")
    assert "secr" not in str(refused.value)


def test_a_server_that_is_not_there_is_named_in_one_line_without_the_password() -> None:
    with pytest.raises(StoreError, match=r"^PostgreSQL database d at 127.0.0.1 cannot be reached: .*$") as refused:
        open_postgresql("postgresql://u:secret@127.0.0.1:1/d")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER DATABASE {} SET synchronous_commit = off", "synchronous_commit = off"),
        ("ALTER DATABASE {} SET default_transaction_read_only = on", "cannot be used"),
    ],
)
def test_a_database_that_does_not_keep_what_it_is_told_is_refused(
    postgresql_server: PostgresqlServer, statement: str, said: str
) -> None:
    url = postgresql_server.create()
    postgresql_server.run(statement.format(url.partition("@/")[2].partition("?")[0]))
    with pytest.raises(StoreError, match=said):
        open_postgresql(url)


def test_a_server_that_does_not_sync_to_the_disk_is_refused(
    postgresql_server: PostgresqlServer, postgresql_url: str
) -> None:
    def becomes(value: str) -> None:
        postgresql_server.run(f"ALTER SYSTEM SET fsync = {value}")
        postgresql_server.run("SELECT pg_reload_conf()")
        until(lambda: postgresql_server.run("SHOW fsync") == [(value,)])

    becomes("off")
    try:
        with pytest.raises(StoreError, match="fsync = off: a power cut"):
            open_postgresql(postgresql_url)
    finally:
        becomes("on")


def test_a_database_that_keeps_no_chinese_is_refused(postgresql_server: PostgresqlServer) -> None:
    url = postgresql_server.create("ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0")
    with pytest.raises(StoreError, match="LATIN1; make it with ENCODING 'UTF8'"):
        open_postgresql(url)


def test_tables_of_another_program_or_version_are_left_as_they_are(postgresql_server: PostgresqlServer) -> None:
    url = postgresql_server.create()
    with pytest.raises(StoreError, match="it holds no ledger"):
        read_postgresql(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE entries (what text)")
        with pytest.raises(StoreError, match="tables of another program"):
            open_postgresql(url)
        connection.execute("DROP TABLE entries")
        open_postgresql(url).close()
        connection.execute("UPDATE schema_version SET version = 99")
        for opening in (open_postgresql, read_postgresql):
            with pytest.raises(StoreError, match="has schema 99 and this program knows"):
                opening(url)


def test_a_store_that_is_opened_again_is_as_it_was(postgresql_url: str) -> None:
    first = open_postgresql(postgresql_url)
    first.execute(ADD, ("PL",))
    first.close()
    again = open_postgresql(postgresql_url)
    assert again.execute(COUNT).fetchone() == (1,)
    again.close()


@pytest.mark.parametrize("version", range(FIRST_SCHEMA, SCHEMA))
def test_a_ledger_of_a_schema_before_is_brought_up_to_date_with_all_that_is_in_it(
    postgresql_server: PostgresqlServer, version: int
) -> None:
    url = postgresql_server.create()
    with psycopg.connect(url, autocommit=True) as connection:
        before = (OLD_SCHEMAS / f"schema_{version}.sql").read_text(encoding="utf-8")
        connection.execute(translated_schema(before).encode())
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
        connection.execute("INSERT INTO schema_version VALUES (%s)", (version,))
        connection.execute("INSERT INTO heads VALUES ('lane-1', 7, 1, 'signed')")
        connection.execute("INSERT INTO directives VALUES ('lane-1', 1, 'sealed', 2, 3)")
    for _ in range(2):
        db = open_postgresql(url)
        assert db.execute("SELECT * FROM heads").fetchall() == [("lane-1", 7, 1, b"signed")]
        assert db.execute("SELECT * FROM directives").fetchall() == [("lane-1", 1, b"sealed", 2, 3)]
        assert db.execute("SELECT version FROM schema_version").fetchall() == [(SCHEMA,)]
        db.close()
