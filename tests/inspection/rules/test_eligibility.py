"""Who gets the sticker before the audit, who may be inspected elsewhere, who needs no line test, and until when.

Each row of the table is a test of its own. Written from the domain texts: where a row and the code differ, read the
row's source first.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest
from msgspec.structs import replace

from inspection.codes import table as code_table
from inspection.facts import Reason
from inspection.rules import (
    Application,
    Rulebook,
    RulebookError,
    decide,
    decide_exempt,
    judge_cross_province,
    judge_exemption,
    valid_until,
)
from tests.inspection.rules.eligibility_rows import (
    PROVINCE,
    Group,
    Row,
    case_of,
    rows,
    table,
    valid_sticker,
    vehicle_of,
)

ELIGIBILITY_ROWS_MIN = 150
RULE_DAYS = ("2014-09-01", "2018-07-30", "2018-09-01", "2020-11-20", "2022-10-01")
WITHOUT_RULES = "exempt-before-2014-09-01-nobody"


def each_of(group: Group) -> pytest.MarkDecorator:
    found = [row for row in rows(group) if row.name != WITHOUT_RULES]
    return pytest.mark.parametrize("row", found, ids=[row.name for row in found])


def failed_of(reasons: tuple[Reason, ...]) -> set[str]:
    # The application of an exempt car is judged by clauses of its own (exempt_insurance, ...) that ask the same.
    return {reason.code.removeprefix("exempt_") for reason in reasons if reason.result == "failed"}


def why(row: Row) -> str:
    return f"{row.source} (assumes: {row.assumes or 'nothing'})"


def assert_failed(row: Row, reasons: tuple[Reason, ...]) -> None:
    failed = failed_of(reasons)
    if row.others_may_fail:
        assert failed, why(row)
        assert row.failed <= failed, why(row)
    else:
        assert failed == row.failed, why(row)


@each_of("eligibility")
def test_the_sticker_is_issued_or_waits_as_the_source_says(row: Row) -> None:
    case, around = case_of(row)
    decision = decide(case, row.book, around)
    assert decision.outcome == row.expected, f"{why(row)}; failed: {sorted(failed_of(decision.reasons))}"
    assert_failed(row, decision.reasons)
    assert row.book.digest in decision.rulebook


@each_of("cross_province")
def test_a_vehicle_is_inspected_elsewhere_or_not_as_the_source_says(row: Row) -> None:
    judgement = judge_cross_province(vehicle_of(row), row.book, row.more["province"])
    assert ("yes" if judgement.allowed else "no") == row.expected, why(row)
    assert bool(failed_of(judgement.reasons)) == (row.expected == "no")


@each_of("exemption")
def test_a_car_needs_no_line_test_or_needs_one_as_the_source_says(row: Row) -> None:
    judgement = judge_exemption(vehicle_of(row), row.book, row.day)
    assert ("yes" if judgement.allowed else "no") == row.expected, why(row)
    assert bool(failed_of(judgement.reasons)) == (row.expected == "no")


def test_before_the_first_rules_there_is_nothing_to_judge_by() -> None:
    [row] = [row for row in rows("exemption") if row.name == WITHOUT_RULES]
    with pytest.raises(RulebookError):
        _ = row.book


@each_of("exempt_sticker")
def test_the_sticker_of_an_exempt_car_is_issued_or_withheld_as_the_source_says(row: Row) -> None:
    recall = "lane-03.7" if "recalled" in row.more else ""
    channel = row.more.get("channel", "online")
    applied = Application(valid_sticker=valid_sticker(row), open_recall=recall, channel=channel, province=PROVINCE)
    decision = decide_exempt(vehicle_of(row), row.book, row.day, applied)
    assert decision.outcome == row.expected, why(row)
    assert_failed(row, decision.reasons)


@each_of("validity")
def test_a_sticker_is_valid_until_the_day_that_the_source_says(row: Row) -> None:
    last = valid_until(row.book, vehicle_of(row), row.day)
    assert last == date.fromisoformat(row.expected), why(row)


def test_the_table_is_large_enough_and_each_row_has_its_own_name_and_its_source() -> None:
    assert len(rows("eligibility")) >= ELIGIBILITY_ROWS_MIN
    assert [name for name, count in Counter(row.name for row in table()).items() if count > 1] == []
    assert [row.name for row in table() if not row.source] == []


def test_the_table_has_each_outcome_each_class_letter_each_use_and_each_date_of_a_rule() -> None:
    eligibility = rows("eligibility")
    assert {row.expected for row in eligibility} == {"issue", "audit_first", "withhold", "wait"}
    assert {row.vehicle_class[:1] for row in eligibility} >= {letter.code for letter in code_table("cllx_class_letter")}
    assert {row.use for row in eligibility} >= {use.code for use in code_table("syxz")}
    assert {letter for row in eligibility for letter in row.states} == {state.code for state in code_table("zt")}
    assert {row.kind for row in eligibility} >= {kind.code for kind in code_table("jylb")}
    assert {row.day.isoformat() for row in table()} >= set(RULE_DAYS)


def test_where_the_texts_are_unsure_the_row_names_the_setting_that_it_assumes() -> None:
    settings = {"K34": of_class_k34, "pass_advised": advised, "setting G": only_g_blocks, "tax": of_unsaid_tax}
    for word, concerned in settings.items():
        found = [row for row in rows("eligibility") if concerned(row)]
        assert found, word
        assert [row.name for row in found if word not in row.assumes] == []


def of_class_k34(row: Row) -> bool:
    return row.vehicle_class == "K34"


def advised(row: Row) -> bool:
    return row.outcome == "pass_advised"


def only_g_blocks(row: Row) -> bool:
    return row.failed == {"states"} and "G" in row.states and not set(row.states) & set("BCEJKMP")


def of_unsaid_tax(row: Row) -> bool:
    return row.tax == "unsaid" and row.expected == "issue"


def outcomes_under(changed: Callable[[Rulebook], Rulebook], concerned: Callable[[Row], bool]) -> set[tuple[str, str]]:
    """What the concerned rows come to by the shipped rules, and by changed ones."""
    found = [(row, *case_of(row)) for row in rows("eligibility") if concerned(row) and row.expected != "audit_first"]
    return {(row.expected, decide(case, changed(row.book), around).outcome) for row, case, around in found}


def test_with_k34_switched_off_its_cars_wait_for_the_audit() -> None:
    def off(book: Rulebook) -> Rulebook:
        return replace(book, cars=replace(book.cars, k34=False))

    assert outcomes_under(off, of_class_k34) == {("issue", "audit_first")}


def test_where_g_does_not_block_open_violations_are_no_reason() -> None:
    def free(book: Rulebook) -> Rulebook:
        letters = tuple(letter for letter in book.vehicle_checks.blocking_states if letter != "G")
        return replace(book, vehicle_checks=replace(book.vehicle_checks, blocking_states=letters))

    assert ("withhold", "issue") in outcomes_under(free, only_g_blocks)


def test_where_advised_maintenance_is_no_pass_the_sticker_is_withheld() -> None:
    def strict(book: Rulebook) -> Rulebook:
        return replace(book, sticker_first=replace(book.sticker_first, outcomes=("pass",)))

    assert outcomes_under(strict, advised) == {("issue", "withhold")}


def test_where_the_tax_must_be_verified_nobodys_word_is_not_enough() -> None:
    def strict(book: Rulebook) -> Rulebook:
        return replace(book, sticker_first=replace(book.sticker_first, tax_required=True))

    assert outcomes_under(strict, of_unsaid_tax) == {("issue", "withhold")}
