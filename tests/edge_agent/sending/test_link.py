import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.sending.events import Arrived, LinkDown, LinkEvent, LinkUp
from edge_agent.sending.link import Broker, LinkError, MqttLink
from inspection import topics
from tests.edge_agent.stand_ins.fakes import DEVICE
from tests.edge_agent.stand_ins.tiny_broker import TinyBroker

SECONDS_MAX = 300


class Line:
    """A link to a tiny broker, and the events that it delivered."""

    def __init__(self, broker: TinyBroker) -> None:
        self.broker = broker
        self.events: queue.Queue[LinkEvent] = queue.Queue()
        address = Broker(host="127.0.0.1", port=broker.port, user=DEVICE, password="invented")  # noqa: S106
        self.link = MqttLink(address, DEVICE, self.events.put)

    def next(self) -> LinkEvent:
        return self.events.get(timeout=SECONDS_MAX)


@pytest.fixture
def line() -> Iterator[Line]:
    with TinyBroker() as broker:
        line = Line(broker)
        yield line
        line.link.stop()


def test_the_link_is_up_once_it_hears_receipts_and_directives(line: Line) -> None:
    line.link.start()
    assert line.next() == LinkUp()
    assert line.broker.subscribed.get(timeout=SECONDS_MAX) == [topics.receipts(DEVICE), topics.directives(DEVICE)]


def test_it_comes_with_a_clean_session_as_itself_and_speaks_mqtt_3_1_1(line: Line) -> None:
    line.link.start()
    said = line.broker.connects.get(timeout=SECONDS_MAX)
    assert said[:7] == b"\0\4MQTT\4"
    assert said[7] & 0b10
    assert DEVICE.encode() in said
    assert b"invented" in said


def test_a_batch_goes_out_on_the_facts_topic(line: Line) -> None:
    line.link.start()
    line.next()
    assert line.link.publish("facts", b"a batch" * 100)
    assert line.broker.published.get(timeout=SECONDS_MAX) == (topics.facts(DEVICE), b"a batch" * 100)


def test_without_a_connection_nothing_is_taken_and_nothing_waits_in_memory(line: Line) -> None:
    assert not line.link.publish("facts", b"a batch")
    line.link.start()
    assert line.next() == LinkUp()
    assert line.link.publish("facts", b"another")
    assert line.broker.published.get(timeout=SECONDS_MAX)[1] == b"another"


def test_what_arrives_is_handed_on_by_what_it_is(line: Line) -> None:
    line.link.start()
    line.next()
    line.broker.send("somebody/else", b"is not for us")
    line.broker.send(topics.receipts(DEVICE), b"a receipt")
    line.broker.send(topics.directives(DEVICE), b"a directive")
    assert line.next() == Arrived("receipt", b"a receipt")
    assert line.next() == Arrived("directive", b"a directive")


def test_a_message_that_is_too_large_is_passed_over(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.sending.link.MESSAGE_BYTES_MAX", 5)
    line.link.start()
    line.next()
    line.broker.send(topics.receipts(DEVICE), b"too large")
    line.broker.send(topics.receipts(DEVICE), b"small")
    assert line.next() == Arrived("receipt", b"small")


def test_a_broken_connection_is_told_and_comes_back_by_itself(line: Line) -> None:
    line.link.start()
    assert line.next() == LinkUp()
    line.broker.drop()
    assert isinstance(line.next(), LinkDown)
    assert line.next() == LinkUp()


def test_a_broker_that_refuses_is_told_and_the_end_of_the_connection_does_not_hide_it(line: Line) -> None:
    line.broker.connect_code = 5
    line.link.start()
    for _ in range(2):
        told = line.next()
        assert isinstance(told, LinkDown)
        assert "refused" in told.reason


def test_a_refused_subscription_is_told(line: Line) -> None:
    line.broker.subscribe_code = 128
    line.link.start()
    told = line.next()
    assert isinstance(told, LinkDown)
    assert "subscription" in told.reason


def test_a_broker_that_is_not_there_is_told() -> None:
    events: queue.Queue[LinkEvent] = queue.Queue()
    link = MqttLink(Broker(host="127.0.0.1", port=9, user="a", password=""), DEVICE, events.put)
    link.start()
    told = events.get(timeout=SECONDS_MAX)
    link.stop()
    assert told == LinkDown("the broker cannot be reached")


def test_certificates_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    wrong = tmp_path / "ca.pem"
    wrong.write_text("no certificate")
    for file in (wrong, tmp_path / "none.pem"):
        broker = Broker(host="127.0.0.1", port=9, user="a", password="", tls=True, ca_file=str(file))
        with pytest.raises(LinkError, match="certificates"):
            MqttLink(broker, DEVICE, lambda _event: None)


def test_a_link_with_tls_trusts_the_systems_certificates_when_none_are_named() -> None:
    MqttLink(Broker(host="127.0.0.1", port=9, user="a", password="", tls=True), DEVICE, lambda _event: None)
