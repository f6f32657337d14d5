import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from inspection.vin import is_vin
from models import barcodes
from models.barcodes import (
    BarcodeWitness,
    SearchLimits,
    bar_places,
    barcode_vins,
    merged,
    vin_in,
    witnesses,
    zbar_is_present,
)
from models.lines import Quad
from models.photo import Pixels

VIN = "WDBAB12C7DE345678"
OTHER = "WDBAB12C7DE345679"
INSTALLER = Path(__file__).parents[2] / "tools" / "install_zbar.sh"
# What the drawing is finer than the photo, so that bars need not end on a pixel.
FINER = 4


def bars_of(text: str, name: str, shape: float = 0.15) -> Pixels:
    """Draw a code on its white label, one pixel a module; bars are `shape` times as high as their row is long."""
    code = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(name))
    drawn = np.asarray(code.to_image(scale=1, add_quiet_zones=False), dtype=np.uint8)
    if name.startswith("Code"):
        drawn = np.repeat(drawn[:1], round(drawn.shape[1] * shape), axis=0)
    return np.asarray(cv2.copyMakeBorder(drawn, 10, 10, 10, 10, cv2.BORDER_CONSTANT, value=(255,)), dtype=np.uint8)


def photo_of(
    bars: Pixels, *, module: float = 2.0, degrees: float = 0.0, blur: float = 0.3, size: tuple[int, int] = (900, 700)
) -> Pixels:
    """Photograph a code amid a grey picture of `size` (width, height); module in pixels, blur in modules."""
    scale = module * FINER
    large = cv2.resize(bars, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    soft = cv2.GaussianBlur(large, (0, 0), blur * scale)
    grey = turned(np.asarray(soft, dtype=np.uint8), degrees, (size[0] * FINER, size[1] * FINER))
    seen = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) * 0.7 + 30
    noise = np.random.default_rng(7).normal(0, 3, seen.shape)
    return np.repeat(np.clip(seen + noise, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def turned(label: Pixels, degrees: float, size: tuple[int, int]) -> Pixels:
    matrix = cv2.getRotationMatrix2D((label.shape[1] / 2, label.shape[0] / 2), degrees, 1)
    matrix[:, 2] += (size[0] - label.shape[1]) / 2, (size[1] - label.shape[0]) / 2
    return np.asarray(cv2.warpAffine(label, matrix, size, borderValue=(110,)), dtype=np.uint8)


def text_above(degrees: float, *, width: float = 480, height: float = 32, above: float = 65) -> Quad:
    """Return where the printed VIN would stand over the code in the middle of a photo of 900 x 700."""
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width / 2, height / 2) - (0, above)
    turn = np.deg2rad(degrees)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return tuple((float(x), float(y)) for x, y in corners @ axes + (450, 350))


def middle(degrees: float) -> Quad:
    return tuple((x + 100, y + 100) for x, y in text_above(degrees, width=700, height=45))


@pytest.fixture
def without_zbar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barcodes, "_zbar", lambda: None)


@pytest.fixture
def zbar_saying(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[Pixels]]:
    """Put a second reader in place that reads the same text everywhere; return the pictures that it was shown."""

    def put(text: str) -> list[Pixels]:
        shown: list[Pixels] = []

        def read(grey: Pixels) -> list[tuple[str, str]]:
            shown.append(grey)
            return [(text, "Code128")]

        monkeypatch.setattr(barcodes, "_zbar", lambda: read)
        return shown

    return put


@pytest.fixture
def zbar() -> None:
    if not zbar_is_present():
        pytest.skip("libzbar0 is missing and could not be installed: `make zbar` says why")


@pytest.fixture
def zbar_sought_anew() -> Iterator[None]:
    barcodes._zbar.cache_clear()
    yield
    barcodes._zbar.cache_clear()


@pytest.mark.parametrize("name", ["Code39", "Code128", "DataMatrix", "QRCode"])
@pytest.mark.usefixtures("without_zbar")
def test_a_vin_is_read_from_each_symbology_that_carries_one(name: str) -> None:
    found = witnesses(photo_of(bars_of(VIN, name), module=3, size=(1200, 700)))
    assert found == (BarcodeWitness(vin=VIN, symbology=name, readers=("zxing-cpp",)),)


def test_a_barcode_without_a_vin_is_no_witness() -> None:
    assert barcode_vins(photo_of(bars_of("PART 4711", "Code128")), thorough=True) == ()


def test_a_picture_without_a_barcode_has_no_witness() -> None:
    assert barcode_vins(np.full((100, 100, 3), 200, dtype=np.uint8), thorough=True) == ()


@pytest.mark.parametrize(("text", "vin"), [(VIN, VIN), (f"*{VIN}*", VIN), (f"I{VIN}", VIN), (VIN[:-1], ""), ("", "")])
def test_marks_and_the_import_prefix_are_taken_off(text: str, vin: str) -> None:
    assert vin_in(text) == vin


@pytest.mark.parametrize(
    "text",
    [
        f"VIN={VIN};ENGINE=G4FC123456",
        f"vin:{VIN.lower()}",
        f"G4FC123456,{VIN},2024-05",
        f"示例汽车\n{VIN}\n1340 kg",
        f"https://example.invalid/?v={VIN}&again={VIN}",
        f"[)>\x1e06\x1dI{VIN}\x1dT{OTHER[1:]}\x1e\x04",
    ],
)
def test_the_one_vin_among_other_fields_is_found(text: str) -> None:
    assert vin_in(text) == VIN


@pytest.mark.parametrize(
    "text",
    [
        f"{VIN},{OTHER}",
        f"{VIN}0,A{OTHER}",
        "TIME=20240517123045123;NR=5",
        f"[)>\x1e06\x1dP4711\x1dT{OTHER[1:]}\x1e\x04",
    ],
)
def test_two_vins_longer_numbers_times_and_serial_numbers_are_no_vin(text: str) -> None:
    assert vin_in(text) == ""


@given(st.text(alphabet=st.sampled_from("[)>\x1e\x1d,;= *#I0192ABCVWXYZ車") | st.characters(), max_size=80))
def test_whatever_a_barcode_holds_the_answer_is_a_vin_or_none(text: str) -> None:
    assert vin_in(text) == "" or is_vin(vin_in(text))


def test_readers_that_agree_are_one_witness() -> None:
    found = merged([(VIN, "Code39", "zxing-cpp"), (VIN, "Code39", "zxing-cpp"), (VIN, "Code39", "zbar")])
    assert found == (BarcodeWitness(vin=VIN, symbology="Code39", readers=("zxing-cpp", "zbar")),)


def test_readers_that_contradict_each_other_are_two_witnesses(zbar_saying: Callable[[str], list[Pixels]]) -> None:
    zbar_saying(OTHER)
    found = witnesses(photo_of(bars_of(VIN, "Code128")))
    assert [(one.vin, one.readers) for one in found] == [(VIN, ("zxing-cpp",)), (OTHER, ("zbar",))]


def test_one_vin_in_two_symbologies_is_named_once(zbar_saying: Callable[[str], list[Pixels]]) -> None:
    zbar_saying(VIN)
    picture = photo_of(bars_of(VIN, "Code39"))
    assert len(witnesses(picture)) == 2
    assert barcode_vins(picture) == (VIN,)


def test_a_cheap_look_that_finds_nothing_asks_no_second_reader(zbar_saying: Callable[[str], list[Pixels]]) -> None:
    shown = zbar_saying(VIN)
    empty = np.full((300, 400, 3), 90, dtype=np.uint8)
    assert witnesses(empty) == witnesses(empty, near=((50, 50), (350, 50), (350, 70), (50, 70))) == ()
    assert not shown


def test_what_only_the_second_reader_sees_is_found_by_a_thorough_look(
    zbar_saying: Callable[[str], list[Pixels]],
) -> None:
    zbar_saying(VIN)
    found = witnesses(np.full((300, 400, 3), 90, dtype=np.uint8), thorough=True)
    assert [(one.vin, one.readers) for one in found] == [(VIN, ("zbar",))]


@pytest.mark.parametrize("degrees", [0, 9, -25, 45, 90, 180])
@pytest.mark.usefixtures("without_zbar")
def test_a_thin_strip_beside_the_printed_vin_is_read_at_any_angle(degrees: float) -> None:
    picture = photo_of(bars_of(VIN, "Code128", shape=0.06), degrees=degrees)
    assert barcode_vins(picture, near=text_above(degrees)) == (VIN,)


@pytest.mark.usefixtures("without_zbar")
def test_a_data_matrix_beside_the_printed_vin_is_read() -> None:
    picture = photo_of(bars_of(VIN, "DataMatrix"), module=4)
    beside = text_above(0, width=400, height=44, above=-10)
    assert barcode_vins(picture, near=tuple((x - 262, y) for x, y in beside)) == (VIN,)


@pytest.mark.usefixtures("without_zbar")
def test_a_barcode_far_from_the_printed_vin_is_read_by_a_thorough_look_only() -> None:
    picture = photo_of(bars_of(VIN, "Code39"))
    corner: Quad = ((20, 20), (320, 20), (320, 40), (20, 40))
    assert barcode_vins(picture, near=corner) == ()
    assert barcode_vins(picture, near=corner, thorough=True) == (VIN,)


@pytest.mark.parametrize("name", ["Code39", "Code128"])
@pytest.mark.parametrize("degrees", [7, -15, 30, 45, 68, 135])
@pytest.mark.usefixtures("without_zbar")
def test_a_thin_strip_anywhere_is_read_at_any_angle(name: str, degrees: float) -> None:
    picture = photo_of(bars_of(VIN, name, shape=0.06), module=1.5, degrees=degrees)
    assert barcode_vins(picture) == ()
    assert barcode_vins(picture, thorough=True) == (VIN,)


@pytest.mark.parametrize("name", ["Code39", "Code128"])
@pytest.mark.usefixtures("without_zbar")
def test_blurred_bars_are_read_once_they_are_sharpened(name: str) -> None:
    picture = photo_of(bars_of(VIN, name, shape=0.1), degrees=12, blur=0.5)
    assert barcode_vins(picture, thorough=True) == (VIN,)


@pytest.mark.usefixtures("without_zbar")
def test_a_row_seen_from_the_side_does_not_stand_square_on_its_bars() -> None:
    picture = photo_of(bars_of(VIN, "Code128", shape=0.08))
    lean = np.array([[1, 0.25, -80], [0.2, 1, -90]])
    leaning = cv2.warpAffine(picture, lean, (900, 700), borderValue=(110, 110, 110))
    assert barcode_vins(np.asarray(leaning, dtype=np.uint8), thorough=True) == (VIN,)


@pytest.mark.parametrize(("name", "module"), [("DataMatrix", 2.0), ("QRCode", 2.0), ("Code128", 1.25)])
@pytest.mark.usefixtures("without_zbar")
def test_a_small_picture_is_enlarged(name: str, module: float) -> None:
    picture = photo_of(bars_of(VIN, name), module=module, degrees=10, size=(320, 256))
    assert barcode_vins(picture, thorough=True) == (VIN,)


@pytest.mark.usefixtures("without_zbar")
def test_a_larger_picture_is_searched_at_the_size_that_the_limits_allow() -> None:
    picture = photo_of(bars_of(VIN, "Code128"))
    assert witnesses(picture, limits=SearchLimits(searched_side_pixels_max=200)) == ()


def test_the_places_of_bars_are_few_and_hold_the_bars() -> None:
    grey = photo_of(bars_of(VIN, "Code128"), degrees=20)[:, :, 0].copy()
    (place,) = bar_places(grey, places_max=3)
    assert np.allclose(np.mean(place, axis=0), (450, 350), atol=12)
    assert bar_places(grey, places_max=0) == []
    assert bar_places(np.full((480, 640), 90, dtype=np.uint8), places_max=3) == []


def test_an_edge_and_a_fence_are_no_rows_of_bars() -> None:
    edge = np.zeros((480, 640), dtype=np.uint8)
    edge[200:] = 255
    assert bar_places(edge, places_max=3) == []
    fence = np.full((480, 640), 90, dtype=np.uint8)
    fence[20:460, 200:400:6] = 255
    assert bar_places(fence, places_max=3) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (500, 1, 3), (3, 3, 3), (200, 300, 3)])
@pytest.mark.parametrize("near", [None, ((5.0, 5.0),) * 4, ((900, 900), (990, 900), (990, 910), (900, 910))])
def test_a_picture_of_any_shape_and_a_place_outside_it_are_no_error(shape: tuple[int, ...], near: Quad | None) -> None:
    noise = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    assert witnesses(noise, near=near, thorough=True) == ()


class UnloadableModule(types.ModuleType):
    def __getattr__(self, name: str) -> None:
        raise OSError("libzbar.so.0: invalid ELF header")


@pytest.mark.parametrize("how", ["missing", "broken"])
@pytest.mark.usefixtures("zbar_sought_anew")
def test_a_library_that_cannot_be_loaded_is_a_reader_less(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = UnloadableModule("pyzbar") if how == "broken" else None
    monkeypatch.setitem(sys.modules, "pyzbar", module)
    assert not zbar_is_present()
    assert barcode_vins(photo_of(bars_of(VIN, "Code128")), thorough=True) == (VIN,)


@pytest.mark.real
@pytest.mark.parametrize(("name", "module"), [("Code39", 2.5), ("Code128", 2.5), ("QRCode", 4.0)])
@pytest.mark.parametrize("degrees", [0, 90])
@pytest.mark.usefixtures("zbar")
def test_the_real_second_reader_confirms_the_first(name: str, module: float, degrees: float) -> None:
    found = witnesses(photo_of(bars_of(VIN, name), module=module, degrees=degrees, size=(800, 800)))
    assert found == (BarcodeWitness(vin=VIN, symbology=name, readers=("zxing-cpp", "zbar")),)


@pytest.mark.real
@pytest.mark.parametrize("name", ["Code39", "Code128"])
@pytest.mark.parametrize(("degrees", "module", "blur"), [(-22, 2.0, 0.3), (40, 1.5, 0.3), (5, 3.0, 0.4)])
@pytest.mark.usefixtures("zbar")
def test_the_real_second_reader_reads_turned_small_and_soft_strips(
    name: str, degrees: float, module: float, blur: float
) -> None:
    picture = photo_of(bars_of(VIN, name, shape=0.08), module=module, degrees=degrees, blur=blur, size=(1100, 900))
    (found,) = witnesses(picture, near=middle(degrees), thorough=True)
    assert (found.vin, found.symbology) == (VIN, name)
    assert "zbar" in found.readers


@pytest.mark.real
@pytest.mark.usefixtures("zbar")
def test_the_real_second_reader_reads_no_data_matrix() -> None:
    (found,) = witnesses(photo_of(bars_of(VIN, "DataMatrix"), module=4))
    assert found.readers == ("zxing-cpp",)


@pytest.mark.real
@pytest.mark.usefixtures("zbar")
def test_the_real_second_reader_invents_nothing() -> None:
    noise = np.random.default_rng(5).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert witnesses(noise, thorough=True) == ()


@pytest.mark.real
@pytest.mark.usefixtures("zbar")
def test_the_installer_leaves_a_machine_alone_that_has_the_library() -> None:
    done = subprocess.run(["sh", str(INSTALLER)], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == done.stderr == ""


def test_a_qr_code_is_read_whatever_it_says_near_and_far() -> None:
    for module, degrees in ((3.0, 0.0), (6.0, 20.0)):
        photo = photo_of(bars_of("HTTPS://HUB.EXAMPLE/S/ABC", "QRCode"), module=module, degrees=degrees)
        assert barcodes.qr_texts(photo) == ("HTTPS://HUB.EXAMPLE/S/ABC",)


def test_a_small_qr_code_on_a_large_photo_is_read_at_a_closer_look() -> None:
    photo = photo_of(bars_of("A STICKER", "QRCode"), module=2.5, size=(3000, 2200))
    assert barcodes.qr_texts(photo, limits=SearchLimits(searched_side_pixels_max=500)) == ("A STICKER",)


def test_without_a_qr_code_nothing_is_read() -> None:
    assert barcodes.qr_texts(photo_of(bars_of(VIN, "Code39"))) == ()
