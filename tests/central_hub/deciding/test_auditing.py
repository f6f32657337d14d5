import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from central_hub.deciding.auditing import (
    NOTE_CHARACTERS_MAX,
    AuditError,
    View,
    may_look,
    opine,
    overdue,
    round_of,
)
from inspection.case import Case
from inspection.facts import (
    AuditDecided,
    AuditOpinion,
    AuditOverdue,
    CaseWithdrawn,
    ExemptionApplied,
    RecallOrdered,
    RetakeRequested,
    StickerWithheld,
)
from tests.central_hub.deciding.lived_cases import (
    AT_STATION,
    AUDIT_FIRST,
    CHECK,
    DUE,
    INSPECTOR,
    ISSUED,
    SIGNER,
    A,
    B,
    C,
    Somebody,
    recalled,
    waiting,
)
from tests.central_hub.simulated_device import STATION, private_car

BACK_BY = DUE + 7 * 86_400_000
PASS = View(decision="pass", seen=0)
DOUBT = View(decision="suspicious", seen=0, reason="vin.tampered", note="see photo 2", seconds=95)


def opinions(
    case: Case, view: View, who: Somebody = A, *, second: bool = False, may_settle: bool = False
) -> tuple[object, ...]:
    return opine(case, view, who=who, second_wanted=second, may_settle=may_settle, recall_due=BACK_BY)


def refused(case: Case, view: View = PASS, who: Somebody = A) -> str:
    with pytest.raises(AuditError) as no:
        opinions(case, view, who)
    assert no.value.zh
    return no.value.code


def after(case: Case, *facts: object) -> Case:
    """The case with these opinions and decisions."""
    said = tuple(fact for fact in facts if isinstance(fact, AuditOpinion))
    decided = tuple(fact for fact in facts if isinstance(fact, AuditDecided))
    recall = next((fact for fact in facts if isinstance(fact, RecallOrdered)), None)
    return replace(case, opinions=(*case.opinions, *said), audits=(*case.audits, *decided), recall=recall)


def test_one_person_s_pass_is_an_opinion_and_a_decision_in_one() -> None:
    assert opinions(waiting(), View(decision="pass", seen=0, reason="vin.differs", note="fine", seconds=40)) == (
        AuditOpinion(decision="pass", auditor="auditor-a", note="fine", seconds=40),
        AuditDecided(decision="pass", auditor="auditor-a", note="fine"),
    )


def test_a_pass_that_was_drawn_for_a_second_look_decides_nothing_yet() -> None:
    (first,) = opinions(waiting(), PASS, second=True)
    case = after(waiting(), first)
    assert (case.stage, round_of(case)) == ("second_review", 2)
    # That it was drawn is not asked again: the second person decides.
    second = opinions(case, PASS, B, second=True)
    assert second == (
        AuditOpinion(decision="pass", auditor="auditor-b", round=2),
        AuditDecided(decision="pass", auditor="auditor-b", opinions=2),
    )
    assert after(case, *second).stage == "archived"


def test_a_suspicion_that_another_person_shares_orders_the_vehicle_back() -> None:
    (first,) = opinions(waiting(), DOUBT)
    case = after(waiting(), first)
    assert case.stage == "suspected"
    second = opinions(case, View(decision="suspicious", seen=0, reason="photo.reused"), B)
    assert second == (
        AuditOpinion(decision="suspicious", auditor="auditor-b", round=2, reason="photo.reused"),
        AuditDecided(decision="suspicious", auditor="auditor-b", reason="photo.reused", opinions=2),
        RecallOrdered(reason="photo.reused", station=STATION, due=BACK_BY),
    )
    assert after(case, *second).stage == "recall_ordered"


@pytest.mark.parametrize("views", [(PASS, DOUBT), (DOUBT, PASS)])
@pytest.mark.parametrize(("third", "stage"), [(PASS, "archived"), (DOUBT, "recall_ordered")])
def test_where_two_differ_a_third_with_that_right_decides(views: tuple[View, View], third: View, stage: str) -> None:
    case = after(waiting(), *opinions(waiting(), views[0], second=True))
    case = after(case, *opinions(case, views[1], B))
    assert (case.stage, round_of(case), case.audit) == ("suspected", 3, None)
    assert refused(case, third, C) == "audit.third_wanted"
    facts = opinions(case, third, C, may_settle=True)
    assert after(case, *facts).stage == stage
    assert isinstance(facts[1], AuditDecided)
    assert facts[1].opinions == 3


@given(st.lists(st.sampled_from([PASS, DOUBT]), min_size=3, max_size=3), st.booleans())
def test_at_most_three_people_decide_and_what_most_of_them_think_is_decided(views: list[View], drawn: bool) -> None:  # noqa: FBT001
    case = waiting()
    for view, who in zip(views, (A, B, C), strict=True):
        if case.audit is None:
            case = after(case, *opinions(case, view, who, second=drawn, may_settle=True))
    assert case.audit is not None
    said = [opinion.decision for opinion in case.opinions]
    assert said.count(case.audit.decision) * 2 > len(said)
    assert (case.audit.opinions, case.audit.auditor) == (len(said), case.opinions[-1].auditor)
    assert (case.recall is not None) == (case.audit.decision == "suspicious")
    # Nobody is alone with a suspicion.
    assert case.audit.decision == "pass" or len(said) > 1


@pytest.mark.parametrize(
    ("who", "code"),
    [(INSPECTOR, "audit.own_case"), (SIGNER, "audit.own_case"), (AT_STATION, "audit.own_station")],
)
def test_nobody_audits_their_own_work(who: Somebody, code: str) -> None:
    assert refused(waiting(), PASS, who) == code


def test_nobody_gives_two_opinions_on_a_case_by_whichever_account() -> None:
    case = after(waiting(), *opinions(waiting(), DOUBT))
    assert refused(case, DOUBT, A) == "audit.twice"
    assert refused(case, DOUBT, Somebody("another-account", "auditor-a")) == "audit.twice"


TAKEN_BACK = CaseWithdrawn(reason="applicant", by="clerk-1")
NOT_WAITING = [
    Case(case="lane-1.1"),
    waiting(issued=None),
    waiting(issued=None, withheld=StickerWithheld(rulebook="r", reasons=())),
    waiting(issued=None, withheld=AUDIT_FIRST, withdrawn=TAKEN_BACK),
    waiting(opened=CHECK, issued=None, withheld=AUDIT_FIRST),
    waiting(
        opened=None,
        applied=ExemptionApplied(serial="M1", vehicle=private_car(), office="OF01", by="clerk-1"),
    ),
    recalled(audits=()),
]


@pytest.mark.parametrize("case", NOT_WAITING, ids=lambda case: case.stage)
def test_a_case_that_waits_for_no_audit_is_not_audited(case: Case) -> None:
    assert refused(case, DOUBT) == "audit.not_waiting"


def test_what_was_decided_before_stays_decided() -> None:
    decided = waiting(audits=(AuditDecided(decision="pass", auditor="auditor-b"),))
    assert refused(decided, DOUBT) == "audit.decided"
    assert refused(recalled(), DOUBT) == "audit.decided"


def test_a_case_is_decided_with_all_that_is_here_or_not_at_all() -> None:
    assert refused(waiting(device_facts=7), View(decision="pass", seen=6)) == "audit.changed"
    (opinion, decided) = opinions(waiting(device_facts=7), View(decision="pass", seen=7))
    assert isinstance(opinion, AuditOpinion)
    assert isinstance(decided, AuditDecided)
    assert (opinion.seen, decided.seen) == (7, 7)


def test_a_case_that_was_returned_may_be_doubted_and_not_passed() -> None:
    asked = RetakeRequested(by="auditor-b", reason="photo.blurred", kind="0113")
    case = waiting(retakes=(asked,))
    assert (case.stage, refused(case)) == ("returned", "audit.returned")
    assert len(opinions(case, DOUBT)) == 1


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (View(decision="suspicious", seen=0), "audit.no_reason"),
        (View(decision="suspicious", seen=0, reason="other", note=" "), "audit.no_words"),
        (View(decision="pass", seen=0, note="长" * (NOTE_CHARACTERS_MAX + 1)), "audit.note_too_long"),
    ],
)
def test_an_opinion_says_why(view: View, code: str) -> None:
    assert refused(waiting(), view) == code


@pytest.mark.parametrize(
    "case", [waiting(), waiting(issued=None, withheld=AUDIT_FIRST), waiting(overdue=AuditOverdue(due=DUE))]
)
def test_who_has_nothing_to_do_with_a_waiting_case_may_look_at_it(case: Case) -> None:
    may_look(case, A)
    assert len(opinions(case, PASS)) == 2


def test_an_audit_is_overdue_after_the_last_millisecond_and_not_in_it() -> None:
    assert overdue(waiting(), now=DUE) is None
    assert overdue(waiting(), now=DUE + 1) == AuditOverdue(due=DUE)


def test_overdue_is_said_once_and_not_of_what_was_decided_or_has_no_clock() -> None:
    assert overdue(waiting(overdue=AuditOverdue(due=DUE)), now=DUE + 1) is None
    assert overdue(waiting(audits=(AuditDecided(decision="pass", auditor="a"),)), now=DUE + 1) is None
    assert overdue(waiting(issued=None), now=DUE + 1) is None
    assert overdue(waiting(issued=None, withheld=AUDIT_FIRST, withdrawn=TAKEN_BACK), now=DUE + 1) is None


@pytest.mark.parametrize(
    "case",
    [
        waiting(retakes=(RetakeRequested(by="a", reason="photo.blurred", kind="0113"),)),
        waiting(opinions=(AuditOpinion(decision="pass", auditor="a"),)),
        waiting(opinions=(AuditOpinion(decision="suspicious", auditor="a"),)),
        waiting(opened=CHECK, issued=None, withheld=AUDIT_FIRST),
    ],
    ids=lambda case: case.stage,
)
def test_whatever_else_is_waited_for_the_clock_runs_on(case: Case) -> None:
    assert overdue(case, now=DUE + 1) == AuditOverdue(due=DUE)


def test_a_sticker_starts_another_clock_than_the_one_that_ran_out_before_it() -> None:
    later = waiting(overdue=AuditOverdue(due=DUE), issued=replace(ISSUED, audit_due=DUE + 10))
    assert (later.stage, overdue(later, now=DUE + 5)) == ("audit_pending", None)
    assert overdue(later, now=DUE + 11) == AuditOverdue(due=DUE + 10)
