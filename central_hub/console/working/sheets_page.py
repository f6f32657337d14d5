"""A sticker's papers as PDF: /sheets/{number}.pdf. The certificate is only shown, a printed label is written down."""

import asyncio
import functools

from aiohttp import web

from central_hub.console.rendering import PAGE_HEADERS
from central_hub.console.working.visiting import REFUSALS, Front, Visit, refusal
from central_hub.papers.fonts import find_font
from central_hub.papers.press import Press
from central_hub.people.seeing import station_of


class SheetPages:
    """The certificate and the label of a sticker."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._press: Press | None = None
        self._making = asyncio.Lock()

    async def _drawing(self) -> Press:
        # Finding a font takes a second: only when somebody prints, and once.
        async with self._making:
            if self._press is None:
                self._press = await asyncio.to_thread(lambda: Press(find_font()))
            return self._press

    def _theirs(self, visit: Visit) -> bool:
        row = self._front.reading.sticker(visit.request.match_info["number"])
        case = self._front.reading.case_row(row["case_id"]) if row else None
        own = station_of(visit.actor)
        return case is not None and (not own or case["station"] == own)

    async def certificate(self, visit: Visit) -> web.Response:
        """GET: the certificate (电子凭证) as it stands now."""
        if not self._theirs(visit):
            return self._front.not_found(visit)
        number, press = visit.request.match_info["number"], await self._drawing()
        sheet = await self._front.act(functools.partial(self._front.engine.stickers.sheet, number))
        return _pdf(await asyncio.to_thread(press.certificate_pdf, sheet), f"{number}-certificate")

    async def label(self, visit: Visit) -> web.Response:
        """POST: the next copy of the label; that it was printed is written down first."""
        if not self._theirs(visit):
            return self._front.not_found(visit)
        # A press that cannot be had leaves nothing written.
        number, press = visit.request.match_info["number"], await self._drawing()
        work = functools.partial(self._front.engine.stickers.print, visit.actor, number, printer="console")
        try:
            sheet = await self._front.act(work)
        except REFUSALS as error:
            sentence = refusal(error, visit.texts)
            return self._front.page(visit, "error", status=409, sentence=sentence)
        return _pdf(await asyncio.to_thread(press.label_pdf, sheet), f"{number}-{sheet.copy}")


def _pdf(data: bytes, name: str) -> web.Response:
    headers = {**PAGE_HEADERS, "Content-Disposition": f'inline; filename="{name}.pdf"'}
    return web.Response(body=data, content_type="application/pdf", headers=headers)
