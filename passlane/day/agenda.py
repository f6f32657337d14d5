"""What is still to happen (日程): pieces of work by the virtual moment at which each is due. Knows no hub."""

import heapq
from collections.abc import Callable

Piece = Callable[[], object]


class Agenda:
    """The agenda. Of what is due at the same moment, what was put down first comes first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Piece]] = []
        self._count = 0

    def add(self, at: int, piece: Piece) -> None:
        """Put a piece of work down for a moment, Unix milliseconds."""
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, piece))

    def take(self, before: int) -> list[tuple[int, Piece]]:
        """Return what is due before a moment, in its order, and forget it."""
        taken = []
        while self._heap and self._heap[0][0] < before:
            at, _, piece = heapq.heappop(self._heap)
            taken.append((at, piece))
        return taken

    def __len__(self) -> int:
        return len(self._heap)
