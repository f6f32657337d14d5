import pytest

from models.drawing.lettering import RenderingError
from models.drawing.vehicles import COLOURS, VIEWS, plate_picture, vehicle_photo
from models.photo import PhotoLimits, open_photo


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_a_whole_photo_and_the_same_for_the_same_seed(view: str) -> None:
    data = vehicle_photo(view, "京A12345", colour="red", seed=4)  # type: ignore[arg-type]
    assert (open_photo(data, PhotoLimits()).width, open_photo(data, PhotoLimits()).height) == (1280, 960)
    assert data == vehicle_photo(view, "京A12345", colour="red", seed=4)  # type: ignore[arg-type]
    assert data != vehicle_photo(view, "京A12345", colour="red", seed=5)  # type: ignore[arg-type]


def test_a_car_shows_its_colour() -> None:
    def paint_at(colour: str) -> list[int]:
        pixels = open_photo(vehicle_photo("left_front", "苏B54321", colour=colour, seed=1), PhotoLimits()).pixels(1280)
        return [int(part) for part in pixels[515:525, 350:360].reshape(-1, 3).mean(axis=0)]

    for colour, expected in COLOURS.items():
        assert paint_at(colour) == pytest.approx(expected, abs=14), colour


def test_a_new_energy_plate_is_green_and_the_others_are_blue() -> None:
    blue, green = plate_picture("粤B12345", 440), plate_picture("粤BD12345", 440)
    assert blue.shape == green.shape == (140, 440, 3)
    assert blue[20, 15, 0] > blue[20, 15, 1]
    assert green[120, 15, 1] > green[120, 15, 0]


@pytest.mark.parametrize(
    ("view", "plate", "colour"), [("moon", "京A1", "red"), ("cabin", "京A1", "mauve"), ("cabin", " ", "red")]
)
def test_what_cannot_be_drawn_is_refused_in_words(view: str, plate: str, colour: str) -> None:
    with pytest.raises(RenderingError):
        vehicle_photo(view, plate, colour=colour, seed=1)  # type: ignore[arg-type]
