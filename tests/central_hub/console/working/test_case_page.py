import asyncio

from central_hub.deciding.auditing import NOTE_CHARACTERS_MAX
from central_hub.store.office.audits import Asking
from inspection.evidence import CharacterReading, VideoRef, VinFinding
from inspection.facts import EvidenceViewed, PhotoTaken, VideoReferenced
from tests.central_hub.console.conftest import NOW, Browser, Hub, Inspection, SignIn, another_car, say
from tests.central_hub.simulated_device import VIN

MINUTE_MS = 60_000


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
        "无录像：停电", "未核发检验合格标志", "不通过: </span>车辆识别代号与登记一致", "规则 ",
        "33010000001310000001", "开案：检验", "照片尚未上传到中心",
    ):  # fmt: skip
        assert words in auditor.text, words


async def test_the_same_page_stands_in_english(auditor: Browser, case: str) -> None:
    await auditor.english()
    await auditor.get(f"/cases/{case}")
    assert "The reading is the registered VIN" in auditor.text
    assert "the station may hand out stickers before the audit" in auditor.text
    assert "审核" not in auditor.text


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


async def test_a_fact_that_a_wrong_clock_dated_shows_when_it_happened_and_that_the_clock_is_wrong(
    hub: Hub, person: SignIn, inspection: Inspection, case: str
) -> None:
    auditor = await person("zhao", "province")
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


async def test_opening_a_case_takes_it_and_its_page_says_nothing_of_the_day(auditor: Browser, case: str) -> None:
    await auditor.get(f"/cases/{case}")
    assert auditor.field("token") == "1"
    assert 'data-lease="1"' in auditor.text
    assert "PL00000001" not in auditor.text
    assert "2026-05-29 04:26:40</td>" not in auditor.text
    assert '<td class="moment">04:26:40</td>' in auditor.text


async def test_a_pass_is_written_and_the_page_shows_where_the_case_stands(
    hub: Hub, auditor: Browser, case: str
) -> None:
    assert await auditor.decide(case, decision="pass", note="清晰", reason="other") == 303
    audit = hub.reading.case(case).audit
    assert audit is not None
    assert (audit.decision, audit.auditor, audit.note, audit.reason) == ("pass", "auditor", "清晰", "")
    await auditor.get(f"/cases/{case}")
    assert "审核通过，已归档" in auditor.text
    assert 'name="decision"' not in auditor.text
    assert 'id="next-case"' in auditor.text


async def test_the_sticker_leads_to_its_public_page_once_the_case_is_decided(auditor: Browser, case: str) -> None:
    await auditor.decide(case, decision="pass")
    await auditor.get(f"/cases/{case}")
    assert "PL00000001" in auditor.text
    assert 'class="qr"' in auditor.text
    path = auditor.text.split('<a href="HTTPS://STICKERS.EXAMPLE')[1].split('"')[0]
    assert (await auditor.get(path)).status == 200
    assert "真实标志" in auditor.text


async def test_a_suspicion_that_two_share_orders_the_vehicle_back(
    hub: Hub, auditor: Browser, person: SignIn, case: str
) -> None:
    assert await auditor.decide(case, decision="suspicious", reason="vin.tampered", note="第三位") == 303
    await auditor.get(f"/cases/{case}")
    assert 'class="badge suspected"' in auditor.text
    assert "您已对本案提交过意见" in auditor.text
    second = await person("wu", "auditor")
    await second.get(f"/cases/{case}")
    assert "第三位" not in second.text
    assert 'class="badge suspected"' not in second.text
    assert "「存疑」" not in second.text
    assert await second.decide(case, decision="suspicious", reason="vin.differs") == 303
    await second.get(f"/cases/{case}")
    assert "已通知 北环检测站 召回车辆" in second.text
    assert "车辆识别代号有改动痕迹" in second.text
    assert "第三位" in second.text
    assert hub.reading.case(case).stage == "recall_ordered"


async def test_where_two_differ_somebody_with_that_right_decides(
    hub: Hub, auditor: Browser, person: SignIn, case: str
) -> None:
    await auditor.decide(case, decision="suspicious", reason="modified")
    second, third = await person("wu", "auditor"), await person("zheng", "auditor")
    assert await second.decide(case, decision="pass") == 303
    assert await third.decide(case, decision="pass") == 409
    assert "须由有权人员裁定" in third.text
    await third.post(f"/leases/{third.field('token')}/release")
    lead = await person("li", "lead_auditor")
    assert await lead.decide(case, decision="pass") == 303
    assert hub.reading.case(case).stage == "archived"


async def test_a_refused_decision_says_why_and_keeps_what_was_typed(auditor: Browser, case: str) -> None:
    status = await auditor.decide(case, decision="suspicious", reason="", note="第三位 <b>可疑</b>")
    assert status == 409
    assert "请选择可疑原因" in auditor.text
    assert "第三位 &lt;b&gt;可疑&lt;/b&gt;</textarea>" in auditor.text
    assert await auditor.decide(case, decision="suspicious", reason="other", note=" ") == 409
    assert '<option value="other" selected>' in auditor.text
    assert "原因为“其他”时请填写说明" in auditor.text
    assert await auditor.decide(case, decision="pass", note="字" * (NOTE_CHARACTERS_MAX + 1)) == 409
    assert "说明过长" in auditor.text


async def test_a_second_decision_is_refused(auditor: Browser, case: str) -> None:
    await auditor.get(f"/cases/{case}")
    form = {"token": auditor.field("token"), "seen": auditor.field("seen"), "decision": "pass"}
    await auditor.post(f"/cases/{case}", **form)
    assert (await auditor.post(f"/cases/{case}", **form, note="再次")).status == 409
    assert "本案已有审核决定，或您已提交过意见" in auditor.text
    assert "再次" in auditor.text


async def test_a_decision_without_a_lease_or_with_that_of_another_case_is_refused(
    hub: Hub, auditor: Browser, inspection: Inspection, case: str
) -> None:
    other = await asyncio.to_thread(inspection.whole, another_car())
    await auditor.get(f"/cases/{other}")
    form = {"token": auditor.field("token"), "seen": auditor.field("seen"), "decision": "pass"}
    for token in (form["token"], "", "77", "x"):
        assert (await auditor.post(f"/cases/{case}", **{**form, "token": token})).status == 409
        assert "您没有领取本案" in auditor.text or "领取已失效" in auditor.text
    assert hub.reading.case(case).opinions == ()


async def test_a_case_that_another_holds_is_shown_and_cannot_be_decided(
    hub: Hub, auditor: Browser, person: SignIn, case: str
) -> None:
    await auditor.get(f"/cases/{case}")
    token = auditor.field("token")
    second = await person("wu", "auditor")
    await second.get(f"/cases/{case}")
    assert "本案正由他人审核" in second.text
    assert 'name="decision"' not in second.text
    answer = await second.post(f"/cases/{case}", token=token, seen="99", decision="pass")
    assert answer.status == 409
    assert hub.reading.case(case).opinions == ()


async def test_a_lease_that_ran_out_is_refused_and_the_case_is_taken_anew(
    hub: Hub, auditor: Browser, case: str
) -> None:
    await auditor.get(f"/cases/{case}")
    form = {"token": auditor.field("token"), "seen": auditor.field("seen"), "decision": "pass"}
    hub.now += 6 * MINUTE_MS
    assert (await auditor.post(f"/cases/{case}", **form)).status == 409
    assert "领取已失效" in auditor.text
    assert auditor.field("token") == "2"


async def test_nobody_decides_about_facts_that_came_while_they_looked(
    hub: Hub, auditor: Browser, inspection: Inspection, case: str
) -> None:
    await auditor.get(f"/cases/{case}")
    form = {"token": auditor.field("token"), "seen": auditor.field("seen"), "decision": "pass"}
    inspection.photo("0115")
    await asyncio.to_thread(inspection.send)
    assert (await auditor.post(f"/cases/{case}", **form, note="看过")).status == 409
    assert "案件有了新的记录" in auditor.text
    assert "看过</textarea>" in auditor.text
    assert hub.reading.case(case).audit is None


async def test_a_form_that_decides_nothing_is_asked_again(auditor: Browser, case: str) -> None:
    assert await auditor.decide(case, decision="maybe") == 400
    assert "请选择“通过”或“可疑”" in auditor.text


async def test_nobody_audits_their_own_inspection(hub: Hub, person: SignIn, case: str) -> None:
    inspector = await person("inspector-1", "auditor")
    await inspector.get(f"/cases/{case}")
    assert "不能审核自己的检验" in inspector.text
    assert inspector.field("token") == ""
    count = len(hub.reading.entries(case))
    assert await inspector.decide(case, decision="pass", seen="99") == 409
    assert len(hub.reading.entries(case)) == count


async def test_a_decision_that_another_site_sent_is_refused(hub: Hub, auditor: Browser, case: str) -> None:
    await auditor.get(f"/cases/{case}")
    form = {"token": auditor.field("token"), "seen": auditor.field("seen"), "decision": "pass"}
    answer = await auditor.post(f"/cases/{case}", origin="http://evil.example", **form)
    assert answer.status == 403
    assert hub.reading.case(case).audit is None


async def test_what_an_auditor_reads_otherwise_is_kept_and_nonsense_is_refused(
    hub: Hub, auditor: Browser, case: str
) -> None:
    assert await auditor.decide(case, decision="pass", corrected="没有") == 409
    assert "车辆识别代号只含大写字母和数字" in auditor.text
    read = VIN[:-1] + "9"
    assert await auditor.decide(case, decision="pass", corrected=read.lower()) == 303
    corrections = hub.reading.case(case).audit_corrections
    assert [one.corrected for one in corrections] == [read]


async def test_an_answered_known_case_looks_to_its_auditor_as_any_other(
    hub: Hub, auditor: Browser, person: SignIn, case: str
) -> None:
    lead = await person("li", "lead_auditor")
    await lead.decide(case, decision="pass")

    def hand_out() -> None:
        audits = hub.casework.engine.audits
        chooser = hub.accounts.get("qian")
        assert chooser is not None
        audits.add_probe(chooser.actor, case)
        lease = audits._lend(hub.casework.hand.case(case), _asking(hub), hub.now + 60 * MINUTE_MS, now=NOW, probe=True)
        assert lease.probe

    await person("qian", "lead_auditor")
    await asyncio.to_thread(hub.do, hand_out)
    await auditor.get(f"/cases/{case}")
    assert auditor.field("token")
    assert "审核通过" not in auditor.text
    assert "1:00" in auditor.text
    assert await auditor.decide(case, decision="suspicious", reason="modified") == 303
    await auditor.get(f"/cases/{case}")
    assert "审核通过，已归档" not in auditor.text
    assert '<span class="badge suspected">' in auditor.text


def _asking(hub: Hub) -> Asking:
    account = hub.accounts.get("auditor")
    assert account is not None
    return Asking(person=account.person, station="", may_settle=False)


async def test_an_unknown_case_is_a_page_that_says_so(auditor: Browser) -> None:
    for name in ("pda-1.999", "nonsense", "..%2F.."):
        assert (await auditor.get(f"/cases/{name}")).status == 404
        assert "没有这个案件或页面" in auditor.text
    assert (await auditor.post("/cases/pda-1.999", seen="0", decision="pass")).status == 404
    assert await auditor.step("pda-1.999", "retake") == 404


async def test_a_station_sees_its_own_cases_and_nobodys_opinion(
    hub: Hub, auditor: Browser, person: SignIn, case: str
) -> None:
    await auditor.decide(case, decision="suspicious", reason="modified", note="看排气管")
    digest = hub.reading.case(case).photos[0].photo.digest
    own, other = await person("zhou", "signatory", station="ST01"), await person("feng", "signatory", station="ST02")
    assert (await own.get(f"/cases/{case}")).status == 200
    assert "看排气管" not in own.text
    assert 'class="badge suspected"' not in own.text
    assert (await own.get(f"/console-photos/{digest}")).status == 200
    for path in (f"/cases/{case}", f"/console-photos/{digest}"):
        assert (await other.get(path)).status == 404
    await other.get("/recent")
    assert case not in other.text


async def test_each_look_at_a_photo_is_written_down_once(hub: Hub, auditor: Browser, case: str) -> None:
    digest = hub.reading.case(case).photos[0].photo.digest
    for path in (f"/console-photos/{digest}?case={case}", f"/console-photos/{digest}?case=pda-1.1"):
        assert (await auditor.get(path)).status == 200
    await asyncio.to_thread(hub.do, lambda: None)
    rows = hub.db.rows("SELECT kind FROM entries WHERE kind = ?", EvidenceViewed.__name__)
    assert len(rows) == 1
