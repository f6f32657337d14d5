"""What the console is told of its hub, and who sits at a browser. Values only."""

from collections.abc import Callable
from dataclasses import dataclass

from central_hub.people.roles import Actor
from central_hub.reading import Health
from central_hub.settings import HubSettings
from central_hub.store.office.accounts import Role
from central_hub.store.photos import PhotoStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What the pages need beside the store.

    public_key: the hub's, 32 bytes. public_url: the address by which browsers and phones reach the hub: what a
    sticker's code leads to, and what a request may say it came from. now: returns the hub's time, Unix milliseconds.
    health: returns how the hub is.
    """

    settings: HubSettings
    photos: PhotoStore
    public_key: bytes
    public_url: str
    now: Callable[[], int]
    health: Callable[[], Health]


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Who is signed in. name: of the account. title: how to call the person. role: which pages they get."""

    name: str
    title: str
    role: Role
    actor: Actor
