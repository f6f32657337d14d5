"""The hub: the product's casework, committer, ledger and photo store over a simulated disk, link and clock.

Does what the product's assembly and writer thread do: takes what comes, commits it in groups, tells after the commit,
looks at the clock every few seconds. When its store fails it ends, and whoever watches over it starts it again.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import cast

from central_hub import HubError
from central_hub.casework import Casework, Supplies
from central_hub.committing import Committer, Work
from central_hub.desks.audits import Judgement
from central_hub.people.roles import Actor
from central_hub.store.database import SqliteDatabase, prepared
from central_hub.store.photos import PhotoStore
from inspection import topics
from inspection.identities import HUB
from tests.simulation.actors.door import PhotoDoor
from tests.simulation.actors.requests import Answer, Request
from tests.simulation.actors.vehicles import STATION
from tests.simulation.actors.world import HUB_KEY, HUB_SETTINGS, World, key_of
from tests.simulation.machines.disk import Disk
from tests.simulation.machines.files import SimFiles
from tests.simulation.machines.power import Death, Power, SimCrash

GROUP_ITEMS_MAX = 64
WAITING_ITEMS_MAX = 2_000
RESTART_MS = 5_000
CLOCK_MS = 5_000
SEAL_MS = 60_000
THINKS_MS_MAX = 20
AUDIT_MS_MAX = 30_000

AUDITORS = tuple(Actor(name, name, frozenset({"auditor"})) for name in ("auditor-1", "auditor-2", "auditor-3"))

_Item = tuple[Work, Callable[[Exception | None], None]]


class SimHub:
    """The hub's machine."""

    def __init__(self, world: World, devices: list[str]) -> None:
        self._world = world
        self._devices = devices
        self.power = Power(HUB)
        self.disk = Disk(self.power, world.scheduler.dice)
        self.files = SimFiles(self.power, world.scheduler.dice)
        self.offset_ms = 0
        self._life = 0
        self._waiting: list[_Item] = []
        self._busy = False
        self._sealed = 0
        self.disk.committed = world.book.ledger_committed
        world.book.photo_at_hub = lambda digest: self.files.look(f"/photos/{digest[:2]}/{digest}")

    @property
    def listening(self) -> bool:
        """Whether the program runs."""
        return self.power.alive

    def now_ms(self) -> int:
        """Return the hub's clock."""
        return self._world.scheduler.now + self.offset_ms

    def handle(self, request: Request, answer: Callable[[Answer], None]) -> None:
        """Take a request at the door for photos."""
        self._guarded(lambda: self._door.handle(request, answer))

    def start(self) -> None:
        """Start the program over what the disk holds."""
        self._life += 1
        self._world.book.ledger_opened(self.disk.image)
        self.power.on()
        self._guarded(self._start)

    def die(self, death: Death) -> None:
        """End the program between two actions."""
        self.power.off(death)
        self._gone()

    def _start(self) -> None:
        world, life = self._world, self._life
        self._waiting, self._busy = [], False
        self._db = prepared(self.disk.connect())
        self._casework = Casework(
            self._db,
            key=HUB_KEY,
            settings=HUB_SETTINGS,
            now=self.now_ms,
            waiting=lambda: len(self._waiting),
            supplies=Supplies(entropy=world.scheduler.dice.randbytes),
        )
        self._committer = Committer(self._db, self._casework)
        if world.mutant == "receipt before commit":
            self._tell_before_commit()
        store = PhotoStore(
            cast("Path", self.files.root()),
            pixels_max=HUB_SETTINGS.photo_pixels_max,
            free_bytes=self.files.free_bytes,
        )
        self._door = PhotoDoor(
            store,
            self._db,
            casework=self._casework,
            submit=self._submit,
            told=world.book.hub_receipts_photo,
            hasty=world.mutant == "photo receipt before commit",
        )
        self._commit([(self._enrol, lambda _error: None)])
        world.network.attach(HUB, up=lambda: None, down=lambda: None, take=self._take)
        self._every(CLOCK_MS, "hub looks at the clock", life, lambda: self._submit(self._casework.check_clock))
        self._every(SEAL_MS, "hub seals", life, lambda: self._submit(self._seal))
        self._audit_later(life)

    def _enrol(self) -> None:
        self._casework.start()
        for device in self._devices:
            self._casework.enrolment.enrol(device, "pda", STATION, public_key=key_of(device).public)

    def _tell_before_commit(self) -> None:
        def hasty() -> None:
            self._tell(list(self._casework.hand._outgoing))
            commit()

        commit = self._db.commit
        self._db.commit = hasty  # type: ignore[method-assign]

    def _every(self, period_ms: int, label: str, life: int, action: Callable[[], None]) -> None:
        def again() -> None:
            if life == self._life and self.power.alive:
                action()
                self._world.scheduler.after(period_ms, label, again)

        self._world.scheduler.after(period_ms, label, again)

    def _take(self, topic: str, payload: bytes) -> None:
        if len(self._waiting) < WAITING_ITEMS_MAX:
            self._submit(lambda: self._casework.take_message(topic, payload))

    def _submit(self, work: Work, done: Callable[[Exception | None], None] = lambda _error: None) -> None:
        self._waiting.append((work, done))
        if not self._busy:
            self._busy = True
            life, dice = self._life, self._world.scheduler.dice
            self._world.scheduler.after(dice.randint(0, THINKS_MS_MAX), "hub commits", lambda: self._work(life))

    def _work(self, life: int) -> None:
        if life != self._life or not self.power.alive:
            return
        self._busy = False
        group, self._waiting = self._waiting[:GROUP_ITEMS_MAX], self._waiting[GROUP_ITEMS_MAX:]
        rest, self._waiting = self._waiting, []
        self._guarded(lambda: self._commit(group))
        for item in rest:
            self._submit(*item)

    def _commit(self, group: list[_Item]) -> None:
        outgoing, done = self._committer.commit([work for work, _ in group])
        self._tell(outgoing)
        for (_, tell), result in zip(group, done, strict=True):
            tell(result.error)

    def _tell(self, outgoing: list[tuple[str, bytes]]) -> None:
        for topic, message in outgoing:
            self.power.operation("publish")
            self._world.book.hub_tells(topic, message)
            if self._world.network.attached(HUB):
                self._world.network.publish(HUB, topic, message)

    def _seal(self) -> None:
        if self._casework.ledger.sealed[0] > self._sealed:
            self._casework.seal()
            self._sealed = self._casework.ledger.sealed[0]

    def _audit_later(self, life: int) -> None:
        delay = self._world.scheduler.dice.randrange(AUDIT_MS_MAX)
        self._world.scheduler.after(delay, "auditor looks", lambda: self._guarded(lambda: self._audit(life)))

    def _audit(self, life: int) -> None:
        if life != self._life or not self.power.alive:
            return
        auditor = self._world.scheduler.dice.choice(AUDITORS)
        decided: list[str] = []
        self._submit(
            lambda: decided.extend(self._look(auditor)),
            lambda error: None if error else self._told(decided),
        )
        self._audit_later(life)

    def _told(self, decided: list[str]) -> None:
        for case in decided:
            self._world.book.auditor_told(case)

    def _look(self, auditor: Actor) -> list[str]:
        """Pass the next case that there is for an auditor; return it where it is decided with that."""
        audits = self._casework.engine.audits
        lease = audits.take_next(auditor)
        if lease is None:
            return []
        seen = audits.look(auditor, lease.token).device_facts
        after = audits.decide(auditor, lease.token, Judgement(decision="pass", seen=seen))
        return [] if after.audit is None else [after.case]

    def _guarded(self, action: Callable[[], None]) -> None:
        if not self.power.alive:
            return
        try:
            action()
        except SimCrash:
            self._gone()
        except (sqlite3.OperationalError, HubError, OSError) as error:
            # The store failed: nothing was committed, nothing is told, the program ends and says so.
            self._world.scheduler.note(f"hub ends: {type(error).__name__} {error}")
            self.power.off("kill")
            self._gone()

    def _gone(self) -> None:
        self._life += 1
        self._world.network.detach(HUB)
        if self.power.death == "power cut":
            lost = self.disk.cut_power()
            self.files.cut_power()
            self._world.scheduler.note(f"hub lost {lost} commits from its cache")
        self._world.scheduler.after(RESTART_MS, "hub starts again", self._start_again)

    def _start_again(self) -> None:
        if not self.power.alive:
            self.start()

    @property
    def database(self) -> SqliteDatabase:
        """The open store, for whoever checks the end."""
        return self._db


def receiver(topic: str) -> str:
    """Return who is subscribed to a topic: the hub to what devices send, each device to what is its own."""
    try:
        topics.upward(topic)
    except topics.TopicError:
        return topic.split("/")[3]
    return HUB
