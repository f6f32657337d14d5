"""Who may do what where: an opened case held against the three filings (备案) of inspector, area and terminal.

Knows how each clause is judged, and the distance on the globe. Which filings an installation has, and which three
belong to a case, is for the hub. Source: 18CF1 to 18CF3; an action is allowed only if all three permit this use,
business and class, and are in date.
"""

from dataclasses import dataclass
from datetime import date
from math import asin, cos, radians, sin, sqrt
from typing import Literal

from inspection.facts import CaseOpened, Position, Reason
from inspection.filings import AreaFiling, Filing, InspectorFiling, TerminalFiling
from inspection.rules.judging import Found, Judgement, held, judgement, matches, reason
from inspection.rules.rulebook import Rulebook

CLAUSES = ("filed", "state", "dates", "use", "business", "class", "place", "fence")
FilingKind = Literal["inspector", "area", "terminal"]
EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the earth (IUGG); the ellipsoid differs by at most 0.5 %, which is less than a fence is exact."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filings:
    """The filings that bear on a case; None where there is none for its inspector, area or terminal.

    kept: kinds of which the installation has any filing at all.
    """

    inspector: InspectorFiling | None = None
    area: AreaFiling | None = None
    terminal: TerminalFiling | None = None
    kept: frozenset[FilingKind] = frozenset()


def place_of(opened: CaseOpened) -> str:
    """Return the area (查验区) where the case was opened, or its station where no area is named."""
    return opened.area or opened.station


def business_of(opened: CaseOpened) -> str:
    """Return what filings call the business: ywlx at 查验, jylb at 检验."""
    return opened.business if opened.regime == "chayan" else opened.inspection_kind


def judge_permission(opened: CaseOpened, device: str, filings: Filings, book: Rulebook, day: date) -> Judgement:
    """Judge whether this inspector may do this here with this terminal, on `day`.

    device: name of the terminal. A kind of which nothing was ever filed is not judged, unless the rulebook wants it.
    Reasons are called by filing and clause, e.g. "inspector.use".
    """
    wanted: dict[FilingKind, str] = {"inspector": opened.inspector, "area": place_of(opened), "terminal": device}
    found: dict[FilingKind, Filing | None] = {
        "inspector": filings.inspector,
        "area": filings.area,
        "terminal": filings.terminal,
    }
    reasons: list[Reason] = []
    for kind, filing in found.items():
        if filing is not None:
            reasons += _judged(kind, filing, opened, book, day)
        elif kind in filings.kept or book.sticker_first.filings_required:
            reasons.append(_said(book, kind, "filed", held(False, wanted[kind])))
    return judgement(reasons)


def distance_m(a: Position, longitude: float, latitude: float) -> float:
    """Return the metres from a position to a point (degrees, WGS 84), along the great circle (haversine)."""
    north, east = radians(latitude - a.latitude), radians(longitude - a.longitude)
    half = sin(north / 2) ** 2 + cos(radians(a.latitude)) * cos(radians(latitude)) * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half)))


def _judged(
    kind: FilingKind,
    filing: InspectorFiling | AreaFiling | TerminalFiling,
    opened: CaseOpened,
    book: Rulebook,
    day: date,
) -> list[Reason]:
    scope, vehicle, business = filing.scope, opened.vehicle, business_of(opened)
    found: dict[str, Found] = {
        "filed": held(True, filing.id),
        "state": held(filing.state == "normal", filing.state),
        "dates": held(day <= filing.valid_until, str(filing.valid_until)),
        "use": held(matches(vehicle.use, scope.uses), vehicle.use),
        "business": held(matches(business, scope.businesses), business),
        "class": held(matches(vehicle.vehicle_class, scope.classes), vehicle.vehicle_class),
        "place": _place(filing, opened),
    }
    if isinstance(filing, AreaFiling):
        found["fence"] = _fence(filing, opened.position, book)
    return [_said(book, kind, clause, one) for clause, one in found.items()]


def _place(filing: Filing, opened: CaseOpened) -> Found:
    if isinstance(filing, AreaFiling):
        return held(filing.station == opened.station, opened.station)
    return held(matches(place_of(opened), filing.areas), place_of(opened))


def _fence(area: AreaFiling, position: Position | None, book: Rulebook) -> Found:
    if not area.fenced:
        return held(True)
    if position is None:
        return held(not book.permissions.position_required, "—")
    away = distance_m(position, area.longitude, area.latitude)
    # Only so much of what a device says of its own exactness counts: else it could name any distance.
    room = area.radius_m + min(position.accuracy_m, book.permissions.accuracy_m_max)
    return held(away <= room, f"{away:.0f} m / {area.radius_m:.0f} m")


def _said(book: Rulebook, kind: FilingKind, clause: str, found: Found) -> Reason:
    named = f"{kind} {found[1]}".strip()
    return reason(book, f"permit_{clause}", (found[0], named), code=f"{kind}.{clause}")
