"""Each step of a case's life at the hub itself: what is written, what the device is told, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from central_hub import HubError
from central_hub.deciding.living import Wanted
from central_hub.deciding.reviewing import DAY_MS, Judgement
from central_hub.desks.lives import Lives
from central_hub.people.roles import Actor
from inspection import topics
from inspection.case import Case
from inspection.directives import (
    AnyDirective,
    RecallLifted,
    RetakeWanted,
    StickerDenied,
    VehicleRecalled,
    WithdrawalsPublished,
)
from inspection.facts import (
    CaseOpened,
    CaseWithdrawn,
    InspectionConcluded,
    ItemChecked,
    PhotoTaken,
    Vehicle,
    VehicleReturned,
)
from inspection.wire import open_directive
from tests.central_hub.conftest import Bench
from tests.central_hub.deciding.lived_cases import AT_STATION, INSPECTOR, A, B, C, Somebody
from tests.central_hub.simulated_device import STATION, SimulatedDevice, private_car

pytestmark = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)

TAXI = private_car(use="M")
P1, P2 = (Actor(name, name, frozenset({"lead_auditor"})) for name in ("p-1", "p-2"))
GIVEN_UP = CaseWithdrawn(reason="applicant", by="clerk-1")
BACK = VehicleReturned(by="clerk-1", station=STATION)
DOUBT = "vin.tampered"


class LifeBench:
    """A hub whose desk of lives is asked, and one lane that writes."""

    def __init__(self, bench: Bench, device: SimulatedDevice) -> None:
        self.bench = bench
        self.lane = device
        self.hand = bench.casework.hand
        self.lives = bench.casework.engine.lives
        self.stickers = bench.casework.engine.stickers
        self._sent = 0

    def do(self, work: Callable[[], object]) -> list[AnyDirective]:
        """Do this in one transaction; return what the lane is told then."""
        sent = self.bench.transaction(work)
        mine = [message for topic, message in sent if topic == topics.directives(self.lane.name)]
        return [open_directive(message, self.bench.key.public).directive for message in mine]

    def refused(self, work: Callable[[], object]) -> str:
        with pytest.raises(HubError) as error:
            self.do(work)
        return str(error.value.code)  # type: ignore[attr-defined]

    def case(self, name: str) -> Case:
        return self.hand.case(name)

    def stage(self, name: str) -> str:
        row = self.bench.value("SELECT stage FROM cases WHERE case_id = ?", name)
        assert row == self.case(name).stage
        return str(row)

    def send(self) -> None:
        """Send what the lane wrote since it last sent."""
        self.bench.send(self.lane, self._sent + 1)
        self._sent = len(self.lane.records)

    def inspected(self, vehicle: Vehicle | None = None, *, outcome: str = "pass", **changes: Any) -> str:
        """An inspection that came in whole, with its photos."""
        case = self.lane.open_case(vehicle, **changes)
        digests = self.lane.inspect(case)
        self.lane.conclude(case, outcome)
        self.send()
        self.bench.store(*digests)
        return case

    def examined(self, **changes: Any) -> str:
        """A 查验 that came in whole."""
        return self.inspected(private_car(), regime="chayan", business="A", inspection_kind="", **changes)

    def recalled(self) -> str:
        case = self.inspected()
        self.do(lambda: self.bench.audit(case, "suspicious", auditor="auditor-a", reason=DOUBT))
        return case

    def proven(self) -> str:
        case = self.recalled()
        self.do(lambda: self.lives.report_return(A, case, station=STATION))
        self.do(lambda: self.lives.recheck(C, case, result="proven", reason=DOUBT))
        return case

    def refusals(self, code: str) -> object:
        return self.bench.value("SELECT count FROM refusal_counts WHERE code = ?", code) or 0


@pytest.fixture
def office(bench: Bench, device: SimulatedDevice) -> LifeBench:
    return LifeBench(bench, device)


def shot_of(case: Case, kind: str) -> PhotoTaken:
    return next(photo for photo in case.photos if photo.kind == kind)


def test_a_retake_goes_to_the_device_and_is_answered_by_another_photo_whose_bytes_came(office: LifeBench) -> None:
    case = office.inspected()
    old = shot_of(office.case(case), "0111")
    asked = Wanted(kind="0111", note="the plate is not to be read")
    told = office.do(lambda: office.lives.request_retake(A, case, wanted=asked, reason="photo.blurred"))
    assert told == [
        RetakeWanted(case=case, reason="photo.blurred", kind="0111", photo=old.photo.digest, note=asked.note)
    ]
    assert office.stage(case) == "returned"
    digest = "ab" * 32
    office.lane.write(replace(old, photo=replace(old.photo, digest=digest), replaces=old.photo.digest), case)
    office.send()
    assert office.stage(case) == "returned"
    office.bench.store(digest)
    assert office.stage(case) == "audit_pending"


def test_an_item_is_answered_by_checking_it_again(office: LifeBench) -> None:
    case = office.inspected()
    item = office.case(case).items[0].item
    office.do(lambda: office.lives.request_retake(A, case, wanted=Wanted(item=item), reason="item.doubtful"))
    assert office.stage(case) == "returned"
    office.lane.write(ItemChecked(item=item, mark="pass"), case)
    office.send()
    assert office.stage(case) == "audit_pending"


def test_what_is_refused_writes_nothing(office: LifeBench) -> None:
    case = office.inspected()
    before = office.bench.value("SELECT count(*) FROM entries")
    lives, photo = office.lives, Wanted(kind="0111")
    for work, code in (
        (lambda: lives.request_retake(INSPECTOR, case, wanted=photo, reason="photo.blurred"), "retake.own_case"),
        (lambda: lives.request_retake(A, case, wanted=Wanted(kind="x"), reason="photo.dark"), "retake.not_needed"),
        (lambda: lives.request_retake(A, "lane-9.9", wanted=photo, reason="photo.dark"), "case.not_opened"),
        (lambda: lives.withdraw_case(A, case, reason="applicant"), "life.illegal"),
        (lambda: lives.report_return(A, case, station=STATION), "life.illegal"),
        (lambda: lives.recheck(C, case, result="proven", reason=DOUBT), "life.illegal"),
        (
            lambda: office.stickers.withdraw(case, by=C, confirmed_by=A, reason=DOUBT),
            "life.illegal",
        ),
        (lambda: lives.penalise(C, case, measure="fine", reason=DOUBT), "life.illegal"),
        (lambda: lives.undo(A, case, step="audit", reason="a slip"), "life.illegal"),
        (lambda: lives.review(A, case, judgement=Judgement(decision="pass", seen=0)), "life.illegal"),
        (lambda: lives.call_owner(AT_STATION, case, result="supports"), "call.own_station"),
    ):
        assert office.refused(work) == code
    assert office.bench.value("SELECT count(*) FROM entries") == before
    assert office.stage(case) == "audit_pending"


def test_an_applicant_takes_a_case_back_and_that_may_be_undone(office: LifeBench) -> None:
    case = office.inspected(TAXI)
    assert office.stage(case) == "audit_first"
    (told,) = office.do(lambda: office.lives.withdraw_case(A, case, reason="applicant", note="changed his mind"))
    assert isinstance(told, StickerDenied)
    assert told.reasons[0].code == "withdrawn"
    assert office.stage(case) == "withdrawn"
    office.do(lambda: office.lives.undo(A, case, step="withdrawal", reason="the wrong case"))
    assert office.stage(case) == "audit_first"


def test_a_device_s_word_that_a_case_was_taken_back_counts_before_its_verdict_brings_a_sticker(
    office: LifeBench,
) -> None:
    case = office.lane.open_case()
    digests = office.lane.inspect(case)
    office.send()
    office.bench.store(*digests)
    office.lane.conclude(case)
    office.lane.write(GIVEN_UP, case)
    office.send()
    assert office.stage(case) == "withdrawn"
    assert office.case(case).issued is None


def test_a_device_s_word_comes_too_late_once_the_sticker_is_out_and_is_refused_once(office: LifeBench) -> None:
    case = office.inspected()
    office.lane.write(GIVEN_UP, case)
    office.send()
    office.do(lambda: office.hand.follow_up(case))
    assert (office.stage(case), office.refusals("report.CaseWithdrawn")) == ("audit_pending", 1)
    text = office.bench.value("SELECT text FROM refusals WHERE code = 'report.CaseWithdrawn'")
    assert str(text).startswith(f"{case}: case {case} is in the stage 'audit_pending'")


def test_the_word_of_another_station_s_device_is_no_report(office: LifeBench) -> None:
    case = office.inspected(TAXI)
    stranger = SimulatedDevice("pda-9", station="ST09")
    office.bench.enrol(stranger)
    stranger.write(GIVEN_UP, case)
    office.bench.send(stranger)
    assert office.stage(case) == "audit_first"


def test_a_recalled_vehicle_comes_back_by_its_device_s_word_and_is_cleared(office: LifeBench) -> None:
    case = office.recalled()
    assert office.stage(case) == "recall_ordered"
    office.lane.write(BACK, case)
    office.send()
    assert (office.stage(case), office.case(case).returned) == ("vehicle_back", BACK)
    told = office.do(lambda: office.lives.recheck(C, case, result="cleared", reason="vehicle.right"))
    assert told == [RecallLifted(case=case, reason="vehicle.right")]
    assert office.stage(case) == "cleared"


def test_a_vehicle_that_was_said_to_be_back_before_it_was_recalled_is_not(office: LifeBench) -> None:
    case = office.inspected()
    office.lane.write(BACK, case)
    office.send()
    assert office.refusals("report.VehicleReturned") == 1
    office.do(lambda: office.bench.audit(case, "suspicious", auditor="auditor-a", reason=DOUBT))
    office.do(lambda: office.hand.follow_up(case))
    assert (office.stage(case), office.case(case).returned) == ("recall_ordered", None)
    office.lane.write(replace(BACK, station="ST99"), case)
    office.send()
    assert (office.stage(case), office.refusals("report.VehicleReturned")) == ("recall_ordered", 2)
    office.lane.write(BACK, case)
    office.send()
    assert office.stage(case) == "vehicle_back"


def test_a_vehicle_that_is_not_back_in_time_is_late_once(office: LifeBench) -> None:
    case = office.recalled()
    due = office.case(case).recall.due  # type: ignore[union-attr]
    assert due > office.bench.now
    office.do(lambda: office.lives.recall_overdue(case))
    assert office.stage(case) == "recall_ordered"
    office.bench.now = due + 1
    office.do(lambda: office.lives.recall_overdue(case))
    office.do(lambda: office.lives.recall_overdue(case))
    assert office.stage(case) == "not_back"
    assert office.bench.value("SELECT count(*) FROM entries WHERE kind = 'RecallOverdue'") == 1


def test_a_proven_case_loses_its_sticker_by_two_people_and_every_device_hears_of_it(office: LifeBench) -> None:
    case = office.proven()
    assert office.refused(lambda: office.stickers.withdraw(case, by=A, confirmed_by=A, reason=DOUBT)) == (
        "withdrawal.one_person"
    )
    told = office.do(lambda: office.stickers.withdraw(case, by=A, confirmed_by=C, reason=DOUBT))
    assert [type(directive) for directive in told] == [WithdrawalsPublished]
    assert office.stage(case) == "sticker_withdrawn"
    office.do(lambda: office.lives.penalise(C, case, measure="fine", reason=DOUBT))
    assert office.stage(case) == "penalised"
    assert office.refused(lambda: office.lives.undo(C, case, step="recheck", reason="too late")) == "life.illegal"


def test_who_suspected_the_case_does_not_recheck_it(office: LifeBench) -> None:
    case = office.recalled()
    office.do(lambda: office.lives.report_return(A, case, station=STATION))
    suspecting = Somebody("another-account", office.case(case).opinions[0].auditor)
    assert (
        office.refused(lambda: office.lives.recheck(suspecting, case, result="proven", reason=DOUBT))
        == "recheck.own_suspicion"
    )


def test_a_recall_that_was_wrong_is_undone_and_the_case_waits_again(office: LifeBench) -> None:
    case = office.recalled()
    told = office.do(lambda: office.lives.undo(C, case, step="recall", reason="another vehicle was meant"))
    assert told == [RecallLifted(case=case, reason="another vehicle was meant")]
    assert office.stage(case) == "audit_pending"
    office.do(lambda: office.bench.audit(case, "pass", auditor="auditor-z"))
    assert office.stage(case) == "archived"
    assert office.do(lambda: office.lives.undo(C, case, step="audit", reason="too quick")) == []
    assert office.stage(case) == "audit_pending"


def test_what_a_recheck_came_to_is_undone_by_two_and_the_vehicle_is_called_again(office: LifeBench) -> None:
    case = office.recalled()
    office.do(lambda: office.lives.report_return(A, case, station=STATION))
    office.do(lambda: office.lives.recheck(C, case, result="cleared", reason="vehicle.right"))
    undo = office.lives.undo_by_two
    assert office.refused(lambda: undo(case, by=P1, confirmed_by=P1, reason="a slip")) == "undo.one_person"
    (told,) = office.do(lambda: undo(case, by=P1, confirmed_by=P2, reason="the wrong car"))
    assert isinstance(told, VehicleRecalled)
    assert told.due == office.case(case).recall.due  # type: ignore[union-attr]
    assert office.stage(case) == "vehicle_back"
    office.do(lambda: office.lives.recheck(C, case, result="proven", reason=DOUBT))
    assert office.do(lambda: undo(case, by=P1, confirmed_by=P2, reason="the wrong car")) == []


@pytest.mark.parametrize("earlier_first", [True, False])
def test_a_re_test_ties_the_failed_case_to_the_next_one_in_whichever_order_they_come(
    office: LifeBench, *, earlier_first: bool
) -> None:
    serial = "J0000000000000007"
    failed = office.lane.open_case(serial=serial)
    if earlier_first:
        office.lane.conclude(failed, "fail")
    again = office.lane.open_case(private_car(), attempt=2, serial=serial)
    if not earlier_first:
        office.send()
        assert office.stage(failed) == "in_progress"
        office.lane.conclude(failed, "fail")
    office.send()
    assert (office.stage(failed), office.stage(again)) == ("retested", "in_progress")
    retested = office.case(failed).retested
    assert retested is not None
    assert (retested.by, retested.attempt) == (again, 2)
    office.do(lambda: office.hand.follow_up(again))
    assert office.bench.value("SELECT count(*) FROM entries WHERE kind = 'Retested'") == 1


def test_the_next_attempt_at_what_was_not_failed_ties_nothing(office: LifeBench) -> None:
    passed = office.inspected(serial="J0000000000000008")
    office.inspected(serial="J0000000000000008", attempt=2)
    assert office.stage(passed) == "audit_pending"


def seen(office: LifeBench, case: str) -> int:
    return office.case(case).device_facts


def test_an_examination_is_reviewed_and_the_device_of_a_failed_one_is_told(office: LifeBench) -> None:
    good, bad = office.examined(), office.examined()
    assert office.stage(good) == "review_pending"
    passed = Judgement(decision="pass", seen=seen(office, good))
    assert office.do(lambda: office.lives.review(A, good, judgement=passed)) == []
    failed = Judgement(decision="fail", seen=seen(office, bad), reason="vin.differs")
    (told,) = office.do(lambda: office.lives.review(A, bad, judgement=failed))
    assert isinstance(told, StickerDenied)
    assert told.reasons[0].code == "review.vin.differs"
    assert (office.stage(good), office.stage(bad)) == ("reviewed", "review_failed")
    office.do(lambda: office.lives.undo(B, bad, step="review", reason="the wrong photo"))
    assert office.stage(bad) == "review_pending"


def lives_of(office: LifeBench, *, allowed: bool = True, drawn: bool = False, days: int = 60) -> Lives:
    return Lives(office.hand, automatic=lambda _: allowed, drawn=lambda _: drawn, repeat_days_max=days)


def test_the_rules_review_where_the_area_allows_it_and_a_drawn_one_goes_to_a_person(office: LifeBench) -> None:
    case = office.examined()
    office.do(lambda: lives_of(office, allowed=False).review_by_rules(case))
    office.do(lambda: lives_of(office, drawn=True).review_by_rules(case))
    assert office.case(case).review is None
    office.do(lambda: lives_of(office).review_by_rules(case))
    review = office.case(case).review
    assert review is not None
    assert (review.automatic, review.by, review.seen) == (True, "rules", seen(office, case))
    office.do(lambda: lives_of(office).review_by_rules(case))
    assert office.bench.value("SELECT count(*) FROM entries WHERE kind = 'ExaminationReviewed'") == 1
    again = Judgement(decision="fail", seen=seen(office, case), reason="vehicle.differs")
    office.do(lambda: office.lives.review(A, case, judgement=again))
    assert office.stage(case) == "review_failed"


def test_a_repeat_soon_after_a_failure_is_for_a_person_with_a_higher_right(office: LifeBench) -> None:
    office.examined(outcome="fail")
    office.bench.now += 30 * DAY_MS
    case = office.examined()
    passed = Judgement(decision="pass", seen=seen(office, case))
    office.do(lambda: lives_of(office).review_by_rules(case))
    assert office.refused(lambda: office.lives.review(A, case, judgement=passed)) == "review.repeat"
    office.do(lambda: office.lives.review(A, case, judgement=passed, may_repeat=True))
    assert office.stage(case) == "reviewed"


@pytest.mark.parametrize(("later_days", "days"), [(61, 60), (1, 0)])
def test_a_later_repeat_or_a_city_without_that_rule_asks_for_nothing_more(
    office: LifeBench, later_days: int, days: int
) -> None:
    office.examined(outcome="fail")
    office.bench.now += later_days * DAY_MS
    case = office.examined()
    office.do(lambda: lives_of(office, days=days).review_by_rules(case))
    assert office.case(case).stage == "reviewed"


def test_a_call_to_the_owner_stands_with_the_case(office: LifeBench) -> None:
    case = office.inspected()
    office.do(lambda: office.lives.call_owner(A, case, result="supports", note="he was there"))
    assert [call.result for call in office.case(case).calls] == ["supports"]
    assert office.stage(case) == "audit_pending"


def test_facts_that_contradict_each_other_change_nothing_that_was_decided(office: LifeBench) -> None:
    case = office.inspected()
    office.lane.write(InspectionConcluded(outcome="fail", by="inspector-1"), case)
    office.lane.write(CaseOpened(regime="jianyan", serial="S", vehicle=TAXI, station=STATION, inspector="i"), case)
    office.send()
    folded = office.case(case)
    assert (office.stage(case), folded.passed_over) == ("audit_pending", ("InspectionConcluded", "CaseOpened"))
    assert office.refusals("fact.case") == 1


def test_answers_are_not_asked_of_a_case_that_was_never_opened(office: LifeBench) -> None:
    office.lane.write(GIVEN_UP, f"{office.lane.name}.70")
    office.send()
    assert not office.lives.answer(f"{office.lane.name}.70")
    assert (
        office.refused(lambda: office.lives.review(A, "lane-9.9", judgement=Judgement(decision="pass", seen=0)))
        == "life.illegal"
    )
