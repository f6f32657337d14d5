import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.random import default_rng

pytest.importorskip("torch")
pytest.importorskip("onnx")

from models.candidates import Candidate
from models.photo import Photo
from models.training.frames import Frame, FrameLabel, Labels, is_checked_on, labels_from, labels_to
from models.training.labelling import Survey
from models.training.pictures.scenes import Framed
from tests.models.looks import CHINESE, EUROPEAN, candidate, changed, with_check_digit

room: Any = importlib.import_module("models.training.__main__")

FILES = ("0001.png", "0002.png", "0003.png", "0004.png")
QUAD = ((10.0, 20.0), (90.0, 20.0), (90.0, 30.0), (10.0, 30.0))
TRAINED, CHECKED = (
    next(vin for vin in (with_check_digit(f"LZZZ5ABC0RA{at:06d}") for at in range(99)) if is_checked_on(vin) is side)
    for side in (False, True)
)


@dataclass
class FakeLabeller:
    """Knows what stands on some frames; which it was asked for is kept."""

    texts: dict[str, str]
    sure: set[str]
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def survey(self, frame: Frame, *, known: Sequence[str] = ()) -> Survey:
        self.asked.append((frame.file, tuple(known)))
        text = self.texts[frame.file]
        label = FrameLabel(file=frame.file, vin=text, quad=QUAD) if frame.file in self.sure else None
        return Survey(texts=(text,), label=label, angle=0.1)


class FakeVinReader:
    """Reads each photo as the next of some texts; without one, nothing."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(texts)

    def readings(self, photo: Photo) -> list[Candidate]:
        assert photo.width
        text = self._texts.pop(0)
        return [candidate(text)] * 2 if text else []


@pytest.fixture
def options(tmp_path: Path) -> Callable[[int], Any]:
    """Four frames, of which the last is one of the measured photos; options for a round."""
    frames, measured, work = (tmp_path / name for name in ("frames", "measured", "work"))
    for folder in (frames, measured, work / "round-1", work / "round-2"):
        folder.mkdir(parents=True)
    for place, name in enumerate(FILES):
        cv2.imwrite(str(frames / name), np.full((60, 120, 3), 40 + 20 * place, dtype=np.uint8))
    (measured / "x.png").write_bytes((frames / FILES[3]).read_bytes())
    (measured / "labels.tsv").write_text(f"file\tvin\nx.png\t{EUROPEAN}\n", encoding="utf-8")
    rows = "".join(f"{name}\t10,20,90,30\n" for name in FILES)
    (frames / "boxes.tsv").write_text(f"file\tbox_xyxy\n{rows}", encoding="utf-8")
    kinds = tmp_path / "kinds.tsv"
    kinds.write_text("0001\tm\n0002\tw\n0004\ts\n", encoding="utf-8")

    def make(number: int) -> Any:
        return room.Options(
            frames=frames, measured=measured, base=tmp_path / "base", kinds=kinds, work=work, round=number
        )

    return make


@pytest.fixture
def labelled(options: Callable[[int], Any]) -> Any:
    """The second round, its labels written: one to train on, one to check on, one measured."""
    second = options(2)
    sure = {
        FILES[0]: FrameLabel(file=FILES[0], vin=TRAINED, quad=QUAD),
        FILES[1]: FrameLabel(file=FILES[1], vin=CHECKED, quad=QUAD, mirrored=True),
    }
    labels_to(second.folder / "labels.json", Labels(sure=sure, unsure={FILES[2]: ()}, measured={FILES[3]}))
    return second


def test_frames_are_labelled_left_open_or_left_out(
    options: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nearly_measured = changed(changed(EUROPEAN, 4), 11)
    labeller = FakeLabeller({FILES[0]: CHINESE, FILES[1]: nearly_measured, FILES[2]: TRAINED}, {FILES[0], FILES[1]})
    monkeypatch.setattr(room, "_labeller", lambda _: labeller)
    room.label(options(1))
    labels = labels_from(options(1).folder / "labels.json")
    assert {file: one.vin for file, one in labels.sure.items()} == {FILES[0]: CHINESE}
    assert labels.unsure == {FILES[2]: (TRAINED,)}
    # One is a measured photo itself, one shows nearly a measured VIN.
    assert labels.measured == {FILES[1], FILES[3]}
    assert [file for file, _ in labeller.asked] == list(FILES[:3])
    assert json.loads(capsys.readouterr().out) == {"labelled": 1, "unsure": 1, "left_out": 2}


def test_labelling_that_was_cut_off_goes_on_with_the_frames_not_yet_seen(
    options: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    labels_to(options(1).folder / "labels.json", Labels(unsure={FILES[0]: ()}, measured={FILES[1]}))
    labeller = FakeLabeller({FILES[2]: CHINESE}, {FILES[2]})
    monkeypatch.setattr(room, "_labeller", lambda _: labeller)
    room.label(options(1))
    assert [file for file, _ in labeller.asked] == [FILES[2]]
    room.label(options(1))
    assert len(labeller.asked) == 1


def test_the_second_round_asks_only_where_the_first_was_unsure_and_says_what_that_one_read(
    options: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sure = {FILES[0]: FrameLabel(file=FILES[0], vin=CHINESE, quad=QUAD)}
    first = Labels(sure=sure, unsure={FILES[1]: (TRAINED,), FILES[2]: (EUROPEAN,)}, measured={FILES[3]})
    labels_to(options(1).folder / "labels.json", first)
    labeller = FakeLabeller({FILES[1]: TRAINED, FILES[2]: TRAINED}, {FILES[1], FILES[2]})
    monkeypatch.setattr(room, "_labeller", lambda _: labeller)
    room.label(options(2))
    assert labeller.asked == [(FILES[1], (TRAINED,)), (FILES[2], (EUROPEAN,))]
    labels = labels_from(options(2).folder / "labels.json")
    assert set(labels.sure) == {FILES[0], FILES[1]}
    # What the first round read there was a measured VIN.
    assert labels.measured == {FILES[2], FILES[3]}
    assert labels_from(options(1).folder / "labels.json") == first


def test_the_second_round_goes_on_from_the_first_ones_weights(labelled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(room, "_stock_reader", lambda _: "stock")
    monkeypatch.setattr(room, "reader_trained", lambda *args, **kwargs: calls.append((*args, kwargs)))
    (labelled.before / "reader.pt").write_bytes(b"first")
    room.reader(labelled)
    model, (training, checked), rest = calls[0]
    assert (model, rest["folder"], rest["schedule"].stop_at) == ("stock", labelled.folder, None)
    assert (labelled.folder / "reader.pt").read_bytes() == b"first"
    assert [one.text for one in training] == [TRAINED]
    assert [one.text for one in checked] == [CHECKED]
    assert training[0].quad == pytest.approx(np.array(QUAD))
    (labelled.folder / "reader.pt").write_bytes(b"second")
    room.reader(labelled)
    assert (labelled.folder / "reader.pt").read_bytes() == b"second"


def test_the_first_round_ends_early(
    labelled: Any, options: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(room, "_stock_reader", lambda _: "stock")
    monkeypatch.setattr(room, "reader_trained", lambda *_, **kwargs: calls.append(kwargs["schedule"]))
    labels_to(options(1).folder / "labels.json", labels_from(labelled.folder / "labels.json"))
    room.reader(options(1))
    assert calls[0].stop_at < calls[0].steps
    assert not (options(1).folder / "reader.pt").exists()


def test_the_finder_learns_from_every_frame_that_is_not_measured(
    labelled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(room, "_stock_finder", lambda _: "stock")
    monkeypatch.setattr(room, "finder_trained", lambda _, parts, **__: calls.append(parts))
    room.finder(labelled)
    training, checked = calls[0]
    greys = [[int(one.picture[0, 0, 0]) for one in part] for part in (training, checked)]
    # The third has no text: its file name says where it belongs.
    assert sorted(greys[0] + greys[1]) == [40, 60, 80]
    assert 40 in greys[0]
    assert 60 in greys[1]
    assert training[0].quad == pytest.approx(np.array(QUAD))


def test_surfaces_are_learnt_from_frames_whose_kind_is_known_and_that_are_not_measured(
    labelled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(room, "teller_trained", lambda parts, **_: calls.append(parts))
    room.surfaces(labelled)
    assert [[one.kind for one in part] for part in calls[0]] == [["stamped"], ["windshield"]]


def test_votes_are_right_where_every_character_is_and_photos_without_a_reading_are_none() -> None:
    photo = room._photo(np.full((60, 120, 3), 90, dtype=np.uint8), ".png")
    texts = [CHINESE, changed(CHINESE, 16), "", EUROPEAN]
    seen = list(room._votes(FakeVinReader(texts), [(photo, CHINESE)] * 3 + [(photo, EUROPEAN)]))
    assert [one.right for one in seen] == [True, False, True]
    # The second breaks a check digit that obliges.
    assert [one.doubted for one in seen] == [False, True, False]


def test_a_calibration_is_fitted_on_checked_frames_and_drawn_photos(
    labelled: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written: list[Any] = []
    drawn: list[str] = []

    def drawn_photo(grounds: Sequence[Framed], chances: Any) -> tuple[Photo, str]:
        assert len(grounds) >= 1
        drawn.append(CHINESE if chances.random() < 0.5 else EUROPEAN)
        return room._photo(grounds[0].picture, ".jpg"), drawn[-1]

    monkeypatch.setattr(room, "_DRAWN_PHOTOS", 6)
    monkeypatch.setattr(room, "_drawn_photo", drawn_photo)
    monkeypatch.setattr(room, "VinReader", lambda *_, **__: FakeVinReader([CHECKED, *[EUROPEAN] * 6]))
    monkeypatch.setattr(room, "write_calibration", lambda *args, **kwargs: written.append((*args, kwargs)))
    room.calibrate(labelled)
    calibration, rest = written[0]
    assert len(calibration.weights) == 5
    wrong = drawn.count(CHINESE)
    assert rest["fitted_on"] == f"1 frames of vehicles not trained on and 6 drawn photos: 7 readings, {wrong} wrong."
    assert json.loads(capsys.readouterr().out)["wrong"] == wrong


@pytest.mark.parametrize("seed", range(3))
def test_a_drawn_photo_has_another_vin_in_the_place_of_its_own(seed: int) -> None:
    ground = Framed(picture=np.full((120, 240, 3), 90, dtype=np.uint8), quad=np.array(QUAD))
    photo, vin = room._drawn_photo([ground], default_rng(seed))
    assert (photo.width, photo.height) == (480, 240)
    assert len(vin) == 17
    assert photo.pixels(480).std() > 2


def test_a_step_that_cannot_go_on_says_why_in_a_line(
    options: Callable[[int], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    one = options(2)
    folders = ["--frames", str(one.frames), "--measured", str(one.measured), "--work", str(one.work)]
    assert room.main(["finder", *folders]) == 1
    assert "the step that labels comes first" in capsys.readouterr().err


def test_an_unknown_step_is_bad_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        room.main(["guess", "--frames", ".", "--measured", "."])
    assert ended.value.code == 2
    assert "calibrate" in capsys.readouterr().err
