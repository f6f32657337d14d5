"""The hub's life of a case against the naive model of it: as many legal and illegal steps as are promised."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.engine_model.__main__ import one_run
from tests.engine_model.model_runs import ALL_TERMS, DifferenceError, ModelRun, Terms, shortest
from tests.engine_model.model_steps import LEADS_ON, STEP_BYTES

RUNS = 205
STEPS_A_RUN = 100
STEPS_MIN = 20_000
RUNS_TO_FIND = 60


def machine(tally: Counter[str]) -> type[RuleBasedStateMachine]:
    """Return the machine that hypothesis drives; what it took is counted in `tally`."""

    class EngineMachine(RuleBasedStateMachine):
        run: ModelRun | None = None

        @initialize(terms=st.sampled_from(ALL_TERMS))
        def begin(self, terms: Terms) -> None:
            self.run = ModelRun(terms)

        @rule(numbers=st.binary(min_size=STEP_BYTES, max_size=STEP_BYTES))
        def step(self, numbers: bytes) -> None:
            if self.run is None:
                return
            try:
                self.run.step(numbers)
            except DifferenceError as difference:
                run, self.run = self.run, None
                # Whole steps are left out until none can be: that is sooner done than to make the bytes simpler.
                raise DifferenceError(shortest(run.steps, run.terms)) from difference

        def teardown(self) -> None:
            if self.run is not None:
                self.run.end()
                tally.update(self.run.tally)

    return EngineMachine


def test_the_hub_and_the_naive_model_take_and_refuse_the_same_twenty_thousand_steps() -> None:
    tally: Counter[str] = Counter()
    run_state_machine_as_test(
        machine(tally),
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS_A_RUN + 1,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            verbosity=Verbosity.quiet,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert tally["steps"] >= STEPS_MIN
    # A test that never gets anywhere finds nothing: each stage was reached, and each act was both taken and refused.
    assert not [stage for stage in LEADS_ON if not tally[f"stage {stage}"]]
    for act in ("opinion", "retake", "withdraw", "vehicle_back", "recheck", "withdraw_sticker", "penalise", "review"):
        assert tally[f"{act} taken"], act
        assert tally[f"{act} refused"], act


def nobody_minds(*_: object, **__: object) -> None:
    """Stand in for a check."""


@pytest.mark.parametrize(
    "check",
    [
        "central_hub.deciding.auditing.check_own",
        "central_hub.deciding.auditing.same",
        "central_hub.deciding.living.require",
        "central_hub.deciding.recalling.require",
    ],
)
def test_a_hub_that_lacks_a_check_is_found_out(monkeypatch: pytest.MonkeyPatch, check: str) -> None:
    monkeypatch.setattr(check, nobody_minds)
    assert any(one_run(seed, STEPS_A_RUN, Counter()) for seed in range(RUNS_TO_FIND))
