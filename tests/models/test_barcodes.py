import numpy as np
import pytest
import zxingcpp

from models.barcodes import barcode_vins, vin_in

VIN = "WDBAB12C7DE345678"


def page_with(text: str, symbology: zxingcpp.BarcodeFormat) -> np.ndarray:
    code = np.asarray(zxingcpp.create_barcode(text, symbology).to_image(scale=4), dtype=np.uint8)
    page = np.full((code.shape[0] + 200, code.shape[1] + 200, 3), 255, dtype=np.uint8)
    page[100:-100, 100:-100] = code[:, :, None]
    return page


@pytest.mark.parametrize("name", ["Code39", "Code128", "DataMatrix", "QRCode"])
def test_a_vin_is_read_from_each_symbology_that_carries_one(name: str) -> None:
    assert barcode_vins(page_with(VIN, zxingcpp.barcode_format_from_str(name))) == (VIN,)


def test_a_barcode_without_a_vin_is_no_witness() -> None:
    assert barcode_vins(page_with("PART 4711", zxingcpp.BarcodeFormat.Code128)) == ()


def test_a_picture_without_a_barcode_has_no_witness() -> None:
    assert barcode_vins(np.full((100, 100, 3), 200, dtype=np.uint8)) == ()


@pytest.mark.parametrize(("text", "vin"), [(VIN, VIN), (f"*{VIN}*", VIN), (f"I{VIN}", VIN), (VIN[:-1], ""), ("", "")])
def test_marks_and_the_import_prefix_are_taken_off(text: str, vin: str) -> None:
    assert vin_in(text) == vin
