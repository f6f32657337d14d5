"""From shutter to sticker to audit: the demonstration's real processes, broker and HTTP, and a real browser.

The demonstration is started as a person does, and left running; the tests look at it from outside, in order.
"""

import os
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, Page, sync_playwright

from inspection.facts import RecallOrdered
from inspection.identities import HUB
from inspection.wire import decode_entry
from passlane.demo.vehicles import demo_vehicles

pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]

RUN_SECONDS_MAX = 900
SEEN_SECONDS_MAX = 300
CHROMIUM = shutil.which("chromium")
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def browser_trouble() -> str:
    """Say in words why no browser can be driven here, or nothing."""
    if CHROMIUM is None:
        return "no chromium on this machine: the browser test is skipped"
    node, _ = compute_driver_executable()
    try:
        subprocess.run([node, "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"Playwright's driver does not run on this machine: the browser test is skipped ({error})"
    return ""


needs_browser = pytest.mark.skipif(bool(browser_trouble()), reason=browser_trouble() or "a browser can be driven")


class Demonstration:
    """A running `passlane demo`, and what it has printed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        command = [sys.executable, "-m", "passlane", "demo", "--data", str(data)]
        self._log = data.with_suffix(".log")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    @property
    def printed(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_for(self, text: str) -> None:
        until = time.monotonic() + RUN_SECONDS_MAX
        while text not in self.printed:
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < until, self.printed
            time.sleep(0.2)

    @property
    def url(self) -> str:
        return str(re.findall(r"console: (\S+)", self.printed)[0])

    def password(self, name: str) -> str:
        return str(re.findall(rf"sign in: {name} / (\S+)", self.printed)[0])

    def children(self) -> list[int]:
        """Processes whose command line names the data folder: hub, devices, broker."""
        found = []
        for folder in Path("/proc").iterdir():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if folder.name.isdigit() and str(self.data).encode() in command and int(folder.name) != self.process.pid:
                found.append(int(folder.name))
        return found

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(300)


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    started = Demonstration(tmp_path_factory.mktemp("demo") / "data")
    try:
        started.wait_for("Ctrl-C")
        yield started
    finally:
        if started.process.poll() is None:
            started.interrupt()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, demonstration: Demonstration) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN")
    opened = context.new_page()
    opened.goto(demonstration.url)
    opened.fill("#name", "auditor")
    opened.fill("#password", demonstration.password("auditor"))
    opened.click("button.primary")
    yield opened
    context.close()


def test_every_vehicle_gets_the_decision_that_it_should(demonstration: Demonstration) -> None:
    assert "WRONG" not in demonstration.printed
    assert "10 辆 vehicles" in demonstration.printed
    for vehicle in demo_vehicles():
        assert (vehicle.order.vehicle.plate or vehicle.order.serial) in demonstration.printed


@needs_browser
def test_an_auditor_signs_in_sees_the_case_and_passes_it(page: Page) -> None:
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("link", name="京A10286").first.click()
    assert page.locator("img").count() >= 4
    for picture in page.locator("img").all():
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    written = "".join(page.locator("main").inner_text().split())
    assert "LSVAA1A20LA000101" in written
    page.click("#decide-pass")
    # Now and then a pass is drawn for a second look, of which the first auditor is not told.
    assert page.locator(".outcome.pass, #why-not, #next-case").first.is_visible()
    assert page.locator("#decide-pass").count() == 0


@needs_browser
def test_a_suspicion_needs_a_reason_and_another_persons_to_order_the_vehicle_back(
    page: Page, browser: Browser, demonstration: Demonstration
) -> None:
    page.get_by_role("link", name="浙G77120").first.click()
    page.fill("#note", "字符间距与档案不符")
    page.click("button.suspicious")
    assert page.locator("#refused").is_visible()
    assert page.input_value("#note") == "字符间距与档案不符"
    page.select_option("#reason", "vin.tampered")
    page.click("button.suspicious")
    assert page.locator("#decide-pass").count() == 0
    _second_opinion(browser, demonstration)
    _wait_for_settled_recall(demonstration)


def _second_opinion(browser: Browser, demonstration: Demonstration) -> None:
    """One suspicion calls nobody back: somebody else has to share it, without being told of it."""
    password = secrets.token_urlsafe(12)
    account = [sys.executable, "-m", "passlane", "account", "--data", str(demonstration.data / "hub")]
    about = ["--role", "auditor", "--person", "p-second", "--password-only", "second"]
    subprocess.run([*account, *about], check=True, env={**os.environ, "PASSLANE_PASSWORD": password})
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(demonstration.url)
    page.fill("#name", "second")
    page.fill("#password", password)
    page.click("button.primary")
    page.get_by_role("link", name="浙G77120").first.click()
    page.select_option("#reason", "vin.tampered")
    page.click("button.suspicious")
    assert page.locator(".outcome.suspicious").is_visible()
    context.close()


def _wait_for_settled_recall(demonstration: Demonstration) -> None:
    """The order is a fact at the hub, and the lane box has committed the directive and said so."""
    db = sqlite3.connect(f"file:{demonstration.data}/hub/ledger.db?mode=ro", uri=True)
    until = time.monotonic() + SEEN_SECONDS_MAX
    try:
        while db.execute("SELECT count(*) FROM directives WHERE settled = 0").fetchone()[0]:
            assert time.monotonic() < until
            time.sleep(0.1)
        rows = db.execute("SELECT raw FROM entries WHERE device = ? AND kind = 'RecallOrdered'", (HUB,)).fetchall()
    finally:
        db.close()
    (fact,) = [decode_entry(row[0]).entry.fact for row in rows]
    assert isinstance(fact, RecallOrdered)
    assert fact.reason == "vin.tampered"


@needs_browser
def test_the_language_switch_is_remembered(page: Page, demonstration: Demonstration) -> None:
    page.goto(f"{demonstration.url}/language/en")
    page.goto(demonstration.url)
    assert page.locator("html").get_attribute("lang") == "en"


@needs_browser
def test_anybody_who_scans_the_stickers_code_sees_that_it_is_genuine(page: Page, browser: Browser) -> None:
    # Who holds a case does not see its sticker; this one was decided before.
    page.goto(urljoin(page.url, "/recent"))
    page.get_by_role("link", name="京A10286").first.click()
    address = page.locator("a.code-link").get_attribute("href") or ""
    context = browser.new_context()
    stranger = context.new_page()
    assert stranger.goto(address) is not None
    assert stranger.locator(".seal").is_visible()
    forged = address[:-1] + ("A" if address[-1] != "A" else "B")
    refused = stranger.goto(forged)
    assert refused is not None
    assert refused.status == 404
    context.close()
    assert urlsplit(address).path.upper().startswith("/S/")


def test_ctrl_c_ends_all_that_was_started_and_leaves_a_sound_folder(demonstration: Demonstration) -> None:
    assert demonstration.children()
    assert demonstration.interrupt() == 0
    assert demonstration.children() == []
    assert "verify: sound" in demonstration.printed
    verified = subprocess.run(
        [sys.executable, "-m", "passlane", "verify", str(demonstration.data / "hub")],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "10 cases" in verified.stdout
