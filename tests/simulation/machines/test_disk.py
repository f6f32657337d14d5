import sqlite3

import pytest

from tests.simulation.machines.disk import Disk, SimConnection
from tests.simulation.machines.power import Power, SimCrash
from tests.simulation.machines.scheduler import Scheduler


@pytest.fixture
def disk() -> Disk:
    power = Power("lane-1")
    power.on()
    return Disk(power, Scheduler(1).dice)


def begun(disk: Disk, level: str = "FULL") -> SimConnection:
    connection = disk.connect()
    connection.execute(f"PRAGMA synchronous = {level}")
    connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
    return connection


def insert(connection: SimConnection, *numbers: int) -> None:
    connection.execute("BEGIN")
    with connection:
        for number in numbers:
            connection.execute("INSERT INTO t VALUES (?)", (number,))


def held(disk: Disk) -> list[int]:
    return [row[0] for row in disk.connect().execute("SELECT n FROM t ORDER BY n")]


def test_a_commit_with_full_synchronous_survives_a_power_cut(disk: Disk) -> None:
    insert(begun(disk), 1)
    assert disk.cut_power() == 0
    assert held(disk) == [1]


def test_commits_with_less_stay_in_the_cache_survive_a_kill_and_are_lost_with_the_power_newest_first(
    disk: Disk,
) -> None:
    connection = begun(disk)
    connection.execute("PRAGMA synchronous = NORMAL")
    for number in range(20):
        connection.execute("INSERT INTO t VALUES (?)", (number,))
    assert held(disk) == list(range(20))
    lost = disk.cut_power()
    assert 0 < lost <= 20
    assert held(disk) == list(range(20 - lost))


def test_a_mutant_lowers_what_a_program_asks_for(disk: Disk) -> None:
    disk.rewrites = {"synchronous = FULL": "synchronous = NORMAL"}
    begun(disk)
    assert disk.connect().execute("PRAGMA synchronous").fetchone()[0] == 2
    assert disk.cut_power() > 0


@pytest.mark.parametrize("operations", range(1, 5))
def test_a_program_that_dies_before_its_commit_returned_left_all_of_it_or_nothing(disk: Disk, operations: int) -> None:
    connection, told = begun(disk), []
    disk.committed = lambda _connection: told.append(1)
    disk.power.light(operations, "kill")
    with pytest.raises(SimCrash):
        insert(connection, 1, 2)
    disk.power.on()
    assert held(disk) == []
    assert told == []


def test_a_program_that_dies_after_its_commit_was_not_told_of_it(disk: Disk) -> None:
    connection, told = begun(disk), []
    disk.committed = lambda _connection: told.append(1)
    disk.power.light(4, "kill")
    with pytest.raises(SimCrash, match="after COMMIT"):
        insert(connection, 1)
    disk.power.on()
    assert held(disk) == [1]
    assert told == []


def test_a_full_disk_takes_no_write_and_no_commit_and_can_still_be_read(disk: Disk) -> None:
    connection = begun(disk)
    connection.execute("BEGIN")
    connection.execute("INSERT INTO t VALUES (1)")
    disk.full = True
    with pytest.raises(sqlite3.OperationalError, match="full"):
        connection.execute("COMMIT")
    connection.rollback()
    with pytest.raises(sqlite3.OperationalError, match="full"):
        connection.execute("INSERT INTO t VALUES (2)")
    disk.full = False
    assert held(disk) == []


def test_a_store_can_be_put_back(disk: Disk) -> None:
    connection = begun(disk)
    backup = disk.image
    connection.execute("INSERT INTO t VALUES (1)")
    disk.restore(backup)
    assert held(disk) == []
