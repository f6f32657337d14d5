"""What the wires report, as plain values: of the link to the broker, and of one photo's upload.

Knows no wire. `link` and `upload` make these values, and so may what stands in for a wire; `dispatching` takes them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The broker took us, and subscribed us to what is ours."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """There is no connection; reason in words. It is tried again by itself."""

    reason: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message came. Its bytes are not checked, and are not shown: they may name a vehicle."""

    what: Literal["receipt", "directive"]
    payload: bytes = field(repr=False)


LinkEvent = LinkUp | LinkDown | Arrived
Deliver = Callable[[LinkEvent], None]


@dataclass(frozen=True, slots=True)
class Stored:
    """The hub has committed the photo: the receipt."""


@dataclass(frozen=True, slots=True)
class NotAnnounced:
    """The hub does not know the fact that announces the photo: later."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The hub will not take the photo: it is marked and shown, and kept."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class TryLater:
    """It did not work this time; why, in words."""

    reason: str


Outcome = Stored | NotAnnounced | Refused | TryLater
