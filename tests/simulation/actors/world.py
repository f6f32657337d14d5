"""What the actors of one schedule share: time and chance, the wires, the model that checks them, and who is who."""

from dataclasses import dataclass

from central_hub.settings import HubSettings, Station
from firmware_profiles.schema import Profile
from inspection.signing import SigningKey
from tests.simulation.actors.vehicles import STATION
from tests.simulation.checking.book import Book
from tests.simulation.machines.network import Network
from tests.simulation.machines.scheduler import Scheduler
from tests.simulation.mutants import Mutant

HUB_KEY = SigningKey(bytes(range(32, 64)))
HUB_SETTINGS = HubSettings(practice=True, stations=(Station(id=STATION, name="Station 1", admitted=True),))


@dataclass(kw_only=True, slots=True)
class World:
    """One schedule's surroundings. mutant: how the product is broken, empty if not."""

    scheduler: Scheduler
    network: Network
    book: Book
    profile: Profile
    mutant: Mutant = ""


def key_of(device: str) -> SigningKey:
    """Return the key of a simulated device, which follows from its name."""
    return SigningKey(device.encode().ljust(32, b"."))
