"""The shapes of directives and receipts. Their sealed bytes are kept for ever in golden/."""

from typing import get_args

import msgspec
import pytest

from inspection.directives import (
    AnyDirective,
    Contact,
    NumberedDirective,
    RecallLifted,
    Receipt,
    Refusal,
    ReprintGranted,
    RetakeWanted,
    StickerDenied,
    StickerGranted,
    UnknownDirective,
    VehicleRecalled,
    WithdrawalsPublished,
)
from inspection.facts import Reason
from inspection.signing import SignatureError, SigningKey
from inspection.wire import (
    WireError,
    open_contact,
    open_directive,
    open_receipt,
    seal_contact,
    seal_directive,
    seal_receipt,
)
from tests.conftest import Golden

HUB_KEY = SigningKey(b"\x01" * 32)
REASONS = (
    Reason(code="insurance", result="failed", zh="交强险在有效期内", en="the insurance is in force", clause="§9"),
    Reason(code="photos_at_hub", result="pending", zh="照片已上传中心", en="the photos are at the centre"),
)

DIRECTIVES: dict[str, AnyDirective] = {
    "StickerGranted": StickerGranted(case="lane-07.2", number="T00000001", payload="ABCDEFGH234567"),
    "StickerDenied": StickerDenied(case="lane-07.2", reasons=REASONS),
    "VehicleRecalled": VehicleRecalled(case="lane-07.2", reason="vin.tampered"),
    "UnknownDirective": UnknownDirective(kind="RetakePhoto", case="lane-07.2"),
    "VehicleRecalled-due": VehicleRecalled(case="lane-07.2", reason="vin.tampered", due=1_780_086_400_000),
    "RecallLifted": RecallLifted(case="lane-07.2", reason="vehicle.right"),
    "RetakeWanted": RetakeWanted(
        case="lane-07.2", reason="photo.blurred", kind="0113", photo="a1" * 32, item="04", note="请重拍"
    ),
    "RetakeWanted-plain": RetakeWanted(case="lane-07.2", reason="item.doubtful", kind="", photo="", item="", note=""),
    "ReprintGranted": ReprintGranted(case="lane-07.2", number="T00000001", copy=2),
    "WithdrawalsPublished": WithdrawalsPublished(version=7, payload=b"\x00\xfflist"),
}
RECEIPTS = {
    "plain": Receipt(device="lane-07", have=2, head=bytes(range(32)), hub_time=1_780_000_000_456),
    "refusal": Receipt(
        device="lane-07",
        have=0,
        head=bytes(32),
        hub_time=1_780_000_000_456,
        refusal=Refusal(code="batch.gap", text="facts 1 to 2 have not arrived"),
    ),
    "photos-missing": Receipt(
        device="lane-07", have=2, head=bytes(range(32)), hub_time=1_780_000_000_456, photos_missing=("ab" * 32,)
    ),
    "busy": Receipt(
        device="lane-07", have=2, head=bytes(range(32)), hub_time=1_780_000_000_456, waiting=700, pause_ms=2_000
    ),
}
DEVICE_KEY = SigningKey(b"\x02" * 32)
CONTACT = Contact(
    device="lane-07",
    newest=7,
    head=bytes(range(32)),
    receipted=2,
    wall=1_780_000_000_123,
    mono=4_567,
    boot="boot-1",
    photos_waiting=3,
    refused=1,
)
FIRST_CONTACT = Contact(device="lane-07", newest=0, head=bytes(32), receipted=0, wall=0, mono=0, boot="boot-1")
CONTACTS = {"plain": FIRST_CONTACT, "whole": CONTACT}


def test_every_kind_of_directive_has_golden_bytes() -> None:
    assert {type(directive) for directive in DIRECTIVES.values()} == set(get_args(AnyDirective))


@pytest.mark.parametrize("name", DIRECTIVES)
def test_a_sealed_directive_is_written_and_read_as_its_golden_bytes_say(name: str, golden: Golden) -> None:
    numbered = NumberedDirective(device="lane-07", number=3, directive=DIRECTIVES[name])
    kept = golden(f"directive-{name}", seal_directive(numbered, HUB_KEY))
    assert open_directive(kept, HUB_KEY.public) == numbered


def sealed(directive: object) -> bytes:
    """Seal a directive of any shape, as a hub of a newer or broken program would."""
    payload = msgspec.msgpack.encode({"device": "lane-07", "number": 3, "directive": directive})
    return msgspec.msgpack.encode([1, payload, HUB_KEY.sign("directive", payload)])


def test_a_directive_of_a_newer_hub_becomes_an_unknown_one_and_keeps_its_case_and_number() -> None:
    numbered = open_directive(sealed({"t": "RetakePhoto", "case": "lane-07.2", "photo": 5}), HUB_KEY.public)
    assert numbered.number == 3
    assert numbered.directive == UnknownDirective(kind="RetakePhoto", case="lane-07.2")


@pytest.mark.parametrize("directive", [{"t": "StickerGranted", "number": 1}, {"case": "lane-07.2"}, 7])
def test_a_known_directive_of_a_wrong_shape_or_none_is_garbled(directive: object) -> None:
    with pytest.raises(WireError) as caught:
        open_directive(sealed(directive), HUB_KEY.public)
    assert caught.value.code == "wire.garbled"


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_sealed_receipt_is_written_and_read_as_its_golden_bytes_say(name: str, golden: Golden) -> None:
    kept = golden(f"receipt-{name}", seal_receipt(RECEIPTS[name], HUB_KEY))
    assert open_receipt(kept, HUB_KEY.public) == RECEIPTS[name]


def test_the_kinds_are_told_apart_by_their_class_names() -> None:
    assert all(kind.__struct_config__.tag == kind.__name__ for kind in get_args(AnyDirective))


@pytest.mark.parametrize("value", [*DIRECTIVES.values(), *RECEIPTS.values()])
def test_a_directive_or_receipt_never_changes(value: AnyDirective | Receipt) -> None:
    with pytest.raises(AttributeError):
        setattr(value, value.__struct_fields__[0], "changed")


@pytest.mark.parametrize("name", CONTACTS)
def test_a_sealed_contact_is_written_and_read_as_its_golden_bytes_say(name: str, golden: Golden) -> None:
    kept = golden(f"contact-{name}", seal_contact(CONTACTS[name], DEVICE_KEY))
    assert open_contact(kept, DEVICE_KEY.public) == CONTACTS[name]


def test_a_contact_that_another_signed_is_not_believed() -> None:
    with pytest.raises(SignatureError, match="the contact signature does not hold"):
        open_contact(seal_contact(CONTACT, HUB_KEY), DEVICE_KEY.public)


def test_a_contact_that_names_its_boot_at_length_is_garbled() -> None:
    odd = msgspec.structs.replace(CONTACT, boot="b" * 201)
    with pytest.raises(WireError, match="length <= 200"):
        open_contact(seal_contact(odd, DEVICE_KEY), DEVICE_KEY.public)


def test_a_contact_whose_head_is_no_hash_is_garbled() -> None:
    odd = msgspec.structs.replace(CONTACT, head=b"short")
    with pytest.raises(WireError, match="needs the 32-byte hash"):
        open_contact(seal_contact(odd, DEVICE_KEY), DEVICE_KEY.public)
