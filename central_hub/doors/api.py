"""The hub's door for programs: whether it is well, and enrolling a device with an operator's sign-in."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import aiohttp
import msgspec
from aiohttp import web
from msgspec import Struct

from central_hub import HubError
from central_hub.accounts import check_password
from central_hub.reading import Reading
from inspection import InspectionError
from inspection.signing import public_key_from_hex

REASON_CHARACTERS_MAX = 500
STATION_CHARACTERS_MAX = 32
_STATION = re.compile(rf"[A-Za-z0-9-]{{1,{STATION_CHARACTERS_MAX}}}\Z")


class EnrolError(HubError):
    """A request to enrol a device that the hub does not take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How the hub is. trouble: why it does not work, empty when it does.

    Both counts begin at 0 with the program. dropped: messages for which there was no room; their devices send them
    again. errors: pieces of work that failed in a way that nobody foresaw and were taken back.
    """

    trouble: str
    dropped: int
    errors: int


class EnrolRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device says of itself: its name, kind and station, and its public key in hexadecimal.

    station: 1 to STATION_CHARACTERS_MAX of A-Z, a-z, 0-9 and "-".
    """

    device: str
    kind: Literal["pda", "lane_box"]
    station: str
    public_key: str


class EnrolAnswer(Struct, frozen=True, kw_only=True):
    """What a device has to know of the hub."""

    hub_public_key: str
    broker_host: str
    broker_port: int
    broker_user: str
    broker_password: str
    http_url: str


class Api:
    """The requests. enrol: writes the device down, lets it in at the broker, answers it. revoke: shuts it out."""

    def __init__(
        self,
        reading: Reading,
        *,
        enrol: Callable[[EnrolRequest, bytes], EnrolAnswer],
        revoke: Callable[[str, str], None],
        health: Callable[[], Health],
    ) -> None:
        self._reading = reading
        self._enrol = enrol
        self._revoke = revoke
        self._health = health
        # A password check takes a core and 64 MiB on purpose: one at a time, or strangers could stop the photos so.
        self._checking = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [
            web.get("/healthz", self._healthz),
            web.post("/api/devices", self._post_device),
            web.delete("/api/devices/{device}", self._delete_device),
        ]

    async def _healthz(self, _request: web.Request) -> web.Response:
        health = self._health()
        well = not health.trouble
        said = {"well": well, "trouble": health.trouble, "dropped": health.dropped, "errors": health.errors}
        return web.json_response(said, status=200 if well else 503)

    async def _post_device(self, request: web.Request) -> web.Response:
        if not await self._signed_in(request):
            return _refused(401, "enrol.sign_in", "an operator's name and password are needed to enrol a device")
        try:
            asked = _asked(await request.read())
            answer = await asyncio.to_thread(self._enrol, asked, public_key_from_hex(asked.public_key))
        except (msgspec.MsgspecError, UnicodeDecodeError, HubError, InspectionError) as error:
            return _refused(400, "enrol.refused", str(error))
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")

    async def _delete_device(self, request: web.Request) -> web.Response:
        if not await self._signed_in(request):
            return _refused(401, "revoke.sign_in", "an operator's name and password are needed to revoke a device")
        reason = request.query.get("reason", "").strip()[:REASON_CHARACTERS_MAX]
        if not reason:
            return _refused(400, "revoke.reason", "a revocation needs its reason")
        try:
            await asyncio.to_thread(self._revoke, request.match_info["device"], reason)
        except HubError as error:
            return _refused(404, "revoke.refused", str(error))
        return web.Response(status=204)

    async def _signed_in(self, request: web.Request) -> bool:
        async with self._checking:
            return await asyncio.to_thread(self._is_operator, request.headers.get("Authorization", ""))

    def _is_operator(self, authorization: str) -> bool:
        try:
            asked = aiohttp.BasicAuth.decode(authorization, encoding="utf-8")
        except ValueError:
            return False
        account = self._reading.account(asked.login)
        known = check_password(account["password"] if account else None, asked.password)
        return known and account is not None and account["role"] == "operator"


def _asked(body: bytes) -> EnrolRequest:
    asked = msgspec.json.decode(body, type=EnrolRequest)
    if not _STATION.match(asked.station):
        raise EnrolError(
            f"{asked.station[:40]!r} cannot name a station: use 1 to {STATION_CHARACTERS_MAX} of A-Z, a-z, 0-9 and -"
        )
    return asked


def _refused(status: int, code: str, text: str) -> web.Response:
    return web.json_response({"code": code, "text": text}, status=status)
