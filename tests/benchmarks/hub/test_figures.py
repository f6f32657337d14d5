import json
from dataclasses import replace

import pytest

from benchmarks.figures import table
from benchmarks.hub.figures import (
    Figure,
    HalfLoad,
    HubFigures,
    JournalCost,
    Ledger,
    Offline,
    Round,
    Series,
    figures_json,
    figures_of,
    percentile_99,
    rows,
)


def a_series(*rates: float, facts_before: int = 0) -> Series:
    processor = {"hub": 2.0, "broker": 0.5, "devices": 1.0}
    rounds = tuple(Round(inspections=1_000, seconds=1_000 / rate, processor=processor) for rate in rates)
    return Series(rounds=rounds, facts_before=facts_before)


FOUND = HubFigures(
    small=Ledger(
        full=a_series(480.0, 500.0, 610.0, facts_before=10_012),
        bare_sealed=a_series(2_400.0, 2_500.0, 2_600.0),
        bare_journals=a_series(900.0, 1_000.0, 1_200.0),
        start_facts=0,
        start_seconds=0.5,
        peak_bytes=200_000_000,
    ),
    outage=a_series(600.0, facts_before=600_000),
    half=HalfLoad(asked=250.0, held=249.0, seconds=(0.1, 0.2, 0.3)),
    large=Ledger(
        full=a_series(430.0, 440.0, 470.0, facts_before=3_000_100),
        bare_sealed=a_series(2_200.0),
        bare_journals=a_series(880.0),
        start_facts=3_000_040,
        start_seconds=1.25,
        peak_bytes=300_000_000,
    ),
    offline=Offline(inspections=9_000, newest_sticker_seconds=20.0, drain_seconds=21.0, lost=0, others=(0.1, 1.5)),
    journal=JournalCost(
        seconds=(0.001, 0.002), bare_seconds=(0.001,), disk=20_480.0, sealed_alone=10.0, sealed_many=9.0, back=500.0
    ),
)


def line(name: str) -> Figure:
    return next(figure for figure in figures_of(FOUND) if figure.name == name)


def test_a_round_has_a_rate_and_a_series_its_median() -> None:
    assert a_series(480.0, 610.0, 500.0).rate == pytest.approx(500.0)
    assert Round(inspections=300, seconds=2.0).rate == 150.0


SEALED = "bare limit, batches sealed beforehand"
JOURNALS = "bare hub behind the same devices and journals"


def test_a_share_is_asked_for_of_the_bare_hub_behind_the_same_devices() -> None:
    share = line(f"share of the {JOURNALS}")
    assert share.here == pytest.approx(0.5)
    assert (share.must, share.kept) == (0.4, True)
    assert line(f"{JOURNALS} (3 x 1000)").here == pytest.approx(1_000.0)
    assert line("share of it, 3 million facts, behind journals").here == pytest.approx(0.5)


def test_a_share_is_asked_for_of_the_limit_whose_batches_are_sealed_beforehand_too() -> None:
    share = line(f"share of the {SEALED}")
    assert share.here == pytest.approx(0.2)
    assert (share.must, share.kept) == (0.4, False)
    assert line(f"{SEALED} (3 x 1000)").here == pytest.approx(2_500.0)
    assert line("share of it, 3 million facts, sealed beforehand").here == pytest.approx(0.2)


def test_no_two_lines_of_the_table_have_one_name() -> None:
    names = [figure.name for figure in figures_of(FOUND)]
    assert sorted(names) == sorted(set(names))


def test_the_share_of_the_small_ledger_stands_in_the_table() -> None:
    assert line("3 million facts to 10 thousand").here == pytest.approx(0.88)
    assert not line("3 million facts to 10 thousand").kept


def test_a_greatest_value_is_kept_below_it_and_a_least_one_above() -> None:
    assert Figure(name="wait", here=0.5, unit="s", must=1.0).kept
    assert not Figure(name="wait", here=1.5, unit="s", must=1.0).kept
    assert Figure(name="rate", here=300.0, unit="/s", must=250.0, least=True).kept
    assert not Figure(name="rate", here=200.0, unit="/s", must=250.0, least=True).kept
    assert Figure(name="memory", here=200.0, unit="MB").kept


def test_of_what_may_not_be_at_all_there_is_no_ratio() -> None:
    nothing = Figure(name="lost", here=0.0, unit="", must=0.0)
    assert nothing.kept
    assert nothing.ratio is None
    assert not replace(nothing, here=1.0).kept
    assert Figure(name="wait", here=0.5, unit="s", must=1.0).ratio == 0.5


def test_the_99th_percentile_of_one_value_is_that_value() -> None:
    assert percentile_99([0.25]) == 0.25
    assert percentile_99([float(value) for value in range(101)]) == 99.0


def test_every_line_of_the_table_says_what_must_be_and_whether_it_is() -> None:
    printed = {str(row["figure"]): row for row in rows(figures_of(FOUND))}
    assert printed["inspections, from 10 thousand facts on (3 x 1000)"] == {
        "figure": "inspections, from 10 thousand facts on (3 x 1000)",
        "here": "500 /s",
        "must": ">= 250 /s",
        "ratio": "2.00",
        "kept": "yes",
    }
    assert printed["hub start, 3 million facts"]["must"] == "<= 5 s"
    assert printed["meanwhile others: p99 of 2"]["kept"] == "NO"
    assert printed["processor time an inspection: hub"]["here"] == "2 ms"
    assert printed["processor time, sealed beforehand: hub"]["here"] == "2 ms"
    assert printed["processor time, bare hub behind journals: devices"]["here"] == "1 ms"
    assert table(list(printed.values())).count("\n") == len(printed)


def test_what_was_left_out_has_no_lines() -> None:
    names = [figure.name for figure in figures_of(HubFigures(small=FOUND.small))]
    assert names == [figure.name for figure in figures_of(FOUND)][: len(names)]
    assert f"share of the {JOURNALS}" in names
    assert not any("outage" in name or "journal:" in name or "million" in name for name in names)
    json.dumps(figures_json(HubFigures(small=FOUND.small)))


def test_the_json_holds_the_lines_and_all_that_was_measured() -> None:
    kept = json.loads(json.dumps(figures_json(FOUND)))
    assert kept["figures"][0]["kept"] is True
    assert kept["measured"]["offline"]["others"] == [0.1, 1.5]
    assert len(kept["measured"]["small"]["bare_sealed"]["rounds"]) == 3
    assert len(kept["measured"]["small"]["bare_journals"]["rounds"]) == 3
