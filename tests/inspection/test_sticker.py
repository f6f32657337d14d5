import base64
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.signing import SIGNATURE_BYTES, SigningKey, digest
from inspection.sticker import (
    NUMBER_MAX,
    STICKER_ADDRESS_CHARACTERS_MAX,
    STICKER_SCHEMA,
    STICKER_TEXT_CHARACTERS_MAX,
    Sticker,
    StickerError,
    add_months,
    number_text,
    open_sticker,
    open_sticker_of,
    payload_of_text,
    sign_sticker,
    split_number,
    standing_of,
    sticker_text,
    text_in,
    vin_tag,
)

KEY = SigningKey(b"\x01" * 32)
VIN = "L00PA55L4N0000017"  # invented; its check character holds

STICKER = Sticker(
    schema=STICKER_SCHEMA,
    number="JYTEST00000001",
    plate_kind="52",
    plate="京AD00X00",
    vin_tag=vin_tag(VIN),
    issued_on=date(2026, 5, 28),
    valid_until=date(2028, 5, 28),
)
PAYLOAD = sign_sticker(STICKER, KEY)
TEXT = sticker_text(PAYLOAD)

days = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31))
stickers = st.builds(
    Sticker,
    schema=st.just(STICKER_SCHEMA),
    number=st.text("ABCDEFGHJK0123456789", min_size=1, max_size=24),
    plate_kind=st.sampled_from(["", "01", "02", "52"]),
    plate=st.sampled_from(["", "京A00X00", "京AD00X00"]),
    vin_tag=st.binary(min_size=8, max_size=8),
    issued_on=days,
    valid_until=days,
)


@given(stickers)
def test_a_sticker_comes_back_from_its_text_in_upper_and_lower_case(sticker: Sticker) -> None:
    payload = sign_sticker(sticker, KEY)
    text = sticker_text(payload)
    assert len(text) <= STICKER_TEXT_CHARACTERS_MAX
    assert payload_of_text(text) == payload_of_text(text.lower()) == payload
    assert open_sticker(payload, KEY.public) == sticker


def test_a_payload_is_written_for_ever_in_the_same_bytes() -> None:
    expected = (
        "97",
        "01",
        "ae" + b"JYTEST00000001".hex(),
        "a2" + b"52".hex(),
        "aa" + "京AD00X00".encode().hex(),
        "c408" + digest(VIN.encode())[:8].hex(),
        "aa" + b"2026-05-28".hex(),
        "aa" + b"2028-05-28".hex(),
    )
    assert PAYLOAD[:-SIGNATURE_BYTES].hex() == "".join(expected)
    assert PAYLOAD[-SIGNATURE_BYTES:] == KEY.sign("sticker", PAYLOAD[:-SIGNATURE_BYTES])


def test_a_payload_with_any_one_bit_changed_is_refused() -> None:
    for bit in range(8 * len(PAYLOAD)):
        changed = bytearray(PAYLOAD)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StickerError, match="not a sticker of this hub"):
            open_sticker(bytes(changed), KEY.public)


def test_a_payload_that_was_cut_or_lengthened_is_refused() -> None:
    for payload in (*(PAYLOAD[:length] for length in range(len(PAYLOAD))), PAYLOAD + b"\0", b"\0" + PAYLOAD):
        with pytest.raises(StickerError, match="not a sticker of this hub"):
            open_sticker(payload, KEY.public)


def test_a_sticker_of_another_key_or_a_signature_for_another_purpose_is_refused() -> None:
    other = SigningKey(b"\x02" * 32)
    data = PAYLOAD[:-SIGNATURE_BYTES]
    for payload in (sign_sticker(STICKER, other), data + KEY.sign("receipt", data)):
        with pytest.raises(StickerError, match="not a sticker of this hub"):
            open_sticker(payload, KEY.public)


@pytest.mark.parametrize("data", [b"", b"\xc0", msgspec.msgpack.encode([1, "n"]), msgspec.msgpack.encode(["1"] * 7)])
def test_signed_bytes_that_are_no_sticker_are_refused(data: bytes) -> None:
    with pytest.raises(StickerError, match="the sticker cannot be read"):
        open_sticker(data + KEY.sign("sticker", data), KEY.public)


def test_a_sticker_of_a_future_schema_is_refused_rather_than_misread() -> None:
    future = msgspec.structs.replace(STICKER, schema=STICKER_SCHEMA + 1)
    with pytest.raises(StickerError, match="of schema 2; this program knows up to 1"):
        open_sticker(sign_sticker(future, KEY), KEY.public)


def test_a_sticker_names_the_vin_by_8_bytes_only() -> None:
    assert vin_tag(VIN) == digest(VIN.encode())[:8]
    assert VIN.encode() not in PAYLOAD


@pytest.mark.parametrize("text", ["1", "A", "ABC", "ABC!", "AB CD", "ABCDEFGH1", "零一二三", "A=======A", "\udc80"])
def test_a_text_in_other_characters_or_of_an_impossible_length_is_refused(text: str) -> None:
    with pytest.raises(StickerError, match="the letters A to Z and the digits 2 to 7"):
        payload_of_text(text)


def test_a_text_that_is_too_long_is_refused() -> None:
    assert payload_of_text("A" * STICKER_TEXT_CHARACTERS_MAX)
    with pytest.raises(StickerError, match="at most 400 characters"):
        payload_of_text("A" * (STICKER_TEXT_CHARACTERS_MAX + 1))


@given(st.text(max_size=60))
def test_any_text_gives_a_payload_or_a_sticker_error_and_never_a_sticker(text: str) -> None:
    with pytest.raises(StickerError):
        open_sticker(payload_of_text(text), KEY.public)


@given(st.binary(max_size=200))
def test_a_text_holds_only_characters_of_the_small_qr_alphabet(payload: bytes) -> None:
    text = sticker_text(payload)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    assert base64.b32decode(text + "=" * (-len(text) % 8)) == payload == payload_of_text(text)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 5, 28), 0, date(2026, 5, 28)),
        (date(2026, 5, 28), 24, date(2028, 5, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2096, 2, 29), 48, date(2100, 2, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2026, 1, 31), 11, date(2026, 12, 31)),
        (date(9999, 12, 31), 12, date(9999, 12, 31)),
        (date(9000, 1, 1), 12 * 999, date(9999, 1, 1)),
        (date(9001, 1, 1), 12 * 999, date(9999, 12, 31)),
    ],
)
def test_months_are_added_to_the_same_day_or_the_months_last(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@given(st.dates(max_value=date(9000, 1, 1)), st.integers(0, 999))
def test_adding_months_never_jumps_over_a_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


def test_no_other_text_passes_for_the_same_sticker() -> None:
    payload = bytes(range(101))
    text = sticker_text(payload)
    aliases = [text[:-1] + other for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if other != text[-1]]
    refused = 0
    for alias in aliases:
        try:
            assert payload_of_text(alias) != payload
        except StickerError as error:
            refused += "altered" in str(error)
    # 101 bytes leave two bits of the last character unused: three of four texts would have read the same.
    assert refused == 24


def test_a_sticker_whose_text_would_be_too_long_is_not_signed() -> None:
    with pytest.raises(StickerError, match="at most 400 characters"):
        sign_sticker(msgspec.structs.replace(STICKER, number="9" * 200), KEY)


def test_a_sticker_is_signed_up_to_the_last_character_that_its_text_may_have() -> None:
    longest = max(n for n in range(200) if len(msgspec.msgpack.encode(_numbered(n))) + SIGNATURE_BYTES <= 400 * 5 / 8)
    assert len(sticker_text(sign_sticker(_numbered(longest), KEY))) == STICKER_TEXT_CHARACTERS_MAX
    with pytest.raises(StickerError, match="at most 400 characters"):
        sign_sticker(_numbered(longest + 1), KEY)


def _numbered(digits: int) -> Sticker:
    return msgspec.structs.replace(STICKER, number="9" * digits)


OLD = SigningKey(b"\x02" * 32)


def test_a_sticker_is_genuine_when_one_of_several_keys_signed_it_and_the_key_is_named() -> None:
    assert open_sticker_of(PAYLOAD, [OLD.public, KEY.public]) == (STICKER, KEY.public)
    for publics in ([OLD.public], []):
        with pytest.raises(StickerError, match="not a sticker of these keys"):
            open_sticker_of(PAYLOAD, publics)


@given(st.integers(0, 8 * len(PAYLOAD) - 1))
def test_a_sticker_with_one_bit_altered_is_of_none_of_the_keys(bit: int) -> None:
    altered = bytearray(PAYLOAD)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(StickerError, match="not a sticker of these keys"):
        open_sticker_of(bytes(altered), [OLD.public, KEY.public])


def test_what_a_right_key_signed_and_nobody_can_read_is_refused() -> None:
    with pytest.raises(StickerError, match="the sticker cannot be read"):
        open_sticker_of(b"\xc0" + KEY.sign("sticker", b"\xc0"), [OLD.public, KEY.public])


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2028, 5, 27), "valid"), (date(2028, 5, 28), "valid"), (date(2028, 5, 29), "expired")]
)
def test_a_sticker_is_valid_to_the_end_of_its_last_day_unless_withdrawn(day: date, expected: str) -> None:
    assert standing_of(STICKER, day=day, withdrawn=False) == expected
    assert standing_of(STICKER, day=day, withdrawn=True) == "withdrawn"


@given(st.text("ABYZ019", max_size=12), st.integers(1, NUMBER_MAX))
def test_a_number_is_its_prefix_and_eight_digits(prefix: str, value: int) -> None:
    text = number_text(prefix, value)
    assert text == f"{prefix}{value:08d}"
    assert split_number(text) == (prefix, value)


@pytest.mark.parametrize(
    ("prefix", "value"), [("PL", 0), ("PL", -1), ("PL", NUMBER_MAX + 1), ("pl", 1), ("P-", 1), ("P" * 13, 1)]
)
def test_a_prefix_and_a_value_that_make_no_number_are_refused(prefix: str, value: int) -> None:
    with pytest.raises(StickerError, match="sticker number"):
        number_text(prefix, value)


@pytest.mark.parametrize("text", ["", "PL0000001", "PL0000000a", "PL 00000001", "PL0000000１", "PL00000001\n"])
def test_a_text_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(StickerError, match="is no sticker number"):
        split_number(text)


@pytest.mark.parametrize(
    "shown",
    [
        TEXT,
        f"  {TEXT}\n",
        f"HTTPS://HUB.EXAMPLE/S/{TEXT}",
        f"http://hub.example:8080/s/{TEXT}",
        f"https://hub.example/vehicles/s/{TEXT}/?language=zh#top",
    ],
)
def test_the_text_is_found_alone_or_in_the_address_of_its_page(shown: str) -> None:
    assert text_in(shown) == TEXT


@pytest.mark.parametrize("shown", ["https://hub.example/x/AAAA", "ftp://hub.example/s/AAAA", "AAAA BBBB", ""])
def test_anything_else_is_left_as_it_is_and_is_no_sticker(shown: str) -> None:
    with pytest.raises(StickerError):
        open_sticker(payload_of_text(text_in(shown)), KEY.public)


def test_an_address_that_is_too_long_is_refused() -> None:
    with pytest.raises(StickerError, match="at most 1000 characters"):
        text_in("A" * (STICKER_ADDRESS_CHARACTERS_MAX + 1))
