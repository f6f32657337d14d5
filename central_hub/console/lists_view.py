"""What the lists show: the queue, the recent cases, devices and refusals. Pure: rows of the store in, lines out."""

from dataclasses import dataclass
from typing import Literal

from central_hub.console.names import name_of
from central_hub.console.texts import Texts, moment, span
from central_hub.reading import Row
from central_hub.settings import HubSettings

HOUR_MS = 3_600_000
SOON_MS_MAX = 8 * HOUR_MS
URGENT_MS_MAX = 2 * HOUR_MS
REFUSALS_SHOWN_MAX = 100
SKEW_MS_MAX = 60_000
"""A device clock further off is marked. It decides nothing: deadlines and validity hang on the hub's clock."""

Urgency = Literal["none", "calm", "soon", "urgent", "over"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeLeft:
    """Time until an audit is due, as h:mm; with a minus when it is overdue."""

    text: str
    urgency: Urgency


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseLine:
    """A case in a list."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceLine:
    """A device. age: h:mm since the last contact; empty when there was none. skew: seconds, device minus hub."""

    device: str
    kind: str
    station: str
    have: int
    contact: str
    age: str
    skew: str
    skewed: bool
    open_directives: int


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


def case_line(row: Row, *, settings: HubSettings, texts: Texts, now: int) -> CaseLine:
    """Return the line of a row of the table `cases`."""
    return CaseLine(
        case=row["case_id"],
        left=time_left(row["audit_due"] if row["waiting"] else 0, now=now, texts=texts),
        plate_kind=name_of("hpzl", row["plate_kind"], texts) if row["plate"] else "",
        vehicle=row["plate"] or row["serial"] or row["case_id"],
        serial=row["serial"],
        regime=texts(f"regime.{row['regime']}"),
        station=settings.station(row["station"]).name,
        stage=texts(f"stage.{row['stage']}"),
        stage_code=row["stage"],
        opened=moment(row["opened"]),
    )


def stage_counts(counts: dict[str, int], texts: Texts) -> tuple[tuple[str, str, int], ...]:
    """Return (stage, its name, number of cases) for the stages that have cases, in the order of a case's life."""
    stages = [key.removeprefix("stage.") for key in texts.in_order("stage.")]
    return tuple((stage, texts(f"stage.{stage}"), counts[stage]) for stage in stages if counts.get(stage))


def device_line(row: Row, open_directives: int, *, settings: HubSettings, now: int) -> DeviceLine:
    """Return the line of a row of the table `devices`; its key and password stay out."""
    contact, skew = row["contact"], row["skew"]
    return DeviceLine(
        device=row["device"],
        kind=row["kind"],
        station=settings.station(row["station"]).name,
        have=row["have"],
        contact=moment(contact) if contact else "",
        age=span(now - contact) if contact else "",
        skew=f"{skew / 1000:+.1f} s" if contact else "",
        skewed=bool(contact) and abs(skew) > SKEW_MS_MAX,
        open_directives=open_directives,
    )


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
