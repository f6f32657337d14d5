"""What a cheating station, or a device in wrong hands, tries at the hub."""

import msgspec
import pytest

from central_hub import HubError
from central_hub.deciding.auditing import AuditError
from central_hub.desks.audits import Judgement
from central_hub.people.roles import Actor
from central_hub.verify import VerifyError, verify_folder
from inspection.facts import CaseOpened, ItemChecked, StickerWithheld
from tests.central_hub.conftest import Bench
from tests.central_hub.simulated_device import STATION, SimulatedDevice, private_car

DAY_MS = 24 * 3_600_000


def issue(bench: Bench, device: SimulatedDevice) -> str:
    case, digests = device.whole_case()
    bench.send(device)
    bench.store(*digests)
    return case


def test_a_station_that_names_another_station_gets_nothing_for_it(bench: Bench) -> None:
    cheat = SimulatedDevice("cheat-1", station="ST09")
    bench.enrol(cheat)
    case = cheat.open_case(station=STATION)
    cheat.inspect(case)
    cheat.conclude(case)
    bench.send(cheat)
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'fact.station'") == 1
    assert bench.value("SELECT count(*) FROM cases") == 0


def test_a_device_of_another_station_changes_nothing_in_a_case(bench: Bench, device: SimulatedDevice) -> None:
    meddler = SimulatedDevice("pda-9", station="ST09")
    bench.enrol(meddler, "pda")
    case, digests = device.whole_case()
    bench.send(device)
    meddler.write(ItemChecked(item="04", mark="fail"), case)
    meddler.conclude(case, "fail")
    bench.send(meddler)
    bench.store(*digests)
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'fact.foreign_case'") == 2
    assert bench.value("SELECT stage FROM cases WHERE case_id = ?", case) == "audit_pending"


def test_two_devices_of_one_station_may_work_on_one_case(bench: Bench, device: SimulatedDevice) -> None:
    helper = SimulatedDevice("pda-1")
    bench.enrol(helper, "pda")
    case, _ = device.whole_case()
    bench.send(device)
    helper.write(ItemChecked(item="18", mark="fail"), case)
    bench.send(helper)
    assert bench.value("SELECT count(*) FROM refusal_counts") == 0


def test_the_same_serial_gets_no_second_sticker_in_a_new_case(bench: Bench, device: SimulatedDevice) -> None:
    case = issue(bench, device)
    serial = bench.value("SELECT serial FROM cases WHERE case_id = ?", case)
    second = device.open_case(serial=serial)
    bench_photos = device.inspect(second)
    device.conclude(second)
    bench.send(device)
    bench.store(*bench_photos)
    assert bench.value("SELECT count(*) FROM stickers") == 1
    failed = [r.code for r in withheld_of(bench, second).reasons if r.result == "failed"]
    assert failed == ["first_sticker"]


def test_a_vehicle_that_is_ordered_back_gets_no_sticker_in_a_new_case(bench: Bench, device: SimulatedDevice) -> None:
    case = issue(bench, device)
    bench.transaction(lambda: bench.audit(case, "suspicious", auditor="auditor", reason="vin.tampered"))
    second, digests = device.whole_case(private_car())
    bench.send(device)
    bench.store(*digests)
    failed = [r.code for r in withheld_of(bench, second).reasons if r.result == "failed"]
    assert failed == ["one_sticker", "no_recall"]


def test_a_vehicle_gets_no_second_sticker_for_its_period_under_a_new_serial(
    bench: Bench, device: SimulatedDevice
) -> None:
    issue(bench, device)
    second, digests = device.whole_case(private_car())
    bench.send(device)
    bench.store(*digests)
    assert bench.value("SELECT count(*) FROM stickers") == 1
    assert [r.code for r in withheld_of(bench, second).reasons if r.result == "failed"] == ["one_sticker"]


def withheld_of(bench: Bench, case: str) -> StickerWithheld:
    facts = [entry.fact for entry in bench.casework.ledger.entries_of(case)]
    return next(fact for fact in reversed(facts) if isinstance(fact, StickerWithheld))


def test_a_stranger_who_announces_a_photo_for_the_same_case_does_not_take_it_over(
    bench: Bench, device: SimulatedDevice
) -> None:
    meddler = SimulatedDevice("pda-9", station="ST09")
    bench.enrol(meddler, "pda")
    case, digests = device.whole_case()
    shot = next(r.entry.fact for r in device.records if type(r.entry.fact).__name__ == "PhotoTaken")
    meddler.write(shot, case)
    bench.send(meddler)
    bench.send(device)
    senders = [row[0] for row in bench.db.execute("SELECT device FROM photos WHERE digest = ?", (digests[0],))]
    assert senders == [device.name]


def test_a_strangers_opening_of_a_case_does_not_unsettle_the_verification(
    bench: Bench, device: SimulatedDevice
) -> None:
    meddler = SimulatedDevice("pda-9", station="ST09")
    bench.enrol(meddler, "pda")
    case = device.open_case()
    device.conclude(case)
    opened = device.records[0].entry.fact
    bench.send(device)
    assert isinstance(opened, CaseOpened)
    meddler.write(msgspec.structs.replace(opened, vehicle=private_car(vin="LZZZ5ABC2RA000017")), case)
    bench.send(meddler)
    counts = verify_folder(bench.folder, bench.key.public)
    assert counts["cases"] == 1


def test_an_audit_decision_on_less_than_is_here_is_refused(bench: Bench, device: SimulatedDevice) -> None:
    case = issue(bench, device)
    audits = bench.casework.engine.audits
    auditor = Actor("auditor", "auditor", frozenset({"auditor"}))
    lease = audits.take(auditor, case)
    with pytest.raises(AuditError, match="facts came since"):
        audits.decide(auditor, lease.token, Judgement(decision="pass", seen=3))


def test_an_overdue_audit_is_looked_at_once_and_not_at_every_tick(bench: Bench, device: SimulatedDevice) -> None:
    issue(bench, device)
    bench.now += DAY_MS + 1
    bench.transaction(bench.casework.check_clock)
    assert bench.casework.records.overdue_cases(bench.now, limit=9) == []


def test_nothing_of_a_revoked_device_is_taken_and_what_it_wrote_before_stands(
    bench: Bench, device: SimulatedDevice
) -> None:
    case = issue(bench, device)
    for _ in range(2):
        bench.transaction(lambda: bench.casework.enrolment.revoke(device.name, reason="stolen"))
    device.open_case()
    assert bench.send(device) == []
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'device.revoked'") == 1
    assert bench.value("SELECT stage FROM cases WHERE case_id = ?", case) == "audit_pending"
    assert bench.value("SELECT count(*) FROM entries WHERE kind = 'DeviceRevoked'") == 1
    with pytest.raises(HubError, match="was revoked"):
        bench.casework.enrolment.enrol(device.name, "lane_box", device.station, public_key=device.key.public)
    with pytest.raises(HubError, match="not enrolled"):
        bench.casework.enrolment.revoke("nobody-1", reason="?")


def test_a_revocation_that_is_quietly_taken_back_is_found(bench: Bench, device: SimulatedDevice) -> None:
    bench.transaction(lambda: bench.casework.enrolment.revoke(device.name, reason="stolen"))
    verify_folder(bench.folder, bench.key.public)
    bench.db.execute("UPDATE devices SET revoked = 0")
    with pytest.raises(VerifyError, match="not filed with"):
        verify_folder(bench.folder, bench.key.public)
    device.open_case()
    bench.send(device)
    with pytest.raises(VerifyError, match="after its device was revoked"):
        verify_folder(bench.folder, bench.key.public)
