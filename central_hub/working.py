"""Several programs over one hub's store (接收进程): each takes the messages of the partitions of devices that it holds.

Wires an intake worker, which is a process of its own beside the hub, and keeps the share of whoever takes part; which
partitions that are, `leases` says. Everything else of a hub (broker, doors, console, clock) is `assembly`'s.
"""

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import get_args

from central_hub import HubError, clock
from central_hub.casework import Casework, Supplies
from central_hub.committing import Committer
from central_hub.doors.link import Link
from central_hub.installation import (
    check_installed,
    load_broker_secret,
    load_key,
    load_own_rulebooks,
    load_settings,
    load_tls,
    mqtt_port,
)
from central_hub.settings import SettingsError
from central_hub.store.database import Database
from central_hub.store.leases import Leases
from central_hub.store.opening import open_store
from central_hub.writer import Writer, WriterStoppedError
from inspection import topics
from inspection.identities import HUB

BEAT_SECONDS = 1.0
_KINDS: tuple[topics.Upward, ...] = get_args(topics.Upward)
_log = logging.getLogger(__name__)
Told = Callable[[frozenset[int]], None]
"""Is called with the partitions that are held, whenever they are others."""


def _nobody(_held: frozenset[int]) -> None:
    """Tell nobody: the log says it."""


@contextlib.asynccontextmanager
async def sharing(
    db: Database, *, writer: Writer, link: Link, stop: asyncio.Event, told: Told = _nobody
) -> AsyncIterator[None]:
    """Hold a fair share of the partitions inside the block; of a store that nobody shares there is nothing to hold.

    The link must hear nothing before. `stop` is set when the share cannot be kept; what was wrong is raised at the end.
    """
    if not db.shared:
        yield
        return
    keeping = asyncio.create_task(_keep_share(Leases(db), writer, link=link, stop=stop, told=told))
    try:
        yield
    finally:
        stop.set()
        await keeping


async def _keep_share(leases: Leases, writer: Writer, *, link: Link, stop: asyncio.Event, told: Told) -> None:
    held: frozenset[int] = frozenset()
    try:
        while not stop.is_set():
            before, held = held, await asyncio.wrap_future(writer.submit(lambda: _beat(leases, link)))
            link.hear(topics.of_partition(number, kind) for number in sorted(held) for kind in _KINDS)
            if held != before:
                _log.info("%d of %d partitions are taken in here", len(held), topics.PARTITIONS)
                told(held)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), BEAT_SECONDS)
    finally:
        stop.set()
        link.hear(())
        with contextlib.suppress(WriterStoppedError):
            await asyncio.wrap_future(writer.submit(leases.rest))


def _beat(leases: Leases, link: Link) -> frozenset[int]:
    if link.connected:
        return leases.beat()
    # Whoever hears no device holds nothing: another worker may have a broker that works.
    leases.rest()
    return frozenset()


class Worker:
    """An intake worker over a hub's data folder."""

    def __init__(self, folder: Path) -> None:
        check_installed(folder)
        settings = load_settings(folder)
        if not settings.store:
            raise SettingsError(
                "hub.toml: store names no PostgreSQL database; over the SQLite file the hub alone takes in messages"
            )
        tls = load_tls(folder, settings, now_ms=clock.now_ms())
        self._link = Link(
            settings.host,
            mqtt_port(folder, settings),
            user=HUB,
            password=load_broker_secret(folder),
            take=self._take,
            tls=tls.trusting() if tls else None,
        )
        self._link.hear(())
        key = load_key(folder)
        self._db = open_store(folder, settings)
        self._casework = Casework(
            self._db,
            key=key,
            settings=settings,
            now=clock.now_ms,
            waiting=lambda: self._writer.waiting,
            supplies=Supplies(rulebooks=load_own_rulebooks(folder, settings)),
        )
        self._writer = Writer(Committer(self._db, self._casework), publish=self._link.publish)

    def _take(self, topic: str, payload: bytes) -> bool:
        work = functools.partial(self._casework.take_message, topic, payload)
        return self._writer.offer(work, sender=topic, size=len(payload))

    async def run(self, stop: asyncio.Event, *, told: Told) -> None:
        """Take part until `stop` is set; `told` is called with the partitions held, whenever they change.

        Raises HubError when the broker does not let it in, or when the store failed while it ran.
        """
        self._writer.start()
        try:
            await asyncio.wrap_future(self._writer.submit(self._casework.start))
            if not await asyncio.to_thread(self._link.start):
                raise HubError("the broker does not let the worker in")
            async with sharing(self._db, writer=self._writer, link=self._link, stop=stop, told=told):
                await stop.wait()
        finally:
            await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._link.stop()
        self._writer.stop()
        self._db.close()
