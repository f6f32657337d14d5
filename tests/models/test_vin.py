"""The order of the looks, in a world of bars; and the shipped networks on a few drawn photos."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import zxingcpp

from inspection.evidence import STRIP_BYTES_MAX, VinFinding
from inspection.vin import VinError
from models.characters import STRIP_PIXELS
from models.drawing.rendering import vehicle_photo, vin_photo
from models.lines import FinderSettings
from models.matching import VinMatch
from models.photo import PhotoError, PhotoLimits, Pixels, open_photo
from models.vin import ReaderNetworks, ReaderSettings, VinReader
from tests.models.bars import Bar, Place, ReadsBars, SeesBars, networks, photo, picture
from tests.models.looks import CALIBRATION, CHINESE, EUROPEAN, changed, with_check_digit

LIMITS = PhotoLimits()
LOOKS = [FinderSettings().side_pixels, ReaderSettings().closer_side_pixels]
HERE = Place(x=300, y=300)
THERE = Place(x=300, y=560)


def reader_of(world: ReaderNetworks) -> VinReader:
    return VinReader(world, CALIBRATION, clock=lambda: 0.0)


def seen(image: Pixels, *bars: Bar) -> VinFinding:
    return reader_of(networks(*bars)).read(photo(image))


def doubtful(text: str, place: int) -> Bar:
    """A bar that is read wrong at one place, and nearly right."""
    other = changed(text, place)
    return Bar(text=other, seen={place: {other[place]: 0.6, text[place]: 0.3}})


def assert_box_is(finding: VinFinding, place: Place, scale: float = 1.0) -> None:
    (left, top), (right, bottom) = np.min(finding.box, axis=0) / scale, np.max(finding.box, axis=0) / scale
    assert (left, right) == pytest.approx((place.x, place.x + place.width), abs=2 * place.height)
    assert (top, bottom) == pytest.approx((place.y, place.y + place.height), abs=place.height)


def test_a_clear_vin_is_found_read_and_accepted() -> None:
    finding = seen(picture({0: HERE}), Bar(text=CHINESE))
    assert (finding.vin, finding.accepted, finding.reasons, finding.barcode) == (CHINESE, True, (), "")
    assert len(finding.characters) == 17
    assert_box_is(finding, HERE)


def test_a_clear_vin_is_looked_at_once_and_a_doubtful_one_ever_closer() -> None:
    world = networks(Bar(text=CHINESE), doubtful(EUROPEAN, 4))
    assert isinstance(world.finder, SeesBars)
    assert isinstance(world.reader, ReadsBars)
    assert reader_of(world).read(photo(picture({0: HERE}))).accepted
    assert (len(world.finder.sides), world.reader.strips) == (1, 2)
    assert not reader_of(world).read(photo(picture({1: HERE}))).accepted
    assert world.finder.sides[1:] == LOOKS
    assert world.reader.strips - 2 > 5


def test_a_finding_shows_the_strip_that_was_read_as_a_small_jpeg() -> None:
    finding = seen(picture({0: HERE}), Bar(text=EUROPEAN))
    strip = cv2.imdecode(np.frombuffer(finding.strip, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert strip is not None
    assert strip.shape == (STRIP_PIXELS[1], STRIP_PIXELS[0], 3)
    blue, green, _ = strip[24].astype(int).T
    assert np.median(blue) > 230
    assert green[100] > green[284] + 40


def test_not_even_a_strip_of_noise_is_too_large_to_be_kept() -> None:
    noise = np.random.default_rng(1).integers(0, 2, size=(700, 1000, 3)).astype(np.uint8) * 255
    _, strip = reader_of(networks())._shown(noise, ((0.0, 0.0), (384.0, 0.0), (384.0, 48.0), (0.0, 48.0)))
    assert 10_000 < len(strip) < STRIP_BYTES_MAX


def test_a_finding_names_its_kind_its_weights_and_its_time() -> None:
    ticks = iter((5.0, 5.25))
    reader = VinReader(networks(Bar(text=CHINESE), kind="stamped"), CALIBRATION, clock=lambda: next(ticks))
    finding = reader.read(photo(picture({0: HERE})))
    assert finding.kind == "stamped"
    assert finding.model == "+".join(("a" * 64, "b" * 64, "c" * 64))
    assert finding.milliseconds == 250


def test_a_picture_without_any_line_has_no_vin_no_strip_and_no_kind() -> None:
    finding = seen(picture({}))
    assert (finding.vin, finding.accepted, finding.reasons) == ("", False, ("vin.none",))
    assert (finding.box, finding.strip, finding.kind) == ((), b"", "unknown")


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_photo_is_read_and_its_box_begins_where_the_reading_does(turns: int) -> None:
    finding = seen(np.rot90(picture({0: HERE}), turns), Bar(text=CHINESE))
    assert (finding.vin, finding.accepted) == (CHINESE, True)
    along = np.subtract(finding.box[1], finding.box[0])
    assert np.argmax(np.abs(along)) == turns % 2
    assert (along.sum() > 0) == (turns == 3)


def test_a_box_is_told_in_the_pixels_of_the_photo_however_it_was_decoded() -> None:
    large = cv2.resize(picture({0: HERE}), None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    assert_box_is(seen(np.asarray(large, dtype=np.uint8), Bar(text=CHINESE)), HERE, scale=3)


def test_a_vin_too_small_for_the_first_look_is_found_by_the_closer_one() -> None:
    small = Place(x=900, y=750, width=100, height=8)
    world = networks(Bar(text=CHINESE))
    finding = reader_of(world).read(photo(picture({0: small}, (2000, 1500))))
    assert isinstance(world.finder, SeesBars)
    assert world.finder.sides == LOOKS
    assert (finding.vin, finding.accepted) == (CHINESE, True)
    assert_box_is(finding, small)


def test_two_vins_on_one_photo_go_to_a_person() -> None:
    finding = seen(picture({0: HERE, 1: THERE}), Bar(text=CHINESE), Bar(text=EUROPEAN))
    assert finding.vin in {CHINESE, EUROPEAN}
    assert "vin.two" in finding.reasons
    assert not finding.accepted


def test_a_vin_on_two_lines_is_put_together_for_a_person() -> None:
    halves = {0: HERE, 1: Place(x=300, y=340)}
    finding = seen(picture(halves), Bar(text=CHINESE[:9]), Bar(text=CHINESE[9:]))
    assert (finding.vin, finding.accepted, finding.reasons) == (CHINESE, False, ("vin.doubtful",))


def test_half_a_vin_is_short_and_so_are_halves_that_do_not_belong_together() -> None:
    assert seen(picture({0: HERE}), Bar(text=CHINESE[:10])).reasons == ("vin.short",)
    apart = {0: HERE, 1: THERE}
    finding = seen(picture(apart), Bar(text=CHINESE[:9]), Bar(text=EUROPEAN[3:12]))
    assert (finding.vin, finding.reasons) == ("", ("vin.short",))
    together = {0: HERE, 1: Place(x=300, y=340)}
    finding = seen(picture(together), Bar(text=CHINESE[:10]), Bar(text="TXTALMASS"))
    assert (finding.vin, finding.reasons) == ("", ("vin.short",))


def test_two_blurred_frames_that_err_at_different_positions_give_the_right_vin_to_a_person() -> None:
    reader = reader_of(networks(doubtful(CHINESE, 4), doubtful(CHINESE, 12)))
    frames = [photo(picture({number: HERE})) for number in (0, 1)]
    finding = reader.read_frames(frames)
    assert (finding.vin, finding.accepted, finding.reasons) == (CHINESE, False, ("vin.doubtful",))


def test_one_frame_that_is_sure_of_the_wrong_character_does_not_outvote_three() -> None:
    reader = reader_of(networks(Bar(text=EUROPEAN, probability=0.9), Bar(text=changed(EUROPEAN, 5), probability=0.999)))
    finding = reader.read_frames([photo(picture({number: HERE})) for number in (0, 1, 0, 0)])
    assert finding.vin == EUROPEAN


def test_box_and_strip_are_those_of_the_frame_on_which_the_vin_is_clearest() -> None:
    reader = reader_of(networks(Bar(text=EUROPEAN, probability=0.8), Bar(text=EUROPEAN)))
    large = np.asarray(cv2.resize(picture({1: THERE}), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST), np.uint8)
    finding = reader.read_frames([photo(picture({0: HERE})), photo(large), photo(picture({}))])
    assert finding.vin == EUROPEAN
    assert_box_is(finding, THERE, scale=2)


def test_two_vins_on_two_frames_go_to_a_person_although_they_stand_at_one_place() -> None:
    reader = reader_of(networks(Bar(text=CHINESE), Bar(text=EUROPEAN)))
    finding = reader.read_frames([photo(picture({number: HERE})) for number in (0, 1)])
    assert "vin.two" in finding.reasons
    assert not finding.accepted


def test_one_frame_says_what_the_photo_says() -> None:
    reader = reader_of(networks(Bar(text=CHINESE)))
    one = photo(picture({0: HERE}))
    assert reader.read_frames([one]) == reader.read(one)


def test_without_a_frame_there_is_nothing_to_read() -> None:
    with pytest.raises(ValueError, match="no frame"):
        reader_of(networks()).read_frames([])


def test_a_photo_that_cannot_be_decoded_is_refused_by_its_code() -> None:
    broken = replace(photo(picture({})), data=b"no picture")
    reader = reader_of(networks())
    for ask in (reader.read, reader.readings, lambda shown: reader.matches(shown, CHINESE)):
        with pytest.raises(PhotoError) as refused:
            ask(broken)
        assert refused.value.code == "photo.not_an_image"


def test_an_expected_vin_is_tested_against_the_photo_and_never_copied_into_a_reading() -> None:
    reader = reader_of(networks(doubtful(EUROPEAN, 4)))
    shown = photo(picture({0: HERE}))
    before = reader.read(shown)
    match = reader.matches(shown, EUROPEAN)
    assert match.positions == (5,)
    assert 0 < match.probability < 0.5
    assert reader.read(shown) == before
    assert before.vin == changed(EUROPEAN, 4)


def test_the_vin_that_stands_there_fits_and_nothing_fits_an_empty_picture() -> None:
    reader = reader_of(networks(Bar(text=CHINESE)))
    assert reader.matches(photo(picture({0: HERE})), CHINESE).positions == ()
    assert reader.matches(photo(picture({})), CHINESE) == VinMatch(probability=0.0, positions=tuple(range(1, 18)))
    with pytest.raises(VinError):
        reader.matches(photo(picture({})), "no VIN")


def with_barcode(page: Pixels, vin: str) -> Pixels:
    code = np.asarray(zxingcpp.create_barcode(vin, zxingcpp.BarcodeFormat.DataMatrix).to_image(scale=4), dtype=np.uint8)
    page[340 : 340 + code.shape[0], 420 : 420 + code.shape[1]] = code[:, :, None]
    return page


def test_a_barcode_beside_the_vin_is_a_second_witness() -> None:
    faint = Bar(text=EUROPEAN, seen={4: {EUROPEAN[4]: 0.5, "8": 0.4}})
    finding = seen(with_barcode(picture({0: HERE}), EUROPEAN), faint)
    assert (finding.vin, finding.barcode, finding.accepted) == (EUROPEAN, EUROPEAN, True)
    assert finding.reasons == ("barcode.agrees",)


@pytest.mark.parametrize("probability", [0.99, 0.9])
def test_a_barcode_for_another_vin_is_reported_and_never_copied(probability: float) -> None:
    finding = seen(with_barcode(picture({0: HERE}), CHINESE), Bar(text=EUROPEAN, probability=probability))
    assert (finding.vin, finding.barcode, finding.accepted) == (EUROPEAN, CHINESE, False)
    assert "barcode.differs" in finding.reasons
    alone = seen(with_barcode(picture({}), CHINESE))
    assert (alone.vin, alone.barcode, alone.accepted) == ("", CHINESE, False)


# The shipped networks. Invented, of several regions; those of China and North America hold their check character.
DRAWN = [
    (with_check_digit("LFVZY7BR0R2004567"), "stamped"),
    (with_check_digit("1HGZZ1230NA554433"), "plate"),
    ("WDBAB12C7DE345678", "sticker"),
    ("JTDZZ32K930148276", "windshield"),
]


@pytest.mark.parametrize(("vin", "surface"), DRAWN)
def test_a_drawn_vin_is_read_exactly(vin_reader: VinReader, vin: str, surface: str) -> None:
    data = vin_photo(vin, surface, seed=100 + len(surface))  # type: ignore[arg-type]
    finding = vin_reader.read(open_photo(data, LIMITS))
    assert finding.vin == vin
    assert 0 < len(finding.strip) < STRIP_BYTES_MAX
    # Half a second is what a quiet machine is asked for; the bound only catches looks that have no end.
    assert 0 < finding.milliseconds < 10_000


def test_a_drawn_vin_that_is_upside_down_is_read(vin_reader: VinReader) -> None:
    vin, surface = DRAWN[1]
    upright = open_photo(vin_photo(vin, surface, seed=5), LIMITS).pixels(1280)  # type: ignore[arg-type]
    assert vin_reader.read(photo(np.rot90(upright, 2))).vin == vin


@pytest.mark.parametrize("view", ["left_front", "document"])
def test_a_vehicle_with_its_plate_and_a_paper_hold_no_vin(vin_reader: VinReader, view: str) -> None:
    finding = vin_reader.read(open_photo(vehicle_photo(view, "浙C67890", colour="white", seed=2), LIMITS))  # type: ignore[arg-type]
    assert (finding.vin, finding.accepted) == ("", False)
