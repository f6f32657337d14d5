"""What the shipped limits come to in a made-up city: stations with 7 to 43 inspections a day, some 3 000 in all."""

import random
from collections import defaultdict
from datetime import timedelta

import pytest

from inspection.facts import StationSuspended
from inspection.standing.chain import Marked, Past, Warned, compared, daily, live, marks
from inspection.standing.figures import Inspected
from inspection.standing.tails import tail_from
from tests.inspection.standing.standing_rows import DAY, days_before, shipped

STATIONS = [f"S{at:03d}" for at in range(120)]
STRONG = ("tempo.impossible", "photo.reused", "vin.differs", "places.vehicle")
WEAK = ("clock.wrong", "area.outside", "video.missing")
ORDINARY = 0.03


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a made-up city, no secret


def volume(chance: random.Random) -> int:
    return chance.randint(7, 43)


def honest_codes(chance: random.Random) -> tuple[str, ...]:
    """Of 3 of 100 honest inspections something strong is odd, of some more something weak."""
    strong = (chance.choice(STRONG),) if chance.random() < ORDINARY else ()
    return strong + ((chance.choice(WEAK),) if chance.random() < 0.05 else ())


def cheating_codes(chance: random.Random) -> tuple[str, ...]:
    """Of a cheat half of the vehicles were never there: an old photo, and done in no time; often both are seen."""
    if chance.random() < 0.5:
        return tuple(code for code in ("photo.reused", "tempo.impossible") if chance.random() < 0.8)
    return honest_codes(chance)


def stopped_after(codes: list[tuple[str, ...]], others: Marked) -> int:
    """Run a station's day, judged at each new suspicion; say after how many inspections it was stopped, 0 for never."""
    rows: list[Marked] = []
    for at, suspicions in enumerate(codes, start=1):
        rows.append(Marked(day=DAY, station="S", case=f"c{at}", suspicions=suspicions))
        if suspicions and any(
            isinstance(fact, StationSuspended) for fact in live(DAY, "S", [*rows, others], Past(), shipped())
        ):
            return at
    return 0


OTHERS = Marked(day=DAY, station="", count=2_970)


def test_a_cheat_is_stopped_within_the_day_whatever_its_size() -> None:
    chance = seeded(20260528)
    for count in (12, 20, 30, 43):
        days = [stopped_after([cheating_codes(chance) for _ in range(count)], OTHERS) for _ in range(100)]
        stopped = [at for at in days if at]
        assert len(stopped) >= {12: 45, 20: 80, 30: 95, 43: 99}[count], (count, len(stopped))
        assert sorted(stopped)[len(stopped) // 2] <= 14


def test_an_honest_station_is_not_stopped_in_twelve_thousand_days() -> None:
    chance = seeded(7)
    days = [stopped_after([honest_codes(chance) for _ in range(volume(chance))], OTHERS) for _ in range(12_000)]
    assert sum(map(bool, days)) == 0


@pytest.mark.parametrize("count", range(7, 44))
def test_the_chance_that_an_honest_day_ends_in_a_stop_is_below_one_in_a_hundred_thousand(count: int) -> None:
    stop = next(link for link in shipped().chain if link.code == "suspicions.stop")
    limit, least = stop.tail_max, stop.cases_min  # type: ignore[union-attr]
    # Exact: the chance of each count of hits, as long as nobody was stopped; a look follows on each hit.
    going, stopped = {0: 1.0}, 0.0
    for n in range(1, count + 1):
        enough = next((k for k in range(least, n + 1) if tail_from(k, n, ORDINARY) <= limit), n + 1)
        after: dict[int, float] = defaultdict(float)
        for hits, chance in going.items():
            after[hits] += chance * (1 - ORDINARY)
            if hits + 1 >= enough:
                stopped += chance * ORDINARY
            else:
                after[hits + 1] += chance * ORDINARY
        going = after
    assert stopped < 1e-5


def month(chance: random.Random, stations: list[str], cheat: str) -> list[Inspected]:
    """28 days of stations that are honest, each in a way of its own; and of one that passes half of the cars unseen."""
    rows = []
    for station in stations:
        strict, quick, clear = chance.gauss(0, 0.02), chance.gauss(0, 0.06), chance.gauss(0, 0.015)
        for day in range(28):
            for at in range(volume(chance)):
                truck = chance.random() < 0.2
                cheats = station == cheat and chance.random() < 0.5
                minutes = (25 if truck else 12) * chance.lognormvariate(quick, 0.35)
                rows.append(
                    Inspected(
                        case=f"{station}.{day}.{at}",
                        day=DAY - timedelta(days=day),
                        station=station,
                        inspector=f"{station}-{at % 3}",
                        mix="jianyan|01|H1|B" if truck else "jianyan|01|K3|A",
                        passed=cheats or chance.random() < (0.75 if truck else 0.9) + strict,
                        seconds=round((4 if cheats else minutes) * 60),
                        doubtful=chance.random() < 0.05 + clear,
                        audited=True,
                    )
                )
    return rows


def test_a_month_of_honest_stations_with_ways_of_their_own_raises_few_warnings_and_the_cheat_raises_some() -> None:
    chance = seeded(11)
    stations = STATIONS[:60]
    rows = month(chance, stations, cheat="S007")
    facts = daily(DAY, compared(rows, DAY, shipped()), marks(rows), Past(), shipped())
    warned = {fact.name for fact in facts if not isinstance(fact, StationSuspended)}
    assert {"S007"} <= warned
    honest = {name for name in warned if not name.startswith("S007")}
    assert len(honest) <= 1, honest
    assert not any(isinstance(fact, StationSuspended) for fact in facts)


def test_who_is_warned_again_and_again_is_checked() -> None:
    before = tuple(
        Warned(day=days_before(days), subject="station", name="S007", rule="tempo.warning", level="warning")
        for days in (7, 14)
    )
    chance = seeded(11)
    rows = month(chance, STATIONS[:12], cheat="S007")
    facts = daily(DAY, compared(rows, DAY, shipped()), marks(rows), Past(warned=before), shipped())
    assert any(getattr(fact, "rule", "") == "repeated.check" for fact in facts)
