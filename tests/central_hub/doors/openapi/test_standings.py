"""Standing by HTTP: what a station sees of itself, and digests of whole weeks and months."""

from tests.central_hub.doors.openapi.served_hub import OTHER_STATION, ServedHub
from tests.central_hub.simulated_device import STATION


def test_a_station_sees_why_it_stands_so_and_nothing_of_others(served: ServedHub) -> None:
    served.inspected(served.device())
    inspector = served.person("inspector-1")
    why = inspector.done("GET", f"/stations/{STATION}")
    assert (why["station"], why["sticker_first"]) == (STATION, True)
    assert why["rules"]
    assert [line["station"] for line in inspector.done("GET", "/stations")] == [STATION]
    assert inspector.get(f"/stations/{OTHER_STATION}").status == 403
    assert inspector.get("/digests/weeks/2026-05-28").code == "right.missing"


def test_all_stations_are_listed_for_who_supervises_them(served: ServedHub) -> None:
    lines = served.person("city-1").done("GET", "/stations")
    assert [(line["station"], line["city"], line["sticker_first"]) for line in lines] == [
        (STATION, "甲市", True),
        (OTHER_STATION, "甲市", True),
    ]


def test_a_station_of_devices_alone_stands_without_sticker_first(served: ServedHub) -> None:
    served.device("pda-9", station="ST77")
    city = served.person("city-1")
    assert not city.done("GET", "/stations/ST77")["sticker_first"]
    assert city.get("/stations/ST78").code == "standing.unknown"


def test_a_reason_that_no_rule_knows_is_refused(served: ServedHub) -> None:
    city = served.person("city-1")
    came = city.post(f"/stations/{STATION}/listing", {"reason": "because"})
    assert (came.status, came.code) == (409, "standing.reason")
    assert city.post(f"/stations/{STATION}/listing", {"reason": "fraud", "ends": "2020-01-01"}).code == "standing.ends"
    assert city.post(f"/stations/{STATION}/appeals/decision", {"granted": True, "reason": "r"}).code == "appeal.none"
    assert served.person("desk-1").post(f"/stations/{STATION}/appeals", {"text": "t"}).code == "appeal.nothing"
    assert served.person("desk-2").post(f"/stations/{STATION}/appeals", {"text": "t"}).code == "station.other"


def test_digests_begin_on_mondays_and_on_the_first(served: ServedHub) -> None:
    lead = served.person("lead-1")
    assert lead.done("GET", "/digests/weeks/2026-06-01")["period"]["first"] == "2026-06-01"
    assert lead.done("GET", "/digests/months/2026-02-28")["period"] == {"first": "2026-02-01", "last": "2026-02-28"}
    assert lead.get("/digests/weeks/2200-01-01").status == 400


def test_tips_are_read_by_time(served: ServedHub) -> None:
    served.stranger().done("POST", "/tips", {"text": "first", "plate": "京A12345"})
    lead = served.person("lead-1")
    assert [tip["plate"] for tip in lead.done("GET", f"/tips?since={served.now}")] == ["京A12345"]
    assert lead.done("GET", f"/tips?until={served.now}") == []
    assert served.stranger().post("/tips", {"text": " "}).code == "tip.empty"
