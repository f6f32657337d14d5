"""What the lists show: the queue, the recent cases, devices and refusals. Pure: rows of the store in, lines out."""

from dataclasses import dataclass
from typing import Literal

from central_hub.console.names import name_of
from central_hub.console.texts import Texts, moment, span
from central_hub.deciding.auditing import LAST_ROUND
from central_hub.deciding.queueing import WHO_MAY_NOT_SETTLE, barred_word
from central_hub.settings import HubSettings
from central_hub.store.database import Row
from central_hub.store.gaps import lost_facts, missing_facts
from central_hub.store.timing import far_off

HOUR_MS = 3_600_000
SOON_MS_MAX = 8 * HOUR_MS
URGENT_MS_MAX = 2 * HOUR_MS
REFUSALS_SHOWN_MAX = 100
TELLING_STAGES = frozenset({"second_review", "suspected"})
"""Stages that tell what an auditor thought."""

Urgency = Literal["none", "calm", "soon", "urgent", "over"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeLeft:
    """Time until an audit is due, as h:mm; with a minus when it is overdue."""

    text: str
    urgency: Urgency


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseLine:
    """A case in a list. light: what the pre-audit says, empty where nobody is to be told it. holder: who audits it now.

    round: of the opinion that would come next; 0 where that would tell what others thought.
    """

    case: str
    left: TimeLeft
    plate_kind: str
    vehicle: str
    serial: str
    regime: str
    station: str
    stage: str
    stage_code: str
    opened: str
    light: str = ""
    holder: str = ""
    round: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceLine:
    """A device. age: h:mm since the last contact; empty when there was none. skew: device minus hub, seconds or h:mm.

    told: number of its newest fact, as far as it told or sent it. have: of the newest one here. missing: how many it
    told of that are not here; lost: how many are here that it does not have any more. photos_waiting, refused: as it
    says itself.
    quarantined: why nothing of it is taken until a person has looked, or nothing.
    """

    device: str
    kind: str
    station: str
    contact: str
    age: str
    silent: bool
    told: int
    have: int
    missing: int
    lost: int
    photos_waiting: int
    refused: int
    skew: str
    skewed: bool
    open_directives: int
    quarantined: str
    revoked: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusalLine:
    """A refused message, or how many of a kind there were."""

    device: str
    code: str
    words: str
    count: int = 0
    at: str = ""
    text: str = ""
    size: int = 0


def time_left(due: int, *, now: int, texts: Texts) -> TimeLeft:
    """Return how long there is until `due` (Unix milliseconds; 0 when no clock runs)."""
    left = due - now
    if not due:
        return TimeLeft(text=texts("queue.no_clock"), urgency="none")
    if left < 0:
        return TimeLeft(text=f"-{span(left)}", urgency="over")
    if left < URGENT_MS_MAX:
        return TimeLeft(text=span(left), urgency="urgent")
    return TimeLeft(text=span(left), urgency="soon" if left < SOON_MS_MAX else "calm")


def shown_stage(stage: str, *, blind: bool) -> str:
    """Return the stage that somebody is shown; blind: who may be asked for an opinion is not told that others gave one.

    That a case waits for an audit they are told.
    """
    return "audit_pending" if blind and stage in TELLING_STAGES else stage


def case_line(row: Row, *, settings: HubSettings, texts: Texts, now: int, blind: bool = False) -> CaseLine:
    """Return the line of a row of the table `cases`, or of the queue. blind: as for `shown_stage`."""
    stage = shown_stage(row["stage"], blind=blind)
    return CaseLine(
        case=row["case_id"],
        left=time_left(row["audit_due"] if row["waiting"] else 0, now=now, texts=texts),
        plate_kind=name_of("hpzl", row["plate_kind"], texts) if row["plate"] else "",
        vehicle=row["plate"] or row["serial"] or row["case_id"],
        serial=row["serial"],
        regime=texts(f"regime.{row['regime']}"),
        station=settings.station(row["station"]).name,
        stage=texts(f"stage.{stage}"),
        stage_code=stage,
        opened=moment(row["opened"]),
        light=row.get("light", ""),
        holder=row.get("holder", ""),
        round=0 if blind or "holder" not in row else _round(row),
    )


def _round(row: Row) -> int:
    if row["stage"] not in TELLING_STAGES:
        return 1
    return LAST_ROUND if barred_word(WHO_MAY_NOT_SETTLE) in row["barred"] else LAST_ROUND - 1


def stage_counts(counts: dict[str, int], texts: Texts, *, blind: bool = False) -> tuple[tuple[str, str, int], ...]:
    """Return (stage, its name, number of cases) for the stages that have cases, in the order of a case's life."""
    if blind:
        hidden = sum(counts.get(stage, 0) for stage in TELLING_STAGES)
        counts = {stage: count for stage, count in counts.items() if stage not in TELLING_STAGES}
        counts["audit_pending"] = counts.get("audit_pending", 0) + hidden
    stages = [key.removeprefix("stage.") for key in texts.in_order("stage.")]
    return tuple((stage, texts(f"stage.{stage}"), counts[stage]) for stage in stages if counts.get(stage))


def device_line(row: Row, *, settings: HubSettings, now: int) -> DeviceLine:
    """Return the line of a row of `Reading.device_states`."""
    contact, skew, lost = row["contact"], row["skew"], lost_facts(row)
    return DeviceLine(
        device=row["device"],
        kind=row["kind"],
        station=settings.station(row["station"]).name,
        contact=moment(contact) if contact else "",
        age=span(now - contact) if contact else "",
        silent=now - contact > settings.silence_hours_max * HOUR_MS,
        # It tells once a minute; what it sent meanwhile it has written too, unless it lost it.
        told=row["told"] if lost else max(row["told"], row["have"]),
        have=row["have"],
        missing=missing_facts(row),
        lost=lost,
        photos_waiting=row["photos_waiting"],
        refused=row["refused"],
        skew=_skew(skew) if contact else "",
        skewed=bool(contact) and far_off(skew, skew_seconds_max=settings.skew_seconds_max),
        open_directives=row["open_directives"],
        quarantined=row["quarantined"],
        revoked=bool(row["revoked"]),
    )


def _skew(milliseconds: int) -> str:
    if abs(milliseconds) < HOUR_MS:
        return f"{milliseconds / 1000:+.1f} s"
    return f"{'-' if milliseconds < 0 else '+'}{span(milliseconds)}"


def refusal_line(row: Row, texts: Texts) -> RefusalLine:
    """Return the line of a row of `refusals` or of `refusal_counts`."""
    return RefusalLine(
        device=row["device"] or texts("operations.unknown_device"),
        code=row["code"],
        words=texts.coded("refusal", row["code"]),
        count=row.get("count", 0),
        at=moment(row["at"]) if "at" in row else "",
        text=row.get("text", ""),
        size=row.get("size", 0),
    )
