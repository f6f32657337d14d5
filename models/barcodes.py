"""Reads the VIN out of a barcode beside it, as a second witness.

It knows which symbologies carry VINs: Code 39 and Code 128 on windshields and plates, Data Matrix and QR on stickers.
It leaves the comparison with the printed VIN to `candidates`.
"""

import zxingcpp

from inspection.vin import is_vin, normalise_vin
from models.photo import Pixels

_IMPORT_PREFIX = "I"
_SYMBOLOGIES = "Code39,Code128,DataMatrix,QRCode"


def barcode_vins(image: Pixels) -> tuple[str, ...]:
    """Return the VINs that barcodes on a BGR picture hold, each once, in the order found."""
    formats = zxingcpp.barcode_formats_from_str(_SYMBOLOGIES)
    found = zxingcpp.read_barcodes(image, formats=formats)
    return tuple(dict.fromkeys(vin for code in found if (vin := vin_in(code.text))))


def vin_in(text: str) -> str:
    """Return the VIN that a barcode's text is, or "".

    Some makers put an I before the VIN in Code 39 (AIAG B-2: the data identifier of an imported vehicle).
    """
    plain = normalise_vin(text)
    if is_vin(plain):
        return plain
    without = plain.removeprefix(_IMPORT_PREFIX)
    return without if is_vin(without) else ""
