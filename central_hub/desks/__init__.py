"""Desks (岗位): where people's acts become facts. Each loads, lets a file that decides judge, and writes.

A desk's methods run inside one transaction of the writer: each act is whole or not at all. What a desk needs of the hub
is the Hand; who may do what is checked before, at the door; what nobody may do about their own work is checked here.
"""

from typing import Protocol

from central_hub import HubError
from central_hub.settings import HubSettings
from central_hub.store.database import Database
from central_hub.store.ledger import Ledger
from central_hub.store.records import Records
from inspection.case import Case
from inspection.directives import AnyDirective
from inspection.facts import AnyFact, ExemptionApplied
from inspection.signing import SigningKey
from inspection.wire import Recorded


class ActError(HubError):
    """An act that is refused. code names the text for a screen; text: why, for whoever tried."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Hand(Protocol):
    """What a desk needs of the hub, inside a transaction. Times are the hub's, Unix milliseconds."""

    db: Database
    ledger: Ledger
    records: Records
    settings: HubSettings
    key: SigningKey

    def now(self) -> int:
        """Return the hub's time."""

    def case(self, case: str) -> Case:
        """Return the case as it stands in this transaction."""

    def write(self, case: str, *facts: AnyFact) -> tuple[Recorded, ...]:
        """Write facts into the hub's own chain; case: "" for what is about none."""

    def open_own_case(self, fact: ExemptionApplied) -> str:
        """Write the fact that opens a case of the hub's own; return the case's id."""

    def direct(self, device: str, directive: AnyDirective) -> None:
        """Append to a device's log of directives; it is sent after the commit."""

    def follow_up(self, case: str) -> Case:
        """Decide what follows from the case's facts, keep its row, and return it as it stands then."""

    def follow_vehicle(self, case: str) -> Case:
        """Follow up the case and what the vehicle's other cases waited for because of it; return the case."""

    def devices(self) -> list[str]:
        """Return the enrolled devices of which something is taken."""
