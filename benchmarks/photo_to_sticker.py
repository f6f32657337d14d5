"""From the last photo to the sticker: the demonstration's vehicles, beside the bare round trip on the same machine.

The bare round trip is the least that any design with these promises must do between the shutter and the answer, and
nothing else: the device commits (SQLite, FULL) and signs a fact, it goes through the same broker, the hub checks the
signature, commits and signs an answer, which comes back the same way and is committed by the device.
"""

import os
import queue
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import msgspec
from figures import publish

from central_hub.doors.broker import Broker, BrokerUser
from central_hub.doors.link import Link
from central_hub.installation import free_port
from edge_agent.visits import VisitResult
from inspection import topics
from inspection.facts import DeviceStarted, Entry
from inspection.signing import CHAIN_START, SigningKey
from inspection.wire import check_batch_signature, encode_entry, open_batch, seal_batch

DEMONSTRATIONS = 5
ROUND_TRIPS = 200
ANSWER_SECONDS_MAX = 10.0
DEVICE = "bench-1"


def sticker_seconds() -> list[float]:
    """Return the seconds of every sticker of DEMONSTRATIONS runs."""
    found = []
    for _ in range(DEMONSTRATIONS):
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder) / "results"
            command = [sys.executable, "-m", "passlane", "demo", "--once", "--results", str(results)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            visits = [msgspec.json.decode(line, type=VisitResult) for line in results.read_bytes().splitlines()]
        found += [visit.seconds_photo_to_sticker for visit in visits if visit.seconds_photo_to_sticker is not None]
    return found


def _store(folder: Path, name: str) -> sqlite3.Connection:
    db = sqlite3.connect(folder / name, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE kept (raw BLOB)")
    return db


def bare_seconds(folder: Path) -> list[float]:
    """Return the seconds of ROUND_TRIPS bare round trips."""
    broker = Broker(folder, host="127.0.0.1", port=free_port("127.0.0.1"))
    users = [BrokerUser(name="hub", password="bench"), BrokerUser(name=DEVICE, password="bench")]  # noqa: S106
    broker.start(users)
    key = SigningKey(os.urandom(32))
    hub_db, device_db = _store(folder, "hub.db"), _store(folder, "device.db")
    answers: queue.Queue[bytes] = queue.Queue()

    def at_hub(_topic: str, payload: bytes) -> bool:
        batch = open_batch(payload)
        check_batch_signature(batch, key.public)
        hub_db.execute("INSERT INTO kept VALUES (?)", (payload,))
        # The answer goes out on a facts topic, because Link hands on only what goes upward.
        hub.publish(topics.facts(DEVICE), key.sign("receipt", payload) + payload)
        return True

    def take(topic: str, payload: bytes) -> bool:
        if topic == topics.facts("hub-side"):
            return at_hub(topic, payload)
        answers.put(payload)
        return True

    hub = Link("127.0.0.1", broker.port, user="hub", password="bench", take=take)  # noqa: S106
    hub.start()
    try:
        return [_round_trip(hub, device_db, key, answers) for _ in range(ROUND_TRIPS)]
    finally:
        hub.stop()
        broker.stop()


def _round_trip(link: Link, db: sqlite3.Connection, key: SigningKey, answers: "queue.Queue[bytes]") -> float:
    begin = time.perf_counter()
    fact = DeviceStarted(profile="bench", software="bench")
    record = encode_entry(Entry(device=DEVICE, seq=1, before=CHAIN_START, wall=0, mono=0, boot="", fact=fact))
    db.execute("INSERT INTO kept VALUES (?)", (record.raw,))
    link.publish(topics.facts("hub-side"), seal_batch((record,), sent=0, key=key))
    db.execute("INSERT INTO kept VALUES (?)", (answers.get(timeout=ANSWER_SECONDS_MAX),))
    return time.perf_counter() - begin


def main() -> None:
    """Measure both and publish them."""
    with tempfile.TemporaryDirectory() as folder:
        bare = bare_seconds(Path(folder))
    stickers = sticker_seconds()
    rows = [
        {
            "what": what,
            "count": len(seconds),
            "median s": median(seconds),
            "p95 s": quantiles(seconds, n=20)[-1],
            "x bare": median(seconds) / median(bare),
            "of the limit of 1 s": median(seconds),
        }
        for what, seconds in (("last photo to sticker", stickers), ("bare round trip", bare))
    ]
    publish(
        "photo-to-sticker", rows, "The sticker waits for the photos' bytes at the hub; the bare round trip has none."
    )


if __name__ == "__main__":
    main()
