from pathlib import Path

import cv2
import numpy as np

from benchmarks.vin.sets import (
    badly_taken,
    drawn_mixture,
    enlarged_set,
    made_up_vin,
    real_set,
    spread,
    stamped_set,
)
from inspection.vin import check_digit_holds, check_digit_is_mandatory
from models.drawing.rendering import vin_photo


def test_drawn_metal_follows_from_its_seeds_and_has_a_vin_of_its_own_each(tmp_path: Path) -> None:
    drawn = stamped_set("metal", tmp_path, count=2)
    again = tmp_path / "again"
    again.mkdir()
    same = stamped_set("metal", again, count=2)
    assert drawn.drawn
    assert len({picture.label.vin for picture in drawn.pictures}) == 2
    assert [one.path.read_bytes() for one in drawn.pictures] == [one.path.read_bytes() for one in same.pictures]
    assert {picture.label.kind for picture in drawn.pictures} == {"stamped"}


def test_a_made_up_vin_holds_the_check_digit_that_it_must() -> None:
    for seed in range(20):
        vin = made_up_vin(seed)
        assert check_digit_is_mandatory(vin)
        assert check_digit_holds(vin)


def test_a_badly_taken_photo_is_another_and_still_a_photo() -> None:
    clean = vin_photo(made_up_vin(0), "stamped", 0, (640, 480))
    taken = badly_taken(clean, 0)
    image = cv2.imdecode(np.frombuffer(taken, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape[1] < 640
    assert badly_taken(clean, 1) != taken


def test_photos_are_enlarged_to_a_cameras_size_and_keep_their_labels(tmp_path: Path) -> None:
    pictures = drawn_mixture(tmp_path, count=5)
    assert [picture.label.kind for picture in pictures] == ["stamped", "plate", "sticker", "windshield", "stamped"]
    enlarged = enlarged_set("large", pictures[:2], tmp_path, size=(1700, 1300))
    assert [one.label for one in enlarged.pictures] == [one.label for one in pictures[:2]]
    image = cv2.imread(str(enlarged.pictures[0].path))
    assert image is not None
    assert image.shape == (1300, 1700, 3)
    # grain costs bytes, as it does in a camera
    bare = cv2.imencode(".jpg", cv2.blur(image, (9, 9)), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    assert len(enlarged.pictures[0].path.read_bytes()) > 2 * len(bare)


def test_a_limit_takes_photos_from_all_over_the_folder() -> None:
    assert spread(list(range(10)), 3) == [0, 3, 6]
    assert spread([1, 2], 3) == [1, 2]
    assert spread([1, 2], None) == [1, 2]


def test_a_strip_is_sought_only_where_the_box_is_known(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), np.zeros((60, 90, 3), dtype=np.uint8))
    rows = "file\tvin\tkind\tbox_xyxy\na.jpg\tA\tx\t10,20,80,30\na.jpg\tB\tx\t\n"
    (tmp_path / "labels.tsv").write_text(rows, encoding="utf-8")
    found = real_set("real", tmp_path)
    assert [picture.strip for picture in found.pictures] == [False, False]
    assert not found.drawn
    assert len(real_set("real", tmp_path, count_max=1).pictures) == 1
