"""The auditors' desk (审核岗): hands out cases, takes opinions, keeps seeds, shifts and known-answer cases.

Which step a case may take is decided by `auditing`, which lease holds by `queueing`, what is drawn by `sampling`; who
may audit at all is asked at the door. A known-answer case goes the way of any other, and is left as it is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from msgspec.structs import replace

from central_hub.clock import day_of
from central_hub.deciding.auditing import View, may_look, opine, round_of
from central_hub.deciding.conflicts import StepError, name_of
from central_hub.deciding.forecasting import Forecast, Shift, escalation
from central_hub.deciding.preaudit import preaudit
from central_hub.deciding.queueing import (
    MINUTE_MS,
    AuditTerms,
    Lease,
    barred_persons,
    barred_text,
    blinded,
    check_lease,
    waits_for_audit,
)
from central_hub.deciding.sampling import SEED_BYTES, commitment, drawing_day, drawn, seed_steps
from central_hub.desks import ActError, Hand
from central_hub.people.roles import Actor
from central_hub.store.office.audits import Asking, AuditTable
from inspection.case import Case
from inspection.directives import VehicleRecalled
from inspection.facts import (
    AuditDecided,
    AuditOpinion,
    ProbeAnswered,
    ReadingCorrected,
    RecallOrdered,
    SampleCommitted,
    SampleRevealed,
)

ESCALATED_AT_ONCE_MAX = 200
_CORRECTED = re.compile(r"[A-Z0-9]{1,25}\Z")
_PROVEN = frozenset({"proven", "sticker_withdrawn", "penalised"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What an auditor thinks. seen: how many facts of devices they saw. reason: code, where it is suspicious.

    corrected: the VIN as they read it on the photo that counts; empty where they did not say.
    """

    decision: Literal["pass", "suspicious"]
    seen: int
    reason: str = ""
    note: str = ""
    corrected: str = ""


class Audits:
    """The auditors' desk. terms: returns what the office settled about its audit, as it holds now."""

    def __init__(self, hand: Hand, *, terms: Callable[[], AuditTerms] = AuditTerms) -> None:
        self._hand = hand
        self._terms = terms
        self._table = AuditTable(hand.db)

    def take_next(self, actor: Actor) -> Lease | None:
        """Hand out the next case that this person may audit; None when there is none.

        Who holds one gets that one again: nobody chooses by taking and leaving. Unless it waits no longer, e.g. because
        the station was asked to take a photo again.
        """
        now = self._table.tick(self._hand.now()).latest
        asking, leases = _asking(actor), self._table.leases(now)
        for lease in leases:
            if lease.person == asking.person and (lease.probe or waits_for_audit(self._hand.case(lease.case))):
                return self._renewed(lease, now)
            if lease.person == asking.person:
                self._table.end(lease, "released")
        for queued in self._table.queue_for(asking, held=[lease.case for lease in leases]):
            case = self._hand.case(queued.case)
            if _may_look(case, actor):
                return self._drawn_probe(asking, queued.due, now) or self._lend(case, asking, queued.due, now=now)
        return None

    def take(self, actor: Actor, case: str) -> Lease:
        """Hand out this case; raises ActError "audit.held" when somebody else has it, AuditError when it may not be.

        Another case that the person holds goes back.
        """
        now = self._table.tick(self._hand.now()).latest
        asking, leases = _asking(actor), self._table.leases(now)
        for lease in leases:
            if lease.case == case and lease.person != asking.person:
                raise ActError("audit.held", f"somebody else holds case {case}")
            if lease.case == case:
                return self._renewed(lease, now)
        folded = self._hand.case(case)
        may_look(folded, actor)
        if self._table.recused(case, asking.person):
            raise ActError("audit.recused", f"this person asked not to be given case {case}")
        for lease in leases:
            if lease.person == asking.person:
                self._table.end(lease, "released")
        return self._lend(folded, asking, folded.audit_due, now=now)

    def _lend(self, case: Case, asking: Asking, due: int, *, now: int, probe: bool = False) -> Lease:
        lease = Lease(
            token=self._table.next_token(),
            case=case.case,
            person=asking.person,
            round=1 if probe else round_of(case),
            due=due,
            taken=now,
            until=now + self._terms().lease_ms,
            probe=probe,
        )
        self._table.add_lease(lease)
        return lease

    def _drawn_probe(self, asking: Asking, due: int, now: int) -> Lease | None:
        # In the place of a case that waits, and with its deadline: without a queue there is nothing to hide among.
        probe = self._table.next_probe(asking)
        if not probe or not drawn(self._seed(), f"probe:{self._table.next_token()}", self._terms().probe_share):
            return None
        return self._lend(self._hand.case(probe), asking, due, now=now, probe=True)

    def _renewed(self, lease: Lease, now: int) -> Lease:
        until = now + self._terms().lease_ms
        self._table.renew(lease.token, until)
        return Lease(
            token=lease.token,
            case=lease.case,
            person=lease.person,
            round=lease.round,
            due=lease.due,
            taken=lease.taken,
            until=until,
            probe=lease.probe,
        )

    def _own(self, actor: Actor, token: str) -> tuple[Lease, int]:
        now = self._table.tick(self._hand.now()).latest
        return check_lease(self._table.lease(token), name_of(actor), now=now), now

    def look(self, actor: Actor, token: str) -> Case:
        """Return the case as the person who holds it may see it: without anybody's opinion or decision."""
        lease, _ = self._own(actor, token)
        return blinded(self._hand.case(lease.case), due=lease.due)

    def heartbeat(self, actor: Actor, token: str) -> Lease:
        """Take a sign of life: the lease lasts from now on. Raises LeaseError when it has ended."""
        return self._renewed(*self._own(actor, token))

    def release(self, actor: Actor, token: str, *, recused: bool = False) -> None:
        """Give the case back. recused: it is not to come to this person again, e.g. because they know the owner."""
        lease, _ = self._own(actor, token)
        self._table.end(lease, "released")
        if recused:
            self._table.recuse(lease.case, lease.person, at=self._hand.now())

    def decide(self, actor: Actor, token: str, judgement: Judgement) -> Case:
        """Take a person's opinion on the case that they hold, and what follows from it; return the case.

        Raises LeaseError, AuditError or ActError, and nothing was done then.
        """
        lease, now = self._own(actor, token)
        seconds = (now - lease.taken) // 1_000
        case = self._hand.case(lease.case)
        asked = blinded(case, due=lease.due) if lease.probe else case
        passed = judgement.decision == "pass" and round_of(asked) == 1
        terms = self._terms()
        facts = opine(
            asked,
            View(
                decision=judgement.decision,
                seen=judgement.seen,
                reason=judgement.reason,
                note=judgement.note,
                seconds=seconds,
            ),
            who=actor,
            second_wanted=passed and drawn(self._seed(), lease.case, terms.second_share),
            may_settle=actor.may("audit.third"),
            recall_due=self._hand.now() + terms.recall_ms,
        )
        correction = _correction(case, name_of(actor), judgement.corrected)
        self._table.end(lease, "decided")
        if lease.probe:
            return self._answered(lease, asked, facts, seconds=seconds)
        self._table.keep_opinion(lease, judgement.decision, seconds=seconds, at=self._hand.now())
        if correction is not None:
            self._hand.write(lease.case, correction)
            self._table.keep_correction(lease.case, correction, at=self._hand.now())
        return self._written(case, facts)

    def _written(self, case: Case, facts: tuple[AuditOpinion | AuditDecided | RecallOrdered, ...]) -> Case:
        self._hand.write(case.case, *facts)
        for fact in facts:
            if isinstance(fact, AuditDecided):
                light = preaudit(case).light
                self._table.keep_outcome(case.case, fact.decision, light=light, at=self._hand.now())
            elif isinstance(fact, RecallOrdered):
                directive = VehicleRecalled(case=case.case, reason=fact.reason, due=fact.due)
                self._hand.direct(case.device, directive)
        return self._hand.follow_up(case.case)

    def _answered(
        self,
        lease: Lease,
        asked: Case,
        facts: tuple[AuditOpinion | AuditDecided | RecallOrdered, ...],
        *,
        seconds: int,
    ) -> Case:
        """Keep the answer, and return a case that looks as one would after such an opinion."""
        opinions = tuple(fact for fact in facts if isinstance(fact, AuditOpinion))
        given = opinions[0].decision
        expected: Literal["pass", "suspicious"] = (
            "pass" if self._table.expected_answer(lease.case) == "pass" else "suspicious"
        )
        fact = ProbeAnswered(case=lease.case, auditor=lease.person, expected=expected, given=given, seconds=seconds)
        self._hand.write("", fact)
        self._table.keep_answer(lease, expected=expected, given=given, at=self._hand.now())
        decided = tuple(fact for fact in facts if isinstance(fact, AuditDecided))
        return replace(asked, opinions=opinions, audits=decided)

    def set_shift(self, actor: Actor, shift: Shift) -> None:
        """Keep who audits when, in place of what that person's shifts were in that time.

        A shift that ends as it starts takes away the one that goes on then. Raises ActError.
        """
        if not shift.person or not 0 <= shift.start <= shift.end:
            raise ActError("audit.shift", f"a shift has a person and does not end before it starts ({actor.account})")
        self._table.set_shift(shift)

    def add_probe(self, actor: Actor, case: str) -> None:
        """Choose a case whose answer is known: archived after an audit, or proven after a recall. Raises ActError.

        Who chose it, and whoever had to do with it, is never asked.
        """
        folded = self._hand.case(case)
        expected = "suspicious" if folded.stage in _PROVEN else "pass"
        if folded.opened is None or (expected == "pass" and not (folded.stage == "archived" and folded.audit)):
            raise ActError("audit.no_probe", f"the answer to case {case} is not known: it is {folded.stage}")
        barred = barred_text(barred_persons(folded) | {name_of(actor)})
        self._table.add_probe(case, expected, station=folded.opened.station, barred=barred, by=name_of(actor))

    def retire_probe(self, actor: Actor, case: str) -> None:
        """Hand a known-answer case out no longer. Raises ActError when it was none."""
        if not self._table.retire_probe(case):
            raise ActError("audit.no_probe", f"case {case} is not handed out for its known answer ({actor.account})")

    def keep_days(self, entropy: Callable[[int], bytes]) -> None:
        """Commit to the seeds of today, where that was missed, and tomorrow; show those of days that are over.

        entropy: gives so many random bytes, e.g. os.urandom. For the clock job: does nothing when nothing is due.
        """
        steps = seed_steps(self._table.seeds(), day_of(self._hand.now()))
        for day in steps.reveal:
            self._reveal(day)
        for day in steps.commit:
            seed = entropy(SEED_BYTES)
            self._hand.write("", SampleCommitted(day=day, commitment=commitment(seed)))
            self._table.add_seed(day, seed)
        self._table.trim(self._table.tick(self._hand.now()).latest)

    def _reveal(self, day: date) -> None:
        seed = next(known.seed for known in self._table.seeds() if known.day == day)
        self._hand.write("", SampleRevealed(day=day, seed=seed.hex()))
        self._table.reveal_seed(day)

    def _seed(self) -> bytes:
        known = self._table.seeds()
        shown = max((day.day for day in known if day.revealed), default=None)
        wanted = drawing_day(day_of(self._hand.now()), shown)
        for day in known:
            if day.day == wanted and not day.revealed:
                return day.seed
        raise ActError(
            "audit.no_seed", f"no seed for the samples of {wanted}: the hub's clock job has not committed one"
        )

    def escalate(self, forecast: Forecast) -> int:
        """Tell of the cases that will be late, as a fact each; return how many. What was told before is not told again.

        At most ESCALATED_AT_ONCE_MAX at once, the nearest deadline first; the rest with the next forecast.
        """
        urgent_ms = self._terms().urgent_minutes * MINUTE_MS
        told = 0
        for breach in forecast.breaches:
            fact = escalation(breach, now=self._hand.now(), urgent_ms=urgent_ms)
            if fact is None or fact.level <= self._table.told_level(breach.case):
                continue
            # One that was sent back to its station meanwhile is told of when it waits again.
            if waits_for_audit(self._hand.case(breach.case)):
                self._hand.write(breach.case, fact)
                self._table.keep_told_level(breach.case, fact.level)
                told += 1
            if told == ESCALATED_AT_ONCE_MAX:
                break
        return told


def _asking(actor: Actor) -> Asking:
    return Asking(person=name_of(actor), station=actor.station, may_settle=actor.may("audit.third"))


def _may_look(case: Case, actor: Actor) -> bool:
    try:
        may_look(case, actor)
    except StepError:
        # Its row is older than its facts, or they know a conflict that the row does not name: somebody else's case.
        return False
    return True


def _correction(case: Case, by: str, corrected: str) -> ReadingCorrected | None:
    """Return what the auditor read on the VIN photo that counts; raises ActError where that cannot be."""
    if not corrected:
        return None
    photo = case.vin_photo
    if photo is None or photo.vin is None:
        raise ActError("audit.correction", f"case {case.case} has no photo of a VIN to correct")
    if not _CORRECTED.match(corrected):
        raise ActError("audit.correction", "a VIN has 1 to 25 of A-Z and 0-9")
    return ReadingCorrected(photo=photo.photo.digest, read=photo.vin.vin, corrected=corrected, by=by, reason="audit")
