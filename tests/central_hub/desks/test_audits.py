"""Two people never hold one case, nobody decides what they may not, and no sample can be chosen."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from central_hub import HubError
from central_hub.clock import day_of
from central_hub.deciding.forecasting import Breach, Forecast, Shift
from central_hub.deciding.queueing import AuditTerms, Lease
from central_hub.deciding.sampling import PublishedDay, commitment, drawn, verify_day
from central_hub.desks.audits import Judgement
from inspection.evidence import VinFinding
from inspection.facts import (
    AuditDecided,
    AuditEscalated,
    AuditOpinion,
    CaseWithdrawn,
    ItemChecked,
    ProbeAnswered,
    ReadingCorrected,
    RecallOrdered,
    RecheckConcluded,
    RetakeRequested,
    SampleCommitted,
    SampleRevealed,
    VehicleReturned,
)
from inspection.wire import open_batch
from tests.central_hub.audit_office import DAY, HOUR, NOW, Office, auditor
from tests.central_hub.simulated_device import STATION, VIN, SimulatedDevice

pytestmark = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)

A, B, C = auditor("p-a"), auditor("p-b"), auditor("p-c")
LEADER = auditor("p-l", roles=("auditor", "lead_auditor"))
SEED = bytes(range(32))


@pytest.fixture
def office(tmp_path: Path, store: str) -> Iterator[Office]:
    made = Office(tmp_path / "hub", store)
    yield made
    made.db.close()


@pytest.fixture
def lane(office: Office) -> SimulatedDevice:
    return office.device()


def refused(office: Office, work: object) -> str:
    with pytest.raises(HubError) as error:
        office.do(work)  # type: ignore[arg-type]
    return str(error.value.code)  # type: ignore[attr-defined]


def test_the_nearest_deadline_is_handed_out_first_and_an_empty_queue_gives_nothing(
    office: Office, lane: SimulatedDevice
) -> None:
    assert office.do(lambda: office.audits.take_next(A)) is None
    late, early = office.waiting(lane, hours=24), office.waiting(lane, hours=3)
    assert office.next(A).case == early
    assert office.next(B).case == late
    assert office.do(lambda: office.audits.take_next(C)) is None


def test_a_doubtful_case_goes_before_one_that_is_due_a_little_earlier(office: Office, lane: SimulatedDevice) -> None:
    office.waiting(lane, hours=10)
    doubtful = office.waiting(lane, hours=11, accepted=False)
    assert office.next(A).case == doubtful


def test_a_pass_archives_and_the_next_one_gets_another_case(office: Office, lane: SimulatedDevice) -> None:
    cases = [office.waiting(lane, hours=hours) for hours in (1, 2, 3)]
    office.now += 1_000
    assert office.pass_all(A, B) == cases
    decided = office.written(AuditDecided)
    assert [fact.auditor for fact in decided] == ["p-a", "p-b", "p-a"]
    assert [office.hand.case(case).stage for case in cases] == ["archived"] * 3


def test_who_holds_a_case_gets_the_same_again(office: Office, lane: SimulatedDevice) -> None:
    office.waiting(lane)
    office.waiting(lane)
    first = office.next(A)
    office.now += 60_000
    again = office.next(A)
    assert (again.token, again.case, again.until) == (first.token, first.case, office.now + 300_000)


def test_who_holds_a_case_that_waits_no_longer_gets_another(office: Office, lane: SimulatedDevice) -> None:
    gone, other = office.waiting(lane, hours=1), office.waiting(lane, hours=2)
    first = office.next(A)
    office.do(lambda: office.hand.write(gone, CaseWithdrawn(reason="sold", by="p-x")))
    office.do(lambda: office.hand.follow_up(gone))
    with pytest.raises(HubError, match="does not wait"):
        office.decide(A, first)
    assert (first.case, office.next(A).case) == (gone, other)
    assert refused(office, lambda: office.audits.look(A, first.token)) == "audit.lease_expired"


def test_an_act_on_what_another_holds_is_refused(office: Office, lane: SimulatedDevice) -> None:
    case = office.waiting(lane)
    lease = office.next(A)
    judgement = Judgement(decision="pass", seen=0)
    assert refused(office, lambda: office.audits.decide(B, lease.token, judgement)) == "audit.held"
    assert refused(office, lambda: office.audits.heartbeat(B, lease.token)) == "audit.held"
    assert refused(office, lambda: office.audits.look(B, lease.token)) == "audit.held"
    assert refused(office, lambda: office.audits.take(B, case)) == "audit.held"
    assert office.written(AuditOpinion) == []


@pytest.mark.parametrize("token", ["", "77", "x", "-1", "1" * 40, "1; DROP TABLE cases"])
def test_a_token_that_nobody_was_given_is_refused(office: Office, token: str) -> None:
    assert refused(office, lambda: office.audits.heartbeat(A, token)) == "audit.no_lease"


def test_a_second_decision_is_refused(office: Office, lane: SimulatedDevice) -> None:
    case = office.waiting(lane)
    lease = office.next(A)
    seen = office.decide(A, lease).device_facts
    again = Judgement(decision="pass", seen=seen)
    assert refused(office, lambda: office.audits.decide(A, lease.token, again)) == "audit.decided"
    assert refused(office, lambda: office.audits.take(B, case)) == "audit.decided"
    assert len(office.written(AuditDecided)) == 1


def test_a_suspicion_without_a_reason_is_refused_and_the_case_stays_with_its_auditor(
    office: Office, lane: SimulatedDevice
) -> None:
    office.waiting(lane)
    lease = office.next(A)
    with pytest.raises(HubError, match="coded reasons"):
        office.decide(A, lease, "suspicious", reason="")
    with pytest.raises(HubError, match="facts came since"):
        office.decide(A, lease, seen=0)
    assert office.next(A).token == lease.token
    assert office.decide(A, lease).stage == "archived"


def test_a_lease_ends_without_a_sign_of_life_and_the_case_goes_to_another(
    office: Office, lane: SimulatedDevice
) -> None:
    case = office.waiting(lane)
    lease = office.next(A)
    office.now += 299_000
    office.do(lambda: office.audits.heartbeat(A, lease.token))
    office.now += 299_999
    assert office.do(lambda: office.audits.take_next(B)) is None
    office.now += 1
    assert office.next(B).case == case
    judgement = Judgement(decision="pass", seen=0)
    assert refused(office, lambda: office.audits.decide(A, lease.token, judgement)) == "audit.lease_expired"
    assert refused(office, lambda: office.audits.heartbeat(A, lease.token)) == "audit.lease_expired"


def test_an_expired_lease_decides_nothing_even_where_nobody_else_came(office: Office, lane: SimulatedDevice) -> None:
    office.waiting(lane)
    lease = office.next(A)
    office.now += 300_000
    judgement = Judgement(decision="pass", seen=0)
    assert refused(office, lambda: office.audits.decide(A, lease.token, judgement)) == "audit.lease_expired"
    assert office.next(A).token != lease.token


def test_a_hubs_clock_that_is_put_back_neither_frees_nor_lengthens_a_lease(
    office: Office, lane: SimulatedDevice
) -> None:
    case = office.waiting(lane)
    lease = office.next(A)
    office.now -= HOUR
    assert office.do(lambda: office.audits.take_next(B)) is None
    office.now += 200_000
    assert office.do(lambda: office.audits.look(A, lease.token)).case == case
    office.now += 100_000
    assert office.next(B).case == case
    judgement = Judgement(decision="pass", seen=0)
    assert refused(office, lambda: office.audits.decide(A, lease.token, judgement)) == "audit.lease_expired"


def test_what_is_given_back_comes_again_and_to_the_same_person_too(office: Office, lane: SimulatedDevice) -> None:
    case, other = office.waiting(lane, hours=1), office.waiting(lane, hours=2)
    lease = office.next(A)
    office.do(lambda: office.audits.release(A, lease.token))
    again = office.next(A)
    assert again.case == case
    office.do(lambda: office.audits.release(A, again.token, recused=True))
    assert office.next(A).case == other
    assert office.next(B).case == case
    assert refused(office, lambda: office.audits.heartbeat(A, again.token)) == "audit.lease_expired"


def test_who_asked_not_to_be_given_a_case_cannot_choose_it_either(office: Office, lane: SimulatedDevice) -> None:
    case = office.waiting(lane)
    lease = office.next(A)
    office.do(lambda: office.audits.release(A, lease.token, recused=True))
    assert refused(office, lambda: office.audits.take(A, case)) == "audit.recused"


def test_a_chosen_case_is_held_like_any_other_and_what_was_held_goes_back(
    office: Office, lane: SimulatedDevice
) -> None:
    first, second = office.waiting(lane, hours=1), office.waiting(lane, hours=2)
    third = office.waiting(lane, hours=3)
    office.do(lambda: office.audits.take(C, third))
    before = office.next(A)
    chosen = office.do(lambda: office.audits.take(A, second))
    assert (before.case, chosen.case, chosen.due) == (first, second, NOW + 2 * HOUR)
    assert office.do(lambda: office.audits.take(A, second)).token == chosen.token
    assert office.next(B).case == first


def test_nobody_is_given_their_own_inspection_nor_one_of_their_station(office: Office, lane: SimulatedDevice) -> None:
    case = office.waiting(lane)
    inspector, colleague = auditor("inspector-1"), auditor("p-s", station=STATION)
    for person, code in ((inspector, "audit.own_case"), (colleague, "audit.own_station")):
        assert office.do(lambda person=person: office.audits.take_next(person)) is None  # type: ignore[misc]
        assert refused(office, lambda person=person: office.audits.take(person, case)) == code
    # What one may not have keeps no other case from them, and waits for the next one in its place.
    elsewhere = office.waiting(office.device("lane-2", station="ST02"), hours=30)
    assert office.next(colleague).case == elsewhere
    assert office.next(A).case == case


def test_many_that_one_may_not_have_do_not_hide_the_one_that_they_may(office: Office, lane: SimulatedDevice) -> None:
    for _ in range(20):
        office.waiting(lane, hours=1)
    # Rows that know no conflict: only the facts do.
    office.do(lambda: office.db.execute("UPDATE cases SET barred = '', station = 'ST99'"))
    elsewhere = office.waiting(office.device("lane-2", station="ST02"), hours=30)
    assert office.next(auditor("p-s", station=STATION)).case == elsewhere


def test_a_suspicion_goes_to_a_second_person_who_sees_nothing_of_it(office: Office, lane: SimulatedDevice) -> None:
    case = office.waiting(lane)
    before = office.do(lambda: office.audits.look(A, office.audits.take(A, case).token))
    assert office.decide(A, office.next(A), "suspicious").stage == "suspected"
    assert office.do(lambda: office.audits.take_next(A)) is None
    lease = office.next(B)
    assert (lease.case, lease.round) == (case, 2)
    assert office.do(lambda: office.audits.look(B, lease.token)) == before
    recalled = office.decide(B, lease, "suspicious")
    assert recalled.stage == "recall_ordered"
    (recall,) = office.written(RecallOrdered)
    assert recall.due == NOW + 3 * DAY
    assert office.db.execute("SELECT count(*) FROM directives WHERE device = ?", (lane.name,)).fetchone()[0] == 1


def test_where_two_differ_somebody_with_that_right_decides(office: Office, lane: SimulatedDevice) -> None:
    case = office.waiting(lane)
    office.decide(A, office.next(A), "suspicious")
    office.decide(B, office.next(B))
    assert office.do(lambda: office.audits.take_next(C)) is None
    lease = office.next(LEADER)
    assert (lease.case, lease.round) == (case, 3)
    assert office.decide(LEADER, lease).stage == "archived"
    assert [opinion.round for opinion in office.written(AuditOpinion)] == [1, 2, 3]


def test_a_drawn_share_of_passes_has_a_second_review_and_anybody_can_check_which(
    office: Office, lane: SimulatedDevice
) -> None:
    office.terms = AuditTerms(second_share=0.4, probe_share=0.0)
    cases = [office.waiting(lane, hours=hours) for hours in range(1, 13)]
    office.now += HOUR
    office.pass_all(A, B)
    second = {case: len(office.hand.case(case).opinions) == 2 for case in cases}
    assert second == {case: drawn(SEED, case, 0.4) for case in cases}
    assert 0 < sum(second.values()) < len(cases)
    office.now += DAY
    office.do(office.keep_days)
    (shown,) = office.written(SampleRevealed)
    promised = next(fact for fact in office.written(SampleCommitted) if fact.day == shown.day)
    day = PublishedDay(
        day=shown.day,
        commitment=promised.commitment,
        committed_on=shown.day - timedelta(days=1),
        seed=shown.seed,
    )
    assert verify_day(day, second, share=0.4) == ()


def test_seeds_are_promised_before_their_day_and_shown_after_it_once(office: Office) -> None:
    today = day_of(NOW)
    assert [fact.day for fact in office.written(SampleCommitted)] == [today, today + timedelta(days=1)]
    assert office.written(SampleCommitted)[0].commitment == commitment(SEED)
    office.do(office.keep_days)
    assert (len(office.written(SampleCommitted)), office.written(SampleRevealed)) == (2, [])
    office.now += DAY
    for _ in range(2):
        office.do(office.keep_days)
    assert office.written(SampleRevealed) == [SampleRevealed(day=today, seed=SEED.hex())]
    assert office.written(SampleCommitted)[-1].day == today + timedelta(days=2)


def test_after_a_seed_was_shown_a_clock_that_is_put_back_draws_with_another(
    office: Office, lane: SimulatedDevice
) -> None:
    office.waiting(lane)
    office.now += DAY
    office.do(office.keep_days)
    office.now -= DAY
    office.do(office.keep_days)
    assert len(office.written(SampleRevealed)) == 1
    tomorrow = day_of(NOW) + timedelta(days=1)
    office.do(lambda: office.db.execute("DELETE FROM audit_seeds WHERE day = ?", (tomorrow.isoformat(),)))
    lease = office.next(A)
    with pytest.raises(HubError, match=f"samples of {tomorrow}"):
        office.decide(A, lease)


def test_a_known_answer_looks_like_any_other_case_and_stays_as_it_is(office: Office, lane: SimulatedDevice) -> None:
    known, plain = office.waiting(lane, hours=1), office.waiting(lane, hours=20)
    fresh = office.do(lambda: office.hand.case(plain))
    office.decide(A, office.do(lambda: office.audits.take(A, known)))
    before = office.hand.case(known)
    office.do(lambda: office.audits.add_probe(LEADER, known))
    office.terms = AuditTerms(second_share=0.0, probe_share=1.0)
    lease = office.next(B)
    assert (lease.case, lease.round, lease.due, lease.probe) == (known, 1, fresh.audit_due, True)
    shown = office.do(lambda: office.audits.look(B, lease.token))
    assert (shown.stage, shown.audit_due, shown.audits, shown.opinions) == ("audit_pending", fresh.audit_due, (), ())
    answer = office.decide(B, lease, "suspicious")
    assert answer.stage == "suspected"
    assert office.hand.case(known) == before
    assert office.written(ProbeAnswered) == [
        ProbeAnswered(case=known, auditor="p-b", expected="pass", given="suspicious")
    ]
    # Each answers it once.
    again = office.next(B)
    assert again.case == plain
    office.do(lambda: office.audits.release(B, again.token))
    assert office.next(C).case == known


def test_a_known_answer_needs_a_reason_like_any_other(office: Office, lane: SimulatedDevice) -> None:
    known = office.waiting(lane, hours=1)
    office.waiting(lane)
    office.decide(A, office.next(A))
    office.do(lambda: office.audits.add_probe(LEADER, known))
    office.terms = AuditTerms(second_share=0.0, probe_share=1.0)
    lease = office.next(B)
    with pytest.raises(HubError, match="coded reasons"):
        office.decide(B, lease, "suspicious", reason="")
    passed = office.decide(B, lease)
    assert passed.stage == "archived"
    assert [fact.given for fact in office.written(ProbeAnswered)] == ["pass"]


def test_who_chose_a_known_answer_or_gave_it_is_not_asked_nor_anybody_once_it_is_retired(
    office: Office, lane: SimulatedDevice
) -> None:
    known, plain = office.waiting(lane, hours=1), office.waiting(lane)
    office.decide(A, office.next(A))
    office.do(lambda: office.audits.add_probe(LEADER, known))
    office.terms = AuditTerms(second_share=0.0, probe_share=1.0)
    for who in (A, LEADER):
        lease = office.next(who)
        assert lease.case == plain
        office.do(lambda who=who, lease=lease: office.audits.release(who, lease.token))  # type: ignore[misc]
    office.do(lambda: office.audits.retire_probe(LEADER, known))
    assert office.next(B).case == plain
    assert refused(office, lambda: office.audits.retire_probe(LEADER, known)) == "audit.no_probe"


def test_a_proven_case_is_a_known_answer_and_an_open_one_is_none(office: Office, lane: SimulatedDevice) -> None:
    case = office.waiting(lane)
    assert refused(office, lambda: office.audits.add_probe(LEADER, case)) == "audit.no_probe"
    assert refused(office, lambda: office.audits.add_probe(LEADER, "lane-1.999")) == "audit.no_probe"
    office.decide(A, office.next(A), "suspicious")
    office.decide(B, office.next(B), "suspicious")
    proof = (
        VehicleReturned(by="p-x", station=STATION),
        RecheckConcluded(result="proven", by="p-x", reason="procedure"),
    )
    office.do(lambda: office.hand.write(case, *proof))
    office.do(lambda: office.hand.follow_up(case))
    office.do(lambda: office.audits.add_probe(LEADER, case))
    assert office.db.execute("SELECT expected, station FROM audit_probes").fetchall() == [("suspicious", STATION)]


def test_what_an_auditor_reads_otherwise_is_a_fact_of_its_own(office: Office, lane: SimulatedDevice) -> None:
    case = office.waiting(lane)
    lease = office.next(A)
    for wrong in ("no vin", "X" * 26, "lzz"):
        with pytest.raises(HubError, match="1 to 25"):
            office.decide(A, lease, corrected=wrong)
    office.decide(A, lease, corrected="LZZAA1A26RA000018")
    photo = office.hand.case(case).vin_photo
    assert photo is not None
    assert isinstance(photo.vin, VinFinding)
    assert office.written(ReadingCorrected) == [
        ReadingCorrected(photo=photo.photo.digest, read=VIN, corrected="LZZAA1A26RA000018", by="p-a", reason="audit")
    ]


def test_without_a_photo_of_a_vin_there_is_nothing_to_correct(office: Office, lane: SimulatedDevice) -> None:
    case = office.waiting(lane)
    lease = office.next(A)
    office.do(lambda: office.hand.case(case))
    seen = office.do(lambda: office.audits.look(A, lease.token)).device_facts
    entries = "UPDATE entries SET case_id = '' WHERE case_id = ? AND kind = 'PhotoTaken'"
    photos = office.db.execute("SELECT count(*) FROM entries WHERE kind = 'PhotoTaken'").fetchone()[0]
    office.do(lambda: office.db.execute(entries, (case,)))
    office.hand.folds.begin(others_wrote=True)
    judgement = Judgement(decision="pass", seen=seen - photos, corrected=VIN)
    assert refused(office, lambda: office.audits.decide(A, lease.token, judgement)) == "audit.correction"


def test_shifts_are_kept_and_the_newest_word_counts(office: Office) -> None:
    def put(person: str, start: int, end: int) -> None:
        office.do(lambda: office.audits.set_shift(LEADER, Shift(person=person, start=NOW + start, end=NOW + end)))

    put("p-a", 0, 8 * HOUR)
    put("p-a", 8 * HOUR, 16 * HOUR)
    put("p-b", 0, 8 * HOUR)
    put("p-a", HOUR, 4 * HOUR)
    put("p-b", HOUR, HOUR)
    rows = office.db.execute("SELECT person, starts, ends FROM audit_shifts ORDER BY starts").fetchall()
    assert rows == [("p-a", NOW + HOUR, NOW + 4 * HOUR), ("p-a", NOW + 8 * HOUR, NOW + 16 * HOUR)]
    for shift in (Shift(person="p-a", start=5, end=4), Shift(person="", start=4, end=5)):
        with pytest.raises(HubError) as error:
            office.do(lambda shift=shift: office.audits.set_shift(LEADER, shift))  # type: ignore[misc]
        assert error.value.code == "audit.shift"  # type: ignore[attr-defined]


def test_a_breach_is_told_once_a_level_and_not_of_a_case_that_was_decided(
    office: Office, lane: SimulatedDevice
) -> None:
    far, near, done = (office.waiting(lane, hours=hours) for hours in (5, 1, 3))
    office.decide(A, office.do(lambda: office.audits.take(A, done)))
    breaches = tuple(
        Breach(case=case, due=NOW + hours * HOUR, done=0) for case, hours in ((near, 1), (done, 3), (far, 5))
    )
    seen = Forecast(at=NOW, waiting=3, staff=0, seconds_a_case=120, done=0, breaches=breaches)
    assert office.do(lambda: office.audits.escalate(seen)) == 2
    assert office.do(lambda: office.audits.escalate(seen)) == 0
    told = [(fact.level, fact.to, fact.due) for fact in office.written(AuditEscalated)]
    assert told == [(2, "detachment", NOW + HOUR), (1, "lead_auditor", NOW + 5 * HOUR)]
    office.now += 4 * HOUR
    assert office.do(lambda: office.audits.escalate(seen)) == 1
    assert office.written(AuditEscalated)[-1] == AuditEscalated(level=2, to="detachment", due=NOW + 5 * HOUR)


def test_a_case_that_was_sent_back_meanwhile_is_told_of_once_it_waits_again(
    office: Office, lane: SimulatedDevice
) -> None:
    case = office.waiting(lane, hours=5)
    breach = Breach(case=case, due=NOW + 5 * HOUR, done=0)
    seen = Forecast(at=NOW, waiting=1, staff=0, seconds_a_case=120, done=0, breaches=(breach,))
    wanted = RetakeRequested(by="p-b", reason="item.doubtful", item="02", checked=1)
    office.do(lambda: (office.hand.write(case, wanted), office.hand.follow_up(case)))
    assert office.do(lambda: office.audits.escalate(seen)) == 0
    first = len(lane.records) + 1
    lane.write(ItemChecked(item="02", mark="pass"), case)
    with office.transaction():
        records = tuple(lane.records[first - 1 :])
        office.hand.ledger.append_batch(open_batch(lane.message(first)), records, received=office.now)
        office.hand.folds.add_all([records[0].entry])
        office.hand.follow_up(case)
    assert office.do(lambda: office.audits.escalate(seen)) == 1


def test_so_many_breaches_are_told_at_once_and_the_rest_the_next_time(
    office: Office, lane: SimulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central_hub.desks.audits.ESCALATED_AT_ONCE_MAX", 2)
    breaches = tuple(Breach(case=office.waiting(lane), due=NOW + DAY, done=0) for _ in range(3))
    seen = Forecast(at=NOW, waiting=3, staff=0, seconds_a_case=120, done=0, breaches=breaches)
    assert [office.do(lambda: office.audits.escalate(seen)) for _ in range(3)] == [2, 1, 0]


def test_leases_that_ended_long_ago_are_forgotten_and_no_token_is_given_twice(
    office: Office, lane: SimulatedDevice
) -> None:
    for hours in (1, 2):
        office.waiting(lane, hours=hours)
        office.decide(A, office.next(A))
    office.now += 9 * DAY
    office.do(office.keep_days)
    assert office.db.execute("SELECT count(*) FROM audit_leases_ended").fetchone()[0] == 0
    office.waiting(lane)
    newest: Lease = office.next(A)
    assert newest.token == "3"  # noqa: S105
