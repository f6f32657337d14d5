"""Which case comes next, whose it is and for how long; what a person who audits may see."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from central_hub.deciding.queueing import (
    RISK_MS_EACH,
    AuditTerms,
    Lease,
    LeaseClock,
    LeaseError,
    Place,
    barred_persons,
    barred_text,
    barred_word,
    blinded,
    check_lease,
    place_of,
    ticked,
    waits_for_audit,
)
from inspection.case import Case
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import (
    AuditDecided,
    AuditOpinion,
    AuditOverdue,
    CaseOpened,
    CaseWithdrawn,
    InspectionConcluded,
    PhotoTaken,
    RecallOrdered,
    RecheckConcluded,
    StickerIssued,
    StickerWithheld,
    SuspicionRaised,
    Vehicle,
    VehicleReturned,
)
from passlane.demo.vehicles import made_up_vin

VIN = made_up_vin("LZZAA1A2", "RA000017")
DIGEST = "a" * 64
DUE = 1_780_086_400_000
OPENED = CaseOpened(regime="jianyan", serial="S1", vehicle=Vehicle(vin=VIN), station="ST01", inspector="p-1")
ISSUED = StickerIssued(
    number="PL1", payload=b"", valid_until=date(2027, 5, 28), audit_due=DUE, rulebook="r", reasons=()
)
PASS = AuditOpinion(decision="pass", auditor="p-8", round=1)
SUSPICIOUS = AuditOpinion(decision="suspicious", auditor="p-9", round=1, reason="procedure")


def case(**changes: object) -> Case:
    ref = PhotoRef(digest=DIGEST, media="image/jpeg", size=1, width=64, height=48)
    photo = PhotoTaken(kind="0113", photo=ref, vin=VinFinding(vin=VIN, confidence=0.99, accepted=True))
    made = Case(
        case="lane-1.1",
        opened=OPENED,
        all_photos=(photo,),
        stored=frozenset({DIGEST}),
        concluded=InspectionConcluded(outcome="pass", by="p-2"),
        issued=ISSUED,
    )
    return replace(made, **changes)


def lease(**changes: object) -> Lease:
    fields: dict[str, object] = {
        "token": "7",
        "case": "lane-1.1",
        "person": "p-9",
        "round": 1,
        "due": DUE,
        "taken": 0,
        "until": 300_000,
    }
    return Lease(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_case_waits_in_the_order_of_its_deadline() -> None:
    assert place_of(case()) == Place(queued=True, order=DUE, light="green", barred="\np-1\n\np-2\n")


def test_each_point_of_risk_brings_it_six_minutes_forward() -> None:
    risky = place_of(case(suspicions=(SuspicionRaised(rule="tempo", detail="", weight=2),)))
    assert (risky.order, risky.light) == (DUE - 40 * RISK_MS_EACH, "yellow")
    assert RISK_MS_EACH == 360_000


def test_a_suspected_case_goes_first_and_a_second_opinion_keeps_its_place() -> None:
    suspected, second = place_of(case(opinions=(SUSPICIOUS,))), place_of(case(opinions=(PASS,)))
    assert suspected.order == DUE - 100 * RISK_MS_EACH
    assert (second.order, second.barred) == (DUE, "\np-1\n\np-2\n\np-8\n")


def test_where_two_differ_whoever_may_not_settle_is_barred() -> None:
    assert barred_word("*") not in place_of(case(opinions=(PASS,))).barred
    assert barred_word("*") in place_of(case(opinions=(PASS, SUSPICIOUS))).barred


@pytest.mark.parametrize(
    ("changes", "waits"),
    [
        ({}, True),
        ({"opened": None}, False),
        ({"opened": replace(OPENED, regime="chayan")}, False),
        ({"overdue": AuditOverdue(due=DUE)}, True),
        ({"issued": None}, False),
        ({"issued": None, "withheld": StickerWithheld(rulebook="r", reasons=(), audit_due=DUE)}, True),
        ({"issued": None, "withheld": StickerWithheld(rulebook="r", reasons=())}, False),
        ({"audits": (AuditDecided(decision="pass", auditor="p-8"),)}, False),
        ({"recall": RecallOrdered(reason="procedure", station="ST01")}, False),
        ({"withdrawn": CaseWithdrawn(reason="sold", by="p-1")}, False),
    ],
)
def test_what_waits_for_an_audit_is_handed_out_and_nothing_else(changes: dict[str, object], *, waits: bool) -> None:
    assert waits_for_audit(case(**changes)) is waits
    assert place_of(case(**changes)).queued is waits


def test_whoever_inspected_concluded_or_thought_about_a_case_is_barred() -> None:
    assert barred_persons(case(opinions=(PASS,))) == {"p-1", "p-2", "p-8"}
    assert barred_persons(Case(case="lane-1.1")) == set()


def test_a_device_cannot_bar_many_with_one_name() -> None:
    odd = barred_text(frozenset({"p-1\np-8\np-9"}))
    assert barred_word("p-8") not in odd
    assert barred_word("p-1\np-8\np-9") in odd


def test_lease_time_is_the_hubs_as_long_as_that_goes_on() -> None:
    assert ticked(LeaseClock(), 5_000) == LeaseClock(latest=5_000)
    assert ticked(LeaseClock(latest=5_000), 5_000) == LeaseClock(latest=5_000)


def test_a_hubs_clock_that_is_put_back_an_hour_frees_no_lease_and_lengthens_none() -> None:
    hour = 3_600_000
    clock = ticked(LeaseClock(), 10 * hour)
    back = ticked(clock, 9 * hour)
    assert back == LeaseClock(latest=10 * hour, ahead=hour)
    assert ticked(back, 9 * hour + 60_000).latest == 10 * hour + 60_000
    # And where it was right before, all is as it was.
    assert ticked(ticked(back, 9 * hour + 60_000), 10 * hour + 90_000) == LeaseClock(latest=10 * hour + 90_000)
    # Put back once more while it is behind.
    assert ticked(back, 8 * hour) == LeaseClock(latest=10 * hour, ahead=2 * hour)


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_lease_time_never_goes_back_and_never_stands_behind_the_hubs_clock(times: list[int]) -> None:
    clock = LeaseClock()
    for now in times:
        before, clock = clock, ticked(clock, now)
        assert clock.latest >= max(before.latest, now)
        assert clock.latest == now + clock.ahead


def test_a_lease_holds_for_its_person_until_it_ends() -> None:
    assert check_lease(lease(), "p-9", now=299_999) == lease()


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (None, "audit.no_lease"),
        (lease(person="p-8"), "audit.held"),
        (lease(ended="decided"), "audit.decided"),
        (lease(ended="released"), "audit.lease_expired"),
        (lease(ended="expired"), "audit.lease_expired"),
        (lease(until=1_000), "audit.lease_expired"),
    ],
)
def test_without_a_lease_that_holds_nothing_is_done_and_it_is_said_why(held: Lease | None, code: str) -> None:
    with pytest.raises(LeaseError) as refused:
        check_lease(held, "p-9", now=1_000)
    assert refused.value.code == code
    assert refused.value.zh


def test_who_looks_sees_neither_an_opinion_nor_what_became_of_the_case() -> None:
    returned = VehicleReturned(by="p-1", station="ST01")
    proven = case(
        opinions=(SUSPICIOUS,),
        audits=(AuditDecided(decision="suspicious", auditor="p-8", reason="procedure"),),
        recall=RecallOrdered(reason="procedure", station="ST01"),
        reports=(CaseWithdrawn(reason="sold", by="p-1"), returned),
        returned=returned,
        recheck=RecheckConcluded(result="proven", by="p-7", reason="procedure"),
        overdue=AuditOverdue(due=DUE),
    )
    shown = blinded(proven, due=DUE + 5)
    assert shown == blinded(case(reports=(CaseWithdrawn(reason="sold", by="p-1"),)), due=DUE + 5)
    assert (shown.stage, shown.audit_due, shown.opinions) == ("audit_pending", DUE + 5, ())


def test_of_a_case_that_has_no_sticker_the_same_is_shown() -> None:
    withheld = StickerWithheld(rulebook="r", reasons=(), audit_due=DUE, audit_first=True)
    shown = blinded(case(issued=None, withheld=withheld, opinions=(PASS,)), due=DUE + 5)
    assert (shown.stage, shown.audit_due) == ("audit_first", DUE + 5)
    both = blinded(case(withheld=withheld), due=DUE + 5)
    assert both.withheld == withheld
    assert blinded(case(issued=None), due=DUE).stage == "concluded"


def test_an_offices_terms_are_given_in_units_that_people_use() -> None:
    terms = AuditTerms(lease_seconds=60, recall_days=2)
    assert (terms.lease_ms, terms.recall_ms) == (60_000, 172_800_000)
