import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from central_hub.doors import link as link_module
from central_hub.doors.broker import Broker, BrokerUser
from central_hub.doors.link import Link
from central_hub.installation import free_port
from inspection import topics
from tests.central_hub.conftest import until
from tests.central_hub.doors.mqtt_device import MqttDevice

HOST = "127.0.0.1"
PASSWORD = "made up"  # noqa: S105 - made up for the tests
USERS = [
    BrokerUser(name="hub", password=PASSWORD),
    BrokerUser(name="lane-1", password=PASSWORD, device="lane-1"),
]
FACTS = topics.facts("lane-1")

pytestmark = pytest.mark.real


class Taken:
    """In place of the writer: what the link handed on; takes nothing while it is full."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.full = False

    def take(self, topic: str, payload: bytes) -> bool:
        if self.full:
            return False
        self.messages.append((topic, payload))
        return True


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path, host=HOST, port=free_port(HOST))
    made.start(USERS)
    yield made
    made.stop()


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def link(broker: Broker, taken: Taken) -> Iterator[Link]:
    made = Link(HOST, broker.port, user="hub", password=PASSWORD, take=taken.take)
    assert made.start()
    yield made
    made.stop()


def lane(broker: Broker, client_id: str = "") -> MqttDevice:
    return MqttDevice(broker.port, user="lane-1", password=PASSWORD, client_id=client_id)


def test_what_a_device_says_is_handed_on_and_what_the_hub_says_arrives(
    broker: Broker, link: Link, taken: Taken
) -> None:
    with lane(broker) as device:
        assert device.hear(topics.receipts("lane-1"))
        device.say(FACTS, b"fact")
        until(lambda: taken.messages == [(FACTS, b"fact")])
        link.publish(topics.receipts("lane-1"), b"receipt")
        until(lambda: device.heard == [(topics.receipts("lane-1"), b"receipt")])


def test_what_the_hub_itself_sends_does_not_come_back(broker: Broker, link: Link, taken: Taken) -> None:
    link.publish(topics.receipts("lane-1"), b"receipt")
    link.publish(topics.directives("lane-1"), b"directive")
    with lane(broker) as device:
        device.say(FACTS, b"after them")
        until(lambda: taken.messages)
    assert taken.messages == [(FACTS, b"after them")]


def test_what_cannot_be_handed_on_is_dropped_and_counted_and_the_next_is_taken(
    broker: Broker, link: Link, taken: Taken
) -> None:
    taken.full = True
    with lane(broker) as device:
        device.say(FACTS, b"no room")
        until(lambda: link.dropped == 1)
        taken.full = False
        device.say(FACTS, b"room")
        until(lambda: taken.messages == [(FACTS, b"room")])


def test_a_link_comes_back_after_the_broker_was_restarted(broker: Broker, link: Link, taken: Taken) -> None:
    assert link.connected
    broker.stop()
    until(lambda: not link.connected)
    broker.start(USERS)
    until(lambda: link.connected)
    with lane(broker) as device:
        # The connection may stand a moment before the subscription: a device sends again until it has its receipt.
        until(lambda: device.say(FACTS, b"again") and taken.messages)


def test_no_device_can_push_the_hub_off_the_wire_by_taking_its_name(broker: Broker, link: Link, taken: Taken) -> None:
    with lane(broker, client_id="hub") as thief:
        assert thief.let_in
        thief.say(FACTS, b"still heard")
        until(lambda: taken.messages)
        assert link.connected


def test_a_wrong_password_is_not_let_in_and_said_so(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "CONNECT_SECONDS_MAX", 0.5)
    stranger = Link(HOST, broker.port, user="hub", password="wrong", take=lambda _topic, _payload: True)  # noqa: S106
    assert not stranger.start()
    assert not stranger.connected
    stranger.stop()


def test_without_a_broker_a_link_waits_no_longer_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "CONNECT_SECONDS_MAX", 0.1)
    link = Link(HOST, free_port(HOST), user="hub", password="", take=lambda _topic, _payload: True)
    begun = time.monotonic()
    assert not link.start()
    assert time.monotonic() - begun < 5
    link.publish(topics.receipts("lane-1"), b"waits in memory")
    link.stop()
