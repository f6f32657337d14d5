from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central_hub import HubError
from central_hub.deciding.auditing import AuditError
from central_hub.verify import verify_folder
from inspection import topics
from inspection.directives import Receipt, StickerDenied, StickerGranted, VehicleRecalled
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import (
    AuditDecided,
    CaseAbandoned,
    CaseOpened,
    DirectiveSettled,
    InspectionConcluded,
    ItemChecked,
    PhotoStored,
    PhotoTaken,
    ReadingCorrected,
    UnknownFact,
    Vehicle,
)
from inspection.identities import REGIMES
from inspection.sticker import open_sticker, payload_of_text
from inspection.wire import open_directive, open_receipt
from tests.central_hub.conftest import Bench
from tests.central_hub.simulated_device import VIN, SimulatedDevice, private_car

if TYPE_CHECKING:
    from inspection.directives import AnyDirective
    from inspection.facts import AnyFact

DAY_MS = 24 * 3_600_000


def receipts(bench: Bench, device: SimulatedDevice, sent: list[tuple[str, bytes]]) -> list[Receipt]:
    return [open_receipt(data, bench.key.public) for topic, data in sent if topic == topics.receipts(device.name)]


def directives(bench: Bench, device: SimulatedDevice, sent: list[tuple[str, bytes]]) -> "list[AnyDirective]":
    topic = topics.directives(device.name)
    return [open_directive(data, bench.key.public).directive for to, data in sent if to == topic]


def issue(bench: Bench, device: SimulatedDevice) -> tuple[str, list[tuple[str, bytes]]]:
    case, digests = device.whole_case()
    sent = bench.send(device)
    sent += bench.store(*digests)
    return case, sent


def test_a_committed_batch_is_answered_with_a_signed_receipt(bench: Bench, device: SimulatedDevice) -> None:
    device.open_case()
    (receipt,) = receipts(bench, device, bench.send(device))
    assert (receipt.have, receipt.head, receipt.refusal) == (1, device.records[0].digest, None)


def test_the_sticker_is_issued_once_the_photos_are_at_the_hub(bench: Bench, device: SimulatedDevice) -> None:
    case, digests = device.whole_case()
    assert not directives(bench, device, bench.send(device))
    assert not bench.store(*digests[:-1])
    (granted,) = directives(bench, device, bench.store(digests[-1]))
    assert isinstance(granted, StickerGranted)
    assert granted.case == case
    assert open_sticker(payload_of_text(granted.payload), bench.key.public).plate == "京A12345"


def test_the_audit_is_due_24_hours_after_the_issue_by_the_hubs_clock(bench: Bench, device: SimulatedDevice) -> None:
    case, _ = issue(bench, device)
    assert bench.value("SELECT audit_due FROM cases WHERE case_id = ?", case) == bench.now + DAY_MS


def test_replaying_everything_ten_times_leaves_one_sticker(bench: Bench, device: SimulatedDevice) -> None:
    case, _ = issue(bench, device)
    facts = bench.value("SELECT count(*) FROM entries")
    for _ in range(10):
        bench.send(device)
        bench.send(device, 1, 3)
    assert bench.value("SELECT count(*) FROM stickers WHERE case_id = ?", case) == 1
    assert bench.value("SELECT count(*) FROM entries") == facts
    assert bench.value("SELECT count(*) FROM refusals") == 0


def test_a_vehicle_that_is_not_eligible_waits_for_an_auditor_and_gets_its_sticker_after_the_pass(
    bench: Bench, device: SimulatedDevice
) -> None:
    case, digests = device.whole_case(private_car(vehicle_class="K39"))
    sent = bench.send(device)
    sent += bench.store(*digests)
    (denied,) = directives(bench, device, sent)
    assert isinstance(denied, StickerDenied)
    assert [reason.code for reason in denied.reasons] == ["class"]
    sent = bench.transaction(lambda: bench.audit(case, "pass", auditor="auditor"))
    (granted,) = directives(bench, device, sent)
    assert isinstance(granted, StickerGranted)
    assert bench.value("SELECT stage FROM cases WHERE case_id = ?", case) == "archived"


def test_another_vin_than_the_registered_one_withholds_and_an_auditors_pass_does_not_change_that(
    bench: Bench, device: SimulatedDevice
) -> None:
    case, digests = device.whole_case(vin=VIN[:-1] + "9")
    bench.send(device)
    bench.store(*digests)
    bench.transaction(lambda: bench.audit(case, "pass", auditor="auditor"))
    assert bench.value("SELECT count(*) FROM stickers") == 0


def test_a_persons_correction_lifts_a_doubtful_reading(bench: Bench, device: SimulatedDevice) -> None:
    case = device.open_case()
    digests = device.inspect(case, vin="", accepted=False)
    taken = [record.entry.fact for record in device.records if isinstance(record.entry.fact, PhotoTaken)]
    vin_photo = next(fact.photo.digest for fact in taken if fact.vin is not None)
    corrected = ReadingCorrected(photo=vin_photo, read="", corrected=VIN, by="inspector-1", reason="dirt")
    device.write(corrected, case)
    device.conclude(case)
    sent = bench.send(device)
    sent += bench.store(*digests)
    assert isinstance(directives(bench, device, sent)[-1], StickerGranted)


def test_a_suspicion_orders_the_vehicle_back(bench: Bench, device: SimulatedDevice) -> None:
    case, _ = issue(bench, device)
    sent = bench.transaction(lambda: bench.audit(case, "suspicious", auditor="auditor", reason="vin.tampered"))
    recalled = VehicleRecalled(case=case, reason="vin.tampered", due=bench.now + 7 * DAY_MS)
    assert directives(bench, device, sent) == [recalled]
    assert bench.value("SELECT stage FROM cases WHERE case_id = ?", case) == "recall_ordered"


def test_a_second_decision_is_refused(bench: Bench, device: SimulatedDevice) -> None:
    case, _ = issue(bench, device)
    bench.transaction(lambda: bench.audit(case, "pass", auditor="auditor"))
    with pytest.raises(AuditError, match="decided before"):
        bench.audit(case, "pass", auditor="other")


def test_an_audit_that_nobody_decides_becomes_overdue_once(bench: Bench, device: SimulatedDevice) -> None:
    issue(bench, device)
    bench.now += DAY_MS + 1
    bench.transaction(bench.casework.check_clock)
    bench.transaction(bench.casework.check_clock)
    assert bench.value("SELECT count(*) FROM entries WHERE kind = 'AuditOverdue'") == 1


def test_directives_are_sent_again_until_the_device_says_that_it_has_them(
    bench: Bench, device: SimulatedDevice
) -> None:
    issue(bench, device)
    bench.now += 6_000
    assert len(directives(bench, device, bench.transaction(bench.casework.check_clock))) == 1
    device.write(DirectiveSettled(number=1))
    bench.send(device, len(device.records))
    bench.now += 6_000
    assert not bench.transaction(bench.casework.check_clock)


def test_a_photo_that_two_cases_announce_counts_for_both(bench: Bench, device: SimulatedDevice) -> None:
    case, digests = device.whole_case()
    other = SimulatedDevice("pda-1")
    bench.enrol(other, "pda")
    other_case = other.open_case()
    shared = next(r.entry.fact for r in device.records if type(r.entry.fact).__name__ == "PhotoTaken")
    other.write(shared, other_case)
    bench.send(device)
    bench.send(other)
    bench.store(digests[0])
    assert bench.value("SELECT count(*) FROM entries WHERE kind = 'PhotoStored'") == 2
    assert case != other_case


def test_bytes_that_another_case_brought_before_count_at_once(bench: Bench, device: SimulatedDevice) -> None:
    issue(bench, device)
    shared = next(r.entry.fact for r in device.records if type(r.entry.fact).__name__ == "PhotoTaken")
    case = device.open_case()
    device.write(shared, case)
    bench.send(device)
    assert bench.value("SELECT count(*) FROM entries WHERE kind = 'PhotoStored' AND case_id = ?", case) == 1


def _other_signature(device: SimulatedDevice) -> bytes:
    message = msgspec.msgpack.decode(device.message())
    message["s"] = bytes(64)
    return msgspec.msgpack.encode(message)


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("wire.garbled", lambda _: b"\xc1 no message"),
        ("wire.garbled", lambda d: d.message()[:-20]),
        ("wire.garbled", lambda _: b"\x91" * 400_000),
        ("wire.too_large", lambda _: b"\0" * 600_000),
        ("wire.future_schema", lambda d: msgspec.msgpack.encode({**msgspec.msgpack.decode(d.message()), "v": 9})),
        ("batch.gap", lambda d: d.message(2)),
        ("batch.signature", _other_signature),
    ],
)
def test_a_bad_message_is_refused_counted_and_answered_and_the_next_good_one_is_taken(
    bench: Bench, device: SimulatedDevice, code: str, spoil: object
) -> None:
    device.whole_case()
    sent = bench.take(device.topic, spoil(device))  # type: ignore[operator]
    (receipt,) = receipts(bench, device, sent)
    assert receipt.have == 0
    assert receipt.refusal is not None
    assert receipt.refusal.code == code
    assert bench.value("SELECT count FROM refusal_counts WHERE code = ?", code) == 1
    (receipt,) = receipts(bench, device, bench.send(device))
    assert receipt.have == len(device.records)


def test_an_unknown_device_is_refused_and_gets_no_answer(bench: Bench) -> None:
    stranger = SimulatedDevice("stranger")
    stranger.open_case()
    assert bench.send(stranger) == []
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'device.unknown'") == 1


@pytest.mark.parametrize(
    "topic",
    [
        "passlane/1/00/lane-1/facts",
        "passlane/1/99/lane-1/fact",
        "passlane/1/07/UP/facts",
        "x",
        "passlane/1/07/hub/facts",
    ],
)
def test_a_message_on_a_wrong_topic_is_refused(bench: Bench, device: SimulatedDevice, topic: str) -> None:
    device.open_case()
    assert bench.take(topic, device.message()) == []
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'topic.wrong'") == 1


def test_a_message_of_one_device_on_the_topic_of_another_is_refused(bench: Bench, device: SimulatedDevice) -> None:
    other = SimulatedDevice("pda-1")
    bench.enrol(other, "pda")
    device.open_case()
    bench.take(other.topic, device.message())
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'batch.wrong_device'") == 1
    assert bench.value("SELECT count(*) FROM entries WHERE device = 'lane-1'") == 0


def test_a_chain_that_forks_is_refused(bench: Bench, device: SimulatedDevice) -> None:
    device.open_case()
    bench.send(device)
    twin = SimulatedDevice()
    twin.key = device.key
    twin.open_case(serial="S0000000000000002")
    bench.send(twin)
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'batch.fork'") == 1


def test_a_device_that_claims_a_hub_fact_is_told_so_and_changes_nothing(bench: Bench, device: SimulatedDevice) -> None:
    case = device.open_case()
    device.write(PhotoStored(digest="0" * 64, size=1), case)
    bench.send(device)
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'fact.not_yours'") == 1
    assert bench.value("SELECT stage FROM cases WHERE case_id = ?", case) == "in_progress"


def test_enrolling_the_same_key_again_gives_the_same_password_and_another_key_is_refused(
    bench: Bench, device: SimulatedDevice
) -> None:
    first = bench.casework.enrolment.enrol(device.name, "lane_box", device.station, public_key=device.key.public)
    assert first == bench.casework.enrolment.enrol(
        device.name, "lane_box", device.station, public_key=device.key.public
    )
    with pytest.raises(HubError, match="another key"):
        bench.casework.enrolment.enrol(device.name, "lane_box", device.station, public_key=bytes(32))
    with pytest.raises(HubError, match="has 32 bytes, not 31"):
        bench.casework.enrolment.enrol("pda-1", "pda", "", public_key=bytes(31))
    with pytest.raises(HubError, match="another key"):
        bench.casework.enrolment.enrol("hub", "lane_box", "", public_key=bench.key.public)


def test_going_back_to_a_mark_forgets_what_was_to_be_sent_and_sealed(bench: Bench, device: SimulatedDevice) -> None:
    mark = bench.casework.mark()
    device.open_case()
    bench.db.execute("BEGIN")
    bench.casework.take_message(device.topic, device.message())
    bench.db.execute("ROLLBACK")
    bench.casework.back_to(mark)
    assert bench.casework.committed() == []
    (receipt,) = receipts(bench, device, bench.send(device))
    assert receipt.have == 1


def test_a_fact_that_no_decision_can_carry_stops_neither_its_chain_nor_anothers(
    bench: Bench, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object, **__: object) -> None:
        raise HubError("no rule fits")

    stranger = SimulatedDevice("pda-1")
    bench.enrol(stranger, "pda")
    case, _ = device.whole_case()
    for number in range(2):
        stranger.write(ItemChecked(item=str(number), mark="fail"), case)
    monkeypatch.setattr("central_hub.following.next_step", cannot)
    assert [receipt.have for receipt in receipts(bench, stranger, bench.send(stranger))] == [2]
    assert [receipt.have for receipt in receipts(bench, device, bench.send(device))] == [len(device.records)]
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'case.undecided'") == 1
    assert bench.value("SELECT stage FROM cases WHERE case_id = ?", case) == "concluded"
    assert bench.casework.ledger.sealed[0] == bench.value("SELECT count(*) FROM entries")


ODD_WORDS = ["", "0" * 64, VIN, "x" * 200]
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(["", "0" * 64, VIN, "x" * 200])
short = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)
wholes = st.integers(0, 2**63 - 1)
days = st.none() | st.dates()
cars = st.builds(
    Vehicle, vin=short | st.just(VIN), plate=short, plate_kind=st.text("0123456789", max_size=4), states=words,
    vehicle_class=words | st.just("K33"), use=words | st.just("A"), seats=wholes, registered_on=days,
    insured_until=days,
)  # fmt: skip
refs = st.builds(PhotoRef, digest=words, media=words, size=wholes, width=wholes, height=wholes)
findings = st.none() | st.builds(VinFinding, vin=words, confidence=st.floats())
device_facts = st.one_of(
    st.builds(
        CaseOpened, regime=st.sampled_from(REGIMES), serial=words, vehicle=cars, station=words, inspector=words,
        business=words, inspection_kind=words | st.just("01"),
    ),
    st.builds(PhotoTaken, kind=words, photo=refs, vin=findings, replaces=words),
    st.builds(ItemChecked, item=words, mark=st.sampled_from(["pass", "fail", "value"]), value=words),
    st.builds(ReadingCorrected, photo=words, read=words, corrected=words, by=words, reason=words),
    st.builds(InspectionConcluded, outcome=st.sampled_from(["pass", "fail", "pass_advised"]), by=words),
    st.builds(CaseAbandoned, reason=words),
    st.builds(DirectiveSettled, number=wholes),
    st.builds(AuditDecided, decision=st.just("pass"), auditor=words),
    st.builds(UnknownFact, kind=words),
)  # fmt: skip


@given(st.lists(st.tuples(device_facts, st.sampled_from(["", "lane-1.1", "lane-1.2", "pda-9.7"])), max_size=8))
@settings(max_examples=30)
def test_whatever_an_enrolled_device_signs_is_taken_and_answered(
    tmp_path_factory: pytest.TempPathFactory, story: "list[tuple[AnyFact, str]]"
) -> None:
    bench, device = Bench(tmp_path_factory.mktemp("hub")), SimulatedDevice()
    bench.enrol(device)
    device.open_case()
    for fact, case in story:
        device.write(fact, case)
    (receipt,) = receipts(bench, device, bench.send(device))
    bench.transaction(bench.casework.check_clock)
    bench.db.close()
    assert receipt.have == len(device.records)
    verify_folder(bench.folder, bench.key.public)


def test_a_device_is_asked_again_by_its_receipt(bench: Bench, device: SimulatedDevice) -> None:
    device.open_case()
    bench.send(device)
    ((topic, message),) = bench.transaction(lambda: bench.casework.ask_again(device.name))
    receipt = open_receipt(message, bench.key.public)
    assert (topic, receipt.have, receipt.refusal) == (topics.receipts(device.name), 1, None)


@pytest.mark.parametrize("name", ["lane-9", "hub", ""])
def test_who_is_not_enrolled_is_asked_nothing(bench: Bench, name: str) -> None:
    with pytest.raises(HubError, match="is not enrolled"):
        bench.transaction(lambda: bench.casework.ask_again(name))


def test_a_revoked_device_is_asked_nothing(bench: Bench, device: SimulatedDevice) -> None:
    bench.transaction(lambda: bench.casework.enrolment.revoke(device.name, reason="stolen"))
    with pytest.raises(HubError, match="is not enrolled"):
        bench.transaction(lambda: bench.casework.ask_again(device.name))
