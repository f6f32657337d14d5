"""Which forms the page of a case offers: what its life allows next, as far as the visitor's rights go. Pure.

Whether a step is taken is judged again where it is done: a form only saves a person the tries that cannot succeed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from central_hub.console.names import CaseNames
from central_hub.console.texts import Texts
from central_hub.deciding.auditing import SUSPICION_REASONS
from central_hub.deciding.conflicts import NOTE_CHARACTERS_MAX, OTHER
from central_hub.deciding.living import CALL_RESULTS, RETAKE_REASONS, WITHDRAWAL_REASONS, Undoable
from central_hub.deciding.recalling import CLEARING_REASONS
from central_hub.desks.stickers import CAUSE_CHARACTERS_MAX
from inspection.case import Case
from inspection.case.life import Step, may
from inspection.standing.rules import StandingRules

FormName = Literal[
    "review", "retake", "return", "clear", "prove", "withdraw_sticker", "penalise", "undo", "undo_recheck", "call",
    "reprint", "withdraw",
]  # fmt: skip
FORMS: tuple[FormName, ...] = get_args(FormName)
RIGHTS: dict[FormName, tuple[str, ...]] = {
    "review": ("review.decide",),
    "retake": ("audit.decide", "review.decide"),
    "return": ("recall.manage",),
    "clear": ("recheck.decide",),
    "prove": ("recheck.decide",),
    "withdraw_sticker": ("sticker.withdraw",),
    "penalise": ("standing.decide",),
    "undo": ("case.undo",),
    "undo_recheck": ("case.undo",),
    "call": ("call.make",),
    "reprint": ("sticker.reprint",),
    "withdraw": ("case.withdraw",),
}
"""Each form needs one of these rights."""
TWO_PEOPLE: frozenset[FormName] = frozenset({"withdraw_sticker", "undo_recheck"})
UNDO_STEPS: dict[Undoable, Step] = {
    "audit": "undo_audit",
    "recall": "undo_recall",
    "review": "undo_review",
    "withdrawal": "undo_withdrawal",
}
"""What one person may take back; a recheck takes two."""

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A field of a form. kind "hidden": given is what it says. options: code and words, of a "select"."""

    name: str
    kind: Literal["select", "words", "line", "day", "hidden"]
    options: Options = ()
    given: str = ""
    required: bool = True
    characters_max: int = NOTE_CHARACTERS_MAX


@dataclass(frozen=True, kw_only=True, slots=True)
class StepForm:
    """A form. two: whether it only asks, and a second person confirms."""

    name: FormName
    fields: tuple[Field, ...]
    two: bool


class Asking(NamedTuple):
    """For whom forms are made. may: whether the person has a right. blind: they may be asked for an opinion."""

    may: Callable[[str], bool]
    blind: bool


def allowed(name: FormName, may_do: Callable[[str], bool]) -> bool:
    """Say whether somebody with these rights may send the form at all."""
    return any(may_do(right) for right in RIGHTS[name])


def forms_of(
    case: Case, asking: Asking, *, names: CaseNames, rules: StandingRules, texts: Texts
) -> tuple[StepForm, ...]:
    """Return the forms that the page offers, in the order of a case's life."""
    made: Mapping[FormName, Callable[[], tuple[Field, ...]]] = {
        "review": lambda: _review(case, texts),
        "retake": lambda: (_wanted(case, names, texts), _coded("reason", RETAKE_REASONS, texts), _NOTE),
        "return": lambda: (_station(case), _NOTE),
        "clear": lambda: (_coded("reason", CLEARING_REASONS, texts), _NOTE),
        "prove": lambda: (_coded("reason", SUSPICION_REASONS, texts), _NOTE),
        "withdraw_sticker": lambda: (_coded("reason", _saying_enough(), texts),),
        "penalise": lambda: (_measure(rules, texts), _coded("reason", SUSPICION_REASONS, texts), _NOTE),
        "undo": lambda: (_undo(case, texts), _WHY),
        "undo_recheck": lambda: (_WHY,),
        "call": lambda: (_coded("result", CALL_RESULTS, texts), _NOTE),
        "reprint": lambda: (Field(name="cause", kind="line", characters_max=CAUSE_CHARACTERS_MAX),),
        "withdraw": lambda: (_coded("reason", WITHDRAWAL_REASONS, texts), _NOTE),
    }
    wanted = [name for name in FORMS if allowed(name, asking.may) and _legal(name, case, asking)]
    return tuple(StepForm(name=name, fields=made[name](), two=name in TWO_PEOPLE) for name in wanted)


_NOTE = Field(name="note", kind="words", required=False)
_WHY = Field(name="reason", kind="words")
_STEPS: dict[FormName, tuple[Step, ...]] = {
    "review": ("review_pass", "review_fail"),
    "retake": ("retake",),
    "return": ("vehicle_return",),
    "clear": ("clearing",),
    "prove": ("proving",),
    "withdraw_sticker": ("sticker_withdrawal",),
    "penalise": ("penalty",),
    "undo": tuple(UNDO_STEPS.values()),
    "undo_recheck": ("undo_recheck",),
    "withdraw": ("withdrawal",),
}


def _legal(name: FormName, case: Case, asking: Asking) -> bool:
    if name == "call":
        return case.opened is not None and not asking.blind
    if name == "reprint":
        return bool(case.prints) and case.sticker_withdrawn is None and not asking.blind
    if name == "retake" and not asking.may("audit.decide" if _audited(case) else "review.decide"):
        return False
    return any(may(case, step) for step in _STEPS[name])


def _audited(case: Case) -> bool:
    return case.opened is not None and case.opened.regime == "jianyan"


def _coded(name: str, known: Mapping[str, tuple[str, str]], texts: Texts) -> Field:
    return Field(name=name, kind="select", options=tuple((code, texts.either(*words)) for code, words in known.items()))


def _saying_enough() -> dict[str, tuple[str, str]]:
    # The request has no place for words beside its code.
    return {code: words for code, words in SUSPICION_REASONS.items() if code != OTHER}


def _review(case: Case, texts: Texts) -> tuple[Field, ...]:
    seen = Field(name="seen", kind="hidden", given=str(case.device_facts))
    decision = {verdict: (texts(f"review.{verdict}"),) * 2 for verdict in ("pass", "fail")}
    reason = _coded("reason", SUSPICION_REASONS, texts)
    optional = Field(name=reason.name, kind="select", options=reason.options, required=False)
    return (seen, _coded("decision", decision, texts), optional, _NOTE)


def _wanted(case: Case, names: CaseNames, texts: Texts) -> Field:
    required = names.requirement
    photos = dict.fromkeys([spec.code for spec in required.photos] if required else [])
    photos |= dict.fromkeys(photo.kind for photo in case.photos)
    items = dict.fromkeys([spec.code for spec in required.items] if required else [])
    items |= dict.fromkeys(case.checked)
    options = [(f"photo:{code}", texts("step.a_photo", name=names.photo(code))) for code in photos]
    options += [(f"item:{code}", texts("step.an_item", name=names.item(code))) for code in items]
    return Field(name="wanted", kind="select", options=tuple(options))


def _measure(rules: StandingRules, texts: Texts) -> Field:
    return Field(
        name="measure",
        kind="select",
        options=tuple((measure.code, texts.either(measure.zh, measure.en)) for measure in rules.measures),
    )


def _station(case: Case) -> Field:
    return Field(name="station", kind="hidden", given=case.recall.station if case.recall else "")


def _undo(case: Case, texts: Texts) -> Field:
    legal = [(code, texts(f"undo.{code}")) for code, step in UNDO_STEPS.items() if may(case, step)]
    return Field(name="step", kind="select", options=tuple(legal))
