"""Vehicles to inspect: what an inspector writes about each, step by step, made up from a schedule's dice."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random

from PIL import Image

from inspection.checklist import required_for
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import AnyFact, CaseOpened, InspectionConcluded, ItemChecked, PassageNoted, PhotoTaken, Vehicle
from inspection.signing import digest
from passlane.demo.vehicles import made_up_vin

STATION = "ST01"
PHOTO_BYTES_MAX = 600
_WIDTH, _HEIGHT = 8, 6


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to record. photo: the bytes that lie in the vault before it, where it announces a photo."""

    fact: AnyFact
    photo: bytes = b""


@dataclass(frozen=True, slots=True)
class Inspection:
    """One vehicle: the fact that opens its case, and what follows. worthy: whether a sticker must come of it."""

    opened: CaseOpened
    steps: tuple[Step, ...]
    worthy: bool


def inspections(device: str, count: int, dice: Random) -> Iterator[Inspection]:
    """Make up so many vehicles before a device."""
    for number in range(1, count + 1):
        vin = made_up_vin("LZZAA1A2", f"R{dice.randrange(10**7):07d}")
        kind = dice.choice(("passes", "passes", "passes", "fails", "motorcycle"))
        vehicle = Vehicle(
            vin=vin,
            vehicle_class="M21" if kind == "motorcycle" else "K33",
            use="A",
            states="A",
            insured_until=date(2999, 1, 1),
        )
        opened = CaseOpened(
            regime="jianyan",
            serial=f"{device}-{number}-{dice.randrange(10**6)}",
            vehicle=vehicle,
            station=STATION,
            inspector="inspector-1",
            inspection_kind="01",
        )
        yield Inspection(opened, tuple(_steps(opened, dice, fails=kind == "fails")), worthy=kind == "passes")


def _steps(opened: CaseOpened, dice: Random, *, fails: bool) -> Iterator[Step]:
    required = required_for(opened)
    for spec in required.photos:
        data = picture(dice)
        ref = PhotoRef(digest=digest(data).hex(), media="image/png", size=len(data), width=_WIDTH, height=_HEIGHT)
        finding = VinFinding(vin=opened.vehicle.vin, confidence=0.99, accepted=True) if spec.role == "vin" else None
        yield Step(PhotoTaken(kind=spec.code, photo=ref, vin=finding), data)
    failed = dice.choice(required.items).code if fails else ""
    for item in required.items:
        yield Step(ItemChecked(item=item.code, mark="fail" if item.code == failed else "pass"))
    yield Step(InspectionConcluded(outcome="fail" if fails else "pass", by="inspector-1"))


def passage(number: int) -> Step:
    """Return a small fact that belongs to no case."""
    return Step(PassageNoted(lane="lane", reason=f"unknown vehicle {number}"))


def picture(dice: Random) -> bytes:
    """Return a small picture that nobody made before: a PNG with bytes behind its end, which readers pass over."""
    return _png() + dice.randbytes(dice.randint(1, PHOTO_BYTES_MAX - len(_png())))


@cache
def _png() -> bytes:
    file = io.BytesIO()
    Image.new("L", (_WIDTH, _HEIGHT), 127).save(file, "PNG")
    return file.getvalue()
