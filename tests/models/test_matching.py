import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from inspection.vin import VinError, is_vin
from models.candidates import Candidate
from models.characters import SYMBOLS
from models.deciding import decide
from models.matching import VinMatch, match
from tests.models.looks import CALIBRATION, CHINESE, EUROPEAN, SETTINGS, candidate, changed, moved


def matched(expected: str, *candidates: Candidate) -> VinMatch:
    return match(candidates, expected, calibration=CALIBRATION, settings=SETTINGS)


@pytest.mark.parametrize("vin", [CHINESE, EUROPEAN])
def test_a_photo_that_clearly_shows_the_expected_vin_fits_it(vin: str) -> None:
    shown = matched(vin, candidate(vin))
    assert shown.positions == ()
    assert shown.probability > 0.99


def test_nothing_read_fits_nothing_and_every_position_is_open() -> None:
    assert matched(CHINESE) == VinMatch(probability=0.0, positions=tuple(range(1, 18)))


def test_another_vin_is_told_by_its_positions() -> None:
    shown = matched(changed(changed(EUROPEAN, 2), 16), candidate(EUROPEAN))
    assert shown.positions == (3, 17)
    assert shown.probability < 1e-3


@given(
    vin=st.sampled_from([CHINESE, EUROPEAN]),
    clear=st.floats(0.62, 0.99),
    place=st.integers(0, 16),
    character=st.sampled_from(SYMBOLS),
    doubtful=st.tuples(st.integers(0, 16), st.floats(0.3, 0.9)),
)
def test_no_vin_that_differs_at_one_position_fits_better_than_the_one_that_is_read(
    vin: str, clear: float, place: int, character: str, doubtful: tuple[int, float]
) -> None:
    neighbour = vin[:place] + character + vin[place + 1 :]
    assume(neighbour != vin)
    at, share = doubtful
    other = changed(vin, at)[at]
    look = candidate(vin, clear, seen={at: {vin[at]: share, other: 0.95 - share}})
    read = decide([look], [], barcode="", calibration=CALIBRATION, settings=SETTINGS)
    assume(read.vin == vin)
    right, wrong = matched(vin, look), matched(neighbour, look)
    assert right.positions == ()
    assert wrong.positions == (place + 1,)
    assert 0 <= wrong.probability <= right.probability <= 1
    assert right.probability == pytest.approx(read.confidence, abs=1e-4)


def test_a_reading_of_which_little_is_sure_is_no_evidence_for_its_neighbours() -> None:
    faint = candidate(EUROPEAN, 0.62, seen={4: {"B": 0.31, "8": 0.3}})
    right, wrong = matched(EUROPEAN, faint), matched(EUROPEAN.replace("B", "8"), faint)
    assert right.probability < 0.5
    assert wrong.probability <= right.probability


def test_what_was_nearly_read_fits_better_than_what_was_not_seen_at_all() -> None:
    look = candidate(EUROPEAN, seen={4: {"B": 0.6, "8": 0.35}})
    nearly, never = (matched(EUROPEAN[:4] + character + EUROPEAN[5:], look).probability for character in "8W")
    assert nearly > 10 * never


def test_an_expected_vin_is_never_copied_into_what_is_read() -> None:
    expected = EUROPEAN
    look = candidate("WZZA812C7DE345678", seen={4: {"8": 0.5, "B": 0.45}})
    shown = matched(expected, look)
    assert shown.positions == (5,)
    assert shown.probability < 0.5
    assert decide([look], [], barcode="", calibration=CALIBRATION, settings=SETTINGS).vin == "WZZA812C7DE345678"


def test_of_two_vins_the_one_nearest_to_the_expected_one_counts() -> None:
    readings = [candidate(CHINESE), moved(candidate(EUROPEAN, 0.95), 200)]
    assert matched(EUROPEAN, *readings).positions == ()
    assert matched(CHINESE, *readings).positions == ()
    assert matched(changed(EUROPEAN, 9), *readings).positions == (10,)


def test_several_looks_vote_before_they_are_compared() -> None:
    wrong = candidate(changed(EUROPEAN, 6), 0.999)
    assert matched(EUROPEAN, wrong, *[candidate(EUROPEAN, 0.9)] * 3).positions == ()


@pytest.mark.parametrize("expected", ["", CHINESE[:16], CHINESE + "1", CHINESE.lower(), "I" + CHINESE[1:], "1" * 17])
def test_a_text_that_is_no_vin_is_refused_whether_or_not_anything_was_read(expected: str) -> None:
    assert not is_vin(expected)
    for readings in ((), (candidate(CHINESE),)):
        with pytest.raises(VinError):
            matched(expected, *readings)
