from hypothesis import given
from hypothesis import strategies as st

from central_hub.console.attempts import (
    COUNTS_REMEMBERED_MAX,
    FIRST_WAIT_SECONDS,
    FREE_FAILURES_MAX,
    WAIT_SECONDS_MAX,
    Attempts,
)

HERE, THERE = "192.0.2.1", "192.0.2.2"


def test_the_first_failures_cost_no_wait() -> None:
    attempts = Attempts()
    assert [attempts.begin("li", HERE, now=0) for _ in range(FREE_FAILURES_MAX)] == [0] * FREE_FAILURES_MAX


def test_after_the_free_failures_a_name_waits_and_the_wait_doubles() -> None:
    attempts = Attempts()
    for _ in range(FREE_FAILURES_MAX):
        attempts.begin("li", HERE, now=0)
    assert attempts.begin("li", HERE, now=0) == FIRST_WAIT_SECONDS
    later = 1000 * FIRST_WAIT_SECONDS
    assert attempts.begin("li", HERE, now=later - 1) == 1
    assert attempts.begin("li", HERE, now=later) == 0
    assert attempts.begin("li", HERE, now=later) == 2 * FIRST_WAIT_SECONDS


def test_one_name_that_fails_holds_up_no_other() -> None:
    attempts = Attempts()
    for _ in range(FREE_FAILURES_MAX + 1):
        attempts.begin("li", HERE, now=0)
    assert attempts.begin("wu", HERE, now=0) == 0


def test_a_name_that_is_held_up_at_one_address_is_free_at_another() -> None:
    attempts = Attempts()
    for _ in range(FREE_FAILURES_MAX + 1):
        attempts.begin("li", HERE, now=0)
    assert attempts.begin("li", HERE, now=0) == FIRST_WAIT_SECONDS
    assert attempts.begin("li", THERE, now=0) == 0


def test_a_success_at_one_address_forgets_no_failures_at_another() -> None:
    attempts = Attempts()
    for _ in range(FREE_FAILURES_MAX):
        attempts.begin("li", HERE, now=0)
    attempts.succeeded("li", THERE)
    assert attempts.begin("li", HERE, now=0) == FIRST_WAIT_SECONDS


def test_a_success_forgets_the_failures() -> None:
    attempts = Attempts()
    for _ in range(FREE_FAILURES_MAX):
        attempts.begin("li", HERE, now=0)
    attempts.succeeded("li", HERE)
    assert attempts.begin("li", HERE, now=0) == 0


def test_counts_are_remembered_up_to_a_limit_and_the_oldest_is_forgotten() -> None:
    attempts = Attempts()
    for number in range(COUNTS_REMEMBERED_MAX // 2 + 1):
        attempts.begin(f"name {number}", HERE, now=0)
        attempts.begin(f"name {number}", THERE, now=0)
    assert len(attempts._failed) == COUNTS_REMEMBERED_MAX
    assert not {("name 0", HERE), ("name 0", THERE)} & attempts._failed.keys()


@given(st.lists(st.integers(0, 2_000_000), max_size=60))
def test_no_wait_is_longer_than_the_limit(pauses: list[int]) -> None:
    attempts, now = Attempts(), 0
    for pause in pauses:
        now += pause
        assert 0 <= attempts.begin("li", HERE, now=now) <= WAIT_SECONDS_MAX
