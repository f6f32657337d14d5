import sqlite3
from pathlib import Path

import pytest

from edge_agent.store import JournalError, JournalFullError, Store


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
            connection.execute("INSERT INTO facts VALUES (?, 'a', x'00', zeroblob(500), NULL)", (seq,))
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
