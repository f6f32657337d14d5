"""The statistics of standing: how unlikely a count is, and how much everybody spreads. Numbers in, numbers out.

A count is judged by its exact binomial tail, as a normal approximation is wrong just where it matters: small stations,
rare events. With rates that differ from inspection to inspection the true law is Poisson-binomial; the binomial with
the mean rate has the heavier tails beyond one from the mean (Hoeffding 1956), so it accuses nobody too easily.
Stations differ for honest reasons as well (overdispersion); as in funnel plots of hospitals (Spiegelhalter 2005) all z
are divided by their common spread, here by the median absolute deviation, which a few cheats cannot widen.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import exp, lgamma, log, log1p
from statistics import NormalDist, median

MAD_SIGMA = 1.4826
"""The standard deviation of a normal law, as a multiple of its median absolute deviation."""
TAIL_MIN = 1e-300
_NEGLIGIBLE = 1e-17
SUBJECTS_MIN = 5
"""Fewer than this say nothing about how much all spread."""
_NORMAL = NormalDist()


@lru_cache(100_000)
def tail_from(hits: int, count: int, rate: float) -> float:
    """Return the chance of `hits` or more among `count`, each with the chance `rate` (0 < rate < 1): exact binomial."""
    if hits <= 0:
        return 1.0
    if hits > count:
        return 0.0
    if hits <= count * rate:
        return max(0.0, 1.0 - _sum(count - hits + 1, count, 1.0 - rate))
    return min(1.0, _sum(hits, count, rate))


def tail_to(hits: int, count: int, rate: float) -> float:
    """Return the chance of `hits` or fewer among `count`."""
    return tail_from(count - hits, count, 1.0 - rate)


def _sum(first: int, count: int, rate: float) -> float:
    """Add up the chances of `first` and more, from beyond the mean outward: each is smaller than the one before."""
    odds = rate / (1.0 - rate)
    start = lgamma(count + 1) - lgamma(first + 1) - lgamma(count - first + 1)
    term = exp(start + first * log(rate) + (count - first) * log1p(-rate))
    total = 0.0
    for hits in range(first, count + 1):
        total += term
        term *= (count - hits) / (hits + 1) * odds
        if term < total * _NEGLIGIBLE:
            break
    return total


def signed_z(hits: int, count: int, rate: float) -> float:
    """Return how unlikely a count is, in standard deviations: above 0 when there are more than `rate` makes expect."""
    if hits > count * rate:
        return max(0.0, -_NORMAL.inv_cdf(max(tail_from(hits, count, rate), TAIL_MIN)))
    if hits < count * rate:
        return min(0.0, _NORMAL.inv_cdf(max(tail_to(hits, count, rate), TAIL_MIN)))
    return 0.0


def overdispersion(zs: Sequence[float]) -> float:
    """Return by how much z spread more than chance explains: at least 1; 1 where there are too few to say."""
    if len(zs) < SUBJECTS_MIN:
        return 1.0
    middle = median(zs)
    return max(1.0, MAD_SIGMA * median(abs(z - middle) for z in zs))


def robust_z(counts: Mapping[str, int]) -> dict[str, float]:
    """Return each one's distance from the median of the logarithms, in robust standard deviations; 0 among few."""
    logs = {who: log(count) for who, count in counts.items()}
    if len(logs) < SUBJECTS_MIN:
        return dict.fromkeys(logs, 0.0)
    middle = median(logs.values())
    spread = MAD_SIGMA * median(abs(value - middle) for value in logs.values())
    return {who: (value - middle) / spread if spread else 0.0 for who, value in logs.items()}
