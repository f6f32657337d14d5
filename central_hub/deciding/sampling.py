"""Random samples that anybody can draw again (可验证抽样): the seed is committed to before the day, and shown after it.

Draws are HMAC-SHA-256 of the seed and the case's id, taken as a number from 0 to 1 and compared with the share: nobody
can know beforehand which case is drawn, and nobody can choose afterwards. Knows no clock and no store; where seeds come
from is the caller's.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from central_hub import HubError

SEED_BYTES = 32
_NUMBER_BYTES = 8


class SampleError(HubError):
    """A seed, a share or a day that cannot be one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DayOfSeed:
    """What the hub keeps of a day's seed. revealed: whether everybody may know it."""

    day: date
    seed: bytes
    revealed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SeedSteps:
    """What the clock job has to do: commit to new seeds for these days, show those of these."""

    commit: tuple[date, ...]
    reveal: tuple[date, ...]


def checked_seed(seed: bytes) -> bytes:
    """Return the seed if it has SEED_BYTES bytes; raises SampleError."""
    if len(seed) != SEED_BYTES:
        raise SampleError(f"a seed has {SEED_BYTES} bytes, this one {len(seed)}")
    return seed


def commitment(seed: bytes) -> str:
    """Return what is published before the day: the seed's SHA-256, hexadecimal. Raises SampleError."""
    return hashlib.sha256(checked_seed(seed)).hexdigest()


def drawn(seed: bytes, name: str, share: float) -> bool:
    """Say whether `name` (a case's id) is in the sample. share: 0 (none) to 1 (all). Raises SampleError."""
    if not 0 <= share <= 1:
        raise SampleError(f"a share lies between 0 and 1, this one is {share}")
    number = hmac.new(checked_seed(seed), name.encode(), hashlib.sha256).digest()[:_NUMBER_BYTES]
    return int.from_bytes(number, "big") < int(share * 256**_NUMBER_BYTES)


def drawing_day(today: date, newest_revealed: date | None) -> date:
    """Return the day whose seed draws now: today, or the first one whose seed nobody has seen.

    A hub's clock that is put back must not draw with a seed that is published.
    """
    if newest_revealed is None or today > newest_revealed:
        return today
    return newest_revealed + timedelta(days=1)


def seed_steps(days: tuple[DayOfSeed, ...], today: date) -> SeedSteps:
    """Return what is to be done on a day of the hub's clock. days: what the hub keeps, in any order.

    1. The drawing day and the one after it have a seed. 2. The seed of a day that is over is shown, in their order.
    """
    revealed = [known.day for known in days if known.revealed]
    drawing = drawing_day(today, max(revealed, default=None))
    have = {known.day for known in days}
    wanted = (drawing, drawing + timedelta(days=1))
    over = sorted(known.day for known in days if not known.revealed and known.day < today)
    return SeedSteps(commit=tuple(day for day in wanted if day not in have), reveal=tuple(over))


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedDay:
    """What the ledger says of a day: the commitment, on which day it was made, and the seed that was shown after it."""

    day: date
    commitment: str
    committed_on: date
    seed: str


def verify_day(published: PublishedDay, passed: Mapping[str, bool], *, share: float) -> tuple[str, ...]:
    """Draw a day again; return what is wrong, in words, or nothing. For anybody: needs published facts only.

    passed: the cases that a first auditor passed on that day, and whether a second one was asked. share: as the
    rulebook of that day has it. More second reviews than drawn are no fault: every suspicion has one too.
    """
    try:
        seed = checked_seed(bytes.fromhex(published.seed))
    except (ValueError, SampleError) as error:
        return (f"{published.day}: no seed: {error}",)
    wrong = []
    if commitment(seed) != published.commitment:
        wrong.append(f"{published.day}: the seed that was shown is not the one that was committed to")
    if published.committed_on >= published.day:
        wrong.append(f"{published.day}: committed to on {published.committed_on}, which is not before the day")
    missing = [case for case, second in sorted(passed.items()) if drawn(seed, case, share) and not second]
    return (*wrong, *(f"{published.day}: {case} was drawn and had no second review" for case in missing))
