import functools
from datetime import date

import pytest

from central_hub.people.roles import Actor
from central_hub.settings import HubSettings
from central_hub.store.office.numbers import KeptSticker
from inspection.case import Case
from inspection.directives import StickerDenied, StickerGranted
from inspection.facts import CaseWithdrawn, ExemptionApplied, Retested, SuspicionRaised, Vehicle
from inspection.filings import AreaFiling, InspectorFiling, TerminalFiling
from inspection.identities import HUB
from inspection.wire import open_directive
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import STATION, SimulatedDevice, another_car, private_car

CLERK = Actor("wang", "p-wang", frozenset({"office"}))
UNTIL = date(2027, 1, 1)
EXEMPT = Vehicle(
    vin="LZZAA1A26RA000017",
    plate_kind="02",
    plate="京A12345",
    vehicle_class="K33",
    use="A",
    states="A",
    seats=5,
    registered_on=date(2024, 6, 17),
    made_on=date(2024, 5, 1),
    taxed=True,
    insured_until=date(2999, 1, 1),
)
"""Two years old: its first sticker without an inspection is due."""


def sends_all(bench: Bench, device: SimulatedDevice, case: str, digests: list[str]) -> Case:
    """Let what the device has not sent come in, with its photos."""
    sent = bench.value("SELECT have FROM devices WHERE device = ?", device.name)
    assert isinstance(sent, int)
    bench.send(device, sent + 1)
    bench.store(*digests)
    return bench.casework.hand.case(case)


def passes(bench: Bench, device: SimulatedDevice, vehicle: Vehicle | None = None) -> Case:
    return sends_all(bench, device, *device.whole_case(vehicle))


def failed(case: Case) -> list[str]:
    assert case.withheld is not None
    return [reason.code for reason in case.withheld.reasons if reason.result == "failed"]


def test_a_case_that_nobody_opened_is_left_alone(bench: Bench) -> None:
    assert bench.casework.hand.follow_up("lane-1.1") == Case(case="lane-1.1")
    assert bench.value("SELECT count(*) FROM cases") == 0


def test_its_sticker_is_kept_with_its_vehicle_and_last_day_and_the_device_is_told(
    bench: Bench, device: SimulatedDevice
) -> None:
    case = passes(bench, device)
    assert case.issued is not None
    kept = bench.casework.engine.stickers.numbers.sticker(case.issued.number)
    assert kept == KeptSticker(
        number="PL00000001",
        case=case.case,
        payload=case.issued.payload,
        issued=NOW,
        vehicle=private_car().vin,
        valid_until=case.issued.valid_until,
        holder="",
    )
    told = [open_directive(data, bench.key.public).directive for to, data in bench.sent if to.endswith("directives")]
    assert [type(directive) for directive in told] == [StickerGranted]


def test_a_withheld_sticker_is_told_to_the_device_with_what_stands_in_the_way(
    bench: Bench, device: SimulatedDevice
) -> None:
    case = passes(bench, device, private_car(vehicle_class="K39"))
    told = [open_directive(data, bench.key.public).directive for to, data in bench.sent if to.endswith("directives")]
    (denied,) = [directive for directive in told if isinstance(directive, StickerDenied)]
    assert [reason.code for reason in denied.reasons] == failed(case) == ["class"]
    assert bench.value("SELECT queued FROM cases WHERE case_id = ?", case.case) == 1


def test_where_filings_are_kept_an_inspector_who_is_not_filed_gets_no_sticker_for_the_vehicle(
    bench: Bench, device: SimulatedDevice
) -> None:
    file = bench.casework.engine.filings.file
    other = InspectorFiling(id="p-zhao", name="Zhao", valid_until=UNTIL)
    bench.transaction(functools.partial(file, CLERK, other))
    assert failed(passes(bench, device)) == ["permitted"]
    bench.transaction(
        functools.partial(file, CLERK, InspectorFiling(id="inspector-1", name="Qian", valid_until=UNTIL)),
        functools.partial(file, CLERK, AreaFiling(id=STATION, station=STATION, valid_until=UNTIL)),
        functools.partial(file, CLERK, TerminalFiling(id=device.name, valid_until=UNTIL)),
    )
    assert passes(bench, device).issued is not None


def test_a_station_with_ranges_takes_its_own_numbers_and_waits_for_more_when_they_are_used_up(
    bench: Bench, device: SimulatedDevice
) -> None:
    stickers = bench.casework.engine.stickers
    bench.transaction(lambda: stickers.allot(CLERK, prefix="JA", first=1, last=1, holder=STATION))
    first = passes(bench, device)
    assert first.issued is not None
    kept = stickers.numbers.sticker(first.issued.number)
    assert kept is not None
    assert (kept.number, kept.holder) == ("JA00000001", STATION)
    second = passes(bench, device)
    assert (second.stage, second.issued) == ("concluded", None)
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'sticker.range_empty'")
    bench.transaction(lambda: stickers.allot(CLERK, prefix="JA", first=2, last=9, holder=STATION))
    assert stickers.numbers.waiting_cases(STATION) == [second.case]
    bench.transaction(lambda: bench.casework.hand.follow_up(second.case))
    issued = bench.casework.hand.case(second.case).issued
    assert issued is not None
    assert issued.number == "JA00000002"


def test_what_a_device_reports_of_the_cases_life_is_answered_with_the_hubs_own_fact(
    bench: Bench, device: SimulatedDevice
) -> None:
    case = device.open_case()
    device.write(CaseWithdrawn(by="p-owner", reason="applicant"), case)
    after = sends_all(bench, device, case, [])
    assert (after.stage, bench.value("SELECT stage FROM cases WHERE case_id = ?", case)) == ("withdrawn", "withdrawn")
    own = "SELECT count(*) FROM entries WHERE device = ? AND kind = 'CaseWithdrawn'"
    assert bench.value(own, HUB) == 1


def test_a_retest_is_tied_to_the_attempt_before_and_gets_its_sticker(bench: Bench, device: SimulatedDevice) -> None:
    first = device.open_case(serial="S-1")
    digests = device.inspect(first)
    device.conclude(first, "fail")
    assert sends_all(bench, device, first, digests).stage == "failed"
    second = device.open_case(private_car(), serial="S-1", attempt=2)
    digests = device.inspect(second)
    device.conclude(second)
    assert sends_all(bench, device, second, digests).issued is not None
    earlier = bench.casework.hand.case(first)
    assert earlier.stage == "retested"
    (tied,) = [e.fact for e in bench.casework.ledger.entries_of(first) if isinstance(e.fact, Retested)]
    assert tied == Retested(by=second, attempt=2)


def test_an_exempt_car_gets_its_sticker_without_an_inspection_and_once(bench: Bench) -> None:
    applied = ExemptionApplied(serial="E-1", vehicle=EXEMPT, office="O1", by="", channel="counter")
    cases: list[str] = []
    for _ in range(2):
        bench.transaction(lambda: cases.append(bench.casework.engine.stickers.apply_exempt(CLERK, applied)))
    assert cases[0] == cases[1]
    case = bench.casework.hand.case(cases[0])
    assert case.issued is not None, case.withheld
    assert (case.stage, case.issued.audit_due) == ("archived", 0)
    again = ExemptionApplied(serial="E-2", vehicle=EXEMPT, office="O1", by="", channel="counter")
    bench.transaction(lambda: cases.append(bench.casework.engine.stickers.apply_exempt(CLERK, again)))
    assert bench.casework.hand.case(cases[-1]).issued is None
    assert bench.value("SELECT count(*) FROM directives") == 0


@pytest.mark.parametrize(("automatic", "stage"), [(True, "reviewed"), (False, "review_pending")])
def test_an_examination_is_reviewed_by_the_rules_only_where_the_area_is_filed_so(
    bench: Bench, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch, *, automatic: bool, stage: str
) -> None:
    monkeypatch.setattr(bench.casework.engine.lives, "_drawn", lambda _case: False)
    filing = AreaFiling(id=STATION, station=STATION, valid_until=UNTIL, automatic_review=automatic)
    bench.transaction(lambda: bench.casework.engine.filings.file(CLERK, filing))
    case = device.open_case(regime="chayan", business="A", inspection_kind="")
    digests = device.inspect(case)
    device.conclude(case)
    assert sends_all(bench, device, case, digests).stage == stage


def test_an_inspection_that_was_too_fast_is_suspicious_and_where_people_practise_it_is_not(bench: Bench) -> None:
    device = SimulatedDevice()
    bench.enrol(device)

    def raised(case: Case) -> set[str]:
        facts = [entry.fact for entry in bench.casework.ledger.entries_of(case.case)]
        return {fact.rule for fact in facts if isinstance(fact, SuspicionRaised)}

    practised = passes(bench, device)
    assert practised.issued is not None
    assert "tempo.impossible" not in raised(practised)
    bench.casework.hand.settings = HubSettings(stations=bench.settings.stations)
    case = passes(bench, device, another_car(77))
    assert "tempo.impossible" in raised(case)
    assert bench.casework.hand.case(case.case).suspicions


def test_a_pass_stands_though_there_is_no_number_and_the_sticker_comes_with_the_next_range(
    bench: Bench, device: SimulatedDevice
) -> None:
    stickers = bench.casework.engine.stickers
    bench.transaction(lambda: stickers.allot(CLERK, prefix="SZ", first=1, last=1, holder=STATION))
    assert passes(bench, device).issued is not None
    second = passes(bench, device, another_car(2, vehicle_class="K39"))
    assert second.stage == "audit_first"
    bench.transaction(lambda: bench.audit(second.case, "pass", auditor="auditor-1"))
    waiting = bench.casework.hand.case(second.case)
    assert (waiting.stage, waiting.issued) == ("archived", None)
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'sticker.range_empty'")
    bench.transaction(lambda: stickers.allot(CLERK, prefix="SZ", first=2, last=9, holder=STATION))
    assert stickers.numbers.waiting_cases(STATION) == [second.case]
    bench.transaction(lambda: bench.casework.hand.follow_up(second.case))
    issued = bench.casework.hand.case(second.case).issued
    assert issued is not None
    assert issued.number == "SZ00000002"
    # The stage is still the same; that a sticker went out is counted all the same.
    assert bench.value("SELECT count(*) FROM standing_events WHERE case_id = ? AND kind = 'issued'", second.case) == 1
