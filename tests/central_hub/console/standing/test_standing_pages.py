from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from central_hub.console.desk import Desk, Visitor
from central_hub.console.rendering import Renderer
from central_hub.console.standing.standing_pages import StandingPages
from central_hub.people.roles import Actor, shipped_roles
from central_hub.reading import Health
from central_hub.settings import HubSettings, Station
from central_hub.store.database import open_for_writing
from central_hub.store.photos import PhotoStore
from central_hub.store.standing.keeping import StandingTables
from central_hub.store.standing.reading import StandingReading
from inspection.facts import StationSuspended, TipReceived
from inspection.standing.figures import Figure
from tests.central_hub.store.standing.standing_store import DAY, NOW, keep

Client = TestClient[web.Request, web.Application]
SETTINGS = HubSettings(stations=(Station(id="ST01", name="北环检测站", admitted=True), Station(id="ST02", name="二站")))


def with_right(*rights: str, station: str = "") -> Actor:
    """Somebody with a role that gives these rights."""
    roles = shipped_roles().roles.values()
    role = next(role.code for role in roles if set(rights) <= set(role.rights))
    return Actor("zhao", "p-zhao", frozenset({role}), station)


SUPERVISOR = with_right("standing.view", "digest.view", "tip.read")
OF_THE_STATION = with_right("standing.view", "appeal.file", station="ST01")
NOBODY = Actor("nobody", "p-0", frozenset())


class Site:
    """A server with the pages; actor: who is signed in."""

    def __init__(self, pages: StandingPages) -> None:
        self.actor = SUPERVISOR
        self.application = web.Application()
        ways: list[tuple[str, Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]]] = [
            ("/standing", pages.stations),
            ("/standing/{station}", pages.station),
            ("/digests/{scope}/{day}", pages.digest),
            ("/tips", pages.tips),
        ]
        for path, handler in ways:
            self.application.router.add_get(path, self._signed_in(handler))

    def _signed_in(
        self, handler: Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await handler(request, Visitor(name="zhao", title="赵", role="auditor", actor=self.actor))

        return handle


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    db = open_for_writing(tmp_path)
    tables = StandingTables(db)
    keep(tables, 1, suspicions=("photo.reused",))
    keep(tables, 2)
    tables.keep_figures("station", {"ST01": {"passed": Figure(name="passed", count=2, value=1.0)}}, day=DAY)
    fact = StationSuspended(station="ST01", rule="suspicions.stop", by="rules", reason="<b>6 / 9</b>")
    tables.follow("ST01", fact, at=NOW, admitted=True, listed=False)
    tables.keep_tip(TipReceived(text="<script>alert(1)</script>", station="ST01"), at=NOW - 5)
    desk = Desk(
        settings=SETTINGS, photos=PhotoStore(tmp_path, pixels_max=9), public_key=bytes(32), public_url="",
        now=lambda: NOW, health=lambda: Health(trouble="", dropped=0, errors=0),
    )  # fmt: skip
    yield Site(StandingPages(StandingReading(db), desk=desk, renderer=Renderer("测试中心")))
    db.close()


@pytest.fixture
async def client(site: Site) -> AsyncIterator[Client]:
    async with TestClient(TestServer(site.application)) as made:
        yield made


async def text_of(client: Client, path: str, status: int = 200) -> str:
    answer = await client.get(path, allow_redirects=False)
    assert answer.status == status
    return await answer.text()


async def test_all_stations_are_listed_with_how_they_stand(client: Client) -> None:
    text = await text_of(client, "/standing")
    assert "北环检测站" in text
    assert "已暂停先发放标志" in text
    assert 'href="/standing/ST02"' in text


async def test_a_station_sees_why_and_nothing_of_another(client: Client, site: Site) -> None:
    site.actor = OF_THE_STATION
    answer = await client.get("/standing", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/standing/ST01")
    text = await text_of(client, "/standing/ST01")
    assert "初检合格率" in text
    assert "pda-1.1" in text
    assert "&lt;b&gt;6 / 9" in text
    await text_of(client, "/standing/ST02", 403)
    await text_of(client, "/digests/city/2026-05-28", 403)
    await text_of(client, "/tips", 403)


async def test_who_has_no_right_sees_nothing(client: Client, site: Site) -> None:
    site.actor = NOBODY
    for path in ("/standing", "/standing/ST01", "/digests/city/2026-05-28", "/tips"):
        await text_of(client, path, 403)


async def test_a_station_that_nobody_knows_has_no_page(client: Client) -> None:
    await text_of(client, "/standing/ST99", 404)


async def test_a_digest_is_a_page_and_a_file(client: Client) -> None:
    text = await text_of(client, "/digests/city/2026-05-28")
    assert "2026-05-25 – 2026-05-31" in text
    assert 'href="/digests/city/2026-05-24"' in text
    assert 'href="/digests/city/2026-05-28.csv"' in text
    answer = await client.get("/digests/province/2026-05-28.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="province-2026-05-01.csv"'
    assert (await answer.read()).startswith(b"\xef\xbb\xbfsection,")


@pytest.mark.parametrize(
    "path", ["county/2026-05-28", "city/2026-13-01", "city/2026-05-28.pdf", "city/9999-12-31", "city/x"]
)
async def test_a_digest_of_no_such_day_or_scope_has_no_page(client: Client, path: str) -> None:
    await text_of(client, f"/digests/{path}", 404)


async def test_tips_are_shown_as_plain_text(client: Client) -> None:
    text = await text_of(client, "/tips")
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
