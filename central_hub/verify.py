"""Re-checks a hub's data folder from the bytes up: every chain, signature, seal, photo and sticker.

Trusts one thing, the hub's public key; the devices' keys follow from facts that the hub signed. Reads only.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from central_hub import HubError
from central_hub.installation import load_settings
from central_hub.store.database import Database
from central_hub.store.ledger import leaf, seal_bytes
from central_hub.store.opening import open_reader
from central_hub.store.photos import PhotoStore
from inspection.facts import (
    CaseOpened,
    DeviceEnrolled,
    DeviceRevoked,
    ExemptionApplied,
    LedgerSealed,
    PhotoStored,
    StickerIssued,
    StickerWithdrawn,
)
from inspection.identities import HUB, case_id
from inspection.signing import CHAIN_START, HASH_BYTES, SignatureError, TreeHead, verify
from inspection.sticker import StickerError, open_sticker, vin_tag
from inspection.wire import Recorded, WireError, decode_entry, head_bytes


class VerifyError(HubError):
    """The first break that was found; its text names it."""


@dataclass(slots=True)
class _Chain:
    """How far a device's chain was followed. signed: the last fact that a signature vouches for."""

    key: bytes
    kind: str
    station: str
    revoked: bool = False
    seq: int = 0
    head: bytes = CHAIN_START
    signed: int = 0


class _Filed(NamedTuple):
    """A fact as it is filed. sent, signature: of the batch that it was the last one of, else None."""

    device: str
    seq: int
    case: str
    kind: str
    received: int
    raw: bytes
    sent: int | None
    signature: bytes | None


@dataclass(slots=True)
class _Walk:
    """What was seen on the way through the ledger."""

    hub_key: bytes
    chains: dict[str, _Chain] = field(default_factory=dict)
    tree: TreeHead = field(default_factory=TreeHead)
    photos: set[str] = field(default_factory=set)
    stickers: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    granted: set[str] = field(default_factory=set)
    vins: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


def verify_folder(folder: Path, hub_key: bytes) -> Counter[str]:
    """Check a data folder against the hub's public key (32 bytes); return what was counted.

    1. Each fact can be read and stands where its chain says. 2. The signatures hold and reach the chain's end.
    3. Each seal inside the ledger, and the newest one, fits what stands before it. 4. Each photo that was stored is
    there and is itself. 5. Each sticker is signed, stands once for its case, fits its vehicle, and has its fact.
    Raises VerifyError at the first break, StoreError when the folder is none. Memory grows with photos and stickers.
    """
    db = open_reader(folder, load_settings(folder))
    try:
        # One snapshot for the whole walk: the hub may be writing meanwhile.
        db.execute("BEGIN")
        walk = _Walk(hub_key)
        walk.chains[HUB] = _Chain(hub_key, "hub", "")
        query = (
            "SELECT entries.device, seq, case_id, kind, received, raw, heads.sent, heads.signature FROM entries "
            "LEFT JOIN heads ON heads.device = entries.device AND heads.last = entries.seq ORDER BY pos"
        )
        for row in db.stream(query):
            _follow(walk, _Filed(*row))
        _check_ends(walk, db)
        _check_seal(walk, db)
        _check_photos(walk, folder)
        _check_stickers(walk, db)
    except db.damages as error:
        raise VerifyError(f"the ledger cannot be read: {error}") from error
    finally:
        db.close()
    return walk.counts


def _follow(walk: _Walk, row: _Filed) -> None:
    name = f"fact {row.seq} of {row.device}"
    try:
        record = decode_entry(row.raw)
    except WireError as error:
        raise VerifyError(f"{name} cannot be read: {error}") from error
    entry = record.entry
    columns = (row.device, row.seq, row.case, row.kind)
    if columns != (entry.device, entry.seq, entry.case, type(entry.fact).__name__):
        raise VerifyError(f"{name} is filed under what it does not say")
    chain = walk.chains.get(entry.device)
    if chain is None:
        raise VerifyError(f"{name} comes before its device was enrolled")
    if chain.revoked:
        raise VerifyError(f"{name} came after its device was revoked")
    if entry.seq != chain.seq + 1:
        raise VerifyError(f"fact {chain.seq + 1} of {entry.device} is missing: fact {entry.seq} stands in its place")
    if entry.before != chain.head:
        raise VerifyError(f"{name} does not follow on the one before it: one of the two was changed")
    chain.seq, chain.head = entry.seq, record.digest
    if row.sent is not None and row.signature is not None:
        _check_signature(walk, chain, record, sent=row.sent, signature=row.signature)
    _note(walk, record)
    walk.tree.add(leaf(row.received, record.digest))
    walk.counts["facts"] += 1


def _check_signature(walk: _Walk, chain: _Chain, record: Recorded, *, sent: int, signature: bytes) -> None:
    device, seq = record.entry.device, record.entry.seq
    try:
        verify(chain.key, "batch", head_bytes(device, seq, record.digest, sent), signature)
    except SignatureError as error:
        raise VerifyError(f"the signature over fact {seq} of {device} does not hold") from error
    chain.signed = seq
    walk.counts["signatures"] += 1


def _note(walk: _Walk, record: Recorded) -> None:
    entry = record.entry
    # The hub opens a case by an application for an exemption, a device by an inspection.
    opens = ExemptionApplied if entry.device == HUB else CaseOpened
    if isinstance(entry.fact, opens) and entry.case == case_id(entry.device, entry.seq):
        walk.vins[entry.case] = entry.fact.vehicle.vin
        walk.counts["cases"] += 1
    if entry.device != HUB:
        return
    match entry.fact:
        case DeviceEnrolled() as fact:
            walk.chains[fact.device] = _Chain(fact.public_key, fact.kind, fact.station)
        case DeviceRevoked() as fact:
            walk.chains[fact.device].revoked = True
        case PhotoStored() as fact:
            walk.photos.add(fact.digest)
        case StickerIssued() as fact:
            if entry.case in walk.granted:
                raise VerifyError(f"case {entry.case} has a second sticker, {fact.number}")
            walk.granted.add(entry.case)
            walk.stickers[fact.number] = (entry.case, fact.payload)
        case StickerWithdrawn() as fact:
            walk.withdrawn.add(fact.number)
        case LedgerSealed() as fact:
            if (fact.size, fact.root) != (walk.tree.size, walk.tree.root()):
                raise VerifyError(f"the seal in fact {entry.seq} of the hub does not fit the ledger before it")
            walk.counts["seals"] += 1
        case _:
            pass


def _check_ends(walk: _Walk, db: Database) -> None:
    for device, chain in walk.chains.items():
        row = next(iter(db.rows("SELECT * FROM devices WHERE device = ?", device)), None)
        enrolled = (chain.key, chain.kind, chain.station, int(chain.revoked))
        if row is None or (row["public_key"], row["kind"], row["station"], row["revoked"]) != enrolled:
            raise VerifyError(f"device {device} is not filed with the key, kind and station it was enrolled with")
        if (row["have"], row["head"]) != (chain.seq, chain.head):
            raise VerifyError(f"facts {chain.seq + 1} to {row['have']} of {device} are missing at the end of its chain")
        if chain.signed != chain.seq:
            raise VerifyError(f"facts {chain.signed + 1} to {chain.seq} of {device} are not signed")
    walk.counts["chains"] = len(walk.chains)


def _check_seal(walk: _Walk, db: Database) -> None:
    rows = db.rows("SELECT size, peaks, signature FROM seal")
    if not rows:
        raise VerifyError("the ledger has no seal")
    row = rows[0]
    peaks = row["peaks"]
    try:
        sealed = TreeHead(
            row["size"], tuple(peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES))
        ).root()
        verify(walk.hub_key, "seal", seal_bytes(row["size"], sealed), row["signature"])
    except SignatureError as error:
        raise VerifyError(f"the ledger's seal does not hold: {error}") from error
    if (row["size"], sealed) != (walk.tree.size, walk.tree.root()):
        raise VerifyError(f"the ledger was sealed with {row['size']} facts and is not what was sealed")


def _check_photos(walk: _Walk, folder: Path) -> None:
    for digest in sorted(walk.photos):
        path = PhotoStore.path_in(folder, digest)
        if not path.is_file():
            raise VerifyError(f"photo {digest} is missing")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise VerifyError(f"photo {digest} is not the one that was stored: its bytes have another digest")
        walk.counts["photos"] += 1


def _check_stickers(walk: _Walk, db: Database) -> None:
    rows = {row["number"]: row for row in db.rows("SELECT * FROM stickers")}
    for number in sorted(rows.keys() | walk.stickers.keys()):
        if number not in walk.stickers:
            raise VerifyError(f"sticker {number} was never issued: no fact of the hub says so")
        if number not in rows:
            raise VerifyError(f"sticker {number} was issued and is not filed")
        case, payload = walk.stickers[number]
        if (rows[number]["case_id"], rows[number]["payload"]) != (case, payload):
            raise VerifyError(f"sticker {number} is not the one that was issued")
        _check_sticker(walk, number, case, payload)
        if bool(rows[number]["withdrawn"]) != (number in walk.withdrawn):
            said = "withdrawn" if number in walk.withdrawn else "not withdrawn"
            raise VerifyError(f"sticker {number} was {said}, and the store says otherwise")
        walk.counts["stickers"] += 1


def _check_sticker(walk: _Walk, number: str, case: str, payload: bytes) -> None:
    try:
        sticker = open_sticker(payload, walk.hub_key)
    except StickerError as error:
        raise VerifyError(f"sticker {number} is forged: {error}") from error
    if sticker.number != number or sticker.vin_tag != vin_tag(walk.vins.get(case, "")):
        raise VerifyError(f"sticker {number} does not say what its case {case} says")
