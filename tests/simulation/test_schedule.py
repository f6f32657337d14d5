import subprocess
import sys
from pathlib import Path

from tests.simulation.schedule import Schedule

ROOT = Path(__file__).parents[2]


def test_the_same_seed_gives_the_same_trace_to_the_last_line() -> None:
    one, other = Schedule(7, keeps_lines=True).run(), Schedule(7, keeps_lines=True).run()
    assert one.lines == other.lines
    assert one.trace == other.trace


def test_another_process_replays_a_seed_exactly_whatever_its_hashes_are() -> None:
    result = Schedule(8).run()
    command = [sys.executable, "-m", "tests.simulation", "--seed", "8"]
    for hash_seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": hash_seed, "PATH": ""}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert result.trace in done.stdout


def test_seeds_differ() -> None:
    assert len({Schedule(seed).run().trace for seed in range(3)}) == 3


def test_a_schedule_has_faults_facts_and_checks() -> None:
    results = [Schedule(seed).run() for seed in range(5)]
    assert all(result.facts > 10 and result.checks > 100 for result in results)
    assert sum(sum(result.counts.values()) for result in results) > 50
