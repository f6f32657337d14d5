"""What follows from a case's facts (后续): the sticker or why there is none, suspicions, and the case's row.

Loads what the deciding files need, lets them decide, writes; runs inside the caller's transaction.
"""

from datetime import date
from typing import NamedTuple

from central_hub.clock import day_of
from central_hub.deciding.issuing import IssueOrder, can_be_decided, next_exempt_step, next_step
from central_hub.deciding.numbering import NumberingError
from central_hub.desks.filings import FilingsDesk
from central_hub.desks.lives import Lives
from central_hub.desks.rules import RulesDesk
from central_hub.desks.standing import Look, StandingDesk
from central_hub.desks.stickers import Stickers
from central_hub.hand import HubHand
from central_hub.store.office.numbers import KeptSticker
from inspection.case import Case
from inspection.directives import StickerDenied, StickerGranted
from inspection.facts import CaseOpened, ExemptionApplied, StickerIssued, StickerWithheld
from inspection.identities import HUB
from inspection.rules import (
    Application,
    Circumstances,
    Judgement,
    Rulebook,
    Standing,
    judge_permission,
    required_by,
)
from inspection.sticker import STICKER_SCHEMA, Sticker, sign_sticker, sticker_text, vin_tag


class Company(NamedTuple):
    """The desks that following asks."""

    filings: FilingsDesk
    stickers: Stickers
    lives: Lives
    standing: StandingDesk
    rules: RulesDesk


class Following:
    """Decides what follows, and writes it with the hub's hand."""

    def __init__(self, hand: HubHand, company: Company) -> None:
        self._hand = hand
        self._company = company
        self._numbers = company.stickers.numbers
        hand.follows(self.follow_up)

    def follow_up(self, case: str) -> Case:
        """Decide what follows from the case's facts, keep its row, and return it as it stands then."""
        folded = self._hand.case(case)
        start = folded.opened or folded.applied
        if start is None:
            return folded
        if folded.opened is not None and self._company.lives.answer(case):
            folded = self._hand.case(case)
        look: Look | None = None
        if folded.opened is not None:
            # Before the decision: what is found now may take sticker-first from the station, from this case on.
            look = self._company.standing.look(folded)
            folded = self._hand.case(case)
        if can_be_decided(folded):
            folded = self._decide(folded, start)
        if folded.opened is not None and self._company.lives.review_by_rules(case):
            folded = self._hand.case(case)
        if look is not None:
            self._company.standing.keep(folded, look)
        self._hand.records.keep_case(folded, opened_at=self._hand.ledger.opened_at(case))
        return folded

    def _decide(self, case: Case, start: CaseOpened | ExemptionApplied) -> Case:
        now = self._hand.now()
        book, today = self._company.rules.today(), day_of(now)
        step: IssueOrder | StickerWithheld | None
        if isinstance(start, CaseOpened):
            step = next_step(case, book, self._circumstances(case, start, book, today=today), now=now)
        else:
            step = next_exempt_step(case, book, self._known(case, start, today=today), today=today)
        if isinstance(step, IssueOrder):
            self._issue(case, start, step, now=now)
        elif isinstance(step, StickerWithheld):
            self._hand.write(case.case, step)
            failed = tuple(reason for reason in step.reasons if reason.result == "failed")
            self._hand.direct(case.device, StickerDenied(case=case.case, reasons=failed))
        return self._hand.case(case.case) if step else case

    def _circumstances(self, case: Case, opened: CaseOpened, book: Rulebook, *, today: date) -> Circumstances:
        records, stands = self._hand.records, self._company.standing.standing(opened.station)
        return Circumstances(
            today=today,
            standing=Standing(admitted=stands.admitted, listed=stands.listed, suspended=stands.suspended),
            requirement=required_by(opened, book),
            earlier_sticker=records.other_sticker(case.case, opened),
            open_recall=records.other_recall(case.case, opened.vehicle.vin),
            permission=self._permission(opened, case.device, book, today),
            valid_sticker=self._valid_sticker(opened.vehicle.vin, today),
            earlier_attempt=records.attempt_before(opened) if opened.attempt > 1 else "",
            province=self._hand.settings.province,
        )

    def _permission(self, opened: CaseOpened, device: str, book: Rulebook, today: date) -> Judgement | None:
        filings = self._company.filings.bearing_on(opened, device)
        if not filings.kept and not book.sticker_first.filings_required:
            return None
        return judge_permission(opened, device, filings, book, today)

    def _known(self, case: Case, applied: ExemptionApplied, *, today: date) -> Application:
        return Application(
            valid_sticker=self._valid_sticker(applied.vehicle.vin, today),
            open_recall=self._hand.records.other_recall(case.case, applied.vehicle.vin),
            channel=applied.channel,
            province=self._hand.settings.province,
        )

    def _valid_sticker(self, vehicle: str, today: date) -> tuple[str, date] | None:
        number = self._numbers.valid_sticker(vehicle, today)
        kept = self._numbers.sticker(number) if number else None
        return (kept.number, kept.valid_until) if kept else None

    def _issue(self, case: Case, start: CaseOpened | ExemptionApplied, order: IssueOrder, *, now: int) -> None:
        vehicle = start.vehicle
        holder = start.station if isinstance(start, CaseOpened) else start.office
        try:
            taken = self._company.stickers.take_number(holder)
        except NumberingError as error:
            # The case waits for numbers; what brought it here (a photo, an auditor's pass) stands.
            self._hand.records.refuse(HUB, error.code, f"{case.case}: {error}", at=now, payload=b"")
            return
        sticker = Sticker(
            schema=STICKER_SCHEMA,
            number=taken.number,
            plate_kind=vehicle.plate_kind,
            plate=vehicle.plate,
            vin_tag=vin_tag(vehicle.vin),
            issued_on=day_of(now),
            valid_until=order.valid_until,
        )
        payload = sign_sticker(sticker, self._hand.key)
        kept = KeptSticker(
            number=taken.number,
            case=case.case,
            payload=payload,
            issued=now,
            vehicle=vehicle.vin,
            valid_until=order.valid_until,
            # Numbers of the installation's own range are nobody's.
            holder=taken.holder,
        )
        self._numbers.keep_sticker(kept)
        fact = StickerIssued(
            number=taken.number,
            payload=payload,
            valid_until=order.valid_until,
            audit_due=order.audit_due,
            rulebook=order.rulebook,
            reasons=order.reasons,
        )
        self._hand.write(case.case, fact)
        granted = StickerGranted(case=case.case, number=taken.number, payload=sticker_text(payload))
        self._hand.direct(case.device, granted)
