from datetime import date

import pytest
from msgspec.structs import replace

from central_hub.deciding.permitting import FilingError
from central_hub.desks import ActError
from central_hub.desks.filings import FilingsDesk
from central_hub.people.roles import Actor
from inspection.facts import CaseOpened, Filed, Vehicle
from inspection.filings import AreaFiling, InspectorFiling, TerminalFiling
from inspection.rules import Filings, judge_permission, shipped_rulebooks
from tests.central_hub.plain_hand import PlainHand, hand

__all__ = ["hand"]

TODAY = date(2026, 5, 28)
LI = Actor("li", "p-li", frozenset({"office"}))
INSPECTOR = InspectorFiling(id="p-zhao", name="Zhao", valid_until=TODAY)
AREA = AreaFiling(id="440300CY0001", station="ST01", valid_until=TODAY)
TERMINAL = TerminalFiling(id="pda-01", valid_until=TODAY)
OPENED = CaseOpened(
    regime="chayan",
    serial="2611220000001",
    vehicle=Vehicle(vin="L00PA55L4N0000017", vehicle_class="K33", use="A"),  # invented
    station="ST01",
    inspector="p-zhao",
    business="A",
    area="440300CY0001",
)


@pytest.fixture
def desk(hand: PlainHand) -> FilingsDesk:
    return FilingsDesk(hand)


def refusal(desk: FilingsDesk, actor: Actor) -> str:
    with pytest.raises(ActError) as refused:
        desk.file(actor, INSPECTOR)
    return refused.value.code


def test_what_is_filed_is_a_fact_and_can_be_looked_up(hand: PlainHand, desk: FilingsDesk) -> None:
    assert desk.file(LI, INSPECTOR) == INSPECTOR
    assert hand.written(Filed) == [Filed(filing=INSPECTOR, by="p-li")]
    assert desk.get("inspector", "p-zhao") == INSPECTOR
    assert desk.of_kind("inspector") == [INSPECTOR]
    assert desk.of_kind("inspector", after="p-zhao") == []


def test_filing_the_same_again_writes_nothing_and_a_change_is_a_fact(hand: PlainHand, desk: FilingsDesk) -> None:
    stopped = replace(INSPECTOR, state="stopped")
    for filing in (INSPECTOR, INSPECTOR, stopped):
        desk.file(LI, filing)
    assert [fact.filing for fact in hand.written(Filed)] == [INSPECTOR, stopped]
    assert desk.get("inspector", "p-zhao") == stopped


@pytest.mark.parametrize("actor", [Actor("z", "p-zhao", frozenset()), Actor("p-zhao", "p-9", frozenset())])
def test_nobody_files_what_they_may_do_themselves(hand: PlainHand, desk: FilingsDesk, actor: Actor) -> None:
    assert refusal(desk, actor) == "filing.own"
    assert hand.written(Filed) == []


def test_a_filing_that_could_never_hold_leaves_nothing_behind(hand: PlainHand, desk: FilingsDesk) -> None:
    with pytest.raises(FilingError):
        desk.file(LI, replace(AREA, fenced=True))
    assert hand.written(Filed) == []
    assert desk.of_kind("area") == []


def test_what_is_not_filed_is_said_to_be_so(desk: FilingsDesk) -> None:
    with pytest.raises(ActError, match="no terminal 'pda-09' is filed") as refused:
        desk.get("terminal", "pda-09")
    assert refused.value.code == "filing.none"


def test_a_case_is_judged_by_what_is_filed_and_by_nothing_where_nothing_is(desk: FilingsDesk) -> None:
    assert desk.bearing_on(OPENED, "pda-01") == Filings()
    for filing in (INSPECTOR, AREA, TERMINAL):
        desk.file(LI, filing)
    book = shipped_rulebooks()[-1]
    assert judge_permission(OPENED, "pda-01", desk.bearing_on(OPENED, "pda-01"), book, TODAY).allowed
    other = desk.bearing_on(OPENED, "pda-02")
    assert [one.code for one in judge_permission(OPENED, "pda-02", other, book, TODAY).failed] == ["terminal.filed"]
