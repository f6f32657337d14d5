from central_hub.store.neighbours import BOOTS_PASSED_MAX, facts_around
from central_hub.store.timing import Received
from inspection.facts import DirectiveSettled
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import SimulatedDevice

STORES = ("sqlite", "postgresql")


class Boots:
    """A device's facts by boot; knows them again in what is found."""

    def __init__(self, bench: Bench, device: SimulatedDevice, *boots: tuple[str, int]) -> None:
        self.bench = bench
        for device.boot, count in boots:
            for _ in range(count):
                device.write(DirectiveSettled(number=1))
        bench.send(device)
        self.facts: list[Received] = [(NOW, record.entry) for record in device.records]

    def around(self, *numbers: int, heard: frozenset[str] = frozenset()) -> list[int]:
        asked = [self.facts[number - 1] for number in numbers]
        found = facts_around(self.bench.db, asked, heard)
        assert all(fact == self.facts[fact[1].seq - 1] for fact in found)
        return [entry.seq for _, entry in found]


def test_facts_of_boots_that_were_heard_need_no_neighbours(bench: Bench, device: SimulatedDevice) -> None:
    boots = Boots(bench, device, ("a", 3), ("b", 3))
    assert boots.around(1, 5, heard=frozenset("ab")) == []
    assert boots.around() == []


def test_every_fact_of_an_unheard_boot_finds_its_edges_with_the_facts_beyond(
    bench: Bench, device: SimulatedDevice
) -> None:
    boots = Boots(bench, device, ("a", 3), ("b", 33), ("c", 5))
    for number in range(4, 37):
        assert boots.around(number, heard=frozenset("ac")) == [4, 3, 36, 37]
    assert boots.around(4, 9, 2, 39, heard=frozenset("ac")) == [4, 3, 36, 37]


def test_at_the_ends_of_the_chain_there_is_no_neighbour(bench: Bench, device: SimulatedDevice) -> None:
    boots = Boots(bench, device, ("a", 70))
    assert boots.around(33) == []


def test_boots_that_were_never_heard_are_passed_over_until_one_was(bench: Bench, device: SimulatedDevice) -> None:
    boots = Boots(bench, device, ("a", 2), ("b", 2), ("c", 2), ("d", 2), ("e", 2))
    assert boots.around(5, heard=frozenset("ae")) == [5, 4, 3, 2, 6, 7, 8, 9]


def test_further_off_than_so_many_boots_nobody_looks(bench: Bench, device: SimulatedDevice) -> None:
    boots = Boots(bench, device, *((f"boot {n}", 1) for n in range(20)))
    assert len(boots.around(10)) == 2 * 2 * BOOTS_PASSED_MAX


def test_a_boot_name_that_comes_again_ends_the_search_all_the_same(bench: Bench, device: SimulatedDevice) -> None:
    boots = Boots(bench, device, ("a", 2), ("b", 1), ("a", 2), ("b", 1))
    assert set(boots.around(3, heard=frozenset("a"))) == {2, 3, 4}
