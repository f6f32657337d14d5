import pytest

from central_hub.hand import HubHand
from inspection import topics
from inspection.case import Case
from inspection.directives import RecallLifted, VehicleRecalled
from inspection.facts import ExemptionApplied, OwnerCalled, Vehicle
from inspection.identities import HUB
from inspection.wire import open_directive
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import SimulatedDevice

RECALLED = VehicleRecalled(case="lane-1.1", reason="other")
CALLED = OwnerCalled(result="unreached", by="p-lin")


@pytest.fixture
def hand(bench: Bench) -> HubHand:
    return bench.casework.hand


def test_what_is_written_counts_in_the_same_transaction_and_stands_in_the_hubs_chain(
    bench: Bench, device: SimulatedDevice, hand: HubHand
) -> None:
    case = device.open_case()
    bench.send(device)
    calls: list[int] = []

    def write() -> None:
        (record,) = hand.write(case, CALLED)
        calls.append(len(hand.case(case).calls))
        assert (record.entry.device, record.entry.wall, record.entry.case) == (HUB, NOW, case)

    bench.transaction(write)
    assert calls == [1]
    assert bench.casework.ledger.entries_of(case)[-1].fact == CALLED


def test_a_directive_is_sent_after_the_commit_under_the_devices_next_number(
    bench: Bench, device: SimulatedDevice, hand: HubHand
) -> None:
    sent = bench.transaction(
        lambda: hand.direct(device.name, RECALLED),
        lambda: hand.direct(device.name, RecallLifted(case="lane-1.1", reason="no_fault")),
    )
    assert [topic for topic, _ in sent] == [topics.directives(device.name)] * 2
    opened = [open_directive(message, bench.key.public) for _, message in sent]
    assert [(one.number, one.directive) for one in opened] == [
        (1, RECALLED),
        (2, RecallLifted(case="lane-1.1", reason="no_fault")),
    ]


def test_the_hub_itself_is_told_nothing(bench: Bench, hand: HubHand) -> None:
    assert bench.transaction(lambda: hand.direct(HUB, RECALLED)) == []


def test_what_is_taken_back_is_neither_sent_nor_remembered(
    bench: Bench, device: SimulatedDevice, hand: HubHand
) -> None:
    case = device.open_case()
    bench.send(device)
    before = hand.ledger.state

    def fails() -> None:
        hand.write(case, CALLED)
        hand.direct(device.name, RECALLED)
        raise KeyError(case)

    outgoing, (done,) = bench.committer.commit([fails])
    assert isinstance(done.error, KeyError)
    assert outgoing == []
    assert hand.case(case).calls == ()
    assert hand.ledger.state == before
    (topic,) = [topic for topic, _ in bench.transaction(lambda: hand.direct(device.name, RECALLED))]
    assert topic == topics.directives(device.name)


def test_a_case_of_the_hubs_own_is_called_after_the_fact_that_opens_it(bench: Bench, hand: HubHand) -> None:
    applied = ExemptionApplied(serial="E-1", vehicle=Vehicle(vin="LZZAA1A26RA000017"), office="O1", by="p-lin")
    made: list[str] = []
    bench.transaction(lambda: made.append(hand.open_own_case(applied)))
    assert hand.case(made[0]).applied == applied
    newest = bench.value("SELECT max(seq) FROM entries WHERE device = ?", HUB)
    assert made[0] == f"{HUB}.{newest}"


def test_without_anybody_who_follows_a_case_is_returned_as_it_stands(bench: Bench) -> None:
    bare = HubHand(bench.db, key=bench.key, settings=bench.settings, now=lambda: NOW)
    assert bare.follow_up("lane-1.1") == Case(case="lane-1.1")
    bare.follows(lambda case: Case(case=case, device="followed"))
    assert bare.follow_up("lane-1.1").device == "followed"


def test_devices_are_those_of_which_something_is_taken(bench: Bench, device: SimulatedDevice, hand: HubHand) -> None:
    bench.enrol(SimulatedDevice("pda-1"), "pda")
    assert hand.devices() == ["lane-1", "pda-1"]
    bench.transaction(lambda: bench.casework.enrolment.revoke(device.name, reason="stolen"))
    assert hand.devices() == ["pda-1"]
