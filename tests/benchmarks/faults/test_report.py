from collections import Counter
from dataclasses import replace

from benchmarks.faults.judging import Counted
from benchmarks.faults.plan import Kind
from benchmarks.faults.report import as_json, count_rows, fault_rows, fsync_rows, wrongs
from benchmarks.faults.running import Endured
from benchmarks.faults.tracing import Fsyncs
from benchmarks.figures import table

GOOD = Counted(
    promised=10,
    in_ledger=10,
    lost=0,
    changed=0,
    doubled=0,
    beyond=0,
    photos=3,
    photos_missing=0,
    stickers=1,
    cases_with_two_stickers=0,
    silence_seconds=1.25,
    verified="sound",
    sound=True,
)


def endured() -> Endured:
    return Endured(counts=Counter({Kind.HUB_KILLED: 2, Kind.WIRE_CUT: 1}), began=1.0, ended=3.0, drained=True)


def test_each_kind_that_came_has_a_row_and_so_has_what_was_left_out() -> None:
    rows = fault_rows(endured(), {"power cuts": "no /dev/fuse"})
    assert [row["times"] for row in rows] == [2, 1, 0, 3]
    assert "no /dev/fuse" in str(rows[2]["fault"])
    assert "hub killed" in table(rows)


def test_a_good_run_has_nothing_wrong_and_its_figures_are_told() -> None:
    assert wrongs(GOOD, endured(), [], asked=3) == []
    told = {row["what"]: row["figure"] for row in count_rows(GOOD, endured(), wire_bytes_up=3_000, ends=0)}
    assert told["lost"] == 0
    assert told["bytes to the broker, a fact"] == 300
    assert told["longest silence of a device, s"] == 1.2


def test_whatever_is_wrong_is_said() -> None:
    bad = replace(GOOD, lost=2, sound=False, verified="BROKEN: fact 3")
    found = wrongs(bad, replace(endured(), drained=False, trouble=["hub did not come back"]), ["a journal"], asked=4)
    assert found[:2] == ["a journal", "hub did not come back"]
    assert any("3 faults of 4" in text for text in found)
    assert any("2 lost" in text for text in found)
    assert any("BROKEN" in text for text in found)
    assert any("receipted" in text for text in found)


def test_what_is_kept_says_the_seed_and_the_fsyncs() -> None:
    fsyncs = fsync_rows(Fsyncs(facts=4, journal_fsyncs=8, batches=3, ledger_fsyncs=3))
    assert [row["each"] for row in fsyncs] == [2.0, 1.0]
    kept = as_json({"fsyncs": fsyncs}, seed=7, machine={"cores": 2}, wrong=[])
    assert (kept["seed"], kept["fsyncs"], kept["wrong"]) == (7, fsyncs, [])
