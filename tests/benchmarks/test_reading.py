from collections.abc import Iterator
from pathlib import Path
from subprocess import CalledProcessError

import cv2
import msgspec
import pytest

from benchmarks.vin.reading import Outcome, Said, Task, peak_bytes, serve, started
from benchmarks.vin.sets import made_up_vin
from models.drawing.rendering import vin_photo


@pytest.fixture
def threads() -> Iterator[None]:
    """Give OpenCV its threads back."""
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


def outcome_of(reads: list[bytes], photos: list[Path], folder: Path, *, readings_min: int) -> Outcome:
    def answer(data: bytes) -> Said:
        reads.append(data)
        return Said(vin=data.decode(), confidence=0.5, accepted=True)

    task = Task(photos=tuple(map(str, photos)), readings_min=readings_min)
    (folder / "task").write_bytes(msgspec.json.encode(task))
    serve(answer, folder / "task", folder / "outcome")
    return msgspec.json.decode((folder / "outcome").read_bytes(), type=Outcome)


@pytest.mark.usefixtures("threads")
def test_each_photo_is_answered_once_and_the_list_repeated_until_enough_was_read(tmp_path: Path) -> None:
    photos = [tmp_path / name for name in "ab"]
    for photo in photos:
        photo.write_text(photo.name)
    reads: list[bytes] = []
    outcome = outcome_of(reads, photos, tmp_path, readings_min=5)
    assert [one.vin for one in outcome.readings] == ["a", "b"]
    assert outcome.readings_made == 5
    # the first one is untimed
    assert reads == [b"a", b"a", b"b", b"a", b"b", b"a"]
    assert all(one.milliseconds >= 0 and one.processor_milliseconds >= 0 for one in outcome.readings)
    assert cv2.getNumThreads() == 1


@pytest.mark.usefixtures("threads")
def test_no_photos_are_no_readings(tmp_path: Path) -> None:
    outcome = outcome_of([], [], tmp_path, readings_min=300)
    assert (outcome.readings, outcome.readings_made) == ((), 0)


def test_peak_memory_is_that_of_a_python_process() -> None:
    assert 10_000_000 < peak_bytes() < 100_000_000_000


@pytest.mark.real
@pytest.mark.parametrize("module", ["benchmarks.vin.with_passlane", "benchmarks.vin.with_rapidocr"])
def test_a_fresh_process_answers_a_photo_and_a_file_that_is_none(module: str, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jpg", tmp_path / "bad.jpg"
    good.write_bytes(vin_photo(made_up_vin(0), "sticker", 0))
    bad.write_bytes(b"no photo")
    outcome = started(module, [good, bad])
    _, nothing = outcome.readings
    assert (nothing.vin, nothing.accepted) == ("", False)
    assert outcome.peak_bytes > 50_000_000


@pytest.mark.real
def test_a_process_that_fails_is_no_measurement() -> None:
    with pytest.raises(CalledProcessError):
        started("benchmarks.vin.there_is_no_such_reader", [])
