from pathlib import Path

from central_hub.settings import HubSettings, Station
from central_hub.standing.digests import csv_of, week_of
from central_hub.standing.reporting import digest, standings
from central_hub.store.database import open_for_writing
from central_hub.store.standing.keeping import StandingTables
from central_hub.store.standing.reading import StandingReading
from inspection.facts import StationSuspended
from tests.central_hub.store.standing.standing_store import DAY, NOW, keep

SETTINGS = HubSettings(
    stations=(Station(id="ST01", name="北环检测站", admitted=True, city="杭州"), Station(id="ST02", name="二站"))
)


def test_a_digest_is_made_of_what_the_store_holds(tmp_path: Path) -> None:
    db = open_for_writing(tmp_path)
    tables, reading = StandingTables(db), StandingReading(db)
    keep(tables, 1)
    keep(tables, 2, suspicions=("photo.reused",))
    tables.keep_events("pda-1.1", "ST01", {"recalled": ""}, at=NOW)
    fact = StationSuspended(station="ST03", rule="person", by="zhao", reason="r")
    tables.follow("ST03", fact, at=NOW, admitted=False, listed=False)
    made = digest(reading, "city", week_of(DAY), settings=SETTINGS)
    assert (made.counts["inspections"], made.counts["suspected"], made.open_recalls) == (2, 1, 1)
    assert (made.stations[0].name, made.stations[0].city, made.stations[0].state) == ("北环检测站", "杭州", "first")
    assert csv_of(made) == csv_of(digest(reading, "city", week_of(DAY), settings=SETTINGS))
    stand = standings(reading, SETTINGS)
    assert [(station, one.sticker_first) for station, one in stand.items()] == [
        ("ST01", True), ("ST02", False), ("ST03", False),
    ]  # fmt: skip
    assert stand["ST03"].suspended
    db.close()
