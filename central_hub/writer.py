"""The one thread that writes: takes work from all sides, commits it in groups, then tells.

A group is what waited while the last commit ran, so the hub grows faster under load and answers at once when idle.
"""

import contextlib
import functools
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from central_hub import HubError
from central_hub.casework import Casework, Mark
from inspection import InspectionError

GROUP_ITEMS_MAX = 64
WAITING_ITEMS_MAX = 20_000
WAITING_BYTES_MAX = 256 * 1024 * 1024

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_Work = tuple[Callable[[], Any], "Future[Any]"]


class WriterStoppedError(HubError):
    """The writer no longer takes work."""


class Writer:
    """Runs work in the order in which it came, each piece whole or not at all, many pieces to a commit."""

    def __init__(self, db: sqlite3.Connection, casework: Casework, *, publish: Callable[[str, bytes], None]) -> None:
        self._db = db
        self._casework = casework
        self._publish = publish
        self._queue: queue.Queue[_Work | None] = queue.Queue(WAITING_ITEMS_MAX)
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        # Held while work is put down and while the end is: nothing that was accepted stands behind the end.
        self._door = threading.Lock()
        self._stopped = False
        self.failure: BaseException | None = None
        self.errors = 0
        self._waiting_bytes = 0
        self._counting = threading.Lock()

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, work: Callable[[], _T]) -> "Future[_T]":
        """Ask for `work` to be run inside a transaction; the future is done after the commit.

        Raises WriterStoppedError after stop(), or when the store failed.
        """
        future: Future[_T] = Future()
        with self._door:
            if self.failure is not None:
                raise WriterStoppedError(f"the hub's store failed: {self.failure}")
            if self._stopped:
                raise WriterStoppedError("the hub's store takes no more work")
            self._queue.put((work, future))
        return future

    def offer(self, work: Callable[[], object], *, size: int = 0) -> bool:
        """Ask for `work` if there is room; say whether there was. For messages, which their senders send again.

        size: bytes that it keeps in memory while it waits.
        """
        if self._stopped or self.failure is not None or self._waiting_bytes + size > WAITING_BYTES_MAX:
            return False
        done: Future[object] = Future()
        done.add_done_callback(lambda _: self._release(size))
        with self._counting:
            self._waiting_bytes += size
        try:
            self._queue.put_nowait((work, done))
        except queue.Full:
            self._release(size)
            return False
        return True

    def _release(self, size: int) -> None:
        with self._counting:
            self._waiting_bytes -= size

    def stop(self, seconds_max: float = 10.0) -> None:
        """Finish what waits and end the thread."""
        with self._door:
            self._stopped = True
            self._queue.put(None)
        self._thread.join(seconds_max)

    def _run(self) -> None:
        last = False
        while not last:
            group, last = self._next_group()
            # Whoever gave up waiting gets no work done, and their future can no longer be set.
            group = [item for item in group if item[1].set_running_or_notify_cancel()]
            if group and self.failure is None:
                # The disk is full or broken, most likely: nothing was committed, so nothing is told. The hub stops and
                # says so; until it has, whoever still waits is told, for nobody must wait for ever.
                _, self.failure = _tried(functools.partial(self._commit, group))
                if self.failure is not None:
                    _log.critical("the store failed: %s", self.failure)
            for _, future in group:
                if not future.done():
                    future.set_exception(WriterStoppedError(f"the hub's store failed: {self.failure}"))

    def _next_group(self) -> tuple[list[_Work], bool]:
        """Return what waits, and whether it was the last."""
        group: list[_Work] = []
        while len(group) < GROUP_ITEMS_MAX and not (group and self._queue.empty()):
            item = self._queue.get()
            if item is None:
                return group, True
            group.append(item)
        return group, False

    def _commit(self, group: list[_Work]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        with contextlib.ExitStack() as begun:
            begun.callback(self._take_back, self._casework.mark())
            done = [(future, *self._one(work)) for work, future in group]
            self._casework.finish()
            self._db.execute("COMMIT")
            # Committed: there is nothing to take back any more.
            begun.pop_all()
        outgoing, self._casework.outgoing = self._casework.outgoing, []
        for topic, message in outgoing:
            self._publish(topic, message)
        for future, result, error in done:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def _take_back(self, mark: Mark) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._casework.back_to(mark)

    def _one(self, work: Callable[[], Any]) -> tuple[Any, Exception | None]:
        mark = self._casework.mark()
        self._db.execute("SAVEPOINT one")
        result, error = _tried(work)
        if error is None:
            self._db.execute("RELEASE one")
            return result, None
        if isinstance(error, sqlite3.OperationalError):
            raise error
        self._db.execute("ROLLBACK TO one")
        self._casework.back_to(mark)
        if not isinstance(error, (HubError, InspectionError)):
            self.errors += 1
            _log.error("a piece of work failed and was taken back", exc_info=error)
        return None, error


def _tried(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """Run work; return what it gave, or what it raised, foreseen or not: neither may end the thread without a word."""
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001 - the program's only one: whoever asks takes back what was begun
        return None, error
