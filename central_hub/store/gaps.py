"""What is missing of whom, judged by the hub's tables: facts that a device told of, and devices nobody hears.

Decides only: rows in, gaps out. A refused batch with a gap before it is none: it is sent again, from the right place.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from central_hub.store.database import Row

OVERTAKEN_MS_MAX = 60_000
"""A device that tells how it stands may be overtaken on the way by facts that it wrote after."""

DIRECTIVE_MS_MAX = 60_000
"""A directive is sent again every few seconds: a device that is there has settled it by then."""

HOUR_MS = 3_600_000

DEVICE_STATES = """
SELECT device, kind, station, have, contact, skew, revoked, quarantined, told, told_at, photos_waiting, refused,
    (SELECT received FROM entries WHERE entries.device = devices.device
        AND seq = CASE WHEN told < have THEN told + 1 END) AS after_told,
    (SELECT count(*) FROM directives WHERE directives.device = devices.device AND settled = 0) AS open_directives,
    (SELECT min(written) FROM directives WHERE directives.device = devices.device AND settled = 0) AS directives_since
FROM devices WHERE kind <> 'hub' ORDER BY device
"""
"""How each device stands, the hub left out: its row without key and password, when the hub received the fact after the
last that it told of, and how many directives it has not settled since when."""


class Gap(Struct, frozen=True, kw_only=True):
    """Something that is missing of a device.

    kind: "missing": it told of the facts `first` to `last`, which are not here. "lost": these are here, and it does not
    have them any more: it was put back to an older state. "silent": nobody heard it. "directives": so many (count) it
    did not settle. "quarantined": what it sends is held back until a person has looked; text says why.
    since: Unix milliseconds of the hub; 0 for a silent device that was never heard, and for a quarantine.
    """

    device: str
    kind: Literal["missing", "lost", "silent", "directives", "quarantined"]
    since: int
    first: int = 0
    last: int = 0
    count: int = 0
    text: str = ""


def missing_facts(row: Row) -> int:
    """Return how many facts a device told of that are not here."""
    return max(0, int(row["told"]) - int(row["have"]))


def lost_facts(row: Row) -> int:
    """Return how many facts are here that the device, when it was last heard, did not have any more."""
    after = row["after_told"]
    if after is None or row["told_at"] - after <= OVERTAKEN_MS_MAX:
        return 0
    return int(row["have"]) - int(row["told"])


def find_gaps(states: Iterable[Row], *, now: int, silence_hours_max: int) -> list[Gap]:
    """Return what is missing, by device, in the order of the rows of DEVICE_STATES; nothing of revoked devices."""
    return [
        gap
        for row in states
        if not row["revoked"]
        for gap in _of_device(row, now=now, silence_ms_max=silence_hours_max * HOUR_MS)
    ]


def _of_device(row: Row, *, now: int, silence_ms_max: int) -> list[Gap]:
    device, have, told, told_at = row["device"], row["have"], row["told"], row["told_at"]
    found = []
    if row["quarantined"]:
        found.append(Gap(device=device, kind="quarantined", since=0, text=row["quarantined"]))
    if missing := missing_facts(row):
        found.append(Gap(device=device, kind="missing", since=told_at, first=have + 1, last=told, count=missing))
    if lost := lost_facts(row):
        found.append(Gap(device=device, kind="lost", since=told_at, first=told + 1, last=have, count=lost))
    if now - row["contact"] > silence_ms_max:
        found.append(Gap(device=device, kind="silent", since=row["contact"]))
    since = row["directives_since"]
    if since is not None and now - since > DIRECTIVE_MS_MAX:
        found.append(Gap(device=device, kind="directives", since=since, count=row["open_directives"]))
    return found
