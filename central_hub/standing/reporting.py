"""Reads what a digest is made of, and has it made. Knows the store's readings and the settings; counts nothing."""

from central_hub.settings import HubSettings
from central_hub.standing.digests import Digest, Period, Scope, Sources, digest_of
from central_hub.store.standing.keeping import begun_with
from central_hub.store.standing.reading import StandingReading
from inspection.standing.state import StationStanding


def standings(reading: StandingReading, settings: HubSettings) -> dict[str, StationStanding]:
    """Return how every station stands that the settings name or the office has said anything about."""
    said = reading.standings()
    known = {station.id for station in settings.stations} | said.keys()
    return {
        station: begun_with(
            said.get(station, StationStanding(station=station)),
            admitted=settings.station(station).admitted,
            listed=settings.station(station).listed,
        )
        for station in sorted(known)
    }


def digest(reading: StandingReading, scope: Scope, period: Period, *, settings: HubSettings) -> Digest:
    """Return the digest of a period."""
    sources = Sources(
        counted=reading.counted(period.first, period.last),
        events=reading.events(period.since, period.until),
        warned=reading.warned(period.first, period.last),
        tips=reading.tips_counted(period.since, period.until),
        open_recalls=reading.open_recalls(period.until),
        standings=standings(reading, settings),
    )
    names = {station.id: station.name for station in settings.stations}
    cities = {station.id: station.city for station in settings.stations}
    return digest_of(scope, period, sources, names=names, cities=cities)
