"""The desk for acts of two people (两人制): asks, confirms, refuses, and has the act done in the same transaction.

Who may do so is decided in `people.two_person`; what an act does is the desk's that it is wired to.
"""

from collections.abc import Mapping
from typing import Protocol

from central_hub.desks import ActError, Hand
from central_hub.people.roles import Actor
from central_hub.people.two_person import (
    Request,
    TwoPersonActs,
    check_confirm,
    check_refuse,
    check_request,
    expires,
    shipped_acts,
)
from central_hub.store.office.accounts import Accounts
from central_hub.store.office.acts import Acts
from inspection.facts import ActRequested, ActSettled

NOBODY = Actor("", "", frozenset())
"""Who asked, and whose account is locked or gone since: may do nothing."""


class Doing(Protocol):
    """What an act does. by: who asked, as they stand now; confirmed_by: the second person.

    Where it raises HubError, nothing is done.
    """

    def __call__(self, about: str, /, *, by: Actor, confirmed_by: Actor, reason: str) -> object:
        """Do it."""


class ActsDesk:
    """Acts of two people. does: what each act does, by its code."""

    def __init__(self, hand: Hand, does: Mapping[str, Doing], *, acts: TwoPersonActs | None = None) -> None:
        self._hand = hand
        self._does = does
        self._acts = shipped_acts() if acts is None else acts
        self._kept = Acts(hand.db)
        self._accounts = Accounts(hand.db)

    def request(self, actor: Actor, act: str, *, about: str, reason: str) -> int:
        """Ask for an act; return the number of the request. Raises TwoPersonError, ActError.

        about: case, sticker or station. One that waits for the same act about the same thing is not asked for twice.
        """
        check_request(actor, act, about=about, reason=reason, acts=self._acts)
        self._doing(act)
        now = self._hand.now()
        waiting = [asked for asked in self._kept.open_about(act, about) if now < expires(asked, self._acts)]
        if waiting:
            raise ActError("act.waiting", f"request {waiting[0].number} for the same thing waits for a second person")
        asked = Request(
            number=self._kept.next_number(),
            act=act,
            about=about,
            account=actor.account,
            person=actor.person,
            reason=reason.strip(),
            at=now,
        )
        self._kept.add(asked)
        fact = ActRequested(number=asked.number, act=act, about=about, by=actor.person, reason=asked.reason)
        self._hand.write("", fact)
        return asked.number

    def confirm(self, actor: Actor, number: int) -> object:
        """Confirm a request and have its act done; return what that returned. Raises TwoPersonError, ActError.

        Also raises what the act itself raises; the caller's transaction is then taken back, and the request waits on.
        """
        asked = self._asked(number)
        asker = self._accounts.get(asked.account)
        standing = asker.actor if asker and not asker.locked else NOBODY
        check_confirm(actor, asked, asker=standing, now=self._hand.now(), acts=self._acts)
        doing = self._doing(asked.act)
        self._settle(asked, actor, confirmed=True)
        return doing(asked.about, by=standing, confirmed_by=actor, reason=asked.reason)

    def refuse(self, actor: Actor, number: int, *, reason: str) -> None:
        """Refuse a request, or take one's own back; raises TwoPersonError, ActError."""
        asked = self._asked(number)
        check_refuse(actor, asked, reason=reason, acts=self._acts)
        self._settle(asked, actor, confirmed=False, reason=reason.strip())

    def waiting(self) -> list[tuple[Request, int]]:
        """Return the requests that can still be confirmed, each with its end (Unix milliseconds), oldest first."""
        now = self._hand.now()
        ends = [(asked, expires(asked, self._acts)) for asked in self._kept.open_ones() if asked.act in self._acts]
        return [(asked, end) for asked, end in ends if now < end]

    def _asked(self, number: int) -> Request:
        asked = self._kept.get(number)
        if asked is None:
            raise ActError("act.none", f"there is no request {number}")
        return asked

    def _doing(self, act: str) -> Doing:
        doing = self._does.get(act)
        if doing is None:
            raise ActError("act.not_here", f"this hub cannot do {act}")
        return doing

    def _settle(self, asked: Request, actor: Actor, *, confirmed: bool, reason: str = "") -> None:
        self._kept.settle(asked.number)
        fact = ActSettled(number=asked.number, confirmed=confirmed, by=actor.person, reason=reason)
        self._hand.write("", fact)
