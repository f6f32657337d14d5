"""The hub's clock: the only place in this room that reads one. Deadlines and validity hang on it."""

import time
from datetime import date, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
"""China keeps one time zone; a sticker's day is a day there."""


def now_ms() -> int:
    """Return Unix milliseconds."""
    return time.time_ns() // 1_000_000


def day_of(milliseconds: int) -> date:
    """Return the day in China of a moment given in Unix milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, BEIJING).date()


def text_of(milliseconds: int) -> str:
    """Return a moment as people in China write it, to the second."""
    return datetime.fromtimestamp(milliseconds / 1000, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def seconds() -> float:
    """Return monotonic seconds, for waits."""
    return time.monotonic()


def pause(seconds_long: float) -> None:
    """Let time pass."""
    time.sleep(seconds_long)
