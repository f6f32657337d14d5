"""Whether the hub decided about each vehicle as it should: read from its ledger, not from what devices say."""

import time
from pathlib import Path

from central_hub.reading import Reading
from inspection.case import Case
from passlane.demo.vehicles import DemoVehicle

SETTLED_SECONDS_MAX = 300.0
_POLL_SECONDS = 0.2


def complaint(vehicle: DemoVehicle, case: Case | None) -> str:
    """Return what is wrong with the decision about a vehicle, or nothing."""
    if case is None or case.concluded is None:
        return f"{vehicle.name}: the hub knows no verdict"
    if case.concluded.outcome != vehicle.expected.outcome:
        return f"{vehicle.name}: concluded as {case.concluded.outcome}, not {vehicle.expected.outcome}"
    if not vehicle.expected.failed:
        return "" if case.issued else f"{vehicle.name}: no sticker"
    if case.issued or case.withheld is None:
        return f"{vehicle.name}: a sticker was issued, or nothing decided"
    failed = tuple(sorted(reason.code for reason in case.withheld.reasons if reason.result == "failed"))
    return "" if failed == vehicle.expected.failed else f"{vehicle.name}: withheld for {', '.join(failed)}"


def complaints(data: Path, vehicles: tuple[DemoVehicle, ...]) -> list[str]:
    """Return what is wrong, once the hub has decided about every vehicle or SETTLED_SECONDS_MAX are over."""
    until = time.monotonic() + SETTLED_SECONDS_MAX
    reading = Reading(data)
    try:
        while True:
            cases = {row["serial"]: reading.case(row["case_id"]) for row in reading.recent_cases()}
            found = [complaint(vehicle, cases.get(vehicle.order.serial)) for vehicle in vehicles]
            if not any(found) or time.monotonic() > until:
                return [text for text in found if text]
            time.sleep(_POLL_SECONDS)
    finally:
        reading.close()
