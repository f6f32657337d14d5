"""What is fair is decided without a server; that the server's locks do it, on one."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.store import leases
from central_hub.store.leases import Leases, Moves, fair_moves
from central_hub.store.postgresql import StoreLostError, open_postgresql
from inspection.topics import PARTITIONS
from tests.central_hub.conftest import until
from tests.central_hub.postgresql_server import PostgresqlServer

ALL = frozenset(range(PARTITIONS))


class Team:
    """Workers that decide one after another, and the partitions that each holds."""

    def __init__(self, names: list[int]) -> None:
        self.held: dict[int, frozenset[int]] = {name: frozenset() for name in names}

    def beat(self, name: int) -> Moves:
        mine = self.held[name]
        others = frozenset().union(*(held for other, held in self.held.items() if other != name))
        moves = fair_moves(mine, others, workers=len(self.held))
        assert not others & frozenset(moves.take)
        self.held[name] = mine.difference(moves.give_back).union(moves.take)
        return moves

    def round(self) -> int:
        """Let each decide once; return how many partitions moved."""
        return sum(len(moves.take) + len(moves.give_back) for moves in map(self.beat, sorted(self.held)))

    def fair(self) -> bool:
        counts = [len(held) for held in self.held.values()]
        return sum(counts) == PARTITIONS == len(frozenset().union(*self.held.values())) and max(counts) <= self.share

    @property
    def share(self) -> int:
        return -(-PARTITIONS // len(self.held))


def test_a_worker_alone_takes_everything_and_keeps_it() -> None:
    assert fair_moves(frozenset(), frozenset(), workers=1) == Moves(take=tuple(range(PARTITIONS)), give_back=())
    assert fair_moves(ALL, frozenset(), workers=1) == Moves(take=(), give_back=())


def test_a_newcomer_waits_for_what_is_given_back_and_then_takes_its_share() -> None:
    team = Team([1])
    team.round()
    team.held[2] = frozenset()
    assert team.beat(2) == Moves(take=(), give_back=())
    assert len(team.beat(1).give_back) == PARTITIONS // 2
    assert len(team.beat(2).take) == PARTITIONS // 2
    assert team.fair()


def test_what_a_dead_worker_held_is_taken_at_the_next_beat_of_the_others() -> None:
    team = Team([1, 2, 3])
    for _ in range(3):
        team.round()
    del team.held[2]
    team.round()
    assert team.fair()


def test_more_workers_than_partitions_leave_some_without_and_none_with_two() -> None:
    team = Team(list(range(PARTITIONS + 6)))
    for _ in range(2):
        team.round()
    assert sorted({len(held) for held in team.held.values()}) == [0, 1]
    assert team.fair()


@given(st.lists(st.sets(st.integers(0, 8), min_size=1), min_size=1, max_size=6))
def test_whoever_comes_and_goes_soon_all_partitions_are_held_once_and_then_nothing_moves(
    turns: list[set[int]],
) -> None:
    team = Team([])
    for alive in turns:
        team.held = {name: team.held.get(name, frozenset()) for name in alive}
        for _ in range(2):
            team.round()
        assert team.fair()
        assert team.round() == 0


class Connected:
    """Leases of a worker with a connection of its own."""

    def __init__(self, url: str) -> None:
        self.db = open_postgresql(url)
        self.leases = Leases(self.db)
        self.beat = self.leases.beat


@pytest.fixture
def pair(postgresql_url: str) -> Iterator[tuple[Connected, Connected]]:
    made = Connected(postgresql_url), Connected(postgresql_url)
    yield made
    for worker in made:
        worker.db.close()


def test_two_workers_share_all_partitions_by_the_servers_locks(pair: tuple[Connected, Connected]) -> None:
    first, second = pair
    assert first.beat() == ALL
    assert second.beat() == frozenset()
    kept, taken = first.beat(), second.beat()
    assert (len(kept), kept | taken, kept & taken) == (PARTITIONS // 2, ALL, frozenset())
    assert (first.beat(), second.beat()) == (kept, taken)


def test_a_worker_that_rests_or_ends_leaves_all_to_the_others(pair: tuple[Connected, Connected]) -> None:
    first, second = pair
    first.beat()
    first.leases.rest()
    first.leases.rest()
    assert second.beat() == ALL
    assert first.beat() == frozenset()
    second.db.close()
    until(lambda: first.beat() == ALL)


def test_leases_outlive_a_transaction_that_is_taken_back(pair: tuple[Connected, Connected]) -> None:
    first, second = pair
    first.db.begin()
    first.beat()
    first.db.rollback()
    assert second.beat() == frozenset()
    assert first.beat() == frozenset(range(PARTITIONS // 2))


def test_a_worker_that_hangs_is_put_out_and_its_partitions_taken_over(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "SILENT_SECONDS_MAX", 1)
    hung = Connected(postgresql_url)
    assert hung.beat() == ALL
    monkeypatch.setattr(leases, "SILENT_SECONDS_MAX", 15)
    other = Connected(postgresql_url)
    until(lambda: other.beat() == ALL)
    with pytest.raises(StoreLostError, match="idle-session timeout"):
        hung.beat()
    hung.db.close()
    other.db.close()


def test_leases_of_one_ledger_are_none_of_anothers(
    pair: tuple[Connected, Connected], postgresql_server: PostgresqlServer
) -> None:
    first, _ = pair
    first.beat()
    with postgresql_server.lent() as url:
        stranger = Connected(url)
        assert stranger.beat() == ALL
        stranger.db.close()
