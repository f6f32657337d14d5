"""Exempt cars (免检): whether a vehicle needs no line test on a day, and whether it gets its sticker then.

Knows how each clause is judged; the years, the seats and the ways of applying are the rulebook's of the day.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from inspection.facts import Reason, Vehicle
from inspection.rules.judging import Decision, Found, Judgement, held, judgement, reason
from inspection.rules.rulebook import Rulebook, Window
from inspection.rules.validity import valid_until
from inspection.rules.vehicles import (
    car_class,
    from_elsewhere,
    insured,
    no_bar,
    private_use,
    renewable,
    tax_paid,
)
from inspection.sticker import add_months

CLAUSES = (
    "exempt_use",
    "exempt_class",
    "exempt_seats",
    "exempt_years",
    "exempt_made",
    "exempt_accident",
    "exempt_modified",
)
APPLICATION_CLAUSES = (
    "exempt_insurance",
    "exempt_tax",
    "exempt_states",
    "exempt_one_sticker",
    "exempt_no_recall",
    "exempt_tested",
    "exempt_channel",
    "exempt_province",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """What is known about an application for the sticker of an exempt car, beside the vehicle and the day.

    valid_sticker: number and last day of another valid sticker of the vehicle. open_recall: case for which it is
    ordered back. last_test: day of its last line test that it passed. channel: "counter", "online", "kiosk"; empty
    where nobody says. province: the office's, e.g. "京"; empty where nobody says.
    """

    valid_sticker: tuple[str, date] | None = None
    open_recall: str = ""
    last_test: date | None = None
    channel: str = ""
    province: str = ""


NOTHING_KNOWN = Application()


def judge_exemption(vehicle: Vehicle, book: Rulebook, day: date) -> Judgement:
    """Judge by the rules of `book` whether the vehicle needs no line test for a sticker that is had on `day`."""
    seats, rules = vehicle.seats, book.exemption
    found: tuple[Found, ...] = (
        private_use(vehicle, book),
        car_class(vehicle, book),
        # Nobody knows the seats of a vehicle with none: it is not taken for a small one.
        held(0 < seats <= rules.seats_max, str(seats)),
        held(_window(vehicle, book, day) is not None, str(vehicle.registered_on or "")),
        _registered_soon(vehicle, book),
        held(not vehicle.injury_accident),
        held(not vehicle.modified),
    )
    return judgement(reason(book, clause, one) for clause, one in zip(CLAUSES, found, strict=True))


def decide_exempt(vehicle: Vehicle, book: Rulebook, day: date, applied: Application = NOTHING_KNOWN) -> Decision:
    """Decide an application (免检车申领检验标志): issue or withhold, with every clause, passed and failed."""
    rules = book.exemption
    found: tuple[Found, ...] = (
        insured(vehicle, book, day),
        tax_paid(vehicle, required=rules.tax_required),
        no_bar(vehicle, book),
        renewable(applied.valid_sticker, day, early_days=book.sticker_first.renewal_days),
        held(not applied.open_recall, applied.open_recall),
        _tested(vehicle, book, day, applied.last_test),
        held(not applied.channel or applied.channel in rules.channels, applied.channel),
        held(rules.elsewhere or vehicle.commissioned or not from_elsewhere(vehicle, applied.province)),
    )
    judged = (reason(book, clause, one) for clause, one in zip(APPLICATION_CLAUSES, found, strict=True))
    reasons: tuple[Reason, ...] = (*judge_exemption(vehicle, book, day).reasons, *judged)
    allowed = all(one.result == "passed" for one in reasons)
    outcome: Literal["issue", "withhold"] = "issue" if allowed else "withhold"
    return Decision(outcome=outcome, rulebook=book.name, reasons=reasons)


def exempt_until(book: Rulebook, vehicle: Vehicle, day: date) -> date:
    """Return the last day of the sticker that an exempt car gets on `day`: at most the end of its exempt years.

    Else whoever renews a day early each time would never see the line at the sixth and tenth year.
    """
    until = valid_until(book, vehicle, day)
    window = _window(vehicle, book, day)
    if window is None or vehicle.registered_on is None:
        return until
    return min(until, add_months(vehicle.registered_on, 12 * window.until_years))


def _window(vehicle: Vehicle, book: Rulebook, day: date) -> Window | None:
    registered = vehicle.registered_on
    if registered is None or registered > day:
        return None
    for window in book.exemption.windows:
        begins = _early(add_months(registered, 12 * window.from_years), book.exemption.early_days)
        if begins <= day < add_months(registered, 12 * window.until_years):
            return window
    return None


def _early(day: date, days: int) -> date:
    return day - min(timedelta(days=days), day - date.min)


def _registered_soon(vehicle: Vehicle, book: Rulebook) -> Found:
    made, registered, years = vehicle.made_on, vehicle.registered_on, book.exemption.made_years_max
    if made is None or registered is None or not years:
        return held(True)
    return held(registered <= add_months(made, 12 * years), f"{made} / {registered}")


def _tested(vehicle: Vehicle, book: Rulebook, day: date, last_test: date | None) -> Found:
    window = _window(vehicle, book, day)
    if window is None or not window.tested_at_years or vehicle.registered_on is None:
        return held(True)
    if last_test is None:
        return held(not book.exemption.test_record_required, "—")
    wanted = add_months(vehicle.registered_on, 12 * window.tested_at_years)
    return held(last_test >= _early(wanted, book.exemption.early_days), str(last_test))
