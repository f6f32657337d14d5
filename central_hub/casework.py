"""What the hub does about messages, photos, decisions and the clock, inside one transaction at a time.

Each method is: load, let a deciding file judge, write. What has to be sent is kept until the caller has committed, and
told only then: a receipt tells a device that it may forget.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from central_hub import HubError
from central_hub.deciding.auditing import overdue
from central_hub.deciding.intake import (
    FORKS,
    PHOTO_REFUSALS,
    ChainHead,
    IntakeError,
    check_contact,
    enrolled,
    foreign,
    new_records,
    pause_ms,
    read_batch,
    read_contact,
    remarks,
    sender_of,
)
from central_hub.engine import Engine
from central_hub.enrolment import Enrolment
from central_hub.hand import HandMark, HubHand
from central_hub.settings import HubSettings
from central_hub.store.database import Database
from central_hub.store.ledger import cases_touched
from inspection import InspectionError, topics
from inspection.directives import Receipt, Refusal
from inspection.facts import (
    DirectiveSettled,
    Entry,
    LedgerSealed,
    PhotoRefused,
    PhotoStored,
    PhotoTaken,
    StickerPrinted,
)
from inspection.identities import HUB
from inspection.signing import SigningKey
from inspection.wire import seal_receipt

DIRECTIVE_RESEND_MS = 5_000
DIRECTIVE_RESEND_BUSY_MS = 60_000
DIRECTIVES_RESENT_MAX = 1_000
SILENT_MS_MIN = 150_000
"""A device speaks up every minute; one that was not heard for so long is away, and nothing is sent into the void."""
OVERDUE_AT_ONCE_MAX = 500
CASES_REWRITTEN_AT_ONCE_MAX = 500
"""Of the rows that an older program wrote, so many are written anew at each tick of the clock."""
RESTORED = (
    "the device says that it has a directive which this hub does not know. If the hub was put back to an older state, "
    "numbers of stickers that were issued since are free again here: set another sticker_prefix in hub.toml"
)
PHOTOS_MISSING_MAX = 100
"""So many photos a receipt names that a device is asked to send again; the next one names more."""


class _Heard(NamedTuple):
    """A device that was heard in this transaction: number and hash of its newest fact here, and what was refused."""

    have: int
    head: bytes
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """What the casework remembers inside a transaction."""

    heard: dict[str, _Heard]
    hand: HandMark


@dataclass(frozen=True, kw_only=True, slots=True)
class Supplies:
    """What an installation gives its casework.

    rulebooks: name and text of its own ones, whose signatures were checked. entropy: returns so many random bytes.
    address: returns what a sticker's text leads to, as its QR code says it.
    """

    rulebooks: Sequence[tuple[str, str]] = ()
    entropy: Callable[[int], bytes] = os.urandom
    address: Callable[[str], str] = str


SUPPLIES = Supplies()


class Casework:
    """The hub's casework. now: returns the hub's time in Unix milliseconds. waiting: how many messages wait."""

    def __init__(
        self,
        db: Database,
        *,
        key: SigningKey,
        settings: HubSettings,
        now: Callable[[], int],
        waiting: Callable[[], int] = lambda: 0,
        supplies: Supplies = SUPPLIES,
    ) -> None:
        self._db = db
        self._key = key
        self._now = now
        self._waiting = waiting
        self._entropy = supplies.entropy
        self.hand = HubHand(db, key=key, settings=settings, now=now)
        self.ledger = self.hand.ledger
        self.records = self.hand.records
        self.enrolment = Enrolment(self.ledger, self.records, key=key, now=now)
        self.engine = Engine(self.hand, rulebooks=supplies.rulebooks, address=supplies.address)
        self._heard: dict[str, _Heard] = {}
        self._careful = True
        self._missing: dict[str, tuple[str, ...]] = {}

    def begin(self, *, careful: bool = True) -> None:
        """Begin a transaction's work. careful: whether what cannot be decided is taken back behind a savepoint.

        Without, it is raised: the caller then takes all back and comes again with care.
        """
        self._careful = careful
        self.hand.begin()

    def take_message(self, topic: str, payload: bytes, *, carried: bool = False) -> Refusal | None:
        """Take in a device's message, or count why not and return it. Never raises for what a device sent.

        carried: whether it came on a stick, and so says nothing of how the device's clock stands now.
        """
        device = ""
        try:
            device, kind = sender_of(topic)
            # No receipt goes to a device that nobody enrolled: there is no one to believe it.
            known = self.ledger.chain_head(device)
            if known is not None and not known.revoked:
                self._heard.setdefault(device, _Heard(known.have, known.head))
            known = enrolled(device, known)
            if kind == "facts":
                self._take_batch(known, payload, carried=carried)
            else:
                self._take_contact(known, payload)
        except IntakeError as error:
            return self._refuse(device, error, payload)
        return None

    def _refuse(self, device: str, error: IntakeError, payload: bytes) -> Refusal:
        self.records.refuse(device, error.code, str(error), at=self._now(), payload=payload)
        refusal = Refusal(code=error.code, text=str(error))
        if device in self._heard:
            self._heard[device] = self._heard[device]._replace(refusal=refusal)
        if error.code in FORKS:
            self.enrolment.quarantine(device, error.code, str(error))
        return refusal

    def _take_contact(self, known: ChainHead, payload: bytes) -> None:
        contact = read_contact(payload, known)
        self.records.keep_contact(contact, at=self._now())
        check_contact(contact, known, self.ledger.committed_digest(known.device, contact.newest))
        self._missing[known.device] = self.records.missing_photos(
            known.device, waiting=contact.photos_waiting, limit=PHOTOS_MISSING_MAX
        )

    def _take_batch(self, known: ChainHead, payload: bytes, *, carried: bool) -> None:
        batch = read_batch(payload, known)
        committed = self.ledger.committed_digest(known.device, batch.last) if batch.last <= known.have else None
        new = new_records(batch, known, committed)
        now = self._now()
        if not new:
            if not carried:
                self.records.heard(known.device, at=now, sent=batch.sent)
            return
        for record in new:
            self.hand.folds.begin_case(record.entry)
        self.ledger.append_batch(batch, new, received=now, carried=carried)
        self._heard[known.device] = self._heard[known.device]._replace(have=new[-1].entry.seq, head=new[-1].digest)
        odd = {remark.seq: remark for remark in remarks(new, self.ledger.station_of)}
        for remark in odd.values():
            self.records.refuse(known.device, remark.code, remark.text, at=now, payload=b"")
        entries = [record.entry for record in new]
        # Without a remark it is not foreign; with one it may be both foreign and something else.
        self.hand.folds.add_all(
            entry for entry in entries if entry.seq not in odd or foreign(entry, self.ledger.station_of) is None
        )
        counted = [entry for entry in entries if entry.seq not in odd]
        self._announce_photos(known.device, counted, at=now)
        for entry in counted:
            self._note(entry)
        for case in cases_touched(new):
            self._follow_up_or_note(case, known.device)

    def _announce_photos(self, device: str, entries: Iterable[Entry], *, at: int) -> None:
        taken = [(entry.case, entry.fact) for entry in entries if isinstance(entry.fact, PhotoTaken)]
        # A device has its receipt for bytes that are here already, and will not send them again.
        here: dict[str, list[PhotoStored]] = {}
        for case, fact in self.records.announce_photos(device, taken, at=at):
            stored = PhotoStored(digest=fact.photo.digest, size=fact.photo.size)
            here.setdefault(case, []).append(stored)
        for case, facts in here.items():
            self.hand.write(case, *facts)

    def _note(self, entry: Entry) -> None:
        match entry.fact:
            case PhotoRefused() as fact:
                # Not the device's fault, and nothing to mend at the hub; but whoever looks at counts wants to see it.
                code = fact.code if fact.code in PHOTO_REFUSALS else "photo.other"
                self.records.refuse(entry.device, code, fact.detail, at=self._now(), payload=b"")
            # Each directive that a device settled was a fact of its own: a greater number cannot be true.
            case DirectiveSettled() as fact if fact.number <= entry.seq:
                if not self.records.settle_directive(entry.device, fact.number, at=self._now()):
                    self.records.refuse(entry.device, "hub.restored", RESTORED, at=self._now(), payload=b"")
            case StickerPrinted() as fact:
                wrong = self.engine.stickers.reported(entry.device, entry.case, fact)
                if wrong is not None:
                    self.records.refuse(entry.device, *wrong, at=self._now(), payload=b"")
            case _:
                pass

    def _follow_up_or_note(self, case: str, device: str) -> None:
        """Follow up; what cannot be decided is noted for the operator, and keeps no fact and no photo from coming in.

        Anybody enrolled can write about any case: one fact that no decision can carry must not stop another's chain.
        """
        if not self._careful:
            self.hand.follow_up(case)
            return
        mark = self.mark()
        self._db.execute("SAVEPOINT follow_up")
        try:
            self.hand.follow_up(case)
        except (HubError, InspectionError) as error:
            self._db.execute("ROLLBACK TO SAVEPOINT follow_up")
            self.back_to(mark)
            self.records.refuse(device, "case.undecided", f"{case}: {error}", at=self._now(), payload=b"")
            self.records.keep_case(self.hand.case(case), opened_at=self.ledger.opened_at(case))
        self._db.execute("RELEASE SAVEPOINT follow_up")

    def store_photo(self, digest: str) -> None:
        """Write down, for every case that announced it, that a photo's bytes are on the disk."""
        for case in self._write_stored(digest):
            self._follow_up_or_note(case, HUB)

    def _write_stored(self, digest: str) -> list[str]:
        stored = self.records.photo_stored(digest, at=self._now())
        for case, size in stored:
            self.hand.write(case, PhotoStored(digest=digest, size=size))
        return [case for case, _ in stored]

    def start(self) -> None:
        """Do what a hub does before anybody comes: begin its own chain, follow the rules, commit to the day's seeds."""
        self.enrolment.begin_hub_chain()
        self.engine.stickers.date_old()
        self.engine.keep_clock(self._entropy, recalls=OVERDUE_AT_ONCE_MAX)

    def enrol(self, device: str, kind: str, station: str, *, public_key: bytes) -> str:
        """Take in a device and tell it what it has to know; return its password at the broker. Raises HubError."""
        password = self.enrolment.enrol(device, kind, station, public_key=public_key)
        self.engine.welcome(device)
        return password

    def check_clock(self) -> None:
        """Write down what is overdue, do what the day asks for, and send again what devices have not settled."""
        now = self._now()
        self.engine.keep_clock(self._entropy, recalls=OVERDUE_AT_ONCE_MAX)
        for case in self.records.cases_of_before(limit=CASES_REWRITTEN_AT_ONCE_MAX):
            self.records.keep_case(self.hand.case(case), opened_at=self.ledger.opened_at(case))
        for case in self.records.overdue_cases(now, limit=OVERDUE_AT_ONCE_MAX):
            fact = overdue(self.hand.case(case), now=now)
            if fact is not None:
                self.hand.write(case, fact)
                self._follow_up_or_note(case, HUB)
        before = now - DIRECTIVE_RESEND_MS
        busy, silent = now - DIRECTIVE_RESEND_BUSY_MS, now - SILENT_MS_MIN
        for device in self.records.waiting_devices(written_before=before, busy_before=busy, heard_after=silent):
            messages = self.records.open_directives(device, written_before=before, limit=DIRECTIVES_RESENT_MAX)
            for message in messages:
                self.hand.send(topics.directives(device), message)

    def count_refusal(self, device: str, code: str, text: str) -> None:
        """Count for the operator what a door did not take of a device."""
        self.records.refuse(device, code, text, at=self._now(), payload=b"")

    def ask_again(self, device: str) -> None:
        """Send a device its receipt again: whatever it wrote beyond that it then sends again.

        Raises HubError for one that is not enrolled, or not taken any more.
        """
        known = self.ledger.chain_head(device)
        if known is None or known.revoked or device == HUB:
            raise HubError(f"device {device[:40]!r} is not enrolled")
        self._heard.setdefault(device, _Heard(known.have, known.head))

    def seal(self) -> None:
        """Write the ledger's size and root into the hub's own chain, so that both vouch for each other."""
        size, root = self.ledger.sealed
        self.hand.write("", LedgerSealed(size=size, root=root))

    def finish(self) -> None:
        """End the transaction's writes: a receipt for each device that was heard, and the seal over the ledger."""
        now, waiting = self._now(), self._waiting()
        for device, heard in self._heard.items():
            receipt = Receipt(
                device=device,
                have=heard.have,
                head=heard.head,
                hub_time=now,
                refusal=heard.refusal,
                waiting=waiting,
                pause_ms=pause_ms(waiting),
                photos_missing=self._missing.get(device, ()),
            )
            self.hand.send(topics.receipts(device), seal_receipt(receipt, self._key))
        self._heard.clear()
        self._missing.clear()
        self.ledger.finish(at=now)

    def committed(self) -> list[tuple[str, bytes]]:
        """Take note that all of it is on the disk; return what is to be sent now."""
        return self.hand.committed()

    def mark(self) -> Mark:
        """Return where the memory stands, to go back there with the database."""
        return Mark(heard=dict(self._heard), hand=self.hand.mark())

    def back_to(self, mark: Mark) -> None:
        """Forget what was remembered since `mark`; the caller takes the writes back."""
        self._heard = dict(mark.heard)
        self.hand.back_to(mark.hand)
