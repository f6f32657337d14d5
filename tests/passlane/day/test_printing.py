"""How a day is told to a person."""

import unicodedata
from dataclasses import replace

from passlane.day.printing import heading, hour_line, report
from tests.passlane.day.conftest import LivedDay


def wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def test_the_hours_stand_under_their_headings(small_day: LivedDay) -> None:
    zh, en = heading()
    lines = [hour_line(hour) for hour in small_day.told]
    assert {wide(line) for line in (zh, en, *lines)} == {len(en)}
    assert lines[0].split() == ["05-28", "01:00", "0", "0", "0", "0", "0:00", "h", "2", "0"]


def test_the_report_has_every_table_and_says_what_held(small_day: LivedDay) -> None:
    text = "\n".join(report(small_day.figures))
    for words in ("案件状态", "审核员 auditors", "暂停先发放", "suspicions.stop", "必须成立"):
        assert words in text
    assert "✗" not in text
    assert text.count("✓") == len(small_day.figures.promises)


def test_what_did_not_hold_is_marked(small_day: LivedDay) -> None:
    first, *others = small_day.figures.promises
    text = "\n".join(report(replace(small_day.figures, promises=(replace(first, held=False, text="7 late"), *others))))
    assert "✗ in time or told: 7 late" in text


def test_a_table_without_rows_is_told_as_one(small_day: LivedDay) -> None:
    figures = replace(small_day.figures, tables={"stops": []})
    assert "  -" in list(report(figures))
