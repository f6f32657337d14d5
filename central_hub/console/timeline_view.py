"""The time line of a case: each fact in a sentence, with when the hub received it, and when it happened. Pure.

What a device's clock said is shown as it is; where that clock was far off, it says so, and what is known instead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from central_hub.console.names import CaseNames
from central_hub.console.texts import Texts, kilobytes, moment, time_of_day
from central_hub.deciding.auditing import SUSPICION_REASONS
from central_hub.deciding.living import CALL_RESULTS, RETAKE_REASONS, WITHDRAWAL_REASONS
from central_hub.deciding.recalling import CLEARING_REASONS
from central_hub.store.timing import Estimate, clock_error_ms, far_off
from inspection.facts import (
    AccountChanged,
    ActSettled,
    AnyFact,
    AppealDecided,
    AuditDecided,
    AuditEscalated,
    AuditOpinion,
    CaseOpened,
    CaseWithdrawn,
    Entry,
    ExaminationReviewed,
    Filed,
    InspectionConcluded,
    ItemChecked,
    OwnerCalled,
    PhotoRefused,
    PhotoStored,
    PhotoTaken,
    ProbeAnswered,
    ReadingCorrected,
    RecallOrdered,
    RecallOverdue,
    RecheckConcluded,
    RetakeRequested,
    RulesInForce,
    StationAdmitted,
    StationPenalised,
    StepUndone,
    StickerIssued,
    StickerPrinted,
    StickerWithdrawn,
    StickerWithheld,
    VehicleReturned,
    VideoReferenced,
)
from inspection.identities import HUB

ROWS_SHOWN_MAX = 400
BEFORE_AN_AUDIT = frozenset({"PhotoStored", "StickerIssued", "StickerWithheld", "RetakeRequested", "ExemptionApplied"})
"""What the hub wrote before anybody looked; what follows tells an auditor what others thought."""
_UNDOES: dict[str, tuple[type, ...]] = {
    "audit": (AuditOpinion, AuditDecided),
    "recall": (AuditOpinion, AuditDecided, RecallOrdered, RecallOverdue, VehicleReturned),
    "recheck": (RecheckConcluded,),
    "review": (ExaminationReviewed,),
    "withdrawal": (CaseWithdrawn,),
}
"""Facts of the hub that count no more after a step was undone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineRow:
    """One fact. device_time: by the device's own clock, which decides nothing; empty for the hub's facts.

    happened: where that clock was far off, when the fact happened by the hub's clock, and how sure that is.
    undone: whether a later fact took it back.
    """

    received: str
    device_time: str
    happened: str
    source: str
    sentence: str
    by_hub: bool
    undone: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Clocks:
    """When facts happened, by device and number, as far as that is known; from when on a device's clock is wrong."""

    happened: Mapping[tuple[str, int], Estimate]
    skew_seconds_max: int


Received = tuple[int, Entry]
"""A fact and when the hub received it, Unix milliseconds."""


def before_an_audit(entries: list[Received]) -> list[Received]:
    """Return what may be told of a case while somebody may still be asked for an opinion on it."""

    def told(entry: Entry) -> bool:
        if entry.device == HUB:
            return type(entry.fact).__name__ in BEFORE_AN_AUDIT
        return not isinstance(entry.fact, VehicleReturned)

    return [(received, entry) for received, entry in entries if told(entry)]


def timeline(
    entries: list[Received], clocks: Clocks, *, names: CaseNames, texts: Texts, blind: bool = False
) -> tuple[TimelineRow, ...]:
    """Return the newest ROWS_SHOWN_MAX facts, oldest first, in the order of arrival.

    blind: without days. A case whose answer is known is an old one, and is not to be told from one of today.
    """
    undone = _undone(entries)
    shown = list(enumerate(entries))[-ROWS_SHOWN_MAX:]
    rows = [
        replace(_row(received, entry, clocks, names=names, texts=texts), undone=place in undone)
        for place, (received, entry) in shown
    ]
    if not blind:
        return tuple(rows)
    return tuple(_without_days(row, entry.fact, texts) for row, (_, (_, entry)) in zip(rows, shown, strict=True))


def _undone(entries: list[Received]) -> set[int]:
    """Return the places of the hub's facts that a later one took back."""
    undone: set[int] = set()
    gone: set[type] = set()
    for place, (_, entry) in reversed(list(enumerate(entries))):
        if entry.device != HUB:
            continue
        if isinstance(entry.fact, StepUndone):
            gone |= set(_UNDOES[entry.fact.step])
        elif type(entry.fact) in gone:
            undone.add(place)
    return undone


def _without_days(row: TimelineRow, fact: AnyFact, texts: Texts) -> TimelineRow:
    return replace(
        row,
        sentence=texts("decision.issued") if isinstance(fact, StickerIssued) else row.sentence,
        received=time_of_day(row.received),
        device_time=time_of_day(row.device_time),
        happened=texts("timeline.happened_otherwise") if row.happened else "",
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


def _opinion(fact: AuditOpinion, _names: CaseNames, texts: Texts) -> _Said:
    said = texts(f"opinion.{fact.decision}")
    reason = suspicion(fact.reason, texts)
    return "AuditOpinion", {"auditor": fact.auditor, "round": fact.round, "said": f"{said} {reason}".strip()}


def _escalated(fact: AuditEscalated, _names: CaseNames, _texts: Texts) -> _Said:
    return "AuditEscalated", {"to": fact.to, "level": fact.level, "due": moment(fact.due)}


def _retake(fact: RetakeRequested, names: CaseNames, texts: Texts) -> _Said:
    return "RetakeRequested", {
        "by": fact.by,
        "what": names.photo(fact.kind) if fact.kind else names.item(fact.item),
        "reason": coded(fact.reason, RETAKE_REASONS, texts),
    }


def _withdrawn(fact: CaseWithdrawn, _names: CaseNames, texts: Texts) -> _Said:
    return "CaseWithdrawn", {"by": fact.by, "reason": coded(fact.reason, WITHDRAWAL_REASONS, texts)}


def _returned(fact: VehicleReturned, _names: CaseNames, _texts: Texts) -> _Said:
    return "VehicleReturned", {"by": fact.by, "station": fact.station}


def _recall_overdue(fact: RecallOverdue, _names: CaseNames, _texts: Texts) -> _Said:
    return "RecallOverdue", {"due": moment(fact.due)}


def _rechecked(fact: RecheckConcluded, _names: CaseNames, texts: Texts) -> _Said:
    known = CLEARING_REASONS if fact.result == "cleared" else SUSPICION_REASONS
    return f"Recheck_{fact.result}", {"by": fact.by, "reason": coded(fact.reason, known, texts)}


def _sticker_withdrawn(fact: StickerWithdrawn, _names: CaseNames, texts: Texts) -> _Said:
    values: dict[str, object] = {"number": fact.number, "by": fact.by, "confirmed_by": fact.confirmed_by}
    return "StickerWithdrawn", {**values, "reason": suspicion(fact.reason, texts)}


def _penalised(fact: StationPenalised, _names: CaseNames, texts: Texts) -> _Said:
    values: dict[str, object] = {"station": fact.station, "by": fact.by, "measure": fact.measure}
    return "StationPenalised", {**values, "reason": suspicion(fact.reason, texts)}


def _reviewed(fact: ExaminationReviewed, _names: CaseNames, texts: Texts) -> _Said:
    if fact.decision == "fail":
        return "ReviewFailed", {"by": fact.by, "reason": suspicion(fact.reason, texts)}
    return ("ReviewedByRules" if fact.automatic else "ReviewPassed"), {"by": fact.by}


def _undoing(fact: StepUndone, _names: CaseNames, texts: Texts) -> _Said:
    return "StepUndone", {"by": fact.by, "step": texts(f"undo.{fact.step}"), "reason": fact.reason}


def _printed(fact: StickerPrinted, _names: CaseNames, _texts: Texts) -> _Said:
    return "StickerPrinted", {"number": fact.number, "copy": fact.copy, "by": fact.by}


def _called(fact: OwnerCalled, _names: CaseNames, texts: Texts) -> _Said:
    return "OwnerCalled", {"by": fact.by, "result": coded(fact.result, CALL_RESULTS, texts)}


def _rules(fact: RulesInForce, _names: CaseNames, _texts: Texts) -> _Said:
    return "RulesInForce", {"name": fact.name, "digest": fact.digest[:12]}


def _filed(fact: Filed, _names: CaseNames, _texts: Texts) -> _Said:
    return "Filed", {"by": fact.by}


def _settled(fact: ActSettled, _names: CaseNames, _texts: Texts) -> _Said:
    return ("ActConfirmed" if fact.confirmed else "ActRefused"), {"number": fact.number, "by": fact.by}


def _admitted(fact: StationAdmitted, _names: CaseNames, _texts: Texts) -> _Said:
    kind = "StationAdmitted" if fact.admitted else "StationNotAdmitted"
    return kind, {"station": fact.station, "by": fact.by, "reason": fact.reason}


def _appeal(fact: AppealDecided, _names: CaseNames, _texts: Texts) -> _Said:
    kind = "AppealGranted" if fact.granted else "AppealRefused"
    return kind, {"station": fact.station, "by": fact.by, "reason": fact.reason}


def _account(fact: AccountChanged, _names: CaseNames, _texts: Texts) -> _Said:
    return "AccountChanged", {"name": fact.name, "by": fact.by, "change": fact.change}


def _probe(fact: ProbeAnswered, _names: CaseNames, _texts: Texts) -> _Said:
    return "ProbeAnswered", {"auditor": fact.auditor}


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
    AuditOpinion: _opinion,
    AuditEscalated: _escalated,
    RetakeRequested: _retake,
    CaseWithdrawn: _withdrawn,
    VehicleReturned: _returned,
    RecallOverdue: _recall_overdue,
    RecheckConcluded: _rechecked,
    StickerWithdrawn: _sticker_withdrawn,
    StationPenalised: _penalised,
    ExaminationReviewed: _reviewed,
    StepUndone: _undoing,
    StickerPrinted: _printed,
    OwnerCalled: _called,
    RulesInForce: _rules,
    Filed: _filed,
    ActSettled: _settled,
    StationAdmitted: _admitted,
    AppealDecided: _appeal,
    AccountChanged: _account,
    ProbeAnswered: _probe,
}


def coded(code: str, known: Mapping[str, tuple[str, str]], texts: Texts) -> str:
    """Return the words of a coded reason, or the code itself."""
    return texts.either(*known[code]) if code in known else code


def suspicion(reason: str, texts: Texts) -> str:
    """Return the words of a coded reason for suspicion, or the code itself."""
    return coded(reason, SUSPICION_REASONS, texts)
