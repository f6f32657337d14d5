import pytest

from central_hub.store.gaps import DEVICE_STATES, DIRECTIVE_MS_MAX, HOUR_MS, OVERTAKEN_MS_MAX, Gap, find_gaps
from inspection.directives import Contact, VehicleRecalled
from inspection.evidence import WHOLE_MAX
from inspection.signing import CHAIN_START
from inspection.topics import contact
from inspection.wire import seal_contact
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import SimulatedDevice

STORES = ("sqlite", "postgresql")
ROW: dict[str, object] = {
    "device": "pda-1", "kind": "pda", "station": "ST01", "have": 7, "contact": NOW, "skew": 0, "revoked": 0,
    "quarantined": "", "told": 7, "told_at": NOW, "photos_waiting": 0, "refused": 0, "after_told": None,
    "open_directives": 0, "directives_since": None,
}  # fmt: skip


def gaps(**changes: object) -> list[Gap]:
    return find_gaps([{**ROW, **changes}], now=NOW, silence_hours_max=24)


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_a_device_that_tells_of_more_facts_than_there_are_numbers_is_shown_like_any_other(
    bench: Bench, device: SimulatedDevice
) -> None:
    told = Contact(
        device=device.name,
        newest=WHOLE_MAX,
        head=CHAIN_START,
        receipted=WHOLE_MAX,
        wall=WHOLE_MAX,
        mono=WHOLE_MAX,
        boot="b",
        photos_waiting=WHOLE_MAX,
        refused=WHOLE_MAX,
    )
    bench.take(contact(device.name), seal_contact(told, device.key))
    [row] = bench.db.rows(DEVICE_STATES)
    assert (row["told"], row["after_told"]) == (WHOLE_MAX, None)


def test_a_device_that_has_all_receipts_and_was_heard_has_no_gap() -> None:
    assert gaps() == []
    assert find_gaps([], now=NOW, silence_hours_max=24) == []


def test_facts_that_a_device_told_of_and_that_are_not_here_are_missing_by_their_numbers() -> None:
    assert gaps(told=9, told_at=NOW - 5) == [
        Gap(device="pda-1", kind="missing", since=NOW - 5, first=8, last=9, count=2)
    ]


def test_facts_that_a_device_does_not_have_any_more_are_lost_to_it() -> None:
    found = gaps(told=4, after_told=NOW - OVERTAKEN_MS_MAX - 1)
    assert found == [Gap(device="pda-1", kind="lost", since=NOW, first=5, last=7, count=3)]


@pytest.mark.parametrize("after", [NOW - OVERTAKEN_MS_MAX, NOW, NOW + HOUR_MS])
def test_a_device_that_wrote_on_since_it_told_lost_nothing(after: int) -> None:
    assert gaps(told=4, after_told=after) == []


@pytest.mark.parametrize(
    ("contact", "silent"), [(NOW - 24 * HOUR_MS, False), (NOW - 24 * HOUR_MS - 1, True), (0, True)]
)
def test_a_device_that_nobody_heard_for_longer_than_the_limit_is_silent(contact: int, silent: bool) -> None:  # noqa: FBT001 - a parameter
    expected = [Gap(device="pda-1", kind="silent", since=contact)] if silent else []
    assert gaps(contact=contact) == expected


def test_directives_count_as_soon_as_a_device_that_is_there_would_have_settled_them() -> None:
    assert gaps(open_directives=2, directives_since=NOW - DIRECTIVE_MS_MAX) == []
    since = NOW - DIRECTIVE_MS_MAX - 1
    assert gaps(open_directives=2, directives_since=since) == [
        Gap(device="pda-1", kind="directives", since=since, count=2)
    ]


def test_a_quarantined_device_holds_facts_back_and_a_revoked_one_owes_nothing() -> None:
    assert gaps(quarantined="batch.fork: why") == [
        Gap(device="pda-1", kind="quarantined", since=0, text="batch.fork: why")
    ]
    assert gaps(revoked=1, quarantined="why", told=99, contact=0) == []


def say(bench: Bench, device: SimulatedDevice, newest: int) -> None:
    """Have the device say that its newest fact is this one."""
    head = device.records[newest - 1].digest if newest else CHAIN_START
    said = Contact(device=device.name, newest=newest, head=head, receipted=0, wall=bench.now, mono=1, boot="boot")
    bench.take(contact(device.name), seal_contact(said, device.key))


def found(bench: Bench) -> list[Gap]:
    return find_gaps(bench.db.rows(DEVICE_STATES), now=bench.now, silence_hours_max=24)


def test_the_tables_say_what_a_device_told_of_until_it_arrives(bench: Bench, device: SimulatedDevice) -> None:
    device.whole_case()
    say(bench, device, 12)
    bench.send(device, 1, 5)
    assert found(bench) == [Gap(device="lane-1", kind="missing", since=NOW, first=6, last=12, count=7)]
    bench.send(device, 6)
    assert found(bench) == []


def test_a_device_that_was_put_back_to_an_older_state_is_seen_at_its_next_words(
    bench: Bench, device: SimulatedDevice
) -> None:
    device.whole_case()
    bench.send(device)
    bench.now += 2 * OVERTAKEN_MS_MAX
    say(bench, device, 3)
    newest = len(device.records)
    assert found(bench) == [Gap(device="lane-1", kind="lost", since=bench.now, first=4, last=newest, count=newest - 3)]


def test_a_refused_batch_with_a_gap_before_it_is_no_gap_itself(bench: Bench, device: SimulatedDevice) -> None:
    device.whole_case()
    bench.send(device, 5)
    assert bench.value("SELECT code FROM refusal_counts") == "batch.gap"
    say(bench, device, 0)
    assert found(bench) == []


def test_a_device_owes_the_directives_that_it_has_not_settled(bench: Bench, device: SimulatedDevice) -> None:
    say(bench, device, 0)
    recall = VehicleRecalled(case="lane-1.1", reason="other")
    bench.transaction(lambda: bench.casework.records.add_directive("lane-1", recall, at=bench.now))
    bench.now += DIRECTIVE_MS_MAX + 1
    assert found(bench) == [Gap(device="lane-1", kind="directives", since=NOW, count=1)]
