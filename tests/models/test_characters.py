from collections.abc import Mapping

import numpy as np
import pytest

from inspection.vin import VIN_ALPHABET
from models.characters import SYMBOLS, CharacterError, CharacterReader, prepared_for_reading, symbol_for
from models.drawing.lettering import spaced, written
from models.sequences import collapse
from models.weights import Floats, OnnxNetwork


class FakeNetwork:
    """A recogniser with five characters that answers what it was given."""

    digest = "0" * 64

    def __init__(self, answer: Floats, characters: str = "A\nа\nO\n0\n*") -> None:
        self.metadata: Mapping[str, str] = {"character": characters} if characters else {}
        self.answer = answer

    def run(self, batch: Floats) -> Floats:
        assert batch.shape == (1, 3, 48, 384)
        return self.answer[None]


def strip(width: int = 384) -> np.ndarray:
    return np.zeros((48, width, 3), dtype=np.uint8)


def test_the_symbols_are_those_of_the_language() -> None:
    assert SYMBOLS == VIN_ALPHABET


@pytest.mark.parametrize(
    ("character", "symbol"),
    [("A", "A"), ("a", "A"), ("Ａ", "A"), ("А", "A"), ("Х", "X"), ("7", "7"), ("７", "7"), ("I", "I"), ("l", "I"),
     ("o", "O"), ("q", "Q"), (" ", " ")],
)  # fmt: skip
def test_characters_of_the_same_shape_stand_for_one_symbol(character: str, symbol: str) -> None:
    assert symbol_for(character) == symbol


@pytest.mark.parametrize("character", ["*", "#", "☆", "京", "-", ".", "ß", "ﬀ", ""])
def test_marks_and_chinese_stand_for_no_symbol(character: str) -> None:
    assert symbol_for(character) == ""


def test_look_alikes_are_added_up_and_illegal_letters_counted_as_digits() -> None:
    # Columns: blank, A, Cyrillic A, O, 0, star, space.
    answer = np.array([[0.1, 0.4, 0.4, 0, 0, 0.05, 0.05], [0.1, 0, 0, 0.7, 0.2, 0, 0]], dtype=np.float32)
    steps = CharacterReader(FakeNetwork(answer)).read(strip())
    assert steps.symbols[0, SYMBOLS.index("A")] == pytest.approx(0.8)
    assert steps.mark[0] == pytest.approx(0.05)
    assert steps.space[0] == pytest.approx(0.05)
    assert steps.symbols[1, 0] == pytest.approx(0.9)
    assert steps.illegal[1, 1] == pytest.approx(0.7)
    assert steps.blank == pytest.approx([0.1, 0.1])


def test_a_recogniser_without_a_character_list_is_refused() -> None:
    with pytest.raises(CharacterError, match="no list of characters"):
        CharacterReader(FakeNetwork(np.zeros((1, 1), dtype=np.float32), characters=""))


def test_two_strips_follow_one_another_with_a_blank_between() -> None:
    answer = np.full((40, 7), 0.1, dtype=np.float32)
    steps = CharacterReader(FakeNetwork(answer)).read(strip())
    joined = steps.followed_by(steps)
    assert joined.symbols.shape == (81, 33)
    assert joined.blank[40] == 1
    assert joined.space[41] == steps.space[0]


@pytest.mark.parametrize("width", [10, 384, 9000])
def test_a_strip_of_whatever_width_is_seen_at_one_size(width: int) -> None:
    white = np.full((48, width, 3), 255, dtype=np.uint8)
    seen = prepared_for_reading(white)
    assert seen.shape == (1, 3, 48, 384)
    assert seen.dtype == np.float32
    assert seen.min() == seen.max() == 1.0
    assert prepared_for_reading(strip(width)).max() == -1.0


def test_a_written_line_is_read(character_network: OnnxNetwork) -> None:
    ink = spaced([written(character, 36) for character in "LGBH52E0XPY123456"], 32)
    image = np.repeat((255 - np.pad(ink, 8) * 230).astype(np.uint8)[:, :, None], 3, axis=2)
    steps = CharacterReader(character_network).read(image)
    assert "".join(one.character for one in collapse(steps)).replace(" ", "") == "LGBH52E0XPY123456"
