"""What is derived from facts and looked up fast: cases, stickers, photos, directives; and refused messages, counted.

Writes inside the transaction that its caller holds.
"""

import sqlite3
from dataclasses import dataclass

from inspection.case import Case
from inspection.directives import AnyDirective, NumberedDirective
from inspection.facts import CaseOpened, PhotoTaken
from inspection.signing import SigningKey
from inspection.wire import seal_directive

SAMPLE_BYTES_MAX = 4 * 1024
REFUSALS_KEPT_MAX = 10_000
_WAITING = frozenset({"audit_pending", "audit_first", "withheld"})


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

    def __init__(self, db: sqlite3.Connection, key: SigningKey) -> None:
        self._db = db
        self._key = key

    def keep_case(self, case: Case, *, opened_at: int) -> None:
        """Write a case's row anew."""
        opened = case.opened
        if opened is None:
            return
        waiting = int(case.stage in _WAITING and case.audit_due > 0 and case.audit is None)
        vehicle = opened.vehicle
        who = (case.case, opened.regime, opened.station, opened.inspector, case.device, opened.serial, opened.attempt)
        what = (vehicle.vin, vehicle.plate_kind, vehicle.plate, case.vin or vehicle.vin, case.stage, opened_at)
        row = (*who, *what, case.audit_due, waiting, int(case.overdue is not None))
        self._db.execute(f"INSERT OR REPLACE INTO cases VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - marks

    def overdue_cases(self, now: int) -> list[str]:
        """Return the cases that still wait though their audit was due before `now`, and of which nobody said so yet."""
        query = "SELECT case_id FROM cases WHERE waiting = 1 AND overdue = 0 AND audit_due < ? ORDER BY audit_due"
        return [row[0] for row in self._db.execute(query, (now,))]

    def other_sticker(self, case: str, opened: CaseOpened) -> str:
        """Return the number of a sticker that another case of this serial and attempt has, or nothing."""
        query = (
            "SELECT stickers.number FROM cases JOIN stickers USING (case_id) "
            "WHERE serial = ? AND attempt = ? AND regime = ? AND case_id <> ? LIMIT 1"
        )
        row = self._db.execute(query, (opened.serial, opened.attempt, opened.regime, case)).fetchone()
        return row[0] if row else ""

    def other_recall(self, case: str, opened: CaseOpened) -> str:
        """Return another case for which a vehicle with this registered VIN is ordered back, or nothing."""
        query = "SELECT case_id FROM cases WHERE registered = ? AND stage = 'recall_ordered' AND case_id <> ? LIMIT 1"
        row = self._db.execute(query, (opened.vehicle.vin, case)).fetchone()
        return row[0] if row else ""

    def next_sticker_number(self, prefix: str) -> str:
        """Take the next number of a range: the prefix and eight digits, without gaps."""
        query = "INSERT INTO numbers VALUES (?, 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last"
        return f"{prefix}{self._db.execute(query, (prefix,)).fetchone()[0]:08d}"

    def keep_sticker(self, number: str, case: str, payload: bytes, *, issued: int) -> None:
        """Keep a sticker; its unique keys are the last guard against a second one for the case."""
        self._db.execute("INSERT INTO stickers VALUES (?, ?, ?, ?)", (number, case, payload, issued))

    def announce_photo(self, case: str, device: str, fact: PhotoTaken) -> bool:
        """Keep that a photo is to come; say whether another case brought the same bytes before."""
        photo = fact.photo
        row = (photo.digest, case, device, fact.kind, photo.media, photo.size)
        insert = "INSERT OR IGNORE INTO photos (digest, case_id, device, kind, media, size) VALUES (?, ?, ?, ?, ?, ?)"
        self._db.execute(insert, row)
        brought = "SELECT 1 FROM photos WHERE digest = ? AND stored > 0"
        return self._db.execute(brought, (photo.digest,)).fetchone() is not None

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

    def settle_directive(self, device: str, number: int, *, at: int) -> None:
        """Keep that the device has committed a directive."""
        update = "UPDATE directives SET settled = ? WHERE device = ? AND number = ? AND settled = 0"
        self._db.execute(update, (at, device, number))

    def open_directives(self, device: str, *, written_before: int, limit: int) -> list[bytes]:
        """Return the messages of the oldest directives that the device has not settled."""
        query = (
            "SELECT message FROM directives WHERE device = ? AND settled = 0 AND written < ? ORDER BY number LIMIT ?"
        )
        return [row[0] for row in self._db.execute(query, (device, written_before, limit))]

    def refuse(self, device: str, code: str, text: str, *, at: int, payload: bytes) -> None:
        """Count what was not taken, and keep the beginning of it for the operator."""
        row = (at, device, code, text[:1000], len(payload), payload[:SAMPLE_BYTES_MAX])
        insert = "INSERT INTO refusals (at, device, code, text, size, sample) VALUES (?, ?, ?, ?, ?, ?) RETURNING id"
        newest = self._db.execute(insert, row).fetchone()[0]
        self._db.execute("DELETE FROM refusals WHERE id <= ?", (newest - REFUSALS_KEPT_MAX,))
        count = "INSERT INTO refusal_counts VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1"
        self._db.execute(count, (device, code))


def announced_photo(db: sqlite3.Connection, digest: str, device: str = "") -> AnnouncedPhoto | None:
    """Return a photo that a committed fact announced, not yet stored ones first; None when none did.

    device: of several that announced it, this one first: it vouches for the size that it announced itself.
    """
    query = (
        "SELECT digest, device, media, size, stored FROM photos WHERE digest = ? "
        "ORDER BY device = ? DESC, stored LIMIT 1"
    )
    row = db.execute(query, (digest, device)).fetchone()
    return AnnouncedPhoto(digest=row[0], device=row[1], media=row[2], size=row[3], stored=row[4]) if row else None
