"""The hub's end of the wire: paho-mqtt. Hands messages on, sends messages out, keeps nothing.

What cannot be handed on, because too much waits, is dropped and counted: its sender has it and sends it again. What
cannot be sent is counted too; the store has it, and says it again when its device comes.
"""

import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from inspection import topics

CONNECT_SECONDS_MAX = 60.0
RECONNECT_SECONDS_MAX = 5
NEWCOMER_SECONDS_MAX = 10.0
_KEEPALIVE_SECONDS = 30
_QOS = 0
"""Acknowledgements of the broker promise nothing, and cost it most of its time: receipts, and saying it again, do."""
_log = logging.getLogger(__name__)


class Link:
    """A connection to the broker that comes back by itself.

    take: gets topic and payload, in the order in which they came, and says whether it took them; it is called from the
    client's thread and must return at once. tls: what to trust at the broker; None is plain. dropped: messages for
    which there was no room, in or out.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str,
        password: str,
        take: Callable[[str, bytes], bool],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, self._take = host, port, take
        self._connected = threading.Event()
        # Not what the hub itself sends: it would come back to it, at the cost of one more message each.
        self._wanted = frozenset((topics.every("facts"), topics.every("contact")))
        self._hearing = threading.Lock()
        self._let_in = False
        self.dropped = 0
        # No client id: the broker makes one that nobody knows. Who connects under the id of another, ends that one's
        # connection, and any enrolled device could do that to a hub whose id it can guess.
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        client.username_pw_set(user, password)
        client.reconnect_delay_set(min_delay=1, max_delay=RECONNECT_SECONDS_MAX)
        if tls is not None:
            client.tls_set_context(tls)
            client.tls_insecure_set(not tls.check_hostname)
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client = client

    def start(self) -> bool:
        """Connect in the background; say whether the connection stood within CONNECT_SECONDS_MAX."""
        self._client.connect_async(self._host, self._port, _KEEPALIVE_SECONDS)
        self._client.loop_start()
        return self._connected.wait(CONNECT_SECONDS_MAX)

    def hear(self, filters: Iterable[str]) -> None:
        """Take what arrives under these filters from now on, and nothing else; from any thread, at any time."""
        with self._hearing:
            before, self._wanted = self._wanted, frozenset(filters)
            fresh, gone = sorted(self._wanted - before), sorted(before - self._wanted)
            if self._let_in and fresh:
                self._client.subscribe([(name, _QOS) for name in fresh])
            if self._let_in and gone:
                self._client.unsubscribe(gone)

    def publish(self, topic: str, message: bytes) -> None:
        """Send a message; while the broker is away it is dropped and counted: the store says it again."""
        if self._client.publish(topic, message, qos=_QOS).rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.dropped += 1

    def stop(self) -> None:
        """Disconnect."""
        self._connected.clear()
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def connected(self) -> bool:
        """Whether the broker is there, and what devices send arrives."""
        return self._connected.is_set()

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, code: ReasonCode, _props: Properties | None
    ) -> None:
        if code.is_failure:
            _log.error("the broker refuses the hub: %s", code)
            return
        with self._hearing:
            self._let_in = True
            if self._wanted:
                client.subscribe([(name, _QOS) for name in sorted(self._wanted)])
            else:
                self._stands()

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _number: int, codes: list[ReasonCode], _props: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            _log.error("the broker does not let the hub hear its devices")
        elif not self._connected.is_set():
            self._stands()

    def _stands(self) -> None:
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
        with self._hearing:
            self._let_in = False
            self._connected.clear()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if not self._take(message.topic, bytes(message.payload)):
            self.dropped += 1


def lets_in(host: str, port: int, *, user: str, password: str, tls: ssl.SSLContext | None = None) -> bool:
    """Return whether the broker lets a newcomer in within NEWCOMER_SECONDS_MAX; one that runs may not any more."""
    let_in = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.username_pw_set(user, password)
    client.connect_timeout = NEWCOMER_SECONDS_MAX
    if tls is not None:
        client.tls_set_context(tls)
        client.tls_insecure_set(not tls.check_hostname)

    def on_connect(_client: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, code: ReasonCode, _: object) -> None:
        if not code.is_failure:
            let_in.set()

    client.on_connect = on_connect
    try:
        client.connect(host, port)
    except OSError:
        return False
    client.loop_start()
    try:
        return let_in.wait(NEWCOMER_SECONDS_MAX)
    finally:
        client.disconnect()
        client.loop_stop()


def _send_at_once(_client: mqtt.Client, _data: object, opened: object) -> None:
    # Without it a small message waits for the acknowledgement of the one before: 40 ms on every way there and back.
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
