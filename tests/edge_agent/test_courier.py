from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent import courier
from edge_agent.courier import CourierState, Flight, KeptPhoto, Pace, PhotoState, SendBatch, Wait

PACE = Pace(batch_facts_max=10, batch_bytes_max=1_000, resend_seconds_min=2.0, resend_seconds_max=60.0)


def state(
    receipted: int = 0, newest: int = 25, *, in_flight: tuple[Flight, ...] = (), failures: int = 0, held: float = 0.0
) -> CourierState:
    return CourierState(
        receipted=receipted, newest=newest, connected=True, in_flight=in_flight, failures=failures, held_until=held
    )


def photo(seq: int, case: str, *, kept: PhotoState = "kept") -> KeptPhoto:
    return KeptPhoto(digest=f"{seq:064x}", media="image/jpeg", size=1, case=case, seq=seq, created=0, state=kept)


def test_the_first_batch_begins_after_what_is_receipted() -> None:
    assert courier.next_step(state(receipted=3), 0.0, PACE)[1] == SendBatch(4, 13)


def test_a_batch_ends_with_the_newest_fact() -> None:
    assert courier.next_step(state(receipted=20), 0.0, PACE)[1] == SendBatch(21, 25)


def test_without_a_connection_nothing_is_sent() -> None:
    assert courier.next_step(CourierState(receipted=0, newest=9), 0.0, PACE)[1] == Wait(None)


def test_when_all_is_receipted_it_waits_for_something_to_happen() -> None:
    assert courier.next_step(state(receipted=25), 0.0, PACE)[1] == Wait(None)


def test_few_batches_are_in_flight_and_in_order() -> None:
    first = courier.after_send(state(), 10, now=0.0, pace=PACE, chance=1.0)
    assert courier.next_step(first, 0.0, PACE)[1] == SendBatch(11, 20)
    second = courier.after_send(first, 20, now=0.0, pace=PACE, chance=1.0)
    assert courier.next_step(second, 0.0, PACE)[1] == Wait(2.0)


def test_a_batch_without_a_receipt_is_sent_again_with_a_longer_wait() -> None:
    sent = courier.after_send(state(), 10, now=0.0, pace=PACE, chance=1.0)
    again, step = courier.next_step(sent, 2.0, PACE)
    assert step == SendBatch(1, 10)
    assert courier.after_send(again, 10, now=2.0, pace=PACE, chance=1.0).in_flight == (Flight(10, 6.0),)


def test_a_receipt_ends_the_flights_that_it_covers() -> None:
    flying = state(in_flight=(Flight(10, 5.0), Flight(20, 5.0)), failures=3)
    after = courier.after_receipt(flying, 10, refused="", now=1.0, pace=PACE, chance=0.0)
    assert (after.receipted, after.in_flight, after.failures) == (10, (Flight(20, 5.0),), 0)


def test_a_late_receipt_takes_nothing_back() -> None:
    flying = state(receipted=10, in_flight=(Flight(20, 5.0),), failures=1)
    assert courier.after_receipt(flying, 10, refused="", now=1.0, pace=PACE, chance=0.0) == flying


def test_a_hub_that_lost_facts_gets_them_again_from_there() -> None:
    after = courier.after_receipt(
        state(receipted=20, in_flight=(Flight(25, 9.0),)), 5, refused="", now=1.0, pace=PACE, chance=0.0
    )
    assert courier.next_step(after, 1.0, PACE)[1] == SendBatch(6, 15)


def test_a_gap_sends_again_from_there_at_once_and_the_second_time_after_a_pause() -> None:
    flying = state(in_flight=(Flight(10, 5.0), Flight(20, 5.0)))
    first = courier.after_receipt(flying, 0, refused=courier.GAP, now=1.0, pace=PACE, chance=1.0)
    assert courier.next_step(first, 1.0, PACE)[1] == SendBatch(1, 10)
    second = courier.after_receipt(first, 0, refused=courier.GAP, now=1.0, pace=PACE, chance=1.0)
    assert courier.next_step(second, 1.0, PACE)[1] == Wait(5.0)


def test_a_gap_does_not_shorten_the_pause_after_a_refusal() -> None:
    refused = courier.after_receipt(state(), 0, refused="batch.fork", now=1.0, pace=PACE, chance=1.0)
    gap = courier.after_receipt(refused, 0, refused=courier.GAP, now=1.0, pace=PACE, chance=0.0)
    assert gap.held_until >= refused.held_until == 3.0


def test_a_refusal_waits_and_then_the_same_facts_go_again() -> None:
    refused = courier.after_receipt(state(), 0, refused="batch.fork", now=1.0, pace=PACE, chance=1.0)
    assert courier.next_step(refused, 1.0, PACE)[1] == Wait(3.0)
    assert courier.next_step(refused, 3.0, PACE)[1] == SendBatch(1, 10)


def test_a_message_that_could_not_be_handed_over_waits() -> None:
    failed = courier.after_send_failure(state(), now=1.0, pace=PACE, chance=1.0)
    assert courier.next_step(failed, 1.0, PACE)[1] == Wait(3.0)


def test_a_lost_connection_counts_what_was_in_flight_as_lost() -> None:
    down = courier.after_link(state(in_flight=(Flight(10, 99.0),)), connected=False)
    up = courier.after_link(down, connected=True)
    assert courier.next_step(up, 0.0, PACE)[1] == SendBatch(1, 10)


def test_new_facts_are_heard_of_and_never_forgotten() -> None:
    assert courier.after_record(state(newest=5), 9).newest == 9
    assert courier.after_record(state(newest=5), 3).newest == 5


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_the_pause_stays_between_half_the_least_and_the_most(failures: int, chance: float) -> None:
    assert 1.0 <= courier.retry_seconds(failures, PACE, chance) <= 60.0


@given(st.lists(st.integers(1, 1_500), min_size=1, max_size=30))
def test_a_batch_holds_as_many_facts_as_fit_and_always_one(sizes: list[int]) -> None:
    count = courier.fitting(sizes, PACE)
    assert 1 <= count <= min(len(sizes), PACE.batch_facts_max)
    assert count == 1 or sum(sizes[:count]) <= PACE.batch_bytes_max


@pytest.mark.parametrize(
    ("where", "may"),
    [
        (state(receipted=25), True),
        (state(receipted=24), False),
        (state(receipted=24, held=5.0), True),
        (CourierState(receipted=24, newest=25), True),
    ],
)
def test_photos_wait_while_a_fact_can_travel(where: CourierState, may: bool) -> None:  # noqa: FBT001
    assert courier.photos_may_go(where, 1.0) is may


def test_the_newest_case_goes_first_and_in_it_the_photos_as_they_were_taken() -> None:
    photos = [photo(2, "pda-7.1"), photo(3, "pda-7.1"), photo(7, "pda-7.6"), photo(9, "pda-7.6"), photo(8, "pda-7.1")]
    assert [one.seq for one in courier.photo_order(photos, 20)] == [7, 9, 2, 3, 8]


def test_a_photo_whose_fact_is_not_receipted_waits() -> None:
    assert [one.seq for one in courier.photo_order([photo(2, "pda-7.1"), photo(3, "pda-7.1")], 2)] == [2]


def test_only_photos_that_wait_are_sent() -> None:
    photos = [photo(number, "pda-7.1", kept=kept) for number, kept in enumerate(get_args(PhotoState), start=1)]
    assert [one.state for one in courier.photo_order(photos, 9)] == ["kept"]


def test_a_photo_that_is_held_back_lets_the_next_one_go() -> None:
    first, second = photo(2, "pda-7.1"), photo(3, "pda-7.1")
    assert courier.next_photo([first, second], {first.digest: 5.0}, 1.0) == second
    assert courier.next_photo([first, second], {first.digest: 5.0}, 5.0) == first


def test_when_all_photos_are_held_back_it_waits_for_the_first() -> None:
    first, second = photo(2, "pda-7.1"), photo(3, "pda-7.1")
    assert courier.next_photo([first, second], {first.digest: 5.0, second.digest: 3.0}, 1.0) == Wait(3.0)
    assert courier.next_photo([], {}, 1.0) == Wait(None)
