"""One hub with its broker for all tests of this folder, and an honest device that has to get its stickers meanwhile."""

import http.client
import itertools
import json
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from edge_agent.home import Home
from inspection.directives import StickerGranted
from tests.central_hub.conftest import until
from tests.wires.site import Site, at_work, inspect, settled

SECONDS_MAX = 60.0
HONEST = "pda-honest"


class Refused(NamedTuple):
    """How often the hub refused something of a device with a code, and its words of the last time."""

    times: int
    text: str


class Operator:
    """A person at the console and at the terminal, who sees what there is to see."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._cookies: dict[str, str] = {}

    def page(self, path: str, name: str = "operator") -> str:
        """Return a page of the console, in English, as this account sees it."""
        if name not in self._cookies:
            form = urllib.parse.urlencode({"name": name, "password": self._site.accounts[name]})
            headers = {"Origin": self._site.url, "Content-Type": "application/x-www-form-urlencoded"}
            _, came, _ = self._ask("POST", "/sign-in", headers, form)
            self._cookies[name] = str(came.get("Set-Cookie")).partition(";")[0]
        status, _, body = self._ask("GET", path, {"Cookie": f"{self._cookies[name]}; passlane_language=en"})
        assert status == http.client.OK, f"{path} is answered with {status}"
        return body

    def dropped(self) -> int:
        """Return for how many messages there was no room, as the console shows it."""
        _, _, body = self._ask("GET", "/healthz", {})
        return int(json.loads(body)["dropped"])

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: str | None = None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self._site.url).netloc, timeout=SECONDS_MAX)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def refused(self, device: str, code: str) -> Refused:
        """Return how often something was refused, once it was: it is counted, and the console shows it."""
        until(lambda: self.times_refused(device, code), seconds_max=SECONDS_MAX)
        text = "SELECT text FROM refusals WHERE device = ? AND code = ? ORDER BY id DESC LIMIT 1"
        said = str(self._site.value(text, device, code))
        assert code in self.page("/operations")
        return Refused(self.times_refused(device, code), said)

    def times_refused(self, device: str, code: str) -> int:
        query = "SELECT coalesce(max(count), 0) FROM refusal_counts WHERE device = ? AND code = ?"
        return self._site.count(query, device, code)

    def quarantined(self, device: str) -> str:
        """Return why a device is quarantined, once it is; the console shows it."""
        why = "SELECT quarantined FROM devices WHERE device = ?"
        until(lambda: self._site.value(why, device), seconds_max=SECONDS_MAX)
        assert "quarantined" in self.page("/operations")
        return str(self._site.value(why, device))


class Honest:
    """A device at work that does nothing wrong."""

    def __init__(self, site: Site, home: Home) -> None:
        self._site = site
        self._serial = itertools.count(1_000_000)
        self._opened = ExitStack()
        self._agent = self._opened.enter_context(at_work(home))

    def gets_a_sticker(self) -> str:
        """Lead a vehicle through, see that it gets its sticker and that nothing of the device is refused or lost."""
        case = inspect(self._agent, str(next(self._serial)))
        assert isinstance(self._agent.wait_for_decision(case, SECONDS_MAX), StickerGranted)
        settled(self._agent)
        status = self._agent.status()
        assert (status.refusals, status.forwarding.fault, status.forwarding.restarts) == ([], "", 0)
        assert self._site.facts_of(HONEST) == status.counts.newest
        assert self._site.stickers_of(case) == 1
        return case

    def close(self) -> None:
        self._opened.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("bad-input"), broker="nats", tls=False)
    try:
        made.start()
        yield made
    finally:
        made.stop()
    made.verify()


@pytest.fixture(scope="session")
def operator(site: Site) -> Operator:
    return Operator(site)


@pytest.fixture(scope="session")
def honest(site: Site) -> Iterator[Honest]:
    made = Honest(site, site.enrol(HONEST))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def verified(site: Site) -> Iterator[None]:
    """After each test the hub's folder holds, every byte of it."""
    yield
    assert site.verify()["facts"]
