import asyncio

from tests.central_hub.console.conftest import Hub, SignIn


async def test_a_station_is_listed_appeals_and_the_appeal_is_decided_by_another(hub: Hub, person: SignIn) -> None:
    detachment, station = await person("han", "detachment"), await person("zhou", "signatory", station="ST01")
    province = await person("jiang", "province")
    await detachment.get("/standing/ST01")
    assert 'href="/standing/ST01/decide"' in detachment.text
    assert (await detachment.post("/standing/ST01/list", reason="fraud", ends="tomorrow")).status == 409
    assert "日期格式为" in detachment.text
    assert (await detachment.post("/standing/ST01/list", reason="", ends="")).status == 409
    assert "列入失信名单须选择规定的原因" in detachment.text
    answer = await detachment.post("/standing/ST01/list", reason="fraud", ends="2027-05-28", note="套牌")
    assert answer.headers["Location"] == "/standing/ST01/decide?done=list"
    await detachment.get("/standing/ST01/decide?done=list")
    assert "已列入失信名单。" in detachment.text
    assert (await station.post("/standing/ST01/appeal", reason="并非我站车辆")).status == 303
    await province.get("/standing/ST01/decide")
    assert "并非我站车辆" in province.text
    assert (await detachment.post("/standing/ST01/decide_appeal", granted="no", reason="属实")).status == 409
    assert "不得处理本人所作决定的申诉" in detachment.text
    assert (await province.post("/standing/ST01/decide_appeal", granted="", reason="x")).status == 409
    assert "请选择是否支持申诉" in province.text
    assert (await province.post("/standing/ST01/decide_appeal", granted="yes", reason="另查")).status == 303
    standing = await asyncio.to_thread(hub.do, lambda: hub.casework.engine.standing.standing("ST01"))
    assert standing.listed
    assert standing.appeal is None


async def test_a_suspension_is_lifted_by_two_people(hub: Hub, person: SignIn) -> None:
    detachment, province = await person("han", "detachment"), await person("jiang", "province")
    assert (await detachment.post("/standing/ST01/restore", reason="好")).status == 303
    assert (await province.post("/acts/1/confirm")).status == 409
    assert "该机构未被暂停" in province.text
    assert (await detachment.post("/standing/ST01/suspend", reason="核查")).status == 303
    assert (await detachment.post("/standing/ST01/suspend", reason="核查")).status == 409
    assert "该机构已被暂停" in detachment.text
    assert (await province.post("/acts/1/confirm")).status == 303
    standing = await asyncio.to_thread(hub.do, lambda: hub.casework.engine.standing.standing("ST01"))
    assert not standing.suspended


async def test_a_station_is_admitted_no_longer_and_again(hub: Hub, person: SignIn) -> None:
    detachment = await person("han", "detachment")
    for step, admitted in (("dismiss", False), ("admit", True)):
        assert (await detachment.post(f"/standing/ST01/{step}", reason="年度评价")).status == 303
        standing = await asyncio.to_thread(hub.do, lambda: hub.casework.engine.standing.standing("ST01"))
        assert standing.admitted is admitted


async def test_nobody_decides_without_the_right_nor_about_what_is_not_theirs(person: SignIn) -> None:
    station = await person("zhou", "signatory", station="ST01")
    assert (await station.post("/standing/ST01/suspend", reason="x")).status == 403
    assert (await station.post("/standing/ST01/list_of_tomorrow", reason="x")).status == 404
    assert (await station.get("/standing/ST02/decide")).status == 404
    assert (await station.post("/standing/ST02/appeal", reason="x")).status == 404
    await station.get("/standing/ST01/decide")
    assert "目前没有可办理的事项" in station.text
    detachment = await person("han", "detachment")
    assert (await detachment.get("/standing/ST99/decide")).status == 404
