import pytest

from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.running import Summary, catch, run_seed

SEEDS = 40
MUTANT_SEEDS_MAX = 60


@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_no_promise_is_broken(first: int) -> None:
    summary = Summary()
    for seed in range(first, first + 10):
        summary.add(run_seed(seed))
    assert [(result.seed, result.text) for result in summary.failures] == []


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant: Mutant) -> None:
    caught = catch(mutant, seeds_max=MUTANT_SEEDS_MAX)
    assert caught.broken, f"{mutant} broke no promise in {MUTANT_SEEDS_MAX} schedules"
