import functools
from collections.abc import Callable
from datetime import date

import pytest

from central_hub.casework import Casework, Supplies
from central_hub.committing import Committer
from central_hub.desks import ActError
from central_hub.desks.rules import TEXT_CHARACTERS_MAX, RulesDesk
from central_hub.people.roles import Actor
from inspection.facts import RulesInForce
from inspection.identities import HUB
from inspection.rules import RulebookError, shipped_rulebooks
from inspection.wire import decode_entry
from tests.central_hub.conftest import NOW, Bench

LEAD = Actor("lin", "p-lin", frozenset({"lead_auditor"}))
DAY_MS = 86_400_000
CITY = """
id = "city-2026"
amends = "rules-2022-10-01"
in_force_from = 2026-06-01
source = "a city's own measure"

[audit]
hours = 12
"""
OTHER = CITY.replace("city-2026", "other-2026").replace("12", "8")


@pytest.fixture
def desk(bench: Bench) -> RulesDesk:
    return bench.casework.engine.rules


def propose(bench: Bench, text: str = CITY, name: str = "city.toml") -> str:
    told: list[str] = []
    desk = bench.casework.engine.rules
    bench.transaction(lambda: told.append(desk.propose(LEAD, name=name, text=text)))
    return told[0]


def adopt(bench: Bench, about: str, *, by: str = "p-lin", confirmed_by: str = "p-wu", reason: str = "ordered") -> None:
    desk = bench.casework.engine.rules
    bench.transaction(functools.partial(desk.adopt, about, by=by, confirmed_by=confirmed_by, reason=reason))


def _adopt_twice(bench: Bench, about: str) -> None:
    adopt(bench, about)
    adopt(bench, about)


def in_force(bench: Bench) -> list[RulesInForce]:
    query = "SELECT raw FROM entries WHERE device = ? AND kind = 'RulesInForce' ORDER BY seq"
    facts = [decode_entry(row[0]).entry.fact for row in bench.db.execute(query, (HUB,))]
    return [fact for fact in facts if isinstance(fact, RulesInForce) and fact.name == "rulebook"]


def test_the_rules_of_the_day_are_written_down_whole_at_the_start_and_once(bench: Bench, desk: RulesDesk) -> None:
    bench.transaction(bench.casework.check_clock)
    today = desk.today()
    # Read once for all: a hub that starts does not read them anew.
    assert desk.books is shipped_rulebooks()
    assert in_force(bench) == [RulesInForce(name="rulebook", digest=today.digest, text=today.text)]


def test_a_rulebook_that_two_people_agreed_on_counts_from_its_day_on(bench: Bench, desk: RulesDesk) -> None:
    adopt(bench, propose(bench))
    bench.transaction(bench.casework.check_clock)
    assert (desk.today().id, desk.books[-1].id) == (shipped_rulebooks()[-1].id, "city-2026")
    bench.now = NOW + 10 * DAY_MS
    bench.transaction(bench.casework.check_clock)
    bench.transaction(bench.casework.check_clock)
    assert (desk.today().id, desk.today().audit.hours) == ("city-2026", 12)
    assert [fact.digest for fact in in_force(bench)][1:] == [desk.today().digest]


def test_what_was_only_proposed_counts_for_nothing_and_is_shown(bench: Bench, desk: RulesDesk) -> None:
    about = propose(bench)
    assert propose(bench) == about
    bench.transaction(bench.casework.check_clock)
    assert desk.books == shipped_rulebooks()
    shown = [(row["digest"], row["name"], row["signature"], row["person"]) for row in desk.proposed()]
    assert shown == [(about, "city.toml", "", "p-lin")]


def test_an_adoption_that_is_taken_back_is_not_followed(bench: Bench, desk: RulesDesk) -> None:
    about = propose(bench)

    def fails() -> None:
        desk.adopt(about, by="p-lin", confirmed_by="p-wu", reason="ordered")
        raise ActError("other", "something after it went wrong")

    with pytest.raises(ActError, match="went wrong"):
        bench.transaction(fails)
    bench.transaction(bench.casework.check_clock)
    assert desk.books == shipped_rulebooks()


def test_an_adopted_rulebook_counts_again_after_a_restart(bench: Bench) -> None:
    adopt(bench, propose(bench))
    again = Casework(
        bench.db, key=bench.key, settings=bench.settings, now=lambda: bench.now, supplies=Supplies(entropy=bytes)
    )
    _, (done,) = Committer(bench.db, again).commit([again.start])
    assert done.error is None
    assert again.engine.rules.books[-1].id == "city-2026"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (CITY.replace("rules-2022-10-01", "rules-2020-11-20").replace("2026-06-01", "2022-10-01"), "rulebook.overlap"),
        (CITY.replace("2026-06-01", "2022-10-01"), "rulebook.order"),
        (CITY.replace("[audit]", "[audits]"), "rulebook.shape"),
        (CITY.replace("rules-2022-10-01", "nobody"), "rulebook.unknown_parent"),
        ("?", "rulebook.toml"),
    ],
)
def test_a_rulebook_that_does_not_go_with_the_others_is_refused_before_anybody_signs(
    bench: Bench, desk: RulesDesk, text: str, code: str
) -> None:
    with pytest.raises(RulebookError) as told:
        propose(bench, text)
    assert told.value.code == code
    assert desk.proposed() == []


def test_a_rulebook_that_no_fact_could_carry_is_refused(bench: Bench) -> None:
    with pytest.raises(ActError, match="at most 40000 characters"):
        propose(bench, CITY + "#" * TEXT_CHARACTERS_MAX)


def test_of_two_rulebooks_of_one_day_the_second_is_refused_although_both_were_proposed(
    bench: Bench, desk: RulesDesk
) -> None:
    first, second = propose(bench), propose(bench, OTHER, "other.toml")
    adopt(bench, first)
    with pytest.raises(RulebookError) as told:
        adopt(bench, second)
    assert told.value.code == "rulebook.overlap"
    bench.now = NOW + 10 * DAY_MS
    bench.transaction(bench.casework.check_clock)
    assert desk.today().id == "city-2026"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda bench, _: adopt(bench, "0" * 64), "rules.unknown"),
        (lambda bench, about: adopt(bench, about, confirmed_by="p-lin"), "rules.one_person"),
        (lambda bench, about: adopt(bench, about, by=""), "rules.one_person"),
        (lambda bench, about: adopt(bench, about, reason=""), "rules.one_person"),
        (_adopt_twice, "rules.adopted"),
    ],
)
def test_nobody_puts_a_rulebook_in_force_alone_unknown_or_twice(
    bench: Bench, act: Callable[[Bench, str], object], code: str
) -> None:
    with pytest.raises(ActError) as told:
        act(bench, propose(bench))
    assert told.value.code == code


def test_the_data_folders_own_rulebooks_stand_beside_the_programs(bench: Bench) -> None:
    desk = RulesDesk(bench.casework.hand, from_folder=[("city.toml", CITY)])
    assert desk.books[-1].in_force_from == date(2026, 6, 1)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_what_another_worker_put_in_force_counts_in_the_next_decision(bench: Bench) -> None:
    beside = RulesDesk(bench.casework.hand)
    adopt(bench, propose(bench, CITY.replace("2026-06-01", "2026-05-01")))
    assert beside.today().id == "city-2026"
