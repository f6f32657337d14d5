import asyncio
import logging
import sqlite3

import pytest

from central_hub.auditing import NOTE_CHARACTERS_MAX
from central_hub.reading import Health
from inspection import topics
from inspection.directives import Contact
from inspection.evidence import CharacterReading, VideoRef, VinFinding
from inspection.facts import PhotoTaken, VideoReferenced
from inspection.wire import seal_contact
from tests.central_hub.console.conftest import Browser, Hub, Inspection
from tests.central_hub.simulated_device import VIN, SimulatedDevice, private_car

HOUR_MS = 3_600_000


@pytest.fixture
async def case(inspection: Inspection) -> str:
    """A case with all its photos, its sticker issued, waiting for an audit."""
    return await asyncio.to_thread(inspection.whole)


def seen(browser: Browser) -> str:
    """Return what the form of the page says about the facts that were shown."""
    return browser.text.split('name="seen" value="')[1].split('"')[0]


async def decide(browser: Browser, case: str, **fields: str) -> int:
    await browser.get(f"/cases/{case}")
    return (await browser.post(f"/cases/{case}", seen=seen(browser), **fields)).status


async def test_the_queue_shows_the_nearest_deadline_first(hub: Hub, auditor: Browser, inspection: Inspection) -> None:
    await asyncio.to_thread(inspection.whole)
    hub.now += 23 * HOUR_MS
    other = Inspection(hub, SimulatedDevice("pda-8"))
    await asyncio.to_thread(hub.enrol, other.device)
    await asyncio.to_thread(other.whole, private_car(plate="沪A0B1C2"))
    await auditor.sign_in()
    await auditor.get("/")
    assert auditor.text.index("京A12345") < auditor.text.index("沪A0B1C2")
    assert '<span class="clock urgent">1:00' in auditor.text
    assert '<span class="clock calm">24:00' in auditor.text
    assert "北环检测站" in auditor.text
    assert "已发标志待审核 <b>2</b>" in auditor.text


async def test_an_overdue_case_is_marked(hub: Hub, auditor: Browser, case: str) -> None:
    hub.now += 25 * HOUR_MS
    await asyncio.to_thread(hub.do, hub.casework.check_clock)
    await auditor.sign_in()
    await auditor.get("/")
    assert "-1:00 <b>已逾期</b>" in auditor.text
    await auditor.get(f"/cases/{case}")
    assert "审核已逾期" in auditor.text


async def test_an_empty_hub_says_that_nothing_waits(auditor: Browser) -> None:
    await auditor.get("/")
    assert "没有等待审核的案件" in auditor.text
    await auditor.get("/recent")
    assert "还没有案件" in auditor.text
    await auditor.get("/operations")
    assert "没有拒收" in auditor.text


async def test_recent_cases_show_decided_ones_too(auditor: Browser, case: str) -> None:
    await decide(auditor, case, decision="pass")
    await auditor.get("/")
    assert f"/cases/{case}" not in auditor.text
    await auditor.get("/recent")
    assert f"/cases/{case}" in auditor.text
    assert "已归档" in auditor.text


async def test_the_page_of_a_case_shows_all_that_an_audit_turns_on(auditor: Browser, inspection: Inspection) -> None:
    inspection.open()
    doubtful = CharacterReading(character="5", probability=0.6, alternatives=(("S", 0.4),))
    finding = VinFinding(
        vin="5" + VIN[1:], confidence=0.6, characters=(doubtful,), accepted=True, box=((1, 2), (3, 2), (3, 4), (1, 4))
    )
    inspection.inspect(finding)
    video = VideoRef(recorder="33010000001310000001", channel="4", start=0, end=1000, missing="停电")
    inspection.device.write(VideoReferenced(video=video), inspection.case)
    inspection.conclude()
    await asyncio.to_thread(inspection.send)
    await auditor.get(f"/cases/{inspection.case}")
    for words in (
        "与登记不一致的位：1", "第 1 位读作 5（60%），也可能是 S 40%", 'data-box="1,2 3,2 3,4 1,4"', "轮胎", "√ 合格",
        "无录像：停电", "未核发检验合格标志", "不通过: </span>车辆识别代号与登记一致", "sticker-first-2022-10-01:",
        "33010000001310000001", "开案：检验", "照片尚未上传到中心",
    ):  # fmt: skip
        assert words in auditor.text, words


async def test_the_same_page_stands_in_english(auditor: Browser, case: str) -> None:
    await auditor.english()
    await auditor.get(f"/cases/{case}")
    assert "The reading is the registered VIN" in auditor.text
    assert "the station may hand out stickers before the audit" in auditor.text
    assert "审核" not in auditor.text


async def test_the_sticker_leads_to_its_public_page(hub: Hub, auditor: Browser, case: str) -> None:
    await auditor.get(f"/cases/{case}")
    assert "PL00000001" in auditor.text
    assert 'class="qr"' in auditor.text
    path = auditor.text.split('<a href="HTTPS://STICKERS.EXAMPLE')[1].split('"')[0]
    assert (await auditor.get(path)).status == 200
    assert "真实标志" in auditor.text


async def test_a_pass_is_written_shown_and_leads_on(hub: Hub, auditor: Browser, case: str) -> None:
    assert await decide(auditor, case, decision="pass", note="清晰", reason="other") == 303
    audit = hub.reading.case(case).audit
    assert audit is not None
    assert (audit.decision, audit.auditor, audit.note, audit.reason) == ("pass", "auditor", "清晰", "")
    await auditor.get(f"/cases/{case}")
    assert "审核通过，已归档" in auditor.text
    assert 'name="decision"' not in auditor.text


async def test_a_suspicion_orders_the_vehicle_back(hub: Hub, auditor: Browser, case: str) -> None:
    assert await decide(auditor, case, decision="suspicious", reason="vin.tampered") == 303
    await auditor.get(f"/cases/{case}")
    assert "已通知 北环检测站 召回车辆" in auditor.text
    assert "车辆识别代号有改动痕迹" in auditor.text
    assert hub.reading.case(case).stage == "recall_ordered"


async def test_a_refused_decision_says_why_and_keeps_what_was_typed(auditor: Browser, case: str) -> None:
    status = await decide(auditor, case, decision="suspicious", reason="", note="第三位 <b>可疑</b>")
    assert status == 409
    assert "请选择可疑原因" in auditor.text
    assert "第三位 &lt;b&gt;可疑&lt;/b&gt;</textarea>" in auditor.text
    assert await decide(auditor, case, decision="suspicious", reason="other", note=" ") == 409
    assert '<option value="other" selected>' in auditor.text
    assert await decide(auditor, case, decision="pass", note="字" * (NOTE_CHARACTERS_MAX + 1)) == 409
    assert "说明过长" in auditor.text


async def test_a_second_decision_is_refused(auditor: Browser, case: str) -> None:
    await auditor.get(f"/cases/{case}")
    said = seen(auditor)
    await auditor.post(f"/cases/{case}", seen=said, decision="pass")
    assert (await auditor.post(f"/cases/{case}", seen=said, decision="pass")).status == 409
    assert "本案目前不需要审核" in auditor.text or "本案已有审核决定" in auditor.text


async def test_nobody_decides_about_facts_that_came_while_they_looked(
    hub: Hub, auditor: Browser, inspection: Inspection, case: str
) -> None:
    await auditor.get(f"/cases/{case}")
    said = seen(auditor)
    inspection.photo("0115")
    await asyncio.to_thread(inspection.send)
    assert (await auditor.post(f"/cases/{case}", seen=said, decision="pass", note="看过")).status == 409
    assert "案件有了新的记录" in auditor.text
    assert "看过</textarea>" in auditor.text
    assert hub.reading.case(case).audit is None


async def test_a_form_that_decides_nothing_is_asked_again(auditor: Browser, case: str) -> None:
    assert await decide(auditor, case, decision="maybe") == 400
    assert "请选择“通过”或“可疑”" in auditor.text


async def test_nobody_audits_their_own_inspection(hub: Hub, stranger: Browser, case: str) -> None:
    await asyncio.to_thread(hub.account, "inspector-1", "auditor")
    await stranger.sign_in("inspector-1")
    await stranger.get(f"/cases/{case}")
    assert "不能审核自己的检验" in stranger.text
    count = len(hub.reading.entries(case))
    device_facts = str(sum(1 for _, entry in hub.reading.entries(case) if entry.device != "hub"))
    assert (await stranger.post(f"/cases/{case}", seen=device_facts, decision="pass")).status == 409
    assert len(hub.reading.entries(case)) == count


async def test_a_decision_that_another_site_sent_is_refused(hub: Hub, auditor: Browser, case: str) -> None:
    await auditor.get(f"/cases/{case}")
    answer = await auditor.post(f"/cases/{case}", origin="http://evil.example", seen=seen(auditor), decision="pass")
    assert answer.status == 403
    assert hub.reading.case(case).audit is None


async def test_photos_are_shown_to_auditors_alone_with_their_kind(hub: Hub, auditor: Browser, case: str) -> None:
    digest = hub.reading.case(case).photos[0].photo.digest
    answer = await auditor.get(f"/console-photos/{digest}")
    assert (answer.status, answer.content_type) == (200, "image/jpeg")
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == (
        "nosniff",
        "private, no-cache",
    )
    again = await auditor.get(f"/console-photos/{digest}", **{"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    await auditor.post("/sign-out")
    assert (await auditor.get(f"/console-photos/{digest}")).status == 303


async def test_a_photo_that_is_not_here_is_not_found(auditor: Browser) -> None:
    for name in ("ab" * 32, "x", "..%2F..%2Fledger.db"):
        assert (await auditor.get(f"/console-photos/{name}")).status == 404


async def test_a_photo_that_two_cases_announced_is_marked_in_both(
    hub: Hub, auditor: Browser, inspection: Inspection, case: str
) -> None:
    first = next(record.entry.fact for record in inspection.device.records if isinstance(record.entry.fact, PhotoTaken))
    other = inspection.open()
    inspection.device.write(first, other)
    await asyncio.to_thread(inspection.send)
    await auditor.get(f"/cases/{case}")
    assert f'同一照片也用于案件 <a href="/cases/{other}">' in auditor.text
    await auditor.get(f"/cases/{other}")
    assert f'同一照片也用于案件 <a href="/cases/{case}">' in auditor.text


async def test_an_unknown_case_is_a_page_that_says_so(auditor: Browser) -> None:
    for name in ("pda-1.999", "nonsense", "..%2F.."):
        assert (await auditor.get(f"/cases/{name}")).status == 404
        assert "没有这个案件或页面" in auditor.text
    assert (await auditor.post("/cases/pda-1.999", seen="0", decision="pass")).status in (404, 409)


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


def say(hub: Hub, device: SimulatedDevice, *, newest: int, wall: int) -> None:
    """Have the device say how it stands, one minute after its last fact."""
    said = Contact(
        device=device.name,
        newest=newest,
        head=bytes(32),
        receipted=0,
        wall=wall,
        mono=device.records[-1].entry.mono + 60_000,
        boot=device.boot,
        photos_waiting=11,
        refused=3,
    )
    message = seal_contact(said, device.key)
    hub.do(lambda: hub.casework.take_message(topics.contact(device.name), message))


async def test_the_operations_show_what_is_missing_of_a_device_and_that_its_clock_is_wrong(
    hub: Hub, operator: Browser, inspection: Inspection, case: str
) -> None:
    wrong_ms = 301_000
    await asyncio.to_thread(say, hub, inspection.device, newest=987, wall=hub.now - wrong_ms)
    hub.now += 2 * HOUR_MS
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


async def test_a_fact_that_a_wrong_clock_dated_shows_when_it_happened_and_that_the_clock_is_wrong(
    hub: Hub, auditor: Browser, inspection: Inspection, case: str
) -> None:
    await auditor.get(f"/cases/{case}")
    assert "实际时间不晚于 2026-05-29 04:26:40" in auditor.text
    await asyncio.to_thread(say, hub, inspection.device, newest=1, wall=hub.now)
    await auditor.get(f"/cases/{case}")
    assert '1970-01-01 08:00:01 <span class="warn">时钟有误</span>' in auditor.text
    assert "实际时间 2026-05-29 04:25:40" in auditor.text
    await auditor.english()
    await auditor.get(f"/cases/{case}")
    assert "happened at 2026-05-29 04:25:40" in auditor.text


async def test_a_right_clock_is_shown_alone(hub: Hub, auditor: Browser, inspection: Inspection) -> None:
    inspection.device.wall = hub.now - 60_000
    case = await asyncio.to_thread(inspection.whole)
    await auditor.get(f"/cases/{case}")
    assert "时钟有误" not in auditor.text


async def test_an_auditor_may_look_at_the_operations(auditor: Browser, case: str) -> None:
    await auditor.english()
    assert (await auditor.get("/operations")).status == 200
    assert "Open directives" in auditor.text


async def test_a_store_that_takes_no_more_work_is_answered_with_a_page(
    hub: Hub, auditor: Browser, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    await auditor.get(f"/cases/{case}")
    hub.writer.failure = sqlite3.OperationalError("disk full")
    answer = await auditor.post(f"/cases/{case}", seen=seen(auditor), decision="pass")
    hub.writer.failure = None
    assert answer.status == 503
    assert "系统暂时无法完成操作" in auditor.text
    assert "Traceback" not in auditor.text
    assert "disk full" not in auditor.text


async def test_no_log_line_holds_a_vin_or_a_plate(
    hub: Hub, auditor: Browser, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await decide(auditor, case, decision="pass")
    await auditor.get(f"/cases/{case}")
    assert VIN not in caplog.text
    assert "A12345" not in caplog.text
