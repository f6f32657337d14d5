"""A client without a device goes each step of a case's life by HTTP alone."""

from collections.abc import Mapping

from inspection.facts import ItemChecked
from inspection.withdrawals import open_file
from tests.central_hub.doors.openapi.served_hub import Person, ServedHub
from tests.central_hub.simulated_device import STATION, private_car

SUSPICIOUS = {"decision": "suspicious", "reason": "procedure", "note": "made in four minutes"}


def stage(person: Person, case: str) -> str:
    return str(person.done("GET", f"/cases/{case}")["stage"])


def opinion(person: Person, case: str, said: Mapping[str, object]) -> None:
    """Take a case, look at it, and give an opinion."""
    lease = person.done("POST", f"/audits/cases/{case}")
    seen = person.done("GET", f"/audits/leases/{lease['token']}")
    assert seen["stage"] in {"audit_pending", "audit_overdue", "audit_first"}
    said = {"seen": seen["seen"], **said}
    assert person.done("POST", f"/audits/leases/{lease['token']}/opinion", said)["case"] == case


def recalled(served: ServedHub, case: str) -> None:
    opinion(served.person("auditor-1"), case, SUSPICIOUS)
    opinion(served.person("auditor-2"), case, SUSPICIOUS)


def test_an_inspection_is_audited_and_archived(served: ServedHub) -> None:
    case = served.inspected(served.device())
    auditor = served.person("auditor-1")
    lines = auditor.done("GET", "/cases?stage=audit_pending")["cases"]
    assert [line["case"] for line in lines] == [case]
    view = auditor.done("GET", f"/cases/{case}")
    assert view["sticker"]["number"]
    assert all(reason["result"] == "passed" for reason in view["reasons"])
    assert {"suspicion", "passing"} & {row["step"] for row in view["next"]}
    photo = view["photos"][0]["digest"]
    came = auditor.get(f"/cases/{case}/photos/{photo}")
    assert (came.status, came.media) == (200, "image/jpeg")
    lease = auditor.done("POST", "/audits/next")["lease"]
    assert lease["case"] == case
    assert set(lease) == {"token", "case", "due", "taken", "until"}
    auditor.done("POST", f"/audits/leases/{lease['token']}/heartbeat")
    passed = {"decision": "pass", "seen": view["seen"]}
    auditor.done("POST", f"/audits/leases/{lease['token']}/opinion", passed)
    lead = served.person("lead-1")
    if stage(lead, case) == "second_review":
        opinion(served.person("auditor-2"), case, {"decision": "pass"})
    assert stage(lead, case) == "archived"
    kinds = [line["kind"] for line in lead.done("GET", f"/cases/{case}")["timeline"]]
    assert kinds[0] == "CaseOpened"
    assert kinds[-1] == "AuditDecided"


def test_a_suspicion_leads_to_the_withdrawal_of_the_sticker_and_a_penalty(served: ServedHub) -> None:
    case = served.inspected(served.device())
    lead, city, stranger = served.person("lead-1"), served.person("city-1"), served.stranger()
    number = lead.done("GET", f"/cases/{case}")["sticker"]["number"]
    text = lead.done("GET", f"/stickers/{number}")["text"]
    before = stranger.get("/withdrawals")
    assert stranger.get("/withdrawals", If_None_Match=before.headers["etag"]).status == 304
    recalled(served, case)
    assert stage(lead, case) == "recall_ordered"
    back = {"station": STATION, "note": "towed in"}
    assert lead.done("POST", f"/cases/{case}/vehicle-return", back)["stage"] == "vehicle_back"
    proven = {"result": "proven", "reason": "vin.tampered"}
    assert lead.done("POST", f"/cases/{case}/recheck", proven)["stage"] == "proven"
    asked = {"act": "sticker.withdraw", "about": number, "reason": "vin.tampered"}
    request = lead.done("POST", "/acts", asked)["number"]
    assert lead.post(f"/acts/{request}/confirmation").code == "act.same_person"
    waiting = city.done("GET", "/acts")
    assert [(one["number"], one["about"]) for one in waiting] == [(request, number)]
    city.done("POST", f"/acts/{request}/confirmation")
    assert stage(lead, case) == "sticker_withdrawn"
    shown = stranger.done("POST", "/stickers/check", {"text": text})
    assert shown["standing"] == "withdrawn"
    after = stranger.get("/withdrawals", If_None_Match=before.headers["etag"])
    assert after.status == 200
    assert open_file(after.data, served.key.public).numbers == {number}
    penalty = {"measure": "warn", "reason": "vin.tampered"}
    assert city.done("POST", f"/cases/{case}/penalties", penalty)["stage"] == "penalised"


def test_a_suspicion_that_does_not_hold_is_cleared_and_the_recheck_undone_by_two(served: ServedHub) -> None:
    case = served.inspected(served.device())
    lead, city = served.person("lead-1"), served.person("city-1")
    recalled(served, case)
    lead.done("POST", f"/cases/{case}/vehicle-return", {"station": STATION})
    cleared = {"result": "cleared", "reason": "photo.misleading"}
    assert lead.done("POST", f"/cases/{case}/recheck", cleared)["stage"] == "cleared"
    assert city.post(f"/cases/{case}/undoing", {"step": "recheck", "reason": "wrong"}).status == 400
    asked = {"act": "recheck.undo", "about": case, "reason": "the wrong vehicle was looked at"}
    request = city.done("POST", "/acts", asked)["number"]
    lead.done("POST", f"/acts/{request}/confirmation")
    assert stage(lead, case) == "vehicle_back"


def test_the_station_takes_a_photo_again_and_a_recall_is_undone(served: ServedHub) -> None:
    device = served.device()
    case = served.inspected(device)
    auditor, city = served.person("auditor-1"), served.person("city-1")
    view = auditor.done("GET", f"/cases/{case}")
    photo = view["photos"][0]
    wanted = {"kind": photo["kind"], "reason": "photo.blurred"}
    assert auditor.done("POST", f"/cases/{case}/retakes", wanted)["stage"] == "returned"
    data = served.photograph(device, case, photo["kind"], "", replaces=photo["digest"])
    served.take(device)
    served.store(data)
    assert stage(auditor, case) == "audit_pending"
    item = view["items"][0]["item"]
    auditor.done("POST", f"/cases/{case}/retakes", {"item": item, "reason": "item.doubtful"})
    device.write(ItemChecked(item=item, mark="pass"), case)
    served.take(device)
    assert stage(auditor, case) == "audit_pending"
    recalled(served, case)
    undone = {"step": "recall", "reason": "the plate was misread"}
    assert city.done("POST", f"/cases/{case}/undoing", undone)["stage"] != "recall_ordered"


def test_an_applicant_takes_a_case_back_and_that_is_undone(served: ServedHub) -> None:
    device = served.device()
    case = device.open_case()
    served.take(device)
    desk, city = served.person("desk-1"), served.person("city-1")
    assert stage(desk, case) == "in_progress"
    assert desk.done("POST", f"/cases/{case}/withdrawal", {"reason": "applicant"})["stage"] == "withdrawn"
    undone = {"step": "withdrawal", "reason": "it was another case"}
    assert city.done("POST", f"/cases/{case}/undoing", undone)["stage"] == "in_progress"


def test_an_owner_is_called_and_a_vehicle_that_does_not_come_back_is_told_of(served: ServedHub) -> None:
    case = served.inspected(served.device())
    lead = served.person("lead-1")
    assert lead.done("POST", f"/cases/{case}/calls", {"result": "contradicts"})["stage"] == "audit_pending"
    recalled(served, case)
    assert lead.post(f"/cases/{case}/vehicle-return", {"station": "ST02"}).code == "recall.other_station"
    served.now += 30 * 24 * 3_600_000
    served.tick()
    lead = served.person("lead-1")
    assert stage(lead, case) == "not_back"
    assert lead.done("POST", f"/cases/{case}/vehicle-return", {"station": STATION})["stage"] == "vehicle_back"


def test_a_failed_inspection_is_retested_as_another_case(served: ServedHub) -> None:
    device = served.device()
    first = served.inspected(device, private_car(), outcome="fail", serial="S-1")
    second = served.inspected(device, private_car(), serial="S-1", attempt=2)
    desk = served.person("desk-1")
    assert stage(desk, first) == "retested"
    found = desk.done("POST", "/cases/search", {"serial": "S-1"})["cases"]
    assert {line["case"]: line["attempt"] for line in found} == {first: 1, second: 2}


def test_an_examination_is_reviewed(served: ServedHub) -> None:
    device = served.device()
    case = served.inspected(device, regime="chayan", business="B", inspection_kind="")
    auditor = served.person("auditor-1")
    view = auditor.done("GET", f"/cases/{case}")
    assert view["stage"] == "review_pending"
    judged = {"decision": "fail", "seen": view["seen"]}
    assert auditor.post(f"/cases/{case}/review", judged).code == "review.no_reason"
    judged = {"decision": "pass", "seen": view["seen"]}
    assert auditor.done("POST", f"/cases/{case}/review", judged)["stage"] == "reviewed"


def test_an_exempt_car_gets_its_sticker_without_an_inspection(served: ServedHub) -> None:
    clerk, other = served.person("desk-1"), served.person("desk-2")
    car = private_car()
    vehicle = {
        "vin": car.vin,
        "plate_kind": car.plate_kind,
        "plate": car.plate,
        "vehicle_class": car.vehicle_class,
        "use": car.use,
        "states": car.states,
        "seats": car.seats,
        "registered_on": "2024-05-17",
        "made_on": "2024-04-01",
        "insured_until": "2027-01-01",
        "taxed": True,
    }
    asked = {"serial": "M-1", "vehicle": vehicle, "office": STATION, "channel": "counter"}
    made = clerk.done("POST", "/exempt-stickers", asked)
    assert made["stage"] == "archived"
    assert clerk.done("POST", "/exempt-stickers", asked) == made
    assert other.post("/exempt-stickers", asked).code == "station.other"
    assert other.get(f"/cases/{made['case']}").code == "case.none"
    wrong = {**asked, "vehicle": {**vehicle, "inssured_until": "2027-01-01"}}
    assert clerk.post("/exempt-stickers", wrong).code == "request.garbled"
    number = clerk.done("GET", f"/cases/{made['case']}")["sticker"]["number"]
    shown = served.stranger().done(
        "POST", "/stickers/check", {"text": clerk.done("GET", f"/stickers/{number}")["text"], "vin": car.vin.lower()}
    )
    assert (shown["standing"], shown["vehicle"]) == ("valid", "same")
