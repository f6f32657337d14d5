"""Resumable upload of one photo to the hub over HTTP, by digest.

    HEAD  {http}/photos/{digest}   200: Upload-Offset: N, Upload-Complete: 0 or 1. 404: not announced yet.
                                   Left out for a photo that was never tried: it begins at 0.
    PATCH {http}/photos/{digest}   Upload-Offset: N and the bytes from N on. 204: the new offset; Upload-Complete: 1
                                   only after the hub has committed the photo, which is the receipt, with
                                   Passlane-Receipt, the hub's signature over the same three. 409: ask again.
                                   413, 415, 422: refused, with {"code", "text"}.

Every request carries the device's name and its signature over (device, digest, size). Knows the protocol; which photo
goes when is `precedence`'s, what follows from the outcome is `dispatching`'s. No answer of the hub deletes anything.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import NamedTuple

import aiohttp
import msgspec
from msgspec import Struct

from edge_agent import AgentError
from edge_agent.courier import KeptPhoto
from edge_agent.home import Home
from edge_agent.sending.events import NotAnnounced, Outcome, Refused, Stored, TryLater
from firmware_profiles.schema import Profile
from inspection.signing import SignatureError, SigningKey, verify

REQUEST_SECONDS_MAX = 60.0
ANSWER_BYTES_MAX = 64 * 1024
REASON_CHARACTERS_MAX = 500
OFFSET_QUARRELS_MAX = 3
PIECE_BYTES_MAX = 512 * 1024
"""No larger piece is sent, whatever the profile says: the hub answers 413 to pieces above one mebibyte."""

_OK, _NO_CONTENT, _NOT_FOUND, _CONFLICT = 200, 204, 404, 409
_REFUSED = frozenset({413, 415, 422})


class UploadError(AgentError):
    """Certificates with which no photo can be sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadTarget:
    """Where to and as whom. hub_public: the key that signs receipts, 32 bytes. bytes_per_second_max: None is no cap.

    ca_file: certificates to trust at the hub instead of the system's, empty for the system's.
    """

    http_url: str
    device: str
    key: SigningKey
    hub_public: bytes
    chunk_bytes: int
    bytes_per_second_max: int | None = None
    request_seconds_max: float = REQUEST_SECONDS_MAX
    ca_file: str = ""


def target_of(home: Home, profile: Profile) -> UploadTarget:
    """Return where a device at home there, which runs that profile, sends its photos."""
    return UploadTarget(
        http_url=profile.hub.http_url,
        device=home.device,
        key=home.key,
        hub_public=home.hub_public,
        chunk_bytes=profile.limits.upload_chunk_bytes,
        bytes_per_second_max=profile.upload.bytes_per_second_max,
        ca_file=home.ca_file,
    )


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


class _Way(NamedTuple):
    session: aiohttp.ClientSession
    url: str
    headers: dict[str, str]
    timeout: aiohttp.ClientTimeout


def open_session(target: UploadTarget) -> aiohttp.ClientSession:
    """Return the session to send photos with, to be closed; raises UploadError when the certificates cannot be read."""
    if not target.ca_file:
        return aiohttp.ClientSession()
    try:
        trusted = ssl.create_default_context(cafile=target.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UploadError(f"the certificates for the hub cannot be read: {error}") from error
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted))


class Throttle:
    """Keeps all uploads that share it under so many bytes a second together; None is no cap."""

    def __init__(self, bytes_per_second_max: int | None) -> None:
        self._bytes_per_second_max = bytes_per_second_max
        self._pausing = asyncio.Lock()

    async def pause(self, size: int) -> None:
        """Wait after `size` bytes, and after those of the others that sent meanwhile."""
        if self._bytes_per_second_max is not None:
            async with self._pausing:
                await asyncio.sleep(size / self._bytes_per_second_max)


@dataclass(kw_only=True, slots=True)
class Trip:
    """One upload under way. never_tried: nothing can be at the hub, so it begins at 0 without asking.

    throttle: None for the target's own. sent_bytes: of the photo, so far, taken by the hub or not.
    """

    never_tried: bool = False
    throttle: Throttle | None = None
    sent_bytes: int = 0


async def upload_photo(
    session: aiohttp.ClientSession, target: UploadTarget, photo: KeptPhoto, data: bytes, *, trip: Trip | None = None
) -> Outcome:
    """Send the photo from where the hub has it, and return how it went; network faults are an outcome, not an error.

    data: all bytes of the photo. Asks for the offset at most OFFSET_QUARRELS_MAX times.
    """
    trip = trip or Trip()
    trip.throttle = trip.throttle or Throttle(target.bytes_per_second_max)
    signed = f"{target.device}\n{photo.digest}\n{photo.size}".encode()
    url = f"{target.http_url.rstrip('/')}/photos/{photo.digest}"
    way = _Way(session, url, _ticket(target, signed), aiohttp.ClientTimeout(total=target.request_seconds_max))
    piece_bytes = min(target.chunk_bytes, PIECE_BYTES_MAX)
    try:
        for _ in range(OFFSET_QUARRELS_MAX):
            attempt = await _one_attempt(way, trip, data, piece_bytes)
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


async def _one_attempt(way: _Way, trip: Trip, data: bytes, piece_bytes: int) -> Outcome | _Claimed | None:
    """Ask where to go on and send from there; None when the hub says that the offset is another."""
    step: Outcome | _Claimed | _Reached | None = _Reached(0) if trip.never_tried else await _ask(way)
    trip.never_tried = False
    while isinstance(step, _Reached):
        if not 0 <= step.offset <= len(data):
            return TryLater(f"the hub says that it has {step.offset} bytes of {len(data)}")
        piece, before = data[step.offset : step.offset + piece_bytes], step.offset
        trip.sent_bytes += len(piece)
        step = await _send(way, before, piece)
        if isinstance(step, _Reached):
            if step.offset <= before:
                return TryLater("the hub took nothing of what was sent")
            if trip.throttle is not None:
                await trip.throttle.pause(len(piece))
    return step


async def _ask(way: _Way) -> Outcome | _Claimed | _Reached:
    request = way.session.head(way.url, headers=way.headers, timeout=way.timeout, allow_redirects=False)
    async with request as answer:
        if answer.status in (_OK, _NO_CONTENT):
            return _progress(answer)
        if answer.status == _NOT_FOUND:
            return NotAnnounced()
        return await _other(answer)


async def _send(way: _Way, offset: int, piece: bytes) -> Outcome | _Claimed | _Reached | None:
    headers = {**way.headers, "Upload-Offset": str(offset), "Content-Type": "application/octet-stream"}
    request = way.session.patch(way.url, data=piece, headers=headers, timeout=way.timeout, allow_redirects=False)
    async with request as answer:
        if answer.status == _NO_CONTENT:
            return _progress(answer)
        if answer.status == _CONFLICT:
            return None
        if answer.status == _NOT_FOUND:
            return NotAnnounced()
        return await _other(answer)


def _progress(answer: aiohttp.ClientResponse) -> Outcome | _Claimed | _Reached:
    if answer.headers.get("Upload-Complete") == "1":
        return _Claimed(answer.headers.get("Passlane-Receipt", ""))
    try:
        return _Reached(int(answer.headers["Upload-Offset"]))
    except (KeyError, ValueError):
        return TryLater("the hub did not say how much it has")


async def _other(answer: aiohttp.ClientResponse) -> Outcome:
    plainly = f"the hub answered {answer.status}"
    body = await answer.content.read(ANSWER_BYTES_MAX)
    try:
        said = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        said = _Answer(f"upload.{answer.status}", plainly)
    if answer.status in _REFUSED:
        return Refused(said.code, said.text)
    return TryLater(plainly if said.text == plainly else f"{plainly}: {said.text[:REASON_CHARACTERS_MAX]}")
