"""A client without a device does the office's work by HTTP alone: stations, numbers, rules, filings, accounts."""

from datetime import date

import pyotp
import pytest

from central_hub.papers.certificate import open_certificate
from inspection.signing import verify
from tests.central_hub.doors.openapi.served_hub import NOW, PASSWORD, Person, ServedHub
from tests.central_hub.simulated_device import STATION

DAY_MS = 86_400_000
RULES = """
id = "local-2027-01-01"
amends = "rules-2022-10-01"
in_force_from = 2027-01-01
source = "a local notice, made up"
"""


def two(first: Person, second: Person, act: str, about: str, reason: str = "agreed") -> None:
    number = first.done("POST", "/acts", {"act": act, "about": about, "reason": reason})["number"]
    second.done("POST", f"/acts/{number}/confirmation")


def test_a_listed_station_loses_sticker_first_at_once_and_gets_it_back_by_two(served: ServedHub) -> None:
    device = served.device()
    city, province, desk = served.person("city-1"), served.person("province-1"), served.person("desk-1")
    assert city.done("GET", f"/stations/{STATION}")["sticker_first"]
    listing = {"reason": city.done("GET", "/codes")["listing"][0]["code"], "note": "three proven", "ends": "2026-12-31"}
    assert city.done("POST", f"/stations/{STATION}/listing", listing)["listed"]
    assert city.post(f"/stations/{STATION}/listing", listing).code == "standing.listed"
    case = served.inspected(device)
    assert city.done("GET", f"/cases/{case}")["stage"] == "audit_first"
    why = desk.done("GET", f"/stations/{STATION}")
    assert not why["sticker_first"]
    assert [line["station"] for line in desk.done("GET", "/stations")] == [STATION]
    assert desk.get("/stations/ST02").code == "station.other"
    desk.done("POST", f"/stations/{STATION}/appeals", {"text": "it was another station"})
    answer = {"granted": True, "reason": "so it was"}
    assert city.post(f"/stations/{STATION}/appeals/decision", answer).code == "appeal.own"
    province.done("POST", f"/stations/{STATION}/appeals/decision", answer)
    two(city, province, "station.unlist", STATION)
    assert desk.done("GET", f"/stations/{STATION}")["sticker_first"]


def test_a_suspension_and_an_admission_are_decided(served: ServedHub) -> None:
    city, province = served.person("city-1"), served.person("province-1")
    city.done("POST", f"/stations/{STATION}/suspension", {"reason": "until it is clear"})
    two(city, province, "station.restore", STATION)
    said = {"admit": False, "reason": "its licence ended"}
    assert "admitted" not in city.done("POST", f"/stations/{STATION}/admission", said)
    line = next(line for line in city.done("GET", "/stations") if line["station"] == STATION)
    assert (line["admitted"], line["suspended"], line["name"]) == (False, False, "北环检测站")
    assert city.post("/stations/nowhere/suspension", {"reason": "x"}).code == "standing.unknown"


def test_digests_calls_and_tips_are_read(served: ServedHub) -> None:
    served.inspected(served.device())
    lead, stranger = served.person("lead-1"), served.stranger()
    stranger.done("POST", "/tips", {"text": "they pass cars that were never there", "station": STATION})
    assert [tip["station"] for tip in lead.done("GET", "/tips")] == [STATION]
    week = lead.done("GET", "/digests/weeks/2026-05-28")
    assert week["period"] == {"first": "2026-05-25", "last": "2026-05-31"}
    assert week["counts"]["inspections"] == 1
    assert week["counts"]["tips"] == 1
    assert lead.done("GET", "/digests/months/2026-05-28")["scope"] == "province"
    came = lead.get("/digests/weeks/2026-05-28/csv")
    assert (came.status, came.media) == (200, "text/csv")
    assert came.data.startswith(b"\xef\xbb\xbfsection,")
    assert lead.get("/digests/months/2026-05-28/csv").media == "text/csv"
    served.do(lambda: served.casework.engine.standing.draw_calls(date(2026, 5, 29), bytes(32)))
    assert [line["station"] for line in lead.done("GET", "/calls?day=2026-05-29")] == [STATION]


def test_whoever_tells_too_often_waits(served: ServedHub) -> None:
    stranger = served.stranger()
    came = [stranger.post("/tips", {"text": "again"}) for _ in range(6)]
    assert [one.status for one in came[:5]] == [204] * 5
    assert (came[5].status, came[5].code) == (429, "tip.wait")
    assert int(came[5].headers["retry-after"]) == came[5].said["seconds"] > 0


def test_numbers_are_allotted_voided_and_proven(served: ServedHub) -> None:
    device = served.device()
    city = served.person("city-1")
    allotted = city.done("POST", "/sticker-ranges", {"prefix": "A", "first": 1, "last": 3, "holder": STATION})
    assert (allotted["range"]["left"], allotted["range"]["low"], allotted["went_on"]) == (3, True, 0)
    city.done("POST", "/sticker-ranges/voided", {"number": "A00000001", "holder": STATION, "reason": "spoilt"})
    case = served.inspected(device)
    number = city.done("GET", f"/cases/{case}")["sticker"]["number"]
    assert number == "A00000002"
    proof = city.done("GET", "/sticker-ranges/proof")
    assert proof["whole"]
    (line,) = [line for line in proof["ranges"] if line["prefix"] == "A"]
    assert (line["issued"], line["voided"], line["left"]) == (1, 1, 1)
    assert [line["holder"] for line in city.done("GET", f"/sticker-ranges?holder={STATION}")] == [STATION]


def test_a_case_that_waited_for_a_number_goes_on_with_a_new_range(served: ServedHub) -> None:
    device = served.device()
    city = served.person("city-1")
    city.done("POST", "/sticker-ranges", {"prefix": "A", "first": 1, "last": 1, "holder": STATION})
    city.done("POST", "/sticker-ranges/voided", {"number": "A00000001", "holder": STATION, "reason": "spoilt"})
    case = served.inspected(device)
    assert city.done("GET", f"/cases/{case}")["stage"] == "concluded"
    more = {"prefix": "A", "first": 2, "last": 2, "holder": STATION}
    assert city.done("POST", "/sticker-ranges", more)["went_on"] == 1
    assert city.done("GET", f"/cases/{case}")["sticker"]["number"] == "A00000002"


def test_a_sticker_is_printed_once_and_again_when_that_was_allowed(served: ServedHub) -> None:
    case = served.inspected(served.device())
    lead, desk = served.person("lead-1"), served.person("desk-1")
    number = desk.done("GET", f"/cases/{case}")["sticker"]["number"]
    came = desk.post(f"/stickers/{number}/prints", {"printer": "counter 1"})
    assert (came.status, came.media, came.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert desk.post(f"/stickers/{number}/prints", {}).code == "print.again"
    assert desk.post(f"/stickers/{number}/reprints", {"cause": "torn"}).code == "right.missing"
    assert lead.done("POST", f"/stickers/{number}/reprints", {"cause": "torn"}) == {"copy": 2}
    came = desk.post(f"/stickers/{number}/prints", {"paper": "certificate", "cause": "torn"})
    assert came.media == "application/pdf"
    view = desk.done("GET", f"/stickers/{number}")
    assert [(line["copy"], line["allowed"]) for line in view["prints"]] == [(1, True), (2, True)]
    sealed = desk.get(f"/stickers/{number}/certificate")
    assert open_certificate(sealed.data, served.key.public).number == number
    assert desk.get(f"/stickers/{number}/certificate.pdf").data[:5] == b"%PDF-"
    assert served.person("desk-2").get(f"/stickers/{number}").status == 404


def test_a_rulebook_is_proposed_by_one_and_put_in_force_by_two(served: ServedHub) -> None:
    province = served.person("province-1")
    first, second = served.person("operator-1"), served.person("operator-2")
    digest = province.done("POST", "/rules/proposals", {"name": "local.toml", "text": RULES})["digest"]
    assert [(one["digest"], one["adopted"]) for one in first.done("GET", "/rules/proposals")] == [(digest, False)]
    two(first, second, "key.use", digest)
    served.tick()
    assert first.done("GET", "/rules/proposals")[0]["adopted"]
    assert [book["id"] for book in province.done("GET", "/rules")][-1] == "local-2027-01-01"
    assert [book["id"] for book in province.done("GET", "/rules") if book["today"]] == ["rules-2022-10-01"]
    assert province.done("GET", "/rules/days/2027-03-01")["id"] == "local-2027-01-01"


def test_what_is_filed_is_read_again(served: ServedHub) -> None:
    city = served.person("city-1")
    filing = {"t": "terminal", "id": "pda-7", "valid_until": "2027-01-01"}
    assert city.done("PUT", "/filings/terminal/pda-7", filing)["id"] == "pda-7"
    area = {"t": "area", "id": "110101000001", "station": STATION, "valid_until": "2027-01-01"}
    city.done("PUT", "/filings/area/110101000001", area)
    inspector = {"t": "inspector", "id": "inspector-9", "name": "某人", "valid_until": "2027-01-01"}
    city.done("PUT", "/filings/inspector/inspector-9", {**inspector, "scope": {"classes": ["K*"]}})
    assert city.done("GET", "/filings/inspector/inspector-9")["scope"] == {"classes": ["K*"]}
    assert [one["id"] for one in city.done("GET", "/filings/terminal")] == ["pda-7"]
    assert city.get("/filings/terminal/pda-8").code == "filing.none"
    assert city.put("/filings/terminal/pda-8", filing).code == "filing.other"
    assert city.put("/filings/terminal/pda-7", {**filing, "aeras": ["x"]}).code == "request.garbled"
    wide = {**inspector, "id": "city-1"}
    assert city.put("/filings/inspector/city-1", wide).code == "filing.own"


def test_an_account_is_made_signs_in_with_its_second_factor_and_is_locked(served: ServedHub) -> None:
    admin, stranger = served.person("admin-1"), served.stranger()
    made = {"name": "new-1", "title": "新人", "person": "p-new", "roles": ["auditor"], "password": PASSWORD}
    assert admin.done("POST", "/accounts", made)["plain"] is False
    half = stranger.done("POST", "/sign-in", {"name": "new-1", "password": PASSWORD})
    assert half["stage"] == "enrol"
    new = Person(served.port, half["token"])
    secret = new.done("POST", "/me/second-factor")["secret"]
    totp = pyotp.TOTP(secret)
    enrolled = new.done("POST", "/me/second-factor/code", {"code": totp.at(NOW // 1000)})
    assert len(enrolled["recovery"]) == 10
    new = Person(served.port, enrolled["session"]["token"])
    assert new.done("GET", "/me")["roles"] == ["auditor"]
    served.now += 60_000
    half = stranger.done("POST", "/sign-in", {"name": "new-1", "password": PASSWORD})
    assert half["stage"] == "code"
    waiting = Person(served.port, half["token"])
    assert waiting.post("/sign-in/code", {"code": "000000"}).code == "sign_in.code_wrong"
    whole = waiting.done("POST", "/sign-in/code", {"code": totp.at(served.now // 1000)})
    new = Person(served.port, whole["token"])
    changed = new.done("POST", "/me/password", {"old": PASSWORD, "new": "a quieter evening"})
    new = Person(served.port, changed["token"])
    new.done("POST", "/sign-out")
    assert new.get("/me").code == "sign_in.needed"
    wanted = {"title": "新人", "person": "p-new", "roles": ["inspector"], "station": STATION}
    assert admin.done("PUT", "/accounts/new-1", wanted)["station"] == STATION
    assert admin.done("POST", "/accounts/new-1/lock")["locked"]
    refused = stranger.post("/sign-in", {"name": "new-1", "password": "a quieter evening"})
    assert (refused.status, refused.code) == (403, "sign_in.locked")
    admin.done("POST", "/accounts/new-1/unlock")
    admin.done("PUT", "/accounts/new-1/password", {"password": PASSWORD})
    admin.done("DELETE", "/accounts/new-1/second-factor")
    assert stranger.done("POST", "/sign-in", {"name": "new-1", "password": PASSWORD})["stage"] == "whole"
    assert admin.post("/accounts/admin-1/lock").code == "account.own"
    assert "new-1" in [one["name"] for one in admin.done("GET", "/accounts")]


def test_the_audit_is_led(served: ServedHub) -> None:
    case = served.inspected(served.device())
    lead = served.person("lead-1")
    shift = {"person": "auditor-1", "start": served.now, "end": served.now + DAY_MS}
    lead.done("PUT", "/audits/shifts", shift)
    assert lead.done("GET", "/audits/shifts") == [shift]
    forecast = lead.done("GET", "/audits/forecast")
    assert (forecast["waiting"], forecast["staff"], forecast["breaches"]) == (1, 1, [])
    assert lead.put(f"/audits/probes/{case}").code == "audit.no_probe"
    auditor = served.person("auditor-1")
    lease = auditor.done("POST", "/audits/next")["lease"]
    seen = auditor.done("GET", f"/audits/leases/{lease['token']}")["seen"]
    said = {"decision": "pass", "seen": seen, "corrected": "LZZAA1A26RA000018"}
    auditor.done("POST", f"/audits/leases/{lease['token']}/opinion", said)
    (correction,) = lead.done("GET", "/audits/corrections")
    assert (correction["case"], correction["corrected"]) == (case, "LZZAA1A26RA000018")
    assert lead.done("GET", f"/audits/corrections?after={correction['id']}") == []
    figures = lead.done("GET", f"/audits/figures?since={served.now - DAY_MS}&until={served.now + 1}")
    assert [row["person"] for row in figures["auditors"]] == ["auditor-1"]
    assert lead.get("/audits/figures?since=2&until=1").code == "audit.period"
    if lead.done("GET", f"/cases/{case}")["stage"] == "archived":
        lead.done("PUT", f"/audits/probes/{case}")
        assert [probe["case"] for probe in lead.done("GET", "/audits/probes")] == [case]
        lead.done("DELETE", f"/audits/probes/{case}")
    assert lead.done("GET", "/audits/probes") == []


def test_samples_are_committed_to_before_the_day_and_shown_after_it(served: ServedHub) -> None:
    days = served.stranger().done("GET", "/audits/samples")
    assert [day["seed"] for day in days] == [""] * len(days)
    served.now += 2 * DAY_MS
    served.tick()
    shown = [day for day in served.stranger().done("GET", "/audits/samples") if day["seed"]]
    assert shown
    day = shown[0]["day"]
    assert served.person("lead-1").done("GET", f"/audits/samples/{day}/check?share=0.05")["wrong"] == []


@pytest.mark.parametrize("name", ["lead-1", "city-1"])
def test_the_ledger_is_sealed_by_the_key_that_is_published(served: ServedHub, name: str) -> None:
    seal = served.person(name).done("GET", "/ledger")
    assert served.stranger().done("GET", "/keys") == {"keys": [seal["key"]]}
    data = seal["size"].to_bytes(8, "big") + bytes.fromhex(seal["root"])
    verify(bytes.fromhex(seal["key"]), "seal", data, bytes.fromhex(seal["signature"]))


def test_devices_and_roles_are_listed(served: ServedHub) -> None:
    served.inspected(served.device())
    operator = served.person("operator-1")
    (device,) = operator.done("GET", "/devices")
    assert (device["device"], device["station"]) == ("pda-7", STATION)
    assert "administrator" in [role["code"] for role in operator.done("GET", "/roles")]
