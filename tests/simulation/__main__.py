"""The command: `python -m tests.simulation --seeds 1000`, or `--seed N [--mutant NAME] [--trace]` to replay one."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.figures import keep, machine, table
from tests.simulation.mutants import MUTANTS
from tests.simulation.running import FAILURES_SHOWN_MAX, Summary, run
from tests.simulation.schedule import Result, Schedule

SEEDS = 1_000
KEPT_FROM = 1_000
"""Fewer schedules are a quick look, of which no figures are kept."""

_EVERY = 50


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; return 0 when every promise held and every mutant was caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="so many schedules, from --first on")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, help="replay this one")
    parser.add_argument("--mutant", choices=MUTANTS, default="", help="with --seed: break the product like this")
    parser.add_argument("--trace", action="store_true", help="with --seed: print every step")
    asked = parser.parse_args(arguments)
    if asked.seed is not None:
        return _replay(Schedule(asked.seed, asked.mutant, keeps_lines=asked.trace).run())
    summary = run(range(asked.first, asked.first + asked.seeds), told=lambda done: _told(done, asked.seeds))
    _print(summary)
    if summary.sound and asked.seeds >= KEPT_FROM:
        _keep(summary)
    return 0 if summary.sound else 1


def _replay(result: Result) -> int:
    for line in result.lines or []:
        _say(line)
    _say(f"seed {result.seed}: {result.text or 'every promise held'}")
    _say(f"{result.steps} steps, {result.facts} facts, {result.checks} checks, trace {result.trace}")
    return 1 if result.broken else 0


def _told(done: int, seeds: int) -> None:
    if done % _EVERY == 0 and sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {seeds}")


def _print(summary: Summary) -> None:
    _say(table([{"fault": kind, "times": count} for kind, count in sorted(summary.faults.items())]))
    _say("")
    _say(table([{"what": name, "count": value} for name, value in _figures(summary).items()]))
    _say("")
    _say(
        table(
            [
                {
                    "mutant": one.mutant,
                    "caught at seed": str(one.seed) if one.broken else "NOT CAUGHT",
                    "broken": one.broken,
                }
                for one in summary.caught
            ]
        )
    )
    for result in summary.failures[:FAILURES_SHOWN_MAX]:
        _say(f"\nseed {result.seed} broke a promise. {result.text}")
        _say(f"    python -m tests.simulation --seed {result.seed} --trace")
    if summary.failures:
        _say(f"\n{len(summary.failures)} schedules broke a promise: {[result.seed for result in summary.failures]}")


def _figures(summary: Summary) -> dict[str, float | int]:
    return {
        "schedules": summary.schedules,
        "faults": sum(summary.faults.values()),
        "steps": summary.steps,
        "reads and writes to die at": summary.operations,
        "facts": summary.facts,
        "checks": summary.checks,
        "promises broken": len(summary.failures),
        "virtual hours": round(summary.virtual_ms / 3_600_000, 1),
        "longest drain, virtual s": summary.longest_drain_ms // 1000,
        "seconds": round(summary.seconds, 1),
    }


def _keep(summary: Summary) -> None:
    values = {
        "figures": _figures(summary),
        "faults": dict(sorted(summary.faults.items())),
        "mutants": [asdict(caught) for caught in summary.caught],
        "machine": machine(),
    }
    keep(Path(__file__).parents[2] / "benchmarks" / "simulate.json", values)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
