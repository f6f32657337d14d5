from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent import courier
from edge_agent.courier import CourierState, Flight, Pace, SendBatch, SendContact, Wait

CONTACT_DUE = 1_000.0
PACE = Pace(
    batch_facts_max=10,
    batch_bytes_max=1_000,
    resend_seconds_min=2.0,
    resend_seconds_max=60.0,
    batches_in_flight_max=2,
)
GATHERING = replace(PACE, gather_seconds_max=5.0)
PATIENT = replace(GATHERING, resend_seconds_min=90.0, resend_seconds_max=90.0, batches_in_flight_max=1_000)


def state(
    receipted: int = 0, newest: int = 25, *, in_flight: tuple[Flight, ...] = (), failures: int = 0, held: float = 0.0
) -> CourierState:
    return CourierState(
        receipted=receipted,
        newest=newest,
        at_once=newest,
        connected=True,
        in_flight=in_flight,
        failures=failures,
        held_until=held,
        contact_due=CONTACT_DUE,
    )


def test_the_first_batch_begins_after_what_is_receipted() -> None:
    assert courier.next_step(state(receipted=3), 0.0, PACE)[1] == SendBatch(4, 13)


def test_a_batch_ends_with_the_newest_fact() -> None:
    assert courier.next_step(state(receipted=20), 0.0, PACE)[1] == SendBatch(21, 25)


def test_without_a_connection_nothing_is_sent() -> None:
    assert courier.next_step(CourierState(receipted=0, newest=9), 0.0, PACE)[1] == Wait(None)


def test_when_all_is_receipted_it_waits_for_something_to_happen() -> None:
    assert courier.next_step(state(receipted=25), 0.0, PACE)[1] == Wait(CONTACT_DUE)


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


def test_while_the_hub_goes_on_the_batches_behind_have_their_whole_time_again() -> None:
    flying = state(in_flight=(Flight(10, 2.0), Flight(20, 2.0), Flight(25, 9.0)))
    after = courier.after_receipt(flying, 10, refused="", now=1.5, pace=PACE, chance=1.0)
    assert after.in_flight == (Flight(20, 3.5), Flight(25, 9.0))
    assert courier.next_step(after, 3.4, replace(PACE, batches_in_flight_max=9))[1] == Wait(3.5)
    silent = courier.after_receipt(after, 10, refused="", now=3.0, pace=PACE, chance=1.0)
    assert courier.next_step(silent, 3.5, PACE)[1] == SendBatch(11, 20)


def test_a_receipt_without_a_pause_and_a_look_without_a_new_fact_change_nothing() -> None:
    flying = state(in_flight=(Flight(10, 2.0),))
    assert courier.after_pause(flying, 0, now=9.0) is flying
    assert courier.after_record(flying, 25, urgent=25, now=9.0) is flying


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


def test_the_gaps_that_answer_what_was_sent_before_the_first_one_change_nothing() -> None:
    flying = state(in_flight=(Flight(10, 5.0), Flight(20, 5.0)))
    gap = courier.after_receipt(flying, 0, refused=courier.GAP, now=1.0, pace=PACE, chance=1.0)
    again = courier.after_send(gap, 10, now=1.0, pace=PACE, chance=1.0)
    assert courier.after_receipt(again, 0, refused=courier.GAP, now=1.0, pace=PACE, chance=1.0) == again
    assert courier.next_step(again, 1.0, PACE)[1] == SendBatch(11, 20)


def test_a_gap_of_a_hub_that_lost_facts_sends_from_there_whatever_is_in_flight() -> None:
    flying = state(receipted=20, in_flight=(Flight(25, 9.0),), failures=1)
    after = courier.after_receipt(flying, 5, refused=courier.GAP, now=1.0, pace=PACE, chance=0.0)
    assert courier.next_step(after, 9.0, PACE)[1] == SendBatch(6, 15)


def test_what_was_sent_into_a_silence_is_sent_again_as_soon_as_the_hub_speaks() -> None:
    silent = state(in_flight=(Flight(10, 500.0),), failures=8)
    assert courier.next_step(courier.after_sign_of_life(silent), 1.0, PACE)[1] == SendBatch(1, 10)
    answering = state(in_flight=(Flight(10, 5.0),))
    assert courier.after_sign_of_life(answering) == answering


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


def test_contact_comes_first_when_the_link_is_up_and_again_every_minute() -> None:
    up = courier.after_link(state(receipted=25), connected=True)
    assert courier.next_step(up, 7.0, PACE)[1] == SendContact()
    said = courier.after_contact(up, now=7.0)
    assert courier.next_step(said, 7.0, PACE)[1] == Wait(67.0)
    assert courier.next_step(said, 67.0, PACE)[1] == SendContact()


def test_contact_is_made_while_batches_are_held_back() -> None:
    refused = courier.after_receipt(state(), 0, refused="batch.fork", now=999.0, pace=PACE, chance=1.0)
    assert courier.next_step(refused, CONTACT_DUE, PACE)[1] == SendContact()


def test_a_contact_that_could_not_be_handed_over_waits_as_a_batch_does() -> None:
    up = courier.after_link(state(), connected=True)
    failed = courier.after_send_failure(up, now=1.0, pace=PACE, chance=1.0)
    assert courier.next_step(failed, 1.0, PACE)[1] == Wait(3.0)
    assert courier.next_step(failed, 3.0, PACE)[1] == SendContact()


def test_a_pause_that_the_hub_asks_for_holds_the_next_batch_and_is_no_failure() -> None:
    paused = courier.after_pause(state(), 1_500, now=1.0)
    assert courier.next_step(paused, 1.0, PACE)[1] == Wait(2.5)
    assert courier.next_step(paused, 2.5, PACE)[1] == SendBatch(1, 10)
    assert paused.failures == 0


@given(st.integers(-(2**62), 2**62), st.floats(0, 1_000))
def test_no_hub_can_silence_a_device_for_longer_than_the_named_maximum(pause_ms: int, now: float) -> None:
    paused = courier.after_pause(state(), pause_ms, now=now)
    assert paused.paused_until <= now + courier.PAUSE_SECONDS_MAX


def test_a_later_and_shorter_pause_does_not_shorten_the_first() -> None:
    paused = courier.after_pause(courier.after_pause(state(), 9_000, now=1.0), 1_000, now=1.0)
    assert paused.paused_until == 10.0


def test_what_is_in_flight_when_the_hub_asks_for_a_pause_is_not_sent_again_meanwhile() -> None:
    flying = state(in_flight=(Flight(10, 3.0),))
    paused = courier.after_pause(flying, 5_000, now=1.0)
    assert courier.next_step(paused, 7.0, PACE)[1] == SendBatch(11, 20)
    assert courier.next_step(paused, 8.0, PACE)[1] == SendBatch(1, 10)


def test_a_lost_connection_counts_what_was_in_flight_as_lost() -> None:
    down = courier.after_link(state(in_flight=(Flight(10, 99.0),)), connected=False)
    up = courier.after_contact(courier.after_link(down, connected=True), now=0.0)
    assert courier.next_step(up, 0.0, PACE)[1] == SendBatch(1, 10)


def test_new_facts_are_heard_of_and_never_forgotten() -> None:
    assert courier.after_record(state(newest=5), 9, urgent=0, now=0.0).newest == 9
    assert courier.after_record(state(newest=5), 3, urgent=0, now=0.0).newest == 5


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
        (CourierState(receipted=24, newest=25, at_once=25), True),
    ],
)
def test_photos_wait_while_a_fact_can_travel(where: CourierState, may: bool) -> None:  # noqa: FBT001
    assert courier.photos_may_go(where, 1.0) is may


def test_a_pause_of_the_hubs_is_no_occasion_for_photos_while_a_fact_waits() -> None:
    paused = courier.after_pause(state(receipted=24), 9_000, now=1.0)
    assert not courier.photos_may_go(paused, 1.0)
    assert courier.photos_may_go(courier.after_pause(state(receipted=25), 9_000, now=1.0), 1.0)


def gathering(newest: int = 3, *, since: float = 1.0, urgent: int = 0) -> CourierState:
    return courier.after_record(state(0, 0), newest, urgent=urgent, now=since)


def test_fewer_facts_than_a_batch_wait_for_others_so_long_and_no_longer() -> None:
    more = courier.after_record(gathering(), 7, urgent=0, now=4.0)
    assert courier.next_step(more, 5.9, GATHERING)[1] == Wait(6.0)
    assert courier.next_step(more, 6.0, GATHERING)[1] == SendBatch(1, 7)


def test_a_full_batch_waits_for_nothing() -> None:
    assert courier.next_step(gathering(9), 1.0, GATHERING)[1] == Wait(6.0)
    full, step = courier.next_step(gathering(13), 1.0, GATHERING)
    assert step == SendBatch(1, 10)
    assert courier.next_step(courier.after_send(full, 10, now=1.0, pace=PACE, chance=1.0), 1.0, GATHERING)[1] == (
        SendBatch(11, 13)
    )


def test_an_urgent_fact_takes_along_all_that_waits_and_what_came_after_it() -> None:
    urgent = courier.after_record(gathering(), 4, urgent=4, now=1.5)
    assert courier.next_step(urgent, 1.5, GATHERING)[1] == SendBatch(1, 4)
    assert courier.next_step(courier.after_record(urgent, 5, urgent=4, now=1.6), 1.6, GATHERING)[1] == SendBatch(1, 5)


def test_what_comes_after_a_batch_is_gathered_anew() -> None:
    sent = courier.after_send(gathering(4, urgent=4), 4, now=1.0, pace=PACE, chance=1.0)
    later = courier.after_record(sent, 5, urgent=4, now=2.5)
    assert courier.next_step(later, 2.6, GATHERING)[1] == Wait(7.5)


def test_what_waited_for_the_link_goes_at_once_and_so_does_what_a_contact_told_of() -> None:
    up = courier.after_link(replace(gathering(), connected=False), connected=True)
    assert courier.next_step(courier.after_contact(up, now=1.0), 1.0, GATHERING)[1] == SendBatch(1, 3)
    assert courier.next_step(courier.after_contact(gathering(), now=1.0), 1.0, GATHERING)[1] == SendBatch(1, 3)


def test_what_was_sent_once_is_sent_again_without_being_gathered() -> None:
    sent = courier.after_send(gathering(urgent=1), 3, now=1.0, pace=PACE, chance=1.0)
    gap = courier.after_receipt(sent, 0, refused=courier.GAP, now=1.1, pace=PACE, chance=1.0)
    assert courier.next_step(gap, 1.1, GATHERING)[1] == SendBatch(1, 3)
    receipted = courier.after_receipt(sent, 3, refused="", now=1.1, pace=PACE, chance=1.0)
    rewound = courier.after_receipt(receipted, 1, refused="", now=1.2, pace=PACE, chance=1.0)
    assert courier.next_step(rewound, 1.2, GATHERING)[1] == SendBatch(2, 3)
    assert courier.next_step(sent, 3.0, GATHERING)[1] == SendBatch(1, 3)


def test_facts_that_are_gathered_hold_no_photo_up_until_they_go() -> None:
    assert courier.photos_may_go(gathering(), 5.9)
    paused = courier.after_pause(gathering(), 60_000, now=1.0)
    assert courier.next_step(paused, 5.9, GATHERING)[1] == Wait(6.0)
    due, step = courier.next_step(paused, 6.0, GATHERING)
    assert step == Wait(61.0)
    assert not courier.photos_may_go(due, 6.0)


@dataclass
class Line:
    """A courier at work in virtual time, before a hub that answers each batch after `way` seconds."""

    way: float
    where: CourierState = field(default_factory=lambda: state(0, 0))
    noticed: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    batches: list[float] = field(default_factory=list)
    answers: list[tuple[float, int]] = field(default_factory=list)
    pace: Pace = PATIENT

    def until(self, end: float) -> None:
        """Do all that is due before `end`."""
        now = self.noticed[-1] if self.noticed else 0.0
        while now < end:
            while self.answers and self.answers[0][0] <= now:
                have = self.answers.pop(0)[1]
                self.where = courier.after_receipt(self.where, have, refused="", now=now, pace=self.pace, chance=1.0)
            now = min(self._step(now), *(at for at, _ in self.answers), end)

    def record(self, count: int, at: float, *, urgent: bool) -> None:
        self.until(at)
        self.noticed += [at] * count
        newest = len(self.noticed)
        self.where = courier.after_record(self.where, newest, urgent=newest if urgent else 0, now=at)

    def _step(self, now: float) -> float:
        self.where, step = courier.next_step(self.where, now, self.pace)
        if isinstance(step, SendBatch):
            self.sent += [now] * (step.last - step.first + 1)
            self.batches.append(now)
            self.answers.append((now + self.way, step.last))
            self.where = courier.after_send(self.where, step.last, now=now, pace=self.pace, chance=1.0)
            return now
        if isinstance(step, SendContact):
            self.where = courier.after_contact(self.where, now=now)
            return now
        assert step.until is None or step.until > now
        return float("inf") if step.until is None else step.until


moments = st.lists(st.tuples(st.floats(0.0, 20.0), st.integers(1, 12), st.booleans()), min_size=1, max_size=30)


@given(moments, st.floats(0.001, 30.0))
def test_nothing_waits_longer_than_it_may_and_what_is_urgent_not_at_all(
    moments: list[tuple[float, int, bool]], way: float
) -> None:
    line, at, urgent_at = Line(way), 0.0, []
    for pause, count, urgent in moments:
        at += pause
        line.record(count, at, urgent=urgent)
        urgent_at += [(len(line.noticed), at)] if urgent else []
    line.until(at + 2 * GATHERING.gather_seconds_max)
    assert len(line.sent) == len(line.noticed)
    waited = [sent - noticed for sent, noticed in zip(line.sent, line.noticed, strict=True)]
    assert max(waited) <= GATHERING.gather_seconds_max + 1e-9
    assert all(line.sent[number - 1] == at for number, at in urgent_at)


@given(st.lists(st.floats(0.0, 2.0), min_size=29, max_size=29), st.floats(0.001, 30.0))
def test_an_inspection_of_thirty_facts_is_few_batches_and_the_verdict_ends_the_last(
    pauses: list[float], way: float
) -> None:
    line = Line(way)
    line.where = courier.after_contact(line.where, now=0.0)
    line.pace = replace(line.pace, batch_facts_max=256)
    at = 0.0
    for number, pause in enumerate([0.0, *pauses], start=1):
        at += pause
        line.record(1, at, urgent=number == 30)
    line.until(at + 1.0)
    assert line.sent[-1] == at
    # One for each time that the gathering was over, one for each contact, and the verdict's.
    assert len(line.batches) <= at // GATHERING.gather_seconds_max + at // courier.CONTACT_SECONDS + 1
    assert line.batches[-1] == at
