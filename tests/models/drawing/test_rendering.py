import numpy as np
import pytest

from models.drawing.rendering import DAMAGES, SURFACES, RenderingError, damage, vin_photo
from models.photo import PhotoError, PhotoLimits, open_photo

VIN = "LFVZY7BR4R2004567"
LIMITS = PhotoLimits()


@pytest.mark.parametrize("surface", SURFACES)
def test_a_drawn_vin_is_a_whole_photo_and_the_same_for_the_same_seed(surface: str) -> None:
    data = vin_photo(VIN, surface, seed=7, size=(640, 480))  # type: ignore[arg-type]
    photo = open_photo(data, LIMITS)
    assert (photo.media, photo.width, photo.height) == ("image/jpeg", 640, 480)
    assert data == vin_photo(VIN, surface, seed=7, size=(640, 480))  # type: ignore[arg-type]
    assert data != vin_photo(VIN, surface, seed=8, size=(640, 480))  # type: ignore[arg-type]


@pytest.mark.parametrize(("surface", "size"), [("butter", (640, 480)), ("plate", (640, 100))])
def test_what_cannot_be_drawn_is_refused_in_words(surface: str, size: tuple[int, int]) -> None:
    with pytest.raises(RenderingError):
        vin_photo(VIN, surface, seed=1, size=size)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "code"),
    [("truncated", "photo.truncated"), ("not_an_image", "photo.not_an_image"), ("empty", "photo.empty")],
)
def test_a_damaged_file_is_refused_for_what_is_wrong_with_it(kind: str, code: str) -> None:
    with pytest.raises(PhotoError) as caught:
        open_photo(damage(vin_photo(VIN, "sticker", seed=1, size=(640, 480)), kind, seed=1), LIMITS)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_blur_takes_the_edges_and_glare_the_middle() -> None:
    data = vin_photo(VIN, "windshield", seed=1, size=(640, 480))
    plain, blurred, glared = (
        open_photo(one, LIMITS).pixels(640).astype(float)
        for one in (data, damage(data, "blur", seed=1), damage(data, "glare", seed=1))
    )
    assert np.abs(np.diff(blurred, axis=1)).mean() < np.abs(np.diff(plain, axis=1)).mean() / 3
    assert glared[230:250, 310:330].min() > 240


@pytest.mark.parametrize("kind", ["blur", "glare"])
def test_only_a_photo_can_be_blurred_or_put_under_glare(kind: str) -> None:
    for data in (b"", b"text"):
        with pytest.raises(RenderingError):
            damage(data, kind, seed=1)  # type: ignore[arg-type]


def test_an_unknown_damage_is_refused() -> None:
    assert "coffee" not in DAMAGES
    with pytest.raises(RenderingError, match="coffee"):
        damage(b"", "coffee", seed=1)  # type: ignore[arg-type]
