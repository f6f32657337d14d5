"""Which of several programs takes which partitions of devices (分区): leases, held as PostgreSQL's own advisory locks.

A lease is a lock of the very connection that writes. Whoever dies, hangs or loses the connection loses both at once:
the right and the ability to write. Nothing here runs out by a clock of ours, and nothing has to be cleaned up.
Facts are safe without leases, for writers take turns; the leases only see to it that each message is worked on once.
"""

from typing import NamedTuple

from central_hub.store.database import Database
from inspection.topics import PARTITIONS

SILENT_SECONDS_MAX = 15
"""A program that does not come back to its connection for so long is put out by the server; it comes every second."""
_WORKER, _PARTITION = 705_276, 705_277
"""First halves of the locks' numbers; the second halves are the worker's connection, and the partition."""

_LOCKS = (
    "SELECT classid::bigint, objid::bigint, pid = pg_backend_pid() FROM pg_locks "
    "WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid::bigint IN (?, ?) "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Moves(NamedTuple):
    """Partitions to take, and to give back."""

    take: tuple[int, ...]
    give_back: tuple[int, ...]


def fair_moves(mine: frozenset[int], others: frozenset[int], *, workers: int) -> Moves:
    """Decide what a worker takes and gives back. mine, others: partitions held by it, and by all the rest.

    workers: how many live, this one included, from 1 on. Each holds its share at most, rounded up, so that nobody has
    to hold on to what a newcomer wants; what nobody holds is taken as long as the share has room.
    """
    share = -(-PARTITIONS // workers)
    free = [number for number in range(PARTITIONS) if number not in mine and number not in others]
    return Moves(take=tuple(free[: max(0, share - len(mine))]), give_back=tuple(sorted(mine)[share:]))


class Leases:
    """The leases of one worker. All of it is asked on the connection that writes, and by its thread."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._joined = False

    def beat(self) -> frozenset[int]:
        """Show that this worker lives, take and give back what is fair now; return the partitions that it holds."""
        if not self._joined:
            self._join()
        locks = self._db.execute(_LOCKS, (_WORKER, _PARTITION)).fetchall()
        workers = sum(kind == _WORKER for kind, _, _ in locks)
        mine = frozenset(number for kind, number, own in locks if kind == _PARTITION and own)
        others = frozenset(number for kind, number, own in locks if kind == _PARTITION and not own)
        moves = fair_moves(mine, others, workers=workers)
        for number in moves.give_back:
            self._db.execute("SELECT pg_advisory_unlock(?::int, ?::int)", (_PARTITION, number))
        taken = {number for number in moves.take if self._locked(number)}
        return mine.difference(moves.give_back) | taken

    def rest(self) -> None:
        """Give everything back and count no longer as a worker; the next beat begins anew."""
        if self._joined:
            self._db.execute("SELECT pg_advisory_unlock_all()")
            self._joined = False

    def _join(self) -> None:
        self._db.execute("SELECT set_config('idle_session_timeout', ?, false)", (f"{SILENT_SECONDS_MAX}s",))
        # Everybody takes what is fair by how many there are: the lock is held for as long as the connection.
        self._db.execute("SELECT pg_advisory_lock(?::int, pg_backend_pid())", (_WORKER,))
        self._joined = True

    def _locked(self, number: int) -> bool:
        row = self._db.execute("SELECT pg_try_advisory_lock(?::int, ?::int)", (_PARTITION, number)).fetchone()
        return bool(row[0])
