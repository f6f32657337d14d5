"""The figures of a day."""

import json
from dataclasses import replace

from passlane.day.figures import outside_of
from tests.passlane.day.conftest import LivedDay


def test_the_tables_agree_with_the_ledger_and_with_each_other(small_day: LivedDay) -> None:
    tables = small_day.figures.tables
    day, audits, recalls = tables["day"][0], tables["audits"][0], tables["recalls"][0]
    assert day["inspections"] == len(small_day.city.visits) == sum(row["cases"] for row in tables["cases"])
    assert audits["first_looks"] >= day["decided"] >= audits["suspicious"] == recalls["ordered"]
    assert recalls["back"] >= recalls["cleared"] + recalls["proven"]
    looks = audits["first_looks"] + audits["second_looks"] + audits["third_looks"]
    assert sum(row["opinions"] for row in tables["auditors"]) == looks
    assert day["breaches"] == 0


def test_the_cheat_is_named_with_the_rule_and_the_time(small_day: LivedDay) -> None:
    stop = small_day.figures.tables["stops"][0]
    assert stop["station"] == small_day.figures.city["cheat"]
    assert stop["rule"] == "suspicions.stop"
    assert stop["by"].startswith("standing-")
    assert stop["at"].startswith("2026-05-28")
    assert {row["rule"] for row in small_day.figures.tables["suspicions"]} >= {"tempo.impossible", "photo.reused"}


def test_what_the_hub_has_to_refuse_it_refused(small_day: LivedDay) -> None:
    assert "act.same_person" in {row["what"] for row in small_day.figures.tables["refused"]}


def test_breaches_are_counted_beside_those_that_were_foretold(understaffed_day: LivedDay) -> None:
    day = understaffed_day.figures.tables["day"][0]
    assert day["breaches_foretold"] >= day["breaches"] > 0
    assert day["told_hours_before_min"] >= 2


def test_all_figures_go_into_json(small_day: LivedDay) -> None:
    read = json.loads(json.dumps(small_day.figures.as_json()))
    assert read["held"] is True
    assert len(read["hours"]) == len(small_day.told)
    assert {promise["name"] for promise in read["promises"]} >= {"ledger", "cheat stopped"}


def test_one_broken_promise_is_enough(small_day: LivedDay) -> None:
    first, *others = small_day.figures.promises
    assert not replace(small_day.figures, promises=(replace(first, held=False), *others)).held


def test_a_photo_that_was_changed_is_found_in_the_folder(small_day: LivedDay) -> None:
    photo = next(path for path in (small_day.hub.folder / "photos").rglob("*") if path.is_file())
    data = photo.read_bytes()
    photo.write_bytes(b"other")
    try:
        assert "another digest" in outside_of(small_day.hub, small_day.city, small_day.lived).verified
    finally:
        photo.write_bytes(data)
