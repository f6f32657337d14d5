"""Runs pieces of work in one transaction: each whole or not at all, and nothing is told before the commit.

Pieces hardly ever fail, and a savepoint for each costs a copy of every page that it touches. So a group is first run
without any; only when a piece fails is all of it taken back and run again with care, each piece behind its savepoint.
Knows no thread and no queue, which are `writer`'s.
"""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from central_hub import HubError
from central_hub.casework import Casework, Mark
from central_hub.store.database import Database
from inspection import InspectionError

Work = Callable[[], Any]
Message = tuple[str, bytes]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a piece of work: what it gave, or what it raised."""

    result: Any
    error: Exception | None


class PieceError(HubError):
    """A piece of work failed where none has a savepoint."""


class Committer:
    """Commits groups of work. errors: how many pieces failed in a way that nobody foresaw."""

    def __init__(self, db: Database, casework: Casework) -> None:
        self._db = db
        self._casework = casework
        self.errors = 0

    def commit(self, group: list[Work]) -> tuple[list[Message], list[Done]]:
        """Run the work in its order and commit it; return what is to be sent now, and what came of each piece.

        Work may be run twice, so all that it does is done in the store. Raises what the store raises when it failed:
        nothing was committed then.
        """
        try:
            return self._run(group, careful=False)
        except PieceError:
            return self._run(group, careful=True)

    def _run(self, group: list[Work], *, careful: bool) -> tuple[list[Message], list[Done]]:
        one = self._one if careful else self._one_in_haste
        with contextlib.ExitStack() as begun:
            begun.callback(self._take_back, self._casework.mark())
            self._db.begin()
            self._casework.begin(careful=careful)
            done = [one(work) for work in group]
            self._casework.finish()
            self._db.commit()
            # Committed: there is nothing to take back any more.
            begun.pop_all()
        return self._casework.committed(), done

    def _take_back(self, mark: Mark) -> None:
        self._casework.back_to(mark)
        self._db.rollback()

    def _one_in_haste(self, work: Work) -> Done:
        done = tried(work)
        if done.error is None:
            return done
        if isinstance(done.error, self._db.failures):
            raise done.error
        raise PieceError("a piece of work failed; the group is run again with care") from done.error

    def _one(self, work: Work) -> Done:
        mark = self._casework.mark()
        self._db.execute("SAVEPOINT one")
        done = tried(work)
        if done.error is None:
            self._db.execute("RELEASE SAVEPOINT one")
            return done
        if isinstance(done.error, self._db.failures):
            raise done.error
        self._db.execute("ROLLBACK TO SAVEPOINT one")
        self._db.execute("RELEASE SAVEPOINT one")
        self._casework.back_to(mark)
        if not isinstance(done.error, (HubError, InspectionError)):
            self.errors += 1
            _log.error("a piece of work failed and was taken back", exc_info=done.error)
        return done


def tried(work: Work) -> Done:
    """Run work; return what it gave, or what it raised, foreseen or not: neither may end a thread without a word."""
    try:
        return Done(work(), None)
    except Exception as error:  # noqa: BLE001 - the program's only one: whoever asks takes back what was begun
        return Done(None, error)
