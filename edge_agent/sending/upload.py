"""Resumable upload of one photo to the hub over HTTP, by digest.

    HEAD  {http}/photos/{digest}   200: Upload-Offset: N, Upload-Complete: 0 or 1. 404: not announced yet.
    PATCH {http}/photos/{digest}   Upload-Offset: N and the bytes from N on. 204: the new offset; Upload-Complete: 1
                                   only after the hub has committed the photo, which is the receipt, with
                                   Passlane-Receipt, the hub's signature over the same three. 409: ask again.
                                   413, 415, 422: refused, with {"code", "text"}.

Every request carries the device's name and its signature over (device, digest, size). Knows the protocol; which photo
goes when is `courier`'s, what follows from the outcome is `forwarding`'s. No answer of the hub deletes anything.
"""

import asyncio
from dataclasses import dataclass

import aiohttp
import msgspec
from msgspec import Struct

from edge_agent.courier import KeptPhoto
from inspection.signing import SignatureError, SigningKey, verify

REQUEST_SECONDS_MAX = 60.0
ANSWER_BYTES_MAX = 64 * 1024
OFFSET_QUARRELS_MAX = 3
PIECE_BYTES_MAX = 512 * 1024
"""No larger piece is sent, whatever the profile says: the hub answers 413 to pieces above one mebibyte."""

_OK, _NO_CONTENT, _NOT_FOUND, _CONFLICT = 200, 204, 404, 409
_REFUSED = frozenset({413, 415, 422})


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadTarget:
    """Where to and as whom. hub_public: the key that signs receipts, 32 bytes. bytes_per_second_max: None is no cap."""

    http_url: str
    device: str
    key: SigningKey
    hub_public: bytes
    chunk_bytes: int
    bytes_per_second_max: int | None = None
    request_seconds_max: float = REQUEST_SECONDS_MAX


@dataclass(frozen=True, slots=True)
class Stored:
    """The hub has committed the photo: the receipt."""


@dataclass(frozen=True, slots=True)
class NotAnnounced:
    """The hub does not know the fact that announces the photo: later."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The hub will not take the photo: it is marked and shown, and kept."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class TryLater:
    """It did not work this time; why, in words."""

    reason: str


Outcome = Stored | NotAnnounced | Refused | TryLater


class _Answer(Struct):
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class _Reached:
    offset: int


@dataclass(frozen=True, slots=True)
class _Claimed:
    """Somebody says that the photo is committed, with what should be the hub's signature, in hexadecimal."""

    receipt: str


async def upload_photo(session: aiohttp.ClientSession, target: UploadTarget, photo: KeptPhoto, data: bytes) -> Outcome:
    """Send the photo from where the hub has it, and return how it went; network faults are an outcome, not an error.

    data: all bytes of the photo. Asks for the offset at most OFFSET_QUARRELS_MAX times.
    """
    url = f"{target.http_url.rstrip('/')}/photos/{photo.digest}"
    signed = f"{target.device}\n{photo.digest}\n{photo.size}".encode()
    headers = _ticket(target, signed)
    try:
        for _ in range(OFFSET_QUARRELS_MAX):
            attempt = await _one_attempt(session, target, url, headers=headers, data=data)
            outcome = _checked(attempt, target, signed)
            if outcome is not None:
                return outcome
    except TimeoutError:
        return TryLater("the hub did not answer in time")
    except (aiohttp.ClientError, OSError) as error:
        return TryLater(f"the hub cannot be reached: {type(error).__name__}")
    return TryLater("the hub and this device do not agree how much was sent")


def _ticket(target: UploadTarget, signed: bytes) -> dict[str, str]:
    return {"Passlane-Device": target.device, "Passlane-Ticket": target.key.sign("upload", signed).hex()}


def _checked(outcome: Outcome | _Claimed | None, target: UploadTarget, signed: bytes) -> Outcome | None:
    """Return the outcome; a claimed receipt counts only with the hub's signature: a photo may be freed on its word."""
    if not isinstance(outcome, _Claimed):
        return outcome
    try:
        verify(target.hub_public, "photo", signed, bytes.fromhex(outcome.receipt))
    except (SignatureError, ValueError):
        return TryLater("the receipt for the photo is not the hub's")
    return Stored()


async def _one_attempt(
    session: aiohttp.ClientSession, target: UploadTarget, url: str, *, headers: dict[str, str], data: bytes
) -> Outcome | _Claimed | None:
    """Ask where to go on and send from there; None when the hub says that the offset is another."""
    step: Outcome | _Claimed | _Reached | None = await _ask(session, target, url, headers)
    while isinstance(step, _Reached):
        if not 0 <= step.offset <= len(data):
            return TryLater(f"the hub says that it has {step.offset} bytes of {len(data)}")
        chunk = data[step.offset : step.offset + min(target.chunk_bytes, PIECE_BYTES_MAX)]
        at = {**headers, "Upload-Offset": str(step.offset), "Content-Type": "application/octet-stream"}
        before = step.offset
        step = await _send(session, target, url, headers=at, chunk=chunk)
        if isinstance(step, _Reached):
            if step.offset <= before:
                return TryLater("the hub took nothing of what was sent")
            await _pace(target, len(chunk))
    return step


async def _pace(target: UploadTarget, size: int) -> None:
    if target.bytes_per_second_max is not None:
        await asyncio.sleep(size / target.bytes_per_second_max)


async def _ask(
    session: aiohttp.ClientSession, target: UploadTarget, url: str, headers: dict[str, str]
) -> Outcome | _Claimed | _Reached:
    async with session.head(url, headers=headers, timeout=_timeout(target), allow_redirects=False) as answer:
        if answer.status in (_OK, _NO_CONTENT):
            return _progress(answer)
        if answer.status == _NOT_FOUND:
            return NotAnnounced()
        return await _other(answer)


async def _send(
    session: aiohttp.ClientSession, target: UploadTarget, url: str, *, headers: dict[str, str], chunk: bytes
) -> Outcome | _Claimed | _Reached | None:
    request = session.patch(url, data=chunk, headers=headers, timeout=_timeout(target), allow_redirects=False)
    async with request as answer:
        if answer.status == _NO_CONTENT:
            return _progress(answer)
        if answer.status == _CONFLICT:
            return None
        if answer.status == _NOT_FOUND:
            return NotAnnounced()
        return await _other(answer)


def _timeout(target: UploadTarget) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=target.request_seconds_max)


def _progress(answer: aiohttp.ClientResponse) -> Outcome | _Claimed | _Reached:
    if answer.headers.get("Upload-Complete") == "1":
        return _Claimed(answer.headers.get("Passlane-Receipt", ""))
    try:
        return _Reached(int(answer.headers["Upload-Offset"]))
    except (KeyError, ValueError):
        return TryLater("the hub did not say how much it has")


async def _other(answer: aiohttp.ClientResponse) -> Outcome:
    if answer.status not in _REFUSED:
        return TryLater(f"the hub answered {answer.status}")
    body = await answer.content.read(ANSWER_BYTES_MAX)
    try:
        said = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        said = _Answer(f"upload.{answer.status}", f"the hub answered {answer.status}")
    return Refused(said.code, said.text)
