"""Acts of two people (两人制): which requests wait, and confirming or refusing them. It is at /acts.

Who may ask, confirm and refuse is decided in `people.two_person`; the page only leaves out what cannot succeed.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from central_hub.console.guarding import read_form
from central_hub.console.rendering import go_to
from central_hub.console.texts import Texts, moment
from central_hub.console.timeline_view import suspicion
from central_hub.console.working.doing import number_of
from central_hub.console.working.visiting import REFUSALS, Front, Visit, refusal
from central_hub.people.roles import Actor
from central_hub.people.two_person import CONFIRM, REASON_CHARACTERS_MAX, Request, expires, shipped_acts

ACT_RIGHTS = tuple(sorted({CONFIRM, *(act.right for act in shipped_acts().values())}))
"""Who has one of these may have asked for an act, or may confirm one."""
_PLACES = {"sticker.withdraw": "/cases/", "recheck.undo": "/cases/", "station.unlist": "/standing/"}
_PLACES["station.restore"] = _PLACES["station.unlist"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ActLine:
    """A request. place: where what it is about is shown, or nothing. own: whether the visitor asked for it.

    may_confirm: whether the visitor may be the second person, as far as rights go.
    """

    number: int
    act: str
    about: str
    place: str
    by: str
    reason: str
    asked: str
    until: str
    own: bool
    may_confirm: bool


def act_lines(requests: list[Request], actor: Actor, *, now: int, texts: Texts) -> tuple[ActLine, ...]:
    """Return the requests that can still be confirmed and that this person may confirm or asked for. Pure."""
    acts = shipped_acts()
    lines = []
    for asked in requests:
        act = acts.get(asked.act)
        if act is None or now >= (end := expires(asked, acts)):
            continue
        own = actor.same_person(asked.account, asked.person)
        may_confirm = actor.may(CONFIRM) and actor.may(act.right) and not own
        if own or may_confirm:
            line = ActLine(
                number=asked.number,
                act=texts.either(act.zh, act.en),
                about=asked.about,
                place=_PLACES.get(asked.act, ""),
                by=asked.person,
                reason=suspicion(asked.reason, texts),
                asked=moment(asked.at),
                until=moment(end),
                own=own,
                may_confirm=may_confirm,
            )
            lines.append(line)
    return tuple(lines)


class ActPages:
    """What waits for a second person."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def show(self, visit: Visit) -> web.Response:
        """GET /acts."""
        return self._answer(visit)

    def _answer(self, visit: Visit, *, refused: str = "", status: int = 200) -> web.Response:
        requests = self._front.reading.acts.open_ones()
        lines = act_lines(requests, visit.actor, now=self._front.desk.now(), texts=visit.texts)
        return self._front.page(
            visit, "acts", status=status, lines=lines, refused=refused, characters_max=REASON_CHARACTERS_MAX
        )

    async def confirm(self, visit: Visit) -> web.Response:
        """POST /acts/{number}/confirm: the act is done in the same transaction."""
        number = number_of(visit.request.match_info["number"])
        return await self._settle(visit, functools.partial(self._front.engine.acts.confirm, visit.actor, number))

    async def refuse(self, visit: Visit) -> web.Response:
        """POST /acts/{number}/refuse: with a reason; whoever asked takes it back so."""
        number = number_of(visit.request.match_info["number"])
        reason = read_form(await visit.request.read()).get("reason", "")
        work = functools.partial(self._front.engine.acts.refuse, visit.actor, number, reason=reason)
        return await self._settle(visit, work)

    async def _settle(self, visit: Visit, work: Callable[[], object]) -> web.Response:
        try:
            await self._front.act(work)
        except REFUSALS as error:
            return self._answer(visit, refused=refusal(error, visit.texts), status=409)
        return go_to("/acts")
