from collections import Counter

import numpy as np
import pytest
from numpy.random import Generator, default_rng

from inspection.vin import check_digit_holds, check_digit_is_mandatory, is_vin
from models.characters import ILLEGAL, SYMBOLS
from models.photo import Pixels
from models.training.pictures import drawn as room
from models.training.pictures.coats import SURFACES
from models.training.pictures.drawn import SURFACE_SHARES, drawn, some_half, some_row, some_surface, some_vin
from models.training.pictures.glyphs import Ink, some_tool
from tests.models.looks import CHINESE


def bare(ink: Ink, chances: Generator) -> Pixels:
    """Show nothing but the ink, white on black."""
    del chances
    return np.repeat((ink * 255).astype(np.uint8)[:, :, None], 3, axis=2)


def test_made_up_vins_are_vins_that_hold_their_check_digit_where_it_obliges() -> None:
    chances = default_rng(1)
    vins = [some_vin(chances) for _ in range(600)]
    assert all(is_vin(vin) and vin[-6:].isdigit() for vin in vins)
    assert len(set(vins)) == len(vins)
    obliged = [vin for vin in vins if check_digit_is_mandatory(vin)]
    assert 200 < len(obliged) < 500
    # One in twenty breaks it on purpose: a reader that trusted it blindly would learn to make it up.
    assert 0.9 < np.mean([check_digit_holds(vin) for vin in obliged]) < 0.99


def test_european_vins_have_their_fillers_often_but_not_always() -> None:
    chances = default_rng(2)
    german = [vin for vin in (some_vin(chances) for _ in range(1_500)) if vin.startswith(("WVW", "WAU", "TMB"))]
    filled = np.mean([vin[3:6] == "ZZZ" and vin[8] == "Z" for vin in german])
    assert 0.6 < filled < 0.95


def test_other_lines_hold_what_no_vin_may_and_are_short_and_long() -> None:
    chances = default_rng(3)
    rows = [some_row(chances) for _ in range(300)]
    seen = set("".join(rows))
    assert seen == set(SYMBOLS) | set(ILLEGAL) | {"/"}
    assert min(map(len, rows)) < 7
    assert max(map(len, rows)) > 19


def test_a_half_is_the_beginning_or_the_end_of_its_vin() -> None:
    chances = default_rng(4)
    halves = {some_half(CHINESE, chances) for _ in range(200)}
    assert all(CHINESE.startswith(half) or CHINESE.endswith(half) for half in halves)
    assert {len(half) for half in halves} == {7, 8, 9, 10}


def test_surfaces_are_drawn_by_their_shares_which_sum_to_one() -> None:
    assert sum(SURFACE_SHARES.values()) == pytest.approx(1.0)
    assert set(SURFACE_SHARES) == set(SURFACES)
    chances = default_rng(5)
    counts = Counter(some_surface(chances) for _ in range(3_000))
    for surface, share in SURFACE_SHARES.items():
        assert counts[surface] / 3_000 == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("seed", range(6))
def test_the_quad_encloses_the_ink_of_the_vin_and_nothing_of_it_stands_outside(seed: int) -> None:
    chances = default_rng(seed)
    tool = some_tool(chances, dotted=seed % 2 == 1)
    row = room._row(CHINESE, tool, "", chances)
    sheet, quad = room._laid_out(row, "", (tool, ""), chances)
    rows, columns = np.nonzero(sheet)
    assert quad.tolist() == [
        [columns.min(), rows.min()],
        [columns.max() + 1, rows.min()],
        [columns.max() + 1, rows.max() + 1],
        [columns.min(), rows.max() + 1],
    ]


def test_marks_stand_beside_the_quad_and_never_in_it() -> None:
    chances = default_rng(8)
    tool = some_tool(chances, dotted=False)
    row = room._row(CHINESE, tool, "", chances)
    sheet, quad = room._laid_out(row, "*", (tool, ""), chances)
    (left, top), (right, bottom) = quad[0].astype(int), quad[2].astype(int)
    assert sheet[:, :left].max() > 0
    assert sheet[:, right:].max() > 0
    sheet[top:bottom, left:right] = 0
    assert sheet[:, left:right].max() == 0


@pytest.mark.parametrize("seed", range(12))
def test_on_the_finished_picture_ink_reaches_every_side_of_the_quad(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setitem(SURFACES, "stamped", bare)
    one = drawn(CHINESE, "stamped", default_rng(seed), letter_pixels=40.0)
    assert one.text == CHINESE
    (left, top), (right, bottom) = one.quad[0], one.quad[2]
    inside = one.picture[round(top) : round(bottom), round(left) : round(right), 0]
    for edge in (inside[:3], inside[-3:], inside[:, :3], inside[:, -3:]):
        assert edge.max() > 60
    assert 0.03 < (inside > 128).mean() < 0.7


@pytest.mark.parametrize("surface", SURFACES)
def test_the_same_seed_gives_the_same_picture(surface: str) -> None:
    once, again, other = (drawn(CHINESE, surface, default_rng(seed), letter_pixels=24.0) for seed in (7, 7, 8))
    assert np.array_equal(once.picture, again.picture)
    assert np.array_equal(once.quad, again.quad)
    assert once.picture.shape != other.picture.shape or not np.array_equal(once.picture, other.picture)


def test_the_quad_lies_in_the_picture_with_room_around_it() -> None:
    chances = default_rng(9)
    for _ in range(20):
        one = drawn(some_vin(chances), some_surface(chances), chances, letter_pixels=24.0)
        high, wide = one.picture.shape[:2]
        assert (one.quad > 8).all()
        assert (one.quad < np.array([wide, high]) - 8).all()
        assert one.letter_pixels * 0.7 < one.quad[3, 1] - one.quad[0, 1] < one.letter_pixels * 1.3
