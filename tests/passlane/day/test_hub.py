"""The hub of the simulated day."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from random import Random

import pytest

from central_hub.desks import ActError
from inspection.signing import digest
from passlane.day import DayError
from passlane.day.city import Sizes, made_city
from passlane.day.hub import Hub

CITY = made_city(Sizes(inspections=35, stations=5, auditors=6), date(2026, 5, 28))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with closing(Hub(tmp_path / "hub", CITY, Random(1))) as made:  # noqa: S311 - no secret
        yield made


def test_it_has_the_stations_of_the_city(hub: Hub) -> None:
    assert [one.id for one in hub.settings.stations] == [one.id for one in CITY.stations]
    assert [one.admitted for one in hub.settings.stations] == [one.admitted for one in CITY.stations]


def test_time_does_not_go_back(hub: Hub) -> None:
    hub.tick(CITY.midnight + 5)
    hub.tick(CITY.midnight)
    assert hub.now == CITY.midnight + 5


def test_a_piece_that_fails_ends_the_day_with_what_was_wrong_and_is_not_run_twice(hub: Hub) -> None:
    hub.commit([hub.casework.start])
    runs: list[int] = []

    def failing() -> None:
        runs.append(1)
        raise ActError("act.none", "there is nothing of the kind")

    with pytest.raises(DayError, match="nothing of the kind"):
        hub.commit([lambda: runs.append(0), failing])
    assert runs == [0, 1]


def test_a_photo_lies_where_the_hub_looks_for_it(hub: Hub) -> None:
    name = digest(b"photo").hex()
    hub.keep_photo(b"photo", name)
    hub.keep_photo(b"photo", name)
    assert (hub.folder / "photos" / name[:2] / name).read_bytes() == b"photo"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "somebody's").write_text("work", encoding="utf-8")
    with pytest.raises(DayError, match="not empty"):
        Hub(tmp_path, CITY, Random(1))  # noqa: S311 - no secret
