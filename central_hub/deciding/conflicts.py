"""What nobody may do about a case, whatever their rights: their own work, their station's; and what its life forbids.

Knows who acts as a person, not as an account: one person may have several accounts. Decides only; who may do what at
which door is the roles'.
"""

from collections.abc import Collection
from typing import Protocol

from central_hub import HubError
from inspection.case import Case
from inspection.case.life import LifeError, Step, check_step

NOTE_CHARACTERS_MAX = 2_000
OTHER = "other"
"""The coded reason that needs words."""


class Person(Protocol):
    """Who acts. person: id, as inspections name people; station: whose he is, empty for the centre's own."""

    @property
    def account(self) -> str:
        """The account by which the person signed in."""

    @property
    def person(self) -> str:
        """The person's id; empty where none is known."""

    @property
    def station(self) -> str:
        """The station that the person belongs to; empty for the centre's own people."""


class StepError(HubError):
    """A step that is refused. code names the text for a screen; the text is English, zh the same in Chinese."""

    def __init__(self, code: str, text: str, zh: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.zh = zh


def name_of(who: Person) -> str:
    """Return how facts name this person: by the id, or by the account where no id is known."""
    return who.person or who.account


def same(who: Person, name: str) -> bool:
    """Say whether a name that stands in a fact is this person's."""
    return bool(name) and name in {who.person, who.account}


def require(case: Case, step: Step) -> None:
    """Raise StepError unless the case's life allows the step now."""
    try:
        check_step(case, step)
    except LifeError as error:
        raise StepError(error.code, str(error), error.zh) from error


def check_own(case: Case, who: Person, *, family: str) -> None:
    """Raise StepError (FAMILY.own_case, FAMILY.own_station) where it is the person's own inspection, or station's."""
    inspectors = {case.opened.inspector if case.opened else "", case.concluded.by if case.concluded else ""}
    if any(same(who, name) for name in inspectors):
        raise StepError(f"{family}.own_case", "nobody decides about their own inspection", "不得处理本人检验的案件")
    if who.station and case.opened is not None and who.station == case.opened.station:
        raise StepError(
            f"{family}.own_station",
            "nobody decides about an inspection of their own station",
            "不得处理本机构检验的案件",
        )


def check_two(case: Case, by: Person, confirmed_by: Person, *, family: str) -> None:
    """Raise StepError (FAMILY.one_person) unless two people act, neither of them about their own work."""
    for who in (by, confirmed_by):
        check_own(case, who, family=family)
    if same(confirmed_by, name_of(by)) or same(by, name_of(confirmed_by)):
        raise StepError(f"{family}.one_person", "this takes two people", "此事须由两人办理")


def check_reason(reason: str, note: str, *, known: Collection[str], family: str) -> None:
    """Raise StepError unless the reason is a coded one, with words where it is "other", and the note not too long.

    Codes: FAMILY.no_reason, FAMILY.no_words, FAMILY.note_too_long.
    """
    check_note(note, family=family)
    if reason not in known:
        raise StepError(f"{family}.no_reason", "this needs one of the coded reasons", "须选择一项规定的原因")
    if reason == OTHER and not note.strip():
        raise StepError(f"{family}.no_words", "the reason 'other' needs words", "选择“其他”须说明")


def check_seen(case: Case, *, family: str) -> None:
    """Raise StepError (FAMILY.photos_missing) where photos are still on their way: nobody passes what nobody saw."""
    if case.missing_bytes:
        text = f"{len(case.missing_bytes)} photos are not at the hub yet: nobody passes what nobody saw"
        raise StepError(f"{family}.photos_missing", text, "照片尚未传到中心, 未看到的不得通过")


def check_note(note: str, *, family: str) -> None:
    """Raise StepError (FAMILY.note_too_long) when a note is longer than a fact takes."""
    if len(note) > NOTE_CHARACTERS_MAX:
        text = f"a note has at most {NOTE_CHARACTERS_MAX} characters"
        raise StepError(f"{family}.note_too_long", text, f"说明不得超过 {NOTE_CHARACTERS_MAX} 字")
