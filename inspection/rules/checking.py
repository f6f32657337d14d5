"""What a rulebook has to hold to beyond its shape: codes that exist, clauses that are judged, rows that fit everybody.

Every error says which rulebook and which key, and carries a stable code.
"""

from collections.abc import Iterator
from typing import get_args

import msgspec

from inspection.case import Stage
from inspection.checklist import ChecklistError, shipped_checklist
from inspection.codes import table
from inspection.rules import cross_province, exemption, permissions, sticker_first
from inspection.rules.judging import matches
from inspection.rules.rulebook import OTHERS, Rulebook, RulebookError

CLAUSES = frozenset(
    (
        *sticker_first.CLAUSES,
        "cross_home",
        *cross_province.CLAUSES,
        *exemption.CLAUSES,
        *exemption.APPLICATION_CLAUSES,
        *(f"permit_{name}" for name in permissions.CLAUSES),
    )
)
"""Every clause that is judged anywhere; a rulebook says how each reads."""


def check_rulebook(book: Rulebook) -> None:
    """Raise RulebookError when the rulebook cannot be applied.

    Codes: rulebook.clauses, .dates, .years, .validity, .unknown_code, .unknown_checklist, .provisional.
    """
    _check_clauses(book)
    _check_dates(book)
    _check_validity(book)
    for key, patterns, name in _coded(book):
        _check_codes(book, key, patterns, name)
    _check_stages(book)
    _check_checklist(book)
    _check_provisional(book)


def _refuse(book: Rulebook, key: str, said: str, *, code: str) -> RulebookError:
    return RulebookError(f"rulebook {book.id}, key {key}: {said}", code=f"rulebook.{code}")


def _check_clauses(book: Rulebook) -> None:
    for code in sorted(set(book.clauses) - CLAUSES):
        raise _refuse(book, f"clauses.{code}", "this program judges no such clause", code="clauses")
    for code in sorted(CLAUSES - set(book.clauses)):
        raise _refuse(book, f"clauses.{code}", "this clause is judged, and nothing says how it reads", code="clauses")


def _check_dates(book: Rulebook) -> None:
    if book.in_force_until is not None and book.in_force_until <= book.in_force_from:
        raise _refuse(book, "in_force_until", f"it ends before it begins ({book.in_force_until})", code="dates")
    for number, window in enumerate(book.exemption.windows, start=1):
        if window.until_years <= window.from_years:
            raise _refuse(book, f"exemption.windows #{number}", "it ends before it begins", code="years")


def _check_validity(book: Rulebook) -> None:
    if OTHERS not in book.validity:
        raise _refuse(
            book, f"validity.{OTHERS}", "there has to be one, for vehicles that fit no other", code="validity"
        )
    for name, row in book.validity.items():
        years = [step.below_years for step in row.steps]
        ascending = years[:-1] == sorted(set(years[:-1])) and 0 not in years[:-1]
        if not row.steps or not ascending or years[-1] != 0:
            said = "below_years must rise from step to step, and the last step has none"
            raise _refuse(book, f"validity.{name}.steps", said, code="validity")


def _coded(book: Rulebook) -> Iterator[tuple[str, tuple[str, ...], str]]:
    cars, first, cross = book.cars, book.sticker_first, book.cross_province
    yield "cars.uses", cars.uses, "syxz"
    yield "cars.classes", cars.classes, "cllx"
    yield "vehicle_checks.blocking_states", book.vehicle_checks.blocking_states, "zt"
    yield "sticker_first.inspection_kinds", first.inspection_kinds, "jylb"
    yield "sticker_first.plate_kinds", first.plate_kinds, "hpzl"
    yield "cross_province.classes", cross.classes, "cllx"
    yield "cross_province.dangerous_uses", cross.dangerous_uses, "syxz"
    yield "cross_province.school_classes", cross.school_classes, "cllx"
    yield "cross_province.school_uses", cross.school_uses, "syxz"
    yield "cross_province.large_bus_classes", cross.large_bus_classes, "cllx"
    for name, row in book.validity.items():
        yield f"validity.{name}.uses", row.uses, "syxz"
        yield f"validity.{name}.classes", row.classes, "cllx"


def unknown_patterns(patterns: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return those patterns that fit no code of the table (name as in `codes.table`, e.g. "cllx")."""
    return tuple(one for one in patterns if not any(matches(row.code, (one,)) for row in table(name)))


def _check_codes(book: Rulebook, key: str, patterns: tuple[str, ...], name: str) -> None:
    for pattern in unknown_patterns(patterns, name):
        nearest = ", ".join(table(name).nearest(pattern)) or "none"
        raise _refuse(book, key, f"{pattern!r} fits no code of {name}; nearest: {nearest}", code="unknown_code")


def _check_stages(book: Rulebook) -> None:
    for stage in book.sticker_first.retest_stages:
        if stage not in get_args(Stage):
            raise _refuse(book, "sticker_first.retest_stages", f"there is no stage {stage!r}", code="unknown_code")


def _check_checklist(book: Rulebook) -> None:
    try:
        shipped_checklist(book.checklist)
    except ChecklistError as error:
        raise _refuse(book, "checklist", str(error), code="unknown_checklist") from error


def _check_provisional(book: Rulebook) -> None:
    known = msgspec.to_builtins(book)
    for name in book.provisional:
        within = known
        for part in name.split("."):
            within = within.get(part) if isinstance(within, dict) else None
        if within is None:
            raise _refuse(book, "provisional", f"there is no {name!r}", code="provisional")
