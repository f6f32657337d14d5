"""The desk of a case's life: retakes, withdrawals, recalls, rechecks, reviews, undoing; answers to devices' reports.

Loads, lets the deciding files judge, writes, and tells the device. Audits are another desk's; the list of withdrawn
stickers too, which is told of each by a call.
"""

from collections.abc import Callable

from central_hub.deciding.conflicts import Person, StepError, check_two, name_of
from central_hub.deciding.living import (
    Undoable,
    Wanted,
    answer_withdrawal,
    fresh_report,
    owner_called,
    retake,
    retest_of,
    undo,
    withdraw,
)
from central_hub.deciding.recalling import (
    RecheckResult,
    penalise,
    recall_overdue,
    recheck,
    vehicle_returned,
)
from central_hub.deciding.reviewing import REPEAT_DAYS_MAX, Judgement, automatic_review, is_repeat, review
from central_hub.desks import ActError, Hand
from inspection.case import Case
from inspection.checklist import Requirement, required_for
from inspection.directives import AnyDirective, RecallLifted, RetakeWanted, StickerDenied, VehicleRecalled
from inspection.facts import AnyFact, CaseOpened, CaseWithdrawn, Reason, VehicleReturned
from inspection.identities import HUB

ATTEMPTS_LOOKED_AT_MAX = 20
"""Of so many cases that claim to be the same attempt, each is looked at; who opens more only makes rows."""


class Lives:
    """The desk.

    automatic: whether the filing of a case's area allows a review by the rules. drawn: whether a person has to look all
    the same. required: what the rules of the day demand of an inspection. repeat_days_max: within how many days a
    repeat of a failed 查验 needs a higher right; 0 for never.
    """

    def __init__(
        self,
        hand: Hand,
        *,
        automatic: Callable[[Case], bool],
        drawn: Callable[[Case], bool],
        required: Callable[[CaseOpened], Requirement] = required_for,
        repeat_days_max: int = REPEAT_DAYS_MAX,
    ) -> None:
        self._hand = hand
        self._automatic = automatic
        self._drawn = drawn
        self._required = required
        self._repeat_days_max = repeat_days_max

    def request_retake(self, actor: Person, case: str, *, wanted: Wanted, reason: str) -> Case:
        """Ask the station to take a photo or check an item again; raises StepError."""
        folded = self._hand.case(case)
        fact = retake(folded, wanted, requirement=self._needed(folded), who=actor, reason=reason)
        said = RetakeWanted(
            case=case, reason=fact.reason, kind=fact.kind, photo=fact.photo, item=fact.item, note=fact.note
        )
        return self._done(folded, fact, tell=said)

    def withdraw_case(self, actor: Person, case: str, *, reason: str, note: str = "") -> Case:
        """Write down that the applicant took the case back (退办); raises StepError."""
        folded = self._hand.case(case)
        fact = withdraw(folded, by=name_of(actor), reason=reason, note=note)
        why = Reason(code="withdrawn", result="failed", zh="申请人已退办", en="the applicant took the case back")
        return self._done(folded, fact, tell=StickerDenied(case=case, reasons=(why,)))

    def report_return(self, actor: Person, case: str, *, station: str, note: str = "") -> Case:
        """Write down that a vehicle that was ordered back is at the station again; raises StepError."""
        folded = self._hand.case(case)
        return self._done(folded, vehicle_returned(folded, by=name_of(actor), station=station, note=note))

    def recheck(self, actor: Person, case: str, *, result: RecheckResult, reason: str, note: str = "") -> Case:
        """Write down what the second look at the vehicle came to; raises StepError."""
        folded = self._hand.case(case)
        fact = recheck(folded, result, who=actor, reason=reason, note=note)
        lifted = RecallLifted(case=case, reason=reason) if result == "cleared" else None
        return self._done(folded, fact, tell=lifted)

    def penalise(self, actor: Person, case: str, *, measure: str, reason: str, note: str = "") -> Case:
        """Write down what follows for the station from a proven case; raises StepError."""
        folded = self._hand.case(case)
        return self._done(folded, penalise(folded, measure, who=actor, reason=reason, note=note))

    def undo(self, actor: Person, case: str, *, step: Undoable, reason: str) -> Case:
        """Take a wrong step back by a later fact; raises StepError."""
        folded = self._hand.case(case)
        fact = undo(folded, step, who=actor, reason=reason)
        tell: AnyDirective | None = None
        if step == "recall":
            tell = RecallLifted(case=case, reason=reason)
        elif step == "recheck" and folded.stage == "cleared" and folded.recall is not None:
            # The station was told that the vehicle may go.
            tell = VehicleRecalled(case=case, reason=folded.recall.reason, due=folded.recall.due)
        return self._done(folded, fact, tell=tell)

    def undo_by_two(self, case: str, *, by: Person, confirmed_by: Person, reason: str) -> Case:
        """Take back what a recheck came to, by two people; raises StepError."""
        check_two(self._hand.case(case), by, confirmed_by, family="undo")
        return self.undo(by, case, step="recheck", reason=reason)

    def review(self, actor: Person, case: str, *, judgement: Judgement, may_repeat: bool = False) -> Case:
        """Write down a person's review (复核) of a 查验; raises StepError.

        may_repeat: whether the person may pass a vehicle that failed shortly before.
        """
        folded = self._hand.case(case)
        fact = review(folded, judgement, who=actor, repeat=self._repeat(folded), may_repeat=may_repeat)
        denied = StickerDenied(case=case, reasons=(_review_failed(fact.reason),)) if fact.decision == "fail" else None
        return self._done(folded, fact, tell=denied)

    def call_owner(self, actor: Person, case: str, *, result: str, note: str = "") -> Case:
        """Write down what a call-back (回访) came to; raises StepError."""
        folded = self._hand.case(case)
        return self._done(folded, owner_called(folded, result, who=actor, note=note))

    def _needed(self, folded: Case) -> Requirement:
        if folded.opened is None:
            raise ActError("case.not_opened", f"there is no inspection {folded.case}")
        return self._required(folded.opened)

    def _done(self, folded: Case, fact: AnyFact, *, tell: AnyDirective | None = None) -> Case:
        self._hand.write(folded.case, fact)
        if tell is not None and folded.device != HUB:
            self._hand.direct(folded.device, tell)
        return self._hand.follow_vehicle(folded.case)

    def answer(self, case: str) -> bool:
        """Answer what devices said of the case's life, and tie re-tests; say whether anything was written.

        To be asked before the sticker is decided: who takes a case back together with its verdict gets none.
        """
        folded = self._hand.case(case)
        answered = bool(folded.reports) and self._answer_reports(folded)
        return self._tie_retests(self._hand.case(case)) or answered

    def _answer_reports(self, folded: Case) -> bool:
        entries = self._hand.ledger.entries_of(folded.case)
        withdrawn, returned = fresh_report(entries, CaseWithdrawn), fresh_report(entries, VehicleReturned)
        if withdrawn is not None and self._answered(folded, *withdrawn):
            return True
        return returned is not None and self._answered(folded, *returned)

    def _answered(self, folded: Case, device: str, report: CaseWithdrawn | VehicleReturned) -> bool:
        try:
            self._hand.write(folded.case, _answer(folded, report))
        except StepError as error:
            self._refuse_once(device, f"report.{type(report).__name__}", f"{folded.case}: {error}")
            return False
        return True

    def _refuse_once(self, device: str, code: str, text: str) -> None:
        query = "SELECT 1 FROM refusals WHERE device = ? AND code = ? AND text = ? LIMIT 1"
        if self._hand.db.execute(query, (device, code, text)).fetchone() is None:
            self._hand.records.refuse(device, code, text, at=self._hand.now(), payload=b"")

    def _tie_retests(self, folded: Case) -> bool:
        opened = folded.opened
        if opened is None:
            return False
        tied = False
        if opened.attempt > 1:
            earlier = [self._hand.case(name) for name in self._attempts(folded.case, opened, opened.attempt - 1)]
            tied = sum(self._tie(folded, case) for case in earlier) > 0
        if folded.stage in {"failed", "review_failed"}:
            later = [self._hand.case(name) for name in self._attempts(folded.case, opened, opened.attempt + 1)]
            tied = any(self._tie(case, folded) for case in later) or tied
        return tied

    def _tie(self, later: Case, earlier: Case) -> bool:
        fact = retest_of(later, earlier)
        if fact is not None:
            self._hand.write(earlier.case, fact)
            self._hand.follow_up(earlier.case)
        return fact is not None

    def _attempts(self, case: str, opened: CaseOpened, attempt: int) -> list[str]:
        query = (
            "SELECT case_id FROM cases WHERE serial = ? AND attempt = ? AND regime = ? AND case_id <> ? "
            "ORDER BY case_id LIMIT ?"
        )
        values = (opened.serial, attempt, opened.regime, case, ATTEMPTS_LOOKED_AT_MAX)
        return [row[0] for row in self._hand.db.execute(query, values)]

    def review_by_rules(self, case: str) -> bool:
        """Review a 查验 by the rules alone where that is allowed and all is there; say whether anything was written.

        To be asked after the sticker was withheld, which starts the review's clock.
        """
        folded = self._hand.case(case)
        if folded.stage != "review_pending" or not self._automatic(folded):
            return False
        fact = automatic_review(
            folded, self._needed(folded), allowed=True, drawn=self._drawn(folded), repeat=self._repeat(folded)
        )
        if fact is not None:
            self._hand.write(case, fact)
        return fact is not None

    def _repeat(self, folded: Case) -> bool:
        if folded.opened is None or not self._repeat_days_max:
            return False
        opened_at = self._hand.ledger.opened_at(folded.case)
        query = (
            "SELECT MAX(cases.opened) FROM cases LEFT JOIN inspected ON inspected.case_id = cases.case_id "
            "WHERE cases.registered = ? AND regime = 'chayan' AND cases.case_id <> ? AND cases.opened <= ? AND "
            # Whoever takes a failed case back has failed all the same.
            "(cases.stage IN ('failed', 'retested', 'review_failed') OR "
            "(cases.stage = 'withdrawn' AND inspected.passed = 0))"
        )
        values = (folded.opened.vehicle.vin, folded.case, opened_at)
        failed_at = self._hand.db.execute(query, values).fetchone()[0] or 0
        return is_repeat(opened_at=opened_at, failed_at=failed_at, days_max=self._repeat_days_max)

    def recall_overdue(self, case: str) -> bool:
        """Write down that a vehicle was not back in time, once, when it is so; say whether it was written."""
        fact = recall_overdue(self._hand.case(case), now=self._hand.now())
        if fact is not None:
            self._hand.write(case, fact)
            self._hand.follow_up(case)
        return fact is not None


def _answer(case: Case, report: CaseWithdrawn | VehicleReturned) -> CaseWithdrawn | VehicleReturned:
    if isinstance(report, VehicleReturned):
        return vehicle_returned(case, by=report.by, station=report.station, note=report.note)
    return answer_withdrawal(case, report)


def _review_failed(reason: str) -> Reason:
    return Reason(
        code=f"review.{reason}",
        result="failed",
        zh="复核不通过, 须作为下一次查验重新查验",
        en="the review failed: examine the vehicle again, as the next attempt",
    )
