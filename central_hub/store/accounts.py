"""Who may sign in: names, roles, password hashes (argon2id) and session tokens.

Builds and checks them; the pages ask, the writer writes.
"""

import secrets
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from central_hub import HubError
from central_hub.store.database import Database
from inspection.signing import digest

Role = Literal["auditor", "operator"]
"""auditor 审核员: audits cases. operator 运维: sees devices and refusals, enrols devices."""

NAME_CHARACTERS_MAX = 64
PASSWORD_CHARACTERS_MIN = 10
PASSWORD_CHARACTERS_MAX = 200
TOKEN_BYTES = 32
HOUR_MS = 3_600_000

_UPSERT = (
    "INSERT INTO accounts VALUES (?, ?, ?, ?) ON CONFLICT (name) "
    "DO UPDATE SET title = excluded.title, role = excluded.role, password = excluded.password"
)
_hasher = PasswordHasher()


class AccountError(HubError):
    """A name or password that cannot be used."""


def checked_name(text: str) -> str:
    """Return `text` if it can name an account: 1 to NAME_CHARACTERS_MAX letters of any script, digits, "-", "_", ".".

    Raises AccountError otherwise.
    """
    if not 1 <= len(text) <= NAME_CHARACTERS_MAX or not all(letter.isalnum() or letter in "-_." for letter in text):
        raise AccountError(
            f"{text[:40]!r} cannot name an account: use 1 to {NAME_CHARACTERS_MAX} letters, digits, -, _ and ."
        )
    return text


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


class Accounts:
    """Writes to the `accounts` and `sessions` tables, inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, name: str, *, title: str, role: Role, password: str) -> None:
        """Make an account, or give it a new password; raises AccountError.

        The name has to be one that checked_name takes, the password neither too short nor too long.
        """
        checked_name(name)
        if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
            raise AccountError(f"a password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters")
        row = (name, title, role, _hasher.hash(password))
        self._db.execute(_UPSERT, row)
        self._db.execute("DELETE FROM sessions WHERE name = ?", (name,))

    def any(self) -> bool:
        """Say whether there is an account at all."""
        return self._db.execute("SELECT 1 FROM accounts LIMIT 1").fetchone() is not None

    def open_session(self, name: str, *, now: int, hours_max: int) -> str:
        """Begin a session; return its token. Sessions that ended are swept out."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._db.execute("DELETE FROM sessions WHERE until <= ?", (now,))
        self._db.execute(
            "INSERT INTO sessions VALUES (?, ?, ?)", (token_digest(token), name, now + hours_max * HOUR_MS)
        )
        return token

    def close_session(self, token: str) -> None:
        """End a session."""
        self._db.execute("DELETE FROM sessions WHERE token = ?", (token_digest(token),))
