"""Wires the hub by hand: store, writer, broker, link, doors and console; starts it, keeps its clock, stops it."""

import asyncio
import contextlib
import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from central_hub import HubError, clock
from central_hub.accounts import Accounts
from central_hub.casework import Casework
from central_hub.console.desk import Desk
from central_hub.console.pages import Console
from central_hub.doors.api import Api, EnrolAnswer, EnrolRequest, Health
from central_hub.doors.broker import Broker, BrokerUser
from central_hub.doors.link import Link
from central_hub.doors.uploads import PIECE_BYTES_MAX, Uploads
from central_hub.installation import hold_folder, keep_ports, load_key, load_settings
from central_hub.photos import PhotoStore
from central_hub.reading import Reading
from central_hub.store.database import open_for_writing
from central_hub.writer import Writer, WriterStoppedError
from inspection.identities import HUB

SEAL_SECONDS = 60.0
_PASSWORD_BYTES = 9
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn:
    """An account as it was made at the first start; the password is shown once and kept nowhere."""

    name: str
    password: str


class Hub:
    """A hub over a data folder."""

    def __init__(self, folder: Path) -> None:
        with contextlib.ExitStack() as opened:
            opened.enter_context(hold_folder(folder))
            self._settings = load_settings(folder)
            self._key = load_key(folder)
            self._http_port, mqtt_port = keep_ports(folder, self._settings)
            self._db = open_for_writing(folder)
            opened.callback(self._db.close)
            self._reading = Reading(folder)
            opened.callback(self._reading.close)
            # From here on nothing is opened; what was, is closed by _stop.
            self._opened = opened.pop_all()
        host = self._settings.host
        self.url = f"http://{host}:{self._http_port}"
        self._accounts = Accounts(self._db)
        self._photos = PhotoStore(folder, pixels_max=self._settings.photo_pixels_max)
        self._broker = Broker(folder, host=host, port=mqtt_port)
        self._allowing = threading.Lock()
        self._hub_user = BrokerUser(name=HUB, password=secrets.token_urlsafe(24))
        self._link = Link(host, mqtt_port, user=HUB, password=self._hub_user.password, take=self._take)
        self._casework = Casework(self._db, key=self._key, settings=self._settings, now=clock.now_ms)
        self._writer = Writer(self._db, self._casework, publish=self._link.publish)
        self._sealed = 0

    def _take(self, topic: str, payload: bytes) -> bool:
        return self._writer.offer(lambda: self._casework.take_message(topic, payload), size=len(payload))

    def _broker_users(self) -> list[BrokerUser]:
        devices = [
            BrokerUser(name=row["device"], password=row["password"], device=row["device"])
            for row in self._reading.devices()
            if not row["revoked"]
        ]
        return [self._hub_user, *devices]

    def _enrol(self, asked: EnrolRequest, public_key: bytes) -> EnrolAnswer:
        work = self._writer.submit(
            lambda: self._casework.enrol(asked.device, asked.kind, asked.station, public_key=public_key)
        )
        password = work.result()
        # One at a time: a list of users that was read earlier must not be written over a later one.
        with self._allowing:
            self._broker.allow(self._broker_users())
        return EnrolAnswer(
            hub_public_key=self._key.public.hex(),
            broker_host=self._settings.device_broker_host or self._settings.host,
            broker_port=self._settings.device_broker_port or self._broker.port,
            broker_user=asked.device,
            broker_password=password,
            http_url=self._settings.device_url or self.url,
        )

    def _revoke(self, device: str, reason: str) -> None:
        self._writer.submit(lambda: self._casework.revoke(device, reason=reason)).result()
        with self._allowing:
            self._broker.allow(self._broker_users())

    def _health(self) -> Health:
        trouble = "" if self._link.connected else "the broker is away"
        if self._writer.failure is not None:
            trouble = f"the store failed: {self._writer.failure}"
        return Health(trouble=trouble, dropped=self._link.dropped, errors=self._writer.errors)

    def _first_accounts(self) -> list[SignIn]:
        if self._accounts.any():
            return []
        made = []
        for name, title in (("auditor", "审核员"), ("operator", "运维")):
            password = secrets.token_urlsafe(_PASSWORD_BYTES)
            self._accounts.put(
                name, title=title, role="auditor" if name == "auditor" else "operator", password=password
            )
            made.append(SignIn(name=name, password=password))
        return made

    def _application(self) -> web.Application:
        desk = Desk(
            settings=self._settings,
            photos=self._photos,
            public_key=self._key.public,
            public_url=self._settings.public_url or self.url,
            now=clock.now_ms,
        )
        console = Console(
            self._reading, writer=self._writer, casework=self._casework, accounts=self._accounts, desk=desk
        )
        uploads = Uploads(
            self._photos,
            self._reading,
            writer=self._writer,
            casework=self._casework,
            key=self._key,
            photo_bytes_max=self._settings.photo_bytes_max,
        )
        api = Api(self._reading, enrol=self._enrol, revoke=self._revoke, health=self._health)
        application = web.Application(client_max_size=PIECE_BYTES_MAX)
        application.add_routes([*console.routes(), *uploads.routes(), *api.routes()])
        return application

    async def run(self, stop: asyncio.Event, *, ready: Callable[[list[SignIn]], None]) -> None:
        """Start everything, call `ready` with the accounts that were made, and run until `stop` is set.

        Raises HubError when something cannot start, or when the store failed while it ran.
        """
        self._writer.start()
        try:
            made = await asyncio.wrap_future(self._writer.submit(self._first_work))
            await asyncio.to_thread(self._broker.start, self._broker_users())
            if not await asyncio.to_thread(self._link.start):
                raise HubError("the broker does not let the hub in")
            runner = web.AppRunner(self._application(), access_log=None)
            await runner.setup()
            try:
                await self._serve(runner, stop, lambda: ready(made))
            finally:
                await runner.cleanup()
        finally:
            await asyncio.to_thread(self._stop)

    def _first_work(self) -> list[SignIn]:
        self._casework.begin_hub_chain()
        return self._first_accounts()

    async def _serve(self, runner: web.AppRunner, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        try:
            await web.TCPSite(runner, self._settings.host, self._http_port).start()
        except (OSError, OverflowError) as error:
            raise HubError(f"port {self._http_port} of {self._settings.host} cannot be used: {error}") from error
        ready()
        last_seal = asyncio.get_running_loop().time()
        while not stop.is_set():
            with_seal = asyncio.get_running_loop().time() - last_seal > SEAL_SECONDS
            last_seal = asyncio.get_running_loop().time() if with_seal else last_seal
            await asyncio.to_thread(self._mend_broker)
            await asyncio.wrap_future(self._writer.submit(self._casework.check_clock))
            if with_seal:
                await asyncio.wrap_future(self._writer.submit(self._seal))
            await _wait(stop, self._settings.overdue_check_seconds)

    def _mend_broker(self) -> None:
        # Nobody is there at night: a broker that died is started again, and the links find it by themselves.
        with self._allowing:
            if self._broker.running:
                return
            _log.error("the broker ended by itself; it is started again")
            try:
                self._broker.start(self._broker_users())
            except HubError as error:
                _log.error("the broker cannot be started: %s", error)

    def _seal(self) -> None:
        # A seal is a fact itself; without anything new since the last one there is nothing to seal.
        if self._casework.ledger.sealed[0] > self._sealed:
            self._casework.seal()
            self._sealed = self._casework.ledger.sealed[0]

    def _stop(self) -> None:
        self._link.stop()
        with contextlib.suppress(WriterStoppedError):
            self._writer.submit(self._seal)
        self._writer.stop()
        self._broker.stop()
        self._opened.close()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
