"""What is decided about a station (信用处置): /standing/{station}/decide, and what its forms ask of the desk.

Why a station stands as it does is `standing_pages`'s to show. What takes two people is only asked for here.
"""

import functools
from collections.abc import Callable, Mapping

from aiohttp import web

from central_hub.console.guarding import read_form
from central_hub.console.rendering import go_to
from central_hub.console.standing.standing_view import state_of
from central_hub.console.working.standing_forms import STATION_STEPS, StationStep, day_given, station_forms
from central_hub.console.working.visiting import REFUSALS, Front, Visit, refusal
from central_hub.desks import ActError
from central_hub.engine import Engine
from central_hub.people.roles import Actor
from central_hub.standing.acts import Listing
from central_hub.standing.reporting import standings
from inspection.standing.state import StationStanding

Given = Mapping[str, str]


def _list(engine: Engine, actor: Actor, station: str, given: Given) -> object:
    day = given.get("ends", "").strip()
    ends = day_given(day) if day else None
    if day and ends is None:
        raise ActError("standing.no_day", "a day is written YYYY-MM-DD")
    listing = Listing(reason=given.get("reason", ""), note=given.get("note", ""), ends=ends)
    return engine.standing.list_station(actor, station, listing)


def _suspend(engine: Engine, actor: Actor, station: str, given: Given) -> object:
    return engine.standing.suspend(actor, station, reason=given.get("reason", ""))


def _admit(engine: Engine, actor: Actor, station: str, given: Given) -> object:
    return engine.standing.admit(actor, station, admit=True, reason=given.get("reason", ""))


def _dismiss(engine: Engine, actor: Actor, station: str, given: Given) -> object:
    return engine.standing.admit(actor, station, admit=False, reason=given.get("reason", ""))


def _unlist(engine: Engine, actor: Actor, station: str, given: Given) -> object:
    return engine.acts.request(actor, "station.unlist", about=station, reason=given.get("reason", ""))


def _restore(engine: Engine, actor: Actor, station: str, given: Given) -> object:
    return engine.acts.request(actor, "station.restore", about=station, reason=given.get("reason", ""))


def _appeal(engine: Engine, actor: Actor, station: str, given: Given) -> object:
    return engine.standing.file_appeal(actor, station, text=given.get("reason", ""))


def _decide_appeal(engine: Engine, actor: Actor, station: str, given: Given) -> object:
    granted = given.get("granted", "")
    if granted not in ("yes", "no"):
        raise ActError("appeal.unclear", "an appeal is granted or refused")
    return engine.standing.decide_appeal(actor, station, granted=granted == "yes", reason=given.get("reason", ""))


_DOINGS: Mapping[StationStep, Callable[[Engine, Actor, str, Given], object]] = {
    "list": _list,
    "unlist": _unlist,
    "suspend": _suspend,
    "restore": _restore,
    "admit": _admit,
    "dismiss": _dismiss,
    "appeal": _appeal,
    "decide_appeal": _decide_appeal,
}


class StandingActs:
    """Decisions about stations, and their appeals."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def show(self, visit: Visit) -> web.Response:
        """GET /standing/{station}/decide: the forms that are open."""
        return self._answer(visit)

    async def step(self, visit: Visit) -> web.Response:
        """POST /standing/{station}/{step}."""
        asked = visit.request.match_info["step"]
        step: StationStep | None = next((known for known in STATION_STEPS if known == asked), None)
        if step is None or self._standing(visit) is None:
            return self._front.not_found(visit)
        if not visit.actor.may(STATION_STEPS[step]):
            return self._front.not_allowed(visit)
        given, station = read_form(await visit.request.read()), visit.request.match_info["station"]
        try:
            await self._front.act(functools.partial(_DOINGS[step], self._front.engine, visit.actor, station, given))
        except REFUSALS as error:
            return self._answer(visit, form=step, refused=refusal(error, visit.texts), given=given, status=409)
        return go_to(f"/standing/{station}/decide?done={step}")

    def _standing(self, visit: Visit) -> StationStanding | None:
        """Return how the station stands; None for one that nobody knows, or is not the visitor's to see."""
        station, own = visit.request.match_info["station"], visit.actor.station
        if own not in ("", station):
            return None
        return standings(self._front.reading.standing, self._front.desk.settings).get(station)

    def _answer(
        self, visit: Visit, *, form: str = "", refused: str = "", given: Given | None = None, status: int = 200
    ) -> web.Response:
        standing = self._standing(visit)
        if standing is None:
            return self._front.not_found(visit)
        done = visit.request.query.get("done", "") if visit.request.method == "GET" else ""
        return self._front.page(
            visit,
            "station_decide",
            status=status,
            station=self._front.desk.settings.station(standing.station),
            state=state_of(standing),
            appeal=standing.appeal,
            forms=station_forms(standing, visit.actor, rules=self._front.rules, texts=visit.texts),
            form=form,
            refused=refused,
            given=given or {},
            done=visit.texts(f"station.done.{done}") if done in STATION_STEPS else "",
        )
