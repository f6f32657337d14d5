"""One call for a whole simulated day (整日模拟): made, lived, checked and counted, in a folder."""

from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

from central_hub import clock
from passlane.day.city import Sizes, made_city
from passlane.day.figures import Figures, figures_of, outside_of
from passlane.day.running import Day, Hour

DAY = date(2026, 5, 28)
"""The day that is lived: a Thursday. Which rules are in force follows from it."""


def live(sizes: Sizes, folder: Path, told: Callable[[Hour], None]) -> Figures:
    """Live a day in an empty folder and return its figures. Raises DayError where the city cannot be one."""
    city = made_city(sizes, DAY)
    day = Day(city, folder, told)
    with closing(day.hub):
        lived = day.run()
        begun = clock.seconds()
        outside = outside_of(day.hub, city, lived)
        return figures_of(day.hub, city, lived, checked_seconds=clock.seconds() - begun, outside=outside)
