"""Sticker numbers (编号) and number ranges (号段): who gets which, that none is left out, and which copies are printed.

Decides only. A prefix is used in one of two ways, and never changes between them: its numbers were allotted in ranges
to offices and stations, or they are the installation's own, from 1 on, for whoever has no range.
"""

import re
from bisect import bisect_right, insort
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from central_hub import HubError
from inspection.facts import NumberVoided, RangeAllotted, StickerIssued
from inspection.sticker import NUMBER_DIGITS, NUMBER_MAX, StickerError, number_text, split_number

NUMBERS_LEFT_MIN = 200
"""A holder with fewer numbers left is warned about: a busy station uses so many in a day."""
HOLDER_CHARACTERS_MAX = 32
_PREFIX = re.compile(r"[A-Z0-9]{0,12}\Z", re.ASCII)
_HOLDER = re.compile(rf"[A-Za-z0-9-]{{1,{HOLDER_CHARACTERS_MAX}}}\Z", re.ASCII)

NumberFact = RangeAllotted | StickerIssued | NumberVoided


class NumberingError(HubError):
    """A number or range that cannot be.

    code: "range.garbled", "range.overlap", "range.own_prefix", "sticker.range_empty", "number.garbled",
    "number.outside", "number.used", "number.gap", "print.again", "print.copy", "print.allowed" or "print.withdrawn".
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberRange:
    """A range and how far it is used. next: value of the next number; last + 1 when none is left.

    holder: an office or a station; empty for the installation's own, that serves whoever has no range.
    issued, voided: how many numbers went either way, where that was counted.
    """

    prefix: str
    first: int
    last: int
    holder: str
    next: int
    issued: int = 0
    voided: int = 0

    @property
    def left(self) -> int:
        """How many numbers are left."""
        return self.last + 1 - self.next

    @property
    def name(self) -> str:
        """The range for a person: its first and last number."""
        return f"{number_text(self.prefix, self.first)} to {number_text(self.prefix, self.last)}"


class Taken(NamedTuple):
    """A number that was given out. left: how many its holder has left. low: whether somebody should allot more.

    holder: whose range it is of; empty for the installation's own.
    """

    number: str
    left: int
    low: bool
    holder: str


def checked_range(allotted: RangeAllotted, others: Iterable[NumberRange], own_prefixes: Collection[str]) -> NumberRange:
    """Return a new range, nothing of it used.

    others: all ranges there are. own_prefixes: those whose numbers the installation uses or used as its own.
    Raises NumberingError when it cannot be a range, shares a number with another, or its prefix is the installation's.
    """
    prefix, first, last, holder = allotted.prefix, allotted.first, allotted.last, allotted.holder
    if not _PREFIX.match(prefix) or not _HOLDER.match(holder):
        text = f"a prefix has up to 12 of A-Z and 0-9, a holder 1 to {HOLDER_CHARACTERS_MAX} of A-Z, a-z, 0-9 and -"
        raise NumberingError("range.garbled", text)
    if not 1 <= first <= last <= NUMBER_MAX:
        raise NumberingError("range.garbled", f"a range goes from 1 at least to {NUMBER_MAX} at most, first to last")
    new = NumberRange(prefix=prefix, first=first, last=last, holder=holder, next=first)
    if prefix in own_prefixes:
        text = f"numbers with the prefix {prefix!r} are given out by the installation itself: use another prefix"
        raise NumberingError("range.own_prefix", text)
    for other in others:
        if other.prefix == prefix and other.first <= last and first <= other.last:
            raise NumberingError("range.overlap", f"{new.name} shares numbers with {other.name} of {other.holder}")
    return new


def own_range(prefix: str) -> NumberRange:
    """Return the range of the installation itself with this prefix, nothing of it used."""
    return NumberRange(prefix=prefix, first=1, last=NUMBER_MAX, holder="", next=1)


def taken_from(ranges: Iterable[NumberRange]) -> Taken:
    """Return the next number of a holder's ranges, given in the order of their allotment.

    Raises NumberingError ("sticker.range_empty") when none has one.
    """
    usable = [each for each in ranges if each.left > 0]
    if not usable:
        raise NumberingError("sticker.range_empty", "no sticker number is left: allot another range to the holder")
    first, left = usable[0], sum(each.left for each in usable) - 1
    return Taken(number_text(first.prefix, first.next), left, low=left < NUMBERS_LEFT_MIN, holder=first.holder)


def follows(number: str, ranges: Iterable[NumberRange]) -> NumberRange:
    """Return the range that a number is the next one of, as it is once the number is used.

    Raises NumberingError: "number.garbled" for no number, "number.outside" where no range has it, "number.used" for one
    that was used, "number.gap" where one before it was not.
    """
    value = _value(number)
    prefix = number[:-NUMBER_DIGITS]
    for each in ranges:
        if each.prefix == prefix and each.first <= value <= each.last:
            if value < each.next:
                raise NumberingError("number.used", f"{number} was used before: issued or voided")
            if value > each.next:
                before = number_text(prefix, each.next)
                raise NumberingError("number.gap", f"{number} does not follow: {before} was never issued nor voided")
            return replace(each, next=value + 1)
    raise NumberingError("number.outside", f"{number} is outside every range of its holder")


def check_print(copy: int, *, printed: int, allowed: Collection[int], withdrawn: bool) -> None:
    """Raise NumberingError unless this copy (1 is the first) of a sticker may be printed now.

    printed: the highest copy that was printed, 0 for none. allowed: further copies that somebody allowed.
    """
    if withdrawn:
        raise NumberingError("print.withdrawn", "a sticker that was withdrawn is not printed")
    if copy <= printed:
        raise NumberingError("print.again", f"copy {copy} was printed; another one has to be allowed, with a cause")
    if copy != printed + 1:
        raise NumberingError("print.copy", f"the next copy is {printed + 1}, not {copy}")
    if copy > 1 and copy not in allowed:
        raise NumberingError("print.again", f"copy {copy} has to be allowed first, with a cause")


def copy_to_allow(*, printed: int, allowed: Collection[int], withdrawn: bool) -> int:
    """Return the copy that is to be allowed next.

    Raises NumberingError when the sticker was withdrawn, was not printed yet, or a copy is allowed and not yet printed.
    """
    if withdrawn:
        raise NumberingError("print.withdrawn", "a sticker that was withdrawn is not printed")
    if printed == 0:
        raise NumberingError("print.copy", "the first copy was not printed yet; it needs no permission")
    if printed + 1 in allowed:
        raise NumberingError("print.allowed", f"copy {printed + 1} is allowed already and was not printed")
    return printed + 1


class Break(NamedTuple):
    """Where the numbers stop adding up: number of the hub's fact, what it is about, and why. code: NumberingError's."""

    fact: int
    number: str
    code: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What the facts say of all numbers. broken: the first break; what comes after it was not looked at."""

    ranges: tuple[NumberRange, ...]
    broken: Break | None = None


def _first(each: NumberRange) -> int:
    return each.first


def _value(number: str) -> int:
    try:
        return split_number(number)[1]
    except StickerError as error:
        raise NumberingError("number.garbled", str(error)) from error


@dataclass(slots=True)
class _Book:
    """ranges: by prefix, in the order of their numbers. own: those of the installation itself, by prefix."""

    ranges: dict[str, list[NumberRange]] = field(default_factory=dict)
    own: dict[str, NumberRange] = field(default_factory=dict)

    def allot(self, fact: RangeAllotted) -> None:
        of_prefix = self.ranges.get(fact.prefix, [])
        new = checked_range(fact, of_prefix, self.own)
        insort(of_prefix, new, key=_first)
        self.ranges[fact.prefix] = of_prefix

    def use(self, fact: StickerIssued | NumberVoided) -> None:
        prefix = fact.number[:-NUMBER_DIGITS]
        ranges = self.ranges.get(prefix) or [self.own.get(prefix) or own_range(prefix)]
        at = max(bisect_right(ranges, _value(fact.number), key=_first) - 1, 0)
        used = follows(fact.number, ranges[at : at + 1])
        if isinstance(fact, StickerIssued):
            used = replace(used, issued=used.issued + 1)
        elif used.holder == fact.holder:
            used = replace(used, voided=used.voided + 1)
        else:
            raise NumberingError("number.outside", f"{fact.number} is of {used.holder!r}, not of {fact.holder!r}")
        if prefix in self.ranges:
            ranges[at] = used
        else:
            self.own[prefix] = used

    def all(self) -> tuple[NumberRange, ...]:
        every = [each for of_prefix in self.ranges.values() for each in of_prefix]
        return tuple(sorted((*every, *self.own.values()), key=lambda each: (each.prefix, each.first)))


def prove(facts: Iterable[tuple[int, NumberFact]]) -> Proof:
    """Show that each range is used from its first number on, without a gap and none twice.

    facts: of the hub, each with its number in the hub's chain, in that order. Stops at the first break, and names it.
    """
    book = _Book()
    for seq, fact in facts:
        try:
            if isinstance(fact, RangeAllotted):
                book.allot(fact)
            else:
                book.use(fact)
        except NumberingError as error:
            about = fact.prefix if isinstance(fact, RangeAllotted) else fact.number
            return Proof(ranges=book.all(), broken=Break(seq, about, error.code, str(error)))
    return Proof(ranges=book.all())
