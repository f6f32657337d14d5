import json
from datetime import date
from typing import Any

import pytest

from inspection.facts import AuditDecided
from inspection.identities import IdentityError
from inspection.rules import required_by, shipped_rulebooks
from passlane import UsageError
from passlane.engine.decide_input import (
    CaseText,
    case_of,
    circumstances_of,
    opened_by,
    parse_case,
    permission_of,
)

BOOK = shipped_rulebooks()[-1]
TODAY = date(2026, 5, 28)
VIN = "L00PA55L4N0000017"  # invented
CAR = {"vin": VIN, "vehicle_class": "K33", "use": "A", "insured_until": "2026-05-28"}


def told(**changes: Any) -> CaseText:
    return parse_case(json.dumps({"vehicle": CAR, **changes}))


def folded(**changes: Any) -> Any:
    text = told(**changes)
    return case_of(text, required_by(opened_by(text), BOOK))


def test_what_is_left_out_is_as_it_has_to_be() -> None:
    case = folded()
    requirement = required_by(opened_by(told()), BOOK)
    assert {item.item for item in case.items} == {item.code for item in requirement.items}
    assert {photo.kind for photo in case.photos} == {photo.code for photo in requirement.photos}
    assert case.missing_bytes == frozenset()
    assert (case.vin, case.concluded.outcome, case.audit) == (VIN, "pass", None)


def test_what_is_told_is_what_the_case_holds() -> None:
    case = folded(items={"04": "fail"}, photos=["0111", "0113"], photos_waiting=["0111"], outcome="fail")
    assert [(item.item, item.mark) for item in case.items] == [("04", "fail")]
    assert len(case.missing_bytes) == 1
    assert case.concluded.outcome == "fail"
    assert case.vin == VIN


def test_a_reading_may_be_another_one_none_or_one_that_a_person_confirmed() -> None:
    assert folded(vin={"read": "L00PA55L4N0000011"}).vin == "L00PA55L4N0000011"
    assert folded(vin={"read": "", "accepted": False}).vin == ""
    confirmed = folded(vin={"read": "", "accepted": False, "confirmed": VIN})
    assert (confirmed.vin, confirmed.vin_seen_by_person) == (VIN, True)


def test_an_inspection_goes_on_ends_without_a_verdict_or_was_audited() -> None:
    assert folded(outcome=None).concluded is None
    left = folded(abandoned="drove off")
    assert (left.concluded, left.abandoned.reason) == (None, "drove off")
    audited = folded(audit="pass")
    assert isinstance(audited.audit, AuditDecided)
    assert audited.audit.seen == audited.device_facts


def test_the_circumstances_are_those_that_are_told() -> None:
    text = told(
        station={"id": "ST01", "admitted": False, "listed": True, "suspended": True, "province": "京"},
        valid_sticker={"number": "PL1", "valid_until": "2027-01-01"},
        earlier_attempt="failed",
        earlier_sticker="PL2",
        open_recall="lane-1.9",
    )
    around = circumstances_of(text, BOOK, TODAY)
    assert (around.standing.admitted, around.standing.listed, around.standing.suspended) == (False, True, True)
    assert around.valid_sticker == ("PL1", date(2027, 1, 1))
    assert (around.province, around.earlier_attempt) == ("京", "failed")
    assert (around.earlier_sticker, around.open_recall) == ("PL2", "lane-1.9")
    assert circumstances_of(told(), BOOK, TODAY).valid_sticker is None


def test_filings_are_judged_where_some_are_told() -> None:
    assert permission_of(told(), BOOK, TODAY).reasons == ()
    filing = {"t": "inspector", "id": "p-zhao", "name": "Zhao", "valid_until": "2026-05-28"}
    assert permission_of(told(filings=[filing], inspector="p-zhao"), BOOK, TODAY).allowed
    refused = permission_of(told(filings=[filing], inspector="p-li"), BOOK, TODAY)
    assert [one.code for one in refused.failed] == ["inspector.filed"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "CASE.json"),
        ("{}", "vehicle"),
        ('{"vehicle": {"vin": "x", "colour": "red"}}', "unknown field `colour`"),
        ('{"vehicle": {"vin": "x"}, "shade": 1}', "unknown field `shade`"),
        ('{"vehicle": {"vin": "x"}, "outcome": "maybe"}', "outcome"),
        ('{"vehicle": {"vin": "x"}, "day": "28.5.2026"}', "day"),
        ('{"vehicle": {"vin": "x"}, "items": {"04": "ok"}}', "items"),
    ],
)
def test_a_file_that_is_no_case_is_refused_by_its_key(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_case(text)


def test_a_device_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(IdentityError):
        folded(device="Device 1")
