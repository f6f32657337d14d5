"""The list of withdrawn stickers (撤销名单): signed, dated, small enough for every device, checked without a hub.

Knows how a list is written, read and joined with another; who withdraws a sticker is the hub's. Each withdrawal raises
the version by one. A list says from which version to which it goes, so that the newest additions travel alone.

Numbers stand grouped by their prefix, in rising order, each as its distance from the one before (LEB128: seven bits a
byte, the lowest first, the eighth says that more follow): about 1.3 bytes each where one of a hundred is withdrawn.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from inspection import InspectionError
from inspection.evidence import Whole
from inspection.signing import SignatureError, SigningKey, verify
from inspection.sticker import NUMBER_DIGITS, NUMBER_MAX, StickerError, number_text, split_number

WITHDRAWALS_SCHEMA = 1
WITHDRAWALS_BYTES_MAX = 4 * 1024 * 1024
WITHDRAWN_NUMBERS_MAX = 1_000_000
PREFIXES_MAX = 10_000
PIECES_MAX = 10_000
PIECE_BASE = 16
PIECE_VERSIONS_MAX = PIECE_BASE**3
"""So many withdrawals take less than 80 KB, whatever their prefixes; a message to a device has room for 256 KiB."""
_DISTANCE_BYTES_MAX = 4
_SEVEN_BITS, _MORE = 0x7F, 0x80
_GOES_ON = bytes(range(_MORE, 0x100))
_PURPOSE = "withdrawals"


class WithdrawalsError(InspectionError):
    """A list of withdrawn stickers that cannot be taken.

    code: "withdrawals.signature", ".garbled", ".future_schema", ".too_large", or ".gap" where two do not join.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Withdrawals(Struct, frozen=True, kw_only=True):
    """Which stickers were withdrawn.

    since, version: it names what was withdrawn after version `since` (0: all) up to `version`. issued_at: hub time,
    Unix milliseconds: what it does not name was not withdrawn then ("as of"). until: after it, ask for a newer one.
    numbers: of stickers.
    """

    since: Whole
    version: Whole
    issued_at: Whole
    until: Whole
    numbers: frozenset[str]


NOTHING_KNOWN = Withdrawals(since=0, version=0, issued_at=0, until=0, numbers=frozenset())
"""What somebody knows whom nobody told anything; issued_at 0 says so."""


class _Body(Struct, frozen=True, array_like=True):
    schema: Annotated[int, Meta(ge=1)]
    since: Whole
    version: Whole
    issued_at: Whole
    until: Whole
    groups: Annotated[tuple[tuple[str, bytes], ...], Meta(max_length=PREFIXES_MAX)]


class _Schema(Struct, array_like=True):
    schema: Annotated[int, Meta(ge=1)]


class _Sealed(Struct, frozen=True, array_like=True):
    body: bytes
    signature: bytes


class _Pack(Struct, frozen=True):
    pieces: Annotated[tuple[bytes, ...], Meta(max_length=PIECES_MAX)]


_encoder = msgspec.msgpack.Encoder()
_body_decoder = msgspec.msgpack.Decoder(_Body)
_schema_decoder = msgspec.msgpack.Decoder(_Schema)
_sealed_decoder = msgspec.msgpack.Decoder(_Sealed)
_file_decoder = msgspec.msgpack.Decoder(tuple[bytes, bytes] | _Pack)


def seal_withdrawals(withdrawals: Withdrawals, key: SigningKey) -> bytes:
    """Return the list as bytes with the hub's signature.

    Raises WithdrawalsError: "withdrawals.too_large", or "withdrawals.garbled" when its versions run backwards or a
    number is none.
    """
    _check_versions(withdrawals.since, withdrawals.version)
    if len(withdrawals.numbers) > WITHDRAWN_NUMBERS_MAX:
        raise WithdrawalsError("withdrawals.too_large", f"a list names at most {WITHDRAWN_NUMBERS_MAX} stickers")
    body = _encoder.encode(
        _Body(
            schema=WITHDRAWALS_SCHEMA,
            since=withdrawals.since,
            version=withdrawals.version,
            issued_at=withdrawals.issued_at,
            until=withdrawals.until,
            groups=_grouped(withdrawals.numbers),
        )
    )
    data = _encoder.encode(_Sealed(body=body, signature=key.sign(_PURPOSE, body)))
    _check_size(data)
    return data


def open_withdrawals(data: bytes, *publics: bytes) -> Withdrawals:
    """Read a list that one of these keys signed.

    1. its size, 2. its envelope, 3. the signature, 4. the schema, 5. every number. Raises WithdrawalsError; nothing of
    a refused list is taken.
    """
    _check_size(data)
    try:
        sealed = _sealed_decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise WithdrawalsError("withdrawals.garbled", f"the list cannot be read: {error}") from error
    if not any(_signed(sealed, public) for public in publics):
        raise WithdrawalsError("withdrawals.signature", "not a list of these keys: no signature holds")
    try:
        schema = _schema_decoder.decode(sealed.body).schema
        if schema > WITHDRAWALS_SCHEMA:
            text = f"a list of schema {schema}; this program knows up to {WITHDRAWALS_SCHEMA}"
            raise WithdrawalsError("withdrawals.future_schema", text)
        body = _body_decoder.decode(sealed.body)
    except msgspec.MsgspecError as error:
        raise WithdrawalsError("withdrawals.garbled", f"the list cannot be read: {error}") from error
    return _opened(body)


def pack(pieces: Iterable[bytes]) -> bytes:
    """Return a file of several lists as they were sealed; raises WithdrawalsError ("withdrawals.too_large")."""
    data = _encoder.encode(_Pack(tuple(pieces)))
    _check_size(data)
    return data


def open_file(data: bytes, *publics: bytes) -> Withdrawals:
    """Read a file that holds one list, or several in a pack, and join them; raises WithdrawalsError as for one."""
    _check_size(data)
    try:
        read = _file_decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise WithdrawalsError("withdrawals.garbled", f"the list cannot be read: {error}") from error
    return join(open_withdrawals(piece, *publics) for piece in (read.pieces if isinstance(read, _Pack) else (data,)))


def join(pieces: Iterable[Withdrawals]) -> Withdrawals:
    """Return what several lists say together: every number that one of them names.

    Version and dates are those up to which nothing is missing: after a gap, the list is only as new as before it.
    """
    version, issued_at, until = NOTHING_KNOWN.version, NOTHING_KNOWN.issued_at, NOTHING_KNOWN.until
    numbers: set[str] = set()
    for piece in sorted(pieces, key=lambda one: (one.version, one.since, one.issued_at)):
        numbers |= piece.numbers
        if piece.since <= version <= piece.version and piece.issued_at >= issued_at:
            version, issued_at, until = piece.version, piece.issued_at, piece.until
    return Withdrawals(since=0, version=version, issued_at=issued_at, until=until, numbers=frozenset(numbers))


def merge(before: Withdrawals, newer: Withdrawals) -> Withdrawals:
    """Return both lists as one: nothing that either names is lost, whatever their order.

    Raises WithdrawalsError ("withdrawals.gap") when versions are missing between them.
    """
    first, second = sorted((before, newer), key=lambda one: (one.since, one.version))
    if second.since > first.version:
        text = f"between version {first.version} and {second.since} withdrawals are missing"
        raise WithdrawalsError("withdrawals.gap", text)
    newest = max((before, newer), key=lambda one: (one.version, one.issued_at))
    return Withdrawals(
        since=first.since,
        version=newest.version,
        issued_at=newest.issued_at,
        until=newest.until,
        numbers=before.numbers | newer.numbers,
    )


def covers(newer: Withdrawals, before: Withdrawals) -> bool:
    """Return whether `newer` says all that `before` says, so that this need not be kept.

    Not by the versions alone: a hub that was put back to an older state gives a version out a second time.
    """
    spans = newer.since <= before.since and before.version <= newer.version
    return spans and before.issued_at <= newer.issued_at and before.numbers <= newer.numbers


def piece_since(version: int) -> int:
    """Return the version from which the list goes that is published with a withdrawal.

    As a rule it carries that one alone. With each 16th, 256th and 4096th it carries all of those since the last such
    one, so whoever keeps what is not covered yet holds few pieces: at most 15 of each smaller size.
    """
    size = 1
    while size < PIECE_VERSIONS_MAX and version % (size * PIECE_BASE) == 0:
        size *= PIECE_BASE
    return version - size


def pieces_up_to(version: int) -> list[tuple[int, int]]:
    """Return (since, version) of the few lists that together carry everything up to `version`, oldest first."""
    found = []
    while version > 0:
        since = piece_since(version)
        found.append((since, version))
        version = since
    return found[::-1]


def _signed(sealed: _Sealed, public: bytes) -> bool:
    try:
        verify(public, _PURPOSE, sealed.body, sealed.signature)
    except SignatureError:
        return False
    return True


def _check_size(data: bytes) -> None:
    if len(data) > WITHDRAWALS_BYTES_MAX:
        text = f"a list of withdrawn stickers has at most {WITHDRAWALS_BYTES_MAX} bytes, this one {len(data)}"
        raise WithdrawalsError("withdrawals.too_large", text)


def _check_versions(since: int, version: int) -> None:
    if since > version:
        raise WithdrawalsError("withdrawals.garbled", f"the list goes backwards, from version {since} to {version}")


def _grouped(numbers: Iterable[str]) -> tuple[tuple[str, bytes], ...]:
    groups: dict[str, list[int]] = {}
    try:
        for prefix, value in map(split_number, numbers):
            groups.setdefault(prefix, []).append(value)
    except StickerError as error:
        raise WithdrawalsError("withdrawals.garbled", str(error)) from error
    return tuple((prefix, _packed(sorted(groups[prefix]))) for prefix in sorted(groups))


def _packed(values: list[int]) -> bytes:
    packed, before = bytearray(), 0
    for value in values:
        distance, before = value - before, value
        while distance > _SEVEN_BITS:
            packed.append(distance & _SEVEN_BITS | _MORE)
            distance >>= 7
        packed.append(distance)
    return bytes(packed)


def _opened(body: _Body) -> Withdrawals:
    _check_versions(body.since, body.version)
    prefixes = [prefix for prefix, _ in body.groups]
    if sorted(set(prefixes)) != prefixes:
        raise WithdrawalsError("withdrawals.garbled", "the prefixes of the list are not in order")
    # Counted by their last bytes before any is made: a small message must not fill the memory.
    if sum(len(packed.translate(None, _GOES_ON)) for _, packed in body.groups) > WITHDRAWN_NUMBERS_MAX:
        raise WithdrawalsError("withdrawals.too_large", f"a list names at most {WITHDRAWN_NUMBERS_MAX} stickers")
    numbers = frozenset(number for prefix, packed in body.groups for number in _numbers(prefix, packed))
    return Withdrawals(
        since=body.since, version=body.version, issued_at=body.issued_at, until=body.until, numbers=numbers
    )


def _numbers(prefix: str, packed: bytes) -> list[str]:
    try:
        # What goes for one number of a prefix goes for all: only the values differ.
        number_text(prefix, 1)
    except StickerError as error:
        raise WithdrawalsError("withdrawals.garbled", str(error)) from error
    return [f"{prefix}{value:0{NUMBER_DIGITS}d}" for value in _unpacked(packed)]


def _unpacked(packed: bytes) -> list[int]:
    values, value, distance, shift = [], 0, 0, 0
    for byte in packed:
        distance |= (byte & _SEVEN_BITS) << shift
        shift += 7
        if byte & _MORE and shift < 7 * _DISTANCE_BYTES_MAX:
            continue
        value += distance
        # One way to write each list: a distance of nothing, or with a last byte of nothing, would be another.
        if byte == 0 or byte & _MORE or value > NUMBER_MAX:
            raise WithdrawalsError("withdrawals.garbled", "the numbers of the list are not in order")
        values.append(value)
        distance = shift = 0
    if shift:
        raise WithdrawalsError("withdrawals.garbled", "the list breaks off within a number")
    return values
