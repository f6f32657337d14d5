"""The journal (日志): every fact of this device, in its chain, until long after the hub has receipted it.

Knows the chain of facts, receipts, refusals, directives and what is known about each photo. What is sent when is
`courier`'s, what may be let go is `retention`'s. The disk is `store`'s.

Commit, then tell: what `record` returned is on the disk. Receipt, then forget: a fact leaves only by `forget`, and only
when a receipt that names our own hash has covered it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from edge_agent.clock import Moment
from edge_agent.courier import KeptPhoto, PhotoState
from edge_agent.store import JournalError, Store
from inspection import wire
from inspection.directives import NumberedDirective, Receipt, Refusal
from inspection.facts import AnyFact, CaseOpened, DirectiveSettled, Entry, PhotoTaken
from inspection.identities import case_id
from inspection.signing import CHAIN_START
from inspection.wire import Recorded, WireError

_PHOTO_COLUMNS = "digest, media, size, case_id, seq, created, state, receipted_at, refused_code, refused_text"
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


class Settlement(NamedTuple):
    """A directive with the number of the fact by which this device said that it has it."""

    numbered: NumberedDirective
    seq: int


class Journal:
    """The journal of `device` in the file at `path`, which `Journal.create` made.

    free_bytes_min: below this much free space no fact is written.
    Raises JournalError when the file is missing, damaged, of another device, or its chain does not hold.
    """

    def __init__(self, path: Path, device: str, *, free_bytes_min: int = 0) -> None:
        self._store = Store(path, free_bytes_min=free_bytes_min)
        self._device = device
        try:
            self._check_owner()
            self._check_chain()
        except JournalError:
            self._store.close()
            raise

    @classmethod
    def create(cls, path: Path, device: str) -> None:
        """Make an empty journal; raises JournalError when there is a file already."""
        Store.create(path, device)

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
    def receipted(self) -> int:
        """Number of the last fact that the hub has, with all before it."""
        return int(self._store.rows("SELECT receipted FROM chain")[0][0])

    @property
    def hub_time(self) -> int:
        """The newest time that the hub told, Unix milliseconds, 0 before the first receipt."""
        return int(self._store.rows("SELECT hub_time FROM chain")[0][0])

    def settle(self, receipt: Receipt) -> int:
        """Take the hub's word for what it has, and return the number of the last receipted fact.

        A receipt that comes late or twice changes nothing. A newer one that names fewer facts means that the hub lost
        some (it was restored from a backup): they wait again. Raises JournalError when the receipt is for another
        device, or its hash is not the one of our fact: the hub then speaks of another chain.
        """
        if receipt.device != self._device:
            raise MisdirectedError(f"this is a receipt for {receipt.device[:40]}, not for {self._device}")
        with self._store.writing(needs_room=False) as connection:
            receipted, hub_time = connection.execute("SELECT receipted, hub_time FROM chain").fetchone()
            late = receipt.hub_time <= hub_time and receipt.have <= receipted
            if late:
                return int(receipted)
            self._check_head(connection, receipt, receipted)
            newest_time = max(hub_time, receipt.hub_time)
            connection.execute("UPDATE chain SET receipted = ?, hub_time = ?", (receipt.have, newest_time))
            if receipt.have < receipted:
                _take_back(connection, receipt.have)
            values = (newest_time, receipted, receipt.have)
            connection.execute("UPDATE facts SET receipted_at = ? WHERE seq > ? AND seq <= ?", values)
            connection.execute("DELETE FROM refusals WHERE seq <= ?", (receipt.have,))
            return receipt.have

    def mark_refused(self, refusal: Refusal, seq: int) -> None:
        """Keep why the hub did not take fact `seq`, to be shown until it does. The fact stays and is sent again."""
        with self._store.writing(needs_room=False) as connection:
            values = (seq, refusal.code, refusal.text)
            connection.execute("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?)", values)

    def refusals(self) -> list[ShownRefusal]:
        """Return the refusals that stand, of facts first, then of photos."""
        facts = self._store.rows("SELECT seq, code, text FROM refusals ORDER BY seq")
        photos = self._store.rows("SELECT digest, refused_code, refused_text FROM photos WHERE refused_code != ''")
        return [ShownRefusal(str(about), code, text) for about, code, text in (*facts, *photos)]

    def forget(self, before_hub_time: int) -> int:
        """Delete facts that were receipted before that hub time (Unix milliseconds); return how many.

        The newest fact, the newest receipted one and every fact after it always stay: the chain goes on from there.
        """
        with self._store.writing(needs_room=False) as connection:
            done = connection.execute(
                "DELETE FROM facts WHERE receipted_at < ? AND seq < (SELECT receipted FROM chain)"
                " AND seq < (SELECT max(seq) FROM facts)",
                (before_hub_time,),
            )
            oldest = connection.execute("SELECT coalesce(min(seq), 0) FROM facts").fetchone()[0]
            connection.execute(
                "DELETE FROM directives WHERE settled < ? AND number < (SELECT max(number) FROM directives)", (oldest,)
            )
            return done.rowcount

    def commit_directive(self, numbered: NumberedDirective, at: Moment) -> bool:
        """Keep a directive and the fact that says so, both or none; return whether it was new and next.

        One that came before is passed over, and so is one after a gap: the hub sends the missing one again, and then
        this one. Raises JournalError when it is for another device.
        """
        if numbered.device != self._device:
            raise MisdirectedError(f"this is a directive for {numbered.device[:40]}, not for {self._device}")
        with self._store.writing() as connection:
            last = connection.execute("SELECT coalesce(max(number), 0) FROM directives").fetchone()[0]
            if numbered.number != last + 1:
                return False
            case = numbered.directive.case
            settled = self._append(connection, DirectiveSettled(number=numbered.number), at, "")
            values = (numbered.number, case, msgspec.msgpack.encode(numbered), settled.entry.seq)
            connection.execute("INSERT INTO directives VALUES (?, ?, ?, ?)", values)
            return True

    def directives_for(self, case: str) -> list[Settlement]:
        """Return the directives about a case, in their order."""
        rows = self._store.rows("SELECT body, settled FROM directives WHERE case_id = ? ORDER BY number", case)
        return [Settlement(_directive_decoder.decode(body), settled) for body, settled in rows]

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
        """Return the photos in that state, oldest first."""
        rows = self._store.rows(f"SELECT {_PHOTO_COLUMNS} FROM photos WHERE state = ? ORDER BY seq", state)  # noqa: S608 - constant columns
        return [_photo(row) for row in rows]

    def photo(self, digest: str) -> KeptPhoto | None:
        """Return what is known about one photo, or None."""
        rows = self._store.rows(f"SELECT {_PHOTO_COLUMNS} FROM photos WHERE digest = ?", digest)  # noqa: S608 - constant columns
        return _photo(rows[0]) if rows else None

    def receipt_photo(self, digest: str) -> None:
        """Note that the hub has committed the photo's bytes."""
        with self._store.writing(needs_room=False) as connection:
            connection.execute(
                "UPDATE photos SET state = 'receipted', receipted_at = (SELECT hub_time FROM chain),"
                " refused_code = '', refused_text = '' WHERE digest = ? AND state = 'kept'",
                (digest,),
            )

    def refuse_photo(self, digest: str, refusal: Refusal) -> None:
        """Keep why a photo was not taken, to be shown; the photo stays where it is."""
        with self._store.writing(needs_room=False) as connection:
            values = (refusal.code, refusal.text, digest)
            connection.execute("UPDATE photos SET refused_code = ?, refused_text = ? WHERE digest = ?", values)

    def free_photo(self, digest: str) -> None:
        """Note that a receipted photo's bytes are no longer in the vault; one without a receipt is not touched."""
        with self._store.writing(needs_room=False) as connection:
            connection.execute("UPDATE photos SET state = 'freed' WHERE digest = ? AND state = 'receipted'", (digest,))

    def counts(self) -> Counts:
        """Return how much waits here."""
        kept, size = self._store.rows("SELECT count(*), coalesce(sum(size), 0) FROM photos WHERE state = 'kept'")[0]
        refused = self._store.rows("SELECT count(*) FROM photos WHERE refused_code != ''")[0][0]
        directives = self._store.rows("SELECT coalesce(max(number), 0) FROM directives")[0][0]
        return Counts(self.newest, self.receipted, directives, kept, size, refused)

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
        connection.execute("INSERT INTO facts VALUES (?, ?, ?, ?, NULL)", values)
        if isinstance(fact, PhotoTaken):
            _keep_photo(connection, fact, entry)
        return recorded

    def _records(self, statement: str, *values: object) -> list[Recorded]:
        return [wire.decode_entry(raw) for (raw,) in self._store.rows(statement, *values)]

    def _check_head(self, connection: Any, receipt: Receipt, receipted: int) -> None:
        have = receipt.have
        kept = dict(
            connection.execute("SELECT seq, digest FROM facts WHERE seq IN (?, ?)", (have, have + 1)).fetchall()
        )
        if have == 0:
            kept[0] = CHAIN_START
        if have not in kept and have > receipted:
            raise JournalError(f"the hub says that it has fact {have} of {self._device}, which was never made here")
        if have < receipted and not (have in kept and have + 1 in kept):
            raise JournalError(
                f"the hub has lost the facts of {self._device} after {have}, and they are no longer kept"
            )
        ours = kept[have]
        if ours != receipt.head:
            raise JournalError(f"the hub speaks of another chain: its fact {have} of {self._device} is not ours")

    def _check_owner(self) -> None:
        device = self._store.rows("SELECT device FROM chain")[0][0]
        if device != self._device:
            raise JournalError(f"this is the journal of {device}, not of {self._device}")

    def _check_chain(self) -> None:
        """Check what nobody else may have yet: the facts from the last receipted one on."""
        rows = self._store.rows(
            "SELECT seq, digest, raw FROM facts WHERE seq >= (SELECT receipted FROM chain) ORDER BY seq"
        )
        before: bytes | None = None
        for seq, head, raw in rows:
            try:
                record = wire.decode_entry(raw)
            except WireError as error:
                raise JournalError(f"fact {seq} of {self._device} was damaged on the disk: {error}") from error
            whole = record.digest == head and record.entry.seq == seq and record.entry.device == self._device
            if not whole or (before is not None and record.entry.before != before):
                raise JournalError(f"fact {seq} of {self._device} was damaged on the disk: its chain does not hold")
            before = head


def _take_back(connection: Any, have: int) -> None:
    connection.execute("UPDATE facts SET receipted_at = NULL WHERE seq > ?", (have,))
    connection.execute("UPDATE photos SET state = 'kept' WHERE seq > ? AND state = 'receipted'", (have,))


def _keep_photo(connection: Any, fact: PhotoTaken, entry: Entry) -> None:
    photo = fact.photo
    values = (photo.digest, photo.media, photo.size, entry.case, entry.seq, entry.wall)
    # Bytes that were freed and came back are at the hub already, so they may be freed again.
    connection.execute(
        "INSERT INTO photos (digest, media, size, case_id, seq, created, state) VALUES (?, ?, ?, ?, ?, ?, 'kept')"
        " ON CONFLICT (digest) DO UPDATE SET state = 'receipted' WHERE state = 'freed'",
        values,
    )


def _photo(row: tuple[Any, ...]) -> KeptPhoto:
    digest, media, size, case, seq, created, state, receipted_at, refused, refused_text = row
    return KeptPhoto(
        digest=digest,
        media=media,
        size=size,
        case=case,
        seq=seq,
        created=created,
        state=state,
        receipted_at=receipted_at,
        refused=refused,
        refused_text=refused_text,
    )
