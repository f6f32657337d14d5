"""The auditors at work: as the ledger of a day that was lived shows it, and one of them at a made-up desk."""

from collections import Counter
from datetime import date
from random import Random
from types import SimpleNamespace

import pytest

from central_hub.deciding.conflicts import StepError
from central_hub.deciding.queueing import Lease, LeaseError
from central_hub.desks.audits import Judgement
from central_hub.people.roles import Actor
from inspection.case import Case
from inspection.facts import AuditOpinion
from inspection.wire import decode_entry
from passlane.day.agenda import Agenda
from passlane.day.city import Sizes, made_city
from passlane.day.people import auditing
from passlane.day.people.auditing import LOST_MS, Auditing
from passlane.day.people.judging import Thought, Verdict
from passlane.day.visits import HOUR_MS
from tests.passlane.day.conftest import LivedDay


def opinions(day: LivedDay) -> list[tuple[str, int, AuditOpinion]]:
    query = "SELECT case_id, received, raw FROM entries WHERE kind = 'AuditOpinion' ORDER BY pos"
    found = []
    for case, received, raw in day.hub.reader.execute(query):
        fact = decode_entry(raw).entry.fact
        assert isinstance(fact, AuditOpinion)
        found.append((case, received, fact))
    return found


def test_who_gives_an_opinion_is_on_shift_when_they_begin(small_day: LivedDay) -> None:
    people = {one.actor.person: one for one in small_day.city.auditors}
    for _, received, fact in opinions(small_day):
        assert people[fact.auditor].on_shift(received - fact.seconds * 1_000)


def test_nobody_decides_about_their_own_station(small_day: LivedDay, understaffed_day: LivedDay) -> None:
    for day in (small_day, understaffed_day):
        stations = {one.actor.person: one.actor.station for one in day.city.auditors}
        for case, _, fact in opinions(day):
            assert stations[fact.auditor] != day.lived.sites.visits[case].station.id


def test_every_suspicion_had_a_second_look_by_another_person(small_day: LivedDay) -> None:
    for course in small_day.reckoning.courses.values():
        if any(opinion.decision == "suspicious" for opinion in course.opinions):
            assert len({opinion.auditor for opinion in course.opinions}) >= 2


def test_leases_on_one_case_never_overlap(small_day: LivedDay, understaffed_day: LivedDay) -> None:
    for day in (small_day, understaffed_day):
        assert day.lived.auditing.twice == []
        assert day.hub.reader.execute("SELECT count(*) FROM audit_leases").fetchone()[0] == 0


def test_a_broken_line_costs_the_hold_and_nothing_else() -> None:
    assert LOST_MS > 300_000


def test_known_answers_are_asked_among_the_others(small_day: LivedDay) -> None:
    counts = Counter(row["what"] for row in small_day.figures.tables["refused"])
    assert set(counts) <= {"act.same_person", "audit.lease_expired", "recheck.own_suspicion", "audit.changed"}
    assert small_day.reckoning.probes.total() > 0


def test_an_opinion_without_a_hold_is_refused_even_after_the_day(small_day: LivedDay) -> None:
    actor = small_day.city.auditors[0].actor
    with pytest.raises(LeaseError, match="take one first"):
        small_day.hub.engine.audits.decide(actor, "999999", Judgement(decision="pass", seen=1))


class FakeDesk:
    """A desk of audits with one case, which says what it is told to say. done: what was asked of it."""

    def __init__(self, *refusals: str) -> None:
        self.refusals = list(refusals)
        self.done: list[str] = []
        self.left = 1

    def take_next(self, actor: Actor) -> Lease | None:
        self.left -= 1
        if self.left < 0:
            return None
        until = MIDNIGHT + 300_000
        return Lease(token=str(1), case="lane-1.1", person=actor.person, round=1, due=0, taken=MIDNIGHT, until=until)

    def look(self, _actor: Actor, _token: str) -> Case:
        return Case(case="lane-1.1")

    def heartbeat(self, _actor: Actor, _token: str) -> Lease:
        raise LeaseError("audit.lease_expired", "too late")

    def release(self, _actor: Actor, _token: str, *, recused: bool = False) -> None:
        self.done.append("recused" if recused else "released")

    def decide(self, _actor: Actor, _token: str, judgement: Judgement) -> None:
        if self.refusals:
            code = self.refusals.pop(0)
            raise StepError(code, "refused")
        self.done.append(judgement.decision)


CITY = made_city(Sizes(inspections=35, stations=5, auditors=6), date(2026, 5, 28))
MIDNIGHT = CITY.midnight


def worked(
    monkeypatch: pytest.MonkeyPatch, desk: FakeDesk, verdict: Verdict, *, seconds: int = 60
) -> tuple[Auditing, list[str]]:
    """Let one auditor work as long as there is anything to do; return what was refused too."""
    thought = Thought(verdict=verdict, seconds=seconds)
    monkeypatch.setattr(auditing, "think", lambda *_, **__: thought)
    hub, agenda = SimpleNamespace(engine=SimpleNamespace(audits=desk), now=MIDNIGHT), Agenda()
    people = Auditing(hub, agenda, CITY, Random(1))  # type: ignore[arg-type]  # noqa: S311 - no secret
    people.truths = lambda _case: CITY.visits[0]
    people.wake(1)
    while len(agenda):
        for at, piece in agenda.take(MIDNIGHT + 24 * HOUR_MS):
            hub.now = max(hub.now, at)
            piece()
    return people, sorted(what for what in people.counts if what.startswith("refused"))


def test_who_saw_less_than_there_is_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = FakeDesk("audit.changed")
    people, refused = worked(monkeypatch, desk, "pass")
    assert desk.done == ["pass"]
    assert refused == ["refused audit.changed"]
    assert (people.busy, people.twice) == (0, [])


def test_who_was_away_too_long_is_refused_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = FakeDesk("audit.lease_expired")
    people, refused = worked(monkeypatch, desk, "lost")
    assert (desk.done, refused, people.busy) == ([], ["refused audit.lease_expired"], 0)


def test_a_hub_that_let_a_lost_hold_decide_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    people, _ = worked(monkeypatch, FakeDesk(), "lost")
    assert people.twice == ["lane-1.1"]


def test_a_hub_that_gave_a_case_to_two_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = FakeDesk()
    desk.left = 2
    monkeypatch.setattr(auditing, "think", lambda *_, **__: Thought(verdict="pass", seconds=60))
    hub, agenda = SimpleNamespace(engine=SimpleNamespace(audits=desk), now=MIDNIGHT), Agenda()
    people = Auditing(hub, agenda, CITY, Random(1))  # type: ignore[arg-type]  # noqa: S311 - no secret
    people.truths = lambda _case: CITY.visits[0]
    people.wake(2)
    for _, piece in agenda.take(MIDNIGHT + 1):
        piece()
    assert people.twice == ["lane-1.1"]


def test_who_knows_the_owner_gives_the_case_back_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = FakeDesk()
    worked(monkeypatch, desk, "recuse")
    assert desk.done == ["recused"]


def test_a_sign_of_life_that_is_refused_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    _, refused = worked(monkeypatch, FakeDesk(), "pass", seconds=200)
    assert refused == ["refused audit.lease_expired"]
