import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.papers import PaperError
from central_hub.papers.certificate import (
    CERTIFICATE_BYTES_MAX,
    Certificate,
    certificate_of,
    open_certificate,
    seal_certificate,
)
from inspection.signing import SigningKey
from tests.central_hub.papers.papers_made import KEY, PAYLOAD, STICKER, TEXT

OTHER = SigningKey(b"\x02" * 32)
MADE = certificate_of(
    STICKER, PAYLOAD, vehicle_class="K33", office="某市车辆管理所", status="valid", as_of=1_780_000_000_000
)
DATA = seal_certificate(MADE, KEY)


def resealed(**changes: object) -> bytes:
    return seal_certificate(msgspec.structs.replace(MADE, **changes), KEY)


def test_a_certificate_says_what_the_sticker_says_and_carries_it() -> None:
    assert open_certificate(DATA, OTHER.public, KEY.public) == MADE
    assert (MADE.number, MADE.plate, MADE.sticker) == (STICKER.number, STICKER.plate, TEXT)
    assert '"status": "valid"' in DATA.decode()
    assert "京AD00X00" in DATA.decode()


def test_a_certificate_that_somebody_formatted_otherwise_still_holds() -> None:
    turned = dict(reversed(list(msgspec.json.decode(DATA).items())))
    turned["certificate"] = dict(reversed(list(turned["certificate"].items())))
    assert open_certificate(msgspec.json.encode({**turned, "note": "stored"}), KEY.public) == MADE


def test_a_certificate_of_another_key_does_not_hold_though_it_names_that_key() -> None:
    for publics in ((), (OTHER.public,)):
        with pytest.raises(PaperError, match="not a certificate of these keys"):
            open_certificate(DATA, *publics)


@pytest.mark.parametrize(
    ("field", "value"), [("status", "expired"), ("as_of", 1), ("plate", "沪A00X00"), ("extra", "x"), ("office", "别处")]
)
def test_a_certificate_in_which_anything_was_changed_is_refused(field: str, value: object) -> None:
    said = msgspec.json.decode(DATA)
    said["certificate"][field] = value
    with pytest.raises(PaperError, match="no signature holds"):
        open_certificate(msgspec.json.encode(said), KEY.public)


@given(st.integers(0, 8 * len(PAYLOAD) - 1))
def test_a_certificate_with_a_sticker_that_has_one_bit_altered_is_refused(bit: int) -> None:
    altered = bytearray(PAYLOAD)
    altered[bit // 8] ^= 1 << bit % 8
    made = certificate_of(STICKER, bytes(altered), vehicle_class="", office="", status="valid", as_of=0)
    with pytest.raises(PaperError, match="the sticker in the certificate does not hold"):
        open_certificate(seal_certificate(made, KEY), KEY.public)


def test_a_certificate_that_says_something_else_than_its_sticker_is_refused() -> None:
    with pytest.raises(PaperError, match="something else than the sticker"):
        open_certificate(resealed(number="YA00000002"), KEY.public)


def test_a_certificate_of_a_future_schema_or_another_shape_is_refused() -> None:
    with pytest.raises(PaperError, match="of schema 2; this program knows up to 1"):
        open_certificate(resealed(schema=2), KEY.public)
    with pytest.raises(PaperError, match="cannot be read"):
        open_certificate(resealed(status="unknown"), KEY.public)
    listed: list[object] = []
    signature = KEY.sign("certificate", b"[]").hex()
    with pytest.raises(PaperError, match="cannot be read"):
        open_certificate(msgspec.json.encode({"certificate": listed, "signature": signature}), KEY.public)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b'{"signature":1,"certificate":{}}', b'{"signature":"x","certificate":{}}']
)
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(PaperError, match="this is no certificate"):
        open_certificate(data, KEY.public)


def test_a_certificate_that_is_too_large_is_refused() -> None:
    with pytest.raises(PaperError, match="at most 16384 bytes"):
        open_certificate(bytes(CERTIFICATE_BYTES_MAX + 1), KEY.public)


def test_a_certificate_has_these_fields_for_ever() -> None:
    assert set(msgspec.json.decode(DATA)["certificate"]) == set(Certificate.__struct_fields__)
    assert len(Certificate.__struct_fields__) == 11
