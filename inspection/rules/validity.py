"""How long a sticker is valid: which row of the rulebook fits the vehicle, and how its months are counted.

Strategies, chosen by the row: so many months from the day of issue on, or to the end of the running period of that many
months since 注册登记; to the same day, the day before, or the end of the month. Where a month has no such day
(29 February, the 31st) it is the month's last.
"""

import calendar
from datetime import date, timedelta

from inspection.facts import Vehicle
from inspection.rules.judging import matches
from inspection.rules.rulebook import OTHERS, Rulebook, Validity
from inspection.sticker import add_months


def valid_until(book: Rulebook, vehicle: Vehicle, issued_on: date) -> date:
    """Return the last day of a sticker issued on that day. An unknown registration date counts as the oldest age.

    A day that would lie beyond the calendar's last year is the last day that there is.
    """
    row = _fitting(book, vehicle)
    months = _months(row, vehicle, issued_on)
    return _ending(row, _counted(row, months, vehicle, issued_on))


def _fitting(book: Rulebook, vehicle: Vehicle) -> Validity:
    for name, row in book.validity.items():
        fits = matches(vehicle.use, row.uses) and matches(vehicle.vehicle_class, row.classes)
        if fits and name != OTHERS:
            return row
    return book.validity[OTHERS]


def _months(row: Validity, vehicle: Vehicle, issued_on: date) -> int:
    registered = vehicle.registered_on
    for step in row.steps:
        if registered is not None and issued_on < add_months(registered, 12 * step.below_years):
            return step.months
    return row.steps[-1].months


def _counted(row: Validity, months: int, vehicle: Vehicle, issued_on: date) -> date:
    registered = vehicle.registered_on
    if row.counts_from == "issue" or registered is None or registered > issued_on:
        return add_months(issued_on, months)
    passed = ((issued_on.year - registered.year) * 12 + issued_on.month - registered.month) // months
    # Each counted from the registration: the 31st is not lost for ever in a month of thirty days.
    end = add_months(registered, passed * months)
    return end if end > issued_on else add_months(registered, (passed + 1) * months)


def _ending(row: Validity, day: date) -> date:
    if row.ends == "same_day":
        return day
    if row.ends == "day_before":
        return day - timedelta(days=1)
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
