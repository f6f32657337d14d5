import pytest

from central_hub.people.roles import Actor
from central_hub.people.seeing import as_answered, as_seen, hides_opinions, kept_from, station_of
from inspection.case import Case, fold
from inspection.facts import AnyFact, AuditDecided, AuditOpinion, StationPenalised, StepUndone, StickerWithheld
from tests.central_hub.simulated_device import SimulatedDevice, hub_entries

AUDITOR = Actor("wu", "wu", frozenset({"auditor"}))
LEAD = Actor("li", "li", frozenset({"lead_auditor"}))
PROVINCE = Actor("jiang", "jiang", frozenset({"province"}))
SIGNATORY = Actor("zhou", "zhou", frozenset({"signatory"}), "ST01")
MOVED = Actor("wei", "wei", frozenset({"auditor"}), "ST01")
DUE = 1_780_000_000_000
WAITS = StickerWithheld(rulebook="b", reasons=(), audit_due=DUE, audit_first=True)
DOUBT = AuditOpinion(decision="suspicious", auditor="zheng", reason="modified")
PASSED = AuditDecided(decision="pass", auditor="zheng")


def case_with(*facts: AnyFact) -> Case:
    device = SimulatedDevice("pda-1")
    case = device.open_case()
    device.conclude(case)
    return fold(case, [*(record.entry for record in device.records), *hub_entries(case, *facts)])


@pytest.mark.parametrize(("who", "hidden"), [(AUDITOR, True), (LEAD, False), (PROVINCE, False), (SIGNATORY, True)])
def test_opinions_are_kept_from_who_may_be_asked_and_from_who_is_judged(who: Actor, *, hidden: bool) -> None:
    assert hides_opinions(who) is hidden
    assert kept_from(case_with(WAITS, DOUBT), who) is hidden


def test_only_who_works_at_a_station_sees_that_one_alone() -> None:
    assert (station_of(SIGNATORY), station_of(MOVED), station_of(LEAD)) == ("ST01", "", "")


def test_nothing_is_kept_back_where_nobody_said_anything_or_all_is_decided() -> None:
    assert not kept_from(case_with(WAITS), AUDITOR)
    assert not kept_from(case_with(WAITS, DOUBT, PASSED), AUDITOR)
    own = AuditOpinion(decision="pass", auditor="wu")
    assert not kept_from(case_with(WAITS, own), AUDITOR)


def test_an_audit_that_was_undone_is_kept_from_the_next_auditor() -> None:
    undone = case_with(WAITS, DOUBT, PASSED, StepUndone(step="audit", by="li", reason="wrong"))
    seen, blind = as_seen(undone, AUDITOR)
    assert (blind, seen.undone) == (True, ())
    assert as_seen(undone, LEAD) == (undone, False)


@pytest.mark.parametrize(("given", "stage"), [("pass", "archived"), ("suspicious", "suspected")])
def test_an_answered_known_case_looks_as_any_after_such_an_opinion(given: str, stage: str) -> None:
    known = case_with(WAITS, DOUBT, PASSED, StationPenalised(station="ST01", measure="m", by="b", reason="modified"))
    shown = as_answered(known, "pass" if given == "pass" else "suspicious", AUDITOR)
    assert (shown.stage, shown.penalties, shown.audit_due) == (stage, (), 0)
    assert [opinion.auditor for opinion in shown.opinions] == ["wu"]
