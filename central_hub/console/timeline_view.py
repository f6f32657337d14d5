"""The time line of a case: each fact in a sentence, with when the hub received it, and when it happened. Pure.

What a device's clock said is shown as it is; where that clock was far off, it says so, and what is known instead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from central_hub.auditing import SUSPICION_REASONS
from central_hub.console.names import CaseNames
from central_hub.console.texts import Texts, kilobytes, moment
from central_hub.store.timing import Estimate, clock_error_ms, far_off
from inspection.facts import (
    AnyFact,
    AuditDecided,
    CaseOpened,
    Entry,
    InspectionConcluded,
    ItemChecked,
    PhotoRefused,
    PhotoStored,
    PhotoTaken,
    ReadingCorrected,
    RecallOrdered,
    StickerWithheld,
    VideoReferenced,
)
from inspection.identities import HUB

ROWS_SHOWN_MAX = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineRow:
    """One fact. device_time: by the device's own clock, which decides nothing; empty for the hub's facts.

    happened: where that clock was far off, when the fact happened by the hub's clock, and how sure that is.
    """

    received: str
    device_time: str
    happened: str
    source: str
    sentence: str
    by_hub: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Clocks:
    """When facts happened, by device and number, as far as that is known; from when on a device's clock is wrong."""

    happened: Mapping[tuple[str, int], Estimate]
    skew_seconds_max: int


def timeline(
    entries: list[tuple[int, Entry]], clocks: Clocks, *, names: CaseNames, texts: Texts
) -> tuple[TimelineRow, ...]:
    """Return the newest ROWS_SHOWN_MAX facts, oldest first, in the order of arrival."""
    return tuple(
        _row(received, entry, clocks, names=names, texts=texts) for received, entry in entries[-ROWS_SHOWN_MAX:]
    )


def _row(received: int, entry: Entry, clocks: Clocks, *, names: CaseNames, texts: Texts) -> TimelineRow:
    by_hub = entry.device == HUB
    return TimelineRow(
        received=moment(received),
        device_time="" if by_hub else moment(entry.wall),
        happened=_happened(entry, clocks, texts),
        source=f"{texts('timeline.hub') if by_hub else entry.device} #{entry.seq}",
        sentence=sentence(entry.fact, names, texts),
        by_hub=by_hub,
    )


def _happened(entry: Entry, clocks: Clocks, texts: Texts) -> str:
    estimate = clocks.happened.get((entry.device, entry.seq))
    if estimate is None:
        return ""
    if not far_off(clock_error_ms(entry.wall, estimate), skew_seconds_max=clocks.skew_seconds_max):
        return ""
    at, earliest, latest = moment(estimate.at), moment(estimate.earliest), moment(estimate.latest)
    return texts(f"timeline.happened_{estimate.sure}", at=at, earliest=earliest, latest=latest)


def sentence(fact: AnyFact, names: CaseNames, texts: Texts) -> str:
    """Return what happened, in words; a value of a fact that has no words of its own stands as it is."""
    special = _SPECIAL.get(type(fact))
    if special is not None:
        key, values = special(fact, names, texts)
    else:
        key, values = type(fact).__name__, {name: getattr(fact, name) for name in fact.__struct_fields__}
    return texts(f"fact.{key}", **values).strip()


_Said = tuple[str, dict[str, object]]


def _opened(fact: CaseOpened, _names: CaseNames, texts: Texts) -> _Said:
    return "CaseOpened", {"regime": texts(f"regime.{fact.regime}"), "serial": fact.serial, "attempt": fact.attempt}


def _photo(fact: PhotoTaken, names: CaseNames, _texts: Texts) -> _Said:
    return ("PhotoRetaken" if fact.replaces else "PhotoTaken"), {"name": names.photo(fact.kind)}


def _refused(fact: PhotoRefused, names: CaseNames, texts: Texts) -> _Said:
    return "PhotoRefused", {"name": names.photo(fact.kind), "why": texts.coded("shot", fact.code)}


def _item(fact: ItemChecked, names: CaseNames, texts: Texts) -> _Said:
    return "ItemChecked", {"name": names.item(fact.item), "mark": texts(f"mark.{fact.mark}"), "value": fact.value}


def _corrected(fact: ReadingCorrected, _names: CaseNames, _texts: Texts) -> _Said:
    return ("ReadingConfirmed" if fact.read == fact.corrected else "ReadingCorrected"), {"by": fact.by}


def _video(fact: VideoReferenced, _names: CaseNames, _texts: Texts) -> _Said:
    video = fact.video
    if video.missing:
        return "VideoMissing", {"missing": video.missing}
    return "VideoReferenced", {"recorder": video.recorder, "channel": video.channel}


def _concluded(fact: InspectionConcluded, _names: CaseNames, texts: Texts) -> _Said:
    return "InspectionConcluded", {"by": fact.by, "outcome": texts(f"outcome.{fact.outcome}")}


def _stored(fact: PhotoStored, _names: CaseNames, _texts: Texts) -> _Said:
    return "PhotoStored", {"kilobytes": kilobytes(fact.size)}


def _withheld(fact: StickerWithheld, _names: CaseNames, texts: Texts) -> _Said:
    failed = [texts.either(reason.zh, reason.en) for reason in fact.reasons if reason.result != "passed"]
    return "StickerWithheld", {"failed": "; ".join(failed)}


def _audited(fact: AuditDecided, _names: CaseNames, texts: Texts) -> _Said:
    if fact.decision == "pass":
        return "AuditPassed", {"auditor": fact.auditor}
    return "AuditSuspicious", {"auditor": fact.auditor, "reason": suspicion(fact.reason, texts)}


def _recalled(fact: RecallOrdered, _names: CaseNames, texts: Texts) -> _Said:
    return "RecallOrdered", {"station": fact.station, "reason": suspicion(fact.reason, texts)}


_SPECIAL: dict[type, Callable[[Any, CaseNames, Texts], _Said]] = {
    CaseOpened: _opened,
    PhotoTaken: _photo,
    PhotoRefused: _refused,
    ItemChecked: _item,
    ReadingCorrected: _corrected,
    VideoReferenced: _video,
    InspectionConcluded: _concluded,
    PhotoStored: _stored,
    StickerWithheld: _withheld,
    AuditDecided: _audited,
    RecallOrdered: _recalled,
}


def suspicion(reason: str, texts: Texts) -> str:
    """Return the words of a coded reason for suspicion, or the code itself."""
    return texts.either(*SUSPICION_REASONS[reason]) if reason in SUSPICION_REASONS else reason
