"""When somebody may try to sign in again. Decides only: time comes in, nothing is kept on disk."""

from collections import OrderedDict

FREE_FAILURES_MAX = 5
FIRST_WAIT_SECONDS = 15
WAIT_SECONDS_MAX = 900
COUNTS_REMEMBERED_MAX = 10_000


class Attempts:
    """Counts failures by name and by where they came from, so that nobody locks a person out from another address.

    Names that nobody has are counted like the others: the wait tells nothing about them. name, source: any text that
    the caller has bounded in length; source is the address of the other end of the connection. Times are Unix
    milliseconds of the hub.
    """

    def __init__(self) -> None:
        self._failed: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()

    def begin(self, name: str, source: str, *, now: int) -> int:
        """Ask to try; return 0 if that is allowed, else the seconds to wait.

        An attempt counts as failed from its beginning, so that many at once are no way around the limit.
        """
        who = (name, source)
        failures, until = self._failed.get(who, (0, 0))
        if now < until:
            return -(-(until - now) // 1000)
        self._failed[who] = (failures + 1, now + 1000 * _wait_seconds(failures + 1))
        self._failed.move_to_end(who)
        if len(self._failed) > COUNTS_REMEMBERED_MAX:
            self._failed.popitem(last=False)
        return 0

    def succeeded(self, name: str, source: str) -> None:
        """Forget the failures of a name at a source."""
        self._failed.pop((name, source), None)


def _wait_seconds(failures: int) -> int:
    if failures < FREE_FAILURES_MAX:
        return 0
    return min(WAIT_SECONDS_MAX, FIRST_WAIT_SECONDS << min(failures - FREE_FAILURES_MAX, 10))
