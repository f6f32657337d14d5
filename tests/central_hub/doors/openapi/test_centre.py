"""The centre by HTTP: requests shown to who may confirm them, filings whole, rules of a day."""

from tests.central_hub.doors.openapi.served_hub import ServedHub
from tests.central_hub.simulated_device import STATION


def test_a_request_is_shown_to_who_may_do_such_acts(served: ServedHub) -> None:
    asked = {"act": "station.unlist", "about": STATION, "reason": "its year is over"}
    number = served.person("city-1").done("POST", "/acts", asked)["number"]
    (shown,) = served.person("province-1").done("GET", "/acts")
    assert (shown["number"], shown["person"], shown["zh"]) == (number, "city-1", "移出失信名单")
    assert served.person("operator-1").done("GET", "/acts") == []
    refusal = {"reason": "it is not over"}
    assert served.person("operator-1").post(f"/acts/{number}/refusal", refusal).code == "act.not_allowed"
    served.person("province-1").done("POST", f"/acts/{number}/refusal", refusal)
    assert served.person("province-1").done("GET", "/acts") == []


def test_filings_come_in_pages(served: ServedHub) -> None:
    city = served.person("city-1")
    for name in ("pda-1", "pda-2", "pda-3"):
        city.done("PUT", f"/filings/terminal/{name}", {"t": "terminal", "id": name, "valid_until": "2027-01-01"})
    assert [one["id"] for one in city.done("GET", "/filings/terminal?after=pda-1&limit=1")] == ["pda-2"]
    facts = "SELECT count(*) AS count FROM entries WHERE kind = 'Filed'"
    before = served.db.rows(facts)
    city.done("PUT", "/filings/terminal/pda-1", {"t": "terminal", "id": "pda-1", "valid_until": "2027-01-01"})
    assert served.db.rows(facts) == before


def test_a_filing_with_an_unknown_code_or_key_is_refused(served: ServedHub) -> None:
    city = served.person("city-1")
    filing = {"t": "terminal", "id": "pda-1", "valid_until": "2027-01-01"}
    wrong = {**filing, "scope": {"classes": ["???9"]}}
    assert city.put("/filings/terminal/pda-1", wrong).code == "filing.unknown_code"
    wrong = {**filing, "scope": {"clases": ["K*"]}}
    assert city.put("/filings/terminal/pda-1", wrong).code == "request.garbled"
    assert served.person("auditor-1").put("/filings/terminal/pda-1", filing).code == "right.missing"
    assert city.get("/filings/wheels/pda-1").status == 400


def test_the_rules_of_a_day_are_whole(served: ServedHub) -> None:
    lead = served.person("lead-1")
    book = lead.done("GET", "/rules/days/2021-03-01")
    assert book["id"] == "rules-2020-11-20"
    assert book["in_force_from"] == "2020-11-20"
    assert 'id = "rules-2020-11-20"' in book["text"]
    assert book["digest"] in {line["digest"] for line in lead.done("GET", "/rules")}


def test_a_device_is_listed_without_its_key_and_password(served: ServedHub) -> None:
    served.device()
    came = served.person("operator-1").get("/devices")
    assert came.said[0]["device"] == "pda-7"
    assert b"password" not in came.data
    assert b"key" not in came.data
