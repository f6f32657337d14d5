"""The way in for people (登录): one for browsers and programs alike, so that neither is easier than the other.

Knows the order of the checks and keeps costly ones off the writer's thread. Cookies, headers and forms are the doors';
sessions, codes and locks are the desk's.
"""

import asyncio
import contextlib
import functools
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar

from central_hub import HubError
from central_hub.desks.people import PeopleDesk
from central_hub.desks.signing_in import WRONG, Enrolled, Enrolment, Refused, SignedIn, SignInDesk
from central_hub.people import PeopleError
from central_hub.people.lockout import Attempts
from central_hub.people.roles import Actor
from central_hub.reading import Reading
from central_hub.store.office.accounts import (
    NAME_CHARACTERS_MAX,
    SESSION_SEEN_MS,
    Stage,
    account_of,
    check_password,
    hash_password,
    token_digest,
)
from central_hub.store.office.acts import VIEW_MS

CHECKS_AT_ONCE_MAX = 2
"""A password check takes 64 MiB and a core; more at once would starve the uploads that share the threads."""
VIEWS_REMEMBERED_MAX = 20_000

_T = TypeVar("_T")


class Submitting(Protocol):
    """Who runs work inside a transaction: the writer."""

    def submit(self, work: Callable[[], _T]) -> "Future[_T]":
        """Run it; the future is done after the commit. Raises HubError where no more work is taken."""


class SignInError(PeopleError):
    """Somebody is not let in. seconds: how long to wait before the next try; 0 where waiting does not help."""

    def __init__(self, code: str, text: str, *, seconds: int = 0) -> None:
        super().__init__(code, text)
        self.seconds = seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """Who is signed in. title: how to call them. stage: "whole", or what of the sign-in is still missing."""

    actor: Actor
    title: str
    stage: Stage


class Entrance:
    """Lets people in. reading belongs to the event loop's thread; the desks are only used inside the writer's work.

    now: returns the hub's time, Unix milliseconds. address: that of the other end of the connection.
    """

    def __init__(
        self, reading: Reading, *, writer: Submitting, desk: SignInDesk, people: PeopleDesk, now: Callable[[], int]
    ) -> None:
        self._reading = reading
        self._writer = writer
        self._desk = desk
        self._people = people
        self._now = now
        self._attempts = Attempts()
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE_MAX)
        self._viewed: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def present(self, token: str, *, used: bool = True) -> Present | None:
        """Return whose session a token opens, also one that waits for a code; None for none.

        used: whether this counts as use of the session, which else ends some time after the last use.
        """
        if not token or not token.isascii():
            return None
        now = self._now()
        row = self._reading.session(token_digest(token), now)
        if row is None:
            return None
        if used and now - row["seen"] >= SESSION_SEEN_MS:
            with contextlib.suppress(HubError):
                self._writer.submit(functools.partial(self._desk.use, token))
        account = account_of(row)
        return Present(actor=account.actor, title=account.title, stage=row["stage"])

    def actor(self, token: str) -> Actor | None:
        """Return who acts with a token, once their sign-in is whole; None otherwise."""
        present = self.present(token)
        return present.actor if present and present.stage == "whole" else None

    async def sign_in(self, name: str, password: str, *, code: str = "", address: str) -> SignedIn:
        """Open a session; raises SignInError.

        1. Not too soon after failures. 2. Name and password belong together. 3. The account is not locked. 4. The code
        holds, where one was given; else the session that comes back has the stage "code", and is good for enter_code
        alone. Who has to enrol a second factor comes back at the stage "enrol".
        """
        hashed = await self._right_password(name, password, address)
        came = await self._in_writer(functools.partial(self._desk.enter, name, hashed=hashed, code=code))
        return self._let_in(came, name, address)

    async def enter_code(self, token: str, code: str, *, address: str) -> SignedIn:
        """Give the code that a session at the stage "code" waits for; raises SignInError."""
        present = self.present(token)
        name = present.actor.account if present else ""
        if name:
            self._begin(name, address)
        came = await self._in_writer(functools.partial(self._desk.enter_code, token, code))
        return self._let_in(came, name, address)

    async def vouch(self, name: str, password: str, *, code: str = "", address: str) -> Actor:
        """Say who makes a single request with a name and a password, and a code where one is needed.

        Raises SignInError. For programs that keep no session.
        """
        hashed = await self._right_password(name, password, address)
        came = await self._in_writer(functools.partial(self._desk.vouch, name, hashed=hashed, code=code))
        return self._let_in(came, name, address)

    async def begin_enrolment(self, token: str, *, anew: bool = True) -> Enrolment:
        """Make a secret for an authenticator app, or show again the one that waits for its first code.

        Raises SignInError.
        """
        return _granted(await self._in_writer(functools.partial(self._desk.begin_enrolment, token, anew=anew)))

    async def confirm_enrolment(self, token: str, code: str) -> Enrolled:
        """Enrol the second factor with its first code; raises SignInError. The session is another one then."""
        return _granted(await self._in_writer(functools.partial(self._desk.confirm_enrolment, token, code)))

    async def change_password(self, token: str, old: str, *, new: str, address: str) -> SignedIn:
        """Change one's own password; every session of the account ends, and another one is opened.

        Raises SignInError, and AccountError for a new password that is too short or too long.
        """
        present = self.present(token)
        if present is None:
            raise SignInError("sign_in.ended", "that took too long: sign in again")
        name = present.actor.account
        hashed = await self._right_password(name, old, address)
        async with self._checks:
            made = await asyncio.to_thread(hash_password, new)
        came = await self._in_writer(functools.partial(self._desk.take_password, token, hashed=hashed, new=made))
        return self._let_in(came, name, address)

    async def sign_out(self, token: str) -> None:
        """End a session."""
        await self._in_writer(functools.partial(self._desk.leave, token))

    def forget_failures(self, name: str) -> None:
        """Let a name be tried again at once from everywhere; for an account that was unlocked."""
        self._attempts.forget(name)

    async def viewed(self, actor: Actor, case: str, *, what: str) -> None:
        """Have it written down that somebody looks at evidence; returns after the commit. Raises ActError.

        Whoever looks at the same again within VIEW_MS costs nothing.
        """
        key, now = (actor.person, case, what), self._now()
        if 0 <= now - self._viewed.get(key, now - VIEW_MS) < VIEW_MS:
            return
        await self._in_writer(functools.partial(self._people.viewed, actor, case, what=what))
        self._viewed[key] = now
        self._viewed.move_to_end(key)
        if len(self._viewed) > VIEWS_REMEMBERED_MAX:
            self._viewed.popitem(last=False)

    def _begin(self, name: str, address: str) -> None:
        seconds = self._attempts.begin(name[:NAME_CHARACTERS_MAX], address, now=self._now())
        if seconds:
            text = f"too many failures: try again in {seconds} seconds"
            raise SignInError("sign_in.wait", text, seconds=seconds)

    async def _right_password(self, name: str, password: str, address: str) -> str:
        self._begin(name, address)
        row = self._reading.account(name)
        hashed = str(row["password"]) if row else None
        async with self._checks:
            right = await asyncio.to_thread(check_password, hashed, password)
        if not right or hashed is None:
            raise SignInError(WRONG.code, WRONG.text)
        return hashed

    def _let_in(self, came: "_T | Refused", name: str, address: str) -> _T:
        granted = _granted(came)
        self._attempts.succeeded(name[:NAME_CHARACTERS_MAX], address)
        return granted

    async def _in_writer(self, work: Callable[[], _T]) -> _T:
        return await asyncio.wrap_future(self._writer.submit(work))


def _granted(came: "_T | Refused") -> _T:
    if isinstance(came, Refused):
        raise SignInError(came.code, came.text)
    return came
