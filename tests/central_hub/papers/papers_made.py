"""A made-up sticker and what is printed of it."""

from datetime import date

from central_hub.papers.sheet import Sheet, sheet_of
from inspection.facts import Vehicle
from inspection.signing import SigningKey
from inspection.sticker import STICKER_SCHEMA, Sticker, sign_sticker, sticker_text, vin_tag

KEY = SigningKey(b"\x01" * 32)
VEHICLE = Vehicle(vin="L00PA55L4N0000017", plate_kind="52", plate="京AD00X00", vehicle_class="K33")
STICKER = Sticker(
    schema=STICKER_SCHEMA,
    number="YA00000001",
    plate_kind=VEHICLE.plate_kind,
    plate=VEHICLE.plate,
    vin_tag=vin_tag(VEHICLE.vin),
    issued_on=date(2026, 5, 28),
    valid_until=date(2028, 5, 28),
)
PAYLOAD = sign_sticker(STICKER, KEY)
TEXT = sticker_text(PAYLOAD)
ADDRESS = f"HTTPS://HUB.EXAMPLE/S/{TEXT}"
SHEET: Sheet = sheet_of(
    STICKER, VEHICLE, qr=ADDRESS, office="某市车辆管理所", standing="valid", as_of="2026-05-28 10:00:00"
)
