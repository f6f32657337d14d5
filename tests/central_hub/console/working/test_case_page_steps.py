import asyncio

import pytest

from tests.central_hub.console.conftest import Browser, Hub, Inspection, SignIn, another_car


@pytest.mark.parametrize(
    ("step", "role", "refused"),
    [
        ("return", "auditor", "不能: 车辆返回"),
        ("clear", "auditor", "不能: 复核排除"),
        ("prove", "auditor", "不能: 复核属实"),
        ("penalise", "detachment", "不能: 处罚检验机构"),
        ("withdraw", "auditor", "不能: 退办"),
        ("reprint", "lead_auditor", "打印"),
        ("undo", "lead_auditor", "请选择要撤回的步骤"),
    ],
)
async def test_a_step_that_the_life_does_not_allow_is_refused_in_words(
    auditor: Browser, person: SignIn, case: str, step: str, role: str, refused: str
) -> None:
    await auditor.decide(case, decision="pass")
    somebody = await person("wei", role)
    assert await somebody.step(case, step, reason="modified") == 409
    assert refused in somebody.text
    assert 'id="step-refused"' in somebody.text


async def test_a_step_without_the_right_is_not_taken_and_an_unknown_one_is_not_found(
    hub: Hub, auditor: Browser, case: str
) -> None:
    await auditor.decide(case, decision="pass")
    assert await auditor.step(case, "undo", step="audit", reason="wrong") == 403
    assert await auditor.step(case, "of_tomorrow") == 404
    assert hub.reading.case(case).stage == "archived"


async def test_a_refused_step_on_a_case_in_hand_does_not_say_where_it_stands(
    auditor: Browser, person: SignIn, case: str
) -> None:
    await auditor.decide(case, decision="suspicious", reason="modified")
    second = await person("wu", "auditor")
    await second.get(f"/cases/{case}")
    assert await second.step(case, "retake", wanted="photo:0111", reason="photo.dark") == 409
    assert "本案目前不能办理此事" in second.text
    third = await person("zheng", "auditor")
    assert await third.step(case, "retake", wanted="photo:0111", reason="photo.dark") == 409
    assert "本案正由他人审核" in third.text
    assert "本案目前不能办理此事" in third.text
    assert 'class="badge suspected"' not in second.text
    assert "「存疑」" not in second.text


async def test_a_retake_goes_to_the_station_and_the_auditor_is_free_for_another_case(
    hub: Hub, auditor: Browser, case: str
) -> None:
    await auditor.get(f"/cases/{case}")
    token = auditor.field("token")
    status = await auditor.step(case, "retake", wanted="photo:0111", reason="photo.dark", note="看不清", token=token)
    assert status == 303
    await auditor.get(f"/cases/{case}?done=retake")
    assert "已要求检验机构补拍或补检" in auditor.text
    assert "退回补拍" in auditor.text
    assert "看不清" in auditor.text
    assert hub.reading.held_by("auditor") == ""
    assert await auditor.step(case, "retake", wanted="nothing", reason="photo.dark") == 409
    assert "须指明一张照片或一个项目" in auditor.text
    await auditor.get("/")
    assert "其他等待的案件" in auditor.text


async def test_a_recalled_vehicle_comes_back_is_checked_and_the_sticker_goes_by_two_people(
    hub: Hub, auditor: Browser, person: SignIn, case: str
) -> None:
    second, third = await person("wu", "auditor"), await person("zheng", "auditor")
    await auditor.decide(case, decision="suspicious", reason="vin.tampered")
    await second.decide(case, decision="suspicious", reason="vin.tampered")
    await third.get(f"/cases/{case}")
    assert await third.step(case, "return", station=third.field("station"), note="已到场") == 303
    assert await auditor.step(case, "prove", reason="vin.tampered") == 409
    assert "存疑人不得作出复核结论" in auditor.text
    assert await third.step(case, "prove", reason="vin.tampered", note="打磨") == 303
    assert hub.reading.case(case).stage == "proven"
    assert await third.step(case, "withdraw_sticker", reason="vin.tampered") == 303
    assert await third.step(case, "withdraw_sticker", reason="vin.tampered") == 409
    assert "同一事项的申请正在等待确认" in third.text
    lead, detachment = await person("li", "lead_auditor"), await person("han", "detachment")
    assert (await lead.post("/acts/1/confirm")).status == 303
    assert hub.reading.case(case).stage == "sticker_withdrawn"
    await lead.get(f"/cases/{case}")
    assert "撤销标志 PL00000001" in lead.text
    assert await detachment.step(case, "penalise", measure="warned", reason="vin.tampered") == 303
    await detachment.get(f"/cases/{case}?done=penalise")
    assert "已处罚机构" in detachment.text


async def test_a_wrong_audit_is_undone_with_its_reason_and_stays_in_the_time_line(
    hub: Hub, auditor: Browser, person: SignIn, case: str
) -> None:
    await auditor.decide(case, decision="pass")
    lead = await person("li", "lead_auditor")
    assert await lead.step(case, "undo", step="audit", reason=" ") == 409
    assert "撤回须说明理由" in lead.text
    assert await lead.step(case, "undo", step="audit", reason="看错了车") == 303
    assert hub.reading.case(case).stage == "audit_pending"
    detachment = await person("han", "detachment")
    await detachment.get(f"/cases/{case}")
    assert "li 撤回审核决定：看错了车" in detachment.text
    assert "<del>auditor 审核通过</del>" in detachment.text


async def test_a_recheck_is_undone_by_two_people(hub: Hub, auditor: Browser, person: SignIn, case: str) -> None:
    second, third = await person("wu", "auditor"), await person("zheng", "auditor")
    await auditor.decide(case, decision="suspicious", reason="modified")
    await second.decide(case, decision="suspicious", reason="modified")
    await third.step(case, "return", station="ST01")
    assert await third.step(case, "clear", reason="vehicle.right") == 303
    lead, detachment = await person("li", "lead_auditor"), await person("han", "detachment")
    assert await lead.step(case, "undo_recheck", reason="复检有误") == 303
    assert hub.reading.case(case).stage == "cleared"
    assert (await detachment.post("/acts/1/confirm")).status == 303
    assert hub.reading.case(case).stage == "vehicle_back"


async def test_a_call_to_the_owner_and_a_withdrawn_application_are_written_down(
    hub: Hub, auditor: Browser, inspection: Inspection, case: str
) -> None:
    await auditor.decide(case, decision="pass")
    assert await auditor.step(case, "call", result="") == 409
    assert await auditor.step(case, "call", result="supports", note="车主确认") == 303
    assert [call.result for call in hub.reading.case(case).calls] == ["supports"]
    other = inspection.open(another_car())
    await asyncio.to_thread(inspection.send)
    assert await auditor.step(other, "withdraw", reason="applicant") == 303
    await auditor.get(f"/cases/{other}")
    assert "已退办" in auditor.text


async def test_an_examination_is_reviewed_on_its_page(hub: Hub, auditor: Browser, inspection: Inspection) -> None:
    case = inspection.open(another_car(), regime="chayan", business="A", inspection_kind="")
    inspection.inspect()
    inspection.conclude()
    await asyncio.to_thread(inspection.send)
    await asyncio.to_thread(inspection.upload)
    assert hub.reading.case(case).stage == "review_pending"
    await auditor.get(f"/cases/{case}")
    assert auditor.field("token") == ""
    seen = auditor.field("seen")
    assert await auditor.step(case, "review", decision="", seen=seen) == 409
    assert "请选择复核结论" in auditor.text
    assert await auditor.step(case, "review", decision="fail", seen=seen) == 409
    assert "须选择一项规定的原因" in auditor.text
    assert await auditor.step(case, "review", decision="pass", seen="1") == 409
    assert "查看后案件有新的记录" in auditor.text
    assert await auditor.step(case, "review", decision="pass", seen=seen) == 303
    await auditor.get(f"/cases/{case}?done=review")
    assert "复核已写入" in auditor.text
    assert "auditor 复核通过" in auditor.text


async def test_another_print_is_allowed_after_the_first(hub: Hub, person: SignIn, auditor: Browser, case: str) -> None:
    await auditor.decide(case, decision="pass")
    lead = await person("li", "lead_auditor")
    assert (await lead.post("/sheets/PL00000001.pdf")).status == 200
    await lead.get(f"/cases/{case}")
    assert "第 1 份，li" in lead.text
    assert await lead.step(case, "reprint", cause="风窗玻璃更换") == 303
    assert [print_.copy for print_ in hub.reading.case(case).reprints] == [2]
