"""Which audits will be late, given who is on shift (超时预测), and whom to tell. Decides only, and the same each time.

The queue is played forward: whoever is free takes the first case in its order, and a case that was begun before a shift
ends is ended. What is not known is not guessed: who falls ill, and what will come in, which is due after what is here.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from inspection.facts import AuditEscalated

SECOND_MS = 1_000
TOLD = ("lead_auditor", "detachment")
"""Whom an escalation goes to: level 1, the auditor who leads the shift (审核组长); level 2, the detachment (支队)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A case in the queue. due, order: as in the queue, Unix milliseconds.

    opinions: how many it still needs, on average. told: the highest level that was told of it, 0 for none.
    """

    case: str
    due: int
    order: int
    opinions: float = 1.0
    told: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """A person who audits from start to end (Unix milliseconds)."""

    person: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Breach:
    """A case that will not be decided in time, or so closely that it may not be.

    done: when it is expected to be; 0 where nobody is on shift for it. told: as in Waiting.
    """

    case: str
    due: int
    done: int
    told: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Spare:
    """What is left for things going worse than usual, so that nobody is surprised by a breach.

    share: by so much longer all looks may take. ms: so much sooner than due a case has to be decided even then: a
    second look takes another person, and what is suspicious overtakes.
    """

    ms: int = 0
    share: float = 0.0


NO_SPARE = Spare()


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """How the queue will go on from `at`. waiting: how many cases. breaches: the nearest deadline first.

    staff: people on shift at `at`. done: when the last case is decided; 0 where that is never. Unix milliseconds.
    """

    at: int
    waiting: int
    staff: int
    seconds_a_case: float
    done: int
    breaches: tuple[Breach, ...] = field(default=())

    @property
    def late(self) -> int:
        """How many of the breaches are late already."""
        return sum(breach.due <= self.at for breach in self.breaches)

    @property
    def first_due(self) -> int:
        """The deadline of the first case that is not late yet and will be; 0 where there is none."""
        return min((breach.due for breach in self.breaches if breach.due > self.at), default=0)


def forecast(
    waiting: Iterable[Waiting], shifts: Sequence[Shift], *, seconds_a_case: float, now: int, spare: Spare = NO_SPARE
) -> Forecast:
    """Play the queue forward from `now`. seconds_a_case: how long an opinion takes, the mean."""
    cases = sorted(waiting, key=lambda case: (case.order, case.case))
    work_ms = seconds_a_case * SECOND_MS
    done = _played(cases, shifts, work_ms=work_ms, now=now)
    slowly = _played(cases, shifts, work_ms=work_ms * (1 + spare.share), now=now) if spare.share else done
    late = [
        Breach(case=case.case, due=case.due, done=at, told=case.told)
        for case, at, late_at in zip(cases, done, slowly, strict=True)
        if not late_at or late_at + spare.ms > case.due
    ]
    return Forecast(
        at=now,
        waiting=len(cases),
        staff=len({shift.person for shift in shifts if shift.start <= now < shift.end}),
        seconds_a_case=seconds_a_case,
        done=max(done, default=now) if all(done) else 0,
        breaches=tuple(sorted(late, key=lambda breach: (breach.due, breach.case))),
    )


def _played(cases: Sequence[Waiting], shifts: Sequence[Shift], *, work_ms: float, now: int) -> list[int]:
    """Return when each case is done, 0 for those that nobody comes to."""
    done = [0] * len(cases)
    free = [(max(now, shift.start), shift.end, shift.person) for shift in shifts if shift.end > now]
    heapq.heapify(free)
    number = 0
    while free and number < len(cases):
        at, end, person = free[0]
        if at >= end:
            heapq.heappop(free)
            continue
        done[number] = at + int(work_ms * cases[number].opinions)
        heapq.heapreplace(free, (done[number], end, person))
        number += 1
    return done


def escalation(breach: Breach, *, now: int, urgent_ms: int) -> AuditEscalated | None:
    """Return the fact that somebody is told of a breach, or None when they were.

    Level 1 as soon as it is seen coming; level 2 when the deadline is as near as urgent_ms, or over.
    """
    level = 2 if breach.due - now <= urgent_ms else 1
    return AuditEscalated(level=level, to=TOLD[level - 1], due=breach.due) if level > breach.told else None
