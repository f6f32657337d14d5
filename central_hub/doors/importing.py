"""The door for files that were carried by hand (离线导入), with an operator's sign-in.

    POST /api/carried   the file as the body, with its length: 200 and the file of receipts, or a refusal

One file at a time comes in, and lies on the hub's disk until it is dealt with. An upload is bounded in bytes and in
time; with "Expect: 100-continue" it is refused before it is sent. What is in a file is `carried`'s.
"""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from aiohttp import web

from central_hub.doors.carried import Behind, RefusedFileError, check, count_refusal, take
from central_hub.writer import WriterStoppedError
from inspection.carried.form import FILE_BYTES_MAX

UPLOAD_SECONDS_MIN = 60.0
UPLOAD_BYTES_PER_SECOND_MIN = 256 * 1024
"""An upload may take UPLOAD_SECONDS_MIN, and a second more for each of so many bytes."""

SPOOL_FREE_BYTES_MIN = 512 * 1024 * 1024
"""So much of the hub's disk stays free beside a file that comes in, for the ledger and for the photos in the file."""

CHUNK_BYTES = 256 * 1024
FOLDER = "carried-coming"
PATH = "/api/carried"
_ADMITTED = web.RequestKey("admitted", bool)


class Importing:
    """The request. operator: returns who signed the request in, or nothing."""

    def __init__(
        self,
        behind: Behind,
        folder: Path,
        *,
        operator: Callable[[web.Request], Awaitable[str]],
        file_bytes_max: int = FILE_BYTES_MAX,
    ) -> None:
        self._behind = behind
        self._folder = folder / FOLDER
        self._operator = operator
        self._file_bytes_max = file_bytes_max
        self._upload_seconds_min = UPLOAD_SECONDS_MIN
        self._busy = False

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [web.post(PATH, self._post, expect_handler=self._expected)]

    async def _expected(self, request: web.Request) -> web.StreamResponse | None:
        refused = await self._not_admitted(request)
        if refused is None:
            request[_ADMITTED] = True
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            # The answer itself has not begun.
            request.writer.output_size = 0
        return refused

    async def _not_admitted(self, request: web.Request) -> web.Response | None:
        """1. An operator brings it. 2. Its length is told and within the limit. 3. There is room. 4. No other comes."""
        if not await self._operator(request):
            return _refused(401, "carried.sign_in", "an operator's name and password are needed to import a file")
        size = request.content_length
        if size is None:
            return _refused(411, "carried.length", "the request must say how long the file is")
        if size > self._file_bytes_max:
            text = f"the file has {size} bytes; at most {self._file_bytes_max}: export again with a smaller --split"
            return _refused(413, "carried.too_large", text)
        if shutil.disk_usage(self._folder.parent).free - size < SPOOL_FREE_BYTES_MIN:
            return _refused(507, "hub.disk", f"the hub's disk has no room for a file of {size} bytes")
        if self._busy:
            return _refused(409, "carried.busy", "another file is being imported; try again when it is done")
        return None

    async def _post(self, request: web.Request) -> web.StreamResponse:
        refused = None if request.get(_ADMITTED) else await self._not_admitted(request)
        if refused is not None:
            return refused
        if self._busy:
            return _refused(409, "carried.busy", "another file is being imported; try again when it is done")
        self._busy = True
        coming, answer = self._folder / "coming", self._folder / "answer"
        try:
            came = await self._import(request, coming, answer)
        finally:
            # Before the answer goes out: whoever has it may bring the next file at once.
            with suppress(OSError):
                coming.unlink(missing_ok=True)
                answer.unlink(missing_ok=True)
            self._busy = False
        return came if isinstance(came, web.Response) else await _answered(request, came)

    async def _import(self, request: web.Request, coming: Path, answer: Path) -> web.Response | IO[bytes]:
        """Return the refusal, or the open file of receipts."""
        seconds_max = self._upload_seconds_min + (request.content_length or 0) / UPLOAD_BYTES_PER_SECOND_MIN
        try:
            await asyncio.to_thread(self._folder.mkdir, exist_ok=True)
            async with asyncio.timeout(seconds_max):
                await _spool(request, coming)
            heading = await asyncio.to_thread(check, self._behind, coming)
            await take(self._behind, coming, heading=heading, answer=answer)
            return await asyncio.to_thread(answer.open, "rb")
        except TimeoutError:
            return _refused(408, "carried.slow", f"the file has to come within {seconds_max:.0f} seconds")
        except RefusedFileError as error:
            await count_refusal(self._behind, error)
            return _refused(422, error.code, str(error))
        except WriterStoppedError as error:
            return _refused(503, "hub.store", str(error))
        except OSError as error:
            return _refused(507, "hub.disk", f"the hub cannot keep the file: {error.strerror}")


async def _spool(request: web.Request, path: Path) -> None:
    file = await asyncio.to_thread(path.open, "wb")
    with file:
        async for chunk in request.content.iter_chunked(CHUNK_BYTES):
            await asyncio.to_thread(file.write, chunk)


async def _answered(request: web.Request, file: IO[bytes]) -> web.StreamResponse:
    with file:
        response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
        # A receipts file that breaks off on the way must not look whole to whoever fetches it.
        response.content_length = os.fstat(file.fileno()).st_size
        await response.prepare(request)
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            await response.write(chunk)
        await response.write_eof()
    return response


def _refused(status: int, code: str, text: str) -> web.Response:
    return web.json_response({"code": code, "text": text}, status=status)
