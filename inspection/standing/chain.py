"""The chain of standing: 预警 (warning), 干预 (stop), 核查 (check); 问责 (penalty) is people's. Rules in, facts out.

Knows how each kind of rule is judged; which rules and limits there are stands in the rules' file. Pure: the day, the
rows, what was raised before and how the stations stand come in; nothing is raised twice for the same cause.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from inspection.facts import StationSuspended, WarningRaised
from inspection.standing.figures import Figure, Inspected, figures_of
from inspection.standing.rules import (
    AnyLink,
    FigureLink,
    Level,
    ProvenLink,
    RepeatedLink,
    StandingRules,
    Subject,
    SuspicionLink,
)
from inspection.standing.state import StationStanding
from inspection.standing.tails import tail_from

CASES_NAMED_MAX = 20
WORDS_CHARACTERS_MAX = 2_000
_RATE_MAX = 0.99

ChainFact = WarningRaised | StationSuspended


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """Inspections with the same suspicions: one of them with its case, or several of others, counted."""

    day: date
    station: str
    inspector: str = ""
    case: str = ""
    suspicions: tuple[str, ...] = ()
    count: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Warned:
    """What was raised before."""

    day: date
    subject: Subject
    name: str
    rule: str
    level: Level


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """A case that was proven, and on which day."""

    day: date
    station: str
    case: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What the chain has to know of before. warned, proven: as far back as the rules look (`days_back`)."""

    warned: tuple[Warned, ...] = ()
    proven: tuple[Proven, ...] = ()
    standings: Mapping[str, StationStanding] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Somebody to whom a rule applies, and the figures that led to it."""

    name: str
    text: str


Figures = Mapping[Subject, Mapping[str, Mapping[str, Figure]]]
"""Of stations and of inspectors: by name, by figure."""


def days_back(rules: StandingRules) -> int:
    """Return how many days of warnings and proven cases the rules look back."""
    spans = [max(link.quiet_days, getattr(link, "days", 0)) for link in rules.chain]
    return max(spans, default=0)


def marked_days(rules: StandingRules) -> int:
    """Return how many days of inspections the rules on suspicions look back."""
    return max((link.days for link in rules.chain if isinstance(link, SuspicionLink)), default=1)


def marks(rows: Iterable[Inspected]) -> list[Marked]:
    """Return inspections as the rules on suspicions see them."""
    return [
        Marked(day=row.day, station=row.station, inspector=row.inspector, case=row.case, suspicions=row.suspicions)
        for row in rows
    ]


def rows_of(rows: Iterable[Inspected], day: date, days: int) -> list[Inspected]:
    """Return the rows of a period of so many days that ends with `day`."""
    return [row for row in rows if _within(row.day, day, days)]


def compared(rows: Sequence[Inspected], day: date, rules: StandingRules) -> Figures:
    """Return the figures of all stations and inspectors over the rules' period that ends with `day`."""
    period = rows_of(rows, day, rules.counting.days)
    return {
        "station": figures_of(period, "station", rules.counting),
        "inspector": figures_of(period, "inspector", rules.counting),
    }


def daily(
    day: date, figures: Figures, marked: Sequence[Marked], past: Past, rules: StandingRules
) -> tuple[ChainFact, ...]:
    """Return what the rules raise on a day, in the order of the rules; nothing that was raised already.

    figures: of everybody, see `compared`. marked: all inspections as far back as the rules on suspicions look.
    """

    def look(link: AnyLink, raised: Past) -> Iterable[Finding]:
        match link:
            case FigureLink():
                return _by_figure(link, figures[link.subject])
            case SuspicionLink():
                return _by_suspicions(link, day, marked)
            case ProvenLink():
                return _by_proven(link, day, raised)
            case _:
                return _by_warnings(link, day, raised)

    return _raised(day, past, rules, look)


def live(day: date, station: str, marked: Sequence[Marked], past: Past, rules: StandingRules) -> tuple[ChainFact, ...]:
    """Return what the rules on suspicions raise about one station while the day runs: a cheat is stopped during it.

    marked: the station's inspections one by one, and those of the others counted, as far back as those rules look.
    """

    def look(link: AnyLink, _raised: Past) -> Iterable[Finding]:
        if not isinstance(link, SuspicionLink) or link.subject != "station":
            return ()
        return (finding for finding in _by_suspicions(link, day, marked) if finding.name == station)

    return _raised(day, past, rules, look)


def _raised(
    day: date, past: Past, rules: StandingRules, look: Callable[[AnyLink, Past], Iterable[Finding]]
) -> tuple[ChainFact, ...]:
    facts: list[ChainFact] = []
    warned = list(past.warned)
    stopped = {name for name, standing in past.standings.items() if standing.suspended}
    for link in rules.chain:
        so_far = Past(warned=tuple(warned), proven=past.proven, standings=past.standings)
        for finding in sorted(look(link, so_far), key=lambda finding: finding.name):
            if _said_before(link, finding.name, day, warned):
                continue
            facts += _facts(link, finding, rules, stopped=finding.name in stopped)
            said = Warned(day=day, subject=link.subject, name=finding.name, rule=link.code, level=link.level)
            warned.append(said)
            if link.level == "stop":
                stopped.add(finding.name)
    return tuple(facts)


def _said_before(link: AnyLink, name: str, day: date, warned: Iterable[Warned]) -> bool:
    quiet = max(1, link.quiet_days)
    return any(said.rule == link.code and said.name == name and _within(said.day, day, quiet) for said in warned)


def _facts(link: AnyLink, finding: Finding, rules: StandingRules, *, stopped: bool) -> Iterator[ChainFact]:
    """Give the warning; with a stop also what stops the station, and that it has to be checked."""
    text = finding.text[:WORDS_CHARACTERS_MAX]

    def warning(level: Level) -> WarningRaised:
        return WarningRaised(
            subject=link.subject, name=finding.name, rule=link.code, level=level, rules=rules.name, figures=text
        )

    yield warning(link.level)
    if link.level != "stop":
        return
    if not stopped:
        reason = f"{link.zh} ({link.en}): {finding.text}"[:WORDS_CHARACTERS_MAX]
        yield StationSuspended(station=finding.name, rule=link.code, by=rules.name, reason=reason)
    yield warning("check")


def exceeds(link: FigureLink, figure: Figure) -> bool:
    """Say whether a figure differs from the peers' by as much as the rule says, to its side."""
    sign = 1 if link.side == "high" else -1
    enough = figure.expected is not None and figure.compared >= link.count_min
    return enough and figure.z * sign >= link.z_min and figure.difference * sign >= link.difference_min


def _by_figure(link: FigureLink, figures: Mapping[str, Mapping[str, Figure]]) -> Iterator[Finding]:
    for name, own in figures.items():
        figure = own.get(link.figure)
        if figure is not None and exceeds(link, figure):
            text = f"{link.figure} {figure.value:.3g} / {figure.expected:.3g}; z {figure.z:+.1f}; n {figure.compared}"
            yield Finding(name=name, text=text)


def _by_suspicions(link: SuspicionLink, day: date, marked: Iterable[Marked]) -> Iterator[Finding]:
    # Against the others' share too: a rule that is off for a whole city must not stop all of its stations.
    wanted = set(link.suspicions)
    counts: dict[str, int] = defaultdict(int)
    hits: dict[str, int] = defaultdict(int)
    cases: dict[str, list[str]] = defaultdict(list)
    for row in marked:
        if not _within(row.day, day, link.days):
            continue
        name = row.station if link.subject == "station" else row.inspector
        counts[name] += row.count
        if wanted.intersection(row.suspicions):
            hits[name] += row.count
            cases[name].append(row.case)
    all_hits, all_count = sum(hits.values()), sum(counts.values())
    for name, found in hits.items():
        others = all_count - counts[name]
        rate = min(_RATE_MAX, max(link.ordinary, (all_hits - found) / others if others else 0.0))
        tail = tail_from(found, counts[name], rate)
        if found >= link.cases_min and tail <= link.tail_max:
            named = ", ".join(cases[name][:CASES_NAMED_MAX])
            yield Finding(name=name, text=f"{found} / {counts[name]} ({rate:.1%}); p {tail:.1e}; {named}")


def _by_proven(link: ProvenLink, day: date, past: Past) -> Iterator[Finding]:
    cases: dict[str, list[str]] = defaultdict(list)
    for proven in past.proven:
        if _within(proven.day, day, link.days):
            cases[proven.station].append(proven.case)
    for station, found in cases.items():
        if len(found) >= link.cases_min:
            yield Finding(name=station, text=f"{len(found)}: {', '.join(found[:CASES_NAMED_MAX])}")


def _by_warnings(link: RepeatedLink, day: date, past: Past) -> Iterator[Finding]:
    days: dict[str, set[date]] = defaultdict(set)
    for said in past.warned:
        if said.subject == link.subject and said.level == "warning" and _within(said.day, day, link.days):
            days[said.name].add(said.day)
    for name, found in days.items():
        if len(found) >= link.warned_days_min:
            yield Finding(name=name, text=", ".join(str(one) for one in sorted(found)))


def _within(one: date, day: date, days: int) -> bool:
    return day - timedelta(days=days) < one <= day
