"""Whether a case gets its sticker (检验合格标志) now: a dated rulebook (TOML data) applied to a folded case.

Knows how each clause is judged; which clauses there are, for whom, and how they read stands in `rulebooks/*.toml`.
A rule of a new date is a new file. The decision keeps every clause, passed and failed, in words for a person.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

import msgspec
from msgspec import Struct

from inspection import InspectionError, shipped_names, shipped_text
from inspection.case import Case
from inspection.checklist import Requirement
from inspection.facts import Reason, Vehicle
from inspection.signing import digest
from inspection.sticker import add_months

Result = Literal["passed", "failed", "pending"]

DETAIL_CHARACTERS_MAX = 400
"""What a device wrote, e.g. item codes, may be long; a decision has to be short enough to be a fact itself."""


class RulebookError(InspectionError):
    """A rulebook that cannot be applied, or a day on which none was in force."""


class StickerFirst(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may get the sticker before the audit; codes as in `codes` (jylb, cllx, syxz, zt)."""

    inspection_kinds: tuple[str, ...]
    classes: tuple[str, ...]
    uses: tuple[str, ...]
    outcomes: tuple[str, ...]
    blocking_states: tuple[str, ...]
    photos_at_hub: bool


class AuditClock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours until a person must have looked."""

    hours: int
    audit_first_hours: int


class Validity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many months a sticker is valid for such a vehicle; an empty list fits all."""

    uses: tuple[str, ...]
    classes: tuple[str, ...]
    age_years_max: int
    months: int


class ClauseText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a clause reads, what its failing means, and where it comes from."""

    kind: Literal["requirement", "privilege"]
    zh: str
    en: str
    clause: str


class Rulebook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of a date. `digest` (hexadecimal SHA-256 of the file's text) is set when it is read."""

    id: str
    in_force_from: date
    source: str
    sticker_first: StickerFirst
    audit: AuditClock
    validity: tuple[Validity, ...]
    clauses: dict[str, ClauseText]
    digest: str = ""

    @property
    def name(self) -> str:
        """The id with the first 12 characters of the digest, as decisions keep it."""
        return f"{self.id}:{self.digest[:12]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A station's standing: whether it was admitted to sticker-first, and whether it is on the 失信 list."""

    admitted: bool
    listed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What the decision needs beside the case: the hub's day, the station's standing, what had to be done.

    earlier_sticker: number of a sticker that another case has for the same serial and attempt. open_recall: another
    case for which this vehicle was ordered back. Both empty where there is none.
    """

    today: date
    standing: Standing
    requirement: Requirement
    earlier_sticker: str = ""
    open_recall: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What follows: issue now, withhold, audit first, or wait for facts that are still on their way."""

    outcome: Literal["issue", "withhold", "audit_first", "wait"]
    rulebook: str
    reasons: tuple[Reason, ...]

    @property
    def failed(self) -> tuple[Reason, ...]:
        """The clauses that stand in the way."""
        return tuple(reason for reason in self.reasons if reason.result != "passed")


def parse_rulebook(text: str) -> Rulebook:
    """Read a rulebook; raises RulebookError naming what is wrong, an unknown key or a missing clause included."""
    try:
        book = msgspec.convert(tomllib.loads(text), Rulebook)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RulebookError(f"the rulebook cannot be applied: {error}") from error
    if odd := set(CLAUSES) ^ set(book.clauses):
        raise RulebookError(f"rulebook {book.id} and this program differ in the clauses {', '.join(sorted(odd))}")
    if not book.validity or book.validity[-1].uses or book.validity[-1].classes:
        raise RulebookError(f"the last validity row of rulebook {book.id} must fit every vehicle")
    return msgspec.structs.replace(book, digest=digest(text.encode()).hex())


@cache
def shipped_rulebooks() -> tuple[Rulebook, ...]:
    """Return the rulebooks that this program carries, oldest first."""
    books = [parse_rulebook(shipped_text("rulebooks", name)) for name in shipped_names("rulebooks")]
    return tuple(sorted(books, key=lambda book: book.in_force_from))


def rulebook_on(day: date, books: tuple[Rulebook, ...]) -> Rulebook:
    """Return the rulebook in force on `day`; raises RulebookError when the first begins later."""
    in_force = [book for book in books if book.in_force_from <= day]
    if not in_force:
        raise RulebookError(f"no rulebook was in force on {day}")
    return max(in_force, key=lambda book: book.in_force_from)


def valid_until(book: Rulebook, vehicle: Vehicle, issued_on: date) -> date:
    """Return the last day of a sticker issued on that day. An unknown registration date counts as the oldest age."""
    registered = vehicle.registered_on
    for row in book.validity:
        fits = (not row.uses or vehicle.use in row.uses) and (not row.classes or vehicle.vehicle_class in row.classes)
        young = registered is not None and issued_on < add_months(registered, 12 * row.age_years_max)
        if fits and (young or row is _oldest(book, row)):
            return add_months(issued_on, row.months)
    raise RulebookError(f"no validity row of rulebook {book.id} fits the vehicle")


def _oldest(book: Rulebook, row: Validity) -> Validity:
    alike = [other for other in book.validity if (other.uses, other.classes) == (row.uses, row.classes)]
    return max(alike, key=lambda other: other.age_years_max)


def decide(case: Case, book: Rulebook, around: Circumstances) -> Decision:
    """Judge every clause and say what follows.

    Nothing is decided before the opening and the verdict are there. Then a failed requirement withholds. Else a pending
    one waits. Else a failed privilege means that a person audits first; once an auditor has passed the case, privileges
    no longer matter.
    """
    judged = [(book.clauses[code], *judge(case, book, around), code) for code, judge in CLAUSES.items()]
    reasons = tuple(_reason(code, text, result, detail) for text, result, detail, code in judged)
    audited = case.audit is not None and case.audit.decision == "pass"
    requirements = {result for text, result, _, _ in judged if text.kind == "requirement"}
    privileged = audited or all(result == "passed" for text, result, _, _ in judged if text.kind == "privilege")
    outcome: Literal["issue", "withhold", "audit_first", "wait"]
    if case.opened is None or (case.concluded is None and case.abandoned is None):
        outcome = "wait"
    elif "failed" in requirements:
        outcome = "withhold"
    elif "pending" in requirements:
        outcome = "wait"
    else:
        outcome = "issue" if privileged else "audit_first"
    return Decision(outcome=outcome, rulebook=book.name, reasons=reasons)


def _reason(code: str, text: ClauseText, result: Result, detail: str) -> Reason:
    if len(detail) > DETAIL_CHARACTERS_MAX:
        detail = detail[:DETAIL_CHARACTERS_MAX] + "…"
    zh = f"{text.zh} ({detail})" if detail else text.zh
    en = f"{text.en} ({detail})" if detail else text.en
    return Reason(code=code, result=result, zh=zh, en=en, clause=text.clause)


def _held(condition: bool, detail: str = "") -> tuple[Result, str]:  # noqa: FBT001 - a clause is a yes or a no
    return ("passed" if condition else "failed"), detail


def _regime(case: Case, _book: Rulebook, _around: Circumstances) -> tuple[Result, str]:
    if case.opened is None:
        return "pending", ""
    return _held(case.opened.regime == "jianyan")


def _concluded(case: Case, book: Rulebook, _around: Circumstances) -> tuple[Result, str]:
    if case.concluded:
        return _held(case.concluded.outcome in book.sticker_first.outcomes, case.concluded.outcome)
    return _held(False, case.abandoned.reason) if case.abandoned else ("pending", "")


def _items(case: Case, _book: Rulebook, around: Circumstances) -> tuple[Result, str]:
    marks = {item.item: item.mark for item in case.items}
    failed = sorted(item for item, mark in marks.items() if mark == "fail")
    unchecked = [item.code for item in around.requirement.items if item.code not in marks]
    if failed:
        return "failed", ", ".join(failed)
    return _unfinished(case, unchecked)


def _photos(case: Case, _book: Rulebook, around: Circumstances) -> tuple[Result, str]:
    taken = {photo.kind for photo in case.photos}
    return _unfinished(case, [photo.code for photo in around.requirement.photos if photo.code not in taken])


def _unfinished(case: Case, missing: list[str]) -> tuple[Result, str]:
    # Facts of a device arrive in order, so what is missing once the verdict is there will not come by itself.
    if not missing:
        return "passed", ""
    return ("failed" if case.concluded or case.abandoned else "pending"), ", ".join(missing)


def _photos_at_hub(case: Case, book: Rulebook, _around: Circumstances) -> tuple[Result, str]:
    waiting = len(case.missing_bytes)
    if not book.sticker_first.photos_at_hub or not waiting:
        return "passed", ""
    return "pending", str(waiting)


def _vin_read(case: Case, _book: Rulebook, _around: Circumstances) -> tuple[Result, str]:
    photo = case.vin_photo
    if photo is None or photo.vin is None:
        return _unfinished(case, ["VIN"])
    if case.vin and (case.vin_seen_by_person or photo.vin.accepted):
        return "passed", ""
    return ("failed" if case.concluded else "pending"), ", ".join(photo.vin.reasons)


def _vin_matches(case: Case, _book: Rulebook, _around: Circumstances) -> tuple[Result, str]:
    if case.opened is None or not case.vin:
        return ("failed" if case.concluded else "pending"), ""
    registered, read = case.opened.vehicle.vin, case.vin
    if len(registered) != len(read):
        return "failed", f"{len(registered)} / {len(read)}"
    places = [f"#{place}" for place, (a, b) in enumerate(zip(registered, read, strict=True), start=1) if a != b]
    return _held(not places, " ".join(places))


def _insurance(case: Case, _book: Rulebook, around: Circumstances) -> tuple[Result, str]:
    until = case.opened.vehicle.insured_until if case.opened else None
    return _held(until is not None and until >= around.today, str(until or ""))


def _states(case: Case, book: Rulebook, _around: Circumstances) -> tuple[Result, str]:
    states = case.opened.vehicle.states if case.opened else ""
    blocking = [letter for letter in states if letter in book.sticker_first.blocking_states]
    return _held(not blocking, "".join(blocking))


def _inspection_kind(case: Case, book: Rulebook, _around: Circumstances) -> tuple[Result, str]:
    kind = case.opened.inspection_kind if case.opened else ""
    return _held(kind in book.sticker_first.inspection_kinds, kind)


def _class(case: Case, book: Rulebook, _around: Circumstances) -> tuple[Result, str]:
    if case.opened is None:
        return "pending", ""
    vehicle = case.opened.vehicle
    # The class code is necessary, not sufficient: older 面包车 are registered as K31 or K41.
    detail = vehicle.vehicle_class + (" 面包车" if vehicle.bread_van else "")
    return _held(vehicle.vehicle_class in book.sticker_first.classes and not vehicle.bread_van, detail)


def _use(case: Case, book: Rulebook, _around: Circumstances) -> tuple[Result, str]:
    use = case.opened.vehicle.use if case.opened else ""
    return _held(use in book.sticker_first.uses, use)


def _audit(case: Case, _book: Rulebook, _around: Circumstances) -> tuple[Result, str]:
    # Who was called back by an auditor, or was passed with other facts than these, does not get the sticker by mending
    # a photo afterwards.
    if case.audit is None:
        return "passed", ""
    doubted = case.audit.decision == "suspicious"
    return _held(not doubted and case.device_facts == case.audit.seen, case.audit.reason)


def _photos_differ(case: Case, _book: Rulebook, _around: Circumstances) -> tuple[Result, str]:
    kinds: dict[str, list[str]] = {}
    for photo in case.photos:
        kinds.setdefault(photo.photo.digest, []).append(photo.kind)
    return _held(len(kinds) == len(case.photos), " = ".join(next((k for k in kinds.values() if len(k) > 1), [])))


def _first_sticker(_case: Case, _book: Rulebook, around: Circumstances) -> tuple[Result, str]:
    return _held(not around.earlier_sticker, around.earlier_sticker)


def _no_recall(_case: Case, _book: Rulebook, around: Circumstances) -> tuple[Result, str]:
    return _held(not around.open_recall, around.open_recall)


def _items_done(case: Case, _book: Rulebook, around: Circumstances) -> tuple[Result, str]:
    required = {item.code for item in around.requirement.items}
    return _held_all(item.item for item in case.items if item.mark == "not_required" and item.item in required)


def _held_all(odd: Iterable[str]) -> tuple[Result, str]:
    found = sorted(odd)
    return _held(not found, ", ".join(found))


def _station_allowed(_case: Case, _book: Rulebook, around: Circumstances) -> tuple[Result, str]:
    return _held(around.standing.admitted)


def _station_honest(_case: Case, _book: Rulebook, around: Circumstances) -> tuple[Result, str]:
    return _held(not around.standing.listed)


CLAUSES = {
    "regime": _regime,
    "concluded": _concluded,
    "items": _items,
    "photos": _photos,
    "photos_at_hub": _photos_at_hub,
    "vin_read": _vin_read,
    "vin_matches": _vin_matches,
    "insurance": _insurance,
    "states": _states,
    "photos_differ": _photos_differ,
    "first_sticker": _first_sticker,
    "no_recall": _no_recall,
    "audit": _audit,
    "items_done": _items_done,
    "inspection_kind": _inspection_kind,
    "class": _class,
    "use": _use,
    "station_allowed": _station_allowed,
    "station_honest": _station_honest,
}
