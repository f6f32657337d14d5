from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from inspection.case import Case, Folded, Stage, fold, fold_on, folded, in_order
from inspection.evidence import PhotoRef, VideoRef, VinFinding
from inspection.facts import (
    HUB_FACTS,
    AnyFact,
    AuditDecided,
    AuditOverdue,
    CaseAbandoned,
    CaseOpened,
    DeviceEnrolled,
    DirectiveSettled,
    Entry,
    InspectionConcluded,
    ItemChecked,
    LedgerSealed,
    PhotoRefused,
    PhotoStored,
    PhotoTaken,
    ReadingCorrected,
    RecallOrdered,
    StickerIssued,
    StickerWithheld,
    UnknownFact,
    Vehicle,
    VideoReferenced,
)
from inspection.identities import HUB

CASE = "lane-07.11"
VIN = "L00PA55L4N0000017"  # invented; its check character holds
MISREAD = "L00PA55L4N0000011"
DUE = 1_780_086_400_000

OPENED = CaseOpened(
    regime="jianyan", serial="J0000000000000001", vehicle=Vehicle(vin=VIN), station="ST01", inspector="inspector-1"
)
PASSED = InspectionConcluded(outcome="pass", by="inspector-1")
ISSUED = StickerIssued(number="T1", payload=b"p", valid_until=date(2028, 1, 1), audit_due=DUE, rulebook="r", reasons=())
WITHHELD = StickerWithheld(rulebook="r", reasons=())
AUDIT_FIRST = StickerWithheld(rulebook="r", reasons=(), audit_due=DUE, audit_first=True)
AUDITED = AuditDecided(decision="pass", auditor="auditor-1")
DOUBTED = AuditDecided(decision="suspicious", auditor="auditor-1", reason="vin.tampered")
RECALL = RecallOrdered(reason="vin.tampered", station="ST01")
OVERDUE = AuditOverdue(due=DUE)


def photo(name: str, kind: str = "0113", *, vin: str | None = None, replaces: str = "") -> PhotoTaken:
    """A photo whose digest is its name, and that carries a reading where `vin` is given."""
    finding = None if vin is None else VinFinding(vin=vin, confidence=0.9)
    reference = PhotoRef(digest=name, media="image/jpeg", size=1, width=1, height=1)
    return PhotoTaken(kind=kind, photo=reference, vin=finding, replaces=replaces)


def corrected(name: str, text: str = VIN) -> ReadingCorrected:
    return ReadingCorrected(photo=name, read=MISREAD, corrected=text, by="inspector-1", reason="glare")


def entry(fact: AnyFact, device: str = "lane-07", seq: int = 11, case: str = CASE) -> Entry:
    return Entry(device=device, seq=seq, before=bytes(32), wall=1, mono=1, boot="b", fact=fact, case=case)


def written(*facts: AnyFact, device: str = "lane-07", first: int = 11) -> list[Entry]:
    return [entry(fact, device, seq) for seq, fact in enumerate(facts, start=first)]


def case_of(*facts: AnyFact, hub: tuple[AnyFact, ...] = (), pda: tuple[AnyFact, ...] = ()) -> Case:
    """The case that the lane opened and to which a PDA and the hub added."""
    return fold(CASE, [*written(*facts), *written(*hub, device=HUB), *written(*pda, device="pda-02")])


# Histories: what a lane, a PDA and the hub may write about one case, in any mixture.

names = st.sampled_from(["p1", "p2", "p3"])
kinds = st.sampled_from(["0111", "0113"])
device_facts = st.one_of(
    st.builds(photo, names, kinds, vin=st.sampled_from([None, "", VIN, MISREAD]), replaces=st.just("") | names),
    st.builds(corrected, names, st.sampled_from([VIN, MISREAD])),
    st.builds(ItemChecked, item=st.sampled_from(["01", "04"]), mark=st.sampled_from(["pass", "fail", "not_required"])),
    st.builds(PhotoRefused, kind=kinds, code=st.just("photo.blurred"), detail=st.just("")),
    st.builds(InspectionConcluded, outcome=st.sampled_from(["pass", "fail", "pass_advised"]), by=st.just("i")),
    st.builds(UnknownFact, kind=st.sampled_from(["TyreWorn", "Weighed"])),
    st.builds(
        VideoReferenced, video=st.builds(VideoRef, recorder=names, channel=names, start=st.just(1), end=st.just(2))
    ),
    st.sampled_from([CaseAbandoned(reason="drove off"), OPENED, ISSUED, AUDITED, RECALL, DirectiveSettled(number=1)]),
)
hub_facts = st.one_of(
    st.builds(PhotoStored, digest=names, size=st.just(1)),
    st.sampled_from([ISSUED, WITHHELD, AUDIT_FIRST, AUDITED, DOUBTED, OVERDUE, RECALL, UnknownFact(kind="Weighed")]),
)
histories = st.builds(
    lambda lane, pda, hub: [
        *written(OPENED, *lane),
        *written(*pda, device="pda-02", first=1),
        *written(*hub, device=HUB, first=1),
    ],
    st.lists(device_facts, max_size=8),
    st.lists(device_facts, max_size=4),
    st.lists(hub_facts, max_size=6),
)


@given(histories, st.data())
@settings(max_examples=40)
def test_any_order_of_arrival_and_any_repetition_gives_the_same_case(history: list[Entry], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=6))
    arrived = data.draw(st.permutations(history + again))
    straight, mixed = fold(CASE, history), fold(CASE, arrived)
    assert mixed == straight
    assert (mixed.stage, mixed.vin, mixed.photos, mixed.audit_due) == (
        straight.stage,
        straight.vin,
        straight.photos,
        straight.audit_due,
    )


@given(histories)
def test_every_fact_of_a_history_is_kept_somewhere_in_the_case(history: list[Entry]) -> None:
    case = fold(CASE, history)
    by_devices = [item.fact for item in history if item.device != HUB]
    assert len(case.all_photos) == sum(isinstance(fact, PhotoTaken) for fact in by_devices)
    assert len(case.corrections) == sum(isinstance(fact, ReadingCorrected) for fact in by_devices)
    strange = sum(isinstance(fact, (UnknownFact, DirectiveSettled, *HUB_FACTS)) for fact in by_devices)
    endings = max(0, sum(isinstance(fact, InspectionConcluded | CaseAbandoned) for fact in by_devices) - 1)
    openings = sum(isinstance(fact, CaseOpened) for fact in by_devices) - 1
    unknown_of_hub = sum(isinstance(item.fact, UnknownFact) for item in history if item.device == HUB)
    assert len(case.unknown) == strange + openings + endings + unknown_of_hub
    assert case.device_facts == len(by_devices) - strange - openings - endings


@given(histories)
def test_a_device_that_writes_hub_facts_changes_nothing(history: list[Entry]) -> None:
    claims: list[AnyFact] = [
        ISSUED,
        WITHHELD,
        AUDIT_FIRST,
        AUDITED,
        DOUBTED,
        OVERDUE,
        RECALL,
        PhotoStored(digest="p1", size=1),
    ]
    claims += [DeviceEnrolled(device="x1", kind="k", station="s", public_key=b""), LedgerSealed(size=1, root=b"")]
    honest = fold(CASE, history)
    claimed = fold(CASE, [*history, *written(*claims, device="lane-07", first=100)])
    assert set(claimed.unknown) - set(honest.unknown) <= {kind.__name__ for kind in HUB_FACTS}
    for name in Case.__struct_fields__:
        assert name == "passed_over" or getattr(claimed, name) == getattr(honest, name)
    assert claimed.stage == honest.stage


def test_the_hub_cannot_speak_for_a_device() -> None:
    case = case_of(OPENED, hub=(photo("p1"), PASSED, replace(OPENED, station="ST99")))
    assert (case.all_photos, case.concluded, case.opened) == ((), None, OPENED)
    assert case.unknown == ("PhotoTaken", "InspectionConcluded", "CaseOpened")


@pytest.mark.parametrize(("device", "seq"), [("lane-08", 11), ("lane-07", 12), ("lane-07", 1), ("a0", 11)])
def test_an_opening_under_a_foreign_id_changes_nothing(device: str, seq: int) -> None:
    usurper = replace(OPENED, station="ST99", vehicle=Vehicle(vin=MISREAD))
    honest = [entry(OPENED)]
    case = fold(CASE, [*honest, entry(usurper, device, seq)])
    assert (case.opened, case.device, case.unknown) == (OPENED, "lane-07", ("CaseOpened",))
    alone = fold(CASE, [entry(usurper, device, seq)])
    assert (alone.stage, alone.opened, alone.device) == ("unopened", None, "")


def test_entries_are_read_by_device_the_hub_last_and_by_number() -> None:
    arrived = [*written(PASSED, OPENED, device="pda-02"), *written(ISSUED, device=HUB), *written(OPENED, device="zz")]
    order = [(item.device, item.seq) for item in in_order(reversed(arrived))]
    assert order == [("pda-02", 11), ("pda-02", 12), ("zz", 11), (HUB, 11)]


STAGES: list[tuple[Stage, tuple[AnyFact, ...], tuple[AnyFact, ...]]] = [
    ("in_progress", (OPENED,), ()),
    ("in_progress", (OPENED, photo("p1"), ItemChecked(item="04", mark="fail")), (PhotoStored(digest="p1", size=1),)),
    ("abandoned", (OPENED, CaseAbandoned(reason="drove off")), ()),
    ("withheld", (OPENED, CaseAbandoned(reason="drove off")), (WITHHELD,)),
    ("failed", (OPENED, InspectionConcluded(outcome="fail", by="i")), ()),
    ("concluded", (OPENED, PASSED), ()),
    ("concluded", (OPENED, InspectionConcluded(outcome="pass_advised", by="i")), ()),
    ("abandoned", (OPENED, CaseAbandoned(reason="came back"), PASSED), ()),
    ("failed", (OPENED, InspectionConcluded(outcome="fail", by="i"), PASSED), ()),
    ("concluded", (OPENED, PASSED, CaseAbandoned(reason="too late")), ()),
    ("audit_pending", (OPENED, PASSED), (ISSUED,)),
    ("audit_pending", (OPENED, PASSED), (ISSUED, OVERDUE)),
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
]


@pytest.mark.parametrize(("stage", "facts", "hub"), STAGES)
def test_each_stage_is_reached(stage: Stage, facts: tuple[AnyFact, ...], hub: tuple[AnyFact, ...]) -> None:
    assert case_of(*facts, hub=hub).stage == stage


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


@given(histories, st.data())
def test_a_fold_that_goes_on_comes_to_the_same_case_or_says_that_it_cannot(
    history: list[Entry], data: st.DataObject
) -> None:
    arrived = data.draw(st.permutations(history))
    state: Folded | None = folded(CASE, [])
    for count, item in enumerate(arrived, start=1):
        state = fold_on(state, item) if state is not None else None
        state = state or folded(CASE, arrived[:count])
        assert state == folded(CASE, arrived[:count])


def test_devices_and_the_hub_may_run_ahead_of_each_other_in_a_fold_that_goes_on() -> None:
    facts = [*written(OPENED, PASSED), *written(ISSUED, device=HUB)]
    opened, passed, issued = facts
    state = folded(CASE, [opened])
    for item in (issued, passed):
        ahead = fold_on(state, item)
        assert ahead is not None
        state = ahead
    assert (state.case, state.facts) == (fold(CASE, facts), 3)
    assert fold_on(state, opened) is None
    assert fold_on(state, issued) is None
