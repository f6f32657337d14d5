"""The bare limit's hub: the least that any hub with these promises does, and nothing else.

    python -m benchmarks.hub.bare.hub --folder DIR --port 1883 --password PASSWORD

It takes batches from the broker, checks the one signature of each, appends the raw facts to a SQLite table (synchronous
FULL, unique by device and number; what waited goes into one commit) and then sends a receipt. It follows the chain, for
the signature vouches for a batch by it; nothing else of a fact is read, no case folded, no sticker signed.
"""

import argparse
import queue
import sqlite3
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from benchmarks.hub.bare.terms import Frame, Place, bench_key, receipt
from benchmarks.hub.processes import say, wait_for_word
from central_hub.doors.link import Link
from inspection import topics
from inspection.signing import digest, verify
from inspection.wire import head_bytes

GROUP_MESSAGES_MAX = 64
_TABLE = (
    "CREATE TABLE facts (pos INTEGER PRIMARY KEY, device TEXT NOT NULL, seq INTEGER NOT NULL, raw BLOB NOT NULL,"
    " UNIQUE (device, seq)) STRICT"
)
_frames = msgspec.msgpack.Decoder(Frame)
_places = msgspec.msgpack.Decoder(Place)


class Appender:
    """The one thread that appends."""

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "bare.db", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(_TABLE)
        self._waiting: queue.Queue[bytes | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.link: Link | None = None

    def start(self, link: Link) -> None:
        """Begin to append; receipts go over `link`."""
        self.link = link
        self._thread.start()

    def take(self, _topic: str, payload: bytes) -> bool:
        """Put a message down."""
        self._waiting.put(payload)
        return True

    def stop(self) -> int:
        """End; return how many facts the table holds."""
        self._waiting.put(None)
        self._thread.join()
        count: int = self._db.execute("SELECT count(*) FROM facts").fetchone()[0]
        self._db.close()
        return count

    def _run(self) -> None:
        while (message := self._waiting.get()) is not None:
            group = [message]
            while len(group) < GROUP_MESSAGES_MAX and not self._waiting.empty():
                if (message := self._waiting.get()) is None:
                    return
                group.append(message)
            self._append(group)

    def _append(self, group: Sequence[bytes]) -> None:
        have: dict[str, int] = {}
        self._db.execute("BEGIN IMMEDIATE")
        for message in group:
            frame = _frames.decode(message)
            last, head = _followed(frame.facts)
            public = _public(frame.device)
            verify(public, "batch", head_bytes(frame.device, last, head, frame.sent), frame.signature)
            first = last - len(frame.facts) + 1
            rows = [(frame.device, first + offset, raw) for offset, raw in enumerate(frame.facts)]
            self._db.executemany("INSERT OR IGNORE INTO facts (device, seq, raw) VALUES (?, ?, ?)", rows)
            have[frame.device] = last
        self._db.execute("COMMIT")
        for device, last in have.items():
            if self.link is not None:
                self.link.publish(topics.receipts(device), receipt(last))


def _followed(facts: Sequence[bytes]) -> tuple[int, bytes]:
    """Return number and hash of the last fact. The one signature vouches for the others by the chain alone."""
    last, head = 0, b""
    for raw in facts:
        place = _places.decode(raw)
        if head and (place.before != head or place.seq != last + 1):
            raise ValueError("the chain does not hold")
        last, head = place.seq, digest(raw)
    return last, head


@cache
def _public(device: str) -> bytes:
    return bench_key(device).public


def main() -> None:
    """Take messages until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password", required=True)
    options = parser.parse_args()
    appender = Appender(options.folder)
    link = Link("127.0.0.1", options.port, user="hub", password=options.password, take=appender.take)
    link.start()
    appender.start(link)
    say(ready=1)
    wait_for_word()
    link.stop()
    say(facts=appender.stop())


if __name__ == "__main__":
    main()
