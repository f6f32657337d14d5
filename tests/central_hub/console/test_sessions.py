import asyncio
import re
from dataclasses import replace
from http.cookies import SimpleCookie

import pyotp
import pytest
from aiohttp import ClientSession, CookieJar, TCPConnector
from yarl import URL

from central_hub.console.sessions import REFRESH_HEADER, SESSION_COOKIE, shown_role
from central_hub.people.lockout import CODE_FAILURES_MAX, FREE_FAILURES_MAX
from central_hub.people.roles import Actor
from central_hub.people.second_factor import STEP_SECONDS, step_of
from central_hub.store.office.accounts import SESSION_IDLE_MS_MAX, SESSION_SEEN_MS
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


async def test_a_session_ends_after_its_hours_however_much_it_is_used(hub: Hub, auditor: Browser) -> None:
    for _ in range(2 * hub.settings.session_hours_max - 1):
        hub.now += HOUR_MS // 2
        assert (await auditor.get("/")).status == 200
        await asyncio.to_thread(hub.do, lambda: None)
    hub.now += HOUR_MS // 2
    assert (await auditor.get("/")).status == 303


async def test_a_session_that_nobody_uses_ends_and_a_page_that_refreshes_itself_is_no_use(
    hub: Hub, auditor: Browser
) -> None:
    for _ in range(SESSION_IDLE_MS_MAX // SESSION_SEEN_MS - 1):
        hub.now += SESSION_SEEN_MS
        assert (await auditor.get("/", **{REFRESH_HEADER: "1"})).status == 200
    hub.now += SESSION_SEEN_MS
    assert (await auditor.get("/", **{REFRESH_HEADER: "1"})).status == 303


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


STEP_MS = 1000 * STEP_SECONDS


class Phone:
    """Reads the secret off the page, and shows codes."""

    def __init__(self, hub: Hub, page: str) -> None:
        found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
        assert found is not None
        self.hub = hub
        self.codes = pyotp.TOTP(found[1].replace(" ", ""))

    def code(self) -> str:
        return self.codes.generate_otp(step_of(self.hub.now))


async def strict(hub: Hub, name: str = "auditor") -> None:
    """Make an account whose role asks for a second factor."""

    def make() -> None:
        hub.accounts.put(name, title="审核员", role="auditor", password=PASSWORD)
        account = hub.accounts.get(name)
        assert account is not None
        hub.accounts.keep(replace(account, plain=False))

    await asyncio.to_thread(hub.do, make)


async def enrolled(hub: Hub, browser: Browser) -> tuple[Phone, list[str]]:
    """Enrol a second factor at the first sign-in; return the phone and the recovery codes."""
    await strict(hub)
    answer = await browser.sign_in()
    assert answer.headers["Location"] == "/second-factor"
    await browser.get("/second-factor")
    phone = Phone(hub, browser.text)
    assert (await browser.post("/second-factor", code=phone.code())).status == 200
    recovery = re.findall(r"<code>([a-z2-7-]{19})</code>", browser.text)
    hub.now += STEP_MS
    return phone, recovery


async def test_who_has_to_enrol_sees_nothing_before_and_is_in_afterwards(hub: Hub, stranger: Browser) -> None:
    await strict(hub)
    answer = await stranger.post("/sign-in", name="auditor", password=PASSWORD, next="/recent")
    assert answer.headers["Location"] == "/second-factor?next=%2Frecent"
    assert (await stranger.get("/recent")).status == 303
    await stranger.get(answer.headers["Location"])
    assert "<svg" in stranger.text
    assert 'value="/recent"' in stranger.text
    code = Phone(hub, stranger.text).code()
    await stranger.post("/second-factor", code=code, next="/recent")
    assert 'href="/recent"' in stranger.text
    assert len(re.findall(r"<li><code>", stranger.text)) == 10
    assert (await stranger.get("/recent")).status == 200


async def test_a_wrong_first_code_shows_the_same_secret_again(hub: Hub, stranger: Browser) -> None:
    await strict(hub)
    await stranger.sign_in()
    await stranger.get("/second-factor")
    phone = Phone(hub, stranger.text)
    assert (await stranger.post("/second-factor", code="000000x")).status == 401
    assert "验证码不正确" in stranger.text
    assert Phone(hub, stranger.text).codes.secret == phone.codes.secret
    assert (await stranger.post("/second-factor", code=phone.code())).status == 200


async def test_password_then_code_and_back_to_where_it_was_asked(hub: Hub, stranger: Browser) -> None:
    phone, _ = await enrolled(hub, stranger)
    await stranger.post("/sign-out")
    answer = await stranger.post("/sign-in", name="auditor", password=PASSWORD, next="/recent")
    assert answer.headers["Location"] == "/sign-in/code?next=%2Frecent"
    assert (await stranger.get("/recent")).status == 303
    await stranger.get(answer.headers["Location"])
    assert 'value="/recent"' in stranger.text
    answer = await stranger.post("/sign-in/code", code=phone.code(), next="/recent")
    assert (answer.status, answer.headers["Location"]) == (303, "/recent")
    assert (await stranger.get("/recent")).status == 200


async def test_a_code_that_is_wrong_or_was_used_is_refused_at_the_same_page(hub: Hub, stranger: Browser) -> None:
    phone, _ = await enrolled(hub, stranger)
    used = phone.code()
    await stranger.sign_in()
    assert (await stranger.post("/sign-in/code", code=used)).status == 303
    await stranger.sign_in()
    for code in (used, "no code"):
        assert (await stranger.post("/sign-in/code", code=code)).status == 401
        assert "验证码不正确" in stranger.text
        assert 'action="/sign-in/code"' in stranger.text


async def test_a_recovery_code_opens_once(hub: Hub, stranger: Browser) -> None:
    _, recovery = await enrolled(hub, stranger)
    for status in (303, 401):
        await stranger.sign_in()
        assert (await stranger.post("/sign-in/code", code=recovery[0])).status == status


async def test_wrong_codes_lock_the_account_and_the_page_says_so(hub: Hub, stranger: Browser) -> None:
    await enrolled(hub, stranger)
    for _ in range(CODE_FAILURES_MAX):
        await stranger.sign_in()
        answer = await stranger.post("/sign-in/code", code="no code")
    assert answer.status == 403
    assert "账号已锁定" in stranger.text
    assert (await stranger.sign_in()).status == 403


async def test_the_form_for_a_code_is_only_there_for_who_gave_the_password(stranger: Browser) -> None:
    assert (await stranger.get("/sign-in/code")).headers["Location"] == "/sign-in"
    assert (await stranger.post("/sign-in/code", code="123456")).status == 401
    assert "登录已超时" in stranger.text
    assert (await stranger.get("/second-factor")).status == 401
    assert (await stranger.post("/second-factor", code="123456")).status == 401


async def test_a_code_that_another_site_sent_is_refused(hub: Hub, stranger: Browser) -> None:
    phone, _ = await enrolled(hub, stranger)
    await stranger.sign_in()
    for path in ("/sign-in/code", "/second-factor", "/password"):
        answer = await stranger.post(path, origin="http://evil.example", code=phone.code())
        assert answer.status == 403


async def test_another_password_ends_the_session_in_every_other_browser(hub: Hub, auditor: Browser) -> None:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        elsewhere = Browser(session, auditor.base)
        await elsewhere.sign_in()
        assert (await auditor.get("/password")).status == 200
        new = "a louder afternoon"
        answer = await auditor.post("/password", password=PASSWORD, new_password=new)
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        assert (await elsewhere.get("/")).status == 303
        assert (await auditor.get("/")).status == 200
        assert (await elsewhere.post("/sign-in", name="auditor", password=new)).status == 303


async def test_a_password_change_that_is_refused_says_why(hub: Hub, auditor: Browser) -> None:
    assert (await auditor.post("/password", password="wrong", new_password="long enough!")).status == 401  # noqa: S106
    assert "用户名或密码不正确" in auditor.text
    assert (await auditor.post("/password", password=PASSWORD, new_password="short")).status == 400  # noqa: S106
    assert "10 至 200" in auditor.text


async def test_nobody_changes_a_password_without_being_signed_in(stranger: Browser) -> None:
    assert (await stranger.get("/password")).headers["Location"] == "/sign-in?next=%2Fpassword"
    assert (await stranger.post("/password", password=PASSWORD)).headers["Location"] == "/sign-in"


@pytest.mark.parametrize(
    ("roles", "shown"),
    [
        ({"auditor"}, "auditor"),
        ({"lead_auditor", "operator"}, "auditor"),
        ({"operator"}, "operator"),
        ({"inspector"}, "other"),
        ({"administrator"}, "other"),
        (set(), "other"),
    ],
)
def test_which_pages_somebody_gets_hangs_on_their_rights(roles: set[str], shown: str) -> None:
    assert shown_role(Actor("li", "li", frozenset(roles))) == shown


async def test_who_gets_no_page_of_the_console_is_told_so(hub: Hub, stranger: Browser) -> None:
    await asyncio.to_thread(hub.account, "admin", "administrator")
    assert (await stranger.sign_in("admin")).status == 303
    assert (await stranger.get("/")).status == 403
    assert "其他岗位" in stranger.text
