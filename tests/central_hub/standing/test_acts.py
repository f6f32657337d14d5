from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.deciding.conflicts import StepError
from central_hub.people.roles import Actor
from central_hub.standing import acts
from central_hub.standing.acts import LINE_CHARACTERS_MAX, TIP_CHARACTERS_MAX, Listing
from inspection.facts import AppealDecided, AppealFiled, StationAdmitted, StationListed, TipReceived
from inspection.standing.state import StationStanding, Step

TODAY = date(2026, 5, 28)
KNOWN = ("fraud", "violation")
ZHAO = Actor("zhao", "p-zhao", frozenset({"supervisor"}))
OWN = Actor("boss", "p-boss", frozenset({"signatory"}), "ST01")
FINE = StationStanding(station="ST01", admitted=True)
LISTED = StationStanding(station="ST01", listed=True, listing=Step(kind="listed", at=1, by="p-zhao"))
SUSPENDED = StationStanding(station="ST01", suspended=True, suspension=Step(kind="suspended", at=1, by="rules"))
APPEALED = StationStanding(
    station="ST01",
    listed=True,
    listing=Step(kind="listed", at=1, by="p-sun"),
    appeal=Step(kind="appeal", at=2, by="p-boss"),
)
TWO = {"by": "p-zhao", "confirmed_by": "p-qian"}


def listed(standing: StationStanding = FINE, who: Actor = ZHAO, **says: object) -> StationListed:
    listing = Listing(**{"reason": "fraud", **says})  # type: ignore[arg-type]
    return acts.listed(standing, who, listing, known=KNOWN, today=TODAY)


def test_a_listing_says_why_by_whom_and_until_when() -> None:
    assert listed(note="absent cars", ends=TODAY) == StationListed(
        station="ST01", reason="fraud", by="p-zhao", note="absent cars", ends=TODAY
    )


@pytest.mark.parametrize(
    ("code", "act"),
    [
        ("standing.own_station", lambda: listed(who=OWN)),
        ("standing.listed", lambda: listed(LISTED)),
        ("standing.reason", lambda: listed(reason="whim")),
        ("standing.ends", lambda: listed(ends=date(2026, 5, 27))),
        ("standing.too_long", lambda: listed(note="x" * 2001)),
        ("standing.not_listed", lambda: acts.unlisted(FINE, **TWO, reason="r")),
        ("standing.two_people", lambda: acts.unlisted(LISTED, by="a", confirmed_by="a", reason="r")),
        ("standing.two_people", lambda: acts.unlisted(LISTED, by="a", confirmed_by="", reason="r")),
        ("standing.two_people", lambda: acts.restored(SUSPENDED, by="", confirmed_by="a", reason="r")),
        ("standing.no_reason", lambda: acts.unlisted(LISTED, **TWO, reason=" ")),
        ("standing.not_suspended", lambda: acts.restored(LISTED, **TWO, reason="r")),
        ("standing.suspended", lambda: acts.suspended(SUSPENDED, ZHAO, reason="r")),
        ("standing.own_station", lambda: acts.suspended(FINE, OWN, reason="r")),
        ("standing.same", lambda: acts.admitted(FINE, ZHAO, admit=True, reason="r")),
        ("standing.own_station", lambda: acts.admitted(FINE, OWN, admit=False, reason="r")),
        ("appeal.nothing", lambda: acts.appeal_filed(FINE, OWN, text="t")),
        ("appeal.open", lambda: acts.appeal_filed(APPEALED, OWN, text="t")),
        ("appeal.other_station", lambda: acts.appeal_filed(StationStanding(station="ST02"), OWN, text="t")),
        ("standing.no_reason", lambda: acts.appeal_filed(LISTED, OWN, text="\n ")),
        ("appeal.none", lambda: acts.appeal_decided(LISTED, ZHAO, granted=True, reason="r")),
        ("standing.own_station", lambda: acts.appeal_decided(APPEALED, OWN, granted=True, reason="r")),
        ("standing.no_reason", lambda: acts.appeal_decided(APPEALED, ZHAO, granted=True, reason="")),
        ("tip.empty", lambda: acts.tip(" \x00\n")),
        ("tip.too_long", lambda: acts.tip("x" * (TIP_CHARACTERS_MAX + 1))),
        ("tip.too_long", lambda: acts.tip("x", contact="x" * (LINE_CHARACTERS_MAX + 1))),
    ],
)
def test_what_is_refused_says_why_in_both_languages(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(StepError) as error:
        act()
    assert error.value.code == code
    assert str(error.value)
    assert error.value.zh


def test_two_people_take_back_a_listing_and_a_suspension() -> None:
    assert acts.unlisted(LISTED, **TWO, reason=" made good ").reason == "made good"
    assert acts.restored(SUSPENDED, **TWO, reason="r").confirmed_by == "p-qian"


def test_a_person_suspends_and_admits() -> None:
    assert acts.suspended(FINE, ZHAO, reason="r").rule == "person"
    assert acts.admitted(FINE, ZHAO, admit=False, reason="r") == StationAdmitted(
        station="ST01", admitted=False, by="p-zhao", reason="r"
    )


def test_a_station_appeals_and_the_centre_may_write_it_down_for_it() -> None:
    assert acts.appeal_filed(LISTED, OWN, text="it was not us") == AppealFiled(
        station="ST01", text="it was not us", by="p-boss"
    )
    assert acts.appeal_filed(SUSPENDED, ZHAO, text="by letter").by == "p-zhao"


def test_who_ordered_it_does_not_decide_the_appeal() -> None:
    decided = acts.appeal_decided(APPEALED, ZHAO, granted=False, reason="r")
    assert decided == AppealDecided(station="ST01", granted=False, by="p-zhao", reason="r")
    for name in ("p-sun", "p-boss"):
        with pytest.raises(StepError, match="does not decide"):
            acts.appeal_decided(APPEALED, Actor("x", name, frozenset()), granted=True, reason="r")


def test_a_tip_is_plain_text() -> None:
    told = acts.tip("line\r\nline\u202e\x1b[0m", station=" ST01\n", plate="京A\t1")
    assert told == TipReceived(text="line\nline[0m", station="ST01", plate="京A1")


@given(st.text(max_size=300), st.text(max_size=60))
def test_whatever_is_told_is_refused_or_fits_into_a_fact(text: str, line: str) -> None:
    try:
        told = acts.tip(text, station=line)
    except StepError:
        return
    assert told.text
    assert len(told.text) <= TIP_CHARACTERS_MAX
    assert "\n" not in told.station
    assert all(letter == "\n" or letter.isprintable() for letter in told.text)
