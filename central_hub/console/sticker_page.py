"""The public page behind a sticker's QR code: is it genuine, does it still hold, does it belong to this vehicle.

Anybody may look. It shows what stands on the sticker and nothing else of the case; the VIN only comes in, never out.
"""

from dataclasses import dataclass

from aiohttp import web

from central_hub.clock import day_of
from central_hub.console.desk import Desk
from central_hub.console.guarding import read_form, same_origin
from central_hub.console.rendering import Renderer, chosen_texts
from central_hub.console.sticker_view import sticker_view
from central_hub.reading import Reading
from inspection.case import Stage
from inspection.sticker import Sticker, StickerError, open_sticker, payload_of_text, vin_tag
from inspection.vin import normalise_vin

TYPED_CHARACTERS_MAX = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A genuine sticker that this hub issued, and where its case stands."""

    sticker: Sticker
    stage: Stage
    withdrawn: bool


class StickerPage:
    """GET and POST /s/{text}."""

    def __init__(self, reading: Reading, *, desk: Desk, renderer: Renderer) -> None:
        self._reading = reading
        self._desk = desk
        self._renderer = renderer

    async def show(self, request: web.Request) -> web.Response:
        """GET: what the sticker says."""
        return self._answer(request, typed=None)

    async def compare(self, request: web.Request) -> web.Response:
        """POST: compare a VIN that somebody typed. It comes in a form's body, so that no address or log holds it."""
        if not same_origin(request.headers, host=request.host, public_url=self._desk.public_url):
            return self._renderer.error(request, 403, "not_allowed_here")
        typed = read_form(await request.read()).get("vin", "")[:TYPED_CHARACTERS_MAX]
        return self._answer(request, typed=normalise_vin(typed))

    def _answer(self, request: web.Request, *, typed: str | None) -> web.Response:
        texts = chosen_texts(request)
        known = self._known(request.match_info["text"])
        if known is None:
            return self._renderer.page("not_genuine", request, texts, status=404, shown={})
        view = sticker_view(
            known.sticker, known.stage, withdrawn=known.withdrawn, today=day_of(self._desk.now()), texts=texts
        )
        compared = ("same" if vin_tag(typed) == known.sticker.vin_tag else "other") if typed else ""
        return self._renderer.page("sticker", request, texts, shown={"view": view, "compared": compared})

    def _known(self, text: str) -> Known | None:
        """1. It is written like a sticker. 2. The hub signed it. 3. The hub keeps it, byte for byte, under its number.

        The third step is more than the second: a signature alone would also vouch for a sticker of a hub whose ledger
        was lost and begun anew.
        """
        try:
            payload = payload_of_text(text)
            sticker = open_sticker(payload, self._desk.public_key)
        except StickerError:
            return None
        row = self._reading.sticker(sticker.number)
        if row is None or row["payload"] != payload:
            return None
        case = self._reading.case(row["case_id"])
        return Known(sticker=sticker, stage=case.stage, withdrawn=case.sticker_withdrawn is not None)
