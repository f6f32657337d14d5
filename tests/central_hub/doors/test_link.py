import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from central_hub.doors import link as link_module
from central_hub.doors.broker import Broker, BrokerUser
from central_hub.doors.link import Link, lets_in
from central_hub.installation import Tls, free_port
from inspection import topics
from tests.central_hub.brokers import KINDS
from tests.central_hub.conftest import until
from tests.central_hub.doors.mqtt_device import MqttDevice
from tests.made_certificates import make_certificate

HOST = "127.0.0.1"
PASSWORD = "made up"  # noqa: S105 - made up for the tests
USERS = [
    BrokerUser(name="hub", password=PASSWORD),
    BrokerUser(name="lane-1", password=PASSWORD, device="lane-1"),
]
FACTS = topics.facts("lane-1")
BURST = 3_000

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


@contextmanager
def running(folder: Path, kind: Literal["nats", "mosquitto"], tls: Tls | None = None) -> Iterator[Broker]:
    made = Broker(folder, host=HOST, port=free_port(HOST), kind=kind, tls=tls)
    made.start(USERS)
    try:
        yield made
    finally:
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


def test_what_a_device_says_of_itself_arrives_too(broker: Broker, link: Link, taken: Taken) -> None:
    with lane(broker) as device:
        device.say(topics.contact("lane-1"), b"contact")
        until(lambda: taken.messages == [(topics.contact("lane-1"), b"contact")])


def test_a_link_that_stands_hears_at_once(broker: Broker, link: Link, taken: Taken) -> None:
    with lane(broker) as device:
        device.say(FACTS, b"the first")
        until(lambda: taken.messages)


def test_a_link_takes_the_partitions_that_it_is_given_and_no_others(broker: Broker, link: Link, taken: Taken) -> None:
    other = (topics.partition("lane-1") + 1) % topics.PARTITIONS
    link.hear([topics.of_partition(other, "facts")])
    with lane(broker) as device:
        assert device.say(FACTS, b"of another worker")
        link.hear([topics.of_partition(other, "facts"), topics.of_partition(topics.partition("lane-1"), "facts")])
        until(lambda: device.say(FACTS, b"mine") and taken.messages)
        assert {message for _, message in taken.messages} == {b"mine"}
        link.hear([])
        heard = len(taken.messages)
        assert device.say(topics.contact("lane-1"), b"of another worker")
    assert len(taken.messages) == heard


def test_one_link_can_hear_every_partition_by_itself(broker: Broker, link: Link, taken: Taken) -> None:
    """The embedded broker refuses a filter once all together may have more messages on their way than it can count."""
    link.hear(topics.of_partition(n, kind) for n in range(topics.PARTITIONS) for kind in ("facts", "contact"))
    with lane(broker) as device:
        until(lambda: device.say(FACTS, b"fact") and taken.messages)
        broker.stop()
        until(lambda: not link.connected)
        broker.start(USERS)
        until(lambda: link.connected)


def test_after_a_restart_of_the_broker_a_link_takes_what_it_was_given_last(
    broker: Broker, link: Link, taken: Taken
) -> None:
    link.hear([topics.every("contact")])
    broker.stop()
    until(lambda: not link.connected)
    link.hear([topics.every("facts")])
    broker.start(USERS)
    until(lambda: link.connected)
    with lane(broker) as device:
        assert device.say(topics.contact("lane-1"), b"no longer")
        assert device.say(FACTS, b"from now on")
        until(lambda: taken.messages)
    assert taken.messages == [(FACTS, b"from now on")]


def test_a_link_without_anything_to_hear_stands(broker: Broker) -> None:
    link = Link(HOST, broker.port, user="hub", password=PASSWORD, take=lambda _topic, _payload: True)
    link.hear([])
    assert link.start()
    link.stop()


def test_a_link_that_may_not_hear_does_not_stand_and_says_so(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(link_module, "CONNECT_SECONDS_MAX", 0.5)
    link = Link(HOST, broker.port, user="lane-1", password=PASSWORD, take=lambda _topic, _payload: True)
    assert not link.start()
    link.stop()
    assert "does not let the hub hear" in caplog.text


def test_what_is_sent_while_the_broker_is_away_is_dropped_and_counted() -> None:
    link = Link(HOST, 9, user="hub", password="", take=lambda _topic, _payload: True)
    for _ in range(5):
        link.publish(topics.receipts("lane-1"), b"receipt")
    assert link.dropped == 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_burst_of_thousands_of_messages_is_taken_whole_and_in_order(
    tmp_path: Path, taken: Taken, kind: Literal["nats", "mosquitto"]
) -> None:
    with running(tmp_path, kind) as broker, lane(broker) as device:
        link = Link(HOST, broker.port, user="hub", password=PASSWORD, take=taken.take)
        assert link.start()
        assert device.say_many(FACTS, [b"%d" % number for number in range(BURST)])
        until(lambda: len(taken.messages) == BURST)
        assert [int(payload) for _, payload in taken.messages] == [*range(BURST)]
        assert device.hear(topics.receipts("lane-1"))
        for number in range(BURST):
            link.publish(topics.receipts("lane-1"), b"%d" % number)
        until(lambda: len(device.heard) == BURST)
        assert [int(payload) for _, payload in device.heard] == [*range(BURST)]
        assert link.dropped == 0
        link.stop()


# The client forgets to close a socket whose handshake failed; the collector does it.
@pytest.mark.filterwarnings("ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_over_tls_the_hub_trusts_its_own_certificate_and_no_other(
    tmp_path: Path, taken: Taken, monkeypatch: pytest.MonkeyPatch, kind: Literal["nats", "mosquitto"]
) -> None:
    monkeypatch.setattr(link_module, "CONNECT_SECONDS_MAX", 1.0)
    made, other = make_certificate(tmp_path), make_certificate(tmp_path, "other")
    tls = Tls(certificate=made.certificate, key=made.key)
    stranger = Tls(certificate=other.certificate, key=other.key)
    with running(tmp_path, kind, tls) as broker:
        for trusted, stands in ((stranger, False), (tls, True)):
            link = Link(HOST, broker.port, user="hub", password=PASSWORD, take=taken.take, tls=trusted.trusting())
            assert link.start() is stands
            link.stop()


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


@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_lets_a_newcomer_in_whom_it_knows(tmp_path: Path, kind: Literal["nats", "mosquitto"]) -> None:
    with running(tmp_path, kind) as broker:
        assert lets_in(HOST, broker.port, user="hub", password=PASSWORD)
        monkey = pytest.MonkeyPatch()
        with monkey.context() as patched:
            patched.setattr(link_module, "NEWCOMER_SECONDS_MAX", 1.0)
            assert not lets_in(HOST, broker.port, user="hub", password="another")  # noqa: S106 - made up


def test_one_that_takes_a_connection_and_says_nothing_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "NEWCOMER_SECONDS_MAX", 0.2)
    with socket.create_server((HOST, 0)) as silent:
        port = silent.getsockname()[1]
        assert not lets_in(HOST, port, user="hub", password=PASSWORD)
    assert not lets_in(HOST, port, user="hub", password=PASSWORD)
