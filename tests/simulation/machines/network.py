"""Links and the broker: a wire that may lose, delay, double and turn round whatever it was given.

Knows connections and messages on their way. QoS 1 as a broker means it: it acknowledges, and may lose everything after.
Nothing is retained, and who is not connected gets nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.machines.scheduler import Scheduler

RECONNECT_MS_MIN = 500
RECONNECT_MS_MAX = 4_000
NOTICED_MS_MAX = 45_000
"""A connection that died without a word is noticed by its keep-alive at the latest after this."""


@dataclass(kw_only=True, slots=True)
class Weather:
    """How bad the wires are: shares from 0 to 1 of messages, and milliseconds."""

    lost: float = 0.0
    doubled: float = 0.0
    acknowledged_then_lost: float = 0.0
    turned_round: float = 0.0
    delayed: float = 0.0
    delay_ms_max: int = 30_000
    latency_ms_max: int = 60


@dataclass(slots=True)
class _Client:
    name: str
    up: Callable[[], None]
    down: Callable[[], None]
    take: Callable[[str, bytes], None]
    acknowledged: Callable[[bytes], None]
    running: bool = True
    connected: bool = False
    session: int = 0
    latest: dict[str, int] = field(default_factory=dict)


class Network:
    """The broker and everybody's link to it. broker_up: whether it runs. cut: names whose link is cut."""

    def __init__(self, scheduler: Scheduler, route: Callable[[str], str]) -> None:
        self._scheduler = scheduler
        self._route = route
        self._clients: dict[str, _Client] = {}
        self.weather = Weather()
        self.broker_up = True
        self.cut: set[str] = set()

    def attach(
        self,
        name: str,
        *,
        up: Callable[[], None],
        down: Callable[[], None],
        take: Callable[[str, bytes], None],
        acknowledged: Callable[[bytes], None] = lambda _payload: None,
    ) -> None:
        """Have a program connect under this name, again and again, until it is detached."""
        client = _Client(name, up, down, take, acknowledged)
        self._clients[name] = client
        self._scheduler.after(self._latency(), f"{name} connects", lambda: self._connect(client))

    def detach(self, name: str) -> None:
        """Forget the program of this name: it ended."""
        client = self._clients.pop(name, None)
        if client is not None:
            client.running = client.connected = False

    def attached(self, name: str) -> bool:
        """Say whether a program of this name is there, connected or not."""
        return name in self._clients

    def publish(self, name: str, topic: str, payload: bytes) -> bool:
        """Hand over a message; False where the program knows that there is no connection."""
        client = self._clients[name]
        if not client.connected:
            return False
        if self._dead(name) or self._hits("lost", self.weather.lost):
            return True
        session = client.session
        arrival = self._arrival(client, "up")
        self._scheduler.after(arrival, f"{name} -> broker", lambda: self._at_broker(client, session, topic, payload))
        return True

    def reachable(self, name: str) -> bool:
        """Say whether a request of this program would get through."""
        return name not in self.cut

    def sever(self, name: str) -> None:
        """Cut a link: what is on its way is lost, and both ends may notice late."""
        self.cut.add(name)
        client = self._clients.get(name)
        if client is not None:
            self._drop(client, self._scheduler.dice.randrange(NOTICED_MS_MAX))

    def mend(self, name: str) -> None:
        """Join the link again."""
        self.cut.discard(name)

    def wipe_broker(self) -> None:
        """Kill the broker and everything that it holds."""
        self.broker_up = False
        for client in list(self._clients.values()):
            self._drop(client, self._scheduler.dice.choice((0, self._scheduler.dice.randrange(NOTICED_MS_MAX))))

    def start_broker(self) -> None:
        """Start the broker anew, empty."""
        self.broker_up = True

    def _dead(self, name: str) -> bool:
        return name in self.cut or not self.broker_up

    def _latency(self) -> int:
        return self._scheduler.dice.randint(1, self.weather.latency_ms_max)

    def _hits(self, kind: str, share: float) -> bool:
        if not self._scheduler.chance(share):
            return False
        self._scheduler.counts[f"message {kind}"] += 1
        return True

    def _arrival(self, client: _Client, way: str) -> int:
        """Return the milliseconds until a message arrives: behind those before it, unless they are turned round."""
        delay = self._latency()
        if self._hits("delayed", self.weather.delayed):
            delay += self._scheduler.dice.randrange(self.weather.delay_ms_max)
        if self._hits("turned round", self.weather.turned_round):
            return delay + self._scheduler.dice.randrange(self.weather.delay_ms_max)
        moment = max(client.latest.get(way, 0), self._scheduler.now + delay)
        client.latest[way] = moment
        return moment - self._scheduler.now

    def _connect(self, client: _Client) -> None:
        if not client.running or client.connected:
            return
        if self._dead(client.name):
            again = self._scheduler.dice.randint(RECONNECT_MS_MIN, RECONNECT_MS_MAX)
            self._scheduler.after(again, f"{client.name} connects", lambda: self._connect(client))
            return
        client.session += 1
        client.connected = True
        client.latest.clear()
        client.up()

    def _drop(self, client: _Client, noticed_ms: int) -> None:
        client.session += 1
        session = client.session
        self._scheduler.after(noticed_ms, f"{client.name} notices", lambda: self._notice(client, session))

    def _notice(self, client: _Client, session: int) -> None:
        if not client.running or not client.connected or client.session != session:
            return
        client.connected = False
        client.down()
        self._connect(client)

    def _at_broker(self, client: _Client, session: int, topic: str, payload: bytes) -> None:
        if client.session != session or self._dead(client.name):
            return
        self._scheduler.after(
            self._latency(), f"broker acknowledges {client.name}", lambda: self._acknowledge(client, session, payload)
        )
        if self._hits("acknowledged, then lost", self.weather.acknowledged_then_lost):
            return
        self._send_on(topic, payload)
        if self._hits("doubled", self.weather.doubled):
            late = self._scheduler.dice.randrange(4 * self.weather.delay_ms_max)
            self._scheduler.after(late, f"{client.name} doubled", lambda: self._send_on(topic, payload))

    def _acknowledge(self, client: _Client, session: int, payload: bytes) -> None:
        if client.running and client.session == session:
            client.acknowledged(payload)

    def _send_on(self, topic: str, payload: bytes) -> None:
        receiver = self._clients.get(self._route(topic))
        if receiver is None or not receiver.connected or self._dead(receiver.name):
            return
        session = receiver.session
        arrival = self._arrival(receiver, "down")
        self._scheduler.after(
            arrival, f"broker -> {receiver.name}", lambda: self._deliver(receiver, session, topic, payload)
        )

    def _deliver(self, receiver: _Client, session: int, topic: str, payload: bytes) -> None:
        if receiver.running and receiver.session == session and not self._dead(receiver.name):
            receiver.take(topic, payload)
