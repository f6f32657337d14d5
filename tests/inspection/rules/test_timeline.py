"""Rulebooks follow each other without overlap and gap; each day has one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from inspection import shipped_names
from inspection.rules import Rulebook, RulebookError, rulebook_on, shipped_rulebooks, timeline

BOOKS = shipped_rulebooks()


def book(name: str, begins: date, until: date | None = None) -> Rulebook:
    return replace(BOOKS[-1], id=name, in_force_from=begins, in_force_until=until)


def code_of(*books: Rulebook) -> str:
    with pytest.raises(RulebookError) as refused:
        timeline(books)
    return refused.value.code


@pytest.mark.parametrize(
    ("day", "rulebook"),
    [
        (date(2014, 9, 1), "rules-2014-09-01"),
        (date(2018, 7, 29), "rules-2014-09-01"),
        (date(2018, 7, 30), "rules-2018-07-30"),
        (date(2018, 8, 31), "rules-2018-07-30"),
        (date(2018, 9, 1), "rules-2018-09-01"),
        (date(2020, 11, 19), "rules-2018-09-01"),
        (date(2020, 11, 20), "rules-2020-11-20"),
        (date(2022, 9, 30), "rules-2020-11-20"),
        (date(2022, 10, 1), "rules-2022-10-01"),
        (date(2099, 1, 1), "rules-2022-10-01"),
    ],
)
def test_the_rulebook_of_the_day_is_in_force(day: date, rulebook: str) -> None:
    assert rulebook_on(day, BOOKS).id == rulebook_on(day, BOOKS[::-1]).id == rulebook
    assert len(BOOKS) == len(shipped_names("rulebooks"))


@pytest.mark.parametrize("books", [BOOKS, ()])
def test_before_the_first_rulebook_none_was_in_force(books: tuple[Rulebook, ...]) -> None:
    with pytest.raises(RulebookError, match="no rulebook was in force on 2014-08-31") as refused:
        rulebook_on(date(2014, 8, 31), books)
    assert refused.value.code == "rulebook.none"


def test_the_last_rulebook_may_end_and_then_none_is_in_force() -> None:
    books = timeline([book("a", date(2020, 1, 1), date(2021, 1, 1))])
    assert rulebook_on(date(2020, 12, 31), books).id == "a"
    with pytest.raises(RulebookError, match="2021-01-01"):
        rulebook_on(date(2021, 1, 1), books)


def test_one_that_ends_where_the_next_begins_leaves_neither_gap_nor_overlap() -> None:
    first, second = book("a", date(2020, 1, 1), date(2021, 1, 1)), book("b", date(2021, 1, 1))
    assert timeline([second, first]) == (first, second)


def test_what_does_not_follow_is_refused_by_name() -> None:
    first = book("a", date(2020, 1, 1), date(2021, 1, 1))
    assert code_of() == "rulebook.empty"
    assert code_of(first, book("b", date(2021, 1, 2))) == "rulebook.gap"
    assert code_of(first, book("b", date(2020, 12, 31))) == "rulebook.overlap"
    assert code_of(first, book("b", date(2020, 1, 1))) == "rulebook.overlap"
    assert code_of(book("a", date(2020, 1, 1)), book("a", date(2021, 1, 1))) == "rulebook.doubled"
    with pytest.raises(RulebookError, match="from 2021-01-01, where a ends, to 2021-01-03, where b begins"):
        timeline([first, book("b", date(2021, 1, 3))])


days = st.dates(date(2015, 1, 1), date(2030, 1, 1))


@given(st.lists(days, min_size=1, max_size=6, unique=True), days)
def test_a_day_has_the_newest_rulebook_that_has_begun_and_no_other(begins: list[date], day: date) -> None:
    books = timeline(book(f"b{number}", one) for number, one in enumerate(begins))
    begun = [one for one in begins if one <= day]
    if begun:
        assert rulebook_on(day, books).in_force_from == max(begun)
    else:
        with pytest.raises(RulebookError):
            rulebook_on(day, books)


@given(st.lists(days, min_size=2, max_size=6, unique=True), st.integers(-400, 400))
def test_a_stated_end_is_taken_only_where_the_next_begins(begins: list[date], off: int) -> None:
    first, second, *_ = sorted(begins)
    end = second + timedelta(days=off)
    books = [book("a", first, end), book("b", second)]
    if off == 0:
        assert timeline(books)
    else:
        assert code_of(*books) == ("rulebook.gap" if off < 0 else "rulebook.overlap")
