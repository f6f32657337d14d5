from pathlib import Path

import pytest

from models import calibrating
from models.calibrating import load_calibration
from models.deciding import best_of
from models.weights import WeightsError
from tests.models.looks import CHINESE, SETTINGS, candidate

GOOD = "bias = -3.0\nweights = [0.5, 0.5, 0.2, 2.0, 0.5]\naccepted_min = 0.99\n"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(calibrating, "files", lambda _package: tmp_path)
    return tmp_path / "calibration.toml"


def test_the_figures_that_are_shipped_fit_what_a_vote_is_told_by() -> None:
    calibration = load_calibration()
    clear = best_of([candidate(CHINESE)], SETTINGS)
    doubtful = best_of([candidate(CHINESE, 0.7)], SETTINGS)
    assert clear is not None
    assert doubtful is not None
    assert 0 < calibration.confidence(doubtful) < calibration.confidence(clear) < 1
    assert 0.5 < calibration.accepted_min < 1


def test_figures_are_taken_as_they_are_written(written: Path) -> None:
    written.write_text(GOOD, encoding="utf-8")
    calibration = load_calibration()
    assert (calibration.bias, calibration.weights, calibration.accepted_min) == (-3.0, (0.5, 0.5, 0.2, 2.0, 0.5), 0.99)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD.replace("bias", "slope"),
        GOOD.replace("0.99", '"often"'),
        GOOD.replace("[0.5, 0.5, 0.2, 2.0, 0.5]", "1.0"),
        GOOD.replace("-3.0", "[]"),
        GOOD.replace("=", ":"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused(written: Path, text: str) -> None:
    written.write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError, match=r"calibration\.toml is not understood"):
        load_calibration()
