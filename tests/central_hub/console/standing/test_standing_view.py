from datetime import date
from typing import get_args

import pytest
from msgspec.structs import replace

from central_hub.console.standing.standing_view import digest_view, state_of, station_lines, station_view
from central_hub.console.texts import Texts, texts_in
from central_hub.standing.digests import COUNTS, Sources, digest_of, week_of
from inspection.standing.explaining import explain
from inspection.standing.figures import Figure
from inspection.standing.rules import FIGURES, shipped_standing_rules
from inspection.standing.state import StationStanding, Step, StepKind

ZH, EN = texts_in("zh"), texts_in("en")
DAY = date(2026, 5, 28)
RULES = shipped_standing_rules()[-1]
LISTING = Step(
    kind="listed", at=1_779_940_800_000, by="zhao", code="fraud", text="absent cars", ends=date(2026, 12, 31)
)
LISTED = StationStanding(station="ST01", listed=True, since=1_779_940_800_000, listing=LISTING, steps=(LISTING,))


def figure(name: str, value: float, **changes: float) -> Figure:
    return Figure(**{"name": name, "count": 300, "value": value, "compared": 280, **changes})  # type: ignore[arg-type]


def test_how_a_station_stands_is_told_by_the_gravest() -> None:
    assert [
        state_of(StationStanding(station="A", listed=True, suspended=True)),
        state_of(StationStanding(station="A", suspended=True, check=True)),
        state_of(StationStanding(station="A", check=True)),
        state_of(StationStanding(station="A", admitted=True)),
        state_of(StationStanding(station="A")),
    ] == ["listed", "suspended", "check", "first", "audit_first"]


def test_every_station_that_is_known_or_inspected_has_a_line() -> None:
    counted = [{"station": "ST02", "inspections": 9, "suspected": 2, "proven": 1}]
    one, two = station_lines({"ST01": LISTED}, counted, names={"ST01": "北环检测站"}, texts=EN)
    assert (one.name, one.state, one.words, one.inspections) == (
        "北环检测站", "listed", "On the list of dishonest stations", 0,
    )  # fmt: skip
    assert (two.name, two.state, two.inspections, two.suspected, two.proven) == ("ST02", "audit_first", 9, 2, 1)


def test_a_rated_station_sees_figures_peers_limits_and_cases_in_its_language() -> None:
    figures = {
        "passed": figure("passed", 1.0, expected=0.9, difference=0.1, z=6.0),
        "tempo": figure("tempo", 245.0, expected=600.0, least=61.0),
        "distance": figure("distance", 12.4),
        "volume": figure("volume", 20.25),
    }
    warnings = [(DAY, "passed.warning", "warning", "passed 1 / 0.9", "s")]
    cases = [("pda-1.1", DAY, ("photo.reused",), True, True), ("pda-1.2", DAY, (), False, False)]
    why = explain(LISTED, figures, warnings, cases, rules=RULES)  # type: ignore[arg-type]
    view = station_view(why, name="北环检测站", rules=RULES, texts=EN)
    passed, tempo, distance, volume = view.figures
    assert (passed.value, passed.peers, passed.z, passed.exceeded) == ("100.0%", "90.0%", "+6.0", True)
    assert passed.limits == ("Warning: 3.5 standard deviations and 4% above peers (at least 100 inspections)",)
    assert (tempo.value, tempo.peers, tempo.least, tempo.exceeded) == ("4:05", "10:00", "1:01", False)
    assert (distance.value, distance.peers, distance.z, volume.value) == ("12 m", "", "", "20.2")
    assert view.warnings[0].words == "Warning: the pass rate is far above that of others with such vehicles"
    assert (view.cases[0].case, view.cases[0].detail) == ("pda-1.1", "an auditor suspected it; proven")
    assert view.cases[1].detail == ""
    assert view.since.startswith("2026-05-28")
    chinese = station_view(why, name="北环检测站", rules=RULES, texts=ZH)
    assert chinese.words == "失信名单"
    assert "照片" in chinese.cases[0].words


def test_what_happened_is_told_newest_first_with_reason_and_people() -> None:
    back = Step(kind="unlisted", at=1_779_950_000_000, by="zhao", confirmed_by="qian", text="made good")
    by_person = Step(kind="suspended", at=1_779_930_000_000, by="zhao", code="person", text="inquiry")
    old = Step(kind="suspended", at=1_779_930_000_000, by="s", code="of.old")
    standing = replace(LISTED, steps=(old, by_person, LISTING, back), since=0)
    view = station_view(explain(standing, {}, [], [], rules=RULES), name="", rules=RULES, texts=EN)
    assert [(step.words, step.why, step.by) for step in view.steps] == [
        ("Taken off the list", "made good", "zhao + qian"),
        ("Put on the list", "fraud; absent cars; until 2026-12-31", "zhao"),
        ("Sticker-first suspended", "inquiry", "zhao"),
        ("Sticker-first suspended", "of.old", "s"),
    ]
    assert view.since == ""


@pytest.mark.parametrize("texts", [ZH, EN], ids=["zh", "en"])
def test_every_code_has_words(texts: Texts) -> None:
    keys = [f"standing.figure.{name}" for name in FIGURES] + [f"digest.{name}" for name in COUNTS]
    keys += [f"standing.step.{kind}" for kind in get_args(StepKind)]
    keys += [f"standing.limit_{side}" for side in ("high", "low")]
    assert set(keys) <= set(texts.in_order(""))


def test_a_digest_is_shown_with_shares_columns_and_reasons() -> None:
    row = {"station": "ST01", "inspections": 10, "passed": 9, "retested": 0, "suspected": 1, "night": 0}
    warned = [{"subject": "station", "name": "ST01", "rule": "tempo.warning", "level": "warning", "count": 1}]
    events = [{"kind": "audited", "station": "ST01", "who": "wu", "count": 4}]
    sources = Sources(
        counted=(row, {**row, "station": ""}), events=events, warned=warned, tips=(), open_recalls=3, standings={}
    )
    digest = digest_of("city", week_of(DAY), sources, names={"ST01": "北环检测站"}, cities={"ST01": "杭州"})
    view = digest_view(digest, day=DAY, texts=EN)
    assert (view.title, view.period) == ("Weekly digest (city)", "2026-05-25 – 2026-05-31")
    assert ("Passed", "18 (90.0%)") in view.counts
    assert view.counts[-1] == ("Recalls open", "3")
    assert view.columns == ("Inspections", "Passed", "Suspicious", "Audited", "Warnings")
    assert view.cities == (("no city named", (10, 9, 1, 0, 0)), ("杭州", (10, 9, 1, 4, 1)))
    assert [name for _, name, _ in view.stations] == ["no station named", "北环检测站"]
    assert view.worst[0] == ("ST01", "北环检测站", "Audit first: tempo.warning")
    assert view.worst[1] == ("", "no station named", "Audit first")
    assert view.auditors == (("wu", 4, 0),)
