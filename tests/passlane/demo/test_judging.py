from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from edge_agent.orders import Order
from inspection.case import Case
from inspection.facts import CaseOpened, InspectionConcluded, Reason, StickerIssued, StickerWithheld
from passlane.demo import judging
from passlane.demo.judging import complaint, complaints
from passlane.demo.vehicles import DemoVehicle, Expected, demo_vehicles
from tests.central_hub.conftest import Bench, bench, store
from tests.central_hub.simulated_device import SimulatedDevice

__all__ = ["bench", "store"]

VEHICLE = demo_vehicles()[0]
PASSED = InspectionConcluded(outcome="pass", by="inspector-1")
FAILED = InspectionConcluded(outcome="fail", by="inspector-1")
ISSUED = StickerIssued(
    number="PL1", payload=b"", valid_until=date(2027, 1, 1), audit_due=1, rulebook="2022-10-01", reasons=()
)
TAXI = replace(VEHICLE, expected=Expected(failed=("use",)))


def withheld(*failed: str) -> StickerWithheld:
    reasons = tuple(Reason(code=code, result="failed", zh=code, en=code) for code in failed)
    passed = Reason(code="insurance", result="passed", zh="", en="")
    return StickerWithheld(rulebook="2022-10-01", reasons=(passed, *reasons))


@pytest.mark.parametrize(
    ("vehicle", "case"),
    [
        (VEHICLE, Case(case="c", concluded=PASSED, issued=ISSUED)),
        (TAXI, Case(case="c", concluded=PASSED, withheld=withheld("use"))),
        (
            replace(VEHICLE, expected=Expected(outcome="fail", failed=("concluded", "items"))),
            Case(case="c", concluded=FAILED, withheld=withheld("items", "concluded")),
        ),
    ],
)
def test_what_was_decided_as_it_should_be_is_no_complaint(vehicle: DemoVehicle, case: Case) -> None:
    assert complaint(vehicle, case) == ""


@pytest.mark.parametrize(
    ("vehicle", "case", "said"),
    [
        (VEHICLE, None, "the hub knows no verdict"),
        (VEHICLE, Case(case="c"), "the hub knows no verdict"),
        (VEHICLE, Case(case="c", concluded=FAILED, issued=ISSUED), "concluded as fail, not pass"),
        (VEHICLE, Case(case="c", concluded=PASSED), "no sticker"),
        (VEHICLE, Case(case="c", concluded=PASSED, withheld=withheld("use")), "no sticker"),
        (TAXI, Case(case="c", concluded=PASSED), "a sticker was issued, or nothing decided"),
        (TAXI, Case(case="c", concluded=PASSED, issued=ISSUED), "a sticker was issued, or nothing decided"),
        (TAXI, Case(case="c", concluded=PASSED, withheld=withheld("insurance", "use")), "withheld for insurance, use"),
        (TAXI, Case(case="c", concluded=PASSED, withheld=withheld()), "withheld for "),
    ],
)
def test_every_wrong_decision_is_named_with_its_vehicle(vehicle: DemoVehicle, case: Case | None, said: str) -> None:
    assert complaint(vehicle, case) == f"{vehicle.name}: {said}"


@pytest.fixture
def passes(bench: Bench) -> Callable[[DemoVehicle], None]:
    """Let a vehicle pass at a hub that is there, with its photos and everything in order."""
    device = SimulatedDevice()
    bench.enrol(device)

    def passes(vehicle: DemoVehicle) -> None:
        opened: CaseOpened = Order(name="", folder=Path(), text=vehicle.order).case_opened(station="ST01", profile="p")
        case = device.write(opened).entry.case
        digests = device.inspect(case, vin=opened.vehicle.vin)
        device.conclude(case)
        bench.send(device)
        bench.store(*digests)

    return passes


def test_the_ledger_is_asked_and_not_the_devices(bench: Bench, passes: Callable[[DemoVehicle], None]) -> None:
    passes(VEHICLE)
    assert complaints(bench.folder, (VEHICLE,)) == []


def test_a_hub_that_still_decides_is_waited_for(
    bench: Bench, passes: Callable[[DemoVehicle], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("passlane.demo.judging.time.sleep", lambda _seconds: passes(VEHICLE))
    assert complaints(bench.folder, (VEHICLE,)) == []


def test_what_is_still_wrong_when_the_wait_is_over_is_told(
    bench: Bench, passes: Callable[[DemoVehicle], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    passes(VEHICLE)
    monkeypatch.setattr(judging, "SETTLED_SECONDS_MAX", -1.0)
    other = demo_vehicles()[1]
    assert complaints(bench.folder, (VEHICLE, other)) == [f"{other.name}: the hub knows no verdict"]
