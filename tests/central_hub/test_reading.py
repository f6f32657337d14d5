from collections.abc import Iterator

import pytest

from central_hub.reading import Reading
from central_hub.store.office.accounts import Accounts, token_digest
from central_hub.store.timing import Estimate
from inspection import topics
from inspection.directives import Contact
from inspection.facts import PhotoTaken
from inspection.signing import CHAIN_START
from inspection.wire import seal_contact
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import SimulatedDevice, private_car


@pytest.fixture
def reading(bench: Bench) -> Iterator[Reading]:
    made = Reading(bench.folder)
    yield made
    made.close()


def issued(bench: Bench, device: SimulatedDevice, **vehicle: object) -> str:
    case, digests = device.whole_case(private_car(**vehicle) if vehicle else None)
    bench.send(device)
    bench.store(*digests)
    return case


def test_an_empty_hub_has_nothing_to_show(reading: Reading) -> None:
    assert reading.queue() == reading.recent_cases() == reading.refusals() == reading.refusal_counts() == []
    assert reading.devices() == []
    assert reading.device_states() == []
    assert reading.gaps(now=NOW, silence_hours_max=24) == []
    assert reading.quarantined() == 0
    assert reading.counts() == {}
    assert reading.happened([]) == {}
    assert reading.entries("lane-1.1") == []
    assert reading.case("lane-1.1").opened is None
    assert reading.sticker("PL00000001") is None
    assert reading.account("lin") is None
    assert reading.session(b"", NOW) is None
    assert reading.announced_photo("0" * 64) is None


def test_devices_are_shown_without_the_hub_and_known_by_their_keys(
    bench: Bench, device: SimulatedDevice, reading: Reading
) -> None:
    assert [row["device"] for row in reading.devices()] == ["lane-1"]
    assert reading.public_key("lane-1") == device.key.public
    assert reading.public_key("lane-2") is None
    assert reading.public_key("") is None


def test_how_devices_stand_is_said_without_keys_and_passwords(
    bench: Bench, device: SimulatedDevice, reading: Reading
) -> None:
    (row,) = reading.device_states()
    assert (row["device"], row["told"], row["after_told"], row["directives_since"]) == ("lane-1", 0, None, None)
    assert not {"public_key", "password"} & set(row)


def test_a_device_that_was_never_heard_is_a_gap_and_a_quarantined_one_is_counted(
    bench: Bench, device: SimulatedDevice, reading: Reading
) -> None:
    assert [gap.kind for gap in reading.gaps(now=NOW, silence_hours_max=24)] == ["silent"]
    bench.transaction(lambda: bench.casework.enrolment.quarantine("lane-1", "batch.fork", "two chains"))
    assert [gap.kind for gap in reading.gaps(now=NOW, silence_hours_max=24)] == ["quarantined", "silent"]
    assert reading.quarantined() == 1
    bench.transaction(lambda: bench.casework.enrolment.revoke("lane-1", reason="stolen"))
    assert (reading.gaps(now=NOW, silence_hours_max=24), reading.quarantined()) == ([], 0)


def heard(bench: Bench, device: SimulatedDevice, mono: int) -> None:
    """Have the device say how it stands, in the boot in which it is now."""
    newest = len(device.records)
    said = Contact(
        device=device.name,
        newest=newest,
        head=device.records[-1].digest if newest else CHAIN_START,
        receipted=0,
        wall=device.wall,
        mono=mono,
        boot=device.boot,
    )
    bench.take(topics.contact(device.name), seal_contact(said, device.key))


def test_facts_are_dated_by_what_the_device_said_in_their_boot(
    bench: Bench, device: SimulatedDevice, reading: Reading
) -> None:
    case = issued(bench, device)
    heard(bench, device, mono=60_001)
    dated = reading.happened(reading.entries(case))
    assert ("hub", 1) not in dated
    assert dated["lane-1", 1] == Estimate(at=NOW - 60_000, earliest=NOW - 60_000, latest=NOW - 60_000, sure="paired")


def test_facts_of_a_boot_that_was_never_heard_are_dated_by_the_boots_around_it(
    bench: Bench, device: SimulatedDevice, reading: Reading
) -> None:
    device.boot = "first"
    device.open_case()
    bench.send(device)
    heard(bench, device, mono=1)
    device.boot = "never heard"
    case, _ = device.whole_case()
    device.boot = "last"
    device.open_case()
    bench.now += 3_600_000
    bench.send(device)
    heard(bench, device, mono=device.records[-1].entry.mono + 1_000)
    dated = reading.happened(reading.entries(case))["lane-1", 2]
    assert (dated.sure, dated.earliest, dated.latest < bench.now - 1_000) == ("bounded", NOW, True)


def test_the_queue_begins_with_the_nearest_deadline(bench: Bench, device: SimulatedDevice, reading: Reading) -> None:
    first = issued(bench, device)
    bench.now += 60_000
    second = issued(bench, device)
    assert [row["case_id"] for row in reading.queue()] == [first, second]
    bench.transaction(lambda: bench.audit(first, "pass", auditor="lin"))
    assert [row["case_id"] for row in reading.queue()] == [second]
    assert reading.counts() == {"archived": 1, "audit_pending": 1}
    assert [row["case_id"] for row in reading.recent_cases()] == [second, first]
    assert len(reading.recent_cases(1)) == 1


def test_a_case_is_folded_from_its_facts_with_their_time_of_receipt(
    bench: Bench, device: SimulatedDevice, reading: Reading
) -> None:
    case = issued(bench, device)
    assert {received for received, _ in reading.entries(case)} == {NOW}
    folded = reading.case(case)
    assert folded.issued is not None
    sticker = reading.sticker(folded.issued.number)
    assert sticker is not None
    assert sticker["case_id"] == case
    assert [row["open_directives"] for row in reading.device_states()] == [1]


def test_an_open_page_sees_what_was_committed_since(bench: Bench, device: SimulatedDevice, reading: Reading) -> None:
    assert reading.recent_cases() == []
    issued(bench, device)
    assert len(reading.recent_cases()) == 1


def test_refusals_are_shown_newest_first_without_what_was_sent(
    bench: Bench, device: SimulatedDevice, reading: Reading
) -> None:
    for payload in (b"one", b"two!"):
        bench.take(device.topic, payload)
    assert [row["size"] for row in reading.refusals()] == [4, 3]
    assert "sample" not in reading.refusals(1)[0]
    assert reading.refusal_counts() == [{"device": "lane-1", "code": "wire.garbled", "count": 2}]


def test_the_same_photo_in_other_cases_is_found(bench: Bench, device: SimulatedDevice, reading: Reading) -> None:
    case, digests = device.whole_case()
    taken = [record.entry.fact for record in device.records if isinstance(record.entry.fact, PhotoTaken)]
    others = [device.open_case() for _ in range(7)]
    for other in others:
        device.write(taken[0], other)
    bench.send(device)
    assert reading.photos_elsewhere(case, digests) == {digests[0]: tuple(sorted(others)[:5])}
    assert reading.photos_elsewhere(others[0], []) == {}


def test_a_session_stands_for_its_account_while_it_lasts(bench: Bench, reading: Reading) -> None:
    accounts = Accounts(bench.db)
    accounts.put("林", title="审核员", role="auditor", password="a quiet afternoon")  # noqa: S106 - made up
    token = token_digest(accounts.open_session("林", now=NOW, hours_max=1))
    row = reading.session(token, NOW)
    assert row is not None
    assert (row["name"], row["roles"]) == ("林", "auditor")
    assert reading.session(token, NOW + 3_600_000) is None
    account = reading.account("林")
    assert account is not None
    same = ("name", "title", "roles", "person", "station", "locked", "plain")
    assert [account[column] for column in same] == [row[column] for column in same]
    assert "password" not in row


@pytest.mark.parametrize("name", ["' OR 1=1 --", "林\0", "%", "a" * 10_000])
def test_a_name_is_a_value_and_never_a_query(reading: Reading, device: SimulatedDevice, name: str) -> None:
    assert reading.account(name) is None
    assert reading.public_key(name) is None
    assert reading.sticker(name) is None
    assert reading.entries(name) == []
