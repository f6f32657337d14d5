from collections.abc import Callable
from datetime import date

import pytest

from central_hub.console.life.forms import FORMS, RIGHTS, Asking, StepForm, allowed, forms_of
from central_hub.console.names import CaseNames
from central_hub.console.texts import LANGUAGES, texts_in
from central_hub.people.roles import shipped_roles
from inspection.case import Case, fold
from inspection.facts import (
    AnyFact,
    AuditDecided,
    ExaminationReviewed,
    RecallOrdered,
    RecheckConcluded,
    StickerIssued,
    StickerPrinted,
    StickerWithdrawn,
    StickerWithheld,
    VehicleReturned,
)
from inspection.standing.rules import shipped_standing_rules
from tests.central_hub.simulated_device import SimulatedDevice, hub_entries

EN = texts_in("en")
RULES = shipped_standing_rules()[-1]
DUE = 1_780_000_000_000
ISSUED = StickerIssued(
    number="PL1", payload=b"", valid_until=date(2028, 5, 28), audit_due=DUE, rulebook="b", reasons=()
)
WAITS = StickerWithheld(rulebook="b", reasons=(), audit_due=DUE)
FOUND = AuditDecided(decision="suspicious", auditor="wu", reason="modified")
RECALL = RecallOrdered(reason="modified", station="ST01", due=DUE)
BACK = VehicleReturned(by="zhou", station="ST01")
PROVEN = RecheckConcluded(result="proven", by="li", reason="modified")
GONE = StickerWithdrawn(number="PL1", reason="modified", by="li", confirmed_by="han")
PASSED = AuditDecided(decision="pass", auditor="wu")


def everybody(_right: str) -> bool:
    return True


def case_with(*facts: AnyFact, regime: str = "jianyan") -> Case:
    device = SimulatedDevice("pda-1")
    kind = {"inspection_kind": "01"} if regime == "jianyan" else {"inspection_kind": "", "business": "A"}
    name = device.open_case(None, regime=regime, **kind)
    device.conclude(name)
    return fold(name, [*(record.entry for record in device.records), *hub_entries(name, *facts)])


def offered(case: Case, may: Callable[[str], bool] = everybody, *, blind: bool = False) -> dict[str, StepForm]:
    names = CaseNames(case.opened, EN)
    return {form.name: form for form in forms_of(case, Asking(may, blind), names=names, rules=RULES, texts=EN)}


@pytest.mark.parametrize(
    ("case", "forms"),
    [
        (case_with(ISSUED), ["retake", "call"]),
        (case_with(WAITS), ["retake", "call", "withdraw"]),
        (case_with(ISSUED, FOUND, RECALL), ["return", "undo", "call"]),
        (case_with(ISSUED, FOUND, RECALL, BACK), ["clear", "prove", "undo", "call"]),
        (case_with(ISSUED, FOUND, RECALL, BACK, PROVEN), ["withdraw_sticker", "penalise", "undo_recheck", "call"]),
        (case_with(ISSUED, FOUND, RECALL, BACK, PROVEN, GONE), ["penalise", "call"]),
        (case_with(ISSUED, PASSED), ["undo", "call"]),
        (case_with(ISSUED, PASSED, StickerPrinted(number="PL1", copy=1, by="li")), ["undo", "call", "reprint"]),
        (case_with(WAITS, regime="chayan"), ["review", "retake", "call", "withdraw"]),
        (Case(case="pda-1.1"), []),
    ],
)
def test_what_the_life_allows_next_is_offered(case: Case, forms: list[str]) -> None:
    assert list(offered(case)) == forms


def test_each_form_needs_a_right_that_exists() -> None:
    assert set(RIGHTS) == set(FORMS)
    assert {right for rights in RIGHTS.values() for right in rights} <= set(shipped_roles().rights)
    assert not allowed("undo", lambda right: right == "audit.decide")
    assert offered(case_with(ISSUED, PASSED), lambda _: False) == {}


def test_an_auditor_asks_for_retakes_of_inspections_and_a_reviewer_of_examinations() -> None:
    audits, reviews = (lambda right: right == "audit.decide"), (lambda right: right == "review.decide")
    assert list(offered(case_with(ISSUED), audits)) == ["retake"]
    assert list(offered(case_with(ISSUED), reviews)) == []
    assert list(offered(case_with(WAITS, regime="chayan"), audits)) == []
    assert list(offered(case_with(WAITS, regime="chayan"), reviews)) == ["review", "retake"]


def test_who_may_still_be_asked_for_an_opinion_calls_nobody_and_allows_no_print() -> None:
    printed = case_with(ISSUED, StickerPrinted(number="PL1", copy=1, by="li"))
    assert list(offered(printed, blind=True)) == ["retake"]


def test_a_retake_names_what_is_required_and_what_is_there() -> None:
    (wanted, _, note) = offered(case_with(ISSUED))["retake"].fields
    codes = [code for code, _ in wanted.options]
    assert "photo:0113" in codes
    assert "item:18" in codes
    assert ("photo:0113", "photo: VIN") in wanted.options
    assert (note.kind, note.required) == ("words", False)


def test_a_review_carries_what_was_seen_and_a_return_its_station() -> None:
    (seen, *_) = offered(case_with(WAITS, regime="chayan"))["review"].fields
    assert (seen.kind, seen.given) == ("hidden", "2")
    (station, _) = offered(case_with(ISSUED, FOUND, RECALL))["return"].fields
    assert (station.kind, station.given) == ("hidden", "ST01")


def test_what_takes_two_people_says_so_and_its_reason_says_enough() -> None:
    forms = offered(case_with(ISSUED, FOUND, RECALL, BACK, PROVEN))
    assert [name for name, form in forms.items() if form.two] == ["withdraw_sticker", "undo_recheck"]
    (reason,) = forms["withdraw_sticker"].fields
    assert "other" not in dict(reason.options)
    (measure, *_) = forms["penalise"].fields
    assert [code for code, _ in measure.options] == [words.code for words in RULES.measures]


def test_only_the_steps_that_stand_can_be_undone() -> None:
    (step, _) = offered(case_with(ISSUED, PASSED))["undo"].fields
    assert [code for code, _ in step.options] == ["audit"]
    reviewed = case_with(WAITS, ExaminationReviewed(decision="pass", by="li", seen=2), regime="chayan")
    (step, _) = offered(reviewed)["undo"].fields
    assert [code for code, _ in step.options] == ["review"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_has_a_name(language: str) -> None:
    texts = texts_in("zh" if language == "zh" else "en")
    cases = (case_with(WAITS, regime="chayan"), case_with(ISSUED, FOUND, RECALL, BACK, PROVEN), case_with(ISSUED))
    fields = [field for case in cases for form in offered(case).values() for field in form.fields]
    assert all(texts(f"field.{field.name}") for field in fields if field.kind != "hidden")
