import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent import precedence
from edge_agent.precedence import Budget, Turn
from inspection.evidence import PhotoRef
from inspection.facts import (
    AnyFact,
    CaseAbandoned,
    DeviceStarted,
    DirectiveSettled,
    InspectionConcluded,
    ItemChecked,
    PhotoTaken,
)

HOUR = 3_600.0
PER_HOUR = 1_000_000


PHOTO = PhotoRef(digest="ab" * 32, media="image/jpeg", size=9, width=4, height=3)


@pytest.mark.parametrize(
    ("fact", "urgent"),
    [
        (InspectionConcluded(outcome="pass", by="inspector-1"), True),
        (CaseAbandoned(reason="drove off"), True),
        (PhotoTaken(kind="0113", photo=PHOTO), False),
        (ItemChecked(item="01", mark="pass"), False),
        (DirectiveSettled(number=1), False),
        (DeviceStarted(profile="pda-basic@1", software="0.1.0"), False),
    ],
)
def test_only_the_end_of_a_case_is_urgent(fact: AnyFact, urgent: bool) -> None:  # noqa: FBT001
    assert precedence.is_urgent(fact) is urgent


def test_a_photos_fact_is_urgent_only_when_no_photo_is_on_its_way() -> None:
    assert precedence.urgent_upto(3, 7, uploading=False) == 7
    assert precedence.urgent_upto(3, 7, uploading=True) == 3
    assert precedence.urgent_upto(9, 7, uploading=False) == 9


def test_photos_that_are_waited_for_go_before_the_rest_and_footage_goes_last() -> None:
    assert precedence.turn("image/jpeg", waited_for=True) == Turn.WAITED_FOR
    assert precedence.turn("image/png", waited_for=False) == Turn.REST
    assert {precedence.turn("video/mp4", waited_for=waited) for waited in (True, False)} == {Turn.VIDEO}
    assert Turn.WAITED_FOR < Turn.REST < Turn.VIDEO


@pytest.mark.parametrize(
    ("case", "began"), [("pda-7.12", 12), ("pda-8.12", 40), ("", 40), ("no case", 40), ("pda-7", 40)]
)
def test_a_case_began_with_the_fact_that_it_is_named_after_or_else_with_its_photo(case: str, began: int) -> None:
    assert precedence.began("pda-7", case, 40) == began


@given(st.floats(0.1, 300), st.integers(0, 10_000))
def test_a_photo_that_failed_lets_the_others_go_first_and_is_never_held_beyond_the_most(
    pause: float, failures: int
) -> None:
    seconds = precedence.hold_seconds(pause, failures, 300.0)
    assert pause <= seconds <= 300.0
    assert seconds > pause or seconds == 300.0


def test_a_photo_is_held_longer_each_time_that_it_fails() -> None:
    assert [precedence.hold_seconds(1.0, failures, 10.0) for failures in range(4)] == [2.0, 4.0, 8.0, 10.0]


def test_a_budget_begins_with_a_burst_and_grows_back_to_it_evenly() -> None:
    budget = precedence.full_budget(PER_HOUR, 5.0)
    assert budget == Budget(100_000.0, 5.0)
    empty = precedence.spent(budget, 100_000)
    assert precedence.refilled(empty, PER_HOUR, 5.0 + HOUR / 18) == Budget(50_000.0, 5.0 + HOUR / 18)
    assert precedence.refilled(empty, PER_HOUR, 5.0 + HOUR).bytes_left == 100_000.0


def test_a_clock_that_went_back_gives_nothing() -> None:
    assert precedence.refilled(Budget(7.0, 100.0), PER_HOUR, 50.0) == Budget(7.0, 50.0)


def test_what_was_kept_for_a_photo_that_did_not_go_is_given_back() -> None:
    assert precedence.spent(Budget(0.0, 1.0), -500).bytes_left == 500.0


def test_a_photo_larger_than_a_burst_goes_when_the_budget_is_full_and_leaves_a_debt() -> None:
    full = precedence.full_budget(PER_HOUR, 0.0)
    assert precedence.may_spend_at(full, 5_000_000, PER_HOUR) == 0.0
    debt = precedence.spent(full, 5_000_000)
    assert precedence.may_spend_at(debt, 1, PER_HOUR) > 5 * HOUR


@given(st.lists(st.tuples(st.floats(0, 900), st.integers(1, 400_000)), max_size=60))
def test_no_hour_carries_more_than_its_bytes_and_the_debt_of_one_photo(wishes: list[tuple[float, int]]) -> None:
    now, went = 0.0, []
    budget = precedence.full_budget(PER_HOUR, now)
    for wait, size in wishes:
        now += wait
        budget = precedence.refilled(budget, PER_HOUR, now)
        now = max(now, precedence.may_spend_at(budget, size, PER_HOUR))
        budget = precedence.spent(precedence.refilled(budget, PER_HOUR, now), size)
        went.append((now, size))
    for start, _ in went:
        in_hour = [size for at, size in went if start <= at < start + HOUR]
        assert sum(in_hour) <= PER_HOUR + max(in_hour)
