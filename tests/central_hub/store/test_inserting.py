import pytest

from central_hub.store.inserting import ROWS_AT_ONCE_MAX, insert_rows, places
from tests.central_hub.conftest import Bench

over_both_stores = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)


@over_both_stores
@pytest.mark.parametrize("count", [0, 1, ROWS_AT_ONCE_MAX, 2 * ROWS_AT_ONCE_MAX + 1])
def test_any_number_of_rows_is_written_in_their_order(bench: Bench, count: int) -> None:
    insert_rows(bench.db, "refusal_counts (device, code, count)", [("lane-1", f"c{n:03}", n) for n in range(count)])
    found = bench.db.execute("SELECT count FROM refusal_counts ORDER BY code").fetchall()
    assert found == [(n,) for n in range(count)]


@over_both_stores
def test_of_rows_that_are_there_already_the_first_stands(bench: Bench) -> None:
    rows = [("lane-1", "a", 1), ("lane-1", "a", 2), ("lane-1", "b", 3)]
    for _ in range(2):
        insert_rows(bench.db, "refusal_counts", rows, otherwise="ON CONFLICT (device, code) DO NOTHING")
    assert bench.db.execute("SELECT code, count FROM refusal_counts ORDER BY code").fetchall() == [("a", 1), ("b", 3)]


def test_each_value_has_its_place() -> None:
    assert places(2, 3) == "(?, ?, ?), (?, ?, ?)"
