"""What the hub does about messages, photos, decisions and the clock, inside one transaction at a time.

Each method is: load, let a deciding file judge, write. What has to be sent is kept in `outgoing` and sent by the caller
after the commit, never before: a receipt tells a device that it may forget.
"""

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from central_hub import HubError
from central_hub.auditing import decide_audit, overdue
from central_hub.clock import day_of
from central_hub.intake import (
    PHOTO_REFUSALS,
    ChainHead,
    IntakeError,
    enrolled,
    new_records,
    read_batch,
    remarks,
    sender_of,
)
from central_hub.issuing import IssueOrder, next_step
from central_hub.settings import HubSettings
from central_hub.store.ledger import Ledger, cases_touched
from central_hub.store.records import Records
from inspection import InspectionError, topics
from inspection.case import Case, fold
from inspection.checklist import required_for
from inspection.directives import AnyDirective, Receipt, Refusal, StickerDenied, StickerGranted, VehicleRecalled
from inspection.facts import (
    AnyFact,
    CaseOpened,
    DeviceEnrolled,
    DeviceRevoked,
    DirectiveSettled,
    Entry,
    LedgerSealed,
    PhotoRefused,
    PhotoStored,
    PhotoTaken,
    RecallOrdered,
    StickerIssued,
    StickerWithheld,
)
from inspection.identities import HUB, checked_device
from inspection.rules import Circumstances, Standing, rulebook_on, shipped_rulebooks
from inspection.signing import PUBLIC_KEY_BYTES, SigningKey
from inspection.sticker import STICKER_SCHEMA, Sticker, sign_sticker, sticker_text, vin_tag
from inspection.wire import Recorded, encode_entry, seal_receipt

DIRECTIVE_RESEND_MS = 5_000
DIRECTIVES_RESENT_MAX = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """What the casework remembers inside a transaction."""

    outgoing: int
    heard: dict[str, Refusal | None]
    tree: tuple[int, tuple[bytes, ...]]


class Casework:
    """The hub's hands. now: returns the hub's time in Unix milliseconds."""

    def __init__(
        self, db: sqlite3.Connection, *, key: SigningKey, settings: HubSettings, now: Callable[[], int]
    ) -> None:
        self._db = db
        self._key = key
        self._settings = settings
        self._now = now
        self.ledger = Ledger(db, key)
        self.records = Records(db, key)
        self.outgoing: list[tuple[str, bytes]] = []
        self._heard: dict[str, Refusal | None] = {}

    def begin_hub_chain(self) -> None:
        """Enrol the hub itself, once, so that it can write facts of its own."""
        if self.ledger.chain_head(HUB) is None:
            self.ledger.add_device(HUB, "hub", "", public_key=self._key.public, password="")

    def enrol(self, device: str, kind: str, station: str, *, public_key: bytes) -> str:
        """Take in a device; return its password at the broker.

        Raises HubError when the device is enrolled with another key, when the key is none or the name cannot be one.
        Enrolling the same key again gives the password again.
        """
        checked_device(device)
        if len(public_key) != PUBLIC_KEY_BYTES:
            raise HubError(f"a public key has {PUBLIC_KEY_BYTES} bytes, not {len(public_key)}")
        known = self.ledger.chain_head(device)
        if known is not None and (known.public_key != public_key or device == HUB):
            raise HubError(f"device {device} is enrolled with another key")
        if known is not None and known.revoked:
            raise HubError(f"device {device} was revoked; enrol the new one under another name")
        if known is not None:
            query = "SELECT password FROM devices WHERE device = ?"
            return str(self._db.execute(query, (device,)).fetchone()[0])
        password = secrets.token_urlsafe(24)
        self.ledger.add_device(device, kind, station, public_key=public_key, password=password)
        self._write("", DeviceEnrolled(device=device, kind=kind, station=station, public_key=public_key))
        return password

    def revoke(self, device: str, *, reason: str) -> None:
        """Take nothing of a device any more; raises HubError when it is not enrolled. Twice is as good as once."""
        known = self.ledger.chain_head(device)
        if known is None or device == HUB:
            raise HubError(f"device {device[:40]!r} is not enrolled")
        if not known.revoked:
            self.ledger.revoke(device)
            self._write("", DeviceRevoked(device=device, reason=reason))

    def take_message(self, topic: str, payload: bytes) -> None:
        """Take in a device's message, or count why not. Never raises for what a device sent."""
        device = ""
        try:
            device = sender_of(topic)
            # No receipt goes to a device that nobody enrolled: there is no one to believe it.
            known = enrolled(device, self.ledger.chain_head(device))
            self._heard.setdefault(device, None)
            self._take_batch(known, payload)
        except IntakeError as error:
            self.records.refuse(device, error.code, str(error), at=self._now(), payload=payload)
            if device in self._heard:
                self._heard[device] = Refusal(code=error.code, text=str(error))

    def _take_batch(self, known: ChainHead, payload: bytes) -> None:
        batch = read_batch(payload, known)
        new = new_records(batch, known, self.ledger.committed_digest(known.device, batch.last))
        now = self._now()
        self.ledger.contact(known.device, at=now, sent=batch.sent)
        if not new:
            return
        self.ledger.append_batch(batch, new, received=now)
        odd = {remark.seq: remark for remark in remarks(new, self.ledger.station_of)}
        for remark in odd.values():
            self.records.refuse(known.device, remark.code, remark.text, at=now, payload=b"")
        for record in new:
            if record.entry.seq not in odd:
                self._note(record)
        for case in cases_touched(new):
            self._follow_up_or_note(case, known.device)

    def _note(self, record: Recorded) -> None:
        entry = record.entry
        match entry.fact:
            case PhotoTaken() as fact:
                if self.records.announce_photo(entry.case, entry.device, fact):
                    # The device has its receipt for these bytes and will not send them again.
                    self._write_stored(fact.photo.digest)
            case PhotoRefused() as fact:
                # Not the device's fault, and nothing to mend at the hub; but whoever looks at counts wants to see it.
                code = fact.code if fact.code in PHOTO_REFUSALS else "photo.other"
                self.records.refuse(entry.device, code, fact.detail, at=self._now(), payload=b"")
            case DirectiveSettled() as fact:
                self.records.settle_directive(entry.device, fact.number, at=self._now())
            case _:
                pass

    def _fold(self, case: str) -> Case:
        return fold(case, self.ledger.entries_of(case))

    def _follow_up_or_note(self, case: str, device: str) -> None:
        """Follow up; what cannot be decided is noted for the operator, and keeps no fact and no photo from coming in.

        Anybody enrolled can write about any case: one fact that no decision can carry must not stop another's chain.
        """
        mark = self.mark()
        self._db.execute("SAVEPOINT follow_up")
        try:
            self._follow_up(case)
        except (HubError, InspectionError) as error:
            self._db.execute("ROLLBACK TO follow_up")
            self.back_to(mark)
            self.records.refuse(device, "case.undecided", f"{case}: {error}", at=self._now(), payload=b"")
            self.records.keep_case(self._fold(case), opened_at=self.ledger.opened_at(case))
        self._db.execute("RELEASE follow_up")

    def _follow_up(self, case: str) -> Case:
        folded = self._fold(case)
        if folded.opened is not None:
            folded = self._decide_sticker(folded, folded.opened)
            self.records.keep_case(folded, opened_at=self.ledger.opened_at(case))
        return folded

    def _decide_sticker(self, case: Case, opened: CaseOpened) -> Case:
        now = self._now()
        today = day_of(now)
        station = self._settings.station(opened.station)
        around = Circumstances(
            today=today,
            standing=Standing(admitted=station.admitted, listed=station.listed),
            requirement=required_for(opened),
            earlier_sticker=self.records.other_sticker(case.case, opened),
            open_recall=self.records.other_recall(case.case, opened),
        )
        step = next_step(case, rulebook_on(today, shipped_rulebooks()), around, now=now)
        if isinstance(step, IssueOrder):
            self._issue(case, opened, step, now=now)
        elif isinstance(step, StickerWithheld):
            self._write(case.case, step)
            failed = tuple(reason for reason in step.reasons if reason.result == "failed")
            self._direct(case.device, StickerDenied(case=case.case, reasons=failed))
        return self._fold(case.case) if step else case

    def _issue(self, case: Case, opened: CaseOpened, order: IssueOrder, *, now: int) -> None:
        number = self.records.next_sticker_number(self._settings.sticker_prefix)
        sticker = Sticker(
            schema=STICKER_SCHEMA,
            number=number,
            plate_kind=opened.vehicle.plate_kind,
            plate=opened.vehicle.plate,
            vin_tag=vin_tag(opened.vehicle.vin),
            issued_on=day_of(now),
            valid_until=order.valid_until,
        )
        payload = sign_sticker(sticker, self._key)
        self.records.keep_sticker(number, case.case, payload, issued=now)
        fact = StickerIssued(
            number=number,
            payload=payload,
            valid_until=order.valid_until,
            audit_due=order.audit_due,
            rulebook=order.rulebook,
            reasons=order.reasons,
        )
        self._write(case.case, fact)
        self._direct(case.device, StickerGranted(case=case.case, number=number, payload=sticker_text(payload)))

    def store_photo(self, digest: str) -> None:
        """Write down, for every case that announced it, that a photo's bytes are on the disk."""
        for case in self._write_stored(digest):
            self._follow_up_or_note(case, HUB)

    def _write_stored(self, digest: str) -> list[str]:
        stored = self.records.photo_stored(digest, at=self._now())
        for case, size in stored:
            self._write(case, PhotoStored(digest=digest, size=size))
        return [case for case, _ in stored]

    def audit(
        self,
        case: str,
        decision: Literal["pass", "suspicious"],
        *,
        auditor: str,
        seen: int,
        reason: str = "",
        note: str = "",
    ) -> Case:
        """Write down an auditor's decision and what follows from it; raises AuditError when it is refused.

        seen: how many facts of devices the auditor saw.
        """
        folded = self._fold(case)
        facts = decide_audit(folded, decision, auditor=auditor, reason=reason, note=note, seen=seen)
        self._write(case, *facts)
        for fact in facts:
            if isinstance(fact, RecallOrdered):
                self._direct(folded.device, VehicleRecalled(case=case, reason=fact.reason))
        return self._follow_up(case)

    def check_clock(self) -> None:
        """Write down which audits are overdue, and send again what devices have not settled."""
        now = self._now()
        for case in self.records.overdue_cases(now):
            fact = overdue(self._fold(case), now=now)
            if fact is not None:
                self._write(case, fact)
                self._follow_up_or_note(case, HUB)
        devices = "SELECT DISTINCT device FROM directives WHERE settled = 0 AND written < ?"
        for (device,) in self._db.execute(devices, (now - DIRECTIVE_RESEND_MS,)).fetchall():
            messages = self.records.open_directives(
                device, written_before=now - DIRECTIVE_RESEND_MS, limit=DIRECTIVES_RESENT_MAX
            )
            self.outgoing.extend((topics.directives(device), message) for message in messages)

    def seal(self) -> None:
        """Write the ledger's size and root into the hub's own chain, so that both vouch for each other."""
        size, root = self.ledger.sealed
        self._write("", LedgerSealed(size=size, root=root))

    def _direct(self, device: str, directive: AnyDirective) -> None:
        message = self.records.add_directive(device, directive, at=self._now())
        self.outgoing.append((topics.directives(device), message))

    def _write(self, case: str, *facts: AnyFact) -> None:
        known = self.ledger.chain_head(HUB)
        if known is None:
            raise HubError("the hub's own chain was not begun")
        now, before = self._now(), known.head
        records = []
        for offset, fact in enumerate(facts, start=1):
            entry = Entry(
                device=HUB, seq=known.have + offset, before=before, wall=now, mono=0, boot="", case=case, fact=fact
            )
            records.append(encode_entry(entry))
            before = records[-1].digest
        self.ledger.append_own(tuple(records), received=now)

    def finish(self) -> None:
        """End the transaction's writes: a receipt for each device that was heard, and the seal over the ledger."""
        now = self._now()
        for device, refusal in self._heard.items():
            known = self.ledger.chain_head(device)
            if known is not None:
                receipt = Receipt(device=device, have=known.have, head=known.head, hub_time=now, refusal=refusal)
                self.outgoing.append((topics.receipts(device), seal_receipt(receipt, self._key)))
        self._heard.clear()
        self.ledger.write_seal()

    def mark(self) -> Mark:
        """Return where the memory stands, to go back there with the database."""
        return Mark(outgoing=len(self.outgoing), heard=dict(self._heard), tree=self.ledger.tree)

    def back_to(self, mark: Mark) -> None:
        """Forget what was remembered since `mark`; the caller has taken the writes back."""
        del self.outgoing[mark.outgoing :]
        self._heard = dict(mark.heard)
        self.ledger.tree = mark.tree
