"""Operations of stickers (检验标志): ranges, prints and papers, checking one, the list of withdrawn ones, exempt cars.

A label leaves the hub only as a print that was written down: a second one has to be allowed.
"""

import asyncio
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from central_hub.clock import day_of
from central_hub.deciding.numbering import NUMBERS_LEFT_MIN, NumberRange, prove
from central_hub.doors.openapi import ApiError
from central_hub.doors.openapi.lives import StageView
from central_hub.doors.openapi.office import Office
from central_hub.doors.openapi.operations import BYTES, PDF, Blob, Call, Operation, StationId
from central_hub.papers.sheet import Sheet
from central_hub.store.office.numbers import KeptSticker, number_facts
from inspection.case.life import life
from inspection.evidence import Line
from inspection.facts import ExemptionApplied, Vehicle
from inspection.sticker import (
    StickerError,
    StickerStanding,
    open_sticker,
    payload_of_text,
    standing_of,
    sticker_text,
    text_in,
    vin_tag,
)
from inspection.vin import normalise_vin

TAG = "标志 stickers"
RANGES, PRINT, VIEW = ("sticker.ranges",), ("sticker.print",), ("case.view",)
Number = Annotated[str, Meta(pattern="^[A-Z0-9]{0,12}[0-9]{8}$", max_length=20)]
Cause = Annotated[str, Meta(max_length=200)]


class RangesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose ranges; empty: all."""

    holder: Line = ""


class RangeView(Struct, frozen=True, kw_only=True):
    """A range of numbers (号段), first to last. next: value of the next number; left: how many there still are.

    low: whether somebody should allot more. issued, voided: counted in the proof alone.
    """

    prefix: str
    first: int
    last: int
    holder: str
    next: int
    left: int
    low: bool
    issued: int
    voided: int


class Allotment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers for a holder, a station or an office; both ends included."""

    prefix: Annotated[str, Meta(max_length=12)]
    first: Annotated[int, Meta(ge=1, le=99_999_999)]
    last: Annotated[int, Meta(ge=1, le=99_999_999)]
    holder: StationId


class Allotted(Struct, frozen=True, kw_only=True):
    """A new range. went_on: how many cases that waited for a number went on."""

    range: RangeView
    went_on: int


class Voiding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number, the holder's next one, that will never be issued."""

    number: Number
    holder: Line
    reason: Cause


class RangeProof(Struct, frozen=True, kw_only=True):
    """Whether every range is used without a gap and no number twice, from the ledger. broken: the first break."""

    ranges: tuple[RangeView, ...]
    whole: bool
    broken: str = ""
    code: str = ""


class PrintLine(Struct, frozen=True, kw_only=True):
    """A print that was made; allowed: whether it might be."""

    copy: int
    at: int
    device: str
    person: str
    printer: str
    cause: str
    allowed: bool


class StickerView(Struct, frozen=True, kw_only=True):
    """A sticker as it is kept. text: as in its QR code. issued, withdrawn: Unix milliseconds, 0: it was not."""

    number: str
    case: str
    holder: str
    issued: int
    valid_until: date
    standing: StickerStanding
    withdrawn: int
    text: str
    prints: tuple[PrintLine, ...]
    allowed_copies: tuple[int, ...]


class Printing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be printed. printer: on what. cause: why again."""

    paper: Literal["label", "certificate"] = "label"
    printer: Line = ""
    cause: Cause = ""


class Reprint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why one more copy is needed."""

    cause: Cause


class CopyAllowed(Struct, frozen=True, kw_only=True):
    """Which copy may be printed now."""

    copy: int


class StickerShown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sticker's text, or the address in its QR code; vin: of the vehicle that it stands on, to be compared."""

    text: Annotated[str, Meta(max_length=1_000)]
    vin: Annotated[str, Meta(max_length=60)] = ""


class StickerChecked(Struct, frozen=True, kw_only=True):
    """A genuine sticker. vehicle: whether the VIN is its vehicle's; "unsaid" where none was given."""

    number: str
    plate_kind: str
    plate: str
    issued_on: date
    valid_until: date
    standing: StickerStanding
    vehicle: Literal["same", "other", "unsaid"]


class ExactVehicle(Vehicle, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The vehicle as it is on paper; a field that it does not have is a mistake."""


class ExemptAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An application for the sticker of an exempt car (免检). office: whose numbers serve it."""

    serial: Annotated[Line, Meta(min_length=1)]
    vehicle: ExactVehicle
    office: StationId
    channel: Line = ""


async def list_ranges(office: Office, call: Call) -> tuple[RangeView, ...]:
    """Return the ranges."""
    asked: RangesQuery = call.query
    return tuple(map(_range, office.lookups.numbers.ranges(asked.holder)))


async def allot_range(office: Office, call: Call) -> Allotted:
    """Give a holder numbers; what waited for one goes on."""
    asked: Allotment = call.body
    allot = partial(office.engine.stickers.allot, prefix=asked.prefix, first=asked.first, last=asked.last)
    made = await office.act(partial(allot, call.actor, holder=asked.holder))
    went_on = 0
    for case in office.lookups.numbers.waiting_cases(asked.holder):
        after = await office.act(partial(office.casework.hand.follow_up, case))
        if after.issued is None and after.stage in {"concluded", "applied", "archived", "cleared"}:
            # The new range is used up already: the rest waits for the next one.
            break
        went_on += 1
    return Allotted(range=_range(made), went_on=went_on)


async def void_number(office: Office, call: Call) -> None:
    """Pass over a number."""
    asked: Voiding = call.body
    stickers = office.engine.stickers
    await office.act(partial(stickers.void, call.actor, asked.number, holder=asked.holder, reason=asked.reason))


async def prove_ranges(office: Office, _call: Call) -> RangeProof:
    """Show from the ledger that no number is missing and none was used twice."""
    proof = await office.lookups.slowly(lambda db: prove(number_facts(db)))
    broken = proof.broken
    return RangeProof(
        ranges=tuple(map(_range, proof.ranges)),
        whole=broken is None,
        broken=f"{broken.number}: {broken.text}" if broken else "",
        code=broken.code if broken else "",
    )


async def read_sticker(office: Office, call: Call) -> StickerView:
    """Return a sticker with the log of its prints."""
    kept, numbers = _known(office, call), office.lookups.numbers
    sticker = open_sticker(kept.payload, office.casework.hand.key.public)
    return StickerView(
        number=kept.number,
        case=kept.case,
        holder=kept.holder,
        issued=kept.issued,
        valid_until=kept.valid_until,
        standing=standing_of(sticker, day=day_of(office.now()), withdrawn=kept.withdrawn > 0),
        withdrawn=kept.withdrawn,
        text=sticker_text(kept.payload),
        prints=tuple(_print(row) for row in numbers.prints(kept.number)),
        allowed_copies=tuple(sorted(numbers.allowed_copies(kept.number))),
    )


async def print_sticker(office: Office, call: Call) -> Blob:
    """Write down that the next copy is printed, and return it."""
    asked: Printing = call.body
    number = _known(office, call).number
    press = await office.printery.press()
    draw = press.label_pdf if asked.paper == "label" else press.certificate_pdf
    work = partial(office.engine.stickers.print, call.actor, number, printer=asked.printer, cause=asked.cause)
    return await _drawn(draw, await office.act(work))


async def allow_reprint(office: Office, call: Call) -> CopyAllowed:
    """Allow one more copy."""
    asked: Reprint = call.body
    number = _known(office, call).number
    work = partial(office.engine.stickers.allow_reprint, call.actor, number, cause=asked.cause)
    return CopyAllowed(copy=await office.act(work))


async def read_certificate(office: Office, call: Call) -> dict[str, Any]:
    """Return the electronic certificate as it stands now."""
    number = _known(office, call).number
    sealed = await office.act(partial(office.engine.stickers.certificate, number))
    said: dict[str, Any] = msgspec.json.decode(sealed)
    return said


async def draw_certificate(office: Office, call: Call) -> Blob:
    """Return the electronic certificate as a page; no print is written down."""
    number = _known(office, call).number
    press = await office.printery.press()
    return await _drawn(press.certificate_pdf, await office.act(partial(office.engine.stickers.sheet, number)))


async def check_sticker(office: Office, call: Call) -> StickerChecked:
    """Say whether a sticker is genuine, holds, and belongs to a vehicle.

    It is, when it is written like one, the hub signed it, and keeps it byte for byte under its number.
    """
    asked: StickerShown = call.body
    try:
        payload = payload_of_text(text_in(asked.text))
        sticker = open_sticker(payload, office.casework.hand.key.public)
    except StickerError as error:
        raise ApiError(404, "sticker.not_genuine", str(error), zh="不是本中心签发的标志") from error
    kept = office.lookups.sticker(sticker.number)
    if kept is None or kept.payload != payload:
        raise ApiError(404, "sticker.not_genuine", "the hub did not issue this sticker", zh="不是本中心签发的标志")
    typed = normalise_vin(asked.vin)
    compared: Literal["same", "other"] = "same" if vin_tag(typed) == sticker.vin_tag else "other"
    return StickerChecked(
        number=sticker.number,
        plate_kind=sticker.plate_kind,
        plate=sticker.plate,
        issued_on=sticker.issued_on,
        valid_until=sticker.valid_until,
        standing=standing_of(sticker, day=day_of(office.now()), withdrawn=kept.withdrawn > 0),
        vehicle=compared if typed else "unsaid",
    )


async def list_withdrawals(office: Office, _call: Call) -> Blob:
    """Return the whole list of withdrawn stickers, signed and dated, for checks without a hub."""
    version, dated, sealed = office.lookups.withdrawal_list(office.casework.hand.key, now=office.now())
    return Blob(media=BYTES, data=sealed, etag=f"{version}-{dated}", name="withdrawals.bin")


async def apply_exempt(office: Office, call: Call) -> StageView:
    """Apply for the sticker of an exempt car; the same application again gives the same case."""
    asked: ExemptAsked = call.body
    office.check_station(call.actor, asked.office)
    vehicle = msgspec.convert(msgspec.to_builtins(asked.vehicle), Vehicle)
    application = ExemptionApplied(
        serial=asked.serial, vehicle=vehicle, office=asked.office, by=call.actor.person, channel=asked.channel
    )
    name = await office.act(partial(office.engine.stickers.apply_exempt, call.actor, application))
    case = office.reading.case(name)
    zh, en = life().stages[case.stage]
    return StageView(case=name, stage=case.stage, zh=zh, en=en)


def _known(office: Office, call: Call) -> KeptSticker:
    kept = office.lookups.sticker(call.names["number"])
    if kept is None:
        raise ApiError(404, "sticker.none", f"there is no sticker {call.names['number']}", zh="没有该标志")
    office.case_row(call.actor, kept.case)
    return kept


async def _drawn(draw: Callable[[Sheet], bytes], sheet: Sheet) -> Blob:
    # A page takes some milliseconds; the loop answers others meanwhile.
    return Blob(media=PDF, data=await asyncio.to_thread(draw, sheet), name=f"{sheet.number}.pdf")


def _range(each: NumberRange) -> RangeView:
    return RangeView(
        prefix=each.prefix,
        first=each.first,
        last=each.last,
        holder=each.holder,
        next=each.next,
        left=each.left,
        low=each.left < NUMBERS_LEFT_MIN,
        issued=each.issued,
        voided=each.voided,
    )


def _print(row: dict[str, Any]) -> PrintLine:
    return PrintLine(
        copy=row["copy"],
        at=row["at"],
        device=row["device"],
        person=row["person"],
        printer=row["printer"],
        cause=row["cause"],
        allowed=bool(row["allowed"]),
    )


STICKERS = (
    Operation(method="GET", path="/sticker-ranges", handler=list_ranges, tag=TAG, zh="号段", en="list ranges",
              rights=RANGES, query=RangesQuery, answer=tuple[RangeView, ...]),
    Operation(method="POST", path="/sticker-ranges", handler=allot_range, tag=TAG, zh="分配号段", en="allot a range",
              rights=RANGES, body=Allotment, answer=Allotted),
    Operation(method="POST", path="/sticker-ranges/voided", handler=void_number, tag=TAG, zh="作废编号",
              en="void a number", rights=RANGES, body=Voiding),
    Operation(method="GET", path="/sticker-ranges/proof", handler=prove_ranges, tag=TAG, zh="号段连续性证明",
              en="prove that no number is missing", rights=RANGES, answer=RangeProof),
    Operation(method="GET", path="/stickers/{number}", handler=read_sticker, tag=TAG, zh="查看标志", en="see a sticker",
              rights=VIEW, answer=StickerView),
    Operation(method="POST", path="/stickers/{number}/prints", handler=print_sticker, tag=TAG, zh="打印标志（留痕）",
              en="print a sticker; each print is written down", rights=PRINT, body=Printing, media=(PDF,)),
    Operation(method="POST", path="/stickers/{number}/reprints", handler=allow_reprint, tag=TAG, zh="准许补打",
              en="allow another copy", rights=("sticker.reprint",), body=Reprint, answer=CopyAllowed),
    Operation(method="GET", path="/stickers/{number}/certificate", handler=read_certificate, tag=TAG, zh="电子凭证",
              en="the electronic certificate", rights=VIEW, answer=dict[str, Any], also=(409,)),
    Operation(method="GET", path="/stickers/{number}/certificate.pdf", handler=draw_certificate, tag=TAG,
              zh="电子凭证页面", en="the electronic certificate as a page", rights=VIEW, media=(PDF,), also=(409,)),
    Operation(method="POST", path="/stickers/check", handler=check_sticker, tag=TAG, zh="核验标志",
              en="check a sticker", access="public", body=StickerShown, answer=StickerChecked, also=(404,)),
    Operation(method="GET", path="/withdrawals", handler=list_withdrawals, tag=TAG, zh="撤销名单（签名）",
              en="the signed list of withdrawn stickers", access="public", media=(BYTES,), also=(304,)),
    Operation(method="POST", path="/exempt-stickers", handler=apply_exempt, tag=TAG, zh="办理免检标志",
              en="apply for an exempt car's sticker", rights=("exempt.apply",), body=ExemptAsked, answer=StageView),
)  # fmt: skip
