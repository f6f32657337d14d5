"""The hub's hand (手): writes facts and directives inside one transaction, and keeps what has to be sent after it.

What stands in memory (folds, the ledger's head, messages to send) goes back with the database when a piece of work is
taken back. Knows nothing of what follows from a fact: that is `following`'s, which registers here.
"""

from collections.abc import Callable
from typing import NamedTuple

from central_hub.settings import HubSettings
from central_hub.store.database import Database
from central_hub.store.folds import Folds
from central_hub.store.ledger import Ledger, LedgerState
from central_hub.store.records import Records
from inspection import topics
from inspection.case import Case
from inspection.directives import AnyDirective
from inspection.facts import AnyFact, ExemptionApplied
from inspection.identities import HUB, case_id
from inspection.signing import SigningKey
from inspection.wire import Recorded

Message = tuple[str, bytes]


class HandMark(NamedTuple):
    """Where the memory stands inside a transaction."""

    outgoing: int
    ledger: LedgerState
    folds: int


class HubHand:
    """What desks and casework write with. now: returns the hub's time in Unix milliseconds."""

    def __init__(self, db: Database, *, key: SigningKey, settings: HubSettings, now: Callable[[], int]) -> None:
        self.db = db
        self.key = key
        self.settings = settings
        self.now = now
        self.ledger = Ledger(db, key)
        self.records = Records(db, key)
        self.folds = Folds(self.ledger)
        self._outgoing: list[Message] = []
        self._following: Callable[[str], Case] = self.case

    def follows(self, following: Callable[[str], Case]) -> None:
        """Let `following` decide from now on what follows from a case's facts."""
        self._following = following

    def begin(self) -> None:
        """Begin a transaction's work."""
        self.folds.begin(others_wrote=self.ledger.begin())

    def case(self, case: str) -> Case:
        """Return the case as it stands in this transaction."""
        return self.folds.case(case)

    def write(self, case: str, *facts: AnyFact) -> tuple[Recorded, ...]:
        """Write facts into the hub's own chain; case: "" for what is about none."""
        records = self.ledger.write(case, *facts, at=self.now())
        self.folds.add_all(record.entry for record in records)
        return records

    def open_own_case(self, fact: ExemptionApplied) -> str:
        """Write the fact that opens a case of the hub's own; return the case's id."""
        case = case_id(HUB, self.ledger.state.own + 1)
        self.write(case, fact)
        return case

    def direct(self, device: str, directive: AnyDirective) -> None:
        """Append to a device's log of directives; it is sent after the commit. The hub itself needs none."""
        if device != HUB:
            message = self.records.add_directive(device, directive, at=self.now())
            self.send(topics.directives(device), message)

    def send(self, topic: str, message: bytes) -> None:
        """Send a message after the commit."""
        self._outgoing.append((topic, message))

    def follow_up(self, case: str) -> Case:
        """Decide what follows from the case's facts, keep its row, and return it as it stands then."""
        return self._following(case)

    def follow_vehicle(self, case: str) -> Case:
        """Follow up the case, then what the vehicle's other cases waited for because of it; return the case."""
        folded = self.follow_up(case)
        if folded.vehicle is not None:
            for other in self.records.held_back(folded.vehicle.vin, but=case):
                self.follow_up(other)
        return folded

    def devices(self) -> list[str]:
        """Return the enrolled devices of which something is taken."""
        return self.records.devices()

    def committed(self) -> list[Message]:
        """Take note that all of it is on the disk; return what is to be sent now."""
        self.ledger.committed()
        self.folds.committed()
        outgoing, self._outgoing = self._outgoing, []
        # Device by device, each one's in its order: what arrives together is committed together there.
        return sorted(outgoing, key=lambda message: message[0].rpartition("/")[0])

    def mark(self) -> HandMark:
        """Return where the memory stands, to go back there with the database."""
        return HandMark(len(self._outgoing), self.ledger.state, self.folds.touched)

    def back_to(self, mark: HandMark) -> None:
        """Forget what was remembered since `mark`; the caller takes the writes back."""
        del self._outgoing[mark.outgoing :]
        self.ledger.state = mark.ledger
        self.folds.back_to(mark.folds)
