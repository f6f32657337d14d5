"""The day itself: a small city lives it through the real engine, and all holds that has to."""

import pytest

from central_hub.clock import day_of
from passlane.day.visits import HOUR_MS
from tests.passlane.day.conftest import LivedDay


def test_all_is_decided_in_time_and_the_cheat_is_stopped_by_the_rules_alone(small_day: LivedDay) -> None:
    assert [promise for promise in small_day.figures.promises if not promise.held] == []
    assert small_day.figures.held
    assert small_day.reckoning.late == {}


def test_with_too_few_auditors_each_breach_is_told_two_hours_before(understaffed_day: LivedDay) -> None:
    late = understaffed_day.reckoning.late
    assert len(late) > 10
    assert min(course.due - course.told for course in late.values()) >= 2 * HOUR_MS
    assert understaffed_day.figures.held


def test_each_hour_is_told_and_the_counts_add_up_to_the_day(small_day: LivedDay) -> None:
    city, told = small_day.city, small_day.told
    assert [hour.at for hour in told[:3]] == [city.midnight + HOUR_MS * at for at in (1, 2, 3)]
    assert sum(hour.opened for hour in told) == len(city.visits)
    assert sum(hour.stickers for hour in told) == sum(
        len(course.issued) for course in small_day.reckoning.courses.values()
    )
    assert told[-1].waiting == 0
    assert told[0].text == "05-28 01:00"
    assert small_day.lived.ended == told[-1].at


def test_the_forecast_sees_the_breaches_coming_hour_by_hour(understaffed_day: LivedDay) -> None:
    coming = [hour for hour in understaffed_day.told if hour.breaches]
    assert coming
    assert coming[0].at < understaffed_day.city.midnight + 24 * HOUR_MS
    assert max(hour.oldest_minutes for hour in understaffed_day.told) > 24 * 60


def test_the_city_goes_home_after_the_day(small_day: LivedDay) -> None:
    assert day_of(small_day.lived.ended - 1) > small_day.city.day
    assert small_day.lived.seconds > 0


@pytest.mark.parametrize("kind", ["RetakeRequested", "Retested", "RecallOrdered", "RecheckConcluded", "ProbeAnswered"])
def test_the_day_has_something_of_everything(small_day: LivedDay, kind: str) -> None:
    query = "SELECT count(*) FROM entries WHERE kind = ?"
    assert small_day.hub.reader.execute(query, (kind,)).fetchone()[0] > 0
