from collections.abc import Iterable

from edge_agent.wanted.duties import Own, open_duties
from inspection.directives import (
    AnyDirective,
    NumberedDirective,
    RecallLifted,
    RetakeWanted,
    StickerDenied,
    VehicleRecalled,
)
from inspection.evidence import PhotoRef
from inspection.facts import CaseWithdrawn, ItemChecked, PhotoTaken, VehicleReturned

CASE = "pda-7.2"
OLD, NEW = "a1" * 32, "b2" * 32
RETURNED = VehicleReturned(by="inspector-1", station="ST01")


def open_after(directives: Iterable[AnyDirective], *own: Own) -> list[tuple[str, str]]:
    wanted = [
        (NumberedDirective(device="pda-7", number=number, directive=directive), 10 * number)
        for number, directive in enumerate(directives, start=1)
    ]
    return [(duty.what, duty.kind or duty.item or duty.case) for duty in open_duties(wanted, own)]


def taken(kind: str, digest: str) -> PhotoTaken:
    return PhotoTaken(kind=kind, photo=PhotoRef(digest=digest, media="image/jpeg", size=1, width=1, height=1))


def retake(kind: str = "", item: str = "") -> RetakeWanted:
    return RetakeWanted(case=CASE, reason="photo.missing", kind=kind, item=item, photo=OLD if kind else "")


def test_a_photo_that_is_wanted_again_stays_a_duty_until_another_one_is_taken() -> None:
    wanted = [retake("0113")]
    assert open_after(wanted) == [("retake", "0113")]
    assert open_after(wanted, (11, CASE, taken("0113", OLD))) == [("retake", "0113")]
    assert open_after(wanted, (11, CASE, taken("0111", NEW))) == [("retake", "0113")]
    assert open_after(wanted, (11, "pda-7.9", taken("0113", NEW))) == [("retake", "0113")]
    assert open_after(wanted, (11, CASE, taken("0113", NEW))) == []


def test_what_was_done_before_it_was_wanted_settles_nothing() -> None:
    assert open_after([retake("0113")], (9, CASE, taken("0113", NEW))) == [("retake", "0113")]


def test_an_item_that_is_wanted_again_stays_a_duty_until_it_is_checked() -> None:
    wanted = [retake(item="04")]
    assert open_after(wanted, (11, CASE, ItemChecked(item="05", mark="pass"))) == [("retake", "04")]
    assert open_after(wanted, (11, CASE, ItemChecked(item="04", mark="pass"))) == []


def test_a_recall_stays_a_duty_until_the_vehicle_is_back() -> None:
    wanted = [VehicleRecalled(case=CASE, reason="vin.differs", due=5)]
    other = (11, CASE, CaseWithdrawn(reason="wish", by="clerk-1"))
    assert open_after(wanted, other) == [("recall", CASE)]
    assert open_after(wanted, other, (12, CASE, RETURNED)) == []


def test_a_lifted_recall_is_no_duty_and_a_later_one_is_again() -> None:
    recalled, lifted = VehicleRecalled(case=CASE, reason="other"), RecallLifted(case=CASE, reason="cleared")
    assert open_after([recalled, retake("0113"), lifted]) == [("retake", "0113")]
    assert open_after([recalled, lifted, recalled]) == [("recall", CASE)]
    assert open_after([recalled, recalled], (15, CASE, RETURNED)) == [("recall", CASE)]


def test_other_directives_are_no_duties() -> None:
    assert open_after([StickerDenied(case=CASE, reasons=())]) == []
