"""As much of an MQTT 3.1.1 broker as one client needs, on a loopback port: what `link` is tried against."""

import queue
import socket
import threading
from typing import Self

_CONNECT, _PUBLISH, _SUBSCRIBE, _PING, _DISCONNECT = 1, 3, 8, 12, 14
_ACKNOWLEDGED = 0b110


class TinyBroker:
    """connect_code: what it answers to CONNECT, 0 is yes. subscribe_code: to each subscription, 128 is no.

    subscribed: topics, one list a connection. published: (topic, payload). connects: the bytes of each CONNECT.
    """

    def __init__(self) -> None:
        self.connect_code = 0
        self.subscribe_code = 1
        self.connects: queue.Queue[bytes] = queue.Queue()
        self.subscribed: queue.Queue[list[str]] = queue.Queue()
        self.published: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._client: socket.socket | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        self.drop()
        # A blocked accept is woken by a connection, not by closing the socket under it.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join(10)
        self._server.close()

    def drop(self) -> None:
        """Break the connection."""
        if self._client is not None:
            try:
                self._client.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def send(self, topic: str, payload: bytes) -> None:
        """Deliver a message to the client, QoS 0."""
        name = topic.encode()
        self._write(0x30, len(name).to_bytes(2, "big") + name + payload)

    def _serve(self) -> None:
        while not self._closing:
            self._client, _ = self._server.accept()
            with self._client:
                try:
                    while self._packet():
                        pass
                except OSError:
                    continue

    def _packet(self) -> bool:
        head = self._read(1)
        if not head:
            return False
        length, shift = 0, 0
        while True:
            byte = self._read(1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        return self._answer(head[0], self._read(length))

    def _answer(self, head: int, body: bytes) -> bool:
        kind = head >> 4
        if kind == _CONNECT:
            self.connects.put(body)
            self._write(0x20, bytes([0, self.connect_code]))
            return self.connect_code == 0
        if kind == _SUBSCRIBE:
            topics = self._topics(body[2:])
            self.subscribed.put(topics)
            self._write(0x90, body[:2] + bytes([self.subscribe_code] * len(topics)))
        if kind == _PUBLISH:
            end = 2 + int.from_bytes(body[:2], "big")
            # Only a message that is to be acknowledged has a number, of two bytes.
            number = body[end : end + 2] if head & _ACKNOWLEDGED else b""
            self.published.put((body[2:end].decode(), body[end + len(number) :]))
            if number:
                self._write(0x40, number)
        if kind == _PING:
            self._write(0xD0, b"")
        return kind != _DISCONNECT

    def _topics(self, rest: bytes) -> list[str]:
        topics = []
        while rest:
            size = int.from_bytes(rest[:2], "big")
            topics.append(rest[2 : 2 + size].decode())
            rest = rest[3 + size :]
        return topics

    def _read(self, size: int) -> bytes:
        assert self._client is not None
        data = b""
        while len(data) < size and (piece := self._client.recv(size - len(data))):
            data += piece
        return data

    def _write(self, head: int, body: bytes) -> None:
        assert self._client is not None
        length = bytes([len(body)]) if len(body) < 0x80 else bytes([len(body) & 0x7F | 0x80, len(body) >> 7])
        self._client.sendall(bytes([head]) + length + body)
