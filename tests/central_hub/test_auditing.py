from datetime import date
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.auditing import NOTE_CHARACTERS_MAX, SUSPICION_REASONS, AuditError, decide_audit, overdue
from inspection.case import Case
from inspection.facts import AuditDecided, AuditOverdue, CaseOpened, RecallOrdered, StickerIssued, StickerWithheld
from tests.central_hub.simulated_device import STATION, private_car

DUE = 1_780_000_000_000


def opened() -> CaseOpened:
    return CaseOpened(regime="jianyan", serial="S1", vehicle=private_car(), station=STATION, inspector="inspector-1")


def waiting(**changes: object) -> Case:
    """A case with a sticker that waits for its audit."""
    issued = StickerIssued(
        number="PL00000001", payload=b"", valid_until=date(2028, 5, 28), audit_due=DUE, rulebook="r", reasons=()
    )
    fields: dict[str, object] = {"case": "lane-1.1", "opened": opened(), "issued": issued}
    return Case(**{**fields, **changes})  # type: ignore[arg-type]


def refusal(case: Case, decision: Literal["pass", "suspicious"] = "pass", **words: str) -> str:
    asked = {"auditor": "auditor", "reason": "", "note": "", **words}
    with pytest.raises(AuditError) as refused:
        decide_audit(case, decision, seen=case.device_facts, **asked)
    return refused.value.code


def test_a_pass_is_one_fact() -> None:
    facts = decide_audit(waiting(), "pass", auditor="auditor", reason="vin.differs", note="looked at twice", seen=0)
    assert facts == (AuditDecided(decision="pass", auditor="auditor", note="looked at twice"),)


@pytest.mark.parametrize("reason", SUSPICION_REASONS)
def test_a_suspicion_orders_the_vehicle_back_to_its_station(reason: str) -> None:
    facts = decide_audit(waiting(), "suspicious", auditor="auditor", reason=reason, note="see photo 2", seen=0)
    assert facts == (
        AuditDecided(decision="suspicious", auditor="auditor", reason=reason, note="see photo 2"),
        RecallOrdered(reason=reason, station=STATION, note="see photo 2"),
    )


def test_a_decision_on_less_than_is_here_is_refused() -> None:
    with pytest.raises(AuditError) as refused:
        decide_audit(waiting(device_facts=7), "pass", auditor="a", reason="", note="", seen=6)
    assert refused.value.code == "audit.changed"


def test_a_case_without_an_opening_or_a_clock_does_not_wait() -> None:
    assert refusal(waiting(opened=None)) == "audit.not_waiting"
    assert refusal(waiting(issued=None)) == "audit.not_waiting"
    assert refusal(waiting(issued=None, withheld=StickerWithheld(rulebook="r", reasons=()))) == "audit.not_waiting"


def test_a_withheld_case_with_a_clock_may_be_decided() -> None:
    withheld = StickerWithheld(rulebook="r", reasons=(), audit_due=DUE, audit_first=True)
    assert decide_audit(waiting(issued=None, withheld=withheld), "pass", auditor="a", reason="", note="", seen=0)


def test_what_was_decided_stays_decided() -> None:
    decided = AuditDecided(decision="pass", auditor="somebody")
    assert refusal(waiting(audits=(decided,)), "suspicious", reason="other", note="late") == "audit.decided"


def test_nobody_decides_their_own_inspection() -> None:
    assert refusal(waiting(), auditor="inspector-1") == "audit.own_case"


def test_a_note_has_a_limit() -> None:
    assert refusal(waiting(), note="长" * (NOTE_CHARACTERS_MAX + 1)) == "audit.note_too_long"
    assert decide_audit(waiting(), "pass", auditor="a", reason="", note="长" * NOTE_CHARACTERS_MAX, seen=0)


def test_a_suspicion_needs_a_coded_reason() -> None:
    assert refusal(waiting(), "suspicious", reason="", note="I just feel it") == "audit.no_reason"
    assert refusal(waiting(), "suspicious", reason="<b>", note="") == "audit.no_reason"


@given(st.text(alphabet=" \t\n\u3000\u00a0", max_size=5))
def test_the_reason_other_needs_words_and_blanks_are_none(note: str) -> None:
    assert refusal(waiting(), "suspicious", reason="other", note=note) == "audit.no_words"


def test_an_audit_is_overdue_after_the_last_millisecond_and_not_in_it() -> None:
    assert overdue(waiting(), now=DUE) is None
    assert overdue(waiting(), now=DUE + 1) == AuditOverdue(due=DUE)


def test_overdue_is_said_once_and_not_of_what_was_decided_or_has_no_clock() -> None:
    assert overdue(waiting(overdue=AuditOverdue(due=DUE)), now=DUE + 1) is None
    assert overdue(waiting(audits=(AuditDecided(decision="pass", auditor="a"),)), now=DUE + 1) is None
    assert overdue(waiting(issued=None), now=DUE + 1) is None
