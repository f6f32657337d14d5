"""A lane's device as the hub knows it."""

import pytest

from inspection import topics
from inspection.directives import NumberedDirective, RecallLifted, Receipt, Refusal
from inspection.facts import CaseOpened, DirectiveSettled, PassageNoted
from inspection.signing import CHAIN_START, SigningKey
from inspection.wire import check_batch_signature, open_batch, open_contact, seal_directive, seal_receipt
from passlane.day import DayError
from passlane.day.devices import Device
from passlane.day.facts import told_of
from tests.passlane.day.test_facts import visit

HUB_KEY = SigningKey(bytes(32))
NOTE = PassageNoted(lane="1", reason="nobody knew it")


@pytest.fixture
def device() -> Device:
    return Device(name="lane-1", station="C001", key=SigningKey(b"1" * 32), started=1_000)


def test_its_facts_are_a_signed_chain_and_are_sent_once(device: Device) -> None:
    device.write(NOTE, at=2_000)
    device.write(NOTE, at=1_500)
    message = device.batches(at=3_000)[0]
    batch = open_batch(message)
    check_batch_signature(batch, device.key.public)
    assert [record.entry.mono for record in batch.records] == [1_000, 1_000]
    assert batch.records[0].entry.before == CHAIN_START
    assert device.batches(at=3_000) == []


def test_an_opening_makes_the_case_that_it_opens(device: Device) -> None:
    opening = told_of(visit()).opening
    assert isinstance(opening, CaseOpened)
    device.write(NOTE, at=1_000)
    assert device.write(opening, at=1_000) == "lane-1.2"


def test_more_facts_than_a_message_takes_go_in_several(device: Device) -> None:
    for at in range(300):
        device.write(NOTE, at=1_000 + at)
    assert [len(open_batch(message).records) for message in device.batches(at=2_000)] == [256, 44]


def test_its_first_contact_names_its_first_fact(device: Device) -> None:
    contact = open_contact(device.start(), device.key.public)
    assert (contact.newest, contact.head) == (1, device.head)


def test_a_directive_is_settled_once_whatever_is_sent_again(device: Device) -> None:
    directive = RecallLifted(case="lane-1.2", reason="vehicle.right")
    message = seal_directive(NumberedDirective(device="lane-1", number=1, directive=directive), HUB_KEY)
    topic = topics.directives("lane-1")
    assert device.hear(topic, message, HUB_KEY.public, at=2_000) == directive
    assert device.hear(topic, message, HUB_KEY.public, at=2_000) is None
    facts = [record.entry.fact for record in open_batch(device.batches(at=3_000)[0]).records]
    assert facts == [DirectiveSettled(number=1)]


def test_a_refusal_ends_the_day(device: Device) -> None:
    topic = topics.receipts("lane-1")
    sound = Receipt(device="lane-1", have=0, head=CHAIN_START, hub_time=1)
    assert device.hear(topic, seal_receipt(sound, HUB_KEY), HUB_KEY.public, at=1) is None
    refused = Receipt(
        device="lane-1", have=0, head=CHAIN_START, hub_time=1, refusal=Refusal(code="batch.gap", text="a gap")
    )
    with pytest.raises(DayError, match="a gap"):
        device.hear(topic, seal_receipt(refused, HUB_KEY), HUB_KEY.public, at=1)
