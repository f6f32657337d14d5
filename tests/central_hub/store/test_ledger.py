import pytest

from central_hub.store.ledger import Ledger, LedgerState, cases_touched, leaf, seal_bytes
from inspection.facts import DeviceStarted, ItemChecked, LedgerSealed
from inspection.identities import HUB
from inspection.signing import CHAIN_START, TreeHead, verify
from inspection.wire import head_bytes, open_batch
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import SimulatedDevice


def test_a_new_device_has_nothing_and_an_unknown_one_is_none(bench: Bench, device: SimulatedDevice) -> None:
    head = bench.casework.ledger.chain_head(device.name)
    assert head is not None
    assert (head.public_key, head.have, head.head) == (device.key.public, 0, CHAIN_START)
    assert bench.casework.ledger.chain_head("lane-2") is None


def test_the_very_bytes_that_were_signed_are_kept(bench: Bench, device: SimulatedDevice) -> None:
    device.whole_case()
    bench.send(device)
    rows = bench.db.execute("SELECT raw FROM entries WHERE device = ? ORDER BY seq", (device.name,)).fetchall()
    assert [row[0] for row in rows] == [record.raw for record in device.records]
    seq = len(device.records)
    assert bench.casework.ledger.committed_digest(device.name, seq) == device.records[-1].digest
    assert bench.casework.ledger.committed_digest(device.name, seq + 1) is None


def test_each_batch_keeps_the_signature_that_vouches_for_it(bench: Bench, device: SimulatedDevice) -> None:
    device.open_case()
    bench.send(device)
    device.open_case()
    bench.send(device)
    rows = bench.db.execute("SELECT last, sent, signature FROM heads WHERE device = ?", (device.name,)).fetchall()
    assert [row[0] for row in rows] == [1, 2]
    for last, sent, signature in rows:
        signed = head_bytes(device.name, last, device.records[last - 1].digest, sent)
        verify(device.key.public, "batch", signed, signature)


def test_the_database_itself_refuses_a_fact_twice(bench: Bench, device: SimulatedDevice) -> None:
    device.open_case()
    bench.send(device)
    batch = open_batch(device.message())
    with pytest.raises(bench.db.damages, match=r"(?i)unique"):
        bench.casework.ledger.append_batch(batch, batch.records, received=NOW)


def test_what_others_wrote_about_a_case_beforehand_leaves_room_for_the_device_that_opens_it(
    bench: Bench, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central_hub.store.ledger.CASE_FACTS_MAX", 3)
    other = SimulatedDevice("pda-1")
    bench.enrol(other, "pda")
    for number in range(5):
        other.write(ItemChecked(item=f"ahead {number}", mark="pass"), "lane-1.1")
    bench.send(other)
    case = device.open_case()
    device.conclude(case)
    bench.send(device)
    counting = [(entry.device, entry.seq) for entry in bench.casework.ledger.entries_of(case)]
    assert [one for one in counting if one[0] != HUB] == [
        *(("pda-1", seq) for seq in (1, 2, 3)),
        ("lane-1", 1),
        ("lane-1", 2),
    ]


def test_the_seal_is_signed_over_every_fact_with_its_time_of_receipt(bench: Bench, device: SimulatedDevice) -> None:
    for _ in range(3):
        device.open_case()
        bench.now += 1_000
        bench.send(device)
    tree = TreeHead()
    for received, device_name, seq in bench.db.execute("SELECT received, device, seq FROM entries ORDER BY pos"):
        digest = bench.casework.ledger.committed_digest(device_name, seq)
        assert digest is not None
        tree.add(leaf(received, digest))
    size, signature = bench.db.execute("SELECT size, signature FROM seal").fetchone()
    assert (size, tree.root()) == bench.casework.ledger.sealed
    verify(bench.key.public, "seal", seal_bytes(size, tree.root()), signature)


def test_a_ledger_that_is_opened_again_goes_on_with_its_seal(bench: Bench, device: SimulatedDevice) -> None:
    assert Ledger(bench.db, bench.key).sealed == bench.casework.ledger.sealed
    device.whole_case()
    bench.send(device)
    again = Ledger(bench.db, bench.key)
    assert again.sealed == bench.casework.ledger.sealed
    again.state = LedgerState(0, (), 0, CHAIN_START, 0)
    assert again.sealed == (0, TreeHead().root())


def test_facts_of_the_hub_itself_share_one_signature(bench: Bench) -> None:
    before = bench.casework.ledger.chain_head("hub")
    bench.transaction(bench.casework.seal, bench.casework.seal)
    facts = bench.value("SELECT count(*) FROM entries WHERE device = 'hub'")
    head = bench.casework.ledger.chain_head("hub")
    assert before is not None
    assert head is not None
    assert head.have == facts == before.have + 2
    query = "SELECT last, signature, sent FROM heads WHERE last > ?"
    ((last, signature, sent),) = bench.db.execute(query, (before.have,)).fetchall()
    verify(bench.key.public, "batch", head_bytes("hub", last, head.head, sent), signature)
    assert last == head.have


def test_contact_and_the_clocks_difference_are_kept(bench: Bench, device: SimulatedDevice) -> None:
    bench.casework.records.heard(device.name, at=NOW, sent=NOW - 90_000)
    row = bench.db.execute("SELECT contact, skew FROM devices WHERE device = ?", (device.name,)).fetchone()
    assert row == (NOW, -90_000)


def test_the_facts_of_a_case_come_in_the_order_of_arrival_and_no_others(bench: Bench, device: SimulatedDevice) -> None:
    case, _ = device.whole_case()
    device.open_case()
    bench.send(device)
    entries = bench.casework.ledger.entries_of(case)
    of_device = [entry for entry in entries if entry.device != HUB]
    assert of_device == [record.entry for record in device.records if record.entry.case == case]
    assert {entry.case for entry in entries} == {case}
    assert bench.casework.ledger.entries_of("lane-1.999") == []


def test_a_case_is_opened_when_its_opening_was_received(bench: Bench, device: SimulatedDevice) -> None:
    case = device.open_case()
    bench.send(device)
    bench.now += 60_000
    device.conclude(case)
    bench.send(device)
    assert bench.casework.ledger.opened_at(case) == NOW
    assert bench.casework.ledger.opened_at("lane-1.999") == 0


def test_touched_cases_are_named_once_and_facts_without_a_case_touch_none(device: SimulatedDevice) -> None:
    device.write(DeviceStarted(profile="lane", software="1"))
    first, _ = device.whole_case()
    second = device.open_case()
    device.write(LedgerSealed(size=1, root=b""), first)
    assert cases_touched(device.records) == [first, second]


def test_a_batch_that_is_taken_back_leaves_no_signature(bench: Bench, device: SimulatedDevice) -> None:
    device.open_case()
    before = bench.casework.ledger.state

    def fails() -> None:
        bench.casework.take_message(device.topic, device.message())
        raise KeyError(device.name)

    (_, done) = bench.committer.commit([fails])
    assert isinstance(done[0].error, KeyError)
    assert bench.casework.ledger.state == before
    assert bench.value("SELECT count(*) FROM heads WHERE device = ?", device.name) == 0
    bench.send(device)
    assert bench.value("SELECT last FROM heads WHERE device = ?", device.name) == 1
