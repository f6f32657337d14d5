"""Figures of people: from answers to shares with intervals, kappa and drift; the numbers are calculated by hand."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.deciding.agreement import (
    Answered,
    Given,
    PreAuditRow,
    Share,
    Sorted,
    auditor_rows,
    kappa,
    preaudit_row,
)


def opinions(person: str, passes: int, suspicious: int, *, seconds: int = 60, first: int = 0) -> list[Given]:
    said = ["pass"] * passes + ["suspicious"] * suspicious
    return [Given(case=f"{person}.{n}", person=person, decision=d, seconds=seconds) for n, d in enumerate(said, first)]


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Wilson 1927, as in textbooks: 81 of 263 is 0.2553 to 0.3662, 15 of 148 is 0.0624 to 0.1605.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (29, 29, 0.8830, 1.0)],
)
def test_the_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    found = Share(count=count, of=of).interval
    assert found == pytest.approx((low, high), abs=1e-4)


def test_of_nothing_nothing_is_known() -> None:
    assert (Share(count=0, of=0).value, Share(count=0, of=0).interval) == (0.0, (0.0, 1.0))


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_a_share_lies_in_its_interval_and_that_between_nothing_and_all(drawn: tuple[int, int]) -> None:
    share = Share(count=drawn[0], of=drawn[1])
    low, high = share.interval
    assert 0 <= low <= share.value <= high <= 1


def test_kappa_is_cohens() -> None:
    # The example of every textbook: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no gives 0.4.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    found = kappa(pairs)
    assert found is not None
    assert isclose(found, 0.4)


def test_without_answers_or_with_one_answer_only_there_is_no_kappa() -> None:
    assert kappa([]) is None
    assert kappa([("pass", "pass")] * 3) is None


def test_the_pre_audits_misses_and_false_alarms_are_counted_by_light() -> None:
    decided = [
        *[Sorted(light="green", decision="pass")] * 8,
        *[Sorted(light="green", decision="suspicious")] * 2,
        Sorted(light="yellow", decision="pass"),
        Sorted(light="red", decision="pass"),
        *[Sorted(light="red", decision="suspicious")] * 3,
        Sorted(light="", decision="pass"),
    ]
    assert preaudit_row(decided) == PreAuditRow(
        cases=15, misses=Share(count=2, of=10), alarms=Share(count=1, of=4), yellow=Share(count=0, of=1)
    )


def test_two_who_looked_at_the_same_cases_are_compared() -> None:
    said = [
        ("1", "a", "pass"),
        ("1", "b", "pass"),
        ("2", "a", "pass"),
        ("2", "b", "suspicious"),
        ("3", "a", "suspicious"),
        ("3", "b", "suspicious"),
        ("4", "a", "pass"),
    ]
    now = [Given(case=case, person=person, decision=decision) for case, person, decision in said]
    a, b = auditor_rows(now, [], [])
    assert (a.person, a.opinions, a.agreement) == ("a", 4, Share(count=2, of=3))
    assert a.kappa is not None
    assert b.kappa is not None
    assert isclose(a.kappa, b.kappa)
    assert isclose(a.kappa, 0.4)


def test_known_answers_that_were_met_and_opinions_that_did_not_hold_are_counted() -> None:
    now = [
        Given(case="1", person="a", decision="pass", outcome="suspicious"),
        Given(case="2", person="a", decision="pass", outcome="pass"),
        Given(case="3", person="a", decision="pass"),
    ]
    probes = [
        Answered(person="a", expected="suspicious", given="pass"),
        Answered(person="a", expected="pass", given="pass"),
        Answered(person="b", expected="pass", given="pass"),
    ]
    a, b = auditor_rows(now, [], probes)
    assert (a.overturned, a.probes) == (Share(count=1, of=2), Share(count=1, of=2))
    assert (b.person, b.opinions, b.probes, b.kappa) == ("b", 0, Share(count=1, of=1), None)


def test_who_suddenly_suspects_nobody_any_more_drifts() -> None:
    (row,) = auditor_rows(opinions("a", 300, 0), opinions("a", 90, 10), [])
    assert row.drift < -3
    assert row.drifting


def test_who_suddenly_takes_half_the_time_drifts() -> None:
    (row,) = auditor_rows(opinions("a", 20, 1, seconds=30), opinions("a", 20, 1, seconds=60), [])
    assert (row.drift, row.seconds, row.seconds_before, row.drifting) == (0.0, 30.0, 60.0, True)


def test_who_goes_on_as_before_or_has_no_before_does_not_drift() -> None:
    (same,) = auditor_rows(opinions("a", 20, 1), opinions("a", 40, 2), [])
    (new,) = auditor_rows(opinions("a", 20, 1), [], [])
    (all_pass,) = auditor_rows(opinions("a", 20, 0), opinions("a", 20, 0), [])
    assert not same.drifting
    assert (new.drift, new.drifting, new.seconds_before) == (0.0, False, 0.0)
    assert (all_pass.drift, all_pass.drifting) == (0.0, False)
