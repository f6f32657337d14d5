"""The console: which page stands at which address, who may open it, and what a click asks the writer to do.

Holds no rule and builds no sentence: views are built by the `_view` files, decisions judged by `auditing`.
"""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, cast

from aiohttp import web
from markupsafe import Markup

from central_hub import HubError
from central_hub.auditing import NOTE_CHARACTERS_MAX, SUSPICION_REASONS, AuditError
from central_hub.casework import Casework
from central_hub.console.case_view import CaseView, Surroundings, case_view
from central_hub.console.desk import Desk, Visitor
from central_hub.console.guarding import FormError, read_form
from central_hub.console.lists_view import REFUSALS_SHOWN_MAX, case_line, device_line, refusal_line, stage_counts
from central_hub.console.rendering import FILE_HEADERS, STATIC_PATH, Renderer, chosen_texts, go_to
from central_hub.console.sessions import Sessions, sign_in_path
from central_hub.console.sticker_page import StickerPage
from central_hub.console.sticker_view import PUBLIC_PATH, qr_svg, sticker_url
from central_hub.console.texts import Texts
from central_hub.console.timeline_view import Clocks
from central_hub.reading import QUEUE_ROWS_MAX, Reading
from central_hub.store.accounts import Accounts, Role
from central_hub.writer import Writer
from inspection import InspectionError
from inspection.case import fold
from inspection.evidence import EvidenceError
from inspection.identities import IdentityError, checked_case

__all__ = ["Console", "Desk"]

RECENT_ROWS_MAX = 100
AUDITORS: tuple[Role, ...] = ("auditor",)
EVERYBODY: tuple[Role, ...] = ("auditor", "operator")
PHOTO_MEDIA = ("image/jpeg", "image/png")

_log = logging.getLogger(__name__)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """A request of somebody who is signed in and may be here."""

    request: web.Request
    visitor: Visitor
    texts: Texts


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """What an auditor typed into the form of a decision that was refused. refused: key of the sentence."""

    refused: str = ""
    reason: str = ""
    note: str = ""


class Console:
    """Everything a browser sees of the hub. The application itself is made by assembly.

    reading belongs to the event loop's thread; casework and accounts are only used inside work given to the writer.
    """

    def __init__(self, reading: Reading, *, writer: Writer, casework: Casework, accounts: Accounts, desk: Desk) -> None:
        self._reading = reading
        self._failures: tuple[type[Exception], ...] = (HubError, InspectionError, *reading.failures)
        self._writer = writer
        self._casework = casework
        self._desk = desk
        self._renderer = Renderer(desk.settings.title)
        self._sessions = Sessions(reading, writer=writer, accounts=accounts, desk=desk, renderer=self._renderer)
        self._sticker = StickerPage(reading, desk=desk, renderer=self._renderer)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [
            web.get("/sign-in", self._safe(self._sessions.form)),
            web.post("/sign-in", self._safe(self._sessions.sign_in)),
            web.post("/sign-out", self._safe(self._sessions.sign_out)),
            web.get("/language/{language}", self._safe(self._sessions.language)),
            web.get("/", self._for(EVERYBODY, self._start)),
            web.get("/recent", self._for(AUDITORS, self._recent)),
            web.get("/cases/{case_id}", self._for(AUDITORS, self._case)),
            web.post("/cases/{case_id}", self._for(AUDITORS, self._decide)),
            web.get("/console-photos/{digest}", self._for(AUDITORS, self._photo)),
            web.get("/operations", self._for(EVERYBODY, self._operations)),
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

    def _for(self, roles: tuple[Role, ...], handler: Callable[[Visit], Awaitable[web.StreamResponse]]) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            """1. Signed in. 2. In a role that may be here. 3. What changes something comes from a page of ours."""
            visitor = self._sessions.visitor(request)
            if visitor is None:
                return go_to(sign_in_path(request))
            if visitor.role not in roles:
                return self._renderer.error(request, 403, "not_allowed", visitor=visitor)
            if request.method not in ("GET", "HEAD") and not self._sessions.from_here(request):
                return self._renderer.error(request, 403, "not_allowed_here", visitor=visitor)
            return await handler(Visit(request=request, visitor=visitor, texts=chosen_texts(request)))

        return self._safe(handle)

    def _page(self, visit: Visit, name: str, *, status: int = 200, **shown: object) -> web.Response:
        shown["visitor"] = visit.visitor
        return self._renderer.page(name, visit.request, visit.texts, status=status, shown=shown)

    def _not_found(self, visit: Visit) -> web.Response:
        return self._renderer.error(visit.request, 404, "not_found", visitor=visit.visitor)

    async def _start(self, visit: Visit) -> web.Response:
        if visit.visitor.role == "operator":
            return go_to("/operations")
        lines = self._lines(visit, self._reading.queue())
        counts = stage_counts(self._reading.counts(), visit.texts)
        return self._page(visit, "queue", lines=lines, counts=counts, cut=len(lines) >= QUEUE_ROWS_MAX)

    async def _recent(self, visit: Visit) -> web.Response:
        return self._page(visit, "recent", lines=self._lines(visit, self._reading.recent_cases(RECENT_ROWS_MAX)))

    def _lines(self, visit: Visit, rows: list[dict[str, object]]) -> list[object]:
        settings, now = self._desk.settings, self._desk.now()
        return [case_line(row, settings=settings, texts=visit.texts, now=now) for row in rows]

    async def _case(self, visit: Visit) -> web.Response:
        return self._case_page(visit, Typed(), status=200)

    def _case_page(self, visit: Visit, typed: Typed, *, status: int) -> web.Response:
        view = self._view(visit)
        if view is None:
            return self._not_found(visit)
        reasons = [(code, visit.texts.either(*words)) for code, words in SUSPICION_REASONS.items()]
        url = sticker_url(self._desk.public_url, view.decision.text) if view.decision.text else ""
        return self._page(
            visit,
            "case",
            status=status,
            view=view,
            typed=typed,
            reasons=reasons,
            note_characters_max=NOTE_CHARACTERS_MAX,
            url=url,
            qr=Markup(qr_svg(url)) if url else "",  # noqa: S704 - segno draws it; it holds no text of anybody's
            next_case=next((row["case_id"] for row in self._reading.queue() if row["case_id"] != view.case), ""),
        )

    def _view(self, visit: Visit) -> CaseView | None:
        try:
            case_id = checked_case(visit.request.match_info["case_id"])
        except IdentityError:
            return None
        entries = self._reading.entries(case_id)
        if not entries:
            return None
        case = fold(case_id, (entry for _, entry in entries))
        around = Surroundings(
            station=self._desk.settings.station(case.opened.station).name if case.opened else "",
            reused=self._reading.photos_elsewhere(case_id, [photo.photo.digest for photo in case.all_photos]),
            clocks=Clocks(
                happened=self._reading.happened(entries), skew_seconds_max=self._desk.settings.skew_seconds_max
            ),
        )
        return case_view(case, entries, around, viewer=visit.visitor.name, now=self._desk.now(), texts=visit.texts)

    async def _decide(self, visit: Visit) -> web.Response:
        """1. The form says which. 2. The rules of the audit allow it: also that the auditor saw all that is here."""
        fields = read_form(await visit.request.read())
        reason, note = fields.get("reason", ""), fields.get("note", "")
        decision, seen = fields.get("decision", ""), fields.get("seen", "")[:12]
        case_id = visit.request.match_info["case_id"]
        if decision not in ("pass", "suspicious"):
            return self._case_page(visit, Typed(refused="unclear", reason=reason, note=note), status=400)
        work = functools.partial(
            self._casework.audit,
            case_id,
            cast("Literal['pass', 'suspicious']", decision),
            auditor=visit.visitor.name,
            seen=int(seen) if seen.isascii() and seen.isdigit() else -1,
            reason=reason if decision == "suspicious" else "",
            note=note,
        )
        try:
            await asyncio.wrap_future(self._writer.submit(work))
        except AuditError as error:
            refused = error.code.removeprefix("audit.")
            return self._case_page(visit, Typed(refused=refused, reason=reason, note=note), status=409)
        return go_to(f"/cases/{case_id}")

    async def _photo(self, visit: Visit) -> web.StreamResponse:
        digest = visit.request.match_info["digest"]
        try:
            here = self._desk.photos.has(digest)
        except EvidenceError:
            return self._not_found(visit)
        photo = self._reading.announced_photo(digest) if here else None
        if photo is None or photo.media not in PHOTO_MEDIA:
            return self._not_found(visit)
        headers = {**FILE_HEADERS, "Content-Type": photo.media}
        return web.FileResponse(self._desk.photos.path(digest), headers=headers)

    async def _operations(self, visit: Visit) -> web.Response:
        reading, settings, now = self._reading, self._desk.settings, self._desk.now()
        return self._page(
            visit,
            "operations",
            devices=[device_line(row, settings=settings, now=now) for row in reading.device_states()],
            health=self._desk.health(),
            counts=[refusal_line(row, visit.texts) for row in reading.refusal_counts()],
            newest=[refusal_line(row, visit.texts) for row in reading.refusals(REFUSALS_SHOWN_MAX)],
        )
