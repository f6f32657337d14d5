"""What is derived from facts and looked up fast: cases, stickers, photos, directives; and refused messages, counted.

Writes inside the transaction that its caller holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from central_hub.deciding.queueing import place_of
from central_hub.store.database import Database
from central_hub.store.inserting import ROWS_AT_ONCE_MAX, insert_rows, places
from inspection.case import Case
from inspection.directives import AnyDirective, Contact, NumberedDirective
from inspection.facts import CaseOpened, ExemptionApplied, PhotoTaken
from inspection.signing import SigningKey
from inspection.wire import seal_directive

SAMPLE_BYTES_MAX = 4 * 1024
REFUSALS_KEPT_MAX = 10_000
REFUSALS_OF_KIND_KEPT_MAX = 10
"""Of each device and code: who floods the hub must not wash away what others did."""
_TRIM_EVERY = 256
BOOTS_KEPT_MAX = 1_000
"""Of so many boots of a device, the newest, it is kept how its clocks stood to the hub's."""
PHOTOS_COUNTED_MAX = 10_000
"""A device of which more photos wait is not asked for lost ones: they could not be told from those that wait."""
_CASE_COLUMNS = (
    "case_id", "regime", "station", "inspector", "device", "serial", "attempt", "registered", "plate_kind", "plate",
    "vin", "stage", "opened", "audit_due", "waiting", "overdue", "queued", "audit_order", "light", "barred",
    "recall_due",
)  # fmt: skip
_KEEP_CASE = (
    f"INSERT INTO cases ({', '.join(_CASE_COLUMNS)}) VALUES ({', '.join('?' * len(_CASE_COLUMNS))}) "  # noqa: S608
    f"ON CONFLICT (case_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _CASE_COLUMNS[1:])} "
    # Most facts change nothing in a row, e.g. all photos but the last one to come; its indexes stay untouched then.
    f"WHERE ({', '.join(f'cases.{name}' for name in _CASE_COLUMNS[1:])}) "
    f"<> ({', '.join(f'excluded.{name}' for name in _CASE_COLUMNS[1:])})"
)
_NEWS_OF_BYTES = (
    "EXISTS (SELECT 1 FROM photos WHERE photos.digest = announced.digest AND stored > 0) AND NOT EXISTS "
    "(SELECT 1 FROM photos WHERE photos.digest = announced.digest AND photos.case_id = announced.case_id "
    "AND photos.device = ?)"
)
"""The bytes of an announced photo are here, and its device has not announced it for the case before."""
HELD_BACK_MAX = 20
_RECALLED = "'recall_ordered', 'not_back', 'vehicle_back'"
_WAITING = frozenset(
    {"audit_pending", "audit_overdue", "audit_first", "withheld", "returned", "second_review", "suspected"}
    | {"review_pending"}
)
"""A person has to decide, and the clock runs."""


Announced = tuple[str, PhotoTaken]
"""A photo that a fact announces, after the case that it is for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnouncedPhoto:
    """A photo that a committed fact announced. stored: when its bytes were committed here, 0 while they are not."""

    digest: str
    device: str
    media: str
    size: int
    stored: int


class Records:
    """The derived tables."""

    def __init__(self, db: Database, key: SigningKey) -> None:
        self._db = db
        self._key = key

    def keep_case(self, case: Case, *, opened_at: int) -> None:
        """Write a case's row anew."""
        start = case.opened or case.applied
        if start is None:
            return
        waiting = int(case.stage in _WAITING and case.audit_due > 0)
        vehicle, place = start.vehicle, place_of(case)
        due = case.recall.due if case.recall and case.stage == "recall_ordered" else 0
        what = (vehicle.vin, vehicle.plate_kind, vehicle.plate, case.vin or vehicle.vin, case.stage, opened_at)
        audit = (case.audit_due, waiting, int(case.overdue_now))
        queue = (int(place.queued), place.order, place.light, place.barred, due)
        row = (case.case, *_whose(start), case.device, *_which(start), *what, *audit, *queue)
        self._db.execute(_KEEP_CASE, row)

    def cases_of_before(self, *, limit: int) -> list[str]:
        """Return the first cases whose rows an older program wrote, and which say less than they have to."""
        query = "SELECT case_id FROM cases WHERE queued = -1 ORDER BY case_id LIMIT ?"
        return [row[0] for row in self._db.execute(query, (limit,))]

    def overdue_cases(self, now: int, *, limit: int) -> list[str]:
        """Return the first cases that still wait though their audit was due before `now`, and nobody said so yet."""
        query = (
            "SELECT case_id FROM cases WHERE waiting = 1 AND overdue = 0 AND audit_due < ? ORDER BY audit_due LIMIT ?"
        )
        return [row[0] for row in self._db.execute(query, (now, limit))]

    def other_sticker(self, case: str, opened: CaseOpened) -> str:
        """Return the number of a sticker that another case of this serial and attempt has, or nothing."""
        query = (
            "SELECT stickers.number FROM cases JOIN stickers USING (case_id) "
            "WHERE serial = ? AND attempt = ? AND regime = ? AND case_id <> ? LIMIT 1"
        )
        row = self._db.execute(query, (opened.serial, opened.attempt, opened.regime, case)).fetchone()
        return row[0] if row else ""

    def other_recall(self, case: str, vehicle: str) -> str:
        """Return another case for which the vehicle with this registered VIN is ordered back, or nothing."""
        query = f"SELECT case_id FROM cases WHERE registered = ? AND case_id <> ? AND stage IN ({_RECALLED}) LIMIT 1"  # noqa: S608
        row = self._db.execute(query, (vehicle, case)).fetchone()
        return row[0] if row else ""

    def attempt_before(self, opened: CaseOpened) -> str:
        """Return the stage of the attempt before this one of the same serial and regime; empty where none is known."""
        query = "SELECT stage FROM cases WHERE serial = ? AND attempt = ? AND regime = ? ORDER BY opened DESC LIMIT 1"
        row = self._db.execute(query, (opened.serial, opened.attempt - 1, opened.regime)).fetchone()
        return row[0] if row else ""

    def held_back(self, vehicle: str, *, but: str) -> list[str]:
        """Return the other cases of a vehicle (registered VIN) that got no sticker yet, e.g. because of this one."""
        query = (
            "SELECT case_id FROM cases WHERE registered = ? AND case_id <> ? AND "
            "stage IN ('withheld', 'audit_first', 'audit_overdue', 'concluded', 'applied') ORDER BY case_id LIMIT ?"
        )
        return [row[0] for row in self._db.execute(query, (vehicle, but, HELD_BACK_MAX))]

    def recalls_due(self, now: int, *, limit: int) -> list[str]:
        """Return the first cases whose vehicle was due back before `now`, and nobody said yet that it is not."""
        query = "SELECT case_id FROM cases WHERE recall_due > 0 AND recall_due < ? ORDER BY recall_due LIMIT ?"
        return [row[0] for row in self._db.execute(query, (now, limit))]

    def announce_photos(self, device: str, taken: Iterable[Announced], *, at: int) -> list[Announced]:
        """Keep that photos are to come, each for its case; of one that is announced again the first word counts.

        Return those whose bytes are here already, and which this device has not announced for the case before, in their
        order.
        """
        announced: dict[tuple[str, str], PhotoTaken] = {}
        for case, fact in taken:
            announced.setdefault((fact.photo.digest, case), fact)
        here = self._news_of_bytes(device, list(announced))
        rows = [
            (digest, case, device, fact.kind, fact.photo.media, fact.photo.size, at if (digest, case) in here else 0)
            for (digest, case), fact in announced.items()
        ]
        columns = "photos (digest, case_id, device, kind, media, size, stored)"
        insert_rows(self._db, columns, rows, otherwise="ON CONFLICT (digest, case_id, device) DO NOTHING")
        return [(case, fact) for (digest, case), fact in announced.items() if (digest, case) in here]

    def _news_of_bytes(self, device: str, announced: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for at in range(0, len(announced), ROWS_AT_ONCE_MAX):
            portion = announced[at : at + ROWS_AT_ONCE_MAX]
            query = (
                f"WITH announced(digest, case_id) AS (VALUES {places(len(portion), 2)}) "  # noqa: S608 - only "?"
                f"SELECT digest, case_id FROM announced WHERE {_NEWS_OF_BYTES}"
            )
            found.update(self._db.execute(query, [*chain.from_iterable(portion), device]))
        return found

    def photo_stored(self, digest: str, *, at: int) -> list[tuple[str, int]]:
        """Mark a photo's bytes as committed; return the cases that waited for them, each with the announced size."""
        update = "UPDATE photos SET stored = ? WHERE digest = ? AND stored = 0 RETURNING case_id, size"
        return list(dict(self._db.execute(update, (at, digest)).fetchall()).items())

    def add_directive(self, device: str, directive: AnyDirective, *, at: int) -> bytes:
        """Append a directive to a device's log; return the message that carries it."""
        take = "UPDATE devices SET directives = directives + 1 WHERE device = ? RETURNING directives"
        number = self._db.execute(take, (device,)).fetchone()[0]
        message = seal_directive(NumberedDirective(device=device, number=number, directive=directive), self._key)
        insert = "INSERT INTO directives (device, number, message, written) VALUES (?, ?, ?, ?)"
        self._db.execute(insert, (device, number, message, at))
        return message

    def settle_directive(self, device: str, number: int, *, at: int) -> bool:
        """Keep that the device has committed a directive, and that its number is taken for ever.

        Say whether the hub knew the directive: one that was restored from a backup hears of some that it does not know.
        """
        update = "UPDATE directives SET settled = ? WHERE device = ? AND number = ? AND settled = 0 RETURNING 1"
        if self._db.execute(update, (at, device, number)).fetchone() is not None:
            return True
        taken = "UPDATE devices SET directives = ? WHERE device = ? AND directives < ? RETURNING 1"
        return self._db.execute(taken, (number, device, number)).fetchone() is None

    def waiting_devices(self, *, written_before: int, busy_before: int, heard_after: int) -> list[str]:
        """Return the devices that were heard lately and have not settled a directive that was written before.

        busy_before: of a device that told of more facts than came, only one that was written before this: its word that
        it has the directive stands behind what it still has to send.
        """
        query = (
            "SELECT DISTINCT directives.device FROM directives JOIN devices ON devices.device = directives.device "
            "WHERE settled = 0 AND written < ? AND (told <= have OR written < ?) AND contact > ? "
            "ORDER BY directives.device"
        )
        return [row[0] for row in self._db.execute(query, (written_before, busy_before, heard_after))]

    def open_directives(self, device: str, *, written_before: int, limit: int) -> list[bytes]:
        """Return the messages of the oldest directives that the device has not settled."""
        query = (
            "SELECT message FROM directives WHERE device = ? AND settled = 0 AND written < ? ORDER BY number LIMIT ?"
        )
        return [row[0] for row in self._db.execute(query, (device, written_before, limit))]

    def heard(self, device: str, *, at: int, sent: int) -> None:
        """Keep when a device was last heard, and how far its clock was from the hub's (milliseconds, device - hub)."""
        self._db.execute("UPDATE devices SET contact = ?, skew = ? WHERE device = ?", (at, sent - at, device))

    def keep_contact(self, contact: Contact, *, at: int) -> None:
        """Keep what a device said of itself, and what its clocks showed at the hub's time `at`.

        Of each boot the pairing counts whose way was the shortest: a message may have waited anywhere for any time.
        """
        update = (
            "UPDATE devices SET contact = ?, skew = ?, told = ?, told_at = ?, photos_waiting = ?, refused = ? "
            "WHERE device = ?"
        )
        said = (at, contact.wall - at, contact.newest, at, contact.photos_waiting, contact.refused, contact.device)
        self._db.execute(update, said)
        self._pair(contact, at)

    def _pair(self, contact: Contact, at: int) -> None:
        which = (contact.device, contact.boot)
        insert = "INSERT INTO contacts VALUES (?, ?, ?, ?, ?) ON CONFLICT (device, boot) DO NOTHING RETURNING 1"
        if self._db.execute(insert, (*which, contact.mono, contact.wall, at)).fetchone() is None:
            update = "UPDATE contacts SET mono = ?, wall = ?, at = ? WHERE device = ? AND boot = ? AND ? < at - mono"
            self._db.execute(update, (contact.mono, contact.wall, at, *which, at - contact.mono))
            return
        # Whoever says that he starts all the time only makes rows.
        trim = (
            "DELETE FROM contacts WHERE device = ? AND boot NOT IN "
            "(SELECT boot FROM contacts WHERE device = ? ORDER BY at DESC, boot LIMIT ?)"
        )
        self._db.execute(trim, (contact.device, contact.device, BOOTS_KEPT_MAX))

    def missing_photos(self, device: str, *, waiting: int, limit: int) -> tuple[str, ...]:
        """Return digests of photos that did not come, where more did not come than wait at their device; else nothing.

        Then the device takes some for receipted: this hub was restored from a backup, and has lost that it said so.
        """
        if waiting > PHOTOS_COUNTED_MAX:
            return ()
        awaited = "FROM photos WHERE device = ? AND stored = 0"
        some = f"SELECT DISTINCT digest {awaited} LIMIT ?"
        count = self._db.execute(f"SELECT count(*) FROM ({some}) AS found", (device, waiting + 1)).fetchone()[0]  # noqa: S608
        if count <= waiting:
            return ()
        query = f"SELECT DISTINCT digest {awaited} ORDER BY digest LIMIT ?"
        return tuple(row[0] for row in self._db.execute(query, (device, limit)))

    def devices(self) -> list[str]:
        """Return the enrolled devices of which something is taken, by name."""
        query = "SELECT device FROM devices WHERE kind <> 'hub' AND revoked = 0 ORDER BY device"
        return [row[0] for row in self._db.execute(query)]

    def password(self, device: str) -> str:
        """Return an enrolled device's password at the broker."""
        row = self._db.execute("SELECT password FROM devices WHERE device = ?", (device,)).fetchone()
        return str(row[0])

    def set_revoked(self, device: str) -> None:
        """Keep that nothing of a device is taken any more."""
        self._db.execute("UPDATE devices SET revoked = 1 WHERE device = ?", (device,))

    def set_quarantined(self, device: str, why: str) -> None:
        """Keep why nothing of a device is taken until a person has looked; empty when it is taken."""
        self._db.execute("UPDATE devices SET quarantined = ? WHERE device = ?", (why, device))

    def refuse(self, device: str, code: str, text: str, *, at: int, payload: bytes) -> None:
        """Count what was not taken, and keep the beginning of it for the operator."""
        row = (at, device, code, text[:1000], len(payload), payload[:SAMPLE_BYTES_MAX])
        insert = "INSERT INTO refusals (at, device, code, text, size, sample) VALUES (?, ?, ?, ?, ?, ?) RETURNING id"
        newest = self._db.execute(insert, row).fetchone()[0]
        beyond = "(SELECT id FROM refusals WHERE device = ? AND code = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"
        own = f"DELETE FROM refusals WHERE device = ? AND code = ? AND id <= {beyond}"  # noqa: S608 - constants
        self._db.execute(own, (device, code, device, code, REFUSALS_OF_KIND_KEPT_MAX))
        if newest % _TRIM_EVERY == 0:
            beyond = "(SELECT id FROM refusals ORDER BY id DESC LIMIT 1 OFFSET ?)"
            self._db.execute(f"DELETE FROM refusals WHERE id <= {beyond}", (REFUSALS_KEPT_MAX,))  # noqa: S608 - constants
        count = (
            "INSERT INTO refusal_counts VALUES (?, ?, 1) "
            "ON CONFLICT (device, code) DO UPDATE SET count = refusal_counts.count + 1"
        )
        self._db.execute(count, (device, code))


def _whose(start: CaseOpened | ExemptionApplied) -> tuple[str, str, str]:
    if isinstance(start, CaseOpened):
        return (start.regime, start.station, start.inspector)
    return ("jianyan", start.office, start.by)


def _which(start: CaseOpened | ExemptionApplied) -> tuple[str, int]:
    return (start.serial, start.attempt if isinstance(start, CaseOpened) else 0)


def announced_photo(db: Database, digest: str, device: str = "") -> AnnouncedPhoto | None:
    """Return a photo that a committed fact announced, not yet stored ones first; None when none did.

    device: of several that announced it, this one first: it vouches for the size that it announced itself.
    """
    query = (
        "SELECT digest, device, media, size, stored FROM photos WHERE digest = ? "
        "ORDER BY device = ? DESC, stored LIMIT 1"
    )
    row = db.execute(query, (digest, device)).fetchone()
    return AnnouncedPhoto(digest=row[0], device=row[1], media=row[2], size=row[3], stored=row[4]) if row else None
