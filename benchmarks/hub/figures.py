"""The figures of the hub's benchmark as plain values, and the table and JSON that they make. Measures nothing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median, quantiles
from typing import Any

from benchmarks.figures import Row

MEGABYTE = 1_000_000
KIBIBYTE = 1024
MILLISECONDS = 1_000
_PLAIN_FROM = 100
_SEALED = "bare limit, batches sealed beforehand"
_JOURNALS = "bare hub behind the same devices and journals"


@dataclass(frozen=True, kw_only=True)
class Round:
    """Inspections carried, and the seconds from the first connection to the last receipt and directive.

    processor: seconds of processor time that the hub, the broker and the devices took meanwhile.
    """

    inspections: int
    seconds: float
    processor: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Inspections a second."""
        return self.inspections / self.seconds


@dataclass(frozen=True, kw_only=True)
class Series:
    """Rounds of one kind, and how many facts the ledger held before the first of them (0: it is not the hub's)."""

    rounds: tuple[Round, ...]
    facts_before: int = 0

    @property
    def rate(self) -> float:
        """The median of the rounds' rates."""
        return median(one.rate for one in self.rounds)

    def processor_of(self, who: str) -> float:
        """Return the median of the processor time that one of them took for an inspection, in seconds."""
        return median(one.processor[who] / one.inspections for one in self.rounds)

    @property
    def said(self) -> str:
        """How many inspections each round had."""
        return f"{len(self.rounds)} x {self.rounds[0].inspections}"


@dataclass(frozen=True, kw_only=True)
class HalfLoad:
    """Vehicles led for real under half load. asked, held: inspections a second. seconds: last photo to sticker."""

    asked: float
    held: float
    seconds: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Offline:
    """A device comes back. Seconds from the link's return; others: last photo to sticker of other devices meanwhile.

    lost: facts of its journal that the ledger does not hold, or holds twice.
    """

    inspections: int
    newest_sticker_seconds: float
    drain_seconds: float
    lost: int
    others: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class JournalCost:
    """A device's own cost. seconds: of each committed fact; bare_seconds: of the same bytes appended to a plain table.

    disk, sealed_alone, sealed_many, back: bytes an inspection: in the journal, upward in a batch of its own, upward in
    full batches, and receipt and directive downward.
    """

    seconds: tuple[float, ...]
    bare_seconds: tuple[float, ...]
    disk: float
    sealed_alone: float
    sealed_many: float
    back: float


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What was measured with a ledger that held so many facts when the hub was started over it.

    full: rounds of the hub. In turn with them rounds of the bare hub. bare_sealed: batches sealed beforehand, from
    memory. bare_journals: from devices and journals like the hub's. peak_bytes: of the hub's process.
    """

    full: Series
    bare_sealed: Series
    bare_journals: Series
    start_facts: int
    start_seconds: float
    peak_bytes: int

    @property
    def share_of_sealed(self) -> float:
        """The hub's rate to that of the bare limit whose batches are sealed beforehand."""
        return self.full.rate / self.bare_sealed.rate

    @property
    def share_of_journals(self) -> float:
        """The hub's rate to that of the bare hub behind the same devices and journals."""
        return self.full.rate / self.bare_journals.rate


@dataclass(frozen=True, kw_only=True)
class HubFigures:
    """All that was measured. outage: few devices with full journals, in full batches; None is what was left out."""

    small: Ledger
    outage: Series | None = None
    half: HalfLoad | None = None
    large: Ledger | None = None
    offline: Offline | None = None
    journal: JournalCost | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table. must: None where nothing is asked; least: whether it is the least that may be."""

    name: str
    here: float
    unit: str
    must: float | None = None
    least: bool = False

    @property
    def ratio(self) -> float | None:
        """Here to must; None where nothing is asked, or nothing at all may be."""
        return self.here / self.must if self.must else None

    @property
    def kept(self) -> bool:
        """Whether it keeps what it must."""
        return self.must is None or (self.here >= self.must if self.least else self.here <= self.must)


def percentile_99(seconds: Sequence[float]) -> float:
    """Return the value that 99 of 100 do not pass; of fewer than two, the only one."""
    return quantiles(seconds, n=100, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]


def figures_of(found: HubFigures) -> list[Figure]:
    """Return the lines of the table."""
    lines = _small(found.small)
    if found.outage is not None:
        name = f"drain after an outage, full batches ({found.outage.said})"
        lines.append(Figure(name=name, here=found.outage.rate, unit="/s"))
    if found.large is not None:
        lines += _large(found.large, found.small)
    if found.half is not None:
        lines += _half(found.half)
    if found.offline is not None:
        lines += _offline(found.offline)
    if found.journal is not None:
        lines += _journal(found.journal)
    return lines


def _small(small: Ledger) -> list[Figure]:
    full, sealed, journals = small.full, small.bare_sealed, small.bare_journals
    name = f"inspections, from {_count(full.facts_before)} facts on ({full.said})"
    return [
        Figure(name=name, here=full.rate, unit="/s", must=250.0, least=True),
        Figure(name=f"{_SEALED} ({sealed.said})", here=sealed.rate, unit="/s"),
        Figure(name=f"share of the {_SEALED}", here=small.share_of_sealed, unit="", must=0.4, least=True),
        Figure(name=f"{_JOURNALS} ({journals.said})", here=journals.rate, unit="/s"),
        Figure(name=f"share of the {_JOURNALS}", here=small.share_of_journals, unit="", must=0.4, least=True),
        *_processor(full, "processor time an inspection"),
        *_processor(sealed, "processor time, sealed beforehand"),
        *_processor(journals, "processor time, bare hub behind journals"),
        Figure(name="hub start, first", here=small.start_seconds, unit="s"),
        Figure(name="hub's peak memory, small ledger", here=small.peak_bytes / MEGABYTE, unit="MB"),
    ]


def _processor(series: Series, name: str) -> list[Figure]:
    """Return for an inspection of such rounds the processor time of each that has a part in it."""
    return [
        Figure(name=f"{name}: {who}", here=series.processor_of(who) * MILLISECONDS, unit="ms")
        for who in sorted(series.rounds[0].processor)
    ]


def _large(large: Ledger, small: Ledger) -> list[Figure]:
    full, few, many = large.full, _count(small.full.facts_before), _count(large.full.facts_before)
    ratio = full.rate / small.full.rate
    return [
        Figure(name=f"inspections, from {many} facts on ({full.said})", here=full.rate, unit="/s"),
        Figure(name=f"meanwhile {_SEALED}", here=large.bare_sealed.rate, unit="/s"),
        Figure(name=f"share of it, {many} facts, sealed beforehand", here=large.share_of_sealed, unit=""),
        Figure(name=f"meanwhile {_JOURNALS}", here=large.bare_journals.rate, unit="/s"),
        Figure(name=f"share of it, {many} facts, behind journals", here=large.share_of_journals, unit=""),
        Figure(name=f"{many} facts to {few}", here=ratio, unit="", must=0.9, least=True),
        Figure(name=f"hub start, {_count(large.start_facts)} facts", here=large.start_seconds, unit="s", must=5.0),
        Figure(name=f"hub's peak memory, {many} facts", here=large.peak_bytes / MEGABYTE, unit="MB"),
    ]


def _half(half: HalfLoad) -> list[Figure]:
    name = f"last photo to sticker, load {half.held:.0f}/s"
    return [
        Figure(name=f"{name}, p50 of {len(half.seconds)}", here=median(half.seconds), unit="s"),
        Figure(name=f"{name}, p99", here=percentile_99(half.seconds), unit="s", must=1.0),
    ]


def _offline(offline: Offline) -> list[Figure]:
    others = offline.others
    return [
        Figure(name=f"back online, {offline.inspections} inspections: drained", here=offline.drain_seconds, unit="s"),
        Figure(name="back online: facts lost or doubled", here=offline.lost, unit="", must=0.0),
        Figure(name="back online: newest sticker", here=offline.newest_sticker_seconds, unit="s", must=60.0),
        Figure(name="meanwhile others: last photo to sticker, p50", here=median(others), unit="s"),
        Figure(name=f"meanwhile others: p99 of {len(others)}", here=percentile_99(others), unit="s", must=1.0),
    ]


def _journal(journal: JournalCost) -> list[Figure]:
    here, plain = journal.seconds, journal.bare_seconds
    return [
        Figure(name="journal: one committed fact, p50", here=median(here) * MILLISECONDS, unit="ms"),
        Figure(name="journal: one committed fact, p99", here=percentile_99(here) * MILLISECONDS, unit="ms"),
        Figure(name="plain append of the same, p50", here=median(plain) * MILLISECONDS, unit="ms"),
        Figure(name="plain append of the same, p99", here=percentile_99(plain) * MILLISECONDS, unit="ms"),
        Figure(name="an inspection in the journal", here=journal.disk / KIBIBYTE, unit="KiB"),
        Figure(name="an inspection upward, alone", here=journal.sealed_alone / KIBIBYTE, unit="KiB"),
        Figure(name="an inspection upward, full batches", here=journal.sealed_many / KIBIBYTE, unit="KiB"),
        Figure(name="receipt and directive downward", here=journal.back / KIBIBYTE, unit="KiB"),
    ]


def rows(figures: Sequence[Figure]) -> list[Row]:
    """Return the rows of the printed table."""
    return [
        {
            "figure": figure.name,
            "here": f"{figure.here:.3g} {figure.unit}".rstrip() if figure.here < _PLAIN_FROM else _plain(figure),
            "must": "" if figure.must is None else f"{'>=' if figure.least else '<='} {figure.must:g} {figure.unit}",
            "ratio": "" if figure.ratio is None else f"{figure.ratio:.2f}",
            "kept": "" if figure.must is None else ("yes" if figure.kept else "NO"),
        }
        for figure in figures
    ]


def figures_json(found: HubFigures) -> dict[str, Any]:
    """Return the table's lines and all that was measured, as values for JSON."""
    lines = [{**asdict(figure), "ratio": figure.ratio, "kept": figure.kept} for figure in figures_of(found)]
    return {"figures": lines, "measured": asdict(found)}


def _plain(figure: Figure) -> str:
    return f"{figure.here:.0f} {figure.unit}".rstrip()


def _count(facts: int) -> str:
    for size, word in ((MEGABYTE, "million"), (MILLISECONDS, "thousand")):
        if facts >= size:
            return f"{facts / size:.3g} {word}"
    return str(facts)
