import sqlite3
from contextlib import closing
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from central_hub.people.lockout import Tally
from central_hub.people.roles import Actor
from central_hub.store.database import Database, SqliteDatabase
from central_hub.store.office import accounts
from central_hub.store.office.accounts import (
    HOUR_MS,
    NAME_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MIN,
    SESSION_IDLE_MS_MAX,
    SIGN_IN_MS_MAX,
    Account,
    AccountError,
    Accounts,
    SecondFactor,
    account_row,
    by_password_alone,
    check_password,
    checked_name,
    token_digest,
)
from central_hub.store.postgresql import translated_schema
from tests.central_hub.plain_hand import NOW, PlainHand, hand

__all__ = ["hand"]

OLD_TABLES = """
CREATE TABLE accounts (name TEXT PRIMARY KEY, title TEXT NOT NULL, role TEXT NOT NULL, password TEXT NOT NULL) STRICT;
CREATE TABLE sessions (token BLOB PRIMARY KEY, name TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
"""
NOBODY, FULL = accounts._nobody, accounts._hasher
PASSWORD = "正确的密码 and more"  # noqa: S105 - made up for the tests


class CountingHasher(PasswordHasher):
    """argon2id with little memory, for speed; counts how often a password was hashed."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.checked: list[str] = []

    def verify(self, hashed: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        self.checked.append(str(hashed))
        return super().verify(hashed, password)


@pytest.fixture
def hasher(hand: PlainHand, monkeypatch: pytest.MonkeyPatch) -> CountingHasher:
    made = CountingHasher()
    monkeypatch.setattr(accounts, "_hasher", made)
    monkeypatch.setattr(accounts, "_nobody", NOBODY)
    return made


@pytest.fixture
def kept(hand: PlainHand, hasher: CountingHasher) -> Accounts:
    made = Accounts(hand.db)
    made.put("lin", title="审核员", role="auditor", password=PASSWORD)
    return made


def value(db: Database, query: str) -> object:
    return db.execute(query).fetchone()[0]


def hash_of(db: Database, name: str) -> str:
    return str(db.execute("SELECT password FROM accounts WHERE name = ?", (name,)).fetchone()[0])


def sessions(db: Database, now: int) -> list[str]:
    return [row[0] for row in db.execute("SELECT name FROM sessions WHERE until > ?", (now,))]


def test_a_password_is_kept_as_an_argon2id_hash_of_full_strength(
    hand: PlainHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_hasher", FULL)
    Accounts(hand.db).put("lin", title="审核员", role="auditor", password=PASSWORD)
    kept = hash_of(hand.db, "lin")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert check_password(kept, PASSWORD)
    assert not check_password(kept, PASSWORD + " ")


def test_a_name_that_nobody_has_takes_the_same_way_through_the_hash(hasher: CountingHasher) -> None:
    NOBODY.cache_clear()
    try:
        assert not check_password(None, PASSWORD)
        assert not check_password(None, PASSWORD)
        assert len(hasher.checked) == 2
        assert hasher.checked[0].startswith("$argon2id$")
    finally:
        NOBODY.cache_clear()


def test_a_hash_that_is_none_opens_nothing(hasher: CountingHasher) -> None:
    assert not check_password("no hash", PASSWORD)
    assert not check_password("", PASSWORD)


def test_an_endless_password_is_refused_before_it_costs_a_hash(kept: Accounts, hasher: CountingHasher) -> None:
    assert not check_password(None, "x" * (PASSWORD_CHARACTERS_MAX + 1))
    assert hasher.checked == []


@pytest.mark.parametrize("length", [0, PASSWORD_CHARACTERS_MIN - 1, PASSWORD_CHARACTERS_MAX + 1])
def test_a_password_too_short_or_too_long_is_not_taken(hand: PlainHand, length: int) -> None:
    with pytest.raises(AccountError, match="10 to 200 characters"):
        Accounts(hand.db).put("lin", title="", role="auditor", password="x" * length)
    assert not Accounts(hand.db).any()


@pytest.mark.parametrize("length", [PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX])
def test_the_shortest_and_the_longest_password_are_taken(hand: PlainHand, hasher: CountingHasher, length: int) -> None:
    Accounts(hand.db).put("lin", title="", role="auditor", password="长" * length)
    assert check_password(hash_of(hand.db, "lin"), "长" * length)


@pytest.mark.parametrize("name", ["a", "wang-li", "Wang.Li_2", "王丽", "x" * NAME_CHARACTERS_MAX])
def test_a_name_of_letters_digits_and_three_marks_is_taken(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name", ["", " ", "wang li", "li\n", "a/b", "a:b", "<b>", "\udc80", "x" * (NAME_CHARACTERS_MAX + 1)]
)
def test_any_other_name_is_refused_and_no_account_made(hand: PlainHand, name: str) -> None:
    with pytest.raises(AccountError, match="cannot name an account: use 1 to 64 letters"):
        Accounts(hand.db).put(name, title="", role="auditor", password=PASSWORD)
    assert not Accounts(hand.db).any()


def test_there_is_an_account_once_one_was_made(hand: PlainHand, kept: Accounts) -> None:
    assert kept.any()


def test_a_new_password_ends_the_old_one_and_its_sessions_and_no_others(hand: PlainHand, kept: Accounts) -> None:
    kept.put("wang", title="运维", role="operator", password=PASSWORD)
    for name in ("lin", "wang"):
        kept.open_session(name, now=NOW, hours_max=1)
    kept.put("lin", title="审核员", role="auditor", password="another password")  # noqa: S106 - made up
    assert not check_password(hash_of(hand.db, "lin"), PASSWORD)
    assert sessions(hand.db, NOW) == ["wang"]


def test_a_session_lasts_its_hours_and_is_swept_out_by_the_next_one(hand: PlainHand, kept: Accounts) -> None:
    kept.open_session("lin", now=NOW, hours_max=2)
    end = NOW + 2 * HOUR_MS
    assert sessions(hand.db, end - 1) == ["lin"]
    assert sessions(hand.db, end) == []
    kept.open_session("lin", now=end, hours_max=2)
    assert value(hand.db, "SELECT count(*) FROM sessions") == 1


def test_a_session_that_was_closed_is_gone(hand: PlainHand, kept: Accounts) -> None:
    token = kept.open_session("lin", now=NOW, hours_max=1)
    other = kept.open_session("lin", now=NOW, hours_max=1)
    assert token != other
    kept.close_session(token)
    assert value(hand.db, "SELECT token FROM sessions") == token_digest(other)


def test_the_store_holds_no_token_that_opens_a_session(hand: PlainHand, kept: Accounts) -> None:
    token = kept.open_session("lin", now=NOW, hours_max=1)
    assert token.encode() not in value(hand.db, "SELECT token FROM sessions")  # type: ignore[operator]
    assert value(hand.db, "SELECT token FROM sessions") == token_digest(token)


def an_account(name: str = "lin", **changes: Any) -> Account:
    given: dict[str, Any] = {
        "name": name,
        "title": "审核员",
        "person": f"p-{name}",
        "roles": ("auditor",),
        "password": "no hash",
    }
    return Account(**(given | changes))


def test_an_account_comes_back_as_it_was_kept(hand: PlainHand) -> None:
    lin = an_account(roles=("inspector", "appearance"), station="S1", locked=True, plain=True)
    Accounts(hand.db).keep(lin)
    kept = Accounts(hand.db).get("lin")
    assert kept == replace(lin, roles=("appearance", "inspector"))
    assert kept.actor == Actor("lin", "p-lin", frozenset({"inspector", "appearance"}), "S1")


def test_no_secret_shows_when_an_account_or_a_second_factor_is_printed() -> None:
    assert "no hash" not in repr(an_account())
    assert "SECRET" not in repr(SecondFactor(secret="SECRET"))  # noqa: S106 - made up


def test_the_accounts_of_a_person_are_found_whatever_their_names(hand: PlainHand) -> None:
    kept = Accounts(hand.db)
    for account in (an_account("lin"), an_account("lin.2", person="p-lin"), an_account("wang")):
        kept.keep(account)
    assert [account.name for account in kept.of_person("p-lin")] == ["lin", "lin.2"]
    assert [account.name for account in kept.all()] == ["lin", "lin.2", "wang"]


@pytest.mark.parametrize("changes", [{"title": "x" * 101}, {"title": "a\nb"}, {"person": "p lin"}])
def test_a_title_or_person_that_cannot_be_is_refused(hand: PlainHand, changes: dict[str, str]) -> None:
    with pytest.raises(AccountError):
        Accounts(hand.db).keep(an_account(**changes))
    assert not Accounts(hand.db).any()


def test_an_account_of_the_first_start_signs_in_by_password_alone_and_another_one_does_not(kept: Accounts) -> None:
    kept.keep(an_account("wang"))
    lin, wang = kept.get("lin"), kept.get("wang")
    assert lin is not None
    assert wang is not None
    assert (lin.plain, lin.person, wang.plain) == (True, "lin", False)


def test_a_new_password_by_the_command_leaves_person_station_and_lock_as_they_were(kept: Accounts) -> None:
    kept.keep(an_account(station="S1", locked=True))
    kept.put("lin", title="审核员", role="auditor", password=PASSWORD)
    lin = kept.get("lin")
    assert lin is not None
    assert (lin.person, lin.station, lin.locked, lin.plain) == ("p-lin", "S1", True, False)


@pytest.mark.parametrize(
    ("changes", "enrolled", "alone"),
    [
        ({"plain": True}, False, True),
        ({"plain": True, "locked": True}, False, False),
        ({"plain": True}, True, False),
        ({}, False, False),
        ({"roles": ("registrar",), "station": "S1"}, False, True),
    ],
)
def test_who_may_act_by_the_password_alone(
    hand: PlainHand, changes: dict[str, Any], *, enrolled: bool, alone: bool
) -> None:
    kept = Accounts(hand.db)
    kept.keep(an_account(**changes))
    kept.keep_factor("lin", SecondFactor(secret="S", enrolled=enrolled))  # noqa: S106 - made up
    row = account_row(hand.db, "lin")
    assert row is not None
    assert (by_password_alone(row) is not None) == alone


def test_notes_of_the_command_are_taken_once_and_in_order(kept: Accounts) -> None:
    kept.put("wang", title="", role="operator", password=PASSWORD)
    kept.put("lin", title="", role="auditor", password=PASSWORD)
    assert kept.take_notes() == [("lin", "made"), ("wang", "made"), ("lin", "password")]
    assert kept.take_notes() == []


def test_a_session_that_nobody_uses_ends_and_use_keeps_it(kept: Accounts) -> None:
    token = kept.open_session("lin", now=NOW, hours_max=12)
    assert kept.session(token, now=NOW + SESSION_IDLE_MS_MAX - 1) is not None
    kept.use_session(token, now=NOW + SESSION_IDLE_MS_MAX - 1)
    assert kept.session(token, now=NOW + SESSION_IDLE_MS_MAX) is not None
    assert kept.session(token, now=NOW + 2 * SESSION_IDLE_MS_MAX - 1) is None


def test_use_keeps_no_session_beyond_its_hours(kept: Accounts) -> None:
    token = kept.open_session("lin", now=NOW, hours_max=1)
    kept.use_session(token, now=NOW + HOUR_MS - 1)
    assert kept.session(token, now=NOW + HOUR_MS) is None


def test_a_session_that_waits_for_a_code_ends_soon(kept: Accounts) -> None:
    token = kept.open_session("lin", now=NOW, hours_max=12, stage="code")
    found = kept.session(token, now=NOW + SIGN_IN_MS_MAX - 1)
    assert found is not None
    assert found[1] == "code"
    assert kept.session(token, now=NOW + SIGN_IN_MS_MAX) is None


def test_a_locked_account_has_no_session(hand: PlainHand, kept: Accounts) -> None:
    token = kept.open_session("lin", now=NOW, hours_max=1)
    hand.db.execute("UPDATE accounts SET locked = 1")
    assert kept.session(token, now=NOW) is None


def test_a_second_factor_is_kept_in_place_of_another_and_dropped_with_its_recovery_codes(kept: Accounts) -> None:
    first = SecondFactor(secret="A", enrolled=True, last_step=7, failures=Tally(count=2, since=NOW))  # noqa: S106
    kept.keep_factor("lin", first)
    assert kept.factor("lin") == first
    kept.keep_factor("lin", SecondFactor(secret="B"))  # noqa: S106 - made up
    assert kept.factor("lin") == SecondFactor(secret="B")  # noqa: S106 - made up
    kept.keep_recovery_codes("lin", [b"x"])
    kept.drop_factor("lin")
    assert (kept.factor("lin"), kept.recovery_codes_left("lin")) == (None, 0)


def test_a_recovery_code_is_used_up_and_new_ones_take_the_place_of_all(kept: Accounts) -> None:
    kept.keep_recovery_codes("lin", [b"x", b"y"])
    assert [kept.use_recovery_code("lin", code) for code in (b"x", b"x", b"z")] == [True, False, False]
    assert not kept.use_recovery_code("wang", b"y")
    kept.keep_recovery_codes("lin", [b"z"])
    assert (kept.recovery_codes_left("lin"), kept.use_recovery_code("lin", b"y")) == (1, False)


def test_accounts_of_before_keep_their_role_and_password_and_everybody_signs_in_again(tmp_path: Path) -> None:
    store = files("central_hub.store")
    with closing(sqlite3.connect(tmp_path / "old.db", isolation_level=None)) as old:
        old.executescript(OLD_TABLES)
        old.execute("INSERT INTO accounts VALUES ('lin', '审核员', 'auditor', 'a hash')")
        old.execute("INSERT INTO sessions VALUES (x'00', 'lin', 5)")
        old.executescript((store / "upgrades" / "people_3.sql").read_text(encoding="utf-8"))
        old.executescript((store / "tables" / "people.sql").read_text(encoding="utf-8"))
        db = SqliteDatabase(old)
        lin = Account(
            name="lin",
            title="审核员",
            person="lin",
            roles=("auditor",),
            password="a hash",  # noqa: S106 - made up
            plain=True,
        )
        assert Accounts(db).get("lin") == lin
        assert db.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
        token = Accounts(db).open_session("lin", now=NOW, hours_max=1)
        assert Accounts(db).session(token, now=NOW) == (lin, "whole")


def test_the_upgrade_speaks_the_words_of_the_other_store_too() -> None:
    text = (files("central_hub.store") / "upgrades" / "people_3.sql").read_text(encoding="utf-8")
    said = translated_schema(text)
    assert "BIGINT NOT NULL DEFAULT 0" in said
    assert "INTEGER" not in said
