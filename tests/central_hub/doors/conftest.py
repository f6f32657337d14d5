"""A hub's doors behind a real server on 127.0.0.1, over a real store and a real writer."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession, web

from central_hub.doors.uploads import PIECE_BYTES_MAX, Uploads
from central_hub.reading import Reading
from central_hub.store.photos import PhotoStore
from central_hub.writer import Writer
from tests.central_hub.conftest import Bench
from tests.central_hub.simulated_device import SimulatedDevice

PHOTO_BYTES_MAX = 3 * PIECE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. code: of a refusal, else empty."""

    status: int
    offset: str = ""
    complete: str = ""
    code: str = ""


class Doors:
    """The server, and what stands behind it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.store = PhotoStore(bench.folder, pixels_max=bench.settings.photo_pixels_max)
        self.reading = Reading(bench.folder)
        self.writer = Writer(bench.committer, publish=lambda _topic, _message: None)
        self.uploads = Uploads(
            self.store,
            self.reading,
            writer=self.writer,
            casework=bench.casework,
            key=bench.key,
            photo_bytes_max=PHOTO_BYTES_MAX,
        )
        self.application = web.Application(client_max_size=PIECE_BYTES_MAX)
        self.application.add_routes(self.uploads.routes())
        self.session = ClientSession()
        self.url = ""
        self.port = 0

    async def serve(self) -> web.AppRunner:
        runner = web.AppRunner(self.application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, self.port = runner.addresses[0][:2]
        self.url = f"http://{host}:{self.port}"
        return runner

    async def commit(self, device: SimulatedDevice) -> None:
        """Have the hub commit all that the device wrote."""
        message = device.message()
        work = self.writer.submit(lambda: self.bench.casework.take_message(device.topic, message))
        await asyncio.wrap_future(work)

    async def ask(self, method: str, digest: str, headers: dict[str, str], data: bytes | None = None) -> Answer:
        body = None if data is None else io.BytesIO(data)
        async with self.session.request(method, f"{self.url}/photos/{digest}", headers=headers, data=body) as answer:
            is_json = method != "HEAD" and answer.content_type == "application/json"
            return Answer(
                answer.status,
                answer.headers.get("Upload-Offset", ""),
                answer.headers.get("Upload-Complete", ""),
                (await answer.json())["code"] if is_json else "",
            )


@pytest.fixture
async def doors(bench: Bench) -> AsyncIterator[Doors]:
    made = Doors(bench)
    made.writer.start()
    runner = await made.serve()
    yield made
    await made.session.close()
    await runner.cleanup()
    await asyncio.to_thread(made.writer.stop)
    made.reading.close()


def ticket(device: SimulatedDevice, digest: str, size: int, **changes: str) -> dict[str, str]:
    """The two headers that a device sends with every request about a photo."""
    signed = f"{device.name}\n{digest}\n{size}".encode()
    signature = device.key.sign("upload", signed).hex()
    return {"Passlane-Device": device.name, "Passlane-Ticket": signature, **changes}
