"""The console: which page stands at which address, who may open it, and what becomes of a request that fails.

Holds no rule and builds no sentence: pages are built in `working`, views by the `_view` files.
"""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from central_hub import HubError
from central_hub.casework import Casework
from central_hub.console.desk import Desk, Visitor
from central_hub.console.guarding import FormError
from central_hub.console.life.forms import RIGHTS
from central_hub.console.lists_view import REFUSALS_SHOWN_MAX, device_line, refusal_line
from central_hub.console.rendering import STATIC_PATH, Renderer, chosen_texts, go_to
from central_hub.console.sessions import Sessions, sign_in_path
from central_hub.console.standing.standing_pages import StandingPages
from central_hub.console.sticker_page import StickerPage
from central_hub.console.sticker_view import PUBLIC_PATH
from central_hub.console.working.acts_page import ACT_RIGHTS, ActPages
from central_hub.console.working.case_page import CasePages
from central_hub.console.working.queue_page import QueuePages
from central_hub.console.working.sheets_page import SheetPages
from central_hub.console.working.standing_acts_page import StandingActs
from central_hub.console.working.standing_forms import STATION_STEPS
from central_hub.console.working.visiting import Front, Visit
from central_hub.doors.entrance import Entrance
from central_hub.reading import Reading
from central_hub.writer import Writer
from inspection import InspectionError

__all__ = ["Console", "Desk"]

AUDIT = ("audit.decide",)
CASES = ("case.view",)
STEPS = tuple(sorted({right for rights in RIGHTS.values() for right in rights}))
STATIONS = tuple(sorted(set(STATION_STEPS.values())))
OPERATIONS = ("device.manage", "audit.decide")
PRINT = ("sticker.print",)
ANYBODY: tuple[str, ...] = ()
"""Whoever is signed in; the page itself asks for the right."""

_log = logging.getLogger(__name__)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Page = Callable[[Visit], Awaitable[web.StreamResponse]]


class Console:
    """Everything a browser sees of the hub. The application itself is made by assembly.

    reading belongs to the event loop's thread; casework is only used inside work given to the writer.
    """

    def __init__(self, reading: Reading, *, writer: Writer, casework: Casework, entrance: Entrance, desk: Desk) -> None:
        self._failures: tuple[type[Exception], ...] = (HubError, InspectionError, *reading.failures)
        self._renderer = Renderer(desk.settings.title)
        self._sessions = Sessions(entrance, desk=desk, renderer=self._renderer)
        self._sticker = StickerPage(reading, desk=desk, renderer=self._renderer)
        self._front = Front(
            reading=reading,
            writer=writer,
            casework=casework,
            entrance=entrance,
            desk=desk,
            renderer=self._renderer,
        )

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        inside = [*self._work(), *self._office()]
        return [
            *(web.route(method, path, self._safe(handler)) for method, path, handler in self._sessions.handlers()),
            *(web.route(method, path, self._for(rights, page)) for method, path, rights, page in inside),
            web.get(STATIC_PATH + "{name}", self._safe(self._renderer.static)),
            *(
                route
                for path in (PUBLIC_PATH, PUBLIC_PATH.upper())
                for route in (
                    web.get(path + "{text}", self._safe(self._sticker.show)),
                    web.post(path + "{text}", self._safe(self._sticker.compare)),
                )
            ),
        ]

    def _work(self) -> list[tuple[str, str, tuple[str, ...], _Page]]:
        """Return method, path, rights (one of them is needed) and page of everything about cases."""
        queue, cases = QueuePages(self._front), CasePages(self._front)
        return [
            ("GET", "/", ANYBODY, queue.start),
            ("POST", "/next", AUDIT, queue.take_next),
            ("POST", "/leases/{token}/heartbeat", AUDIT, queue.heartbeat),
            ("POST", "/leases/{token}/release", AUDIT, queue.release),
            ("GET", "/recent", CASES, queue.recent),
            ("GET", "/cases/{case_id}", CASES, cases.show),
            ("POST", "/cases/{case_id}", AUDIT, cases.decide),
            ("POST", "/cases/{case_id}/steps/{step}", STEPS, cases.step),
            ("GET", "/console-photos/{digest}", ("photo.view",), cases.photo),
        ]

    def _office(self) -> list[tuple[str, str, tuple[str, ...], _Page]]:
        """Return the same of what is not about one case."""
        acts, standing, sheets = ActPages(self._front), StandingActs(self._front), SheetPages(self._front)
        return [
            ("GET", "/acts", ACT_RIGHTS, acts.show),
            ("POST", "/acts/{number}/confirm", ACT_RIGHTS, acts.confirm),
            ("POST", "/acts/{number}/refuse", ACT_RIGHTS, acts.refuse),
            *self._standing(),
            ("GET", "/standing/{station}/decide", STATIONS, standing.show),
            ("POST", "/standing/{station}/{step}", STATIONS, standing.step),
            ("GET", "/sheets/{number}.pdf", PRINT, sheets.certificate),
            ("POST", "/sheets/{number}.pdf", PRINT, sheets.label),
            ("GET", "/operations", OPERATIONS, self._operations),
        ]

    def _standing(self) -> list[tuple[str, str, tuple[str, ...], _Page]]:
        """Return the same of what is only shown about stations."""
        front = self._front
        pages = StandingPages(front.reading.standing, desk=front.desk, renderer=front.renderer)

        def shown(page: Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]) -> _Page:
            return lambda visit: page(visit.request, visit.visitor)

        return [
            ("GET", "/standing", ANYBODY, shown(pages.stations)),
            ("GET", "/standing/{station}", ANYBODY, shown(pages.station)),
            ("GET", "/digests/{scope}/{day}", ANYBODY, shown(pages.digest)),
            ("GET", "/tips", ANYBODY, shown(pages.tips)),
        ]

    def _safe(self, handler: _Handler) -> _Handler:
        """Answer what goes wrong with a page; its cause goes to the log by its kind alone, for texts may name a VIN."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except FormError:
                return self._renderer.error(request, 400, "form")
            except web.HTTPRequestEntityTooLarge:
                return self._renderer.error(request, 413, "form_too_large")
            except self._failures as error:
                _log.error("a page could not be answered: %s", type(error).__name__)
                return self._renderer.error(request, 503, "unavailable")

        return handle

    def _for(self, rights: tuple[str, ...], page: _Page) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            """1. Signed in. 2. With a right to be here. 3. What changes something comes from a page of ours."""
            visitor = self._sessions.visitor(request)
            if visitor is None:
                return go_to(sign_in_path(request))
            if rights and not any(visitor.actor.may(right) for right in rights):
                return self._renderer.error(request, 403, "not_allowed", visitor=visitor)
            if request.method not in ("GET", "HEAD") and not self._sessions.from_here(request):
                return self._renderer.error(request, 403, "not_allowed_here", visitor=visitor)
            return await page(Visit(request=request, visitor=visitor, texts=chosen_texts(request)))

        return self._safe(handle)

    async def _operations(self, visit: Visit) -> web.Response:
        reading, desk = self._front.reading, self._front.desk
        settings, now = desk.settings, desk.now()
        return self._front.page(
            visit,
            "operations",
            devices=[device_line(row, settings=settings, now=now) for row in reading.device_states()],
            health=desk.health(),
            counts=[refusal_line(row, visit.texts) for row in reading.refusal_counts()],
            newest=[refusal_line(row, visit.texts) for row in reading.refusals(REFUSALS_SHOWN_MAX)],
        )
