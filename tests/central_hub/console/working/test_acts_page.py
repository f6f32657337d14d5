import asyncio

import pytest

from central_hub.console.texts import texts_in
from central_hub.console.working.acts_page import act_lines
from central_hub.people.roles import Actor
from central_hub.people.two_person import Request
from tests.central_hub.console.conftest import NOW, Browser, Hub, SignIn

HOUR_MS = 3_600_000
EN = texts_in("en")
ASKED = Request(
    number=7, act="sticker.withdraw", about="pda-1.1", account="wu", person="wu", reason="vin.tampered", at=NOW
)
WU = Actor("wu", "wu", frozenset({"auditor"}))
LEAD = Actor("li", "li", frozenset({"lead_auditor"}))
OPERATOR = Actor("he", "he", frozenset({"operator"}))


def test_a_request_is_shown_to_who_asked_and_to_who_may_confirm() -> None:
    (own,) = act_lines([ASKED], WU, now=NOW, texts=EN)
    (other,) = act_lines([ASKED], LEAD, now=NOW, texts=EN)
    assert (own.own, own.may_confirm, own.act, own.place) == (True, False, "withdraw a sticker", "/cases/")
    assert (other.own, other.may_confirm) == (False, True)
    assert other.reason == "the VIN shows signs of tampering"
    assert act_lines([ASKED], OPERATOR, now=NOW, texts=EN) == ()


def test_what_expired_or_is_no_act_any_more_is_left_out() -> None:
    old = Request(number=8, act="of.yesterday", about="x", account="wu", person="wu", reason="r", at=NOW)
    assert act_lines([ASKED, old], LEAD, now=NOW + 72 * HOUR_MS, texts=EN) == ()
    assert len(act_lines([ASKED, old], LEAD, now=NOW + 72 * HOUR_MS - 1, texts=EN)) == 1


@pytest.fixture
async def asked(hub: Hub, person: SignIn) -> Browser:
    """A browser of somebody who asked to take a listed station off the list."""
    detachment = await person("han", "detachment")
    await detachment.post("/standing/ST01/list", reason="fraud")
    await detachment.post("/standing/ST01/unlist", reason="整改完毕")
    return detachment


async def test_a_second_person_confirms_and_the_act_is_done(hub: Hub, asked: Browser, person: SignIn) -> None:
    await asked.get("/acts")
    assert "您是申请人" in asked.text
    assert "整改完毕" in asked.text
    assert (await asked.post("/acts/1/confirm")).status == 409
    assert "申请人不能自己确认" in asked.text
    province = await person("jiang", "province")
    await province.get("/acts")
    assert 'href="/standing/ST01"' in province.text
    assert (await province.post("/acts/1/confirm")).headers["Location"] == "/acts"
    standing = await asyncio.to_thread(hub.do, lambda: hub.casework.engine.standing.standing("ST01"))
    assert not standing.listed
    assert (await province.post("/acts/1/confirm")).status == 409
    assert "该申请已经办结" in province.text


async def test_a_request_is_refused_with_a_reason_or_taken_back(hub: Hub, asked: Browser, person: SignIn) -> None:
    province = await person("jiang", "province")
    assert (await province.post("/acts/1/refuse", reason=" ")).status == 409
    assert "请填写理由" in province.text
    assert (await asked.post("/acts/1/refuse", reason="写错了")).status == 303
    await province.get("/acts")
    assert "没有等待确认的事项" in province.text
    assert (await province.post("/acts/x/refuse", reason="r")).status == 409
    assert "没有这项申请" in province.text


async def test_an_auditor_confirms_nothing(asked: Browser, person: SignIn) -> None:
    auditor = await person("wu", "auditor")
    assert (await auditor.post("/acts/1/confirm")).status == 409
    assert "您没有办理此事的权限" in auditor.text
    registrar = await person("chu", "registrar", station="ST01")
    assert (await registrar.get("/acts")).status == 403
