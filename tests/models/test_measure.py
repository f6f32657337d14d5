from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.evidence import VinFinding
from models.measure import (
    Label,
    MeasureError,
    Share,
    calibration_of,
    characters_right,
    figures_by_kind,
    figures_of,
    labels_in,
    percentile_95,
)

SHARED = Path(__file__).parents[3] / "shared" / "data" / "vin" / "read"


def pair(vin: str, truth: str, kind: str = "plate", **more: object) -> tuple[VinFinding, Label]:
    finding = VinFinding(vin=vin, confidence=0.5, accepted=bool(more.get("accepted")), milliseconds=float(len(vin)))
    return finding, Label(file="a.jpg", vin=truth, kind=kind)


def test_right_wrong_and_accepted_are_counted_apart() -> None:
    figures = figures_of([pair("A", "A", accepted=True), pair("B", "A", accepted=True), pair("B", "A"), pair("", "C")])
    assert (figures.photos, figures.vins) == (4, 2)
    assert (figures.exact.count, figures.answered.count, figures.accepted.count) == (1, 3, 2)
    assert figures.wrong_among_answers == Share(count=2, of=3)
    assert figures.wrong_among_accepted == Share(count=1, of=2)
    assert (figures.milliseconds_median, figures.milliseconds_p95) == (1.0, 1.0)


def test_nothing_accepted_means_nothing_wrong_among_it_and_nothing_known_of_it() -> None:
    share = figures_of([pair("B", "A")]).wrong_among_accepted
    assert (share.value, share.low, share.high) == (0, 0, 1)


def test_an_empty_reading_is_never_an_accepted_one() -> None:
    assert figures_of([pair("", "A", accepted=True)]).accepted.count == 0


def test_each_kind_has_its_own_figures() -> None:
    figures = figures_by_kind([pair("A", "A"), pair("", "A", "sticker")])
    shares = [figures[kind].exact.value for kind in ("all", "plate", "sticker")]
    assert shares == [0.5, 1.0, 0.0]


def test_no_pairs_are_no_measurement() -> None:
    with pytest.raises(MeasureError, match="nothing to measure"):
        figures_of([])
    with pytest.raises(MeasureError, match="no time"):
        percentile_95([])


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),  # Newcombe 1998, table I
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_the_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    share = Share(count=count, of=of)
    assert share.low == pytest.approx(low, abs=5e-5)
    assert share.high == pytest.approx(high, abs=5e-5)


@given(of=st.integers(1, 5000), part=st.floats(0, 1))
def test_an_interval_holds_its_share_and_stays_a_share(of: int, part: float) -> None:
    share = Share(count=part * of, of=of)
    assert 0 <= share.low <= share.value + 1e-12
    assert share.value - 1e-12 <= share.high <= 1


@pytest.mark.parametrize(
    ("read", "truth", "right"),
    [
        ("ABCD", "ABCD", 1.0),
        ("ABXD", "ABCD", 0.75),
        ("", "ABCD", 0.0),
        ("BCDX", "ABCD", 0.5),  # one too few in front and one too many behind
        ("XXXXXXXXXX", "ABCD", 0.0),
    ],
)
def test_characters_are_counted_by_edits(read: str, truth: str, right: float) -> None:
    assert characters_right(read, truth) == right


def test_a_label_without_a_vin_cannot_be_compared() -> None:
    with pytest.raises(MeasureError, match="without a VIN"):
        characters_right("A", "")


def test_confidence_that_comes_true_as_often_as_it_says_is_calibrated() -> None:
    claims = [(0.5, place % 2 == 0) for place in range(20)] + [(1.0, True)] * 20
    calibration = calibration_of(claims)
    assert calibration.readings == 40
    assert calibration.expected_error == 0
    assert calibration.brier == pytest.approx(0.125)
    assert [one.right.of for one in calibration.bins] == [4] * 10


def test_overconfidence_is_seen_as_its_distance() -> None:
    calibration = calibration_of([(0.9, place < 7) for place in range(10)], bins=1)
    assert calibration.expected_error == pytest.approx(0.2)
    (only,) = calibration.bins
    assert (only.lowest, only.highest, only.right.value) == (0.9, 0.9, 0.7)


def test_fewer_claims_than_bins_leave_no_empty_bin() -> None:
    assert [one.right.of for one in calibration_of([(0.1, False), (0.9, True)]).bins] == [1, 1]
    nothing = calibration_of([])
    assert (nothing.readings, nothing.bins, nothing.expected_error, nothing.brier) == (0, (), 0, 0)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
def test_every_claim_stands_in_one_bin(claims: list[tuple[float, bool]]) -> None:
    calibration = calibration_of(claims)
    assert sum(one.right.of for one in calibration.bins) == len(claims)
    assert sum(one.right.count for one in calibration.bins) == sum(right for _, right in claims)
    assert 0 <= calibration.expected_error <= 1


def test_a_folder_without_usable_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match=r"no labels\.tsv"):
        labels_in(tmp_path)
    (tmp_path / "labels.tsv").write_text("file\tvin\n1.jpg\tA\n", encoding="utf-8")
    with pytest.raises(MeasureError, match="kind"):
        labels_in(tmp_path)


def test_a_box_is_read_where_it_is_known(tmp_path: Path) -> None:
    text = "file\tvin\tkind\tbox_xyxy\n1.jpg\tA\tx\t1,2.5,3,4\n2.jpg\tB\tx\t\n"
    (tmp_path / "labels.tsv").write_text(text, encoding="utf-8")
    assert [label.box for label in labels_in(tmp_path)] == [(1, 2.5, 3, 4), None]


@pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d"])
def test_a_box_that_is_none_is_named_by_its_line(tmp_path: Path, box: str) -> None:
    (tmp_path / "labels.tsv").write_text(f"file\tvin\tkind\tbox_xyxy\n1.jpg\tA\tx\t{box}\n", encoding="utf-8")
    with pytest.raises(MeasureError, match="line 2"):
        labels_in(tmp_path)


@pytest.mark.shared_data
def test_the_labels_of_the_real_photos_are_understood() -> None:
    if not SHARED.is_dir():
        pytest.skip("the real photos are not on this machine")
    labels = labels_in(SHARED)
    assert len(labels) > 200
    assert all(label.box for label in labels)
