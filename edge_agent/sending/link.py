"""The wire to the broker: MQTT 3.1.1 with a clean session and QoS 0.

Knows paho-mqtt. Nothing that it remembers counts as kept: a message that was handed over may be lost at any moment,
and what comes in is only handed on. What is sent when is decided in `courier`, what is kept is the journal's.
"""

import socket
import ssl
from dataclasses import dataclass
from typing import Any, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from edge_agent import AgentError
from edge_agent.home import Home
from edge_agent.sending.events import Arrived, Deliver, LinkDown, LinkUp
from firmware_profiles.schema import Profile
from inspection import topics
from inspection.topics import Upward

KEEPALIVE_SECONDS = 30
RECONNECT_SECONDS_MIN = 1
RECONNECT_SECONDS_MAX = 60
MESSAGE_BYTES_MAX = 512 * 1024
_QOS = 0
"""An acknowledgement of the broker is no receipt, so none is asked for: what is not receipted in time is sent again."""


class LinkError(AgentError):
    """An address or certificate with which no connection can be made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    """Where the broker is and as whom to come. ca_file: certificates to trust, empty for the system's."""

    host: str
    port: int
    user: str
    password: str
    tls: bool = False
    ca_file: str = ""


def broker_of(home: Home, profile: Profile) -> Broker:
    """Return the broker of a device at home there, which runs that profile."""
    enrolment, hub = home.enrolment, profile.hub
    return Broker(
        host=hub.broker_host,
        port=hub.broker_port,
        user=enrolment.broker_user,
        password=enrolment.broker_password,
        tls=hub.broker_tls,
        ca_file=home.ca_file,
    )


class AnyLink(Protocol):
    """What forwarding needs of a link."""

    def start(self) -> None:
        """Begin to connect, in the background."""

    def stop(self) -> None:
        """Disconnect; no event follows."""

    def publish(self, kind: Upward, payload: bytes) -> bool:
        """Hand over a message of that kind; False when there is no connection."""


class MqttLink:
    """A link to a real broker. `deliver` is called from paho's thread for each event and must return at once.

    Raises LinkError when the certificates cannot be read.
    """

    def __init__(self, broker: Broker, device: str, deliver: Deliver) -> None:
        self._broker = broker
        self._deliver = deliver
        self._upward: dict[Upward, str] = {"facts": topics.facts(device), "contact": topics.contact(device)}
        self._receipts = topics.receipts(device)
        self._directives = topics.directives(device)
        self._let_in = False
        # No client id: the broker gives one that nobody can guess, and so nobody can use to push this device off.
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="", clean_session=True, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.username_pw_set(broker.user, broker.password)
        self._client.reconnect_delay_set(RECONNECT_SECONDS_MIN, RECONNECT_SECONDS_MAX)
        if broker.tls:
            self._client.tls_set_context(_tls(broker))
        self._client.on_socket_open = _send_at_once
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Begin to connect, in the background, and again whenever the connection is lost."""
        self._client.connect_async(self._broker.host, self._broker.port, keepalive=KEEPALIVE_SECONDS)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect and end the thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, kind: Upward, payload: bytes) -> bool:
        """Hand a message of that kind to the broker; False when there is no connection. True is no receipt."""
        # Without a connection paho would queue in memory, and send old batches beside the courier's new ones.
        if not self._client.is_connected():
            return False
        return self._client.publish(self._upward[kind], payload, qos=_QOS).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _on_connect(self, client: mqtt.Client, _userdata: object, _flags: object, reason: Any, _props: object) -> None:
        self._let_in = not reason.is_failure
        if not self._let_in:
            self._deliver(LinkDown(f"the broker refused: {reason}"))
            return
        client.subscribe([(self._receipts, _QOS), (self._directives, _QOS)])

    def _on_connect_fail(self, _client: mqtt.Client, _userdata: object) -> None:
        self._deliver(LinkDown("the broker cannot be reached"))

    def _on_subscribe(
        self, _client: mqtt.Client, _userdata: object, _mid: int, reasons: list[Any], _props: object
    ) -> None:
        # Sending before the receipts can arrive would only make every batch count as lost.
        refused = [str(reason) for reason in reasons if reason.is_failure]
        self._deliver(LinkDown(f"the broker refused a subscription: {refused[0]}") if refused else LinkUp())

    def _on_disconnect(
        self, _client: mqtt.Client, _userdata: object, _flags: object, reason: Any, _props: object
    ) -> None:
        # After a refusal the connection ends as well; the reason that was given stands.
        if self._let_in:
            self._deliver(LinkDown(f"the connection was lost: {reason}"))

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        if len(message.payload) > MESSAGE_BYTES_MAX:
            return
        if message.topic == self._receipts:
            self._deliver(Arrived("receipt", bytes(message.payload)))
        elif message.topic == self._directives:
            self._deliver(Arrived("directive", bytes(message.payload)))


def _tls(broker: Broker) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=broker.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise LinkError(f"the certificates for the broker cannot be read: {error}") from error


def _send_at_once(_client: mqtt.Client, _userdata: object, opened: object) -> None:
    # Without it a small message waits for the acknowledgement of the one before: 40 ms on every way there and back.
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
