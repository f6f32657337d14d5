import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.people.roles import Actor, RolesError, parse_roles, shipped_roles

CODES = [
    "inspector", "station_staff", "registrar", "appearance", "driver", "chassis", "signatory", "auditor",
    "lead_auditor", "detachment", "province", "ministry", "operator", "administrator",
]  # fmt: skip
RIGHTS = [
    "case.view", "photo.view", "audit.decide", "audit.third", "audit.lead", "review.decide", "recall.manage",
    "recheck.decide", "sticker.withdraw", "sticker.print", "sticker.reprint", "sticker.ranges", "standing.view",
    "standing.decide", "appeal.file", "appeal.decide", "tip.read", "call.make", "digest.view", "filing.write",
    "account.manage", "device.manage", "act.confirm", "exempt.apply", "case.undo", "case.withdraw", "rules.manage",
]  # fmt: skip
AT_STATIONS = {"inspector", "station_staff", "registrar", "appearance", "driver", "chassis", "signatory"}
SUPERVISING = {"auditor", "lead_auditor", "detachment", "province", "ministry"}

SMALL = """
[[rights]]
code = "see"
zh = "看"
en = "see"

[[roles]]
code = "one"
zh = "甲"
en = "one"
rights = ["see"]
may_not_zh = []
may_not_en = []
needs_station = false
second_factor = false
source = "made up"

[[roles]]
code = "two"
zh = "乙"
en = "two"
rights = []
may_not_zh = []
may_not_en = []
needs_station = false
second_factor = true
source = "made up"

[[exclusive]]
one = ["one"]
other = ["two"]
zh = "不可"
en = "no"
source = "made up"
"""

roles = st.sets(st.sampled_from(CODES))


def test_the_shipped_roles_are_those_of_the_domain_and_have_a_source_each() -> None:
    book = shipped_roles()
    assert list(book.roles) == CODES
    assert list(book.rights) == RIGHTS
    assert all(role.source and role.zh and role.en for role in book.roles.values())
    assert all(len(role.may_not_zh) == len(role.may_not_en) > 0 for role in book.roles.values())
    assert all(exclusion.source for exclusion in book.exclusions)


def test_every_right_is_somebodys() -> None:
    assert shipped_roles().rights_of(CODES) == set(RIGHTS)


def test_who_works_at_a_station_needs_one_and_no_one_else_does() -> None:
    book = shipped_roles()
    assert {code for code, role in book.roles.items() if role.needs_station} == AT_STATIONS
    for code in CODES:
        if code in AT_STATIONS:
            with pytest.raises(RolesError, match="name the station"):
                book.check([code], station="")
        book.check([code], station="S1")


@given(roles)
def test_somebody_may_what_any_of_their_roles_may(held: set[str]) -> None:
    book, actor = shipped_roles(), Actor("li", "li", frozenset(held))
    for right in RIGHTS:
        assert actor.may(right) == any(right in book.roles[role].rights for role in held)


def test_a_role_that_is_no_more_gives_nothing() -> None:
    assert shipped_roles().rights_of(["chief"]) == frozenset()
    assert not shipped_roles().needs_second_factor(["chief"])


def test_a_right_that_does_not_exist_is_a_fault_of_the_program() -> None:
    with pytest.raises(RolesError, match=r"no right 'audit\.decline'"):
        Actor("li", "li", frozenset({"auditor"})).may("audit.decline")


def test_the_centre_signs_in_with_a_second_factor() -> None:
    book = shipped_roles()
    assert {code for code in CODES if book.needs_second_factor([code])} == SUPERVISING | {"operator", "administrator"}


@given(roles, roles)
def test_who_inspects_does_not_audit_and_no_station_supervises_stations(here: set[str], elsewhere: set[str]) -> None:
    both = here | elsewhere
    wrong = (
        ("inspector" in both and both & {"auditor", "lead_auditor"})
        or (both & (AT_STATIONS - {"inspector"}) and both & SUPERVISING)
        or ("signatory" in both and both & {"registrar", "appearance", "driver", "chassis"})
        or ("administrator" in both and both & (AT_STATIONS | SUPERVISING))
    )
    if here and not wrong:
        shipped_roles().check(here, station="S1", elsewhere=elsewhere)
        return
    with pytest.raises(RolesError) as refused:
        shipped_roles().check(here, station="S1", elsewhere=elsewhere)
    assert refused.value.code == ("roles.exclusive" if here else "roles.none")


def test_an_exclusion_is_explained_in_both_languages() -> None:
    with pytest.raises(RolesError, match=r"inspector and auditor .*查验的人不审核 \(who inspects does not audit\)"):
        shipped_roles().check(["auditor", "inspector"], station="S1")


def test_the_same_person_cannot_have_the_other_role_in_another_account() -> None:
    with pytest.raises(RolesError, match="under whatever accounts"):
        shipped_roles().check(["auditor"], station="", elsewhere=["inspector"])


def test_an_unknown_role_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RolesError, match=r"no role 'chief'; there are administrator, appearance"):
        shipped_roles().check(["chief"], station="")


def test_a_small_file_is_read() -> None:
    book = parse_roles(SMALL)
    assert (book.rights_of(["one", "two"]), book.needs_second_factor(["one"])) == (frozenset({"see"}), False)
    assert (book.text, len(book.digest)) == (SMALL, 64)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('rights = ["see"]', 'rights = ["sea"]', "role one: right 'sea' is not known"),
        ('one = ["one"]', 'one = ["won"]', "exclusive: role 'won' is not known"),
        ('one = ["one"]', 'one = ["two"]', "two stands on both sides"),
        ('code = "two"', 'code = "one"', "role one stands there twice"),
        ("[[roles]]", '[[rights]]\ncode = "see"\nzh = ""\nen = ""\n[[roles]]', "right see stands there twice"),
        ("needs_station", "need_station", "need_station"),
        ("needs_station = false", 'needs_station = "no"', "bool"),
        ("[[roles]]", "[[rolls]]", "rolls"),
        ("[[exclusive]]", "[[exclusive", "roles.toml"),
    ],
)
def test_a_file_that_is_wrong_is_refused_and_says_where(before: str, after: str, told: str) -> None:
    with pytest.raises(RolesError, match=told) as refused:
        parse_roles(SMALL.replace(before, after, 1))
    assert refused.value.code == "roles.file"


def test_one_human_being_is_known_by_account_and_by_person() -> None:
    actor = Actor("li.2", "person-7", frozenset())
    assert actor.same_person("li", "person-7")
    assert actor.same_person("li.2", "person-8")
    assert not actor.same_person("li", "person-8")
    with pytest.raises(dataclasses.FrozenInstanceError):
        actor.person = "person-8"  # type: ignore[misc]
