import pytest

from central_hub.console.lists_view import (
    HOUR_MS,
    case_line,
    device_line,
    refusal_line,
    stage_counts,
    time_left,
)
from central_hub.console.texts import texts_in
from central_hub.settings import HubSettings, Station

EN = texts_in("en")
SETTINGS = HubSettings(skew_seconds_max=60, silence_hours_max=2, stations=(Station(id="ST01", name="North station"),))
NOW = 1_780_000_000_000
ROW: dict[str, object] = {
    "case_id": "pda-1.1", "regime": "jianyan", "station": "ST01", "inspector": "i", "device": "pda-1", "serial": "S1",
    "plate_kind": "02", "plate": "京A12345", "vin": "V", "stage": "audit_pending", "opened": NOW,
    "audit_due": NOW + HOUR_MS, "waiting": 1,
}  # fmt: skip
DEVICE: dict[str, object] = {
    "device": "pda-1", "kind": "pda", "station": "ST02", "have": 7, "contact": NOW - HOUR_MS, "skew": -1_500,
    "revoked": 0, "quarantined": "", "told": 9, "told_at": NOW - HOUR_MS, "photos_waiting": 4, "refused": 1,
    "after_told": None, "open_directives": 2, "directives_since": NOW,
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


def test_a_device_is_a_line_of_what_it_told_and_what_is_here() -> None:
    line = device_line(DEVICE, settings=SETTINGS, now=NOW)
    assert (line.told, line.have, line.missing, line.lost) == (9, 7, 2, 0)
    assert (line.age, line.silent, line.skew, line.skewed) == ("1:00", False, "-1.5 s", False)
    assert (line.station, line.photos_waiting, line.refused, line.open_directives) == ("ST02", 4, 1, 2)
    assert (line.quarantined, line.revoked) == ("", False)


@pytest.mark.parametrize(
    ("skew", "said"),
    [(0, "+0.0 s"), (HOUR_MS - 100, "+3599.9 s"), (HOUR_MS, "+1:00"), (-25 * HOUR_MS - 60_000, "-25:01")],
)
def test_how_far_a_clock_is_off_is_said_in_seconds_and_from_an_hour_on_in_hours(skew: int, said: str) -> None:
    assert device_line({**DEVICE, "skew": skew}, settings=SETTINGS, now=NOW).skew == said


@pytest.mark.parametrize("skew", [60_001, -60_001])
def test_a_clock_far_off_is_marked(skew: int) -> None:
    assert device_line({**DEVICE, "skew": skew}, settings=SETTINGS, now=NOW).skewed


def test_a_device_that_was_never_heard_is_silent_and_has_no_clock() -> None:
    line = device_line({**DEVICE, "contact": 0, "skew": 60_001}, settings=SETTINGS, now=NOW)
    assert (line.silent, line.skewed, line.age, line.skew, line.contact) == (True, False, "", "", "")


def test_a_device_that_nobody_heard_for_long_is_marked() -> None:
    assert device_line({**DEVICE, "contact": NOW - 2 * HOUR_MS - 1}, settings=SETTINGS, now=NOW).silent


def test_a_quarantined_device_a_revoked_one_and_one_that_lost_facts_are_marked() -> None:
    odd = {"quarantined": "batch.fork: why", "revoked": 1, "told": 3, "after_told": NOW - 2 * HOUR_MS}
    line = device_line({**DEVICE, **odd}, settings=SETTINGS, now=NOW)
    assert (line.quarantined, line.revoked) == ("batch.fork: why", True)
    assert (line.told, line.have, line.lost, line.missing) == (3, 7, 4, 0)


def test_a_device_has_written_what_it_sent_since_it_last_told() -> None:
    line = device_line({**DEVICE, "told": 3, "after_told": NOW}, settings=SETTINGS, now=NOW)
    assert (line.told, line.have, line.lost) == (7, 7, 0)


def test_refusals_are_said_in_words_whoever_sent_them() -> None:
    counted = refusal_line({"device": "", "code": "device.unknown", "count": 4}, EN)
    newest = refusal_line({"id": 1, "at": 0, "device": "pda-1", "code": "x.y", "text": "why", "size": 9}, EN)
    assert (counted.device, counted.words, counted.count) == ("unknown device", "device not enrolled", 4)
    assert (newest.words, newest.at, newest.text, newest.size) == ("x.y", "1970-01-01 08:00:00", "why", 9)


def test_who_may_be_asked_is_not_told_what_others_thought() -> None:
    suspected: dict[str, object] = {**ROW, "stage": "suspected", "light": "red", "holder": "wu", "barred": "\ni\n"}
    line = case_line(suspected, settings=SETTINGS, texts=EN, now=NOW, blind=True)
    assert (line.stage_code, line.round, line.light, line.holder) == ("audit_pending", 0, "red", "wu")
    counted = stage_counts({"suspected": 1, "second_review": 2, "archived": 3}, EN, blind=True)
    assert counted == (("audit_pending", "Issued, audit pending", 3), ("archived", "Archived", 3))


@pytest.mark.parametrize(
    ("stage", "barred", "opinion"),
    [("audit_pending", "", 1), ("second_review", "\nwu\n", 2), ("suspected", "\n*\n\nwu\n", 3)],
)
def test_who_leads_the_audit_sees_which_opinion_comes_next(stage: str, barred: str, opinion: int) -> None:
    row: dict[str, object] = {**ROW, "stage": stage, "barred": barred, "holder": ""}
    line = case_line(row, settings=SETTINGS, texts=EN, now=NOW)
    assert (line.stage_code, line.round) == (stage, opinion)
