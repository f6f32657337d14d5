"""A case's life: which step (步骤) may follow on which stage (阶段). The table itself is data, in `life.toml`.

Knows how the table is read and asked; what a step is made of, and who may take it, is decided elsewhere. How facts
become a stage is `state`'s: a test holds the two together.
"""

import tomllib
from collections.abc import Callable
from functools import cache
from typing import Literal, NoReturn

import msgspec
from msgspec import Struct

from inspection import InspectionError, shipped_text
from inspection.case.state import Case, Stage

Step = Literal[
    "opening", "application", "conclusion", "failure", "abandonment", "retest", "withdrawal", "issue", "withholding",
    "overdue", "retake", "retake_answer", "replacement", "opinion", "suspicion", "passing", "recall", "recall_overdue",
    "vehicle_return", "clearing", "proving", "sticker_withdrawal", "penalty", "review_pass", "review_fail",
    "undo_audit", "undo_recall", "undo_recheck", "undo_review", "undo_withdrawal",
]  # fmt: skip
Need = Literal["clock", "no_sticker", "sticker", "audited", "automatic"]
Who = Literal[
    "device", "hub", "station", "applicant", "office", "auditor", "reviewer", "person", "two_people"
]  # fmt: skip


class LifeError(InspectionError):
    """A step that the case's life does not allow now. code: "life.illegal", or "life." and the need that is not met."""

    def __init__(self, code: str, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.zh = zh
        self.en = en


class Transition(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sources": "from", "targets": "to"}
):
    """A row of the table. targets: the stages that it may lead to; none: the stage stays. needs: beside the stage."""

    step: Step
    sources: tuple[Stage, ...]
    targets: tuple[Stage, ...]
    who: Who
    zh: str
    en: str
    needs: tuple[Need, ...] = ()


class Life(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole table. stages: Chinese and English words of each; needs: what is wrong where one is not met."""

    stages: dict[Stage, tuple[str, str]]
    steps: tuple[Transition, ...]
    needs: dict[Need, tuple[str, str]]


@cache
def life() -> Life:
    """Return the table that this program carries."""
    return msgspec.convert(tomllib.loads(shipped_text("case", "life.toml")), Life)


def transitions() -> tuple[Transition, ...]:
    """Return every row of the table."""
    return life().steps


@cache
def steps_from(stage: Stage) -> tuple[Transition, ...]:
    """Return the rows that may follow on a stage."""
    return tuple(row for row in transitions() if stage in row.sources)


def targets(stage: Stage, step: Step) -> frozenset[Stage]:
    """Return the stages to which a step may lead from this one; none where it is not legal."""
    return frozenset(after for row in steps_from(stage) if row.step == step for after in row.targets or (stage,))


_NEEDS: dict[Need, Callable[[Case], bool]] = {
    "clock": lambda case: case.audit_due > 0,
    "no_sticker": lambda case: case.issued is None,
    "sticker": lambda case: case.issued is not None and case.sticker_withdrawn is None,
    "audited": lambda case: case.audit is not None,
    "automatic": lambda case: case.review is not None and case.review.automatic,
}


def check_step(case: Case, step: Step) -> None:
    """Raise LifeError, saying why in words, unless the step may follow on the stage in which the case stands."""
    stage = case.stage
    rows = [row for row in steps_from(stage) if row.step == step]
    if not rows:
        _refuse_stage(case, step)
    unmet = [need for need in rows[0].needs if not _NEEDS[need](case)]
    if unmet:
        zh, en = life().needs[unmet[0]]
        raise LifeError(f"life.{unmet[0]}", zh=f"{rows[0].zh}: {zh}", en=f"{en}, so this cannot be: {rows[0].en}")


def may(case: Case, step: Step) -> bool:
    """Say whether the step may follow on the stage in which the case stands."""
    try:
        check_step(case, step)
    except LifeError:
        return False
    return True


def _refuse_stage(case: Case, step: Step) -> NoReturn:
    row = next(row for row in transitions() if row.step == step)
    zh, en = life().stages[case.stage]
    raise LifeError(
        "life.illegal",
        zh=f"案件处于「{zh}」阶段, 不能: {row.zh}",
        en=f"case {case.case} is in the stage {case.stage!r} ({en}), on which this cannot follow: {row.en}",
    )
