"""The hub's own code without its doors: casework and commit over a data folder, in this process.

For profiles, and to fill a ledger that no hub holds. The hub of the measurements is a process of its own.
"""

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.hub.inspections import BOOT, PHOTO_KINDS, STATION, Chain, batches, opening, photo_facts
from central_hub.casework import Casework
from central_hub.committing import Committer
from central_hub.installation import load_key, load_settings
from central_hub.store.database import open_for_writing
from inspection import topics
from inspection.directives import Contact
from inspection.evidence import PhotoRef
from inspection.signing import SigningKey, digest
from inspection.wire import BATCH_FACTS_MAX, Recorded, seal_batch, seal_contact

SETTINGS = f'title = "bench"\npractice = true\n\n[[stations]]\nid = "{STATION}"\nname = "bench"\nadmitted = true\n'
GROUP_MESSAGES_MAX = 64
_MILLISECOND_NS = 1_000_000
_RUNNING_MS = 30 * 86_400_000
"""How long a device has run when it is heard: what it tells of happened before."""


def now_ms() -> int:
    """Return this machine's time, Unix milliseconds."""
    return time.time_ns() // _MILLISECOND_NS


class Sender:
    """A device that makes messages: its key and its chain."""

    def __init__(self, name: str) -> None:
        self.key = SigningKey(os.urandom(32))
        self.chain = Chain(name, start=now_ms() - _RUNNING_MS)

    @property
    def topic(self) -> str:
        """The topic of its facts."""
        return topics.facts(self.chain.device)

    def contact(self) -> bytes:
        """Return what the device says of itself, before it wrote anything: from then on the hub can date its facts."""
        chain = self.chain
        contact = Contact(
            device=chain.device,
            newest=chain.seq,
            head=chain.head,
            receipted=chain.seq,
            wall=now_ms(),
            mono=_RUNNING_MS,
            boot=BOOT,
        )
        return seal_contact(contact, self.key)

    def messages(self, records: Sequence[Recorded], facts_max: int = BATCH_FACTS_MAX) -> list[bytes]:
        """Return consecutive facts as signed batches of so many facts at most."""
        return [seal_batch(batch, sent=now_ms(), key=self.key) for batch in batches(records, facts_max)]


class InProcess:
    """Casework over the data folder, which no hub may hold.

    durable: False leaves the disk to the system. wrapped: what to put around the store, e.g. to count.
    """

    def __init__(self, folder: Path, *, durable: bool = True, wrapped: Callable[[Any], Any] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        settings = folder / "hub.toml"
        if not settings.exists():
            settings.write_text(SETTINGS, encoding="utf-8")
        key = load_key(folder)
        store: Any = open_for_writing(folder)
        self._db = self.database = store if wrapped is None else wrapped(store)
        if not durable:
            self._db.execute("PRAGMA synchronous = OFF")
        self.casework = Casework(self._db, key=key, settings=load_settings(folder), now=now_ms)
        self._committer = Committer(self._db, self.casework)

    def close(self) -> None:
        """Close the store."""
        self._db.close()

    def commit(self, group: Sequence[tuple[str, bytes]]) -> int:
        """Take in messages in one commit; return how many messages go out after it."""
        return self._run([partial(self.casework.take_message, topic, payload) for topic, payload in group])

    def _run(self, work: list[Callable[[], Any]]) -> int:
        outgoing, done = self._committer.commit(work)
        for piece in done:
            if piece.error is not None:
                raise piece.error
        return len(outgoing)

    @property
    def size(self) -> int:
        """How many facts the ledger holds."""
        return self.casework.ledger.sealed[0]

    def counts(self) -> dict[str, int]:
        """Return how many facts, stickers, directives and refusals the store holds."""
        tables = ("entries", "stickers", "directives", "refusals")
        return {name: self._db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608

    def begin(self, senders: Sequence[Sender]) -> None:
        """Begin the hub's own chain and enrol these devices."""
        enrolment = self.casework.enrolment
        self._run(
            [
                enrolment.begin_hub_chain,
                *(
                    partial(enrolment.enrol, s.chain.device, "lane_box", STATION, public_key=s.key.public)
                    for s in senders
                ),
            ]
        )
        self.commit([(topics.contact(sender.chain.device), sender.contact()) for sender in senders])

    def store_photos(self, sender: Sender, photos: Sequence[PhotoRef]) -> None:
        """Have a device announce photos in a case of its own, and write down that their bytes are here."""
        opened = sender.chain.add(opening(sender.chain.device, 0))
        announced = [sender.chain.add(fact, case=opened.entry.case) for fact in photo_facts(0, photos)]
        self.commit([(sender.topic, message) for message in sender.messages([opened, *announced])])
        self._run([partial(self.casework.store_photo, photo.digest) for photo in photos])


def announced_photos() -> list[PhotoRef]:
    """Return references to eight photos of which there are no bytes."""
    return [
        PhotoRef(digest=digest(kind.encode()).hex(), media="image/jpeg", size=216_000, width=1600, height=1200)
        for kind in PHOTO_KINDS
    ]
