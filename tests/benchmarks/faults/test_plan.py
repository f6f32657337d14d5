import random
from collections import Counter

from benchmarks.faults.plan import HUB, ON_A_WIRE, Fault, Kind, next_fault

EVERYONE = {kind: [HUB] if "hub" in kind or "broker" in kind else ["device-1", "device-2"] for kind in Kind}


def chance_of(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - it must be repeatable


def drawn(seed: int, count: int) -> list[Fault]:
    chance, counts = chance_of(seed), Counter[Kind]()
    faults = []
    for _ in range(count):
        fault = next_fault(chance, EVERYONE, busy=(), counts=counts)
        assert fault is not None
        counts[fault.kind] += 1
        faults.append(fault)
    return faults


def test_a_seed_gives_the_same_faults_again() -> None:
    assert drawn(7, 50) == drawn(7, 50)
    assert drawn(7, 50) != drawn(8, 50)


def test_even_a_short_run_has_some_of_each_kind() -> None:
    for seed in range(20):
        assert {fault.kind for fault in drawn(seed, 60)} == set(Kind)


def test_who_is_busy_is_left_alone() -> None:
    chance = chance_of(1)
    for _ in range(200):
        fault = next_fault(chance, EVERYONE, busy={HUB, "device-1", "wire of device-2"}, counts={})
        assert fault is not None
        assert fault.holds in {"device-2", "wire of device-1"}


def test_when_everybody_is_busy_there_is_no_fault() -> None:
    busy = {HUB, "device-1", "device-2", "wire of device-1", "wire of device-2"}
    assert next_fault(chance_of(1), EVERYONE, busy=busy, counts={}) is None


def test_only_what_can_be_done_here_is_done() -> None:
    fault = next_fault(chance_of(1), {Kind.WIRE_CUT: ["device-1"]}, busy=(), counts={})
    assert fault is not None
    assert (fault.kind, fault.target) == (Kind.WIRE_CUT, "device-1")
    assert fault.kind in ON_A_WIRE
    assert next_fault(chance_of(1), {}, busy=(), counts={}) is None


def test_a_stall_lasts_and_a_kill_does_not() -> None:
    for fault in drawn(3, 200):
        lasting = fault.kind in ON_A_WIRE - {Kind.WIRE_CUT} or fault.kind.endswith("full")
        assert (fault.seconds > 0) == lasting
