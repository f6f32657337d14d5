import asyncio

from central_hub.console.working.queue_page import COUNTS_FRESH_MS
from tests.central_hub.console.conftest import Browser, Hub, Inspection, SignIn, another_car
from tests.central_hub.simulated_device import SimulatedDevice

HOUR_MS = 3_600_000


async def second_case(hub: Hub) -> str:
    other = Inspection(hub, SimulatedDevice("pda-8"))
    await asyncio.to_thread(hub.enrol, other.device)
    return await asyncio.to_thread(other.whole, another_car(plate="沪A0B1C2"))


async def test_the_queue_stands_in_the_engines_order_with_what_the_machine_says(
    hub: Hub, auditor: Browser, case: str
) -> None:
    hub.now += 23 * HOUR_MS
    await second_case(hub)
    await auditor.sign_in()
    await auditor.get("/")
    assert auditor.text.index("京A12345") < auditor.text.index("沪A0B1C2")
    assert '<span class="clock urgent">1:00' in auditor.text
    assert '<span class="clock calm">24:00' in auditor.text
    assert "北环检测站" in auditor.text
    assert "已发标志待审核 <b>2</b>" in auditor.text
    assert auditor.text.count('class="light ') == 2


async def test_an_overdue_case_is_marked(hub: Hub, auditor: Browser, case: str) -> None:
    hub.now += 25 * HOUR_MS
    await asyncio.to_thread(hub.do, hub.casework.check_clock)
    await auditor.sign_in()
    await auditor.get("/")
    assert "-1:00 <b>已逾期</b>" in auditor.text
    assert "审核超时" in auditor.text


async def test_an_empty_hub_says_that_nothing_waits(auditor: Browser) -> None:
    await auditor.get("/")
    assert "没有等待审核的案件" in auditor.text
    await auditor.get("/recent")
    assert "还没有案件" in auditor.text
    await auditor.get("/operations")
    assert "没有拒收" in auditor.text
    assert (await auditor.post("/next")).status == 200
    assert "目前没有可领取的案件" in auditor.text


async def test_the_button_gives_the_next_case_and_the_same_one_until_it_is_decided(
    hub: Hub, auditor: Browser, person: SignIn, case: str
) -> None:
    # So long after that no risk brings it before the first one.
    hub.now += 12 * HOUR_MS
    other = await second_case(hub)
    await auditor.sign_in()
    for _ in range(2):
        assert (await auditor.post("/next")).headers["Location"] == f"/cases/{case}"
    await auditor.get("/")
    assert "继续手上的案件" in auditor.text
    assert "auditor 审核中" in auditor.text
    second = await person("wu", "auditor")
    assert (await second.post("/next")).headers["Location"] == f"/cases/{other}"
    await auditor.decide(case, decision="pass")
    assert (await auditor.post("/next")).status == 200


async def test_a_sign_of_life_keeps_the_case_and_says_when_it_is_lost(hub: Hub, auditor: Browser, case: str) -> None:
    await auditor.get(f"/cases/{case}")
    token = auditor.field("token")
    for _ in range(3):
        hub.now += 4 * 60_000
        assert (await auditor.post(f"/leases/{token}/heartbeat")).status == 204
    hub.now += 6 * 60_000
    assert (await auditor.post(f"/leases/{token}/heartbeat")).status == 409
    assert (await auditor.post("/leases/x/heartbeat")).status == 409
    assert (await auditor.post(f"/leases/{token}/heartbeat", origin="http://evil.example")).status == 403


async def test_a_case_that_is_given_back_comes_again_unless_somebody_stands_aside(auditor: Browser, case: str) -> None:
    await auditor.get(f"/cases/{case}")
    assert (await auditor.post(f"/leases/{auditor.field('token')}/release")).headers["Location"] == "/"
    assert (await auditor.post("/next")).status == 303
    await auditor.get(f"/cases/{case}")
    token = auditor.field("token")
    assert (await auditor.post(f"/leases/{token}/release", recused="1")).status == 303
    assert (await auditor.post("/next")).status == 200
    await auditor.get(f"/cases/{case}")
    assert "您已申请回避本案" in auditor.text
    assert (await auditor.post(f"/leases/{token}/release")).status == 409
    assert "本案的领取已失效" in auditor.text


async def test_who_may_be_asked_is_not_told_that_somebody_suspects_a_case(
    hub: Hub, auditor: Browser, person: SignIn, case: str
) -> None:
    await auditor.decide(case, decision="suspicious", reason="modified")
    second, lead = await person("wu", "auditor"), await person("li", "lead_auditor")
    for path in ("/", "/recent"):
        await second.get(path)
        assert "已发标志待审核" in second.text
        assert "badge suspected" not in second.text
        await lead.get(path)
        assert "badge suspected" in lead.text
    await lead.get("/")
    assert "第 2 次审核" in lead.text
    await lead.get(f"/cases/{case}")
    await lead.get("/recent")
    assert "badge suspected" not in lead.text


async def test_recent_cases_show_decided_ones_too(auditor: Browser, case: str) -> None:
    assert await auditor.decide(case, decision="pass") == 303
    await auditor.get("/")
    assert f"/cases/{case}" not in auditor.text
    await auditor.get("/recent")
    assert f"/cases/{case}" in auditor.text
    assert "已归档" in auditor.text


async def test_without_a_seed_nobody_decides_and_the_page_says_whom_to_tell(
    hub: Hub, auditor: Browser, case: str
) -> None:
    await auditor.get(f"/cases/{case}")
    form = {"token": auditor.field("token"), "seen": auditor.field("seen"), "decision": "pass"}
    await asyncio.to_thread(hub.do, lambda: hub.db.execute("DELETE FROM audit_seeds"))
    assert (await auditor.post(f"/cases/{case}", **form)).status == 409
    assert "今日抽样种子尚未生成" in auditor.text


async def test_what_a_desk_refuses_stands_above_the_queue(hub: Hub, auditor: Browser, case: str) -> None:
    def known_case() -> None:
        hub.db.execute(
            "INSERT INTO audit_probes (case_id, expected, station, barred, chosen_by, used) VALUES (?, ?, ?, ?, ?, 1)",
            ("pda-9.1", "pass", "ST09", "", "li"),
        )
        hub.db.execute("DELETE FROM audit_seeds")

    await asyncio.to_thread(hub.do, known_case)
    assert (await auditor.post("/next")).status == 409
    assert "今日抽样种子尚未生成" in auditor.text


async def test_cases_are_counted_anew_after_some_seconds(hub: Hub, auditor: Browser, case: str) -> None:
    await auditor.get("/")
    assert "已发标志待审核 <b>1</b>" in auditor.text
    await auditor.decide(case, decision="pass")
    hub.now += COUNTS_FRESH_MS
    await auditor.get("/")
    assert "已归档 <b>1</b>" in auditor.text
