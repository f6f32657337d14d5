"""The queue and what is done from it: /, /next, /recent, and the leases of the audit: heartbeats and giving back."""

import functools

from aiohttp import web

from central_hub.console.guarding import read_form
from central_hub.console.lists_view import CaseLine, case_line, stage_counts
from central_hub.console.rendering import PAGE_HEADERS, go_to
from central_hub.console.working.visiting import REFUSALS, Front, Visit, refusal
from central_hub.deciding.conflicts import name_of
from central_hub.people.seeing import hides_opinions, station_of
from central_hub.reading import QUEUE_ROWS_MAX
from central_hub.store.database import Row

RECENT_ROWS_MAX = 100
COUNTS_FRESH_MS = 10_000
"""Counting a million cases takes a tenth of a second, and each page in a browser asks again every 15 seconds."""
STARTS = (
    ("audit.decide", ""),
    ("review.decide", ""),
    ("device.manage", "/operations"),
    ("case.view", "/recent"),
    ("standing.view", "/standing"),
    ("act.confirm", "/acts"),
)
"""Where somebody begins, by the first right that they have; "" is the queue itself."""


class QueuePages:
    """What waits, and for whom."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._counted: tuple[int, dict[str, int]] | None = None

    def _counts(self) -> dict[str, int]:
        now = self._front.desk.now()
        if self._counted is None or not 0 <= now - self._counted[0] < COUNTS_FRESH_MS:
            self._counted = (now, self._front.reading.counts())
        return self._counted[1]

    async def start(self, visit: Visit) -> web.Response:
        """GET /: the queue for auditors and reviewers; others are led to where their work is."""
        start = next((path for right, path in STARTS if visit.actor.may(right)), None)
        if start is None:
            return self._front.not_allowed(visit)
        return go_to(start) if start else self._queue(visit)

    def _queue(self, visit: Visit, *, refused: str = "", status: int = 200) -> web.Response:
        reading = self._front.reading
        rows = reading.queue()
        return self._front.page(
            visit,
            "queue",
            status=status,
            lines=self._lines(visit, rows),
            others=self._lines(visit, reading.waiting_elsewhere()),
            counts=stage_counts(self._counts(), visit.texts, blind=hides_opinions(visit.actor)),
            cut=len(rows) >= QUEUE_ROWS_MAX,
            held=reading.held_by(name_of(visit.actor)),
            may_audit=visit.actor.may("audit.decide"),
            refused=refused,
        )

    async def recent(self, visit: Visit) -> web.Response:
        """GET /recent: the newest cases; of somebody's station alone where they work at one."""
        rows = self._front.reading.recent_cases(RECENT_ROWS_MAX, station=station_of(visit.actor))
        return self._front.page(visit, "recent", lines=self._lines(visit, rows))

    def _lines(self, visit: Visit, rows: list[Row]) -> list[CaseLine]:
        desk, blind = self._front.desk, hides_opinions(visit.actor)
        held = self._front.reading.held_by(name_of(visit.actor))
        now, settings = desk.now(), desk.settings
        return [
            # A case that is held may be an old one whose answer is known.
            case_line(
                {**row, "stage": "audit_pending"} if row["case_id"] == held else row,
                settings=settings,
                texts=visit.texts,
                now=now,
                blind=blind,
            )
            for row in rows
        ]

    async def take_next(self, visit: Visit) -> web.Response:
        """POST /next: the next case of the queue, or the one that the visitor has in hand."""
        try:
            lease = await self._front.act(functools.partial(self._front.engine.audits.take_next, visit.actor))
        except REFUSALS as error:
            return self._queue(visit, refused=refusal(error, visit.texts), status=409)
        if lease is None:
            return self._queue(visit, refused=visit.texts("queue.none_for_you"))
        return go_to(f"/cases/{lease.case}")

    async def heartbeat(self, visit: Visit) -> web.Response:
        """POST /leases/{token}/heartbeat: 204, or 409 with the reason as plain text when the lease has ended."""
        beat = functools.partial(self._front.engine.audits.heartbeat, visit.actor, visit.request.match_info["token"])
        try:
            await self._front.act(beat)
        except REFUSALS as error:
            return web.Response(status=409, text=refusal(error, visit.texts), headers=PAGE_HEADERS)
        return web.Response(status=204, headers=PAGE_HEADERS)

    async def release(self, visit: Visit) -> web.Response:
        """POST /leases/{token}/release: gives the case back; recused: it is not to come to this person again."""
        given, token = read_form(await visit.request.read()), visit.request.match_info["token"]
        release = functools.partial(
            self._front.engine.audits.release, visit.actor, token, recused=given.get("recused") == "1"
        )
        try:
            await self._front.act(release)
        except REFUSALS as error:
            return self._queue(visit, refused=refusal(error, visit.texts), status=409)
        return go_to("/")
