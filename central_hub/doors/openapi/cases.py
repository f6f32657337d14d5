"""Operations about cases (案件): lists, one of them as it stands, and its photos, each look at which is written down.

Shows no auditor what another one thought while a case may still come to them: stages and opinions are left out then.
"""

import base64
import binascii
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from central_hub.deciding.conflicts import name_of
from central_hub.deciding.preaudit import preaudit
from central_hub.deciding.queueing import blinded
from central_hub.doors.openapi import ApiError
from central_hub.doors.openapi.lookups import CaseFilter, Held
from central_hub.doors.openapi.office import Office
from central_hub.doors.openapi.operations import JPEG, PNG, Blob, Call, Limit, Moment, Operation
from central_hub.people.seeing import as_answered, hides_opinions, station_of
from central_hub.store.database import Row
from central_hub.store.timing import Received
from inspection.case import Case, Stage, fold
from inspection.case.life import Who, life, may, steps_from
from inspection.evidence import WHOLE_MAX, Line
from inspection.facts import ItemChecked, PhotoTaken, Reason, RetakeRequested, UnknownFact, Vehicle
from inspection.identities import HUB, Regime

TAG = "案件 cases"
OPINIONS = frozenset({"second_review", "suspected"})
SHOWN_BEFORE_AN_AUDIT = frozenset({"PhotoStored", "StickerIssued", "StickerWithheld", "RetakeRequested"})
CURSOR_CHARACTERS_MAX = 100


class CasesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which cases. since, until: when the hub first knew of them. page: `next` of the page before."""

    stage: Stage | Literal[""] = ""
    station: Line = ""
    regime: Regime | Literal[""] = ""
    light: Literal["", "green", "yellow", "red"] = ""
    since: Moment = 0
    until: Moment = WHOLE_MAX
    overdue: bool = False
    limit: Limit = 100
    page: Annotated[str, Meta(max_length=CURSOR_CHARACTERS_MAX)] = ""


class CaseSearch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose cases; at least one is given. In a body, so that no address and no log holds a VIN or a plate."""

    vin: Annotated[str, Meta(max_length=25)] = ""
    plate: Annotated[str, Meta(max_length=15)] = ""
    serial: Line = ""
    limit: Limit = 100


class CaseLine(Struct, frozen=True, kw_only=True):
    """A case in a list. opened, audit_due: Unix milliseconds; audit_due 0 where no clock runs.

    light: of the pre-audit; empty for a case that does not wait, or that who asks holds.
    """

    case: str
    regime: str
    station: str
    serial: str
    attempt: int
    plate_kind: str
    plate: str
    stage: Stage
    opened: int
    audit_due: int
    overdue: bool
    light: str


class CaseLines(Struct, frozen=True, kw_only=True):
    """A page of cases. next: gives the next page; empty after the last one."""

    cases: tuple[CaseLine, ...]
    next: str = ""


class PhotoLine(Struct, frozen=True, kw_only=True):
    """A photo that counts. here: whether its bytes are at the hub. vin: as the model read it; empty for none."""

    kind: str
    digest: str
    media: str
    width: int
    height: int
    here: bool
    vin: str = ""
    confidence: float = 0.0
    accepted: bool = False


class Happening(Struct, frozen=True, kw_only=True):
    """A line of the time line. at: when the hub received it. by: device, or "hub". said: the fact, without pictures."""

    at: int
    by: str
    kind: str
    said: dict[str, Any]


class NextStep(Struct, frozen=True, kw_only=True):
    """A step that may follow now. who: takes it."""

    step: str
    who: Who
    zh: str
    en: str


class StickerLine(Struct, frozen=True, kw_only=True):
    """The sticker of a case."""

    number: str
    valid_until: date
    withdrawn: bool


class CaseView(Struct, frozen=True, kw_only=True):
    """A case as it stands. seen: how many facts of devices it has: to be given with a decision.

    reasons: of the sticker, or of there being none. vin: as read, or corrected by a person. signs: of the pre-audit.
    """

    case: str
    stage: Stage
    zh: str
    en: str
    regime: str
    station: str
    inspector: str
    device: str
    serial: str
    vehicle: Vehicle | None
    vin: str
    outcome: str
    audit_due: int
    seen: int
    light: str
    signs: tuple[str, ...]
    sticker: StickerLine | None
    reasons: tuple[Reason, ...]
    photos: tuple[PhotoLine, ...]
    items: tuple[ItemChecked, ...]
    open_retakes: tuple[RetakeRequested, ...]
    suspicions: tuple[str, ...]
    next: tuple[NextStep, ...]
    timeline: tuple[Happening, ...]


async def list_cases(office: Office, call: Call) -> CaseLines:
    """Return a page of cases, the newest first."""
    asked: CasesQuery = call.query
    office.check_station(call.actor, asked.station or station_of(call.actor))
    held = office.lookups.held_by(name_of(call.actor))
    wanted = CaseFilter(
        station=asked.station or station_of(call.actor),
        stage=asked.stage,
        light=asked.light,
        regime=asked.regime,
        since=asked.since,
        until=asked.until,
        overdue=asked.overdue,
        after=_cursor(asked.page),
        hides_opinions=hides_opinions(call.actor),
        held=held.case,
        limit=asked.limit,
    )
    rows = await office.lookups.cases(wanted)
    more = _page(rows[-1]) if len(rows) == asked.limit else ""
    return CaseLines(cases=tuple(_line(row, held) for row in rows), next=more)


async def find_cases(office: Office, call: Call) -> CaseLines:
    """Return the cases of a vehicle or a serial."""
    asked: CaseSearch = call.body
    if not (asked.vin or asked.plate or asked.serial):
        raise ApiError(400, "case.search", "give a VIN, a plate or a serial", zh="须给出车辆识别代号、号牌或流水号")
    held = office.lookups.held_by(name_of(call.actor))
    wanted = CaseFilter(
        station=station_of(call.actor),
        vin=asked.vin,
        plate=asked.plate,
        serial=asked.serial,
        hides_opinions=hides_opinions(call.actor),
        held=held.case,
        limit=asked.limit,
    )
    rows = await office.lookups.cases(wanted)
    return CaseLines(cases=tuple(_line(row, held) for row in rows))


async def read_case(office: Office, call: Call) -> CaseView:
    """Return a case as it stands."""
    name = call.names["case"]
    office.case_row(call.actor, name)
    entries = office.reading.entries(name)
    case = fold(name, (entry for _, entry in entries))
    held = office.lookups.held_by(name_of(call.actor))
    answered = office.reading.probe_answer(name, name_of(call.actor))
    if answered and held.case != name:
        # A case with a known answer stays what it looked like, to whoever answered it.
        return case_view(as_answered(case, answered, call.actor), before_an_audit(entries))
    if held.case == name or (hides_opinions(call.actor) and case.stage in OPINIONS):
        due = held.due if held.case == name else case.audit_due
        return case_view(blinded(case, due=due), before_an_audit(entries))
    return case_view(case, entries)


async def count_cases(office: Office, call: Call) -> dict[str, int]:
    """Return how many cases stand in each stage."""
    if station_of(call.actor):
        raise ApiError(403, "station.other", "a station's person sees no counts of all", zh="只能查看本机构的案件")
    counts = await office.lookups.counts()
    if hides_opinions(call.actor):
        hidden = sum(counts.pop(stage, 0) for stage in OPINIONS)
        counts["audit_pending"] = counts.get("audit_pending", 0) + hidden
    return counts


async def read_photo(office: Office, call: Call) -> Blob:
    """Return a photo's bytes; that somebody looked is written down before."""
    name, digest = call.names["case"], call.names["digest"]
    office.case_row(call.actor, name)
    photo = office.lookups.photo_of(name, digest)
    if photo is None or photo["media"] not in (JPEG, PNG) or not office.photos.has(digest):
        raise ApiError(404, "photo.none", "the case has no such photo, or its bytes are not here", zh="没有该照片")
    await office.entrance.viewed(call.actor, name, what=digest)
    return Blob(media=photo["media"], file=office.photos.path(digest))


def before_an_audit(entries: Iterable[Received]) -> list[Received]:
    """Return what an auditor may see of a case: devices' facts, and what the hub did before anybody looked."""
    return [
        (at, entry)
        for at, entry in entries
        if entry.device != HUB or type(entry.fact).__name__ in SHOWN_BEFORE_AN_AUDIT
    ]


def case_view(case: Case, entries: Iterable[Received]) -> CaseView:
    """Return a folded case with its facts for who asks."""
    zh, en = life().stages[case.stage]
    found = preaudit(case)
    start, opened, decided = case.opened or case.applied, case.opened, case.issued or case.withheld
    return CaseView(
        case=case.case,
        stage=case.stage,
        zh=zh,
        en=en,
        regime=opened.regime if opened else "",
        station=opened.station if opened else case.applied.office if case.applied else "",
        inspector=opened.inspector if opened else "",
        device=case.device,
        serial=start.serial if start else "",
        vehicle=case.vehicle,
        vin=case.vin,
        outcome=case.concluded.outcome if case.concluded else "",
        audit_due=case.audit_due,
        seen=case.device_facts,
        light=found.light,
        signs=found.signs,
        sticker=_sticker(case),
        reasons=decided.reasons if decided else (),
        photos=tuple(_photo(photo, case.stored) for photo in case.photos),
        items=case.items,
        open_retakes=case.open_retakes,
        suspicions=tuple(raised.rule for raised in case.suspicions),
        next=_next(case),
        timeline=tuple(_happening(entry) for entry in entries),
    )


def _next(case: Case) -> tuple[NextStep, ...]:
    rows = [row for row in steps_from(case.stage) if may(case, row.step)]
    return tuple(NextStep(step=row.step, who=row.who, zh=row.zh, en=row.en) for row in rows)


def _sticker(case: Case) -> StickerLine | None:
    if case.issued is None:
        return None
    gone = case.sticker_withdrawn is not None
    return StickerLine(number=case.issued.number, valid_until=case.issued.valid_until, withdrawn=gone)


def _photo(photo: PhotoTaken, stored: frozenset[str]) -> PhotoLine:
    ref, read = photo.photo, photo.vin
    return PhotoLine(
        kind=photo.kind,
        digest=ref.digest,
        media=ref.media,
        width=ref.width,
        height=ref.height,
        here=ref.digest in stored,
        vin=read.vin if read else "",
        confidence=read.confidence if read else 0.0,
        accepted=read.accepted if read else False,
    )


def _happening(received: Received) -> Happening:
    at, entry = received
    fact = entry.fact
    kind = fact.kind if isinstance(fact, UnknownFact) else type(fact).__name__
    said = msgspec.to_builtins(fact)
    said.pop("t", None)
    for read in (said, said.get("vin")):
        if isinstance(read, dict):
            read.pop("strip", None)
            read.pop("payload", None)
    return Happening(at=at, by=entry.device, kind=kind, said=said)


def _line(row: Row, held: Held) -> CaseLine:
    # Of a case that somebody holds the list says what it would say of any: a known answer would else be told by it.
    own = row["case_id"] == held.case
    return CaseLine(
        case=row["case_id"],
        regime=row["regime"],
        station=row["station"],
        serial=row["serial"],
        attempt=row["attempt"],
        plate_kind=row["plate_kind"],
        plate=row["plate"],
        stage=row["shown"],
        opened=row["opened"],
        audit_due=held.due if own else row["audit_due"],
        overdue=bool(row["overdue"]),
        light="" if own else row["light"],
    )


def _page(row: Row) -> str:
    return base64.urlsafe_b64encode(f"{row['opened']} {row['case_id']}".encode()).decode()


def _cursor(page: str) -> tuple[int, str] | None:
    if not page:
        return None
    try:
        opened, case = base64.urlsafe_b64decode(page).decode("ascii").split(" ")
        if opened.isdigit() and int(opened) <= WHOLE_MAX and case.isprintable():
            return int(opened), case
    except (binascii.Error, ValueError):
        pass
    raise ApiError(400, "case.page", "this is no `next` of a page", zh="分页标记有误")


CASES = (
    Operation(
        method="GET", path="/cases", handler=list_cases, tag=TAG, zh="案件列表", en="list cases",
        rights=("case.view",), query=CasesQuery, answer=CaseLines, also=(403,),
    ),
    Operation(
        method="POST", path="/cases/search", handler=find_cases, tag=TAG, zh="按车辆查找案件",
        en="find cases of a vehicle", rights=("case.view",), body=CaseSearch, answer=CaseLines,
    ),
    Operation(
        method="GET", path="/case-counts", handler=count_cases, tag=TAG, zh="各阶段案件数", en="count cases by stage",
        rights=("case.view",), answer=dict[str, int],
    ),
    Operation(
        method="GET", path="/cases/{case}", handler=read_case, tag=TAG, zh="查看案件", en="see a case",
        rights=("case.view",), answer=CaseView,
    ),
    Operation(
        method="GET", path="/cases/{case}/photos/{digest}", handler=read_photo, tag=TAG,
        zh="查看照片（留痕）", en="see a photo; that it was seen is written down",
        rights=("photo.view",), media=(JPEG, PNG), also=(409,),
    ),
)  # fmt: skip
