"""The hub's end of the wire: paho-mqtt. Hands messages on, sends messages out, keeps nothing.

What cannot be handed on, because too much waits, is dropped and counted: its sender has it and sends it again.
"""

import logging
import socket
import threading
from collections.abc import Callable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from inspection import topics

CONNECT_SECONDS_MAX = 60.0
_KEEPALIVE_SECONDS = 30
_DOWNWARD = ("/receipts", "/directives")
_log = logging.getLogger(__name__)


class Link:
    """A connection to the broker that comes back by itself. take: gets topic and payload, says whether it took them."""

    def __init__(self, host: str, port: int, *, user: str, password: str, take: Callable[[str, bytes], bool]) -> None:
        self._host, self._port, self._take = host, port, take
        self._connected = threading.Event()
        self.dropped = 0
        # No client id: the broker makes one that nobody knows. Who connects under the id of another, ends that one's
        # connection, and any enrolled device could do that to a hub whose id it can guess.
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        client.username_pw_set(user, password)
        client.reconnect_delay_set(min_delay=1, max_delay=5)
        client.max_queued_messages_set(100_000)
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client = client

    def start(self) -> bool:
        """Connect in the background; say whether the connection stood within CONNECT_SECONDS_MAX."""
        self._client.connect_async(self._host, self._port, _KEEPALIVE_SECONDS)
        self._client.loop_start()
        return self._connected.wait(CONNECT_SECONDS_MAX)

    def publish(self, topic: str, message: bytes) -> None:
        """Send a message; while the broker is away it waits in memory, and may be lost."""
        self._client.publish(topic, message, qos=1)

    def stop(self) -> None:
        """Disconnect."""
        self._connected.clear()
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._connected.is_set()

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, code: ReasonCode, _props: Properties | None
    ) -> None:
        if code.is_failure:
            _log.error("the broker refuses the hub: %s", code)
            return
        client.subscribe(topics.every_message(), qos=1)
        self._connected.set()
        _log.info("the broker is there")

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: mqtt.DisconnectFlags,
        code: ReasonCode,
        _props: Properties | None,
    ) -> None:
        if self._connected.is_set():
            _log.warning("the broker is gone: %s", code)
        self._connected.clear()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        # The filter also brings back what the hub itself sends; only what goes upward is taken.
        if not message.topic.endswith(_DOWNWARD) and not self._take(message.topic, bytes(message.payload)):
            self.dropped += 1


def _send_at_once(_client: mqtt.Client, _data: object, opened: object) -> None:
    # Without it a small message waits for the acknowledgement of the one before: 40 ms on every way there and back.
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
