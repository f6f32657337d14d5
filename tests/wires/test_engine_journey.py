"""The engine as it is used: a hub's process, its broker, two devices, and people who come over HTTP alone.

A device inspects; two auditors doubt; the station hears of it and says that the vehicle is back. Two people withdraw
its sticker, and the other device knows that at once, without asking a hub.
"""

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest

from edge_agent.agent import Agent
from edge_agent.home import Home
from edge_agent.wanted.withdrawn import withdrawn_stickers
from inspection.directives import StickerGranted
from inspection.facts import VehicleReturned
from passlane.__main__ import main
from tests.central_hub.conftest import until
from tests.wires.site import SECONDS_MAX, STATION, Site, at_work, inspect

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
WITHDRAWN_SECONDS_MAX = 60.0
"""What a device that is online must know after a withdrawal; it is much less."""
PASSWORD = secrets.token_urlsafe(12)
PEOPLE = {"ann": "auditor", "bea": "auditor", "lea": "lead_auditor", "cid": "detachment"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    made = Site(tmp_path, broker="nats", tls=False)
    try:
        made.start()
        monkeypatch.setenv("PASSLANE_PASSWORD", PASSWORD)
        for name, role in PEOPLE.items():
            about = ["--role", role, "--person", f"p-{name}", "--password-only", name]
            assert main(["account", "--data", str(made.folder), *about]) == 0
        yield made
    finally:
        made.stop()
    made.verify()


class People:
    """Signed-in people at the hub's HTTP door."""

    def __init__(self, url: str) -> None:
        self._root = f"{url}/api/v1"
        self._session = aiohttp.ClientSession()
        self._tokens: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def does(self, name: str, method: str, path: str, **body: Any) -> Any:
        """Do it as this person; return what is answered."""
        if name not in self._tokens:
            asked = {"name": name, "password": PASSWORD}
            async with self._session.post(f"{self._root}/sign-in", json=asked) as came:
                assert came.status < 300, await came.text()
                self._tokens[name] = (await came.json())["token"]
        headers = {"Authorization": f"Bearer {self._tokens[name]}"}
        sent = None if method == "GET" else body
        async with self._session.request(method, f"{self._root}{path}", headers=headers, json=sent) as came:
            assert came.status < 300, f"{method} {path}: {came.status} {await came.text()}"
            return await came.json() if came.content_type == "application/json" else await came.read()

    async def doubt(self, name: str, case: str) -> None:
        """Give a suspicion on a case."""
        lease = await self.does(name, "POST", f"/audits/cases/{case}")
        view = await self.does(name, "GET", f"/audits/leases/{lease['token']}")
        said = {"decision": "suspicious", "reason": "vin.tampered", "seen": view["seen"]}
        await self.does(name, "POST", f"/audits/leases/{lease['token']}/opinion", **said)

    async def stage(self, case: str) -> str:
        return str((await self.does("lea", "GET", f"/cases/{case}"))["stage"])


def withdrawn_at(device: Agent, hub_public: bytes) -> frozenset[str]:
    """Return the stickers that a device knows to be withdrawn, from what it holds itself."""
    directives = [settled.numbered.directive for settled in device._journal.directives_for("")]
    known = withdrawn_stickers(directives, hub_public)
    return known.numbers if known else frozenset()


async def test_a_doubted_case_goes_its_way_and_a_withdrawn_sticker_is_known_at_every_device(site: Site) -> None:
    first, second = site.enrol("pda-first"), site.enrol("pda-second")
    async with People(site.url) as people:
        await journey(site, people, first, second)


async def journey(site: Site, people: People, first: Home, second: Home) -> None:
    with at_work(first) as here, at_work(second) as there:
        case = inspect(here, "7")
        granted = here.wait_for_decision(case, SECONDS_MAX)
        assert isinstance(granted, StickerGranted)
        await people.doubt("ann", case)
        assert await people.stage(case) == "suspected"
        await people.doubt("bea", case)
        assert await people.stage(case) == "recall_ordered"
        until(lambda: any(duty.what == "recall" for duty in here.duties()), seconds_max=SECONDS_MAX)
        here.report(case, VehicleReturned(by="inspector-1", station=STATION))
        until(lambda: stage_of(site, case) == "vehicle_back", seconds_max=SECONDS_MAX)
        assert here.duties() == []
        await people.does("lea", "POST", f"/cases/{case}/recheck", result="proven", reason="vin.tampered")
        asked = {"act": "sticker.withdraw", "about": granted.number, "reason": "vin.tampered"}
        request = (await people.does("lea", "POST", "/acts", **asked))["number"]
        assert withdrawn_at(there, second.hub_public) == frozenset()
        begun = time.monotonic()
        await people.does("cid", "POST", f"/acts/{request}/confirmation")
        until(lambda: granted.number in withdrawn_at(there, second.hub_public), seconds_max=WITHDRAWN_SECONDS_MAX)
        assert time.monotonic() - begun < WITHDRAWN_SECONDS_MAX
        assert await people.stage(case) == "sticker_withdrawn"
        third = site.enrol("pda-third")
        with at_work(third) as late:
            until(lambda: granted.number in withdrawn_at(late, third.hub_public), seconds_max=SECONDS_MAX)


def stage_of(site: Site, case: str) -> str:
    return str(site.value("SELECT stage FROM cases WHERE case_id = ?", case))
