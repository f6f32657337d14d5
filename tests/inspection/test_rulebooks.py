"""The rulebook files: how a faulty one is refused, which one a day has, and for how long a sticker is valid."""

from datetime import date

import pytest
from msgspec.structs import replace

from inspection import shipped_names, shipped_text
from inspection.facts import Vehicle
from inspection.rules import Rulebook, RulebookError, parse_rulebook, rulebook_on, shipped_rulebooks, valid_until
from inspection.signing import digest

BOOKS = shipped_rulebooks()
TEXT = shipped_text("rulebooks", shipped_names("rulebooks")[0])
CAR = Vehicle(vin="L00PA55L4N0000017", vehicle_class="K33", use="A")  # invented


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[audit]", "[audit]\nminutes = 5", "unknown field `minutes`"),
        ("[clauses.use]", "[clauses.usage]", "differ in the clauses usage, use"),
        ("[clauses.audit]", "[clauses.audits]", "differ in the clauses audit, audits"),
        ('kind = "privilege"', 'kind = "favour"', "cannot be applied"),
        ("hours = 24 ", 'hours = "24" ', "cannot be applied"),
        ("in_force_from = 2018-09-01", "in_force_from = 2018-13-01", "cannot be applied"),
        ("uses = []\nclasses = []", 'uses = ["A"]\nclasses = []', "must fit every vehicle"),
        ("uses = []\nclasses = []", 'uses = []\nclasses = ["K33"]', "must fit every vehicle"),
        ("[[validity]]", "[[validities]]", "`validit"),
        ("source =", "source", "cannot be applied"),
    ],
)
def test_a_rulebook_with_a_fault_is_refused_and_the_fault_is_named(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(RulebookError, match=said):
        parse_rulebook(TEXT.replace(old, new))


def test_a_rulebook_without_validity_rows_is_refused() -> None:
    head, _, rest = TEXT.partition("[[validity]]")
    clauses = rest[rest.index("[clauses.regime]") :]
    with pytest.raises(RulebookError, match="must fit every vehicle"):
        parse_rulebook("validity = []\n" + head + clauses)


def test_the_name_of_a_rulebook_holds_the_digest_of_its_text() -> None:
    assert parse_rulebook(TEXT).digest == digest(TEXT.encode()).hex()
    assert parse_rulebook(TEXT + "\n").name != parse_rulebook(TEXT).name
    assert parse_rulebook('digest = "0"\n' + TEXT).digest != "0"


@pytest.mark.parametrize(
    ("day", "rulebook"),
    [
        (date(2018, 9, 1), "sticker-first-2018-09-01"),
        (date(2019, 1, 1), "sticker-first-2018-09-01"),
        (date(2022, 9, 30), "sticker-first-2018-09-01"),
        (date(2022, 10, 1), "sticker-first-2022-10-01"),
        (date(2023, 1, 1), "sticker-first-2022-10-01"),
    ],
)
def test_the_rulebook_of_the_day_is_in_force(day: date, rulebook: str) -> None:
    assert rulebook_on(day, BOOKS).id == rulebook_on(day, BOOKS[::-1]).id == rulebook
    assert len(BOOKS) == len(shipped_names("rulebooks"))


@pytest.mark.parametrize("books", [BOOKS, ()])
def test_before_the_first_rulebook_none_was_in_force(books: tuple[Rulebook, ...]) -> None:
    with pytest.raises(RulebookError, match="no rulebook was in force on 2018-08-31"):
        rulebook_on(date(2018, 8, 31), books)


@pytest.mark.parametrize(
    ("issued", "registered", "changes", "until"),
    [
        (date(2019, 5, 28), date(2013, 5, 29), {}, date(2021, 5, 28)),  # 2018: not yet six years
        (date(2019, 5, 28), date(2013, 5, 28), {}, date(2020, 5, 28)),  # six years to the day
        (date(2019, 5, 28), date(2004, 5, 28), {}, date(2019, 11, 28)),  # fifteen: half-yearly
        (date(2019, 5, 28), None, {}, date(2019, 11, 28)),  # unknown: the oldest age
        (date(2019, 5, 28), date(2018, 5, 28), {"use": "D"}, date(2020, 5, 28)),
        (date(2018, 12, 31), date(2000, 1, 1), {}, date(2019, 6, 30)),
        (date(2019, 8, 31), date(2000, 1, 1), {}, date(2020, 2, 29)),
        (date(2020, 2, 28), date(2014, 2, 28), {}, date(2021, 2, 28)),
        (date(2018, 9, 1), date(2012, 2, 29), {}, date(2019, 9, 1)),
        (date(2026, 5, 28), date(2016, 5, 29), {}, date(2028, 5, 28)),  # 2022: not yet ten years
        (date(2026, 5, 28), date(2016, 5, 28), {}, date(2027, 5, 28)),
        (date(2026, 5, 28), date(1999, 5, 28), {}, date(2027, 5, 28)),  # no half years any more
        (date(2024, 2, 29), date(2022, 1, 1), {}, date(2026, 2, 28)),
        (date(2026, 5, 28), None, {"vehicle_class": "H31", "use": "F"}, date(2027, 5, 28)),
        (date(2026, 5, 28), date(9999, 12, 31), {}, date(2028, 5, 28)),  # a platform's "no date"
    ],
)
def test_a_sticker_is_valid_for_the_months_of_the_rulebook(
    issued: date, registered: date | None, changes: dict[str, str], until: date
) -> None:
    vehicle = replace(CAR, registered_on=registered, **changes)
    assert valid_until(rulebook_on(issued, BOOKS), vehicle, issued) == until


def test_a_rulebook_that_was_not_read_from_a_text_may_fit_no_vehicle() -> None:
    book = replace(BOOKS[-1], validity=BOOKS[-1].validity[:-1])
    with pytest.raises(RulebookError, match="no validity row"):
        valid_until(book, replace(CAR, use="D"), date(2026, 5, 28))
