from datetime import date

import pytest
from msgspec.structs import replace

from inspection import shipped_text
from inspection.standing.rules import (
    RULES_CHARACTERS_MAX,
    StandingRulesError,
    in_order,
    parse_standing_rules,
    shipped_standing_rules,
    standing_rules_on,
)
from tests.inspection.standing.standing_rows import shipped

TEXT = shipped_text("standing", "standing-2018-09-01.toml")


def refused(before: str, after: str) -> str:
    assert before in TEXT
    with pytest.raises(StandingRulesError) as error:
        parse_standing_rules(TEXT.replace(before, after, 1))
    return str(error.value)


def test_the_shipped_rules_are_in_force_from_the_day_of_the_measures() -> None:
    assert standing_rules_on(date(2018, 9, 1), shipped_standing_rules()).in_force_from == date(2018, 9, 1)
    with pytest.raises(StandingRulesError, match="no rules of standing were in force on 2018-08-31"):
        standing_rules_on(date(2018, 8, 31), shipped_standing_rules())


def test_rules_are_named_with_the_digest_of_their_text() -> None:
    rules = shipped()
    assert rules.name == f"{rules.id}:{rules.digest[:12]}"
    assert parse_standing_rules(TEXT + "\n# a word more\n").digest != rules.digest


def test_the_newest_rules_that_have_begun_hold() -> None:
    later = replace(shipped(), in_force_from=date(2030, 1, 1))
    books = in_order([later, shipped()])
    assert standing_rules_on(date(2029, 12, 31), books) == shipped()
    assert standing_rules_on(date(2030, 1, 1), books) == later


def test_two_rules_of_one_day_are_refused() -> None:
    with pytest.raises(StandingRulesError, match="two rules of standing begin on 2018-09-01"):
        in_order([shipped(), shipped()])


def test_what_is_wrong_in_a_file_is_named() -> None:
    assert "unknown field `dayz`" in refused("days = 28", "dayz = 28")
    assert "days" in refused("days = 28", "days = 0")
    assert "differ in the suspicions tempo.imposible" in refused('"tempo.impossible"]\n', '"tempo.imposible"]\n')
    assert "fraud stands there twice" in refused('code = "violation"', 'code = "fraud"')
    assert "tempo.warning stands there twice" in refused('code = "passed.warning"', 'code = "tempo.warning"')
    assert "passed.warning: there is no figure 'pased'" in refused('figure = "passed"', 'figure = "pased"')
    assert "only a station can be stopped" in refused(
        'subject = "inspector"\nlevel = "warning"', 'subject = "inspector"\nlevel = "stop"'
    )
    assert "there is no suspicion clock.jumpt" in refused(
        '"clock.jumped", "photo.reused"', '"clock.jumpt", "photo.reused"'
    )
    assert "Expected" in refused("tail_max = 1e-4", "tail_max = 2.0")
    assert "Invalid value 'figures'" in refused('kind = "figure"', 'kind = "figures"')


def test_what_was_proven_is_counted_by_station_only() -> None:
    before = 'code = "proven.check"\nsubject = "station"'
    assert "what was proven is counted by station" in refused(before, before.replace("station", "inspector"))


def test_no_toml_and_an_endless_text_are_refused() -> None:
    with pytest.raises(StandingRulesError, match="cannot be applied"):
        parse_standing_rules("id = ")
    with pytest.raises(StandingRulesError, match="at most"):
        parse_standing_rules("#" * (RULES_CHARACTERS_MAX + 1))


def test_the_least_time_is_that_of_the_first_row_that_fits() -> None:
    rules = shipped()
    assert [rules.seconds_min("jianyan", cllx) for cllx in ("H11", "M11", "K33", "")] == [300, 90, 180, 180]
    assert rules.seconds_min("chayan", "K33") == 60
    assert replace(rules, tempo=()).seconds_min("jianyan", "K33") == 0


def test_a_rule_of_the_chain_is_found_by_its_code() -> None:
    found = shipped().link("proven.stop")
    assert found is not None
    assert found.level == "stop"
    assert shipped().link("no.such") is None


def test_every_text_stands_in_chinese_and_english() -> None:
    rules = shipped()
    rows = (*rules.suspicions.values(), *rules.chain, *rules.listing_reasons, *rules.measures)
    assert all(row.zh and row.en and row.zh != row.en for row in rows)


def test_a_stop_by_suspicions_rests_on_strong_signs_only() -> None:
    rules = shipped()
    stops = [link for link in rules.chain if link.level == "stop" and hasattr(link, "suspicions")]
    assert stops
    weak = {code for code, rule in rules.suspicions.items() if rule.weight < 3}
    assert not any(weak & set(link.suspicions) for link in stops)
