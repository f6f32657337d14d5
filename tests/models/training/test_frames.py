from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.training.frames import (
    FrameLabel,
    FramesError,
    Labels,
    digest_of,
    frames_in,
    is_checked_on,
    is_measured,
    kinds_in,
    labels_from,
    labels_to,
    measured_digests,
    measured_vins,
    mirrored,
    parted,
    picture_of,
    upright_quad,
)
from tests.models.looks import CHINESE, EUROPEAN, changed

QUAD = ((1.0, 2.0), (101.0, 2.0), (101.0, 12.0), (1.0, 12.0))
LABEL = FrameLabel(file="0001.jpg", vin=CHINESE, quad=QUAD, mirrored=True)
vins = st.text("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", min_size=17, max_size=17)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two frames, one of them without a box, and two labels."""
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.full((20, 40, 3), len(name) + ord(name[0]), dtype=np.uint8))
    (tmp_path / "boxes.tsv").write_text("file\tbox_xyxy\na.png\t1,2.5,30,12\nb.png\t\n", encoding="utf-8")
    (tmp_path / "labels.tsv").write_text(f"file\tvin\na.png\t{CHINESE}\nb.png\t{CHINESE}\n", encoding="utf-8")
    return tmp_path


def test_frames_are_those_with_a_box(folder: Path) -> None:
    (frame,) = frames_in(folder)
    assert (frame.file, frame.box) == ("a.png", (1.0, 2.5, 30.0, 12.0))
    assert frame.picture.shape == (20, 40, 3)


def test_a_folder_without_its_table_or_a_table_without_its_columns_is_refused(folder: Path) -> None:
    (folder / "boxes.tsv").write_text("file\n a.png\n", encoding="utf-8")
    with pytest.raises(FramesError, match="box_xyxy"):
        next(frames_in(folder))
    (folder / "boxes.tsv").unlink()
    with pytest.raises(FramesError, match=r"no boxes\.tsv"):
        next(frames_in(folder))


def test_a_table_without_rows_is_refused(folder: Path) -> None:
    (folder / "labels.tsv").write_text("file\tvin\n", encoding="utf-8")
    with pytest.raises(FramesError, match="no rows"):
        measured_vins(folder)


def test_a_file_that_is_no_photo_is_refused_by_its_name(folder: Path) -> None:
    with pytest.raises(FramesError, match=r"boxes\.tsv cannot be read"):
        picture_of(folder / "boxes.tsv")


def test_what_is_measured_on_is_known_by_vin_and_by_digest(folder: Path) -> None:
    assert measured_vins(folder) == {CHINESE}
    assert measured_digests(folder) == {digest_of(folder / "a.png"), digest_of(folder / "b.png")}


@pytest.mark.parametrize(("differences", "measured"), [(0, True), (3, True), (4, False)])
def test_a_frame_that_reads_nearly_as_a_measured_vin_is_measured(differences: int, *, measured: bool) -> None:
    text = CHINESE
    for place in range(differences):
        text = changed(text, place)
    assert is_measured([EUROPEAN, text], iter([CHINESE])) is measured
    assert not is_measured([], [CHINESE])


@given(st.lists(vins, max_size=30))
def test_no_vin_stands_on_both_sides(known: list[str]) -> None:
    labels = [
        FrameLabel(file=f"{place}.jpg", vin=vin, quad=QUAD) for place, vin in enumerate([*known, *reversed(known)])
    ]
    training, checked = parted(iter(labels))
    assert not {one.vin for one in training} & {one.vin for one in checked}
    assert sorted(one.file for one in (*training, *checked)) == sorted(one.file for one in labels)


def test_about_a_tenth_is_checked_on() -> None:
    checked = sum(is_checked_on(f"LZZZ5ABC0RA{place:06d}") for place in range(2_000))
    assert 150 < checked < 250


def test_labels_come_back_from_their_file_as_they_were(tmp_path: Path) -> None:
    labels = Labels(
        sure={LABEL.file: LABEL},
        unsure={"0002.jpg": (CHINESE, EUROPEAN)},
        measured={"0003.jpg", "0000.jpg"},
        angles={"0001.jpg": 0.25, "0002.jpg": 0.0},
    )
    path = tmp_path / "labels.json"
    labels_to(path, labels)
    once = path.read_bytes()
    assert labels_from(path) == labels
    labels_to(path, labels_from(path))
    assert path.read_bytes() == once
    assert [one.name for one in tmp_path.iterdir()] == ["labels.json"]


@pytest.mark.parametrize("content", ["", "[]", '{"sure": {"a": 1}}', '{"sure": {'])
def test_a_file_that_holds_no_labels_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "labels.json").write_text(content, encoding="utf-8")
    with pytest.raises(FramesError, match=r"labels\.json"):
        labels_from(tmp_path / "labels.json")


def test_missing_labels_say_which_step_comes_first(tmp_path: Path) -> None:
    with pytest.raises(FramesError, match="step that labels"):
        labels_from(tmp_path / "labels.json")


def test_the_next_round_looks_again_at_what_was_not_sure_and_leaves_the_last_round_alone() -> None:
    labels = Labels(sure={LABEL.file: LABEL}, unsure={"0002.jpg": ()}, measured={"0003.jpg"}, angles={"0001.jpg": 0.1})
    again = labels.again()
    assert [file in again for file in ("0001.jpg", "0002.jpg", "0003.jpg")] == [True, False, True]
    assert again.angles == {"0001.jpg": 0.1}
    again.measured.add("0002.jpg")
    assert labels.measured == {"0003.jpg"}
    assert "0002.jpg" in labels


def test_kinds_are_named_by_letters(tmp_path: Path) -> None:
    path = tmp_path / "kinds.tsv"
    path.write_text("0001\tm\n0002\tw\n", encoding="utf-8")
    assert kinds_in(path) == {"0001": "stamped", "0002": "windshield"}
    path.write_text("0001\tm\n0002\tq\n", encoding="utf-8")
    with pytest.raises(FramesError, match="'q'"):
        kinds_in(path)


def test_the_kinds_that_came_with_the_code_are_understood() -> None:
    kinds = kinds_in(Path(__file__).parents[3] / "models" / "training" / "kinds.tsv")
    assert len(kinds) > 900
    assert {"stamped", "plate", "sticker", "windshield"} <= set(kinds.values())


def test_a_flipped_picture_is_another_one_whose_flip_is_the_first() -> None:
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert mirrored(picture)[0, 0].tolist() == [9, 10, 11]
    assert np.array_equal(mirrored(mirrored(picture)), picture)


def test_a_box_becomes_corners_clockwise_from_its_top_left() -> None:
    assert upright_quad((1, 2, 30, 12)).tolist() == [[1, 2], [30, 2], [30, 12], [1, 12]]
