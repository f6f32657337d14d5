"""A whole hub without broker: store, writer, photos and the console behind a real server on 127.0.0.1."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from argon2 import PasswordHasher
from PIL import Image

from central_hub.casework import Casework
from central_hub.committing import Committer
from central_hub.console.desk import Desk
from central_hub.console.pages import Console
from central_hub.reading import Health, Reading
from central_hub.settings import HubSettings, Station
from central_hub.store import accounts
from central_hub.store.accounts import Accounts, Role
from central_hub.store.database import open_for_writing
from central_hub.store.photos import PhotoStore
from central_hub.writer import Writer
from inspection.checklist import required_for
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import CaseOpened, InspectionConcluded, ItemChecked, PhotoTaken, Vehicle
from inspection.signing import SigningKey, digest
from tests.central_hub.simulated_device import STATION, VIN, SimulatedDevice

NOW = 1_780_000_000_000  # 2026-05-28, 20:26:40 UTC
PASSWORD = "a quiet afternoon"  # noqa: S105 - made up for the tests

FORM_BYTES_TAKEN_MAX = 128 * 1024

_T = TypeVar("_T")


def picture(seed: int) -> bytes:
    """Return a small JPEG; each seed gives other bytes."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (seed % 256, seed // 256 % 256, 90)).save(file, "JPEG")
    return file.getvalue()


class Hub:
    """A hub under test. `do` runs work in the writer's thread, each call a commit."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.health = Health(trouble="", dropped=0, errors=0)
        self.key = SigningKey(bytes(32))
        station = Station(id=STATION, name="北环检测站", admitted=True)
        self.settings = HubSettings(title="测试中心", stations=(station,))
        self.db = open_for_writing(folder)
        # Power cuts are tested elsewhere; here each commit would wait for the disk.
        self.db.execute("PRAGMA synchronous = OFF")
        self.casework = Casework(self.db, key=self.key, settings=self.settings, now=lambda: self.now)
        self.writer = Writer(Committer(self.db, self.casework), publish=lambda _topic, _message: None)
        self.accounts = Accounts(self.db)
        self.photos = PhotoStore(folder, pixels_max=self.settings.photo_pixels_max)
        self.reading = Reading(folder)
        self.writer.start()
        self.do(self.casework.enrolment.begin_hub_chain)

    def do(self, work: Callable[[], _T]) -> _T:
        return self.writer.submit(work).result(10)

    def account(self, name: str, role: Role) -> None:
        self.do(lambda: self.accounts.put(name, title=f"{name} 的称呼", role=role, password=PASSWORD))

    def enrol(self, device: SimulatedDevice) -> None:
        key = device.key.public
        self.do(lambda: self.casework.enrolment.enrol(device.name, "pda", device.station, public_key=key))

    def take(self, device: SimulatedDevice) -> None:
        self.do(lambda: self.casework.take_message(device.topic, device.message()))

    def store(self, data: bytes) -> None:
        """Put a photo's bytes on the disk, as the upload door does, and tell the casework."""
        name = digest(data).hex()
        self.photos.add(name, 0, data, size=len(data))
        self.photos.finish(name, media="image/jpeg")
        self.do(lambda: self.casework.store_photo(name))

    def console(self) -> Console:
        desk = Desk(
            settings=self.settings,
            photos=self.photos,
            public_key=self.key.public,
            public_url="https://stickers.example",
            now=lambda: self.now,
            health=lambda: self.health,
        )
        return Console(self.reading, writer=self.writer, casework=self.casework, accounts=self.accounts, desk=desk)

    def close(self) -> None:
        self.writer.stop()
        self.reading.close()
        self.db.close()


class Inspection:
    """One inspection by a device, with real pictures."""

    def __init__(self, hub: Hub, device: SimulatedDevice) -> None:
        self.hub = hub
        self.device = device
        self.case = ""
        self.pictures: dict[str, bytes] = {}

    def open(self, vehicle: Vehicle | None = None, **changes: object) -> str:
        self.case = self.device.open_case(vehicle, **changes)
        return self.case

    def photo(self, kind: str, finding: VinFinding | None = None, *, replaces: str = "") -> str:
        data = picture(len(self.device.records))
        ref = PhotoRef(digest=digest(data).hex(), media="image/jpeg", size=len(data), width=64, height=48)
        self.device.write(PhotoTaken(kind=kind, photo=ref, vin=finding, replaces=replaces), self.case)
        self.pictures[ref.digest] = data
        return ref.digest

    def inspect(self, finding: VinFinding | None = None) -> None:
        opened = next(record.entry.fact for record in self.device.records if record.entry.case == self.case)
        assert isinstance(opened, CaseOpened)
        requirement = required_for(opened)
        read = finding or VinFinding(vin=VIN, confidence=0.99, accepted=True)
        for spec in requirement.photos:
            self.photo(spec.code, read if spec.role == "vin" else None)
        for item in requirement.items:
            self.device.write(ItemChecked(item=item.code, mark="pass"), self.case)

    def conclude(self) -> None:
        self.device.write(InspectionConcluded(outcome="pass", by="inspector-1"), self.case)

    def send(self) -> None:
        self.hub.take(self.device)

    def upload(self) -> None:
        for data in self.pictures.values():
            self.hub.store(data)
        self.pictures.clear()

    def whole(self, vehicle: Vehicle | None = None, finding: VinFinding | None = None) -> str:
        """Open, inspect, conclude, send and upload; return the case's id."""
        self.open(vehicle)
        self.inspect(finding)
        self.conclude()
        self.send()
        self.upload()
        return self.case


class Browser:
    """A browser as far as the console cares: cookies, an Origin on what it posts, redirects only when asked."""

    def __init__(self, session: ClientSession, base: str) -> None:
        self.session = session
        self.base = base
        self.text = ""

    async def get(self, path: str, **headers: str) -> ClientResponse:
        return await self._read(self.session.get(self.base + path, headers=headers, allow_redirects=False))

    async def post(self, path: str, *, origin: str | None = None, **fields: str) -> ClientResponse:
        headers = {"Origin": self.base if origin is None else origin}
        asked = self.session.post(self.base + path, data=fields, headers=headers, allow_redirects=False)
        return await self._read(asked)

    async def _read(self, asked: object) -> ClientResponse:
        async with asked as answer:  # type: ignore[attr-defined]
            media = answer.content_type
            self.text = await answer.text() if media == "text/html" else ""
            await answer.read()
            return answer  # type: ignore[no-any-return]

    async def sign_in(self, name: str = "auditor") -> ClientResponse:
        return await self.post("/sign-in", name=name, password=PASSWORD)

    async def english(self) -> None:
        await self.get("/language/en")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    # The real costs of a password check are what an attacker pays; here they would be most of the running time.
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", cheap)
    nobody = cheap.hash("nobody")
    monkeypatch.setattr(accounts, "_nobody", lambda: nobody)
    made = Hub(tmp_path / "hub")
    yield made
    made.close()


@pytest.fixture
def inspection(hub: Hub) -> Inspection:
    device = SimulatedDevice("pda-7")
    hub.enrol(device)
    return Inspection(hub, device)


@pytest.fixture
async def stranger(hub: Hub) -> AsyncIterator[Browser]:
    """A browser in which nobody is signed in."""
    application = web.Application(client_max_size=FORM_BYTES_TAKEN_MAX)
    application.add_routes(hub.console().routes())
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield Browser(session, f"http://127.0.0.1:{port}")
    await runner.cleanup()


@pytest.fixture
async def auditor(hub: Hub, stranger: Browser) -> Browser:
    """A browser in which the account "auditor" is signed in."""
    await asyncio.to_thread(hub.account, "auditor", "auditor")
    assert (await stranger.sign_in()).status == 303
    return stranger


@pytest.fixture
async def operator(hub: Hub, stranger: Browser) -> Browser:
    """A browser in which the account "operator" is signed in."""
    await asyncio.to_thread(hub.account, "operator", "operator")
    assert (await stranger.sign_in("operator")).status == 303
    return stranger
