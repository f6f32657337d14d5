"""A device's end of the wire for tests over a real broker: says whether it was let in, and keeps what it heard."""

import queue
import socket
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

SECONDS_MAX = 300.0
UNACKNOWLEDGED_MAX = 10_000


class MqttDevice:
    """Connected while it is entered. ca_file: speaks TLS and trusts what is in it; empty is plain.

    will: a topic on which the broker is to say something when this connection is lost; empty for none.
    """

    def __init__(
        self, port: int, *, user: str, password: str, client_id: str = "", ca_file: str = "", will: str = ""
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._port = port
        self._answers: queue.Queue[ReasonCode] = queue.Queue()
        self._granted: queue.Queue[bool] = queue.Queue()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, reconnect_on_failure=False)
        client.username_pw_set(user, password)
        client.max_inflight_messages_set(UNACKNOWLEDGED_MAX)
        if ca_file:
            client.tls_set(ca_file)
        if will:
            client.will_set(will, b"the will", qos=1)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = lambda _client, _data, message: self.heard.append((message.topic, bytes(message.payload)))
        self._client = client

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        self._answer = self._answers.get(timeout=SECONDS_MAX)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def let_in(self) -> bool:
        return not self._answer.is_failure

    def hear(self, topic: str) -> bool:
        """Ask to hear a topic; say whether that was granted."""
        self._client.subscribe(topic, qos=1)
        return self._granted.get(timeout=SECONDS_MAX)

    def say(self, topic: str, message: bytes) -> bool:
        """Publish; say whether the broker acknowledged it, rather than cut the connection."""
        said = self._client.publish(topic, message, qos=1)
        try:
            while self.connected and not said.is_published():
                said.wait_for_publish(0.05)
            return said.is_published()
        except RuntimeError:
            # The client says so by raising: the connection was cut before the message went out.
            return False

    def say_exactly_once(self, topic: str, message: bytes) -> None:
        """Begin to publish with QoS 2, which nobody here asks for."""
        self._client.publish(topic, message, qos=2)

    def break_off(self) -> None:
        """End the connection as a cut cable does."""
        opened = self._client.socket()
        assert isinstance(opened, socket.socket)
        opened.shutdown(socket.SHUT_RDWR)

    @property
    def connected(self) -> bool:
        return self._client.is_connected()

    def shout(self, topic: str, messages: list[bytes]) -> None:
        """Publish all as fast as it goes, and wait for nothing."""
        for message in messages:
            self._client.publish(topic, message, qos=1)

    def say_many(self, topic: str, messages: list[bytes]) -> bool:
        """Publish all as fast as it goes; say whether the broker acknowledged the last."""
        self.shout(topic, messages[:-1])
        return self.say(topic, messages[-1])

    def _on_connect(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: mqtt.ConnectFlags,
        code: ReasonCode,
        _props: Properties | None,
    ) -> None:
        self._answers.put(code)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, codes: list[ReasonCode], _props: Properties | None
    ) -> None:
        self._granted.put(not codes[0].is_failure)
