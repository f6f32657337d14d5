"""Accounts, sessions and second factors as they are kept: the tables of `tables/people.sql`.

Builds and checks passwords' hashes (argon2id) and tokens. What a role may do, when a code holds and when an account is
locked is decided in `people`; who may change what, and the facts about it, are the desks'.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from central_hub.people import PeopleError
from central_hub.people.lockout import Tally
from central_hub.people.roles import Actor, shipped_roles
from central_hub.store.database import Database, Row
from inspection.signing import digest

Role = Literal["auditor", "operator", "other"]
"""What the console shows somebody. auditor 审核员: cases. operator 运维: devices, refusals. other: nothing of these."""
Stage = Literal["whole", "code", "enrol"]
"""How far a sign-in is. whole: done. code: the code is still to come. enrol: a second factor has to be enrolled."""
Change = Literal["made", "changed", "locked", "unlocked", "password", "second_factor"]

NAME_CHARACTERS_MAX = 64
TITLE_CHARACTERS_MAX = 100
PASSWORD_CHARACTERS_MIN = 10
PASSWORD_CHARACTERS_MAX = 200
TOKEN_BYTES = 32
HOUR_MS = 3_600_000
SESSION_IDLE_MS_MAX = HOUR_MS
"""A session that nobody used for so long has ended."""
SESSION_SEEN_MS = 60_000
"""No more often than this it is written down that a session is used."""
SIGN_IN_MS_MAX = 600_000
"""So long may somebody take between the password and the code, or until their second factor is enrolled."""

_COLUMNS = "name, title, roles, password, person, station, locked, plain"
_KEEP = (
    f"INSERT INTO accounts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) "  # noqa: S608 - constants
    "DO UPDATE SET title = excluded.title, roles = excluded.roles, password = excluded.password, "
    "person = excluded.person, station = excluded.station, locked = excluded.locked, plain = excluded.plain"
)
_KEEP_FACTOR = (
    "INSERT INTO second_factors VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET secret = excluded.secret, "
    "enrolled = excluded.enrolled, last_step = excluded.last_step, failures = excluded.failures, "
    "failures_since = excluded.failures_since"
)
_hasher = PasswordHasher()


class AccountError(PeopleError):
    """A name, a title or a password that cannot be used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account. title: how to call the person. person: their id, as inspections name them. roles: codes, sorted.

    station: where they work, empty for none. password: its argon2id hash. locked: nobody signs in until it is unlocked.
    plain: the password alone is enough, though a role asks for a second factor.
    """

    name: str
    title: str
    person: str
    roles: tuple[str, ...]
    station: str = ""
    password: str = field(default="", repr=False)
    locked: bool = False
    plain: bool = False

    @property
    def actor(self) -> Actor:
        """Who acts with it."""
        return Actor(self.name, self.person, frozenset(self.roles), self.station)


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondFactor:
    """A second factor. enrolled: whether the first right code came. last_step: of the newest code that was taken."""

    secret: str = field(repr=False)
    enrolled: bool = False
    last_step: int = 0
    failures: Tally = field(default_factory=Tally)


def checked_name(text: str) -> str:
    """Return `text` if it can name an account: 1 to NAME_CHARACTERS_MAX letters of any script, digits, "-", "_", ".".

    Raises AccountError otherwise.
    """
    if not 1 <= len(text) <= NAME_CHARACTERS_MAX or not all(letter.isalnum() or letter in "-_." for letter in text):
        raise AccountError(
            "account.name",
            f"{text[:40]!r} cannot name an account: use 1 to {NAME_CHARACTERS_MAX} letters, digits, -, _ and .",
        )
    return text


def hash_password(password: str) -> str:
    """Return a password's argon2id hash; raises AccountError for one that is too short or too long.

    Takes 64 MiB and some 50 ms on purpose.
    """
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise AccountError(
            "account.password", f"a password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters"
        )
    return _hasher.hash(password)


def check_password(hashed: str | None, password: str) -> bool:
    """Say whether `password` belongs to the hash; None stands for a name that nobody has."""
    if len(password) > PASSWORD_CHARACTERS_MAX:
        return False
    try:
        return _hasher.verify(hashed or _nobody(), password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    # A name that does not exist takes as long to refuse as a wrong password: who asks cannot find out names.
    return _hasher.hash(secrets.token_urlsafe(16))


def token_digest(token: str) -> bytes:
    """Return what the store keeps of a session token, so that a copy of the store opens no session."""
    return digest(token.encode())


def account_row(db: Database, name: str) -> Row | None:
    """Return an account with its password's hash, and whether a second factor is enrolled."""
    query = (
        f"SELECT {_COLUMNS}, EXISTS (SELECT 1 FROM second_factors WHERE second_factors.name = accounts.name "  # noqa: S608 - constants
        "AND enrolled = 1) AS enrolled FROM accounts WHERE name = ?"
    )
    return next(iter(db.rows(query, name)), None)


def session_row(db: Database, token: bytes, now: int) -> Row | None:
    """Return the account that a session token (its SHA-256) stands for, with the session's stage and last use.

    None when it ended, was not used for SESSION_IDLE_MS_MAX, or the account is locked.
    """
    query = (
        "SELECT accounts.name, title, roles, person, station, locked, plain, stage, seen FROM sessions "
        "JOIN accounts ON accounts.name = sessions.name "
        "WHERE sessions.token = ? AND sessions.until > ? AND sessions.seen > ? AND accounts.locked = 0"
    )
    return next(iter(db.rows(query, token, now, now - SESSION_IDLE_MS_MAX)), None)


def account_of(row: Row) -> Account:
    """Return the account that a row stands for."""
    return Account(
        name=row["name"],
        title=row["title"] or row["name"],
        person=row["person"] or row["name"],
        roles=tuple(row["roles"].split()),
        station=row["station"],
        password=row.get("password", ""),
        locked=bool(row["locked"]),
        plain=bool(row["plain"]),
    )


def by_password_alone(row: Row) -> Actor | None:
    """Return who acts with an account (a row of account_row) by the right password and no code; None for nobody.

    Nobody does where it is locked, where a second factor is enrolled, and where a role asks for one.
    """
    account = account_of(row)
    needed = shipped_roles().needs_second_factor(account.roles) and not account.plain
    return None if account.locked or row["enrolled"] or needed else account.actor


class Accounts:
    """Writes to the tables of people, inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, name: str) -> Account | None:
        """Return an account, or None."""
        row = account_row(self._db, name)
        return account_of(row) if row else None

    def all(self) -> list[Account]:
        """Return every account, by name."""
        return [account_of(row) for row in self._db.rows(f"SELECT {_COLUMNS} FROM accounts ORDER BY name")]  # noqa: S608 - constants

    def of_person(self, person: str) -> list[Account]:
        """Return the accounts of one human being."""
        query = f"SELECT {_COLUMNS} FROM accounts WHERE person = ? ORDER BY name"  # noqa: S608 - constants
        return [account_of(row) for row in self._db.rows(query, person)]

    def any(self) -> bool:
        """Say whether there is an account at all."""
        return self._db.execute("SELECT 1 FROM accounts LIMIT 1").fetchone() is not None

    def keep(self, account: Account) -> None:
        """Make an account, or change it; its sessions end. Raises AccountError for a name or title that cannot be."""
        checked_name(account.name)
        checked_name(account.person)
        if len(account.title) > TITLE_CHARACTERS_MAX or not account.title.isprintable():
            raise AccountError("account.title", f"a title has at most {TITLE_CHARACTERS_MAX} characters")
        roles = " ".join(sorted(account.roles))
        row = (account.name, account.title, roles, account.password, account.person, account.station)
        self._db.execute(_KEEP, (*row, int(account.locked), int(account.plain)))
        self.close_sessions(account.name)

    def put(self, name: str, *, title: str, role: str, password: str) -> None:
        """Make an account of one role that the password alone opens, or give it a new password; raises AccountError.

        For the first start and the command: the hub writes the fact about it when it is told to.
        """
        before = self.get(checked_name(name))
        hashed = hash_password(password)
        if before is None:
            self.keep(Account(name=name, title=title, person=name, roles=(role,), password=hashed, plain=True))
        else:
            self.keep(replace(before, title=title, roles=(role,), password=hashed))
        self.note(name, "made" if before is None else "password")

    def note(self, name: str, change: Change) -> None:
        """Note a change that was made outside of the running hub, for the hub to write the fact."""
        self._db.execute("INSERT INTO account_notes (name, change) VALUES (?, ?)", (name, change))

    def take_notes(self) -> list[tuple[str, Change]]:
        """Return the names and changes that were noted, in order, and forget them."""
        rows = self._db.execute("SELECT name, change FROM account_notes ORDER BY id").fetchall()
        if rows:
            self._db.execute("DELETE FROM account_notes")
        return [(name, change) for name, change in rows]

    def open_session(self, name: str, *, now: int, hours_max: int, stage: Stage = "whole") -> str:
        """Begin a session; return its token. Sessions that ended are swept out.

        One that waits for the code or the enrolment lasts SIGN_IN_MS_MAX and opens nothing else.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        until = now + (hours_max * HOUR_MS if stage == "whole" else SIGN_IN_MS_MAX)
        self._db.execute("DELETE FROM sessions WHERE until <= ? OR seen <= ?", (now, now - SESSION_IDLE_MS_MAX))
        self._db.execute(
            "INSERT INTO sessions (token, name, stage, seen, until) VALUES (?, ?, ?, ?, ?)",
            (token_digest(token), name, stage, now, until),
        )
        return token

    def session(self, token: str, *, now: int) -> tuple[Account, Stage] | None:
        """Return whose session this is and its stage; None when it ended. The account comes with its hash."""
        row = session_row(self._db, token_digest(token), now)
        account = self.get(row["name"]) if row else None
        return (account, row["stage"]) if row and account else None

    def use_session(self, token: str, *, now: int) -> None:
        """Take note that a session is used."""
        self._db.execute("UPDATE sessions SET seen = ? WHERE token = ? AND seen < ?", (now, token_digest(token), now))

    def close_session(self, token: str) -> None:
        """End a session."""
        self._db.execute("DELETE FROM sessions WHERE token = ?", (token_digest(token),))

    def close_sessions(self, name: str) -> None:
        """End all sessions of an account, wherever."""
        self._db.execute("DELETE FROM sessions WHERE name = ?", (name,))

    def factor(self, name: str) -> SecondFactor | None:
        """Return the second factor of an account, enrolled or about to be; None for none."""
        rows = self._db.rows("SELECT * FROM second_factors WHERE name = ?", name)
        if not rows:
            return None
        row = rows[0]
        return SecondFactor(
            secret=row["secret"],
            enrolled=bool(row["enrolled"]),
            last_step=row["last_step"],
            failures=Tally(count=row["failures"], since=row["failures_since"]),
        )

    def keep_factor(self, name: str, factor: SecondFactor) -> None:
        """Keep a second factor, in place of another."""
        row = (name, factor.secret, int(factor.enrolled), factor.last_step)
        self._db.execute(_KEEP_FACTOR, (*row, factor.failures.count, factor.failures.since))

    def forgive(self, name: str) -> None:
        """Forget an account's wrong codes."""
        self._db.execute("UPDATE second_factors SET failures = 0, failures_since = 0 WHERE name = ?", (name,))

    def drop_factor(self, name: str) -> None:
        """Forget the second factor of an account and its recovery codes."""
        self._db.execute("DELETE FROM second_factors WHERE name = ?", (name,))
        self._db.execute("DELETE FROM recovery_codes WHERE name = ?", (name,))

    def keep_recovery_codes(self, name: str, codes: Iterable[bytes]) -> None:
        """Keep the digests of an account's recovery codes, in place of earlier ones."""
        self._db.execute("DELETE FROM recovery_codes WHERE name = ?", (name,))
        self._db.executemany("INSERT INTO recovery_codes VALUES (?, ?)", [(name, code) for code in codes])

    def use_recovery_code(self, name: str, code: bytes) -> bool:
        """Use up a recovery code by its digest; say whether there was such a one."""
        query = "SELECT 1 FROM recovery_codes WHERE name = ? AND code = ?"
        found = self._db.execute(query, (name, code)).fetchone() is not None
        self._db.execute("DELETE FROM recovery_codes WHERE name = ? AND code = ?", (name, code))
        return found

    def recovery_codes_left(self, name: str) -> int:
        """Return how many recovery codes an account has."""
        return int(self._db.execute("SELECT count(*) FROM recovery_codes WHERE name = ?", (name,)).fetchone()[0])
