"""Rulebooks over time: that they follow each other without overlap and gap, and which one a day has."""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from inspection.rules.rulebook import Rulebook, RulebookError


def timeline(books: Iterable[Rulebook]) -> tuple[Rulebook, ...]:
    """Return the rulebooks, oldest first.

    One without an end is in force until the next begins. Raises RulebookError: rulebook.empty, rulebook.doubled,
    rulebook.overlap (two begin on one day, or one begins before the end that another states), rulebook.gap.
    """
    in_order = tuple(sorted(books, key=lambda book: book.in_force_from))
    if not in_order:
        raise RulebookError("there is no rulebook", code="rulebook.empty")
    known: set[str] = set()
    for book in in_order:
        if book.id in known:
            raise RulebookError(f"there are two rulebooks {book.id!r}", code="rulebook.doubled")
        known.add(book.id)
    for book, following in pairwise(in_order):
        _check_following(book, following)
    return in_order


def rulebook_on(day: date, books: tuple[Rulebook, ...]) -> Rulebook:
    """Return the rulebook in force on `day`; raises RulebookError (rulebook.none) when none is."""
    begun = [book for book in books if book.in_force_from <= day]
    if begun:
        newest = max(begun, key=lambda book: book.in_force_from)
        if newest.in_force_until is None or day < newest.in_force_until:
            return newest
    raise RulebookError(f"no rulebook was in force on {day}", code="rulebook.none")


def _check_following(book: Rulebook, following: Rulebook) -> None:
    begins, ends = following.in_force_from, book.in_force_until
    if begins == book.in_force_from or (ends is not None and ends > begins):
        said = f"rulebooks {book.id} and {following.id} are both in force on {begins}"
        raise RulebookError(said, code="rulebook.overlap")
    if ends is not None and ends < begins:
        said = f"no rulebook is in force from {ends}, where {book.id} ends, to {begins}, where {following.id} begins"
        raise RulebookError(said, code="rulebook.gap")
