"""Wires the hub by hand: store, writer, broker, link, doors and console; starts it, keeps its clock, stops it."""

import asyncio
import contextlib
import functools
import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from central_hub import HubError, clock
from central_hub.casework import Casework, Supplies
from central_hub.committing import Committer
from central_hub.console.desk import Desk
from central_hub.console.pages import Console
from central_hub.console.sticker_view import sticker_url
from central_hub.desks.audit_figures import audit_forecast
from central_hub.doors.api import Api, EnrolAnswer, EnrolRequest, Hands
from central_hub.doors.broker import Broker, BrokerUser
from central_hub.doors.carried import Behind
from central_hub.doors.entrance import Entrance
from central_hub.doors.importing import PATH as CARRIED_PATH
from central_hub.doors.importing import Importing
from central_hub.doors.link import Link, lets_in
from central_hub.doors.openapi.lookups import Lookups
from central_hub.doors.openapi.office import Office
from central_hub.doors.openapi.server import OpenApi
from central_hub.doors.serving import in_time, listen
from central_hub.doors.uploads import PIECE_BYTES_MAX, Uploads
from central_hub.installation import (
    hold_folder,
    keep_ports,
    load_broker_secret,
    load_key,
    load_own_rulebooks,
    load_settings,
    load_tls,
)
from central_hub.reading import Health, Reading
from central_hub.store.gaps import Gap
from central_hub.store.office.accounts import Accounts
from central_hub.store.opening import open_reader, open_store
from central_hub.store.photos import PhotoStore
from central_hub.working import sharing
from central_hub.writer import Writer, WriterStoppedError
from inspection.identities import HUB

SEAL_SECONDS = 60.0
NEWCOMER_SECONDS = 20.0
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
            self._tls = load_tls(folder, self._settings, now_ms=clock.now_ms())
            broker_secret = load_broker_secret(folder)
            rulebooks = load_own_rulebooks(folder, self._settings)
            self._http_port, mqtt_port = keep_ports(folder, self._settings)
            self._db = open_store(folder, self._settings)
            opened.callback(self._db.close)
            self._reading = Reading(folder)
            opened.callback(self._reading.close)
            self._lookups = Lookups(folder)
            opened.callback(self._lookups.close)
            self._figures = open_reader(folder, self._settings)
            opened.callback(self._figures.close)
            # From here on nothing is opened; what was, is closed by _stop.
            self._opened = opened.pop_all()
        self._folder = folder
        host = self._settings.host
        self.url = f"{'https' if self._tls else 'http'}://{host}:{self._http_port}"
        self._accounts = Accounts(self._db)
        self._photos = PhotoStore(
            folder, pixels_max=self._settings.photo_pixels_max, free_bytes_min=self._settings.disk_free_bytes_min
        )
        self._broker = Broker(folder, host=host, port=mqtt_port, kind=self._settings.broker, tls=self._tls)
        self._allowing = threading.Lock()
        self._hub_user = BrokerUser(name=HUB, password=broker_secret)
        trusting = self._tls.trusting() if self._tls else None
        self._link = Link(host, mqtt_port, user=HUB, password=broker_secret, take=self._take, tls=trusting)
        if self._db.shared:
            # Until this process holds partitions, others take the messages in.
            self._link.hear(())
        self._public_url = self._settings.public_url or self.url
        self._casework = Casework(
            self._db,
            key=self._key,
            settings=self._settings,
            now=clock.now_ms,
            waiting=lambda: self._writer.waiting,
            supplies=Supplies(rulebooks=rulebooks, address=functools.partial(sticker_url, self._public_url)),
        )
        self._writer = Writer(Committer(self._db, self._casework), publish=self._link.publish)
        self._sealed = 0
        self._newcomer_at = clock.seconds()

    def _take(self, topic: str, payload: bytes) -> bool:
        work = functools.partial(self._casework.take_message, topic, payload)
        return self._writer.offer(work, sender=topic, size=len(payload))

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
            broker_tls=self._tls is not None,
            broker_user=asked.device,
            broker_password=password,
            http_url=self._settings.device_url or self.url,
        )

    def _revoke(self, device: str, reason: str) -> None:
        self._writer.submit(lambda: self._casework.enrolment.revoke(device, reason=reason)).result()
        with self._allowing:
            self._broker.allow(self._broker_users())

    def _release(self, device: str, by: str, reason: str) -> None:
        self._writer.submit(lambda: self._casework.enrolment.release(device, by=by, reason=reason)).result()

    def _replay(self, device: str) -> None:
        self._writer.submit(lambda: self._casework.ask_again(device)).result()

    def _gaps(self) -> list[Gap]:
        return self._reading.gaps(now=clock.now_ms(), silence_hours_max=self._settings.silence_hours_max)

    def _health(self) -> Health:
        trouble = self._photos.full if self._link.connected else "the broker is away"
        if self._writer.failure is not None:
            trouble = f"the store failed: {self._writer.failure}"
        return Health(
            trouble=trouble, waiting=self._writer.waiting, dropped=self._link.dropped, errors=self._writer.errors
        )

    def _first_accounts(self) -> list[SignIn]:
        if self._accounts.any():
            return []
        made = []
        for name, title in (("auditor", "审核员"), ("operator", "运维")):
            password = secrets.token_urlsafe(_PASSWORD_BYTES)
            self._accounts.put(name, title=title, role=name, password=password)
            made.append(SignIn(name=name, password=password))
        return made

    def _application(self) -> web.Application:
        desk = Desk(
            settings=self._settings,
            photos=self._photos,
            public_key=self._key.public,
            public_url=self._public_url,
            now=clock.now_ms,
            health=self._health,
        )
        entrance = self._entrance()
        console = Console(self._reading, writer=self._writer, casework=self._casework, entrance=entrance, desk=desk)
        uploads = Uploads(
            self._photos,
            self._reading,
            writer=self._writer,
            casework=self._casework,
            key=self._key,
            photo_bytes_max=self._settings.photo_bytes_max,
        )
        hands = Hands(
            enrol=self._enrol,
            revoke=self._revoke,
            release=self._release,
            replay=self._replay,
            gaps=self._gaps,
            health=self._health,
            now=clock.now_ms,
        )
        api = Api(self._reading, hands)
        application = web.Application(client_max_size=PIECE_BYTES_MAX, middlewares=[in_time(CARRIED_PATH)])
        application.add_routes([*console.routes(), *uploads.routes(), *api.routes(), *self._importing(api).routes()])
        application.add_routes(OpenApi(self._office(entrance)).routes())
        return application

    def _office(self, entrance: Entrance) -> Office:
        return Office(
            reading=self._reading,
            lookups=self._lookups,
            writer=self._writer,
            casework=self._casework,
            entrance=entrance,
            photos=self._photos,
            now=clock.now_ms,
        )

    def _entrance(self) -> Entrance:
        return Entrance(
            self._reading,
            writer=self._writer,
            desk=self._casework.engine.signing_in,
            people=self._casework.engine.people,
            now=clock.now_ms,
        )

    def _importing(self, api: Api) -> Importing:
        behind = Behind(
            photos=self._photos,
            reading=self._reading,
            writer=self._writer,
            casework=self._casework,
            key=self._key,
            now=clock.now_ms,
            photo_bytes_max=self._settings.photo_bytes_max,
        )
        return Importing(behind, self._folder, operator=api.operator)

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
                async with sharing(self._db, writer=self._writer, link=self._link, stop=stop):
                    await self._serve(runner, stop, lambda: ready(made))
            finally:
                await runner.cleanup()
        finally:
            await asyncio.to_thread(self._stop)

    def _first_work(self) -> list[SignIn]:
        self._casework.start()
        return self._first_accounts()

    async def _serve(self, runner: web.AppRunner, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        serving = self._tls.serving() if self._tls else None
        server = await listen(runner, self._settings.host, self._http_port, tls=serving)
        with contextlib.closing(server):
            ready()
            await self._keep_clock(stop)

    async def _keep_clock(self, stop: asyncio.Event) -> None:
        last_seal = asyncio.get_running_loop().time()
        while not stop.is_set():
            with_seal = asyncio.get_running_loop().time() - last_seal > SEAL_SECONDS
            last_seal = asyncio.get_running_loop().time() if with_seal else last_seal
            await asyncio.to_thread(self._mend_broker)
            await asyncio.wrap_future(self._writer.submit(self._casework.check_clock))
            if with_seal:
                await asyncio.wrap_future(self._writer.submit(self._seal))
                await self._escalate()
            await _wait(stop, self._settings.overdue_check_seconds)

    async def _escalate(self) -> None:
        """Look which audits will be late as things go, off the writer's thread, and have that told."""
        terms = await asyncio.wrap_future(self._writer.submit(self._casework.engine.terms))
        expected = await asyncio.to_thread(audit_forecast, self._figures, terms, now=clock.now_ms())
        if expected.breaches:
            work = functools.partial(self._casework.engine.audits.escalate, expected)
            await asyncio.wrap_future(self._writer.submit(work))

    def _mend_broker(self) -> None:
        # Nobody is there at night: a broker that died is started again, and the links find it by themselves.
        running = self._broker.running
        if running and not self._shuts_out():
            return
        with self._allowing:
            _log.error("the broker %s; it is started again", "lets nobody in" if running else "ended by itself")
            self._broker.stop()
            try:
                self._broker.start(self._broker_users())
            except (HubError, OSError) as error:
                _log.error("the broker cannot be started: %s", error)

    def _shuts_out(self) -> bool:
        # nats-server whose disk was full once lets no newcomer in any more, with room again or not, until it is started
        # anew (seen with 2.15.1); the hub's own connection still stands and shows nothing of it.
        if clock.seconds() - self._newcomer_at < NEWCOMER_SECONDS:
            return False
        self._newcomer_at = clock.seconds()
        tls = self._tls.trusting() if self._tls else None
        user = self._hub_user
        return not lets_in(self._settings.host, self._broker.port, user=user.name, password=user.password, tls=tls)

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
