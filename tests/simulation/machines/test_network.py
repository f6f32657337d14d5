from collections.abc import Callable

from tests.simulation.machines.network import NOTICED_MS_MAX, Network, Weather
from tests.simulation.machines.scheduler import Scheduler

MINUTE_MS = 60_000


class Client:
    """A program that keeps what it hears."""

    def __init__(self, network: Network, name: str) -> None:
        self.heard: list[bytes] = []
        self.acknowledged: list[bytes] = []
        self.connected = False
        network.attach(
            name,
            up=lambda: self._set(connected=True),
            down=lambda: self._set(connected=False),
            take=lambda _topic, payload: self.heard.append(payload),
            acknowledged=self.acknowledged.append,
        )

    def _set(self, *, connected: bool) -> None:
        self.connected = connected


def met(weather: Weather | None = None) -> tuple[Scheduler, Network, Client, Client]:
    scheduler = Scheduler(1)
    network = Network(scheduler, lambda topic: topic)
    network.weather = weather or Weather()
    sender, receiver = Client(network, "lane-1"), Client(network, "hub")
    wait(scheduler)
    return scheduler, network, sender, receiver


def wait(scheduler: Scheduler, milliseconds: int = MINUTE_MS) -> None:
    scheduler.run(scheduler.now + milliseconds)


def send(network: Network, count: int = 20) -> list[bool]:
    return [network.publish("lane-1", "hub", bytes([number])) for number in range(count)]


def sent(count: int = 20) -> list[bytes]:
    return [bytes([number]) for number in range(count)]


def test_good_wires_carry_everything_once_in_order_and_acknowledge_it() -> None:
    scheduler, network, sender, receiver = met()
    assert all(send(network))
    wait(scheduler)
    assert receiver.heard == sent()
    assert sorted(sender.acknowledged) == sent()


def test_each_kind_of_bad_weather_shows() -> None:
    def heard(weather: Weather, then: Callable[[Network], object] = send) -> list[bytes]:
        scheduler, network, _, receiver = met(weather)
        then(network)
        wait(scheduler, 10 * MINUTE_MS)
        return receiver.heard

    assert heard(Weather(lost=1)) == []
    assert heard(Weather(acknowledged_then_lost=1)) == []
    assert sorted(heard(Weather(doubled=1))) == sorted(sent() * 2)
    turned = heard(Weather(turned_round=1))
    assert turned != sent()
    assert sorted(turned) == sent()
    assert heard(Weather(delayed=1)) == sent()


def test_an_acknowledged_message_may_be_lost_all_the_same() -> None:
    scheduler, network, sender, receiver = met(Weather(acknowledged_then_lost=1))
    send(network)
    wait(scheduler)
    assert sorted(sender.acknowledged) == sent()
    assert receiver.heard == []


def test_a_cut_link_loses_what_was_on_its_way_and_is_noticed_late() -> None:
    scheduler, network, sender, receiver = met()
    send(network)
    network.sever("lane-1")
    assert send(network) == [True] * 20
    wait(scheduler, NOTICED_MS_MAX)
    assert not sender.connected
    assert not any(send(network))
    network.mend("lane-1")
    wait(scheduler)
    assert sender.connected
    assert receiver.heard == []


def test_a_broker_that_is_wiped_forgets_everything_and_everybody_comes_back() -> None:
    scheduler, network, sender, receiver = met()
    send(network)
    network.wipe_broker()
    wait(scheduler)
    assert not sender.connected
    assert not receiver.connected
    network.start_broker()
    wait(scheduler)
    assert sender.connected
    assert receiver.connected
    assert receiver.heard == []


def test_who_ended_hears_nothing_any_more() -> None:
    scheduler, network, _, receiver = met()
    send(network)
    network.detach("hub")
    assert not network.attached("hub")
    wait(scheduler)
    assert receiver.heard == []
