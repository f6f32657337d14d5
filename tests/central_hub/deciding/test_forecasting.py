"""The queue is played forward with the people on shift; what will be late is known before it is."""

from hypothesis import given
from hypothesis import strategies as st

from central_hub.deciding.forecasting import Breach, Forecast, Shift, Spare, Waiting, escalation, forecast
from inspection.facts import AuditEscalated

HOUR = 3_600_000
MINUTE = 60_000
NOW = 1_780_000_000_000


def waiting(number: int, *, due: int, order: int | None = None, opinions: float = 1.0) -> Waiting:
    return Waiting(case=f"lane-1.{number}", due=due, order=due if order is None else order, opinions=opinions)


def shift(person: str, start: int, end: int) -> Shift:
    return Shift(person=person, start=NOW + start, end=NOW + end)


def test_who_is_alone_does_one_case_after_another_and_the_late_ones_are_named() -> None:
    cases = [waiting(number, due=NOW + 5 * MINUTE + number) for number in range(1, 5)]
    found = forecast(cases, [shift("a", 0, 8 * HOUR)], seconds_a_case=120, now=NOW)
    late = [Breach(case=f"lane-1.{n}", due=NOW + 5 * MINUTE + n, done=NOW + 2 * n * MINUTE) for n in (3, 4)]
    assert found.breaches == tuple(late)
    assert (found.waiting, found.staff, found.done) == (4, 1, NOW + 8 * MINUTE)


def test_with_a_second_person_nothing_is_late() -> None:
    cases = [waiting(number, due=NOW + 5 * MINUTE) for number in range(1, 5)]
    staff = [shift("a", 0, 8 * HOUR), shift("b", -HOUR, 8 * HOUR)]
    found = forecast(cases, staff, seconds_a_case=120, now=NOW)
    assert (found.breaches, found.staff, found.done) == ((), 2, NOW + 4 * MINUTE)


def test_a_breach_of_the_morning_is_known_hours_before() -> None:
    # At six in the evening nobody comes back before eight in the morning.
    cases = [waiting(1, due=NOW + 12 * HOUR), waiting(2, due=NOW + 15 * HOUR)]
    found = forecast(cases, [shift("a", 14 * HOUR, 22 * HOUR)], seconds_a_case=60, now=NOW)
    assert [breach.case for breach in found.breaches] == ["lane-1.1"]
    assert found.breaches[0].due - found.at >= 2 * HOUR
    assert (found.staff, found.first_due, found.late) == (0, NOW + 12 * HOUR, 0)


def test_where_nobody_is_on_shift_nothing_is_ever_done() -> None:
    found = forecast([waiting(1, due=NOW + HOUR)], [shift("a", -2 * HOUR, -HOUR)], seconds_a_case=60, now=NOW)
    assert found.breaches == (Breach(case="lane-1.1", due=NOW + HOUR, done=0),)
    assert found.done == 0


def test_a_case_that_was_begun_is_ended_after_the_shift_and_no_other_is_begun() -> None:
    cases = [waiting(number, due=NOW + HOUR, order=number) for number in (1, 2)]
    found = forecast(cases, [shift("a", 0, MINUTE)], seconds_a_case=120, now=NOW)
    assert found.breaches == (Breach(case="lane-1.2", due=NOW + HOUR, done=0),)


def test_the_riskier_case_is_done_first_and_one_that_needs_two_opinions_takes_twice_as_long() -> None:
    cases = [waiting(1, due=NOW + MINUTE), waiting(2, due=NOW + HOUR, order=NOW - HOUR, opinions=2.0)]
    found = forecast(cases, [shift("a", 0, HOUR)], seconds_a_case=60, now=NOW)
    assert found.breaches == (Breach(case="lane-1.1", due=NOW + MINUTE, done=NOW + 3 * MINUTE),)


def test_what_is_late_already_is_counted_by_itself() -> None:
    cases = [waiting(1, due=NOW - 1), waiting(2, due=NOW + 90_000)]
    found = forecast(cases, [shift("a", 0, HOUR)], seconds_a_case=60, now=NOW)
    assert (found.late, found.first_due) == (1, NOW + 90_000)


def test_what_is_decided_in_time_only_if_nothing_goes_worse_than_usual_is_told_too() -> None:
    cases = [waiting(n, due=NOW + 30 * MINUTE) for n in range(1, 11)]
    staff, usual = [shift("a", 0, 8 * HOUR)], 2 * 60
    told = {
        spare: len(forecast(cases, staff, seconds_a_case=usual, now=NOW, spare=spare).breaches)
        for spare in (
            Spare(),
            Spare(share=0.5),
            Spare(share=1.0),
            Spare(ms=20 * MINUTE),
            Spare(ms=11 * MINUTE, share=0.5),
        )
    }
    assert list(told.values()) == [0, 0, 3, 5, 4]
    closely = forecast(cases, staff, seconds_a_case=usual, now=NOW, spare=Spare(share=1.0))
    # When it is expected stays what is usual.
    assert closely.breaches[-1].done == closely.done == NOW + 20 * MINUTE


def test_of_an_empty_queue_there_is_nothing_to_tell() -> None:
    empty = Forecast(at=NOW, waiting=0, staff=0, seconds_a_case=60, done=NOW)
    assert forecast([], [], seconds_a_case=60, now=NOW) == empty
    assert (empty.late, empty.first_due) == (0, 0)


def test_a_breach_is_told_once_and_once_more_when_it_is_near() -> None:
    far = Breach(case="lane-1.1", due=NOW + 5 * HOUR, done=0)
    assert escalation(far, now=NOW, urgent_ms=2 * HOUR) == AuditEscalated(level=1, to="lead_auditor", due=far.due)
    told = Breach(case="lane-1.1", due=NOW + 5 * HOUR, done=0, told=1)
    assert escalation(told, now=NOW, urgent_ms=2 * HOUR) is None
    near = escalation(told, now=NOW + 3 * HOUR, urgent_ms=2 * HOUR)
    assert near == AuditEscalated(level=2, to="detachment", due=far.due)


cases_lists = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=20)
shift_lists = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=5)


@given(cases_lists, shift_lists, st.integers(1, 300))
def test_it_says_the_same_each_time_and_one_more_person_never_makes_more_late(
    made: list[tuple[int, int]], staffed: list[tuple[int, int]], seconds: int
) -> None:
    cases = [waiting(n, due=NOW + due * MINUTE, order=order) for n, (due, order) in enumerate(made, start=1)]
    staff = [shift(str(n), start * MINUTE, (start + length) * MINUTE) for n, (start, length) in enumerate(staffed)]
    found = forecast(cases, staff, seconds_a_case=seconds, now=NOW)
    assert found == forecast(reversed(cases), staff, seconds_a_case=seconds, now=NOW)
    more = forecast(cases, [*staff, shift("more", 0, 1_000 * HOUR)], seconds_a_case=seconds, now=NOW)
    assert len(more.breaches) <= len(found.breaches)
    assert more.done >= NOW
