import msgspec

from central_hub.papers.sheet import names_of, sheet_of
from inspection.facts import Vehicle
from tests.central_hub.papers.papers_made import ADDRESS, SHEET, STICKER


def test_a_sheet_says_what_the_sticker_says_in_words() -> None:
    assert (SHEET.number, SHEET.plate, SHEET.qr, SHEET.copy) == ("YA00000001", "京AD00X00", ADDRESS, 0)
    assert SHEET.plate_kind == names_of("hpzl", "52")
    assert SHEET.vehicle_class[0] != "K33"
    assert SHEET.plate_kind[0] != "52"


def test_a_vehicle_without_a_plate_has_no_kind_of_plate() -> None:
    bare = msgspec.structs.replace(STICKER, plate="", plate_kind="02")
    sheet = sheet_of(bare, Vehicle(vin="X"), qr=ADDRESS, office="", standing="valid", as_of="")
    assert (sheet.plate_kind, sheet.vehicle_class) == (("", ""), ("", ""))


def test_a_code_that_no_table_has_is_shown_as_it_is() -> None:
    assert names_of("cllx", "??") == ("??", "")
