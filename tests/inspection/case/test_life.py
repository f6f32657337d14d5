"""The table and the fold hold each other: what the fold can make stands in the table, and nothing else does."""

from collections import deque
from functools import cache
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from inspection.case import Case, Stage
from inspection.case.life import LifeError, Need, Step, check_step, life, may, steps_from, targets, transitions
from tests.inspection.case.case_histories import AUDIT_FIRST, AUDITED, GONE, ISSUED, OPENED, PASSED, WITHHELD, case_of
from tests.inspection.case.stories import BEGINNINGS, STEPS, Story, interrupted

Made = frozenset[tuple[Stage, Step, Stage]]
KINDS_OF_CASES_MIN = 500


def key(case: Case) -> tuple[object, ...]:
    """What of a case may matter to which steps follow; two alike are looked at once."""
    flags = (
        case.issued,
        case.audit,
        case.recheck,
        case.returned,
        case.sticker_withdrawn,
        case.retested,
    )
    due = (case.audit_due > 0, case.overdue_now, case.withheld is not None and case.withheld.audit_first)
    automatic = case.review is not None and case.review.automatic
    said = tuple(opinion.decision for opinion in case.opinions)
    asked = (
        frozenset((request.kind, request.item) for request in case.open_retakes),
        frozenset(request.kind for request in case.retakes),
    )
    start = (
        case.opened.regime if case.opened else "",
        case.concluded.outcome if case.concluded else bool(case.abandoned),
    )
    return case.stage, *(flag is not None for flag in flags), *due, automatic, said, asked, start


@cache
def made_by_the_fold() -> Made:
    """Every change of stage that legal steps make, found by taking every legal step from every kind of case."""
    made: set[tuple[Stage, Step, Stage]] = set()
    seen = {key(story.case) for story in BEGINNINGS}
    open_ends = deque(BEGINNINGS)
    while open_ends:
        story = open_ends.popleft()
        moves = [(step, after) for step in STEPS if may(story.case, step) for after in STEPS[step](story)]
        made |= {(story.case.stage, step, after.case.stage) for step, after in moves}
        for after in (*(after for _, after in moves), *interrupted(story)):
            if key(after.case) not in seen:
                seen.add(key(after.case))
                open_ends.append(after)
    assert len(seen) > KINDS_OF_CASES_MIN
    return frozenset(made)


def test_every_change_of_stage_that_the_fold_makes_of_legal_steps_stands_in_the_table() -> None:
    table = {
        (row_stage, row.step, after)
        for row in transitions()
        for row_stage in row.sources
        for after in targets(row_stage, row.step)
    }
    assert sorted(made_by_the_fold() - table) == []


def test_every_row_of_the_table_is_one_that_the_fold_can_make() -> None:
    reached = {(stage, step) for stage, step, _ in made_by_the_fold()}
    assert sorted({(stage, row.step) for row in transitions() for stage in row.sources} - reached) == []
    ends = {(step, after) for _, step, after in made_by_the_fold()}
    assert sorted({(row.step, after) for row in transitions() for after in row.targets} - ends) == []


@given(st.sampled_from(BEGINNINGS), st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 1)), max_size=60))
@settings(max_examples=150)
def test_whatever_legal_steps_are_taken_the_stage_is_one_of_those_that_the_table_names(
    story: Story, steps: list[tuple[Step, int]]
) -> None:
    for step, choice in steps:
        ways = list(STEPS[step](story)) if may(story.case, step) else []
        if not ways:
            continue
        after = ways[choice % len(ways)]
        assert after.case.stage in targets(story.case.stage, step)
        story = after


def test_every_stage_and_every_step_has_its_words_and_its_rows() -> None:
    assert set(life().stages) == set(get_args(Stage))
    assert {row.step for row in transitions()} == set(get_args(Step)) == set(STEPS)
    assert set(life().needs) == set(get_args(Need)) == {need for row in transitions() for need in row.needs}


def test_only_these_stages_are_an_end() -> None:
    ends = {stage for stage in get_args(Stage) if not {row for row in steps_from(stage) if row.targets}}
    assert ends == {"retested", "penalised"}


def test_no_row_hands_out_a_sticker_after_a_suspicion_or_a_withdrawal() -> None:
    sources = {stage for row in transitions() if row.step == "issue" for stage in row.sources}
    assert sources == {"concluded", "audit_first", "withheld", "audit_overdue", "applied", "archived", "cleared"}
    assert all("no_sticker" in row.needs for row in transitions() if row.step in {"issue", "withholding", "withdrawal"})


def test_a_step_that_is_not_legal_is_refused_in_words_of_both_languages() -> None:
    with pytest.raises(LifeError, match="on which this cannot follow: the station is penalised") as refused:
        check_step(case_of(OPENED), "penalty")
    assert (refused.value.code, refused.value.zh) == ("life.illegal", "案件处于「检验中」阶段, 不能: 处罚检验机构")


@pytest.mark.parametrize(
    ("case", "step", "code"),
    [
        (case_of(OPENED, PASSED, hub=(WITHHELD,)), "retake", "life.clock"),
        (case_of(OPENED, PASSED, hub=(ISSUED, AUDITED)), "issue", "life.no_sticker"),
        (case_of(OPENED, PASSED, hub=(ISSUED, AUDITED)), "withdrawal", "life.illegal"),
        (replace(case_of(OPENED, PASSED, hub=(ISSUED,)), issued=None, sticker_withdrawn=GONE), "issue", "life.illegal"),
    ],
)
def test_what_is_missing_beside_the_stage_has_a_code(case: Case, step: Step, code: str) -> None:
    with pytest.raises(LifeError) as refused:
        check_step(case, step)
    assert refused.value.code == code
    assert not may(case, step)


def test_a_legal_step_is_no_error() -> None:
    check_step(case_of(OPENED, PASSED, hub=(AUDIT_FIRST,)), "withdrawal")
    assert may(case_of(OPENED, PASSED, hub=(AUDIT_FIRST,)), "retake")
