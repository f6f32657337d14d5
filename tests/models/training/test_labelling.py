from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.candidates import Candidate
from models.characters import CharacterReader
from models.lines import FinderSettings, Line, LineFinder
from models.photo import Pixels
from models.training.frames import Frame, mirrored, upright_quad
from models.training.labelling import Labeller, Sureness, angle_of, framed_quad, is_inside, surest
from models.training.pictures.drawn import Corners
from models.weights import Floats, Network
from tests.models.looks import CHINESE, EUROPEAN, candidate, changed

BOX = (60.0, 90.0, 200.0, 100.0)
SURENESS = Sureness()
SIDES = (slice(100), slice(-100, None))
Reader = Callable[[Callable[[Floats], tuple[str, float]]], Network]


def looks(text: str, log_probability: float, count: int = 2) -> list[Candidate]:
    return [replace(candidate(text), log_probability=log_probability) for _ in range(count)]


def line(*corners: tuple[float, float]) -> Line:
    return Line(quad=corners, probability=0.9)


def test_what_several_cuts_read_surely_is_a_label() -> None:
    found = surest(looks(EUROPEAN, -0.3), SURENESS)
    assert found is not None
    assert found.text == EUROPEAN


@pytest.mark.parametrize(
    "readings",
    [
        [],
        looks(EUROPEAN, -0.1, count=1),
        looks(EUROPEAN, -0.36),
        looks(changed(CHINESE, 4), -0.01),
        looks(CHINESE, -1.6),
        [*looks(EUROPEAN, -0.3), *looks(changed(EUROPEAN, 11), -0.2, count=1)],
    ],
    ids=["nothing", "one look", "unsure", "broken check digit", "unsure despite its check digit", "best look alone"],
)
def test_what_is_not_sure_is_no_label(readings: list[Candidate]) -> None:
    assert surest(readings, SURENESS) is None


def test_an_obligatory_check_digit_that_holds_makes_surer() -> None:
    assert surest(looks(CHINESE, -1.4), SURENESS) is not None
    assert surest(looks(EUROPEAN, -1.4), SURENESS) is None


def test_another_reader_that_says_the_same_makes_surer_but_heals_no_check_digit() -> None:
    assert surest(looks(EUROPEAN, -1.4), SURENESS, known=(EUROPEAN,)) is not None
    assert surest(looks(EUROPEAN, -1.4), SURENESS, known=(changed(EUROPEAN, 11),)) is None
    broken = changed(CHINESE, 4)
    assert surest(looks(broken, -0.01), SURENESS, known=(broken,)) is None


def test_a_frame_is_read_at_the_place_of_its_box(
    bar_frame: tuple[Pixels, Corners], finder_network: Network, reader_network: Reader
) -> None:
    picture, quad = bar_frame
    labeller = Labeller(
        finder=LineFinder(finder_network, FinderSettings(growth=0.0)),
        reader=CharacterReader(reader_network(lambda _: (CHINESE, 0.99))),
    )
    survey = labeller.survey(Frame(file="a.jpg", picture=picture, box=BOX))
    assert survey.texts == (CHINESE,)
    assert survey.angle == pytest.approx(0.0, abs=0.02)
    assert survey.label is not None
    assert (survey.label.file, survey.label.vin, survey.label.mirrored) == ("a.jpg", CHINESE, False)
    assert np.array(survey.label.quad).mean(axis=0) == pytest.approx(quad.mean(axis=0), abs=20)


def test_a_frame_that_reads_well_only_when_flipped_was_stored_mirrored(
    bar_frame: tuple[Pixels, Corners], finder_network: Network, reader_network: Reader
) -> None:
    def right_way_round(strip: Floats) -> tuple[str, float]:
        # Above the bar, and not below it, the frame is brighter on its right.
        corners = [strip[:, rows, columns].mean() for rows in (slice(3), slice(-3, None)) for columns in SIDES]
        return EUROPEAN, 0.99 if max(corners) == corners[1] > corners[0] else 0.8

    labeller = Labeller(finder=LineFinder(finder_network), reader=CharacterReader(reader_network(right_way_round)))
    stored = mirrored(bar_frame[0])
    survey = labeller.survey(Frame(file="a.jpg", picture=stored, box=(56.0, 90.0, 196.0, 100.0)))
    assert survey.label is not None
    assert survey.label.mirrored
    assert labeller.survey(Frame(file="a.jpg", picture=bar_frame[0], box=BOX)).label == replace(
        survey.label, mirrored=False
    )


def test_a_frame_that_nothing_is_read_on_has_no_label_and_no_text(
    bar_frame: tuple[Pixels, Corners], finder_network: Network, reader_network: Reader
) -> None:
    labeller = Labeller(
        finder=LineFinder(finder_network), reader=CharacterReader(reader_network(lambda _: ("AB", 0.99)))
    )
    survey = labeller.survey(Frame(file="a.jpg", picture=bar_frame[0], box=BOX))
    assert (survey.texts, survey.label) == ((), None)


def test_a_line_that_reads_badly_is_read_upside_down_as_well(
    bar_frame: tuple[Pixels, Corners], finder_network: Network, reader_network: Reader
) -> None:
    read = {probability: reader_network(lambda _, p=probability: (CHINESE, p)) for probability in (0.99, 0.6)}  # type: ignore[misc]
    for network in read.values():
        Labeller(finder=LineFinder(finder_network), reader=CharacterReader(network)).survey(
            Frame(file="a.jpg", picture=bar_frame[0], box=BOX)
        )
    calls = {probability: network.calls for probability, network in read.items()}  # type: ignore[attr-defined]
    # Two places (the line and the box) of four cuts; twice as many turned, and all of it flipped as well.
    assert calls == {0.99: 8, 0.6: 32}


def test_a_line_counts_where_its_middle_lies_in_the_box_and_it_is_long_enough() -> None:
    box = upright_quad(BOX)
    assert is_inside(line((60, 90), (200, 90), (200, 100), (60, 100)), box, share_min=0.5)
    assert not is_inside(line((60, 120), (200, 120), (200, 130), (60, 130)), box, share_min=0.5)
    short = line((100, 90), (160, 90), (160, 100), (100, 100))
    assert not is_inside(short, box, share_min=0.5)
    assert is_inside(short, box, share_min=0.3)


def test_the_longest_line_in_the_box_says_the_angle() -> None:
    box = upright_quad((0, 0, 200, 60))
    lying = line((60, 20), (140, 20), (140, 30), (60, 30))
    slanted = line((10, 10), (180, 40), (178, 50), (8, 20))
    assert angle_of([lying, slanted], box) == pytest.approx(np.arctan2(30, 170))
    assert angle_of([lying], box) == 0.0
    assert angle_of([], box) == 0.0


@given(
    long=st.floats(60, 200),
    shape=st.floats(6, 20),
    degrees=st.floats(-25, 25),
    x=st.floats(-50, 50),
    y=st.floats(-50, 50),
)
def test_a_turned_line_is_found_again_in_the_box_around_it(
    long: float, shape: float, degrees: float, x: float, y: float
) -> None:
    corners = cv2.boxPoints(((x, y), (long, long / shape), degrees))
    box = (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
    quad = framed_quad(box, float(np.radians(degrees)))
    wide, high = box[2] - box[0], box[3] - box[1]
    if quad is None or wide < 1.8 * high or long / shape < wide / 24 or long < wide / 2:
        return
    assert np.linalg.norm(quad[1] - quad[0]) == pytest.approx(long, rel=0.02)
    assert np.linalg.norm(quad[3] - quad[0]) == pytest.approx(long / shape, rel=0.02, abs=0.1)
    assert quad.mean(axis=0) == pytest.approx([x, y], abs=0.1)


@pytest.mark.parametrize("angle", [0.0, 0.7, -1.5])
def test_a_lying_box_is_its_own_quad_whatever_an_impossible_angle_says(angle: float) -> None:
    quad = framed_quad(BOX, angle)
    assert quad is not None
    assert quad == pytest.approx(upright_quad(BOX))


def test_a_standing_box_reads_from_top_to_bottom() -> None:
    quad = framed_quad((50.0, 10.0, 60.0, 150.0), 1.5)
    assert quad is not None
    assert quad == pytest.approx(np.array([(60.0, 10.0), (60.0, 150.0), (50.0, 150.0), (50.0, 10.0)]))


def test_a_box_that_is_no_shape_of_a_vin_is_none() -> None:
    assert framed_quad((0.0, 0.0, 30.0, 10.0), 0.0) is None
    assert framed_quad((0.0, 0.0, 36.0, 10.0), 0.0) is not None
