"""Operations of standing (信用监管): stations and why they stand so, listing, appeals, digests, call-backs, tip-offs.

The rated party sees why. Taking a station off the list and restoring it are acts of two people.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated

from msgspec import Meta, Struct

from central_hub.clock import day_of
from central_hub.doors.entrance import SignInError
from central_hub.doors.openapi import ApiError
from central_hub.doors.openapi.office import Office
from central_hub.doors.openapi.operations import CSV, Blob, Call, Limit, Moment, Operation
from central_hub.people.seeing import station_of
from central_hub.standing.acts import LINE_CHARACTERS_MAX, TIP_CHARACTERS_MAX, Listing
from central_hub.standing.digests import Digest, Period, Scope, csv_of, month_of, week_of
from central_hub.standing.reporting import digest, standings
from central_hub.store.standing.reading import StandingReading
from inspection.evidence import WHOLE_MAX, Line, Words
from inspection.standing.explaining import Explanation
from inspection.standing.rules import shipped_standing_rules, standing_rules_on
from inspection.standing.state import StationStanding

TAG = "信用 standing"
VIEW, DECIDE, DIGEST = ("standing.view",), ("standing.decide",), ("digest.view",)
TIPS_NAME = "tip"
TipLine = Annotated[str, Meta(max_length=LINE_CHARACTERS_MAX)]


class StationLine(Struct, frozen=True, kw_only=True):
    """A station. sticker_first: whether it may hand out stickers before the audit (先发放标志)."""

    station: str
    name: str
    city: str
    sticker_first: bool
    admitted: bool
    listed: bool
    suspended: bool
    check: bool
    appeals: bool


class ListingAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Putting a station on the list (失信名单). reason: code. ends: last day; none: until it is decided."""

    reason: Line
    note: Words = ""
    ends: date | None = None


class Why(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, in words."""

    reason: Words


class Admission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a station may hand out stickers first, and why."""

    admit: bool
    reason: Words


class Appeal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the station says."""

    text: Words


class AppealAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an appeal is decided. A granted one is carried out by an act of two people."""

    granted: bool
    reason: Words


class DayQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day of the hub."""

    day: date


class CallLine(Struct, frozen=True, kw_only=True):
    """An owner to be called back. result: empty until somebody has called."""

    case: str
    station: str
    result: str


class TipsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When it was told of."""

    since: Moment = 0
    until: Moment = WHOLE_MAX
    limit: Limit = 100


class TipView(Struct, frozen=True, kw_only=True):
    """What somebody told of (举报). at: Unix milliseconds."""

    at: int
    text: str
    station: str
    plate: str
    contact: str


class Tip(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody tells of; whoever tells need not say who they are."""

    text: Annotated[str, Meta(min_length=1, max_length=TIP_CHARACTERS_MAX)]
    station: TipLine = ""
    plate: TipLine = ""
    contact: TipLine = ""


async def list_stations(office: Office, call: Call) -> tuple[StationLine, ...]:
    """Return how all stations stand, or the person's own."""
    own, settings = station_of(call.actor), office.settings
    found = standings(office.lookups.standing, settings)
    return tuple(
        StationLine(
            station=name,
            name=settings.station(name).name,
            city=settings.station(name).city,
            sticker_first=standing.sticker_first,
            admitted=standing.admitted,
            listed=standing.listed,
            suspended=standing.suspended,
            check=standing.check,
            appeals=standing.appeal is not None,
        )
        for name, standing in found.items()
        if own in ("", name)
    )


async def explain_station(office: Office, call: Call) -> Explanation:
    """Return why a station stands as it does."""
    name = _known(office, call)
    standing = standings(office.lookups.standing, office.settings).get(name) or StationStanding(station=name)
    today = day_of(office.now())
    rules = standing_rules_on(today, shipped_standing_rules())
    return office.lookups.standing.explanation(standing, rules=rules, today=today)


async def put_on_list(office: Office, call: Call) -> StationStanding:
    """Put a station on the list."""
    asked: ListingAsked = call.body
    listing = Listing(reason=asked.reason, note=asked.note, ends=asked.ends)
    work = partial(office.engine.standing.list_station, call.actor, _known(office, call), listing)
    return await office.act(work)


async def suspend_station(office: Office, call: Call) -> StationStanding:
    """Take sticker-first from a station."""
    asked: Why = call.body
    work = partial(office.engine.standing.suspend, call.actor, _known(office, call), reason=asked.reason)
    return await office.act(work)


async def admit_station(office: Office, call: Call) -> StationStanding:
    """Admit a station to sticker-first, or no longer."""
    asked: Admission = call.body
    admit = partial(office.engine.standing.admit, call.actor, _known(office, call))
    return await office.act(partial(admit, admit=asked.admit, reason=asked.reason))


async def file_appeal(office: Office, call: Call) -> StationStanding:
    """Write down a station's appeal."""
    asked: Appeal = call.body
    return await office.act(
        partial(office.engine.standing.file_appeal, call.actor, _known(office, call), text=asked.text)
    )


async def decide_appeal(office: Office, call: Call) -> StationStanding:
    """Decide a station's appeal."""
    asked: AppealAnswer = call.body
    decide = partial(office.engine.standing.decide_appeal, call.actor, _known(office, call))
    return await office.act(partial(decide, granted=asked.granted, reason=asked.reason))


async def read_week(office: Office, call: Call) -> Digest:
    """Return the city's digest of the week that a day lies in."""
    return await _made(office, CITY, call)


async def read_month(office: Office, call: Call) -> Digest:
    """Return the province's digest of the month that a day lies in."""
    return await _made(office, PROVINCE, call)


async def week_as_csv(office: Office, call: Call) -> Blob:
    """Return the week's digest for a spreadsheet."""
    return _csv(await _made(office, CITY, call))


async def month_as_csv(office: Office, call: Call) -> Blob:
    """Return the month's digest for a spreadsheet."""
    return _csv(await _made(office, PROVINCE, call))


async def list_calls(office: Office, call: Call) -> tuple[CallLine, ...]:
    """Return the owners to call back of a day's inspections."""
    asked: DayQuery = call.query
    rows = office.lookups.standing.calls(asked.day)
    return tuple(CallLine(case=row["case_id"], station=row["station"], result=row["result"]) for row in rows)


async def list_tips(office: Office, call: Call) -> tuple[TipView, ...]:
    """Return what people told of, the newest first."""
    asked: TipsQuery = call.query
    rows = office.lookups.standing.tips(since=asked.since, until=asked.until, limit=asked.limit)
    return tuple(TipView(**row) for row in rows)


async def give_tip(office: Office, call: Call) -> None:
    """Take in what somebody tells of, not too often from one address."""
    said: Tip = call.body
    seconds = office.tips.begin(TIPS_NAME, call.address, now=office.now())
    if seconds:
        raise SignInError("tip.wait", f"too many tip-offs from here: wait {seconds} seconds", seconds=seconds)
    take = office.engine.standing.receive_tip
    await office.act(partial(take, said.text, station=said.station, plate=said.plate, contact=said.contact))


@dataclass(frozen=True, slots=True)
class _Regular:
    """A digest that is made again and again. period: of a day."""

    scope: Scope
    period: Callable[[date], Period]


CITY, PROVINCE = _Regular("city", week_of), _Regular("province", month_of)


async def _made(office: Office, regular: _Regular, call: Call) -> Digest:
    period = regular.period(call.names["day"])
    settings = office.settings
    return await office.lookups.slowly(lambda db: digest(StandingReading(db), regular.scope, period, settings=settings))


def _csv(made: Digest) -> Blob:
    return Blob(media=CSV, data=csv_of(made), name=f"digest-{made.scope}-{made.period.first}.csv")


def _known(office: Office, call: Call) -> str:
    name = str(call.names["station"])
    office.check_station(call.actor, name)
    if not any(known.id == name for known in office.settings.stations) and not office.lookups.knows_station(name):
        raise ApiError(404, "standing.unknown", f"there is no station {name!r}", zh="没有该检验机构")
    return name


STANDINGS = (
    Operation(method="GET", path="/stations", handler=list_stations, tag=TAG, zh="检验机构", en="list stations",
              rights=VIEW, answer=tuple[StationLine, ...]),
    Operation(method="GET", path="/stations/{station}", handler=explain_station, tag=TAG, zh="评价依据",
              en="why a station stands so", rights=VIEW, answer=Explanation, also=(409,)),
    Operation(method="POST", path="/stations/{station}/listing", handler=put_on_list, tag=TAG, zh="列入失信名单",
              en="put a station on the list", rights=DECIDE, body=ListingAsked, answer=StationStanding),
    Operation(method="POST", path="/stations/{station}/suspension", handler=suspend_station, tag=TAG,
              zh="暂停先发标志", en="suspend a station", rights=DECIDE, body=Why, answer=StationStanding),
    Operation(method="POST", path="/stations/{station}/admission", handler=admit_station, tag=TAG,
              zh="准入先发标志", en="admit a station", rights=DECIDE, body=Admission, answer=StationStanding),
    Operation(method="POST", path="/stations/{station}/appeals", handler=file_appeal, tag=TAG, zh="申诉",
              en="file an appeal", rights=("appeal.file",), body=Appeal, answer=StationStanding),
    Operation(method="POST", path="/stations/{station}/appeals/decision", handler=decide_appeal, tag=TAG,
              zh="处理申诉", en="decide an appeal", rights=("appeal.decide",), body=AppealAnswer,
              answer=StationStanding),
    Operation(method="GET", path="/digests/weeks/{day}", handler=read_week, tag=TAG, zh="周报",
              en="the city's week", rights=DIGEST, answer=Digest),
    Operation(method="GET", path="/digests/weeks/{day}/csv", handler=week_as_csv, tag=TAG, zh="周报（表格）",
              en="the city's week as CSV", rights=DIGEST, media=(CSV,)),
    Operation(method="GET", path="/digests/months/{day}", handler=read_month, tag=TAG, zh="月报",
              en="the province's month", rights=DIGEST, answer=Digest),
    Operation(method="GET", path="/digests/months/{day}/csv", handler=month_as_csv, tag=TAG, zh="月报（表格）",
              en="the province's month as CSV", rights=DIGEST, media=(CSV,)),
    Operation(method="GET", path="/calls", handler=list_calls, tag=TAG, zh="待回访", en="owners to call back",
              rights=("call.make",), query=DayQuery, answer=tuple[CallLine, ...]),
    Operation(method="GET", path="/tips", handler=list_tips, tag=TAG, zh="举报列表", en="list tip-offs",
              rights=("tip.read",), query=TipsQuery, answer=tuple[TipView, ...]),
    Operation(method="POST", path="/tips", handler=give_tip, tag=TAG, zh="举报", en="tell of something",
              access="public", body=Tip, also=(429,)),
)  # fmt: skip
