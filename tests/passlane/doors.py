"""What the console command talks to, on a loopback port: a door that answers like the hub's, or as it is told."""

import base64
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

HUB_KEY = "ab" * 32
PASSWORD = "a long password"  # noqa: S105 - invented


@dataclass
class EnrolDoor:
    """Enrols like the hub. answers: what to say instead, one a request, as (status, body). asked: what came.

    broker_tls: what it says of its broker, None says nothing of it, as hubs before TLS did.
    """

    url: str = ""
    broker_tls: bool | None = None
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def good(self, device: str) -> bytes:
        answer = {
            "hub_public_key": HUB_KEY,
            "broker_host": "127.0.0.1",
            "broker_port": 1883,
            "broker_user": device,
            "broker_password": "from the hub",
            "http_url": self.url,
            "new_in_a_later_version": True,
        }
        if self.broker_tls is not None:
            answer["broker_tls"] = self.broker_tls
        return json.dumps(answer).encode()

    def answer(self, sign_in: str, body: bytes) -> tuple[int, bytes]:
        self.asked.append(json.loads(body))
        if self.answers:
            return self.answers.pop(0)
        if sign_in != "Basic " + base64.b64encode(f"operator:{PASSWORD}".encode()).decode():
            return 401, b'{"code": "enrol.sign_in", "text": "an operator has to sign in"}'
        return 200, self.good(self.asked[-1]["device"])


@contextmanager
def enrol_door(tls: ssl.SSLContext | None = None) -> Iterator[EnrolDoor]:
    door = EnrolDoor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = door.answer(self.headers.get("Authorization", ""), body)
            self.send_response(status if self.path == "/api/devices" else 404)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        door.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield door
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def raw_door(answer: bytes | None) -> Iterator[str]:
    """Give the address of a port that says `answer` to whoever comes, and hangs up; None says nothing and stays."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = server.accept()
        with client:
            client.recv(65_536)
            client.sendall(answer or b"")

    thread = threading.Thread(target=serve)
    if answer is not None:
        thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        if answer is not None:
            thread.join(10)
        server.close()


def closed_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
