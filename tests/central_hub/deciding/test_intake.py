from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.deciding.intake import (
    PAUSE_MS_MAX,
    WAITING_CALM,
    ChainHead,
    IntakeError,
    check_contact,
    enrolled,
    foreign,
    new_records,
    pause_ms,
    read_batch,
    read_contact,
    remarks,
    sender_of,
)
from inspection import topics, wire
from inspection.directives import Contact
from inspection.facts import AnyFact, DeviceStarted, Entry, ItemChecked, PhotoStored, UnknownFact
from inspection.signing import CHAIN_START
from inspection.wire import Recorded, open_batch
from tests.central_hub.simulated_device import SimulatedDevice

FACTS_MAX = 12


def chain(length: int, *, software: str = "1") -> SimulatedDevice:
    device = SimulatedDevice()
    for number in range(length):
        device.write(DeviceStarted(profile="lane", software=f"{software}.{number}"))
    return device


def head_of(device: SimulatedDevice, committed: list[Recorded]) -> ChainHead:
    head = committed[-1].digest if committed else CHAIN_START
    return ChainHead(device=device.name, public_key=device.key.public, have=len(committed), head=head)


def take(device: SimulatedDevice, committed: list[Recorded], first: int, last: int) -> tuple[Recorded, ...]:
    """Judge facts `first` to `last` against what was committed, as the casework does."""
    known = head_of(device, committed)
    batch = read_batch(device.message(first, last), known)
    there = committed[batch.last - 1].digest if batch.last <= len(committed) else None
    return new_records(batch, known, there)


def refusal(device: SimulatedDevice, committed: list[Recorded], first: int, last: int) -> str:
    with pytest.raises(IntakeError) as refused:
        take(device, committed, first, last)
    return refused.value.code


spans = st.tuples(st.integers(1, FACTS_MAX), st.integers(1, FACTS_MAX)).map(sorted)


@given(st.integers(1, FACTS_MAX), st.lists(spans, max_size=30))
def test_any_resending_overlap_and_reordering_commits_each_fact_once_and_in_order(
    length: int, sent: list[list[int]]
) -> None:
    device = chain(length)
    committed: list[Recorded] = []
    for first, last in sent:
        if first > length:
            continue
        if first > len(committed) + 1:
            assert refusal(device, committed, first, last) == "batch.gap"
        else:
            committed += take(device, committed, first, last)
        assert committed == device.records[: len(committed)]
    committed += take(device, committed, 1, length)
    assert committed == device.records


@given(st.integers(1, 6), st.integers(1, 4), st.data())
def test_no_batch_of_a_forked_chain_ever_adds_a_fact(common: int, own: int, data: st.DataObject) -> None:
    device, twin = chain(common), chain(0)
    twin.key, twin.records = device.key, list(device.records)
    for number in range(own):
        device.write(DeviceStarted(profile="lane", software=f"true {number}"))
        twin.write(DeviceStarted(profile="lane", software=f"false {number}"))
    twin.write(DeviceStarted(profile="lane", software="false, and longer"))
    last = data.draw(st.integers(common + 1, len(twin.records)))
    first = data.draw(st.integers(1, last))
    committed = list(device.records)
    assert refusal(twin, committed, first, last) in {"batch.fork", "batch.chain"}


def test_a_batch_whose_last_fact_the_ledger_cannot_show_is_a_fork() -> None:
    device = chain(2)
    known = head_of(device, device.records)
    with pytest.raises(IntakeError, match="not the one that was committed"):
        new_records(open_batch(device.message()), known, None)


def test_a_topic_names_its_sender() -> None:
    assert sender_of(topics.facts("lane-1")) == ("lane-1", "facts")
    assert sender_of(topics.contact("lane-1")) == ("lane-1", "contact")


@pytest.mark.parametrize("topic", ["", "passlane/1/00/lane-1/facts", topics.receipts("lane-1"), topics.facts("hub")])
def test_a_topic_on_which_no_device_sends_facts_is_refused(topic: str) -> None:
    with pytest.raises(IntakeError) as refused:
        sender_of(topic)
    assert refused.value.code == "topic.wrong"


@given(st.text(max_size=200))
def test_no_topic_whatsoever_does_more_than_be_refused(topic: str) -> None:
    with pytest.raises(IntakeError):
        sender_of(topic)


def test_a_device_that_nobody_enrolled_is_refused() -> None:
    known = head_of(chain(0), [])
    assert enrolled("lane-1", known) is known
    with pytest.raises(IntakeError) as refused:
        enrolled("lane-1", None)
    assert refused.value.code == "device.unknown"


def test_a_message_that_names_another_device_than_its_topic_is_refused() -> None:
    device = chain(1)
    with pytest.raises(IntakeError) as refused:
        read_batch(device.message(), replace(head_of(device, []), device="lane-2"))
    assert refused.value.code == "batch.wrong_device"


def test_a_message_signed_with_another_key_is_refused() -> None:
    device = chain(1)
    with pytest.raises(IntakeError) as refused:
        read_batch(device.message(), replace(head_of(device, []), public_key=SimulatedDevice().key.public))
    assert refused.value.code == "batch.signature"


def test_a_message_that_says_it_was_sent_at_another_time_is_refused() -> None:
    device = chain(1)
    message = msgspec.msgpack.decode(device.message())
    message["w"] += 1
    with pytest.raises(IntakeError) as refused:
        read_batch(msgspec.msgpack.encode(message), head_of(device, []))
    assert refused.value.code == "batch.signature"


@given(st.binary(max_size=300))
def test_no_bytes_whatsoever_do_more_than_be_refused(payload: bytes) -> None:
    device = chain(0)
    with pytest.raises(IntakeError):
        read_batch(payload, head_of(device, []))


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_message_with_any_byte_changed_is_refused(place: int, change: int) -> None:
    device = chain(3)
    message = bytearray(device.message())
    message[place % len(message)] ^= change
    committed: list[Recorded] = []
    with pytest.raises(IntakeError):
        new_records(read_batch(bytes(message), head_of(device, committed)), head_of(device, committed), None)


def test_facts_that_count_for_nothing_are_named_and_the_others_are_not() -> None:
    device = chain(1)
    device.open_case()
    device.write(PhotoStored(digest="0" * 64, size=1), "lane-1.2")
    device.write(UnknownFact(kind="TyreWeighed"), "lane-1.2")
    device.open_case()
    stolen = device.write(device.records[-1].entry.fact, "lane-1.2")
    found = remarks(tuple(device.records), lambda _: device.station)
    assert [(remark.seq, remark.code) for remark in found] == [
        (3, "fact.not_yours"),
        (4, "fact.unknown"),
        (stolen.entry.seq, "fact.case"),
    ]
    assert "TyreWeighed" in found[1].text


def test_a_device_that_was_revoked_is_refused() -> None:
    device = chain(1)
    with pytest.raises(IntakeError) as refused:
        enrolled(device.name, replace(head_of(device, []), revoked=True))
    assert refused.value.code == "device.revoked"


STATIONS = {"lane-1": "ST01", "pda-1": "ST01", "pda-9": "ST09"}


def entry_of(name: str, fact: AnyFact, case: str) -> Entry:
    return SimulatedDevice(name).write(fact, case).entry


@pytest.mark.parametrize(
    ("writer", "case", "code"),
    [
        ("lane-1", "lane-1.1", None),
        ("pda-1", "lane-1.1", None),
        ("pda-9", "lane-1.1", "fact.foreign_case"),
        ("lane-1", "nobody-1.1", "fact.foreign_case"),
        ("nobody-1", "lane-1.1", "fact.foreign_case"),
        ("lane-1", "", None),
        ("hub", "lane-1.1", None),
    ],
)
def test_a_case_belongs_to_the_station_of_the_device_that_opened_it(writer: str, case: str, code: str | None) -> None:
    found = foreign(entry_of(writer, ItemChecked(item="04", mark="pass"), case), lambda name: STATIONS.get(name, ""))
    assert (found.code if found else None) == code


@pytest.mark.parametrize(("said", "code"), [("ST01", None), ("ST09", "fact.station"), ("", "fact.station")])
def test_an_opening_that_names_another_station_than_its_devices_is_not_believed(said: str, code: str | None) -> None:
    device = SimulatedDevice("lane-1")
    device.open_case(station=said)
    (found,) = remarks(tuple(device.records), lambda name: STATIONS.get(name, "")) or (None,)
    assert (found.code if found else None) == code


def contact(device: SimulatedDevice, newest: int, head: bytes) -> Contact:
    return Contact(device=device.name, newest=newest, head=head, receipted=0, wall=1, mono=1, boot="b")


def test_a_contact_is_read_as_the_device_wrote_it_and_fits_its_chain_as_far_as_the_hub_has_it() -> None:
    device = chain(3)
    known = head_of(device, device.records[:2])
    for newest, head in ((0, CHAIN_START), (2, known.head), (3, device.records[2].digest)):
        said = contact(device, newest, head)
        assert read_contact(wire.seal_contact(said, device.key), known) == said
        check_contact(said, known, known.head if newest == 2 else None)


def test_a_contact_that_names_another_fact_than_the_committed_one_is_a_fork() -> None:
    device = chain(3)
    with pytest.raises(IntakeError, match="fact 2 of lane-1 is not the one that was committed") as refused:
        check_contact(contact(device, 2, bytes(32)), head_of(device, device.records), device.records[1].digest)
    assert refused.value.code == "contact.fork"


def test_a_contact_that_cannot_be_believed_says_why() -> None:
    device, other = chain(1), SimulatedDevice("lane-2")
    known = head_of(device, [])
    said = contact(other, 0, CHAIN_START)
    codes = []
    for message in (wire.seal_contact(said, device.key), wire.seal_contact(said, other.key), b"?"):
        with pytest.raises(IntakeError) as refused:
            read_contact(message, known)
        codes.append(refused.value.code)
    assert codes == ["contact.wrong_device", "contact.signature", "wire.garbled"]


def test_nothing_is_taken_of_a_device_that_waits_for_a_person() -> None:
    known = replace(head_of(chain(1), []), quarantined="batch.fork: two chains")
    with pytest.raises(IntakeError, match=r"waits for a person to look: batch\.fork: two chains") as refused:
        enrolled("lane-1", known)
    assert refused.value.code == "device.quarantined"


@given(st.integers(0, 100_000))
def test_the_pause_grows_with_the_queue_begins_at_nothing_and_has_an_end(waiting: int) -> None:
    assert pause_ms(waiting) <= pause_ms(waiting + 1) <= PAUSE_MS_MAX
    assert (pause_ms(waiting) == 0) == (waiting <= WAITING_CALM)
