"""The hub's door for photos without HTTP: the steps of the real one over the real photo store and casework."""

from collections.abc import Callable

import msgspec

from central_hub.casework import Casework
from central_hub.store.database import Database
from central_hub.store.photos import PhotoError, PhotoStore
from central_hub.store.records import AnnouncedPhoto, announced_photo
from inspection.signing import SignatureError, verify
from tests.simulation.actors.requests import Answer, Request
from tests.simulation.actors.world import HUB_KEY

_STATUS = {"photo.offset": 409, "photo.digest": 422, "photo.not_an_image": 415, "photo.too_many_pixels": 413}

Submit = Callable[[Callable[[], object], Callable[[Exception | None], None]], None]
"""Takes work for the next transaction, and what to call once it is committed."""


class PhotoDoor:
    """Answers one request at a time. told: called before a receipt leaves, with device and digest."""

    def __init__(
        self,
        store: PhotoStore,
        db: Database,
        *,
        casework: Casework,
        submit: Submit,
        told: Callable[[str, str], None],
        hasty: bool,
    ) -> None:
        self._store = store
        self._db = db
        self._casework = casework
        self._submit = submit
        self._told = told
        self._hasty = hasty

    def handle(self, request: Request, answer: Callable[[Answer], None]) -> None:
        """Take a request, as the real door does: announced, by whom, with whose signature, from which byte on."""
        device = request.headers["Passlane-Device"]
        photo = announced_photo(self._db, request.digest, device)
        if photo is None:
            answer(_refused(404, "photo.not_announced"))
            return
        try:
            self._check_ticket(request, photo, device)
            if self._store.holds(photo.digest):
                self._committed(photo, answer)
            elif request.method == "HEAD":
                answer(_progress(200, self._store.offset(photo.digest, sender=photo.device)))
            else:
                self._add(request, photo, answer)
        except SignatureError:
            answer(_refused(403, "photo.ticket"))
        except PhotoError as error:
            answer(_refused(_STATUS.get(error.code, 413), error.code))
        except OSError:
            answer(_refused(500, "hub.disk"))

    def _check_ticket(self, request: Request, photo: AnnouncedPhoto, device: str) -> None:
        known = self._casework.ledger.chain_head(device)
        if known is None or device != photo.device:
            raise SignatureError(f"device {device} did not announce this photo")
        verify(known.public_key, "upload", _signed(photo), bytes.fromhex(request.headers["Passlane-Ticket"]))

    def _add(self, request: Request, photo: AnnouncedPhoto, answer: Callable[[Answer], None]) -> None:
        offset = int(request.headers["Upload-Offset"])
        here = self._store.add(photo.digest, offset, request.body, size=photo.size, sender=photo.device)
        if here < photo.size:
            answer(_progress(204, here))
            return
        self._store.finish(photo.digest, media=photo.media, sender=photo.device)
        self._committed(photo, answer)

    def _committed(self, photo: AnnouncedPhoto, answer: Callable[[Answer], None]) -> None:
        def receipt(error: Exception | None) -> None:
            if error is not None:
                answer(_refused(503, "hub.store"))
                return
            self._told(photo.device, photo.digest)
            done = _progress(204, photo.size)
            done.headers.update(
                {"Upload-Complete": "1", "Passlane-Receipt": HUB_KEY.sign("photo", _signed(photo)).hex()}
            )
            answer(done)

        if self._hasty:
            receipt(None)
        self._submit(lambda: self._casework.store_photo(photo.digest), (lambda _: None) if self._hasty else receipt)


def _signed(photo: AnnouncedPhoto) -> bytes:
    return f"{photo.device}\n{photo.digest}\n{photo.size}".encode()


def _progress(status: int, offset: int) -> Answer:
    return Answer(status=status, headers={"Upload-Offset": str(offset), "Upload-Complete": "0"})


def _refused(status: int, code: str) -> Answer:
    return Answer(status=status, body=msgspec.json.encode({"code": code, "text": code}))
