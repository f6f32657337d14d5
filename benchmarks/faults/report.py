"""The table and the JSON of a run (结果表). Knows words and figures; what they come from is left to the others."""

from typing import Any

from benchmarks.faults.judging import Counted
from benchmarks.faults.plan import Kind
from benchmarks.faults.running import Endured
from benchmarks.faults.tracing import Fsyncs
from benchmarks.figures import Row


def fault_rows(endured: Endured, skipped: dict[str, str]) -> list[Row]:
    """Return a row for each kind of fault, and what was left out with the reason."""
    rows: list[Row] = [{"fault": str(kind), "times": endured.counts[kind]} for kind in Kind if endured.counts[kind]]
    rows += [{"fault": f"left out here: {what} ({why})", "times": 0} for what, why in skipped.items()]
    return [*rows, {"fault": "all", "times": endured.counts.total()}]


def count_rows(counted: Counted, endured: Endured, *, wire_bytes_up: int, ends: int) -> list[Row]:
    """Return what was counted, a row each. ends: how often a process ended by itself and was started again."""
    figures: list[tuple[str, int | float | str]] = [
        ("facts written (committed on a device)", counted.promised),
        ("facts of devices in the ledger", counted.in_ledger),
        ("lost", counted.lost),
        ("there as something else", counted.changed),
        ("doubled", counted.doubled),
        ("photos announced", counted.photos),
        ("photos missing at the hub", counted.photos_missing),
        ("stickers", counted.stickers),
        ("cases with two stickers", counted.cases_with_two_stickers),
        ("longest silence of a device, s", round(counted.silence_seconds, 1)),
        ("times a process ended by itself", ends),
        ("seconds of faults", round(endured.ended - endured.began, 1)),
        ("seconds to drain afterwards", round(endured.drain_seconds, 1)),
        ("bytes to the broker, a fact", wire_bytes_up // max(1, counted.promised)),
        ("passlane verify", counted.verified),
    ]
    return [{"what": what, "figure": figure} for what, figure in figures]


def fsync_rows(fsyncs: Fsyncs) -> list[Row]:
    """Return the count of the quiet interval."""
    return [
        {
            "where": "device: facts committed",
            "commits": fsyncs.facts,
            "fsyncs": fsyncs.journal_fsyncs,
            "each": fsyncs.journal_fsyncs / max(1, fsyncs.facts),
        },
        {
            "where": "hub: batches receipted",
            "commits": fsyncs.batches,
            "fsyncs": fsyncs.ledger_fsyncs,
            "each": fsyncs.ledger_fsyncs / max(1, fsyncs.batches),
        },
    ]


def wrongs(counted: Counted, endured: Endured, broken: list[str], *, asked: int) -> list[str]:
    """Return what is wrong with a run, in words; nothing after a good one."""
    found = [*broken, *endured.trouble]
    if endured.counts.total() < asked:
        found.append(f"{endured.counts.total()} faults of {asked}")
    if not endured.drained:
        found.append("not everything was receipted in the end")
    if not counted.sound:
        found.append(f"verify: {counted.verified}")
    if not counted.flawless:
        found.append(
            f"{counted.lost} lost, {counted.changed} changed, {counted.doubled} doubled, "
            f"{counted.photos_missing} photos missing, {counted.cases_with_two_stickers} cases with two stickers"
        )
    return [*found, *counted.examples]


def as_json(rows: dict[str, list[Row]], *, seed: int, machine: dict[str, Any], wrong: list[str]) -> dict[str, Any]:
    """Return what is kept of a run."""
    return {"seed": seed, **rows, "wrong": wrong, "machine": machine}
