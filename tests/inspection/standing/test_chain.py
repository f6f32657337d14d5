from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from inspection.facts import StationSuspended, WarningRaised
from inspection.standing.chain import (
    WORDS_CHARACTERS_MAX,
    Figures,
    Marked,
    Past,
    Proven,
    Warned,
    compared,
    daily,
    days_back,
    live,
    marked_days,
    marks,
    rows_of,
)
from inspection.standing.figures import Figure
from inspection.standing.rules import StandingRules
from inspection.standing.state import StationStanding
from tests.inspection.standing.standing_rows import DAY, days_before, inspected, shipped

NOBODY: Figures = {"station": {}, "inspector": {}}
QUICK = ("tempo.impossible",)


def only(*codes: str) -> StandingRules:
    return replace(shipped(), chain=tuple(link for link in shipped().chain if link.code in codes))


def said(facts: Any) -> list[tuple[str, str]]:
    """Each fact in short: level and name, or "suspended" and the station."""
    return [("suspended", f.station) if isinstance(f, StationSuspended) else (f.level, f.name) for f in facts]


def marked(station: str, count: int, *codes: str, **changes: Any) -> list[Marked]:
    fields: dict[str, Any] = {"day": DAY, "station": station, "inspector": f"{station}-li", "suspicions": codes}
    return [Marked(**{**fields, "case": f"{station}.{at}", **changes}) for at in range(count)]


def raised(rules: StandingRules, *, figures: Figures = NOBODY, rows: Any = (), past: Past | None = None) -> Any:
    return daily(DAY, figures, tuple(rows), past or Past(), rules)


def passing(z: float = 5.0, difference: float = 0.2, compared_: int = 200, expected: float | None = 0.8) -> Figures:
    figure = Figure(
        name="passed", count=200, value=1.0, compared=compared_, expected=expected, difference=difference, z=z
    )
    return {"station": {"ST01": {"passed": figure}, "ST02": {}}, "inspector": {}}


def test_a_figure_far_from_the_peers_raises_a_warning_with_its_numbers() -> None:
    rules = only("passed.warning")
    (fact,) = raised(rules, figures=passing())
    assert fact == WarningRaised(
        subject="station", name="ST01", rule="passed.warning", level="warning", rules=rules.name,
        figures="passed 1 / 0.8; z +5.0; n 200",
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [{"z": 3.4}, {"z": -5.0}, {"difference": 0.03}, {"compared_": 99}, {"expected": None}],
)
def test_a_figure_within_any_of_its_limits_raises_nothing(changes: dict[str, Any]) -> None:
    assert raised(only("passed.warning"), figures=passing(**changes)) == ()


def test_a_rule_may_look_at_the_low_side() -> None:
    rules = only("passed.warning")
    low = replace(rules, chain=(replace(rules.chain[0], side="low"),))
    assert said(raised(low, figures=passing(z=-5.0, difference=-0.2))) == [("warning", "ST01")]
    assert raised(low, figures=passing()) == ()


def test_gravely_suspicious_inspections_stop_a_station_and_order_a_check() -> None:
    rules = only("suspicions.stop")
    facts = raised(rules, rows=marked("ST01", 9, *QUICK) + marked("ST02", 30))
    assert said(facts) == [("stop", "ST01"), ("suspended", "ST01"), ("check", "ST01")]
    assert facts[1].rule == "suspicions.stop"
    assert facts[1].by == rules.name
    assert "ST01.0, ST01.1" in facts[0].figures


def test_weak_signs_and_few_cases_stop_nobody() -> None:
    rules = only("suspicions.stop")
    assert raised(rules, rows=marked("ST01", 9, "clock.wrong", "area.outside")) == ()
    assert raised(rules, rows=marked("ST01", 4, *QUICK)) == ()
    assert raised(rules, rows=marked("ST01", 7, *QUICK) + marked("ST01", 40)) == ()


def test_what_the_whole_city_has_stops_nobody() -> None:
    rows = [row for station in range(20) for row in marked(f"S{station}", 10, *QUICK)]
    assert raised(only("suspicions.stop"), rows=rows) == ()


def test_only_the_days_of_the_rule_count() -> None:
    assert raised(only("suspicions.stop"), rows=marked("ST01", 9, *QUICK, day=days_before(1))) == ()


def test_an_inspector_is_checked_by_the_inspections_of_all_stations() -> None:
    rules = only("suspicions.inspector.check")
    rows = marked("ST01", 3, *QUICK, inspector="li") + marked("ST02", 3, *QUICK, inspector="li")
    (fact,) = raised(rules, rows=rows)
    assert (fact.subject, fact.level, fact.name) == ("inspector", "check", "li")


def test_who_is_suspended_already_is_warned_and_not_suspended_again() -> None:
    past = Past(standings={"ST01": StationStanding(station="ST01", suspended=True)})
    facts = raised(only("suspicions.stop"), rows=marked("ST01", 9, *QUICK), past=past)
    assert said(facts) == [("stop", "ST01"), ("check", "ST01")]


def test_two_stops_on_one_day_suspend_once() -> None:
    proven = tuple(Proven(day=DAY, station="ST01", case=f"c{at}") for at in range(2))
    standing = {"ST01": StationStanding(station="ST01")}
    facts = raised(
        only("suspicions.stop", "proven.stop"),
        rows=marked("ST01", 9, *QUICK),
        past=Past(proven=proven, standings=standing),
    )
    assert said(facts).count(("suspended", "ST01")) == 1
    assert said(facts).count(("stop", "ST01")) == 2


def test_what_was_raised_is_not_raised_again_while_its_quiet_days_last() -> None:
    rules = only("passed.warning")

    def with_warning(days: int, **changes: Any) -> Any:
        fields: dict[str, Any] = {"subject": "station", "name": "ST01", "rule": "passed.warning", "level": "warning"}
        return Past(warned=(Warned(**{**fields, "day": days_before(days), **changes}),))

    assert raised(rules, figures=passing(), past=with_warning(0)) == ()
    assert raised(rules, figures=passing(), past=with_warning(6)) == ()
    assert len(raised(rules, figures=passing(), past=with_warning(7))) == 1
    assert len(raised(rules, figures=passing(), past=with_warning(0, name="ST02"))) == 1
    assert len(raised(rules, figures=passing(), past=with_warning(0, rule="tempo.warning"))) == 1


def test_a_rule_without_quiet_days_is_raised_once_a_day() -> None:
    rules, rows = only("suspicions.stop"), marked("ST01", 9, *QUICK)
    before = Warned(day=DAY, subject="station", name="ST01", rule="suspicions.stop", level="stop")
    assert raised(rules, rows=rows, past=Past(warned=(before,))) == ()


def test_proven_cases_order_a_check_and_several_of_them_a_stop() -> None:
    rules = only("proven.check", "proven.stop")
    one = Proven(day=days_before(80), station="ST01", case="c1")
    two = Proven(day=DAY, station="ST01", case="c2")
    old = Proven(day=days_before(400), station="ST02", case="c3")
    assert said(raised(rules, past=Past(proven=(one, old)))) == [("check", "ST01")]
    facts = raised(rules, past=Past(proven=(one, two, old)))
    assert said(facts) == [("check", "ST01"), ("stop", "ST01"), ("suspended", "ST01"), ("check", "ST01")]
    assert facts[0].figures == "2: c1, c2"


def test_warnings_on_several_days_order_a_check_todays_included() -> None:
    rules = only("passed.warning", "repeated.check")

    def past(*days: int, level: Any = "warning", subject: Any = "station") -> Past:
        rows = [Warned(day=days_before(day), subject=subject, name="ST01", rule="r", level=level) for day in days]
        return Past(warned=tuple(rows))

    assert said(raised(rules, figures=passing(), past=past(8, 16))) == [("warning", "ST01"), ("check", "ST01")]
    assert said(raised(rules, past=past(8, 16))) == []
    assert said(raised(rules, past=past(8, 8, 8))) == []
    assert said(raised(rules, past=past(8, 16, 30))) == []
    assert said(raised(rules, past=past(8, 16, 20, level="check"))) == []
    assert said(raised(rules, past=past(8, 16, 20, subject="inspector"))) == []


def test_while_the_day_runs_only_the_station_in_question_and_rules_on_suspicions_are_judged() -> None:
    rules = shipped()
    rows = [*marked("ST01", 9, *QUICK), *marked("ST02", 9, *QUICK)]
    rows.append(Marked(day=DAY, station="", count=500))
    facts = live(DAY, "ST01", rows, Past(), rules)
    assert {name for _, name in said(facts)} == {"ST01"}
    assert ("suspended", "ST01") in said(facts)
    assert live(DAY, "ST03", rows, Past(), rules) == ()


def test_counted_rows_of_others_count_as_many() -> None:
    others = [Marked(day=DAY, station="", suspicions=QUICK, count=200), Marked(day=DAY, station="", count=200)]
    assert live(DAY, "ST01", [*marked("ST01", 9, *QUICK), *others], Past(), only("suspicions.stop")) == ()


def test_words_are_short_enough_to_be_facts_and_name_some_cases() -> None:
    rows = marked("ST01", 900, *QUICK, case="x" * 190)
    for fact in raised(only("suspicions.stop"), rows=rows):
        text = fact.reason if isinstance(fact, StationSuspended) else fact.figures
        assert len(text) <= WORDS_CHARACTERS_MAX


def test_the_same_rows_in_another_order_raise_the_same() -> None:
    rows = marked("ST02", 9, *QUICK) + marked("ST01", 9, *QUICK) + [Marked(day=DAY, station="", count=900)]
    rules = only("suspicions.stop")
    assert said(raised(rules, rows=rows)) == said(raised(rules, rows=rows[::-1]))


def test_rows_of_a_period_end_with_its_day() -> None:
    made = [inspected(1, day=days_before(28)), inspected(2, day=days_before(27)), inspected(3, day=date(2026, 5, 29))]
    assert [row.case for row in rows_of(made, DAY, 28)] == ["pda-1.2"]
    assert set(compared(made, DAY, shipped())["station"]) == {"ST01"}
    assert marks(made[:1]) == [Marked(day=days_before(28), station="ST01", inspector="li", case="pda-1.1")]


def test_how_far_the_rules_look_back_is_what_the_longest_of_them_wants() -> None:
    assert (days_back(shipped()), marked_days(shipped())) == (365, 1)
    nothing = replace(shipped(), chain=())
    assert (days_back(nothing), marked_days(nothing)) == (0, 1)
