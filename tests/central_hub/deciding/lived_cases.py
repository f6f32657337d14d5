"""Cases in each stage of their life, and people, for tests of what may be decided about them."""

from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from inspection.case import Case
from inspection.checklist import Requirement, required_for
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import (
    AuditDecided,
    AuditOpinion,
    CaseOpened,
    InspectionConcluded,
    ItemChecked,
    PhotoTaken,
    RecallOrdered,
    RecheckConcluded,
    StickerIssued,
    StickerWithheld,
    VehicleReturned,
)
from tests.central_hub.simulated_device import STATION, VIN, private_car

DUE = 1_780_000_000_000
NAME = "lane-1.1"


@dataclass(frozen=True)
class Somebody:
    """A person. account: by which they signed in; person: empty where no id is known."""

    account: str = "account-a"
    person: str = "auditor-a"
    station: str = ""


A = Somebody()
B = Somebody("account-b", "auditor-b")
C = Somebody("account-c", "auditor-c")
INSPECTOR = Somebody("account-i", "inspector-1")
SIGNER = Somebody("account-s", "signer-1")
AT_STATION = Somebody("account-x", "somebody-x", STATION)

OPENED = CaseOpened(
    regime="jianyan",
    serial="S1",
    vehicle=private_car(),
    station=STATION,
    inspector="inspector-1",
    inspection_kind="01",
)
CHECK = replace(OPENED, regime="chayan", serial="C1", business="A")
PASSED = InspectionConcluded(outcome="pass", by="signer-1")
ISSUED = StickerIssued(
    number="PL00000001", payload=b"", valid_until=date(2028, 5, 28), audit_due=DUE, rulebook="r", reasons=()
)
AUDIT_FIRST = StickerWithheld(rulebook="r", reasons=(), audit_due=DUE, audit_first=True)
RECALL = RecallOrdered(reason="vin.tampered", station=STATION, due=DUE)
BACK = VehicleReturned(by="clerk-1", station=STATION)
PROVEN = RecheckConcluded(result="proven", by="auditor-c", reason="vin.tampered")
SUSPECTED = (
    AuditOpinion(decision="suspicious", auditor="auditor-a", reason="vin.tampered"),
    AuditOpinion(decision="suspicious", auditor="auditor-b", reason="vin.tampered", round=2),
)
DOUBTED = AuditDecided(decision="suspicious", auditor="auditor-b", reason="vin.tampered", opinions=2)


def waiting(**changes: object) -> Case:
    """A case with a sticker that waits for its audit."""
    fields: dict[str, object] = {"case": NAME, "opened": OPENED, "concluded": PASSED, "issued": ISSUED}
    return Case(**{**fields, **changes})  # type: ignore[arg-type]


def recalled(**changes: object) -> Case:
    """A case of which two people suspect something, and whose vehicle was ordered back."""
    return waiting(**{"opinions": SUSPECTED, "audits": (DOUBTED,), "recall": RECALL, **changes})


def back(**changes: object) -> Case:
    """The same, with the vehicle at the station again."""
    return recalled(**{"returned": BACK, **changes})


def needed(opened: CaseOpened = CHECK) -> Requirement:
    return required_for(opened)


def examined(**changes: object) -> Case:
    """A 查验 with all that it needs, that waits for its review."""
    need = needed()
    shots = tuple(
        PhotoTaken(
            kind=spec.code,
            photo=PhotoRef(digest=f"d{spec.code}", media="image/jpeg", size=1, width=1, height=1),
            vin=VinFinding(vin=VIN, confidence=0.99, accepted=True) if spec.role == "vin" else None,
        )
        for spec in need.photos
    )
    fields: dict[str, object] = {
        "case": NAME,
        "opened": CHECK,
        "concluded": PASSED,
        "withheld": StickerWithheld(rulebook="r", reasons=(), audit_due=DUE),
        "all_photos": shots,
        "items": tuple(ItemChecked(item=item.code, mark="pass") for item in need.items),
        "checked": tuple(item.code for item in need.items),
        "stored": frozenset(shot.photo.digest for shot in shots),
        "device_facts": 9,
    }
    return Case(**{**fields, **changes})  # type: ignore[arg-type]
