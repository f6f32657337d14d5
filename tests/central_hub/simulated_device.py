"""A device for tests of the hub: keeps a chain of facts and makes the messages that a real one would send."""

import io
import os
from datetime import date

from PIL import Image

from inspection import topics
from inspection.checklist import required_for
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import AnyFact, CaseOpened, Entry, InspectionConcluded, ItemChecked, PhotoTaken, Vehicle
from inspection.identities import HUB, case_id
from inspection.signing import CHAIN_START, SigningKey, digest
from inspection.wire import Recorded, encode_entry, seal_batch
from passlane.demo.vehicles import made_up_vin

VIN = "LZZAA1A26RA000017"
STATION = "ST01"


def private_car(**changes: object) -> Vehicle:
    fields: dict[str, object] = {
        "vin": VIN,
        "plate_kind": "02",
        "plate": "京A12345",
        "vehicle_class": "K33",
        "use": "A",
        "colours": "A",
        "states": "A",
        "seats": 5,
        "registered_on": date(2020, 5, 17),
        "insured_until": date(2999, 1, 1),
    }
    return Vehicle(**{**fields, **changes})  # type: ignore[arg-type]


def another_car(number: int, **changes: object) -> Vehicle:
    """A private car like any other, with a VIN of its own. number: 0 to 999 999."""
    return private_car(**{"vin": made_up_vin("LZZAA1A2", f"RB{number:06d}"), **changes})


def photo_bytes(case: str, kind: str) -> bytes:
    """Bytes that stand for a photo where nothing looks at the picture."""
    return f"{case} {kind}".encode()


def hub_entries(case: str, *facts: AnyFact, first: int = 1) -> list[Entry]:
    """Facts of the hub about a case, numbered from `first` on; who only folds asks for no chain."""
    return [
        Entry(device=HUB, seq=seq, before=CHAIN_START, wall=0, mono=0, boot="", case=case, fact=fact)
        for seq, fact in enumerate(facts, start=first)
    ]


def picture(seed: int = 0, kind: str = "JPEG") -> bytes:
    """A small picture; each seed gives other bytes."""
    file = io.BytesIO()
    Image.effect_noise((64, 48), 60 + seed).save(file, kind)
    return file.getvalue()


class SimulatedDevice:
    def __init__(self, name: str = "lane-1", *, station: str = STATION) -> None:
        self.name = name
        self.station = station
        self.key = SigningKey(os.urandom(32))
        self.records: list[Recorded] = []
        self.boot = "boot"
        self.wall = 1_000
        self._opened = 0

    @property
    def topic(self) -> str:
        return topics.facts(self.name)

    def write(self, fact: AnyFact, case: str = "") -> Recorded:
        before = self.records[-1].digest if self.records else CHAIN_START
        seq = len(self.records) + 1
        opening = isinstance(fact, CaseOpened) and not case
        entry = Entry(
            device=self.name,
            seq=seq,
            before=before,
            wall=self.wall + seq,
            mono=seq,
            boot=self.boot,
            case=case_id(self.name, seq) if opening else case,
            fact=fact,
        )
        record = encode_entry(entry)
        self.records.append(record)
        return record

    def message(self, first: int = 1, last: int | None = None) -> bytes:
        return seal_batch(tuple(self.records[first - 1 : last]), sent=5_000, key=self.key)

    def open_case(self, vehicle: Vehicle | None = None, **changes: object) -> str:
        fields: dict[str, object] = {
            "regime": "jianyan",
            "serial": f"S-{self.name}-{len(self.records) + 1}",
            "vehicle": vehicle or self._next_car(),
            "station": self.station,
            "inspector": "inspector-1",
            "inspection_kind": "01",
        }
        return self.write(CaseOpened(**{**fields, **changes})).entry.case  # type: ignore[arg-type]

    def _next_car(self) -> Vehicle:
        """Return the car that everybody knows at first, then each time another one: a car is inspected once."""
        self._opened += 1
        return private_car() if self._opened == 1 else another_car(self._opened)

    def announce(self, case: str, data: bytes, *, media: str = "image/jpeg", size: int | None = None) -> str:
        """Write that a photo was taken; return its digest."""
        name = digest(data).hex()
        ref = PhotoRef(digest=name, media=media, size=len(data) if size is None else size, width=64, height=48)
        self.write(PhotoTaken(kind="L45", photo=ref), case)
        return name

    def inspect(self, case: str, *, vin: str | None = None, accepted: bool = True) -> list[str]:
        """Take every photo and check every item that the checklist asks for; return the photos' digests.

        vin: what is read; the registered one where it is not said.
        """
        opened = next(r.entry.fact for r in self.records if r.entry.case == case)
        assert isinstance(opened, CaseOpened)
        digests = []
        for spec in required_for(opened).photos:
            data = photo_bytes(case, spec.code)
            name = digest(data).hex()
            ref = PhotoRef(digest=name, media="image/jpeg", size=len(data), width=640, height=480)
            read = opened.vehicle.vin if vin is None else vin
            finding = VinFinding(vin=read, confidence=0.99, accepted=accepted) if spec.role == "vin" else None
            self.write(PhotoTaken(kind=spec.code, photo=ref, vin=finding), case)
            digests.append(name)
        for item in required_for(opened).items:
            self.write(ItemChecked(item=item.code, mark="pass"), case)
        return digests

    def conclude(self, case: str, outcome: str = "pass") -> None:
        self.write(InspectionConcluded(outcome=outcome, by="inspector-1"), case)  # type: ignore[arg-type]

    def whole_case(
        self, vehicle: Vehicle | None = None, *, vin: str | None = None, accepted: bool = True
    ) -> tuple[str, list[str]]:
        case = self.open_case(vehicle)
        digests = self.inspect(case, vin=vin, accepted=accepted)
        self.conclude(case)
        return case, digests
