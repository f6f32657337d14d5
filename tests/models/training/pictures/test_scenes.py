import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from models.training.pictures import scenes as room
from models.training.pictures.drawn import Corners
from models.training.pictures.scenes import SIDE_PIXELS, Framed, core_of, covered, set_in, some_scene
from tests.models.looks import CHINESE

QUAD = np.array([(60.0, 90.0), (200.0, 90.0), (200.0, 104.0), (60.0, 104.0)])


@pytest.fixture
def framed() -> Framed:
    """A dark frame with a bright bar where its VIN is."""
    picture = np.full((200, 260, 3), 30, dtype=np.uint8)
    picture[90:104, 60:200] = 230
    return Framed(picture=picture, quad=QUAD)


def turned(quad: Corners, degrees: float, *, mirrored: bool) -> Corners:
    """Turn a quad around its middle; mirrored: flipped left to right first, and named as it then reads."""
    centre = quad.mean(axis=0)
    moved = quad - centre
    if mirrored:
        moved = (moved * (-1, 1))[[1, 0, 3, 2]]
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.asarray(moved @ np.array([[cosine, sine], [-sine, cosine]]) + centre, dtype=np.float64)


@given(degrees=st.floats(-180, 180), mirrored=st.booleans(), high=st.floats(4, 40))
def test_the_core_of_a_vin_lies_inside_its_quad_however_it_is_turned(
    degrees: float, high: float, *, mirrored: bool
) -> None:
    quad = turned(np.array([(0.0, 0.0), (160.0, 0.0), (160.0, high), (0.0, high)]), degrees, mirrored=mirrored)
    core = core_of(quad)
    outline = quad.astype(np.float32)
    for corner in core:
        inwards = cv2.pointPolygonTest(outline, (float(corner[0]), float(corner[1])), measureDist=True)
        assert inwards == pytest.approx(high / 4, rel=0.01)


def test_the_core_is_marked_where_the_vin_stands_in_the_scene(monkeypatch: pytest.MonkeyPatch, framed: Framed) -> None:
    monkeypatch.setattr(room, "_DRAWN_SHARE", 0.0)
    monkeypatch.setattr(room, "_BARE_SHARE", 0.0)
    chances = default_rng(1)
    for _ in range(20):
        scene = some_scene([framed], chances)
        assert scene.picture.shape == (SIDE_PIXELS, SIDE_PIXELS, 3)
        assert scene.core.shape == (SIDE_PIXELS, SIDE_PIXELS)
        assert set(np.unique(scene.core)) == {0, 1}
        inside = scene.picture[scene.core == 1].mean()
        assert inside > scene.picture[scene.core == 0].mean() + 40


def test_a_scene_with_its_vin_covered_has_nothing_to_find(monkeypatch: pytest.MonkeyPatch, framed: Framed) -> None:
    monkeypatch.setattr(room, "_DRAWN_SHARE", 0.0)
    monkeypatch.setattr(room, "_BARE_SHARE", 1.0)
    scene = some_scene([framed], default_rng(1))
    assert scene.core.max() == 0
    assert scene.picture.max() < 60


def test_drawn_scenes_hold_one_row_or_two(monkeypatch: pytest.MonkeyPatch, framed: Framed) -> None:
    monkeypatch.setattr(room, "_DRAWN_SHARE", 1.0)
    chances = default_rng(2)
    parts = [cv2.connectedComponents(some_scene([framed], chances).core)[0] - 1 for _ in range(40)]
    assert set(parts) == {1, 2}


@pytest.mark.parametrize("seed", range(4))
def test_covering_a_vin_leaves_the_rest_of_the_frame_alone(framed: Framed, seed: int) -> None:
    bare = covered(framed, default_rng(seed))
    assert bare[90:104, 60:200].max() < 60
    assert np.array_equal(bare[:70], framed.picture[:70])
    assert framed.picture[97, 130].tolist() == [230, 230, 230]


def test_a_row_is_set_into_the_middle_as_wide_as_it_is_asked_to_be() -> None:
    ground = np.full((300, 480, 3), 128, dtype=np.uint8)
    picture, quad = set_in(ground, (CHINESE, "document"), default_rng(3), share=0.5, down=0.0)
    assert picture.shape == ground.shape
    assert quad[1, 0] - quad[0, 0] == pytest.approx(240)
    assert 0.4 * 480 < quad.mean(axis=0)[0] < 0.6 * 480
    assert not np.array_equal(picture[150], ground[150])


def test_the_same_seed_gives_the_same_scene(framed: Framed) -> None:
    once, again = (some_scene([framed, framed], default_rng(11)) for _ in range(2))
    assert np.array_equal(once.picture, again.picture)
    assert np.array_equal(once.core, again.core)
