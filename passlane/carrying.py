"""Brings carried files to a hub over HTTP, one after the other, and keeps the hub's receipts beside each.

What is in a file is the hub's to judge, and the receipts are the device's: here they are only looked at, for what to
say.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import aiohttp
import msgspec
from msgspec import Struct

from edge_agent.carrying.rows import rows
from inspection.carried import CarriedError
from inspection.carried.following import Following
from inspection.carried.form import RECEIPTS_SUFFIX, Ending, Heading, NotTaken, Tally
from passlane import UsageError

CONNECT_SECONDS_MAX = 20.0
TAKEN_SECONDS_MAX = 3_600.0
"""So long the hub may take to take a file after it has come."""

ANSWER_BYTES_MAX = 64 * 1024
CHUNK_BYTES = 256 * 1024

_TAKEN = 200
_FILE_REFUSED = frozenset({413, 422})


@dataclass(frozen=True, kw_only=True, slots=True)
class HubDoor:
    """Where to, and as whom. url: the hub's address. ca_file: certificates to trust instead of the system's."""

    url: str
    user: str
    password: str
    ca_file: Path | None = None


class Refused(Struct, frozen=True):
    """Why the hub took nothing of a file."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """What the hub took of a file, and what not, and why. receipts: the file with them, for the device."""

    receipts: Path
    tally: Tally
    not_taken: list[NotTaken]


Outcome = Brought | Refused


def bring(files: list[Path], door: HubDoor, *, tell: Callable[[Path, Outcome], None]) -> None:
    """Bring the files to the hub, the parts of each export in their order; `tell` is told what came of each.

    Raises UsageError when the hub cannot be reached, does not let this user in or has no room, or when a file cannot be
    read or written.
    """
    if not door.url.startswith(("http://", "https://")):
        raise UsageError(f"{door.url} is no address of a hub: it begins with http:// or https://")
    if ":" in door.user:
        raise UsageError("an operator's name has no colon")
    asyncio.run(_bring(sorted(files, key=_place), door, tell))


def _place(path: Path) -> tuple[str, int, int, int]:
    """Return where a file belongs among others; one that cannot be read comes first, and the hub says what it is."""
    try:
        with path.open("rb") as file:
            heading = Following("facts").begin(next(rows(file), None))
    except CarriedError:
        return ("", 0, 0, 0)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    return (heading.device, heading.first, heading.last, heading.part)


async def _bring(files: list[Path], door: HubDoor, tell: Callable[[Path, Outcome], None]) -> None:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS_MAX, sock_read=TAKEN_SECONDS_MAX)
    headers = {"Authorization": aiohttp.encode_basic_auth(door.user, door.password)}
    connector = aiohttp.TCPConnector(ssl=_trusted(door.ca_file))
    async with aiohttp.ClientSession(timeout=timeout, headers=headers, connector=connector) as session:
        for path in files:
            try:
                outcome = await _bring_one(session, door, path)
            except (aiohttp.ClientError, TimeoutError) as error:
                raise UsageError(f"the hub at {door.url} cannot be reached: {error or 'it does not answer'}") from error
            except OSError as error:
                raise UsageError(f"{path}: {error.strerror or error}") from error
            tell(path, outcome)


def _trusted(ca_file: Path | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"--ca-file {ca_file} holds no certificate that can be read: {error}") from error


async def _bring_one(session: aiohttp.ClientSession, door: HubDoor, path: Path) -> Outcome:
    # The hub says whether it wants the file before gigabytes of it are on their way.
    url = f"{door.url.rstrip('/')}/api/carried"
    with await asyncio.to_thread(path.open, "rb") as file:
        async with session.post(url, data=file, expect100=True, allow_redirects=False) as answer:
            if answer.status == _TAKEN:
                return await _kept(answer, path)
            refused = await _refused(answer)
    if answer.status in _FILE_REFUSED:
        return refused
    raise UsageError(f"the hub refused: {refused.text}")


async def _refused(answer: aiohttp.ClientResponse) -> Refused:
    body = await answer.content.read(ANSWER_BYTES_MAX)
    try:
        return msgspec.json.decode(body, type=Refused)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Refused("hub.answer", f"it answered {answer.status}")


async def _kept(answer: aiohttp.ClientResponse, path: Path) -> Brought:
    receipts = path.with_name(path.name + RECEIPTS_SUFFIX)
    unfinished = receipts.with_name(receipts.name + ".part")
    try:
        with await asyncio.to_thread(unfinished.open, "wb") as file:
            async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
                await asyncio.to_thread(file.write, chunk)
        brought = await asyncio.to_thread(_looked_at, unfinished, receipts)
        await asyncio.to_thread(unfinished.replace, receipts)
    finally:
        await asyncio.to_thread(unfinished.unlink, missing_ok=True)
    return brought


def _looked_at(path: Path, receipts: Path) -> Brought:
    with path.open("rb") as file:
        try:
            tally, not_taken = _summed_up(file)
        except CarriedError as error:
            raise UsageError(f"the hub does not answer as a hub does: {error}") from error
    return Brought(receipts=receipts, tally=tally, not_taken=not_taken)


def _summed_up(file: IO[bytes]) -> tuple[Tally, list[NotTaken]]:
    following, row = Following("receipts"), rows(file)
    items: list[Heading | Tally | Ending | NotTaken] = [following.begin(next(row, None))]
    for raw in row:
        item = following.take(raw)
        if isinstance(item, NotTaken | Tally | Ending):
            items.append(item)
    match items:
        case [*_, Tally() as tally, Ending()]:
            return tally, [item for item in items if isinstance(item, NotTaken)]
        case _:
            raise CarriedError("carried.truncated", "its receipts break off")
