"""One run: a hub and the model side by side, step by step, and what must hold after each of them."""

from collections import Counter
from dataclasses import dataclass, field

from tests.engine_model.hub_under_test import RECALL_DAYS, HubUnderTest
from tests.engine_model.model_guards import BrokenPromiseError, Guards, stages_kept
from tests.engine_model.model_stages import HOUR_MS
from tests.engine_model.model_steps import Step, choose
from tests.engine_model.naive_model import NaiveModel

FIRST_OF = {"opinion": ("audit", "recall"), "recheck": ("recheck",), "review": ("review",), "withdraw": ("withdrawal",)}
"""Which undoing takes a step back."""

OF_DEVICES = {"photos", "conclude", "abandon", "says_withdrawn", "says_returned", "answer", "replay", "retest"}


class DifferenceError(AssertionError):
    """The hub and the model do not agree, or something happened that must never happen."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How the hub of a run is set up.

    second_for_all: whether each pass is looked at twice. automatic: whether the rules may review a 查验 alone.
    """

    second_for_all: bool = False
    automatic: bool = False


ALL_TERMS = tuple(Terms(second, automatic) for second in (False, True) for automatic in (False, True))


@dataclass(slots=True)
class Before:
    """Where a case stood before steps that can be undone: stage and number of stickers, by what undoes them."""

    stood: dict[str, tuple[str, int]] = field(default_factory=dict)


class ModelRun:
    """A run."""

    def __init__(self, terms: Terms) -> None:
        self.hub = HubUnderTest(second_for_all=terms.second_for_all, automatic=terms.automatic)
        self.model = NaiveModel(
            now=self.hub.now,
            recall_ms=RECALL_DAYS * 24 * HOUR_MS,
            second_for_all=terms.second_for_all,
            automatic=terms.automatic,
        )
        self.terms = terms
        self.guards = Guards(self.hub.db)
        self.steps: list[Step] = []
        self.tally: Counter[str] = Counter()
        self._before: dict[int, Before] = {}
        self.guards.look({})

    def step(self, numbers: bytes) -> Step:
        """Choose a step by these bytes and take it."""
        step = choose(self.model.stages(), numbers)
        self.take(step)
        return step

    def take(self, step: Step) -> None:
        """Take the step in both; raises DifferenceError, telling the whole run, where they part."""
        if step.kind not in ("open", "clock") and step.case >= len(self.model.cases):
            return
        self.steps.append(step)
        stood = self._stands(step.case)
        refused = self.hub.take(step)
        legal = self.model.take(step)
        self._count(step, legal=legal)
        if (refused is None) != legal:
            self._differ(f"the model {'takes' if legal else 'refuses'} it, the hub says: {refused or 'taken'}")
        stages = self.hub.stages()
        if stages != self.model.stages():
            self._differ(f"the hub has {stages}, the model {self.model.stages()}")
        self._watch(refused=not legal)
        self._compare_undone(step, stood, legal=legal)

    def end(self) -> None:
        """Check what is checked once a run."""
        try:
            self.guards.end()
        except BrokenPromiseError as broken:
            self._differ(str(broken))
        listed = {number for number in self.guards.stickers if self.hub.withdrawn(number)}
        if listed != self.guards.withdrawn:
            self._differ(f"withdrawn are {self.guards.withdrawn}, on the list are {listed}")

    def _watch(self, *, refused: bool) -> None:
        stages = stages_kept(self.hub.db)
        if [stages[known.case] for known in self.hub.cases] != self.hub.stages():
            self._differ(f"the rows say {stages}")
        try:
            written = self.guards.look(stages)
        except BrokenPromiseError as broken:
            self._differ(str(broken))
        if refused and written:
            self._differ(f"it was refused, and {written} facts were written")

    def _stands(self, case: int) -> tuple[str, int]:
        if case >= len(self.hub.cases):
            return "", 0
        folded = self.hub.case(case)
        return folded.stage, int(folded.issued is not None)

    def _compare_undone(self, step: Step, stood: tuple[str, int], *, legal: bool) -> None:
        """What was undone at once is as it was before; a sticker that came meanwhile is out, and stays so."""
        if step.kind == "clock":
            self._before.clear()
        if step.kind in OF_DEVICES:
            self._before.pop(step.case, None)
        before = self._before.setdefault(step.case, Before()).stood
        if step.kind == "undo" and legal:
            was = before.pop(step.way, None)
            now = self._stands(step.case)
            if was is not None and was[1] == now[1] and was != now and self._alone(step.case):
                self._differ(f"before it was {was[0]}, after the undoing {now[0]}")
        for undoing in FIRST_OF.get(step.kind, ()) if legal else ():
            if stood[0] not in ("second_review", "suspected"):
                before[undoing] = stood

    def _alone(self, case: int) -> bool:
        """Say whether no other case bears upon this one."""
        vehicles = [known.vehicle for known in self.hub.cases]
        return vehicles.count(vehicles[case]) == 1

    def _count(self, step: Step, *, legal: bool) -> None:
        self.tally["steps"] += 1
        self.tally[f"{step.kind} {'taken' if legal else 'refused'}"] += 1
        self.tally.update(f"stage {stage}" for stage in set(self.model.stages()))

    def _differ(self, what: str) -> None:
        trace = "\n".join(f"  {number}. {step}" for number, step in enumerate(self.steps, start=1))
        raise DifferenceError(f"{what}\nafter these steps:\n{trace}") from None


def replayed(steps: list[Step], terms: Terms) -> str:
    """Take these steps anew; return the difference, or nothing."""
    run = ModelRun(terms)
    try:
        for step in steps:
            run.take(step)
        run.end()
    except DifferenceError as difference:
        return str(difference)
    return ""


def shortest(steps: list[Step], terms: Terms) -> str:
    """Return the difference that these steps lead to, after as few of them as still lead to one."""
    found, number = replayed(steps, terms), 0
    while number < len(steps):
        fewer = steps[:number] + steps[number + 1 :]
        said = replayed(fewer, terms)
        if said:
            found, steps = said, fewer
        else:
            number += 1
    return found
