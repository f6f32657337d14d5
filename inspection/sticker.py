"""The sticker (检验合格标志): a short signed payload that fits a QR code which a phone reads, checked without a hub.

Knows what a sticker says and how its text is written and checked; who may have one is `rules`'.
The text is Base32 without padding, so that a QR code needs 5.5 bits a character (alphanumeric mode).
"""

import base64
import binascii
import calendar
import re
from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec
from msgspec import Struct

from inspection import InspectionError
from inspection.signing import SIGNATURE_BYTES, SignatureError, SigningKey, digest, verify

STICKER_SCHEMA = 1
STICKER_TEXT_CHARACTERS_MAX = 400
STICKER_ADDRESS_CHARACTERS_MAX = 1_000
NUMBER_DIGITS = 8
NUMBER_MAX = 10**NUMBER_DIGITS - 1
_VIN_TAG_BYTES = 8
_PAYLOAD_BYTES_MAX = STICKER_TEXT_CHARACTERS_MAX * 5 // 8
"""A character of Base32 carries five bits."""
_ADDRESS = re.compile(r"https?://[^?#]*/s/([^/?#]*)/?(?:[?#].*)?", re.IGNORECASE)
_NUMBER = re.compile(rf"([A-Z0-9]{{0,12}})([0-9]{{{NUMBER_DIGITS}}})", re.ASCII)

StickerStanding = Literal["valid", "expired", "withdrawn"]
"""有效, 已过期, 已撤销. A withdrawn one is withdrawn whether or not it has also expired."""


class StickerError(InspectionError):
    """A text that is no sticker of this hub."""


class Sticker(Struct, frozen=True, array_like=True):
    """What the sticker says.

    number: unique. plate_kind, plate: hpzl and full plate, empty for a new vehicle. vin_tag: first 8 bytes of the
    SHA-256 of the VIN: enough to compare with a vehicle, not enough to publish its VIN. valid_until: last day.
    """

    schema: int
    number: str
    plate_kind: str
    plate: str
    vin_tag: bytes
    issued_on: date
    valid_until: date


_decoder = msgspec.msgpack.Decoder(Sticker)


def vin_tag(vin: str) -> bytes:
    """Return the 8 bytes by which a sticker names its vehicle's VIN."""
    return digest(vin.encode())[:_VIN_TAG_BYTES]


def sign_sticker(sticker: Sticker, key: SigningKey) -> bytes:
    """Return the payload: the sticker's bytes with the hub's signature (64 bytes) behind them.

    Raises StickerError when its text would have more than STICKER_TEXT_CHARACTERS_MAX characters.
    """
    data = msgspec.msgpack.encode(sticker)
    payload = data + key.sign("sticker", data)
    if len(payload) > _PAYLOAD_BYTES_MAX:
        raise StickerError(f"a sticker has at most {STICKER_TEXT_CHARACTERS_MAX} characters")
    return payload


def open_sticker(payload: bytes, public: bytes) -> Sticker:
    """Read a payload and check the hub's signature; raises StickerError, also for a sticker of a future schema."""
    data, signature = payload[:-SIGNATURE_BYTES], payload[-SIGNATURE_BYTES:]
    try:
        verify(public, "sticker", data, signature)
        sticker = _decoder.decode(data)
    except SignatureError as error:
        raise StickerError("not a sticker of this hub: the signature does not hold") from error
    except msgspec.MsgspecError as error:
        raise StickerError(f"the sticker cannot be read: {error}") from error
    if sticker.schema > STICKER_SCHEMA:
        raise StickerError(f"a sticker of schema {sticker.schema}; this program knows up to {STICKER_SCHEMA}")
    return sticker


def open_sticker_of(payload: bytes, publics: Iterable[bytes]) -> tuple[Sticker, bytes]:
    """Read a payload that one of several keys signed; return the sticker and the key that did.

    A hub that changed its key has two for as long as stickers of the old one are valid. Raises StickerError when none
    of the keys signed it, or when the sticker of the one that did cannot be read.
    """
    for public in publics:
        try:
            verify(public, "sticker", payload[:-SIGNATURE_BYTES], payload[-SIGNATURE_BYTES:])
        except SignatureError:
            continue
        return open_sticker(payload, public), public
    raise StickerError("not a sticker of these keys: no signature holds")


def standing_of(sticker: Sticker, *, day: date, withdrawn: bool) -> StickerStanding:
    """Return how a genuine sticker stands on a day; its last day still counts."""
    if withdrawn:
        return "withdrawn"
    return "valid" if day <= sticker.valid_until else "expired"


def number_text(prefix: str, value: int) -> str:
    """Return a sticker's number (编号): the prefix (0 to 12 of A-Z, 0-9) and eight digits.

    Raises StickerError when the value is not 1 to NUMBER_MAX or the prefix is none.
    """
    text = f"{prefix}{value:0{NUMBER_DIGITS}d}"
    if not 1 <= value <= NUMBER_MAX or split_number(text) != (prefix, value):
        raise StickerError(f"{prefix[:40]!r} and {value} make no sticker number")
    return text


def split_number(text: str) -> tuple[str, int]:
    """Return prefix and value of a sticker's number: the last eight digits are the value.

    Raises StickerError when it is none.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise StickerError(f"{text[:40]!r} is no sticker number: it has up to 12 of A-Z and 0-9, then eight digits")
    return match[1], int(match[2])


def text_in(shown: str) -> str:
    """Return the sticker's text in what a QR code or a person gave: the text itself, or the address of its page.

    Raises StickerError when it is longer than any address. Whether it is a sticker's text, `payload_of_text` says.
    """
    shown = shown.strip()
    if len(shown) > STICKER_ADDRESS_CHARACTERS_MAX:
        raise StickerError(f"the address of a sticker has at most {STICKER_ADDRESS_CHARACTERS_MAX} characters")
    match = _ADDRESS.fullmatch(shown)
    return match[1] if match else shown


def sticker_text(payload: bytes) -> str:
    """Return the payload as text for a QR code: A to Z and 2 to 7."""
    return base64.b32encode(payload).decode().rstrip("=")


def payload_of_text(text: str) -> bytes:
    """Return the payload that a text carries, in either case; raises StickerError when it carries none."""
    if len(text) > STICKER_TEXT_CHARACTERS_MAX:
        raise StickerError(f"a sticker has at most {STICKER_TEXT_CHARACTERS_MAX} characters")
    try:
        payload = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError) as error:
        raise StickerError("a sticker is written in the letters A to Z and the digits 2 to 7") from error
    # The last character may carry bits that no byte needs: without this, other texts would pass for the same sticker.
    if sticker_text(payload) != text.upper():
        raise StickerError("the text of the sticker was altered")
    return payload


def add_months(day: date, months: int) -> date:
    """Return the same day `months` later, or the month's last where there is none such (29 February, the 31st).

    Beyond the calendar's last year it is the last day that there is: a platform may write 9999 for an unknown date.
    """
    month = day.month - 1 + months
    year = day.year + month // 12
    if year > date.max.year:
        return date.max
    month = month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
