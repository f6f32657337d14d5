"""Stickers by HTTP: no label without a print, no paper of another station's, exact vehicles."""

import msgspec
import pytest

from central_hub.doors.openapi.stickers import ExactVehicle
from inspection.facts import StickerPrinted
from inspection.wire import decode_entry
from passlane.demo.vehicles import made_up_vin
from tests.central_hub.doors.openapi.served_hub import ServedHub
from tests.central_hub.simulated_device import VIN, private_car

OTHER_CAR = private_car(vin=made_up_vin("LZZAA1A2", "RA000099"), plate="京A54321")


@pytest.fixture
def number(served: ServedHub) -> str:
    case = served.inspected(served.device())
    return str(served.person("lead-1").done("GET", f"/cases/{case}")["sticker"]["number"])


def test_each_print_is_a_fact_with_the_person_who_made_it(served: ServedHub, number: str) -> None:
    assert served.person("desk-1").post(f"/stickers/{number}/prints", {"printer": "counter 1"}).status == 200
    rows = served.db.rows("SELECT raw FROM entries WHERE kind = 'StickerPrinted'")
    facts = [decode_entry(row["raw"]).entry.fact for row in rows]
    assert facts == [StickerPrinted(number=number, copy=1, by="desk-1", printer="counter 1")]


def test_looking_at_a_certificate_is_no_print(served: ServedHub, number: str) -> None:
    desk = served.person("desk-1")
    first = desk.get(f"/stickers/{number}/certificate.pdf")
    assert first.headers["content-disposition"] == f'attachment; filename="{number}.pdf"'
    assert desk.get(f"/stickers/{number}/certificate").said["certificate"]["status"] == "valid"
    assert desk.done("GET", f"/stickers/{number}")["prints"] == []


def test_another_station_prints_nothing_of_it(served: ServedHub, number: str) -> None:
    desk = served.person("desk-2")
    for method, path in (("POST", "prints"), ("GET", "certificate"), ("GET", "certificate.pdf")):
        body: dict[str, str] | None = {} if method == "POST" else None
        assert desk.ask(method, f"/stickers/{number}/{path}", body).status == 404
    assert desk.post("/stickers/PL99999999/prints", {}).code == "sticker.none"


def test_the_address_of_a_sticker_is_as_good_as_its_text(served: ServedHub, number: str) -> None:
    text = served.person("lead-1").done("GET", f"/stickers/{number}")["text"]
    for shown in (text, text.lower(), f"https://stickers.example/s/{text}"):
        said = served.stranger().done("POST", "/stickers/check", {"text": shown, "vin": VIN})
        assert (said["number"], said["vehicle"]) == (number, "same")


def test_a_new_range_that_is_used_up_at_once_leaves_the_rest_waiting(served: ServedHub) -> None:
    device = served.device()
    city = served.person("city-1")
    empty = {"prefix": "A", "first": 1, "last": 1, "holder": device.station}
    city.done("POST", "/sticker-ranges", empty)
    void = {"number": "A00000001", "holder": device.station, "reason": "spoilt"}
    city.done("POST", "/sticker-ranges/voided", void)
    cars = [served.inspected(device, vehicle) for vehicle in (None, OTHER_CAR)]
    went_on = city.done("POST", "/sticker-ranges", {**empty, "first": 2, "last": 2})["went_on"]
    stages = sorted(city.done("GET", f"/cases/{case}")["stage"] for case in cars)
    assert went_on == 1
    assert stages == ["audit_pending", "concluded"]


def test_a_number_that_is_missing_from_the_ledger_is_named(served: ServedHub, number: str) -> None:
    served.inspected(served.device("pda-8"), OTHER_CAR)
    city = served.person("city-1")
    assert city.done("GET", "/sticker-ranges/proof")["whole"]
    missing = "DELETE FROM entries WHERE pos = (SELECT min(pos) FROM entries WHERE kind = 'StickerIssued')"
    served.do(lambda: served.db.execute(missing))
    proof = city.done("GET", "/sticker-ranges/proof")
    assert (proof["whole"], proof["code"]) == (False, "number.gap")
    assert number in proof["broken"]


def test_a_vehicles_field_that_does_not_exist_is_a_mistake() -> None:
    with pytest.raises(msgspec.ValidationError, match="inssured"):
        msgspec.json.decode(b'{"vin": "X", "inssured_until": "2027-01-01"}', type=ExactVehicle)
