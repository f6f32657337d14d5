"""Operations of the audit (审核): cases handed out and decided, shifts, known answers, forecast, figures, samples.

An auditor is told neither which round it is nor whether the answer is known.
"""

from dataclasses import asdict
from datetime import date
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, Struct

from central_hub.deciding.agreement import Share
from central_hub.deciding.forecasting import Shift
from central_hub.deciding.queueing import Lease
from central_hub.desks.audit_figures import Period, audit_figures, audit_forecast, check_day, preaudit_figures
from central_hub.desks.audits import Judgement
from central_hub.doors.openapi import ApiError
from central_hub.doors.openapi.cases import CaseView, before_an_audit, case_view
from central_hub.doors.openapi.lookups import SampleDay
from central_hub.doors.openapi.office import Office
from central_hub.doors.openapi.operations import Call, Limit, Moment, Name, Operation
from inspection.evidence import Line, Whole, Words

TAG = "审核 audit"
DECIDE, LEAD = ("audit.decide",), ("audit.lead",)
PERIOD_MS_MAX = 366 * 24 * 3_600_000


class LeaseView(Struct, frozen=True, kw_only=True):
    """A hold on a case. token: to be given with everything about it. due: when the audit is due; until: of the hold.

    until, taken: by the clock of holds, Unix milliseconds; it never goes back.
    """

    token: str
    case: str
    due: int
    taken: int
    until: int


class NextLease(Struct, frozen=True, kw_only=True):
    """The hold on the next case, or none where nothing waits for this person."""

    lease: LeaseView | None


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Giving a case back. recused: it is not to come to this person again (回避)."""

    recused: bool = False


class Opinion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an auditor thinks. seen: as the case said it. reason: code, where it is suspicious.

    corrected: the VIN as the auditor reads it on the photo that counts; empty: nothing said.
    """

    decision: Literal["pass", "suspicious"]
    seen: Whole
    reason: Line = ""
    note: Words = ""
    corrected: Annotated[str, Meta(max_length=25)] = ""


class OpinionTaken(Struct, frozen=True, kw_only=True):
    """An opinion that was taken."""

    case: str
    decision: Literal["pass", "suspicious"]


class ShiftView(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who audits from when until when, Unix milliseconds. One that ends as it starts takes a shift away."""

    person: Name
    start: Moment
    end: Moment


class ProbeLine(Struct, frozen=True, kw_only=True):
    """A case with a known answer. asked: how many people answered."""

    case: str
    expected: Literal["pass", "suspicious"]
    asked: int


class BreachLine(Struct, frozen=True, kw_only=True):
    """A case that will be late. done: when it will be decided; 0: nobody is on shift for it."""

    case: str
    due: int
    done: int
    told: int


class ForecastView(Struct, frozen=True, kw_only=True):
    """How the queue goes on with the people on shift. done: when the last case is decided; 0: never."""

    at: int
    waiting: int
    staff: int
    seconds_a_case: float
    done: int
    late: int
    first_due: int
    breaches: tuple[BreachLine, ...]


class ShareView(Struct, frozen=True, kw_only=True):
    """So many of so many; value: 0 to 1; low, high: its 95 % interval."""

    count: int
    of: int
    value: float
    low: float
    high: float


class AuditorView(Struct, frozen=True, kw_only=True):
    """Figures of an auditor over a period. kappa: agreement beyond chance, none where nothing can be said."""

    person: str
    opinions: int
    suspicious: ShareView
    seconds: float
    seconds_before: float
    agreement: ShareView
    kappa: float | None
    probes: ShareView
    overturned: ShareView
    drift: float
    drifting: bool


class PreauditView(Struct, frozen=True, kw_only=True):
    """How the machine sorted. misses: green ones that people found suspicious; alarms: red ones that they passed."""

    cases: int
    misses: ShareView
    alarms: ShareView
    yellow: ShareView


class AuditFigures(Struct, frozen=True, kw_only=True):
    """All figures of a period."""

    since: int
    until: int
    auditors: tuple[AuditorView, ...]
    preaudit: PreauditView


class PeriodQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From since to until, the end left out; Unix milliseconds."""

    since: Moment
    until: Moment


class CorrectionsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The corrections behind the one of this number."""

    after: Whole = 0
    limit: Limit = 100


class Correction(Struct, frozen=True, kw_only=True):
    """What an auditor read otherwise than the machine: a training sample. photo: digest. at: Unix milliseconds."""

    id: int
    case: str
    photo: str
    read: str
    corrected: str
    person: str
    at: int


class ShareQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The share of passes (0 to 1) that was to be looked at twice on the day."""

    share: Annotated[float, Meta(ge=0, le=1)]


class DayChecked(Struct, frozen=True, kw_only=True):
    """What is wrong with a day's samples, drawn again from the ledger; nothing where all is right."""

    wrong: tuple[str, ...]


async def take_next_case(office: Office, call: Call) -> NextLease:
    """Hand out the next case."""
    lease = await office.act(partial(office.engine.audits.take_next, call.actor))
    return NextLease(lease=_view(lease) if lease else None)


async def take_case(office: Office, call: Call) -> LeaseView:
    """Hand out a chosen case."""
    office.case_row(call.actor, call.names["case"])
    return _view(await office.act(partial(office.engine.audits.take, call.actor, call.names["case"])))


async def look_at_case(office: Office, call: Call) -> CaseView:
    """Return the case that a person holds, without anybody's opinion or decision."""
    case = await office.act(partial(office.engine.audits.look, call.actor, call.names["lease"]))
    return case_view(case, before_an_audit(office.reading.entries(case.case)))


async def keep_case(office: Office, call: Call) -> LeaseView:
    """Take a sign of life of who holds a case."""
    return _view(await office.act(partial(office.engine.audits.heartbeat, call.actor, call.names["lease"])))


async def release_case(office: Office, call: Call) -> None:
    """Take a case back."""
    asked: Release = call.body
    audits = office.engine.audits
    await office.act(partial(audits.release, call.actor, call.names["lease"], recused=asked.recused))


async def give_opinion(office: Office, call: Call) -> OpinionTaken:
    """Take an opinion."""
    said: Opinion = call.body
    judgement = Judgement(
        decision=said.decision, seen=said.seen, reason=said.reason, note=said.note, corrected=said.corrected
    )
    case = await office.act(partial(office.engine.audits.decide, call.actor, call.names["lease"], judgement))
    return OpinionTaken(case=case.case, decision=said.decision)


async def list_shifts(office: Office, _call: Call) -> tuple[ShiftView, ...]:
    """Return the shifts that are not over."""
    shifts = office.lookups.shifts(office.now())
    return tuple(ShiftView(person=shift.person, start=shift.start, end=shift.end) for shift in shifts)


async def set_shift(office: Office, call: Call) -> None:
    """Keep who audits when."""
    asked: ShiftView = call.body
    shift = Shift(person=asked.person, start=asked.start, end=asked.end)
    await office.act(partial(office.engine.audits.set_shift, call.actor, shift))


async def list_probes(office: Office, _call: Call) -> tuple[ProbeLine, ...]:
    """Return the known-answer cases in use."""
    rows = office.lookups.probes()
    return tuple(ProbeLine(case=row["case_id"], expected=row["expected"], asked=row["asked"]) for row in rows)


async def add_probe(office: Office, call: Call) -> None:
    """Choose a known-answer case."""
    office.case_row(call.actor, call.names["case"])
    await office.act(partial(office.engine.audits.add_probe, call.actor, call.names["case"]))


async def retire_probe(office: Office, call: Call) -> None:
    """Hand a known-answer case out no longer."""
    await office.act(partial(office.engine.audits.retire_probe, call.actor, call.names["case"]))


async def forecast_audits(office: Office, _call: Call) -> ForecastView:
    """Return what will be late."""
    now, terms = office.now(), office.engine.terms()
    found = await office.lookups.slowly(lambda db: audit_forecast(db, terms, now=now))
    breaches = tuple(
        BreachLine(case=breach.case, due=breach.due, done=breach.done, told=breach.told) for breach in found.breaches
    )
    return ForecastView(
        at=found.at,
        waiting=found.waiting,
        staff=found.staff,
        seconds_a_case=found.seconds_a_case,
        done=found.done,
        late=found.late,
        first_due=found.first_due,
        breaches=breaches,
    )


async def figure_audits(office: Office, call: Call) -> AuditFigures:
    """Return how auditors and the machine did."""
    asked: PeriodQuery = call.query
    if not 0 < asked.until - asked.since <= PERIOD_MS_MAX:
        raise ApiError(400, "audit.period", "a period goes forward, for a year at most", zh="期间不得超过一年")
    period = Period(since=asked.since, until=asked.until)
    rows = await office.lookups.slowly(lambda db: audit_figures(db, period))
    sorted_ = await office.lookups.slowly(lambda db: preaudit_figures(db, period))
    auditors = tuple(
        AuditorView(
            person=row.person,
            opinions=row.opinions,
            suspicious=_share(row.suspicious),
            seconds=row.seconds,
            seconds_before=row.seconds_before,
            agreement=_share(row.agreement),
            kappa=row.kappa,
            probes=_share(row.probes),
            overturned=_share(row.overturned),
            drift=row.drift,
            drifting=row.drifting,
        )
        for row in rows
    )
    machine = PreauditView(
        cases=sorted_.cases,
        misses=_share(sorted_.misses),
        alarms=_share(sorted_.alarms),
        yellow=_share(sorted_.yellow),
    )
    return AuditFigures(since=asked.since, until=asked.until, auditors=auditors, preaudit=machine)


async def list_samples(office: Office, _call: Call) -> tuple[SampleDay, ...]:
    """Return the commitments to the days' seeds, and the seeds of days that are over."""
    return tuple(office.lookups.samples())


async def check_samples(office: Office, call: Call) -> DayChecked:
    """Draw a day's second reviews again."""
    asked: ShareQuery = call.query
    day: date = call.names["day"]
    wrong = await office.lookups.slowly(lambda db: check_day(db, day, share=asked.share))
    return DayChecked(wrong=wrong)


async def list_corrections(office: Office, call: Call) -> tuple[Correction, ...]:
    """Return what auditors read otherwise, as training samples."""
    asked: CorrectionsQuery = call.query
    rows = office.lookups.corrections(after=asked.after, limit=asked.limit)
    return tuple(Correction(case=row.pop("case_id"), **row) for row in rows)


def _view(lease: Lease) -> LeaseView:
    said = asdict(lease)
    return LeaseView(**{name: said[name] for name in LeaseView.__struct_fields__})


def _share(share: Share) -> ShareView:
    low, high = share.interval
    return ShareView(count=share.count, of=share.of, value=share.value, low=low, high=high)


AUDITS = (
    Operation(method="POST", path="/audits/next", handler=take_next_case, tag=TAG, zh="领取下一案件",
              en="take the next case", rights=DECIDE, answer=NextLease),
    Operation(method="POST", path="/audits/cases/{case}", handler=take_case, tag=TAG, zh="领取指定案件",
              en="take a chosen case", rights=DECIDE, answer=LeaseView),
    Operation(method="GET", path="/audits/leases/{lease}", handler=look_at_case, tag=TAG, zh="查看所领案件",
              en="see the case that one holds", rights=DECIDE, answer=CaseView, also=(409,)),
    Operation(method="POST", path="/audits/leases/{lease}/heartbeat", handler=keep_case, tag=TAG, zh="续期",
              en="go on holding a case", rights=DECIDE, answer=LeaseView),
    Operation(method="POST", path="/audits/leases/{lease}/release", handler=release_case, tag=TAG, zh="退回案件",
              en="give a case back", rights=DECIDE, body=Release),
    Operation(method="POST", path="/audits/leases/{lease}/opinion", handler=give_opinion, tag=TAG, zh="提交审核意见",
              en="give an opinion", rights=DECIDE, body=Opinion, answer=OpinionTaken),
    Operation(method="GET", path="/audits/shifts", handler=list_shifts, tag=TAG, zh="班次", en="list shifts",
              rights=LEAD, answer=tuple[ShiftView, ...]),
    Operation(method="PUT", path="/audits/shifts", handler=set_shift, tag=TAG, zh="排班", en="set a shift",
              rights=LEAD, body=ShiftView),
    Operation(method="GET", path="/audits/probes", handler=list_probes, tag=TAG, zh="测试件",
              en="list cases with known answers", rights=LEAD, answer=tuple[ProbeLine, ...]),
    Operation(method="PUT", path="/audits/probes/{case}", handler=add_probe, tag=TAG, zh="设为测试件",
              en="choose a case with a known answer", rights=LEAD),
    Operation(method="DELETE", path="/audits/probes/{case}", handler=retire_probe, tag=TAG, zh="停用测试件",
              en="use such a case no longer", rights=LEAD),
    Operation(method="GET", path="/audits/forecast", handler=forecast_audits, tag=TAG, zh="超时预测",
              en="what will be late", rights=LEAD, answer=ForecastView),
    Operation(method="GET", path="/audits/figures", handler=figure_audits, tag=TAG, zh="一致性与漂移",
              en="how auditors agree and drift", rights=LEAD, query=PeriodQuery, answer=AuditFigures),
    Operation(method="GET", path="/audits/samples", handler=list_samples, tag=TAG, zh="抽查种子承诺与公布",
              en="commitments and seeds of samples", access="public", answer=tuple[SampleDay, ...]),
    Operation(method="GET", path="/audits/samples/{day}/check", handler=check_samples, tag=TAG, zh="复核抽查",
              en="draw a day's samples again", rights=LEAD, query=ShareQuery, answer=DayChecked),
    Operation(method="GET", path="/audits/corrections", handler=list_corrections, tag=TAG, zh="改正样本",
              en="export corrections as training samples", rights=LEAD, query=CorrectionsQuery,
              answer=tuple[Correction, ...]),
)  # fmt: skip
