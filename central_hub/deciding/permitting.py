"""Which filings (备案) bear on a case, and which filing is one at all. Decides only.

Whether they allow what was done is judged by `inspection.rules.permissions`, by the rulebook of the day.
"""

from collections.abc import Iterable

from central_hub import HubError
from inspection.facts import CaseOpened
from inspection.filings import AreaFiling, Filing, InspectorFiling, TerminalFiling
from inspection.identities import IdentityError, checked_device
from inspection.rules.checking import unknown_patterns
from inspection.rules.permissions import FilingKind, Filings, place_of

KINDS: tuple[FilingKind, ...] = ("inspector", "area", "terminal")
FENCE_RADIUS_M_MAX = 50_000
BUSINESS_TABLES = ("ywlx", "chayan_form_business", "jylb")


class FilingError(HubError):
    """A filing that is none. code names the text for a screen."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def kind_of(filing: Filing) -> FilingKind:
    """Return what was filed: an inspector (查验员), an area (查验区) or a terminal (终端)."""
    if isinstance(filing, InspectorFiling):
        return "inspector"
    return "area" if isinstance(filing, AreaFiling) else "terminal"


def names_of(opened: CaseOpened, device: str) -> tuple[tuple[FilingKind, str], ...]:
    """Return whose filings bear on a case: its inspector, its area (or station), and the terminal `device`."""
    return (("inspector", opened.inspector), ("area", place_of(opened)), ("terminal", device))


def filings_of(opened: CaseOpened, device: str, filings: Iterable[Filing], *, kept: Iterable[FilingKind]) -> Filings:
    """Pick the three filings that bear on a case out of `filings`. kept: kinds of which there is any at all."""
    found = {(kind_of(filing), filing.id): filing for filing in filings}
    inspector, area, terminal = (found.get(name) for name in names_of(opened, device))
    return Filings(
        inspector=inspector if isinstance(inspector, InspectorFiling) else None,
        area=area if isinstance(area, AreaFiling) else None,
        terminal=terminal if isinstance(terminal, TerminalFiling) else None,
        kept=frozenset(kept),
    )


def check_filing(filing: Filing) -> None:
    """Raise FilingError for a filing that could never hold.

    Codes: filing.unnamed, filing.terminal, filing.unknown_code, filing.fence.
    """
    if not filing.id.strip():
        raise FilingError("filing.unnamed", "a filing names the inspector, the area or the terminal that it is about")
    _check_codes("uses", filing.scope.uses, ("syxz",))
    _check_codes("businesses", filing.scope.businesses, BUSINESS_TABLES)
    _check_codes("classes", filing.scope.classes, ("cllx",))
    if isinstance(filing, AreaFiling):
        _check_fence(filing)
    if isinstance(filing, TerminalFiling):
        _check_terminal(filing)


def _check_fence(filing: AreaFiling) -> None:
    if filing.fenced and not 0 < filing.radius_m <= FENCE_RADIUS_M_MAX:
        said = f"a fence has a radius above 0 and of at most {FENCE_RADIUS_M_MAX} m, not {filing.radius_m:g} m"
        raise FilingError("filing.fence", said)


def _check_codes(key: str, patterns: tuple[str, ...], tables: tuple[str, ...]) -> None:
    unknown = set(patterns).intersection(*(unknown_patterns(patterns, name) for name in tables))
    if unknown:
        said = f"{key}: {min(unknown)!r} fits no code of {' or '.join(tables)}"
        raise FilingError("filing.unknown_code", said)


def _check_terminal(filing: TerminalFiling) -> None:
    try:
        checked_device(filing.id)
    except IdentityError as error:
        raise FilingError("filing.terminal", str(error)) from error
