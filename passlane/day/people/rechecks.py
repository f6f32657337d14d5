"""What follows when a vehicle is back (追回之后): it is checked again; the sticker goes, by two; the station pays.

Who is on shift does it, as far as the hub lets them: who suspected a vehicle does not decide whether that holds.
"""

import functools
from collections import Counter
from collections.abc import Callable
from random import Random

from central_hub.deciding.conflicts import StepError
from central_hub.people.roles import Actor
from central_hub.people.two_person import TwoPersonError
from central_hub.store.office.accounts import Account
from passlane.day.agenda import Agenda
from passlane.day.city import City
from passlane.day.hub import Hub
from passlane.day.visits import MINUTE_MS, Visit

CHECKED_AFTER_MINUTES = (15, 50)
CONFIRMED_AFTER_MINUTES = (3, 20)
NOBODY_MINUTES = 15
"""Where nobody on shift may check a vehicle again, it is asked again so much later."""
MEASURE = {"absent": "suspended", "missed": "warned"}
REASONS = {"absent": "vehicle.absent", "missed": "modified"}
_PASSWORD_BYTES = 12


class Rechecks:
    """The people who deal with vehicles that came back. truths: returns the visit of a case."""

    def __init__(self, hub: Hub, agenda: Agenda, city: City, chance: Random) -> None:
        self._hub = hub
        self._agenda = agenda
        self._city = city
        self._chance = chance
        self._leads = [one.actor for one in city.auditors if "lead_auditor" in one.actor.roles]
        self.truths: Callable[[str], Visit] = _unknown
        self.counts: Counter[str] = Counter()

    def plan(self) -> list[Callable[[], object]]:
        """Return the work that makes the accounts of those who act by two; nobody signs in with them."""
        administrator = Actor("administrator", "P0001", frozenset({"administrator"}))
        return [
            functools.partial(
                self._hub.engine.people.make,
                administrator,
                Account(name=lead.account, title="审核组长", person=lead.person, roles=tuple(sorted(lead.roles))),
                password=self._chance.randbytes(_PASSWORD_BYTES).hex(),
            )
            for lead in self._leads
        ]

    def back(self, case: str) -> None:
        """Take note that a vehicle is back: it is checked again after a while."""
        self._later(CHECKED_AFTER_MINUTES, functools.partial(self._check, case))

    def _later(self, minutes: tuple[float, float], piece: Callable[[], object]) -> None:
        self._agenda.add(self._hub.now + int(self._chance.uniform(*minutes) * MINUTE_MS), piece)

    def _check(self, case: str) -> None:
        visit = self.truths(case)
        proven = visit.truth in REASONS
        reason = REASONS[visit.truth] if proven else "vehicle.right"
        present = [one.actor for one in self._city.auditors if one.on_shift(self._hub.now)]
        self._chance.shuffle(present)
        for actor in present:
            try:
                after = self._hub.engine.lives.recheck(
                    actor, case, result="proven" if proven else "cleared", reason=reason
                )
            except StepError as error:
                self.counts[f"refused {error.code}"] += 1
                continue
            if proven and after.issued is not None:
                self._later(CONFIRMED_AFTER_MINUTES, functools.partial(self._ask, case, after.issued.number))
            elif proven:
                self._penalise(case)
            return
        self._later((NOBODY_MINUTES, NOBODY_MINUTES), functools.partial(self._check, case))

    def _ask(self, case: str, number: str) -> None:
        first, second = self._chance.sample(self._leads, 2)
        reason = REASONS[self.truths(case).truth]
        asked = self._hub.engine.acts.request(first, "sticker.withdraw", about=number, reason=reason)
        self._later(CONFIRMED_AFTER_MINUTES, functools.partial(self._confirm, case, asked, first, second))

    def _confirm(self, case: str, asked: int, first: Actor, second: Actor) -> None:
        # Once by the one who asked: the hub has to refuse that.
        for actor in (first, second):
            try:
                self._hub.engine.acts.confirm(actor, asked)
            except TwoPersonError as error:
                self.counts[f"refused {error.code}"] += 1
        self._penalise(case)

    def _penalise(self, case: str) -> None:
        truth = self.truths(case).truth
        lead = self._leads[0]
        self._hub.engine.lives.penalise(lead, case, measure=MEASURE[truth], reason=REASONS[truth])


def _unknown(case: str) -> Visit:
    raise KeyError(case)
