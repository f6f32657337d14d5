"""What the pages about standing show, in the chosen language. Pure: values of standing in, lines out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from central_hub.console.texts import Texts, moment
from central_hub.standing.digests import COUNTS, Digest, StationLine
from central_hub.store.database import Row
from inspection.standing.explaining import ExplainedFigure, Explanation, Limit
from inspection.standing.rules import StandingRules
from inspection.standing.state import StationStanding, Step

MINUTE_SECONDS = 60
_SECONDS, _METRES, _A_DAY = "tempo", "distance", "volume"


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedStation:
    """A station in the list of all. state: code of how it stands."""

    station: str
    name: str
    state: str
    words: str
    inspections: int
    suspected: int
    proven: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FigureLine:
    """A figure. peers: what others have with the same mix. limits: sentences. exceeded: whether one is."""

    words: str
    value: str
    peers: str
    least: str
    count: int
    z: str
    limits: tuple[str, ...]
    exceeded: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StepLine:
    """Something that happened to a station's standing."""

    at: str
    words: str
    why: str
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AgainstLine:
    """A warning, or a case that speaks against the station. case: empty for a warning."""

    day: str
    words: str
    detail: str
    case: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StationView:
    """Why a station stands as it does."""

    station: str
    name: str
    state: str
    words: str
    since: str
    rules: str
    figures: tuple[FigureLine, ...]
    steps: tuple[StepLine, ...]
    warnings: tuple[AgainstLine, ...]
    cases: tuple[AgainstLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DigestView:
    """A digest. counts: (words, number). cities, stations: (words, numbers in the order of `columns`)."""

    title: str
    period: str
    day: str
    counts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    cities: tuple[tuple[str, tuple[int, ...]], ...]
    stations: tuple[tuple[str, str, tuple[int, ...]], ...]
    worst: tuple[tuple[str, str, str], ...]
    auditors: tuple[tuple[str, int, int], ...]


def state_of(standing: StationStanding) -> str:
    """Return the code of how a station stands: the gravest of what there is."""
    if standing.listed:
        return "listed"
    if standing.suspended:
        return "suspended"
    if standing.check:
        return "check"
    return "first" if standing.admitted else "audit_first"


def station_lines(
    standings: Mapping[str, StationStanding], counted: Iterable[Row], *, names: Mapping[str, str], texts: Texts
) -> list[ListedStation]:
    """Return every station that is known or has inspected anything, by its id."""
    rows = {row["station"]: row for row in counted}
    lines = []
    for station in sorted(standings.keys() | rows.keys()):
        state = state_of(standings.get(station, StationStanding(station=station)))
        row = rows.get(station, {})
        lines.append(
            ListedStation(
                station=station,
                name=names.get(station, station),
                state=state,
                words=texts(f"standing.state.{state}"),
                inspections=row.get("inspections", 0),
                suspected=row.get("suspected", 0),
                proven=row.get("proven", 0),
            )
        )
    return lines


def station_view(why: Explanation, *, name: str, rules: StandingRules, texts: Texts) -> StationView:
    """Return the page of one station."""
    state = state_of(why.standing)
    return StationView(
        station=why.station,
        name=name,
        state=state,
        words=texts(f"standing.state.{state}"),
        since=moment(why.standing.since) if why.standing.since else "",
        rules=why.rules,
        figures=tuple(_figure(figure, texts) for figure in why.figures),
        steps=tuple(_step(step, rules, texts) for step in reversed(why.standing.steps)),
        warnings=tuple(
            AgainstLine(
                day=said.day.isoformat(),
                words=f"{texts(f'standing.level.{said.level}')}: {texts.either(said.zh, said.en)}",
                detail=said.figures,
            )
            for said in why.warnings
        ),
        cases=tuple(
            AgainstLine(
                case=one.case,
                day=one.day.isoformat(),
                words="; ".join(texts.either(zh, en) for _, zh, en in one.suspicions),
                detail=_found(overturned=one.overturned, proven=one.proven, texts=texts),
            )
            for one in why.cases
        ),
    )


def _found(*, overturned: bool, proven: bool, texts: Texts) -> str:
    found = [texts("standing.overturned")] if overturned else []
    return "; ".join([*found, texts("standing.proven")] if proven else found)


def _figure(figure: ExplainedFigure, texts: Texts) -> FigureLine:
    return FigureLine(
        words=texts(f"standing.figure.{figure.name}"),
        value=_value(figure.name, figure.value),
        peers="" if figure.expected is None else _value(figure.name, figure.expected),
        least="" if figure.least is None else _value(figure.name, figure.least),
        count=figure.count,
        z=f"{figure.z:+.1f}" if figure.expected is not None else "",
        limits=tuple(_limit(limit, texts) for limit in figure.limits),
        exceeded=any(limit.exceeded for limit in figure.limits),
    )


def _value(name: str, value: float) -> str:
    if name == _SECONDS:
        return f"{int(value) // MINUTE_SECONDS}:{int(value) % MINUTE_SECONDS:02d}"
    if name == _METRES:
        return f"{value:.0f} m"
    return f"{value:.1f}" if name == _A_DAY else f"{value:.1%}"


def _limit(limit: Limit, texts: Texts) -> str:
    return texts(
        f"standing.limit_{limit.side}",
        level=texts(f"standing.level.{limit.level}"),
        z=limit.z_min,
        difference=f"{limit.difference_min:.0%}",
        count=limit.count_min,
    )


def _step(step: Step, rules: StandingRules, texts: Texts) -> StepLine:
    coded = {words.code: texts.either(words.zh, words.en) for words in (*rules.listing_reasons, *rules.chain)}
    code = coded.get(step.code, "" if step.code == "person" else step.code)
    until = texts("standing.until", day=step.ends.isoformat()) if step.ends else ""
    return StepLine(
        at=moment(step.at),
        words=texts(f"standing.step.{step.kind}"),
        why="; ".join(part for part in (code, step.text, until) if part),
        by=" + ".join(name for name in (step.by, step.confirmed_by) if name),
    )


def digest_view(digest: Digest, *, day: date, texts: Texts) -> DigestView:
    """Return the page of a digest. day: one of its days, by which its address names it."""
    shares = {name: f"{share:.1%}" for name, share in digest.shares.items()}
    counts = [(texts(f"digest.{name}"), _with_share(digest.counts[name], shares.get(name))) for name in COUNTS]
    shown = tuple(name for name in COUNTS if digest.counts[name] or name == "inspections")
    return DigestView(
        title=texts(f"digest.title_{digest.scope}"),
        period=f"{digest.period.first} – {digest.period.last}",
        day=day.isoformat(),
        counts=(*counts, (texts("digest.open_recalls"), str(digest.open_recalls))),
        columns=tuple(texts(f"digest.{name}") for name in shown),
        cities=tuple(
            (city or texts("digest.no_city"), tuple(counts[name] for name in shown))
            for city, counts in digest.cities.items()
        ),
        stations=tuple(
            (line.station, _named(line, texts), tuple(line.counts[name] for name in shown)) for line in digest.stations
        ),
        worst=tuple(
            (line.station, _named(line, texts), texts(f"standing.state.{line.state}") + _reasons(line))
            for line in digest.worst
        ),
        auditors=tuple((one.auditor, one.decided, one.suspicious) for one in digest.auditors),
    )


def _with_share(count: int, share: str | None) -> str:
    return f"{count} ({share})" if share else str(count)


def _named(line: StationLine, texts: Texts) -> str:
    return line.name or texts("digest.no_station")


def _reasons(line: StationLine) -> str:
    return f": {', '.join(line.reasons)}" if line.reasons else ""
