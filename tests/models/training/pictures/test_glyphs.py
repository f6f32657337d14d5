import string

import numpy as np
import pytest
from numpy.random import default_rng

from models.characters import ILLEGAL, SYMBOLS
from models.training.pictures.glyphs import CELL_HEIGHT_PIXELS, Tool, printed, some_face, some_tool, struck

TOOL = Tool(thickness=0.1, width=0.6, roundings=1, variants=0, dots=0.0, slant=0.0)
NEEDLE = Tool(thickness=0.08, width=0.6, roundings=1, variants=0, dots=1.4, slant=0.0)
HEIGHT = CELL_HEIGHT_PIXELS + 2 * (CELL_HEIGHT_PIXELS // 8)


@pytest.mark.parametrize("character", [*SYMBOLS, *ILLEGAL, "*", "#", "-", "/"])
def test_every_character_that_may_stand_on_a_vehicle_can_be_struck(character: str) -> None:
    ink = struck(character, TOOL, default_rng(1))
    assert ink.shape[0] == HEIGHT
    assert ink.dtype == np.float32
    assert (ink.min(), ink.max()) == (0.0, 1.0)


def test_no_two_characters_of_a_vin_are_struck_alike() -> None:
    shapes = {struck(one, TOOL, default_rng(1)).tobytes() for one in SYMBOLS}
    assert len(shapes) == len(SYMBOLS)


def test_a_needle_leaves_less_ink_than_a_stroke_of_its_thickness() -> None:
    line = Tool(thickness=0.08, width=0.6, roundings=1, variants=0, dots=0.0, slant=0.0)
    assert 0 < struck("L", NEEDLE, default_rng(1)).sum() < struck("L", line, default_rng(1)).sum()


def test_the_same_seed_strikes_the_same_and_another_one_a_little_otherwise() -> None:
    once, again, other = (struck("R", TOOL, default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_a_tool_uses_one_shape_of_a_character_wherever_it_stands() -> None:
    shapes = {
        struck(
            "7", Tool(thickness=0.1, width=0.6, roundings=0, variants=one, dots=0.0, slant=0.0), default_rng(1)
        ).tobytes()
        for one in range(20_000, 60_000, 1_000)
    }
    # A seven is written in four ways.
    assert len(shapes) == 4


def test_tools_are_found_thin_and_thick_and_only_needles_leave_dots() -> None:
    chances = default_rng(5)
    tools = [some_tool(chances, dotted=bool(place % 2)) for place in range(200)]
    assert all((tool.dots > 0) == bool(place % 2) for place, tool in enumerate(tools))
    assert min(tool.thickness for tool in tools) < 0.08
    assert max(tool.thickness for tool in tools) > 0.16


def test_a_printed_character_is_cropped_at_its_sides() -> None:
    chances = default_rng(3)
    face = some_face(chances)
    wide, narrow = printed("W", face), printed("1", face)
    assert wide.shape[0] == narrow.shape[0] == HEIGHT
    assert wide.shape[1] > narrow.shape[1]


@pytest.mark.parametrize("character", string.digits + string.ascii_uppercase)
def test_the_font_inside_opencv_prints_every_digit_and_letter(character: str) -> None:
    assert printed(character, "uni").max() == pytest.approx(1.0, abs=0.05)
