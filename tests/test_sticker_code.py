"""A sticker as it is handed out: its text in a QR code, drawn, and read as a phone would."""

import os
from datetime import date

import cv2
import numpy as np
import segno
import zxingcpp

from inspection.signing import SigningKey
from inspection.sticker import (
    STICKER_SCHEMA,
    Sticker,
    open_sticker,
    payload_of_text,
    sign_sticker,
    sticker_text,
    vin_tag,
)

QR_VERSION_MAX = 12
PREFIX = "HTTP://HOST.EXAMPLE/S/"
STICKER = Sticker(
    schema=STICKER_SCHEMA,
    number="PL00000001",
    plate_kind="52",
    plate="京AD00X00",
    vin_tag=vin_tag("LZZAA1A26RA000017"),
    issued_on=date(2026, 5, 28),
    valid_until=date(2028, 5, 28),
)


def test_a_sticker_fits_a_small_qr_code_that_reads_back() -> None:
    key = SigningKey(os.urandom(32))
    text = PREFIX + sticker_text(sign_sticker(STICKER, key))
    code = segno.make(text, error="m")
    assert code.mode == "alphanumeric"
    assert int(code.version) <= QR_VERSION_MAX
    modules = np.array([[0 if dark else 255 for dark in row] for row in code.matrix_iter(border=4)], dtype=np.uint8)
    found = zxingcpp.read_barcodes(cv2.resize(modules, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST))
    assert [result.text for result in found] == [text]
    assert open_sticker(payload_of_text(found[0].text.removeprefix(PREFIX)), key.public) == STICKER
