import pytest

from central_hub import HubError
from inspection.facts import (
    DeviceEnrolled,
    DeviceQuarantined,
    DeviceReleased,
    DeviceRevoked,
    RulesInForce,
    SampleCommitted,
)
from inspection.identities import HUB
from inspection.wire import decode_entry
from tests.central_hub.conftest import Bench
from tests.central_hub.simulated_device import SimulatedDevice


def kinds(bench: Bench) -> list[type]:
    """What the hub wrote, without the rules in force and the seeds with which it begins."""
    raws = bench.db.rows("SELECT raw FROM entries WHERE device = ? ORDER BY seq", HUB)
    written = [type(decode_entry(row["raw"]).entry.fact) for row in raws]
    return [kind for kind in written if kind not in {RulesInForce, SampleCommitted}]


def test_whatever_happens_to_a_device_is_a_fact_of_the_hub_once(bench: Bench, device: SimulatedDevice) -> None:
    hands = bench.casework.enrolment
    for _ in range(2):
        bench.transaction(lambda: hands.quarantine(device.name, "batch.fork", "two chains"))
    bench.transaction(lambda: hands.release(device.name, by="operator", reason="found"))
    for _ in range(2):
        bench.transaction(lambda: hands.revoke(device.name, reason="stolen"))
    assert kinds(bench) == [DeviceEnrolled, DeviceQuarantined, DeviceReleased, DeviceRevoked]


@pytest.mark.parametrize("name", ["nobody-1", HUB])
def test_nobody_who_is_not_enrolled_is_shut_out_or_let_in(bench: Bench, name: str) -> None:
    hands = bench.casework.enrolment
    with pytest.raises(HubError, match="is not enrolled"):
        hands.quarantine(name, "batch.fork", "two chains")
    with pytest.raises(HubError, match="is not enrolled"):
        hands.release(name, by="operator", reason="?")
    with pytest.raises(HubError, match="is not enrolled"):
        hands.revoke(name, reason="?")


def test_a_device_keeps_its_password_when_it_is_enrolled_again(bench: Bench) -> None:
    device = SimulatedDevice("pda-9")
    told = [
        bench.committer.commit(
            [lambda: bench.casework.enrolment.enrol("pda-9", "pda", "ST01", public_key=device.key.public)]
        )[1][0].result
        for _ in range(2)
    ]
    assert told[0] == told[1]
    assert len(told[0]) >= 32
