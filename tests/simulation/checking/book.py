"""What was promised to whom, written down beside the product: the independent model that every step is checked against.

It reads rows and bytes, and shares no judgement with the product: a fact that a journal committed, a receipt that the
hub sent, a row that the hub committed. Each method raises BrokenInvariantError naming the promise that was broken.
"""

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from inspection import wire
from inspection.directives import StickerGranted
from inspection.facts import AuditDecided, PhotoStored, PhotoTaken, StickerIssued
from inspection.identities import HUB

Look = Callable[[str], bytes | None]
"""Returns a photo's bytes by its digest, None where there is none."""


class BrokenInvariantError(AssertionError):
    """A promise was broken. name: which one, a few words that stay the same."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


def rows(connection: sqlite3.Connection, query: str, *values: object) -> list[tuple[object, ...]]:
    """Return what a query finds, past what a simulated disk would make of it."""
    return sqlite3.Connection.execute(connection, query, values).fetchall()


def opened(image: bytes) -> sqlite3.Connection:
    """Return an image as a database of its own."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(image)
    return connection


def whole(number: object) -> int:
    """Return a number that a row holds."""
    assert isinstance(number, int)
    return number


def blob(data: object) -> bytes:
    """Return bytes that a row holds."""
    assert isinstance(data, bytes)
    return data


@dataclass(slots=True)
class DeviceBook:
    """What one device promised. facts: hashes of its committed facts, from 1. known: hashes that each number ever had.

    heard: the highest number that a receipt of the hub named which arrived. photos: digests that a committed fact
    announced. put_back: whether it was restored from a backup.
    """

    device: str
    facts: list[bytes] = field(default_factory=list)
    known: dict[int, set[bytes]] = field(default_factory=dict)
    heard: int = 0
    photos: set[str] = field(default_factory=set)
    photos_told: set[str] = field(default_factory=set)
    put_back: bool = False


@dataclass(slots=True)
class HubBook:
    """What the hub committed. ledger: hashes of each device's facts, in order. stickers: number by case."""

    position: int = 0
    ledger: dict[str, list[bytes]] = field(default_factory=dict)
    stickers: dict[str, str] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    audited: set[str] = field(default_factory=set)


class Book:
    """The model of everything. checks: how many promises were looked at."""

    def __init__(self, hub_public: bytes) -> None:
        self._hub_public = hub_public
        self.checks = 0
        self.devices: dict[str, DeviceBook] = {}
        self.hub = HubBook()
        self.photo_at_hub: Look = lambda _digest: None
        self._receipts_told: dict[bytes, int] = {}

    def device(self, name: str) -> DeviceBook:
        """Return one device's promises."""
        return self.devices.setdefault(name, DeviceBook(name))

    def _holds(self, name: str, text: str, *, that: bool) -> None:
        self.checks += 1
        if not that:
            raise BrokenInvariantError(name, text)

    def journal_committed(self, name: str, connection: sqlite3.Connection, look: Look) -> None:
        """Check a device's journal after a commit, and write down what it promises now."""
        book = self.device(name)
        new = rows(connection, "SELECT seq, digest, raw FROM facts WHERE seq > ? ORDER BY seq", len(book.facts))
        for seq, digest, raw in new:
            follows = seq == len(book.facts) + 1
            self._holds("numbers have no gap", f"{name} wrote fact {seq} after {len(book.facts)}", that=follows)
            book.facts.append(blob(digest))
            book.known.setdefault(whole(seq), set()).add(blob(digest))
            fact = wire.decode_entry(blob(raw)).entry.fact
            if isinstance(fact, PhotoTaken):
                book.photos.add(fact.photo.digest)
        self._check_journal(book, connection, look)

    def journal_opened(self, name: str, image: bytes, look: Look) -> None:
        """Check a device's journal as a program that starts finds it; facts nobody was told of may be there too."""
        connection = opened(image)
        try:
            book = self.device(name)
            kept = {whole(seq): blob(digest) for seq, digest in rows(connection, "SELECT seq, digest FROM facts")}
            for seq in range(self._floor(book, connection) + 1, len(book.facts) + 1):
                same = kept.get(seq) == book.facts[seq - 1]
                self._holds("no committed fact lost", f"fact {seq} of {name} is not in its journal", that=same)
            self.journal_committed(name, connection, look)
            for digest in sorted(book.photos - book.photos_told):
                self._holds("no committed photo lost", f"photo {digest} of {name}", that=_is(digest, look(digest)))
        finally:
            connection.close()

    def _check_journal(self, book: DeviceBook, connection: sqlite3.Connection, look: Look) -> None:
        name, floor = book.device, self._floor(book, connection)
        kept = rows(connection, "SELECT count(*) FROM facts WHERE seq > ?", floor)[0][0]
        wanted = max(0, len(book.facts) - floor)
        text = f"{name} holds {kept} facts after {floor}, not {wanted}"
        self._holds("nothing un-receipted evicted", text, that=kept == wanted)
        receipted = whole(rows(connection, "SELECT receipted FROM chain")[0][0])
        text = f"{name} takes {receipted} facts for receipted, it heard of {book.heard}"
        self._holds("receipt only after commit", text, that=receipted <= book.heard)
        done = {row[0] for row in rows(connection, "SELECT digest FROM photos WHERE state <> 'kept'")}
        odd = sorted(str(digest) for digest in done - book.photos_told)
        self._holds("receipt only after commit", f"{name} takes photos {odd} for receipted", that=not odd)
        gone = [digest for digest in sorted(book.photos - book.photos_told) if look(digest) is None]
        self._holds("nothing un-receipted evicted", f"photos {gone} of {name}", that=not gone)

    def _floor(self, book: DeviceBook, connection: sqlite3.Connection) -> int:
        """Return the number up to which the device may have let facts go."""
        return whole(rows(connection, "SELECT receipted FROM chain")[0][0]) if book.put_back else book.heard

    def journal_put_back(self, name: str, image: bytes) -> None:
        """Note that a device was restored from a backup: what it wrote since is lost with its disk."""
        book = self.device(name)
        book.put_back = True
        connection = opened(image)
        newest = whole(rows(connection, "SELECT coalesce(max(seq), 0) FROM facts")[0][0])
        book.photos = {str(row[0]) for row in rows(connection, "SELECT digest FROM photos WHERE state = 'kept'")}
        connection.close()
        del book.facts[newest:]

    def ledger_committed(self, connection: sqlite3.Connection) -> None:
        """Check what the hub has just committed, and write it down."""
        query = "SELECT pos, device, seq, case_id, raw FROM entries WHERE pos > ? ORDER BY pos"
        for pos, device, seq, case, raw in rows(connection, query, self.hub.position):
            self._take_entry(str(device), whole(seq), str(case), blob(raw))
            self.hub.position = whole(pos)

    def _take_entry(self, device: str, seq: int, case: str, raw: bytes) -> None:
        chain = self.hub.ledger.setdefault(device, [])
        text = f"fact {seq} of {device} was committed after {len(chain)}"
        self._holds("none twice", text, that=seq > len(chain))
        self._holds("order per device", text, that=seq == len(chain) + 1)
        digest = hashlib.sha256(raw).digest()
        chain.append(digest)
        if device != HUB:
            known = self.device(device).known.get(seq, set())
            self._holds("only what was recorded", f"fact {seq} of {device} is nobody's", that=digest in known)
            return
        match wire.decode_entry(raw).entry.fact:
            case StickerIssued() as fact:
                self._holds("one sticker a case", f"{case} has a second one", that=case not in self.hub.stickers)
                fresh = fact.number not in self.hub.stickers.values()
                self._holds("one sticker a case", f"number {fact.number} was issued twice", that=fresh)
                self.hub.stickers[case] = fact.number
            case PhotoStored() as fact:
                self._check_stored(fact.digest)
                self.hub.stored.add(fact.digest)
            case AuditDecided():
                self._holds("one audit a case", f"{case} has a second one", that=case not in self.hub.audited)
                self.hub.audited.add(case)
            case _:
                pass

    def _check_stored(self, digest: str) -> None:
        text = f"photo {digest} is written down as stored, and is not"
        self._holds("a stored photo is there", text, that=_is(digest, self.photo_at_hub(digest)))

    def ledger_opened(self, image: bytes) -> None:
        """Check the ledger as a hub that starts finds it: all that was committed is there, as it was."""
        before, self.hub = self.hub, HubBook()
        if not image:
            self._holds("no committed fact lost", "the ledger is empty", that=not before.ledger)
            return
        connection = opened(image)
        try:
            self.ledger_committed(connection)
        finally:
            connection.close()
        for device, chain in before.ledger.items():
            now = self.hub.ledger.get(device, [])
            text = f"of {device} the ledger has {len(now)} facts, not {len(chain)}"
            self._holds("no committed fact lost", text, that=now[: len(chain)] == chain)

    def ledger_put_back(self, image: bytes) -> None:
        """Note that the hub was restored from a backup: it may know less than it said."""
        self.hub = HubBook()
        if image:
            connection = opened(image)
            self.ledger_committed(connection)
            connection.close()

    def hub_tells(self, topic: str, payload: bytes) -> None:
        """Check a message that the hub hands to its link."""
        if topic.endswith("/receipts"):
            receipt = wire.open_receipt(payload, self._hub_public)
            self._receipts_told[payload] = receipt.have
            chain = self.hub.ledger.get(receipt.device, [])
            text = f"the hub tells {receipt.device} that it has {receipt.have} facts and has {len(chain)}"
            self._holds("receipt only after commit", text, that=receipt.have <= len(chain))
        elif topic.endswith("/directives"):
            directive = wire.open_directive(payload, self._hub_public).directive
            if isinstance(directive, StickerGranted):
                kept = self.hub.stickers.get(directive.case) == directive.number
                self._holds("told only after commit", f"sticker {directive.number} of {directive.case}", that=kept)

    def device_hears(self, name: str, payload: bytes) -> None:
        """Note a receipt that a device is about to take; none comes that the hub did not tell."""
        told = payload in self._receipts_told
        self._holds("receipt only after commit", f"{name} hears a receipt that the hub never told", that=told)
        book = self.device(name)
        book.heard = max(book.heard, self._receipts_told[payload])

    def hub_receipts_photo(self, device: str, digest: str) -> None:
        """Check the word of the hub that it has a photo."""
        text = f"the hub tells {device} that it has photo {digest}"
        self._holds("receipt only after commit", text, that=digest in self.hub.stored)
        self._check_stored(digest)
        self.device(device).photos_told.add(digest)

    def auditor_told(self, case: str) -> None:
        """Check the answer that an auditor gets."""
        self._holds("told only after commit", f"the audit of {case}", that=case in self.hub.audited)


def _is(digest: str, data: bytes | None) -> bool:
    return data is not None and hashlib.sha256(data).hexdigest() == digest
