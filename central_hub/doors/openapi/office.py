"""What operations work with (窗口): the desks through the writer's thread, what is looked up, papers, whose is what.

Holds no operation. Who may do what in general is asked before, by rights; here only that who works at a station sees
that station's cases alone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from central_hub.casework import Casework
from central_hub.doors.entrance import Entrance, Submitting
from central_hub.doors.openapi import ApiError
from central_hub.doors.openapi.lookups import Lookups
from central_hub.engine import Engine
from central_hub.papers.fonts import find_font
from central_hub.papers.press import Press
from central_hub.people.lockout import Attempts
from central_hub.people.roles import Actor
from central_hub.people.seeing import station_of
from central_hub.reading import Reading
from central_hub.settings import HubSettings
from central_hub.store.database import Row
from central_hub.store.photos import PhotoStore

_T = TypeVar("_T")


class Printery:
    """Makes the press when it is first needed: finding a font takes a second."""

    def __init__(self, make: Callable[[], Press] | None = None) -> None:
        self._make = make or (lambda: Press(find_font()))
        self._press: Press | None = None
        self._making = asyncio.Lock()

    async def press(self) -> Press:
        """Return the press; raises PaperError where there is no font."""
        async with self._making:
            if self._press is None:
                self._press = await asyncio.to_thread(self._make)
            return self._press


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """What stands behind the door. reading and lookups belong to the event loop's thread.

    now: returns the hub's time, Unix milliseconds. The desks are only used inside work that is given to the writer.
    tips: how often an address told of something, counted as failed sign-ins are.
    """

    reading: Reading
    lookups: Lookups
    writer: Submitting
    casework: Casework
    entrance: Entrance
    photos: PhotoStore
    now: Callable[[], int]
    printery: Printery = field(default_factory=Printery)
    tips: Attempts = field(default_factory=Attempts)

    @property
    def engine(self) -> Engine:
        """The desks."""
        return self.casework.engine

    @property
    def settings(self) -> HubSettings:
        """The installation."""
        return self.casework.hand.settings

    async def act(self, work: Callable[[], _T]) -> _T:
        """Run work inside the writer's transaction; return what it gave, after the commit. Raises what it raises."""
        return await asyncio.wrap_future(self.writer.submit(work))

    def case_row(self, actor: Actor, case: str) -> Row:
        """Return a case's row; raises ApiError where there is none, or it is another station's than the person's."""
        row = self.lookups.case_row(case)
        own = station_of(actor)
        if row is None or (own and row["station"] != own):
            text = f"there is no case {case}, or it is not yours to see"
            raise ApiError(404, "case.none", text, zh="没有该案件，或无权查看")
        return row

    def check_station(self, actor: Actor, station: str) -> None:
        """Raise ApiError where somebody of a station asks about another one."""
        own = station_of(actor)
        if own and station != own:
            raise ApiError(
                403, "station.other", f"your roles are those of a person of station {own}", zh="只能办理本机构的业务"
            )
