"""What a device sends and what it takes, step by step (发送调度): synchronous, without a thread, a socket or a clock.

It holds where sending stands and keeps journal and vault in step with it. What goes when is decided in `courier` and
`precedence`, what may be freed in `retention`. Whoever drives it says what the time is and carries what it gives out:
`forwarding` over real wires, a simulation over none.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from edge_agent import courier, precedence, retention
from edge_agent.clock import Moment
from edge_agent.courier import CourierState, KeptPhoto, Pace, SendBatch, SendContact, Wait
from edge_agent.journal import Journal, MisdirectedError, Taken, Word
from edge_agent.keeping.chain_rows import FORGOTTEN_AT_ONCE_MAX, Covered
from edge_agent.precedence import Hold
from edge_agent.sending.events import Arrived, LinkDown, LinkEvent, LinkUp, Outcome, Refused, Stored, TryLater
from edge_agent.store import JournalError, JournalFullError
from edge_agent.vault import Vault, VaultError
from firmware_profiles.schema import Profile
from inspection import InspectionError, wire
from inspection.directives import Contact, NumberedDirective, Receipt, Refusal
from inspection.signing import SigningKey
from inspection.topics import Upward

FREED_AT_ONCE_MAX = 200
"""So many photos are freed before facts and photos get their turn again."""

_CHAIN = "device.chain"
"""This device's own word for a receipt that speaks of another chain; the hub never says it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who sends, and whom it believes. key: the device's. hub_public: the key that the hub signs with, 32 bytes."""

    device: str
    key: SigningKey
    hub_public: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message to hand to the link. last: number of its last fact; 0 for a contact."""

    kind: Upward
    payload: bytes = field(repr=False)
    last: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class PhotoToSend:
    """A photo to upload, with all its bytes. never_tried: nothing of it can be at the hub, so it need not be asked."""

    photo: KeptPhoto
    data: bytes = field(repr=False)
    never_tried: bool


@dataclass(frozen=True, slots=True)
class _PassedOver:
    """The photos that must wait now: under way, or held back. Made anew for each photo, so it copies nothing."""

    under_way: Container[str]
    held: Mapping[str, Hold]
    now: float

    def __contains__(self, digest: object) -> bool:
        hold = self.held.get(str(digest))
        return digest in self.under_way or (hold is not None and hold.until > self.now)


class DispatchStatus(NamedTuple):
    """How sending stands. fault: what is in the way, in words, empty when nothing is.

    not_taken: messages from the broker that were not believed or could not be read. hub_waiting: messages that waited
    at the hub when it last said so. paused: whether the hub asked for a pause that is not over.
    """

    connected: bool
    fault: str
    not_taken: int
    hub_waiting: int
    paused: bool


class Dispatch:
    """Where the sending of one device stands. Not for two threads at once.

    Times are moments of the device's clocks; what is waited for is told in seconds of the same monotonic clock.
    chance: random, 0 to 1. All methods may raise JournalError when the disk fails; nothing is lost by it.
    """

    def __init__(
        self, journal: Journal, vault: Vault, *, profile: Profile, identity: Identity, chance: Callable[[], float]
    ) -> None:
        self._journal = journal
        self._vault = vault
        self._profile = profile
        self._identity = identity
        self._chance = chance
        limits, retry = profile.limits, profile.upload
        self._pace = Pace(
            batch_facts_max=min(limits.batch_facts_max, wire.BATCH_FACTS_MAX),
            batch_bytes_max=limits.batch_bytes_max,
            resend_seconds_min=retry.retry_seconds_min,
            resend_seconds_max=retry.retry_seconds_max,
            gather_seconds_max=retry.gather_seconds_max,
        )
        self._made_before = journal.newest
        self._tried: set[str] = set()
        self._held: dict[str, Hold] = {}
        self._photo_failures = 0
        self._photos_held_until = 0.0
        self._bytes_per_hour_max = retry.metered_bytes_per_hour_max
        self._budget: precedence.Budget | None = None
        self._not_taken = 0
        self._hub_waiting = 0
        self._faults = {"hub": "", "receipt": "", "directive": "", "link": "", "photo": ""}
        self.begin()

    def begin(self) -> None:
        """Begin anew from what the journal holds, without a connection; what was under way counts as not sent."""
        self._under_way: dict[str, int] = {}
        newest = self._journal.newest
        self._state = CourierState(receipted=self._journal.receipted, newest=newest, at_once=newest)

    def take(self, events: Sequence[LinkEvent], at: Moment) -> None:
        """Take what the link reported, in its order; messages that came together are one commit of the journal.

        A message that is not believed or not readable is counted and passed over, and spoils none of the others.
        """
        heard = [self._opened(event) if isinstance(event, Arrived) else event for event in events]
        words = [one for one in heard if isinstance(one, Receipt | NumberedDirective)]
        outcomes = iter(self._committed(words, at))
        for one in heard:
            if isinstance(one, Receipt | NumberedDirective):
                self._note(one, next(outcomes), at)
            elif one is None:
                self._not_taken += 1
            else:
                self._note_link(one, at)

    def next_message(self, at: Moment) -> Message | Wait:
        """Return what to hand to the link now, or until when there is nothing; say by `handed_over` what came of it."""
        now = at.mono / 1000
        self._note_newest(at)
        self._state, step = courier.next_step(self._state, now, self._pace)
        if isinstance(step, SendBatch):
            return self._batch(step, at)
        if isinstance(step, SendContact):
            return self._contact(at)
        return step

    def handed_over(self, message: Message, at: Moment, *, taken: bool) -> None:
        """Note whether the link took the message; that it did says nothing about the hub."""
        now = at.mono / 1000
        if not taken:
            self._state = courier.after_send_failure(self._state, now=now, pace=self._pace, chance=self._chance())
        elif message.kind == "contact":
            self._state = courier.after_contact(self._state, now=now)
        else:
            self._state = courier.after_send(self._state, message.last, now=now, pace=self._pace, chance=self._chance())

    def next_photo(self, at: Moment) -> PhotoToSend | Wait:
        """Return the photo to upload now, or until when there is none; say by `photo_done` what came of it.

        Several may be under way; none is given out twice at a time. One that the vault cannot read is marked, and the
        next is asked for anew: a vault that lost its photos must not hold up the facts.
        """
        now = at.mono / 1000
        if not courier.photos_may_go(self._state, now):
            return Wait(None)
        if self._photos_held_until > now:
            return Wait(self._photos_held_until)
        photo = self._journal.first_photo(_PassedOver(self._under_way, self._held, now))
        if photo is None:
            return Wait(min((hold.until for hold in self._held.values() if hold.until > now), default=None))
        affordable_at = self._affordable_at(photo.size, now)
        if affordable_at > now:
            return Wait(affordable_at)
        data = self._bytes_of(photo, now)
        return Wait(now) if data is None else self._given_out(photo, data)

    def photo_done(self, photo: KeptPhoto, outcome: Outcome, *, at: Moment, sent_bytes: int) -> None:
        """Note what came of an upload. sent_bytes: how many bytes of the photo went out, taken or not."""
        now = at.mono / 1000
        self._spend(sent_bytes - self._under_way.pop(photo.digest, 0))
        self._tried.add(photo.digest)
        if isinstance(outcome, Stored):
            self._journal.receipt_photo(photo.digest)
            self._held.pop(photo.digest, None)
            self._tried.discard(photo.digest)
            self._photo_failures, self._photos_held_until, self._faults["photo"] = 0, 0.0, ""
        elif isinstance(outcome, Refused):
            self._refuse(photo, Refusal(code=outcome.code, text=outcome.text), now)
        else:
            self._try_later(photo, now)
            self._faults["photo"] = outcome.reason if isinstance(outcome, TryLater) else ""

    def tidy(self) -> bool:
        """Free photos and forget facts whose time is over, by the hub's time; return whether more is left to free."""
        journal, policy = self._journal, self._profile.retention
        receipted, hub_time = journal.receipted, journal.hub_time
        oldest = journal.oldest_receipted(FREED_AT_ONCE_MAX)
        over = retention.freeable(oldest, policy, hub_time=hub_time, receipted=receipted)
        for digest in over:
            self._vault.free(digest)
        if over:
            journal.free_photo(*over)
        forgotten = journal.forget(retention.facts_kept_from(policy, hub_time))
        return len(over) == FREED_AT_ONCE_MAX or forgotten >= FORGOTTEN_AT_ONCE_MAX

    def status(self, at: Moment) -> DispatchStatus:
        """Return how it stands."""
        fault = next((text for text in self._faults.values() if text), "")
        paused = self._state.paused_until > at.mono / 1000
        return DispatchStatus(self._state.connected, fault, self._not_taken, self._hub_waiting, paused)

    def _note_newest(self, at: Moment) -> None:
        journal = self._journal
        uploading = bool(self._under_way)
        urgent = precedence.urgent_upto(journal.newest_urgent, journal.newest_photo, uploading=uploading)
        self._state = courier.after_record(self._state, journal.newest, urgent=urgent, now=at.mono / 1000)

    def _batch(self, step: SendBatch, at: Moment) -> Message:
        facts = self._journal.unsent(step.first, step.last - step.first + 1)
        if not facts or facts[0].seq != step.first:
            raise JournalError(f"fact {step.first} is not in the journal any more, and the hub does not have it")
        sizes = [len(fact.raw) for fact in facts]
        facts = facts[: min(wire.fits_in_batch(sizes), courier.fitting(sizes, self._pace))]
        head = (self._identity.device, facts[-1].seq, facts[-1].digest)
        payload = wire.seal_raw_batch([fact.raw for fact in facts], head, sent=at.wall, key=self._identity.key)
        return Message(kind="facts", payload=payload, last=facts[-1].seq)

    def _contact(self, at: Moment) -> Message:
        counts = self._journal.counts()
        contact = Contact(
            device=self._identity.device,
            newest=counts.newest,
            head=self._journal.head,
            receipted=counts.receipted,
            wall=at.wall,
            mono=at.mono,
            boot=at.boot,
            photos_waiting=counts.photos_waiting,
            refused=len(self._journal.refusals()),
        )
        return Message(kind="contact", payload=wire.seal_contact(contact, self._identity.key))

    def _note_link(self, event: LinkUp | LinkDown, at: Moment) -> None:
        if isinstance(event, LinkUp):
            self._faults["link"] = ""
            self._note_newest(at)
            self._state = courier.after_link(self._state, connected=True)
            self._release_photos()
        else:
            self._faults["link"] = event.reason
            self._state = courier.after_link(self._state, connected=False)

    def _opened(self, message: Arrived) -> Word | None:
        opened = wire.open_receipt if message.what == "receipt" else wire.open_directive
        try:
            return opened(message.payload, self._identity.hub_public)
        except InspectionError:
            return None

    def _committed(self, words: Sequence[Word], at: Moment) -> list[Taken]:
        if not words:
            return []
        try:
            return self._journal.take(words, at)
        except JournalFullError as error:
            if len(words) == 1:
                return [error]
        # One of them found no room; that keeps none of the others out.
        return [outcome for word in words for outcome in self._committed([word], at)]

    def _note(self, word: Word, outcome: Taken, at: Moment) -> None:
        what = "receipt" if isinstance(word, Receipt) else "directive"
        if isinstance(outcome, MisdirectedError):
            self._not_taken += 1
        elif isinstance(outcome, JournalFullError):
            # The hub repeats both until there is room; a receipt keeps no floor free and so settles long after a
            # directive does not.
            self._faults[what] = str(outcome)
        else:
            self._faults[what] = ""
            if isinstance(word, Receipt):
                self._note_receipt_where_there_is_room(word, outcome, at)

    def _note_receipt_where_there_is_room(self, receipt: Receipt, outcome: Taken, at: Moment) -> None:
        try:
            self._note_receipt(receipt, outcome, at)
        except JournalFullError as error:
            # The next receipt says the same again; the words beside this one are noted all the same.
            self._faults["receipt"] = str(error)

    def _note_receipt(self, receipt: Receipt, outcome: Taken, at: Moment) -> None:
        now, refused = at.mono / 1000, receipt.refusal
        if isinstance(outcome, Covered):
            receipted, newer = outcome
        else:
            # Sending on cannot mend it; a person has to look. Until then everything waits, and is shown.
            receipted, newer, refused = self._state.receipted, False, Refusal(code=_CHAIN, text=str(outcome))
        if receipt.photos_missing:
            self._journal.take_back_photos(receipt.photos_missing)
        self._note_refusal(refused, receipted)
        if refused is None and newer and receipted == self._state.receipted:
            self._state = courier.after_sign_of_life(self._state)
        self._state = courier.after_receipt(
            self._state,
            receipted,
            refused=refused.code if refused else "",
            now=now,
            pace=self._pace,
            chance=self._chance(),
        )
        self._state = courier.after_pause(self._state, receipt.pause_ms, now=now)
        self._hub_waiting = receipt.waiting

    def _note_refusal(self, refused: Refusal | None, receipted: int) -> None:
        journal = self._journal
        if refused is not None and refused.code != courier.GAP:
            self._faults["hub"] = refused.text
            # A later receipt of the same commit may have settled that fact meanwhile.
            if journal.receipted <= receipted < journal.newest:
                journal.mark_refused(refused, receipted + 1)
        elif receipted > self._state.receipted or receipted >= journal.newest:
            # A contact is answered without a refusal even while a fact stands refused: only progress lifts it.
            self._faults["hub"] = ""

    def _given_out(self, photo: KeptPhoto, data: bytes) -> PhotoToSend:
        # All of it counts as spent until it is known how much went out: others may start meanwhile.
        self._under_way[photo.digest] = photo.size
        self._spend(photo.size)
        new = photo.seq > self._made_before and photo.digest not in self._tried
        return PhotoToSend(photo=photo, data=data, never_tried=new)

    def _bytes_of(self, photo: KeptPhoto, now: float) -> bytes | None:
        try:
            return self._vault.read(photo.digest)
        except VaultError as error:
            self._refuse(photo, Refusal(code="photo.not_in_vault", text=str(error)), now)
            return None

    def _refuse(self, photo: KeptPhoto, refusal: Refusal, now: float) -> None:
        self._journal.refuse_photo(photo.digest, refusal)
        self._held[photo.digest] = Hold(now + self._pace.resend_seconds_max, 0)

    def _try_later(self, photo: KeptPhoto, now: float) -> None:
        pause = courier.retry_seconds(self._photo_failures, self._pace, self._chance())
        self._photo_failures += 1
        self._photos_held_until = max(self._photos_held_until, now + pause)
        failures = self._held[photo.digest].failures if photo.digest in self._held else 0
        seconds = precedence.hold_seconds(pause, failures, self._pace.resend_seconds_max)
        self._held[photo.digest] = Hold(now + seconds, failures + 1)

    def _release_photos(self) -> None:
        # Back-off may have come to minutes while there was no link at all; what was refused waits on.
        self._photo_failures, self._photos_held_until = 0, 0.0
        self._held = {digest: hold for digest, hold in self._held.items() if not hold.failures}

    def _affordable_at(self, size: int, now: float) -> float:
        if self._bytes_per_hour_max is None:
            return now
        budget = self._budget or precedence.full_budget(self._bytes_per_hour_max, now)
        self._budget = precedence.refilled(budget, self._bytes_per_hour_max, now)
        return precedence.may_spend_at(self._budget, size, self._bytes_per_hour_max)

    def _spend(self, size: int) -> None:
        if self._budget is not None:
            self._budget = precedence.spent(self._budget, size)
