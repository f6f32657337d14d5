"""Exempt cars: years, seats, and what an application needs. The named cases of the table stand in test_eligibility."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from inspection.facts import Vehicle
from inspection.rules import (
    Application,
    Decision,
    decide_exempt,
    exempt_until,
    judge_exemption,
    rulebook_on,
    shipped_rulebooks,
    valid_until,
)
from inspection.rules.exemption import APPLICATION_CLAUSES, CLAUSES
from inspection.sticker import add_months

BOOKS = shipped_rulebooks()
BOOK = BOOKS[-1]
TODAY = date(2026, 5, 28)
CAR = Vehicle(
    vin="L00PA55L4N0000017",  # invented
    vehicle_class="K33",
    use="A",
    seats=5,
    registered_on=date(2024, 5, 28),
    insured_until=TODAY,
    taxed=True,
    home="京A",
)


def decision(day: date = TODAY, applied: Application | None = None, **changes: Any) -> Decision:
    vehicle = replace(CAR, **changes)
    book = rulebook_on(day, BOOKS)
    return decide_exempt(vehicle, book, day, applied) if applied else decide_exempt(vehicle, book, day)


def failed(decided: Decision) -> list[str]:
    return [reason.code for reason in decided.failed]


def test_an_exempt_car_gets_its_sticker_with_every_reason() -> None:
    decided = decision()
    assert (decided.outcome, decided.rulebook) == ("issue", BOOK.name)
    assert tuple(reason.code for reason in decided.reasons) == (*CLAUSES, *APPLICATION_CLAUSES)
    assert all(reason.zh and reason.en for reason in decided.reasons)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"use": "D"}, "exempt_use"),
        ({"vehicle_class": "K39"}, "exempt_class"),
        ({"bread_van": True}, "exempt_class"),
        ({"seats": 0}, "exempt_seats"),
        ({"seats": 10}, "exempt_seats"),
        ({"registered_on": None}, "exempt_years"),
        ({"registered_on": TODAY + timedelta(days=1)}, "exempt_years"),
        ({"registered_on": date(2020, 5, 28)}, "exempt_years"),
        ({"made_on": date(2020, 5, 27)}, "exempt_made"),
        ({"history": ("injury_accident",)}, "exempt_accident"),
        ({"history": ("modified",)}, "exempt_modified"),
        ({"insured_until": TODAY - timedelta(days=1)}, "exempt_insurance"),
        ({"insured_until": None}, "exempt_insurance"),
        ({"taxed": None}, "exempt_tax"),
        ({"taxed": False}, "exempt_tax"),
        ({"states": "GQ"}, "exempt_states"),
    ],
)
def test_each_clause_stands_in_the_way_by_itself(changes: dict[str, Any], code: str) -> None:
    decided = decision(**changes)
    assert decided.outcome == "withhold"
    assert failed(decided) == [code]


@pytest.mark.parametrize(
    ("applied", "codes"),
    [
        (Application(valid_sticker=("PL1", TODAY + timedelta(days=90))), []),
        (Application(valid_sticker=("PL1", TODAY + timedelta(days=91))), ["exempt_one_sticker"]),
        (Application(open_recall="lane-1.9"), ["exempt_no_recall"]),
        (Application(channel="online"), []),
        (Application(channel="pigeon"), ["exempt_channel"]),
        (Application(province="粤"), []),
    ],
)
def test_what_is_known_about_the_application_counts(applied: Application, codes: list[str]) -> None:
    assert failed(decision(applied=applied)) == codes


@pytest.mark.parametrize(
    ("applied", "history", "codes"),
    [
        (Application(channel="online"), (), ["exempt_channel"]),
        (Application(province="粤"), (), ["exempt_province"]),
        (Application(province="粤"), ("commissioned",), []),
        (Application(province="京"), (), []),
        (Application(province="粤"), ("commissioned", "modified"), ["exempt_modified"]),
    ],
)
def test_before_2018_07_30_it_was_applied_for_at_home_and_at_the_counter(
    applied: Application, history: tuple[str, ...], codes: list[str]
) -> None:
    day = date(2018, 7, 29)
    car = {"registered_on": date(2016, 7, 29), "insured_until": day, "history": history}
    assert failed(decision(day, applied, **car)) == codes


@pytest.mark.parametrize(
    ("registered", "last_test", "codes"),
    [
        (date(2018, 5, 28), None, []),  # eight years; nothing known of the line test of year six
        (date(2018, 5, 28), date(2024, 5, 28), []),
        (date(2018, 5, 28), date(2024, 2, 28), []),  # ninety days before its time
        (date(2018, 5, 28), date(2024, 2, 27), ["exempt_tested"]),
        (date(2024, 5, 28), date(2024, 5, 28), []),
        (None, None, ["exempt_years"]),
    ],
)
def test_from_year_eight_on_the_line_test_of_year_six_has_to_be_there_where_it_is_known(
    registered: date | None, last_test: date | None, codes: list[str]
) -> None:
    assert failed(decision(applied=Application(last_test=last_test), registered_on=registered)) == codes


def test_a_rulebook_may_want_the_line_test_on_record() -> None:
    book = replace(BOOK, exemption=replace(BOOK.exemption, test_record_required=True))
    eight = replace(CAR, registered_on=date(2018, 5, 28))
    assert failed(decide_exempt(eight, book, TODAY)) == ["exempt_tested"]
    assert decide_exempt(CAR, book, TODAY).outcome == "issue"


def test_a_rulebook_may_leave_the_year_of_manufacture_out() -> None:
    book = replace(BOOK, exemption=replace(BOOK.exemption, made_years_max=0))
    old = replace(CAR, made_on=date(2001, 1, 1))
    assert not judge_exemption(old, BOOK, TODAY).allowed
    assert judge_exemption(old, book, TODAY).allowed
    assert not judge_exemption(replace(old, registered_on=None), book, TODAY).allowed


def test_a_sticker_may_be_had_some_days_before_its_window_opens() -> None:
    eighth = date(2026, 5, 28)
    car = replace(CAR, registered_on=date(2018, 5, 28))
    assert judge_exemption(car, BOOK, eighth - timedelta(days=90)).allowed
    assert not judge_exemption(car, BOOK, eighth - timedelta(days=91)).allowed


def test_the_calendar_s_first_days_are_days_as_well() -> None:
    assert not judge_exemption(replace(CAR, registered_on=date(1, 1, 2)), BOOK, TODAY).allowed


@given(st.dates(date(1990, 1, 1), date(2026, 5, 28)), st.dates(date(2014, 9, 1), date(2026, 5, 28)))
def test_below_six_years_the_years_never_stand_in_the_way_and_over_ten_they_always_do(
    registered: date, day: date
) -> None:
    judged = judge_exemption(replace(CAR, registered_on=registered), rulebook_on(day, BOOKS), day)
    age = day.year - registered.year - ((day.month, day.day) < (registered.month, registered.day))
    leap = (registered.month, registered.day) == (2, 29)
    if not leap and 0 <= age < 6:
        assert judged.allowed
    if age < 0 or age >= 10 or (age >= 6 and day < date(2022, 10, 1)):
        assert [reason.code for reason in judged.failed] == ["exempt_years"]


@given(st.dates(date(2023, 1, 1), date(2035, 1, 1)), st.integers(0, 90), st.integers(0, 120))
def test_renewals_a_little_early_never_carry_a_car_past_its_line_test(registered: date, early: int, late: int) -> None:
    car = replace(CAR, registered_on=registered, made_on=None)
    day = registered + timedelta(days=late)
    while judge_exemption(car, BOOK, day).allowed and (day - registered).days < 365 * 6:
        until = exempt_until(BOOK, car, day)
        assert until <= add_months(registered, 72)
        day = max(until - timedelta(days=early), day + timedelta(days=1))
    assert day <= add_months(registered, 72)


def test_the_sticker_of_a_car_that_is_not_exempt_is_valid_as_any_other() -> None:
    for registered in (None, date(2000, 1, 1)):
        car = replace(CAR, registered_on=registered)
        assert exempt_until(BOOK, car, TODAY) == valid_until(BOOK, car, TODAY)
