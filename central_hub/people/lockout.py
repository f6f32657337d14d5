"""When somebody may try to sign in again, and when an account is locked. Decides only: time comes in.

No stranger can lock a person out for ever. Wrong passwords are counted by name and address together: after some the
waits rise, after FAILURES_OF_DAY_MAX in a day that address may try that name no more until the day is over, and every
other address may. An address that fails with many names waits as well. An account itself is locked, until an
administrator unlocks it, only when the password was right and the code was wrong CODE_FAILURES_MAX times in a day: who
does that has the password, so the password is no longer one. The counts of passwords are held in memory and begin anew
with the program; those of codes are kept in the store.
"""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

FREE_FAILURES_MAX = 5
FREE_FAILURES_OF_ADDRESS_MAX = 100
"""A whole office may stand behind one address."""
FIRST_WAIT_SECONDS = 15
WAIT_SECONDS_MAX = 900
FAILURES_OF_DAY_MAX = 20
CODE_FAILURES_MAX = 10
COUNTS_REMEMBERED_MAX = 10_000
DAY_MS = 86_400_000
_IPV6_PREFIX_BITS = 64

_Key = TypeVar("_Key")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How often something failed since a moment (Unix milliseconds); a day after that it begins anew."""

    count: int = 0
    since: int = 0

    def more(self, now: int) -> "Tally":
        """Return the tally with one failure more."""
        if self.count == 0 or not 0 <= now - self.since < DAY_MS:
            return Tally(count=1, since=now)
        return Tally(count=self.count + 1, since=self.since)


def locks_account(tally: Tally) -> bool:
    """Say whether so many wrong codes after the right password lock the account."""
    return tally.count >= CODE_FAILURES_MAX


def place_of(address: str) -> str:
    """Return what counts as one address: of IPv6 the network of 64 bits, for everybody has so many of those."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:  # noqa: PLR2004 - the version of the protocol
        return str(found)
    return str(ipaddress.ip_network((found, _IPV6_PREFIX_BITS), strict=False))


class Attempts:
    """Counts failures by name and by where they came from, so that nobody locks a person out from another address.

    Names that nobody has are counted like the others: the wait tells nothing about them. name, source: any text that
    the caller has bounded in length; source is the address of the other end of the connection. Times are Unix
    milliseconds of the hub.
    """

    def __init__(self) -> None:
        self._failed: OrderedDict[tuple[str, str], tuple[Tally, int]] = OrderedDict()
        self._of_address: OrderedDict[str, tuple[Tally, int]] = OrderedDict()

    def begin(self, name: str, source: str, *, now: int) -> int:
        """Ask to try; return 0 if that is allowed, else the seconds to wait.

        An attempt counts as failed from its beginning, so that many at once are no way around the limit.
        """
        place = place_of(source)
        of_pair, pair_until = self._failed.get((name, place), (Tally(), 0))
        of_address, address_until = self._of_address.get(place, (Tally(), 0))
        until = max(pair_until, address_until)
        if now < until:
            return -(-(until - now) // 1000)
        of_pair, of_address = of_pair.more(now), of_address.more(now)
        _remember(self._failed, (name, place), (of_pair, _pair_until(of_pair, now)))
        wait = _wait_seconds(of_address.count, free=FREE_FAILURES_OF_ADDRESS_MAX)
        _remember(self._of_address, place, (of_address, now + 1000 * wait))
        return 0

    def succeeded(self, name: str, source: str) -> None:
        """Forget the failures of a name at a source, and at the source this one attempt."""
        place = place_of(source)
        self._failed.pop((name, place), None)
        of_address, _ = self._of_address.pop(place, (Tally(), 0))
        if of_address.count > 1:
            self._of_address[place] = (Tally(count=of_address.count - 1, since=of_address.since), 0)

    def forget(self, name: str) -> None:
        """Forget all failures of a name, wherever from: an administrator unlocked it."""
        for who in [who for who in self._failed if who[0] == name]:
            del self._failed[who]


def _remember(counts: "OrderedDict[_Key, tuple[Tally, int]]", key: _Key, count: tuple[Tally, int]) -> None:
    counts[key] = count
    counts.move_to_end(key)
    if len(counts) > COUNTS_REMEMBERED_MAX:
        counts.popitem(last=False)


def _pair_until(tally: Tally, now: int) -> int:
    if tally.count >= FAILURES_OF_DAY_MAX:
        return tally.since + DAY_MS
    return now + 1000 * _wait_seconds(tally.count, free=FREE_FAILURES_MAX)


def _wait_seconds(failures: int, *, free: int) -> int:
    if failures < free:
        return 0
    return min(WAIT_SECONDS_MAX, FIRST_WAIT_SECONDS << min(failures - free, 10))
