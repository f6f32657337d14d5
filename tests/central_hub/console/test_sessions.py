import asyncio
from http.cookies import SimpleCookie

import pytest
from aiohttp import ClientSession, CookieJar, TCPConnector
from yarl import URL

from central_hub.console.attempts import FREE_FAILURES_MAX
from central_hub.console.sessions import SESSION_COOKIE
from tests.central_hub.console.conftest import FORM_BYTES_TAKEN_MAX, PASSWORD, Browser, Hub

HOUR_MS = 3_600_000


async def test_who_is_not_signed_in_is_led_to_the_form_and_back(hub: Hub, stranger: Browser) -> None:
    await asyncio.to_thread(hub.account, "auditor", "auditor")
    answer = await stranger.get("/cases/pda-1.7?x=1")
    assert answer.headers["Location"] == "/sign-in?next=%2Fcases%2Fpda-1.7%3Fx%3D1"
    await stranger.get(answer.headers["Location"])
    assert 'value="/cases/pda-1.7?x=1"' in stranger.text
    answer = await stranger.post("/sign-in", name="auditor", password=PASSWORD, next="/cases/pda-1.7?x=1")
    assert (answer.status, answer.headers["Location"]) == (303, "/cases/pda-1.7?x=1")


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(hub: Hub, stranger: Browser) -> None:
    await asyncio.to_thread(hub.account, "auditor", "auditor")
    cookie = SimpleCookie((await stranger.sign_in()).headers["Set-Cookie"])[SESSION_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Strict", "/", "")


async def test_a_browser_that_speaks_tls_gets_a_cookie_for_tls_alone(hub: Hub, stranger: Browser) -> None:
    await asyncio.to_thread(hub.account, "auditor", "auditor")
    host = stranger.base.removeprefix("http://")
    answer = await stranger.post("/sign-in", origin=f"https://{host}", name="auditor", password=PASSWORD)
    assert SimpleCookie(answer.headers["Set-Cookie"])[SESSION_COOKIE]["secure"]


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(hub: Hub, stranger: Browser) -> None:
    await asyncio.to_thread(hub.account, "auditor", "auditor")
    wrong = await stranger.post("/sign-in", name="auditor", password="not this one")  # noqa: S106
    first = stranger.text.replace("auditor", "NAME")
    unknown = await stranger.post("/sign-in", name="nobody", password="not this one")  # noqa: S106
    assert (wrong.status, unknown.status) == (401, 401)
    assert "用户名或密码不正确" in first
    assert first == stranger.text.replace("nobody", "NAME")
    assert "not this one" not in stranger.text


async def test_after_five_failures_even_the_right_password_has_to_wait(hub: Hub, stranger: Browser) -> None:
    await asyncio.to_thread(hub.account, "auditor", "auditor")
    for _ in range(FREE_FAILURES_MAX):
        await stranger.post("/sign-in", name="auditor", password="")
    answer = await stranger.sign_in()
    assert answer.status == 429
    assert "15 秒" in stranger.text
    hub.now += 15_000
    assert (await stranger.sign_in()).status == 303


async def test_failures_from_one_address_lock_nobody_out_at_another(hub: Hub, stranger: Browser) -> None:
    await asyncio.to_thread(hub.account, "auditor", "auditor")
    elsewhere = TCPConnector(local_addr=("127.0.0.2", 0))
    async with ClientSession(connector=elsewhere, cookie_jar=CookieJar(unsafe=True)) as session:
        attacker = Browser(session, stranger.base)
        for _ in range(FREE_FAILURES_MAX):
            await attacker.post("/sign-in", name="auditor", password="")
        assert (await attacker.sign_in()).status == 429
        assert (await stranger.sign_in()).status == 303
        assert (await attacker.sign_in()).status == 429


async def test_a_sign_in_that_another_site_sent_is_refused(hub: Hub, stranger: Browser) -> None:
    await asyncio.to_thread(hub.account, "auditor", "auditor")
    answer = await stranger.post("/sign-in", origin="http://evil.example", name="auditor", password=PASSWORD)
    assert (answer.status, answer.headers.get("Set-Cookie")) == (403, None)


async def test_nobody_is_led_to_another_host(hub: Hub, stranger: Browser) -> None:
    await asyncio.to_thread(hub.account, "auditor", "auditor")
    answer = await stranger.post("/sign-in", name="auditor", password=PASSWORD, next="//evil.example/")
    assert answer.headers["Location"] == "/"


async def test_signing_out_ends_the_session_in_the_store_too(hub: Hub, auditor: Browser) -> None:
    cookies = {cookie.key: cookie.value for cookie in auditor.session.cookie_jar}
    assert (await auditor.post("/sign-out")).status == 303
    answer = await auditor.get("/", Cookie=f"{SESSION_COOKIE}={cookies[SESSION_COOKIE]}")
    assert answer.headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("token", ["", "unknown", "é"])
async def test_a_cookie_that_is_no_token_opens_nothing(stranger: Browser, token: str) -> None:
    cookie = f"{SESSION_COOKIE}={token}"
    assert (await stranger.get("/", Cookie=cookie)).status == 303
    stranger.session.cookie_jar.update_cookies({SESSION_COOKIE: token}, URL(stranger.base))
    assert (await stranger.post("/sign-out")).status == 303


async def test_another_site_cannot_sign_anybody_out(auditor: Browser) -> None:
    assert (await auditor.post("/sign-out", origin="http://evil.example")).status == 403
    assert (await auditor.get("/")).status == 200


async def test_a_session_ends_after_its_hours(hub: Hub, auditor: Browser) -> None:
    hub.now += hub.settings.session_hours_max * HOUR_MS
    assert (await auditor.get("/")).status == 303


async def test_the_language_is_chinese_until_somebody_switches_and_then_remembered(stranger: Browser) -> None:
    await stranger.get("/sign-in")
    assert '<html lang="zh-CN">' in stranger.text
    answer = await stranger.get("/language/en?next=/sign-in")
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")
    await stranger.get("/sign-in")
    assert '<html lang="en">' in stranger.text
    assert (await stranger.get("/language/xx")).status == 404


async def test_a_form_that_is_too_large_is_answered_with_a_page(stranger: Browser) -> None:
    answer = await stranger.post("/sign-in", name="a" * 70_000)
    assert (answer.status, "Traceback" in stranger.text) == (400, False)
    answer = await stranger.post("/sign-in", name="a" * FORM_BYTES_TAKEN_MAX)
    assert (answer.status, "<html" in stranger.text) == (413, True)
