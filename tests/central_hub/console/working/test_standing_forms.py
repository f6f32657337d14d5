from datetime import date

from central_hub.console.texts import LANGUAGES, texts_in
from central_hub.console.working.standing_forms import STATION_STEPS, day_given, station_forms
from central_hub.people.roles import Actor
from inspection.standing.rules import shipped_standing_rules
from inspection.standing.state import StationStanding, Step

RULES = shipped_standing_rules()[-1]
EN = texts_in("en")
DETACHMENT = Actor("han", "han", frozenset({"detachment"}))
SIGNATORY = Actor("zhou", "zhou", frozenset({"signatory"}), "ST01")


def offered(standing: StationStanding, actor: Actor = DETACHMENT) -> list[str]:
    return [step for step, _ in station_forms(standing, actor, rules=RULES, texts=EN)]


def test_only_what_can_change_is_offered() -> None:
    plain = StationStanding(station="ST01", admitted=True)
    listed = StationStanding(station="ST01", listed=True, suspended=True, appeal=Step(kind="appeal", at=1))
    assert offered(plain) == ["list", "suspend", "dismiss"]
    assert offered(listed) == ["unlist", "restore", "admit", "decide_appeal"]


def test_a_station_may_only_appeal_and_once() -> None:
    listed = StationStanding(station="ST01", listed=True)
    assert offered(listed, SIGNATORY) == ["appeal"]
    assert offered(StationStanding(station="ST01"), SIGNATORY) == []
    waiting = StationStanding(station="ST01", suspended=True, appeal=Step(kind="appeal", at=1))
    assert offered(waiting, SIGNATORY) == []


def test_every_step_and_its_result_has_words() -> None:
    for language in LANGUAGES:
        for step in STATION_STEPS:
            assert texts_in(language)(f"station.step.{step}")
            assert texts_in(language)(f"station.done.{step}")


def test_a_day_is_written_with_its_year_first() -> None:
    assert day_given("2026-05-28") == date(2026, 5, 28)
    assert [day_given(text) for text in ("", "28.5.2026", "2026-02-30", "x" * 99)] == [None] * 4
