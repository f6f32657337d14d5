"""The journal (日志): every fact of this device, in its chain, until long after the hub has receipted it.

Knows what is written together: facts, receipts, refusals, directives and what is known about each photo; the rows are
`keeping`'s, the disk is `store`'s. What is sent when is `courier`'s, what may be let go is `retention`'s.

Commit, then tell: what `record` returned is on the disk. Receipt, then forget: a fact leaves only by `forget`, and only
when a receipt that names our own hash has covered it.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from edge_agent import precedence
from edge_agent.clock import Moment
from edge_agent.courier import KeptPhoto, PhotoState
from edge_agent.keeping import chain_rows, photo_rows
from edge_agent.keeping.chain_rows import Covered, Pairing
from edge_agent.store import REAL_DISK, Disk, JournalError, Store
from edge_agent.wanted.duties import Duty, open_duties
from inspection import wire
from inspection.directives import NumberedDirective, Receipt, Refusal, StickerDenied, StickerGranted
from inspection.facts import AnyFact, CaseAbandoned, CaseOpened, DirectiveSettled, Entry, PhotoTaken
from inspection.identities import case_id
from inspection.signing import CHAIN_START, digest
from inspection.wire import Recorded

_directive_decoder = msgspec.msgpack.Decoder(NumberedDirective)


class MisdirectedError(JournalError):
    """A receipt or directive that is for another device."""


class Counts(NamedTuple):
    """How much the journal holds: facts and photos that wait, and what was refused."""

    newest: int
    receipted: int
    directives: int
    photos_waiting: int
    photo_bytes_waiting: int
    photos_refused: int


class ShownRefusal(NamedTuple):
    """A refusal that stands: the fact's number or the photo's digest, the hub's code and its words."""

    about: str
    code: str
    text: str


class Unsent(NamedTuple):
    """A fact as it is sent: its number, its hash (32 bytes) and its bytes."""

    seq: int
    digest: bytes
    raw: bytes


class Settlement(NamedTuple):
    """A directive with the number of the fact by which this device said that it has it."""

    numbered: NumberedDirective
    seq: int


class Directed(NamedTuple):
    """What became of a directive. kept: whether it was the next one and was written; else it was passed over."""

    kept: bool


Word = Receipt | NumberedDirective
"""What the hub says over the network."""

Taken = Covered | Directed | JournalError
"""What came of it: of a receipt, of a directive, or the error with which it was not taken."""


class Journal:
    """The journal of `device` in the file at `path`, which `Journal.create` made.

    free_bytes_min: below this much free space no fact is written. disk: the real one, or what stands in for it.
    Raises JournalError when the file is missing, damaged, of another device, or its chain does not hold.
    """

    def __init__(self, path: Path, device: str, *, free_bytes_min: int = 0, disk: Disk = REAL_DISK) -> None:
        self._store = Store(path, free_bytes_min=free_bytes_min, disk=disk)
        self._device = device
        self._newest_urgent = self._newest_photo = 0
        try:
            self._check_owner()
            chain_rows.check_chain(self._store, device)
        except JournalError:
            self._store.close()
            raise

    @classmethod
    def create(cls, path: Path, device: str, *, disk: Disk = REAL_DISK) -> None:
        """Make an empty journal; raises JournalError when there is a file already."""
        Store.create(path, device, disk=disk)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record(self, fact: AnyFact, at: Moment, *, case: str = "") -> Recorded:
        """Commit one fact and return it; a CaseOpened gets the id of the case that it opens.

        Raises JournalFullError, JournalError, or WireError when the fact is too large.
        """
        with self._store.writing() as connection:
            return self._append(connection, fact, at, case)

    def record_all(self, facts: Sequence[AnyFact], at: Moment, *, case: str = "") -> list[Recorded]:
        """Commit several facts at once, all or none, and return them; a CaseOpened opens the case of those after it.

        Raises as `record` does.
        """
        recorded: list[Recorded] = []
        with self._store.writing() as connection:
            for fact in facts:
                recorded.append(self._append(connection, fact, at, case))
                case = recorded[-1].entry.case
        return recorded

    def unsent(self, first: int, limit: int) -> list[Unsent]:
        """Return at most `limit` facts from number `first` on, in their order, as they are sent: not decoded.

        Raises JournalError when one was damaged on the disk.
        """
        rows = self._store.rows("SELECT seq, digest, raw FROM facts WHERE seq >= ? ORDER BY seq LIMIT ?", first, limit)
        for seq, head, raw in rows:
            if digest(raw) != head:
                raise JournalError(f"fact {seq} of {self._device} was damaged on the disk")
        return [Unsent(*row) for row in rows]

    def unreceipted(self, after_seq: int, limit: int) -> list[Recorded]:
        """Return at most `limit` facts after `after_seq` that have no receipt, in their order."""
        after = max(after_seq, self.receipted)
        return self._records("SELECT raw FROM facts WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)

    def of_case(self, case: str) -> list[Recorded]:
        """Return the facts of a case that are still here, in their order."""
        return self._records("SELECT raw FROM facts WHERE case_id = ? ORDER BY seq", case)

    def openings(self) -> list[Recorded]:
        """Return the facts that opened a case here, oldest first; a case's id says which fact that was."""
        return self._records("SELECT raw FROM facts WHERE case_id = ? || '.' || seq ORDER BY seq", self._device)

    @property
    def newest(self) -> int:
        """Number of the newest fact, 0 before the first."""
        return int(self._store.rows("SELECT coalesce(max(seq), 0) FROM facts")[0][0])

    @property
    def newest_urgent(self) -> int:
        """Number of the newest urgent fact since this was opened, 0 before one; `precedence` says which are."""
        return self._newest_urgent

    @property
    def newest_photo(self) -> int:
        """Number of the newest fact since this was opened that announced a photo, 0 before one."""
        return self._newest_photo

    @property
    def receipted(self) -> int:
        """Number of the last fact that the hub has, with all before it."""
        return int(self._store.rows("SELECT receipted FROM chain")[0][0])

    @property
    def hub_time(self) -> int:
        """The newest time that the hub told, Unix milliseconds, 0 before the first receipt."""
        return int(self._store.rows("SELECT hub_time FROM chain")[0][0])

    @property
    def head(self) -> bytes:
        """Hash of the newest fact, 32 bytes; CHAIN_START before the first."""
        found = self._store.rows("SELECT digest FROM facts ORDER BY seq DESC LIMIT 1")
        return bytes(found[0][0]) if found else CHAIN_START

    def settle(self, receipt: Receipt) -> int:
        """Take the hub's word for what it has, by file, and return the number of the last receipted fact.

        It says nothing about the clocks: nobody knows how long it was on its way. A receipt that comes late or twice
        changes nothing. A newer one that names fewer facts means that the hub lost some (it was restored from a
        backup): they wait again. Raises JournalError when the receipt is for another device, or its hash is not the one
        of our fact: the hub then speaks of another chain.
        """
        with self._store.writing(needs_room=False, lasting=False) as connection:
            return self._settle(connection, receipt, None).receipted

    def take_back_photos(self, digests: Iterable[str]) -> None:
        """Let photos wait again that the hub says it does not have any more: it was restored from a backup."""
        with self._store.writing(needs_room=False) as connection:
            photo_rows.take_back_named(connection, digests)

    def pairings(self) -> list[Pairing]:
        """Return how the clocks of the newest boots stood to the hub's, oldest first, at most BOOTS_MAX."""
        return chain_rows.pairings(self._store)

    def mark_refused(self, refusal: Refusal, seq: int) -> None:
        """Keep why the hub did not take fact `seq`, to be shown until it does. The fact stays and is sent again."""
        with self._store.writing(needs_room=False) as connection:
            values = (seq, refusal.code, refusal.text)
            connection.execute("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?)", values)

    def refusals(self) -> list[ShownRefusal]:
        """Return the refusals that stand, of facts first, then of photos."""
        facts = self._store.rows("SELECT seq, code, text FROM refusals ORDER BY seq")
        photos = photo_rows.refused(self._store)
        return [ShownRefusal(str(about), code, text) for about, code, text in (*facts, *photos)]

    def forget(self, before_hub_time: int) -> int:
        """Delete the oldest facts that were receipted before that hub time (Unix milliseconds); return how many.

        At most FORGOTTEN_AT_ONCE_MAX; facts that were receipted within one hour leave together, by the latest of them.
        The newest fact, the newest receipted one and every fact after it always stay: the chain goes on from there.
        """
        with self._store.writing(needs_room=False) as connection:
            return chain_rows.forget(connection, before_hub_time)

    def take(self, words: Sequence[Word], at: Moment) -> list[Taken]:
        """Take what the hub said, in one commit, and return what came of each word, in their order.

        A directive is kept together with the fact that says so. One that came before is passed over, and so is one
        after a gap: the hub sends the missing one again, and then this one. What cannot be taken gives its error, and
        spoils none of the others: MisdirectedError, JournalFullError for a directive when the floor of free space is
        reached, or what `settle` raises.
        Raises JournalFullError or JournalError when the disk refuses: then nothing of it is taken.
        """
        # A receipt that a power cut takes back comes again; nothing is let go on its word before a lasting write.
        lasting = any(isinstance(word, NumberedDirective) for word in words)
        with self._store.writing(needs_room=False, lasting=lasting) as connection:
            return [self._taken(connection, word, at) for word in words]

    def directives_for(self, case: str) -> list[Settlement]:
        """Return the directives about a case, in their order."""
        rows = self._store.rows("SELECT body, settled FROM directives WHERE case_id = ? ORDER BY number", case)
        return [Settlement(_directive_decoder.decode(body), settled) for body, settled in rows]

    def duties(self) -> list[Duty]:
        """Return what the hub wants done at this station and is not done yet (待办), oldest first."""
        rows = self._store.rows("SELECT body, settled FROM directives WHERE case_id <> '' ORDER BY number")
        wanted = [Settlement(_directive_decoder.decode(body), settled) for body, settled in rows]
        cases = sorted({settled.numbered.directive.case for settled in wanted})
        own = [record.entry for case in cases for record in self.of_case(case)]
        return open_duties(wanted, [(entry.seq, entry.case, entry.fact) for entry in own])

    def wait_until(self, holds: Callable[[], bool], seconds_left: Callable[[], float]) -> bool:
        """Return whether `holds` came true, asked again after each commit of any thread, while seconds are left."""
        with self._store.changed:
            while not holds():
                left = seconds_left()
                if left <= 0:
                    return False
                self._store.changed.wait(left)
            return True

    def fact(self, seq: int) -> Recorded | None:
        """Return one fact, or None when it is not here (any more)."""
        found = self._records("SELECT raw FROM facts WHERE seq = ?", seq)
        return found[0] if found else None

    def photos(self, state: PhotoState) -> list[KeptPhoto]:
        """Return all photos in that state, oldest first."""
        return photo_rows.in_state(self._store, state)

    def photo(self, digest: str) -> KeptPhoto | None:
        """Return what is known about one photo, or None."""
        return photo_rows.one(self._store, digest)

    def first_photo(self, passed_over: Container[str]) -> KeptPhoto | None:
        """Return the photo whose turn it is, by `precedence`, or None; passed_over: digests that must wait."""
        return photo_rows.first_to_send(self._store, passed_over)

    def oldest_receipted(self, limit: int) -> list[KeptPhoto]:
        """Return the photos that the hub has had for longest and that are still here."""
        return photo_rows.oldest_receipted(self._store, limit)

    def receipt_photo(self, digest: str) -> None:
        """Note that the hub has committed the photo's bytes."""
        with self._store.writing(needs_room=False) as connection:
            photo_rows.note_receipt(connection, digest)

    def refuse_photo(self, digest: str, refusal: Refusal) -> None:
        """Keep why a photo was not taken, to be shown; the photo stays where it is."""
        with self._store.writing(needs_room=False) as connection:
            photo_rows.note_refusal(connection, digest, refusal)

    def free_photo(self, *digests: str) -> None:
        """Note that receipted photos' bytes are no longer in the vault; one without a receipt is not touched."""
        with self._store.writing(needs_room=False) as connection:
            photo_rows.note_freed(connection, digests)

    def counts(self) -> Counts:
        """Return how much waits here."""
        kept, size = photo_rows.waiting(self._store)
        refused = self._store.rows("SELECT count(*) FROM photos WHERE refused_code != ''")[0][0]
        directives = self._store.rows("SELECT coalesce(max(number), 0) FROM directives")[0][0]
        return Counts(self.newest, self.receipted, directives, kept, size, refused)

    def _taken(self, connection: Any, word: Word, at: Moment) -> Taken:
        try:
            if isinstance(word, Receipt):
                return self._settle(connection, word, at)
            return self._keep(connection, word, at)
        except JournalError as error:
            # All of these are raised before the first write, so nothing of this word is in the transaction.
            return error

    def _settle(self, connection: Any, receipt: Receipt, at: Moment | None) -> Covered:
        if receipt.device != self._device:
            raise MisdirectedError(f"this is a receipt for {receipt.device[:40]}, not for {self._device}")
        return chain_rows.settle(connection, receipt, at)

    def _keep(self, connection: Any, numbered: NumberedDirective, at: Moment) -> Directed:
        if numbered.device != self._device:
            raise MisdirectedError(f"this is a directive for {numbered.device[:40]}, not for {self._device}")
        self._store.check_room()
        last = connection.execute("SELECT coalesce(max(number), 0) FROM directives").fetchone()[0]
        if numbered.number != last + 1:
            return Directed(kept=False)
        case = numbered.directive.case
        settled = self._append(connection, DirectiveSettled(number=numbered.number), at, "")
        values = (numbered.number, case, msgspec.msgpack.encode(numbered), settled.entry.seq)
        connection.execute("INSERT INTO directives VALUES (?, ?, ?, ?)", values)
        if isinstance(numbered.directive, StickerGranted | StickerDenied):
            photo_rows.case_is_over(connection, case)
        return Directed(kept=True)

    def _append(self, connection: Any, fact: AnyFact, at: Moment, case: str) -> Recorded:
        last = connection.execute("SELECT seq, digest FROM facts ORDER BY seq DESC LIMIT 1").fetchone()
        seq, before = (last[0] + 1, last[1]) if last else (1, CHAIN_START)
        if isinstance(fact, CaseOpened):
            case = case_id(self._device, seq)
        entry = Entry(
            device=self._device,
            seq=seq,
            before=before,
            wall=at.wall,
            mono=at.mono,
            boot=at.boot,
            fact=fact,
            case=case,
        )
        recorded = wire.encode_entry(entry)
        values = (seq, case, recorded.digest, recorded.raw)
        connection.execute("INSERT INTO facts VALUES (?, ?, ?, ?)", values)
        if isinstance(fact, PhotoTaken):
            photo_rows.keep(connection, fact, entry)
            self._newest_photo = seq
        elif isinstance(fact, CaseAbandoned):
            photo_rows.case_is_over(connection, case)
        if precedence.is_urgent(fact):
            # Should the commit fail, the next fact goes at once instead: no harm.
            self._newest_urgent = seq
        return recorded

    def _records(self, statement: str, *values: object) -> list[Recorded]:
        return [wire.decode_entry(raw) for (raw,) in self._store.rows(statement, *values)]

    def _check_owner(self) -> None:
        device = self._store.rows("SELECT device FROM chain")[0][0]
        if device != self._device:
            raise JournalError(f"this is the journal of {device}, not of {self._device}")
