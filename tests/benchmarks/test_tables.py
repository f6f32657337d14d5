import json
from pathlib import Path

import pytest

from benchmarks.figures import keep, machine, table
from benchmarks.vin.reading import Outcome, Reading
from benchmarks.vin.sets import Picture, PictureSet
from benchmarks.vin.tables import (
    STRIP_SLICE,
    Limit,
    Read,
    calibration_rows,
    counted,
    figures_json,
    limit_json,
    limit_rows,
    median_milliseconds,
    reading_rows,
    shown,
    slices_of,
    time_json,
    time_rows,
)
from models.measure import Label, Share

VIN = "LFVAA1A2XPM000042"


def a_read(*, drawn: bool = False) -> Read:
    """Three photos: a sticker read right and accepted, a windshield with a strip read wrong, one not read."""
    readings = tuple(
        Reading(vin=vin, confidence=0.9, accepted=bool(vin), milliseconds=time, processor_milliseconds=time / 2)
        for vin, time in ((VIN, 10.0), ("M" + VIN[1:], 30.0), ("", 20.0))
    )
    pictures = tuple(
        Picture(path=Path(f"{kind}.jpg"), label=Label(file=f"{kind}.jpg", vin=VIN, kind=kind), strip=strip)
        for kind, strip in (("sticker", False), ("windshield", True), ("windshield", False))
    )
    outcome = Outcome(readings=readings, readings_made=300, peak_bytes=123_400_000)
    return Read(reader="ours", photos=PictureSet(name="set", pictures=pictures, drawn=drawn), outcome=outcome)


def test_a_set_is_sliced_by_kind_and_by_strip() -> None:
    slices = {one.name: one.figures for one in slices_of(a_read())}
    assert list(slices) == ["all", "sticker", "windshield", STRIP_SLICE]
    assert [figures.photos for figures in slices.values()] == [3, 1, 2, 1]
    assert slices[STRIP_SLICE].exact.value == 0


def test_drawn_photos_are_marked_in_every_table() -> None:
    read = a_read(drawn=True)
    assert reading_rows(slices_of(read))[0]["photos of"] == "set (drawn)"
    assert time_rows([read])[0]["photos of"] == "set (drawn)"


def test_no_vin_and_no_file_stands_in_what_is_published() -> None:
    read = a_read()
    slices = slices_of(read)
    rows = [*reading_rows(slices), *time_rows([read]), *calibration_rows(slices[0].figures.calibration)]
    text = json.dumps([rows, [figures_json(one.figures) for one in slices], time_json(read)])
    assert VIN not in text
    assert VIN[1:] not in text
    assert ".jpg" not in text


def test_a_share_is_shown_with_its_interval_and_counts() -> None:
    assert shown(Share(count=0, of=192)) == "0.0 [0.0, 2.0]"
    assert counted(Share(count=1, of=2)) == "50.0 [9.5, 90.5] 1 of 2"
    assert shown(Share(count=0, of=0)) == "-"


def test_times_are_of_each_photo_and_memory_of_the_process() -> None:
    (row,) = time_rows([a_read()])
    assert (row["median ms"], row["p95 ms"], row["processor, median ms"]) == ("20.0", "30.0", "10.0")
    assert (row["readings"], row["peak MB"]) == (300, "123")
    assert median_milliseconds(a_read()) == 20


def test_a_limit_is_a_ratio_and_says_whether_it_was_kept() -> None:
    limits = {
        "exact": Limit(figure="exact", unit="%", limit=0.9, least=True),
        "seconds": Limit(figure="time", unit="s", limit=0.2),
        "memory": Limit(figure="memory", unit="MB", limit=350.0),
    }
    exact, seconds = limit_rows(limits, {"exact": Share(count=45, of=100), "seconds": 0.1}, {"seconds": 0.6})
    assert (exact["must"], exact["passlane / must"], exact["kept"], exact["RapidOCR"]) == (">= 90", "0.50", "no", "-")
    assert (seconds["must"], seconds["passlane / must"], seconds["kept"]) == ("<= 0.2", "0.50", "yes")
    assert seconds["RapidOCR"] == "0.6"


@pytest.mark.parametrize(("figure", "interval"), [(0.1, None), (Share(count=0, of=0), [0.0, 1.0])])
def test_a_limit_is_kept_as_values(figure: float | Share, interval: list[float] | None) -> None:
    values = limit_json(Limit(figure="time", unit="s", limit=0.2), figure)
    assert values["interval"] == interval
    assert values["kept"]


def test_columns_stand_under_their_titles() -> None:
    assert table([{"a": 1, "bb": "x"}, {"a": 222, "bb": 0.5}]) == "a    bb\n1    x\n222  0.500"
    assert table([]) == ""


def test_figures_are_kept_with_what_they_were_measured_on(tmp_path: Path) -> None:
    keep(tmp_path / "a.json", {"machine": machine()})
    assert set(json.loads((tmp_path / "a.json").read_text())["machine"]) == {"processor", "cores", "python", "system"}
