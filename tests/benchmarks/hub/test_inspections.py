from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.hub.inprocess import announced_photos
from benchmarks.hub.inspections import FACTS, PHOTOS, Chain, batches, facts_of, made_up_vin
from inspection.case import Case, fold
from inspection.checklist import required_for
from inspection.facts import Entry, PhotoStored, PhotoTaken
from inspection.identities import HUB
from inspection.rules import Circumstances, Standing, decide, rulebook_on, shipped_rulebooks
from inspection.signing import CHAIN_START, SigningKey
from inspection.vin import check_digit_holds, parse_vin
from inspection.wire import BATCH_FACTS_MAX, check_batch_signature, open_batch, seal_batch

PHOTO_REFS = announced_photos()
TODAY = date(2026, 3, 2)


def a_case(number: int, *, with_bytes: bool) -> Case:
    records = Chain("bench-1").inspect(number, PHOTO_REFS)
    case = records[0].entry.case
    stored = [
        Entry(
            device=HUB,
            seq=seq,
            before=CHAIN_START,
            wall=0,
            mono=0,
            boot="",
            case=case,
            fact=PhotoStored(digest=photo.digest, size=photo.size),
        )
        for seq, photo in enumerate(PHOTO_REFS if with_bytes else (), start=1)
    ]
    return fold(case, [*(record.entry for record in records), *stored])


def outcome(case: Case) -> str:
    assert case.opened is not None
    around = Circumstances(
        today=TODAY, standing=Standing(admitted=True, listed=False), requirement=required_for(case.opened)
    )
    return decide(case, rulebook_on(TODAY, shipped_rulebooks()), around).outcome


def test_an_inspection_has_thirty_facts_of_which_eight_are_photos() -> None:
    facts = facts_of("bench-1", 7, PHOTO_REFS)
    assert len(facts) == FACTS == 30
    assert sum(isinstance(fact, PhotoTaken) for fact in facts) == PHOTOS == 8


def test_its_sticker_follows_as_soon_as_the_photos_bytes_are_at_the_hub() -> None:
    assert outcome(a_case(7, with_bytes=False)) == "wait"
    assert outcome(a_case(7, with_bytes=True)) == "issue"


@given(st.integers(0, 7_999_999), st.integers(0, 7_999_999))
def test_each_vehicle_has_a_vin_of_its_own_with_a_right_check_digit(one: int, other: int) -> None:
    assert check_digit_holds(parse_vin(made_up_vin(one)))
    assert (made_up_vin(one) == made_up_vin(other)) == (one == other)


def test_a_chain_goes_on_from_inspection_to_inspection() -> None:
    chain = Chain("bench-1")
    records = [*chain.inspect(1, PHOTO_REFS), *chain.inspect(2, PHOTO_REFS)]
    assert [record.entry.seq for record in records] == list(range(1, 61))
    assert all(later.entry.before == earlier.digest for earlier, later in pairwise(records))
    assert records[0].entry.case != records[-1].entry.case == "bench-1.31"


def test_a_chain_goes_on_from_where_a_journal_stands() -> None:
    first = Chain("bench-1").inspect(1, PHOTO_REFS)[-1]
    assert Chain("bench-1", seq=30, head=first.digest).inspect(2, PHOTO_REFS)[0].entry.before == first.digest


def test_batches_hold_all_facts_in_their_order_and_the_hub_takes_them() -> None:
    key, chain = SigningKey(bytes(32)), Chain("bench-1")
    records = [record for number in range(20) for record in chain.inspect(number, PHOTO_REFS)]
    made = list(batches(records))
    assert [record for batch in made for record in batch] == records
    assert max(map(len, made)) == BATCH_FACTS_MAX
    check_batch_signature(open_batch(seal_batch(made[0], sent=1, key=key)), key.public)


def test_batches_may_be_held_to_one_inspection() -> None:
    chain = Chain("bench-1")
    records = [record for number in range(3) for record in chain.inspect(number, PHOTO_REFS)]
    assert [len(batch) for batch in batches(records, FACTS)] == [FACTS] * 3
