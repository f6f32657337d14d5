"""What the run comes to (清点): promised facts against the ledger, photos and stickers, and how long a device was mute.

Reads the hub's folder after everything has stopped. Whether the ledger is sound in itself is `passlane verify`'s.
"""

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.faults.promises import Promise
from inspection.identities import HUB
from inspection.wire import decode_entry

VERIFY_SECONDS_MAX = 600.0
EXAMPLES_MAX = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """A fact of a device in the ledger: number, hash (hexadecimal), when the hub received it (Unix milliseconds)."""

    seq: int
    digest: str
    received: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """The figures. lost, changed: promised facts that are not in the ledger, or are there as something else.

    examples: some of those, in words.
    doubled: facts that stand there more than once. beyond: facts that nobody wrote down as promised; a crash between
    commit and list can leave such, so they are no fault. silence_seconds: longest time without a fact of a device.
    """

    promised: int
    in_ledger: int
    lost: int
    changed: int
    doubled: int
    beyond: int
    photos: int
    photos_missing: int
    stickers: int
    cases_with_two_stickers: int
    silence_seconds: float
    verified: str
    sound: bool
    examples: tuple[str, ...] = ()

    @property
    def flawless(self) -> bool:
        """Whether nothing was lost, doubled or broken."""
        wrong = (self.lost, self.changed, self.doubled, self.photos_missing, self.cases_with_two_stickers)
        return self.sound and not any(wrong)


def compare(promised: Iterable[Promise], kept: Iterable[Kept]) -> tuple[int, int, int, int]:
    """Return how many of one device's facts were lost, changed, doubled, and are there beyond what was promised."""
    # A number that was promised with two hashes is a journal that went back: one of the two is lost.
    pairs = {(it.seq, it.digest) for it in promised}
    ledger: dict[int, list[str]] = {}
    for fact in kept:
        ledger.setdefault(fact.seq, []).append(fact.digest)
    lost = sum(1 for seq, _ in pairs if seq not in ledger)
    changed = sum(1 for seq, digest in pairs if seq in ledger and digest not in ledger[seq])
    times = Counter(digest for found in ledger.values() for digest in found)
    numbers = sum(len(found) - 1 for found in ledger.values())
    doubled = max(numbers, sum(count - 1 for count in times.values()))
    return lost, changed, doubled, len(ledger.keys() - {seq for seq, _ in pairs})


def missing(device: str, promised: Iterable[Promise], kept: Iterable[Kept]) -> list[str]:
    """Return in words which of one device's facts are not in the ledger as they were promised."""
    there = {(fact.seq, fact.digest) for fact in kept}
    return [f"{device}: fact {it.seq}, {it.kind}" for it in promised if (it.seq, it.digest) not in there]


def silence_seconds(kept: Mapping[str, Iterable[Kept]]) -> float:
    """Return the longest time between two receipts of facts of one device, seconds."""
    gaps = [0.0]
    for facts in kept.values():
        times = sorted(fact.received for fact in facts)
        gaps += [(later - earlier) / 1000 for earlier, later in pairwise(times)]
    return max(gaps)


def judge(data: Path, promised: Mapping[str, list[Promise]]) -> Counted:
    """Count what stands in a hub's data folder, of which nobody writes any more. promised: by device."""
    db = sqlite3.connect(f"file:{data / 'ledger.db'}?mode=ro", uri=True)
    try:
        kept = _kept(db)
        photos, absent = db.execute("SELECT count(*), coalesce(sum(stored = 0), 0) FROM photos").fetchone()
        stickers = db.execute("SELECT count(*) FROM stickers").fetchone()[0]
        twice = db.execute("SELECT count(*) FROM (SELECT 1 FROM stickers GROUP BY case_id HAVING count(*) > 1)")
        cases_twice = twice.fetchone()[0]
    finally:
        db.close()
    devices = sorted({*promised, *kept})
    found = [compare(promised.get(device, []), kept.get(device, [])) for device in devices]
    words = [text for device in devices for text in missing(device, promised.get(device, []), kept.get(device, []))]
    verified, sound = verify(data)
    return Counted(
        promised=sum(map(len, promised.values())),
        in_ledger=sum(map(len, kept.values())),
        lost=sum(lost for lost, _, _, _ in found),
        changed=sum(changed for _, changed, _, _ in found),
        doubled=sum(doubled for _, _, doubled, _ in found),
        beyond=sum(beyond for _, _, _, beyond in found),
        photos=photos,
        photos_missing=absent,
        stickers=stickers,
        cases_with_two_stickers=cases_twice,
        silence_seconds=silence_seconds(kept),
        verified=verified,
        sound=sound,
        examples=tuple(words[:EXAMPLES_MAX]),
    )


def _kept(db: sqlite3.Connection) -> dict[str, list[Kept]]:
    kept: dict[str, list[Kept]] = {}
    rows = db.execute("SELECT device, seq, received, raw FROM entries WHERE device <> ? ORDER BY pos", (HUB,))
    for device, seq, received, raw in rows:
        kept.setdefault(device, []).append(Kept(seq, decode_entry(raw).digest.hex(), received))
    return kept


def verify(data: Path) -> tuple[str, bool]:
    """Run `passlane verify`; return what it said and whether it was content."""
    command = [sys.executable, "-m", "passlane", "verify", str(data)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=VERIFY_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return f"verify did not end within {VERIFY_SECONDS_MAX:.0f} s", False
    said = (done.stdout + done.stderr).strip().splitlines()
    return (said[-1] if said else "verify said nothing"), done.returncode == 0
