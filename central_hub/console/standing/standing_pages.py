"""Pages about standing: who may see which, and what is looked up for them. Reads only; acts are the API's and desks'.

Whoever belongs to a station sees that station and no other.
"""

from datetime import date, timedelta
from typing import cast, get_args

from aiohttp import web

from central_hub.clock import day_of
from central_hub.console.desk import Desk, Visitor
from central_hub.console.rendering import PAGE_HEADERS, Renderer, chosen_texts, go_to
from central_hub.console.standing.standing_view import digest_view, station_lines, station_view
from central_hub.console.texts import moment
from central_hub.standing.digests import Digest, Scope, csv_of, month_of, week_of
from central_hub.standing.reporting import digest, standings
from central_hub.store.standing.reading import StandingReading
from inspection.standing.rules import StandingRules, shipped_standing_rules, standing_rules_on

TIPS_SHOWN_MAX = 200
TIPS_DAYS = 90
DAY_MS = 86_400_000
DAY_CHARACTERS = 10


class StandingPages:
    """GET /standing, /standing/{station}, /digests/{scope}/{day} (with .csv: the file), /tips."""

    def __init__(self, reading: StandingReading, *, desk: Desk, renderer: Renderer) -> None:
        self._reading = reading
        self._desk = desk
        self._renderer = renderer

    async def stations(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Show how all stations stand; somebody of a station is led to their own."""
        if not visitor.actor.may("standing.view"):
            return self._refused(request, visitor)
        if visitor.actor.station:
            return go_to(f"/standing/{visitor.actor.station}")
        texts, settings = chosen_texts(request), self._desk.settings
        since = self._today() - timedelta(days=self._rules().counting.days)
        names = {station.id: station.name for station in settings.stations}
        lines = station_lines(
            standings(self._reading, settings), self._reading.stations(since), names=names, texts=texts
        )
        return self._page(request, visitor, "standing", lines=lines, day=self._today().isoformat())

    async def station(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Show why a station stands as it does."""
        station = request.match_info["station"]
        if not visitor.actor.may("standing.view") or visitor.actor.station not in ("", station):
            return self._refused(request, visitor)
        known = standings(self._reading, self._desk.settings)
        if station not in known:
            return self._renderer.error(request, 404, "not_found", visitor=visitor)
        rules = self._rules()
        why = self._reading.explanation(known[station], rules=rules, today=self._today())
        name = self._desk.settings.station(station).name
        view = station_view(why, name=name, rules=rules, texts=chosen_texts(request))
        return self._page(request, visitor, "standing_station", view=view)

    async def digest(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Show the digest of the week or the month that a day lies in; give the file for Excel."""
        if not visitor.actor.may("digest.view"):
            return self._refused(request, visitor)
        asked = request.match_info["day"]
        made = self._digest(request.match_info["scope"], asked[:DAY_CHARACTERS])
        if made is None or asked[DAY_CHARACTERS:] not in ("", ".csv"):
            return self._renderer.error(request, 404, "not_found", visitor=visitor)
        if asked.endswith(".csv"):
            name = f"{made.scope}-{made.period.first}.csv"
            headers = {**PAGE_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
            return web.Response(body=csv_of(made), content_type="text/csv", charset="utf-8", headers=headers)
        day = date.fromisoformat(asked)
        view = digest_view(made, day=day, texts=chosen_texts(request))
        before = made.period.first - timedelta(days=1)
        after = made.period.last + timedelta(days=1)
        around = {"scope": made.scope, "before": before.isoformat(), "after": after.isoformat()}
        return self._page(request, visitor, "digest", view=view, **around)

    async def tips(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Show what people told of (举报)."""
        if not visitor.actor.may("tip.read"):
            return self._refused(request, visitor)
        now = self._desk.now()
        rows = self._reading.tips(since=now - TIPS_DAYS * DAY_MS, until=now + 1, limit=TIPS_SHOWN_MAX)
        return self._page(request, visitor, "tips", tips=[{**row, "at": moment(row["at"])} for row in rows])

    def _digest(self, scope: str, day: str) -> Digest | None:
        if scope not in get_args(Scope):
            return None
        try:
            period = (week_of if scope == "city" else month_of)(date.fromisoformat(day))
            return digest(self._reading, cast("Scope", scope), period, settings=self._desk.settings)
        except (ValueError, OverflowError):
            # No day at all, or one at the end of the calendar.
            return None

    def _page(self, request: web.Request, visitor: Visitor, name: str, **shown: object) -> web.Response:
        shown["visitor"] = visitor
        return self._renderer.page(name, request, chosen_texts(request), shown=shown)

    def _refused(self, request: web.Request, visitor: Visitor) -> web.Response:
        return self._renderer.error(request, 403, "not_allowed", visitor=visitor)

    def _today(self) -> date:
        return day_of(self._desk.now())

    def _rules(self) -> StandingRules:
        return standing_rules_on(self._today(), shipped_standing_rules())
