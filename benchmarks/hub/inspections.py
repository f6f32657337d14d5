"""Vehicle inspections as the devices of the benchmark record them: 30 facts, 8 of them photos, and a sticker follows.

Pure: plain values in, facts with their bytes out. Whose facts they are and where they go is for others. The sizes are
those of the demonstration's facts: a reading of the VIN carries 17 characters and a strip of some 4 000 bytes.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

from inspection.checklist import current_checklist
from inspection.evidence import CharacterReading, PhotoRef, VideoRef, VinFinding
from inspection.facts import (
    AnyFact,
    CaseOpened,
    Entry,
    InspectionConcluded,
    ItemChecked,
    PhotoTaken,
    Vehicle,
    VideoReferenced,
)
from inspection.identities import case_id
from inspection.signing import CHAIN_START
from inspection.vin import CHECK_POSITION, check_digit
from inspection.wire import BATCH_FACTS_MAX, Recorded, encode_entry, fits_in_batch

STATION = "ST01"
INSPECTOR = "inspector"
"""Each device has one of its own, called after it."""
RECORDER, CHANNEL = "11010100001180000001", "11010100001320000007"
BOOT = "benchbox"
FACTS = 30
PHOTOS = 8
PHOTO_KINDS = ("0111", "0112", "0113", "0157", "0115", "0116", "0117", "0118")
"""What the checklist demands of a private car, and four more, as many stations take them."""

_VIN_PHOTO = "0113"
_NOT_REQUIRED = ("07", "08", "09", "10", "11", "12")
_STRIP_BYTES = 4_000
_MODEL = "+".join(("1f" * 32, "2e" * 32, "3d" * 32))
_START_MS = 1_760_000_000_000
_FACT_MS, _VEHICLE_MS = 2_000, 180_000
_INSURED_UNTIL = date(2099, 12, 31)
_REGISTERED_ON = date(2019, 6, 3)
_YEAR_CODES = "KLMNPRST"


def made_up_vin(number: int) -> str:
    """Return a made-up VIN with a right check digit; each number below 8 million gives another."""
    year, running = _YEAR_CODES[number // 1_000_000 % len(_YEAR_CODES)], number % 1_000_000
    draft = f"LZZAA1A20{year}A{running:06d}"
    return draft[: CHECK_POSITION - 1] + check_digit(draft) + draft[CHECK_POSITION:]


def vehicle(number: int) -> Vehicle:
    """Return the private car of this number: it may have its sticker at once."""
    return Vehicle(
        vin=made_up_vin(number),
        plate_kind="02",
        plate=f"京Z{number % 100_000:05d}",
        vehicle_class="K33",
        use="A",
        colours="A",
        states="A",
        seats=5,
        registered_on=_REGISTERED_ON,
        insured_until=_INSURED_UNTIL,
    )


def opening(device: str, number: int) -> CaseOpened:
    """Return the opening of the inspection of this number; the serial (检验流水号) is no other's."""
    return CaseOpened(
        regime="jianyan",
        serial=f"B{device}-{number}",
        vehicle=vehicle(number),
        station=STATION,
        inspector=f"{INSPECTOR}-{device}",
        lane="1",
        inspection_kind="01",
        profile="bench@1",
    )


def finding(number: int) -> VinFinding:
    """Return the accepted reading of that car's VIN."""
    vin = made_up_vin(number)
    return VinFinding(
        vin=vin,
        confidence=0.98,
        characters=tuple(CharacterReading(character=character, probability=0.997) for character in vin),
        box=((412.5, 610.25), (1480.0, 622.5), (1478.75, 701.5), (411.0, 690.75)),
        kind="stamped",
        accepted=True,
        strip=Random(number).randbytes(_STRIP_BYTES),  # noqa: S311 - stands for a picture
        model=_MODEL,
        milliseconds=88.5,
    )


def photo_facts(number: int, photos: Sequence[PhotoRef]) -> list[AnyFact]:
    """Return one fact for each of the eight photos, in the order of PHOTO_KINDS."""
    return [
        PhotoTaken(kind=kind, photo=photo, vin=finding(number) if kind == _VIN_PHOTO else None)
        for kind, photo in zip(PHOTO_KINDS, photos, strict=True)
    ]


def item_facts() -> list[ItemChecked]:
    """Return the items of the form: those that the checklist demands passed, some others not required."""
    demanded = current_checklist().required("jianyan", business="01", vehicle_class="K33", use="A").items
    return [
        *(ItemChecked(item=item.code, mark="pass") for item in demanded),
        *(ItemChecked(item=item, mark="not_required") for item in _NOT_REQUIRED),
    ]


def facts_of(device: str, number: int, photos: Sequence[PhotoRef]) -> list[AnyFact]:
    """Return the 30 facts of an inspection: opening, items, the footage, eight photos and the verdict."""
    start = _START_MS + number * _VEHICLE_MS
    footage = VideoRef(recorder=RECORDER, channel=CHANNEL, start=start, end=start + _VEHICLE_MS)
    return [
        opening(device, number),
        *item_facts(),
        VideoReferenced(video=footage),
        *photo_facts(number, photos),
        InspectionConcluded(outcome="pass", by=f"{INSPECTOR}-{device}"),
    ]


class Chain:
    """The chain of one device's facts. seq, head: where it stands. start: of its clock, Unix milliseconds."""

    def __init__(self, device: str, *, seq: int = 0, head: bytes = CHAIN_START, start: int = _START_MS) -> None:
        self.device = device
        self.start = start
        self.seq = seq
        self.head = head

    def add(self, fact: AnyFact, *, case: str = "") -> Recorded:
        """Return the next fact of the chain; an opening gets the id of the case that it opens."""
        self.seq += 1
        wall = self.start + self.seq * _FACT_MS
        record = encode_entry(
            Entry(
                device=self.device,
                seq=self.seq,
                before=self.head,
                wall=wall,
                mono=self.seq * _FACT_MS,
                boot=BOOT,
                case=case_id(self.device, self.seq) if isinstance(fact, CaseOpened) else case,
                fact=fact,
            )
        )
        self.head = record.digest
        return record

    def inspect(self, number: int, photos: Sequence[PhotoRef]) -> list[Recorded]:
        """Return the records of a whole inspection."""
        first, *rest = facts_of(self.device, number, photos)
        opened = self.add(first)
        return [opened, *(self.add(fact, case=opened.entry.case) for fact in rest)]


def batches(records: Sequence[Recorded], facts_max: int = BATCH_FACTS_MAX) -> Iterator[tuple[Recorded, ...]]:
    """Return consecutive facts in batches of so many, and no larger than the wire takes them."""
    at = 0
    while at < len(records):
        count = fits_in_batch([len(record.raw) for record in records[at : at + facts_max]])
        yield tuple(records[at : at + count])
        at += count
