import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from central_hub.deciding.conflicts import StepError
from central_hub.deciding.living import (
    CALL_RESULTS,
    RETAKE_REASONS,
    WITHDRAWAL_REASONS,
    Undoable,
    Wanted,
    answer_withdrawal,
    fresh_report,
    owner_called,
    retake,
    retest_of,
    undo,
    withdraw,
)
from inspection.case import Case
from inspection.evidence import PhotoRef
from inspection.facts import (
    AnyFact,
    AuditDecided,
    CaseWithdrawn,
    Entry,
    ExaminationReviewed,
    ExemptionApplied,
    InspectionConcluded,
    OwnerCalled,
    PhotoStored,
    PhotoTaken,
    RetakeRequested,
    Retested,
    StepUndone,
    StickerWithheld,
    SuspicionRaised,
    VehicleReturned,
)
from inspection.identities import HUB
from inspection.signing import CHAIN_START
from tests.central_hub.deciding.lived_cases import (
    AT_STATION,
    AUDIT_FIRST,
    BACK,
    CHECK,
    INSPECTOR,
    ISSUED,
    OPENED,
    PROVEN,
    RECALL,
    A,
    Somebody,
    back,
    examined,
    needed,
    recalled,
    waiting,
)
from tests.central_hub.simulated_device import private_car

FRONT = PhotoTaken(kind="0111", photo=PhotoRef(digest="d1", media="image/jpeg", size=1, width=1, height=1))
EXTRA = replace(FRONT, kind="9999", photo=replace(FRONT.photo, digest="d9"))
SHOT = waiting(all_photos=(FRONT, EXTRA), checked=("01", "01", "99"))
NEEDED = needed(OPENED)
TAKEN_BACK = CaseWithdrawn(reason="applicant", by="clerk-1")
FAILED = InspectionConcluded(outcome="fail", by="signer-1")


def asked(case: Case, wanted: Wanted, who: Somebody = A, reason: str = "photo.blurred") -> RetakeRequested:
    return retake(case, wanted, requirement=NEEDED, who=who, reason=reason)


def test_a_retake_names_the_photo_that_does_not_do_and_is_open_from_then_on() -> None:
    fact = asked(SHOT, Wanted(kind="0111", note="the plate is not to be read"))
    assert fact == RetakeRequested(
        by="auditor-a", reason="photo.blurred", kind="0111", photo="d1", note="the plate is not to be read"
    )
    assert replace(SHOT, retakes=(fact,)).stage == "returned"


def test_an_item_is_named_with_how_often_it_was_checked() -> None:
    assert asked(SHOT, Wanted(item="01"), reason="item.doubtful").checked == 2
    assert asked(SHOT, Wanted(item="99"), reason="item.doubtful").checked == 1


def test_what_the_case_needs_or_has_may_be_asked_for() -> None:
    missing = next(photo.code for photo in NEEDED.photos if photo.code != "0111")
    assert asked(SHOT, Wanted(kind=missing), reason="photo.missing").photo == ""
    assert asked(SHOT, Wanted(kind="9999")).photo == "d9"
    assert all(asked(SHOT, Wanted(kind="0111", note="so"), reason=reason) for reason in RETAKE_REASONS)


@pytest.mark.parametrize(
    ("case", "wanted", "who", "reason", "code"),
    [
        (SHOT, Wanted(), A, "photo.blurred", "retake.one_thing"),
        (SHOT, Wanted(kind="0111", item="01"), A, "photo.blurred", "retake.one_thing"),
        (SHOT, Wanted(kind="7777"), A, "photo.blurred", "retake.not_needed"),
        (SHOT, Wanted(item="77"), A, "photo.blurred", "retake.not_needed"),
        (SHOT, Wanted(kind="0111"), A, "", "retake.no_reason"),
        (SHOT, Wanted(kind="0111"), A, "other", "retake.no_words"),
        (SHOT, Wanted(kind="0111"), INSPECTOR, "photo.blurred", "retake.own_case"),
        (SHOT, Wanted(kind="0111"), AT_STATION, "photo.blurred", "retake.own_station"),
        (recalled(), Wanted(kind="0111"), A, "photo.blurred", "life.illegal"),
    ],
)
def test_a_retake_is_refused(case: Case, wanted: Wanted, who: Somebody, reason: str, code: str) -> None:
    with pytest.raises(StepError) as refused:
        asked(case, wanted, who, reason)
    assert refused.value.code == code
    assert refused.value.zh


@pytest.mark.parametrize("reason", WITHDRAWAL_REASONS)
def test_an_applicant_takes_a_case_back_before_the_sticker_is_out(reason: str) -> None:
    case = waiting(issued=None, withheld=AUDIT_FIRST)
    fact = withdraw(case, by="clerk-1", reason=reason, note="came back to say so")
    assert replace(case, withdrawn=fact).stage == "withdrawn"
    with pytest.raises(StepError) as refused:
        withdraw(waiting(), by="clerk-1", reason=reason)
    assert refused.value.code == "life.illegal"


def test_a_sticker_that_is_out_keeps_an_overdue_or_returned_case_from_being_taken_back() -> None:
    returned = replace(SHOT, retakes=(asked(SHOT, Wanted(kind="0111")),))
    with pytest.raises(StepError) as refused:
        withdraw(returned, by="clerk-1", reason="applicant")
    assert refused.value.code == "life.no_sticker"
    assert withdraw(replace(returned, issued=None, withheld=AUDIT_FIRST), by="clerk-1", reason="applicant")


def test_a_withdrawal_has_a_coded_reason_and_a_device_s_own_is_taken_as_it_is() -> None:
    case = waiting(issued=None, withheld=AUDIT_FIRST)
    with pytest.raises(StepError) as refused:
        withdraw(case, by="clerk-1", reason="tired of waiting")
    assert refused.value.code == "withdrawn.no_reason"
    said = CaseWithdrawn(reason="tired of waiting", by="clerk-1")
    assert answer_withdrawal(case, said) == said
    with pytest.raises(StepError):
        answer_withdrawal(waiting(), said)


def came(*facts: tuple[str, AnyFact]) -> list[Entry]:
    return [
        Entry(device=device, seq=seq, before=CHAIN_START, wall=0, mono=0, boot="b", fact=fact, case="lane-1.1")
        for seq, (device, fact) in enumerate(facts, start=1)
    ]


def test_a_report_is_answered_when_it_comes_or_never() -> None:
    early = came(("lane-1", BACK), (HUB, RECALL))
    assert fresh_report(early, VehicleReturned) is None
    again = came(("lane-1", BACK), (HUB, RECALL), ("pda-2", replace(BACK, note="now")))
    assert fresh_report(again, VehicleReturned) == ("pda-2", replace(BACK, note="now"))
    answered = came((HUB, RECALL), ("lane-1", BACK), (HUB, BACK))
    assert fresh_report(answered, VehicleReturned) is None
    assert fresh_report(came((HUB, BACK)), VehicleReturned) is None
    assert fresh_report(again, CaseWithdrawn) is None


def test_what_only_follows_on_what_came_in_does_not_age_a_report() -> None:
    quiet: list[tuple[str, AnyFact]] = [
        (HUB, PhotoStored(digest="d1", size=1)),
        (HUB, SuspicionRaised(rule="tempo", detail="")),
        ("lane-1", FRONT),
    ]
    assert fresh_report(came(("lane-1", TAKEN_BACK), *quiet), CaseWithdrawn) == ("lane-1", TAKEN_BACK)


@given(st.lists(st.sampled_from([("lane-1", BACK), ("pda-2", TAKEN_BACK), (HUB, RECALL), (HUB, ISSUED)]), max_size=8))
def test_a_fresh_report_is_the_last_word(facts: list[tuple[str, AnyFact]]) -> None:
    fresh = fresh_report(came(*facts), VehicleReturned)
    tail = facts[max((at for at, (device, _) in enumerate(facts, 1) if device == HUB), default=0) :]
    assert (fresh is not None) == (("lane-1", BACK) in tail)


def failed(**changes: object) -> Case:
    return waiting(
        **{"issued": None, "concluded": FAILED, "withheld": StickerWithheld(rulebook="r", reasons=()), **changes}
    )


def later(**changes: object) -> Case:
    return Case(case="lane-1.90", opened=replace(OPENED, **{"attempt": 2, **changes}))


def test_the_next_attempt_at_a_failed_inspection_is_its_re_test_and_the_row_stays() -> None:
    fact = retest_of(later(), failed())
    assert fact == Retested(by="lane-1.90", attempt=2)
    assert (failed().stage, failed(retested=fact).stage) == ("failed", "retested")


def test_a_failed_review_is_examined_again_the_same_way() -> None:
    case = examined(review=ExaminationReviewed(decision="fail", by="auditor-a", reason="vin.differs"))
    again = Case(case="pda-2.9", opened=replace(CHECK, attempt=2))
    assert retest_of(again, case) == Retested(by="pda-2.9", attempt=2)


@pytest.mark.parametrize(
    ("case", "earlier"),
    [
        (later(attempt=3), failed()),
        (later(attempt=1), failed()),
        (later(serial="S2"), failed()),
        (later(station="ST99"), failed()),
        (later(regime="chayan"), failed()),
        (later(vehicle=private_car(vin="LZZAA1A26RA000018")), failed()),
        (later(), waiting()),
        (later(), failed(retested=Retested(by="lane-1.80", attempt=2))),
        (later(), Case(case="lane-1.1")),
        (Case(case="lane-1.90"), failed()),
    ],
)
def test_anything_else_is_no_re_test(case: Case, earlier: Case) -> None:
    assert retest_of(case, earlier) is None


AUDITED = waiting(audits=(AuditDecided(decision="pass", auditor="auditor-b"),))
UNDOABLE: list[tuple[Case, Undoable]] = [
    (AUDITED, "audit"),
    (recalled(), "recall"),
    (back(), "recall"),
    (back(recheck=PROVEN), "recheck"),
    (examined(review=ExaminationReviewed(decision="pass", by="auditor-b")), "review"),
    (waiting(issued=None, withdrawn=TAKEN_BACK), "withdrawal"),
]


@pytest.mark.parametrize(("case", "step"), UNDOABLE)
def test_a_step_is_undone_by_a_later_fact_with_a_reason(case: Case, step: Undoable) -> None:
    assert undo(case, step, who=A, reason="点错了") == StepUndone(step=step, by="auditor-a", reason="点错了")
    with pytest.raises(StepError) as refused:
        undo(case, step, who=A, reason=" ")
    assert refused.value.code == "undo.no_reason"
    with pytest.raises(StepError) as refused:
        undo(case, step, who=AT_STATION, reason="点错了")
    assert refused.value.code == "undo.own_station"


EXEMPT = Case(
    case="hub.1",
    applied=ExemptionApplied(serial="M1", vehicle=private_car(), office="OF01", by="clerk-1"),
    issued=ISSUED,
)


@pytest.mark.parametrize(
    ("case", "step", "code"),
    [
        (EXEMPT, "audit", "life.audited"),
        (waiting(), "audit", "life.illegal"),
        (back(recheck=PROVEN), "recall", "life.illegal"),
        (waiting(withdrawn=TAKEN_BACK), "withdrawal", "life.no_sticker"),
    ],
)
def test_what_did_not_happen_or_led_further_is_not_undone(case: Case, step: Undoable, code: str) -> None:
    with pytest.raises(StepError) as refused:
        undo(case, step, who=A, reason="a mistake")
    assert refused.value.code == code


@pytest.mark.parametrize("result", CALL_RESULTS)
def test_an_owner_may_be_called_about_any_inspection(result: str) -> None:
    fact = owner_called(waiting(), result, who=A, note="so they said")
    assert fact == OwnerCalled(result=result, by="auditor-a", note="so they said")


def test_an_owner_is_not_called_about_nothing_nor_by_the_station() -> None:
    for case, who, result, code in (
        (EXEMPT, A, "supports", "call.no_case"),
        (waiting(), AT_STATION, "supports", "call.own_station"),
        (waiting(), A, "", "call.no_reason"),
    ):
        with pytest.raises(StepError) as refused:
            owner_called(case, result, who=who)
        assert refused.value.code == code
