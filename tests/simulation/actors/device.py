"""A device: the product's journal, vault, dispatch and upload over a simulated disk, link and clock.

Does what the product's agent and forwarding do around them: starts, carries what dispatch gives out, begins anew after
an error, and comes up again after a crash. What the inspector before it does is `inspector`'s.
"""

from collections.abc import Callable
from pathlib import Path
from typing import cast

from edge_agent import AgentError
from edge_agent.clock import Moment
from edge_agent.courier import Wait
from edge_agent.journal import Journal
from edge_agent.sending.dispatching import Dispatch, Identity, PhotoToSend
from edge_agent.sending.events import Arrived, LinkDown, LinkEvent, LinkUp, Outcome
from edge_agent.sending.upload import UploadTarget, upload_photo
from edge_agent.store import Disk as StoreDisk
from edge_agent.vault import Files, Vault
from inspection import InspectionError, topics
from inspection.directives import Refusal
from inspection.facts import AnyFact, DeviceStarted
from inspection.wire import Recorded, open_batch
from tests.simulation.actors.requests import Door, Session, Upload
from tests.simulation.actors.world import HUB_KEY, World, key_of
from tests.simulation.machines.clocks import SimClock
from tests.simulation.machines.disk import Disk, SimConnection
from tests.simulation.machines.files import SimFiles, SimOs, SimPath
from tests.simulation.machines.power import Death, Power, SimCrash

PHOTOS_AT_ONCE_MAX = 3
MESSAGES_AT_ONCE_MAX = 200
IDLE_MS_MAX = 30_000
RESTART_MS = 5_000
TIDY_MS = 60_000
BUSY_MS_MAX = 20
"""So long the program may be at something else while messages come, which are then taken together."""

_NOTHING = Refusal(code="", text="")


class VaultFiles(Files):
    """The product's own steps on files, but for how much room there is."""

    def __init__(self, files: SimFiles) -> None:
        self._files = files

    def free_bytes(self, folder: Path) -> int:
        """Return how many bytes are free."""
        return self._files.free_bytes(folder)


class SimDevice:
    """One device's machine. running: called each time the program has come up. ready: whether it is up."""

    def __init__(self, world: World, name: str, door: Door) -> None:
        self._world = world
        self.name = name
        self._door = door
        self.power = Power(name)
        self.disk = Disk(self.power, world.scheduler.dice)
        self.files = SimFiles(self.power, world.scheduler.dice)
        self.clock = SimClock(world.scheduler, name)
        self.running: Callable[[], None] = lambda: None
        self.ready = False
        self._life = 0
        self._run = 0
        self._wake_number = 0
        self._uploads: list[Upload] = []
        self._events: list[LinkEvent] = []
        key = key_of(name)
        self._identity = Identity(device=name, key=key, hub_public=HUB_KEY.public)
        self._target = UploadTarget(
            http_url="http://hub.invalid",
            device=name,
            key=key,
            hub_public=HUB_KEY.public,
            chunk_bytes=world.profile.limits.upload_chunk_bytes,
        )
        self.disk.committed = lambda connection: world.book.journal_committed(name, connection, self.look)

    def look(self, digest: str) -> bytes | None:
        """Return what the vault holds under a digest."""
        return self.files.look(f"/vault/{digest[:2]}/{digest}")

    def install(self) -> None:
        """Make the empty journal, once."""
        self.power.on()
        Journal.create(self._journal_path, self.name, disk=self._store_disk)
        # Its first commit would do it: SQLite syncs the folder together with a new log.
        SimOs.fsync(self.files.root())
        self.files.forgets_syncs = self._world.mutant == "vault drops the fsync"
        self.power.off("kill")

    def start(self) -> None:
        """Start the program over what the disk holds."""
        self._life += 1
        self.ready = False
        self.power.on()
        if self._world.mutant == "reset sequence" and self._life > 1:
            self.disk.restore(b"")
            self.disk.committed = lambda _connection: None
            (self.files.root() / "journal.db").unlink()
            Journal.create(self._journal_path, self.name, disk=self._store_disk)
            self.disk.committed = lambda connection: self._world.book.journal_committed(
                self.name, connection, self.look
            )
        self._world.book.journal_opened(self.name, self.disk.image, self.look)
        self.guarded(self._start)

    def die(self, death: Death) -> None:
        """End the program between two actions."""
        self.power.off(death)
        self._gone()

    def record(self, fact: AnyFact, case: str = "") -> Recorded:
        """Record a fact, as the agent does."""
        recorded = self.journal.record(fact, self.clock.now(), case=case)
        self._wake_in(0)
        return recorded

    def guarded(self, action: Callable[[], None]) -> None:
        """Run something of the program; it may die of it, or forwarding may fall over and begin anew."""
        if not self.power.alive:
            return
        try:
            action()
        except SimCrash:
            self._gone()
        except (AgentError, InspectionError, OSError) as error:
            self._world.scheduler.note(f"{self.name} fell over: {type(error).__name__} {error}")
            self._fall_over()

    @property
    def _journal_path(self) -> Path:
        return cast("Path", self.files.root() / "journal.db")

    @property
    def _store_disk(self) -> StoreDisk:
        return StoreDisk(connect=self._connect, free_bytes=self.files.free_bytes)

    def _connect(self, path: Path) -> SimConnection:
        file = cast("SimPath", path)
        if not file.exists():
            file.make(new=True).sync()
        return self.disk.connect()

    def _start(self) -> None:
        limits = self._world.profile.limits
        files = cast("Path", self.files.root() / "vault")
        self.vault = Vault(files, free_bytes_min=limits.vault_free_bytes_min, files=VaultFiles(self.files))
        self.journal = Journal(
            self._journal_path, self.name, free_bytes_min=limits.journal_free_bytes_min, disk=self._store_disk
        )
        self.dispatch = Dispatch(
            self.journal,
            self.vault,
            profile=self._world.profile,
            identity=self._identity,
            chance=self._world.scheduler.dice.random,
        )
        self.record(DeviceStarted(profile="pda-basic@1", software="0.1.0"))
        self.ready = True
        self._forward()
        self.running()

    def _forward(self) -> None:
        self._run += 1
        run = self._run
        self._events = []
        self.dispatch.begin()
        self._world.network.attach(
            self.name,
            up=lambda: self._event(run, LinkUp()),
            down=lambda: self._event(run, LinkDown("cut")),
            take=lambda topic, payload: self._arrived(run, topic, payload),
            acknowledged=lambda payload: self._acknowledged(run, payload),
        )
        self._tidy_later(run)
        self._wake_in(0)

    def _event(self, run: int, event: LinkEvent) -> None:
        if run != self._run:
            return
        self._events.append(event)
        if len(self._events) == 1:
            busy = self._world.scheduler.dice.randint(0, BUSY_MS_MAX)
            self._world.scheduler.after(busy, f"{self.name} takes what came", lambda: self._take(run))

    def _take(self, run: int) -> None:
        if run == self._run:
            events, self._events = self._events, []
            for event in events:
                if isinstance(event, Arrived) and event.what == "receipt":
                    self._world.book.device_hears(self.name, event.payload)
            self.guarded(lambda: self.dispatch.take(events, self.clock.now()))
            self._wake_in(0)

    def _arrived(self, run: int, topic: str, payload: bytes) -> None:
        if topic == topics.receipts(self.name):
            self._event(run, Arrived("receipt", payload))
        else:
            self._event(run, Arrived("directive", payload))

    def _acknowledged(self, run: int, payload: bytes) -> None:
        if self._world.mutant != "settle on PUBACK" or run != self._run or len(payload) > 10**6:
            return
        self.guarded(lambda: self._settle_at_once(payload))

    def _settle_at_once(self, payload: bytes) -> None:
        try:
            last = open_batch(payload).last
        except InspectionError:
            return
        with self.journal._store.writing(needs_room=False) as connection:
            connection.execute("UPDATE chain SET receipted = max(receipted, ?)", (last,))

    def _wake_in(self, delay_ms: int) -> None:
        self._wake_number += 1
        number, run = self._wake_number, self._run

        def wake() -> None:
            if number == self._wake_number and run == self._run and self._world.network.attached(self.name):
                self.guarded(self._pump)

        self._world.scheduler.after(delay_ms, f"{self.name} goes on", wake)

    def _pump(self) -> None:
        waits = [self._send_messages(), self._send_photos()]
        self._wake_in(min(IDLE_MS_MAX, *waits))

    def _send_messages(self) -> int:
        for _ in range(MESSAGES_AT_ONCE_MAX):
            at = self.clock.now()
            message = self.dispatch.next_message(at)
            if isinstance(message, Wait):
                return self._ms_until(message, at)
            self.power.operation("publish")
            topic = topics.facts(self.name) if message.kind == "facts" else topics.contact(self.name)
            taken = self._world.network.publish(self.name, topic, message.payload)
            self.dispatch.handed_over(message, at, taken=taken)
        return 0

    def _send_photos(self) -> int:
        while len(self._uploads) < PHOTOS_AT_ONCE_MAX:
            at = self.clock.now()
            step = self.dispatch.next_photo(at)
            if isinstance(step, Wait):
                return self._ms_until(step, at)
            self._begin_upload(step)
        return IDLE_MS_MAX

    def _begin_upload(self, step: PhotoToSend) -> None:
        session, run = Session(), self._run

        def done(outcome: Outcome) -> None:
            self._uploads.remove(upload)
            if run == self._run:
                at = self.clock.now()
                self.guarded(
                    lambda: self.dispatch.photo_done(step.photo, outcome, at=at, sent_bytes=session.sent_bytes)
                )
                self._wake_in(0)

        coroutine = upload_photo(session, self._target, step.photo, step.data)  # type: ignore[arg-type]
        upload = Upload(self._world, self.name, coroutine, door=self._door, done=done)
        self._uploads.append(upload)
        upload.begin()

    @staticmethod
    def _ms_until(wait: Wait, at: Moment) -> int:
        return IDLE_MS_MAX if wait.until is None else max(1, int(wait.until * 1000 - at.mono) + 1)

    def _tidy_later(self, run: int) -> None:
        def tidy() -> None:
            if run == self._run and self.power.alive:
                self.guarded(self._tidy)
                self._tidy_later(run)

        self._world.scheduler.after(TIDY_MS, f"{self.name} tidies", tidy)

    def _tidy(self) -> None:
        if self._world.mutant == "evict un-receipted":
            for photo in self.journal.photos("kept")[:1]:
                self.vault.free(photo.digest)
                self.journal.refuse_photo(photo.digest, _NOTHING)
        self.dispatch.tidy()

    def _fall_over(self) -> None:
        self._stop_forwarding()
        run = self._run
        self._world.scheduler.after(RESTART_MS, f"{self.name} begins anew", lambda: self._begin_anew(run))

    def _begin_anew(self, run: int) -> None:
        if run == self._run and self.power.alive:
            self.guarded(self._forward if self.ready else self._start)

    def _stop_forwarding(self) -> None:
        self._run += 1
        self._world.network.detach(self.name)
        uploads, self._uploads = self._uploads, []
        for upload in uploads:
            upload.stop()

    def _gone(self) -> None:
        self._life += 1
        self.ready = False
        self._stop_forwarding()
        if self.power.death == "power cut":
            lost = self.disk.cut_power()
            self.files.cut_power()
            self.clock.reboot()
            self._world.scheduler.note(f"{self.name} lost {lost} commits from its cache")
        life = self._life
        delay = self._world.scheduler.dice.randint(500, 4 * RESTART_MS)
        self._world.scheduler.after(delay, f"{self.name} starts again", lambda: self._start_again(life))

    def _start_again(self, life: int) -> None:
        if life == self._life and not self.power.alive:
            self.start()
