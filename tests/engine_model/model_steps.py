"""The steps that people, devices and the clock may try, legal and illegal, and how a few bytes choose one of them.

A step is a plain value, so a run is a list that can be printed, replayed and made shorter. Who chooses knows only what
tends to lead on from a stage, so that runs get deep; what a step may do is the model's and the hub's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

CASES_MAX = 6
STEP_BYTES = 13


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acts. account and person: two accounts may be one human being's. third: may settle a dispute."""

    account: str
    person: str
    station: str = ""
    third: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what kind, about which case of the run (0, 1, ...), by whom (accounts), and how.

    way: what the step says, e.g. the decision. flaw: what is wrong with it on purpose, or nothing.
    """

    kind: str
    case: int = 0
    who: str = ""
    way: str = ""
    other: str = ""
    flaw: str = ""


PEOPLE = {
    person.account: person
    for person in (
        Person("auditor-1", "auditor-1"),
        Person("auditor-2", "auditor-2", third=True),
        Person("auditor-3", "auditor-3", third=True),
        Person("auditor-4", "auditor-4"),
        Person("auditor-1-again", "auditor-1", third=True),
        Person("inspector-1", "inspector-1", third=True),
        Person("insider-1", "insider-1", "ST01", third=True),
        Person("insider-2", "insider-2", "ST02"),
    )
}
OUTSIDERS = ("auditor-1", "auditor-2", "auditor-3", "auditor-4")
EVERYBODY = tuple(PEOPLE)
STATIONS = ("ST01", "ST02")

OPENINGS = ("plain", "plain", "odd", "plain", "chayan", "misread")
"""What comes: a private car; one of another class; a car at its 查验; a private car whose VIN reads otherwise."""

WAITING = ("opinion", "opinion", "opinion", "opinion", "retake", "clock")
LEADS_ON: dict[str, tuple[str, ...]] = {
    "in_progress": ("conclude", "conclude", "photos", "photos"),
    "failed": ("retest",),
    "review_failed": ("retest", "undo"),
    "retested": ("undo", "retest", "open"),
    "concluded": ("photos", "photos"),
    "withdrawn": ("undo", "undo", "undo", "photos"),
    "audit_pending": (*WAITING, "says_withdrawn"),
    "audit_overdue": (*WAITING, "withdraw"),
    "audit_first": (*WAITING, "withdraw"),
    "withheld": (*WAITING, "retest", "open"),
    "returned": ("answer", "answer", "retake", "opinion", "clock", "withdraw"),
    "second_review": ("opinion", "opinion", "opinion", "clock"),
    "suspected": ("opinion", "opinion", "opinion", "clock"),
    "archived": ("undo", "clock", "open"),
    "recall_ordered": ("clock", "vehicle_back", "vehicle_back", "says_returned", "undo"),
    "not_back": ("vehicle_back", "says_returned", "undo"),
    "vehicle_back": ("recheck", "recheck", "recheck", "recheck", "undo"),
    "cleared": ("undo", "open"),
    "proven": ("withdraw_sticker", "withdraw_sticker", "penalise", "undo"),
    "sticker_withdrawn": ("penalise", "undo", "open"),
    "penalised": ("withdraw_sticker", "undo", "open"),
    "review_pending": ("review", "review", "retake", "withdraw", "clock"),
    "reviewed": ("undo", "review"),
}
KINDS = (
    *("photos", "conclude", "abandon", "says_withdrawn", "says_returned", "answer", "replay", "retest", "clock"),
    *("opinion", "retake", "withdraw", "vehicle_back", "recheck", "withdraw_sticker", "penalise", "review", "undo"),
    *("hold", "let_go"),
)
WAYS: dict[str, tuple[str, ...]] = {
    "conclude": ("pass", "pass", "pass", "fail"),
    "opinion": ("pass", "suspicious"),
    "retake": ("photo", "item"),
    "answer": ("photo", "item", "photo without bytes"),
    "recheck": ("cleared", "proven", "proven"),
    "review": ("pass", "fail", "sampled pass", "sampled fail"),
    "undo": ("audit", "recall", "recheck", "review", "withdrawal"),
    "clock": ("hours", "hours", "day", "weeks"),
}
FLAWS: dict[str, tuple[str, ...]] = {
    "opinion": ("not seen", "no reason"),
    "retake": ("no reason", "nothing named"),
    "withdraw": ("no reason",),
    "vehicle_back": ("elsewhere",),
    "recheck": ("no reason",),
    "withdraw_sticker": ("no reason",),
    "penalise": ("no reason",),
    "review": ("not seen", "no reason"),
    "undo": ("no reason",),
    "conclude": ("another device",),
    "says_withdrawn": ("another device",),
    "says_returned": ("another device",),
}
UNDOES = {
    "archived": "audit",
    "recall_ordered": "recall",
    "not_back": "recall",
    "vehicle_back": "recall",
    "cleared": "recheck",
    "proven": "recheck",
    "reviewed": "review",
    "review_failed": "review",
    "withdrawn": "withdrawal",
}


class Chooser:
    """Chooses by bytes: the same bytes, the same choices; a byte of 0 is the first and simplest of them."""

    def __init__(self, numbers: bytes) -> None:
        self._numbers = iter(numbers)

    def pick(self, among: Sequence[T]) -> T:
        """Choose one."""
        return among[next(self._numbers, 0) % len(among)]

    def one_in(self, many: int) -> bool:
        """Say yes once in so many times."""
        return self.pick(range(many)) == many - 1


def choose(stages: Sequence[str], numbers: bytes) -> Step:
    """Choose the next step. stages: the stages of the run's cases, as they stand."""
    chooser = Chooser(numbers)
    if not stages or (chooser.one_in(10) and len(stages) < CASES_MAX):
        return _opening(chooser)
    case = chooser.pick(range(len(stages)))
    stage = stages[case]
    kind = chooser.pick(KINDS) if chooser.one_in(3) else chooser.pick(LEADS_ON.get(stage, KINDS))
    if kind in ("open", "retest") and len(stages) >= CASES_MAX:
        kind = "clock"
    if kind == "open":
        return _opening(chooser)
    who = chooser.pick(EVERYBODY if chooser.one_in(4) else OUTSIDERS)
    way = chooser.pick(WAYS.get(kind, ("",)))
    if kind == "undo" and not chooser.one_in(6):
        way = UNDOES.get(stage, way)
    if kind == "opinion" and stage == "suspected" and chooser.one_in(2):
        way = "suspicious"
    other = chooser.pick((*OUTSIDERS, *EVERYBODY)) if kind == "withdraw_sticker" else ""
    flaw = chooser.pick(FLAWS.get(kind, ("",))) if chooser.one_in(10) else ""
    return Step(kind, case, who, way, other, flaw)


def _opening(chooser: Chooser) -> Step:
    """Open a case: who is the device's number, other the vehicle's."""
    return Step("open", who=chooser.pick(("0", "1")), way=chooser.pick(OPENINGS), other=chooser.pick(("0", "1")))
