"""What follows when a vehicle is back, as the ledger of a day that was lived shows it."""

from typing import TypeVar

from inspection.facts import RecheckConcluded, StationPenalised, StickerWithdrawn
from inspection.wire import decode_entry
from passlane.day.people.rechecks import MEASURE, REASONS
from tests.passlane.day.conftest import LivedDay

_F = TypeVar("_F")


def facts(day: LivedDay, kind: type[_F]) -> dict[str, _F]:
    query = "SELECT case_id, raw FROM entries WHERE kind = ? AND device = 'hub' ORDER BY pos"
    read = {row[0]: decode_entry(row[1]).entry.fact for row in day.hub.reader.execute(query, (kind.__name__,))}
    return {case: fact for case, fact in read.items() if isinstance(fact, kind)}


def test_a_vehicle_is_proven_exactly_where_something_really_was_wrong(small_day: LivedDay) -> None:
    checked = facts(small_day, RecheckConcluded)
    assert checked
    for case, fact in checked.items():
        truth = small_day.lived.sites.visits[case].truth
        assert (fact.result == "proven") == (truth in REASONS)


def test_who_suspected_a_vehicle_does_not_check_it(small_day: LivedDay) -> None:
    for case, fact in facts(small_day, RecheckConcluded).items():
        opinions = small_day.reckoning.courses[case].opinions
        assert fact.by not in {opinion.auditor for opinion in opinions if opinion.decision == "suspicious"}


def test_a_sticker_is_withdrawn_by_two_people_and_the_station_pays(small_day: LivedDay) -> None:
    withdrawn, penalised = facts(small_day, StickerWithdrawn), facts(small_day, StationPenalised)
    assert withdrawn
    assert all(fact.by != fact.confirmed_by for fact in withdrawn.values())
    proven = {case for case, fact in facts(small_day, RecheckConcluded).items() if fact.result == "proven"}
    assert set(penalised) == proven
    assert {fact.measure for fact in penalised.values()} <= set(MEASURE.values())
    assert small_day.lived.rechecks.counts["refused act.same_person"] == len(withdrawn)
