"""What people and rules said about a case beside its facts: opinions, suspicions, what is awaited, what was printed.

Pure. Who may be shown opinions is settled by the caller, who gives a case that was blinded where they may not.
"""

from dataclasses import dataclass

from central_hub.console.names import CaseNames
from central_hub.console.texts import Texts, moment
from central_hub.console.timeline_view import coded, suspicion
from central_hub.deciding.living import RETAKE_REASONS
from inspection.case import Case
from inspection.standing.rules import StandingRules


@dataclass(frozen=True, kw_only=True, slots=True)
class OpinionView:
    """What one person thought of the case."""

    auditor: str
    round: int
    said: str
    reason: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SuspicionView:
    """What a rule found odd. weight: how much it weighs."""

    name: str
    rule: str
    detail: str
    weight: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LifeView:
    """All of it. recall: who has to call the vehicle back by when, or nothing.

    awaited: what the station has to do again. prints: each copy, in words.
    """

    opinions: tuple[OpinionView, ...]
    suspicions: tuple[SuspicionView, ...]
    awaited: tuple[str, ...]
    recall: str
    recall_overdue: bool
    prints: tuple[str, ...]

    @property
    def anything(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.opinions or self.suspicions or self.awaited or self.recall or self.prints)


def life_view(case: Case, *, names: CaseNames, rules: StandingRules, texts: Texts) -> LifeView:
    """Return what the page shows. rules: those of standing, which name suspicions."""
    recall = case.recall if case.recall and case.returned is None else None
    due = moment(recall.due) if recall and recall.due else texts("life.no_day")
    return LifeView(
        opinions=_opinions(case, texts),
        suspicions=_suspicions(case, rules, texts),
        awaited=_awaited(case, names, texts),
        recall=texts("life.recall_due", station=recall.station, due=due) if recall else "",
        recall_overdue=case.recall_overdue is not None,
        prints=tuple(texts("life.print", copy=printed.copy, by=printed.by) for printed in case.prints),
    )


def _opinions(case: Case, texts: Texts) -> tuple[OpinionView, ...]:
    return tuple(
        OpinionView(
            auditor=opinion.auditor,
            round=opinion.round,
            said=texts(f"opinion.{opinion.decision}"),
            reason=suspicion(opinion.reason, texts),
            note=opinion.note,
        )
        for opinion in case.opinions
    )


def _suspicions(case: Case, rules: StandingRules, texts: Texts) -> tuple[SuspicionView, ...]:
    named = {code: (rule.zh, rule.en) for code, rule in rules.suspicions.items()}
    return tuple(
        SuspicionView(
            name=coded(raised.rule, named, texts), rule=raised.rule, detail=raised.detail, weight=raised.weight
        )
        for raised in case.suspicions
    )


def _awaited(case: Case, names: CaseNames, texts: Texts) -> tuple[str, ...]:
    return tuple(
        texts(
            "life.awaited",
            what=names.photo(wanted.kind) if wanted.kind else names.item(wanted.item),
            reason=coded(wanted.reason, RETAKE_REASONS, texts),
            note=wanted.note,
        ).strip()
        for wanted in case.open_retakes
    )
