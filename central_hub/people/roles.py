"""Roles (岗位) and rights: `roles.toml`, read and checked; what a person may do, and which roles exclude each other.

Knows no account. Decides only; who asks at which door is the door's, what nobody may do about their own work is the
desks'.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from central_hub.people import PeopleError
from inspection.signing import digest


class RolesError(PeopleError):
    """Roles that cannot be used, or a person that cannot have them."""


class Right(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody may do: its code and how it is called."""

    code: str
    zh: str
    en: str


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role. rights: codes. may_not: in words, for screens. needs_station: it is held at a station.

    second_factor: it takes a code besides the password. source: where it comes from.
    """

    code: str
    zh: str
    en: str
    rights: tuple[str, ...]
    may_not_zh: tuple[str, ...]
    may_not_en: tuple[str, ...]
    needs_station: bool
    second_factor: bool
    source: str
    provisional: bool = False


class Exclusion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nobody has a role out of `one` and a role out of `other`."""

    one: tuple[str, ...]
    other: tuple[str, ...]
    zh: str
    en: str
    source: str
    provisional: bool = False


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rights: tuple[Right, ...]
    roles: tuple[Role, ...]
    exclusive: tuple[Exclusion, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleBook:
    """The roles in force, by code. text: the file, whole; digest: its SHA-256, hexadecimal."""

    rights: Mapping[str, Right]
    roles: Mapping[str, Role]
    exclusions: tuple[Exclusion, ...]
    text: str
    digest: str

    def rights_of(self, roles: Iterable[str]) -> frozenset[str]:
        """Return what somebody with these roles may do; a role that is no more gives nothing."""
        known = [self.roles[code] for code in roles if code in self.roles]
        return frozenset(right for role in known for right in role.rights)

    def may(self, roles: Iterable[str], right: str) -> bool:
        """Say whether these roles give a right; raises RolesError for a right that does not exist."""
        if right not in self.rights:
            raise RolesError("roles.unknown_right", f"there is no right {right!r}")
        return right in self.rights_of(roles)

    def needs_second_factor(self, roles: Iterable[str]) -> bool:
        """Say whether one of these roles takes a code besides the password."""
        return any(self.roles[code].second_factor for code in roles if code in self.roles)

    def check(self, roles: Iterable[str], *, station: str, elsewhere: Iterable[str] = ()) -> None:
        """Raise RolesError when nobody can have these roles together.

        station: where the account is held; empty for none. elsewhere: the roles of the same person's other accounts.
        """
        asked = list(roles)
        if not asked:
            raise RolesError("roles.none", "an account needs a role")
        self.check_known(asked)
        for code in asked:
            if self.roles[code].needs_station and not station:
                raise RolesError("roles.station", f"the role {code} is held at a station: name the station")
        self._check_exclusions({*asked, *elsewhere})

    def check_known(self, roles: Iterable[str]) -> None:
        """Raise RolesError when one of these codes is no role's."""
        for code in roles:
            if code not in self.roles:
                known = ", ".join(sorted(self.roles))
                raise RolesError("roles.unknown", f"there is no role {code[:40]!r}; there are {known}")

    def _check_exclusions(self, roles: set[str]) -> None:
        for exclusion in self.exclusions:
            one, other = sorted(roles & set(exclusion.one)), sorted(roles & set(exclusion.other))
            if one and other:
                raise RolesError(
                    "roles.exclusive",
                    f"{one[0]} and {other[0]} exclude each other, under whatever accounts: "
                    f"{exclusion.zh} ({exclusion.en})",
                )


def parse_roles(text: str) -> RoleBook:
    """Read a file of roles; raises RolesError, naming what is wrong, unknown, missing or there twice."""
    try:
        read = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RolesError("roles.file", f"roles.toml: {error}") from error
    _check_once("right", [right.code for right in read.rights])
    _check_once("role", [role.code for role in read.roles])
    rights = {right.code: right for right in read.rights}
    roles = {role.code: role for role in read.roles}
    for role in read.roles:
        _check_known(f"role {role.code}: right", role.rights, rights)
    for exclusion in read.exclusive:
        _check_known("exclusive: role", (*exclusion.one, *exclusion.other), roles)
        if both := set(exclusion.one) & set(exclusion.other):
            raise RolesError("roles.file", f"roles.toml: exclusive: {min(both)} stands on both sides")
    return RoleBook(
        rights=rights, roles=roles, exclusions=read.exclusive, text=text, digest=digest(text.encode()).hex()
    )


def _check_once(what: str, codes: list[str]) -> None:
    twice = [code for code, count in Counter(codes).items() if count > 1]
    if twice:
        raise RolesError("roles.file", f"roles.toml: {what} {twice[0]} stands there twice")


def _check_known(what: str, codes: Iterable[str], known: Mapping[str, object]) -> None:
    for code in codes:
        if code not in known:
            raise RolesError("roles.file", f"roles.toml: {what} {code!r} is not known")


@cache
def shipped_roles() -> RoleBook:
    """Return the roles of this program."""
    return parse_roles((files(__package__) / "roles.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. account: name signed in with. person: id of the person, as inspections name them. roles: codes.

    station: where an inspector or a station's person works; empty for the others.
    """

    account: str
    person: str
    roles: frozenset[str]
    station: str = ""

    def may(self, right: str) -> bool:
        """Say whether one of the roles gives this right; raises RolesError for a right that does not exist."""
        return shipped_roles().may(self.roles, right)

    def same_person(self, account: str, person: str) -> bool:
        """Say whether this is the same human being as that account's, whatever the account."""
        return self.account == account or self.person == person
