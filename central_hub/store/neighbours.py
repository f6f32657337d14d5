"""The facts around a device's boot: where it begins and ends in the device's chain. Reads only.

A boot in which the hub never heard the device is dated by the boots before and after it; what that comes to is
`central_hub.store.timing`'s.
"""

from collections.abc import Collection, Sequence

from central_hub.store.database import Database
from central_hub.store.timing import Received
from inspection.wire import decode_entry

BOOTS_PASSED_MAX = 4
"""So many boots that were never heard are passed over in each direction; further off, a neighbour says little."""


def facts_around(db: Database, facts: Sequence[Received], heard: Collection[str]) -> list[Received]:
    """Return the nearest facts before and after those of unheard boots, with the edges of the boots between.

    facts: of one device. heard: the boots in which the hub heard it. Nothing comes back when all boots were heard.
    """
    unheard = [fact for fact in facts if fact[1].boot not in heard]
    if not unheard:
        return []
    first = min(unheard, key=lambda fact: fact[1].seq)
    last = max(unheard, key=lambda fact: fact[1].seq)
    return [*_walk(db, first, heard, step=-1), *_walk(db, last, heard, step=1)]


def _walk(db: Database, start: Received, heard: Collection[str], *, step: int) -> list[Received]:
    met: list[Received] = []
    for _ in range(BOOTS_PASSED_MAX):
        edge = _edge(db, start, step=step)
        met += edge
        if not edge or edge[-1][1].boot in heard:
            break
        start = edge[-1]
    return met


def _edge(db: Database, start: Received, *, step: int) -> list[Received]:
    """Return the last fact of a boot and the first beyond it, seen in the direction of `step`; nothing at the end.

    The way is doubled until it leads out of the boot, then halved: a boot may hold a hundred thousand facts.
    """
    device, boot = start[1].device, start[1].boot
    inside, way = start, step
    while (found := _fact(db, device, inside[1].seq + way)) and found[1].boot == boot:
        inside, way = found, way * 2
    outside = inside[1].seq + way
    while abs(outside - inside[1].seq) > 1:
        middle = (outside + inside[1].seq) // 2
        found = _fact(db, device, middle)
        if found and found[1].boot == boot:
            inside = found
        else:
            outside = middle
    beyond = _fact(db, device, outside)
    return [inside, beyond] if beyond else []


def _fact(db: Database, device: str, seq: int) -> Received | None:
    row = db.execute("SELECT received, raw FROM entries WHERE device = ? AND seq = ?", (device, seq)).fetchone()
    return (row[0], decode_entry(row[1]).entry) if row else None
