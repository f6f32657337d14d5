"""What a day came to, and that each promise is found broken where it is."""

from collections.abc import Callable
from datetime import date

import pytest

from inspection.facts import (
    AuditDecided,
    AuditEscalated,
    AuditOpinion,
    AuditOverdue,
    CaseWithdrawn,
    ProbeAnswered,
    StationSuspended,
    StickerIssued,
    StickerWithheld,
)
from passlane.day.reckoning import Outside, Reckoning, promises
from passlane.day.visits import HOUR_MS
from tests.passlane.day.conftest import LivedDay

DAY = 24 * HOUR_MS
CHEAT = "C007"


def outside(**changes: object) -> Outside:
    fields: dict[str, object] = {
        "twice": (),
        "verified": "",
        "privileged": frozenset({"C001"}),
        "cheat": CHEAT,
        "of_cheat": frozenset({"bad-1.1"}),
        "until": DAY,
    }
    return Outside(**{**fields, **changes})  # type: ignore[arg-type]


def issued(number: str = "PL1", due: int = DAY) -> StickerIssued:
    return StickerIssued(
        number=number, payload=b"", valid_until=date(2028, 1, 1), audit_due=due, rulebook="r", reasons=()
    )


def stop(station: str = CHEAT, by: str = "standing-1") -> StationSuspended:
    return StationSuspended(station=station, rule="suspicions.stop", by=by, reason="too many")


def opinion(auditor: str) -> AuditOpinion:
    return AuditOpinion(decision="pass", auditor=auditor)


PASSED = AuditDecided(decision="pass", auditor="A1")


def sound_day() -> Reckoning:
    day = Reckoning()
    for case in ("lane-1.1", "lane-1.2"):
        day.read(case, 0, issued(f"PL-{case}"))
        day.read(case, HOUR_MS, opinion("A1"))
        day.read(case, HOUR_MS, PASSED)
    day.read("", 2 * HOUR_MS, stop())
    return day


def broken(day: Reckoning, **changes: object) -> list[str]:
    return [promise.name for promise in promises(day, outside(**changes)) if not promise.held]


def test_of_a_sound_day_every_promise_holds() -> None:
    assert broken(sound_day()) == []


def breach(told: int) -> Callable[[Reckoning], None]:
    def happen(day: Reckoning) -> None:
        day.read("lane-1.9", 0, issued("PL-9"))
        day.read("lane-1.9", told, AuditEscalated(level=1, to="lead_auditor", due=DAY))
        day.read("lane-1.9", DAY + 1, AuditOverdue(due=DAY))
        day.read("lane-1.9", DAY + HOUR_MS, PASSED)

    return happen


def twice_decided(day: Reckoning) -> None:
    day.read("lane-1.1", HOUR_MS, PASSED)


def twice_looked(day: Reckoning) -> None:
    day.read("lane-1.1", HOUR_MS, opinion("A1"))


def never_decided(day: Reckoning) -> None:
    day.read("lane-1.9", 0, issued("PL-9"))


def second_sticker(day: Reckoning) -> None:
    day.read("lane-1.1", HOUR_MS, issued("PL-other"))


def same_number(day: Reckoning) -> None:
    day.read("lane-1.2", HOUR_MS, issued("PL-lane-1.1"))


def honest_stopped(day: Reckoning) -> None:
    day.read("", HOUR_MS, stop("C002"))


def first_all_the_same(day: Reckoning) -> None:
    day.read("bad-1.1", 3 * HOUR_MS, issued("PL-bad"))
    day.read("bad-1.1", 4 * HOUR_MS, PASSED)


@pytest.mark.parametrize(
    ("happen", "name"),
    [
        (breach(DAY - HOUR_MS), "in time or told"),
        (never_decided, "in time or told"),
        (twice_decided, "one person at a time"),
        (twice_looked, "one person at a time"),
        (second_sticker, "each sticker once"),
        (same_number, "each sticker once"),
        (honest_stopped, "no honest station stopped"),
        (first_all_the_same, "cheat stopped"),
    ],
)
def test_a_broken_promise_is_found(happen: Callable[[Reckoning], None], name: str) -> None:
    day = sound_day()
    happen(day)
    assert name in broken(day)


def test_a_breach_that_was_told_two_hours_before_is_none_of_the_days_faults() -> None:
    day = sound_day()
    breach(DAY - 2 * HOUR_MS)(day)
    assert broken(day) == []
    assert list(day.late) == ["lane-1.9"]


def test_what_the_applicant_took_back_is_never_late() -> None:
    day = sound_day()
    day.read("lane-1.9", 0, StickerWithheld(rulebook="r", reasons=(), audit_due=DAY, audit_first=True))
    day.read("lane-1.9", HOUR_MS, CaseWithdrawn(reason="applicant", by="inspector"))
    assert day.late == {}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"twice": ("lane-1.1",)}, "one person at a time"),
        ({"verified": "a fact is missing"}, "ledger"),
        ({"privileged": frozenset({CHEAT})}, "cheat stopped"),
        ({"until": HOUR_MS}, "cheat stopped"),
    ],
)
def test_what_is_wrong_outside_the_ledger_is_found(changes: dict[str, object], name: str) -> None:
    assert broken(sound_day(), **changes) == [name]


def test_a_person_who_stops_the_cheat_is_not_the_rules() -> None:
    day = Reckoning()
    day.read("", HOUR_MS, StationSuspended(station=CHEAT, rule="person", by="A1", reason="I know them"))
    assert broken(day) == ["cheat stopped"]


def test_a_sticker_after_the_audit_may_follow_a_stop() -> None:
    day = sound_day()
    day.read("bad-1.1", 3 * HOUR_MS, StickerWithheld(rulebook="r", reasons=(), audit_due=DAY, audit_first=True))
    day.read("bad-1.1", 4 * HOUR_MS, PASSED)
    day.read("bad-1.1", 4 * HOUR_MS, issued("PL-bad", due=4 * HOUR_MS))
    assert broken(day) == []


def test_known_answers_that_were_met_are_counted() -> None:
    day = Reckoning()
    for given in ("pass", "suspicious", "suspicious"):
        day.read("", 1, ProbeAnswered(case="lane-1.1", auditor="A1", expected="suspicious", given=given))
    assert (day.probes[True], day.probes[False]) == (2, 1)


def test_a_real_day_is_read_from_its_ledger(small_day: LivedDay) -> None:
    day = small_day.reckoning
    rows = small_day.hub.reader.execute("SELECT kind, count(*) FROM entries WHERE device = 'hub' GROUP BY kind")
    counted = dict(rows.fetchall())
    assert {kind: counted[kind] for kind in day.facts} == dict(day.facts)
    assert day.stops[0][1].station == small_day.city.cheat.id
