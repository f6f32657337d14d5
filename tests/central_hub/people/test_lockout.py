import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.people.lockout import (
    CODE_FAILURES_MAX,
    COUNTS_REMEMBERED_MAX,
    DAY_MS,
    FAILURES_OF_DAY_MAX,
    FIRST_WAIT_SECONDS,
    FREE_FAILURES_MAX,
    FREE_FAILURES_OF_ADDRESS_MAX,
    WAIT_SECONDS_MAX,
    Attempts,
    Tally,
    locks_account,
    place_of,
)

HERE, THERE = "192.0.2.1", "192.0.2.2"


def fail_all_day(attempts: Attempts, name: str = "li", source: str = HERE, *, now: int = 0) -> int:
    """Fail as soon as it is allowed, until the day's failures are used up; return when that was."""
    for _ in range(FAILURES_OF_DAY_MAX):
        now += 1000 * attempts.begin(name, source, now=now)
        attempts.begin(name, source, now=now)
        if attempts.begin(name, source, now=now) > WAIT_SECONDS_MAX:
            break
    return now


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


def test_after_a_days_failures_an_address_is_shut_for_that_name_until_the_day_is_over() -> None:
    attempts = Attempts()
    now = fail_all_day(attempts)
    assert attempts.begin("li", HERE, now=now) == (DAY_MS - now) // 1000
    assert attempts.begin("li", HERE, now=DAY_MS - 1) == 1
    assert attempts.begin("li", HERE, now=DAY_MS) == 0


def test_who_is_shut_out_at_one_address_signs_in_at_their_own() -> None:
    attempts = Attempts()
    now = fail_all_day(attempts)
    assert attempts.begin("li", THERE, now=now) == 0


def test_an_administrator_who_unlocks_a_name_ends_all_its_waits_and_no_others() -> None:
    attempts = Attempts()
    now = max(fail_all_day(attempts), fail_all_day(attempts, "wu"))
    attempts.forget("li")
    assert attempts.begin("li", HERE, now=now) == 0
    assert attempts.begin("wu", HERE, now=now) > 0


def test_an_address_that_fails_with_many_names_waits_with_every_name() -> None:
    attempts = Attempts()
    for number in range(FREE_FAILURES_OF_ADDRESS_MAX):
        assert attempts.begin(f"name {number}", HERE, now=0) == 0
    assert attempts.begin("li", HERE, now=0) == FIRST_WAIT_SECONDS
    assert attempts.begin("li", THERE, now=0) == 0


def test_an_office_whose_people_sign_in_is_not_held_up_however_many_they_are() -> None:
    attempts = Attempts()
    for number in range(3 * FREE_FAILURES_OF_ADDRESS_MAX):
        assert attempts.begin(f"name {number}", HERE, now=0) == 0
        attempts.succeeded(f"name {number}", HERE)


def test_a_success_takes_back_one_failure_of_its_address_and_not_all() -> None:
    attempts = Attempts()
    for number in range(FREE_FAILURES_OF_ADDRESS_MAX - 2):
        attempts.begin(f"name {number}", HERE, now=0)
    attempts.begin("li", HERE, now=0)
    attempts.succeeded("li", HERE)
    assert [attempts.begin("wu", HERE, now=0) for _ in range(3)] == [0, 0, FIRST_WAIT_SECONDS]


def test_counts_are_remembered_up_to_a_limit_and_the_oldest_is_forgotten() -> None:
    attempts = Attempts()
    for number in range(COUNTS_REMEMBERED_MAX + 1):
        attempts.begin("li", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", now=0)
    assert (len(attempts._failed), len(attempts._of_address)) == (COUNTS_REMEMBERED_MAX, COUNTS_REMEMBERED_MAX)
    assert ("li", "10.0.0.0") not in attempts._failed


@given(st.lists(st.integers(0, 2_000_000), max_size=60))
def test_no_wait_is_longer_than_a_day_and_before_the_days_failures_than_its_limit(pauses: list[int]) -> None:
    attempts, now, tried = Attempts(), 0, 0
    for pause in pauses:
        now += pause
        seconds = attempts.begin("li", HERE, now=now)
        tried += seconds == 0
        assert 0 <= seconds <= (WAIT_SECONDS_MAX if tried < FAILURES_OF_DAY_MAX else DAY_MS // 1000)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        (HERE, THERE, False),
        ("unix:", "unix:", True),
        ("", "unix:", False),
    ],
)
def test_addresses_of_one_ipv6_network_are_one_place(one: str, other: str, *, same: bool) -> None:
    assert (place_of(one) == place_of(other)) == same


def test_a_tally_counts_for_a_day_from_its_first_failure() -> None:
    tally = Tally().more(10)
    assert tally == Tally(count=1, since=10)
    assert tally.more(10 + DAY_MS - 1) == Tally(count=2, since=10)
    assert tally.more(10 + DAY_MS) == Tally(count=1, since=10 + DAY_MS)


def test_a_clock_that_was_put_back_begins_the_tally_anew() -> None:
    assert Tally(count=3, since=1000).more(10) == Tally(count=1, since=10)


def test_wrong_codes_lock_an_account_at_the_limit_of_the_day() -> None:
    assert not locks_account(Tally(count=CODE_FAILURES_MAX - 1))
    assert locks_account(Tally(count=CODE_FAILURES_MAX))
