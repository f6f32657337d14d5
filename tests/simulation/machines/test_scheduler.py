import pytest

from tests.simulation.machines.scheduler import ACTIONS_MAX, START_MS, Scheduler, SimulationError


def test_actions_run_in_the_order_of_their_time_and_of_two_at_one_moment_the_earlier_asked() -> None:
    scheduler, seen = Scheduler(1), []
    scheduler.after(20, "c", lambda: seen.append("c"))
    scheduler.after(10, "a", lambda: seen.append("a"))
    scheduler.after(10, "b", lambda: seen.append("b"))
    scheduler.run(START_MS + 15)
    assert seen == ["a", "b"]
    assert scheduler.now == START_MS + 15
    scheduler.run(START_MS + 20)
    assert seen == ["a", "b", "c"]


def test_it_stops_where_it_is_asked_to() -> None:
    scheduler, seen = Scheduler(1), []
    for name in "ab":
        scheduler.after(5, name, lambda: seen.append(1))
    assert scheduler.run(START_MS + 10, done=lambda: bool(seen))
    assert seen == [1]


def test_the_trace_follows_from_every_line() -> None:
    one, other = Scheduler(1), Scheduler(1, keeps_lines=True)
    for scheduler in (one, other):
        scheduler.fault("link cut", "lane-1")
    assert one.trace == other.trace
    assert other.lines == ["        0 FAULT link cut lane-1"]
    other.note("more")
    assert one.trace != other.trace


def test_a_schedule_without_an_end_is_an_error() -> None:
    scheduler = Scheduler(1)

    def again() -> None:
        scheduler.after(0, "again", again)

    again()
    with pytest.raises(SimulationError, match=str(ACTIONS_MAX)):
        scheduler.run(START_MS)
