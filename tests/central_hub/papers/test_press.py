import base64
import re
import threading
import zlib
from dataclasses import replace

import cv2
import numpy as np
import pytest
import zxingcpp

from central_hub.papers.fonts import find_font
from central_hub.papers.press import Press
from central_hub.papers.sheet import Sheet
from inspection.sticker import open_sticker, payload_of_text, text_in
from tests.central_hub.papers.papers_made import ADDRESS, KEY, SHEET, STICKER

POINTS_A_MM = 72 / 25.4
PIXELS_A_POINT = 10
RECTANGLE = re.compile(rb"(-?[\d.]+) (-?[\d.]+) (-?[\d.]+) (-?[\d.]+) re\b")


@pytest.fixture(scope="module")
def press() -> Press:
    return Press(find_font(folders=()))


def size_mm(pdf: bytes) -> tuple[int, int]:
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert box is not None
    return round(float(box[1]) / POINTS_A_MM), round(float(box[2]) / POINTS_A_MM)


def streams(pdf: bytes, kind: bytes) -> list[bytes]:
    found = re.findall(rb"/Filter \[ " + kind + rb" \][^>]*>>\s*stream\r?\n(.*?)\r?\n?endstream", pdf, re.DOTALL)
    return [bytes(data) for data in found]


def drawn(pdf: bytes) -> bytes:
    (packed,) = streams(pdf, b"/ASCII85Decode /FlateDecode")
    return zlib.decompress(base64.a85decode(packed.removesuffix(b"~>")))


def scanned(pdf: bytes) -> list[str]:
    """Paint the rectangles of a page, of which only the QR code has any, and read it as a phone would."""
    wide, high = (round(side * POINTS_A_MM * PIXELS_A_POINT) for side in size_mm(pdf))
    picture = np.full((high, wide), 255, dtype=np.uint8)
    for found in RECTANGLE.findall(drawn(pdf)):
        left, low, width, height = (float(figure) * PIXELS_A_POINT for figure in found)
        picture[round(high - low - height) : round(high - low), round(left) : round(left + width)] = 0
    return [code.text for code in zxingcpp.read_barcodes(cv2.GaussianBlur(picture, (0, 0), 2))]


def test_the_certificate_is_one_page_a5_and_the_label_60_by_90_mm(press: Press) -> None:
    certificate, label = press.certificate_pdf(SHEET), press.label_pdf(SHEET)
    assert (size_mm(certificate), size_mm(label)) == ((148, 210), (60, 90))
    for pdf in (certificate, label):
        assert pdf.startswith(b"%PDF-")
        assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1


def test_the_font_is_embedded_as_far_as_it_is_used(press: Press) -> None:
    for pdf in (press.certificate_pdf(SHEET), press.label_pdf(SHEET)):
        assert re.search(rb"/FontFile2 \d+ 0 R", pdf)
        assert re.search(rb"/FontName /[A-Z]{6}\+WenQuanYiMicroHei", pdf)
        (font,) = (data for data in map(zlib.decompress, streams(pdf, b"/FlateDecode")) if data[:4] == b"\0\1\0\0")
        assert 10_000 < len(font) < 200_000
        # Of the fonts that every reader has and that have no Chinese letters, none is written with.
        assert b"/F1 " not in drawn(pdf).replace(b"/F1 12 Tf 14.4 TL", b"")


def test_the_code_is_drawn_and_not_a_bitmap_and_scans_as_the_genuine_sticker(press: Press) -> None:
    for pdf in (press.certificate_pdf(SHEET), press.label_pdf(SHEET)):
        assert b"/Image" not in pdf.replace(b"/ImageB /ImageC /ImageI", b"")
        assert scanned(pdf) == [ADDRESS]
        assert open_sticker(payload_of_text(text_in(scanned(pdf)[0])), KEY.public) == STICKER


def test_the_same_sheet_gives_the_same_bytes(press: Press) -> None:
    again = Press(find_font(folders=()))
    assert press.certificate_pdf(SHEET) == again.certificate_pdf(SHEET)
    assert press.label_pdf(SHEET) == again.label_pdf(SHEET)
    assert press.label_pdf(SHEET) != press.label_pdf(replace(SHEET, number="YA00000002"))


@pytest.mark.parametrize(
    "sheet",
    [
        replace(SHEET, standing="withdrawn", copy=3),
        replace(SHEET, standing="expired"),
        replace(SHEET, plate="", plate_kind=("", ""), vehicle_class=("", ""), office=""),
        replace(SHEET, office="很长的名字" * 40, plate="京" * 15, vehicle_class=("类" * 200, "class " * 30)),
        replace(SHEET, office="😀\x00\ufffd"),
        replace(SHEET, qr="A" * 1_000),
    ],
)
def test_every_sheet_can_be_drawn(press: Press, sheet: Sheet) -> None:
    for pdf in (press.certificate_pdf(sheet), press.label_pdf(sheet)):
        assert pdf.rstrip().endswith(b"%%EOF")


def test_what_is_not_valid_says_so_across_the_page(press: Press) -> None:
    for standing in ("withdrawn", "expired"):
        sheet = replace(SHEET, standing=standing)
        for pdf in (press.certificate_pdf(sheet), press.label_pdf(sheet)):
            assert b".913545 .406737" in drawn(pdf)
    assert b".913545 .406737" not in drawn(press.label_pdf(SHEET))


def test_several_threads_may_draw(press: Press) -> None:
    expected = {copy: press.label_pdf(replace(SHEET, copy=copy)) for copy in range(8)}
    found: dict[int, bytes] = {}
    threads = [
        threading.Thread(target=lambda copy=copy: found.update({copy: press.label_pdf(replace(SHEET, copy=copy))}))
        for copy in expected
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected
