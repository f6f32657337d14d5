"""Nobody can know a draw beforehand, nobody can choose it afterwards, and everybody can repeat it."""

import hashlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.deciding.sampling import (
    DayOfSeed,
    PublishedDay,
    SampleError,
    SeedSteps,
    commitment,
    drawing_day,
    drawn,
    seed_steps,
    verify_day,
)

DAY = date(2026, 5, 28)
NEXT = DAY + timedelta(days=1)
SEED = bytes(range(32))


def known(day: date, *, revealed: bool = False) -> DayOfSeed:
    return DayOfSeed(day=day, seed=SEED, revealed=revealed)


def published(**changes: object) -> PublishedDay:
    fields: dict[str, object] = {
        "day": DAY,
        "commitment": commitment(SEED),
        "committed_on": DAY - timedelta(days=1),
        "seed": SEED.hex(),
    }
    return PublishedDay(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_draw_is_the_one_that_anybody_can_calculate_by_hand() -> None:
    number = int.from_bytes(_hmac_by_hand(SEED, b"lane-1.1")[:8], "big") / 2**64
    assert drawn(SEED, "lane-1.1", number + 1e-9)
    assert not drawn(SEED, "lane-1.1", number - 1e-9)


def _hmac_by_hand(key: bytes, text: bytes) -> bytes:
    # RFC 2104, for a key shorter than a block.
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + text).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()


def test_a_share_of_nothing_draws_nobody_and_one_of_all_everybody() -> None:
    names = [f"lane-1.{number}" for number in range(1, 200)]
    assert not any(drawn(SEED, name, 0) for name in names)
    assert all(drawn(SEED, name, 1) for name in names)


def test_about_the_share_is_drawn() -> None:
    count = sum(drawn(SEED, f"lane-1.{number}", 0.05) for number in range(1, 20_001))
    assert 900 < count < 1_100


@given(st.binary(min_size=32, max_size=32), st.text(max_size=20), st.floats(0, 1), st.floats(0, 1))
def test_who_is_drawn_for_a_share_is_drawn_for_any_greater_one(
    seed: bytes, name: str, one: float, other: float
) -> None:
    assert drawn(seed, name, min(one, other)) <= drawn(seed, name, max(one, other))


@pytest.mark.parametrize("share", [-0.01, 1.01])
def test_a_share_beyond_its_bounds_is_refused(share: float) -> None:
    with pytest.raises(SampleError, match="between 0 and 1"):
        drawn(SEED, "lane-1.1", share)


def test_a_seed_of_another_length_is_refused() -> None:
    with pytest.raises(SampleError, match="32 bytes"):
        commitment(SEED[:-1])


def test_today_and_tomorrow_get_a_seed_once() -> None:
    assert seed_steps((), DAY) == SeedSteps(commit=(DAY, NEXT), reveal=())
    assert seed_steps((known(DAY), known(NEXT)), DAY) == SeedSteps(commit=(), reveal=())


def test_the_day_after_the_seed_of_the_day_that_is_over_is_shown() -> None:
    steps = seed_steps((known(DAY), known(NEXT)), NEXT)
    assert steps == SeedSteps(commit=(NEXT + timedelta(days=1),), reveal=(DAY,))


def test_a_clock_that_is_put_back_shows_nothing_and_draws_with_no_seed_that_is_known() -> None:
    after = (known(DAY, revealed=True), known(NEXT), known(NEXT + timedelta(days=1)))
    assert seed_steps(after, DAY) == SeedSteps(commit=(), reveal=())
    assert drawing_day(DAY, DAY) == NEXT
    assert drawing_day(NEXT, DAY) == NEXT
    assert drawing_day(DAY, None) == DAY


def test_a_clock_that_was_a_year_ahead_leaves_a_seed_to_draw_with() -> None:
    ahead = DAY + timedelta(days=365)
    days = (known(DAY, revealed=True), known(NEXT, revealed=True), known(ahead), known(ahead + timedelta(days=1)))
    back = seed_steps(days, DAY)
    assert back == SeedSteps(commit=(NEXT + timedelta(days=1), NEXT + timedelta(days=2)), reveal=())


def test_a_day_that_was_kept_as_it_should_is_found_sound_by_anybody() -> None:
    passed = {f"lane-1.{number}": drawn(SEED, f"lane-1.{number}", 0.2) for number in range(1, 100)}
    assert verify_day(published(), passed, share=0.2) == ()
    # Every suspicion has a second review too.
    assert verify_day(published(), dict.fromkeys(passed, True), share=0.2) == ()


def test_a_drawn_case_without_a_second_review_is_found() -> None:
    case = next(f"lane-1.{number}" for number in range(1, 100) if drawn(SEED, f"lane-1.{number}", 0.2))
    assert verify_day(published(), {case: False}, share=0.2) == (f"{DAY}: {case} was drawn and had no second review",)


def test_a_seed_that_is_not_the_promised_one_and_a_late_promise_are_found() -> None:
    other = verify_day(published(seed=SEED[::-1].hex()), {}, share=0.05)
    assert other == (f"{DAY}: the seed that was shown is not the one that was committed to",)
    (late,) = verify_day(published(committed_on=DAY), {}, share=0.05)
    assert "not before the day" in late


@pytest.mark.parametrize("seed", ["", "no seed", "00ff"])
def test_what_is_no_seed_is_found(seed: str) -> None:
    (wrong,) = verify_day(published(seed=seed), {}, share=0.05)
    assert "no seed" in wrong
