from tests.simulation.machines.clocks import YEAR_1970_MS, YEAR_2099_MS, SimClock
from tests.simulation.machines.scheduler import START_MS, Scheduler


def test_the_wall_clock_may_be_forged_and_the_monotonic_one_goes_on() -> None:
    scheduler = Scheduler(1)
    clock = SimClock(scheduler, "lane-1")
    clock.set_wall(YEAR_2099_MS)
    scheduler.run(START_MS + 500)
    assert clock.now().wall == YEAR_2099_MS + 500
    assert clock.now().mono == 500
    clock.set_wall(YEAR_1970_MS)
    assert clock.wall_ms() == YEAR_1970_MS


def test_a_boot_begins_the_monotonic_clock_anew_under_another_name() -> None:
    scheduler = Scheduler(1)
    clock = SimClock(scheduler, "lane-1")
    before = clock.boot
    scheduler.run(START_MS + 500)
    clock.reboot()
    assert clock.mono_ms() == 0
    assert clock.boot != before
    assert len(clock.boot) == len(before) == 8
