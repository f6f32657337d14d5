import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.visits import VisitResult
from inspection.facts import Reason
from passlane.demo.report import HEADINGS, columns, line, sticker_or_reason, summary

VIN = "LZZZ5ABC2RA000017"
GRANTED = VisitResult(
    order="01-car",
    case="lane-1.2",
    regime="jianyan",
    serial="JY0001",
    plate="粤Z0000港",
    vin=VIN,
    comparison="matches",
    outcome="pass",
    decision="granted",
    sticker="PL26000001",
    seconds_photo_to_sticker=1.234,
)
WITHOUT = {"decision": "none", "sticker": "", "seconds_photo_to_sticker": None}


def like_granted(**changes: object) -> VisitResult:
    return replace(GRANTED, **changes)  # type: ignore[arg-type]


def width(text: str) -> int:
    return len(text) + sum(unicodedata.east_asian_width(character) in "WF" for character in text)


def test_a_vehicle_is_one_line_that_says_all_that_matters() -> None:
    said = line(GRANTED, mask=False)
    assert "\n" not in said
    for part in ("检验", "粤Z0000港", VIN, "合格", "已发 PL26000001", "1.23"):
        assert part in said


def test_a_real_vin_is_shown_masked_and_never_in_full() -> None:
    said = line(GRANTED, mask=True)
    assert VIN not in said
    assert "LZZ************17" in said


@pytest.mark.parametrize("mask", [True, False])
def test_a_vin_that_nobody_read_is_a_dash(*, mask: bool) -> None:
    assert "—" in line(like_granted(vin=""), mask=mask)


def test_a_vehicle_without_a_plate_goes_by_its_serial() -> None:
    assert "JY0001" in line(like_granted(plate=""), mask=False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "已发 PL26000001"),
        ({**WITHOUT, "outcome": "abandoned", "abandoned": "drove_off"}, "未发: drove_off"),
        ({**WITHOUT, "regime": "chayan"}, "无: 查验不核发检验合格标志, 待复核"),
        (WITHOUT, "未发: 中心尚未答复"),
    ],
)
def test_without_a_sticker_the_line_says_why(changes: dict[str, object], said: str) -> None:
    assert sticker_or_reason(like_granted(**changes)) == said


def test_the_hubs_reasons_are_all_told() -> None:
    reasons = tuple(Reason(code=zh, result="failed", zh=zh, en=zh) for zh in ("保险过期", "营运车辆"))
    denied = replace(like_granted(**WITHOUT), reasons=reasons)
    assert sticker_or_reason(denied) == "未发, 不满足: 保险过期; 营运车辆"


@given(st.lists(st.sampled_from(["京A1", "检验", "合格*", "x", ""]), min_size=5, max_size=5))
def test_columns_stand_under_each_other_whatever_is_in_them(cells: list[str]) -> None:
    row = columns((*cells, "END"))
    head = columns((*(["h"] * 5), "END"))
    assert width(row[: row.index("END")]) == width(head[: head.index("END")])


def test_a_cell_that_is_too_long_is_never_cut() -> None:
    assert "x" * 100 in columns(("x" * 100, "", "", "", "", ""))
    assert columns(HEADINGS).split() == list(HEADINGS)


def test_a_summary_of_nothing_is_nothing() -> None:
    nothing = summary([])
    assert (nothing.vehicles, nothing.stickers, nothing.seconds_median) == (0, 0, None)


def test_the_median_is_over_those_who_got_their_sticker() -> None:
    results = [like_granted(seconds_photo_to_sticker=seconds) for seconds in (3.0, 1.0, 2.0)]
    total = summary([*results, like_granted(**WITHOUT)])
    assert (total.vehicles, total.stickers, total.seconds_median) == (4, 3, 2.0)
