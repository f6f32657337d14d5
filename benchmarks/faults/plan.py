"""Which fault comes next, to whom and for how long (故障计划): drawn from a seed, with plain values in and out.

Knows kinds and targets. How a fault is done is `faulting`'s.
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

HUB = "hub"


class Kind(StrEnum):
    """What goes wrong."""

    DEVICE_KILLED = "device killed (kill -9)"
    HUB_KILLED = "hub killed (kill -9)"
    BROKER_KILLED = "broker killed (kill -9)"
    BROKER_WIPED = "broker killed and its store wiped"
    DEVICE_DISK_FULL = "device's disk full"
    HUB_DISK_FULL = "hub's disk full"
    WIRE_CUT = "connections cut"
    WIRE_REFUSED = "connections refused"
    WIRE_STALLED = "network a black hole"
    WIRE_DELAYED = "network slow"
    WIRE_HALF_OPEN = "connections half open"
    DEVICE_POWER_CUT = "device's power cut"
    HUB_POWER_CUT = "hub's power cut"


AT_THE_HUB = frozenset({Kind.HUB_KILLED, Kind.BROKER_KILLED, Kind.BROKER_WIPED, Kind.HUB_DISK_FULL, Kind.HUB_POWER_CUT})
ON_A_WIRE = frozenset({Kind.WIRE_CUT, Kind.WIRE_REFUSED, Kind.WIRE_STALLED, Kind.WIRE_DELAYED, Kind.WIRE_HALF_OPEN})

# How long it lasts, seconds; none where it is over at once. A half-open connection stays longer than a device's
# keep-alive takes to notice, sometimes.
_SECONDS: Mapping[Kind, tuple[float, float]] = {
    Kind.DEVICE_DISK_FULL: (1.0, 5.0),
    Kind.HUB_DISK_FULL: (1.0, 4.0),
    Kind.WIRE_REFUSED: (1.0, 5.0),
    Kind.WIRE_STALLED: (1.0, 8.0),
    Kind.WIRE_DELAYED: (2.0, 6.0),
    Kind.WIRE_HALF_OPEN: (3.0, 70.0),
}
# The hub is everybody's: while it is away, nothing else is tested.
_LIKELIER = {kind: 1.0 if kind in AT_THE_HUB else 2.0 for kind in Kind}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. target: "hub", or a device's name. seconds: how long. seed: for what else is left to chance."""

    kind: Kind
    target: str
    seconds: float
    seed: int

    @property
    def holds(self) -> str:
        """What it has to itself while it lasts: the hub, a device, or a device's wire."""
        return f"wire of {self.target}" if self.kind in ON_A_WIRE else self.target


def next_fault(
    chance: random.Random,
    possible: Mapping[Kind, Collection[str]],
    *,
    busy: Collection[str],
    counts: Mapping[Kind, int],
) -> Fault | None:
    """Return the next fault, None while everything possible is busy.

    possible: the targets of each kind that can be done here. busy: what other faults hold. counts: how often each kind
    came so far: the rarer, the likelier, so that even a short run has some of each.
    """
    free = {
        kind: open_to
        for kind, targets in possible.items()
        if (open_to := [target for target in sorted(targets) if Fault(kind, target, 0, 0).holds not in busy])
    }
    if not free:
        return None
    kinds = sorted(free)
    weights = [_LIKELIER[kind] / (1 + counts.get(kind, 0)) for kind in kinds]
    (kind,) = chance.choices(kinds, weights)
    target = chance.choice(free[kind])
    return Fault(kind, target, chance.uniform(*_SECONDS.get(kind, (0.0, 0.0))), chance.randrange(2**31))
