"""The two-person rule (两人制): which acts take two people, and who may ask, confirm and refuse. Decides only.

What an act does is the desk's that knows it; here only who may have it done.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from central_hub.people import PeopleError
from central_hub.people.roles import Actor, RoleBook, shipped_roles

CONFIRM = "act.confirm"
HOUR_MS = 3_600_000
ABOUT_CHARACTERS_MAX = 200
REASON_CHARACTERS_MAX = 500


class TwoPersonError(PeopleError):
    """An act of two people that is not asked for, confirmed or refused as the rule has it."""


class TwoPersonAct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An act that takes two people. right: what both must be allowed. hours_max: how long a request waits."""

    code: str
    zh: str
    en: str
    right: str
    hours_max: Annotated[int, Meta(ge=1, le=24 * 31)]


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    acts: tuple[TwoPersonAct, ...]


TwoPersonActs = Mapping[str, TwoPersonAct]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """Somebody asked for an act. about: case, sticker or station. account, person: who. at: when, Unix milliseconds.

    settled: whether somebody confirmed or refused it already.
    """

    number: int
    act: str
    about: str
    account: str
    person: str
    reason: str
    at: int
    settled: bool = False


def parse_acts(text: str, book: RoleBook) -> TwoPersonActs:
    """Read a file of acts; raises TwoPersonError for an unknown key or right, and for an act that is there twice."""
    try:
        read = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise TwoPersonError("acts.file", f"two_person.toml: {error}") from error
    acts: dict[str, TwoPersonAct] = {}
    for act in read.acts:
        if act.code in acts:
            raise TwoPersonError("acts.file", f"two_person.toml: act {act.code} stands there twice")
        if act.right not in book.rights:
            raise TwoPersonError("acts.file", f"two_person.toml: act {act.code}: right {act.right!r} is not known")
        acts[act.code] = act
    return acts


@cache
def shipped_acts() -> TwoPersonActs:
    """Return the acts of this program that take two people, by code."""
    return parse_acts((files(__package__) / "two_person.toml").read_text(encoding="utf-8"), shipped_roles())


def expires(request: Request, acts: TwoPersonActs) -> int:
    """Return until when a request can be confirmed, Unix milliseconds; raises TwoPersonError for an unknown act."""
    return request.at + known(request.act, acts).hours_max * HOUR_MS


def known(act: str, acts: TwoPersonActs) -> TwoPersonAct:
    """Return the act of this code; raises TwoPersonError where two people are not needed for any such act."""
    found = acts.get(act)
    if found is None:
        raise TwoPersonError("act.unknown", f"{act[:40]!r} is no act that takes two people")
    return found


def check_request(actor: Actor, act: str, *, about: str, reason: str, acts: TwoPersonActs) -> None:
    """Raise TwoPersonError unless this person may ask for the act. A reason is needed, and what it is about."""
    asked = known(act, acts)
    if not actor.may(asked.right):
        raise TwoPersonError("act.not_allowed", f"to ask for {asked.en} takes the right {asked.right}")
    if not 1 <= len(about) <= ABOUT_CHARACTERS_MAX:
        raise TwoPersonError("act.about", f"say what it is about in 1 to {ABOUT_CHARACTERS_MAX} characters")
    _check_reason(reason)


def check_confirm(actor: Actor, request: Request, *, asker: Actor | None, now: int, acts: TwoPersonActs) -> None:
    """Raise TwoPersonError unless this person may confirm the request.

    asker: who asked, as they stand now; None when the account is locked or gone. 1. It is still open, and in time.
    2. Who asked may still ask for it. 3. Another human being confirms, under whatever account. 4. They may.
    """
    asked = known(request.act, acts)
    _check_open(request)
    if now >= expires(request, acts):
        raise TwoPersonError("act.expired", f"request {request.number} waited for {asked.hours_max} hours: ask again")
    if asker is None or not asker.may(asked.right):
        raise TwoPersonError("act.asker", f"who asked for request {request.number} may no longer ask for it")
    if actor.same_person(request.account, request.person) or actor.same_person(asker.account, asker.person):
        raise TwoPersonError("act.same_person", "it takes a second person: nobody confirms what they asked for")
    if not (actor.may(CONFIRM) and actor.may(asked.right)):
        raise TwoPersonError("act.not_allowed", f"to confirm takes the rights {CONFIRM} and {asked.right}")


def check_refuse(actor: Actor, request: Request, *, reason: str, acts: TwoPersonActs) -> None:
    """Raise TwoPersonError unless this person may refuse the request; who asked may take it back. Needs a reason."""
    asked = known(request.act, acts)
    _check_open(request)
    _check_reason(reason)
    own = actor.same_person(request.account, request.person)
    if not own and not (actor.may(CONFIRM) and actor.may(asked.right)):
        raise TwoPersonError("act.not_allowed", f"to refuse takes the rights {CONFIRM} and {asked.right}")


def _check_open(request: Request) -> None:
    if request.settled:
        raise TwoPersonError("act.settled", f"request {request.number} was settled already")


def _check_reason(reason: str) -> None:
    if not 1 <= len(reason.strip()) <= REASON_CHARACTERS_MAX:
        raise TwoPersonError("act.reason", f"give the reason, in 1 to {REASON_CHARACTERS_MAX} characters")
