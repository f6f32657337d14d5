"""The bare hub: the least that any hub with these promises does, and nothing else.

    python -m benchmarks.hub.bare.hub --folder DIR --port 1883 --password PASSWORD                  senders from memory
    python -m benchmarks.hub.bare.hub --folder DIR --port 1883 --password PASSWORD --known FILE     devices with homes

It takes batches from the broker, checks the one signature of each, appends the raw facts to a SQLite table (synchronous
FULL, unique by device and number; what waited goes into one commit) and then sends a receipt. It follows the chain, for
the signature vouches for a batch by it; nothing else of a fact is read, no case folded, no sticker signed. What devices
say of themselves it does not hear: they send without an answer to it.
"""

import argparse
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from benchmarks.hub.bare.terms import Frame, Known, Place, Terms, TermsOfHomes, TermsOfNames
from benchmarks.hub.inprocess import now_ms
from benchmarks.hub.processes import say, wait_for_word
from central_hub.doors.link import Link
from inspection import topics
from inspection.signing import CHAIN_START, digest, verify
from inspection.wire import head_bytes

GROUP_MESSAGES_MAX = 64
_TABLE = (
    "CREATE TABLE facts (pos INTEGER PRIMARY KEY, device TEXT NOT NULL, seq INTEGER NOT NULL, raw BLOB NOT NULL,"
    " UNIQUE (device, seq)) STRICT"
)
_frames = msgspec.msgpack.Decoder(Frame)
_places = msgspec.msgpack.Decoder(Place)


class Publisher(Protocol):
    """Over what receipts go."""

    def publish(self, topic: str, message: bytes) -> None:
        """Send a message."""


class Appender:
    """The one thread that appends. now: returns the time, Unix milliseconds."""

    def __init__(self, folder: Path, terms: Terms, *, now: Callable[[], int]) -> None:
        self._db = sqlite3.connect(folder / "bare.db", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(_TABLE)
        self._terms = terms
        self._now = now
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._waiting: queue.Queue[bytes | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.link: Publisher | None = None

    def start(self, link: Publisher) -> None:
        """Begin to append; receipts go over `link`."""
        self.link = link
        self._thread.start()

    def take(self, _topic: str, payload: bytes) -> bool:
        """Put a message down."""
        self._waiting.put(payload)
        return True

    def stop(self) -> int:
        """Append what waits and end; return how many facts the table holds."""
        self._waiting.put(None)
        self._thread.join()
        count: int = self._db.execute("SELECT count(*) FROM facts").fetchone()[0]
        self._db.close()
        return count

    def _run(self) -> None:
        while group := self._next_group():
            self._append(group)

    def _next_group(self) -> list[bytes]:
        """Return what waits; nothing at the end."""
        group: list[bytes] = []
        while not group or (len(group) < GROUP_MESSAGES_MAX and not self._waiting.empty()):
            if (message := self._waiting.get()) is None:
                # It is found again when this group is on the disk.
                self._waiting.put(None)
                break
            group.append(message)
        return group

    def _append(self, group: Sequence[bytes]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        heard = {self._take_batch(_frames.decode(message)) for message in group}
        self._db.execute("COMMIT")
        for device in heard:
            last, head = self._head(device)
            if self.link is not None:
                receipt = self._terms.receipt(device, last, head=head, now=self._now())
                self.link.publish(topics.receipts(device), receipt)

    def _take_batch(self, frame: Frame) -> str:
        """Append a batch and return its device.

        One that came before, or after one that is missing, changes nothing: the receipt says from where to go on.
        """
        device = frame.device
        first, last, head = _followed(frame.facts)
        verify(self._terms.public(device), "batch", head_bytes(device, last, head, frame.sent), frame.signature)
        have, newest = self._head(device)
        if first.seq == have + 1:
            _check(holds=first.before == newest)
            rows = [(device, first.seq + offset, raw) for offset, raw in enumerate(frame.facts)]
            self._db.executemany("INSERT OR IGNORE INTO facts (device, seq, raw) VALUES (?, ?, ?)", rows)
            self._heads[device] = last, head
        return device

    def _head(self, device: str) -> tuple[int, bytes]:
        return self._heads.get(device, (0, CHAIN_START))


def _followed(facts: Sequence[bytes]) -> tuple[Place, int, bytes]:
    """Return where a batch begins, and number and hash of its last fact.

    The one signature vouches for the others by the chain alone.
    """
    first = _places.decode(facts[0])
    last, head = first.seq, digest(facts[0])
    for raw in facts[1:]:
        place = _places.decode(raw)
        _check(holds=place.before == head and place.seq == last + 1)
        last, head = place.seq, digest(raw)
    return first, last, head


def _check(*, holds: bool) -> None:
    if not holds:
        raise ValueError("the chain does not hold")


def main() -> None:
    """Take messages until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--known", type=Path, help="keys of the hub and of devices with homes, as JSON")
    options = parser.parse_args()
    appender = Appender(options.folder, _terms(options.known), now=now_ms)
    link = Link("127.0.0.1", options.port, user="hub", password=options.password, take=appender.take)
    link.hear([topics.every("facts")])
    link.start()
    appender.start(link)
    say(ready=1)
    wait_for_word()
    link.stop()
    say(facts=appender.stop())


def _terms(known: Path | None) -> Terms:
    if known is None:
        return TermsOfNames()
    return TermsOfHomes(msgspec.json.decode(known.read_bytes(), type=Known))


if __name__ == "__main__":
    main()
