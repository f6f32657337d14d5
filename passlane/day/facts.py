"""The facts that a station's devices write about a visit: 30 of them, 8 with photos. Pure: a visit in, facts out.

A photo is a line of text here: nothing at the hub looks at the picture, and what counts is that its bytes have the
digest that was announced. A reading carries no strip.
"""

from collections.abc import Iterator
from typing import NamedTuple

from inspection.checklist import current_checklist
from inspection.evidence import PhotoRef, VideoRef, VinFinding
from inspection.facts import (
    AnyFact,
    CaseOpened,
    CaseWithdrawn,
    InspectionConcluded,
    ItemChecked,
    PhotoTaken,
    ReadingCorrected,
    VideoReferenced,
)
from inspection.signing import digest
from passlane.day.visits import Visit

PHOTOS = 8
ITEMS = 19
FIRST_ITEMS = 9
"""So many items are checked before the photos; the rest comes with the verdict."""
INSPECTION_KIND = "01"
VIN_PHOTO = "0113"
RETAKEN_PHOTO = "0111"
"""Which photo is blurred where one is."""
_PHOTO_KINDS = ("0111", "0112", "0113", "0157", "0115", "0116", "0117", "0118", "0158")
_RECORDER, _CHANNEL = "11010100001180000001", "11010100001320000007"
_WIDTH, _HEIGHT = 1920, 1080


class Shot(NamedTuple):
    """A photo: what is announced of it, and its bytes."""

    fact: PhotoTaken
    data: bytes


class Told(NamedTuple):
    """What a lane tells of a visit: at once, after the photos, and with the verdict."""

    opening: CaseOpened
    first: tuple[AnyFact, ...]
    shots: tuple[Shot, ...]
    last: tuple[AnyFact, ...]


def told_of(visit: Visit) -> Told:
    """Return all facts of a visit, in their order: opening, first, the shots' facts, last."""
    items = list(_items(visit))
    shots = tuple(_shot(visit, kind) for kind in _kinds(visit))
    return Told(
        _opening(visit), (*items[:FIRST_ITEMS], _video(visit)), shots, (*items[FIRST_ITEMS:], *_end(visit, shots))
    )


def again(visit: Visit, kind: str, replaces: str, *, time: int) -> Shot:
    """Return the photo that is taken in place of another one; each time gives other bytes."""
    data = f"{visit.number} {kind} again {time}".encode()
    reading = _reading(visit) if kind == VIN_PHOTO else None
    return Shot(PhotoTaken(kind=kind, photo=_ref(data), replaces=replaces, vin=reading), data)


def _opening(visit: Visit) -> CaseOpened:
    return CaseOpened(
        regime="jianyan",
        serial=visit.serial,
        vehicle=visit.vehicle,
        station=visit.station.id,
        inspector=visit.inspector,
        lane=str(visit.lane),
        inspection_kind=INSPECTION_KIND,
        attempt=visit.attempt,
        profile="day@1",
        position=visit.position,
    )


def _items(visit: Visit) -> Iterator[ItemChecked]:
    vehicle = visit.vehicle
    required = current_checklist().required(
        "jianyan", business=INSPECTION_KIND, vehicle_class=vehicle.vehicle_class, use=vehicle.use
    )
    codes = [item.code for item in required.items]
    others = [f"{code:02d}" for code in range(1, 60) if f"{code:02d}" not in codes]
    for at, code in enumerate(codes):
        yield ItemChecked(item=code, mark="fail" if visit.ending == "fail" and at == 0 else "pass")
    for code in others[: max(0, ITEMS - len(codes))]:
        yield ItemChecked(item=code, mark="not_required")


def _video(visit: Visit) -> VideoReferenced:
    missing = "the recorder of the lane was off" if visit.video_missing else ""
    video = VideoRef(recorder=_RECORDER, channel=_CHANNEL, start=visit.start, end=visit.end, missing=missing)
    return VideoReferenced(video=video)


def _kinds(visit: Visit) -> list[str]:
    vehicle = visit.vehicle
    required = current_checklist().required(
        "jianyan", business=INSPECTION_KIND, vehicle_class=vehicle.vehicle_class, use=vehicle.use
    )
    codes = [photo.code for photo in required.photos]
    return [*codes, *(kind for kind in _PHOTO_KINDS if kind not in codes)][: max(PHOTOS, len(codes))]


def _shot(visit: Visit, kind: str) -> Shot:
    # Pictures that a cheat uses again are those of an earlier vehicle; that of the VIN cannot be.
    whose = visit.number if visit.reuses is None or kind == VIN_PHOTO else visit.reuses
    data = f"{whose} {kind}".encode()
    reading = _reading(visit) if kind == VIN_PHOTO else None
    return Shot(PhotoTaken(kind=kind, photo=_ref(data), vin=reading), data)


def _ref(data: bytes) -> PhotoRef:
    return PhotoRef(digest=digest(data).hex(), media="image/jpeg", size=len(data), width=_WIDTH, height=_HEIGHT)


def _reading(visit: Visit) -> VinFinding:
    vin = visit.vehicle.vin
    read = vin[:-1] + ("8" if vin[-1] != "8" else "3") if visit.corrected else vin
    return VinFinding(vin=read, confidence=0.98, kind="stamped", accepted=True, milliseconds=90.0)


def _end(visit: Visit, shots: tuple[Shot, ...]) -> Iterator[AnyFact]:
    if visit.corrected:
        photo = next(shot.fact for shot in shots if shot.fact.vin is not None)
        read = photo.vin.vin if photo.vin else ""
        yield ReadingCorrected(
            photo=photo.photo.digest, read=read, corrected=visit.vehicle.vin, by=visit.inspector, reason="photo"
        )
    if visit.ending == "withdrawn":
        yield CaseWithdrawn(reason="applicant", by=visit.inspector)
    else:
        yield InspectionConcluded(outcome=visit.ending, by=visit.inspector)
