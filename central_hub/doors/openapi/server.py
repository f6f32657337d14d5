"""The door itself: takes an HTTP request, checks it against its operation, has it done, and answers.

In this order: who asks, whether they may, what stands in path, query and body. What goes wrong is answered in one
shape; its cause goes to the log by its kind alone, for texts may name a VIN.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any

import msgspec
from aiohttp import web

from central_hub import HubError
from central_hub.doors.entrance import Present
from central_hub.doors.openapi import ApiError
from central_hub.doors.openapi.document import document
from central_hub.doors.openapi.office import Office
from central_hub.doors.openapi.operations import JSON, NAMES, NOBODY, PREFIX, PROBLEM, Blob, Call, Operation
from central_hub.doors.openapi.problems import UNAVAILABLE, Problem, problem, problem_of
from central_hub.doors.openapi.registry import all_operations
from central_hub.people.roles import Actor
from inspection import InspectionError

BODY_BYTES_MAX = 512 * 1024
"""A rulebook of 40 000 characters, each escaped, fits."""
TOKEN_CHARACTERS_MAX = 200
SCHEME = "bearer "
DOCUMENT_PATH = "/api/openapi.json"
YEARS = (2000, 2199)
"""In a path: weeks and months around other days leave the calendar."""
# A zero character fits into JSON and into no column of PostgreSQL.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_log = logging.getLogger(__name__)
_Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


class OpenApi:
    """All operations, as routes."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._operations = all_operations()
        self._failures = office.reading.failures
        self._document = msgspec.json.encode(document(self._operations))

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [
            web.get(DOCUMENT_PATH, self._describe),
            *(
                web.route(operation.method, PREFIX + operation.path, self._answering(operation))
                for operation in self._operations
            ),
        ]

    async def _describe(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._document, content_type=JSON)

    def _answering(self, operation: Operation) -> _Answering:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                call = await self._call(operation, request)
                return answered(operation, await operation.handler(self._office, call), request)
            except (HubError, InspectionError) as error:
                return _refused(problem_of(error))
            except web.HTTPRequestEntityTooLarge:
                return _refused(problem_of(_too_large()))
            except self._failures as error:
                _log.error("%s could not be answered: %s", operation.id, type(error).__name__)
                return _refused(problem(503, UNAVAILABLE, "the hub's store cannot be read now"))

        return answer

    async def _call(self, operation: Operation, request: web.Request) -> Call:
        token = token_of(request.headers.get("Authorization", ""))
        present = self._present(operation, token)
        return Call(
            actor=present.actor,
            title=present.title,
            stage=present.stage,
            token=token,
            address=request.remote or "",
            names=_converted_names(operation, request.match_info),
            query=_converted_query(operation, request),
            body=await _read_body(operation, request),
        )

    def _present(self, operation: Operation, token: str) -> Present:
        if operation.access == "public":
            return Present(actor=NOBODY, title="", stage="whole")
        present = self._office.entrance.present(token)
        if present is None:
            raise ApiError(401, "sign_in.needed", "sign in first: the token is missing or has ended", zh="请先登录")
        if operation.access == "half":
            return present
        if present.stage != "whole":
            raise ApiError(401, "sign_in.unfinished", f"the sign-in waits for: {present.stage}", zh="登录尚未完成")
        check_rights(operation, present.actor)
        return present


def check_rights(operation: Operation, actor: Actor) -> None:
    """Raise ApiError (403), naming the right, unless the person has one of those that the operation needs."""
    if operation.rights and not any(actor.may(right) for right in operation.rights):
        needed = " / ".join(operation.rights)
        raise ApiError(403, "right.missing", f"this takes the right {needed}", zh=f"缺少权限: {needed}")


def token_of(header: str) -> str:
    """Return the token in an Authorization header; empty for none, or what cannot be one."""
    if not header.lower().startswith(SCHEME):
        return ""
    token = header[len(SCHEME) :].strip()
    return token if token.isascii() and len(token) <= TOKEN_CHARACTERS_MAX else ""


def answered(operation: Operation, said: object, request: web.Request) -> web.StreamResponse:
    """Return what an operation gave as an HTTP answer."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if not isinstance(said, Blob):
        if operation.answer is None:
            return web.Response(status=204, headers=headers)
        return web.Response(body=msgspec.json.encode(said), content_type=JSON, headers=headers)
    headers |= {"Content-Type": said.media}
    if said.name:
        headers["Content-Disposition"] = f'attachment; filename="{said.name}"'
    if said.etag:
        headers |= {"ETag": f'"{said.etag}"', "Cache-Control": "no-cache"}
        if f'"{said.etag}"' in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers={"ETag": headers["ETag"]})
    if said.file is not None:
        return web.FileResponse(said.file, headers=headers)
    return web.Response(body=said.data, headers=headers)


def _refused(said: Problem) -> web.Response:
    headers = {"WWW-Authenticate": "Bearer"} if said.status == web.HTTPUnauthorized.status_code else {}
    if said.seconds:
        headers["Retry-After"] = str(said.seconds)
    body = msgspec.json.encode(said)
    return web.Response(status=said.status, body=body, content_type=PROBLEM, headers=headers)


def _converted_names(operation: Operation, found: Mapping[str, str]) -> dict[str, Any]:
    return {name: _converted(name, found[name], NAMES[name]) for name in operation.names}


def _converted_query(operation: Operation, request: web.Request) -> Any:
    given: dict[str, str] = dict(request.query)
    if len(given) != len(request.query):
        raise _garbled("query: a name stands there twice")
    return _converted("query", given, operation.query)


def _converted(where: str, given: Any, wanted: Any) -> Any:
    if "\0" in "".join(given.values() if isinstance(given, dict) else given):
        raise _garbled(f"{where}: a zero character")
    try:
        found = msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise _garbled(f"{where}: {error}") from error
    if isinstance(found, date) and not YEARS[0] <= found.year <= YEARS[1]:
        raise _garbled(f"{where}: a day lies in the years {YEARS[0]} to {YEARS[1]}")
    return found


async def _read_body(operation: Operation, request: web.Request) -> Any:
    if operation.body is None:
        return None
    if request.content_type != JSON:
        raise ApiError(415, "request.media", "the body has to be application/json", zh="请求体须为 application/json")
    data = await request.read()
    if len(data) > BODY_BYTES_MAX:
        raise _too_large()
    if _NUL.search(data):
        raise _garbled("body: a zero character")
    try:
        return msgspec.json.decode(data, type=operation.body)
    # RecursionError: JSON nested deeper than anybody writes it.
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise _garbled(f"body: {error}") from error


def _garbled(text: str) -> ApiError:
    return ApiError(400, "request.garbled", text, zh=f"请求内容有误: {text}")


def _too_large() -> ApiError:
    text = f"a request has at most {BODY_BYTES_MAX} bytes"
    return ApiError(413, "request.too_large", text, zh=f"请求不得超过 {BODY_BYTES_MAX} 字节")
