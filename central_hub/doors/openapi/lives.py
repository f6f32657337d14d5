"""Operations of a case's life (案件流转): retake, withdrawal, recall and recheck, penalty, undoing, review, call-back.

Each names its case and gives back where that stands then. A sticker is withdrawn, and a recheck undone, by two people:
those are acts.
"""

from collections.abc import Mapping
from functools import partial
from typing import Literal

from msgspec import Struct

from central_hub.clock import day_of
from central_hub.deciding.auditing import SUSPICION_REASONS
from central_hub.deciding.living import CALL_RESULTS, RETAKE_REASONS, WITHDRAWAL_REASONS, Wanted
from central_hub.deciding.recalling import CLEARING_REASONS
from central_hub.deciding.reviewing import Judgement
from central_hub.doors.openapi.office import Office
from central_hub.doors.openapi.operations import Call, Operation, StationId
from inspection.case import Case, Stage
from inspection.case.life import life
from inspection.evidence import Line, Whole, Words
from inspection.standing.rules import shipped_standing_rules, standing_rules_on

TAG = "流转 life"
HIGHER = "case.undo"
"""Who may undo steps may also pass a repeat soon after a failure: both correct what others found."""


class StageView(Struct, frozen=True, kw_only=True):
    """Where a case stands now."""

    case: str
    stage: Stage
    zh: str
    en: str


class RetakeAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the station has to do again: a photo (kind) or an item; one of them. reason: code."""

    reason: Line
    kind: Line = ""
    item: Line = ""
    note: Words = ""


class Reasoned(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason, with words where it is "other"."""

    reason: Line
    note: Words = ""


class ReturnSeen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A vehicle that was ordered back is at this station."""

    station: StationId
    note: Words = ""


class Rechecked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the second look at the vehicle came to. reason: code, of clearing or of suspicion."""

    result: Literal["cleared", "proven"]
    reason: Line
    note: Words = ""


class Penalty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What follows for the station. measure: code of the rules of standing; reason: code of suspicion."""

    measure: Line
    reason: Line
    note: Words = ""


class Undoing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which step was wrong, and why, in words."""

    step: Literal["audit", "recall", "review", "withdrawal"]
    reason: Words


class Reviewed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reviewer thinks of a 查验. seen: as the case said it."""

    decision: Literal["pass", "fail"]
    seen: Whole
    reason: Line = ""
    note: Words = ""


class Called(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a call-back (回访) came to: a code, and words."""

    result: Line
    note: Words = ""


class CodeLine(Struct, frozen=True, kw_only=True):
    """A coded reason or result."""

    code: str
    zh: str
    en: str


async def request_retake(office: Office, call: Call) -> StageView:
    """Ask the station to do something again."""
    asked: RetakeAsked = call.body
    case = _known(office, call)
    wanted = Wanted(kind=asked.kind, item=asked.item, note=asked.note)
    lives = office.engine.lives
    return _stage(await office.act(partial(lives.request_retake, call.actor, case, wanted=wanted, reason=asked.reason)))


async def withdraw_case(office: Office, call: Call) -> StageView:
    """Take an application back for its applicant."""
    asked: Reasoned = call.body
    case = _known(office, call)
    work = partial(office.engine.lives.withdraw_case, call.actor, case, reason=asked.reason, note=asked.note)
    return _stage(await office.act(work))


async def report_return(office: Office, call: Call) -> StageView:
    """Write down that a vehicle is back."""
    asked: ReturnSeen = call.body
    case = _known(office, call)
    work = partial(office.engine.lives.report_return, call.actor, case, station=asked.station, note=asked.note)
    return _stage(await office.act(work))


async def conclude_recheck(office: Office, call: Call) -> StageView:
    """Write down what the second look at a vehicle came to."""
    asked: Rechecked = call.body
    case, lives = _known(office, call), office.engine.lives
    work = partial(lives.recheck, call.actor, case, result=asked.result, reason=asked.reason, note=asked.note)
    return _stage(await office.act(work))


async def penalise_station(office: Office, call: Call) -> StageView:
    """Write down what follows for the station."""
    asked: Penalty = call.body
    case, lives = _known(office, call), office.engine.lives
    work = partial(lives.penalise, call.actor, case, measure=asked.measure, reason=asked.reason, note=asked.note)
    return _stage(await office.act(work))


async def undo_step(office: Office, call: Call) -> StageView:
    """Take a wrong step back by a later fact."""
    asked: Undoing = call.body
    case = _known(office, call)
    work = partial(office.engine.lives.undo, call.actor, case, step=asked.step, reason=asked.reason)
    return _stage(await office.act(work))


async def review_examination(office: Office, call: Call) -> StageView:
    """Write down a review of a 查验."""
    asked: Reviewed = call.body
    case, lives = _known(office, call), office.engine.lives
    judgement = Judgement(decision=asked.decision, seen=asked.seen, reason=asked.reason, note=asked.note)
    may_repeat = call.actor.may(HIGHER)
    return _stage(await office.act(partial(lives.review, call.actor, case, judgement=judgement, may_repeat=may_repeat)))


async def call_owner(office: Office, call: Call) -> StageView:
    """Write down what a call-back came to."""
    asked: Called = call.body
    case = _known(office, call)
    work = partial(office.engine.lives.call_owner, call.actor, case, result=asked.result, note=asked.note)
    return _stage(await office.act(work))


async def list_codes(office: Office, _call: Call) -> dict[str, tuple[CodeLine, ...]]:
    """Return the coded reasons, by what they are for."""
    standing = standing_rules_on(day_of(office.now()), shipped_standing_rules())
    tables: dict[str, Mapping[str, tuple[str, str]]] = {
        "suspicion": SUSPICION_REASONS,
        "clearing": CLEARING_REASONS,
        "retake": RETAKE_REASONS,
        "withdrawal": WITHDRAWAL_REASONS,
        "call": CALL_RESULTS,
        "listing": {words.code: (words.zh, words.en) for words in standing.listing_reasons},
        "penalty": {words.code: (words.zh, words.en) for words in standing.measures},
        "stage": {str(code): words for code, words in life().stages.items()},
    }
    return {
        name: tuple(CodeLine(code=code, zh=zh, en=en) for code, (zh, en) in codes.items())
        for name, codes in tables.items()
    }


def _known(office: Office, call: Call) -> str:
    return str(office.case_row(call.actor, call.names["case"])["case_id"])


def _stage(case: Case) -> StageView:
    zh, en = life().stages[case.stage]
    return StageView(case=case.case, stage=case.stage, zh=zh, en=en)


LIVES = (
    Operation(method="POST", path="/cases/{case}/retakes", handler=request_retake, tag=TAG, zh="退回补拍",
              en="ask for a retake", rights=("audit.decide", "review.decide"), body=RetakeAsked, answer=StageView),
    Operation(method="POST", path="/cases/{case}/withdrawal", handler=withdraw_case, tag=TAG, zh="申请人退办",
              en="take an application back", rights=("case.withdraw",), body=Reasoned, answer=StageView),
    Operation(method="POST", path="/cases/{case}/vehicle-return", handler=report_return, tag=TAG, zh="车辆已到",
              en="the vehicle is back", rights=("recall.manage",), body=ReturnSeen, answer=StageView),
    Operation(method="POST", path="/cases/{case}/recheck", handler=conclude_recheck, tag=TAG, zh="召回复检结论",
              en="conclude a recheck", rights=("recheck.decide",), body=Rechecked, answer=StageView),
    Operation(method="POST", path="/cases/{case}/penalties", handler=penalise_station, tag=TAG, zh="处罚检验机构",
              en="penalise the station", rights=("standing.decide",), body=Penalty, answer=StageView),
    Operation(method="POST", path="/cases/{case}/undoing", handler=undo_step, tag=TAG, zh="撤回错误步骤",
              en="undo a wrong step", rights=("case.undo",), body=Undoing, answer=StageView),
    Operation(method="POST", path="/cases/{case}/review", handler=review_examination, tag=TAG, zh="查验复核",
              en="review an examination", rights=("review.decide",), body=Reviewed, answer=StageView),
    Operation(method="POST", path="/cases/{case}/calls", handler=call_owner, tag=TAG, zh="回访车主",
              en="write down a call-back", rights=("call.make",), body=Called, answer=StageView),
    Operation(method="GET", path="/codes", handler=list_codes, tag=TAG, zh="规定的原因代码", en="list coded reasons",
              access="public", answer=dict[str, tuple[CodeLine, ...]]),
)  # fmt: skip
