"""The administrator's desk: accounts made, changed, locked and unlocked, each act a fact; and who looked at what.

What roles a person may have together is decided in `people.roles`; signing in is `signing_in`'s. No secret stands in a
fact.
"""

from collections.abc import Iterable
from dataclasses import replace

from central_hub.desks import ActError, Hand
from central_hub.people.roles import Actor, RoleBook, shipped_roles
from central_hub.store.office.accounts import Account, Accounts, Change, hash_password
from central_hub.store.office.acts import Acts
from inspection.facts import AccountChanged, EvidenceViewed
from inspection.identities import IdentityError, checked_case

BY_COMMAND = "command"
"""Whom a fact names where the hub's own command changed an account: somebody with the right to the data folder."""
STATION_CHARACTERS_MAX = 32
WHAT_CHARACTERS_MAX = 200


def account_changed(account: Account, change: Change, *, by: str) -> AccountChanged:
    """Return the fact about a change of an account. by: id of the person."""
    return AccountChanged(
        name=account.name,
        person=account.person,
        roles=account.roles,
        station=account.station,
        by=by,
        change=change,
    )


class PeopleDesk:
    """What administrators do about accounts. Nobody does anything about an account of their own."""

    def __init__(self, hand: Hand, *, book: RoleBook | None = None) -> None:
        self._hand = hand
        self._book = book or shipped_roles()
        self._accounts = Accounts(hand.db)
        self._acts = Acts(hand.db)

    def accounts(self) -> list[Account]:
        """Return every account; whoever shows them leaves the password's hash out."""
        return self._accounts.all()

    def make(self, actor: Actor, account: Account, *, password: str) -> Account:
        """Make an account; raises ActError, AccountError, RolesError.

        It is open, and takes a second factor where a role asks for one.
        """
        if self._accounts.get(account.name) is not None:
            raise ActError("account.exists", f"there is an account {account.name} already")
        self._check_others(actor, account)
        made = replace(account, password=hash_password(password), locked=False, plain=False)
        return self._keep(made, "made", by=actor.person)

    def change(self, actor: Actor, account: Account) -> Account:
        """Change title, person, roles and station of an account; its sessions end. Raises ActError, RolesError.

        plain can only be taken away here.
        """
        before = self._others(actor, account.name)
        self._check_others(actor, account)
        plain = before.plain and account.plain
        changed = replace(account, password=before.password, locked=before.locked, plain=plain)
        return self._keep(changed, "changed", by=actor.person)

    def lock(self, actor: Actor, name: str) -> Account:
        """Lock an account until it is unlocked; its sessions end. Raises ActError."""
        before = self._others(actor, name)
        if before.locked:
            raise ActError("account.locked", f"account {name} is locked already")
        return self._keep(replace(before, locked=True), "locked", by=actor.person)

    def unlock(self, actor: Actor, name: str) -> Account:
        """Unlock an account and forget its wrong codes; raises ActError."""
        before = self._others(actor, name)
        if not before.locked:
            raise ActError("account.open", f"account {name} is not locked")
        self._accounts.forgive(name)
        return self._keep(replace(before, locked=False), "unlocked", by=actor.person)

    def set_password(self, actor: Actor, name: str, *, password: str) -> Account:
        """Give an account another password; its sessions end. Raises ActError, AccountError."""
        before = self._others(actor, name)
        return self._keep(replace(before, password=hash_password(password)), "password", by=actor.person)

    def reset_second_factor(self, actor: Actor, name: str) -> Account:
        """Forget an account's second factor and recovery codes, e.g. of a lost phone; its sessions end.

        Where a role asks for one, the next sign-in enrols another. Raises ActError.
        """
        before = self._others(actor, name)
        self._accounts.drop_factor(name)
        return self._keep(before, "second_factor", by=actor.person)

    def write_notes(self) -> int:
        """Write the facts about what the command changed while the hub did not look; return how many."""
        noted = self._accounts.take_notes()
        for name, change in noted:
            account = self._accounts.get(name)
            if account is not None:
                self._hand.write("", account_changed(account, change, by=BY_COMMAND))
        return len(noted)

    def viewed(self, actor: Actor, case: str, *, what: str) -> bool:
        """Write down that somebody looked at evidence; say whether that was new. Raises ActError.

        what: a photo's digest, or recorder/channel/start/end of a clip. Views of the same evidence of the same case
        within `acts.VIEW_MS` are one.
        """
        try:
            checked_case(case)
        except IdentityError as error:
            raise ActError("view.case", str(error)) from error
        if not 1 <= len(what) <= WHAT_CHARACTERS_MAX or not what.isprintable():
            raise ActError("view.what", f"evidence is named in 1 to {WHAT_CHARACTERS_MAX} characters")
        if not self._acts.view(actor.person, case, what, now=self._hand.now()):
            return False
        self._hand.write("", EvidenceViewed(case=case, what=what, by=actor.person))
        return True

    def _others(self, actor: Actor, name: str) -> Account:
        account = self._accounts.get(name)
        if account is None:
            raise ActError("account.none", f"there is no account {name[:40]!r}")
        _check_not_own(actor, account)
        return account

    def _check_others(self, actor: Actor, account: Account) -> None:
        _check_not_own(actor, account)
        if len(account.station) > STATION_CHARACTERS_MAX or not account.station.isprintable():
            raise ActError("account.station", f"a station is named in at most {STATION_CHARACTERS_MAX} characters")
        self._book.check(account.roles, station=account.station, elsewhere=self._roles_elsewhere(account))

    def _roles_elsewhere(self, account: Account) -> Iterable[str]:
        others = [other for other in self._accounts.of_person(account.person) if other.name != account.name]
        return {role for other in others for role in other.roles}

    def _keep(self, account: Account, change: Change, *, by: str) -> Account:
        self._accounts.keep(account)
        kept = self._accounts.get(account.name) or account
        self._hand.write("", account_changed(kept, change, by=by))
        return kept


def _check_not_own(actor: Actor, account: Account) -> None:
    if actor.same_person(account.name, account.person):
        raise ActError("account.own", "nobody changes an account of their own: another administrator does")
