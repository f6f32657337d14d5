from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.standing.tails import overdispersion, robust_z, signed_z, tail_from, tail_to

RATES = st.floats(0.001, 0.999)


def exact(hits: int, count: int, rate: float) -> float:
    return sum(comb(count, k) * rate**k * (1 - rate) ** (count - k) for k in range(hits, count + 1))


@given(st.integers(0, 60), st.integers(0, 60), RATES)
def test_the_tail_is_the_sum_of_the_binomial_law(hits: int, count: int, rate: float) -> None:
    wanted = exact(hits, count, rate) if hits <= count else 0.0
    assert tail_from(hits, count, rate) == pytest.approx(wanted, abs=1e-9)


@given(st.integers(0, 40), st.integers(1, 40), RATES)
def test_both_tails_meet(hits: int, count: int, rate: float) -> None:
    assert tail_to(hits, count, rate) + tail_from(hits + 1, count, rate) == pytest.approx(1.0, abs=1e-9)


def test_a_tail_of_very_many_neither_overflows_nor_vanishes_in_the_middle() -> None:
    assert tail_from(50_000, 100_000, 0.5) == pytest.approx(0.5, abs=0.01)
    assert tail_from(100_000, 100_000, 0.5) == 0.0


def test_z_has_the_sign_of_the_difference_and_grows_with_it() -> None:
    assert signed_z(5, 10, 0.5) == 0.0
    assert 0 < signed_z(60, 100, 0.5) < signed_z(70, 100, 0.5) < signed_z(100, 100, 0.5)
    assert signed_z(40, 100, 0.5) == pytest.approx(-signed_z(60, 100, 0.5))
    assert signed_z(100_000, 100_000, 0.5) > 30
    assert signed_z(1, 1, 0.999) == 0.0


def test_few_say_nothing_about_how_much_all_spread() -> None:
    assert overdispersion([9.0, -9.0, 8.0, -8.0]) == 1.0
    assert robust_z({"a": 1, "b": 1_000}) == {"a": 0.0, "b": 0.0}


def test_a_common_spread_is_taken_out_and_one_cheat_does_not_widen_it() -> None:
    honest = [-2.0, -1.0, 0.0, 1.0, 2.0] * 10
    assert overdispersion(honest) == pytest.approx(1.4826)
    assert overdispersion([*honest, 40.0]) == pytest.approx(1.4826)
    assert overdispersion([0.1, 0.0, -0.1, 0.0, 0.1]) == 1.0


def test_a_count_is_held_against_the_median_of_all_on_a_scale_of_ratios() -> None:
    z = robust_z({"a": 10, "b": 20, "c": 20, "d": 40, "e": 80})
    assert z["b"] == z["c"] == 0.0
    assert z["a"] == pytest.approx(-z["d"])
    assert z["e"] == pytest.approx(2 * z["d"])
    assert set(robust_z(dict.fromkeys("abcde", 7)).values()) == {0.0}
