"""One call for a whole day."""

from pathlib import Path

import pytest

from passlane.day import DayError
from passlane.day.city import Sizes
from passlane.day.living import live


def test_a_city_that_cannot_be_one_leaves_no_folder_behind(tmp_path: Path) -> None:
    with pytest.raises(DayError, match="at least 5 stations"):
        live(Sizes(inspections=10, stations=1, auditors=6), tmp_path / "hub", lambda _hour: None)
    assert not (tmp_path / "hub").exists()


def test_a_folder_with_something_in_it_is_refused_before_the_day_begins(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    with pytest.raises(DayError, match="not empty"):
        live(Sizes(inspections=35, stations=5, auditors=6), tmp_path, lambda _hour: None)
