import pytest

from central_hub.console.lists_view import (
    HOUR_MS,
    SKEW_MS_MAX,
    case_line,
    device_line,
    refusal_line,
    stage_counts,
    time_left,
)
from central_hub.console.texts import texts_in
from central_hub.settings import HubSettings, Station

EN = texts_in("en")
SETTINGS = HubSettings(stations=(Station(id="ST01", name="North station"),))
NOW = 1_780_000_000_000
ROW: dict[str, object] = {
    "case_id": "pda-1.1", "regime": "jianyan", "station": "ST01", "inspector": "i", "device": "pda-1", "serial": "S1",
    "plate_kind": "02", "plate": "京A12345", "vin": "V", "stage": "audit_pending", "opened": NOW,
    "audit_due": NOW + HOUR_MS, "waiting": 1,
}  # fmt: skip
DEVICE: dict[str, object] = {
    "device": "pda-1", "kind": "pda", "station": "ST02", "public_key": b"k", "password": "secret", "have": 7,
    "head": b"h", "contact": NOW - HOUR_MS, "skew": -1_500, "directives": 3,
}  # fmt: skip


@pytest.mark.parametrize(
    ("left", "text", "urgency"),
    [
        (24 * HOUR_MS, "24:00", "calm"),
        (8 * HOUR_MS, "8:00", "calm"),
        (8 * HOUR_MS - 1, "7:59", "soon"),
        (2 * HOUR_MS, "2:00", "soon"),
        (2 * HOUR_MS - 1, "1:59", "urgent"),
        (0, "0:00", "urgent"),
        (-1, "-0:00", "over"),
        (-HOUR_MS, "-1:00", "over"),
    ],
)
def test_the_time_left_is_marked_by_how_near_the_deadline_is(left: int, text: str, urgency: str) -> None:
    shown = time_left(NOW + left, now=NOW, texts=EN)
    assert (shown.text, shown.urgency) == (text, urgency)


def test_a_case_without_a_clock_says_so() -> None:
    assert time_left(0, now=NOW, texts=EN).urgency == "none"


def test_a_case_is_a_line_with_plate_station_and_stage_in_words() -> None:
    line = case_line(ROW, settings=SETTINGS, texts=EN, now=NOW)
    assert (line.vehicle, line.plate_kind, line.station) == ("京A12345", "small vehicle (blue)", "North station")
    assert (line.stage, line.left.text, line.regime) == ("Issued, audit pending", "1:00", "Roadworthiness")


def test_a_new_vehicle_is_named_by_its_serial_and_a_settled_case_has_no_clock() -> None:
    line = case_line({**ROW, "plate": "", "waiting": 0}, settings=SETTINGS, texts=EN, now=NOW)
    assert (line.vehicle, line.plate_kind, line.left.urgency) == ("S1", "", "none")


def test_stages_are_counted_in_the_order_of_a_cases_life() -> None:
    counts = stage_counts({"archived": 2, "failed": 1, "audit_pending": 0}, EN)
    assert counts == (("failed", "Failed", 1), ("archived", "Archived", 2))


def test_a_device_is_a_line_without_its_key_and_password() -> None:
    line = device_line(DEVICE, 2, settings=SETTINGS, now=NOW)
    assert (line.have, line.age, line.skew, line.skewed, line.open_directives) == (7, "1:00", "-1.5 s", False, 2)
    assert line.station == "ST02"
    assert not any("secret" in str(getattr(line, name)) for name in line.__slots__)


def test_a_clock_far_off_is_marked_and_a_silent_device_has_none() -> None:
    off = device_line({**DEVICE, "skew": SKEW_MS_MAX + 1}, 0, settings=SETTINGS, now=NOW)
    silent = device_line({**DEVICE, "contact": 0, "skew": SKEW_MS_MAX + 1}, 0, settings=SETTINGS, now=NOW)
    assert off.skewed
    assert (silent.skewed, silent.age, silent.skew, silent.contact) == (False, "", "", "")


def test_refusals_are_said_in_words_whoever_sent_them() -> None:
    counted = refusal_line({"device": "", "code": "device.unknown", "count": 4}, EN)
    newest = refusal_line({"id": 1, "at": 0, "device": "pda-1", "code": "x.y", "text": "why", "size": 9}, EN)
    assert (counted.device, counted.words, counted.count) == ("unknown device", "device not enrolled", 4)
    assert (newest.words, newest.at, newest.text, newest.size) == ("x.y", "1970-01-01 08:00:00", "why", 9)
