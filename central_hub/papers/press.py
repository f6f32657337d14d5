"""Draws a sticker's papers as PDF: the certificate (检验合格标志电子凭证, A5) and the label (60 x 90 mm).

Knows where what stands. The font is embedded, as far as its letters are used; the QR code is drawn, not a bitmap. The
same sheet gives the same bytes for ever: no date and no chance stands in the file.
"""

import threading
from collections.abc import Iterator, Sequence
from io import BytesIO

import segno
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from central_hub.papers.fonts import Font
from central_hub.papers.sheet import STANDINGS, Sheet
from inspection.signing import digest

LABEL_SIZE = (60 * mm, 90 * mm)
QR_BORDER_MODULES = 4
_INK, _SOFT, _LINE = HexColor(0x16212B), HexColor(0x5B6B78), HexColor(0xC9D3DA)
_GREEN, _PALE, _RED = HexColor(0x0F6B4F), HexColor(0xEAF4F0), HexColor(0xB3261E)
_CENTRE, _RIGHT = 0.5, 1.0


class Press:
    """Draws papers in one font. May be used by several threads; one draws at a time."""

    def __init__(self, font: Font) -> None:
        # ReportLab knows fonts by name for the whole program: the same file is registered once.
        self._font = f"Passlane-{digest(font.data).hex()[:12]}"
        self._drawing = threading.Lock()
        if self._font not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(self._font, BytesIO(font.data), subfontIndex=font.index))

    def certificate_pdf(self, sheet: Sheet) -> bytes:
        """Return the certificate: one page A5."""
        width, height = A5
        with self._drawing:
            page = _Page(self._font, (width, height), f"检验合格标志电子凭证 {sheet.number}")
            _certificate_head(page, width, height)
            _certificate_plate(page, sheet, width, height - 60 * mm)
            rows = list(_rows(sheet))
            _table(page, rows, (12 * mm, height - 76 * mm), width - 24 * mm)
            page.qr(sheet.qr, (width - 62 * mm, 20 * mm), 52 * mm)
            _certificate_foot(page, sheet)
            return page.done()

    def label_pdf(self, sheet: Sheet) -> bytes:
        """Return the label: one page of 60 x 90 mm."""
        width, height = LABEL_SIZE
        with self._drawing:
            page = _Page(self._font, LABEL_SIZE, f"检验合格标志 {sheet.number}")
            page.box((1.5 * mm, 1.5 * mm), (width - 3 * mm, height - 3 * mm), fill=white, stroke=_GREEN, radius=2 * mm)
            page.box((1.5 * mm, height - 12.5 * mm), (width - 3 * mm, 11 * mm), fill=_GREEN, radius=2 * mm)
            middle, within = width / 2, width - 8 * mm
            page.text("检验合格标志", (middle, height - 9.3 * mm), 17, within=within, colour=white, at=_CENTRE)
            page.text(sheet.plate or sheet.number, (middle, height - 21 * mm), 19, within=within, at=_CENTRE)
            until = sheet.valid_until.strftime("%Y-%m-%d")
            page.text(f"有效期至 {until}", (middle, height - 28 * mm), 12, within=within, colour=_GREEN, at=_CENTRE)
            page.qr(sheet.qr, ((width - 43 * mm) / 2, 16.5 * mm), 43 * mm)
            kind = " · ".join(name for name in (sheet.vehicle_class[0], sheet.plate_kind[0]) if name)
            page.text(kind, (middle, 13.4 * mm), 7.5, within=within, colour=_SOFT, at=_CENTRE)
            page.text(f"编号 No. {sheet.number}", (middle, 9.2 * mm), 9, within=within, at=_CENTRE)
            page.text(f"{sheet.office}{_copy_text(sheet)}", (middle, 5 * mm), 7.5, within=within, at=_CENTRE)
            if sheet.standing != "valid":
                page.stamp(STANDINGS[sheet.standing], (middle, height / 2), 26)
            return page.done()


def _certificate_head(page: "_Page", width: float, height: float) -> None:
    page.box((0, height - 36 * mm), (width, 36 * mm), fill=_GREEN)
    page.text("机动车检验合格标志", (12 * mm, height - 17 * mm), 23, within=width - 24 * mm, colour=white)
    title = "电子凭证  Electronic certificate of vehicle inspection"
    page.text(title, (12 * mm, height - 27 * mm), 11, within=width - 24 * mm, colour=white)


def _certificate_plate(page: "_Page", sheet: Sheet, width: float, base: float) -> None:
    page.box((12 * mm, base - 7 * mm), (width - 24 * mm, 22 * mm), fill=_PALE, radius=3 * mm)
    shown = sheet.plate or "新车未上牌 no plate yet"
    page.text(shown, (18 * mm, base), 26, within=62 * mm)
    until = sheet.valid_until
    page.text("有效期至 Valid until", (width - 18 * mm, base + 7.5 * mm), 8, within=45 * mm, colour=_SOFT, at=_RIGHT)
    zh = f"{until.year}年{until.month:02d}月{until.day:02d}日"
    page.text(zh, (width - 18 * mm, base - 1 * mm), 16, within=48 * mm, colour=_GREEN, at=_RIGHT)


def _rows(sheet: Sheet) -> Iterator[tuple[str, str, str]]:
    yield "编号", "Number", sheet.number
    yield "车辆类型", "Vehicle class", "  ".join(name for name in sheet.vehicle_class if name)
    yield "号牌种类", "Plate", "  ".join(name for name in sheet.plate_kind if name)
    yield "签发日期", "Issued on", sheet.issued_on.isoformat()
    yield "签发机关", "Issued by", sheet.office


def _table(page: "_Page", rows: list[tuple[str, str, str]], start: tuple[float, float], width: float) -> None:
    left, top = start
    for zh, en, value in rows:
        page.text(zh, (left, top), 10, within=24 * mm, colour=_INK)
        page.text(en, (left, top - 3.6 * mm), 6.5, within=24 * mm, colour=_SOFT)
        page.text(value or "—", (left + 28 * mm, top - 1.5 * mm), 11, within=width - 28 * mm)
        page.line((left, top - 5.4 * mm), width)
        top -= 10.5 * mm


def _certificate_foot(page: "_Page", sheet: Sheet) -> None:
    left, within = 12 * mm, 70 * mm
    zh, en = STANDINGS[sheet.standing]
    colour = _GREEN if sheet.standing == "valid" else _RED
    page.text(zh, (left, 62 * mm), 24, within=within, colour=colour)
    page.text(en.upper(), (left, 56.5 * mm), 8, within=within, colour=colour)
    page.text(f"截至 as of {sheet.as_of}{_copy_text(sheet)}", (left, 50 * mm), 8, within=within, colour=_SOFT)
    said = (
        "扫描二维码核验真伪与状态。",
        "Scan the code to check that it is genuine and still valid.",
        "二维码内有签名数据，可离线核验。",
        "The code is signed and can be checked without a network.",
    )
    for place, line in enumerate(said):
        page.text(line, (left, (38 - 4.5 * place) * mm), 7.5, within=within, colour=_SOFT)
    if sheet.standing != "valid":
        page.stamp((zh, en), (A5[0] / 2, A5[1] / 2 - 8 * mm), 54)


def _copy_text(sheet: Sheet) -> str:
    return f"  第{sheet.copy}次打印" if sheet.copy > 1 else ""


class _Page:
    """A page that is drawn upon; points (1/72 inch) from its lower left corner."""

    def __init__(self, font: str, size: tuple[float, float], title: str) -> None:
        self._font = font
        self._file = BytesIO()
        self._canvas = Canvas(self._file, pagesize=size, pageCompression=1, invariant=1)
        self._canvas.setTitle(title)
        self._canvas.setCreator("Passlane")

    def text(
        self,
        words: str,
        where: tuple[float, float],
        size: float,
        *,
        within: float,
        colour: Color = _INK,
        at: float = 0.0,
    ) -> None:
        """Write one line, smaller where it would be wider than `within`; at: which part of it stands at the place."""
        wide = pdfmetrics.stringWidth(words, self._font, size)
        size = size * min(1.0, within / wide) if wide else size
        self._canvas.setFillColor(colour)
        self._canvas.setFont(self._font, size)
        self._canvas.drawString(where[0] - min(wide, within) * at, where[1], words)

    def box(
        self,
        where: tuple[float, float],
        size: tuple[float, float],
        *,
        fill: Color,
        stroke: Color | None = None,
        radius: float = 0.0,
    ) -> None:
        """Draw a rectangle; radius: of its corners."""
        self._canvas.setFillColor(fill)
        if stroke is not None:
            self._canvas.setStrokeColor(stroke)
            self._canvas.setLineWidth(0.8)
        self._canvas.roundRect(*where, *size, radius, fill=1, stroke=int(stroke is not None))

    def line(self, where: tuple[float, float], width: float) -> None:
        """Draw a thin line to the right."""
        self._canvas.setStrokeColor(_LINE)
        self._canvas.setLineWidth(0.4)
        self._canvas.line(where[0], where[1], where[0] + width, where[1])

    def qr(self, said: str, where: tuple[float, float], side: float) -> None:
        """Draw a QR code, its quiet zone included, error correction M (15 %)."""
        rows = list(segno.make(said, error="m", micro=False, boost_error=False).matrix_iter(border=QR_BORDER_MODULES))
        module = side / len(rows)
        self.box(where, (side, side), fill=white)
        self._canvas.setFillColor(_INK)
        path = self._canvas.beginPath()
        for line, row in enumerate(rows):
            for start, length in _runs(bytes(row)):
                top = where[1] + side - (line + 1) * module
                path.rect(where[0] + start * module, top, length * module, module)
        self._canvas.drawPath(path, fill=1, stroke=0)

    def stamp(self, words: tuple[str, str], where: tuple[float, float], size: float) -> None:
        """Write over the middle of the page, slanted, that the sticker is not valid."""
        self._canvas.saveState()
        self._canvas.translate(*where)
        self._canvas.rotate(24)
        self._canvas.setFillAlpha(0.75)
        self.text(words[0], (0, 0), size, within=size * 10, colour=_RED, at=_CENTRE)
        self.text(words[1].upper(), (0, -size / 2), size / 3, within=size * 10, colour=_RED, at=_CENTRE)
        self._canvas.restoreState()

    def done(self) -> bytes:
        """End the page; return the file."""
        self._canvas.showPage()
        self._canvas.save()
        return self._file.getvalue()


def _runs(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Find where dark modules stand side by side: first one, how many."""
    start = 0
    while start < len(row):
        end = start
        while end < len(row) and row[end]:
            end += 1
        if end > start:
            yield start, end - start
        start = end + 1
