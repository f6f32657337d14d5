"""The electronic certificate (电子凭证): JSON that says what a sticker is and how it stands, signed, with its payload.

Knows how one is written and read. What is signed is the inner object alone, with its keys sorted and no spaces, in
UTF-8: whoever stores or shows the JSON in another way breaks nothing.
"""

from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from central_hub.papers import PaperError
from inspection.signing import SignatureError, SigningKey, verify
from inspection.sticker import (
    Sticker,
    StickerError,
    StickerStanding,
    open_sticker_of,
    payload_of_text,
    sticker_text,
)

CERTIFICATE_SCHEMA = 1
CERTIFICATE_BYTES_MAX = 16 * 1024
_PURPOSE = "certificate"


class Certificate(Struct, frozen=True, kw_only=True):
    """What the certificate says. status: how the sticker stood at as_of (hub time, Unix milliseconds).

    office: who issued it. sticker: its text, as in the QR code on paper, which is signed by itself.
    """

    schema: Annotated[int, Meta(ge=1)]
    number: str
    plate_kind: str
    plate: str
    vehicle_class: str
    issued_on: date
    valid_until: date
    office: str
    status: StickerStanding
    as_of: int
    sticker: str


def certificate_of(
    sticker: Sticker, payload: bytes, *, vehicle_class: str, office: str, status: StickerStanding, as_of: int
) -> Certificate:
    """Return the certificate of a sticker; payload: the sticker, signed."""
    return Certificate(
        schema=CERTIFICATE_SCHEMA,
        number=sticker.number,
        plate_kind=sticker.plate_kind,
        plate=sticker.plate,
        vehicle_class=vehicle_class,
        issued_on=sticker.issued_on,
        valid_until=sticker.valid_until,
        office=office,
        status=status,
        as_of=as_of,
        sticker=sticker_text(payload),
    )


def seal_certificate(certificate: Certificate, key: SigningKey) -> bytes:
    """Return the certificate as JSON (UTF-8), with the hub's signature and public key in hexadecimal."""
    signature = key.sign(_PURPOSE, _signed_bytes(certificate))
    said = {"certificate": certificate, "signature": signature.hex(), "key": key.public.hex()}
    return msgspec.json.format(msgspec.json.encode(said), indent=1) + b"\n"


def open_certificate(data: bytes, *publics: bytes) -> Certificate:
    """Read a certificate that one of these keys signed.

    1. its size, 2. its JSON, 3. the signature, 4. the schema, 5. the sticker inside, which must be of these keys too
    and say the same. The key that it names itself proves nothing. Raises PaperError.
    """
    if len(data) > CERTIFICATE_BYTES_MAX:
        raise PaperError(f"a certificate has at most {CERTIFICATE_BYTES_MAX} bytes, this one {len(data)}")
    try:
        outer = msgspec.json.decode(data, type=dict[str, Any])
        signature, inner = bytes.fromhex(outer["signature"]), outer["certificate"]
    # RecursionError: JSON nested deeper than anybody writes it.
    except (msgspec.MsgspecError, RecursionError, KeyError, TypeError, ValueError) as error:
        raise PaperError(f"this is no certificate: {error}") from error
    if not any(_holds(public, inner, signature) for public in publics):
        raise PaperError("not a certificate of these keys: no signature holds")
    certificate = _known(inner)
    try:
        sticker, _ = open_sticker_of(payload_of_text(certificate.sticker), publics)
    except StickerError as error:
        raise PaperError(f"the sticker in the certificate does not hold: {error}") from error
    if (sticker.number, sticker.plate, sticker.valid_until) != _said(certificate):
        raise PaperError("the certificate says something else than the sticker in it")
    return certificate


def _known(inner: object) -> Certificate:
    schema = inner.get("schema") if isinstance(inner, dict) else None
    if isinstance(schema, int) and schema > CERTIFICATE_SCHEMA:
        raise PaperError(f"a certificate of schema {schema}; this program knows up to {CERTIFICATE_SCHEMA}")
    try:
        return msgspec.convert(inner, Certificate)
    except msgspec.ValidationError as error:
        raise PaperError(f"the certificate cannot be read: {error}") from error


def _said(certificate: Certificate) -> tuple[str, str, date]:
    return certificate.number, certificate.plate, certificate.valid_until


def _signed_bytes(inner: object) -> bytes:
    return msgspec.json.encode(msgspec.to_builtins(inner), order="sorted")


def _holds(public: bytes, inner: object, signature: bytes) -> bool:
    try:
        verify(public, _PURPOSE, _signed_bytes(inner), signature)
    except SignatureError:
        return False
    return True
