"""Puts readings beside each other as tables: how much was read, whether confidence is a probability, time and limits.

It takes labels and readings and gives rows of a table and values for JSON. Neither names a VIN or a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.figures import Row
from benchmarks.vin.reading import Outcome, Reading
from benchmarks.vin.sets import Picture, PictureSet
from models.measure import Bin, Calibration, Figures, Share, figures_of, percentile_95

STRIP_SLICE = "beside a barcode strip"
DRAWN_MARK = " (drawn)"
_PERCENT = 100
_MEGABYTE = 1_000_000

Pair = tuple[Reading, Picture]
Found = float | Share


@dataclass(frozen=True, kw_only=True)
class Read:
    """A set of photos as one reader read it."""

    reader: str
    photos: PictureSet
    outcome: Outcome

    @property
    def title(self) -> str:
        """The set's name; drawn sets are marked as such."""
        return self.photos.name + (DRAWN_MARK if self.photos.drawn else "")

    @property
    def pairs(self) -> list[Pair]:
        """Each photo with its reading."""
        return list(zip(self.outcome.readings, self.photos.pictures, strict=True))


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A figure that must not be passed: a least one where `least`, else a greatest one. unit: as printed."""

    figure: str
    unit: str
    limit: float
    least: bool = False

    def keeps(self, found: Found) -> bool:
        """Return whether a figure keeps the limit; of a share, its value, not its interval."""
        return value_of(found) >= self.limit if self.least else value_of(found) <= self.limit


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Some photos of a set that are reported by themselves: the set's title, the slice's name, and their figures."""

    photos: str
    name: str
    reader: str
    figures: Figures


def slices_of(read: Read) -> list[Slice]:
    """Return the slices of a set: all of it, each kind of surface where it has several, what is beside a strip."""
    pairs = read.pairs
    groups: dict[str, list[Pair]] = {"all": pairs}
    kinds = sorted({picture.label.kind for _, picture in pairs})
    if len(kinds) > 1:
        groups |= {kind: [pair for pair in pairs if pair[1].label.kind == kind] for kind in kinds}
    groups[STRIP_SLICE] = [pair for pair in pairs if pair[1].strip]
    return [
        Slice(photos=read.title, name=name, reader=read.reader, figures=figures_of_pairs(group))
        for name, group in groups.items()
        if group
    ]


def figures_of_pairs(pairs: Sequence[Pair]) -> Figures:
    """Return the figures of readings beside what the photos show; raises MeasureError when there are none."""
    return figures_of((reading, picture.label) for reading, picture in pairs)


def reading_rows(slices: Iterable[Slice]) -> list[Row]:
    """Return a row for each slice: shares in per cent, each with its 95 % interval."""
    return [
        {
            "photos of": one.photos,
            "slice": one.name,
            "reader": one.reader,
            "photos": one.figures.photos,
            "VINs": one.figures.vins,
            "exact %": shown(one.figures.exact),
            "characters %": shown(one.figures.characters),
            "accepted %": shown(one.figures.accepted),
            "wrong among accepted %": counted(one.figures.wrong_among_accepted),
        }
        for one in slices
    ]


def calibration_rows(calibration: Calibration) -> list[Row]:
    """Return the reliability table: what readings of like confidence came to."""
    return [
        {
            "confidence": f"{one.lowest:.4f} to {one.highest:.4f}",
            "readings": one.right.of,
            "mean confidence %": f"{one.confidence * _PERCENT:.2f}",
            "right %": shown(one.right),
        }
        for one in calibration.bins
    ]


def time_rows(reads: Iterable[Read]) -> list[Row]:
    """Return a row for each set and reader: milliseconds a photo, decoding included, and the process's peak memory."""
    return [
        {
            "photos of": read.title,
            "reader": read.reader,
            "photos": len(read.outcome.readings),
            "median ms": f"{median(_walls(read)):.1f}",
            "p95 ms": f"{percentile_95(_walls(read)):.1f}",
            "processor, median ms": f"{median(_processors(read)):.1f}",
            "readings": read.outcome.readings_made,
            "peak MB": f"{read.outcome.peak_bytes / _MEGABYTE:.0f}",
        }
        for read in reads
    ]


def limit_rows(limits: Mapping[str, Limit], found: Mapping[str, Found], stock: Mapping[str, Found]) -> list[Row]:
    """Return a row for each limit whose figure was found, beside the stock reader's, with its ratio to the limit."""
    return [_limit_row(limit, found[key], stock.get(key)) for key, limit in limits.items() if key in found]


def limit_json(limit: Limit, found: Found) -> dict[str, Any]:
    """Return a limit and the figure held against it as values for JSON."""
    return {
        "figure": limit.figure,
        "unit": limit.unit,
        "value": value_of(found),
        "interval": [found.low, found.high] if isinstance(found, Share) else None,
        "limit": limit.limit,
        "least": limit.least,
        "ratio": value_of(found) / limit.limit,
        "kept": limit.keeps(found),
    }


def value_of(found: Found) -> float:
    """Return a figure without its interval."""
    return found.value if isinstance(found, Share) else found


def shown(share: Share) -> str:
    """Return a share in per cent with its interval, or a dash where there was nothing to share."""
    if not share.of:
        return "-"
    value, low, high = (part * _PERCENT for part in (share.value, share.low, share.high))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def counted(share: Share) -> str:
    """Return a share as `shown`, with how many of how many."""
    return f"{shown(share)} {share.count:.0f} of {share.of}"


def figures_json(figures: Figures) -> dict[str, Any]:
    """Return figures as values for JSON: shares with interval and counts."""
    shares = ("exact", "characters", "answered", "accepted", "wrong_among_answers", "wrong_among_accepted")
    return {
        "photos": figures.photos,
        "vins": figures.vins,
        **{name: share_json(getattr(figures, name)) for name in shares},
        "calibration": calibration_json(figures.calibration),
        "milliseconds_median": figures.milliseconds_median,
        "milliseconds_p95": figures.milliseconds_p95,
    }


def share_json(share: Share) -> dict[str, float]:
    """Return a share as values for JSON."""
    return {"value": share.value, "low": share.low, "high": share.high, "count": share.count, "of": share.of}


def calibration_json(calibration: Calibration) -> dict[str, Any]:
    """Return a calibration as values for JSON."""
    return {
        "readings": calibration.readings,
        "expected_error": calibration.expected_error,
        "brier": calibration.brier,
        "bins": [_bin_json(one) for one in calibration.bins],
    }


def time_json(read: Read) -> dict[str, Any]:
    """Return a set's times and memory as values for JSON."""
    return {
        "photos_of": read.title,
        "reader": read.reader,
        "photos": len(read.outcome.readings),
        "milliseconds_median": median(_walls(read)),
        "milliseconds_p95": percentile_95(_walls(read)),
        "processor_milliseconds_median": median(_processors(read)),
        "readings_made": read.outcome.readings_made,
        "peak_bytes": read.outcome.peak_bytes,
    }


def median_milliseconds(read: Read) -> float:
    """Return the median time of a photo, by the clock on the wall."""
    return median(_walls(read))


def _limit_row(limit: Limit, found: Found, stock: Found | None) -> Row:
    bound = limit.limit * (_PERCENT if isinstance(found, Share) else 1)
    return {
        "figure": limit.figure,
        "unit": limit.unit,
        "passlane": _measured(found),
        "RapidOCR": "-" if stock is None else _measured(stock),
        "must": f"{'>=' if limit.least else '<='} {bound:g}",
        "passlane / must": f"{value_of(found) / limit.limit:.2f}",
        "kept": "yes" if limit.keeps(found) else "no",
    }


def _measured(found: Found) -> str:
    return shown(found) if isinstance(found, Share) else f"{found:.4g}"


def _bin_json(one: Bin) -> dict[str, Any]:
    right = share_json(one.right)
    return {"lowest": one.lowest, "highest": one.highest, "confidence": one.confidence, "right": right}


def _walls(read: Read) -> list[float]:
    return [reading.milliseconds for reading in read.outcome.readings]


def _processors(read: Read) -> list[float]:
    return [reading.processor_milliseconds for reading in read.outcome.readings]
