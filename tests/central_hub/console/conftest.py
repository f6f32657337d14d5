"""A whole hub without broker: store, writer, photos and the console behind a real server on 127.0.0.1."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from argon2 import PasswordHasher
from PIL import Image

from central_hub.casework import Casework, Supplies
from central_hub.committing import Committer
from central_hub.console.desk import Desk
from central_hub.console.pages import Console
from central_hub.doors.entrance import Entrance
from central_hub.reading import Health, Reading
from central_hub.settings import HubSettings, Station
from central_hub.store.database import open_for_writing
from central_hub.store.office import accounts
from central_hub.store.office.accounts import Accounts
from central_hub.store.photos import PhotoStore
from central_hub.writer import Writer
from inspection import topics
from inspection.checklist import required_for
from inspection.directives import Contact
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import CaseOpened, InspectionConcluded, ItemChecked, PhotoTaken, Vehicle
from inspection.signing import SigningKey, digest
from inspection.wire import seal_contact
from passlane.demo.vehicles import made_up_vin
from tests.central_hub.simulated_device import STATION, SimulatedDevice, private_car

NOW = 1_780_000_000_000  # 2026-05-28, 20:26:40 UTC
PASSWORD = "a quiet afternoon"  # noqa: S105 - made up for the tests

FORM_BYTES_TAKEN_MAX = 128 * 1024

_T = TypeVar("_T")


def picture(seed: int) -> bytes:
    """Return a small JPEG; each seed gives other bytes."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (seed % 256, seed // 256 % 256, 90)).save(file, "JPEG")
    return file.getvalue()


def another_car(seed: int = 1, **changes: object) -> Vehicle:
    """A vehicle with a VIN of its own: of two cases of one vehicle, the second gets no sticker."""
    return private_car(vin=made_up_vin("LZZAA1A2", f"RA{seed:06d}"), **changes)


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
        # With seeds that are known, the same cases are drawn for a second look in every run.
        self.casework = Casework(
            self.db, key=self.key, settings=self.settings, now=lambda: self.now, supplies=Supplies(entropy=bytes)
        )
        self.writer = Writer(Committer(self.db, self.casework), publish=lambda _topic, _message: None)
        self.accounts = Accounts(self.db)
        self.photos = PhotoStore(folder, pixels_max=self.settings.photo_pixels_max)
        self.reading = Reading(folder)
        self.writer.start()
        self.do(self.casework.start)

    def do(self, work: Callable[[], _T]) -> _T:
        return self.writer.submit(work).result(10)

    def account(self, name: str, role: str, *, station: str = "") -> None:
        def put() -> None:
            self.accounts.put(name, title=f"{name} 的称呼", role=role, password=PASSWORD)
            made = self.accounts.get(name)
            assert made is not None
            self.accounts.keep(replace(made, station=station))

        self.do(put)

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
        return Console(self.reading, writer=self.writer, casework=self.casework, entrance=self.entrance(), desk=desk)

    def entrance(self) -> Entrance:
        engine = self.casework.engine
        return Entrance(
            self.reading,
            writer=self.writer,
            desk=engine.signing_in,
            people=engine.people,
            now=lambda: self.now,
        )

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
        read = finding or VinFinding(vin=opened.vehicle.vin, confidence=0.99, accepted=True)
        for spec in requirement.photos:
            self.photo(spec.code, read if spec.role == "vin" else None)
        for item in requirement.items:
            self.device.write(ItemChecked(item=item.code, mark="pass"), self.case)

    def conclude(self, outcome: Literal["pass", "fail"] = "pass") -> None:
        self.device.write(InspectionConcluded(outcome=outcome, by="inspector-1"), self.case)

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


def say(hub: Hub, device: SimulatedDevice, *, newest: int, wall: int) -> None:
    """Have the device say how it stands, one minute after its last fact."""
    said = Contact(
        device=device.name,
        newest=newest,
        head=bytes(32),
        receipted=0,
        wall=wall,
        mono=device.records[-1].entry.mono + 60_000,
        boot=device.boot,
        photos_waiting=11,
        refused=3,
    )
    message = seal_contact(said, device.key)
    hub.do(lambda: hub.casework.take_message(topics.contact(device.name), message))


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

    async def decide(self, case: str, **fields: str) -> int:
        """Open the case, which takes it where it is free, and send the form of its page; return the status."""
        await self.get(f"/cases/{case}")
        form = {"token": self.field("token"), "seen": self.field("seen"), **fields}
        return (await self.post(f"/cases/{case}", **form)).status

    async def step(self, case: str, step: str, /, **fields: str) -> int:
        """Send one of the forms of a case's page; return the status."""
        return (await self.post(f"/cases/{case}/steps/{step}", **fields)).status

    def field(self, name: str) -> str:
        """Return what the page gives a hidden field; empty where there is none."""
        _, _, after = self.text.partition(f'name="{name}" value="')
        return after.split('"')[0]

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
async def base(hub: Hub) -> AsyncIterator[str]:
    """The address of the console behind a real server."""
    application = web.Application(client_max_size=FORM_BYTES_TAKEN_MAX)
    application.add_routes(hub.console().routes())
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def stranger(base: str) -> AsyncIterator[Browser]:
    """A browser in which nobody is signed in."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield Browser(session, base)


SignIn = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def person(hub: Hub, base: str) -> AsyncIterator[SignIn]:
    """Sign somebody in, each in a browser of their own."""
    async with AsyncExitStack() as browsers:

        async def sign_in(name: str, role: str, *, station: str = "") -> Browser:
            await asyncio.to_thread(hub.account, name, role, station=station)
            session = await browsers.enter_async_context(ClientSession(cookie_jar=CookieJar(unsafe=True)))
            browser = Browser(session, base)
            assert (await browser.sign_in(name)).status == 303
            return browser

        yield sign_in


@pytest.fixture
async def case(inspection: Inspection) -> str:
    """A case with all its photos, its sticker issued, waiting for an audit."""
    return await asyncio.to_thread(inspection.whole)


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
