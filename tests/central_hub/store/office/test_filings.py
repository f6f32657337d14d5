from datetime import date

import pytest
from msgspec.structs import replace

from central_hub.store.office.filings import FilingTable
from inspection.filings import AreaFiling, InspectorFiling, Scope, TerminalFiling
from tests.central_hub.conftest import Bench

pytestmark = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)

UNTIL = date(2027, 5, 28)
INSPECTOR = InspectorFiling(id="p-zhao", name="赵", valid_until=UNTIL, scope=Scope(uses=("A",)), police=True)
AREA = AreaFiling(id="440300CY0001", station="ST01", valid_until=UNTIL, longitude=114.05, latitude=22.5, radius_m=80)
TERMINAL = TerminalFiling(id="pda-01", valid_until=UNTIL, state="stopped")


@pytest.fixture
def table(bench: Bench) -> FilingTable:
    return FilingTable(bench.db)


def test_a_filing_comes_back_as_it_was_kept(table: FilingTable) -> None:
    for filing in (INSPECTOR, AREA, TERMINAL):
        table.keep(filing)
    assert table.get("inspector", "p-zhao") == INSPECTOR
    assert table.get("area", "440300CY0001") == AREA
    assert table.get("terminal", "pda-01") == TERMINAL
    assert table.get("terminal", "p-zhao") is None


def test_the_newest_filing_stands(table: FilingTable) -> None:
    table.keep(INSPECTOR)
    stopped = replace(INSPECTOR, state="stopped")
    table.keep(stopped)
    assert table.of_kind("inspector", limit=9) == [stopped]


def test_filings_are_listed_by_their_ids_a_page_at_a_time(table: FilingTable) -> None:
    for number in (3, 1, 2):
        table.keep(replace(TERMINAL, id=f"pda-{number}"))
    assert [filing.id for filing in table.of_kind("terminal", limit=2)] == ["pda-1", "pda-2"]
    assert [filing.id for filing in table.of_kind("terminal", after="pda-2", limit=2)] == ["pda-3"]


def test_whether_anything_of_a_kind_is_filed_is_known(table: FilingTable) -> None:
    assert table.kinds() == []
    table.keep(AREA)
    assert table.kinds() == ["area"]
    table.keep(INSPECTOR)
    assert table.kinds() == ["inspector", "area"]
