"""The auditors at work (审核): each takes the next case, looks, gives signs of life, says what they think.

All of it goes through the hub's own desk of audits, which decides who may; what is refused is counted. Keeps beside the
hub who holds what, so that a case in two hands at once would be seen.
"""

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from central_hub.deciding.conflicts import StepError
from central_hub.deciding.forecasting import Shift
from central_hub.deciding.living import Wanted
from central_hub.deciding.queueing import Lease
from central_hub.desks import ActError
from central_hub.desks.audits import Judgement
from passlane.day.agenda import Agenda
from passlane.day.city import Auditor, City
from passlane.day.facts import RETAKEN_PHOTO
from passlane.day.hub import Hub
from passlane.day.people.judging import Thought, think
from passlane.day.visits import Visit

HEARTBEAT_MS = 120_000
LOST_MS = 600_000
"""So long a broken line stays broken: longer than a hold lasts."""
LOOK_AGAIN_MS = 20_000
PAUSE_MS = 5_000
PROBES_EACH_TIME, PROBES_MAX = 6, 40
PROBES_PASSED_MAX = 4
"""Of the known-answer cases that are chosen at a time so many are harmless ones, where others are at hand."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Who holds a case until when, as they were told."""

    person: str
    until: int


class Auditing:
    """All auditors. truths: returns the visit of a case."""

    def __init__(self, hub: Hub, agenda: Agenda, city: City, chance: Random) -> None:
        self._hub = hub
        self._agenda = agenda
        self._city = city
        self._chance = chance
        self._busy: set[str] = set()
        self._holds: dict[str, Hold] = {}
        self._probes: set[str] = set()
        self.truths: Callable[[str], Visit] = _unknown
        self.counts: Counter[str] = Counter()
        self.twice: list[str] = []

    def plan(self) -> list[Callable[[], object]]:
        """Return the work that writes down who audits when."""
        lead = self._city.auditors[0].actor
        return [
            functools.partial(
                self._hub.engine.audits.set_shift,
                lead,
                Shift(person=auditor.actor.person, start=start, end=end),
            )
            for auditor in self._city.auditors
            for start, end in auditor.shifts
        ]

    @property
    def idle(self) -> list[Auditor]:
        """Who is on shift and holds nothing."""
        now = self._hub.now
        return [one for one in self._city.auditors if one.on_shift(now) and one.actor.person not in self._busy]

    @property
    def busy(self) -> int:
        """How many hold a case."""
        return len(self._busy)

    def wake(self, waiting: int) -> None:
        """Let so many of those who are idle ask for a case as nobody holds yet. waiting: cases in the queue."""
        idle = self.idle
        self._chance.shuffle(idle)
        for auditor in idle[: max(0, waiting - self.busy)]:
            self._busy.add(auditor.actor.person)
            self._agenda.add(self._hub.now, functools.partial(self._take, auditor))

    def _take(self, auditor: Auditor) -> None:
        person = auditor.actor.person
        lease = self._hub.engine.audits.take_next(auditor.actor) if auditor.on_shift(self._hub.now) else None
        if lease is None:
            self._busy.discard(person)
            return
        before = self._holds.get(lease.case)
        if before is not None and before.person != person and before.until > lease.taken:
            self.twice.append(lease.case)
        self._holds[lease.case] = Hold(person, lease.until)
        self.counts["handed out"] += 1
        self._look(auditor, lease)

    def _look(self, auditor: Auditor, lease: Lease) -> None:
        case = self._hub.engine.audits.look(auditor.actor, lease.token)
        thought = think(
            self.truths(lease.case),
            self._chance,
            look_seconds=self._city.sizes.look_seconds,
            # Once somebody has given an opinion, nothing is sent back any more.
            retaken=bool(case.retakes) or lease.round > 1,
            probe=lease.probe,
        )
        if thought.verdict == "lost":
            self._agenda.add(
                self._hub.now + LOST_MS, functools.partial(self._come_back, auditor, lease, case.device_facts)
            )
            return
        end = self._hub.now + thought.seconds * 1_000
        self._agenda.add(end, functools.partial(self._finish, auditor, lease, thought, case.device_facts))
        for at in range(self._hub.now + HEARTBEAT_MS, end, HEARTBEAT_MS):
            self._agenda.add(at, functools.partial(self._beat, auditor, lease))

    def _beat(self, auditor: Auditor, lease: Lease) -> None:
        try:
            renewed = self._hub.engine.audits.heartbeat(auditor.actor, lease.token)
        except StepError as error:
            self._refused(error.code)
            return
        self._holds[lease.case] = Hold(auditor.actor.person, renewed.until)

    def _come_back(self, auditor: Auditor, lease: Lease, seen: int) -> None:
        """Try to decide after the line was broken: the hub has to refuse that, whoever has the case meanwhile."""
        try:
            self._hub.engine.audits.decide(auditor.actor, lease.token, Judgement(decision="pass", seen=seen))
        except StepError as error:
            self._refused(error.code)
        else:
            self.twice.append(lease.case)
        self._take(auditor)

    def _finish(self, auditor: Auditor, lease: Lease, thought: Thought, seen: int) -> None:
        try:
            self._act(auditor, lease, thought, seen)
        except (StepError, ActError) as error:
            self._refused(error.code)
            if error.code == "audit.changed":
                again = functools.partial(self._look_again, auditor, lease, thought)
                self._agenda.add(self._hub.now + LOOK_AGAIN_MS, again)
                return
        self._free(auditor, lease)
        self._agenda.add(self._hub.now + PAUSE_MS, functools.partial(self._take, auditor))

    def _look_again(self, auditor: Auditor, lease: Lease, thought: Thought) -> None:
        case = self._hub.engine.audits.look(auditor.actor, lease.token)
        self._finish(auditor, lease, thought, case.device_facts)

    def _act(self, auditor: Auditor, lease: Lease, thought: Thought, seen: int) -> None:
        desk, actor = self._hub.engine.audits, auditor.actor
        match thought.verdict:
            case "recuse":
                desk.release(actor, lease.token, recused=True)
            case "retake":
                desk.release(actor, lease.token)
                wanted = Wanted(kind=RETAKEN_PHOTO)
                self._hub.engine.lives.request_retake(actor, lease.case, wanted=wanted, reason=thought.reason)
            case "pass" | "suspicious" as decision:
                judgement = Judgement(decision=decision, seen=seen, reason=thought.reason)
                desk.decide(actor, lease.token, judgement)
            case _:
                pass
        self.counts[thought.verdict] += 1

    def _free(self, auditor: Auditor, lease: Lease) -> None:
        hold = self._holds.get(lease.case)
        if hold is not None and hold.person == auditor.actor.person:
            del self._holds[lease.case]

    def _refused(self, code: str) -> None:
        self.counts[f"refused {code}"] += 1

    def choose_probes(self, archived: list[str], proven: list[str]) -> None:
        """Let the lead choose some cases whose answer is known by now, harmless and proven ones."""
        lead = self._city.auditors[0].actor
        fresh = [[case for case in cases if case not in self._probes] for cases in (archived, proven)]
        chosen = (fresh[1] + fresh[0][:PROBES_PASSED_MAX])[:PROBES_EACH_TIME]
        for case in chosen[: PROBES_MAX - len(self._probes)]:
            self._hub.engine.audits.add_probe(lead, case)
            self._probes.add(case)


def _unknown(case: str) -> Visit:
    raise KeyError(case)
