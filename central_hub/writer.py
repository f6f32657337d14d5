"""The one thread that writes: takes work from all sides, commits it in groups, then tells.

A group is what waited while the last commit ran, so the hub grows faster under load and answers at once when idle. Work
that somebody waits for (a photo's receipt, an auditor's click) goes before messages, whose senders have more to send.
Senders take turns: who floods the hub waits behind himself, and nobody behind him.
"""

import functools
import itertools
import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple, TypeVar

from central_hub import HubError
from central_hub.committing import Committer, Work, tried

GROUP_ITEMS_MAX = 64
GROUP_BYTES_MAX = 512 * 1024
WAITING_ITEMS_MAX = 20_000
WAITING_BYTES_MAX = 256 * 1024 * 1024
WAITING_OF_SENDER_MAX = 64
"""Messages of one sender that wait; one that works as it should has four on their way."""
WAITING_BYTES_OF_SENDER_MAX = 8 * 1024 * 1024

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_ASKED, _OFFERED, _END = 0, 1, 2


class _Item(NamedTuple):
    """A piece of work in the queue: the asked ones first, then messages, the first of each sender before its second."""

    turn: int
    place: int
    number: int
    size: int
    work: Work
    future: "Future[Any]"


class WriterStoppedError(HubError):
    """The writer no longer takes work."""


class Writer:
    """Runs work, each piece whole or not at all, many to a commit: what was asked for first, in the order it came."""

    def __init__(self, committer: Committer, *, publish: Callable[[str, bytes], None]) -> None:
        self._committer = committer
        self._publish = publish
        self._queue: queue.PriorityQueue[_Item] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        # Held while work is put down and while the end is: nothing that was accepted stands behind the end.
        self._door = threading.Lock()
        self._stopped = False
        self.failure: BaseException | None = None
        self._waiting_bytes = 0
        self._waiting_of: Counter[str] = Counter()
        self._waiting_bytes_of: Counter[str] = Counter()
        # The place of each sender's last message, and of the last that was taken: who comes anew stands behind that.
        self._places: dict[str, int] = {}
        self._reached = 0
        self._passed_over = False
        self._counting = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many pieces of work wait."""
        return self._queue.qsize()

    @property
    def errors(self) -> int:
        """How many pieces of work failed in a way that nobody foresaw."""
        return self._committer.errors

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
            self._put(_ASKED, work, future)
        return future

    def offer(self, work: Callable[[], object], *, sender: str, size: int = 0) -> bool:
        """Ask for `work` if there is room; say whether there was. For messages, which their senders send again.

        sender: whose turn it takes; work of one sender is done in the order in which it came. size: bytes that it keeps
        in memory while it waits.
        """
        if self._stopped or self.failure is not None or not self._make_room(sender, size):
            return False
        done: Future[object] = Future()
        done.add_done_callback(lambda _: self._release(sender, size))
        with self._counting:
            place = max(self._places.get(sender, 0), self._reached) + 1
            self._places[sender] = place
            self._queue.put(_Item(_OFFERED, place, next(self._numbers), size, work, done))
        return True

    def _put(self, turn: int, work: Work, future: "Future[Any]") -> None:
        self._queue.put(_Item(turn, 0, next(self._numbers), 0, work, future))

    def _make_room(self, sender: str, size: int) -> bool:
        with self._counting:
            full = self._waiting_bytes + size > WAITING_BYTES_MAX or self.waiting >= WAITING_ITEMS_MAX
            share = self._waiting_bytes_of[sender] + size > WAITING_BYTES_OF_SENDER_MAX
            if full or share or self._waiting_of[sender] >= WAITING_OF_SENDER_MAX:
                return False
            self._waiting_bytes += size
            self._waiting_bytes_of[sender] += size
            self._waiting_of[sender] += 1
            return True

    def _release(self, sender: str, size: int) -> None:
        with self._counting:
            self._waiting_bytes -= size
            self._waiting_bytes_of[sender] -= size
            self._waiting_of[sender] -= 1

    def stop(self, seconds_max: float = 10.0) -> None:
        """Finish what waits and end the thread."""
        with self._door:
            self._stopped = True
            self._put(_END, lambda: None, Future())
        self._thread.join(seconds_max)

    def _run(self) -> None:
        last = False
        while not last:
            group, last = self._next_group()
            # Whoever gave up waiting gets no work done, and their future can no longer be set.
            group = [item for item in group if item.future.set_running_or_notify_cancel()]
            if group and self.failure is None:
                # The disk is full or broken, most likely: nothing was committed, so nothing is told. The hub stops and
                # says so; until it has, whoever still waits is told, for nobody must wait for ever.
                self.failure = tried(functools.partial(self._commit, group)).error
                if self.failure is not None:
                    _log.critical("the store failed: %s", self.failure)
            for item in group:
                if not item.future.done():
                    item.future.set_exception(WriterStoppedError(f"the hub's store failed: {self.failure}"))

    def _next_group(self) -> tuple[list[_Item], bool]:
        """Return what waits, and whether it was the last."""
        group: list[_Item] = []
        size = 0
        while not group or self._takes_more(group, size):
            item = self._queue.get()
            if item.turn == _END:
                return group, True
            self._reached = max(self._reached, item.place)
            group.append(item)
            size += item.size
        return group, False

    def _takes_more(self, group: list[_Item], size: int) -> bool:
        if len(group) >= GROUP_ITEMS_MAX or size >= GROUP_BYTES_MAX or self._queue.empty():
            return False
        # Whoever asked waits for this very commit: messages go with the next one, and never later than with that.
        asked_alone = group[0].turn == _ASKED and self._queue.queue[0].turn == _OFFERED
        self._passed_over = asked_alone and not self._passed_over
        return not self._passed_over

    def _commit(self, group: list[_Item]) -> None:
        outgoing, done = self._committer.commit([item.work for item in group])
        for item, came in zip(group, done, strict=True):
            if came.error is None:
                item.future.set_result(came.result)
            else:
                item.future.set_exception(came.error)
        for topic, message in outgoing:
            self._publish(topic, message)
