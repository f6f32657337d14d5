import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from central_hub.deciding.conflicts import StepError
from central_hub.deciding.reviewing import DAY_MS, Judgement, automatic_review, is_repeat, review
from inspection.case import Case
from inspection.facts import CaseAbandoned, ExaminationReviewed, ItemChecked, ReadingCorrected, StickerWithheld
from tests.central_hub.deciding.lived_cases import (
    AT_STATION,
    DUE,
    INSPECTOR,
    SIGNER,
    A,
    Somebody,
    examined,
    needed,
    waiting,
)

PASS = Judgement(decision="pass", seen=9)
FAIL = Judgement(decision="fail", seen=9, reason="vin.differs", note="position 7")
BY_RULES = ExaminationReviewed(decision="pass", by="rules", automatic=True, seen=9)


def reviewed(
    case: Case, judgement: Judgement = PASS, who: Somebody = A, *, repeat: bool = False
) -> ExaminationReviewed:
    return review(case, judgement, who=who, repeat=repeat, may_repeat=False)


def by_rules(case: Case, **changes: bool) -> ExaminationReviewed | None:
    asked = {"allowed": True, "drawn": False, "repeat": False, **changes}
    return automatic_review(case, needed(), **asked)


def test_a_person_passes_or_fails_an_examination() -> None:
    assert reviewed(examined()) == ExaminationReviewed(decision="pass", by="auditor-a", seen=9)
    failed = reviewed(examined(), FAIL)
    assert failed == ExaminationReviewed(
        decision="fail", by="auditor-a", reason="vin.differs", note="position 7", seen=9
    )
    assert examined(review=failed).stage == "review_failed"


def test_an_automatic_review_may_be_drawn_and_looked_at_again() -> None:
    case = examined(review=BY_RULES)
    assert case.stage == "reviewed"
    assert reviewed(case).sampled
    assert examined(review=reviewed(case, FAIL)).stage == "review_failed"
    assert reviewed(examined(), replace_sampled(PASS)).sampled


def replace_sampled(judgement: Judgement) -> Judgement:
    return Judgement(decision=judgement.decision, seen=judgement.seen, sampled=True)


@pytest.mark.parametrize(
    ("case", "judgement", "who", "code"),
    [
        (waiting(device_facts=9), PASS, A, "life.illegal"),
        (examined(withheld=StickerWithheld(rulebook="r", reasons=())), PASS, A, "life.illegal"),
        (examined(review=ExaminationReviewed(decision="pass", by="auditor-b")), FAIL, A, "life.automatic"),
        (examined(review=ExaminationReviewed(decision="fail", by="auditor-b")), PASS, A, "life.illegal"),
        (examined(), PASS, INSPECTOR, "review.own_case"),
        (examined(), PASS, SIGNER, "review.own_case"),
        (examined(), PASS, AT_STATION, "review.own_station"),
        (examined(), Judgement(decision="pass", seen=8), A, "review.changed"),
        (examined(), Judgement(decision="fail", seen=9), A, "review.no_reason"),
        (examined(), Judgement(decision="fail", seen=9, reason="other"), A, "review.no_words"),
        (examined(), Judgement(decision="pass", seen=9, note="长" * 2_001), A, "review.note_too_long"),
    ],
)
def test_a_review_is_refused(case: Case, judgement: Judgement, who: Somebody, code: str) -> None:
    with pytest.raises(StepError) as refused:
        reviewed(case, judgement, who)
    assert refused.value.code == code
    assert refused.value.zh


def test_a_repeat_soon_after_a_failure_is_passed_by_a_higher_right_alone() -> None:
    with pytest.raises(StepError) as refused:
        reviewed(examined(), repeat=True)
    assert refused.value.code == "review.repeat"
    assert review(examined(), PASS, who=A, repeat=True, may_repeat=True).decision == "pass"
    assert reviewed(examined(), FAIL, repeat=True).decision == "fail"


@given(st.integers(0, 200 * DAY_MS))
def test_a_repeat_is_one_within_so_many_days(later: int) -> None:
    assert is_repeat(opened_at=DUE + later, failed_at=DUE) == (later <= 60 * DAY_MS)
    assert not is_repeat(opened_at=DUE + later, failed_at=0)
    assert not is_repeat(opened_at=DUE + later, failed_at=DUE, days_max=0)


def test_the_rules_review_what_is_whole_and_right_where_they_may() -> None:
    assert by_rules(examined()) == BY_RULES
    assert examined(review=by_rules(examined())).stage == "reviewed"


@pytest.mark.parametrize("changes", [{"allowed": False}, {"drawn": True}, {"repeat": True}])
def test_a_person_looks_where_the_area_or_the_draw_or_a_failure_before_wants_it(changes: dict[str, bool]) -> None:
    assert by_rules(examined(), **changes) is None


def test_the_rules_do_not_review_twice_nor_what_waits_for_no_review() -> None:
    assert by_rules(examined(review=BY_RULES)) is None
    assert by_rules(examined(withheld=None)) is None
    assert by_rules(examined(concluded=None, abandoned=CaseAbandoned(reason="drove off"), withheld=None)) is None


WHOLE = examined()
SHOTS, ITEMS = WHOLE.all_photos, WHOLE.items
VIN_SHOT = next(shot for shot in SHOTS if shot.vin is not None)
OTHERS = tuple(shot for shot in SHOTS if shot is not VIN_SHOT)
assert VIN_SHOT.vin is not None
DOUBTFUL = replace(VIN_SHOT, vin=replace(VIN_SHOT.vin, accepted=False))
OTHER_VIN = replace(VIN_SHOT, vin=replace(VIN_SHOT.vin, vin="LZZAA1A26RA000018"))
UNREAD = replace(VIN_SHOT, vin=None)
CONFIRMED = ReadingCorrected(photo=VIN_SHOT.photo.digest, read="", corrected=VIN_SHOT.vin.vin, by="i", reason="glare")


@pytest.mark.parametrize(
    "case",
    [
        examined(all_photos=SHOTS[1:]),
        examined(stored=frozenset()),
        examined(items=ITEMS[1:]),
        examined(items=(*ITEMS[1:], ItemChecked(item=ITEMS[0].item, mark="fail"))),
        examined(items=(*ITEMS[1:], ItemChecked(item=ITEMS[0].item, mark="not_required"))),
        examined(items=(*ITEMS, ItemChecked(item="19", mark="fail"))),
        examined(all_photos=(*OTHERS, OTHER_VIN)),
        examined(all_photos=(*OTHERS, UNREAD)),
        examined(all_photos=(*OTHERS, DOUBTFUL)),
        examined(all_photos=(*OTHERS, DOUBTFUL), corrections=(CONFIRMED,)),
    ],
)
def test_whatever_is_missing_or_doubtful_is_for_a_person(case: Case) -> None:
    assert case.stage == "review_pending"
    assert by_rules(case) is None


def test_an_item_that_the_form_does_not_ask_for_need_not_be_done() -> None:
    assert by_rules(examined(items=(*ITEMS, ItemChecked(item="19", mark="not_required")))) == BY_RULES
