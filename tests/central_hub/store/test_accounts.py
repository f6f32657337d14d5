import pytest
from argon2 import PasswordHasher

from central_hub.store import accounts
from central_hub.store.accounts import (
    HOUR_MS,
    NAME_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MIN,
    AccountError,
    Accounts,
    check_password,
    checked_name,
    token_digest,
)
from central_hub.store.database import Database
from tests.central_hub.conftest import NOW, Bench

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
def hasher(monkeypatch: pytest.MonkeyPatch) -> CountingHasher:
    made = CountingHasher()
    monkeypatch.setattr(accounts, "_hasher", made)
    return made


@pytest.fixture
def kept(bench: Bench, hasher: CountingHasher) -> Accounts:
    made = Accounts(bench.db)
    made.put("lin", title="审核员", role="auditor", password=PASSWORD)
    return made


def hash_of(db: Database, name: str) -> str:
    return str(db.execute("SELECT password FROM accounts WHERE name = ?", (name,)).fetchone()[0])


def sessions(db: Database, now: int) -> list[str]:
    return [row[0] for row in db.execute("SELECT name FROM sessions WHERE until > ?", (now,))]


def test_a_password_is_kept_as_an_argon2id_hash_of_full_strength(bench: Bench) -> None:
    Accounts(bench.db).put("lin", title="审核员", role="auditor", password=PASSWORD)
    kept = hash_of(bench.db, "lin")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert check_password(kept, PASSWORD)
    assert not check_password(kept, PASSWORD + " ")


def test_a_name_that_nobody_has_takes_the_same_way_through_the_hash(hasher: CountingHasher) -> None:
    accounts._nobody.cache_clear()
    try:
        assert not check_password(None, PASSWORD)
        assert not check_password(None, PASSWORD)
        assert len(hasher.checked) == 2
        assert hasher.checked[0].startswith("$argon2id$")
    finally:
        accounts._nobody.cache_clear()


def test_a_hash_that_is_none_opens_nothing(hasher: CountingHasher) -> None:
    assert not check_password("no hash", PASSWORD)
    assert not check_password("", PASSWORD)


def test_an_endless_password_is_refused_before_it_costs_a_hash(kept: Accounts, hasher: CountingHasher) -> None:
    assert not check_password(None, "x" * (PASSWORD_CHARACTERS_MAX + 1))
    assert hasher.checked == []


@pytest.mark.parametrize("length", [0, PASSWORD_CHARACTERS_MIN - 1, PASSWORD_CHARACTERS_MAX + 1])
def test_a_password_too_short_or_too_long_is_not_taken(bench: Bench, length: int) -> None:
    with pytest.raises(AccountError, match="10 to 200 characters"):
        Accounts(bench.db).put("lin", title="", role="auditor", password="x" * length)
    assert not Accounts(bench.db).any()


@pytest.mark.parametrize("length", [PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX])
def test_the_shortest_and_the_longest_password_are_taken(bench: Bench, hasher: CountingHasher, length: int) -> None:
    Accounts(bench.db).put("lin", title="", role="auditor", password="长" * length)
    assert check_password(hash_of(bench.db, "lin"), "长" * length)


@pytest.mark.parametrize("name", ["a", "wang-li", "Wang.Li_2", "王丽", "x" * NAME_CHARACTERS_MAX])
def test_a_name_of_letters_digits_and_three_marks_is_taken(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name", ["", " ", "wang li", "li\n", "a/b", "a:b", "<b>", "\udc80", "x" * (NAME_CHARACTERS_MAX + 1)]
)
def test_any_other_name_is_refused_and_no_account_made(bench: Bench, name: str) -> None:
    with pytest.raises(AccountError, match="cannot name an account: use 1 to 64 letters"):
        Accounts(bench.db).put(name, title="", role="auditor", password=PASSWORD)
    assert not Accounts(bench.db).any()


def test_there_is_an_account_once_one_was_made(bench: Bench, kept: Accounts) -> None:
    assert kept.any()


def test_a_new_password_ends_the_old_one_and_its_sessions_and_no_others(bench: Bench, kept: Accounts) -> None:
    kept.put("wang", title="运维", role="operator", password=PASSWORD)
    for name in ("lin", "wang"):
        kept.open_session(name, now=NOW, hours_max=1)
    kept.put("lin", title="审核员", role="auditor", password="another password")  # noqa: S106 - made up
    assert not check_password(hash_of(bench.db, "lin"), PASSWORD)
    assert sessions(bench.db, NOW) == ["wang"]


def test_a_session_lasts_its_hours_and_is_swept_out_by_the_next_one(bench: Bench, kept: Accounts) -> None:
    kept.open_session("lin", now=NOW, hours_max=2)
    end = NOW + 2 * HOUR_MS
    assert sessions(bench.db, end - 1) == ["lin"]
    assert sessions(bench.db, end) == []
    kept.open_session("lin", now=end, hours_max=2)
    assert bench.value("SELECT count(*) FROM sessions") == 1


def test_a_session_that_was_closed_is_gone(bench: Bench, kept: Accounts) -> None:
    token = kept.open_session("lin", now=NOW, hours_max=1)
    other = kept.open_session("lin", now=NOW, hours_max=1)
    assert token != other
    kept.close_session(token)
    assert bench.value("SELECT token FROM sessions") == token_digest(other)


def test_the_store_holds_no_token_that_opens_a_session(bench: Bench, kept: Accounts) -> None:
    token = kept.open_session("lin", now=NOW, hours_max=1)
    assert token.encode() not in bench.value("SELECT token FROM sessions")  # type: ignore[operator]
    assert bench.value("SELECT token FROM sessions") == token_digest(token)
