"""The command: `python -m tests.engine_model --steps 1000000 --seed 7`; a difference is printed with its seed.

Every run has a seed of its own, counted up from the one that was asked for; `--steps 50 --seed N` replays run N.
"""

import argparse
import random
import sys
import time
from collections import Counter

from tests.engine_model.model_runs import ALL_TERMS, DifferenceError, ModelRun, shortest
from tests.engine_model.model_steps import STEP_BYTES

STEPS = 20_000
STEPS_A_RUN = 100


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; return 0 when hub and model agreed all the way."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine_model", description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS, help="so many steps in all")
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--of", type=int, default=STEPS_A_RUN, help="so many steps a run")
    asked = parser.parse_args(arguments)
    tally: Counter[str] = Counter()
    begun = time.perf_counter()
    seed = asked.seed
    while tally["steps"] < asked.steps:
        difference = one_run(seed, asked.of, tally)
        if difference:
            sys.stdout.write(f"seed {seed}: {difference}\n")
            return 1
        seed += 1
    for what, count in sorted(tally.items()):
        sys.stdout.write(f"{count:>10} {what}\n")
    sys.stdout.write(f"{seed - asked.seed} runs, {time.perf_counter() - begun:.1f} s, no difference\n")
    return 0


def one_run(seed: int, steps: int, tally: Counter[str]) -> str:
    """Take so many steps; return the shortest difference that was found, or nothing."""
    numbers = random.Random(seed)  # noqa: S311 - which steps are tried is no secret
    terms = ALL_TERMS[seed % len(ALL_TERMS)]
    run = ModelRun(terms)
    try:
        for _ in range(steps):
            run.step(numbers.randbytes(STEP_BYTES))
        run.end()
    except DifferenceError:
        return shortest(run.steps, terms)
    tally.update(run.tally)
    return ""


if __name__ == "__main__":
    sys.exit(main())
