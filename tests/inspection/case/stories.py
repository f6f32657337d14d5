"""Cases that go on step by step, each step made of the facts that devices and the hub would write for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from inspection.case import Case, fold
from inspection.case.life import Step
from inspection.facts import (
    AnyFact,
    AuditDecided,
    AuditOpinion,
    AuditOverdue,
    CaseAbandoned,
    ExaminationReviewed,
    ExemptionApplied,
    ItemChecked,
    PhotoStored,
    Vehicle,
)
from inspection.identities import HUB, Regime
from tests.inspection.case.case_histories import (
    BACK,
    CASE,
    CLEARED,
    DOUBTED,
    DUE,
    FAILED,
    GONE,
    ISSUED,
    LATE,
    OPENED,
    PASSED,
    PENALISED,
    PROVEN,
    RECALL,
    RETESTED,
    TAKEN_BACK,
    VIN,
    WITHHELD,
    entry,
    photo,
    undone,
    wanted,
    written,
)

APPLIED = ExemptionApplied(serial="M1", vehicle=Vehicle(vin=VIN), office="OF01", by="clerk-1")
EXEMPT = f"{HUB}.1"
GAVE_UP = CaseAbandoned(reason="drove off")


@dataclass(frozen=True)
class Story:
    """What was written about a case so far, by its lane and by the hub."""

    regime: Regime = "jianyan"
    exempt: bool = False
    lane: tuple[AnyFact, ...] = ()
    hub: tuple[AnyFact, ...] = ()
    pda: tuple[AnyFact, ...] = ()

    @cached_property
    def case(self) -> Case:
        if self.exempt:
            return fold(EXEMPT, [entry(fact, HUB, seq, EXEMPT) for seq, fact in enumerate(self.hub, start=1)])
        entries = [*written(*self.lane), *written(*self.hub, device=HUB), *written(*self.pda, device="pda-02")]
        return fold(CASE, entries)

    def by_lane(self, *facts: AnyFact) -> "Story":
        return Story(self.regime, self.exempt, (*self.lane, *facts), self.hub, self.pda)

    def by_hub(self, *facts: AnyFact) -> "Story":
        return Story(self.regime, self.exempt, self.lane, (*self.hub, *facts), self.pda)


BEGINNINGS: tuple[Story, ...] = (
    Story("jianyan"),
    Story("chayan"),
    Story("jianyan", exempt=True),
    *(Story("jianyan", pda=(ending,)) for ending in (PASSED, FAILED, GAVE_UP)),
)
"""Nothing is known yet, or another device's ending came before the opening."""


def _opening(story: Story) -> Iterator[Story]:
    if not story.exempt:
        yield story.by_lane(replace(OPENED, regime=story.regime))


def _application(story: Story) -> Iterator[Story]:
    if story.exempt:
        yield story.by_hub(APPLIED)


def _issue(story: Story) -> Iterator[Story]:
    if story.regime == "jianyan":
        yield story.by_hub(replace(ISSUED, audit_due=DUE + len(story.hub)))


def _withholding(story: Story) -> Iterator[Story]:
    case = story.case
    ended_well = case.concluded is not None and case.concluded.outcome == "pass"
    due = case.audit_due or (DUE if ended_well else 0)
    yield story.by_hub(replace(WITHHELD, audit_due=due))
    if due:
        yield story.by_hub(replace(WITHHELD, audit_due=due, audit_first=True))


def _retake(story: Story) -> Iterator[Story]:
    case = story.case
    taken = {shot.kind: shot.photo.digest for shot in case.photos}
    asked = {request.item for request in case.open_retakes}
    if "" not in asked:
        yield story.by_hub(wanted("0113", taken.get("0113", "")))
    if "01" not in asked:
        yield story.by_hub(wanted(item="01", checked=case.checked.count("01")))


def _shot(story: Story) -> Story:
    taken = [shot.photo.digest for shot in story.case.photos if shot.kind == "0113"]
    return story.by_lane(photo(f"p{len(story.lane)}", replaces=taken[0] if taken else ""))


def _retake_answer(story: Story) -> Iterator[Story]:
    if any(request.item for request in story.case.open_retakes):
        yield story.by_lane(ItemChecked(item="01", mark="pass"))
    if all(request.item for request in story.case.open_retakes):
        return
    # The bytes of the photo that counts come; where it is the one that does not do, another is taken first.
    taken = [shot.photo.digest for shot in story.case.photos if shot.kind == "0113"]
    doubted = {request.photo for request in story.case.open_retakes}
    again = _shot(story) if not taken or taken[0] in doubted else story
    name = next(shot.photo.digest for shot in again.case.photos if shot.kind == "0113")
    yield again.by_hub(PhotoStored(digest=name, size=1))


def _replacement(story: Story) -> Iterator[Story]:
    if any(request.kind for request in story.case.retakes):
        yield _shot(story)


def _opinion(story: Story) -> Iterator[Story]:
    if len(story.case.opinions) < 3 and story.regime == "jianyan":
        yield story.by_hub(AuditOpinion(decision="pass", auditor=f"auditor-{len(story.case.opinions)}"))


def _suspicion(story: Story) -> Iterator[Story]:
    if len(story.case.opinions) < 3 and story.regime == "jianyan":
        yield story.by_hub(AuditOpinion(decision="suspicious", auditor=f"auditor-{len(story.case.opinions)}"))


def _passing(story: Story) -> Iterator[Story]:
    for opinion in _opinion(story):
        yield opinion.by_hub(AuditDecided(decision="pass", auditor="auditor-9"))


def _recall(story: Story) -> Iterator[Story]:
    if story.case.opinions:
        for suspicion in _suspicion(story):
            yield suspicion.by_hub(DOUBTED, RECALL)


def _review(decision: str) -> Callable[[Story], Iterator[Story]]:
    def reviews(story: Story) -> Iterator[Story]:
        if story.regime == "chayan":
            fact = ExaminationReviewed(decision=decision, by="reviewer-1")  # type: ignore[arg-type]
            yield story.by_hub(fact)
            if decision == "pass":
                yield story.by_hub(replace(fact, automatic=True))

    return reviews


def _by_lane(*facts: AnyFact) -> Callable[[Story], Iterator[Story]]:
    return lambda story: iter([story.by_lane(*facts)])


def _by_hub(*facts: AnyFact) -> Callable[[Story], Iterator[Story]]:
    return lambda story: iter([story.by_hub(*facts)])


def interrupted(story: Story) -> Iterator[Story]:
    """Return what becomes of a story when a device writes, at any time, what is no step in itself."""
    if story.case.opened is not None and len(story.lane) < 9:
        yield from _replacement(story)


STEPS: dict[Step, Callable[[Story], Iterator[Story]]] = {
    "opening": _opening,
    "application": _application,
    "conclusion": _by_lane(PASSED),
    "failure": _by_lane(FAILED),
    "abandonment": _by_lane(GAVE_UP),
    "retest": _by_hub(RETESTED),
    "withdrawal": _by_hub(TAKEN_BACK),
    "issue": _issue,
    "withholding": _withholding,
    "overdue": lambda story: iter([story.by_hub(AuditOverdue(due=story.case.audit_due))]),
    "retake": _retake,
    "retake_answer": _retake_answer,
    "replacement": _replacement,
    "opinion": _opinion,
    "suspicion": _suspicion,
    "passing": _passing,
    "recall": _recall,
    "recall_overdue": _by_hub(LATE),
    "vehicle_return": _by_hub(BACK),
    "clearing": _by_hub(CLEARED),
    "proving": _by_hub(PROVEN),
    "sticker_withdrawal": _by_hub(GONE),
    "penalty": _by_hub(PENALISED),
    "review_pass": _review("pass"),
    "review_fail": _review("fail"),
    "undo_audit": _by_hub(undone("audit")),
    "undo_recall": _by_hub(undone("recall")),
    "undo_recheck": _by_hub(undone("recheck")),
    "undo_review": _by_hub(undone("review")),
    "undo_withdrawal": _by_hub(undone("withdrawal")),
}
"""Each step, and the stories that it may make of one in which it is legal."""
