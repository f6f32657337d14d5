"""The desk at which people sign in: session, code, second factor, password. Inside one transaction each.

A refusal comes back as a value, for what it counts has to stay counted. Passwords are checked before, outside of the
transaction; whether a code holds is decided in `people.second_factor`, when an account is locked in `people.lockout`.
"""

import secrets
from dataclasses import dataclass, field, replace

from central_hub.desks import Hand
from central_hub.desks.people import account_changed
from central_hub.people.lockout import Tally, locks_account
from central_hub.people.roles import Actor, RoleBook, shipped_roles
from central_hub.people.second_factor import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    SECRET_BYTES,
    otpauth_uri,
    recovery_codes,
    recovery_digest,
    secret_of,
    used_step,
)
from central_hub.store.office.accounts import Account, Accounts, SecondFactor, Stage
from inspection.identities import HUB


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """A session. token: opens it; shown once, kept by its hash. stage: what is still missing, "whole" for nothing."""

    token: str = field(repr=False)
    name: str
    stage: Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """Why somebody is not let in. code names the text for a screen."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolment:
    """A second factor about to be enrolled. secret: base32. uri: otpauth address, for a QR code."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolled:
    """A second factor that was enrolled. recovery: codes for who loses it, shown this once."""

    signed_in: SignedIn
    recovery: tuple[str, ...] = field(repr=False)


WRONG = Refused(code="sign_in.wrong", text="the name or the password is wrong")
CODE_WRONG = Refused(code="sign_in.code_wrong", text="the code is wrong, too old or was used before")
CODE_NEEDED = Refused(code="sign_in.code_needed", text="a code of the second factor is needed as well")
ENROL_NEEDED = Refused(
    code="sign_in.enrol_needed", text="a second factor has to be enrolled first: sign in at the pages"
)
LOCKED = Refused(code="sign_in.locked", text="the account is locked: ask an administrator")
ENDED = Refused(code="sign_in.ended", text="that took too long: sign in again")
ENROLLED_ALREADY = Refused(
    code="second_factor.enrolled", text="a second factor is enrolled; an administrator can take it back"
)


class SignInDesk:
    """Signing in and what people do about their own account."""

    def __init__(self, hand: Hand, *, book: RoleBook | None = None) -> None:
        self._hand = hand
        self._book = book or shipped_roles()
        self._accounts = Accounts(hand.db)

    def enter(self, name: str, *, hashed: str, code: str) -> SignedIn | Refused:
        """Open a session for who gave the right password. hashed: the hash that it was checked against.

        Without a code, where one is needed, the session is good for giving it and for nothing else.
        """
        account = self._open_account(name, hashed)
        if isinstance(account, Refused):
            return account
        stage = self._missing(account)
        if stage == "code" and code:
            refused = self._take_code(account, code)
            if refused:
                return refused
            stage = "whole"
        return self._session(account, stage)

    def enter_code(self, token: str, code: str) -> SignedIn | Refused:
        """Take the code that was still missing; the session is another one then."""
        account = self._at_stage(token, "code")
        if account is None:
            return ENDED
        refused = self._take_code(account, code)
        if refused:
            return refused
        self._accounts.close_session(token)
        return self._session(account, "whole")

    def vouch(self, name: str, *, hashed: str, code: str) -> Actor | Refused:
        """Say who asks, for a single request with a name and the right password; no session is opened."""
        account = self._open_account(name, hashed)
        if isinstance(account, Refused):
            return account
        stage = self._missing(account)
        if stage == "enrol":
            return ENROL_NEEDED
        if stage == "code":
            refused = self._take_code(account, code) if code else CODE_NEEDED
            if refused:
                return refused
        return account.actor

    def begin_enrolment(self, token: str, *, anew: bool = True) -> Enrolment | Refused:
        """Make a secret for who is signed in, or has to enrol before that.

        anew: whether an earlier one that was not enrolled is no more; else it is shown again.
        """
        account = self._at_stage(token, "enrol", "whole")
        if account is None:
            return ENDED
        factor = self._accounts.factor(account.name)
        if factor is not None and factor.enrolled:
            return ENROLLED_ALREADY
        if anew or factor is None:
            factor = SecondFactor(secret=secret_of(secrets.token_bytes(SECRET_BYTES)))
            self._accounts.keep_factor(account.name, factor)
        secret = factor.secret
        uri = otpauth_uri(secret, account=account.name, issuer=self._hand.settings.title)
        return Enrolment(secret=secret, uri=uri)

    def confirm_enrolment(self, token: str, code: str) -> Enrolled | Refused:
        """Enrol the secret with its first right code; all other sessions of the account end."""
        account = self._at_stage(token, "enrol", "whole")
        factor = self._accounts.factor(account.name) if account else None
        if account is None or factor is None:
            return ENDED
        if factor.enrolled:
            return ENROLLED_ALREADY
        step = used_step(factor.secret, code, now=self._hand.now(), last_step=factor.last_step)
        if step is None:
            return CODE_WRONG
        self._accounts.keep_factor(account.name, replace(factor, enrolled=True, last_step=step))
        codes = recovery_codes(secrets.token_bytes(RECOVERY_CODES * RECOVERY_BYTES))
        digests = [digest for digest in map(recovery_digest, codes) if digest is not None]
        self._accounts.keep_recovery_codes(account.name, digests)
        self._hand.write("", account_changed(account, "second_factor", by=account.person))
        self._accounts.close_sessions(account.name)
        return Enrolled(signed_in=self._session(account, "whole"), recovery=codes)

    def take_password(self, token: str, *, hashed: str, new: str) -> SignedIn | Refused:
        """Change the password of who is signed in. hashed: the hash that the old one was checked against; new: a hash.

        Every session of the account ends, this one too; another one is opened.
        """
        account = self._at_stage(token, "whole")
        if account is None or account.password != hashed:
            return ENDED
        changed = replace(account, password=new)
        self._accounts.keep(changed)
        self._hand.write("", account_changed(changed, "password", by=account.person))
        return self._session(changed, "whole")

    def use(self, token: str) -> None:
        """Take note that a session is used."""
        self._accounts.use_session(token, now=self._hand.now())

    def leave(self, token: str) -> None:
        """End a session."""
        self._accounts.close_session(token)

    def _open_account(self, name: str, hashed: str) -> Account | Refused:
        account = self._accounts.get(name)
        # The password may have been changed since it was checked.
        if account is None or account.password != hashed:
            return WRONG
        return LOCKED if account.locked else account

    def _missing(self, account: Account) -> Stage:
        factor = self._accounts.factor(account.name)
        if factor is not None and factor.enrolled:
            return "code"
        needed = self._book.needs_second_factor(account.roles) and not account.plain
        return "enrol" if needed else "whole"

    def _at_stage(self, token: str, *stages: Stage) -> Account | None:
        found = self._accounts.session(token, now=self._hand.now())
        return found[0] if found and found[1] in stages else None

    def _session(self, account: Account, stage: Stage) -> SignedIn:
        hours = self._hand.settings.session_hours_max
        token = self._accounts.open_session(account.name, now=self._hand.now(), hours_max=hours, stage=stage)
        return SignedIn(token=token, name=account.name, stage=stage)

    def _take_code(self, account: Account, code: str) -> Refused | None:
        factor, now = self._accounts.factor(account.name), self._hand.now()
        if factor is None or not factor.enrolled:
            return ENDED
        step = used_step(factor.secret, code, now=now, last_step=factor.last_step)
        if step is not None:
            self._accounts.keep_factor(account.name, replace(factor, last_step=step, failures=Tally()))
            return None
        recovery = recovery_digest(code)
        if recovery is not None and self._accounts.use_recovery_code(account.name, recovery):
            self._accounts.keep_factor(account.name, replace(factor, failures=Tally()))
            self._hand.write("", account_changed(account, "second_factor", by=account.person))
            return None
        failures = factor.failures.more(now)
        self._accounts.keep_factor(account.name, replace(factor, failures=failures))
        if not locks_account(failures):
            return CODE_WRONG
        locked = replace(account, locked=True)
        self._accounts.keep(locked)
        self._hand.write("", account_changed(locked, "locked", by=HUB))
        return LOCKED
