"""Facts, receipts and directives to bytes and back (MessagePack). The only module that knows the encoding.

Decided here, once: sizes, schema versions and unknown things. A fact's bytes are what is hashed, signed and kept, so
they are never written anew from a decoded fact: fields that a newer program added stay in them. A fact of an unknown
kind is kept and shown as UnknownFact; a message or fact of a future schema version is refused, and stays where it is.
"""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from inspection import InspectionError
from inspection.directives import AnyDirective, Contact, NumberedDirective, Receipt, UnknownDirective
from inspection.evidence import Whole
from inspection.facts import AnyFact, Entry, UnknownFact
from inspection.identities import IdentityError, checked_case, checked_device
from inspection.signing import HASH_BYTES, SigningKey, digest, verify

_T = TypeVar("_T")
_Schema = Annotated[int, Meta(ge=1)]

SCHEMA = 1
FACT_BYTES_MAX = 64 * 1024
BATCH_FACTS_MAX = 256
BATCH_BYTES_MAX = 512 * 1024
REPLY_BYTES_MAX = 256 * 1024
SEQ_MAX = 2**63 - 1
UNKNOWN_KIND_CHARACTERS_MAX = 80
_BATCH_OVERHEAD_BYTES = 512


class WireError(InspectionError):
    """Bytes that are not taken. code says why, for counters: wire.too_large, .garbled, .future_schema, .chain, ..."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Recorded(Struct, frozen=True, gc=False):
    """A fact with the bytes that carry it and their SHA-256, the hash that the next fact names."""

    entry: Entry
    raw: bytes
    digest: bytes


class Batch(Struct, frozen=True, kw_only=True):
    """Consecutive facts of one device in one message. sent: device clock at sending, Unix milliseconds.

    The chain inside holds; the signature is not yet checked, nor how the batch fits what the hub has.
    """

    device: str
    records: tuple[Recorded, ...]
    sent: int
    signature: bytes

    @property
    def first(self) -> int:
        """Number of the first fact."""
        return self.records[0].entry.seq

    @property
    def last(self) -> int:
        """Number of the last fact."""
        return self.records[-1].entry.seq


class _Frame(Struct, rename=dict(zip(Entry.__struct_fields__, Entry.__struct_encode_fields__, strict=True))):
    device: str
    seq: int
    before: bytes
    wall: Whole
    mono: Whole
    boot: str
    fact: Raw
    case: str = ""
    schema: int = 1


class _Tag(Struct):
    t: str


class _DirectiveFrame(Struct):
    device: str
    number: Whole
    directive: Raw


class _DirectiveTag(Struct):
    t: str
    case: str = ""


class _Version(Struct):
    v: _Schema = 1


class _Message(Struct, rename={"schema": "v", "device": "d", "sent": "w", "facts": "f", "signature": "s"}):
    schema: int
    device: str
    sent: Whole
    facts: list[bytes]
    signature: bytes


class _Sealed(Struct, array_like=True):
    schema: _Schema
    payload: bytes
    signature: bytes


_encoder = msgspec.msgpack.Encoder()
_entry_decoder = msgspec.msgpack.Decoder(Entry)
_frame_decoder = msgspec.msgpack.Decoder(_Frame)
_tag_decoder = msgspec.msgpack.Decoder(_Tag)
_directive_frame_decoder = msgspec.msgpack.Decoder(_DirectiveFrame)
_directive_tag_decoder = msgspec.msgpack.Decoder(_DirectiveTag)
_version_decoder = msgspec.msgpack.Decoder(_Version)
_message_decoder = msgspec.msgpack.Decoder(_Message)
_sealed_decoder = msgspec.msgpack.Decoder(_Sealed)
_receipt_decoder = msgspec.msgpack.Decoder(Receipt)
_contact_decoder = msgspec.msgpack.Decoder(Contact)
_directive_decoder = msgspec.msgpack.Decoder(NumberedDirective)
_KNOWN_FACTS = frozenset(kind.__name__ for kind in AnyFact.__args__)
_KNOWN_DIRECTIVES = frozenset(kind.__name__ for kind in AnyDirective.__args__)


def _decoded(decoder: "msgspec.msgpack.Decoder[_T]", data: bytes, what: str) -> _T:
    # RecursionError: a message bomb of nested arrays; msgspec stops it, and it is garbled like any other.
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise WireError("wire.garbled", f"{what} cannot be read: {error}") from error


def encode_entry(entry: Entry) -> Recorded:
    """Return the entry with its bytes and hash.

    Raises WireError: "wire.too_large" when the fact has more than FACT_BYTES_MAX bytes, "wire.garbled" when it could
    not be read again, e.g. for a text that is too long: what nobody can read must not get into a chain.
    """
    raw = _encoder.encode(entry)
    if len(raw) > FACT_BYTES_MAX:
        raise WireError("wire.too_large", f"a fact has at most {FACT_BYTES_MAX} bytes, this one {len(raw)}")
    _decoded(_entry_decoder, raw, "a fact")
    return Recorded(entry, raw, digest(raw))


def decode_entry(raw: bytes) -> Recorded:
    """Read one fact.

    Raises WireError when it is too large, garbled, of a future schema, or names no possible device, number or case.
    """
    if len(raw) > FACT_BYTES_MAX:
        raise WireError("wire.too_large", f"a fact has at most {FACT_BYTES_MAX} bytes, this one {len(raw)}")
    return Recorded(_checked(_whole_entry(raw)), raw, digest(raw))


def _whole_entry(raw: bytes) -> Entry:
    try:
        entry = _decoded(_entry_decoder, raw, "a fact")
    except WireError:
        _refuse_future(_decoded(_version_decoder, raw, "a fact").v, "a fact")
        frame = _decoded(_frame_decoder, raw, "a fact")
        kind = _decoded(_tag_decoder, bytes(frame.fact), "a fact").t
        if kind in _KNOWN_FACTS:
            raise
    else:
        # Read in one go as a rule: a schema of today first, and only then its number.
        if entry.schema != SCHEMA:
            _refuse_future(_decoded(_version_decoder, raw, "a fact").v, "a fact")
        return entry
    envelope = {name: getattr(frame, name) for name in _Frame.__struct_fields__}
    return Entry(**{**envelope, "fact": UnknownFact(kind=kind[:UNKNOWN_KIND_CHARACTERS_MAX])})


def _checked(entry: Entry) -> Entry:
    try:
        checked_device(entry.device)
        if entry.case:
            checked_case(entry.case)
    except IdentityError as error:
        raise WireError("wire.garbled", str(error)) from error
    if not 1 <= entry.seq <= SEQ_MAX or len(entry.before) != HASH_BYTES:
        raise WireError("wire.garbled", "a fact needs a number from 1 and the 32-byte hash of the one before")
    return entry


def head_bytes(device: str, last: int, head: bytes, sent: int) -> bytes:
    """Return what a device signs to vouch for its chain up to fact `last` with hash `head`."""
    return _encoder.encode((device, last, head, sent))


def seal_batch(records: tuple[Recorded, ...], *, sent: int, key: SigningKey) -> bytes:
    """Return the message that carries these consecutive facts of one device, under one signature.

    Raises WireError ("wire.too_large") when it has too many facts or bytes.
    """
    last = records[-1]
    head = (last.entry.device, last.entry.seq, last.digest)
    return seal_raw_batch([record.raw for record in records], head, sent=sent, key=key)


def seal_raw_batch(facts: list[bytes], head: tuple[str, int, bytes], *, sent: int, key: SigningKey) -> bytes:
    """Return the message that carries these facts, as their device keeps them: raw, and not decoded to be sent.

    head: the device, and number and hash (32 bytes) of the last fact. sent: device clock at sending, Unix milliseconds.
    Raises WireError ("wire.too_large") when it has too many facts or bytes.
    """
    signature = key.sign("batch", head_bytes(*head, sent))
    data = _encoder.encode(_Message(schema=SCHEMA, device=head[0], sent=sent, facts=facts, signature=signature))
    if len(facts) > BATCH_FACTS_MAX or len(data) > BATCH_BYTES_MAX:
        raise WireError("wire.too_large", f"a batch has at most {BATCH_FACTS_MAX} facts and {BATCH_BYTES_MAX} bytes")
    return data


def fits_in_batch(sizes: list[int]) -> int:
    """Return how many facts of these sizes (bytes), from the first on, fit into one batch; one always does."""
    total = _BATCH_OVERHEAD_BYTES
    for count, size in enumerate(sizes[:BATCH_FACTS_MAX]):
        total += size + 5
        if total > BATCH_BYTES_MAX and count:
            return count
    return min(len(sizes), BATCH_FACTS_MAX)


def open_batch(data: bytes) -> Batch:
    """Read a message of facts and check all that can be checked without knowing the device.

    1. its size, 2. its encoding, 3. its schema, 4. the number of facts, 5. each fact, 6. one device and consecutive
    numbers, 7. the chain inside. Raises WireError; nothing of a refused message is taken.
    """
    if len(data) > BATCH_BYTES_MAX:
        raise WireError("wire.too_large", f"a message has at most {BATCH_BYTES_MAX} bytes, this one {len(data)}")
    _refuse_future(_decoded(_version_decoder, data, "a message").v, "a message")
    message = _decoded(_message_decoder, data, "a message")
    if not 1 <= len(message.facts) <= BATCH_FACTS_MAX:
        raise WireError("wire.too_large", f"a batch has 1 to {BATCH_FACTS_MAX} facts, this one {len(message.facts)}")
    records = tuple(decode_entry(raw) for raw in message.facts)
    _check_chain(message.device, records)
    return Batch(device=message.device, records=records, sent=message.sent, signature=message.signature)


def _refuse_future(schema: int, what: str) -> None:
    if schema > SCHEMA:
        raise WireError("wire.future_schema", f"{what} of schema {schema}; this program knows up to {SCHEMA}")


def _check_chain(device: str, records: tuple[Recorded, ...]) -> None:
    first = records[0].entry.seq
    for offset, record in enumerate(records):
        if record.entry.device != device or record.entry.seq != first + offset:
            raise WireError("wire.chain", f"the facts of {device} after {first} are not consecutive")
        if offset and record.entry.before != records[offset - 1].digest:
            raise WireError("wire.chain", f"fact {record.entry.seq} of {device} does not follow the one before it")


def check_batch_signature(batch: Batch, public: bytes) -> None:
    """Raise SignatureError unless the holder of `public` (32 bytes) signed this batch."""
    head = batch.records[-1].digest
    verify(public, "batch", head_bytes(batch.device, batch.last, head, batch.sent), batch.signature)


def _seal(purpose: str, value: Struct, key: SigningKey) -> bytes:
    payload = _encoder.encode(value)
    return _encoder.encode(_Sealed(SCHEMA, payload, key.sign(purpose, payload)))


def _unseal(purpose: str, data: bytes, public: bytes) -> bytes:
    if len(data) > REPLY_BYTES_MAX:
        raise WireError("wire.too_large", f"a {purpose} has at most {REPLY_BYTES_MAX} bytes, this one {len(data)}")
    sealed = _decoded(_sealed_decoder, data, f"a {purpose}")
    _refuse_future(sealed.schema, f"a {purpose}")
    verify(public, purpose, sealed.payload, sealed.signature)
    return sealed.payload


def seal_receipt(receipt: Receipt, key: SigningKey) -> bytes:
    """Return the message that carries a receipt, signed by the hub: who forges one could make a device forget."""
    return _seal("receipt", receipt, key)


def open_receipt(data: bytes, public: bytes) -> Receipt:
    """Read a receipt; raises WireError or SignatureError."""
    return _decoded(_receipt_decoder, _unseal("receipt", data, public), "a receipt")


def seal_contact(contact: Contact, key: SigningKey) -> bytes:
    """Return the message that carries a contact, signed by the device: who forges one could have it quarantined."""
    return _seal("contact", contact, key)


def open_contact(data: bytes, public: bytes) -> Contact:
    """Read a contact; raises WireError or SignatureError."""
    contact = _decoded(_contact_decoder, _unseal("contact", data, public), "a contact")
    if len(contact.head) != HASH_BYTES:
        raise WireError("wire.garbled", "a contact needs the 32-byte hash of the newest fact")
    return contact


def seal_directive(numbered: NumberedDirective, key: SigningKey) -> bytes:
    """Return the message that carries a directive, signed by the hub."""
    return _seal("directive", numbered, key)


def open_directive(data: bytes, public: bytes) -> NumberedDirective:
    """Read a directive; one of an unknown kind becomes UnknownDirective, so that it cannot hold up those behind it.

    Raises WireError or SignatureError.
    """
    payload = _unseal("directive", data, public)
    try:
        return _decoded(_directive_decoder, payload, "a directive")
    except WireError:
        frame = _decoded(_directive_frame_decoder, payload, "a directive")
        tag = _decoded(_directive_tag_decoder, bytes(frame.directive), "a directive")
        if tag.t in _KNOWN_DIRECTIVES:
            raise
    unknown = UnknownDirective(kind=tag.t[:UNKNOWN_KIND_CHARACTERS_MAX], case=tag.case)
    return NumberedDirective(device=frame.device, number=frame.number, directive=unknown)
