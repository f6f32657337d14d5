"""What a lane's device tells of a visit."""

from dataclasses import replace

import pytest

from inspection.checklist import missing, required_for
from inspection.facts import CaseWithdrawn, InspectionConcluded, ItemChecked, ReadingCorrected, VideoReferenced
from inspection.signing import digest
from passlane.day.facts import RETAKEN_PHOTO, VIN_PHOTO, again, told_of
from passlane.day.visits import MIXES, Station, Visit
from tests.passlane.day.test_visits import station, visits


def visit(**changes: object) -> Visit:
    plain = next(one for one in visits(station()) if one.truth == "sound" and one.ending == "pass")
    return replace(plain, **{"video_missing": False, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("mix", MIXES)
def test_an_inspection_has_thirty_facts_eight_photos_and_all_that_the_checklist_demands(mix: str) -> None:
    where: Station = station(mix=mix)
    for one in visits(where, suspicious=0):
        told = told_of(replace(one, ending="pass"))
        items = [fact.item for fact in (*told.first, *told.last) if isinstance(fact, ItemChecked)]
        assert 1 + len(told.first) + len(told.shots) + len(told.last) == 30
        assert len(told.shots) == 8
        assert len(set(items)) == len(items)
        lacking = missing(required_for(told.opening), [shot.fact.kind for shot in told.shots], items)
        assert not lacking.photos
        assert not lacking.items


def test_a_photo_has_the_bytes_that_are_announced() -> None:
    for shot in told_of(visit()).shots:
        assert shot.fact.photo.digest == digest(shot.data).hex()
        assert shot.fact.photo.size == len(shot.data)
        assert (shot.fact.vin is not None) == (shot.fact.kind == VIN_PHOTO)


def test_a_cheat_shows_pictures_of_an_earlier_vehicle_but_for_the_vin() -> None:
    own, used = told_of(visit(number=7)), told_of(visit(number=9, reuses=7))
    same = [a.fact.kind for a, b in zip(own.shots, used.shots, strict=True) if a.data == b.data]
    assert len(same) == 7
    assert VIN_PHOTO not in same


def test_the_inspector_says_what_the_vin_is_where_the_machine_read_another() -> None:
    told = told_of(visit(corrected=True))
    correction = next(fact for fact in told.last if isinstance(fact, ReadingCorrected))
    assert correction.read != correction.corrected == visit().vehicle.vin
    read = visit(corrected=True, vehicle=replace_vin("LZZAA1A2XKA000008"))
    assert told_of(read).shots[2].fact.vin is not None


def replace_vin(vin: str) -> object:
    vehicle = visit().vehicle
    return type(vehicle)(**{**{name: getattr(vehicle, name) for name in vehicle.__struct_fields__}, "vin": vin})


def test_the_verdict_is_what_the_visit_ends_with() -> None:
    failed, withdrawn = told_of(visit(ending="fail")), told_of(visit(ending="withdrawn"))
    assert isinstance(failed.last[-1], InspectionConcluded)
    assert failed.last[-1].outcome == "fail"
    assert any(isinstance(fact, ItemChecked) and fact.mark == "fail" for fact in failed.first)
    assert isinstance(withdrawn.last[-1], CaseWithdrawn)


def test_missing_video_is_stated() -> None:
    video = next(fact for fact in told_of(visit(video_missing=True)).first if isinstance(fact, VideoReferenced))
    assert video.video.missing


def test_a_retake_replaces_the_photo_by_another_one() -> None:
    first, second = (again(visit(), RETAKEN_PHOTO, "ab", time=time) for time in (1, 2))
    assert first.fact.replaces == "ab"
    assert first.fact.photo.digest != second.fact.photo.digest
    assert again(visit(), VIN_PHOTO, "ab", time=1).fact.vin is not None
