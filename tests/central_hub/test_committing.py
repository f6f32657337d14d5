from collections.abc import Callable
from functools import partial

import pytest

from central_hub import HubError
from inspection.case import fold
from inspection.facts import DeviceRevoked
from tests.central_hub.conftest import Bench, audit
from tests.central_hub.simulated_device import SimulatedDevice


def raising(error: Exception) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


def test_a_piece_that_fails_is_taken_back_and_the_others_of_its_group_are_committed(
    bench: Bench, device: SimulatedDevice
) -> None:
    def half() -> None:
        bench.casework.ledger.write("", DeviceRevoked(device="x", reason="r"), at=1)
        raise HubError("foreseen")

    before = bench.casework.ledger.state
    device.open_case()
    message = device.message()
    _, done = bench.committer.commit([half, lambda: bench.casework.take_message(device.topic, message), lambda: 7])
    assert [type(came.error) for came in done] == [HubError, type(None), type(None)]
    assert done[2].result == 7
    assert bench.casework.ledger.state.own == before.own
    assert bench.value("SELECT count(*) FROM entries WHERE device = ?", device.name) == 1
    assert bench.committer.errors == 0


def test_an_unforeseen_error_is_counted_and_ends_nothing(bench: Bench) -> None:
    _, done = bench.committer.commit([raising(KeyError("x")), lambda: 1])
    assert (type(done[0].error), done[1].result, bench.committer.errors) == (KeyError, 1, 1)


def test_what_a_group_that_was_taken_back_read_into_memory_is_decided_on_by_nobody(
    bench: Bench, device: SimulatedDevice
) -> None:
    case, digests = device.whole_case()
    bench.send(device)
    bench.store(*digests)
    # However much the transaction before had changed in memory.
    for _ in range(10):
        device.open_case()
    bench.send(device)
    passing = partial(audit, bench.casework, case, "pass", auditor="kim")
    _, done = bench.committer.commit([passing, raising(HubError("foreseen"))])
    assert [type(came.error) for came in done] == [type(None), HubError]
    stands = fold(case, bench.casework.ledger.entries_of(case))
    assert stands.audit is not None
    assert bench.casework.hand.case(case) == stands


def test_a_clock_that_was_taken_back_says_all_the_same_what_is_overdue(bench: Bench, device: SimulatedDevice) -> None:
    case, digests = device.whole_case()
    bench.send(device)
    bench.store(*digests)
    for _ in range(10):
        device.open_case()
    bench.send(device)
    bench.now += 25 * 3_600_000
    bench.committer.commit([bench.casework.check_clock, raising(HubError("foreseen"))])
    assert bench.value("SELECT count(*) FROM entries WHERE kind = 'AuditOverdue' AND case_id = ?", case) == 1


def test_a_store_that_fails_commits_nothing_and_remembers_nothing(bench: Bench, device: SimulatedDevice) -> None:
    before = bench.casework.ledger.state
    device.open_case()
    message = device.message()
    with pytest.raises(bench.db.failures):
        bench.committer.commit(
            [lambda: bench.casework.take_message(device.topic, message), raising(bench.db.failures[-1]("full"))]
        )
    assert bench.casework.ledger.state == before
    assert bench.casework.committed() == []
    assert bench.value("SELECT count(*) FROM entries WHERE device = ?", device.name) == 0
    assert len(bench.send(device)) == 1


def test_all_that_the_hub_writes_in_one_transaction_stands_under_one_signature(
    bench: Bench, device: SimulatedDevice
) -> None:
    _, digests = device.whole_case()
    bench.send(device)
    before = bench.value("SELECT count(*) FROM heads WHERE device = 'hub'")
    assert isinstance(before, int)
    bench.committer.commit([lambda d=digest: bench.casework.store_photo(d) for digest in digests])  # type: ignore[misc]
    assert bench.value("SELECT count(*) FROM heads WHERE device = 'hub'") == before + 1


def test_a_group_without_a_failure_needs_no_savepoint_and_one_with_it_is_run_again_with_care(
    bench: Bench, device: SimulatedDevice
) -> None:
    ran: list[str] = []
    bench.committer.commit([lambda: ran.append("a"), lambda: ran.append("b")])
    assert ran == ["a", "b"]
    _, done = bench.committer.commit([lambda: ran.append("c"), raising(HubError("foreseen")), lambda: ran.append("d")])
    assert ran == ["a", "b", "c", "c", "d"]
    assert [type(came.error) for came in done] == [type(None), HubError, type(None)]
