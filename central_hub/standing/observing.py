"""What a case counts as in the figures of standing: its row, its times, and what happened to it. Decides only.

Knows how two facts of devices are dated; what is suspicious about a case is `inspection.standing`'s.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from central_hub.clock import BEIJING
from central_hub.store.timing import Estimate, Received, clock_error_ms
from inspection.case import Case
from inspection.facts import CaseOpened, Entry
from inspection.filings import AreaFiling
from inspection.standing.figures import Inspected, is_night, mix_of
from inspection.standing.places import centre_of, metres_between
from inspection.standing.rules import Counting
from inspection.standing.suspicion import Timing

SECOND_MS = 1_000

FactName = tuple[str, int]
"""A device and the number of one of its facts."""


def looked_at(case: Case) -> str:
    """Return how much there is of a case that suspicions can come from: facts of devices, and calls to the owner."""
    return f"{case.device_facts}/{len(case.calls)}"


def timing_of(ends: Sequence[Received], estimates: Mapping[FactName, Estimate]) -> Timing | None:
    """Return when an inspection was. ends: the fact that opened it and those that concluded it; None without both."""
    if len(ends) < 2:  # noqa: PLR2004 - a beginning and an end
        return None
    (_, first), (_, last) = ends[0], ends[1]
    begun, done = (estimates[entry.device, entry.seq] for entry in (first, last))
    opened, concluded = begun.at, max(begun.at, done.at)
    errors = (clock_error_ms(first.wall, begun), clock_error_ms(last.wall, done))
    sure = "received" not in (begun.sure, done.sure)
    if _one_ruler(first, last):
        seconds: int | None = (last.mono - first.mono) // SECOND_MS
        jump = (last.wall - first.wall) - (last.mono - first.mono)
    else:
        # A moment of which only its receipt is known says nothing about how long something took.
        seconds, jump = ((concluded - opened) // SECOND_MS if sure else None), 0
    error = max(errors, key=abs)
    return Timing(opened=opened, concluded=concluded, seconds=seconds, clock_error_ms=error, jump_ms=jump, sure=sure)


def _one_ruler(first: Entry, last: Entry) -> bool:
    return (first.device, first.boot) == (last.device, last.boot) and last.mono >= first.mono


def row_of(
    case: Case, opened: CaseOpened, timing: Timing | None, *, day: date, area: AreaFiling | None, counting: Counting
) -> Inspected:
    """Return the row of a concluded case. day: of the hub. area: the filing of its area, where there is one."""
    passed = case.concluded is not None and case.concluded.outcome != "fail"
    centre, photo = centre_of(area), case.vin_photo
    hour = datetime.fromtimestamp(timing.concluded / SECOND_MS, BEIJING).hour if timing else None
    return Inspected(
        case=case.case,
        day=day,
        station=opened.station,
        inspector=opened.inspector,
        mix=mix_of(opened, counting),
        passed=passed,
        attempt=opened.attempt,
        seconds=timing.seconds if timing else None,
        metres=round(metres_between(opened.position, centre)) if opened.position and centre else None,
        retakes=len(case.retakes) + sum(bool(taken.replaces) for taken in case.all_photos),
        doubtful=None if photo is None or photo.vin is None else not photo.vin.accepted,
        night=hour is not None and is_night(hour, counting),
        audited=case.audit is not None,
        overturned=passed and case.audit is not None and case.audit.decision == "suspicious",
        proven=case.recheck is not None and case.recheck.result == "proven",
        suspicions=tuple(dict.fromkeys(raised.rule for raised in case.suspicions)),
    )


def events_of(case: Case) -> dict[str, str]:
    """Return what happened to a case that the digests count, and who did it ("" for the hub itself)."""
    concluded, audit, recheck, call = case.concluded, case.audit, case.recheck, case.calls[-1] if case.calls else None
    happened = {
        "concluded": concluded.by if concluded else None,
        "issued": "" if case.issued else None,
        "overdue": "" if case.overdue else None,
        "audited": audit.auditor if audit else None,
        "suspected": audit.auditor if audit and audit.decision == "suspicious" else None,
        "retaken": case.retakes[0].by if case.retakes else None,
        "recalled": "" if case.recall else None,
        "recall_overdue": "" if case.recall_overdue else None,
        "back": case.returned.by if case.returned else None,
        recheck.result if recheck else "cleared": recheck.by if recheck else None,
        "sticker_withdrawn": case.sticker_withdrawn.by if case.sticker_withdrawn else None,
        "penalised": case.penalties[-1].by if case.penalties else None,
        "called": call.result if call else None,
    }
    return {kind: who for kind, who in happened.items() if who is not None}
