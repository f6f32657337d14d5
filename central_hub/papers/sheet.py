"""What stands on a sticker's papers, and in which words. Pure."""

from dataclasses import dataclass
from datetime import date

from inspection.codes import table
from inspection.facts import Vehicle
from inspection.sticker import Sticker, StickerStanding

STANDINGS: dict[StickerStanding, tuple[str, str]] = {
    "valid": ("有效", "valid"),
    "expired": ("已过期", "expired"),
    "withdrawn": ("已撤销", "withdrawn"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A sticker (检验合格标志) as it is printed.

    qr: what its QR code says: the sticker's text, or the address of its page. plate_kind, vehicle_class: names in
    Chinese and English, empty where none is known. office: who issued it. as_of: when `standing` held, as people write
    it. copy: which print this is; 0 for a page that is only shown.
    """

    number: str
    qr: str
    plate: str
    plate_kind: tuple[str, str]
    vehicle_class: tuple[str, str]
    issued_on: date
    valid_until: date
    office: str
    standing: StickerStanding
    as_of: str
    copy: int = 0


def sheet_of(
    sticker: Sticker, vehicle: Vehicle, *, qr: str, office: str, standing: StickerStanding, as_of: str
) -> Sheet:
    """Return what is printed of a sticker; vehicle: as it is on paper in the sticker's case."""
    return Sheet(
        number=sticker.number,
        qr=qr,
        plate=sticker.plate,
        plate_kind=names_of("hpzl", sticker.plate_kind) if sticker.plate else ("", ""),
        vehicle_class=names_of("cllx", vehicle.vehicle_class),
        issued_on=sticker.issued_on,
        valid_until=sticker.valid_until,
        office=office,
        standing=standing,
        as_of=as_of,
    )


def names_of(code_table: str, code: str) -> tuple[str, str]:
    """Return what a code is called in Chinese and in English; the code itself where the table has none."""
    codes = table(code_table)
    if code not in codes:
        return code, ""
    row = codes[code]
    return row.name_zh, row.name_en
