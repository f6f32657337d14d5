"""What each form on a case asks of the desks; runs inside the writer's transaction. Knows the fields of the forms."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Literal, cast

from central_hub.console.life.forms import UNDO_STEPS, FormName
from central_hub.deciding.living import Wanted
from central_hub.deciding.queueing import LeaseError
from central_hub.deciding.reviewing import Judgement
from central_hub.desks import ActError
from central_hub.engine import Engine
from central_hub.people.roles import Actor

HIGHER = "case.undo"
"""The right that passing a repeat of a failed 查验 needs besides."""
SEEN_DIGITS_MAX = 12

Given = Mapping[str, str]
Doing = Callable[[Engine, Actor, str, Given], object]


def number_of(text: str) -> int:
    """Return a whole number that a form gave; -1, which no case has, for anything else."""
    fits = text.isascii() and text.isdigit() and len(text) <= SEEN_DIGITS_MAX
    return int(text) if fits else -1


def _review(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    decision = given.get("decision", "")
    if decision not in ("pass", "fail"):
        raise ActError("review.unclear", "a review passes or fails")
    judgement = Judgement(
        decision=cast("Literal['pass', 'fail']", decision),
        seen=number_of(given.get("seen", "")),
        reason=given.get("reason", "") if decision == "fail" else "",
        note=given.get("note", ""),
    )
    return engine.lives.review(actor, case, judgement=judgement, may_repeat=actor.may(HIGHER))


def _retake(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    what, _, code = given.get("wanted", "").partition(":")
    wanted = Wanted(
        kind=code if what == "photo" else "", item=code if what == "item" else "", note=given.get("note", "")
    )
    after = engine.lives.request_retake(actor, case, wanted=wanted, reason=given.get("reason", ""))
    # The case is the station's turn now: whoever asked goes on with another one.
    with contextlib.suppress(LeaseError):
        engine.audits.release(actor, given.get("token", ""))
    return after


def _return(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    station, note = given.get("station", ""), given.get("note", "")
    return engine.lives.report_return(actor, case, station=station, note=note)


def _clear(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    reason, note = given.get("reason", ""), given.get("note", "")
    return engine.lives.recheck(actor, case, result="cleared", reason=reason, note=note)


def _prove(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    reason, note = given.get("reason", ""), given.get("note", "")
    return engine.lives.recheck(actor, case, result="proven", reason=reason, note=note)


def _withdraw_sticker(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    return engine.acts.request(actor, "sticker.withdraw", about=case, reason=given.get("reason", ""))


def _penalise(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    reason, note = given.get("reason", ""), given.get("note", "")
    return engine.lives.penalise(actor, case, measure=given.get("measure", ""), reason=reason, note=note)


def _undo(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    step = next((known for known in UNDO_STEPS if known == given.get("step")), None)
    if step is None:
        raise ActError("undo.unclear", "say which step was wrong")
    return engine.lives.undo(actor, case, step=step, reason=given.get("reason", ""))


def _undo_recheck(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    return engine.acts.request(actor, "recheck.undo", about=case, reason=given.get("reason", ""))


def _call(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    return engine.lives.call_owner(actor, case, result=given.get("result", ""), note=given.get("note", ""))


def _reprint(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    return engine.stickers.allow_reprint(actor, case, cause=given.get("cause", ""))


def _withdraw(engine: Engine, actor: Actor, case: str, given: Given) -> object:
    reason, note = given.get("reason", ""), given.get("note", "")
    return engine.lives.withdraw_case(actor, case, reason=reason, note=note)


DOINGS: Mapping[FormName, Doing] = {
    "review": _review,
    "retake": _retake,
    "return": _return,
    "clear": _clear,
    "prove": _prove,
    "withdraw_sticker": _withdraw_sticker,
    "penalise": _penalise,
    "undo": _undo,
    "undo_recheck": _undo_recheck,
    "call": _call,
    "reprint": _reprint,
    "withdraw": _withdraw,
}
"""What is done with each form; raises one of the refusals."""
