"""A whole hub behind its API, without broker: a real store, a real writer, a real server in a thread of its own."""

import asyncio
import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import tomli_w
from aiohttp import web
from argon2 import PasswordHasher

from central_hub.casework import Casework
from central_hub.committing import Committer
from central_hub.desks.people import PeopleDesk
from central_hub.desks.signing_in import SignInDesk
from central_hub.doors.entrance import Entrance
from central_hub.doors.openapi.lookups import Lookups
from central_hub.doors.openapi.office import Office
from central_hub.doors.openapi.operations import PREFIX
from central_hub.doors.openapi.server import OpenApi
from central_hub.reading import Reading
from central_hub.settings import HubSettings, Station
from central_hub.store.office import accounts
from central_hub.store.office.accounts import Account, Accounts, hash_password
from central_hub.store.opening import open_store
from central_hub.store.photos import PhotoStore
from central_hub.writer import Writer
from inspection.checklist import required_for
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import CaseOpened, InspectionConcluded, ItemChecked, PhotoTaken, Vehicle
from inspection.signing import SigningKey, digest
from tests.central_hub.simulated_device import STATION, VIN, SimulatedDevice, picture

NOW = 1_780_000_000_000  # 2026-05-29, 04:26 in Beijing
PASSWORD = "a quiet afternoon"  # noqa: S105 - made up for the tests
OTHER_STATION = "ST02"

_T = TypeVar("_T")

PEOPLE: dict[str, tuple[tuple[str, ...], str]] = {
    "auditor-1": (("auditor",), ""),
    "auditor-2": (("auditor",), ""),
    "lead-1": (("lead_auditor",), ""),
    "lead-2": (("lead_auditor",), ""),
    "city-1": (("detachment",), ""),
    "city-2": (("detachment",), ""),
    "province-1": (("province",), ""),
    "operator-1": (("operator",), ""),
    "operator-2": (("operator",), ""),
    "admin-1": (("administrator",), ""),
    "inspector-1": (("inspector",), STATION),
    "desk-1": (("station_staff",), STATION),
    "desk-2": (("station_staff",), OTHER_STATION),
}
"""Accounts by name: roles, station."""


@dataclass(slots=True)
class Answer:
    """What came back. said: decoded, where it is JSON."""

    status: int
    media: str
    data: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def said(self) -> Any:
        return json.loads(self.data) if self.media.endswith("json") else None

    @property
    def code(self) -> str:
        return str(self.said["code"]) if self.media == "application/problem+json" else ""


class Person:
    """Somebody with a token, or without."""

    def __init__(self, port: int, token: str = "") -> None:
        self.port = port
        self.token = token

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Ask; body: encoded as JSON, or bytes as they are."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request(method, path if path.startswith("/api/") else PREFIX + path, data, sent)
            came = line.getresponse()
            read = came.read()
            media = came.headers.get_content_type()
            return Answer(came.status, media, read, {key.lower(): value for key, value in came.headers.items()})
        finally:
            line.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: object = None) -> Answer:
        return self.ask("POST", path, body)

    def put(self, path: str, body: object = None) -> Answer:
        return self.ask("PUT", path, body)

    def done(self, method: str, path: str, body: object = None) -> Any:
        """Ask for what has to go well; return what was said."""
        came = self.ask(method, path, body)
        assert came.status in {200, 204}, f"{method} {path}: {came.status} {came.data[:500]!r}"
        return came.said


class ServedHub:
    """The hub. `do` runs work in the writer's thread, each call a commit. now: the hub's time, which tests set."""

    def __init__(self, folder: Path, *, store: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.now = NOW
        self.key = SigningKey(bytes(32))
        stations = (
            Station(id=STATION, name="北环检测站", admitted=True, city="甲市"),
            Station(id=OTHER_STATION, name="南环检测站", admitted=True, city="甲市"),
        )
        self.settings = HubSettings(title="测试中心", store=store, stations=stations)
        said = {
            "title": self.settings.title,
            "store": store,
            "stations": [{"id": one.id, "name": one.name} for one in stations],
        }
        (folder / "hub.toml").write_text(tomli_w.dumps(said), encoding="utf-8")
        self.db = open_store(folder, self.settings)
        # Power cuts are tested elsewhere; here each commit would wait for the disk.
        if not store:
            self.db.execute("PRAGMA synchronous = OFF")
        self.casework = Casework(self.db, key=self.key, settings=self.settings, now=lambda: self.now)
        self.writer = Writer(Committer(self.db, self.casework), publish=self._publish)
        self.published: list[tuple[str, bytes]] = []
        self.photos = PhotoStore(folder, pixels_max=self.settings.photo_pixels_max)
        self.reading = Reading(folder)
        self.lookups = Lookups(folder)
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.writer.start()
        self.do(self.casework.enrolment.begin_hub_chain)
        self.tick()

    def _publish(self, topic: str, message: bytes) -> None:
        self.published.append((topic, message))

    def do(self, work: Callable[[], _T]) -> _T:
        return self.writer.submit(work).result(60)

    def tick(self) -> None:
        """Let the hub's clock do its part; the seeds are the same in each run."""
        self.do(lambda: self.casework.engine.keep_clock(lambda count: bytes(range(count)), recalls=100))
        self.do(self.casework.check_clock)

    def serve(self) -> None:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(60)

    async def _serve(self) -> int:
        hand = self.casework.hand
        people, desk = PeopleDesk(hand), SignInDesk(hand)
        entrance = Entrance(self.reading, writer=self.writer, desk=desk, people=people, now=lambda: self.now)
        self.office = Office(
            reading=self.reading,
            lookups=self.lookups,
            writer=self.writer,
            casework=self.casework,
            entrance=entrance,
            photos=self.photos,
            now=lambda: self.now,
        )
        application = web.Application(client_max_size=1024 * 1024)
        application.add_routes(OpenApi(self.office).routes())
        self._runner = web.AppRunner(application, access_log=None, lingering_time=0.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return int(self._runner.addresses[0][1])

    def close(self) -> None:
        if self.port:
            asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(60)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(60)
        self._loop.close()
        self.writer.stop()
        self.lookups.close()
        self.reading.close()
        self.db.close()

    def account(self, name: str, roles: tuple[str, ...], station: str = "", *, plain: bool = True) -> None:
        made = Account(
            name=name,
            title=f"{name} 的称呼",
            person=name,
            roles=roles,
            station=station,
            password=hash_password(PASSWORD),
            plain=plain,
        )
        self.do(lambda: Accounts(self.db).keep(made))

    def people(self) -> None:
        """Make all accounts of PEOPLE."""
        for name, (roles, station) in PEOPLE.items():
            self.account(name, roles, station)

    def stranger(self) -> Person:
        return Person(self.port)

    def person(self, name: str) -> Person:
        """Sign in by HTTP."""
        came = self.stranger().done("POST", "/sign-in", {"name": name, "password": PASSWORD})
        assert came["stage"] == "whole", came
        return Person(self.port, came["token"])

    def device(self, name: str = "pda-7", *, station: str = STATION) -> SimulatedDevice:
        made = SimulatedDevice(name, station=station)
        key = made.key.public
        self.do(lambda: self.casework.enrolment.enrol(name, "pda", station, public_key=key))
        return made

    def take(self, device: SimulatedDevice) -> None:
        message = device.message()
        self.do(lambda: self.casework.take_message(device.topic, message))

    def inspected(
        self, device: SimulatedDevice, vehicle: Vehicle | None = None, *, outcome: str = "pass", **changes: object
    ) -> str:
        """Let a device bring a whole inspection with real pictures; return the case."""
        case = device.open_case(vehicle, **changes)
        opened = next(record.entry.fact for record in device.records if record.entry.case == case)
        assert isinstance(opened, CaseOpened)
        taken = [self.photograph(device, case, spec.code, spec.role) for spec in required_for(opened).photos]
        for item in required_for(opened).items:
            device.write(ItemChecked(item=item.code, mark="pass"), case)
        device.write(InspectionConcluded(outcome=outcome, by="inspector-1"), case)  # type: ignore[arg-type]
        self.take(device)
        for data in taken:
            self.store(data)
        return case

    def photograph(self, device: SimulatedDevice, case: str, kind: str, role: str, *, replaces: str = "") -> bytes:
        """Let a device take a picture; return its bytes, which are not yet at the hub."""
        data = picture(len(device.records))
        ref = PhotoRef(digest=digest(data).hex(), media="image/jpeg", size=len(data), width=64, height=48)
        opened = next(r.entry.fact for r in device.records if r.entry.case == case)
        vin = opened.vehicle.vin if isinstance(opened, CaseOpened) else VIN
        finding = VinFinding(vin=vin, confidence=0.99, accepted=True) if role == "vin" else None
        device.write(PhotoTaken(kind=kind, photo=ref, vin=finding, replaces=replaces), case)
        return data

    def store(self, data: bytes) -> None:
        """Put a photo's bytes on the disk, as the upload door does, and tell the casework."""
        name = digest(data).hex()
        self.photos.add(name, 0, data, size=len(data))
        self.photos.finish(name, media="image/jpeg")
        self.do(lambda: self.casework.store_photo(name))


@contextlib.contextmanager
def running(folder: Path, monkeypatch: pytest.MonkeyPatch, *, store: str = "") -> Iterator[ServedHub]:
    """Run a hub with all PEOPLE, whose passwords cost next to nothing to check."""
    # The real costs of a password check are what an attacker pays; here they would be most of the running time.
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", cheap)
    nobody = cheap.hash("nobody")
    monkeypatch.setattr(accounts, "_nobody", lambda: nobody)
    hub = ServedHub(folder, store=store)
    hub.people()
    hub.serve()
    yield hub
    hub.close()
