from dataclasses import replace as changed
from typing import Any

import pytest
from msgspec.structs import replace

from inspection.case import Case
from inspection.evidence import VideoRef
from inspection.facts import OwnerCalled, Position, ReadingCorrected, SuspicionRaised
from inspection.standing.rules import SUSPICIONS, StandingRules
from inspection.standing.suspicion import _RULES, Around, Neighbour, Reuse, Timing, place_of, suspicions
from tests.inspection.standing.standing_rows import (
    MINUTE_MS,
    NOON,
    OTHER_VIN,
    VIN,
    area_filing,
    concluded_case,
    finding,
    opened,
    photo,
    shipped,
)

TIMING = Timing(opened=NOON, concluded=NOON + 10 * MINUTE_MS, seconds=600)
HANGZHOU, SHANGHAI = Position(longitude=120.15, latitude=30.27), Position(longitude=121.47, latitude=31.23)


def found(case: Case, rules: StandingRules | None = None, **around: Any) -> dict[str, str]:
    raised = suspicions(case, Around(**{"timing": TIMING, **around}), rules or shipped())
    return {fact.rule: fact.detail for fact in raised}


def neighbour(number: int = 2, *, minutes: int = -30, **changes: Any) -> Neighbour:
    """Another inspection that ended so many minutes before (-) this one began, or began after it was opened."""
    fields: dict[str, Any] = {
        "case": f"pda-2.{number}", "station": "ST01", "inspector": "wang", "device": "pda-2", "vin": OTHER_VIN,
        "opened": NOON + (minutes - 5) * MINUTE_MS, "concluded": NOON + minutes * MINUTE_MS,
    }  # fmt: skip
    return Neighbour(**{**fields, **changes})


def limits(**changes: Any) -> StandingRules:
    return replace(shipped(), limits=replace(shipped().limits, **changes))


def test_an_ordinary_inspection_raises_nothing() -> None:
    assert found(concluded_case(), area=area_filing(), neighbours=(neighbour(),)) == {}


def test_every_rule_of_the_file_is_known_here_in_its_order() -> None:
    assert tuple(_RULES) == SUSPICIONS


def test_nothing_is_suspicious_before_the_verdict() -> None:
    assert suspicions(concluded_case(concluded=None), Around(), shipped()) == ()
    assert suspicions(concluded_case(opened=None), Around(), shipped()) == ()


def test_a_case_around_which_nothing_is_known_raises_nothing() -> None:
    assert suspicions(concluded_case(), Around(), shipped()) == ()
    assert suspicions(concluded_case(all_photos=()), Around(), shipped()) == ()


def test_a_fact_names_rule_weight_and_rules() -> None:
    (raised,) = suspicions(concluded_case(), Around(timing=changed(TIMING, seconds=30)), shipped())
    assert raised == SuspicionRaised(
        rule="tempo.impossible", detail="30 s < 180 s (jianyan K33)", weight=3, rules=shipped().name
    )


def test_each_rule_is_raised_once_for_a_case() -> None:
    said = (SuspicionRaised(rule="tempo.impossible", detail=""),)
    assert found(concluded_case(suspicions=said), timing=changed(TIMING, seconds=30)) == {}


def test_a_rule_that_is_off_is_not_looked_for() -> None:
    rules = shipped()
    off = {**rules.suspicions, "tempo.impossible": replace(rules.suspicions["tempo.impossible"], on=False)}
    assert found(concluded_case(), replace(rules, suspicions=off), timing=changed(TIMING, seconds=30)) == {}


@pytest.mark.parametrize(
    ("seconds", "vehicle_class", "odd"),
    [(179, "K33", True), (180, "K33", False), (299, "H11", True), (300, "H11", False), (None, "K33", False)],
)
def test_the_least_time_goes_by_the_class_of_the_vehicle(seconds: int | None, vehicle_class: str, odd: bool) -> None:  # noqa: FBT001
    case = concluded_case(opened=opened(vehicle_class=vehicle_class))
    assert ("tempo.impossible" in found(case, timing=changed(TIMING, seconds=seconds))) is odd


def test_who_finds_a_fault_early_or_repeats_only_what_failed_may_be_quick() -> None:
    quick = changed(TIMING, seconds=20)
    assert found(concluded_case("fail"), timing=quick) == {}
    assert found(concluded_case(opened=opened(attempt=2)), timing=quick) == {}
    assert "tempo.impossible" in found(concluded_case("pass_advised"), timing=quick)


def test_an_inspector_who_concludes_too_many_within_an_hour_is_too_fast() -> None:
    assert found(concluded_case(), concluded=12) == {"tempo.inspector": "13 > 12 / 60 min"}
    assert found(concluded_case(), concluded=11) == {}


def test_an_inspector_at_two_stations_within_less_time_than_the_way_takes_is_at_two_places() -> None:
    far = neighbour(minutes=-30, inspector="li", station="ST02", position=SHANGHAI)
    here = concluded_case(opened=opened(position=HANGZHOU))
    assert found(here, neighbours=(far,))["places.inspector"].startswith("1800 s < ")
    assert found(here, neighbours=(changed(far, concluded=NOON - 180 * MINUTE_MS),)) == {}


def test_it_is_the_same_when_the_other_inspection_was_later_or_at_the_same_time() -> None:
    here = concluded_case(opened=opened(position=HANGZHOU))
    later = neighbour(inspector="li", station="ST02", position=SHANGHAI)
    later = changed(later, opened=NOON + 20 * MINUTE_MS, concluded=NOON + 30 * MINUTE_MS)
    assert found(here, neighbours=(later,))["places.inspector"].startswith("600 s < ")
    assert found(here, neighbours=(changed(later, opened=NOON),))["places.inspector"].startswith("0 s < ")


def test_where_a_place_is_not_known_another_station_takes_some_minutes() -> None:
    near = neighbour(minutes=-5, inspector="li", station="ST02")
    assert found(concluded_case(), neighbours=(near,))["places.inspector"].startswith("300 s < 600 s: ST01, ST02")
    assert found(concluded_case(), neighbours=(changed(near, station="ST01"),)) == {}


def test_the_filed_place_of_the_area_stands_in_where_the_device_says_none() -> None:
    far = neighbour(inspector="li", station="ST02", position=SHANGHAI)
    assert "places.inspector" in found(concluded_case(), neighbours=(far,), area=area_filing())
    assert place_of(opened(position=HANGZHOU), area_filing()) == HANGZHOU
    assert place_of(opened(), None) is None


def test_a_device_and_a_vehicle_are_not_at_two_places_either() -> None:
    device = neighbour(minutes=-1, device="pda-1", station="ST02")
    vehicle = neighbour(minutes=-1, vin=VIN, station="ST02")
    assert set(found(concluded_case(), neighbours=(device,))) == {"places.device"}
    assert set(found(concluded_case(), neighbours=(vehicle,))) == {"places.vehicle"}


def test_a_vehicle_may_come_twice_to_the_same_station_and_a_nameless_one_is_nobodys() -> None:
    again = neighbour(minutes=-1, vin=VIN)
    assert found(concluded_case(), neighbours=(again,)) == {}
    nameless = neighbour(minutes=-1, vin="", station="ST02")
    assert found(concluded_case(opened=opened(vin=""), all_photos=()), neighbours=(nameless,)) == {}


def test_a_case_is_not_its_own_neighbour_and_without_times_nobody_is_anywhere() -> None:
    own = neighbour(minutes=0, inspector="li", station="ST02", case="pda-1.1")
    assert found(concluded_case(), neighbours=(own,)) == {}
    assert (
        found(concluded_case(), neighbours=(neighbour(minutes=0, inspector="li", station="ST02"),), timing=None) == {}
    )


def test_a_time_that_nobody_is_sure_of_proves_nothing_about_who_was_where() -> None:
    unsure = changed(TIMING, sure=False)
    others = [neighbour(at, minutes=-4 * at, inspector="li", station="ST02") for at in range(12)]
    around: dict[str, Any] = {"neighbours": tuple(others), "concluded": 12}
    assert set(found(concluded_case(), **around)) == {"tempo.inspector", "places.inspector"}
    assert found(concluded_case(), **around, timing=unsure) == {}
    assert found(concluded_case(), **around, timing=None) == {}


def test_a_photo_or_an_opening_outside_the_fence_is_outside() -> None:
    away = photo("0111", "b" * 64, position=Position(longitude=120.0, latitude=30.01))
    case = concluded_case(all_photos=(photo(vin=finding()), away))
    assert found(case, area=area_filing())["area.outside"] == "912 m > 100 m (ST01)"
    assert found(case, area=area_filing(fenced=False)) == {}
    near = concluded_case(opened=opened(position=Position(longitude=120.0, latitude=30.002)))
    assert found(near, area=area_filing()) == {}


def test_a_clock_that_is_far_off_or_was_set_is_told_with_its_sign() -> None:
    assert found(concluded_case(), timing=changed(TIMING, clock_error_ms=-301_000)) == {
        "clock.wrong": "-301 s (±300 s)"
    }
    assert found(concluded_case(), timing=changed(TIMING, clock_error_ms=300_000)) == {}
    assert found(concluded_case(), timing=changed(TIMING, jump_ms=121_000)) == {"clock.jumped": "+121 s (±120 s)"}
    assert found(concluded_case(), timing=changed(TIMING, jump_ms=-120_000)) == {}


def test_the_same_photo_in_the_case_of_another_vehicle_or_serial_is_reused() -> None:
    other = Reuse(digest="a" * 64, case="pda-2.7", vin=OTHER_VIN, serial="S-9")
    assert found(concluded_case(), reuses=(other,)) == {"photo.reused": f"1 ({'a' * 12}…): pda-2.7"}
    assert "photo.reused" in found(concluded_case(), reuses=(other._replace(vin=VIN),))
    assert "photo.reused" in found(concluded_case(), reuses=(other._replace(serial="S-1"),))


def test_a_retest_of_the_same_vehicle_under_the_same_serial_may_use_its_photo() -> None:
    assert found(concluded_case(), reuses=(Reuse(digest="a" * 64, case="pda-1.9", vin=VIN, serial="S-1"),)) == {}
    assert found(concluded_case(), reuses=(Reuse(digest="a" * 64, case="pda-1.1", vin=OTHER_VIN, serial="S-9"),)) == {}


def test_a_passed_inspection_whose_vin_photo_reads_otherwise_differs() -> None:
    other = concluded_case(all_photos=(photo(vin=finding(OTHER_VIN)),))
    assert found(other) == {"vin.differs": "#16 #17 (0113)"}
    assert found(concluded_case("fail", all_photos=other.all_photos)) == {}
    short = concluded_case(all_photos=(photo(vin=finding(VIN[:5], accepted=False)),))
    assert found(short) == {"vin.differs": "5 / 17 (0113)"}


def test_what_the_model_was_sure_of_counts_though_somebody_corrected_it() -> None:
    correction = ReadingCorrected(photo="a" * 64, read=OTHER_VIN, corrected=VIN, by="li", reason="dirt")
    sure = concluded_case(all_photos=(photo(vin=finding(OTHER_VIN)),), corrections=(correction,))
    assert set(found(sure)) == {"vin.differs"}
    unsure = concluded_case(all_photos=(photo(vin=finding(OTHER_VIN, accepted=False)),), corrections=(correction,))
    assert found(unsure) == {}


def test_a_correction_away_from_what_is_registered_differs_too() -> None:
    correction = ReadingCorrected(photo="a" * 64, read=VIN, corrected=OTHER_VIN, by="li", reason="?")
    assert found(concluded_case(corrections=(correction,))) == {"vin.differs": "#16 #17 (0113)"}


def test_a_photo_on_which_nothing_was_read_does_not_differ() -> None:
    assert found(concluded_case(all_photos=(photo(vin=finding("", accepted=False)),))) == {}


def test_video_that_is_declared_missing_counts_and_video_that_nobody_spoke_of_where_it_is_wanted() -> None:
    here = VideoRef(recorder="r", channel="c", start=1, end=2)
    gone = VideoRef(recorder="r", channel="c", start=1, end=2, missing="disk full")
    assert found(concluded_case(videos=(here, gone))) == {"video.missing": "1 / 2"}
    assert found(concluded_case(videos=(here,)), limits(video_regimes=("jianyan",))) == {}
    assert found(concluded_case(), limits(video_regimes=("jianyan",))) == {"video.missing": "0"}
    assert found(concluded_case(), limits(video_regimes=("chayan",))) == {}


def test_an_owner_who_says_otherwise_when_called_back_speaks_against_the_inspection() -> None:
    calls = (OwnerCalled(result="supports", by="zhao"), OwnerCalled(result="contradicts", by="zhao"))
    assert found(concluded_case(calls=calls)) == {"call.contradicts": "contradicts"}
    assert found(concluded_case(calls=calls[:1])) == {}
