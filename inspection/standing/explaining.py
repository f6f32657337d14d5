"""Why a station stands as it does, for the station itself (评价依据): figures, peers, limits, rules and the cases.

Values only, ready for a page or for JSON; every text in Chinese and English comes from the rules' file.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from inspection.standing.chain import exceeds
from inspection.standing.figures import Figure
from inspection.standing.rules import FigureLink, Level, StandingRules
from inspection.standing.state import StationStanding


class Limit(Struct, frozen=True, kw_only=True):
    """From where on a rule takes offence at a figure, and whether it does. z_min and difference_min: to that side."""

    rule: str
    level: Level
    side: str
    z_min: float
    difference_min: float
    count_min: int
    exceeded: bool
    zh: str
    en: str


class ExplainedFigure(Struct, frozen=True, kw_only=True):
    """A figure with its peers' value and its limits; fields as in Figure."""

    name: str
    value: float
    expected: float | None
    difference: float
    z: float
    count: int
    compared: int
    least: float | None
    limits: tuple[Limit, ...]


class ExplainedWarning(Struct, frozen=True, kw_only=True):
    """A warning that was raised. figures: what led to it, with the cases; zh, en: the rule, where it is still known."""

    day: date
    rule: str
    level: Level
    figures: str
    rules: str
    zh: str
    en: str


class ExplainedCase(Struct, frozen=True, kw_only=True):
    """An inspection that speaks against the station: what was suspicious, whether an auditor and a recheck agreed."""

    case: str
    day: date
    suspicions: tuple[tuple[str, str, str], ...]
    overturned: bool
    proven: bool


class Explanation(Struct, frozen=True, kw_only=True):
    """All of it. sticker_first: whether the station may hand out stickers first. rules: name of those in force."""

    station: str
    sticker_first: bool
    standing: StationStanding
    rules: str
    figures: tuple[ExplainedFigure, ...]
    warnings: tuple[ExplainedWarning, ...]
    cases: tuple[ExplainedCase, ...]


Against = tuple[str, date, tuple[str, ...], bool, bool]
"""A case that speaks against the station: id, day, suspicions, overturned, proven."""
Said = tuple[date, str, Level, str, str]
"""A warning: day, rule, level, figures, name of the rules."""


def explain(
    standing: StationStanding,
    figures: Mapping[str, Figure],
    warnings: Sequence[Said],
    cases: Sequence[Against],
    *,
    rules: StandingRules,
) -> Explanation:
    """Return why a station stands as it does, by the rules in force."""
    return Explanation(
        station=standing.station,
        sticker_first=standing.sticker_first,
        standing=standing,
        rules=rules.name,
        figures=tuple(_figure(figure, rules) for figure in figures.values()),
        warnings=tuple(_warning(said, rules) for said in warnings),
        cases=tuple(_case(against, rules) for against in cases),
    )


def _figure(figure: Figure, rules: StandingRules) -> ExplainedFigure:
    links = [link for link in rules.chain if isinstance(link, FigureLink)]
    about = [link for link in links if link.figure == figure.name and link.subject == "station"]
    return ExplainedFigure(
        name=figure.name,
        value=figure.value,
        expected=figure.expected,
        difference=figure.difference,
        z=figure.z,
        count=figure.count,
        compared=figure.compared,
        least=figure.least,
        limits=tuple(_limit(link, figure) for link in about),
    )


def _limit(link: FigureLink, figure: Figure) -> Limit:
    return Limit(
        rule=link.code,
        level=link.level,
        side=link.side,
        z_min=link.z_min,
        difference_min=link.difference_min,
        count_min=link.count_min,
        exceeded=exceeds(link, figure),
        zh=link.zh,
        en=link.en,
    )


def _warning(said: Said, rules: StandingRules) -> ExplainedWarning:
    day, rule, level, figures, name = said
    link = rules.link(rule)
    zh, en = (link.zh, link.en) if link else (rule, rule)
    return ExplainedWarning(day=day, rule=rule, level=level, figures=figures, rules=name, zh=zh, en=en)


def _case(against: Against, rules: StandingRules) -> ExplainedCase:
    case, day, codes, overturned, proven = against
    known = [(code, rules.suspicions.get(code)) for code in codes]
    suspicions = tuple((code, rule.zh, rule.en) if rule else (code, code, code) for code, rule in known)
    return ExplainedCase(case=case, day=day, suspicions=suspicions, overturned=overturned, proven=proven)
