"""What every page works with: who visits, what is looked up, how work reaches the writer, how a refusal is worded."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from central_hub.casework import Casework
from central_hub.clock import day_of
from central_hub.console.desk import Desk, Visitor
from central_hub.console.rendering import Renderer
from central_hub.console.texts import Texts
from central_hub.deciding.conflicts import StepError
from central_hub.deciding.numbering import NumberingError
from central_hub.desks import ActError
from central_hub.doors.entrance import Entrance
from central_hub.engine import Engine
from central_hub.people import PeopleError
from central_hub.people.roles import Actor
from central_hub.reading import Reading
from central_hub.writer import Writer
from inspection.standing.rules import StandingRules, shipped_standing_rules, standing_rules_on

REFUSALS = (StepError, ActError, PeopleError, NumberingError)
"""What an act is refused with; each has a code."""
Refusal = StepError | ActError | PeopleError | NumberingError
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """A request of somebody who is signed in and may be here."""

    request: web.Request
    visitor: Visitor
    texts: Texts

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.visitor.actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Front:
    """What pages work with. reading belongs to the event loop's thread; the engine is only used inside `act`."""

    reading: Reading
    writer: Writer
    casework: Casework
    entrance: Entrance
    desk: Desk
    renderer: Renderer

    @property
    def engine(self) -> Engine:
        """The desks."""
        return self.casework.engine

    @property
    def rules(self) -> StandingRules:
        """The rules of standing of today."""
        return standing_rules_on(day_of(self.desk.now()), shipped_standing_rules())

    async def act(self, work: Callable[[], _T]) -> _T:
        """Run work inside the writer's transaction; return what it gave, after the commit. Raises what it raises."""
        return await asyncio.wrap_future(self.writer.submit(work))

    def page(self, visit: Visit, name: str, *, status: int = 200, **shown: object) -> web.Response:
        """Return the page `name`."""
        shown["visitor"] = visit.visitor
        return self.renderer.page(name, visit.request, visit.texts, status=status, shown=shown)

    def not_found(self, visit: Visit) -> web.Response:
        """Return the page that says so."""
        return self.renderer.error(visit.request, 404, "not_found", visitor=visit.visitor)

    def not_allowed(self, visit: Visit) -> web.Response:
        """Return the page that says so."""
        return self.renderer.error(visit.request, 403, "not_allowed", visitor=visit.visitor)


def refusal(error: Refusal, texts: Texts, *, blind: bool = False) -> str:
    """Return why something is refused, as a sentence; what has no words of its own here says it in those it came with.

    blind: whether the page is; the sentence does not say then where the case stands.
    """
    code = "life.blind" if blind and error.code.startswith("life.") else error.code
    said = texts.coded("refused", code)
    if said != code:
        return said
    zh = error.zh if isinstance(error, StepError) else ""
    return texts.either(zh or str(error), str(error))
