"""For how long a sticker is valid: ages, classes, and how months are counted over leap days and month ends."""

import calendar
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from inspection.facts import Vehicle
from inspection.rules import Rulebook, rulebook_on, shipped_rulebooks, valid_until
from inspection.rules.rulebook import Step, Validity

BOOKS = shipped_rulebooks()
CAR = Vehicle(vin="L00PA55L4N0000017", vehicle_class="K33", use="A")  # invented
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))


def book(months: int, **changes: Any) -> Rulebook:
    return replace(BOOKS[-1], validity={"others": Validity(steps=(Step(months=months),), **changes)})


@pytest.mark.parametrize(
    ("issued", "registered", "changes", "until"),
    [
        (date(2019, 5, 28), date(2013, 5, 29), {}, date(2021, 5, 28)),  # 2018: not yet six years
        (date(2019, 5, 28), date(2013, 5, 28), {}, date(2020, 5, 28)),  # six years to the day
        (date(2019, 5, 28), date(2004, 5, 28), {}, date(2019, 11, 28)),  # fifteen: half-yearly
        (date(2019, 5, 28), None, {}, date(2019, 11, 28)),  # unknown: the oldest age
        (date(2019, 5, 28), date(2018, 5, 28), {"use": "D"}, date(2020, 5, 28)),
        (date(2019, 5, 28), date(2014, 5, 28), {"use": "D"}, date(2019, 11, 28)),  # for hire, five years
        (date(2018, 12, 31), date(2000, 1, 1), {}, date(2019, 6, 30)),
        (date(2019, 8, 31), date(2000, 1, 1), {}, date(2020, 2, 29)),
        (date(2020, 2, 28), date(2014, 2, 28), {}, date(2021, 2, 28)),
        (date(2018, 9, 1), date(2012, 2, 29), {}, date(2019, 9, 1)),
        (date(2026, 5, 28), date(2016, 5, 29), {}, date(2028, 5, 28)),  # 2022: not yet ten years
        (date(2026, 5, 28), date(2016, 5, 28), {}, date(2027, 5, 28)),
        (date(2026, 5, 28), date(1999, 5, 28), {}, date(2027, 5, 28)),  # no half years any more
        (date(2024, 2, 29), date(2022, 1, 1), {}, date(2026, 2, 28)),
        (date(2026, 5, 28), date(2020, 1, 1), {"vehicle_class": "H31", "use": "F"}, date(2027, 5, 28)),
        (date(2026, 5, 28), None, {"vehicle_class": "H31", "use": "F"}, date(2026, 11, 28)),
        (date(2026, 5, 28), date(2024, 1, 1), {"vehicle_class": "M21"}, date(2028, 5, 28)),
        (date(2026, 5, 28), date(2024, 1, 1), {"vehicle_class": "K39"}, date(2027, 5, 28)),
        (date(2026, 5, 28), None, {"vehicle_class": "", "use": ""}, date(2027, 5, 28)),
        (date(2026, 5, 28), date(9999, 12, 31), {}, date(2028, 5, 28)),  # a platform's "no date"
    ],
)
def test_a_sticker_is_valid_for_the_months_of_the_rulebook(
    issued: date, registered: date | None, changes: dict[str, str], until: date
) -> None:
    vehicle = replace(CAR, registered_on=registered, **changes)
    assert valid_until(rulebook_on(issued, BOOKS), vehicle, issued) == until


@pytest.mark.parametrize(
    ("changes", "issued", "until"),
    [
        ({}, date(2024, 2, 29), date(2025, 2, 28)),
        ({"ends": "day_before"}, date(2024, 2, 29), date(2025, 2, 27)),
        ({"ends": "month_end"}, date(2023, 2, 3), date(2024, 2, 29)),
        ({"ends": "month_end"}, date(2024, 2, 29), date(2025, 2, 28)),
        ({"counts_from": "registration"}, date(2024, 3, 9), date(2024, 10, 31)),
        ({"counts_from": "registration"}, date(2024, 10, 30), date(2024, 10, 31)),
        ({"counts_from": "registration"}, date(2024, 10, 31), date(2025, 10, 31)),
        ({"counts_from": "registration", "ends": "day_before"}, date(2024, 3, 9), date(2024, 10, 30)),
        ({"counts_from": "registration"}, date(2019, 3, 9), date(2020, 3, 9)),  # before its registration
    ],
)
def test_months_are_counted_as_the_row_says(changes: dict[str, str], issued: date, until: date) -> None:
    vehicle = replace(CAR, registered_on=date(2020, 10, 31))
    assert valid_until(book(12, **changes), vehicle, issued) == until


def test_without_a_registration_date_the_day_of_issue_counts() -> None:
    assert valid_until(book(12, counts_from="registration"), CAR, date(2024, 2, 29)) == date(2025, 2, 28)


@given(days, st.integers(1, 60))
def test_the_same_day_of_a_later_month_or_that_months_last(issued: date, months: int) -> None:
    until = valid_until(book(months), CAR, issued)
    assert (until.year * 12 + until.month) - (issued.year * 12 + issued.month) == months
    last = calendar.monthrange(until.year, until.month)[1]
    assert until.day == min(issued.day, last)


@given(days, st.integers(1, 60))
def test_the_other_ends_lie_beside_the_same_day(issued: date, months: int) -> None:
    same = valid_until(book(months), CAR, issued)
    assert valid_until(book(months, ends="day_before"), CAR, issued) == same - timedelta(days=1)
    ends = valid_until(book(months, ends="month_end"), CAR, issued)
    assert (ends.year, ends.month) == (same.year, same.month)
    assert (ends + timedelta(days=1)).day == 1


@given(days, days, st.integers(1, 60))
def test_counted_from_registration_it_ends_on_an_anniversary_within_the_next_period(
    registered: date, issued: date, months: int
) -> None:
    registered, issued = sorted((registered, issued))
    vehicle = replace(CAR, registered_on=registered)
    until = valid_until(book(months, counts_from="registration"), vehicle, issued)
    assert issued < until <= valid_until(book(months), CAR, issued)
    apart = (until.year * 12 + until.month) - (registered.year * 12 + registered.month)
    assert apart % months == 0
    assert until.day == min(registered.day, calendar.monthrange(until.year, until.month)[1])
