"""Two small cities whose day is lived once for all tests here: one with enough auditors, one with too few."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from passlane.day.city import City, Sizes, made_city
from passlane.day.figures import Figures, figures_of, outside_of
from passlane.day.hub import Hub
from passlane.day.living import DAY
from passlane.day.reckoning import Outside, Reckoning, reckoned
from passlane.day.running import Day, Hour, Lived

SIZES = Sizes(inspections=200, stations=12, auditors=6, suspicious=0.06, seed=3)
TOO_FEW = Sizes(inspections=90, stations=8, auditors=6, look_seconds=1_100, understaffed=True, seed=3)


@dataclass(frozen=True, kw_only=True)
class LivedDay:
    """A day that was lived, and all that can be asked about it."""

    city: City
    hub: Hub
    lived: Lived
    told: list[Hour]
    outside: Outside
    reckoning: Reckoning
    figures: Figures


def lived_through(sizes: Sizes, folder: Path) -> Iterator[LivedDay]:
    city, told = made_city(sizes, DAY), list[Hour]()
    day = Day(city, folder, told.append)
    with closing(day.hub):
        lived = day.run()
        outside = outside_of(day.hub, city, lived)
        yield LivedDay(
            city=city,
            hub=day.hub,
            lived=lived,
            told=told,
            outside=outside,
            reckoning=reckoned(day.hub.reader),
            figures=figures_of(day.hub, city, lived, checked_seconds=0.0, outside=outside),
        )


@pytest.fixture(scope="session")
def small_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedDay]:
    yield from lived_through(SIZES, tmp_path_factory.mktemp("day") / "hub")


@pytest.fixture(scope="session")
def understaffed_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedDay]:
    yield from lived_through(TOO_FEW, tmp_path_factory.mktemp("day") / "hub")
