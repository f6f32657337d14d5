"""The shape of a rulebook, and the defaults for what an older one does not know."""

import pytest

from inspection import InspectionError
from inspection.rules import RulebookError, parse_rulebook, shipped_rulebooks, shipped_texts
from inspection.rules.rulebook import Permissions, Validity

OLD = """
id = "old-1"
in_force_from = 2030-01-01
source = "a file that knows only what has no default"

[cars]
uses = ["A"]
classes = ["K33"]

[vehicle_checks]
blocking_states = ["C"]

[sticker_first]
inspection_kinds = ["01"]
outcomes = ["pass"]

[audit]
hours = 24
audit_first_hours = 24

[cross_province]
classes = ["K33"]

[exemption]
seats_max = 6
windows = [{ from_years = 0, until_years = 6 }]

[validity.others]
steps = [{ months = 12 }]

[clauses]
"""


def test_an_older_rulebook_is_applied_with_cautious_defaults() -> None:
    book = parse_rulebook(OLD)
    assert (book.cars.k34, book.cars.bread_van_flag) == (False, True)
    assert (book.sticker_first.photos_at_hub, book.sticker_first.renewal_days) == (True, 90)
    assert (book.exemption.elsewhere, book.exemption.channels) == (False, ("counter",))
    assert book.permissions == Permissions()
    assert book.validity == {"others": Validity(steps=book.validity["others"].steps)}
    assert (book.checklist, book.in_force_until, book.provisional) == ("1", None, ())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hours = 24", "hours = -1"),
        ('outcomes = ["pass"]', 'outcomes = ["fail"]'),
        ("seats_max = 6", "seats_max = 6.5"),
        ("months = 12", "months = 0"),
        ("audit_first_hours = 24", "audit_first_hours = 24\nsecond_review_share = 1.5"),
        ('uses = ["A"]', 'uses = "A"'),
    ],
)
def test_a_value_out_of_its_range_is_refused(old: str, new: str) -> None:
    assert old in OLD
    with pytest.raises(RulebookError) as refused:
        parse_rulebook(OLD.replace(old, new, 1))
    assert refused.value.code == "rulebook.shape"


def test_a_rulebook_s_error_is_one_of_the_room() -> None:
    assert issubclass(RulebookError, InspectionError)
    assert RulebookError("text").code == "rulebook.shape"


def test_what_the_sources_do_not_settle_is_named_in_every_shipped_rulebook() -> None:
    for book in shipped_rulebooks():
        assert {"cars.k34", "vehicle_checks.blocking_states", "validity", "exemption"} <= set(book.provisional)


def test_only_the_first_shipped_rulebook_stands_by_itself() -> None:
    first, *others = shipped_rulebooks()
    assert first.amends == ""
    assert all(book.amends for book in others)
    assert len(shipped_texts()) == len(others) + 1
