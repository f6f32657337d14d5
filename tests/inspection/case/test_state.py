from typing import get_args

import msgspec
import pytest
from msgspec.structs import replace

from inspection.case import Stage, fold
from inspection.evidence import VideoRef
from inspection.facts import (
    AnyFact,
    CaseAbandoned,
    ExaminationReviewed,
    ExemptionApplied,
    InspectionConcluded,
    ItemChecked,
    LedgerSealed,
    PhotoRefused,
    PhotoStored,
    UnknownFact,
    Vehicle,
    VideoReferenced,
)
from inspection.identities import HUB
from tests.inspection.case.case_histories import (
    AUDIT_FIRST,
    AUDITED,
    BACK,
    CASE,
    CLEARED,
    DOUBTED,
    DUE,
    FAILED,
    GONE,
    ISSUED,
    LATE,
    MISREAD,
    OPENED,
    OPINION,
    OVERDUE,
    PASSED,
    PENALISED,
    PROVEN,
    RECALL,
    RETESTED,
    SUSPICION,
    TAKEN_BACK,
    VIN,
    WITHHELD,
    case_of,
    corrected,
    entry,
    photo,
    undone,
    wanted,
    written,
)

CHECK = replace(OPENED, regime="chayan")
REVIEWED = ExaminationReviewed(decision="pass", by="reviewer-1")
REVIEW_FAILED = ExaminationReviewed(decision="fail", by="reviewer-1", reason="vin.differs")

STAGES: list[tuple[Stage, tuple[AnyFact, ...], tuple[AnyFact, ...]]] = [
    ("in_progress", (OPENED,), ()),
    ("in_progress", (OPENED, photo("p1"), ItemChecked(item="04", mark="fail")), (PhotoStored(digest="p1", size=1),)),
    ("abandoned", (OPENED, CaseAbandoned(reason="drove off")), ()),
    ("abandoned", (OPENED, CaseAbandoned(reason="drove off")), (WITHHELD,)),
    ("failed", (OPENED, InspectionConcluded(outcome="fail", by="i")), ()),
    ("concluded", (OPENED, PASSED), ()),
    ("concluded", (OPENED, InspectionConcluded(outcome="pass_advised", by="i")), ()),
    ("abandoned", (OPENED, CaseAbandoned(reason="came back"), PASSED), ()),
    ("failed", (OPENED, InspectionConcluded(outcome="fail", by="i"), PASSED), ()),
    ("concluded", (OPENED, PASSED, CaseAbandoned(reason="too late")), ()),
    ("audit_pending", (OPENED, PASSED), (ISSUED,)),
    ("audit_overdue", (OPENED, PASSED), (ISSUED, OVERDUE)),
    ("audit_overdue", (OPENED, PASSED), (AUDIT_FIRST, OVERDUE)),
    # A sticker starts a clock of its own.
    ("audit_pending", (OPENED, PASSED), (AUDIT_FIRST, OVERDUE, replace(ISSUED, audit_due=DUE + 1))),
    ("withheld", (OPENED, PASSED), (AUDIT_FIRST, OVERDUE, WITHHELD)),
    ("audit_pending", (OPENED, PASSED), (WITHHELD, ISSUED)),
    ("audit_first", (OPENED, PASSED), (AUDIT_FIRST,)),
    ("audit_first", (OPENED, PASSED), (WITHHELD, AUDIT_FIRST)),
    ("withheld", (OPENED, PASSED), (WITHHELD,)),
    ("withheld", (OPENED, PASSED), (AUDIT_FIRST, WITHHELD)),
    ("archived", (OPENED, PASSED), (ISSUED, AUDITED)),
    ("archived", (OPENED, PASSED), (ISSUED, OVERDUE, AUDITED)),
    ("archived", (OPENED, PASSED), (AUDIT_FIRST, AUDITED, ISSUED)),
    ("recall_ordered", (OPENED, PASSED), (ISSUED, DOUBTED, RECALL)),
    ("recall_ordered", (OPENED, PASSED), (AUDIT_FIRST, DOUBTED, RECALL)),
    ("second_review", (OPENED, PASSED), (ISSUED, OPINION)),
    ("suspected", (OPENED, PASSED), (ISSUED, OPINION, SUSPICION)),
    ("returned", (OPENED, photo("p1"), PASSED), (ISSUED, SUSPICION, wanted("0113", "p1"))),
    ("not_back", (OPENED, PASSED), (ISSUED, DOUBTED, RECALL, LATE)),
    ("vehicle_back", (OPENED, PASSED), (ISSUED, DOUBTED, RECALL, LATE, BACK)),
    ("cleared", (OPENED, PASSED), (ISSUED, DOUBTED, RECALL, BACK, CLEARED)),
    ("proven", (OPENED, PASSED), (ISSUED, DOUBTED, RECALL, BACK, PROVEN)),
    ("sticker_withdrawn", (OPENED, PASSED), (ISSUED, DOUBTED, RECALL, BACK, PROVEN, GONE)),
    ("penalised", (OPENED, PASSED), (ISSUED, DOUBTED, RECALL, BACK, PROVEN, GONE, PENALISED)),
    ("withdrawn", (OPENED, PASSED), (AUDIT_FIRST, TAKEN_BACK)),
    ("failed", (OPENED, FAILED), (WITHHELD,)),
    ("retested", (OPENED, FAILED), (WITHHELD, RETESTED)),
    ("review_pending", (CHECK, PASSED), (AUDIT_FIRST,)),
    ("review_pending", (CHECK, PASSED), (AUDIT_FIRST, OVERDUE)),
    ("reviewed", (CHECK, PASSED), (AUDIT_FIRST, REVIEWED)),
    ("review_failed", (CHECK, PASSED), (AUDIT_FIRST, REVIEW_FAILED)),
    ("retested", (CHECK, PASSED), (AUDIT_FIRST, REVIEW_FAILED, RETESTED)),
    ("review_pending", (CHECK, PASSED), (AUDIT_FIRST, REVIEW_FAILED, undone("review"))),
    ("withheld", (CHECK, PASSED), (WITHHELD,)),
]


@pytest.mark.parametrize(("stage", "facts", "hub"), STAGES)
def test_each_stage_is_reached(stage: Stage, facts: tuple[AnyFact, ...], hub: tuple[AnyFact, ...]) -> None:
    assert case_of(*facts, hub=hub).stage == stage


def test_an_exempt_car_is_archived_with_its_sticker_and_by_nobody_s_audit() -> None:
    applied = ExemptionApplied(serial="M1", vehicle=Vehicle(vin=VIN), office="OF01", by="clerk-1")
    facts: list[AnyFact] = [applied, WITHHELD, ISSUED]
    entries = [entry(fact, HUB, seq, "hub.5") for seq, fact in enumerate(facts, start=5)]
    assert [fold("hub.5", entries[:count]).stage for count in (1, 2, 3)] == ["applied", "withheld", "archived"]


def test_every_stage_is_reached_by_one_of_these_rows() -> None:
    assert {stage for stage, _, _ in STAGES} | {"unopened", "applied"} == set(get_args(Stage))


def test_a_photo_is_taken_again_when_another_one_counts_and_is_here() -> None:
    request = wanted("0113", "p1")
    before = (OPENED, photo("p1"), PASSED)
    after = (*before, photo("p2", replaces="p1"))
    assert case_of(*before, hub=(ISSUED, request)).open_retakes == (request,)
    assert case_of(*after, hub=(ISSUED, request)).stage == "returned"
    assert case_of(*after, hub=(ISSUED, request, PhotoStored(digest="p2", size=1))).stage == "audit_pending"
    assert case_of(*before, hub=(ISSUED, wanted("0111"))).stage == "returned"


def test_an_item_is_checked_again_when_it_was_checked_more_often_than_before() -> None:
    once = (OPENED, ItemChecked(item="01", mark="pass"), PASSED)
    request = wanted(item="01", checked=1)
    assert case_of(*once, hub=(ISSUED, request)).stage == "returned"
    assert case_of(*once, ItemChecked(item="01", mark="pass"), hub=(ISSUED, request)).stage == "audit_pending"


def test_who_checked_the_vehicle_after_a_recall_has_the_last_word() -> None:
    recalled = (AUDIT_FIRST, DOUBTED, RECALL, BACK)
    assert case_of(OPENED, PASSED, hub=(AUDIT_FIRST, AUDITED)).passed_audit
    assert case_of(OPENED, PASSED, hub=(*recalled, CLEARED)).passed_audit
    assert not case_of(OPENED, PASSED, hub=(*recalled, PROVEN)).passed_audit
    assert not case_of(OPENED, PASSED, hub=recalled).passed_audit
    assert not case_of(OPENED, PASSED).passed_audit


def test_a_case_without_its_opening_is_unopened_whatever_else_is_known() -> None:
    assert fold(CASE, []).stage == "unopened"
    assert fold(CASE, written(PASSED, device="pda-02")).stage == "unopened"


def test_no_clock_runs_before_the_hub_has_decided() -> None:
    assert case_of(OPENED, PASSED).audit_due == 0
    assert case_of(OPENED, PASSED, hub=(WITHHELD,)).audit_due == 0
    assert case_of(OPENED, PASSED, hub=(AUDIT_FIRST,)).audit_due == DUE
    assert case_of(OPENED, PASSED, hub=(WITHHELD, ISSUED)).audit_due == DUE


def test_of_two_stickers_and_of_two_audits_the_first_counts() -> None:
    second = replace(ISSUED, number="T2", audit_due=DUE + 1)
    case = case_of(OPENED, PASSED, hub=(ISSUED, second, DOUBTED, AUDITED))
    assert (case.issued, case.audit_due) == (ISSUED, DUE)
    assert (case.audit, len(case.audits)) == (DOUBTED, 2)


def test_nobody_has_audited_a_new_case() -> None:
    assert case_of(OPENED).audit is None


def test_a_retake_takes_the_place_of_the_photo_that_it_names() -> None:
    case = case_of(OPENED, photo("p1"), photo("p9", "0111"), pda=(photo("p2", replaces="p1"),))
    assert {item.photo.digest for item in case.photos} == {"p2", "p9"}
    assert len(case.all_photos) == 3


def test_a_retake_counts_even_when_it_is_read_before_the_photo_that_it_names() -> None:
    lane = written(OPENED, photo("p1"))
    pda = written(photo("p2", replaces="p1"), device="aa-pda")
    assert [item.photo.digest for item in fold(CASE, [*lane, *pda]).photos] == ["p2"]


def test_the_same_bytes_taken_again_in_place_of_their_own_retake_count() -> None:
    case = case_of(OPENED, photo("p1"), photo("p2", replaces="p1"), photo("p1", replaces="p2"))
    assert [item.photo.digest for item in case.photos] == ["p1"]


def test_of_two_photos_of_a_kind_the_later_one_counts_where_no_retake_is_named() -> None:
    case = case_of(OPENED, photo("p1"), photo("p2"))
    assert [item.photo.digest for item in case.photos] == ["p2"]


def test_the_bytes_that_are_missing_are_those_of_the_photos_that_count() -> None:
    facts = (OPENED, photo("p1"), photo("p2", replaces="p1"), photo("p3", "0111"))
    assert case_of(*facts).missing_bytes == {"p2", "p3"}
    assert case_of(*facts, hub=(PhotoStored(digest="p3", size=1),)).missing_bytes == {"p2"}
    assert not case_of(*facts, hub=(PhotoStored(digest="p2", size=1), PhotoStored(digest="p3", size=1))).missing_bytes


def test_the_vin_is_the_one_that_was_read_unless_a_person_read_it_otherwise_on_that_photo() -> None:
    read = case_of(OPENED, photo("p9", "0111"), photo("p1", vin=MISREAD))
    assert (read.vin, read.vin_seen_by_person) == (MISREAD, False)
    mended = case_of(OPENED, photo("p1", vin=MISREAD), corrected("p1", "x"), corrected("p1"))
    assert (mended.vin, mended.vin_seen_by_person) == (VIN, True)
    elsewhere = case_of(OPENED, photo("p1", vin=MISREAD), corrected("p2"))
    assert (elsewhere.vin, elsewhere.vin_seen_by_person) == (MISREAD, False)


def test_what_was_worked_out_of_a_case_is_no_part_of_it_and_stays_with_no_other() -> None:
    facts = (OPENED, photo("p1", vin=MISREAD))
    read, unread = case_of(*facts), case_of(*facts)
    assert (read.vin, read.photos) == (MISREAD, facts[1:])
    assert read.photos is read.photos
    assert (read, repr(read)) == (unread, repr(unread))
    assert msgspec.msgpack.encode(read) == msgspec.msgpack.encode(unread)
    retaken = photo("p2", vin=VIN, replaces="p1")
    after = replace(read, all_photos=(*read.all_photos, retaken))
    assert (after.vin, after.vin_photo, after.photos) == (VIN, retaken, (retaken,))


def test_a_retake_wants_its_own_correction() -> None:
    case = case_of(OPENED, photo("p1", vin=MISREAD), corrected("p1"), photo("p2", vin=MISREAD, replaces="p1"))
    assert (case.vin, case.vin_seen_by_person) == (MISREAD, False)


def test_without_a_photo_that_was_read_there_is_no_vin() -> None:
    for case in (case_of(OPENED), case_of(OPENED, photo("p1")), case_of(OPENED, corrected("p1"))):
        assert (case.vin, case.vin_photo, case.vin_seen_by_person) == ("", None, False)


def test_an_item_that_is_checked_again_holds_its_last_mark() -> None:
    first, again, other = (
        ItemChecked(item="04", mark="fail"),
        ItemChecked(item="04", mark="pass"),
        ItemChecked(item="05", mark="value", value="白"),
    )
    assert case_of(OPENED, first, other, again).items == (other, again)


def test_refused_shots_videos_and_the_first_verdict_are_kept() -> None:
    refused = PhotoRefused(kind="0113", code="photo.blurred", detail="")
    video = VideoRef(recorder="r", channel="c", start=1, end=2)
    failed = InspectionConcluded(outcome="fail", by="i")
    case = case_of(OPENED, refused, VideoReferenced(video=video), failed, PASSED)
    assert (case.refused_photos, case.videos, case.concluded) == ((refused,), (video,), failed)


def test_unknown_facts_are_shown_by_their_kind_and_never_folded() -> None:
    case = case_of(
        OPENED, UnknownFact(kind="TyreWorn"), hub=(UnknownFact(kind="Weighed"), LedgerSealed(size=1, root=b""))
    )
    assert case.unknown == ("TyreWorn", "Weighed", "LedgerSealed")
    assert case.stage == "in_progress"
