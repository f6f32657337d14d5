import cv2
import numpy as np
import pytest

from models.drawing.lettering import RenderingError, jpeg, narrowed, put_ink, spaced, struck, tint, write, written


@pytest.mark.parametrize("character", "京沪粤苏浙鲁新A0")
def test_chinese_and_latin_characters_have_different_ink(character: str) -> None:
    ink = written(character, 40)
    assert ink.shape[0] == 40
    assert 0.5 < ink.max() <= 1.001
    assert not np.array_equal(ink, written("字", 40))


def test_struck_characters_are_as_high_as_asked() -> None:
    assert struck("8", 50, thickness_pixels=4).shape[0] == 50


@pytest.mark.parametrize("text", ["", " "])
def test_a_text_without_ink_is_refused(text: str) -> None:
    with pytest.raises(RenderingError, match="no ink"):
        written(text, 20)


def test_letters_are_set_at_an_even_pitch_and_may_be_shifted() -> None:
    letters = [np.ones((10, 4), dtype=np.float32)] * 3
    row = spaced(letters, 20, shifts=[0, 2, -2])
    assert row.shape == (14, 80)
    assert row[2:12, 18:22].all()
    assert row[4:14, 38:42].all()
    assert row[:10, 58:62].all()


def test_only_a_wide_letter_is_narrowed() -> None:
    letter = np.ones((10, 8), dtype=np.float32)
    assert narrowed(letter, 8) is letter
    assert narrowed(letter, 5).shape == (10, 5)


@pytest.mark.parametrize("place", [(-3, -3), (8, 8), (100, 100), (0, 0)])
def test_ink_beyond_the_sheet_is_cut_off(place: tuple[int, int]) -> None:
    sheet = np.zeros((10, 10), dtype=np.float32)
    put_ink(sheet, np.ones((5, 5), dtype=np.float32), place=place)
    assert sheet.sum() == {(-3, -3): 4, (8, 8): 4, (100, 100): 0, (0, 0): 25}[place]


def test_writing_colours_the_picture_where_the_text_is() -> None:
    image = np.full((60, 200, 3), 255, dtype=np.uint8)
    write(image, "A1", place=(10, 10), height_pixels=30, colour=(0, 0, 200))
    assert image[:, :, 0].min() < 20
    assert image[:, 150:].min() == 255
    tint(image, np.ones((60, 200), dtype=np.float32), colour=(1, 2, 3))
    assert tuple(image[0, 0]) == (1, 2, 3)


def test_a_picture_becomes_a_jpeg() -> None:
    data = jpeg(np.zeros((8, 9, 3), dtype=np.uint8))
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (8, 9, 3)
