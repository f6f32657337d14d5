import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import vin_reading
from benchmarks.vin.reading import Outcome, Reading
from benchmarks.vin.sets import made_up_vin
from models.drawing.rendering import vin_photo

VINS = [made_up_vin(seed) for seed in range(2)]


def started(_module: str, photos: Sequence[Path], *, readings_min: int = 0) -> Outcome:
    """Answer every photo with the same VIN."""
    one = Reading(vin=VINS[0], confidence=0.9, accepted=True, milliseconds=50, processor_milliseconds=40)
    readings = (one,) * len(photos)
    return Outcome(readings=readings, readings_made=max(readings_min, len(photos)), peak_bytes=200_000_000)


@pytest.fixture(autouse=True)
def small_and_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vin_reading, "started", started)
    monkeypatch.setattr(vin_reading, "SMALL", (160, 120))
    monkeypatch.setattr(vin_reading, "LARGE", (400, 300))
    monkeypatch.setattr(vin_reading, "DRAWN_COUNT", 2)
    monkeypatch.setattr(vin_reading, "SIZED_COUNT", 2)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "labelled"
    folder.mkdir()
    rows = ["file\tvin\tkind\tbox_xyxy"]
    for seed, vin in enumerate(VINS):
        (folder / f"photo-{seed}.jpg").write_bytes(vin_photo(vin, "plate", seed, (640, 480)))
        rows.append(f"photo-{seed}.jpg\t{vin}\tplate\t30,100,600,140")
    (folder / "labels.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_real_and_drawn_photos_are_measured_side_by_side_and_no_vin_gets_out(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.json"
    vin_reading.main(["--photos", str(photos), "--stamped", str(photos), "--json", str(kept)])
    printed = capsys.readouterr().out
    values = json.loads(kept.read_text(encoding="utf-8"))
    assert {(one["photos_of"], one["reader"]) for one in values["reading"]} == {
        (photos_of, reader)
        for photos_of in ("real photos", "real stamped metal", "stamped metal (drawn)")
        for reader in ("passlane", "RapidOCR")
    }
    assert {"date", "machine", "packages", "weights", "time", "limits", "notes", "load_average"} < set(values)
    for text in (printed, kept.read_text(encoding="utf-8")):
        assert not any(vin in text for vin in VINS)
        assert "photo-" not in text
        assert str(tmp_path) not in text


def test_limits_are_held_against_what_was_measured(photos: Path, tmp_path: Path) -> None:
    vin_reading.main(["--photos", str(photos), "--json", str(tmp_path / "kept.json")])
    limits = {one["figure"]: one for one in json.loads((tmp_path / "kept.json").read_text())["limits"]["passlane"]}
    assert limits["exact match, all real photos"]["value"] == 0.5
    assert not limits["exact match, all real photos"]["kept"]
    assert limits["one photo of 12 megapixels, median"]["ratio"] == 0.25
    assert limits["peak memory, 300 photos and more"]["value"] == 200
    assert "exact match, stamped metal" not in limits
    assert "exact match, stamped metal (drawn)" in limits


def test_where_there_are_no_real_photos_it_says_so_and_measures_the_drawn_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vin_reading.main(["--photos", str(tmp_path / "nowhere"), "--json", str(tmp_path / "kept.json")])
    assert "Without real photos only drawn ones are measured" in capsys.readouterr().out
    values = json.loads((tmp_path / "kept.json").read_text())
    assert {one["photos_of"] for one in values["reading"]} == {"stamped metal (drawn)"}


def test_a_quick_run_keeps_nothing_and_says_nothing_of_memory(
    photos: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vin_reading, "HERE", tmp_path)
    vin_reading.main(["--photos", str(photos), "--limit", "1"])
    assert not list(tmp_path.glob("*.json"))
    assert "300 photos" not in capsys.readouterr().out
    vin_reading.main(["--photos", str(photos)])
    assert (tmp_path / "vin-reading.json").is_file()


def test_a_folder_without_labels_is_a_plain_sentence_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        vin_reading.main(["--photos", str(tmp_path)])
    assert left.value.code == 2
    assert "no labels.tsv" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["0", "some"])
def test_a_limit_is_at_least_one_photo(limit: str) -> None:
    with pytest.raises(SystemExit):
        vin_reading.main(["--limit", limit])
