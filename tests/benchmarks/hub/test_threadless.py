import os
import select
import selectors
import socket
from math import inf

import pytest

from benchmarks.hub.processes import BenchmarkError
from benchmarks.hub.threadless import Fleet, ThreadlessLink, taken
from edge_agent.sending.events import Arrived, LinkDown, LinkEvent, LinkUp
from edge_agent.sending.link import Broker
from inspection import topics
from tests.edge_agent.stand_ins.fakes import DEVICE
from tests.edge_agent.stand_ins.tiny_broker import TinyBroker


class StandIn(ThreadlessLink):
    """A link over a pair of sockets: each byte that comes is a receipt."""

    def __init__(self) -> None:
        super().__init__(Broker(host="localhost", port=1, user="", password=""), "bench-1")
        self.near, self.far = socket.socketpair()
        self.unsent = b""
        self.cared = 0

    def start(self) -> None:
        self.arrived.append(LinkUp())

    def stop(self) -> None:
        self.near.close()
        self.far.close()

    def fileno(self) -> int:
        return self.near.fileno()

    @property
    def has_more(self) -> bool:
        return bool(self.unsent)

    def serve(self, ready: int) -> None:
        if ready & 1:
            self.arrived.append(Arrived("receipt", self.near.recv(1)))
        self.near.sendall(self.unsent)
        self.unsent = b""

    def care(self) -> None:
        self.cared += 1


class Listener:
    def __init__(self, link: StandIn) -> None:
        self.link = link
        self.due = inf
        self.took: list[LinkEvent] = []
        self.answer = b""

    def step(self) -> None:
        self.took += taken(self.link)
        self.due = inf
        self.link.unsent += self.answer


@pytest.fixture(name="peers")
def two_listeners() -> list[Listener]:
    return [Listener(StandIn()), Listener(StandIn())]


def test_who_got_something_is_stepped_and_nobody_else(peers: list[Listener]) -> None:
    fleet, (one, other) = Fleet(peers), peers
    fleet.start()
    assert fleet.turn(0.0) == [one, other]
    other.link.far.sendall(b"7")
    assert fleet.turn(1.0) == [other]
    assert (one.took, other.took) == ([LinkUp()], [LinkUp(), Arrived("receipt", b"7")])
    fleet.stop()


def test_who_waited_long_enough_is_stepped_without_anything_arriving(peers: list[Listener]) -> None:
    fleet, (one, _) = Fleet(peers), peers
    fleet.start()
    fleet.turn(0.0)
    one.due = 0.0
    assert fleet.turn(60.0) == [one]
    assert fleet.turn(0.0) == []
    fleet.stop()


def test_what_the_socket_had_no_room_for_is_written_in_the_next_turn(peers: list[Listener]) -> None:
    fleet, (one, _) = Fleet(peers), peers
    fleet.start()
    one.answer = b"hello"
    fleet.turn(0.0)
    assert one.link.has_more
    fleet.turn(60.0)
    assert one.link.far.recv(5) == b"hello"
    assert not one.link.has_more
    fleet.stop()


def test_a_lost_connection_ends_the_measurement(peers: list[Listener]) -> None:
    fleet = Fleet(peers)
    fleet.start()
    fleet.turn(0.0)
    peers[0].link.arrived.append(LinkDown("the connection was lost"))
    with pytest.raises(BenchmarkError, match="lost"):
        fleet.turn(0.0)
    fleet.stop()


def test_messages_that_have_arrived_together_are_read_together() -> None:
    with TinyBroker() as broker:
        link = ThreadlessLink(Broker(host="127.0.0.1", port=broker.port, user=DEVICE, password=""), DEVICE)
        link.start()
        while not link.arrived:
            select.select([link], [], [])
            link.serve(selectors.EVENT_READ)
        assert taken(link) == [LinkUp()]
        for number in range(3):
            broker.send(topics.receipts(DEVICE), bytes([number]))
        size = 3 * len(b"\x30\0\0\0" + topics.receipts(DEVICE).encode() + b"0")
        with socket.socket(fileno=os.dup(link.fileno())) as same:
            while select.select([same], [], []) and len(same.recv(size, socket.MSG_PEEK)) < size:
                pass
        link.serve(selectors.EVENT_READ)
        assert taken(link) == [Arrived("receipt", bytes([number])) for number in range(3)]
        link.stop()


def test_connections_are_kept_alive_about_every_second(peers: list[Listener]) -> None:
    fleet = Fleet(peers)
    fleet.start()
    for _ in range(20):
        fleet.turn(0.0)
    assert 1 <= peers[0].link.cared < 20
    fleet.stop()
