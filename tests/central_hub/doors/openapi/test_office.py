"""What operations work with: whose station somebody sees, and the press that is made when it is needed."""

import asyncio

import pytest

from central_hub.doors.openapi import ApiError
from central_hub.doors.openapi.office import Printery
from central_hub.papers.fonts import find_font
from central_hub.papers.press import Press
from central_hub.people.roles import Actor
from central_hub.people.seeing import station_of
from tests.central_hub.doors.openapi.served_hub import OTHER_STATION, ServedHub
from tests.central_hub.simulated_device import STATION


def test_who_works_at_a_station_sees_that_station_alone() -> None:
    assert station_of(Actor("a", "a", frozenset({"inspector"}), STATION)) == STATION
    assert station_of(Actor("a", "a", frozenset({"detachment"}), STATION)) == ""
    assert station_of(Actor("a", "a", frozenset({"detachment", "inspector"}), STATION)) == STATION
    assert station_of(Actor("a", "a", frozenset({"gone"}), STATION)) == ""


def test_another_stations_case_is_no_case(served: ServedHub) -> None:
    case = served.inspected(served.device())
    own = Actor("a", "a", frozenset({"inspector"}), STATION)
    other = Actor("b", "b", frozenset({"inspector"}), OTHER_STATION)
    assert served.office.case_row(own, case)["case_id"] == case
    with pytest.raises(ApiError) as caught:
        served.office.case_row(other, case)
    assert (caught.value.status, caught.value.code) == (404, "case.none")
    served.office.check_station(own, STATION)
    with pytest.raises(ApiError) as caught:
        served.office.check_station(other, STATION)
    assert (caught.value.status, caught.value.code) == (403, "station.other")


def test_the_press_is_made_once() -> None:
    made: list[Press] = []

    def make() -> Press:
        made.append(Press(find_font()))
        return made[-1]

    async def twice() -> bool:
        printery = Printery(make)
        return await printery.press() is await printery.press()

    assert asyncio.run(twice())
    assert len(made) == 1
