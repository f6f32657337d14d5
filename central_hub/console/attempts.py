"""When a name may try to sign in again. Decides only: time comes in, nothing is kept on disk."""

from collections import OrderedDict

FREE_FAILURES_MAX = 5
FIRST_WAIT_SECONDS = 15
WAIT_SECONDS_MAX = 900
NAMES_REMEMBERED_MAX = 10_000


class Attempts:
    """Counts failures by name. Names that nobody has are counted like the others: the wait tells nothing about them.

    Times are Unix milliseconds of the hub.
    """

    def __init__(self) -> None:
        self._failed: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def begin(self, name: str, *, now: int) -> int:
        """Ask to try; return 0 if that is allowed, else the seconds to wait.

        An attempt counts as failed from its beginning, so that many at once are no way around the limit.
        """
        failures, until = self._failed.get(name, (0, 0))
        if now < until:
            return -(-(until - now) // 1000)
        self._failed[name] = (failures + 1, now + 1000 * _wait_seconds(failures + 1))
        self._failed.move_to_end(name)
        if len(self._failed) > NAMES_REMEMBERED_MAX:
            self._failed.popitem(last=False)
        return 0

    def succeeded(self, name: str) -> None:
        """Forget the failures of a name."""
        self._failed.pop(name, None)


def _wait_seconds(failures: int) -> int:
    if failures < FREE_FAILURES_MAX:
        return 0
    return min(WAIT_SECONDS_MAX, FIRST_WAIT_SECONDS << min(failures - FREE_FAILURES_MAX, 10))
