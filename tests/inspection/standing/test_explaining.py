import msgspec

from inspection.standing.explaining import Explanation, explain
from inspection.standing.figures import Figure
from inspection.standing.state import StationStanding
from tests.inspection.standing.standing_rows import DAY, shipped

STANDING = StationStanding(station="ST01", admitted=True)
PASSED = Figure(name="passed", count=300, value=1.0, compared=280, expected=0.9, difference=0.1, z=6.0)
VOLUME = Figure(name="volume", count=300, value=30.0, expected=20.0)


def explained() -> Explanation:
    warnings = [(DAY, "passed.warning", "warning", "passed 1 / 0.9", "s:1"), (DAY, "of.old", "check", "1", "s:0")]
    cases = [("pda-1.1", DAY, ("photo.reused", "of.tomorrow"), True, False)]
    return explain(STANDING, {"passed": PASSED, "volume": VOLUME}, warnings, cases, rules=shipped())  # type: ignore[arg-type]


def test_a_figure_comes_with_its_peers_value_and_every_limit_that_is_about_it() -> None:
    passed, volume = explained().figures
    assert (passed.value, passed.expected, passed.count, passed.compared) == (1.0, 0.9, 300, 280)
    (limit,) = passed.limits
    assert (limit.rule, limit.side, limit.z_min, limit.difference_min, limit.exceeded) == (
        "passed.warning", "high", 3.5, 0.04, True,
    )  # fmt: skip
    assert volume.limits == ()


def test_a_warning_reads_in_both_languages_and_one_of_forgotten_rules_by_its_code() -> None:
    new, old = explained().warnings
    assert new.zh.startswith("合格率")
    assert new.en.startswith("the pass rate")
    assert (old.zh, old.en, old.rules) == ("of.old", "of.old", "s:0")


def test_a_case_that_speaks_against_the_station_says_what_was_found() -> None:
    (case,) = explained().cases
    assert (case.case, case.overturned, case.proven) == ("pda-1.1", True, False)
    assert case.suspicions[0][0] == "photo.reused"
    assert case.suspicions[0][1] != case.suspicions[0][2]
    assert case.suspicions[1] == ("of.tomorrow", "of.tomorrow", "of.tomorrow")


def test_an_explanation_goes_as_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(explained()), type=Explanation) == explained()
    assert explained().sticker_first
