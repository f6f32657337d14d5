"""What the journal costs a device: the time of one committed fact, an inspection's bytes on disk and on the wire."""

import sqlite3
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from benchmarks.hub.figures import JournalCost
from benchmarks.hub.inspections import FACTS, Chain, batches, facts_of
from edge_agent.clock import Clock
from edge_agent.journal import Journal
from inspection.directives import Receipt
from inspection.evidence import PhotoRef
from inspection.facts import CaseOpened
from inspection.signing import SigningKey
from inspection.wire import Recorded, seal_batch, seal_receipt

DEVICE = "bench-journal"
_TABLE = "CREATE TABLE facts (seq INTEGER PRIMARY KEY, raw BLOB NOT NULL) STRICT"
_BYTES_INSPECTIONS = 64


def journal_cost(folder: Path, facts: int, photos: Sequence[PhotoRef], *, directive_bytes: float) -> JournalCost:
    """Commit so many facts one by one to a journal and to a plain table; weigh inspections.

    directive_bytes: of the message that brings a sticker.
    """
    path = folder / "cost.db"
    Journal.create(path, DEVICE)
    seconds, records = _committed(path, facts, photos)
    disk = path.stat().st_size / (facts / FACTS)
    path.unlink()
    alone, many, receipt = _wire_bytes(photos)
    return JournalCost(
        seconds=seconds,
        bare_seconds=_appended(folder / "plain.db", records),
        disk=disk,
        sealed_alone=alone,
        sealed_many=many,
        back=receipt + directive_bytes,
    )


def _committed(path: Path, facts: int, photos: Sequence[PhotoRef]) -> tuple[tuple[float, ...], list[Recorded]]:
    clock, records, seconds = Clock(), [], []
    with Journal(path, DEVICE) as journal:
        for number in count(1):
            case = ""
            for fact in facts_of(DEVICE, number, photos):
                begin = time.perf_counter()
                records.append(journal.record(fact, clock.now(), case=case))
                seconds.append(time.perf_counter() - begin)
                case = records[-1].entry.case if isinstance(fact, CaseOpened) else case
            if len(records) >= facts:
                break
    return tuple(seconds), records


def _appended(path: Path, records: Sequence[Recorded]) -> tuple[float, ...]:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(_TABLE)
    seconds = []
    for record in records:
        begin = time.perf_counter()
        db.execute("INSERT INTO facts VALUES (?, ?)", (record.entry.seq, record.raw))
        seconds.append(time.perf_counter() - begin)
    db.close()
    path.unlink()
    return tuple(seconds)


def _wire_bytes(photos: Sequence[PhotoRef]) -> tuple[float, float, float]:
    """Return the bytes of an inspection in a batch of its own, in full batches, and of a receipt."""
    key, chain = SigningKey(bytes(32)), Chain(DEVICE)
    inspections = [chain.inspect(number, photos) for number in range(1, _BYTES_INSPECTIONS + 1)]
    alone = [len(seal_batch(tuple(records), sent=records[-1].entry.wall, key=key)) for records in inspections]
    everything = [record for records in inspections for record in records]
    many = sum(len(seal_batch(batch, sent=batch[-1].entry.wall, key=key)) for batch in batches(everything))
    last = everything[-1]
    receipt = Receipt(device=DEVICE, have=last.entry.seq, head=last.digest, hub_time=last.entry.wall)
    return sum(alone) / len(alone), many / len(inspections), float(len(seal_receipt(receipt, key)))
