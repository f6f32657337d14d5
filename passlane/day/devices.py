"""A lane's device as the hub knows it: a signed chain of facts, batches, and directives that it settles.

Knows no station and no visit; when something is sent is for others. Keys and clocks come in.
"""

from dataclasses import dataclass, field

from inspection import topics
from inspection.directives import AnyDirective, Contact, Receipt
from inspection.facts import AnyFact, CaseOpened, DeviceStarted, DirectiveSettled, Entry
from inspection.identities import case_id
from inspection.signing import CHAIN_START, SigningKey
from inspection.wire import (
    BATCH_FACTS_MAX,
    Recorded,
    encode_entry,
    open_directive,
    open_receipt,
    seal_batch,
    seal_contact,
)
from passlane.day import DayError

BOOT = "day-1"


@dataclass(slots=True)
class Device:
    """A device. started: when it was switched on, Unix milliseconds; its wall clock is the hub's."""

    name: str
    station: str
    key: SigningKey
    started: int
    seq: int = 0
    head: bytes = CHAIN_START
    mono: int = 0
    settled: int = 0
    _unsent: list[Recorded] = field(default_factory=list)

    def write(self, fact: AnyFact, *, case: str = "", at: int) -> str:
        """Append a fact to the chain; return its case, which an opening makes. at: Unix milliseconds."""
        self.seq += 1
        # What happened meanwhile may stand in the chain already: the clock of a device does not go back.
        self.mono = max(self.mono, at - self.started)
        case = case_id(self.name, self.seq) if isinstance(fact, CaseOpened) else case
        record = encode_entry(
            Entry(
                device=self.name,
                seq=self.seq,
                before=self.head,
                wall=self.started + self.mono,
                mono=self.mono,
                boot=BOOT,
                case=case,
                fact=fact,
            )
        )
        self.head = record.digest
        self._unsent.append(record)
        return case

    def batches(self, *, at: int) -> list[bytes]:
        """Return messages with all that was not sent yet."""
        unsent, self._unsent = self._unsent, []
        pieces = [tuple(unsent[first : first + BATCH_FACTS_MAX]) for first in range(0, len(unsent), BATCH_FACTS_MAX)]
        return [seal_batch(piece, sent=at, key=self.key) for piece in pieces]

    def start(self) -> bytes:
        """Write that the program started; return the contact that goes with its first batch."""
        self.write(DeviceStarted(profile="day@1", software="day"), at=self.started)
        contact = Contact(
            device=self.name, newest=self.seq, head=self.head, receipted=0, wall=self.started, mono=0, boot=BOOT
        )
        return seal_contact(contact, self.key)

    def hear(self, topic: str, message: bytes, hub_key: bytes, *, at: int) -> AnyDirective | None:
        """Take what the hub sent; return a directive that is new. Raises DayError where the hub refused something."""
        if topic == topics.receipts(self.name):
            _check(open_receipt(message, hub_key))
            return None
        numbered = open_directive(message, hub_key)
        if numbered.number <= self.settled:
            return None
        self.settled = numbered.number
        self.write(DirectiveSettled(number=numbered.number), at=at)
        return numbered.directive


def _check(receipt: Receipt) -> None:
    if receipt.refusal is not None:
        raise DayError(f"the hub refused what {receipt.device} sent: {receipt.refusal.code}: {receipt.refusal.text}")
