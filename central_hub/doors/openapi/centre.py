"""Operations of the centre itself (中心): acts of two people, filings, rulebooks, devices, the ledger, keys."""

from datetime import date
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from central_hub.clock import day_of
from central_hub.deciding.permitting import kind_of
from central_hub.desks.rules import TEXT_CHARACTERS_MAX
from central_hub.doors.openapi import ApiError
from central_hub.doors.openapi.lookups import Seal
from central_hub.doors.openapi.office import Office
from central_hub.doors.openapi.operations import Call, Limit, Operation
from central_hub.people.two_person import known, shipped_acts
from inspection.evidence import Line
from inspection.filings import AreaFiling, Filing, InspectorFiling, Scope, TerminalFiling
from inspection.rules import Rulebook, rulebook_on

ACTS_TAG, FILINGS_TAG, RULES_TAG, HUB_TAG = "双人 acts", "备案 filings", "规则 rules", "中心 hub"
PROPOSE, SEE_PROPOSED = ("rules.manage",), ("rules.manage", "device.manage")


class ActAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An act that takes two people. about: sticker, station, case or rulebook. reason: a code where there are such."""

    act: Line
    about: Annotated[str, Meta(max_length=200)]
    reason: Annotated[str, Meta(max_length=500)]


class ActRequest(Struct, frozen=True, kw_only=True):
    """A request that waits for a second person until then. at, until: Unix milliseconds."""

    number: int
    act: str
    zh: str
    en: str
    about: str
    person: str
    reason: str
    at: int
    until: int


class RequestNumber(Struct, frozen=True, kw_only=True):
    """The number of a request."""

    number: int


class Refusing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Annotated[str, Meta(max_length=500)]


class ExactScope(Scope, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a filing allows; a field that it does not have is a mistake."""


class ExactInspector(
    InspectorFiling, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag="inspector"
):
    """查验员备案."""

    scope: ExactScope = ExactScope()


class ExactArea(AreaFiling, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag="area"):
    """查验区备案."""

    scope: ExactScope = ExactScope()


class ExactTerminal(
    TerminalFiling, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag="terminal"
):
    """终端备案."""

    scope: ExactScope = ExactScope()


class FilingsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The filings behind the one of this id."""

    after: Line = ""
    limit: Limit = 100


class RulebookLine(Struct, frozen=True, kw_only=True):
    """A rulebook. until: the day after the last; none: until the next one begins. digest: of its text."""

    id: str
    digest: str
    in_force_from: date
    in_force_until: date | None
    source: str
    today: bool


class RulebookView(Struct, frozen=True, kw_only=True):
    """A rulebook with its text, behind those of the ones that it amends."""

    id: str
    digest: str
    in_force_from: date
    in_force_until: date | None
    text: str


class Proposal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rulebook (TOML) that two people may put in force."""

    name: Annotated[Line, Meta(min_length=1)]
    text: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)]


class Proposed(Struct, frozen=True, kw_only=True):
    """What a proposal is called from now on: what the act key.use is about."""

    digest: str


class ProposalView(Struct, frozen=True, kw_only=True):
    """A rulebook that was proposed; adopted: two people put it in force. at: Unix milliseconds."""

    digest: str
    name: str
    text: str
    adopted: bool
    person: str
    at: int


class DeviceView(Struct, frozen=True, kw_only=True):
    """A device. have: facts that are here; contact: when it was heard; skew: of its clock, milliseconds."""

    device: str
    kind: str
    station: str
    have: int
    contact: int
    skew: int
    revoked: bool
    quarantined: str
    photos_waiting: int
    open_directives: int


class HubKeys(Struct, frozen=True, kw_only=True):
    """The hub's public keys (Ed25519, hexadecimal): all that it signs holds by one of these."""

    keys: tuple[str, ...]


async def list_requests(office: Office, call: Call) -> tuple[ActRequest, ...]:
    """Return the requests that wait for a second person, of acts that this person may do."""
    acts = shipped_acts()
    waiting = await office.act(office.engine.acts.waiting)
    return tuple(
        ActRequest(
            number=asked.number,
            act=asked.act,
            zh=acts[asked.act].zh,
            en=acts[asked.act].en,
            about=asked.about,
            person=asked.person,
            reason=asked.reason,
            at=asked.at,
            until=end,
        )
        for asked, end in waiting
        if call.actor.may(acts[asked.act].right)
    )


async def request_act(office: Office, call: Call) -> RequestNumber:
    """Ask for an act of two people."""
    asked: ActAsked = call.body
    known(asked.act, shipped_acts())
    work = partial(office.engine.acts.request, call.actor, asked.act, about=asked.about, reason=asked.reason)
    return RequestNumber(number=await office.act(work))


async def confirm_act(office: Office, call: Call) -> None:
    """Confirm a request as the second person; the act is done."""
    await office.act(partial(office.engine.acts.confirm, call.actor, call.names["request"]))


async def refuse_act(office: Office, call: Call) -> None:
    """Refuse a request, or take one's own back."""
    asked: Refusing = call.body
    work = partial(office.engine.acts.refuse, call.actor, call.names["request"], reason=asked.reason)
    await office.act(work)


async def list_filings(office: Office, call: Call) -> tuple[Filing, ...]:
    """Return filings of a kind, by id."""
    asked: FilingsQuery = call.query
    return tuple(office.lookups.filings(call.names["kind"], after=asked.after, limit=asked.limit))


async def read_filing(office: Office, call: Call) -> Filing:
    """Return a filing."""
    found = office.lookups.filing(call.names["kind"], call.names["filing"])
    if found is None:
        raise ApiError(404, "filing.none", "there is no such filing", zh="没有该备案")
    return found


async def write_filing(office: Office, call: Call) -> Filing:
    """File an inspector, an area or a terminal, or change what was filed."""
    filing: Filing = msgspec.convert(msgspec.to_builtins(call.body), Filing)
    if (kind_of(filing), filing.id) != (call.names["kind"], call.names["filing"]):
        raise ApiError(400, "filing.other", "path and body name different filings", zh="路径与内容所指备案不一致")
    return await office.act(partial(office.engine.filings.file, call.actor, filing))


async def list_rules(office: Office, _call: Call) -> tuple[RulebookLine, ...]:
    """Return the rulebooks of all dates."""
    books = office.engine.rules.books
    today = rulebook_on(day_of(office.now()), books)
    return tuple(
        RulebookLine(
            id=book.id,
            digest=book.digest,
            in_force_from=book.in_force_from,
            in_force_until=book.in_force_until,
            source=book.source,
            today=book is today,
        )
        for book in books
    )


async def read_rules(office: Office, call: Call) -> RulebookView:
    """Return the rulebook of a day."""
    book: Rulebook = rulebook_on(call.names["day"], office.engine.rules.books)
    return RulebookView(
        id=book.id,
        digest=book.digest,
        in_force_from=book.in_force_from,
        in_force_until=book.in_force_until,
        text=book.text,
    )


async def propose_rules(office: Office, call: Call) -> Proposed:
    """Propose a rulebook; it counts once two people put it in force."""
    asked: Proposal = call.body
    work = partial(office.engine.rules.propose, call.actor, name=asked.name, text=asked.text)
    return Proposed(digest=await office.act(work))


async def list_proposals(office: Office, _call: Call) -> tuple[ProposalView, ...]:
    """Return the rulebooks that were proposed here."""
    return tuple(ProposalView(adopted=bool(row.pop("signature")), **row) for row in office.lookups.proposals())


async def list_devices(office: Office, _call: Call) -> tuple[DeviceView, ...]:
    """Return how each device stands."""
    return tuple(
        DeviceView(
            device=row["device"],
            kind=row["kind"],
            station=row["station"],
            have=row["have"],
            contact=row["contact"],
            skew=row["skew"],
            revoked=bool(row["revoked"]),
            quarantined=row["quarantined"],
            photos_waiting=row["photos_waiting"],
            open_directives=row["open_directives"],
        )
        for row in office.reading.device_states()
    )


async def read_ledger(office: Office, _call: Call) -> Seal:
    """Return the ledger's newest seal."""
    seal = office.lookups.seal()
    if seal is None:
        raise ApiError(404, "ledger.empty", "nothing was written yet", zh="账本尚无内容")
    return seal


async def list_keys(office: Office, _call: Call) -> HubKeys:
    """Return the hub's public keys."""
    return HubKeys(keys=(office.casework.hand.key.public.hex(),))


CENTRE = (
    Operation(method="GET", path="/acts", handler=list_requests, tag=ACTS_TAG, zh="待确认事项",
              en="requests that wait for a second person", answer=tuple[ActRequest, ...], also=(409,)),
    Operation(method="POST", path="/acts", handler=request_act, tag=ACTS_TAG, zh="申请双人事项",
              en="ask for an act of two people", body=ActAsked, answer=RequestNumber, also=(403, 404)),
    Operation(method="POST", path="/acts/{request}/confirmation", handler=confirm_act, tag=ACTS_TAG, zh="确认",
              en="confirm as the second person", rights=("act.confirm",)),
    Operation(method="POST", path="/acts/{request}/refusal", handler=refuse_act, tag=ACTS_TAG, zh="拒绝",
              en="refuse, or take back one's own", body=Refusing, also=(403,)),
    Operation(method="GET", path="/filings/{kind}", handler=list_filings, tag=FILINGS_TAG, zh="备案列表",
              en="list filings", rights=("filing.write", "standing.view"), query=FilingsQuery,
              answer=tuple[Filing, ...]),
    Operation(method="GET", path="/filings/{kind}/{filing}", handler=read_filing, tag=FILINGS_TAG, zh="查看备案",
              en="see a filing", rights=("filing.write", "standing.view"), answer=Filing),
    Operation(method="PUT", path="/filings/{kind}/{filing}", handler=write_filing, tag=FILINGS_TAG, zh="办理备案",
              en="file, or change what was filed", rights=("filing.write",),
              body=ExactInspector | ExactArea | ExactTerminal, answer=Filing),
    Operation(method="GET", path="/rules", handler=list_rules, tag=RULES_TAG, zh="规则", en="list rulebooks",
              answer=tuple[RulebookLine, ...], also=(409,)),
    Operation(method="GET", path="/rules/days/{day}", handler=read_rules, tag=RULES_TAG, zh="某日的规则",
              en="the rulebook of a day", answer=RulebookView, also=(409,)),
    Operation(method="POST", path="/rules/proposals", handler=propose_rules, tag=RULES_TAG, zh="提出规则草案",
              en="propose a rulebook", rights=PROPOSE, body=Proposal, answer=Proposed),
    Operation(method="GET", path="/rules/proposals", handler=list_proposals, tag=RULES_TAG, zh="规则草案",
              en="list proposed rulebooks", rights=SEE_PROPOSED, answer=tuple[ProposalView, ...]),
    Operation(method="GET", path="/devices", handler=list_devices, tag=HUB_TAG, zh="设备", en="list devices",
              rights=("device.manage",), answer=tuple[DeviceView, ...]),
    Operation(method="GET", path="/ledger", handler=read_ledger, tag=HUB_TAG, zh="账本头", en="the ledger's seal",
              access="public", answer=Seal, also=(404,)),
    Operation(method="GET", path="/keys", handler=list_keys, tag=HUB_TAG, zh="中心公钥", en="the hub's public keys",
              access="public", answer=HubKeys),
)  # fmt: skip
