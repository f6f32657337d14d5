"""The hub's door for programs: whether it is well; and with an operator's sign-in all that is done about devices.

Those are: enrolling, shutting out, releasing from quarantine, asking for what is missing, and the report of what is.
"""

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
from central_hub.people.lockout import Attempts
from central_hub.reading import Health, Reading
from central_hub.store.gaps import Gap
from central_hub.store.office.accounts import by_password_alone, check_password
from inspection import InspectionError
from inspection.signing import public_key_from_hex

REASON_CHARACTERS_MAX = 500
STATION_CHARACTERS_MAX = 32
NAME_CHARACTERS_MAX = 200
_STATION = re.compile(rf"[A-Za-z0-9-]{{1,{STATION_CHARACTERS_MAX}}}\Z")


class EnrolError(HubError):
    """A request to enrol a device that the hub does not take."""


class EnrolRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device says of itself: its name, kind and station, and its public key in hexadecimal.

    station: 1 to STATION_CHARACTERS_MAX of A-Z, a-z, 0-9 and "-".
    """

    device: str
    kind: Literal["pda", "lane_box"]
    station: str
    public_key: str


class EnrolAnswer(Struct, frozen=True, kw_only=True):
    """What a device has to know of the hub. broker_tls: whether the broker speaks TLS and nothing else."""

    hub_public_key: str
    broker_host: str
    broker_port: int
    broker_user: str
    broker_password: str
    http_url: str
    broker_tls: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Hands:
    """What the door asks of the hub behind it; all but health raise HubError, with a text for the operator.

    enrol: writes the device down, lets it in at the broker, answers it. revoke: shuts a device out, for a reason.
    release: lets a quarantined device go on; of whom: device, operator's name, reason. replay: asks a device for all
    that the hub does not have of it. gaps: what is missing of whom. health: how the hub is. now: the hub's time, Unix
    milliseconds.
    """

    enrol: Callable[[EnrolRequest, bytes], EnrolAnswer]
    revoke: Callable[[str, str], None]
    release: Callable[[str, str, str], None]
    replay: Callable[[str], None]
    gaps: Callable[[], list[Gap]]
    health: Callable[[], Health]
    now: Callable[[], int]


class Api:
    """The requests."""

    def __init__(self, reading: Reading, hands: Hands) -> None:
        self._reading = reading
        self._hands = hands
        # A password check takes a core and 64 MiB on purpose: one at a time, or strangers could stop the photos so.
        self._checking = asyncio.Lock()
        self._attempts = Attempts()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [
            web.get("/healthz", self._healthz),
            web.get("/api/gaps", self._get_gaps),
            web.post("/api/devices", self._post_device),
            web.delete("/api/devices/{device}", self._delete_device),
            web.post("/api/devices/{device}/release", self._release_device),
            web.post("/api/devices/{device}/replay", self._replay_device),
        ]

    async def _healthz(self, _request: web.Request) -> web.Response:
        health, quarantined = self._hands.health(), None
        trouble = health.trouble
        try:
            quarantined = self._reading.quarantined()
        except self._reading.failures as error:
            trouble = trouble or f"the store cannot be read: {error}"
        said = {
            "well": not trouble,
            "trouble": trouble,
            "waiting": health.waiting,
            "dropped": health.dropped,
            "errors": health.errors,
            "quarantined": quarantined,
        }
        return web.json_response(said, status=503 if trouble else 200)

    async def _get_gaps(self, request: web.Request) -> web.Response:
        if not await self.operator(request):
            return _refused(401, "gaps.sign_in", "an operator's name and password are needed to see what is missing")
        body = msgspec.json.encode({"gaps": self._hands.gaps()})
        return web.Response(body=body, content_type="application/json")

    async def _post_device(self, request: web.Request) -> web.Response:
        if not await self.operator(request):
            return _refused(401, "enrol.sign_in", "an operator's name and password are needed to enrol a device")
        try:
            asked = _asked(await request.read())
            answer = await asyncio.to_thread(self._hands.enrol, asked, public_key_from_hex(asked.public_key))
        except (msgspec.MsgspecError, UnicodeDecodeError, HubError, InspectionError) as error:
            return _refused(400, "enrol.refused", str(error))
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")

    async def _delete_device(self, request: web.Request) -> web.Response:
        if not await self.operator(request):
            return _refused(401, "revoke.sign_in", "an operator's name and password are needed to revoke a device")
        reason = _reason(request)
        if not reason:
            return _refused(400, "revoke.reason", "a revocation needs its reason")
        return await _done("revoke", self._hands.revoke, request.match_info["device"], reason)

    async def _release_device(self, request: web.Request) -> web.Response:
        operator = await self.operator(request)
        if not operator:
            return _refused(401, "release.sign_in", "an operator's name and password are needed to release a device")
        reason = _reason(request)
        if not reason:
            return _refused(400, "release.reason", "a release needs its reason: what was found when somebody looked")
        return await _done("release", self._hands.release, request.match_info["device"], operator, reason)

    async def _replay_device(self, request: web.Request) -> web.Response:
        if not await self.operator(request):
            return _refused(401, "replay.sign_in", "an operator's name and password are needed to ask a device")
        return await _done("replay", self._hands.replay, request.match_info["device"])

    async def operator(self, request: web.Request) -> str:
        """Return the name of the operator who signed the request in, or nothing.

        Raises HTTPTooManyRequests after too many wrong passwords for this name from there.
        """
        try:
            asked = aiohttp.BasicAuth.decode(request.headers.get("Authorization", ""), encoding="utf-8")
        except ValueError:
            return ""
        who = (asked.login[:NAME_CHARACTERS_MAX], request.remote or "")
        async with self._checking:
            if seconds := self._attempts.begin(*who, now=self._hands.now()):
                raise _too_often(seconds)
            known = await asyncio.to_thread(self._knows, asked)
            if known:
                self._attempts.succeeded(*who)
        return asked.login if known else ""

    def _knows(self, asked: aiohttp.BasicAuth) -> bool:
        account = self._reading.account(asked.login)
        known = check_password(account["password"] if account else None, asked.password)
        actor = by_password_alone(account) if known and account else None
        return actor is not None and actor.may("device.manage")


def _too_often(seconds: int) -> web.HTTPTooManyRequests:
    said = {"code": "sign_in.wait", "text": f"too many wrong passwords: try again in {seconds} seconds"}
    body = msgspec.json.encode(said).decode()
    return web.HTTPTooManyRequests(text=body, content_type="application/json", headers={"Retry-After": str(seconds)})


def _asked(body: bytes) -> EnrolRequest:
    asked = msgspec.json.decode(body, type=EnrolRequest)
    if not _STATION.match(asked.station):
        raise EnrolError(
            f"{asked.station[:40]!r} cannot name a station: use 1 to {STATION_CHARACTERS_MAX} of A-Z, a-z, 0-9 and -"
        )
    return asked


def _reason(request: web.Request) -> str:
    return request.query.get("reason", "").strip()[:REASON_CHARACTERS_MAX]


async def _done(what: str, hand: Callable[..., None], *asked: str) -> web.Response:
    """Do it off the server's own thread; answer nothing when it was done, and why where the hub refused."""
    try:
        await asyncio.to_thread(hand, *asked)
    except HubError as error:
        return _refused(404, f"{what}.refused", str(error))
    return web.Response(status=204)


def _refused(status: int, code: str, text: str) -> web.Response:
    return web.json_response({"code": code, "text": text}, status=status)
