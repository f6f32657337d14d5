import pytest

from central_hub.deciding.conflicts import (
    NOTE_CHARACTERS_MAX,
    StepError,
    check_note,
    check_own,
    check_reason,
    check_seen,
    check_two,
    name_of,
    require,
    same,
)
from inspection.case import Case
from tests.central_hub.deciding.lived_cases import AT_STATION, INSPECTOR, SIGNER, A, B, Somebody, examined, waiting


@pytest.mark.parametrize(("who", "code"), [(INSPECTOR, "own_case"), (SIGNER, "own_case"), (AT_STATION, "own_station")])
def test_nobody_decides_about_their_own_work_or_their_station_s(who: Somebody, code: str) -> None:
    with pytest.raises(StepError) as refused:
        check_own(waiting(), who, family="audit")
    assert refused.value.code == f"audit.{code}"
    assert refused.value.zh


def test_a_person_with_two_accounts_is_one_person() -> None:
    second = Somebody("another-account", "inspector-1")
    with pytest.raises(StepError, match="their own inspection"):
        check_own(waiting(), second, family="audit")
    # An installation without ids of people knows inspectors by their accounts.
    with pytest.raises(StepError, match="their own inspection"):
        check_own(waiting(), Somebody("inspector-1", ""), family="audit")


def test_others_may_decide_and_so_may_another_station_s_people() -> None:
    check_own(waiting(), A, family="audit")
    check_own(waiting(), Somebody("account-y", "somebody-y", "ST99"), family="audit")
    check_own(Case(case="hub.1"), AT_STATION, family="audit")
    check_own(Case(case="hub.1"), Somebody("", ""), family="audit")


def test_facts_name_people_by_their_id_where_one_is_known() -> None:
    assert (name_of(A), name_of(Somebody("account-a", ""))) == ("auditor-a", "account-a")
    assert same(A, "auditor-a")
    assert same(A, "account-a")
    assert not same(A, "auditor-b")
    assert not same(Somebody("account-a", ""), "")


def test_two_people_are_two_and_neither_acts_about_their_own_work() -> None:
    check_two(waiting(), A, B, family="x")
    for by, confirmed_by, code in (
        (A, A, "x.one_person"),
        (A, Somebody("another-account", "auditor-a"), "x.one_person"),
        (Somebody("auditor-a", ""), A, "x.one_person"),
        (INSPECTOR, B, "x.own_case"),
        (A, AT_STATION, "x.own_station"),
    ):
        with pytest.raises(StepError) as refused:
            check_two(waiting(), by, confirmed_by, family="x")
        assert refused.value.code == code


def test_a_step_that_is_not_legal_is_refused_with_the_words_of_the_life() -> None:
    require(waiting(), "retake")
    with pytest.raises(StepError, match="the station is penalised") as refused:
        require(waiting(), "penalty")
    assert refused.value.code == "life.illegal"
    assert "处罚检验机构" in refused.value.zh


@pytest.mark.parametrize(
    ("reason", "note", "code"),
    [
        ("", "", "x.no_reason"),
        ("<b>", "", "x.no_reason"),
        ("other", " \t\u3000", "x.no_words"),
        ("vin", "长" * (NOTE_CHARACTERS_MAX + 1), "x.note_too_long"),
    ],
)
def test_a_reason_is_a_coded_one_and_other_needs_words(reason: str, note: str, code: str) -> None:
    with pytest.raises(StepError) as refused:
        check_reason(reason, note, known={"vin", "other"}, family="x")
    assert refused.value.code == code


def test_a_reason_that_is_known_will_do() -> None:
    check_reason("vin", "", known={"vin", "other"}, family="x")
    check_reason("other", "because", known={"vin", "other"}, family="x")
    check_note("长" * NOTE_CHARACTERS_MAX, family="x")


def test_nobody_passes_what_nobody_saw() -> None:
    check_seen(waiting(), family="audit")
    with pytest.raises(StepError) as refused:
        check_seen(examined(stored=frozenset()), family="audit")
    assert (refused.value.code, "nobody saw" in str(refused.value), bool(refused.value.zh)) == (
        "audit.photos_missing",
        True,
        True,
    )
