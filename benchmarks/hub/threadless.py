"""MQTT for many devices in one thread: the devices' own link, its socket looked after by whoever drives them.

On a device the link has a thread of its own, and its messages are handed from thread to thread. With dozens of devices
in one process that would be most of what the process does, and the hub would be measured beside it.
"""

import selectors
from collections import deque
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from benchmarks.hub.processes import BenchmarkError
from edge_agent.clock import Clock
from edge_agent.sending.events import LinkDown, LinkEvent
from edge_agent.sending.link import KEEPALIVE_SECONDS, Broker, MqttLink

CARE_SECONDS = 1.0
MESSAGES_AT_ONCE_MAX = 100


class ThreadlessLink(MqttLink):
    """A link without a thread: it reads and writes only while `serve` runs. `arrived`: what it delivered."""

    def __init__(self, broker: Broker, device: str) -> None:
        self.arrived: deque[LinkEvent] = deque()
        self._where = broker
        super().__init__(broker, device, self.arrived.append)

    def start(self) -> None:
        """Connect. Whether the broker lets the device in is delivered later."""
        self._client.connect(self._where.host, self._where.port, keepalive=KEEPALIVE_SECONDS)

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()

    def fileno(self) -> int:
        """Return the number of its socket; raises BenchmarkError when there is none (any more)."""
        opened = self._client.socket()
        if opened is None:
            raise BenchmarkError("there is no connection to the broker")
        return int(opened.fileno())

    @property
    def has_more(self) -> bool:
        """Whether there is something to be written for which the socket had no room."""
        return bool(self._client.want_write())

    def serve(self, ready: int) -> None:
        """Read the messages that are there, and write what waits. ready: what the selector said of the socket."""
        if ready & selectors.EVENT_READ:
            # Each call reads one; on a device they gather as well, while the one before is written to the disk.
            before = -1
            while before < len(self.arrived) < MESSAGES_AT_ONCE_MAX:
                before = len(self.arrived)
                self._client.loop_read()
        if self.has_more:
            self._client.loop_write()

    def care(self) -> None:
        """Keep the connection alive; about every second."""
        self._client.loop_misc()


class Peer(Protocol):
    """Who stands at the device's end of a link."""

    @property
    def link(self) -> ThreadlessLink:
        """Its link."""

    @property
    def due(self) -> float:
        """When it wants to be stepped at the latest: seconds of the device's monotonic clock."""

    def step(self) -> None:
        """Take what arrived and send what may go."""


P = TypeVar("P", bound=Peer)


class Fleet(Generic[P]):
    """Peers in one thread."""

    def __init__(self, peers: Sequence[P]) -> None:
        self.peers = peers
        self._clock = Clock()
        self._selector = selectors.DefaultSelector()
        self._writing: set[ThreadlessLink] = set()
        self._care_at = 0.0

    def start(self) -> None:
        """Connect them all."""
        for peer in self.peers:
            peer.link.start()
            self._selector.register(peer.link, selectors.EVENT_READ, peer)

    def stop(self) -> None:
        """Disconnect them all."""
        for peer in self.peers:
            self._selector.unregister(peer.link)
            peer.link.stop()
        self._selector.close()

    def turn(self, seconds_max: float) -> list[P]:
        """Wait at most so long for what one of them wants; return those that were stepped.

        Raises BenchmarkError when a connection is lost: that would be measured, too.
        """
        seconds = min(peer.due for peer in self.peers) - self._now()
        for key, ready in self._selector.select(max(0.0, min(seconds, seconds_max, CARE_SECONDS))):
            key.data.link.serve(ready)
        now = self._now()
        self._care(now)
        stepped = [peer for peer in self.peers if peer.link.arrived or peer.due <= now]
        for peer in stepped:
            peer.step()
        self._watch()
        return stepped

    def _now(self) -> float:
        return self._clock.mono_ms() / 1000

    def _care(self, now: float) -> None:
        if now >= self._care_at:
            self._care_at = now + CARE_SECONDS
            for peer in self.peers:
                peer.link.care()

    def _watch(self) -> None:
        """Ask the selector for room to write where it is wanted, and nowhere else."""
        for peer in self.peers:
            link = peer.link
            if link.has_more != (link in self._writing):
                self._writing ^= {link}
                wanted = selectors.EVENT_WRITE if link.has_more else 0
                self._selector.modify(link, selectors.EVENT_READ | wanted, peer)


def taken(link: ThreadlessLink) -> list[LinkEvent]:
    """Return what arrived, oldest first; raises BenchmarkError when the connection is gone."""
    events = list(link.arrived)
    link.arrived.clear()
    for event in events:
        if isinstance(event, LinkDown):
            raise BenchmarkError(event.reason)
    return events
