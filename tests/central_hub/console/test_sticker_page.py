import asyncio

import msgspec
import pytest

from inspection.signing import SigningKey
from inspection.sticker import open_sticker, sign_sticker, sticker_text
from tests.central_hub.console.conftest import Browser, Hub, Inspection, SignIn
from tests.central_hub.simulated_device import VIN

DAY_MS = 24 * 3_600_000


@pytest.fixture
async def payload(hub: Hub, inspection: Inspection) -> bytes:
    """The payload of an issued sticker."""
    case = await asyncio.to_thread(inspection.whole)
    issued = hub.reading.case(case).issued
    assert issued is not None
    return issued.payload


async def test_anybody_sees_that_a_sticker_is_genuine_and_no_vin(stranger: Browser, payload: bytes) -> None:
    assert (await stranger.get(f"/s/{sticker_text(payload)}")).status == 200
    assert "真实标志" in stranger.text
    assert "在有效期内" in stranger.text
    assert "京A12345" in stranger.text
    assert VIN not in stranger.text


async def test_the_address_holds_in_capitals_and_small_letters(stranger: Browser, payload: bytes) -> None:
    text = sticker_text(payload)
    assert (await stranger.get(f"/S/{text}")).status == 200
    assert (await stranger.get(f"/s/{text.lower()}")).status == 200


async def test_an_altered_sticker_is_not_genuine(stranger: Browser, payload: bytes) -> None:
    altered = bytes([payload[0], payload[1] ^ 1, *payload[2:]])
    assert (await stranger.get(f"/s/{sticker_text(altered)}")).status == 404
    assert "不是真实标志" in stranger.text
    assert "京A12345" not in stranger.text


async def test_a_sticker_signed_by_anybody_else_is_not_genuine(hub: Hub, stranger: Browser, payload: bytes) -> None:
    sticker = open_sticker(payload, hub.key.public)
    forged = sign_sticker(sticker, SigningKey(b"f" * 32))
    assert (await stranger.get(f"/s/{sticker_text(forged)}")).status == 404


async def test_a_sticker_that_the_hub_signed_but_does_not_keep_is_not_genuine(
    hub: Hub, stranger: Browser, payload: bytes
) -> None:
    sticker = open_sticker(payload, hub.key.public)
    for other in (
        msgspec.structs.replace(sticker, number="PL99999999"),
        msgspec.structs.replace(sticker, plate="京B1"),
    ):
        text = sticker_text(sign_sticker(other, hub.key))
        assert (await stranger.get(f"/s/{text}")).status == 404


@pytest.mark.parametrize("text", ["ABC", "1", "京A12345", "A" * 5000, "..%2F..%2Fetc"])
async def test_what_is_no_sticker_gets_a_plain_page(stranger: Browser, text: str) -> None:
    assert (await stranger.get(f"/s/{text}")).status == 404
    assert "不是真实标志" in stranger.text


async def test_an_expired_sticker_says_so(hub: Hub, stranger: Browser, payload: bytes) -> None:
    hub.now += 800 * DAY_MS
    await stranger.get(f"/s/{sticker_text(payload)}")
    assert "已过有效期" in stranger.text


async def recalled(person: SignIn, case: str) -> None:
    """Have two auditors suspect the case."""
    for name in ("wu", "zheng"):
        auditor = await person(name, "auditor")
        assert await auditor.decide(case, decision="suspicious", reason="vin.differs") == 303


async def test_a_sticker_under_recall_says_so(
    stranger: Browser, person: SignIn, inspection: Inspection, payload: bytes
) -> None:
    await recalled(person, inspection.case)
    await stranger.get(f"/s/{sticker_text(payload)}")
    assert "已通知召回" in stranger.text
    assert "在有效期内" not in stranger.text


async def test_a_sticker_that_was_withdrawn_says_so(
    stranger: Browser, person: SignIn, inspection: Inspection, payload: bytes
) -> None:
    await recalled(person, inspection.case)
    third, lead = await person("wei", "auditor"), await person("li", "lead_auditor")
    await third.step(inspection.case, "return", station="ST01")
    await third.step(inspection.case, "prove", reason="vin.differs")
    await third.step(inspection.case, "withdraw_sticker", reason="vin.differs")
    assert (await lead.post("/acts/1/confirm")).status == 303
    await stranger.get(f"/s/{sticker_text(payload)}")
    assert "标志已撤销" in stranger.text
    assert "真实标志" not in stranger.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [(VIN, "与标志一致"), (f" *{VIN.lower()}* ", "与标志一致"), (VIN[:-1] + "9", "与标志不一致")],
)
async def test_a_typed_vin_is_compared_and_not_shown_again(
    stranger: Browser, payload: bytes, typed: str, said: str
) -> None:
    assert (await stranger.post(f"/s/{sticker_text(payload)}", vin=typed)).status == 200
    assert said in stranger.text
    assert typed.strip() not in stranger.text


async def test_an_empty_field_compares_nothing(stranger: Browser, payload: bytes) -> None:
    await stranger.post(f"/s/{sticker_text(payload)}", vin="  ")
    assert "与标志" in stranger.text
    assert 'role="alert"' not in stranger.text


async def test_another_site_cannot_ask_in_somebodys_name(stranger: Browser, payload: bytes) -> None:
    answer = await stranger.post(f"/s/{sticker_text(payload)}", origin="http://evil.example", vin=VIN)
    assert answer.status == 403
