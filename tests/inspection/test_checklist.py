import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection import shipped_text
from inspection.checklist import (
    CHECKLIST_CHARACTERS_MAX,
    CURRENT,
    ChecklistError,
    Requirement,
    current_checklist,
    is_vin_item,
    load_checklist,
    missing,
    required_for,
    shipped_checklist,
)
from inspection.codes import table
from inspection.facts import CaseOpened, Vehicle
from inspection.identities import REGIMES, Regime

SHIPPED = shipped_text("checklists", "checklist-1.toml")

PHOTO = '  { regime = "chayan", table = "chayan_photo_set", code = "VIN", role = "vin" },\n'
LAST_FORM = "provisional = false\n[[demands]]"
SMALL = """
version = "test"
photos = [
  { regime = "chayan", table = "chayan_photo_set", code = "VIN", role = "vin" },
]
[[forms]]
regime = "chayan"
table = "chayan_items_20"
source = "made up"
provisional = false
[[forms]]
regime = "jianyan"
table = "manual_items_gb38900"
source = "made up"
provisional = false
[[demands]]
id = "a"
kind = "base"
form = "chayan_items_20"
business = ["default"]
items = ["1", "4"]
value_items = ["4"]
photos = ["VIN"]
source = "made up"
provisional = true
[[demands]]
id = "b"
kind = "base"
form = "manual_items_gb38900"
business = ["default"]
items = ["04"]
source = "made up"
provisional = true
"""


def required(regime: Regime, business: str, vehicle_class: str, use: str = "A") -> Requirement:
    return current_checklist().required(regime, business=business, vehicle_class=vehicle_class, use=use)


def codes(requirement: Requirement) -> list[str]:
    return [item.code for item in requirement.items]


def form(requirement: Requirement) -> str:
    (only,) = {item.form for item in requirement.items}
    return only


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


@pytest.mark.parametrize("business", ["1", "A"])
def test_a_car_at_first_registration_needs_items_one_to_nine_and_four_photos(business: str) -> None:
    requirement = required("chayan", business, "K33")
    assert codes(requirement) == numbers(1, 9)
    assert [item.code for item in requirement.items if item.value_kind == "value"] == ["4", "5", "6"]
    assert [(photo.code, photo.role) for photo in requirement.photos] == [
        ("L45", "left_front"),
        ("R45", "right_rear"),
        ("VIN", "vin"),
        ("SIGN", "signature"),
    ]
    assert (form(requirement), requirement.version, requirement.provisional) == ("chayan_items_20", CURRENT, False)
    assert requirement.items[0].name_zh == "车辆识别代号"


@pytest.mark.parametrize(
    ("vehicle_class", "use", "wanted"),
    [
        ("H11", "F", numbers(10, 14)),
        ("B11", "F", numbers(10, 14)),
        ("K11", "B", numbers(15, 18)),
        ("K21", "E", numbers(15, 18)),
        ("H14", "R", numbers(10, 18)),
        ("K31", "J", ["19"]),
    ],
)
def test_the_class_and_the_use_add_their_group_of_items(vehicle_class: str, use: str, wanted: list[str]) -> None:
    assert set(wanted) <= set(codes(required("chayan", "1", vehicle_class, use)))
    assert not set(wanted) & set(codes(required("chayan", "1", "K33")))


def test_a_trailer_has_no_seat_belts_to_check() -> None:
    assert "9" not in codes(required("chayan", "1", "B11", "F"))


@pytest.mark.parametrize(
    ("vehicle_class", "use"), [("K18", "A"), ("K28", "A"), ("K38", "A"), ("K21", "O"), ("K21", "S"), ("K11", "P")]
)
def test_a_school_bus_has_the_form_of_22_items(vehicle_class: str, use: str) -> None:
    requirement = required("chayan", "1", vehicle_class, use)
    assert form(requirement) == "chayan_items_school22"
    assert codes(requirement) == numbers(1, 22)
    assert requirement.provisional


def test_a_change_of_colour_writes_the_new_colour_in_item_four() -> None:
    requirement = required("chayan", "DD", "K33")
    assert [(item.code, item.value_kind) for item in requirement.items] == [
        ("1", "mark"),
        ("4", "value"),
        ("7", "mark"),
    ]
    assert requirement.provisional


@pytest.mark.parametrize("vehicle_class", ["K31", "K33", "K39", "K43"])
def test_a_periodic_inspection_of_a_small_car_needs_the_identity_items_and_four_photos(vehicle_class: str) -> None:
    requirement = required("jianyan", "01", vehicle_class)
    assert codes(requirement)[:5] == ["02", "03", "04", "05", "06"]
    assert len(requirement.items) > 5
    assert {photo.code: photo.role for photo in requirement.photos} == {
        "0111": "left_front",
        "0112": "right_rear",
        "0113": "vin",
        "0157": "seat_belt",
    }
    assert requirement.provisional
    assert all(item.value_kind == "mark" for item in requirement.items)


def test_a_school_bus_is_inspected_by_the_default_rows_with_its_own_equipment() -> None:
    requirement = required("jianyan", "01", "K38")
    assert {"29", "39"} <= set(codes(requirement))
    assert {"0126", "0127", "0128"} <= {photo.code for photo in requirement.photos}


@pytest.mark.parametrize(
    ("regime", "business", "vehicle_class", "use"),
    [
        ("chayan", "16", "K33", "A"),
        ("chayan", "", "", ""),
        ("chayan", "1", "K99", "A"),
        ("chayan", "1", "K33", "?"),
        ("chayan", "default", "K33", "A"),
        ("jianyan", "0299", "M21", "A"),
        ("jianyan", "1", "K33", "A"),
    ],
)
def test_a_combination_that_no_row_knows_gets_the_provisional_default(
    regime: Regime, business: str, vehicle_class: str, use: str
) -> None:
    requirement = required(regime, business, vehicle_class, use)
    assert requirement.provisional
    assert "vin" in {photo.role for photo in requirement.photos}


any_code = st.one_of(st.text(max_size=4), st.sampled_from([row.code for row in (*table("ywlx"), *table("jylb"))]))


@given(
    st.sampled_from(REGIMES),
    any_code,
    st.sampled_from([*(row.code for row in table("cllx")), "", "K99"]),
    st.sampled_from([*(row.code for row in table("syxz")), "", "!"]),
)
def test_whatever_is_asked_one_form_is_demanded_with_a_photo_of_the_vin(
    regime: Regime, business: str, vehicle_class: str, use: str
) -> None:
    requirement = required(regime, business, vehicle_class, use)
    assert form(requirement)
    assert len(set(codes(requirement))) == len(requirement.items)
    assert [photo.role for photo in requirement.photos].count("vin") == 1


def test_every_row_of_the_shipped_checklist_has_a_source() -> None:
    checklist = current_checklist()
    assert checklist is shipped_checklist(CURRENT)
    assert all(form.source for form in checklist.forms)
    assert all(row.source for row in checklist.demands)
    assert checklist == load_checklist(SHIPPED)


def test_a_version_that_is_not_carried_is_refused() -> None:
    with pytest.raises(ChecklistError, match="no checklist of version '0'"):
        shipped_checklist("0")


@pytest.mark.parametrize(("regime", "asked_by"), [("chayan", "A"), ("jianyan", "01")])
def test_an_opened_case_is_asked_for_by_business_or_by_inspection_kind(regime: Regime, asked_by: str) -> None:
    vehicle = Vehicle(vin="LZZAB2CD3JE001234", vehicle_class="K33", use="A")
    opened = CaseOpened(
        regime=regime, serial="0", vehicle=vehicle, station="1", inspector="1", business="A", inspection_kind="01"
    )
    assert required_for(opened) == required_for(opened, CURRENT) == required(regime, asked_by, "K33")


def test_an_unknown_regime_is_refused() -> None:
    with pytest.raises(ChecklistError, match="no form for the regime"):
        required("neither", "1", "K33")  # type: ignore[arg-type]


def test_a_requirement_holds_what_the_small_checklist_says() -> None:
    requirement = load_checklist(SMALL).required("chayan", business="1", vehicle_class="K33", use="A")
    assert [(item.code, item.value_kind) for item in requirement.items] == [("1", "mark"), ("4", "value")]
    assert requirement.provisional


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version = "test"', "version", "cannot be read"),
        ('version = "test"', "version = 1", r"\$\.version"),
        ('items = ["1", "4"]', "items = 4", r"demands\[0\]\.items"),
        ('id = "a"', 'id = "a"\nitmes = ["1"]', "itmes.*demands"),
        ('role = "vin"', 'role = "wheel"', r"photos\[0\]\.role"),
        ('items = ["1", "4"]', 'items = ["1", "4", "99"]', r"demands\[0\] 'a', key 'items': there is no '99'"),
        ('value_items = ["4"]', 'value_items = ["5"]', r"demands\[0\] 'a', key 'value_items'"),
        ('photos = ["VIN"]', 'photos = ["0113"]', r"demands\[0\] 'a', key 'photos'"),
        ('form = "manual_items_gb38900"', 'form = "chayan_items_19_old"', r"demands\[1\] 'b', key 'form'"),
        ('items = ["04"]', "", r"demands\[1\] 'b', key 'items': the row demands neither"),
        ('id = "b"', 'id = "a"', r"demands\[0\] 'a', key 'id'"),
        ('business = ["default"]', 'business = ["default", "00"]', r"demands\[0\] 'a', key 'business': '00'"),
        ('items = ["04"]', 'items = ["04"]\nclasses = ["*", "Y*"]', r"key 'classes': 'Y\*' fits no code of cllx"),
        ('items = ["04"]', 'items = ["04"]\nuses = ["*", "9"]', "key 'uses': '9' fits no code of syxz"),
        ('table = "chayan_items_20"', 'table = "chayan_items_21"', r"forms\[0\], key 'table': no code table"),
        ('table = "chayan_items_20"', 'table = "manual_items_gb38900"', r"forms\[0\], key 'table': .*several rows"),
        ('regime = "jianyan"', 'regime = "chayan"', "no form of jianyan is for every vehicle"),
        (LAST_FORM, f'classes = ["K33"]\n{LAST_FORM}', "no form of jianyan is for every vehicle"),
        (LAST_FORM, f'uses = ["9"]\n{LAST_FORM}', r"forms\[1\], key 'uses'"),
        ("provisional = true", "provisional = false", r"forms\[0\], key 'table': .*needs a provisional base row"),
        ('table = "chayan_photo_set"', 'table = "chayan"', r"photos\[0\], key 'table'"),
        ('code = "VIN"', 'code = "VON"', r"photos\[0\], key 'code': there is no 'VON'"),
        (PHOTO, PHOTO + PHOTO, "VIN stands in several rows of chayan"),
    ],
)
def test_a_checklist_that_does_not_hold_names_the_row_and_the_key(old: str, new: str, said: str) -> None:
    assert old in SMALL
    with pytest.raises(ChecklistError) as caught:
        load_checklist(SMALL.replace(old, new, 1))
    assert re.search(said, str(caught.value)), str(caught.value)


def test_too_long_a_checklist_is_refused_unread() -> None:
    with pytest.raises(ChecklistError, match="at most"):
        load_checklist("#" * (CHECKLIST_CHARACTERS_MAX + 1))


def test_missing_says_what_is_still_to_be_done_in_order() -> None:
    requirement = required("chayan", "1", "K33")
    rest = missing(requirement, {"L45", "OPT1"}, numbers(1, 7))
    assert [photo.code for photo in rest.photos] == ["R45", "VIN", "SIGN"]
    assert [item.code for item in rest.items] == ["8", "9"]
    assert not rest.nothing


def test_nothing_is_missing_once_all_is_done() -> None:
    requirement = required("chayan", "1", "K33")
    assert missing(requirement, [photo.code for photo in requirement.photos], codes(requirement)).nothing
    assert not missing(requirement, [], codes(requirement)).nothing


def test_the_comparison_of_the_vin_is_one_item_of_each_form() -> None:
    asked: list[tuple[Regime, str]] = [("chayan", "1"), ("jianyan", "01")]
    for regime, business in asked:
        items = current_checklist().required(regime, business=business, vehicle_class="K33", use="A").items
        assert sum(is_vin_item(item) for item in items) == 1
