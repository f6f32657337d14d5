import asyncio
import logging
import sqlite3

import pytest

from central_hub.reading import Health
from inspection.evidence import VinFinding
from tests.central_hub.console.conftest import Browser, Hub, Inspection, SignIn, say
from tests.central_hub.simulated_device import VIN, private_car

HOUR_MS = 3_600_000


async def test_an_operator_sees_devices_and_refusals_but_no_case(
    hub: Hub, operator: Browser, inspection: Inspection, case: str
) -> None:
    bad = b"no message"
    await asyncio.to_thread(hub.do, lambda: hub.casework.take_message(inspection.device.topic, bad))
    assert (await operator.get("/")).headers["Location"] == "/operations"
    await operator.get("/operations")
    for words in ("pda-7", "北环检测站", "内容无法读取", "wire.garbled", '<td class="number warn">1</td>'):
        assert words in operator.text, words
    for path in ("/recent", f"/cases/{case}", "/console-photos/" + "ab" * 32):
        assert (await operator.get(path)).status == 403
        assert "您的角色不能查看此页" in operator.text


async def test_the_operations_show_what_is_missing_of_a_device_and_that_its_clock_is_wrong(
    hub: Hub, operator: Browser, inspection: Inspection, case: str
) -> None:
    wrong_ms = 301_000
    await asyncio.to_thread(say, hub, inspection.device, newest=987, wall=hub.now - wrong_ms)
    hub.now += 2 * HOUR_MS
    await operator.sign_in("operator")
    await operator.get("/operations")
    missing = 987 - len(inspection.device.records)
    for words in (
        "2:00前", '<td class="number">987</td>', f'<td class="number warn">{missing}</td>',
        '<td class="number">11</td>', '<td class="number warn">3</td>',
        '-301.0 s <small class="estimate warn">时钟有误</small>',
    ):  # fmt: skip
        assert words in operator.text, words


async def test_the_operations_show_why_a_device_is_quarantined_and_that_one_is_revoked(
    hub: Hub, operator: Browser, inspection: Inspection
) -> None:
    enrolment = hub.casework.enrolment
    await asyncio.to_thread(hub.do, lambda: enrolment.quarantine("pda-7", "batch.fork", "<b>two chains</b>"))
    await operator.get("/operations")
    assert "已隔离" in operator.text
    assert "batch.fork: &lt;b&gt;two chains&lt;/b&gt;" in operator.text
    assert "已停用" not in operator.text
    await asyncio.to_thread(hub.do, lambda: enrolment.revoke("pda-7", reason="stolen"))
    await operator.get("/operations")
    assert "已停用" in operator.text


async def test_the_operations_show_how_the_hub_itself_is(hub: Hub, operator: Browser) -> None:
    await operator.get("/operations")
    assert "中心有故障" not in operator.text
    hub.health = Health(trouble="the broker is away", waiting=41, dropped=42, errors=43)
    await operator.get("/operations")
    for words in ("中心有故障：the broker is away", ">41</dd>", ' warn">42</dd>', ' warn">43</dd>'):
        assert words in operator.text, words


async def test_an_auditor_may_look_at_the_operations(auditor: Browser, case: str) -> None:
    await auditor.english()
    assert (await auditor.get("/operations")).status == 200
    assert "Open directives" in auditor.text


async def test_what_a_device_wrote_is_never_taken_for_markup(auditor: Browser, inspection: Inspection) -> None:
    bad = "<script>alert(1)</script>"
    inspection.open(private_car(plate=bad[:15], vin=bad, colours="<"), serial=bad, lane=bad)
    inspection.inspect(VinFinding(vin=bad, confidence=0.9, reasons=(bad,), barcode=bad))
    inspection.conclude()
    await asyncio.to_thread(inspection.send)
    for path in ("/", "/recent", f"/cases/{inspection.case}"):
        assert (await auditor.get(path)).status == 200
        assert "alert(" not in auditor.text or "<script>alert" not in auditor.text
        assert auditor.text.count("<script") == 1


async def test_a_store_that_takes_no_more_work_is_answered_with_a_page(
    hub: Hub, auditor: Browser, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    await auditor.get(f"/cases/{case}")
    form = {"token": auditor.field("token"), "seen": auditor.field("seen")}
    hub.writer.failure = sqlite3.OperationalError("disk full")
    answer = await auditor.post(f"/cases/{case}", decision="pass", **form)
    hub.writer.failure = None
    assert answer.status == 503
    assert "系统暂时无法完成操作" in auditor.text
    assert "Traceback" not in auditor.text
    assert "disk full" not in auditor.text


async def test_no_log_line_holds_a_vin_or_a_plate(
    hub: Hub, auditor: Browser, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await auditor.decide(case, decision="pass")
    await auditor.get(f"/cases/{case}")
    assert VIN not in caplog.text
    assert "A12345" not in caplog.text


async def test_the_menu_and_the_pages_follow_rights_not_names_of_roles(person: SignIn, case: str) -> None:
    province = await person("zhao", "province")
    assert (await province.get("/")).headers["Location"] == "/recent"
    assert (await province.get("/standing")).status == 200
    assert 'href="/acts"' in province.text
    assert 'href="/operations"' not in province.text
    assert (await province.get("/operations")).status == 403
    assert (await province.post("/next")).status == 403
    ministry = await person("qian", "ministry")
    assert (await ministry.get("/")).headers["Location"] == "/standing"
    assert (await ministry.get(f"/cases/{case}")).status == 403
    registrar = await person("sun", "administrator")
    assert (await registrar.get("/")).status == 403


async def test_the_pages_about_standing_stand_behind_the_sign_in(person: SignIn, stranger: Browser) -> None:
    for path in ("/standing", "/standing/ST01", "/digests/city/2026-05-29", "/tips", "/acts"):
        assert (await stranger.get(path)).headers["Location"].startswith("/sign-in")
    lead = await person("li", "lead_auditor")
    for path in ("/standing", "/standing/ST01", "/digests/city/2026-05-29", "/tips", "/acts"):
        assert (await lead.get(path)).status == 200, path
