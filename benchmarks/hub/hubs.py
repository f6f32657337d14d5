"""The hub under measurement: a process of its own with its embedded broker, and what may be asked of it."""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from benchmarks.hub.devices import HubAddress
from benchmarks.hub.inprocess import GROUP_MESSAGES_MAX, SETTINGS, InProcess, Sender
from benchmarks.hub.processes import Child, processor_of
from inspection.evidence import PhotoRef

_FILL_DEVICES = 16
_FILL_INSPECTIONS = 64
_FILL_FIRST = 4_000_000


class HubProcess:
    """`passlane hub` over a data folder.

    start_facts: in its ledger at its start. start_seconds: from its start until it said that it is ready.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hub.toml").write_text(SETTINGS, encoding="utf-8")
        self.folder = folder
        self.start_facts = ledger_counts(folder)["entries"] if (folder / "ledger.db").exists() else 0
        begun = time.monotonic()
        command = ["passlane", "hub", "--data", str(folder), "--json", "--with-parent"]
        self._child = Child("hub", command, log=folder.with_name("hub.log"))
        ready = self._child.answer()
        self.start_seconds = time.monotonic() - begun
        self.url = str(ready["url"])
        self.accounts: dict[str, str] = ready["accounts"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.stop()

    @property
    def address(self) -> HubAddress:
        """Where it is, and the operator's sign-in, which only the first start says."""
        return HubAddress(url=self.url, password=self.accounts["operator"])

    def processor(self) -> dict[str, float]:
        """Return the processor time, in seconds, that hub and broker have taken so far."""
        return processor_of(self._child.pid, self.folder)

    @property
    def peak_bytes(self) -> int:
        """The most memory that it has held since its start; the broker is another process."""
        return self._child.peak_bytes


def ledger_counts(folder: Path) -> dict[str, int]:
    """Return how many facts, stickers and refusals a hub's store holds; it may be running."""
    tables = ("entries", "stickers", "refusals")
    db = sqlite3.connect(f"file:{folder / 'ledger.db'}?mode=ro", uri=True)
    counts = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608
    db.close()
    return counts


def facts_of_device(folder: Path, device: str) -> tuple[int, int]:
    """Return how many facts of a device the ledger holds, and the greatest number among them."""
    db = sqlite3.connect(f"file:{folder / 'ledger.db'}?mode=ro", uri=True)
    count, last = db.execute("SELECT count(*), max(seq) FROM entries WHERE device = ?", (device,)).fetchone()
    db.close()
    return count, last or 0


def fill_ledger(folder: Path, facts: int, photos: Sequence[PhotoRef]) -> int:
    """Bring the ledger of a hub that does not run to so many facts; return how many it holds then.

    By the hub's own code, in this process, without waiting for the disk. The photos must be stored there.
    """
    hub = InProcess(folder, durable=False)
    senders = [Sender(f"fill-{number}") for number in range(1, _FILL_DEVICES + 1)]
    hub.begin(senders)
    number, turn = _FILL_FIRST, 0
    while hub.size < facts:
        sender = senders[turn % len(senders)]
        records = [
            record for n in range(number, number + _FILL_INSPECTIONS) for record in sender.chain.inspect(n, photos)
        ]
        waiting = [(sender.topic, message) for message in sender.messages(records)]
        for at in range(0, len(waiting), GROUP_MESSAGES_MAX):
            hub.commit(waiting[at : at + GROUP_MESSAGES_MAX])
        number, turn = number + _FILL_INSPECTIONS, turn + 1
    size = hub.size
    hub.close()
    return size


def directive_bytes(folder: Path) -> float:
    """Return how many bytes the message has that brings a sticker, on average."""
    db = sqlite3.connect(f"file:{folder / 'ledger.db'}?mode=ro", uri=True)
    found: float = db.execute("SELECT avg(length(message)) FROM directives").fetchone()[0]
    db.close()
    return found
