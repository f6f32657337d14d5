"""Bad input by HTTP: refused with its code, explained in two languages, and nothing half done."""

import pytest

from inspection.facts import InspectionConcluded, ItemChecked
from tests.central_hub.doors.openapi.served_hub import Answer, Person, ServedHub
from tests.central_hub.simulated_device import STATION

SUSPICIOUS = {"decision": "suspicious", "reason": "procedure"}


def refused(came: Answer, code: str, status: int = 409) -> None:
    assert (came.status, came.code) == (status, code), came.data
    assert came.media == "application/problem+json"
    assert came.said["status"] == status
    assert came.said["en"]
    assert any("一" <= letter <= "鿿" for letter in came.said["zh"]), came.said["zh"]


def size(served: ServedHub) -> int:
    return int(served.stranger().done("GET", "/ledger")["size"])


def held(person: Person, case: str) -> tuple[str, int]:
    """Take a case; return the path of the hold and how much there is to see."""
    lease = person.done("POST", f"/audits/cases/{case}")
    path = f"/audits/leases/{lease['token']}"
    return path, person.done("GET", path)["seen"]


@pytest.fixture
def case(served: ServedHub) -> str:
    return served.inspected(served.device())


def test_a_decision_on_a_case_that_another_holds(served: ServedHub, case: str) -> None:
    first, second = served.person("auditor-1"), served.person("auditor-2")
    path, seen = held(first, case)
    before = size(served)
    refused(second.post(f"/audits/cases/{case}"), "audit.held")
    refused(second.post(f"{path}/opinion", {"decision": "pass", "seen": seen}), "audit.held")
    assert second.done("POST", "/audits/next") == {"lease": None}
    assert size(served) == before


def test_a_second_decision(served: ServedHub, case: str) -> None:
    auditor = served.person("auditor-1")
    path, seen = held(auditor, case)
    auditor.done("POST", f"{path}/opinion", {"decision": "pass", "seen": seen})
    before = size(served)
    refused(auditor.post(f"{path}/opinion", {"decision": "pass", "seen": seen}), "audit.decided")
    assert auditor.post(f"/audits/cases/{case}").code in {"audit.decided", "audit.twice"}
    assert size(served) == before


def test_a_decision_without_its_reason(served: ServedHub, case: str) -> None:
    auditor = served.person("auditor-1")
    path, seen = held(auditor, case)
    before = size(served)
    said = {"decision": "suspicious", "seen": seen}
    refused(auditor.post(f"{path}/opinion", said), "audit.no_reason")
    refused(auditor.post(f"{path}/opinion", {**said, "reason": "other"}), "audit.no_words")
    refused(auditor.post(f"{path}/opinion", {"decision": "maybe", "seen": seen}), "request.garbled", 400)
    assert size(served) == before
    auditor.done("POST", f"{path}/opinion", {**said, "reason": "procedure"})


def test_a_decision_on_what_the_auditor_has_not_seen(served: ServedHub, case: str) -> None:
    auditor = served.person("auditor-1")
    path, seen = held(auditor, case)
    refused(auditor.post(f"{path}/opinion", {"decision": "pass", "seen": seen - 1}), "audit.changed")


def test_an_expired_hold_and_one_that_never_was(served: ServedHub, case: str) -> None:
    auditor = served.person("auditor-1")
    path, seen = held(auditor, case)
    served.now += 3_600_000 - 1
    refused(auditor.post(f"{path}/heartbeat"), "audit.lease_expired")
    refused(auditor.post(f"{path}/opinion", {"decision": "pass", "seen": seen}), "audit.lease_expired")
    refused(auditor.get("/audits/leases/999999"), "audit.no_lease", 404)


def test_a_hub_clock_that_is_put_back_frees_no_hold(served: ServedHub, case: str) -> None:
    auditor = served.person("auditor-1")
    path, _ = held(auditor, case)
    served.now -= 3_600_000
    again = auditor.done("POST", f"{path}/heartbeat")
    assert again["until"] > served.now + 3_600_000
    refused(served.person("auditor-2").post(f"/audits/cases/{case}"), "audit.held")


def test_a_case_that_was_given_back_and_one_that_the_auditor_must_not_see(served: ServedHub, case: str) -> None:
    auditor = served.person("auditor-1")
    path, _ = held(auditor, case)
    auditor.done("POST", f"{path}/release", {"recused": True})
    refused(auditor.post(f"/audits/cases/{case}"), "audit.recused")
    refused(auditor.get(path), "audit.lease_expired")


def test_a_case_whose_facts_contradict_each_other(served: ServedHub) -> None:
    device = served.device()
    case = device.open_case()
    device.inspect(case)
    item = next(r.entry.fact.item for r in device.records if isinstance(r.entry.fact, ItemChecked))
    device.write(ItemChecked(item=item, mark="fail"), case)
    device.write(InspectionConcluded(outcome="pass", by="inspector-1"), case)
    served.take(device)
    view = served.person("auditor-1").done("GET", f"/cases/{case}")
    failed = [reason for reason in view["reasons"] if reason["result"] == "failed"]
    assert view["sticker"] is None
    assert failed
    assert all(reason["zh"] and reason["en"] for reason in failed)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('id = "x"\namends = "rules-2020-11-20"\nin_force_from = 2022-10-01\nsource = "s"', "rulebook.overlap"),
        ('id = "x"\namends = "x"\nin_force_from = 2030-01-01\nsource = "s"', "rulebook.cycle"),
        ('id = "x"\namends = "nobody"\nin_force_from = 2030-01-01\nsource = "s"', "rulebook.unknown_parent"),
        (
            'id = "x"\namends = "rules-2022-10-01"\nwrong = 1\nin_force_from = 2030-01-01\nsource = "s"',
            "rulebook.shape",
        ),
        ("id = ", "rulebook.toml"),
    ],
)
def test_a_rulebook_that_cannot_hold(served: ServedHub, text: str, code: str) -> None:
    province = served.person("province-1")
    before = size(served)
    refused(province.post("/rules/proposals", {"name": "x.toml", "text": text}), code)
    assert province.done("GET", "/rules/proposals") == []
    assert size(served) == before


def test_a_gap_between_rulebooks(served: ServedHub) -> None:
    province = served.person("province-1")
    first, second = served.person("operator-1"), served.person("operator-2")
    head = 'amends = "rules-2022-10-01"\nsource = "s"\n'
    ends = f'{head}id = "a"\nin_force_from = 2030-01-01\nin_force_until = 2030-02-01'
    digest = province.done("POST", "/rules/proposals", {"name": "a.toml", "text": ends})["digest"]
    request = first.done("POST", "/acts", {"act": "key.use", "about": digest, "reason": "r"})["number"]
    second.done("POST", f"/acts/{request}/confirmation")
    served.tick()
    later = f'{head}id = "b"\nin_force_from = 2030-03-01'
    refused(province.post("/rules/proposals", {"name": "b.toml", "text": later}), "rulebook.gap")
    refused(province.get("/rules/days/2005-01-01"), "rulebook.none")
    request = first.done("POST", "/acts", {"act": "key.use", "about": "0" * 64, "reason": "r"})["number"]
    refused(second.post(f"/acts/{request}/confirmation"), "rules.unknown", 404)


def test_numbers_outside_their_range_or_used_before(served: ServedHub) -> None:
    city = served.person("city-1")
    allotted = {"prefix": "A", "first": 5, "last": 7, "holder": STATION}
    city.done("POST", "/sticker-ranges", allotted)
    before = size(served)
    refused(city.post("/sticker-ranges", {**allotted, "first": 7, "last": 9}), "range.overlap")
    refused(city.post("/sticker-ranges", {**allotted, "first": 9, "last": 8}), "range.garbled")
    refused(city.post("/sticker-ranges", {**allotted, "prefix": "PL"}), "range.own_prefix")
    void = {"holder": STATION, "reason": "spoilt"}
    refused(city.post("/sticker-ranges/voided", {"number": "A00000009", **void}), "number.outside")
    refused(city.post("/sticker-ranges/voided", {"number": "A00000006", **void}), "number.gap")
    assert size(served) == before
    city.done("POST", "/sticker-ranges/voided", {"number": "A00000005", **void})
    refused(city.post("/sticker-ranges/voided", {"number": "A00000005", **void}), "number.used")
    assert city.done("GET", "/sticker-ranges/proof")["whole"]


def test_a_sticker_altered_by_one_letter_or_of_nobody(served: ServedHub, case: str) -> None:
    lead, stranger = served.person("lead-1"), served.stranger()
    number = lead.done("GET", f"/cases/{case}")["sticker"]["number"]
    text = lead.done("GET", f"/stickers/{number}")["text"]
    assert stranger.done("POST", "/stickers/check", {"text": text})["vehicle"] == "unsaid"
    assert stranger.done("POST", "/stickers/check", {"text": text, "vin": "L0"})["vehicle"] == "other"
    altered = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
    refused(stranger.post("/stickers/check", {"text": altered}), "sticker.not_genuine", 404)
    refused(stranger.post("/stickers/check", {"text": "1"}), "sticker.not_genuine", 404)
    served.db.execute("DELETE FROM stickers")
    refused(stranger.post("/stickers/check", {"text": text}), "sticker.not_genuine", 404)
    refused(lead.get(f"/stickers/{number}"), "sticker.none", 404)


def test_an_act_that_is_none_or_that_one_may_not_ask_for(served: ServedHub, case: str) -> None:
    auditor, city, desk = served.person("auditor-1"), served.person("city-1"), served.person("desk-1")
    asked = {"act": "sticker.withdraw", "about": case, "reason": "vin.tampered"}
    refused(city.post("/acts", {**asked, "act": "anything"}), "act.unknown")
    refused(desk.post("/acts", asked), "act.not_allowed", 403)
    refused(city.post("/acts/99/confirmation"), "act.none", 404)
    number = auditor.done("POST", "/acts", asked)["number"]
    refused(city.post("/acts", asked), "act.waiting")
    refused(auditor.post(f"/acts/{number}/confirmation"), "right.missing", 403)
    before = size(served)
    refused(city.post(f"/acts/{number}/confirmation"), "life.illegal")
    assert size(served) == before
    auditor.done("POST", f"/acts/{number}/refusal", {"reason": "not proven yet"})
    refused(city.post(f"/acts/{number}/confirmation"), "act.settled")
    assert city.done("GET", "/acts") == []


def test_ones_own_inspection_and_another_stations_case(served: ServedHub, case: str) -> None:
    served.account("twofold", ("detachment", "inspector"), STATION)
    own = served.person("twofold")
    refused(own.post(f"/cases/{case}/penalties", {"measure": "warned", "reason": "procedure"}), "life.illegal")
    refused(served.person("desk-2").get(f"/cases/{case}"), "case.none", 404)
    assert served.person("desk-2").done("GET", "/cases")["cases"] == []
    refused(served.person("desk-2").get(f"/cases?station={STATION}"), "station.other", 403)
    refused(served.person("desk-2").get("/case-counts"), "station.other", 403)
    refused(served.person("lead-1").get("/cases/pda-7.999"), "case.none", 404)


def test_too_many_wrong_passwords(served: ServedHub) -> None:
    stranger = served.stranger()
    came = [stranger.post("/sign-in", {"name": "lead-1", "password": "wrong"}) for _ in range(6)]
    refused(came[0], "sign_in.wrong", 401)
    refused(came[5], "sign_in.wait", 429)
    assert int(came[5].headers["retry-after"]) > 0
