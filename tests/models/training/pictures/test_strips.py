import numpy as np
import pytest
from numpy.random import default_rng

from models.characters import STRIP_PIXELS, SYMBOLS
from models.training.pictures import strips as room
from models.training.pictures.strips import (
    CLASSES,
    STRIP_HEIGHT_PIXELS,
    STRIP_WIDTH_PIXELS,
    Place,
    Strip,
    batch_of,
    classes_of,
    drawn_strip,
    photographed_strip,
)
from tests.models.looks import CHINESE

QUAD = np.array([(40.0, 60.0), (200.0, 60.0), (200.0, 74.0), (40.0, 74.0)])


def test_strips_have_the_size_that_the_product_reads() -> None:
    assert STRIP_PIXELS == (STRIP_WIDTH_PIXELS, STRIP_HEIGHT_PIXELS)


def test_there_is_a_class_for_blank_each_symbol_the_illegal_letters_any_other_sign_and_space() -> None:
    assert 1 + len(SYMBOLS) + 3 + 1 + 1 == CLASSES
    assert classes_of("0Z") == (1, 33)
    assert classes_of("IOQ") == (34, 35, 36)
    assert classes_of("/") == classes_of("汉") == (37,)


def test_drawn_strips_are_all_of_one_size_and_their_classes_fit() -> None:
    chances = default_rng(1)
    strips = [drawn_strip(chances) for _ in range(60)]
    assert {strip.picture.shape for strip in strips} == {(48, 384, 3)}
    assert {strip.picture.dtype for strip in strips} == {np.dtype(np.uint8)}
    assert all(0 < one < CLASSES - 1 for strip in strips for one in strip.classes)
    whole = [strip for strip in strips if len(strip.classes) == 17]
    assert len(whole) > 40
    # The network has 48 steps along a strip, and equal neighbours want a blank between them.
    assert max(len(strip.classes) for strip in strips) * 2 < 48


def test_some_drawn_strips_show_nothing_or_half_a_vin() -> None:
    chances = default_rng(2)
    lengths = [len(drawn_strip(chances).classes) for _ in range(150)]
    assert 0 in lengths
    assert any(7 <= length <= 10 for length in lengths)


def test_the_same_seed_gives_the_same_strip() -> None:
    once, again = (drawn_strip(default_rng(3)) for _ in range(2))
    assert once.classes == again.classes
    assert np.array_equal(once.picture, again.picture)


def test_a_photographed_strip_shows_its_place_upright_and_says_its_text() -> None:
    frame = np.full((150, 260, 3), 40, dtype=np.uint8)
    frame[60:74, 40:200] = 220
    for seed in range(5):
        strip = photographed_strip(Place(frame=frame, quad=QUAD, text=CHINESE), default_rng(seed))
        assert strip.picture.shape == (48, 384, 3)
        assert strip.classes == classes_of(CHINESE)
        assert strip.picture[20:28, 60:320].mean() > 100


def test_a_place_that_is_turned_on_its_frame_is_cut_as_if_it_lay() -> None:
    frame = np.full((260, 260, 3), 40, dtype=np.uint8)
    frame[:130] = 220
    upside_down = QUAD[[2, 3, 0, 1]] + (0.0, 63.0)
    cut = room._cut(frame, upside_down, default_rng(1))
    # Upside down, what was above the line comes below it.
    assert cut[-6:].mean() > cut[:6].mean() + 100


def test_a_bent_strip_has_the_same_middle_and_other_ends() -> None:
    strip = np.zeros((48, 384, 3), dtype=np.uint8)
    strip[24:] = 255
    bent = room._bent(strip, default_rng(1))
    assert np.array_equal(bent[:, 190:194], strip[:, 190:194])
    assert not np.array_equal(bent[:, :4], strip[:, :4])


def test_a_batch_holds_its_strips_from_minus_one_to_one_colours_first() -> None:
    black, white = (Strip(picture=np.full((48, 384, 3), grey, dtype=np.uint8), classes=()) for grey in (0, 255))
    batch = batch_of([black, white])
    assert batch.shape == (2, 3, 48, 384)
    assert batch.dtype == np.float32
    assert batch[0].max() == pytest.approx(-1)
    assert batch[1].min() == pytest.approx(1)
