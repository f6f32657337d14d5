import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from central_hub.deciding.auditing import SUSPICION_REASONS
from central_hub.deciding.conflicts import StepError
from central_hub.deciding.recalling import (
    CLEARING_REASONS,
    RecheckResult,
    penalise,
    recall_overdue,
    recheck,
    vehicle_returned,
    withdraw_sticker,
)
from inspection.case import Case
from inspection.facts import (
    RecallOverdue,
    RecheckConcluded,
    StationPenalised,
    StickerWithdrawn,
    VehicleReturned,
)
from tests.central_hub.deciding.lived_cases import (
    AT_STATION,
    AUDIT_FIRST,
    BACK,
    DUE,
    INSPECTOR,
    PROVEN,
    RECALL,
    A,
    B,
    C,
    Somebody,
    back,
    recalled,
    waiting,
)
from tests.central_hub.simulated_device import STATION

GONE = StickerWithdrawn(number="PL00000001", reason="vin.tampered", by="auditor-c", confirmed_by="auditor-b")


def proven(**changes: object) -> Case:
    return back(**{"recheck": PROVEN, **changes})


def test_a_vehicle_is_late_after_the_last_millisecond_and_it_is_said_once() -> None:
    assert recall_overdue(recalled(), now=DUE) is None
    assert recall_overdue(recalled(), now=DUE + 1) == RecallOverdue(due=DUE)
    assert recall_overdue(recalled(recall_overdue=RecallOverdue(due=DUE)), now=DUE + 1) is None


def test_who_is_back_or_was_never_awaited_or_by_no_day_is_not_late() -> None:
    assert recall_overdue(back(), now=DUE + 1) is None
    assert recall_overdue(waiting(), now=DUE + 1) is None
    assert recall_overdue(recalled(recall=replace(RECALL, due=0)), now=DUE + 1) is None


@given(st.integers(0, 3 * DUE))
def test_a_vehicle_that_is_back_too_late_is_back_all_the_same(now: int) -> None:
    late = recall_overdue(recalled(), now=now)
    case = recalled(recall_overdue=late)
    assert case.stage == ("not_back" if now > DUE else "recall_ordered")
    assert vehicle_returned(case, by="clerk-1", station=STATION, note="a day late") == VehicleReturned(
        by="clerk-1", station=STATION, note="a day late"
    )


@pytest.mark.parametrize(
    ("case", "station", "code"),
    [
        (recalled(), "ST99", "recall.other_station"),
        (waiting(), STATION, "life.illegal"),
        (back(), STATION, "life.illegal"),
    ],
)
def test_only_a_vehicle_that_is_awaited_and_there_is_back(case: Case, station: str, code: str) -> None:
    with pytest.raises(StepError) as refused:
        vehicle_returned(case, by="clerk-1", station=station)
    assert refused.value.code == code
    assert refused.value.zh


@pytest.mark.parametrize(("result", "reasons"), [("cleared", CLEARING_REASONS), ("proven", SUSPICION_REASONS)])
def test_a_second_look_comes_to_one_of_two_results_each_with_its_own_reasons(
    result: RecheckResult, reasons: dict[str, tuple[str, str]]
) -> None:
    for reason in reasons:
        fact = recheck(back(), result, who=C, reason=reason, note="looked at the car")
        assert fact == RecheckConcluded(result=result, by="auditor-c", reason=reason, note="looked at the car")
        assert back(recheck=fact).stage == result


def test_whoever_suspected_it_does_not_decide_whether_that_holds() -> None:
    for who in (A, B, Somebody("another-account", "auditor-a")):
        with pytest.raises(StepError) as refused:
            recheck(back(), "proven", who=who, reason="vin.tampered")
        assert refused.value.code == "recheck.own_suspicion"
    # A case of before there were opinions: the decision names who suspected it.
    with pytest.raises(StepError, match="whoever suspected it"):
        recheck(back(opinions=()), "cleared", who=B, reason="vehicle.right")


@pytest.mark.parametrize(
    ("case", "who", "result", "reason", "code"),
    [
        (recalled(), C, "proven", "vin.tampered", "life.illegal"),
        (proven(), C, "cleared", "vehicle.right", "life.illegal"),
        (back(), INSPECTOR, "cleared", "vehicle.right", "recheck.own_case"),
        (back(), AT_STATION, "cleared", "vehicle.right", "recheck.own_station"),
        (back(), C, "cleared", "vin.tampered", "recheck.no_reason"),
        (back(), C, "proven", "vehicle.right", "recheck.no_reason"),
        (back(), C, "proven", "other", "recheck.no_words"),
    ],
)
def test_a_second_look_is_refused(case: Case, who: Somebody, result: RecheckResult, reason: str, code: str) -> None:
    with pytest.raises(StepError) as refused:
        recheck(case, result, who=who, reason=reason)
    assert refused.value.code == code


def test_two_people_withdraw_the_sticker_of_a_proven_case() -> None:
    fact = withdraw_sticker(proven(), by=C, confirmed_by=B, reason="vin.tampered")
    assert fact == GONE
    assert proven(sticker_withdrawn=fact).stage == "sticker_withdrawn"


@pytest.mark.parametrize(
    ("case", "by", "confirmed_by", "reason", "code"),
    [
        (back(), C, B, "vin.tampered", "life.illegal"),
        (waiting(), C, B, "vin.tampered", "life.illegal"),
        (proven(sticker_withdrawn=GONE), C, B, "vin.tampered", "life.illegal"),
        (proven(issued=None, withheld=AUDIT_FIRST), C, B, "vin.tampered", "life.sticker"),
        (proven(), C, C, "vin.tampered", "withdrawal.one_person"),
        (proven(), C, Somebody("another-account", "auditor-c"), "vin.tampered", "withdrawal.one_person"),
        (proven(), Somebody("auditor-c", ""), C, "vin.tampered", "withdrawal.one_person"),
        (proven(), INSPECTOR, B, "vin.tampered", "withdrawal.own_case"),
        (proven(), C, AT_STATION, "vin.tampered", "withdrawal.own_station"),
        (proven(), C, B, "vehicle.right", "withdrawal.no_reason"),
        (proven(), C, B, "other", "withdrawal.no_words"),
    ],
)
def test_a_sticker_is_not_withdrawn(case: Case, by: Somebody, confirmed_by: Somebody, reason: str, code: str) -> None:
    with pytest.raises(StepError) as refused:
        withdraw_sticker(case, by=by, confirmed_by=confirmed_by, reason=reason)
    assert refused.value.code == code


@pytest.mark.parametrize("case", [proven(), proven(sticker_withdrawn=GONE)])
def test_a_station_is_penalised_for_a_proven_case(case: Case) -> None:
    fact = penalise(case, "fine", who=C, reason="vin.tampered", note="as the rules say")
    assert fact == StationPenalised(
        station=STATION, measure="fine", by="auditor-c", reason="vin.tampered", note="as the rules say"
    )


def test_a_sticker_may_still_be_withdrawn_after_its_station_was_penalised() -> None:
    penalised = proven(penalties=(penalise(proven(), "fine", who=C, reason="vin.tampered"),))
    assert penalised.stage == "penalised"
    assert withdraw_sticker(penalised, by=C, confirmed_by=B, reason="vin.tampered") == GONE


@pytest.mark.parametrize(
    ("case", "measure", "who", "reason", "code"),
    [
        (back(), "fine", C, "vin.tampered", "life.illegal"),
        (proven(), " ", C, "vin.tampered", "penalty.no_measure"),
        (proven(), "fine", AT_STATION, "vin.tampered", "penalty.own_station"),
        (proven(), "fine", C, "", "penalty.no_reason"),
    ],
)
def test_a_station_is_not_penalised(case: Case, measure: str, who: Somebody, reason: str, code: str) -> None:
    with pytest.raises(StepError) as refused:
        penalise(case, measure, who=who, reason=reason)
    assert refused.value.code == code


def test_a_recall_without_an_inspection_names_no_station() -> None:
    bare = Case(case="hub.1", recall=RECALL, returned=BACK, recheck=PROVEN, applied=None)
    with pytest.raises(StepError, match="stage 'unopened'"):
        penalise(bare, "fine", who=C, reason="vin.tampered")
