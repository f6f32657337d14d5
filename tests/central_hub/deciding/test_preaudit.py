"""The machine sorts by what the case shows; every sign has its points, and none decides."""

from types import MappingProxyType

import pytest
from msgspec.structs import replace

from central_hub.deciding.preaudit import PROVISIONAL, RISK_MAX, SIGNS, Weights, preaudit
from inspection.case import Case
from inspection.evidence import PhotoRef, VideoRef, VinFinding
from inspection.facts import (
    CaseOpened,
    PhotoRefused,
    PhotoTaken,
    ReadingCorrected,
    RetakeRequested,
    SuspicionRaised,
    Vehicle,
)
from passlane.demo.vehicles import made_up_vin

VIN, OTHER = made_up_vin("LZZAA1A2", "RA000017"), made_up_vin("LZZAA1A2", "RA000018")
DIGEST = "a" * 64


def photo(finding: VinFinding | None) -> PhotoTaken:
    ref = PhotoRef(digest=DIGEST, media="image/jpeg", size=1, width=64, height=48)
    return PhotoTaken(kind="0113", photo=ref, vin=finding)


def case(finding: VinFinding | None = None, **changes: object) -> Case:
    read = finding or VinFinding(vin=VIN, confidence=0.99, accepted=True)
    opened = CaseOpened(regime="jianyan", serial="S1", vehicle=Vehicle(vin=VIN), station="ST01", inspector="p-1")
    made = Case(case="lane-1.1", opened=opened, all_photos=(photo(read),), stored=frozenset({DIGEST}))
    return replace(made, **changes)


def corrected(vin: str) -> ReadingCorrected:
    return ReadingCorrected(photo=DIGEST, read=VIN, corrected=vin, by="p-1", reason="seen")


REFUSED = PhotoRefused(kind="0113", code="photo.truncated", detail="cut off")
RETAKE = RetakeRequested(by="p-9", reason="photo.missing", kind="0111")
NO_FOOTAGE = VideoRef(recorder="r", channel="c", start=0, end=1, missing="the disk was full")


def test_a_case_without_any_sign_is_green() -> None:
    found = preaudit(case())
    assert (found.light, found.risk, found.signs) == ("green", 0, ())


@pytest.mark.parametrize(
    ("made", "signs"),
    [
        (case(VinFinding(vin="", confidence=0)), ("vin.unread",)),
        (case(all_photos=(photo(None),)), ("vin.unread",)),
        (case(all_photos=()), ("vin.unread",)),
        (case(VinFinding(vin=VIN, confidence=0.4)), ("vin.doubtful",)),
        (case(VinFinding(vin=VIN, confidence=0.4), corrections=(corrected(VIN),)), ()),
        (case(corrections=(corrected(OTHER),)), ("vin.corrected", "vin.differs")),
        (case(VinFinding(vin=OTHER, confidence=0.9, accepted=True)), ("vin.differs",)),
        (case(VinFinding(vin=VIN, confidence=0.9, accepted=True, barcode=OTHER)), ("vin.barcode",)),
        (case(VinFinding(vin=VIN, confidence=0.9, accepted=True, barcode=VIN)), ()),
        (case(stored=frozenset()), ("photo.missing",)),
        (case(refused_photos=(REFUSED,) * 2), ()),
        (case(refused_photos=(REFUSED,) * 3), ("photo.refused",)),
        (case(retakes=(RETAKE,)), ("photo.retaken",)),
        (case(videos=(NO_FOOTAGE,)), ("video.missing",)),
        (case(suspicions=(SuspicionRaised(rule="tempo", detail="3 minutes"),)), ("suspicion",)),
    ],
)
def test_each_sign_is_seen_and_brings_its_points(made: Case, signs: tuple[str, ...]) -> None:
    found = preaudit(made)
    assert found.signs == signs
    assert found.risk == sum(PROVISIONAL.points[sign] for sign in signs)


def test_a_bread_van_is_a_sign_and_a_case_that_is_not_open_has_none() -> None:
    opened = case().opened
    assert opened is not None
    van = replace(case(), opened=replace(opened, vehicle=Vehicle(vin=VIN, bread_van=True)))
    assert preaudit(van).signs == ("bread_van",)
    assert preaudit(Case(case="lane-1.1")).signs == ("vin.unread",)
    assert preaudit(case(opened=None)).signs == ("vin.differs",)


def test_a_suspicion_counts_as_its_rule_weighs_and_no_risk_is_beyond_the_greatest() -> None:
    found = preaudit(case(suspicions=(SuspicionRaised(rule="tempo", detail="", weight=2),)))
    assert (found.light, found.risk) == ("yellow", 40)
    assert preaudit(case(suspicions=(SuspicionRaised(rule="reused", detail="", weight=50),))).risk == RISK_MAX


def test_yellow_and_red_begin_where_the_weights_say() -> None:
    doubtful = case(VinFinding(vin=VIN, confidence=0.4))
    assert preaudit(doubtful).light == "yellow"
    points = MappingProxyType({**PROVISIONAL.points, "vin.doubtful": 60})
    assert preaudit(doubtful, Weights(points=points)).light == "red"
    assert preaudit(doubtful, Weights(yellow_points_min=26)).light == "green"


def test_every_sign_has_points_and_words_in_both_languages() -> None:
    assert set(SIGNS) == set(PROVISIONAL.points)
    assert all(zh and en for zh, en in SIGNS.values())
