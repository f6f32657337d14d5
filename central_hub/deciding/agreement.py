"""How well auditors agree with each other, with known answers and with themselves before (一致性与漂移). Decides only.

Figures are for a person to read beside their intervals; nothing follows from them by itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

DEVIATE = 1.959964
"""Two-sided 95 % of the normal distribution."""
DRIFT_DEVIATES_MIN = 3.0
DRIFT_TIMES_MIN = 1.5
"""So large a change is called drifting: standard deviations of a share, times of a median. Provisional."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """How many of how many, with the 95 % interval by Wilson's score (Wilson 1927), which holds for 0 of n as well."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share itself, 0 to 1; 0 of nothing."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Its lower and upper end, 0 to 1; everything where there is nothing."""
        if not self.of:
            return (0.0, 1.0)
        square = DEVIATE**2
        shrink = 1 + square / self.of
        centre = (self.value + square / (2 * self.of)) / shrink
        half = DEVIATE * sqrt(self.value * (1 - self.value) / self.of + square / (4 * self.of**2)) / shrink
        return (0.0 if not self.count else centre - half, 1.0 if self.count == self.of else centre + half)


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """An opinion that was given. seconds: how long the case was held.

    outcome: what came of the case in the end, "pass" or "suspicious"; empty while it is open.
    """

    case: str
    person: str
    decision: str
    seconds: int = 0
    outcome: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """A known-answer case that somebody decided."""

    person: str
    expected: str
    given: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditorRow:
    """Figures of one auditor over a period. seconds: median for an opinion; before: the same in the time before.

    agreement: with those who looked at the same cases; kappa: the same beyond chance (Cohen 1960), None where nothing
    can be said. probes: known answers that were met. overturned: opinions that the end of the case contradicts.
    drift: by how many standard deviations the share of suspicions differs from the time before. drifting: whether that,
    or the time taken, is out of the ordinary.
    """

    person: str
    opinions: int
    suspicious: Share
    seconds: float
    seconds_before: float
    agreement: Share
    kappa: float | None
    probes: Share
    overturned: Share
    drift: float
    drifting: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorted:
    """What the pre-audit said of a decided case (green, yellow, red), and what people decided."""

    light: str
    decision: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PreAuditRow:
    """How the machine sorts. misses: green ones that people found suspicious; alarms: red ones that they passed."""

    cases: int
    misses: Share
    alarms: Share
    yellow: Share


def kappa(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Return Cohen's kappa of two people's answers, -1 to 1; None without answers, or where all are alike."""
    counted = Counter(pairs)
    total = sum(counted.values())
    if not total:
        return None
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    for (one, other), count in counted.items():
        first[one] += count
        second[other] += count
    agreed = sum(count for (one, other), count in counted.items() if one == other) / total
    chance = sum(first[answer] * second[answer] for answer in first) / total**2
    return (agreed - chance) / (1 - chance) if chance < 1 else None


def preaudit_row(decided: Iterable[Sorted]) -> PreAuditRow:
    """Return the pre-audit's figures over decided cases; cases that it did not sort are left out."""
    counted = Counter((one.light, one.decision) for one in decided if one.light)

    def share(light: str, decision: str) -> Share:
        of = sum(count for (sorted_as, _), count in counted.items() if sorted_as == light)
        return Share(count=counted[light, decision], of=of)

    return PreAuditRow(
        cases=sum(counted.values()),
        misses=share("green", "suspicious"),
        alarms=share("red", "pass"),
        yellow=share("yellow", "suspicious"),
    )


def auditor_rows(now: Sequence[Given], before: Sequence[Given], probes: Sequence[Answered]) -> tuple[AuditorRow, ...]:
    """Return each auditor's figures, by name. now, before: opinions of the period and of the time before it."""
    pairs = _pairs(now)
    people = sorted({one.person for one in now} | {one.person for one in probes})
    return tuple(_row(person, now, before, probes, pairs[person]) for person in people)


def _pairs(given: Sequence[Given]) -> defaultdict[str, list[tuple[str, str]]]:
    """Return, by person, what they said and what each other person said of the same case."""
    of_case: defaultdict[str, list[Given]] = defaultdict(list)
    for one in given:
        of_case[one.case].append(one)
    pairs: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for opinions in of_case.values():
        for one in opinions:
            pairs[one.person] += [(one.decision, other.decision) for other in opinions if other.person != one.person]
    return pairs


def _row(
    person: str,
    now: Sequence[Given],
    before: Sequence[Given],
    probes: Sequence[Answered],
    pairs: list[tuple[str, str]],
) -> AuditorRow:
    own = [one for one in now if one.person == person]
    earlier = [one for one in before if one.person == person]
    asked = [one for one in probes if one.person == person]
    ended = [one for one in own if one.outcome]
    drift = _deviates(_suspicious(own), _suspicious(earlier))
    seconds, seconds_before = _median(own), _median(earlier)
    return AuditorRow(
        person=person,
        opinions=len(own),
        suspicious=_suspicious(own),
        seconds=seconds,
        seconds_before=seconds_before,
        agreement=Share(count=sum(one == other for one, other in pairs), of=len(pairs)),
        kappa=kappa(pairs),
        probes=Share(count=sum(one.expected == one.given for one in asked), of=len(asked)),
        overturned=Share(count=sum(one.decision != one.outcome for one in ended), of=len(ended)),
        drift=drift,
        drifting=abs(drift) >= DRIFT_DEVIATES_MIN or _apart(seconds, seconds_before),
    )


def _suspicious(given: Sequence[Given]) -> Share:
    return Share(count=sum(one.decision == "suspicious" for one in given), of=len(given))


def _median(given: Sequence[Given]) -> float:
    return float(median(one.seconds for one in given)) if given else 0.0


def _apart(seconds: float, before: float) -> bool:
    return bool(seconds and before) and max(seconds / before, before / seconds) >= DRIFT_TIMES_MIN


def _deviates(now: Share, before: Share) -> float:
    """Return by how many standard deviations two shares differ (two-proportion z); 0 where nothing can be said."""
    if not now.of or not before.of:
        return 0.0
    pooled = (now.count + before.count) / (now.of + before.of)
    spread = sqrt(pooled * (1 - pooled) * (1 / now.of + 1 / before.of))
    return (now.value - before.value) / spread if spread else 0.0
