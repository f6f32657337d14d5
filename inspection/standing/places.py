"""How far places are apart, and whether somebody could have come from one to the other. Knows no case."""

from math import asin, cos, floor, radians, sin, sqrt

from inspection.facts import Position
from inspection.filings import AreaFiling

EARTH_METRES = 6_371_008.8
"""Mean radius (IUGG)."""
_KMH = 3.6


def metres_between(one: Position, other: Position) -> float:
    """Return the distance over the ground, metres, on a sphere (haversine): exact to half a percent."""
    lat, other_lat = radians(one.latitude), radians(other.latitude)
    across = sin((other_lat - lat) / 2) ** 2
    along = sin(radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH_METRES * asin(sqrt(min(1.0, across + cos(lat) * cos(other_lat) * along)))


def microdegrees_within(metres: float) -> int:
    """Return by how many millionths of a degree two places may differ, each way, and are surely no further apart.

    Below 0 where no difference is so small. Two less than it would be: places may have been rounded.
    """
    # A degree is the longest along a meridian and along the equator, and the way there is no longer than both together.
    return floor(metres / 2 / (EARTH_METRES * radians(1e-6))) - 2


def centre_of(area: AreaFiling | None) -> Position | None:
    """Return where an area is, as it was filed; None where its fence is off and so nobody filed a place."""
    if area is None or not area.fenced:
        return None
    return Position(longitude=area.longitude, latitude=area.latitude, accuracy_m=area.radius_m)


def metres_outside(place: Position, area: AreaFiling, *, accuracy_metres_max: float) -> float:
    """Return how far a place lies surely outside an area's fence, metres; 0 or less where it may lie inside."""
    centre = Position(longitude=area.longitude, latitude=area.latitude)
    return metres_between(place, centre) - area.radius_m - min(place.accuracy_m, accuracy_metres_max)


def way_seconds(one: Position, other: Position, *, kmh_max: float, metres_free: float) -> float:
    """Return how long the way takes at least, seconds; 0 for places that may be the same."""
    metres = metres_between(one, other) - one.accuracy_m - other.accuracy_m
    return 0.0 if metres <= metres_free else metres * _KMH / kmh_max
