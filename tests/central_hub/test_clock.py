from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from central_hub import clock

YEAR_3000_MS = 32_503_680_000_000


def milliseconds(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]


def test_a_day_in_china_begins_at_16_hours_utc() -> None:
    assert clock.day_of(milliseconds(2026, 5, 28, 15, 59, 59)) == date(2026, 5, 28)
    assert clock.day_of(milliseconds(2026, 5, 28, 16)) == date(2026, 5, 29)


def test_a_moment_is_written_in_the_time_of_china() -> None:
    assert clock.text_of(milliseconds(2026, 2, 28, 18, 5, 9)) == "2026-03-01 02:05:09"


@given(st.integers(0, YEAR_3000_MS))
def test_a_moment_is_written_with_its_own_day(moment: int) -> None:
    assert clock.text_of(moment).startswith(clock.day_of(moment).isoformat())


def test_the_clock_counts_milliseconds_since_1970_and_waits_never_run_back() -> None:
    before = clock.seconds()
    assert milliseconds(2026, 1, 1) < clock.now_ms() < milliseconds(2200, 1, 1)
    clock.pause(0)
    assert clock.seconds() >= before
