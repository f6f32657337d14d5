"""Figures come from what people did; what is published of a day can be drawn again from the ledger alone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from central_hub.clock import day_of
from central_hub.deciding.agreement import Share
from central_hub.deciding.forecasting import Shift
from central_hub.deciding.queueing import AuditTerms
from central_hub.deciding.sampling import drawn
from central_hub.desks.audit_figures import (
    OPINIONS_MEASURED_MIN,
    Period,
    audit_figures,
    audit_forecast,
    check_day,
    preaudit_figures,
    seconds_a_case,
)
from inspection.facts import AuditDecided, RecheckConcluded, VehicleReturned
from tests.central_hub.audit_office import DAY, HOUR, NOW, Office, auditor
from tests.central_hub.simulated_device import STATION

pytestmark = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)

A, B = auditor("p-a"), auditor("p-b")
LEADER = auditor("p-l", roles=("auditor", "lead_auditor"))
TODAY = Period(since=NOW - HOUR, until=NOW + HOUR)


@pytest.fixture
def office(tmp_path: Path, store: str) -> Iterator[Office]:
    made = Office(tmp_path / "hub", store)
    yield made
    made.db.close()


def test_a_breach_is_forecast_hours_before_and_told_once(office: Office) -> None:
    lane = office.device()
    late, fine = office.waiting(lane, hours=5), office.waiting(lane, hours=10)
    shift = Shift(person="p-a", start=NOW + 8 * HOUR, end=NOW + 16 * HOUR)
    office.do(lambda: office.audits.set_shift(LEADER, shift))
    seen = audit_forecast(office.db, office.terms, now=NOW)
    assert [breach.case for breach in seen.breaches] == [late]
    assert (seen.waiting, seen.staff, seen.seconds_a_case, seen.done) == (2, 0, 120, NOW + 8 * HOUR + 240_000)
    assert office.do(lambda: office.audits.escalate(seen)) == 1
    again = audit_forecast(office.db, office.terms, now=NOW)
    assert [breach.told for breach in again.breaches] == [1]
    assert office.hand.case(fine).escalations == ()
    # Who sits down now decides it before it is due.
    office.do(lambda: office.audits.set_shift(LEADER, Shift(person="p-b", start=NOW, end=NOW + HOUR)))
    assert audit_forecast(office.db, office.terms, now=NOW).breaches == ()


def test_a_case_that_may_need_a_second_opinion_takes_longer_and_one_that_has_one_does_not(office: Office) -> None:
    lane = office.device()
    office.waiting(lane)
    office.do(lambda: office.audits.set_shift(LEADER, Shift(person="p-b", start=NOW, end=NOW + HOUR)))
    terms = AuditTerms(second_share=0.5)
    assert audit_forecast(office.db, terms, now=NOW).done == NOW + 180_000
    office.decide(A, office.next(A), "suspicious")
    assert audit_forecast(office.db, terms, now=NOW).done == NOW + 120_000


def test_how_long_a_case_takes_is_measured_once_there_is_enough(office: Office) -> None:
    lane = office.device()
    for _ in range(OPINIONS_MEASURED_MIN):
        assert seconds_a_case(office.db) == 0
        office.waiting(lane)
        lease = office.next(A)
        office.now += 40_000
        office.decide(A, lease)
    assert seconds_a_case(office.db) == 40


def test_each_auditor_is_shown_beside_the_others_and_the_end_of_the_case(office: Office) -> None:
    lane = office.device()
    passed, proven = office.waiting(lane, hours=1), office.waiting(lane, hours=2)
    office.decide(A, office.next(A))
    office.decide(A, office.next(A), "suspicious")
    office.decide(B, office.next(B), "suspicious")
    proof = (
        VehicleReturned(by="p-x", station=STATION),
        RecheckConcluded(result="cleared", by="p-x", reason="procedure"),
    )
    office.do(lambda: office.hand.write(proven, *proof))
    office.do(lambda: office.hand.follow_up(proven))
    a, b = audit_figures(office.db, TODAY)
    assert (a.person, a.opinions, a.suspicious) == ("p-a", 2, Share(count=1, of=2))
    # One was cleared when the vehicle came back: two had suspected it.
    assert (a.overturned, b.overturned) == (Share(count=1, of=2), Share(count=1, of=1))
    assert (a.agreement, b.agreement) == (Share(count=1, of=1), Share(count=1, of=1))
    assert office.hand.case(passed).stage == "archived"
    assert audit_figures(office.db, Period(since=NOW + HOUR, until=NOW + DAY)) == ()


def test_known_answers_stand_beside_the_name(office: Office) -> None:
    lane = office.device()
    known = office.waiting(lane, hours=1)
    office.decide(A, office.next(A))
    office.do(lambda: office.audits.add_probe(LEADER, known))
    office.waiting(lane)
    office.terms = AuditTerms(second_share=0.0, probe_share=1.0)
    office.decide(B, office.next(B), "suspicious")
    rows = {row.person: row for row in audit_figures(office.db, TODAY)}
    assert rows["p-b"].probes == Share(count=0, of=1)
    assert (rows["p-b"].opinions, rows["p-a"].probes) == (0, Share(count=0, of=0))


def test_the_pre_audits_misses_are_published(office: Office) -> None:
    lane = office.device()
    for accepted, decision in ((True, "pass"), (True, "suspicious"), (False, "pass")):
        office.waiting(lane, accepted=accepted)
        office.decide(A, office.next(A), decision)
        if decision == "suspicious":
            office.decide(B, office.next(B), decision)
    row = preaudit_figures(office.db, TODAY)
    assert (row.cases, row.misses, row.yellow) == (3, Share(count=1, of=2), Share(count=0, of=1))
    assert preaudit_figures(office.db, Period(since=0, until=1)).cases == 0


def test_a_days_draws_can_be_checked_from_the_ledger_once_its_seed_was_shown(office: Office) -> None:
    lane = office.device()
    # The first day's seed was committed to on that very day; the next one's is as it should be.
    office.now += DAY
    office.do(office.keep_days)
    office.terms = AuditTerms(second_share=0.4, probe_share=0.0)
    cases = [office.waiting(lane, hours=hours) for hours in range(1, 13)]
    office.pass_all(A, B)
    day = day_of(office.now)
    assert check_day(office.db, day, share=0.4) == (f"{day}: no seed was committed to and shown",)
    office.now += DAY
    office.do(office.keep_days)
    assert check_day(office.db, day, share=0.4) == ()
    alone = next(case for case in cases if not drawn(bytes(range(32)), case, 0.4))
    wrong = check_day(office.db, day, share=1.0)
    assert f"{day}: {alone} was drawn and had no second review" in wrong
    (late,) = check_day(office.db, day - timedelta(days=1), share=0.4)
    assert "not before the day" in late
    assert check_day(office.db, day + timedelta(days=9), share=0.4) != ()
    assert len(office.written(AuditDecided)) == 12
