import sqlite3
from pathlib import Path

import pytest

from edge_agent.store import Disk, JournalError, JournalFullError, Store, connected


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Store.create(tmp_path / "journal.db", "pda-7")
    return tmp_path / "journal.db"


def test_a_journal_is_made_once_and_never_overwritten(path: Path) -> None:
    with pytest.raises(JournalError, match="never overwritten"):
        Store.create(path, "pda-7")


def test_a_missing_journal_is_not_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal"):
        Store(tmp_path / "journal.db")
    assert list(tmp_path.iterdir()) == []


def test_a_journal_whose_making_was_interrupted_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "journal.db.new").write_bytes(b"half a file")
    Store.create(tmp_path / "journal.db", "pda-7")
    with Store(tmp_path / "journal.db") as store:
        assert store.rows("SELECT device FROM chain") == [("pda-7",)]


def test_a_journal_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be made"):
        Store.create(tmp_path / "no such folder" / "journal.db", "pda-7")


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be read as the head of one" * 20])
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(JournalError, match="left as it is"):
        Store(path)
    if content:
        assert path.read_bytes() == content


def test_a_journal_with_a_torn_page_is_refused_and_left_as_it_is(path: Path) -> None:
    with Store(path) as store, store.writing() as connection:
        for seq in range(1, 400):
            connection.execute("INSERT INTO facts VALUES (?, 'a', x'00', zeroblob(500))", (seq,))
    whole = bytearray(path.read_bytes())
    page = 4096
    whole[3 * page : 12 * page] = b"\xa5" * (9 * page)
    path.write_bytes(whole)
    with pytest.raises(JournalError, match="keep the file"):
        Store(path)
    assert path.read_bytes() == whole


def test_a_journal_of_a_later_program_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(JournalError, match="schema 99"):
        Store(path)


_SCHEMA_1 = """
CREATE TABLE chain (one INTEGER PRIMARY KEY CHECK (one = 1), device TEXT NOT NULL,
    receipted INTEGER NOT NULL, hub_time INTEGER NOT NULL) STRICT;
CREATE TABLE facts (seq INTEGER PRIMARY KEY, case_id TEXT NOT NULL, digest BLOB NOT NULL, raw BLOB NOT NULL,
    receipted_at INTEGER) STRICT;
CREATE INDEX facts_of_case ON facts (case_id, seq);
CREATE TABLE directives (number INTEGER PRIMARY KEY, case_id TEXT NOT NULL, body BLOB NOT NULL,
    settled INTEGER NOT NULL) STRICT;
CREATE INDEX directives_of_case ON directives (case_id, number);
CREATE TABLE refusals (seq INTEGER PRIMARY KEY, code TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE photos (digest TEXT PRIMARY KEY, media TEXT NOT NULL, size INTEGER NOT NULL, case_id TEXT NOT NULL,
    seq INTEGER NOT NULL, created INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('kept', 'receipted', 'freed')), receipted_at INTEGER NOT NULL DEFAULT 0,
    refused_code TEXT NOT NULL DEFAULT '', refused_text TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX photos_by_state ON photos (state);
PRAGMA application_id = 0x50534C4E;
PRAGMA user_version = 1;
INSERT INTO chain VALUES (1, 'pda-7', 3, 7200009);
INSERT INTO facts VALUES (1, 'pda-7.1', x'01', x'11', 5), (2, 'pda-7.1', x'02', x'12', 9),
    (3, 'pda-7.3', x'03', x'13', 7200009), (4, 'pda-7.3', x'04', x'14', NULL);
INSERT INTO directives VALUES (1, 'pda-7.1', x'00', 3);
INSERT INTO photos (digest, media, size, case_id, seq, created, state) VALUES
    ('a', 'image/jpeg', 1, 'pda-7.1', 2, 0, 'kept'), ('b', 'image/jpeg', 1, 'pda-7.3', 4, 0, 'kept'),
    ('c', 'video/mp4', 1, 'pda-7.3', 4, 0, 'kept');
"""


def test_a_journal_of_the_first_program_is_brought_up_and_keeps_all_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(path)
    connection.executescript(_SCHEMA_1)
    connection.close()
    for _ in range(2):
        with Store(path) as store:
            assert store.rows("PRAGMA user_version") == [(2,)]
            assert store.rows("SELECT * FROM chain") == [(1, "pda-7", 3, 7_200_009)]
            assert store.rows("SELECT seq, raw FROM facts") == [(1, b"\x11"), (2, b"\x12"), (3, b"\x13"), (4, b"\x14")]
            assert store.rows("SELECT hour, have, hub_time FROM receipts") == [(0, 2, 9), (2, 3, 7_200_009)]
            assert store.rows("SELECT digest, turn, began FROM photos") == [("a", 1, 1), ("b", 0, 3), ("c", 2, 3)]


def test_a_journal_that_was_brought_up_has_the_tables_of_a_new_one(tmp_path: Path, path: Path) -> None:
    old = tmp_path / "old.db"
    connection = sqlite3.connect(old)
    connection.executescript(_SCHEMA_1)
    connection.close()

    def shape(path: Path) -> list[tuple[object, ...]]:
        with Store(path) as store:
            tables = [name for (name,) in store.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")]
            columns = [(name, *column[1:]) for name in tables for column in store.rows(f"PRAGMA table_info({name})")]
            return columns + store.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY 1")

    assert shape(old) == shape(path)


def test_bringing_up_that_is_interrupted_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(path)
    connection.executescript(_SCHEMA_1)
    connection.execute("CREATE TABLE pairings (something TEXT)")
    connection.close()
    with pytest.raises(JournalError, match="left as it is"):
        Store(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM facts WHERE receipted_at IS NOT NULL").fetchone() == (3,)
    connection.close()


def test_how_the_file_is_opened_and_how_much_room_there_is_can_be_another_disks(tmp_path: Path) -> None:
    opened: list[Path] = []

    def connect(path: Path) -> sqlite3.Connection:
        opened.append(path)
        return connected(path)

    disk = Disk(connect=connect, free_bytes=lambda _folder: 10)
    path = tmp_path / "journal.db"
    Store.create(path, "pda-7", disk=disk)
    with Store(path, free_bytes_min=11, disk=disk) as store:
        assert [one.name for one in opened] == ["journal.db.new", "journal.db"]
        with pytest.raises(JournalFullError, match="10 bytes free and 11"), store.writing():
            raise AssertionError


def write_three_kilobytes(store: Store) -> None:
    with store.writing() as connection:
        connection.execute("INSERT INTO facts (case_id, digest, raw) VALUES ('a', x'00', zeroblob(3000))")


def write_until_full(store: Store) -> None:
    while True:
        write_three_kilobytes(store)


def test_a_disk_that_is_full_while_writing_says_so_and_keeps_what_was_committed(path: Path) -> None:
    def limited(path: Path) -> sqlite3.Connection:
        connection = connected(path)
        connection.execute(f"PRAGMA max_page_count = {path.stat().st_size // 4096 + 3}")
        return connection

    with Store(path, disk=Disk(connect=limited)) as store:
        write_three_kilobytes(store)
        for _ in range(3):
            with pytest.raises(JournalFullError, match="存储空间已满"):
                write_until_full(store)
        kept = store.rows("SELECT max(seq), count(*) FROM facts")
    with Store(path) as store:
        assert store.rows("SELECT max(seq), count(*) FROM facts") == kept
        assert kept[0][0] == kept[0][1] > 1


def test_what_a_select_finds_is_given_row_by_row_to_who_may_stop(path: Path) -> None:
    with Store(path) as store:
        with store.reading("SELECT value FROM (SELECT 1 AS value UNION SELECT 2)") as rows:
            assert next(rows) == (1,)
        with pytest.raises(JournalError), store.reading("SELECT * FROM nothing"):
            raise AssertionError


def write_and_fail(store: Store) -> None:
    with store.writing() as connection:
        connection.execute("INSERT INTO refusals VALUES (1, 'a', 'b')")
        raise KeyError


def test_a_block_that_fails_leaves_nothing_behind(path: Path) -> None:
    with Store(path) as store:
        with pytest.raises(KeyError):
            write_and_fail(store)
        assert store.rows("SELECT * FROM refusals") == []


def test_a_statement_that_sqlite_refuses_is_an_error_of_the_journal(path: Path) -> None:
    with Store(path) as store:
        with pytest.raises(JournalError), store.writing() as connection:
            connection.execute("INSERT INTO refusals VALUES ('no number', 'a', 'b')")
        with pytest.raises(JournalError):
            store.rows("SELECT * FROM nothing")


def test_below_the_floor_of_free_space_nothing_is_written(path: Path) -> None:
    with (
        Store(path, free_bytes_min=2**60) as store,
        pytest.raises(JournalFullError, match="存储空间已满"),
        store.writing(),
    ):
        raise AssertionError


def test_each_commit_goes_to_the_disk_itself(path: Path) -> None:
    with Store(path) as store:
        assert store.rows("PRAGMA synchronous") == [(2,)]
        assert store.rows("PRAGMA journal_mode") == [("wal",)]


def test_only_what_comes_again_is_written_without_waiting_for_the_disk(path: Path) -> None:
    with Store(path) as store:
        with store.writing(lasting=False) as connection:
            assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
        assert store.rows("PRAGMA synchronous") == [(2,)]
        with pytest.raises(JournalError), store.writing(lasting=False) as connection:
            connection.execute("INSERT INTO refusals VALUES ('no number', 'a', 'b')")
        assert store.rows("PRAGMA synchronous") == [(2,)]
        with store.writing() as connection:
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
