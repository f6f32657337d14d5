"""How a station stands (检验机构信用状态): what the office's facts about it add up to.

Being admitted, not on the 失信 list and not suspended are three things; sticker-first needs all of them. An end date on
a listing tells when somebody may decide about it, and takes nobody off by itself. Pure: facts in, standing out.
"""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from inspection.facts import (
    AnyFact,
    AppealDecided,
    AppealFiled,
    StationAdmitted,
    StationListed,
    StationRestored,
    StationSuspended,
    StationUnlisted,
    WarningRaised,
)

StepKind = Literal[
    "admitted", "not_admitted", "listed", "unlisted", "suspended", "restored", "appeal", "appeal_granted",
    "appeal_refused", "check",
]  # fmt: skip

Dated = tuple[int, AnyFact]
"""A fact and when the hub wrote it, Unix milliseconds."""


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened to a station's standing. code: reason or rule. at: Unix milliseconds of the hub."""

    kind: StepKind
    at: int
    by: str = ""
    confirmed_by: str = ""
    code: str = ""
    text: str = ""
    ends: date | None = None


class StationStanding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A station's standing now. since: when what it may do last changed, 0 where it never did. check: under check.

    listing, suspension: what put it there, None where it is not. appeal: the one that nobody has decided yet.
    steps: everything that happened, oldest first.
    """

    station: str
    admitted: bool = False
    listed: bool = False
    suspended: bool = False
    check: bool = False
    since: int = 0
    listing: Step | None = None
    suspension: Step | None = None
    appeal: Step | None = None
    steps: tuple[Step, ...] = ()

    @property
    def sticker_first(self) -> bool:
        """Whether the station may hand out stickers before the audit (先发放标志)."""
        return self.admitted and not self.listed and not self.suspended


def standing_of(
    station: str, facts: Iterable[Dated], *, admitted: bool = False, listed: bool = False
) -> StationStanding:
    """Return a station's standing. facts: of the office, in their order. admitted, listed: what it began with."""
    standing = StationStanding(station=station, admitted=admitted, listed=listed)
    for at, fact in facts:
        standing = after(standing, at, fact)
    return standing


def after(standing: StationStanding, at: int, fact: AnyFact) -> StationStanding:
    """Return the standing after one more fact; what is about others, or changes nothing here, leaves it as it is."""
    step = _step(at, fact)
    if step is None or _about(fact) != standing.station:
        return standing
    changed = replace(standing, **_changes(step))
    moved = changed.sticker_first != standing.sticker_first
    return replace(changed, since=at if moved else standing.since, steps=(*standing.steps, step))


def _about(fact: AnyFact) -> str:
    if isinstance(fact, WarningRaised):
        return fact.name if fact.subject == "station" else ""
    return str(getattr(fact, "station", ""))


def _step(at: int, fact: AnyFact) -> Step | None:
    match fact:
        case StationAdmitted():
            kind: StepKind = "admitted" if fact.admitted else "not_admitted"
            return Step(kind=kind, at=at, by=fact.by, text=fact.reason)
        case StationListed():
            return Step(kind="listed", at=at, by=fact.by, code=fact.reason, text=fact.note, ends=fact.ends)
        case StationUnlisted():
            return Step(kind="unlisted", at=at, by=fact.by, confirmed_by=fact.confirmed_by, text=fact.reason)
        case StationSuspended():
            return Step(kind="suspended", at=at, by=fact.by, code=fact.rule, text=fact.reason)
        case StationRestored():
            return Step(kind="restored", at=at, by=fact.by, confirmed_by=fact.confirmed_by, text=fact.reason)
        case WarningRaised() if fact.level == "check":
            return Step(kind="check", at=at, code=fact.rule, text=fact.figures)
        case AppealFiled():
            return Step(kind="appeal", at=at, by=fact.by, text=fact.text)
        case AppealDecided():
            kind = "appeal_granted" if fact.granted else "appeal_refused"
            return Step(kind=kind, at=at, by=fact.by, text=fact.reason)
        case _:
            return None


def _changes(step: Step) -> dict[str, object]:
    match step.kind:
        case "admitted" | "not_admitted":
            return {"admitted": step.kind == "admitted"}
        case "listed":
            return {"listed": True, "listing": step}
        case "unlisted":
            return {"listed": False, "listing": None, "check": False}
        case "suspended":
            return {"suspended": True, "suspension": step, "check": True}
        case "restored":
            return {"suspended": False, "suspension": None, "check": False}
        case "appeal":
            return {"appeal": step}
        case "check":
            return {"check": True}
        case _:
            return {"appeal": None}
