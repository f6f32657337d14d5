"""A thief with a device in his hands: its key, its password at the broker, and a program of his own."""

import contextlib
import http.client
import json
import socket
import urllib.parse
from collections.abc import Iterator
from typing import NamedTuple

from edge_agent.home import Home
from inspection.directives import Contact
from inspection.signing import CHAIN_START, SigningKey, digest
from inspection.wire import seal_contact
from tests.central_hub.conftest import until
from tests.central_hub.simulated_device import SimulatedDevice
from tests.wires.site import STATION, Site

SECONDS_MAX = 60.0


class Answer(NamedTuple):
    """What the hub answered to a request."""

    status: int
    code: str
    text: str


class Thief(SimulatedDevice):
    """Writes what he likes under the name of a device that is enrolled at the site."""

    def __init__(self, site: Site, name: str, *, station: str = STATION) -> None:
        super().__init__(name, station=station)
        self.site = site
        self.home: Home = site.enrol(name, station)
        self.key = self.home.key

    def say(self, *messages: bytes, topic: str = "") -> None:
        """Send messages over the real broker, all on one topic: by default the one for facts."""
        with self.site.wire(self.home) as wire:
            wire.say_many(topic or self.topic, list(messages))

    def commits(self) -> None:
        """Send all that was written, and wait until the hub has it."""
        self.say(self.message())
        until(lambda: self.site.facts_of(self.name) == len(self.records), seconds_max=SECONDS_MAX)

    def contact(self, *, key: SigningKey | None = None, **changes: object) -> bytes:
        """Return a contact that tells the truth but for the changes."""
        head = self.records[-1].digest if self.records else CHAIN_START
        told: dict[str, object] = {"device": self.name, "newest": len(self.records), "head": head, "receipted": 0}
        clocks: dict[str, object] = {"wall": self.wall, "mono": 1_000, "boot": self.boot}
        return seal_contact(Contact(**{**told, **clocks, **changes}), key or self.key)  # type: ignore[arg-type]

    def ticket(self, name: str, size: int, *, device: str = "", key: SigningKey | None = None) -> dict[str, str]:
        """Return the headers with which a device sends a photo of that digest and size."""
        device = device or self.name
        signature = (key or self.key).sign("upload", f"{device}\n{name}\n{size}".encode())
        return {"Passlane-Device": device, "Passlane-Ticket": signature.hex()}

    def send_photo(self, announced: bytes, body: bytes, *, offset: int = 0, **headers: str) -> Answer:
        """Send one piece of the photo that was announced with these bytes, whatever is in it."""
        name = digest(announced).hex()
        ticket = self.ticket(name, len(announced)) | {"Upload-Offset": str(offset)} | headers
        return self.ask("PATCH", f"/photos/{name}", ticket, body)

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send a request of his own making."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.site.url).netloc, timeout=SECONDS_MAX)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        said = json.loads(text) if answer.headers.get_content_type() == "application/json" else {}
        return Answer(answer.status, said.get("code", ""), said.get("text", ""))

    @contextlib.contextmanager
    def hanging(self, path: str, headers: dict[str, str], *, length: int, count: int) -> Iterator[list[socket.socket]]:
        """Begin so many requests that each announce a body of `length` bytes and then send one byte of it."""
        place = urllib.parse.urlsplit(self.site.url)
        lines = [f"PATCH {path} HTTP/1.1", f"Host: {place.netloc}", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        with contextlib.ExitStack() as opened:
            begun = []
            for _ in range(count):
                begun.append(socket.create_connection((place.hostname, place.port), SECONDS_MAX))
                opened.enter_context(begun[-1])
                begun[-1].sendall("\r\n".join(lines).encode() + b"\r\n\r\nx")
            yield begun


def answered(connection: socket.socket) -> Answer:
    """Return what the hub says on a connection, once it does."""
    said = http.client.HTTPResponse(connection)
    said.begin()
    body = json.loads(said.read() or b"{}")
    return Answer(said.status, body.get("code", ""), body.get("text", ""))
