"""The door for photos: HTTP upload by digest that resumes where it broke off.

    HEAD  /photos/DIGEST   how far it came: Upload-Offset, and Upload-Complete: 1 once it is committed
    PATCH /photos/DIGEST   the next piece, from Upload-Offset on

Every request carries Passlane-Device and Passlane-Ticket, the device's signature over its name, the digest and the
size. A photo is only taken once a committed fact announced it. Upload-Complete: 1 is the receipt: the photo is on the
disk and the ledger says so. Passlane-Receipt is the hub's signature over the same three, since a forged receipt could
make a device let go of a photo.
"""

import asyncio
import functools
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

from central_hub.casework import Casework
from central_hub.reading import Reading
from central_hub.store.photos import PhotoError, PhotoStore
from central_hub.store.records import AnnouncedPhoto
from central_hub.writer import Writer, WriterStoppedError
from inspection.evidence import EvidenceError, checked_digest
from inspection.identities import IdentityError, checked_device
from inspection.signing import SignatureError, SigningKey, verify

PIECE_BYTES_MAX = 1024 * 1024
PIECE_SECONDS_MAX = 60.0
REQUESTS_AT_ONCE_MAX = 32
"""Of one device: each may hold a piece in memory. A device sends three photos at once; on a bad link, requests that
died stay a while beside the new ones."""
TICKET_PURPOSE = "upload"
RECEIPT_PURPOSE = "photo"
_STATUS = {
    "photo.offset": 409,
    "photo.digest": 422,
    "photo.not_an_image": 415,
    "photo.too_large": 413,
    "photo.too_many_pixels": 413,
    "photo.slow": 408,
    "photo.cut": 400,
    "hub.disk": 507,
}
_COUNTED = frozenset({"photo.digest", "photo.not_an_image", "photo.too_large", "photo.too_many_pixels", "photo.slow"})
"""What no device does that works as it should; the others mend themselves, and would only hide these."""


def _refused(status: int, code: str, text: str) -> web.Response:
    return web.json_response({"code": code, "text": text}, status=status)


class Uploads:
    """The two requests, over the photo store, the ledger's announcements and the writer."""

    def __init__(
        self,
        store: PhotoStore,
        reading: Reading,
        *,
        writer: Writer,
        casework: Casework,
        key: SigningKey,
        photo_bytes_max: int,
    ) -> None:
        self._store = store
        self._reading = reading
        self._writer = writer
        self._casework = casework
        self._key = key
        self._photo_bytes_max = photo_bytes_max
        self._piece_seconds_max = PIECE_SECONDS_MAX
        # Two pieces of one photo must not be written at once.
        self._busy: set[str] = set()
        self._at_once: Counter[str] = Counter()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [
            web.head("/photos/{digest}", self._checked(self._head)),
            web.patch("/photos/{digest}", self._checked(self._patch)),
        ]

    def _checked(
        self, handler: Callable[[web.Request, AnnouncedPhoto], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            """1. A digest. 2. Announced by a fact. 3. Sent by the device that announced it. 4. Within the limits."""
            try:
                digest = checked_digest(request.match_info["digest"])
            except EvidenceError as error:
                return _refused(400, "photo.name", str(error))
            try:
                device = checked_device(request.headers.get("Passlane-Device", ""))
                photo = self._reading.announced_photo(digest, device)
                if photo is None:
                    return _refused(404, "photo.not_announced", "no committed fact announces this photo yet")
                self._check_ticket(request, photo, device)
            except (IdentityError, SignatureError, ValueError) as error:
                return _refused(403, "photo.ticket", str(error))
            if photo.size > self._photo_bytes_max:
                text = f"{photo.size} bytes; at most {self._photo_bytes_max}"
                return self._refuse(photo, PhotoError("photo.too_large", text))
            return await self._admitted(handler, request, photo)

        return handle

    async def _admitted(
        self,
        handler: Callable[[web.Request, AnnouncedPhoto], Awaitable[web.Response]],
        request: web.Request,
        photo: AnnouncedPhoto,
    ) -> web.Response:
        if self._at_once[photo.device] >= REQUESTS_AT_ONCE_MAX:
            return _refused(429, "photo.too_many", f"a device has at most {REQUESTS_AT_ONCE_MAX} requests at once")
        self._at_once[photo.device] += 1
        try:
            return await handler(request, photo)
        except PhotoError as error:
            return self._refuse(photo, error)
        except WriterStoppedError as error:
            return _refused(503, "hub.store", str(error))
        finally:
            self._at_once[photo.device] -= 1
            if not self._at_once[photo.device]:
                del self._at_once[photo.device]

    def _refuse(self, photo: AnnouncedPhoto, error: PhotoError) -> web.Response:
        """Refuse what came of a photo; the operator sees how often whose, and why."""
        if error.code in _COUNTED:
            count = functools.partial(self._casework.count_refusal, photo.device, error.code, str(error))
            self._writer.offer(count, sender=photo.device)
        return _refused(_STATUS[error.code], error.code, str(error))

    def _check_ticket(self, request: web.Request, photo: AnnouncedPhoto, device: str) -> None:
        key = self._reading.public_key(device)
        if key is None or device != photo.device:
            raise SignatureError(f"device {device} did not announce this photo")
        ticket = bytes.fromhex(request.headers.get("Passlane-Ticket", ""))
        verify(key, TICKET_PURPOSE, ticket_bytes(photo), ticket)

    async def _head(self, _request: web.Request, photo: AnnouncedPhoto) -> web.Response:
        if self._store.holds(photo.digest):
            return await self._committed(photo)
        return _progress(200, self._store.offset(photo.digest, sender=photo.device))

    async def _patch(self, request: web.Request, photo: AnnouncedPhoto) -> web.Response:
        if self._store.holds(photo.digest):
            return await self._committed(photo)
        try:
            offset = int(request.headers.get("Upload-Offset", ""))
        except ValueError:
            return _refused(400, "photo.offset", "Upload-Offset must say at which byte the piece begins")
        # The application's client_max_size is PIECE_BYTES_MAX: a larger piece is answered 413 before it is in memory.
        # A piece is read before the photo is held: a connection that died half-way must not keep its device out.
        piece = await self._piece(request)
        if photo.digest in self._busy:
            return _refused(409, "photo.busy", "another piece of this photo is being written")
        self._busy.add(photo.digest)
        try:
            return await self._add(photo, offset, piece)
        finally:
            self._busy.discard(photo.digest)

    async def _piece(self, request: web.Request) -> bytes:
        try:
            async with asyncio.timeout(self._piece_seconds_max):
                return await request.read()
        except TimeoutError as error:
            text = f"a piece has to come within {self._piece_seconds_max} seconds"
            raise PhotoError("photo.slow", text) from error
        except ConnectionError as error:
            raise PhotoError("photo.cut", "the connection ended in the middle of a piece") from error
        except web.HTTPRequestEntityTooLarge as error:
            raise PhotoError("photo.too_large", f"a piece has at most {PIECE_BYTES_MAX} bytes") from error

    async def _add(self, photo: AnnouncedPhoto, offset: int, piece: bytes) -> web.Response:
        here = await asyncio.to_thread(
            self._store.add, photo.digest, offset, piece, size=photo.size, sender=photo.device
        )
        if here < photo.size:
            return _progress(204, here)
        await asyncio.to_thread(self._store.finish, photo.digest, media=photo.media, sender=photo.device)
        return await self._committed(photo)

    async def _committed(self, photo: AnnouncedPhoto) -> web.Response:
        # Also for a photo that was on the disk before: a crash may have come between the file and the ledger.
        await asyncio.wrap_future(self._writer.submit(lambda: self._casework.store_photo(photo.digest)))
        done = _progress(204, photo.size)
        done.headers["Upload-Complete"] = "1"
        done.headers["Passlane-Receipt"] = self._key.sign(RECEIPT_PURPOSE, ticket_bytes(photo)).hex()
        return done


def _progress(status: int, offset: int) -> web.Response:
    return web.Response(status=status, headers={"Upload-Offset": str(offset), "Upload-Complete": "0"})


def ticket_bytes(photo: AnnouncedPhoto) -> bytes:
    """Return what a device signs to send a photo, and the hub to say that it has it."""
    return f"{photo.device}\n{photo.digest}\n{photo.size}".encode()
