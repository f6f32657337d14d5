"""Made-up cases, rows and filings for the tests of standing."""

from datetime import date, timedelta
from typing import Any

from inspection.case import Case
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import CaseOpened, InspectionConcluded, PhotoTaken, Vehicle
from inspection.filings import AreaFiling
from inspection.standing.figures import Inspected
from inspection.standing.rules import StandingRules, shipped_standing_rules

DAY = date(2026, 5, 28)
VIN = "LZZAA1A26RA000017"
OTHER_VIN = "LZZAA1A26RA000025"
MINUTE_MS = 60_000
NOON = 1_779_940_800_000  # 2026-05-28, 12:00 in China


def shipped() -> StandingRules:
    return shipped_standing_rules()[-1]


def area_filing(**changes: Any) -> AreaFiling:
    fields: dict[str, Any] = {
        "id": "ST01", "station": "ST01", "valid_until": date(2030, 1, 1), "longitude": 120.0, "latitude": 30.0,
        "radius_m": 200.0, "fenced": True,
    }  # fmt: skip
    return AreaFiling(**{**fields, **changes})


def opened(**changes: Any) -> CaseOpened:
    vehicle = Vehicle(vin=changes.pop("vin", VIN), vehicle_class=changes.pop("vehicle_class", "K33"), use="A")
    fields: dict[str, Any] = {
        "regime": "jianyan", "serial": "S-1", "vehicle": vehicle, "station": "ST01", "inspector": "li",
        "inspection_kind": "01",
    }  # fmt: skip
    return CaseOpened(**{**fields, **changes})


def photo(kind: str = "0113", digest: str = "a" * 64, **changes: Any) -> PhotoTaken:
    ref = PhotoRef(digest=digest, media="image/jpeg", size=9, width=4, height=3)
    return PhotoTaken(kind=kind, photo=ref, **changes)


def finding(vin: str = VIN, *, accepted: bool = True) -> VinFinding:
    return VinFinding(vin=vin, confidence=0.99, accepted=accepted)


def concluded_case(outcome: Any = "pass", **changes: Any) -> Case:
    fields: dict[str, Any] = {
        "case": "pda-1.1", "device": "pda-1", "opened": opened(), "device_facts": 9,
        "concluded": InspectionConcluded(outcome=outcome, by="li"), "all_photos": (photo(vin=finding()),),
    }  # fmt: skip
    return Case(**{**fields, **changes})


def inspected(number: int = 1, **changes: Any) -> Inspected:
    fields: dict[str, Any] = {
        "case": f"pda-1.{number}", "day": DAY, "station": "ST01", "inspector": "li", "mix": "jianyan|01|K3|A",
        "passed": True,
    }  # fmt: skip
    return Inspected(**{**fields, **changes})


def days_before(days: int) -> date:
    return DAY - timedelta(days=days)
