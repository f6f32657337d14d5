import functools
from collections.abc import Callable
from datetime import date

import pytest

from central_hub.clock import day_of
from central_hub.engine import Engine
from central_hub.people.roles import Actor
from central_hub.people.two_person import shipped_acts
from inspection.directives import WithdrawalsPublished
from inspection.filings import AreaFiling
from inspection.wire import open_directive
from tests.central_hub.conftest import NOW, Bench
from tests.central_hub.simulated_device import STATION, SimulatedDevice

LIN = Actor("lin", "p-lin", frozenset({"lead_auditor"}))
WU = Actor("wu", "p-wu", frozenset({"detachment"}))
CLERK = Actor("wang", "p-wang", frozenset({"office"}))
DAY_MS = 86_400_000


@pytest.fixture
def engine(bench: Bench) -> Engine:
    return bench.casework.engine


def issued(bench: Bench, device: SimulatedDevice) -> str:
    case, digests = device.whole_case()
    bench.send(device)
    bench.store(*digests)
    return case


def proven(bench: Bench, device: SimulatedDevice) -> str:
    """Bring a case as far as a recall that was found right."""
    case = issued(bench, device)
    bench.transaction(lambda: bench.audit(case, "suspicious", auditor="auditor", reason="vin.tampered"))
    lives = bench.casework.engine.lives
    back = functools.partial(lives.report_return, CLERK, case, station=STATION)
    checker = Actor("sun", "p-sun", frozenset({"lead_auditor"}))
    bench.transaction(back, functools.partial(lives.recheck, checker, case, result="proven", reason="vin.tampered"))
    return case


def published(bench: Bench, sent: list[tuple[str, bytes]]) -> list[WithdrawalsPublished]:
    told = [open_directive(data, bench.key.public).directive for to, data in sent if to.endswith("directives")]
    return [directive for directive in told if isinstance(directive, WithdrawalsPublished)]


def test_every_act_of_two_people_has_somebody_who_does_it(engine: Engine) -> None:
    assert set(engine.acts._does) == set(shipped_acts())


def test_the_audits_terms_are_those_of_the_rulebook_of_the_day(engine: Engine) -> None:
    audit = engine.rules.today().audit
    assert (engine.terms().second_share, engine.terms().recall_days) == (audit.second_review_share, audit.recall_days)


def test_what_is_done_once_a_day_is_done_once_whoever_ticks(
    bench: Bench, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    days: list[date] = []
    monkeypatch.setattr(engine.standing, "end_day", days.append)
    for days_on in (0, 1, 0, 1, 3):
        bench.now = NOW + days_on * DAY_MS
        bench.transaction(bench.casework.check_clock)
    assert days == [day_of(NOW), day_of(NOW + 2 * DAY_MS)]


def test_the_list_of_withdrawn_stickers_is_said_to_be_whole_once_a_day_where_there_is_one(
    bench: Bench, device: SimulatedDevice, engine: Engine
) -> None:
    def made(work: Callable[[], object]) -> int:
        before = bench.value("SELECT count(*) FROM directives")
        bench.transaction(work)
        after = bench.value("SELECT count(*) FROM directives")
        assert isinstance(before, int)
        assert isinstance(after, int)
        return after - before

    assert made(bench.casework.check_clock) == 0
    case = proven(bench, device)
    withdraw = functools.partial(engine.stickers.withdraw, case, by=LIN, confirmed_by=WU, reason="vin.tampered")
    assert [made(work) for work in (withdraw, bench.casework.check_clock)] == [1, 1]
    bench.now += DAY_MS
    assert [made(bench.casework.check_clock) for _ in range(3)] == [1, 0, 0]


def test_a_device_that_is_new_here_is_told_which_stickers_were_withdrawn(
    bench: Bench, device: SimulatedDevice, engine: Engine
) -> None:
    def enrol(name: str) -> list[WithdrawalsPublished]:
        key = SimulatedDevice(name).key.public
        return published(bench, bench.transaction(lambda: bench.casework.enrol(name, "pda", STATION, public_key=key)))

    assert enrol("pda-1") == []
    case = proven(bench, device)
    bench.transaction(lambda: engine.stickers.withdraw(case, by=LIN, confirmed_by=WU, reason="vin.tampered"))
    assert {piece.version for piece in enrol("pda-2")} == {1}


def test_a_vehicle_that_does_not_come_back_is_overdue_by_the_clock_once(
    bench: Bench, device: SimulatedDevice, engine: Engine
) -> None:
    case = issued(bench, device)
    bench.transaction(lambda: bench.audit(case, "suspicious", auditor="auditor", reason="vin.tampered"))
    bench.now += (engine.terms().recall_days + 1) * DAY_MS
    for _ in range(2):
        bench.transaction(bench.casework.check_clock)
    assert bench.casework.hand.case(case).stage == "not_back"
    assert bench.value("SELECT count(*) FROM entries WHERE kind = 'RecallOverdue'") == 1


def test_a_recheck_is_undone_by_two_people(bench: Bench, device: SimulatedDevice, engine: Engine) -> None:
    case = proven(bench, device)
    bench.transaction(lambda: engine.lives.undo_by_two(case, by=LIN, confirmed_by=WU, reason="wrong vehicle"))
    assert bench.casework.hand.case(case).stage == "vehicle_back"


def test_whose_examination_a_person_has_to_look_at_follows_from_the_key_and_the_share(
    bench: Bench, device: SimulatedDevice, engine: Engine
) -> None:
    cases = [device.open_case(regime="chayan", business="A", inspection_kind="") for _ in range(250)]
    bench.send(device)
    folded = [bench.casework.hand.case(case) for case in cases]
    drawn = [engine._drawn(case) for case in folded]
    assert drawn == [engine._drawn(case) for case in folded]
    assert 0 < sum(drawn) < 250 * 3 * engine.terms().second_share


def test_only_an_area_that_is_filed_so_is_reviewed_by_the_rules_alone(
    bench: Bench, device: SimulatedDevice, engine: Engine
) -> None:
    case = device.open_case(regime="chayan", business="A", inspection_kind="")
    bench.send(device)
    folded = bench.casework.hand.case(case)
    assert not engine._automatic(folded)
    filing = AreaFiling(id=STATION, station=STATION, valid_until=date(2027, 1, 1), automatic_review=True)
    bench.transaction(lambda: engine.filings.file(CLERK, filing))
    assert engine._automatic(folded)
    assert not engine._automatic(bench.casework.hand.case("lane-9.1"))
