"""What the public page of a sticker (检验合格标志) says, and the QR code that leads there. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from urllib.parse import urlsplit

import segno

from central_hub.console.names import name_of
from central_hub.console.texts import Texts
from inspection.case import Stage
from inspection.sticker import Sticker

PUBLIC_PATH = "/s/"
QR_MODULE_PIXELS = 3

Standing = Literal["valid", "expired", "recalled", "withdrawn"]
_CALLED_BACK: frozenset[Stage] = frozenset({"recall_ordered", "not_back", "vehicle_back", "proven", "penalised"})


@dataclass(frozen=True, kw_only=True, slots=True)
class StickerView:
    """A genuine sticker. standing: withdrawn outweighs recalled, and that expired."""

    number: str
    plate_kind: str
    plate: str
    issued_on: str
    valid_until: str
    standing: Standing


def sticker_view(sticker: Sticker, stage: Stage, *, withdrawn: bool = False, today: date, texts: Texts) -> StickerView:
    """Return what the page says. stage: of the sticker's case. today: the day at the hub; the last day still counts.

    withdrawn: whether two people withdrew it (撤销标志).
    """
    return StickerView(
        number=sticker.number,
        plate_kind=name_of("hpzl", sticker.plate_kind, texts) if sticker.plate else "",
        plate=sticker.plate,
        issued_on=sticker.issued_on.isoformat(),
        valid_until=sticker.valid_until.isoformat(),
        standing=_standing(sticker, stage, withdrawn=withdrawn, today=today),
    )


def _standing(sticker: Sticker, stage: Stage, *, withdrawn: bool, today: date) -> Standing:
    if withdrawn:
        return "withdrawn"
    if stage in _CALLED_BACK:
        return "recalled"
    return "valid" if today <= sticker.valid_until else "expired"


def sticker_url(base: str, text: str) -> str:
    """Return the address of a sticker's public page.

    base: the hub's public address. Without a path of its own the address is written in capitals, which a QR code keeps
    in 5.5 bits a character instead of 8; scheme and host are the same in either case, and the page answers to both.
    """
    root = base.rstrip("/")
    if urlsplit(root).path:
        return f"{root}{PUBLIC_PATH}{text}"
    return f"{root}{PUBLIC_PATH}{text}".upper()


def qr_svg(url: str) -> str:
    """Return the QR code of an address as an SVG element, error correction M (15 %)."""
    code = segno.make(url, error="m", micro=False, boost_error=False)
    return str(code.svg_inline(scale=QR_MODULE_PIXELS, omitsize=True, svgclass="qr", lineclass=None))
