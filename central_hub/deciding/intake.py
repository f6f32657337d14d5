"""Whether a message of a device is taken, and which of its facts are new. Decides only: no store, no clock, no network.

The steps are numbered where they stand. Whatever is refused stays in the device's journal; the code says why, for
counters and screens, and the text says it to an operator.
"""

from collections.abc import Callable
from dataclasses import dataclass

from central_hub import HubError
from inspection import topics, wire
from inspection.directives import Contact
from inspection.facts import HUB_FACTS, CaseOpened, Entry, UnknownFact
from inspection.identities import HUB, case_device, case_id
from inspection.signing import SignatureError
from inspection.wire import Batch, Recorded

PHOTO_REFUSALS = frozenset(
    f"photo.{why}"
    for why in ("none", "empty", "not_an_image", "format", "truncated", "too_large", "too_many_pixels", "withheld")
)
"""Codes of refused photos that are counted each by itself; a device may write any."""

FORKS = frozenset({"batch.fork", "batch.chain", "contact.fork"})
"""Refusals that mean that two chains bear one device's name: a copied key, or a device put back to an older state."""

WAITING_CALM = 256
PAUSE_MS_EACH = 20
PAUSE_MS_MAX = 30_000

_LOOKED_AT = frozenset({*HUB_FACTS, UnknownFact, CaseOpened})
"""Kinds of facts that may count for nothing in a case of their device's own; any other is always in order there."""

StationOf = Callable[[str], str]
"""The station at which a device is enrolled; empty for one that is not."""


class IntakeError(HubError):
    """A message that is not taken."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainHead:
    """What the hub has of a device: the key it signs with, the number and hash of its last committed fact.

    revoked: nothing of it is taken any more. quarantined: why nothing is taken until a person has looked, or nothing.
    """

    device: str
    public_key: bytes
    have: int
    head: bytes
    revoked: bool = False
    quarantined: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """A fact that was committed, because it is the device's word, but counts for nothing; code and text say why."""

    seq: int
    code: str
    text: str


def sender_of(topic: str) -> tuple[str, topics.Upward]:
    """Step 1: the topic must be one that a device in its own partition sends on; raises IntakeError."""
    try:
        device, kind = topics.upward(topic)
    except topics.TopicError as error:
        raise IntakeError("topic.wrong", str(error)) from error
    if device == HUB:
        raise IntakeError("topic.wrong", "the hub sends itself nothing")
    return device, kind


def enrolled(device: str, known: ChainHead | None) -> ChainHead:
    """Return what the hub has of the device; raises IntakeError when nobody enrolled it, or it is shut out."""
    if known is None:
        raise IntakeError("device.unknown", f"device {device} is not enrolled")
    if known.revoked:
        raise IntakeError("device.revoked", f"device {device} was revoked")
    if known.quarantined:
        raise IntakeError("device.quarantined", f"device {device} waits for a person to look: {known.quarantined}")
    return known


def read_batch(payload: bytes, known: ChainHead) -> Batch:
    """Read a message that came on a known device's topic; raises IntakeError.

    2. size, encoding, schema, chain inside. 3. The device named inside is the one of the topic. 4. Its signature.
    """
    try:
        batch = wire.open_batch(payload)
    except wire.WireError as error:
        raise IntakeError(error.code, str(error)) from error
    if batch.device != known.device:
        raise IntakeError("batch.wrong_device", f"{batch.device} wrote on the topic of {known.device}")
    try:
        wire.check_batch_signature(batch, known.public_key)
    except SignatureError as error:
        raise IntakeError(
            "batch.signature", f"facts {batch.first} to {batch.last} of {batch.device}: {error}"
        ) from error
    return batch


def read_contact(payload: bytes, known: ChainHead) -> Contact:
    """Read what a known device says of itself; raises IntakeError. Steps 2 to 4 as for a batch."""
    try:
        contact = wire.open_contact(payload, known.public_key)
    except wire.WireError as error:
        raise IntakeError(error.code, str(error)) from error
    except SignatureError as error:
        raise IntakeError("contact.signature", f"{known.device}: {error}") from error
    if contact.device != known.device:
        raise IntakeError("contact.wrong_device", f"{contact.device} wrote on the topic of {known.device}")
    return contact


def check_contact(contact: Contact, known: ChainHead, committed: bytes | None) -> None:
    """Raise IntakeError "contact.fork" when the device's newest fact is not the one that the hub has of that number.

    committed: hash of the ledger's fact with that number, where the hub has it.
    """
    if 0 < contact.newest <= known.have and committed != contact.head:
        text = f"fact {contact.newest} of {known.device} is not the one that was committed"
        raise IntakeError("contact.fork", text)


def pause_ms(waiting: int) -> int:
    """Return how long a device should wait before its next batch when so many messages wait at the hub."""
    return min(PAUSE_MS_MAX, max(0, waiting - WAITING_CALM) * PAUSE_MS_EACH)


def new_records(batch: Batch, known: ChainHead, committed: bytes | None) -> tuple[Recorded, ...]:
    """Return the facts of the batch that the hub does not have yet; raises IntakeError.

    committed: hash of the ledger's fact with the number of the batch's last one, where the hub has that number.
    5. No gap. 6. What the hub has already is the same, hash for hash. 7. What is new follows on it.
    """
    if batch.first > known.have + 1:
        missing = f"{known.have + 1} to {batch.first - 1}"
        raise IntakeError("batch.gap", f"facts {missing} of {known.device} have not arrived")
    if batch.last <= known.have:
        if committed != batch.records[-1].digest:
            raise IntakeError("batch.fork", f"fact {batch.last} of {known.device} is not the one that was committed")
        return ()
    overlap = known.have - batch.first + 1
    before = batch.records[overlap].entry.before
    if before != known.head:
        code = "batch.fork" if overlap else "batch.chain"
        raise IntakeError(code, f"fact {known.have + 1} of {known.device} does not follow on what was committed")
    return batch.records[overlap:]


def foreign(entry: Entry, station_of: StationOf) -> Remark | None:
    """Say why a fact of a device does not count for the case that it names, or None when it does.

    A case belongs to the station at which the device that opened it is enrolled. What a device says of its station is
    not believed: a station that may not hand out stickers first would only have to name one that may.
    """
    if entry.device == HUB or not entry.case:
        return None
    if isinstance(entry.fact, CaseOpened) and entry.fact.station != (station := station_of(entry.device)):
        return Remark(
            seq=entry.seq, code="fact.station", text=f"{entry.device} works at {station!r}, not where it says"
        )
    opener = case_device(entry.case)
    if opener != entry.device and station_of(opener) != station_of(entry.device):
        return Remark(seq=entry.seq, code="fact.foreign_case", text=f"{entry.case} is a case of another station")
    return None


def remarks(records: tuple[Recorded, ...], station_of: StationOf) -> tuple[Remark, ...]:
    """Step 8: name the facts that are committed but count for nothing. The fold passes over the same ones."""
    # Of the thirty facts of an inspection all but the first are plain ones about their own device's case.
    asked = (r.entry for r in records if type(r.entry.fact) in _LOOKED_AT or not _own_case(r.entry))
    found = (_remark(entry, station_of) for entry in asked)
    return tuple(remark for remark in found if remark is not None)


def _own_case(entry: Entry) -> bool:
    return not entry.case or case_device(entry.case) == entry.device


def _remark(entry: Entry, station_of: StationOf) -> Remark | None:
    fact = entry.fact
    if isinstance(fact, HUB_FACTS):
        return Remark(seq=entry.seq, code="fact.not_yours", text=f"only the hub may write {type(fact).__name__}")
    if isinstance(fact, UnknownFact):
        return Remark(seq=entry.seq, code="fact.unknown", text=f"this hub knows no fact of kind {fact.kind!r}")
    if isinstance(fact, CaseOpened) and entry.case != case_id(entry.device, entry.seq):
        return Remark(seq=entry.seq, code="fact.case", text=f"a fact {entry.seq} cannot open {entry.case!r}")
    return foreign(entry, station_of)
