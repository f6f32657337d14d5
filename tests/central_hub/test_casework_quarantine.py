"""Two chains under one name, what devices say of themselves, and a hub that asks them to wait."""

import pytest

from central_hub import HubError
from central_hub.casework import Casework
from central_hub.committing import Committer
from inspection import topics
from inspection.directives import Contact
from inspection.facts import DeviceQuarantined, DirectiveSettled
from inspection.identities import HUB
from inspection.signing import SigningKey
from inspection.wire import decode_entry, open_receipt, seal_contact
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import SimulatedDevice


def test_a_chain_that_forks_where_the_hub_has_nothing_yet_is_refused(bench: Bench, device: SimulatedDevice) -> None:
    device.open_case()
    bench.send(device)
    twin = SimulatedDevice()
    twin.key = device.key
    twin.open_case(serial="S0000000000000002")
    twin.open_case()
    bench.send(twin, 2)
    assert bench.value("SELECT count FROM refusal_counts WHERE code = 'batch.chain'") == 1


def test_a_device_whose_chain_forks_is_quarantined_and_no_other_is_harmed(
    bench: Bench, device: SimulatedDevice
) -> None:
    other = SimulatedDevice("lane-2")
    bench.enrol(other)
    device.open_case()
    bench.send(device)
    twin = SimulatedDevice()
    twin.key = device.key
    twin.open_case(serial="S0000000000000002")
    bench.send(twin)
    device.open_case()
    sent = bench.send(device)
    receipt = open_receipt(sent[0][1], bench.key.public)
    assert (receipt.have, receipt.refusal and receipt.refusal.code) == (1, "device.quarantined")
    other.open_case()
    assert open_receipt(bench.send(other)[0][1], bench.key.public).have == 1
    raws = bench.db.rows("SELECT raw FROM entries WHERE device = ?", HUB)
    written = [decode_entry(row["raw"]).entry.fact for row in raws]
    assert [fact.device for fact in written if isinstance(fact, DeviceQuarantined)] == [device.name]


def test_a_device_that_was_released_goes_on_where_it_stood(bench: Bench, device: SimulatedDevice) -> None:
    device.open_case()
    bench.send(device)
    bench.transaction(lambda: bench.casework.enrolment.quarantine(device.name, "batch.fork", "two chains"))
    bench.transaction(lambda: bench.casework.enrolment.release(device.name, by="operator", reason="the copy was found"))
    device.open_case()
    assert open_receipt(bench.send(device)[0][1], bench.key.public).have == 2
    with pytest.raises(HubError, match="is not quarantined"):
        bench.casework.enrolment.release(device.name, by="operator", reason="again")


def contact_of(
    device: SimulatedDevice, *, newest: int, head: bytes, key: SigningKey | None = None, photos_waiting: int = 0
) -> bytes:
    contact = Contact(
        device=device.name,
        newest=newest,
        head=head,
        receipted=0,
        wall=NOW - 60_000,
        mono=5,
        boot="b1",
        photos_waiting=photos_waiting,
    )
    return seal_contact(contact, key or device.key)


def test_a_contact_is_answered_with_a_receipt_and_says_what_the_device_has_and_what_its_clock_shows(
    bench: Bench, device: SimulatedDevice
) -> None:
    sent = bench.take(topics.contact(device.name), contact_of(device, newest=7, head=bytes(32)))
    assert open_receipt(sent[0][1], bench.key.public).have == 0
    assert bench.value("SELECT told FROM devices WHERE device = ?", device.name) == 7
    assert bench.value("SELECT skew FROM devices WHERE device = ?", device.name) == -60_000
    assert bench.value("SELECT at - mono FROM contacts") == NOW - 5


def test_a_contact_that_waited_on_its_way_does_not_spoil_the_pairing_of_the_clocks(
    bench: Bench, device: SimulatedDevice
) -> None:
    message = contact_of(device, newest=0, head=bytes(32))
    bench.take(topics.contact(device.name), message)
    bench.now += 3_600_000
    bench.take(topics.contact(device.name), message)
    assert bench.value("SELECT at FROM contacts") == NOW


def test_a_device_whose_newest_fact_is_not_the_one_that_the_hub_has_is_quarantined(
    bench: Bench, device: SimulatedDevice
) -> None:
    device.open_case()
    bench.send(device)
    bench.take(topics.contact(device.name), contact_of(device, newest=1, head=device.records[0].digest))
    assert bench.value("SELECT quarantined FROM devices WHERE device = ?", device.name) == ""
    bench.take(topics.contact(device.name), contact_of(device, newest=1, head=bytes(32)))
    assert str(bench.value("SELECT quarantined FROM devices WHERE device = ?", device.name)).startswith("contact.fork")


def test_a_contact_of_another_or_that_another_signed_is_refused_and_quarantines_nobody(
    bench: Bench, device: SimulatedDevice
) -> None:
    other = SimulatedDevice("lane-2")
    bench.enrol(other)
    device.open_case()
    bench.send(device)
    forged = contact_of(device, newest=1, head=bytes(32), key=other.key)
    for message in (forged, contact_of(other, newest=1, head=bytes(32), key=device.key), b"bomb" * 9):
        bench.take(topics.contact(device.name), message)
    assert bench.value("SELECT count(*) FROM devices WHERE quarantined <> ''") == 0
    counted = {row["code"] for row in bench.db.rows("SELECT code FROM refusal_counts")}
    assert counted == {"contact.signature", "contact.wrong_device", "wire.garbled"}


def test_a_hub_with_a_deep_queue_asks_its_devices_to_wait(bench: Bench, device: SimulatedDevice) -> None:
    busy = Casework(bench.db, key=bench.key, settings=bench.settings, now=lambda: bench.now, waiting=lambda: 1_000)
    device.open_case()
    message = device.message()
    sent, _ = Committer(bench.db, busy).commit([lambda: busy.take_message(device.topic, message)])
    receipt = open_receipt(sent[0][1], bench.key.public)
    assert (receipt.waiting, receipt.pause_ms > 0) == (1_000, True)


def test_a_hub_that_lost_what_it_receipted_asks_for_the_photos_again(bench: Bench, device: SimulatedDevice) -> None:
    _, digests = device.whole_case()
    bench.send(device)
    bench.store(*digests[1:])
    heads = {"newest": len(device.records), "head": device.records[-1].digest}
    waits = contact_of(device, **heads, photos_waiting=1)  # type: ignore[arg-type]
    lost = contact_of(device, **heads)  # type: ignore[arg-type]
    told = [
        open_receipt(bench.take(topics.contact(device.name), message)[0][1], bench.key.public).photos_missing
        for message in (waits, lost)
    ]
    assert told == [(), (digests[0],)]
    assert open_receipt(bench.send(device)[0][1], bench.key.public).photos_missing == ()


def test_a_hub_that_hears_of_a_directive_which_it_never_wrote_tells_the_operator_that_it_was_put_back(
    bench: Bench, device: SimulatedDevice
) -> None:
    for _ in range(3):
        device.open_case()
    device.write(DirectiveSettled(number=2))
    bench.send(device)
    assert "another sticker_prefix" in str(bench.value("SELECT text FROM refusals WHERE code = 'hub.restored'"))
    assert bench.value("SELECT directives FROM devices WHERE device = ?", device.name) == 2


def test_directives_are_not_sent_into_the_void_and_come_once_the_device_is_back(
    bench: Bench, device: SimulatedDevice
) -> None:
    _, digests = device.whole_case()
    bench.send(device)
    bench.store(*digests)
    bench.now += 3_600_000
    assert bench.transaction(bench.casework.check_clock) == []
    bench.take(
        topics.contact(device.name), contact_of(device, newest=len(device.records), head=device.records[-1].digest)
    )
    sent = bench.transaction(bench.casework.check_clock)
    assert [topic for topic, _ in sent] == [topics.directives(device.name)]


def test_a_device_that_still_has_much_to_send_is_not_sent_its_directives_over_and_over(
    bench: Bench, device: SimulatedDevice
) -> None:
    _, digests = device.whole_case()
    bench.take(topics.contact(device.name), contact_of(device, newest=10_000, head=bytes(32)))
    bench.send(device)
    bench.store(*digests)
    bench.now += 6_000
    assert bench.transaction(bench.casework.check_clock) == []
    bench.now += 60_000
    assert [topic for topic, _ in bench.transaction(bench.casework.check_clock)] == [topics.directives(device.name)]
