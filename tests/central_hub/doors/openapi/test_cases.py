"""Cases by HTTP: pages, the whole of one, photos whose views are written down, and what auditors are not shown."""

import pytest

from central_hub.doors.openapi.cases import before_an_audit
from inspection.facts import AuditOpinion, EvidenceViewed, PhotoStored
from inspection.identities import HUB
from inspection.wire import decode_entry
from tests.central_hub.doors.openapi.served_hub import OTHER_STATION, Person, ServedHub
from tests.central_hub.simulated_device import VIN, hub_entries


def views(served: ServedHub) -> list[EvidenceViewed]:
    rows = served.db.rows("SELECT raw FROM entries WHERE kind = 'EvidenceViewed' ORDER BY pos")
    facts = [decode_entry(row["raw"]).entry.fact for row in rows]
    return [fact for fact in facts if isinstance(fact, EvidenceViewed)]


def suspect(person: Person, case: str) -> None:
    token = person.done("POST", f"/audits/cases/{case}")["token"]
    seen = person.done("GET", f"/audits/leases/{token}")["seen"]
    said = {"decision": "suspicious", "reason": "procedure", "seen": seen}
    person.done("POST", f"/audits/leases/{token}/opinion", said)


def test_a_list_comes_in_pages_newest_first_and_can_be_narrowed(served: ServedHub) -> None:
    device = served.device()
    cases = []
    for _ in range(3):
        cases.append(served.inspected(device))
        served.now += 1_000
    other = served.inspected(served.device("pda-8", station=OTHER_STATION), station=OTHER_STATION)
    lead = served.person("lead-1")
    first = lead.done("GET", "/cases?limit=3")
    assert [line["case"] for line in first["cases"]] == [other, cases[2], cases[1]]
    second = lead.done("GET", f"/cases?limit=3&page={first['next']}")
    assert ([line["case"] for line in second["cases"]], second["next"]) == ([cases[0]], "")
    for query, count in (
        (f"station={OTHER_STATION}", 1),
        ("regime=chayan", 0),
        ("regime=jianyan", 4),
        ("overdue=true", 0),
        ("light=green", 0),
        (f"since={served.now + 1}", 0),
        (f"until={served.now}", 3),
    ):
        assert len(lead.done("GET", f"/cases?{query}")["cases"]) == count, query


@pytest.mark.parametrize("page", ["x", "eA==", "eCB5", "LTEgYQ==", "%C3%A9"])
def test_a_page_that_is_none_is_refused(served: ServedHub, page: str) -> None:
    assert served.person("lead-1").get(f"/cases?page={page}").code == "case.page"


def test_cases_of_a_vehicle_are_found_by_what_stands_in_the_body(served: ServedHub) -> None:
    case = served.inspected(served.device())
    lead = served.person("lead-1")
    for asked in ({"vin": VIN}, {"plate": "京A12345"}, {"serial": "S-pda-7-1"}):
        assert [line["case"] for line in lead.done("POST", "/cases/search", asked)["cases"]] == [case]
    assert lead.done("POST", "/cases/search", {"vin": "L0"})["cases"] == []
    assert lead.post("/cases/search", {}).code == "case.search"
    desk = served.person("desk-2")
    assert desk.done("POST", "/cases/search", {"vin": VIN})["cases"] == []


def test_every_look_at_a_photo_is_written_down(served: ServedHub) -> None:
    case = served.inspected(served.device())
    auditor = served.person("auditor-1")
    photo = auditor.done("GET", f"/cases/{case}")["photos"][0]
    assert views(served) == []
    came = auditor.get(f"/cases/{case}/photos/{photo['digest']}")
    assert came.headers["content-type"] == photo["media"]
    assert came.headers["cache-control"] == "no-store"
    assert views(served) == [EvidenceViewed(case=case, what=photo["digest"], by="auditor-1")]
    auditor.get(f"/cases/{case}/photos/{photo['digest']}")
    assert len(views(served)) == 1


def test_a_photo_of_another_case_or_without_bytes_is_none(served: ServedHub) -> None:
    device = served.device()
    first = served.inspected(device)
    second = device.open_case()
    missing = served.photograph(device, second, "L41", "")
    served.take(device)
    auditor = served.person("auditor-1")
    digest = auditor.done("GET", f"/cases/{first}")["photos"][0]["digest"]
    assert auditor.get(f"/cases/{second}/photos/{digest}").code == "photo.none"
    assert missing
    line = auditor.done("GET", f"/cases/{second}")["photos"][0]
    assert not line["here"]
    assert auditor.get(f"/cases/{second}/photos/{line['digest']}").code == "photo.none"
    served.photos.path(digest).unlink()
    assert auditor.get(f"/cases/{first}/photos/{digest}").code == "photo.none"


def test_no_auditor_is_told_what_another_one_thought(served: ServedHub) -> None:
    case = served.inspected(served.device())
    suspect(served.person("auditor-1"), case)
    lead, auditor = served.person("lead-1"), served.person("auditor-2")
    assert lead.done("GET", f"/cases/{case}")["stage"] == "suspected"
    shown = auditor.done("GET", f"/cases/{case}")
    assert shown["stage"] == "audit_pending"
    assert not {"AuditOpinion", "EvidenceViewed"} & {line["kind"] for line in shown["timeline"]}
    assert auditor.done("GET", "/cases?stage=suspected")["cases"] == []
    assert [line["case"] for line in auditor.done("GET", "/cases?stage=audit_pending")["cases"]] == [case]
    assert auditor.done("GET", "/case-counts") == {"audit_pending": 1}
    assert lead.done("GET", "/case-counts") == {"suspected": 1}
    assert [line["stage"] for line in lead.done("GET", "/cases?stage=suspected")["cases"]] == ["suspected"]


def test_who_holds_a_case_sees_it_as_if_nobody_had_looked(served: ServedHub) -> None:
    case = served.inspected(served.device())
    suspect(served.person("auditor-1"), case)
    lead = served.person("lead-1")
    token = lead.done("POST", f"/audits/cases/{case}")["token"]
    held = lead.done("GET", f"/audits/leases/{token}")
    assert held["stage"] == "audit_pending"
    assert lead.done("GET", f"/cases/{case}")["stage"] == "audit_pending"
    assert [line["stage"] for line in lead.done("GET", "/cases")["cases"]] == ["audit_pending"]
    assert [line["case"] for line in lead.done("GET", "/cases?stage=audit_pending")["cases"]] == [case]


def test_a_time_line_carries_no_picture(served: ServedHub) -> None:
    device = served.device()
    case = served.inspected(device)
    served.photograph(device, case, "L41", "vin")
    timeline = served.person("lead-1").done("GET", f"/cases/{case}")["timeline"]
    read = [line["said"]["vin"] for line in timeline if "vin" in line["said"] and line["kind"] == "PhotoTaken"]
    assert read
    assert all("strip" not in one for one in read)
    issued = next(line for line in timeline if line["kind"] == "StickerIssued")
    assert "payload" not in issued["said"]
    assert issued["by"] == HUB


def test_before_an_audit_only_what_nobody_thought_is_there() -> None:
    facts = (PhotoStored(digest="0" * 64, size=1), AuditOpinion(decision="pass", auditor="a"))
    entries = [(1, entry) for entry in hub_entries("pda-7.1", *facts)]
    assert [type(entry.fact) for _, entry in before_an_audit(entries)] == [PhotoStored]


def test_whoever_answered_a_known_case_goes_on_seeing_what_they_answered(served: ServedHub) -> None:
    case = served.inspected(served.device())
    row = (case, "auditor-1", "pass", "suspicious", 1)
    served.do(lambda: served.db.execute("INSERT INTO audit_answers VALUES (?, ?, ?, ?, ?)", row))
    assert served.person("auditor-1").done("GET", f"/cases/{case}")["stage"] == "suspected"
    assert served.person("lead-1").done("GET", f"/cases/{case}")["stage"] == "audit_pending"
