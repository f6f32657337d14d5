import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from inspection.case import Case, Folded, fold, fold_on, folded, in_order
from inspection.facts import (
    HUB_FACTS,
    AnyFact,
    CaseAbandoned,
    CaseOpened,
    DeviceEnrolled,
    DirectiveSettled,
    Entry,
    ExemptionApplied,
    InspectionConcluded,
    ItemChecked,
    LedgerSealed,
    PhotoStored,
    PhotoTaken,
    ReadingCorrected,
    StickerPrinted,
    UnknownFact,
    Vehicle,
)
from inspection.identities import HUB
from tests.inspection.case.case_histories import (
    AUDIT_FIRST,
    AUDITED,
    BACK,
    CASE,
    CLEARED,
    DOUBTED,
    GONE,
    ISSUED,
    LATE,
    MISREAD,
    OPENED,
    OVERDUE,
    PASSED,
    PENALISED,
    PRINTED,
    PROVEN,
    RECALL,
    TAKEN_BACK,
    WITHHELD,
    case_of,
    corrected,
    entry,
    histories,
    photo,
    undone,
    written,
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
    prints = sum(isinstance(fact, StickerPrinted) for fact in by_devices)
    assert len(case.passed_over) == strange + openings + endings
    assert case.device_facts == len(by_devices) - strange - openings - endings - prints


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


@given(histories, st.data())
def test_a_fold_that_goes_on_comes_to_the_same_case_or_says_that_it_cannot(
    history: list[Entry], data: st.DataObject
) -> None:
    arrived = data.draw(st.permutations(history))
    state, read = folded(CASE, []), 0
    while read < len(arrived):
        # As facts come in: one by one, or many in one message.
        upto = data.draw(st.integers(read + 1, len(arrived)))
        state = fold_on(state, arrived[read:upto]) or folded(CASE, arrived[:upto])
        assert state == folded(CASE, arrived[:upto])
        read = upto


@given(histories, st.data())
def test_facts_read_all_at_once_come_to_what_they_come_to_one_by_one(history: list[Entry], data: st.DataObject) -> None:
    arrived = data.draw(st.permutations(history) | st.just(in_order(history)))
    one_by_one: Folded | None = folded(CASE, [])
    for item in arrived:
        one_by_one = fold_on(one_by_one, [item]) if one_by_one is not None else None
    assert fold_on(folded(CASE, []), arrived) == one_by_one


@given(histories)
def test_facts_in_the_order_of_the_fold_can_always_be_gone_on_with(history: list[Entry]) -> None:
    ordered = in_order(history)
    half = len(ordered) // 2
    assert fold_on(folded(CASE, ordered[:half]), ordered[half:]) == folded(CASE, history)


def test_a_fold_that_goes_on_with_nothing_stays_as_it_is() -> None:
    state = folded(CASE, [*written(OPENED, PASSED), *written(ISSUED, device=HUB)])
    assert fold_on(state, []) == state


def test_a_fact_given_twice_at_once_cannot_be_gone_on_with() -> None:
    for opened in (entry(OPENED), entry(PhotoStored(digest="p1", size=1), HUB)):
        assert fold_on(folded(CASE, []), [opened, opened]) is None


@pytest.mark.parametrize("second", [PASSED, CaseAbandoned(reason="drove off")])
def test_of_two_endings_in_one_message_the_first_counts(second: AnyFact) -> None:
    case = case_of(OPENED, PASSED, second)
    assert (case.concluded, case.abandoned, case.passed_over) == (PASSED, None, (type(second).__name__,))


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_an_item_that_was_checked_again_stands_where_it_was_checked_last(at_once: int) -> None:
    first, again = ItemChecked(item="01", mark="fail"), ItemChecked(item="01", mark="pass")
    other = ItemChecked(item="04", mark="pass")
    arrived, state = written(first, other, again), folded(CASE, [])
    for at in range(0, len(arrived), at_once):
        state = fold_on(state, arrived[at : at + at_once]) or state
    assert (state.case.items, state.case.checked) == ((other, again), ("01", "04", "01"))


def test_devices_and_the_hub_may_run_ahead_of_each_other_in_a_fold_that_goes_on() -> None:
    facts = [*written(OPENED, PASSED), *written(ISSUED, device=HUB)]
    opened, passed, issued = facts
    state = folded(CASE, [opened])
    for item in (issued, passed):
        ahead = fold_on(state, [item])
        assert ahead is not None
        state = ahead
    assert (state.case, state.facts) == (fold(CASE, facts), 3)
    assert fold_on(state, [opened]) is None
    assert fold_on(state, [issued]) is None


def test_a_sticker_that_was_printed_is_no_evidence_that_an_auditor_would_have_to_look_at() -> None:
    case = case_of(OPENED, PASSED, PRINTED, hub=(ISSUED, PRINTED))
    assert (len(case.prints), case.device_facts) == (2, 2)


def test_what_an_auditor_reads_otherwise_changes_no_reading_of_the_station() -> None:
    case = case_of(OPENED, photo("p1", vin=MISREAD), hub=(corrected("p1"),))
    assert (case.vin, case.vin_seen_by_person, len(case.audit_corrections)) == (MISREAD, False, 1)


def test_what_devices_say_of_a_case_s_life_is_a_report_until_the_hub_says_so_too() -> None:
    said = case_of(OPENED, TAKEN_BACK, BACK)
    assert (said.stage, said.reports, said.withdrawn, said.returned) == ("in_progress", (TAKEN_BACK, BACK), None, None)
    assert case_of(OPENED, TAKEN_BACK, hub=(TAKEN_BACK,)).stage == "withdrawn"


NOTHING_BELOW: list[tuple[AnyFact, tuple[AnyFact, ...]]] = [
    (replace(ISSUED, number="T2"), (ISSUED,)),
    (LATE, (ISSUED,)),
    (BACK, (ISSUED,)),
    (CLEARED, (ISSUED, DOUBTED, RECALL)),
    (GONE, (WITHHELD, DOUBTED, RECALL, BACK, PROVEN)),
    (replace(GONE, number="T9"), (ISSUED, DOUBTED, RECALL, BACK, PROVEN)),
    (PENALISED, (ISSUED,)),
    (PENALISED, (ISSUED, DOUBTED, RECALL, BACK, CLEARED)),
    *((undone(step), (ISSUED,)) for step in ("audit", "recall", "recheck", "review", "withdrawal")),
]


@pytest.mark.parametrize(("fact", "before"), NOTHING_BELOW)
def test_a_fact_of_the_hub_that_stands_on_nothing_is_passed_over_and_shown(
    fact: AnyFact, before: tuple[AnyFact, ...]
) -> None:
    honest, odd = case_of(OPENED, PASSED, hub=before), case_of(OPENED, PASSED, hub=(*before, fact))
    assert odd == replace(honest, hub_passed_over=(type(fact).__name__,))


def test_a_step_that_was_undone_counts_no_more_and_why_stays() -> None:
    recalled = (ISSUED, DOUBTED, RECALL, LATE, BACK)
    again = case_of(OPENED, PASSED, hub=(*recalled, undone("recall")))
    assert (again.stage, again.recall, again.recall_overdue, again.returned) == ("audit_pending", None, None, None)
    assert (again.audits, again.opinions, again.undone) == ((), (), (undone("recall"),))
    assert case_of(OPENED, PASSED, hub=(*recalled, PROVEN, undone("recheck"))).stage == "vehicle_back"
    assert case_of(OPENED, PASSED, hub=(TAKEN_BACK, undone("withdrawal"))).stage == "concluded"


def test_an_exempt_car_is_a_case_of_the_hub_s_own_and_of_its_own_number() -> None:
    applied = ExemptionApplied(
        serial="M1", vehicle=Vehicle(vin=MISREAD), office="OF01", by="clerk-1", channel="counter"
    )
    case = fold("hub.5", [entry(applied, HUB, 5, "hub.5")])
    assert (case.stage, case.device, case.vehicle) == ("applied", HUB, applied.vehicle)
    claimed = fold("hub.5", [entry(applied, HUB, 6, "hub.5")])
    assert (claimed.stage, claimed.unknown, claimed.vehicle) == ("unopened", ("ExemptionApplied",), None)
