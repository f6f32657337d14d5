from datetime import date

import pytest
from msgspec.structs import replace

from central_hub.deciding.permitting import (
    FENCE_RADIUS_M_MAX,
    KINDS,
    FilingError,
    check_filing,
    filings_of,
    kind_of,
    names_of,
)
from inspection.facts import CaseOpened, Vehicle
from inspection.filings import AreaFiling, Filing, InspectorFiling, Scope, TerminalFiling
from inspection.rules import Filings

UNTIL = date(2027, 5, 28)
INSPECTOR = InspectorFiling(id="p-zhao", name="Zhao", valid_until=UNTIL)
AREA = AreaFiling(id="440300CY0001", station="ST01", valid_until=UNTIL)
TERMINAL = TerminalFiling(id="pda-01", valid_until=UNTIL)
OPENED = CaseOpened(
    regime="chayan",
    serial="2611220000001",
    vehicle=Vehicle(vin="L00PA55L4N0000017"),  # invented
    station="ST01",
    inspector="p-zhao",
    area="440300CY0001",
)


def refusal(filing: Filing) -> str:
    with pytest.raises(FilingError) as refused:
        check_filing(filing)
    return refused.value.code


def test_the_filings_of_the_inspector_the_area_and_the_terminal_bear_on_a_case() -> None:
    others: list[Filing] = [
        replace(INSPECTOR, id="pda-01"),
        replace(AREA, id="p-zhao"),
        replace(TERMINAL, id="440300CY0001"),
    ]
    picked = filings_of(OPENED, "pda-01", [*others, INSPECTOR, AREA, TERMINAL], kept=KINDS)
    assert picked == Filings(inspector=INSPECTOR, area=AREA, terminal=TERMINAL, kept=frozenset(KINDS))
    assert names_of(OPENED, "pda-01") == (("inspector", "p-zhao"), ("area", "440300CY0001"), ("terminal", "pda-01"))


def test_what_is_not_filed_is_not_there() -> None:
    assert filings_of(OPENED, "pda-02", [], kept=("area",)) == Filings(kept=frozenset({"area"}))


def test_where_no_area_is_named_the_station_is_it() -> None:
    assert names_of(replace(OPENED, area=""), "pda-01")[1] == ("area", "ST01")


def test_each_filing_is_of_one_kind() -> None:
    assert tuple(kind_of(filing) for filing in (INSPECTOR, AREA, TERMINAL)) == KINDS


@pytest.mark.parametrize(
    "filing",
    [
        INSPECTOR,
        AREA,
        TERMINAL,
        replace(INSPECTOR, scope=Scope(uses=("A", "[O-Q]"), businesses=("A", "01", "D?", "16"), classes=("K3?",))),
        replace(INSPECTOR, scope=Scope(uses=(), businesses=(), classes=())),
        replace(AREA, fenced=True, radius_m=FENCE_RADIUS_M_MAX),
    ],
)
def test_a_filing_that_can_hold_is_taken(filing: Filing) -> None:
    check_filing(filing)


@pytest.mark.parametrize(
    ("filing", "code"),
    [
        (replace(INSPECTOR, id=" "), "filing.unnamed"),
        (replace(INSPECTOR, scope=Scope(uses=("A", "V"))), "filing.unknown_code"),
        (replace(AREA, scope=Scope(businesses=("no-such",))), "filing.unknown_code"),
        (replace(TERMINAL, scope=Scope(classes=("K9?",))), "filing.unknown_code"),
        (replace(AREA, fenced=True), "filing.fence"),
        (replace(AREA, fenced=True, radius_m=FENCE_RADIUS_M_MAX + 1), "filing.fence"),
        (replace(TERMINAL, id="PDA 01"), "filing.terminal"),
    ],
)
def test_a_filing_that_could_never_hold_is_refused(filing: Filing, code: str) -> None:
    assert refusal(filing) == code
