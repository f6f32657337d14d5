from dataclasses import replace

from central_hub.people.two_person import Request
from central_hub.store.office.acts import VIEW_MS, Acts
from tests.central_hub.plain_hand import NOW, PlainHand, hand

__all__ = ["hand"]

ASKED = Request(number=1, act="key.use", about="hub", account="li", person="p-li", reason="a new rulebook", at=NOW)


def test_a_request_comes_back_as_it_was_kept(hand: PlainHand) -> None:
    acts = Acts(hand.db)
    assert (acts.next_number(), acts.get(1)) == (1, None)
    acts.add(ASKED)
    assert (acts.next_number(), acts.get(1)) == (2, ASKED)


def test_what_was_settled_is_open_no_more(hand: PlainHand) -> None:
    acts, other = Acts(hand.db), replace(ASKED, number=2, about="S1")
    acts.add(ASKED)
    acts.add(other)
    assert acts.open_ones() == [ASKED, other]
    assert acts.open_about("key.use", "S1") == [other]
    acts.settle(1)
    assert acts.open_ones() == [other]
    assert acts.get(1) == replace(ASKED, settled=True)


def test_looking_again_within_ten_minutes_is_no_new_view(hand: PlainHand) -> None:
    acts = Acts(hand.db)
    assert acts.view("p-li", "pda-1.1", "photo", now=NOW)
    assert not acts.view("p-li", "pda-1.1", "photo", now=NOW + VIEW_MS - 1)
    assert acts.view("p-li", "pda-1.1", "photo", now=NOW + VIEW_MS)


def test_another_person_case_or_photo_is_another_view(hand: PlainHand) -> None:
    acts = Acts(hand.db)
    views = [("p-li", "pda-1.1", "a"), ("p-wu", "pda-1.1", "a"), ("p-li", "pda-1.2", "a"), ("p-li", "pda-1.1", "b")]
    assert all(acts.view(*view, now=NOW) for view in views)
    assert not any(acts.view(*view, now=NOW) for view in views)


def test_a_clock_that_was_put_back_hides_no_view(hand: PlainHand) -> None:
    acts = Acts(hand.db)
    acts.view("p-li", "pda-1.1", "a", now=NOW)
    assert acts.view("p-li", "pda-1.1", "a", now=NOW - 1)


def test_views_of_long_ago_are_forgotten(hand: PlainHand) -> None:
    acts = Acts(hand.db)
    acts.view("p-li", "pda-1.1", "a", now=NOW)
    acts.view("p-li", "pda-1.1", "b", now=NOW + VIEW_MS)
    assert hand.db.execute("SELECT what FROM views").fetchall() == [("b",)]
