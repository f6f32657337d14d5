from datetime import date

import msgspec
import pytest

from inspection.filings import AreaFiling, Filing, InspectorFiling, TerminalFiling

UNTIL = date(2027, 1, 31)
FILINGS: tuple[Filing, ...] = (
    InspectorFiling(id="p-1", name="Inspector", valid_until=UNTIL),
    AreaFiling(id="440300CY0001", station="ST01", valid_until=UNTIL, radius_m=80.0, fenced=True),
    TerminalFiling(id="pda-1", valid_until=UNTIL, areas=("440300CY0001",)),
)


@pytest.mark.parametrize("filing", FILINGS)
def test_a_filing_is_read_as_it_was_written_and_allows_everything_that_it_does_not_speak_of(filing: Filing) -> None:
    assert msgspec.json.decode(msgspec.json.encode(filing), type=Filing) == filing
    assert filing.scope.uses == filing.scope.businesses == filing.scope.classes == ("*",)
    assert filing.state == "normal"


def test_a_filing_of_no_known_kind_or_state_is_refused() -> None:
    for odd in ({"t": "dog", "id": "x"}, {"t": "terminal", "id": "x", "valid_until": "2027-01-31", "state": "gone"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(odd, Filing)
