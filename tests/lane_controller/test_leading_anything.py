"""Whatever cameras and vehicles do, a passage ends and is on record."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.orders import Order
from inspection.facts import PassageNoted
from lane_controller.simulated import SimulatedVehicle
from tests.edge_agent.stand_ins.fakes import jpeg
from tests.lane_controller.lane_bench import Bench


class Whimsical(SimulatedVehicle):
    """Does whatever an example says: pictures good, broken or none, and gone after any number of looks."""

    def __init__(self, bench: Bench, order: Order, *, pictures: list[bytes | None], looks: int) -> None:
        super().__init__(
            order, station=bench.agent.station, profile=bench.agent.profile_reference, pause=bench.clock.advance
        )
        self.pictures = pictures
        self.looks = looks

    def shot(self, code: str, attempt: int) -> bytes | None:  # noqa: ARG002 - as drivers are asked
        return self.pictures.pop() if self.pictures else None

    def shot_by_hand(self, code: str) -> bytes | None:
        return self.shot(code, 0)

    def has_left(self) -> bool:
        self.looks -= 1
        return super().has_left() or self.looks < 0


def test_whatever_a_vehicle_and_its_cameras_do_its_passage_ends_on_record(bench: Bench) -> None:
    order = bench.order()
    pictures = st.lists(st.sampled_from([None, b"", b"no picture", jpeg(1), jpeg(2), jpeg(3)]), max_size=12)

    @given(pictures=pictures, looks=st.integers(0, 40), doubts=st.integers(0, 3))
    def passes(pictures: list[bytes | None], looks: int, doubts: int) -> None:
        bench.reader.doubts = doubts
        visit = bench.lane.lead(Whimsical(bench, order, pictures=pictures, looks=looks))
        assert (bench.lane._state.phase, bench.lane._state.suspected) == ("waiting", None)
        if not visit.case:
            assert isinstance(bench.facts()[-1], PassageNoted)
            return
        case = bench.agent.case(visit.case)
        assert (case.concluded is None) != (case.abandoned is None)

    passes()
    bench.led_normally()
