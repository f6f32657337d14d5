from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from central_hub.people.roles import Actor, shipped_roles
from central_hub.people.two_person import (
    ABOUT_CHARACTERS_MAX,
    HOUR_MS,
    REASON_CHARACTERS_MAX,
    Request,
    TwoPersonError,
    check_confirm,
    check_refuse,
    check_request,
    expires,
    known,
    parse_acts,
    shipped_acts,
)

NOW = 1_780_000_000_000
ACTS = shipped_acts()
AUDITOR = Actor("li", "p-li", frozenset({"auditor"}))
LEAD = Actor("wu", "p-wu", frozenset({"lead_auditor"}))
ASKED = Request(number=7, act="sticker.withdraw", about="PL0001", account="li", person="p-li", reason="proven", at=NOW)
ONE = """
[[acts]]
code = "key.use"
zh = "使用密钥"
en = "use a signing key"
right = "device.manage"
hours_max = 1
"""


def code_of(check: Callable[[], None]) -> str:
    """The code with which something is refused; empty when it is not."""
    try:
        check()
    except TwoPersonError as error:
        return error.code
    return ""


def refusal(actor: Actor, request: Request = ASKED, *, asker: Actor | None = AUDITOR, now: int = NOW) -> str:
    return code_of(lambda: check_confirm(actor, request, asker=asker, now=now, acts=ACTS))


def test_the_acts_that_take_two_people() -> None:
    assert list(ACTS) == ["sticker.withdraw", "station.unlist", "station.restore", "recheck.undo", "key.use"]


@pytest.mark.parametrize("act", list(ACTS))
def test_for_each_act_there_are_roles_that_can_ask_and_confirm(act: str) -> None:
    book = shipped_roles()
    assert [role for role in book.roles if book.may([role], ACTS[act].right) and book.may([role], "act.confirm")]


def test_a_second_person_with_both_rights_confirms() -> None:
    assert refusal(LEAD) == ""


def test_nobody_confirms_what_they_asked_for() -> None:
    own = replace(ASKED, account="wu", person="p-wu")
    assert refusal(LEAD, own, asker=LEAD) == "act.same_person"


def test_nobody_confirms_their_own_request_under_another_account() -> None:
    other_account = Actor("wu.2", "p-wu", frozenset({"lead_auditor"}))
    own = replace(ASKED, account="wu", person="p-wu")
    assert refusal(other_account, own, asker=LEAD) == "act.same_person"


def test_nobody_confirms_after_the_account_that_asked_was_given_to_their_person() -> None:
    assert refusal(LEAD, asker=Actor("li", "p-wu", frozenset({"auditor"}))) == "act.same_person"


def test_a_person_without_the_right_to_confirm_does_not() -> None:
    assert refusal(Actor("he", "p-he", frozenset({"auditor"}))) == "act.not_allowed"


def test_a_person_who_may_confirm_but_not_do_the_act_itself_does_not() -> None:
    assert refusal(Actor("he", "p-he", frozenset({"operator"}))) == "act.not_allowed"


@given(st.integers(-HOUR_MS, 100 * HOUR_MS))
@example(72 * HOUR_MS - 1)
@example(72 * HOUR_MS)
def test_a_request_waits_for_its_hours_and_not_longer(later: int) -> None:
    assert expires(ASKED, ACTS) == NOW + 72 * HOUR_MS
    assert refusal(LEAD, now=NOW + later) == ("act.expired" if later >= 72 * HOUR_MS else "")


def test_a_request_is_settled_once() -> None:
    assert refusal(LEAD, replace(ASKED, settled=True)) == "act.settled"


@pytest.mark.parametrize("asker", [None, Actor("li", "p-li", frozenset({"registrar"}))])
def test_a_request_of_somebody_who_may_no_longer_ask_is_not_confirmed(asker: Actor | None) -> None:
    assert refusal(LEAD, asker=asker) == "act.asker"


def test_a_request_for_an_act_that_is_no_more_is_not_confirmed() -> None:
    assert refusal(LEAD, replace(ASKED, act="sticker.eat")) == "act.unknown"


@pytest.mark.parametrize(
    ("actor", "act", "about", "reason", "code"),
    [
        (AUDITOR, "sticker.withdraw", "PL0001", "proven", ""),
        (AUDITOR, "sticker.withdraw", "x" * ABOUT_CHARACTERS_MAX, "x" * REASON_CHARACTERS_MAX, ""),
        (AUDITOR, "station.unlist", "S1", "proven", "act.not_allowed"),
        (AUDITOR, "case.delete", "PL0001", "proven", "act.unknown"),
        (AUDITOR, "sticker.withdraw", "", "proven", "act.about"),
        (AUDITOR, "sticker.withdraw", "x" * (ABOUT_CHARACTERS_MAX + 1), "proven", "act.about"),
        (AUDITOR, "sticker.withdraw", "PL0001", " \n", "act.reason"),
        (AUDITOR, "sticker.withdraw", "PL0001", "x" * (REASON_CHARACTERS_MAX + 1), "act.reason"),
    ],
)
def test_who_may_ask_and_what_it_takes(actor: Actor, act: str, about: str, reason: str, code: str) -> None:
    assert code_of(lambda: check_request(actor, act, about=about, reason=reason, acts=ACTS)) == code


@pytest.mark.parametrize(
    ("actor", "reason", "code"),
    [
        (LEAD, "not proven", ""),
        (AUDITOR, "asked too early", ""),
        (LEAD, "", "act.reason"),
        (Actor("he", "p-he", frozenset({"auditor"})), "no", "act.not_allowed"),
        (Actor("he", "p-he", frozenset({"operator"})), "no", "act.not_allowed"),
    ],
)
def test_a_second_person_refuses_and_who_asked_takes_back(actor: Actor, reason: str, code: str) -> None:
    assert code_of(lambda: check_refuse(actor, ASKED, reason=reason, acts=ACTS)) == code


def test_a_settled_request_is_not_refused() -> None:
    with pytest.raises(TwoPersonError, match="request 7 was settled already"):
        check_refuse(LEAD, replace(ASKED, settled=True), reason="no", acts=ACTS)


def test_a_file_of_acts_is_read() -> None:
    assert known("key.use", parse_acts(ONE, shipped_roles())).hours_max == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ONE + ONE, "key.use stands there twice"),
        (ONE.replace("device.manage", "device.eat"), "right 'device.eat' is not known"),
        (ONE.replace("hours_max = 1", "hours_max = 0"), ">= 1"),
        (ONE.replace("hours_max", "days_max"), "days_max"),
        ("[[acts", "two_person.toml"),
    ],
)
def test_a_file_of_acts_that_is_wrong_is_refused(text: str, told: str) -> None:
    with pytest.raises(TwoPersonError, match=told):
        parse_acts(text, shipped_roles())
