"""The hub's door for photos, in memory: what `upload` and `forwarding` are tried against."""

import asyncio
import hashlib
from dataclasses import dataclass, field

from aiohttp import web

from inspection.signing import SigningKey, verify
from tests.edge_agent.stand_ins.fakes import DEVICE, DEVICE_KEY, HUB_KEY


@dataclass
class PhotoDoor:
    """Takes photos as the hub does.

    sizes: of announced photos, by digest; None announces everything. answers: what to say instead, one a request,
    as (status, body); (0, "") breaks the connection. offsets: the Upload-Offset of each PATCH, as it came.
    together: where the first requests of so many photos wait for one another.
    """

    sizes: dict[str, int]
    came: dict[str, bytearray] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    answers: list[tuple[int, str]] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    receipt_key: SigningKey = HUB_KEY
    together: asyncio.Barrier | None = None

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.head("/photos/{digest}", self.handle), web.patch("/photos/{digest}", self.handle)])
        return app

    async def handle(self, request: web.Request) -> web.Response:
        digest = request.match_info["digest"]
        self.requests.append(f"{request.method} {digest[:6]}")
        if self.together is not None and digest not in self.came:
            await self.together.wait()
        if self.answers and (answer := self.answers.pop(0)) != (200, ""):
            return self._instead(request, *answer)
        if digest not in self.sizes:
            return web.json_response({"code": "photo.not_announced", "text": "not announced"}, status=404)
        signed = f"{DEVICE}\n{digest}\n{self.sizes[digest]}".encode()
        assert request.headers["Passlane-Device"] == DEVICE
        verify(DEVICE_KEY.public, "upload", signed, bytes.fromhex(request.headers["Passlane-Ticket"]))
        return await self._taken(request, digest)

    async def _taken(self, request: web.Request, digest: str) -> web.Response:
        came = self.came.setdefault(digest, bytearray())
        if request.method == "HEAD":
            return self._progress(204 if digest in self.complete else 200, digest)
        if digest in self.complete:
            return self._progress(204, digest)
        offset = int(request.headers["Upload-Offset"])
        self.offsets.append(offset)
        if offset != len(came):
            return web.json_response({"code": "photo.offset", "text": "another offset"}, status=409)
        came.extend(await request.read())
        if len(came) == self.sizes[digest] and hashlib.sha256(came).hexdigest() == digest:
            self.complete.add(digest)
        return self._progress(204, digest)

    def _progress(self, status: int, digest: str) -> web.Response:
        headers = {"Upload-Offset": str(len(self.came[digest])), "Upload-Complete": str(int(digest in self.complete))}
        if digest in self.complete:
            signed = f"{DEVICE}\n{digest}\n{self.sizes[digest]}".encode()
            headers["Passlane-Receipt"] = self.receipt_key.sign("photo", signed).hex()
        return web.Response(status=status, headers=headers)

    def _instead(self, request: web.Request, status: int, body: str) -> web.Response:
        if status == 0:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(status=status, text=body)
