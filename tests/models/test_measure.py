from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inspection.evidence import VinFinding
from models.measure import Label, MeasureError, figures_by_kind, figures_of, labels_in, measure
from models.photo import Photo

SHARED = Path(__file__).parents[3] / "shared" / "data" / "vin" / "read"


def pair(vin: str, truth: str, kind: str = "plate", **more: object) -> tuple[VinFinding, Label]:
    finding = VinFinding(vin=vin, confidence=0.5, accepted=bool(more.get("accepted")), milliseconds=float(len(vin)))
    return finding, Label(file="a.jpg", vin=truth, kind=kind)


def test_right_wrong_and_accepted_are_counted_apart() -> None:
    figures = figures_of([pair("A", "A", accepted=True), pair("B", "A", accepted=True), pair("B", "A"), pair("", "A")])
    assert (figures.photos, figures.exact, figures.wrong, figures.accepted) == (4, 0.25, 0.5, 0.5)
    assert figures.wrong_among_accepted == 0.5
    assert (figures.milliseconds_median, figures.milliseconds_p95) == (1.0, 1.0)


def test_nothing_accepted_means_nothing_wrong_among_it() -> None:
    assert figures_of([pair("B", "A")]).wrong_among_accepted == 0


def test_each_kind_has_its_own_figures() -> None:
    figures = figures_by_kind([pair("A", "A"), pair("", "A", "sticker")])
    assert (figures["all"].exact, figures["plate"].exact, figures["sticker"].exact) == (0.5, 1.0, 0.0)


def test_no_pairs_are_no_measurement() -> None:
    with pytest.raises(MeasureError, match="nothing to measure"):
        figures_of([])


def test_a_folder_without_usable_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match=r"no labels\.tsv"):
        labels_in(tmp_path)
    (tmp_path / "labels.tsv").write_text("file\tvin\n1.jpg\tA\n", encoding="utf-8")
    with pytest.raises(MeasureError, match="kind"):
        labels_in(tmp_path)


def test_a_folder_is_read_photo_by_photo(tmp_path: Path, as_file: Callable[..., bytes]) -> None:
    class Reader:
        def read(self, photo: Photo) -> VinFinding:
            return VinFinding(vin=str(photo.width), confidence=1.0)

    for width in (20, 30):
        (tmp_path / f"{width}.jpg").write_bytes(as_file(np.zeros((10, width, 3), dtype=np.uint8)))
    (tmp_path / "labels.tsv").write_text("file\tvin\tkind\n20.jpg\t20\tx\n30.jpg\t20\tx\n", encoding="utf-8")
    assert measure(tmp_path, Reader())["all"].exact == 0.5


@pytest.mark.shared_data
def test_the_labels_of_the_real_photos_are_understood() -> None:
    if not SHARED.is_dir():
        pytest.skip("the real photos are not on this machine")
    assert len(labels_in(SHARED)) > 200
