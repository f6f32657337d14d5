import pytest

from central_hub.console.rendering import STATIC_PATH
from tests.central_hub.console.conftest import Browser


async def test_every_page_carries_the_headers_that_keep_it_safe(stranger: Browser) -> None:
    headers = (await stranger.get("/sign-in")).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
    assert headers["Referrer-Policy"] == "same-origin"


async def test_pages_hold_no_script_and_no_style_of_their_own(stranger: Browser) -> None:
    await stranger.get("/sign-in")
    assert "<style" not in stranger.text
    assert " style=" not in stranger.text
    assert stranger.text.count("<script") == 1
    assert f'src="{STATIC_PATH}console.js"' in stranger.text


@pytest.mark.parametrize(
    ("name", "media"),
    [("console.css", "text/css"), ("console.js", "text/javascript"), ("icon.svg", "image/svg+xml")],
)
async def test_a_file_of_the_console_comes_with_its_kind(stranger: Browser, name: str, media: str) -> None:
    answer = await stranger.get(STATIC_PATH + name)
    assert (answer.status, answer.content_type, answer.headers["X-Content-Type-Options"]) == (200, media, "nosniff")


async def test_no_other_file_is_given_out(stranger: Browser) -> None:
    for name in ("base.html", "..%2Fpages.py", "%2Fetc%2Fpasswd"):
        assert (await stranger.get(STATIC_PATH + name)).status == 404
